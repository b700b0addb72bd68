//! Undo and redo.
//!
//! The random tests print their seed; `PROPTEST_RNG_SEED` replays it and `UNIVERSAL_STATE_CASES` sets
//! how many sequences each tries (256 if it is not set).

#![cfg(not(target_family = "wasm"))]

#[path = "history/covers.rs"]
mod covers;
#[path = "history/inside.rs"]
mod inside;
#[path = "history/life.rs"]
mod life;
#[path = "history/merging.rs"]
mod merging;
#[path = "history/others.rs"]
mod others;
#[path = "history/pipe.rs"]
mod pipe;
#[path = "history/random.rs"]
mod random;
#[path = "history/threads.rs"]
mod threads;

mod seeded;

use reactive_graph::{computed::ArcMemo, traits::GetUntracked};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use universal_state::{
    Access, ChangeSet, Delivery, EngineKind, History, HistoryMove, HistoryOptions, MfeInfo,
    Middleware, Origin, Pattern, Restore, Scope, SharedAccess, StateError, Store, SubscribeOptions,
    Transaction, Veto,
};

type Tested = Result<(), StateError>;

/// Runs a test on every engine, with a history of everything.
fn with_options(options: &HistoryOptions, test: impl Fn(&Store, &History) -> Tested) {
    for engine in EngineKind::ALL {
        let store = Store::builder().engine(*engine).build();
        let tested = store
            .history(options.clone())
            .and_then(|history| test(&store, &history));
        assert_eq!(tested, Ok(()), "on {engine}");
        assert_eq!(store.error_count(), 0, "on {engine}");
    }
}

fn on_every_engine(test: impl Fn(&Store, &History) -> Tested) {
    with_options(&HistoryOptions::new(), test);
}

fn int(store: &Store, key: &str) -> Option<i32> {
    store.get(key)
}

fn mfe(store: &Store, id: &str) -> Result<Scope, StateError> {
    store.register_mfe(MfeInfo::new(id, "leptos", "1"))
}

fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// Keys that were changed, and those that were left alone.
fn told(done: &HistoryMove) -> (Vec<&str>, Vec<&str>) {
    let keys = done.keys.iter().map(String::as_str);
    (
        keys.collect(),
        done.skipped.iter().map(String::as_str).collect(),
    )
}

/// A middleware that refuses or rewrites what a function says.
struct Rule<F>(F);

impl<F: Fn(&mut Transaction) -> Result<(), Veto> + Send + Sync> Middleware for Rule<F> {
    fn name(&self) -> &str {
        "rule"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        self.0(transaction)
    }
}

#[test]
fn undo_takes_back_the_last_write_and_redo_does_it_again() {
    on_every_engine(|store, history| {
        assert!(!history.can_undo() && !history.can_redo() && history.is_empty());
        store.set("n", 1)?;
        store.set("n", 2)?;
        assert_eq!((history.len(), history.position()), (2, 2));
        assert!(history.can_undo() && !history.can_redo());

        let done = history.undo()?;
        assert_eq!((done.from, done.to), (2, 1));
        assert_eq!(told(&done), (vec!["n"], vec![]));
        assert_eq!(int(store, "n"), Some(1));
        assert!(history.can_undo() && history.can_redo());

        let done = history.redo()?;
        assert_eq!((done.from, done.to), (1, 2));
        assert_eq!(told(&done), (vec!["n"], vec![]));
        assert_eq!(int(store, "n"), Some(2));
        Ok(())
    });
}

#[test]
fn with_nothing_to_undo_or_redo_nothing_happens() {
    on_every_engine(|store, history| {
        assert_eq!(history.undo()?, HistoryMove::default());
        assert_eq!(history.redo()?, HistoryMove::default());
        store.set("n", 1)?;
        let done = history.redo()?;
        assert_eq!((done.from, done.to), (1, 1));
        assert_eq!(told(&done), (vec![], vec![]));
        assert_eq!(store.metadata().version, 1);
        Ok(())
    });
}

#[test]
fn a_batch_is_one_step_and_is_undone_in_one_transaction() {
    on_every_engine(|store, history| {
        store.set("a", 0)?;
        store.batch(|tx| {
            tx.set("a", 1)?;
            tx.set("b", 1)?;
            tx.set("a", 2)
        })?;
        assert_eq!(history.len(), 2);
        let before = store.metadata().version;
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let _subscription = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            count.fetch_add(changes.len(), Ordering::Relaxed);
        })?;
        assert_eq!(told(&history.undo()?), (vec!["a", "b"], vec![]));
        assert_eq!(store.metadata().version, before + 1);
        assert_eq!(seen.load(Ordering::Relaxed), 2);
        assert_eq!((int(store, "a"), int(store, "b")), (Some(0), None));
        Ok(())
    });
}

#[test]
fn what_was_deleted_comes_back_and_what_was_inserted_goes() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.delete("n")?;
        history.undo()?;
        assert_eq!(int(store, "n"), Some(1));
        history.undo()?;
        assert!(!store.has("n") && store.is_empty());
        history.redo()?;
        assert_eq!(int(store, "n"), Some(1));
        history.redo()?;
        assert!(!store.has("n"));
        store.set_many([("a", 1), ("b", 2)])?;
        store.clear()?;
        assert_eq!(told(&history.undo()?).0.len(), 2);
        assert_eq!(store.keys(), ["a", "b"]);
        Ok(())
    });
}

/// Has no JSON form.
#[derive(Clone, PartialEq, Debug, Deserialize)]
struct Opaque(u8);

impl Serialize for Opaque {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not as JSON"))
    }
}

#[test]
fn values_stay_of_the_type_they_were_written_as() {
    on_every_engine(|store, history| {
        store.set("v", Opaque(1))?;
        store.set("v", Opaque(2))?;
        history.undo()?;
        assert_eq!(store.get("v"), Some(Opaque(1)));
        history.go_to(0)?;
        history.go_to(2)?;
        assert_eq!(store.get("v"), Some(Opaque(2)));
        let kept = store.try_get_value("v")?.map(|value| value.type_name());
        assert_eq!(kept, Some(std::any::type_name::<Opaque>()));
        Ok(())
    });
}

#[test]
fn go_to_is_one_transaction_however_far() {
    on_every_engine(|store, history| {
        for n in 1..=5 {
            store.set("n", n)?;
            store.set(format!("row:{n}"), n)?;
        }
        let version = store.metadata().version;
        let done = history.go_to(3)?;
        assert_eq!((done.from, done.to, history.position()), (10, 3, 3));
        assert_eq!(store.metadata().version, version + 1);
        assert_eq!((int(store, "n"), store.len()), (Some(2), 2));
        history.go_to(7)?;
        assert_eq!((int(store, "n"), store.len()), (Some(4), 4));
        assert_eq!(history.go_to(99)?.to, 10);
        assert_eq!((int(store, "n"), store.len()), (Some(5), 6));
        assert_eq!(store.metadata().version, version + 3);
        assert_eq!(history.len(), 10);
        Ok(())
    });
}

#[test]
fn a_write_after_an_undo_forgets_what_could_be_redone() {
    on_every_engine(|store, history| {
        for n in 1..=3 {
            store.set("n", n)?;
        }
        history.go_to(1)?;
        store.set("n", 9)?;
        assert!(!history.can_redo());
        assert_eq!((history.len(), history.position()), (2, 2));
        history.redo()?;
        assert_eq!(int(store, "n"), Some(9));
        history.undo()?;
        assert_eq!(int(store, "n"), Some(1));
        Ok(())
    });
}

#[test]
fn an_equal_write_is_no_step() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        history.undo()?;
        store.set("n", 1)?;
        store.delete("nothing")?;
        assert_eq!((history.len(), history.position()), (2, 1));
        Ok(())
    });
}

#[test]
fn beyond_the_limit_the_oldest_steps_are_forgotten() {
    with_options(&HistoryOptions::new().limit(3), |store, history| {
        for n in 1..=5 {
            store.set("n", n)?;
        }
        assert_eq!((history.len(), history.position()), (3, 3));
        history.go_to(0)?;
        assert_eq!(int(store, "n"), Some(2));
        assert!(!history.can_undo());
        history.go_to(3)?;
        assert_eq!(int(store, "n"), Some(5));
        Ok(())
    });
    with_options(&HistoryOptions::new().limit(0), |store, history| {
        store.set("n", 1)?;
        assert!(history.is_empty() && !history.can_undo());
        Ok(())
    });
    on_every_engine(|store, history| {
        for n in 0..250 {
            store.set("n", n)?;
        }
        assert_eq!(history.len(), 100);
        Ok(())
    });
}

#[test]
fn steps_tell_a_user_interface_what_happened() {
    on_every_engine(|store, history| {
        store.set_with_source("a", 1, "form")?;
        store.batch(|tx| {
            tx.set("b", 1)?;
            tx.set("a", 2)
        })?;
        let steps = history.steps();
        let shown: Vec<_> = steps
            .iter()
            .map(|step| (step.index, step.keys.join(" "), &*step.source))
            .collect();
        assert_eq!(
            shown,
            [
                (1, "a".to_owned(), "form"),
                (2, "b a".to_owned(), "unknown")
            ]
        );
        assert_eq!(Some(steps[1].time), store.metadata().last_update);
        history.undo()?;
        assert_eq!(history.steps(), steps);
        history.go_to(steps[1].index)?;
        assert_eq!(int(store, "a"), Some(2));
        Ok(())
    });
}
