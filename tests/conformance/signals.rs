//! Point 8: what an effect tracks, and when it runs again.

use crate::{
    effects::Effects,
    support::{Log, on, reports, saved, store},
};
use reactive_graph::effect::ImmediateEffect;
use universal_state::{Delivery, Restore, StateError, Store};

/// What an effect reads, each time it runs. It has run once.
fn watch<R: Send + 'static>(
    effects: &Effects,
    store: &Store,
    read: impl Fn(&Store) -> R + 'static,
) -> Log<R> {
    let (log, store) = (Log::default(), store.clone());
    let sink = log.clone();
    effects.start(move || sink.push(read(&store)));
    log
}

fn get_a(store: &Store) -> Option<i32> {
    store.get("a")
}

fn give_up() -> StateError {
    StateError::abort("given up")
}

conformance! {
    /// Point 8.
    fn an_effect_runs_again_when_the_key_it_reads_changes_and_for_no_other(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set_many([("a", 1), ("b", 1)]).unwrap();
        let log = watch(&effects, &store, get_a);
        assert_eq!(log.take(), [Some(1)]);
        store.set("a", 2).unwrap();
        effects.settle();
        assert_eq!(log.take(), [Some(2)]);

        store.set("b", 2).unwrap();
        store.set("c", 2).unwrap();
        store.delete("b").unwrap();
        store.set("a", 2).unwrap();
        store.flush();
        effects.settle();
        assert!(log.take().is_empty());
    }

    /// Point 8, by whatever method the key is read.
    fn every_way_of_reading_a_key_tracks_it_alone(engine) {
        let effects = Effects::new();
        let ways: [fn(&Store) -> bool; 5] = [
            |store| store.get("a") == Some(1),
            |store| store.has("a"),
            |store| store.try_with("a", |_: &i32| ()).unwrap().is_some(),
            |store| store.try_get_value("a").unwrap().is_some(),
            |store| store.handle("a").unwrap().get() == Some(1),
        ];
        for way in ways {
            let store = store(engine);
            let log = watch(&effects, &store, way);
            assert_eq!(log.take(), [false]);
            store.set("b", 1).unwrap();
            effects.settle();
            assert!(log.take().is_empty());
            store.set("a", 1).unwrap();
            effects.settle();
            assert_eq!(log.take(), [true]);
            store.delete("a").unwrap();
            effects.settle();
            assert_eq!(log.take(), [false]);
        }
    }

    /// Point 8: through every door.
    fn a_missing_key_is_tracked_through_its_coming_and_going(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let log = watch(&effects, &store, get_a);
        let reads = |write: &dyn Fn() -> Result<(), StateError>| {
            write().unwrap();
            effects.settle();
            store.flush();
            log.take()
        };
        assert_eq!(log.take(), [None]);
        for n in [1, 2] {
            assert_eq!(reads(&|| store.set("a", n)), [Some(n)]);
            assert_eq!(reads(&|| store.delete("a").map(drop)), [None]);
            assert_eq!(reads(&|| store.update_or("a", n, |_| {})), [Some(n)]);
            assert_eq!(reads(&|| store.clear()), [None]);
            assert_eq!(reads(&|| store.set_many([("a", n)])), [Some(n)]);
            let empty = saved(&[]);
            assert_eq!(reads(&|| store.restore(&empty, Restore::Replace)), [None]);
            assert_eq!(reads(&|| store.handle("a").unwrap().set(n)), [Some(n)]);
            assert_eq!(reads(&|| store.handle::<i32>("a").unwrap().delete().map(drop)), [None]);
        }
    }

    /// Point 8 with point 1: nothing changed.
    fn what_changes_nothing_runs_no_effect(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set("a", 1).unwrap();
        let logs = [
            watch(&effects, &store, |store| { let _ = get_a(store); }),
            watch(&effects, &store, |store| { let _ = store.get::<i32>("missing"); }),
            watch(&effects, &store, |store| drop(store.keys())),
            watch(&effects, &store, |store| drop(store.snapshot())),
            watch(&effects, &store, |store| drop(store.metadata())),
        ];
        logs.iter().for_each(|log| assert_eq!(log.take().len(), 1));
        store.set("a", 1).unwrap();
        store.delete("missing").unwrap();
        store.update("missing", |_: &mut i32| {}).unwrap();
        drop(store.handle::<i32>("missing"));
        store.batch(|tx| Ok(tx.get::<i32>("missing"))).unwrap();
        let result: Result<(), _> = store.batch(|tx| {
            tx.set("a", 2)?;
            tx.delete("a")?;
            tx.set("missing", 3)?;
            Err(give_up())
        });
        result.unwrap_err();
        effects.settle();
        logs.iter().for_each(|log| assert_eq!(log.take().len(), 0));
    }

    /// Point 8.
    fn membership_tracks_which_keys_there_are_not_their_values(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let keys = watch(&effects, &store, |store| store.keys());
        let len = watch(&effects, &store, |store| (store.len(), store.is_empty()));
        assert_eq!((keys.take(), len.take()), (vec![vec![]], vec![(0, true)]));
        store.set("a", 1).unwrap();
        effects.settle();
        assert_eq!((keys.take(), len.take()), (vec![vec!["a".to_owned()]], vec![(1, false)]));
        store.set("a", 2).unwrap();
        effects.settle();
        assert!(keys.take().is_empty() && len.take().is_empty());
        store.delete("a").unwrap();
        effects.settle();
        assert_eq!((keys.take(), len.take()), (vec![vec![]], vec![(0, true)]));
    }

    /// Points 7 and 8.
    fn a_snapshot_tracks_everything_and_metadata_is_a_signal(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let snapshots = watch(&effects, &store, |store| store.snapshot().get::<i32>("a"));
        let versions = watch(&effects, &store, |store| store.metadata().version);
        assert_eq!((snapshots.take(), versions.take()), (vec![None], vec![0]));
        store.set("a", 1).unwrap();
        effects.settle();
        assert_eq!((snapshots.take(), versions.take()), (vec![Some(1)], vec![1]));
        store.set("z", 1).unwrap();
        effects.settle();
        assert_eq!((snapshots.take(), versions.take()), (vec![Some(1)], vec![2]));
        store.delete("a").unwrap();
        effects.settle();
        assert_eq!((snapshots.take(), versions.take()), (vec![None], vec![3]));
    }

    /// Point 8.
    fn many_writes_in_one_turn_run_an_effect_once(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let sum = |store: &Store| store.get::<i32>("a").zip(store.get::<i32>("b"));
        let log = watch(&effects, &store, sum);
        assert_eq!(log.take(), [None]);
        for n in 1..=10 {
            store.set("a", n).unwrap();
            store.set("b", -n).unwrap();
        }
        store.flush();
        effects.settle();
        assert_eq!(log.take(), [Some((10, -10))]);
        store.batch(|tx| tx.set("a", 1).and(tx.set("b", 2))).unwrap();
        effects.settle();
        assert_eq!(log.take(), [Some((1, 2))]);
    }

    /// Point 8, for a writer on another thread.
    fn an_effect_learns_of_what_another_thread_writes(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let log = watch(&effects, &store, get_a);
        std::thread::scope(|scope| {
            scope.spawn(|| store.set("a", 1).unwrap());
        });
        effects.settle();
        assert_eq!(log.take(), [None, Some(1)]);
    }

    /// Point 8 with point 3: an effect comes back once the value reads.
    fn an_effect_that_cannot_read_a_value_runs_when_it_can(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let reports = reports(&store);
        store.set("a", "text".to_owned()).unwrap();
        let log = watch(&effects, &store, get_a);
        assert_eq!((log.take(), reports.take().len()), (vec![None], 1));
        store.set("a", 1).unwrap();
        effects.settle();
        assert_eq!((log.take(), reports.take().len()), (vec![Some(1)], 0));
    }

    /// Point 8: an effect tracks its own reads, not those of the listeners it causes.
    fn what_a_listener_reads_is_not_tracked_by_the_effect_that_wrote(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        on(&store, "out", Delivery::Sync, |store, _| { let _ = store.get::<i32>("x"); });
        let log = watch(&effects, &store, |store| store.set("out", 1).unwrap());
        store.update("out", |n: &mut i32| *n += 1).unwrap();
        store.set("x", 1).unwrap();
        effects.settle();
        assert_eq!(log.take().len(), 1);
    }

    /// Point 8: an effect that does not wait for the turn sees each commit, whole.
    fn an_immediate_effect_sees_what_was_committed(engine) {
        let (_effects, store) = (Effects::new(), store(engine));
        let log = Log::default();
        let (sink, here) = (log.clone(), store.clone());
        let _effect = ImmediateEffect::new(move || {
            sink.push((here.get::<i32>("a"), here.snapshot().get::<i32>("b")));
        });
        assert_eq!(log.take(), [(None, None)]);
        store.batch(|tx| {
            tx.set("a", 1)?;
            assert!(log.take().is_empty());
            tx.set("b", 2)
        }).unwrap();
        let seen = log.take();
        assert!(!seen.is_empty() && seen.iter().all(|seen| *seen == (Some(1), Some(2))));
    }
}
