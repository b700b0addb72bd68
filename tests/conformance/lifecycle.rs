//! Nothing is kept that nobody holds, and handles are cheap and safe to look at.

use super::{
    computed::int,
    mfe::register,
    support::{reports, store, sync},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, Key, Log, MfeInfo, Middleware, Monitor, Origin,
    Pattern, StateError, Store, SubscribeOptions, Subscription, Transaction, Validate, Value, Veto,
};

/// A value that knows how many of it there are.
#[derive(Clone, Default, Debug)]
struct Counted(Arc<()>);

impl PartialEq for Counted {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self::default())
    }
}

/// Does something a thousand times on a store with a key, a scope and a listener of its own, and
/// compares what it keeps before and after.
fn keeps_nothing(engine: EngineKind, work: impl Fn(&Store, usize)) {
    let store = store(engine);
    let shop = register(&store, "shop");
    store.set("n", 1).unwrap();
    shop.set("n", 1).unwrap();
    let _n = store.subscribe("n", |_: Option<&i32>, _: &Change| ());
    let kept = || {
        (
            store.slot_count(),
            store.listener_count(),
            store.len(),
            store.mfes().len(),
        )
    };
    let before = kept();
    for n in 0..1000 {
        work(&store, n);
    }
    store.flush();
    // No snapshot is taken: that would look through all keys, and tidy up.
    assert_eq!(kept(), before);
}

/// Writes somehow.
type Write = fn(&Store) -> Result<(), StateError>;

conformance! {
    /// The last who listens to it removes the key that it is told of.
    fn a_key_that_is_removed_by_who_hears_of_it_leaves_nothing_behind(engine) {
        let writes: [Write; 5] = [
            |store| store.set("a", 1),
            |store| store.update_or("a", 0, |n: &mut i32| *n += 1),
            |store| store.handle("a")?.set(1),
            |store| store.set_many([("a", 1), ("b", 1)]),
            |store| store.batch(|tx| tx.set("a", 1).and_then(|()| tx.set("b", 1))),
        ];
        let removals: [Write; 3] = [
            |store| store.clear(),
            |store| store.batch(|_| store.clear()),
            |store| store.delete("a").and(store.delete("b")).map(drop),
        ];
        let options = [sync(), SubscribeOptions::new()];
        let leaves_nothing = |write: Write, removal: Write, of_all, options| {
            let store = store(engine);
            let own = Arc::new(Mutex::new(None));
            let react = {
                let (store, own) = (store.clone(), Arc::clone(&own));
                move || {
                    let subscription: Option<Subscription> = own.lock().unwrap().take();
                    drop(subscription);
                    removal(&store).unwrap();
                }
            };
            let subscription = match of_all {
                true => store.subscribe_all(options, move |_: &ChangeSet| react()),
                false => store.subscribe_with("a", options, move |_: Option<&i32>, _: &Change| react()),
            };
            *own.lock().unwrap() = Some(subscription.unwrap());
            write(&store).unwrap();
            store.flush();
            assert_eq!((store.slot_count(), store.listener_count()), (0, 0), "{:?} {of_all} {options:?}", store.keys());
        };
        for (write, removal) in writes.iter().flat_map(|write| removals.map(|removal| (*write, removal))) {
            for options in options {
                leaves_nothing(write, removal, false, options);
                leaves_nothing(write, removal, true, options);
            }
        }
    }

    /// Subscriptions of every kind, on keys that are there and on keys that are not.
    fn subscriptions_leave_nothing_behind(engine) {
        keeps_nothing(engine, |store, at| {
            let (row, option) = (format!("row:{at}"), SubscribeOptions::new());
            let none = |_: Option<&i32>, _: &Change| ();
            let noop = |_: &ChangeSet| ();
            let pattern = Pattern::glob("row:*").unwrap();
            let subscriptions = [
                store.subscribe("n", none),
                store.subscribe(&*row, none),
                store.subscribe_with(&*row, sync().immediate(true), none),
                store.subscribe_keys(["n", &row, &row], option, noop),
                store.subscribe_pattern(pattern, option, noop),
                store.subscribe_all(sync(), noop),
                store.subscribe_mfes(option, |_| ()),
            ];
            if at % 2 == 0 {
                store.set(&*row, 1).unwrap();
                store.delete(&row).unwrap();
            }
            drop(subscriptions.map(Result::unwrap));
        });
    }

    /// Keys that come and go, through every door.
    fn dynamic_keys_leave_nothing_behind(engine) {
        keeps_nothing(engine, |store, at| {
            let row = format!("row:{at}");
            assert!(!store.has(&row) && store.get::<i32>(&*row).is_none());
            store.set(&*row, 1).unwrap();
            store.update(&*row, |n: &mut i32| *n += 1).unwrap();
            store.delete(&row).unwrap();
            store.update(&*row, |n: &mut i32| *n += 1).unwrap();
            store.delete(&row).unwrap();
            store.batch(|tx| {
                tx.set(&*row, 1)?;
                tx.get::<i32>("another");
                tx.delete(&row).map(drop)
            }).unwrap();
            let _ = store.batch(|tx| {
                tx.set(&*row, 1)?;
                let _ = tx.batch(|tx| {
                    tx.set("inner", 1)?;
                    Err::<(), _>(StateError::abort("no"))
                });
                Err::<(), _>(StateError::abort("no"))
            });
        });
    }

    /// However long ago the last snapshot was taken.
    fn keys_that_are_gone_are_not_kept_for_the_next_snapshot(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let first = store.snapshot();
        for at in 0..1000 {
            let row = format!("row:{at}");
            store.set(&*row, at).unwrap();
            store.delete(&row).unwrap();
        }
        assert!(store.slot_count() < 100, "{} slots", store.slot_count());
        assert_eq!(store.snapshot(), first);
        store.set("n", 2).unwrap();
        assert_eq!((store.snapshot().get("n"), first.get("n")), (Some(2), Some(1)));
    }

    /// What a veto refused.
    fn refused_writes_leave_nothing_behind(engine) {
        struct Refuse;
        impl Middleware for Refuse {
            fn name(&self) -> &str {
                "refuse"
            }
            fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
                Err(Veto::new("no"))
            }
        }
        keeps_nothing(engine, |store, at| {
            let id = store.add_middleware(Refuse);
            let row = format!("row:{at}");
            assert!(store.set(&*row, 1).is_err());
            assert!(store.update_or(&*row, 1, |n: &mut i32| *n += 1).is_err());
            assert!(store.set_many([(&row, 1)]).is_err());
            assert!(store.set("@nobody/x", 1).is_err());
            assert!(store.remove_middleware(id));
        });
    }

    /// Handles, on keys that are there, that come and go, and that never come.
    fn handles_leave_nothing_behind(engine) {
        keeps_nothing(engine, |store, at| {
            let n = store.handle::<i32>("n").unwrap();
            let (a, b) = (format!("a:{at}"), format!("b:{at}"));
            let row = store.handle::<i32>(&*a).unwrap();
            let _never = store.handle::<i32>(&*b).unwrap().clone();
            row.set(1).unwrap();
            n.update(|n| *n += 1).unwrap();
            drop(row.subscribe(sync(), |_: Option<&i32>, _: &Change| ()).unwrap());
            row.clone().delete().unwrap();
        });
    }

    /// Computed values and their listeners, on keys that are there and on keys that are not.
    fn computed_values_leave_nothing_behind(engine) {
        keeps_nothing(engine, |store, at| {
            let row = format!("row:{at}");
            let sum = store.computed(move |view| int(view, "n") + int(view, &row));
            let inner = sum.clone();
            let next = store.computed(move |view| inner.get().map(|n| n + view.keys().len() as i32));
            let subscriptions = (sum.subscribe(|_: &i32| ()), next.subscribe_with(sync(), |_| ()));
            store.update("n", |n: &mut i32| *n += 1).unwrap();
            assert!(next.get().is_some());
            drop(subscriptions);
        });
    }

    /// A computed value that reads other keys each time keeps those alone that it read last.
    fn a_computed_value_keeps_what_it_read_last(engine) {
        keeps_nothing(engine, |store, at| {
            let row = store.computed(|view| {
                let key = format!("row:{}", int(view, "n"));
                int(view, &key)
            });
            let _subscription = row.subscribe_with(sync(), |_: &i32| ());
            for n in 0..3 {
                store.set("n", 10 * at as i32 + n).unwrap();
                assert_eq!(row.get(), Some(0));
            }
            // `n`, the scope's `n`, and the one that was read last.
            assert_eq!(store.slot_count(), 3);
        });
    }

    /// Micro-frontends, with all that they had.
    fn mfes_leave_nothing_behind(engine) {
        keeps_nothing(engine, |store, at| {
            let scope = register(store, &format!("mfe {at}"));
            scope.set("n", 1).unwrap();
            let handle = scope.handle::<i32>("m").unwrap();
            let none = |_: Option<&i32>, _: &Change| ();
            scope.subscribe("n", none).unwrap().forget();
            scope.shared().subscribe("n", none).unwrap().forget();
            scope.subscribe_all(sync(), |_: &ChangeSet| ()).unwrap().forget();
            handle.set(1).unwrap();
            if at % 2 == 0 {
                scope.unregister().unwrap();
            }
        });
    }

    /// A listener and what it holds go with its subscription.
    fn a_listener_goes_with_its_subscription(engine) {
        let store = store(engine);
        let held = Arc::new(());
        let hold = || {
            let held = Arc::clone(&held);
            move |_: &ChangeSet| drop(Arc::clone(&held))
        };
        let all = store.subscribe_all(SubscribeOptions::new(), hold()).unwrap();
        let pattern = Pattern::glob("*").unwrap();
        let pattern = store.subscribe_pattern(pattern, sync(), hold()).unwrap();
        let keys = store.subscribe_keys(["a", "b"], sync(), hold()).unwrap();
        store.set("a", 1).unwrap();
        assert_eq!(Arc::strong_count(&held), 4);
        drop((all, pattern, keys));
        store.flush();
        assert_eq!(Arc::strong_count(&held), 1);
        store.subscribe_all(sync(), hold()).unwrap().forget();
        drop(store);
        assert_eq!(Arc::strong_count(&held), 1, "or with its store");
    }

    /// A value goes once it was replaced or removed and nobody holds a snapshot of it.
    fn a_value_goes_when_nobody_holds_it(engine) {
        let store = store(engine);
        let value = Counted::default();
        let count = || Arc::strong_count(&value.0);
        let _all = store.subscribe_all(SubscribeOptions::new(), |_: &ChangeSet| ());
        store.set("n", value.clone()).unwrap();
        store.flush();
        let snapshot = store.snapshot();
        assert_eq!(count(), 2, "snapshot and store share it");
        store.set("n", Counted::default()).unwrap();
        store.flush();
        drop(store.snapshot());
        assert_eq!(count(), 2, "the old snapshot holds it");
        drop(snapshot);
        assert_eq!(count(), 1);
        store.set("n", value.clone()).unwrap();
        store.delete("n").unwrap();
        store.flush();
        drop(store.snapshot());
        assert_eq!(count(), 1);
    }

    /// Clones are handles of one store.
    fn clones_are_one_store(engine) {
        let (one, two) = (store(engine), store(engine));
        let clone = one.clone();
        clone.set("n", 1).unwrap();
        assert_eq!((one.is_same(&clone), one.is_same(&two)), (true, false));
        assert_eq!((one.get("n"), two.get::<i32>("n")), (Some(1), None));
    }

    /// Every public type can be looked at, wherever one stands.
    fn everything_can_be_printed_anywhere(engine) {
        let store = store(engine);
        let errors = reports(&store);
        let shop = register(&store, "shop");
        store.set("n", 1).unwrap();
        let print = {
            let handle = store.handle::<i32>("n").unwrap();
            let computed = store.computed(|view| int(view, "n"));
            let subscription = store.subscribe("n", |_: Option<&i32>, _: &Change| ()).unwrap();
            let (inside, scope) = (store.clone(), shop.clone());
            move || {
                let things: [&dyn Debug; 8] = [
                    &inside, &*inside, &scope, &handle, &computed, &subscription,
                    &inside.snapshot(), &inside.metadata(),
                ];
                assert!(things.iter().all(|thing| !format!("{thing:?}").is_empty()));
            }
        };
        print();
        store.batch(|tx| tx.set("n", 2).map(|()| print())).unwrap();
        store.update("n", |_: &mut i32| print()).unwrap();
        let print = Arc::new(print);
        let (told, computes) = (Arc::clone(&print), Arc::clone(&print));
        let computed = store.computed(move |_| computes());
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            assert!(format!("{changes:?}").contains('n'));
            told();
        });
        assert_eq!(computed.get(), Some(()));
        store.set("n", 3).unwrap();
        assert!(errors.take().is_empty());
    }
}

/// Those that need no store, too.
#[test]
fn what_needs_no_store_can_be_printed() {
    let monitor = Monitor::new(|_| ());
    let things: [&dyn Debug; 13] = [
        &Store::builder().middleware(Validate::new()),
        &Log::new(|_| ()),
        &monitor,
        &Validate::new(),
        &Veto::new("no"),
        &Pattern::glob("*").unwrap(),
        &Key::<i32>::new("n"),
        &Value::new(1),
        &MfeInfo::new("shop", "leptos", "1"),
        &SubscribeOptions::new().delivery(Delivery::Sync),
        &EngineKind::Map,
        &Origin::Tab,
        &StateError::Disposed,
    ];
    assert!(things.iter().all(|thing| !format!("{thing:?}").is_empty()));
}
