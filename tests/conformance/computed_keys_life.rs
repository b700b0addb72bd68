//! Points 14 and 16: a computed key ends with its guard, or with whoever registered it.

use super::{
    computed::int,
    computed_keys::{doubling, mfe, register},
    computed_keys_told::heard,
    support::{entry, reports, store, sync, told},
};
use std::sync::Arc;
use universal_state::{Change, Delivery, Middleware, StateError, Transaction, Veto};

conformance! {
    /// 14 and 16: those that a micro-frontend registered go with it, in one transaction with its
    /// keys, wherever they are; those of others stay.
    fn computed_keys_go_with_their_micro_frontend(engine) {
        let store = store(engine);
        let (shop, cart) = (mfe(&store, "shop"), mfe(&store, "cart"));
        shop.set("n", 1).unwrap();
        let (own, shared) = (shop.clone(), shop.shared());
        let (kept, _) = register(&shop, "double", |view| int(view, "n") * 2);
        register(&shared, "total", move |_| int(&own, "n") * 3).0.forget();
        register(&store, "@shop/other", |_| 7).0.forget();
        let (_stays, _) = register(&cart.shared(), "stays", |view| int(view, "total"));
        let all = told(&store, Delivery::Sync);
        let total = heard(&store, "total", sync());
        let version = store.metadata().version;
        let errors = reports(&store);
        shop.unregister().unwrap();
        store.flush();
        assert_eq!(total.take(), [entry("total", 3, None)], "not what follows from what is gone");
        assert_eq!(all.take()[0], [
            entry("@shop/n", 1, None),
            entry("@shop/double", 2, None),
            entry("total", 3, None),
            entry("@shop/other", 7, None),
        ]);
        assert_eq!((store.keys(), store.get("stays")), (vec!["stays".to_owned()], Some(0)));
        // Another one for the registry, since what is computed may follow from it.
        assert_eq!(store.metadata().version, version + 2);
        assert!(!kept.is_registered());
        drop(kept);
        assert_eq!(store.metadata().version, version + 2, "nothing is left to take away");
        drop(total);
        assert!(errors.take().is_empty());
        let shop = mfe(&store, "shop");
        assert_eq!(shop.register_computed("double", |_| 1).map(drop), Ok(()));
    }

    /// 14 and 16: a micro-frontend that may not leave keeps them.
    fn computed_keys_stay_if_their_micro_frontend_may_not_leave(engine) {
        struct Keep;
        impl Middleware for Keep {
            fn name(&self) -> &str {
                "keep"
            }
            fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
                Err(Veto::new("nothing changes here"))
            }
        }
        let store = store(engine);
        let shop = mfe(&store, "shop");
        shop.set("n", 1).unwrap();
        let (double, _) = register(&shop, "double", |view| int(view, "n") * 2);
        let all = told(&store, Delivery::Sync);
        let keep = store.add_middleware(Keep);
        assert!(matches!(shop.unregister(), Err(StateError::Vetoed { .. })));
        assert!(all.take().is_empty());
        assert_eq!((shop.get("double"), double.is_registered()), (Some(2), true));
        store.remove_middleware(keep);
        shop.set("n", 2).unwrap();
        assert_eq!(all.take().concat(), [entry("@shop/n", 1, 2), entry("@shop/double", 2, 4)]);
        let keep = store.add_middleware(Keep);
        drop(shop);
        assert!(!double.is_registered(), "a scope that is dropped is gone in any case");
        store.remove_middleware(keep);
        assert_eq!((store.keys(), store.get("@shop/n")), (vec!["@shop/n".to_owned()], Some(2)));
    }

    /// 5 and 16: a guard that is dropped in a batch takes the key away when that has ended, well or
    /// not.
    fn a_guard_that_is_dropped_in_a_batch_ends_with_it(engine) {
        let (store, double, _) = doubling(engine);
        let key = heard(&store, "double", sync());
        let failed: Result<(), _> = store.batch(|tx| {
            tx.set("n", 5)?;
            drop(double);
            assert_eq!(tx.get("double"), Some(10));
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert_eq!((store.keys(), key.take()), (vec!["n".to_owned()], vec![entry("double", 2, None)]));
    }

    /// Nothing is left of one that is gone: no slot, no listener, no value, not its closure.
    fn nothing_is_left_of_a_computed_key(engine) {
        let store = store(engine);
        let token = Arc::new(());
        let held = token.clone();
        let double = store.register_computed("double", move |view| {
            let _ = &held;
            int(view, "n") * 2
        }).unwrap();
        let key = store.subscribe_with("double", sync(), |_: Option<&i32>, _: &Change| ()).unwrap();
        store.set("n", 1).unwrap();
        assert_eq!((store.get("double"), store.slot_count()), (Some(2), 2));
        store.delete("n").unwrap();
        drop((double, key));
        store.flush();
        store.snapshot();
        assert_eq!((store.slot_count(), store.listener_count(), store.len()), (0, 0, 0));
        assert_eq!(Arc::strong_count(&token), 1);
        // Nor of a store that is gone while one is registered, and listened to.
        #[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Held {
            #[serde(skip)]
            token: Arc<()>,
        }
        store.set("held", Held { token: token.clone() }).unwrap();
        let held = token.clone();
        store.register_computed("double", move |view| {
            let _ = &held;
            view.get::<Held>("held").map_or(0, |_| 2)
        }).unwrap().forget();
        let key = store.subscribe_with("double", sync(), |_: Option<&i32>, _: &Change| ()).unwrap();
        drop(store);
        drop(key);
        assert_eq!(Arc::strong_count(&token), 1);
    }

    /// 16: when the store is disposed of, it can be read as everything can, and is told no more.
    fn a_computed_key_of_a_disposed_store_can_be_read(engine) {
        let (store, double, _) = doubling(engine);
        let key = heard(&store, "double", sync());
        store.dispose();
        assert_eq!((store.get("double"), store.snapshot().get("double")), (Some(2), Some(2)));
        assert_eq!(store.listener_count(), 0);
        drop(double);
        assert!(key.take().is_empty());
        assert!(matches!(store.set("double", 1), Err(StateError::Disposed)));
    }
}
