//! Points 6 and 7: snapshots and metadata.

use crate::support::{Entry, Log, entry, reports, saved, store, told};
use universal_state::{
    Change, Delivery, EngineKind, MfeInfo, Middleware, Origin, Restore, Snapshot, StateError,
    Store, SubscribeOptions, Transaction, Veto,
};

/// What a snapshot holds, sorted.
fn contents(snapshot: &Snapshot) -> Vec<(String, i32)> {
    let entry = |(key, value): (&str, &universal_state::Value)| (key.to_owned(), value.to());
    let mut entries: Vec<_> = snapshot.iter().map(entry).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
        .into_iter()
        .map(|(key, value)| (key, value.unwrap()))
        .collect()
}

fn pairs(pairs: &[(&str, i32)]) -> Vec<(String, i32)> {
    pairs
        .iter()
        .map(|(key, n)| ((*key).to_owned(), *n))
        .collect()
}

fn sorted(log: &Log<Vec<Entry>>) -> Vec<Vec<Entry>> {
    let mut sets = log.take();
    sets.iter_mut().for_each(|set| set.sort());
    sets
}

struct Refuse(&'static str);

impl Middleware for Refuse {
    fn name(&self) -> &str {
        "refuse"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        match transaction
            .writes()
            .iter()
            .any(|write| write.key() == self.0)
        {
            true => Err(Veto::new("refused")),
            false => Ok(()),
        }
    }
}

conformance! {
    /// Point 6.
    fn a_snapshot_never_changes(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        let before = store.snapshot();
        let kept = before.clone();
        store.set("a", 9).unwrap();
        store.delete("b").unwrap();
        store.set("c", 3).unwrap();
        for other in EngineKind::ALL {
            store.set_engine(*other).unwrap();
        }
        for snapshot in [before, kept] {
            assert_eq!(contents(&snapshot), pairs(&[("a", 1), ("b", 2)]));
            assert_eq!((snapshot.version(), snapshot.len()), (1, 2));
            assert_eq!((snapshot.get("b"), snapshot.get::<i32>("c")), (Some(2), None));
        }
        let after = store.snapshot();
        assert_eq!(contents(&after), pairs(&[("a", 9), ("c", 3)]));
        assert_eq!((after.version(), after.get::<i32>("b")), (4, None));
        store.clear().unwrap();
        drop(store);
        assert_eq!(contents(&after), pairs(&[("a", 9), ("c", 3)]));
    }

    /// Point 6: cached by version. What two snapshots share lies at one place in memory.
    fn two_snapshots_of_one_version_share_everything(engine) {
        let place = |snapshot: &Snapshot| snapshot.value("a").map(std::ptr::from_ref);
        let store = store(engine);
        store.set("a", 1).unwrap();
        let first = store.snapshot();
        store.set("a", 1).unwrap();
        let second = store.snapshot();
        assert_eq!(place(&first), place(&second));
        store.set("a", 2).unwrap();
        let third = store.snapshot();
        assert_ne!(place(&first), place(&third));
        assert_ne!(first, third);
        store.set("a", 1).unwrap();
        assert_eq!(store.snapshot(), first, "equal contents are equal");
        assert_ne!(store.snapshot().version(), first.version());
    }

    /// Point 6: what did not change is not copied. Equal strings have their bytes at one place.
    fn unchanged_values_are_shared(engine) {
        let bytes = |snapshot: &Snapshot, key: &str| {
            snapshot.value(key).unwrap().with(|text: &String| text.as_ptr()).unwrap()
        };
        let store = store(engine);
        for n in 0..200 {
            store.set_value(&format!("key {n}"), format!("text {n}")).unwrap();
        }
        let before = store.snapshot();
        store.set("key 7", "other".to_owned()).unwrap();
        let after = store.snapshot();
        for n in (0..200).filter(|n| *n != 7) {
            let key = format!("key {n}");
            assert_eq!(bytes(&before, &key), bytes(&after, &key));
        }
        assert_ne!(bytes(&before, "key 7"), bytes(&after, "key 7"));
        let mut stored = std::ptr::null();
        store.try_with("key 3", |text: &String| stored = text.as_ptr()).unwrap();
        assert_eq!(stored, bytes(&before, "key 3"), "the store's own value");
    }

    /// Point 6, for many keys that come and go between snapshots.
    fn a_snapshot_is_what_keys_and_get_say(engine) {
        let store = store(engine);
        for round in 0..50_i32 {
            for n in 0..40 {
                let key = format!("key {}", (n * 7 + round * 3) % 100);
                match (n + round) % 3 {
                    0 => drop(store.delete(&key).unwrap()),
                    _ => store.set_value(&key, n + round).unwrap(),
                }
            }
            let snapshot = store.snapshot();
            let read = |key: String| store.get(key.as_str()).map(|value| (key, value));
            let expected: Vec<(String, i32)> = store.keys().into_iter().filter_map(read).collect();
            assert_eq!(contents(&snapshot), expected);
            assert_eq!(snapshot.len(), store.len());
        }
    }

    /// Point 6: Replace also removes what the snapshot lacks. One transaction, told with what was
    /// there before, and with its origin.
    fn restore_in_place_makes_the_state_that_of_the_snapshot(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2), ("c", 3)]).unwrap();
        let (told, origins) = (told(&store, Delivery::Sync), origins(&store));
        let version = store.metadata().version;
        let snapshot = saved(&[("a", 1), ("b", 5), ("d", 6)]);
        store.restore(&snapshot, Restore::Replace).unwrap();

        assert_eq!(store.snapshot(), snapshot);
        let expected = [entry("b", 2, 5), entry("c", 3, None), entry("d", None, 6)];
        assert_eq!(sorted(&told), [expected]);
        assert_eq!(store.metadata().version, version + 1);
        assert_eq!(origins.take(), [Origin::Restore, Origin::Restore, Origin::Restore]);
    }

    /// Point 6: Merge leaves what the snapshot lacks.
    fn restore_by_merging_leaves_other_keys_alone(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2), ("c", 3)]).unwrap();
        let (told, origins) = (told(&store, Delivery::Sync), origins(&store));
        store.restore(&saved(&[("a", 1), ("b", 5), ("d", 6)]), Restore::Merge).unwrap();

        let expected = pairs(&[("a", 1), ("b", 5), ("c", 3), ("d", 6)]);
        assert_eq!(contents(&store.snapshot()), expected);
        assert_eq!(sorted(&told), [[entry("b", 2, 5), entry("d", None, 6)]]);
        assert_eq!(store.metadata().version, 2);
        assert_eq!(origins.take(), [Origin::Restore, Origin::Restore]);
    }

    /// Point 6 with points 1 and 5.
    fn restoring_what_is_there_changes_nothing(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        let told = told(&store, Delivery::Sync);
        let before = store.metadata();
        store.restore(&store.snapshot(), Restore::Replace).unwrap();
        store.restore(&saved(&[("a", 1)]), Restore::Merge).unwrap();
        assert_eq!(store.metadata(), before);
        assert!(told.take().is_empty());
    }

    /// Point 6: the pipe's middleware may refuse it, and then nothing of it is stored.
    fn a_restore_that_is_refused_changes_nothing(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        store.add_middleware(Refuse("b"));
        for mode in [Restore::Replace, Restore::Merge] {
            let result = store.restore(&saved(&[("a", 5), ("b", 6)]), mode);
            assert!(matches!(result, Err(StateError::Vetoed { .. })));
        }
        assert_eq!(contents(&store.snapshot()), pairs(&[("a", 1), ("b", 2)]));
    }

    /// Point 6, for the owner and for a scope.
    fn the_keys_of_a_micro_frontend_are_in_the_owners_snapshot(engine) {
        let store = store(engine);
        let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0")).unwrap();
        shop.set("cart", 1).unwrap();
        store.set("theme", 2).unwrap();
        let snapshot = store.snapshot();
        assert_eq!(contents(&snapshot), pairs(&[("@shop/cart", 1), ("theme", 2)]));
        assert_eq!(contents(&shop.snapshot()), pairs(&[("cart", 1)]));
        store.clear().unwrap();
        store.restore(&snapshot, Restore::Replace).unwrap();
        assert_eq!(shop.get("cart"), Some(1));
    }

    /// Point 6, for a state that is kept outside as JSON.
    #[cfg(feature = "json")]
    fn a_snapshot_survives_being_json(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("__proto__", 2), ("constructor", 3)]).unwrap();
        let json = store.snapshot().to_json().unwrap();
        assert_eq!(json["__proto__"], 2);
        let back = Snapshot::from_json(json).unwrap();
        store.clear().unwrap();
        store.restore(&back, Restore::Replace).unwrap();
        assert_eq!(
            contents(&store.snapshot()),
            pairs(&[("__proto__", 2), ("a", 1), ("constructor", 3)])
        );
        assert!(Snapshot::from_json(serde_json::json!([1])).is_err());
        assert!(Snapshot::from_json(serde_json::json!({ "": 1 })).is_err());
    }

    /// Point 7.
    fn metadata_is_there_from_the_start(engine) {
        let before = store(engine).metadata();
        assert_eq!((before.version, before.update_count), (0, 0));
        assert_eq!((before.last_update, before.source.as_str()), (None, "unknown"));
    }

    /// Point 7.
    fn the_version_grows_by_one_with_each_committed_transaction(engine) {
        let store = store(engine);
        let reports = reports(&store);
        let grows = |by: u64, write: &dyn Fn() -> Result<(), StateError>| {
            let before = store.metadata().version;
            let result = write();
            assert_eq!(store.metadata().version, before + by);
            result
        };
        grows(1, &|| store.set("a", 1)).unwrap();
        grows(0, &|| store.set("a", 1)).unwrap();
        grows(1, &|| store.update("a", |n: &mut i32| *n += 1).map(drop)).unwrap();
        grows(1, &|| store.set_many([("a", 5), ("b", 6)])).unwrap();
        grows(1, &|| store.batch(|tx| tx.set("a", 7).and(tx.set("c", 8)))).unwrap();
        grows(1, &|| store.restore(&saved(&[("a", 1)]), Restore::Replace)).unwrap();
        grows(1, &|| store.delete("a").map(drop)).unwrap();
        grows(0, &|| store.delete("a").map(drop)).unwrap();
        grows(0, &|| store.clear()).unwrap();
        grows(0, &|| store.set("", 1)).unwrap_err();
        store.add_middleware(Refuse("a"));
        grows(0, &|| store.set("a", 1)).unwrap_err();
        grows(0, &|| store.register_mfe(MfeInfo::new("m", "leptos", "1")).map(drop)).unwrap();
        assert!(reports.take().is_empty());
    }

    /// Point 7: every changed key counts, and the last writer signs.
    fn metadata_says_how_much_was_written_when_and_by_whom(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        assert_eq!(store.metadata().source, "unknown");
        store.set_with_source("a", 2, "the cart").unwrap();
        let last = store.metadata();
        assert_eq!((last.version, last.update_count, last.source.as_str()), (2, 2, "the cart"));
        store.set_many([("a", 3), ("b", 4), ("c", 5)]).unwrap();
        let last = store.metadata();
        assert_eq!((last.version, last.update_count, last.source.as_str()), (3, 5, "unknown"));
        assert!(last.last_update.is_some_and(|time| time > 0));
        store.with_source("sweeper").clear().unwrap();
        let last = store.metadata();
        assert_eq!((last.update_count, last.source.as_str()), (8, "sweeper"));
    }

    /// Point 7: a change carries what the metadata says.
    fn a_change_knows_its_version_time_and_source(engine) {
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        let _subscription = store.subscribe("a", move |_: Option<&i32>, change: &Change| {
            sink.push((change.version(), change.time(), change.source().to_owned()));
        }).unwrap();
        for source in ["one", "two"] {
            store.set_with_source("a", store.metadata().version as i32, source).unwrap();
            store.flush();
            let now = store.metadata();
            assert_eq!(log.take(), [(now.version, now.last_update.unwrap(), now.source)]);
        }
        store.set("a", 9).unwrap();
        store.flush();
        assert_eq!(log.take()[0].2, "unknown");
    }
}

/// The origin of each change that is told.
fn origins(store: &Store) -> Log<Origin> {
    let log = Log::default();
    let sink = log.clone();
    let options = SubscribeOptions::new().delivery(Delivery::Sync);
    let note = move |change: &Change| sink.push(change.origin().clone());
    store
        .subscribe_all(options, move |changes| changes.iter().for_each(&note))
        .unwrap()
        .forget();
    log
}
