//! Fields that several threads write at once.
#![cfg(all(not(target_family = "wasm"), feature = "json"))]

use crate::support::*;
use reactive_graph::traits::{Get, Update, Write};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::{cell::Cell, sync::Barrier, thread};
use universal_state::{Diff, EngineKind, Key, StateError, Store};

/// How much each thread does.
fn rounds() -> usize {
    let rounds = std::env::var("UNIVERSAL_STATE_CASES").ok();
    rounds.and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Counts {
    a: usize,
    b: usize,
    inner: Inner,
    list: Vec<usize>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Inner {
    c: usize,
    d: Option<usize>,
}

const COUNTS: Key<Counts> = Key::new("counts");

thread_local! {
    /// How many errors this thread was told of.
    static ERRORS: Cell<usize> = const { Cell::new(0) };
}

fn store(engine: EngineKind) -> Store {
    let report = |error: &StateError| {
        assert!(matches!(error, StateError::Conflict { .. }), "{error}");
        ERRORS.set(ERRORS.get() + 1);
    };
    Store::builder().engine(engine).on_error(report).build()
}

/// Each thread has a field of its own, and they go on from where each is.
#[test]
fn threads_that_write_different_fields_lose_nothing() {
    for engine in EngineKind::ALL {
        let store = store(*engine);
        store
            .set(
                COUNTS,
                Counts {
                    list: vec![0; 2],
                    ..Counts::default()
                },
            )
            .unwrap();
        type Step = fn(universal_state::ArcFields<Counts>);
        let steps: [Step; 6] = [
            |fields| fields.a().update(|n| *n += 1),
            |fields| fields.b().update(|n| *n += 1),
            |fields| *fields.inner().c().write() += 1,
            |fields| {
                fields
                    .inner()
                    .d()
                    .update(|n| *n = Some(n.unwrap_or_default() + 1))
            },
            |fields| fields.list().at_unkeyed(0).update(|n| *n += 1),
            |fields| fields.list().at_unkeyed(1).update(|n| *n += 1),
        ];
        let start = Barrier::new(steps.len());
        thread::scope(|scope| {
            for step in steps {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    let fields = store.fields_or(COUNTS, Counts::default()).unwrap();
                    start.wait();
                    for _ in 0..rounds() {
                        step(fields.clone());
                    }
                    assert_eq!(ERRORS.get(), 0);
                });
            }
        });
        let n = rounds();
        let inner = Inner { c: n, d: Some(n) };
        let expected = Counts {
            a: n,
            b: n,
            inner,
            list: vec![n, n],
        };
        assert_eq!(store.get(COUNTS), Some(expected));
        assert_eq!(store.slot_count(), 1);
    }
}

/// Rows that stay where they are, by their keys.
#[test]
fn threads_that_write_different_rows_lose_nothing() {
    for engine in EngineKind::ALL {
        let store = store(*engine);
        let rows = (0..4).map(|id| Row {
            marks: vec![0],
            ..row(id)
        });
        let empty = User::default();
        let rows = rows.collect();
        store.set(USER, User { rows, ..empty }).unwrap();
        thread::scope(|scope| {
            for id in 0..4 {
                let fields = user(&store);
                scope.spawn(move || {
                    for _ in 0..rounds() {
                        let row = fields.clone().rows().at_key(id);
                        row.marks().at_unkeyed(0).update(|mark| *mark += 1);
                    }
                    assert_eq!(ERRORS.get(), 0);
                });
            }
        });
        let rows = store.get(USER).unwrap().rows;
        let marks: Vec<_> = rows.iter().map(|row| row.marks[0] as usize).collect();
        assert_eq!(marks, [rounds(); 4]);
    }
}

/// An effect learns of what other threads write, and ends on what is stored.
#[test]
fn an_effect_follows_its_fields_whoever_writes_them() {
    on_every_engine(|store| {
        let rows = (0..4).map(|id| Row {
            marks: vec![0],
            ..row(id)
        });
        store
            .set(
                USER,
                User {
                    rows: rows.collect(),
                    ..User::default()
                },
            )
            .unwrap();
        let fields = user(store);
        let readers = [0, 1, 2, 3].map(|id| {
            let fields = fields.clone();
            Reader::new(move || {
                let row = fields.clone().rows().at_key(id).try_get();
                row.map(|row| (row.id, row.marks[0]))
            })
        });
        thread::scope(|scope| {
            let writers: Vec<_> = (0..4u32)
                .map(|id| {
                    let fields = fields.clone();
                    scope.spawn(move || {
                        for n in 0..rounds() {
                            if n % 10 == 9 {
                                fields.clone().rows().write().rotate_left(1);
                            }
                            let _ = fields.try_update(|user| {
                                let row = user.rows.iter_mut().find(|row| row.id == id).unwrap();
                                row.marks[0] += 1;
                            });
                        }
                    })
                })
                .collect();
            while !writers.iter().all(|writer| writer.is_finished()) {
                for reader in &readers {
                    reader.last();
                }
            }
        });
        let rows = store.get(USER).unwrap().rows;
        for (id, reader) in (0..).zip(&readers) {
            let row = rows.iter().find(|row| row.id == id).unwrap();
            assert_eq!(reader.last(), Some((id, row.marks[0])));
        }
    });
}
