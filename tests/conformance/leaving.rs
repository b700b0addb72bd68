//! Micro-frontends that leave (14).

use crate::support::{Log, entries, store};
use universal_state::{
    Delivery, MfeInfo, Middleware, Scope, StateError, Store, SubscribeOptions, Transaction, Veto,
};

fn register(store: &Store, id: &str) -> Scope {
    store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
}

conformance! {
    /// 14: its subscriptions end, so it does not hear of its own leaving, however it listens.
    fn a_micro_frontend_does_not_hear_of_its_own_leaving(engine) {
        for delivery in [Delivery::Batched, Delivery::Sync] {
            let store = store(engine);
            let shop = register(&store, "shop");
            shop.set("filter", 1).unwrap();
            store.flush();
            let log = Log::default();
            let options = SubscribeOptions::new().delivery(delivery);
            let (all, key) = (log.clone(), log.clone());
            shop.subscribe_all(options, move |changes| all.push(changes.len())).unwrap().forget();
            shop.subscribe_with("filter", options, move |_: Option<&i32>, _| key.push(1)).unwrap().forget();
            shop.unregister().unwrap();
            store.flush();
            assert_eq!(log.take(), [0; 0]);
        }
    }

    /// 14: it is one transaction, so who hears of the deletion finds it gone, and its id free.
    fn who_hears_that_keys_of_a_micro_frontend_go_finds_it_gone(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        shop.set("filter", 1).unwrap();
        let total = store.computed(|state| (state.mfes().len(), state.has("@shop/filter")));
        assert_eq!(total.get(), Some((1, true)));
        let (log, scopes) = (Log::default(), Log::default());
        let (seen, kept, of) = (log.clone(), scopes.clone(), store.clone());
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let hear = move |filter: Option<&i32>, _: &_| {
            if filter.is_none() {
                seen.push((of.mfes().len(), total.get()));
                let again = register(&of, "shop");
                again.set("filter", 2).unwrap();
                seen.push((of.mfes().len(), total.get()));
                kept.push(again);
            }
        };
        store.subscribe_with("@shop/filter", options, hear).unwrap().forget();
        shop.unregister().unwrap();
        let (gone, back) = ((0, Some((0, false))), (1, Some((1, true))));
        assert_eq!(log.take(), [gone, back]);
        assert!(scopes.take()[0].is_registered());
    }

    /// 14: a veto of the deletion leaves the micro-frontend as it was, listeners included.
    fn a_micro_frontend_that_may_not_leave_goes_on(engine) {
        struct Keep;
        impl Middleware for Keep {
            fn name(&self) -> &str {
                "keep"
            }
            fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
                match transaction.writes().iter().any(|write| write.new_value().is_none()) {
                    true => Err(Veto::new("nothing is deleted here")),
                    false => Ok(()),
                }
            }
        }
        let store = store(engine);
        let shop = register(&store, "shop");
        shop.set("filter", 1).unwrap();
        store.flush();
        let log = Log::default();
        let seen = log.clone();
        let options = SubscribeOptions::new();
        shop.subscribe_all(options, move |changes| seen.push(entries(changes))).unwrap().forget();
        let keep = store.add_middleware(Keep);
        assert!(matches!(shop.unregister(), Err(StateError::Vetoed { .. })));
        assert!(shop.is_registered());
        shop.set("filter", 2).unwrap();
        store.flush();
        assert_eq!(log.take().concat().len(), 1);
        store.remove_middleware(keep);
        shop.unregister().unwrap();
        assert!(store.is_empty());
    }

    /// 14: its keys go although the batch in which its scope was dropped comes to nothing.
    fn a_scope_that_is_dropped_in_a_failing_batch_leaves_nothing(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        shop.set("filter", 1).unwrap();
        let failed: Result<(), _> = store.batch(|tx| {
            drop(shop);
            tx.set("x", 1)?;
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert!(store.is_empty(), "{:?}", store.keys());
        assert!(store.mfes().is_empty());
        assert_eq!(store.slot_count(), 0);
    }

    /// 4: the removals of a clear come in the order of names, whatever the hash.
    fn a_clear_removes_in_the_order_of_names(engine) {
        let store = store(engine);
        store.set_many((0..50).rev().map(|n| (format!("k{n:02}"), n))).unwrap();
        store.flush();
        let log = Log::default();
        let seen = log.clone();
        let _subscription = store
            .subscribe_all(SubscribeOptions::new(), move |changes| {
                seen.push(changes.iter().map(|change| change.key().to_owned()).collect::<Vec<_>>());
            })
            .unwrap();
        store.clear().unwrap();
        store.flush();
        let expected: Vec<_> = (0..50).map(|n| format!("k{n:02}")).collect();
        assert_eq!(log.take(), [expected]);
    }
}
