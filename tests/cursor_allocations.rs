//! What a write of a place inside of a value allocates, counted and not timed.
#![cfg(all(not(target_family = "wasm"), feature = "fields"))]

#[path = "allocations/counting.rs"]
mod counting;

use reactive_graph::{
    effect::ImmediateEffect,
    owner::Owner,
    signal::ArcRwSignal,
    traits::{Get, Set},
};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};
use universal_state::{
    Change, ChangeSet, Cursor, Delivery, Diff, EngineKind, Key, Store, SubscribeOptions, ToCursor,
};

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Derive, Diff)]
struct Tree {
    groups: Vec<Group>,
}

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Derive, Diff)]
struct Group {
    leaves: Vec<i32>,
}

const TREE: Key<Tree> = Key::new("tree");
const WRITES: i32 = 1_000;

/// The store, and a cursor of one of 10,000 leaves.
fn leaf(engine: EngineKind) -> (Store, Cursor<i32>) {
    let store = Store::builder().engine(engine).build();
    let leaves = vec![-1; 100];
    let groups = vec![Group { leaves }; 100];
    store.set(TREE, Tree { groups }).unwrap();
    let tree = store.fields_or(TREE, Tree::default()).unwrap();
    let group = tree.groups().at_unkeyed(42);
    let leaf = group.leaves().at_unkeyed(17).cursor().unwrap();
    (store, leaf)
}

/// The allocations of a write, on the average of many.
fn allocations(write: impl Fn(i32)) -> f64 {
    // What is kept from the first writes on is no cost of a write.
    (0..WRITES).for_each(&write);
    let before = counting::allocations();
    (WRITES..2 * WRITES).for_each(&write);
    let after = counting::allocations();
    (after - before) as f64 / f64::from(WRITES)
}

#[test]
fn a_write_of_a_place_allocates_nothing() {
    for engine in EngineKind::ALL {
        let (store, leaf) = leaf(*engine);
        let set = allocations(|n| leaf.set(n).unwrap());
        let update = allocations(|n| leaf.update(|leaf| *leaf = n).unwrap());
        let twice = allocations(|n| {
            leaf.set(n).unwrap();
            leaf.set(n).unwrap();
        });
        assert_eq!((set, update, twice), (0.0, 0.0, 0.0), "{engine:?}");
        assert_eq!(
            store.get(TREE).unwrap().groups[42].leaves[17],
            2 * WRITES - 1
        );
    }
}

#[test]
fn a_write_that_listeners_hear_allocates_nothing() {
    for engine in EngineKind::ALL {
        for delivery in [Delivery::Sync, Delivery::Batched] {
            let (store, leaf) = leaf(*engine);
            let count = Arc::new(AtomicI32::new(0));
            let (of_place, of_all) = (Arc::clone(&count), Arc::clone(&count));
            let options = SubscribeOptions::new().delivery(delivery);
            let hear = move |_: Option<&i32>, _: &Change| {
                of_place.fetch_add(1, Ordering::Relaxed);
            };
            let hear_all = move |_: &ChangeSet| {
                of_all.fetch_add(1, Ordering::Relaxed);
            };
            let _place = leaf.subscribe(options, hear).unwrap();
            let _all = store.subscribe_all(options, hear_all).unwrap();
            let set = allocations(|n| {
                leaf.set(n).unwrap();
                store.flush();
            });
            let heard = count.load(Ordering::Relaxed);
            assert_eq!((set, heard), (0.0, 4 * WRITES), "{engine:?}, {delivery:?}");
        }
    }
}

/// What listeners are told of at the end of the turn is there until then: the first write of a turn
/// leaves nothing to make the next one in, which copies the groups and the leaves of each.
#[test]
fn a_turn_of_many_writes_copies_the_value_once() {
    for engine in EngineKind::ALL {
        let (store, leaf) = leaf(*engine);
        let options = SubscribeOptions::new();
        let _all = store.subscribe_all(options, |_: &ChangeSet| {}).unwrap();
        let of_turn = allocations(|n| {
            (0..10).for_each(|more| leaf.set(n * 10 + more).unwrap());
            store.flush();
        });
        assert!(of_turn <= 102.0, "{of_turn} on {engine:?}");
    }
}

/// An effect allocates the list of its sources each time it runs, and the signal that of its readers.
#[test]
fn a_write_that_an_effect_follows_allocates_half_of_what_a_bare_signal_does() {
    let owner = Owner::new();
    owner.set();
    let signal = ArcRwSignal::new(-1);
    let read = signal.clone();
    let _reader = ImmediateEffect::new(move || assert!(read.get() < 2 * WRITES));
    let bare = allocations(|n| signal.set(n));
    assert!(bare > 0.0, "the effect runs");
    for engine in EngineKind::ALL {
        let (_store, leaf) = leaf(*engine);
        let read = leaf.clone();
        let _reader = ImmediateEffect::new(move || assert!(read.get() < Some(2 * WRITES)));
        let heard = allocations(|n| leaf.set(n).unwrap());
        assert_eq!(2.0 * heard, bare, "{engine:?}");
    }
}
