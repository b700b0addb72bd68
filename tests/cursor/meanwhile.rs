//! What a write by a cursor makes of what others write meanwhile, and of those who are asked.

use crate::{
    pipe::Cities,
    support::{
        Reader, Readers, RowStoreFields, USER, User, UserStoreFields, on_every_engine, stored_ada,
    },
};
use reactive_graph::{
    effect::ImmediateEffect,
    traits::{Get, GetUntracked},
};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::{any::Any, cell::Cell, thread};
use universal_state::{
    Change, Delivery, Diff, HistoryOptions, Key, Store, SubscribeOptions, ToCursor, Value, View,
};

/// Somebody who has a say in what is written, or wants to hear of it, for as long as it is held.
type Concerned = fn(&Store) -> Box<dyn Any>;

const CONCERNED: [(&str, Concerned); 5] = [
    ("nobody", |_| Box::new(())),
    ("middleware", |store| Box::new(store.add_middleware(Cities))),
    ("a listener", |store| {
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let listen = |_: Option<&User>, _: &Change| {};
        Box::new(store.subscribe_with(USER, options, listen).unwrap())
    }),
    ("a history", |store| {
        Box::new(store.history(HistoryOptions::new()).unwrap())
    }),
    ("a computed key", |store| {
        let score = |view: &View| view.get(USER).unwrap_or_default().scores[0];
        Box::new(store.register_computed("score", score).unwrap())
    }),
];

#[test]
fn an_update_is_asked_once_whoever_is_concerned() {
    for (who, concerned) in CONCERNED {
        on_every_engine(|store| {
            let user = stored_ada(store);
            let readers = Readers::new(&user);
            let _concerned = concerned(store);
            let score = user.clone().scores().at_unkeyed(0).cursor().unwrap();
            let whole = user.cursor().unwrap();
            let mut asked = 0;
            let mut update = || {
                score.update(|score| {
                    asked += 1;
                    *score += 10;
                })?;
                whole.update(|user| {
                    asked += 1;
                    user.scores[0] += 100;
                })?;
                // Nothing is to be written then.
                score.update(|_| asked += 1)
            };
            update().unwrap();
            update().unwrap();
            store.batch(|_| update()).unwrap();
            assert_eq!((asked, score.get()), (9, Some(331)), "{who}");
            assert_eq!(readers.whole.last().scores[0], 331, "{who}");
        });
    }
}

#[test]
fn an_update_is_asked_again_if_somebody_was_faster() {
    for (who, concerned) in CONCERNED {
        on_every_engine(|store| {
            let user = stored_ada(store);
            let _concerned = concerned(store);
            let score = user.clone().scores().at_unkeyed(0).cursor().unwrap();
            let whole = user.cursor().unwrap();
            let mut asked = 0;
            let faster = |asked: &mut i32| {
                *asked += 1;
                if *asked % 2 == 1 {
                    let write = |user: &mut User| user.scores[0] += 100;
                    assert_eq!(store.update(USER, write), Ok(true));
                }
            };
            score
                .update(|score| {
                    faster(&mut asked);
                    *score += 10;
                })
                .unwrap();
            whole
                .update(|user| {
                    faster(&mut asked);
                    user.scores[0] += 10;
                })
                .unwrap();
            assert_eq!((asked, score.get()), (4, Some(221)), "{who}");
        });
    }
}

#[test]
fn writers_in_several_threads_lose_nothing_and_are_heard() {
    const WRITES: i32 = 500;
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = |at: usize| user.clone().scores().at_unkeyed(at).cursor().unwrap();
        let shared = score(0);
        let name = user.clone().name();
        let readers = [0, 1, 2].map(|at| {
            let score = score(at);
            Reader::new(move || score.get())
        });
        thread::scope(|scope| {
            for at in [1, 2] {
                let (shared, own) = (shared.clone(), score(at));
                scope.spawn(move || {
                    for n in 0..WRITES {
                        shared.update(|n| *n += 1).unwrap();
                        own.set(n).unwrap();
                    }
                });
            }
            let store: Store = store.clone();
            scope.spawn(move || {
                for n in 0..WRITES {
                    store
                        .update(USER, |user| user.email = n.to_string())
                        .unwrap();
                }
            });
        });
        let now = store.get(USER).unwrap();
        assert_eq!(now.scores, [1 + 2 * WRITES, WRITES - 1, WRITES - 1]);
        assert_eq!(
            (now.email, name.get()),
            ((WRITES - 1).to_string(), "Ada".into())
        );
        let read = readers.each_ref().map(Reader::last);
        assert_eq!(read, [0, 1, 2].map(|at| Some(now.scores[at])));
    });
}

/// It is made in the copy that is kept, into which nothing was written of what came in between.
#[test]
fn what_a_reader_writes_as_it_is_told_is_there_after_the_next_write() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = user.scores().at_unkeyed(0).cursor().unwrap();
        // So that there is a copy.
        score.set(10).unwrap();
        let (read, other) = (score.clone(), store.clone());
        let _reader = ImmediateEffect::new(move || {
            let n = read.get().unwrap_or_default();
            other.update(USER, |user| user.scores.push(n)).unwrap();
        });
        for n in 11..14 {
            score.set(n).unwrap();
        }
        let scores = store.get(USER).unwrap().scores;
        assert_eq!(scores, [13, 2, 3, 10, 11, 12, 13]);
    });
}

/// Where items are is remembered as soon as somebody has looked for one, who need not read it.
#[test]
fn items_that_a_cursor_moves_are_found_by_their_keys() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let rows = user.clone().rows().cursor().unwrap();
        let label = || user.clone().rows().at_key(3).label();
        let last = || label().get_untracked();
        assert_eq!(last(), "row 3");
        for _ in 0..3 {
            rows.update(|rows| rows.reverse()).unwrap();
            assert_eq!(last(), "row 3");
        }
        reactive_graph::traits::Set::set(&label(), "third".into());
        let labels = store
            .get(USER)
            .unwrap()
            .rows
            .into_iter()
            .map(|row| row.label);
        assert!(labels.eq(["third", "row 2", "row 1"]));
    });
}

thread_local! {
    /// What is written back while somebody compares.
    static BACK: Cell<Option<(Store, Value)>> = const { Cell::new(None) };
}

/// Whoever compares two writes a value back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Restless;

impl PartialEq for Restless {
    fn eq(&self, _: &Self) -> bool {
        if let Some((store, value)) = BACK.take() {
            store.set_value(PAIR.name(), value).unwrap();
        }
        true
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Pair {
    n: i32,
    restless: Restless,
}

const PAIR: Key<Pair> = Key::new("pair");

/// The same value is there again before its readers were told that it had gone.
#[test]
fn a_write_that_was_taken_back_before_it_was_told_of_is_told_of_the_next_time() {
    on_every_engine(|store| {
        store.set(PAIR, Pair::default()).unwrap();
        // Another root, which is told first, and whose reader has values compared.
        let other = Pair {
            n: 7,
            ..Pair::default()
        };
        let other = store.fields_or(PAIR, other).unwrap();
        let compared = Reader::new(move || other.clone().restless().get().clone());
        let n = store.fields_or(PAIR, Pair::default()).unwrap().n();
        let n = n.cursor().unwrap();
        let read = n.clone();
        let reader = Reader::new(move || read.get());
        let before = store.try_get_value(PAIR.name()).unwrap().unwrap();
        BACK.set(Some((store.clone(), before)));
        n.set(1).unwrap();
        assert_eq!(
            (reader.last(), n.get(), compared.runs()),
            (Some(0), Some(0), 0)
        );
        n.set(1).unwrap();
        assert_eq!(reader.last(), Some(1));
    });
}
