//! Point 5: several writes as one.

use crate::support::{entry, reports, store, told};
use std::panic::{AssertUnwindSafe, catch_unwind};
use universal_state::{Delivery, StateError, Store};

/// Reads that a batch may do.
fn seen(store: &Store, key: &str) -> (Option<i32>, bool, bool, Option<i32>) {
    let handle = store.handle(key).unwrap();
    assert_eq!(handle.get(), store.get::<i32>(key));
    (
        store.get(key),
        store.has(key),
        store.keys().iter().any(|other| other == key),
        store.snapshot().get(key),
    )
}

const MISSING: (Option<i32>, bool, bool, Option<i32>) = (None, false, false, None);

fn there(n: i32) -> (Option<i32>, bool, bool, Option<i32>) {
    (Some(n), true, true, Some(n))
}

fn give_up() -> StateError {
    StateError::abort("given up")
}

conformance! {
    /// Point 5.
    fn a_batch_is_told_as_one(engine) {
        let store = store(engine);
        store.set("b", 2).unwrap();
        let (at_once, by_turn) = (told(&store, Delivery::Sync), told(&store, Delivery::Batched));
        let version = store.metadata().version;
        let answer = store.batch(|tx| {
            tx.set("a", 1)?;
            tx.delete("b")?;
            tx.set("c", 3)?;
            assert!(at_once.take().is_empty(), "nobody is told before the end");
            tx.flush();
            assert!(at_once.take().is_empty(), "nobody is told before the end");
            Ok("answer")
        });
        assert_eq!(answer, Ok("answer"));
        let expected = [[entry("a", None, 1), entry("b", 2, None), entry("c", None, 3)]];
        assert_eq!(at_once.take(), expected);
        store.flush();
        assert_eq!(by_turn.take(), expected);
        assert_eq!(store.metadata().version, version + 1);
    }

    /// Point 5. `flush` inside of a batch takes effect as soon as that has returned.
    fn a_flush_inside_of_a_batch_tells_of_what_the_batch_wrote(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Batched);
        store.batch(|tx| {
            tx.flush();
            tx.set("a", 1)
        }).unwrap();
        assert_eq!(told.take(), [[entry("a", None, 1)]]);
    }

    /// Point 5.
    fn nothing_of_a_batch_that_fails_is_stored_and_nobody_is_told(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let told = [Delivery::Sync, Delivery::Batched].map(|delivery| told(&store, delivery));
        let (before, snapshot) = (store.metadata(), store.snapshot());
        let result: Result<(), _> = store.batch(|tx| {
            tx.set("a", 2)?;
            tx.set("b", 3)?;
            tx.clear()?;
            tx.set("c", 4)?;
            Err(give_up())
        });
        assert_eq!(result, Err(give_up()));
        store.flush();
        assert_eq!(store.metadata(), before);
        assert_eq!(store.snapshot(), snapshot);
        assert_eq!((seen(&store, "a"), seen(&store, "b")), (there(1), MISSING));
        assert!(told.iter().all(|told| told.take().is_empty()));
    }

    /// Point 5.
    fn reads_inside_of_a_batch_see_its_writes(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let outside = store.clone();
        store.batch(|tx| {
            tx.set("a", 2)?;
            tx.set("b", 3)?;
            // By whatever handle of the store.
            assert_eq!((seen(&outside, "a"), seen(&outside, "b")), (there(2), there(3)));
            assert_eq!((tx.len(), tx.is_empty()), (2, false));
            assert_eq!(tx.update("b", |n: &mut i32| *n += 1), Ok(true));
            assert_eq!(tx.get("b"), Some(4));
            tx.delete("a")?;
            assert_eq!(seen(&outside, "a"), MISSING);
            assert_eq!((tx.len(), tx.keys()), (1, vec!["b".to_owned()]));
            assert_eq!(tx.delete("a"), Ok(false));
            assert_eq!(tx.update("a", |n: &mut i32| *n += 1), Ok(false));
            tx.clear()?;
            assert!(tx.is_empty() && tx.snapshot().is_empty());
            tx.set("c", 5)
        }).unwrap();
        assert_eq!(store.keys(), ["c"]);
    }

    /// Point 5.
    fn nobody_else_sees_the_writes_of_an_open_batch(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        store.batch(|tx| {
            tx.set("a", 2)?;
            tx.set("b", 3)?;
            let elsewhere = std::thread::scope(|scope| {
                scope.spawn(|| (seen(&store, "a"), seen(&store, "b"))).join().unwrap()
            });
            assert_eq!(elsewhere, (there(1), MISSING));
            Ok(())
        }).unwrap();
        assert_eq!((seen(&store, "a"), seen(&store, "b")), (there(2), there(3)));
    }

    /// Point 5, "at most one change a key, in order of first write".
    fn a_batch_has_one_change_a_key_in_the_order_of_first_write(engine) {
        let store = store(engine);
        store.set("c", 0).unwrap();
        let told = told(&store, Delivery::Sync);
        store.batch(|tx| {
            tx.set("b", 1)?;
            tx.set("c", 1)?;
            tx.set("a", 1)?;
            tx.delete("b")?;
            tx.set("c", 2)?;
            tx.set("b", 3)
        }).unwrap();
        let expected = [entry("b", None, 3), entry("c", 0, 2), entry("a", None, 1)];
        assert_eq!(told.take(), [expected]);
        assert_eq!(store.metadata().update_count, 4);
    }

    /// Point 5 with point 1: what ends where it began did not change.
    fn a_batch_that_puts_everything_back_changes_nothing(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let told = told(&store, Delivery::Sync);
        let before = store.metadata();
        store.batch(|tx| {
            tx.set("a", 2)?;
            tx.set("b", 3)?;
            tx.delete("b")?;
            tx.set("a", 1)
        }).unwrap();
        assert_eq!(store.metadata(), before);
        assert!(told.take().is_empty());
    }

    /// Point 5.
    fn a_batch_inside_of_a_batch_belongs_to_the_outer_one(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        store.batch(|tx| {
            tx.set("a", 1)?;
            tx.batch(|tx| {
                tx.set("b", 2)?;
                tx.set_many([("c", 3), ("d", 4)])
            })?;
            assert!(told.take().is_empty());
            tx.set("e", 5)
        }).unwrap();
        assert_eq!(told.take().concat().len(), 5);
        assert_eq!(store.metadata().version, 1);

        let result: Result<(), _> = store.batch(|tx| {
            tx.batch(|tx| tx.set("a", 9))?;
            Err(give_up())
        });
        assert_eq!((result, store.get("a")), (Err(give_up()), Some(1)));
    }

    /// Point 5: the outer batch may go on after an inner one failed.
    fn an_inner_batch_that_fails_takes_back_its_own_writes_alone(engine) {
        let store = store(engine);
        store.set("kept", 0).unwrap();
        let told = told(&store, Delivery::Sync);
        store.batch(|tx| {
            tx.set("a", 1)?;
            tx.set_with_source("b", 1, "outer")?;
            let inner: Result<(), _> = tx.batch(|tx| {
                tx.batch(|tx| tx.set("kept", 9))?;
                tx.set("a", 2)?;
                tx.set("a", 3)?;
                tx.set_with_source("b", 1, "inner")?;
                tx.set("c", 4)?;
                tx.delete("a")?;
                Err(give_up())
            });
            assert_eq!(inner, Err(give_up()));
            assert_eq!((tx.get("a"), tx.get::<i32>("c"), tx.get("kept")), (Some(1), None, Some(0)));
            tx.set("d", 5)
        }).unwrap();
        let expected = [entry("a", None, 1), entry("b", None, 1), entry("d", None, 5)];
        assert_eq!(told.take(), [expected]);
    }

    /// Point 5: a savepoint within a savepoint.
    fn an_inner_batch_that_succeeds_falls_with_the_one_around_it(engine) {
        let store = store(engine);
        store.batch(|tx| {
            tx.set("a", 1)?;
            let middle: Result<(), _> = tx.batch(|tx| {
                tx.set("a", 2)?;
                tx.batch(|tx| tx.set("a", 3))?;
                assert_eq!(tx.get("a"), Some(3));
                Err(give_up())
            });
            assert!(middle.is_err());
            assert_eq!(tx.get("a"), Some(1));
            Ok(())
        }).unwrap();
        assert_eq!(store.get("a"), Some(1));
    }

    /// Point 5: an error is no reason to give up, unless the closure returns it.
    fn a_failed_write_that_the_batch_swallows_costs_nothing_else(engine) {
        let store = store(engine);
        store.batch(|tx| {
            tx.set("a", 1)?;
            assert!(tx.set("", 2).is_err());
            tx.set("b", 3)
        }).unwrap();
        assert_eq!(store.keys(), ["a", "b"]);
    }

    /// Point 5.
    fn a_panic_inside_of_a_batch_leaves_the_store_usable_and_nothing_stored(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.batch(|tx| {
                tx.set("a", 1)?;
                tx.batch::<()>(|tx| {
                    tx.set("b", 2)?;
                    panic!("on purpose")
                })
            })
        }));
        assert!(panicked.is_err());
        assert!(store.is_empty() && store.snapshot().is_empty());
        assert_eq!(store.metadata().version, 0);

        store.set("c", 3).unwrap();
        assert_eq!(told.take(), [[entry("c", None, 3)]]);
        assert_eq!(store.keys(), ["c"]);
    }

    /// Point 5: an inner batch that panics and is caught is one that failed.
    fn a_panic_that_is_caught_around_an_inner_batch_takes_its_writes_back(engine) {
        let store = store(engine);
        store.batch(|tx| {
            tx.set("a", 1)?;
            let inner = AssertUnwindSafe(|| {
                tx.batch::<()>(|tx| {
                    tx.set("a", 2)?;
                    panic!("on purpose")
                })
            });
            assert!(catch_unwind(inner).is_err());
            assert_eq!(tx.get("a"), Some(1));
            tx.batch(|tx| tx.set("b", 3))
        }).unwrap();
        assert_eq!((store.get("a"), store.get("b")), (Some(1), Some(3)));
    }

    /// `set_many` is one transaction, or nothing.
    fn many_are_set_together_or_not_at_all(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        assert_eq!(told.take(), [[entry("a", None, 1), entry("b", None, 2)]]);
        let refused = store.set_many([("a", 3), ("", 4), ("c", 5)]);
        assert!(matches!(refused, Err(StateError::Key { .. })));
        assert_eq!((store.get("a"), store.len()), (Some(1), 2));
        assert!(told.take().is_empty());
    }

    /// Point 5, for what another thread changes meanwhile.
    fn a_batch_that_read_what_another_thread_then_changed_is_refused(engine) {
        let store = store(engine);
        let reports = reports(&store);
        store.set("read", 1).unwrap();
        let elsewhere = |key: &'static str, n: i32| {
            std::thread::scope(|scope| scope.spawn(|| store.set(key, n)).join().unwrap())
        };
        let result = store.batch(|tx| {
            let n: i32 = tx.get("read").unwrap_or_default();
            elsewhere("read", 5)?;
            tx.set("sum", n + 1)
        });
        assert_eq!(result, Err(StateError::Conflict { key: "read".into() }));
        assert!(!store.has("sum"));

        store.batch(|tx| {
            elsewhere("written", 6)?;
            tx.set("written", 7)
        }).unwrap();
        assert_eq!(store.get("written"), Some(7));
        assert!(reports.take().is_empty());
    }
}
