//! Reading, tracking and writing the entries of a map and the items of a set under a key.

use super::{
    effects::Effects,
    middleware::before,
    reading_writing::nosy::{Nosy, Peeks},
    support::{Log, reports, store, sync},
};
use reactive_graph::{
    computed::ArcMemo,
    effect::ImmediateEffect,
    owner::Owner,
    traits::{Get, GetUntracked},
};
use universal_state::{
    Access, ChangeSet, EngineKind, HistoryOptions, Key, MapHandle, MfeInfo, OrdMap, OrdSet,
    Pattern, Restore, StateError, Store, Transaction, Veto,
};

#[path = "collections/cost.rs"]
mod cost;
#[path = "collections/life.rs"]
mod life;
#[path = "collections/nosiness.rs"]
mod nosiness;
#[path = "collections/scopes.rs"]
mod scopes;
#[path = "collections/tracking.rs"]
mod tracking;
#[path = "collections/whole.rs"]
mod whole;
#[path = "collections/writing.rs"]
mod writing;

type Map = OrdMap<u32, i32>;

const ROWS: Key<Map> = Key::new("rows");
const TAGS: Key<OrdSet<String>> = Key::new("tags");

fn rows(store: &Store) -> MapHandle<u32, i32> {
    store.map_of(ROWS).unwrap()
}

fn filled<const N: usize>(entries: [(u32, i32); N]) -> Map {
    entries.into()
}

/// Notes the name of each effect that runs, in order. Each reads a part of the map.
struct Readers {
    effects: Effects,
    log: Log<&'static str>,
}

type Read = fn(&MapHandle<u32, i32>);

/// Every kind of read, of entries that are there at first and of one that is not.
const READS: [(&str, Read); 9] = [
    ("all", |map| drop(map.try_entries())),
    ("keys", |map| drop(map.try_keys())),
    ("len", |map| drop(map.try_len())),
    ("1?", |map| drop(map.try_contains(&1))),
    ("1", |map| drop(map.try_get(&1))),
    ("2?", |map| drop(map.try_contains(&2))),
    ("2", |map| drop(map.try_with(&2, |_| ()))),
    ("9?", |map| drop(map.try_contains(&9))),
    ("9", |map| drop(map.try_get(&9))),
];

impl Readers {
    fn of(store: &Store) -> Self {
        let readers = Self {
            effects: Effects::new(),
            log: Log::default(),
        };
        for (name, read) in READS {
            let (map, log) = (rows(store), readers.log.clone());
            readers.effects.start(move || {
                log.push(name);
                read(&map);
            });
        }
        assert_eq!(readers.log.take().len(), READS.len());
        readers
    }

    /// Who has run since the last call.
    fn ran(&self) -> Vec<&'static str> {
        self.effects.settle();
        self.log.take()
    }
}

/// What an effect sees each time it runs. It has run once.
fn watch<R: Send + 'static>(effects: &Effects, read: impl Fn() -> R + 'static) -> Log<R> {
    let log = Log::default();
    let sink = log.clone();
    effects.start(move || sink.push(read()));
    log
}

fn is_type_error<R: std::fmt::Debug>(result: Result<R, StateError>) -> bool {
    matches!(result, Err(StateError::Type { key, .. }) if key == "rows")
}
