//! What a write costs, counted by what it does with values and keys.

use super::*;
use serde::{Deserialize, Serialize};
use std::{cell::Cell, cmp::Ordering};

thread_local! {
    static VALUES_COMPARED: Cell<usize> = const { Cell::new(0) };
    static VALUES_CLONED: Cell<usize> = const { Cell::new(0) };
    static KEYS_COMPARED: Cell<usize> = const { Cell::new(0) };
    static KEYS_CLONED: Cell<usize> = const { Cell::new(0) };
    static PANIC_AT: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn up(count: &'static std::thread::LocalKey<Cell<usize>>) -> usize {
    count.set(count.get() + 1);
    count.get()
}

#[derive(Debug, Serialize, Deserialize)]
struct Counted(f64);

impl Clone for Counted {
    fn clone(&self) -> Self {
        up(&VALUES_CLONED);
        Self(self.0)
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        assert!(
            up(&VALUES_COMPARED) < PANIC_AT.get(),
            "asked once too often"
        );
        self.0 == other.0
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Id(u32);

impl Clone for Id {
    fn clone(&self) -> Self {
        up(&KEYS_CLONED);
        Self(self.0)
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        up(&KEYS_COMPARED);
        self.0.cmp(&other.0)
    }
}

/// How often values were compared and cloned, and keys were, since the last call.
fn counts() -> [usize; 4] {
    [
        VALUES_COMPARED.take(),
        VALUES_CLONED.take(),
        KEYS_COMPARED.take(),
        KEYS_CLONED.take(),
    ]
}

fn large(store: &Store, rows: u32) -> MapHandle<Id, Counted> {
    let map = store.map_of("rows").unwrap();
    map.extend((0..rows).map(|id| (Id(id), Counted(0.0))))
        .unwrap();
    map
}

conformance! {
    /// Of values only the one that is written is looked at: once to see whether anything changes, and
    /// once to tell of it. Of keys, those on the way: the tree has nodes of 16, and one level more for
    /// every eight- to sixteenfold of rows.
    fn the_cost_of_a_write_does_not_follow_the_number_of_rows(engine) {
        let effects = Effects::new();
        let mut most = [[0; 2]; 3];
        for (at, rows) in [100, 10_000, 100_000].into_iter().enumerate() {
            let store = store(engine);
            let map = large(&store, rows);
            let (entry, all, keys) = (map.clone(), map.clone(), map.clone());
            effects.start(move || { entry.with(&Id(7), |_| ()); });
            effects.start(move || drop(all.entries()));
            effects.start(move || { keys.contains(&Id(8)); });
            for id in [0, 7, 8, rows / 2, rows - 1] {
                counts();
                map.insert(Id(id), Counted(f64::from(id) + 1.0)).unwrap();
                let [compared, cloned, keys_compared, keys_cloned] = counts();
                assert_eq!((compared, cloned), (2, 0), "of {rows}, row {id}");
                most[at] = [most[at][0].max(keys_compared), most[at][1].max(keys_cloned)];
                map.update(&Id(id), |value| value.0 += 1.0).unwrap();
                assert_eq!(counts()[..2], [2, 1], "of {rows}, row {id}");
            }
            map.remove(&Id(rows / 2)).unwrap();
            map.insert(Id(rows / 2), Counted(0.0)).unwrap();
            assert_eq!(counts()[..2], [0, 0], "what comes and goes is not compared");
            effects.settle();
        }
        for [compared, cloned] in most {
            assert!(compared < 500 && cloned < 150, "{most:?}");
        }
    }

    /// As the library's documentation has it for values: NaN equals nothing. Its neighbours are not
    /// touched by that.
    fn a_value_that_equals_nothing_is_told_only_when_it_is_written(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = large(&store, 20);
        map.insert(Id(3), Counted(f64::NAN)).unwrap();
        let reader = map.clone();
        let log = watch(&effects, move || { reader.with(&Id(3), |_| ()); });
        map.insert(Id(4), Counted(1.0)).unwrap();
        map.insert(Id(2), Counted(1.0)).unwrap();
        effects.settle();
        assert_eq!(log.take().len(), 1);
        map.insert(Id(3), Counted(f64::NAN)).unwrap();
        effects.settle();
        assert_eq!(log.take().len(), 1);
    }

    /// The first comparison decides whether to store, and may panic through the writer. Once it is
    /// stored, everybody is told.
    fn a_comparison_that_panics_hides_no_change(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = large(&store, 20);
        let (reader, other) = (map.clone(), map.clone());
        let log = watch(&effects, move || reader.with(&Id(3), |value| value.0));
        let others = watch(&effects, move || other.len());
        counts();
        PANIC_AT.set(2);
        map.insert(Id(3), Counted(5.0)).unwrap();
        PANIC_AT.set(usize::MAX);
        effects.settle();
        assert_eq!(log.take(), [Some(0.0), Some(5.0)]);
        assert_eq!(others.take(), [20, 20], "for want of knowing better");
        map.insert(Id(4), Counted(5.0)).unwrap();
        effects.settle();
        assert!(log.take().is_empty() && others.take().is_empty());
    }
}
