//! Where two promises meet: each case was once a way to break one of them.

use crate::support::{Log, reports, store};
use reactive_graph::{computed::ArcMemo, owner::Owner, traits::Get};
use std::{sync::Mutex, thread};
use universal_state::{
    Access, Delivery, MfeInfo, Pattern, Scope, SharedAccess, StateError, Store, SubscribeOptions,
};

fn register(store: &Store, id: &str) -> Scope {
    store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
}

fn nothing() -> Vec<String> {
    Vec::new()
}

conformance! {
    /// 5, 16: a computed value that is first subscribed to in a batch caches what is stored.
    fn a_computed_value_subscribed_to_in_a_failing_batch_is_right(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let value = store.computed(|state| state.get::<i32>("a").unwrap_or(0));
        let mut subscription = None;
        let failed: Result<(), _> = store.batch(|tx| {
            tx.set("a", 5)?;
            subscription = Some(value.subscribe(|_: &i32| ())?);
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err() && subscription.is_some());
        assert_eq!(value.get(), Some(1));
        store.set("a", 9).unwrap();
        assert_eq!(value.get(), Some(9));
    }

    /// 5, 16: likewise inside of a memo, which sees the batch's own writes.
    fn a_computed_value_read_by_a_memo_in_a_batch_is_right_afterwards(engine) {
        let owner = Owner::new();
        owner.set();
        let store = store(engine);
        store.set("a", 1).unwrap();
        let value = store.computed(|state| state.get::<i32>("a").unwrap_or(0));
        let (inside, seen) = (store.clone(), value.clone());
        let memo = ArcMemo::new(move |_| {
            let mut read = None;
            let failed: Result<(), _> = inside.batch(|tx| {
                tx.set("a", 5)?;
                read = seen.get();
                Err(StateError::abort("no"))
            });
            assert!(failed.is_err());
            read
        });
        assert_eq!(memo.get(), Some(5));
        assert_eq!(value.get(), Some(1));
        store.set("a", 9).unwrap();
        assert_eq!(value.get(), Some(9));
    }

    /// 7, 16: a computed value follows metadata.
    fn a_computed_value_follows_metadata(engine) {
        let store = store(engine);
        let version = store.computed(|state| state.metadata().version);
        assert_eq!(version.get(), Some(0));
        store.set("a", 1).unwrap();
        assert_eq!(version.get(), Some(1));
    }

    /// 14: whoever hears of the deletion of a leaving micro-frontend's keys cannot write new ones.
    fn nobody_writes_keys_of_a_micro_frontend_that_is_leaving(engine) {
        for by_scope in [false, true] {
            let store = store(engine);
            let shop = register(&store, "shop");
            shop.set("a", 1).unwrap();
            let (owner, view) = (store.clone(), shop.view().clone());
            let log = Log::default();
            let refused = log.clone();
            let options = SubscribeOptions::new().delivery(Delivery::Sync);
            let _subscription = store
                .subscribe_all(options, move |_| {
                    refused.push(match by_scope {
                        true => view.set("b", 1),
                        false => owner.set("@shop/b", 1),
                    });
                })
                .unwrap();
            shop.unregister().unwrap();
            store.flush();
            assert!(matches!(log.take()[..], [Err(StateError::UnknownMfe { .. })]));
            assert_eq!(store.keys(), nothing());
        }
    }

    /// 14: what a batch puts off waits for this batch, not for that of another thread.
    fn a_scope_dropped_in_a_batch_waits_for_that_batch(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let elsewhere = store.clone();
        store
            .batch(|_| {
                shop.set("a", 1)?;
                drop(shop);
                let other = thread::spawn(move || elsewhere.batch(|_| Ok(())));
                other.join().unwrap()
            })
            .unwrap();
        assert_eq!((store.keys(), store.mfes().len()), (nothing(), 0));
    }

    /// 14: a scope that is dropped where nothing may be written is unregistered right after.
    fn a_scope_dropped_in_an_update_closure_leaves_nothing(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        shop.set("a", 1).unwrap();
        store.set("n", 1).unwrap();
        let mut shop = Some(shop);
        let update = |n: &mut i32| {
            *n += 1;
            drop(shop.take());
        };
        store.update("n", update).unwrap();
        assert_eq!((store.keys(), store.mfes().len()), (vec!["n".to_owned()], 0));
    }

    /// 15: a reader that was denied asks again when it is granted access.
    fn a_grant_reaches_readers_that_were_denied(engine) {
        let owner = Owner::new();
        owner.set();
        let store = store(engine);
        let (a, b) = (register(&store, "a"), register(&store, "b"));
        a.set("k", 1).unwrap();
        store.set("shared", 2).unwrap();
        store.set_shared_access(SharedAccess::Granted);
        let peer = b.peer("a").computed(|state| state.try_get::<i32>("k").ok().flatten());
        let shared = b.shared();
        let memo = ArcMemo::new(move |_| shared.try_get::<i32>("shared").ok().flatten());
        assert_eq!((peer.get(), memo.get()), (Some(None), None));
        store.grant("b", Access::Read, Pattern::glob("@a/*").unwrap());
        store.grant("b", Access::Read, Pattern::glob("shared").unwrap());
        assert_eq!((peer.get(), memo.get()), (Some(Some(1)), Some(2)));
        store.revoke("b");
        assert_eq!((peer.get(), memo.get()), (Some(None), None));
    }

    /// 15: a denial is counted once and reported once.
    fn a_denied_read_is_reported_once(engine) {
        let store = store(engine);
        let reported = reports(&store);
        assert_eq!(register(&store, "b").peer("a").get::<i32>("k"), None);
        assert!(matches!(reported.take()[..], [StateError::Denied { .. }]));
        assert_eq!(store.denied_count(), 1);
    }

    /// 5, 12: an immediate call shows what is stored, not what a batch may yet take back.
    fn an_immediate_call_in_a_batch_shows_what_is_stored(engine) {
        let store = store(engine);
        store.set("a", 1).unwrap();
        let log = Log::default();
        let (seen, mut subscription) = (log.clone(), None);
        let failed: Result<(), _> = store.batch(|tx| {
            tx.set("a", 5)?;
            let options = SubscribeOptions::new().immediate(true);
            let listener = move |value: Option<&i32>, _: &_| seen.push(value.copied());
            subscription = Some(tx.subscribe_with("a", options, listener)?);
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err() && subscription.is_some());
        store.flush();
        assert_eq!(log.take(), [Some(1)]);
    }

    /// 8, 12: subscribing with an immediate call inside of a memo does not track the key.
    fn an_immediate_call_is_not_tracked(engine) {
        let owner = Owner::new();
        owner.set();
        let store = store(engine);
        store.set("a", 1).unwrap();
        let (inside, runs) = (store.clone(), Log::default());
        let ran = runs.clone();
        let memo = ArcMemo::new(move |_| {
            ran.push(());
            let options = SubscribeOptions::new().immediate(true);
            let listener = |_: Option<&i32>, _: &_| ();
            inside.subscribe_with("a", options, listener).unwrap().forget();
        });
        memo.get();
        store.set("a", 2).unwrap();
        memo.get();
        assert_eq!(runs.take().len(), 1);
    }

    /// 12, 14: a listener whose immediate call unregisters its micro-frontend has ended.
    fn an_immediate_call_may_unregister_its_micro_frontend(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let view = shop.view().clone();
        let shop = Mutex::new(Some(shop));
        let subscription = view
            .subscribe_mfes(SubscribeOptions::new().immediate(true), move |_| {
                if let Some(shop) = shop.lock().unwrap().take() {
                    shop.unregister().unwrap();
                }
            })
            .unwrap();
        assert!(!subscription.is_active());
        assert_eq!(store.listener_count(), 0);
    }

    /// 12: disposing ends listeners that hang on no key.
    fn disposing_ends_listeners_that_no_key_knows_of(engine) {
        let store = store(engine);
        let pattern = Pattern::glob("x*").unwrap();
        let by_pattern = store.subscribe_pattern(pattern, SubscribeOptions::new(), |_| ()).unwrap();
        let constant = store.computed(|_| 1).subscribe(|_: &i32| ()).unwrap();
        store.dispose();
        assert!(!by_pattern.is_active() && !constant.is_active());
        assert_eq!(store.listener_count(), 0);
    }
}

#[cfg(feature = "json")]
conformance! {
    /// 1, 3: two types that look the same as JSON are not the same value if JSON does not show all.
    fn what_json_does_not_show_is_not_lost(engine) {
        #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
        struct Plain {
            x: i32,
        }
        #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
        struct Hiding {
            x: i32,
            #[serde(skip)]
            hidden: i32,
        }
        let store = store(engine);
        store.set("x", Plain { x: 1 }).unwrap();
        store.set("x", Hiding { x: 1, hidden: 2 }).unwrap();
        assert_eq!(store.get("x"), Some(Hiding { x: 1, hidden: 2 }));
        store.set("n", None::<f64>).unwrap();
        store.set("n", f64::NAN).unwrap();
        assert!(store.get::<f64>("n").is_some_and(f64::is_nan));
    }
}
