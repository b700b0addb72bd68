//! Point 16: nobody writes a computed key, and not everybody registers one.

use super::{
    computed::int,
    computed_keys::{doubling, mfe, register},
    support::{Log, saved, store, told},
};
use universal_state::{
    ChangeSet, Delivery, HistoryOptions, Middleware, Restore, SharedAccess, Snapshot, StateError,
    Store, Transaction, Veto, View,
};

fn read_only(key: &str, by: &str) -> StateError {
    StateError::ReadOnly {
        key: key.to_owned(),
        by: by.to_owned(),
    }
}

type Door = fn(&Store) -> Result<(), StateError>;

/// A write of `double` through each door.
fn writes() -> Vec<(&'static str, Door)> {
    let doors: Vec<(_, Door)> = vec![
        ("set", |store| store.set("double", 9)),
        ("set what it is", |store| store.set("double", 2)),
        ("set with source", |store| {
            store.set_with_source("double", 9, "me")
        }),
        ("update", |store| {
            store.update("double", |n: &mut i32| *n = 9).map(drop)
        }),
        ("update or", |store| {
            store.update_or("double", 9, |n: &mut i32| *n = 9)
        }),
        ("delete", |store| store.delete("double").map(drop)),
        ("set many", |store| {
            store.set_many([("n", 9), ("double", 9)])
        }),
        ("batch", |store| {
            store.batch(|tx| {
                tx.set("n", 9)?;
                tx.set("double", 9)
            })
        }),
        ("deletion in a batch", |store| {
            store.batch(|tx| {
                tx.set("n", 9)?;
                tx.delete("double").map(drop)
            })
        }),
        ("handle", |store| store.handle("double")?.set(9)),
        ("handle's update", |store| {
            store
                .handle("double")?
                .update(|n: &mut i32| *n = 9)
                .map(drop)
        }),
        ("handle's deletion", |store| {
            store.handle::<i32>("double")?.delete().map(drop)
        }),
        ("shared keys of a micro-frontend", |store| {
            mfe(store, "shop").shared().set("double", 9)
        }),
    ];
    #[cfg(feature = "json")]
    {
        let json: [(_, Door); 4] = [
            ("set json", |store| store.set_json("double", 9.into())),
            ("set at", |store| store.set_at("double", "", 9)),
            ("set inside", |store| store.set_at("double", "/x", 9)),
            ("delete at", |store| {
                store.delete_at("double", "/x").map(drop)
            }),
        ];
        [doors, json.to_vec()].concat()
    }
    #[cfg(not(feature = "json"))]
    doors
}

conformance! {
    /// 16: no door writes it: the error says who computes it, and nothing is changed.
    fn no_door_writes_a_computed_key(engine) {
        for (door, write) in writes() {
            let (store, _double, _) = doubling(engine);
            let told = told(&store, Delivery::Sync);
            let before = store.snapshot();
            assert_eq!(write(&store), Err(read_only("double", "the store's owner")), "{door}");
            let now = store.snapshot();
            let values = |it: &Snapshot| (it.get("n"), it.get("double"), it.len());
            assert_eq!(values(&now), (Some(1), Some(2), 2), "{door}");
            assert_eq!(values(&before), values(&now), "{door}");
            assert_eq!(store.metadata().source, "unknown", "{door}");
            store.flush();
            assert!(told.take().is_empty(), "{door}");
            store.set("n", 4).unwrap();
            assert_eq!(store.get("double"), Some(8), "{door}");
        }
    }

    /// 16: a refused write inside of a batch fails alone if the batch goes on.
    fn a_batch_may_go_on_after_a_refused_write(engine) {
        let (store, _double, _) = doubling(engine);
        store.batch(|tx| {
            assert!(matches!(tx.set("double", 1), Err(StateError::ReadOnly { .. })));
            tx.set("n", 3)
        }).unwrap();
        assert_eq!((store.get("n"), store.get("double")), (Some(3), Some(6)));
    }

    /// 4 and 16: a clear leaves it, and it follows.
    fn a_clear_leaves_computed_keys(engine) {
        let (store, _double, _) = doubling(engine);
        store.clear().unwrap();
        assert_eq!((store.keys(), store.get("double")), (vec!["double".to_owned()], Some(0)));
        let version = store.metadata().version;
        store.clear().unwrap();
        assert_eq!(store.metadata().version, version, "there was nothing to clear");
    }

    /// 6 and 16: a restore passes it over, whether it is computed now or was in the snapshot.
    fn a_restore_passes_computed_keys_over(engine) {
        let (store, double, _) = doubling(engine);
        for mode in [Restore::Replace, Restore::Merge] {
            store.restore(&saved(&[("n", 4), ("double", 99)]), mode).unwrap();
            assert_eq!((store.get("n"), store.get("double")), (Some(4), Some(8)), "{mode:?}");
        }
        store.restore(&saved(&[("n", 5)]), Restore::Replace).unwrap();
        assert_eq!(store.get("double"), Some(10), "nor is it removed");
        let snapshot = store.snapshot();
        drop(double);
        for mode in [Restore::Replace, Restore::Merge] {
            store.restore(&snapshot, mode).unwrap();
            assert_eq!(store.keys(), ["n"], "else nobody could register it again: {mode:?}");
        }
        let (_double, _) = register(&store, "double", |view| int(view, "n") * 2);
        assert_eq!(store.get("double"), Some(10));
    }

    /// 16: a key that is taken, by a value or by another computed one, cannot be registered.
    fn a_key_that_is_taken_cannot_be_registered(engine) {
        let (store, double, _) = doubling(engine);
        let taken = |key: &str, holder: &str| Err(StateError::KeyTaken {
            key: key.to_owned(),
            holder: holder.to_owned(),
        });
        let version = store.metadata().version;
        let register = |view: &View, key: &str| view.register_computed(key, |_| 7).map(drop);
        assert_eq!(register(&store, "n"), taken("n", "a stored value"));
        assert_eq!(register(&store, "double"), taken("double", "a value computed by the store's owner"));
        let shop = mfe(&store, "shop");
        let _rest = shop.shared().register_computed("rest", |_| 1).unwrap();
        assert_eq!(register(&store, "rest"), taken("rest", r#"a value computed by micro-frontend "shop""#));
        assert_eq!(store.set("rest", 1), Err(read_only("rest", r#"micro-frontend "shop""#)));
        let _named = store.with_source("cart").register_computed("named", |_| 1).unwrap();
        assert_eq!(store.set("named", 1), Err(read_only("named", r#""cart""#)));
        assert_eq!((store.get("n"), store.get("double"), store.get("rest")), (Some(1), Some(2), Some(1)));
        assert!(store.metadata().version > version);
        drop(double);
        store.set("double", 5).unwrap();
        assert_eq!(register(&store, "double"), taken("double", "a stored value"));
        store.delete("double").unwrap();
        assert_eq!(register(&store, "double"), Ok(()));
    }

    /// 15 and 16: to register is a write, and takes the right to write.
    fn registering_takes_the_right_to_write(engine) {
        let store = store(engine);
        let shop = mfe(&store, "shop");
        let register = |view: &View| view.register_computed("total", |_| 1).map(drop);
        assert!(matches!(register(&shop.peer("cart")), Err(StateError::Denied { .. })));
        let unknown = store.register_computed("@cart/total", |_| 1).map(drop);
        assert_eq!(unknown, Err(StateError::UnknownMfe { id: "cart".into() }));
        store.set_shared_access(SharedAccess::ReadOnly);
        assert!(matches!(register(&shop.shared()), Err(StateError::Denied { .. })));
        assert!(matches!(store.register_computed("", |_| 1), Err(StateError::Key { .. })));
        assert!(matches!(store.register_computed("@x", |_| 1), Err(StateError::Key { .. })));
        assert_eq!((register(&shop), store.slot_count(), store.len()), (Ok(()), 0, 0));
        store.dispose();
        assert_eq!(register(&store), Err(StateError::Disposed));
    }

    /// 5 and 16: it takes effect at once, so a batch, which may come to nothing, cannot do it.
    fn nothing_is_registered_from_inside_a_batch_or_a_computed_value(engine) {
        let store = store(engine);
        let register = |view: &View| view.register_computed("total", |_| 1).map(drop);
        let reentrant = |during| Err(StateError::Reentrant { during });
        assert_eq!(store.batch(|tx| Ok(register(tx))), Ok(reentrant("a batch")));
        let inside = store.computed(move |view| register(view));
        assert_eq!(inside.get(), Some(reentrant("a computed value")));
        assert!(store.is_empty());
    }

    /// 13 and 16: middleware has seen what it follows from, and is not asked about it.
    fn middleware_sees_what_a_computed_key_follows_from_and_not_the_key(engine) {
        struct Note(Log<String>);
        impl Middleware for Note {
            fn name(&self) -> &str {
                "note"
            }
            fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
                transaction.writes().iter().for_each(|write| self.0.push(write.key().to_owned()));
                Ok(())
            }
            fn committed(&self, changes: &ChangeSet, _: std::time::Duration) {
                changes.iter().for_each(|change| self.0.push(format!("{}!", change.key())));
            }
        }
        let store = store(engine);
        let log = Log::default();
        store.add_middleware(Note(log.clone()));
        let (double, _) = register(&store, "double", |view| int(view, "n") * 2);
        let told = told(&store, Delivery::Sync);
        store.set("n", 1).unwrap();
        drop(double);
        assert_eq!(told.take().concat().len(), 3);
        assert_eq!(log.take(), ["n", "n!"]);
    }

    /// 16: a history records what it follows from, and no step writes it.
    fn a_history_does_not_know_computed_keys(engine) {
        let store = store(engine);
        let history = store.history(HistoryOptions::new()).unwrap();
        store.set("total", 2).unwrap();
        store.delete("total").unwrap();
        let (_total, _) = register(&store, "total", |view| int(view, "n") * 2);
        let _told = told(&store, Delivery::Sync);
        store.set("n", 1).unwrap();
        assert_eq!(store.get("total"), Some(2));
        assert_eq!(history.len(), 3);
        assert_eq!(history.steps()[2].keys, ["n"]);
        history.undo().unwrap();
        assert_eq!((store.get::<i32>("n"), store.get("total")), (None, Some(0)));
        history.redo().unwrap();
        assert_eq!(store.get("total"), Some(2));
        let back = history.go_to(1).unwrap();
        assert_eq!((back.skipped, store.get("total")), (vec!["total".to_owned()], Some(0)));
        let back = history.go_to(0).unwrap();
        assert_eq!((back.skipped, store.keys()), (vec!["total".to_owned()], vec!["total".to_owned()]));
    }
}
