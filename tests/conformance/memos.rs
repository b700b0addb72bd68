//! Point 8: what a memo of a part of the store knows.

use crate::support::{Log, saved, store, sync};
use reactive_graph::{computed::ArcMemo, traits::GetUntracked};
use std::panic::{AssertUnwindSafe, catch_unwind};
use universal_state::{Change, Restore, StateError, Store};

/// A memo of what is read.
fn memo<R: PartialEq + Send + Sync + 'static>(
    store: &Store,
    read: impl Fn(&Store) -> R + Send + Sync + 'static,
) -> ArcMemo<R> {
    let store = store.clone();
    ArcMemo::new(move |_| read(&store))
}

fn get_a(store: &Store) -> Option<i32> {
    store.get("a")
}

fn give_up() -> StateError {
    StateError::abort("given up")
}

conformance! {
    /// Point 8: no effect is needed, and nothing waits for the end of the turn.
    fn a_memo_is_never_stale_after_a_write(engine) {
        let store = store(engine);
        let value = memo(&store, get_a);
        let keys = memo(&store, |store| store.keys());
        let sum = memo(&store, |store| {
            let snapshot = store.snapshot();
            snapshot.iter().map(|(_, value)| value.to::<i32>().unwrap()).sum::<i32>()
        });
        let version = memo(&store, |store| store.metadata().version);
        let now = || {
            (value.get_untracked(), keys.get_untracked().len(), sum.get_untracked(),
                version.get_untracked())
        };
        assert_eq!(now(), (None, 0, 0, 0));
        store.set("a", 1).unwrap();
        assert_eq!(now(), (Some(1), 1, 1, 1));
        store.handle("a").unwrap().set(2).unwrap();
        assert_eq!(now(), (Some(2), 1, 2, 2));
        store.set_many([("a", 3), ("b", 4)]).unwrap();
        assert_eq!(now(), (Some(3), 2, 7, 3));
        store.delete("a").unwrap();
        assert_eq!(now(), (None, 1, 4, 4));
        store.restore(&saved(&[("a", 5)]), Restore::Replace).unwrap();
        assert_eq!(now(), (Some(5), 1, 5, 5));
        store.clear().unwrap();
        assert_eq!(now(), (None, 0, 0, 6));
    }

    /// Point 8: signals first, so that listeners find memos that know of the change.
    fn a_listener_finds_no_stale_memo(engine) {
        let store = store(engine);
        let doubled = memo(&store, |store| store.get::<i32>("a").unwrap_or(0) * 2);
        assert_eq!(doubled.get_untracked(), 0);
        let log = Log::default();
        let sink = log.clone();
        let listener = move |_: Option<&i32>, _: &Change| sink.push(doubled.get_untracked());
        let _subscription = store.subscribe_with("a", sync(), listener).unwrap();
        store.set("a", 1).unwrap();
        store.set("a", 2).unwrap();
        assert_eq!(log.take(), [2, 4]);
    }

    /// Points 5 and 8: what a memo saw in a batch that came to nothing, it takes back.
    fn a_memo_that_read_an_open_batch_is_corrected(engine) {
        type Batch = fn(&Store, &dyn Fn()) -> Result<(), StateError>;
        let batches: [Batch; 4] = [
            |store, look| store.batch(|tx| {
                tx.set_many([("a", 2), ("b", 3)])?;
                look();
                Err(give_up())
            }),
            |store, look| store.batch(|tx| {
                let inner: Result<(), _> = tx.batch(|tx| {
                    tx.set_many([("a", 2), ("b", 3)])?;
                    look();
                    Err(give_up())
                });
                inner.or(Ok(()))
            }),
            |store, look| store.batch(|tx| {
                tx.set_many([("a", 2), ("b", 3)])?;
                look();
                tx.delete("b")?;
                tx.set("a", 1)
            }),
            |store, look| {
                let panics = AssertUnwindSafe(|| store.batch::<()>(|tx| {
                    tx.set_many([("a", 2), ("b", 3)])?;
                    look();
                    panic!("on purpose")
                }));
                catch_unwind(panics).map_or(Ok(()), |result| result)
            },
        ];
        for batch in batches {
            let store = store(engine);
            store.set("a", 1).unwrap();
            let value = memo(&store, get_a);
            let keys = memo(&store, |store| store.keys().len());
            let all = memo(&store, |store| store.snapshot().len());
            let look = || {
                assert_eq!(value.get_untracked(), Some(2));
                assert_eq!((keys.get_untracked(), all.get_untracked()), (2, 2));
            };
            let _ = batch(&store, &look);
            assert_eq!(value.get_untracked(), Some(1));
            assert_eq!((keys.get_untracked(), all.get_untracked()), (1, 1));
        }
    }

    /// Point 8, "a slot is kept while anyone holds it", and no longer.
    fn a_missing_key_is_kept_track_of_while_somebody_reads_it(engine) {
        let store = store(engine);
        let handle = store.handle::<i32>("a").unwrap();
        let value = ArcMemo::new(move |_| handle.get());
        assert_eq!((value.get_untracked(), store.slot_count()), (None, 1));
        drop(store.handle::<i32>("a"));
        store.delete("a").unwrap();
        assert_eq!(store.slot_count(), 1);
        store.set("a", 1).unwrap();
        assert_eq!(value.get_untracked(), Some(1));
        store.delete("a").unwrap();
        assert_eq!(value.get_untracked(), None);
        drop(value);
        assert_eq!(store.slot_count(), 0);
    }
}
