//! What a write of a place inside of a value allocates, counted and not timed.
#![cfg(all(not(target_family = "wasm"), feature = "fields"))]

#[path = "allocations/counting.rs"]
mod counting;

use reactive_graph::{effect::ImmediateEffect, owner::Owner};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use universal_state::{Cursor, Diff, EngineKind, Key, Store, ToCursor};

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
fn allocations(leaf: &Cursor<i32>) -> f64 {
    let write = |n| leaf.set(n).unwrap();
    // What is kept from the first writes on is no cost of a write.
    (0..WRITES).for_each(write);
    let before = counting::allocations();
    (WRITES..2 * WRITES).for_each(write);
    let after = counting::allocations();
    (after - before) as f64 / f64::from(WRITES)
}

#[test]
fn a_write_of_a_place_allocates_nothing() {
    for engine in EngineKind::ALL {
        let (_store, leaf) = leaf(*engine);
        assert_eq!(allocations(&leaf), 0.0, "{engine:?}");
    }
}
