//! Writes deep inside of one value: 100 groups of 100 leaves, as in `deep.js`.

use crate::{
    adapter::{hear, initial},
    work::Work,
};
use reactive_graph::{
    effect::{ImmediateEffect, batch},
    traits::{Get, Set},
};
use reactive_stores::{ArcStore, DerefField, Store as Accessors, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use universal_state::{
    Change, Cursor, Delivery, Diff, EngineKind, Key, Shared, Store, SubscribeOptions, ToCursor,
};

const GROUP: usize = 42;
const LEAF: usize = 17;

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Tree {
    groups: Vec<Group>,
}

/// The same, where a write clones the group that it is in, and not the others.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct SharedTree {
    groups: Vec<Shared<Group>>,
}

#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize, Accessors, Diff)]
struct Group {
    leaves: Vec<i32>,
}

fn groups<G: From<Group>>() -> Vec<G> {
    let group = |group: usize| Group {
        leaves: (0..100)
            .map(|leaf| initial(group * 100 + leaf))
            .collect::<Vec<_>>(),
    };
    (0..100).map(|at| G::from(group(at))).collect()
}

fn store<T: universal_state::StateValue>(map: bool, key: Key<T>, value: T) -> Store {
    let engine = if map {
        EngineKind::Map
    } else {
        EngineKind::Signal
    };
    let store = Store::builder().engine(engine).build();
    store.set(key, value).unwrap();
    store
}

const TREE: Key<Tree> = Key::new("tree");
const SHARED: Key<SharedTree> = Key::new("tree");

pub fn prepare(row: &str) -> Option<Box<dyn Work>> {
    let map = row.starts_with("universal-state map");
    Some(match row {
        "universal-state signal" | "universal-state map" => {
            let store = store(map, TREE, Tree { groups: groups() });
            let tree = store.fields_or(TREE, Tree::default()).unwrap();
            let group = tree.groups().at_unkeyed(GROUP);
            work(store, group.leaves().at_unkeyed(LEAF), Get::get, Set::set)
        }
        "universal-state signal, Shared" | "universal-state map, Shared" => {
            let store = store(map, SHARED, SharedTree { groups: groups() });
            let tree = store.fields_or(SHARED, SharedTree::default()).unwrap();
            let group = tree.groups().at_unkeyed(GROUP).deref_field();
            work(store, group.leaves().at_unkeyed(LEAF), Get::get, Set::set)
        }
        "universal-state signal, cursor" | "universal-state map, cursor" => {
            let store = store(map, TREE, Tree { groups: groups() });
            let get = |leaf: &Cursor<i32>| leaf.get().unwrap_or_default();
            let leaf = cursor(&store);
            work(store, leaf, get, |leaf, value| leaf.set(value).unwrap())
        }
        "universal-state signal, listener" | "universal-state map, listener" => {
            let store = store(map, TREE, Tree { groups: groups() });
            let leaf = cursor(&store);
            let options = SubscribeOptions::new().delivery(Delivery::Sync);
            let listener =
                |leaf: Option<&i32>, _: &Change| leaf.copied().into_iter().for_each(hear::<0>);
            let subscription = leaf.subscribe(options, listener).unwrap();
            Box::new(Deep {
                leaf,
                set: |leaf: &Cursor<i32>, value| leaf.set(value).unwrap(),
                tick: 0,
                _reader: subscription,
                _store: store,
            })
        }
        "reactive_stores" => {
            let tree = ArcStore::new(Tree { groups: groups() });
            let group = tree.clone().groups().at_unkeyed(GROUP);
            // It tells a reader by each trigger on the way to a field, and a batch tells it once.
            let set = |leaf: &_, value| batch(|| Set::set(leaf, value));
            work(tree, group.leaves().at_unkeyed(LEAF), Get::get, set)
        }
        _ => return None,
    })
}

fn cursor(store: &Store) -> Cursor<i32> {
    let tree = store.fields_or(TREE, Tree::default()).unwrap();
    let group = tree.groups().at_unkeyed(GROUP);
    group.leaves().at_unkeyed(LEAF).cursor().unwrap()
}

/// A leaf with a reader that is told before `set` returns.
fn work<F: Clone + Send + Sync + 'static>(
    store: impl Sized + 'static,
    leaf: F,
    get: impl Fn(&F) -> i32 + Send + Sync + 'static,
    set: impl Fn(&F, i32) + 'static,
) -> Box<dyn Work> {
    let read = leaf.clone();
    Box::new(Deep {
        leaf,
        set,
        tick: 0,
        _reader: ImmediateEffect::new(move || hear::<0>(get(&read))),
        _store: store,
    })
}

struct Deep<F, W, R, S> {
    leaf: F,
    set: W,
    /// The last number that was written: each write is a change.
    tick: i32,
    _reader: R,
    _store: S,
}

impl<F, W: Fn(&F, i32), R, S> Work for Deep<F, W, R, S> {
    fn run(&mut self, passes: u32) {
        for _ in 0..passes * 100 {
            self.tick += 1;
            (self.set)(&self.leaf, self.tick);
        }
    }
}
