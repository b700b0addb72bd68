//! Point 14: micro-frontends come and go, and never touch each other's keys.

use super::support::{Log, reports, store, sync};
use universal_state::{
    Change, ChangeSet, EngineKind, Mfe, MfeInfo, Pattern, Restore, Scope, StateError, Store,
    Subscription, Transaction, Veto,
};

/// Registers a micro-frontend.
pub fn register(store: &Store, id: &str) -> Scope {
    store
        .register_mfe(MfeInfo::new(id, "leptos", "1.0.0"))
        .unwrap()
}

pub fn unknown(id: &str) -> StateError {
    StateError::UnknownMfe { id: id.to_owned() }
}

/// Ids that a careless way of joining id and key would confuse.
const IDS: [&str; 12] = [
    "shop",
    "shop:cart",
    "shop/cart",
    "shop%2Fcart",
    "shop%252Fcart",
    "@shop",
    "@shop/cart",
    "/",
    "%",
    " shop ",
    "магазин",
    "🛒",
];

/// Subscribes in every way that there is, noting each call.
fn subscribe_all_ways(scope: &Scope, log: &Log<&'static str>) -> Vec<Subscription> {
    let set = |name: &'static str| {
        let log = log.clone();
        move |_: &ChangeSet| log.push(name)
    };
    let (key, computed, registry) = (log.clone(), log.clone(), log.clone());
    let total = scope.computed(|own| own.get::<i32>("n").unwrap_or_default());
    let pattern = Pattern::glob("**").unwrap();
    vec![
        scope
            .subscribe_with("n", sync(), move |_: Option<&i32>, _: &Change| {
                key.push("key")
            })
            .unwrap(),
        scope
            .subscribe_keys(["n", "m"], sync(), set("keys"))
            .unwrap(),
        scope
            .subscribe_pattern(pattern, sync(), set("pattern"))
            .unwrap(),
        scope.subscribe_all(sync(), set("all")).unwrap(),
        total
            .subscribe_with(sync(), move |_: &i32| computed.push("computed"))
            .unwrap(),
        scope
            .subscribe_mfes(sync(), move |_: &[Mfe]| registry.push("registry"))
            .unwrap(),
    ]
}

/// A store with `shop` and `cart`, which both hold `n` and `m`.
fn two(engine: EngineKind) -> (Store, Scope, Scope) {
    let store = store(engine);
    let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
    for scope in [&shop, &cart] {
        scope.set_many([("n", 1), ("m", 2)]).unwrap();
    }
    store.set("n", 3).unwrap();
    (store, shop, cart)
}

conformance! {
    /// 14: each has a namespace of its own.
    fn two_mfes_hold_a_key_of_one_name_apart(engine) {
        let (store, shop, cart) = two(engine);
        shop.set("n", 10).unwrap();
        assert_eq!((shop.get("n"), cart.get("n"), store.get("n")), (Some(10), Some(1), Some(3)));
        assert_eq!(store.keys(), ["@cart/m", "@cart/n", "@shop/m", "@shop/n", "n"]);
    }

    /// 14: `shop` and `shop:cart` never collide, whatever characters an id has.
    fn namespaces_never_collide_whatever_characters_an_id_has(engine) {
        let store = store(engine);
        let scopes: Vec<_> = IDS.iter().map(|id| register(&store, id)).collect();
        let keys = ["n", "cart/n", "/n", "2Fcart/n", "n@shop"];
        for (at, scope) in (0..).zip(&scopes) {
            for key in keys {
                scope.set(key, at).unwrap();
            }
        }
        assert_eq!(store.len(), IDS.len() * keys.len());
        for (at, scope) in (0..).zip(&scopes) {
            assert_eq!(keys.map(|key| scope.get::<i32>(key)), keys.map(|_| Some(at)));
        }
        for (at, scope) in scopes.iter().enumerate() {
            scope.unregister().unwrap();
            assert_eq!(store.len(), (IDS.len() - at - 1) * keys.len(), "{:?}", IDS[at]);
        }
    }

    /// 14: an id registered twice at once is an error that names the holder.
    fn an_id_that_is_taken_is_an_error_that_names_the_holder(engine) {
        let store = store(engine);
        let shop = store.register_mfe(MfeInfo::new("shop", "react", "2.1.0")).unwrap();
        shop.set("n", 1).unwrap();
        let again = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0"));
        let error = again.map(drop).unwrap_err();
        assert_eq!(error, StateError::MfeTaken { id: "shop".into(), holder: "react 2.1.0".into() });
        assert_eq!((store.mfes().len(), shop.get("n")), (1, Some(1)));
    }

    /// 14: an id is free again once it was unregistered.
    fn an_id_can_be_registered_again_after_it_was_unregistered(engine) {
        let store = store(engine);
        let old = register(&store, "shop");
        old.set("n", 1).unwrap();
        old.unregister().unwrap();
        let new = register(&store, "shop");
        assert_eq!(new.get::<i32>("n"), None);
        new.set("n", 2).unwrap();
        // The old scope neither revives nor ends the new one.
        assert!(!old.is_registered());
        assert_eq!(old.unregister(), Err(unknown("shop")));
        drop(old);
        assert_eq!((new.is_registered(), new.get("n")), (true, Some(2)));
    }

    /// 14: unregistering deletes the keys in one transaction and touches no one else's.
    fn unregistering_deletes_its_keys_in_one_transaction_and_nobody_elses(engine) {
        let (store, shop, _cart) = two(engine);
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            let note = |c: &Change| format!("{} {:?} {}", c.key(), c.old::<i32>(), c.is_removal());
            let mut notes: Vec<_> = changes.iter().map(note).collect();
            notes.sort();
            sink.push(notes);
        });
        let before = store.metadata();
        shop.unregister().unwrap();
        assert_eq!(log.take(), [["@shop/m Some(2) true", "@shop/n Some(1) true"]]);
        assert_eq!(store.keys(), ["@cart/m", "@cart/n", "n"]);
        let after = store.metadata();
        assert_eq!((after.version, &*after.source), (before.version + 1, "shop"));
        assert_eq!(shop.unregister(), Err(unknown("shop")), "it is gone");
        assert_eq!(store.unregister_mfe("shop"), Err(unknown("shop")));
    }

    /// 14: unregistering ends the subscriptions of every kind, and no one else's.
    fn unregistering_ends_its_subscriptions_and_nobody_elses(engine) {
        let (store, shop, cart) = two(engine);
        let (of_shop, of_cart) = (Log::default(), Log::default());
        let gone = subscribe_all_ways(&shop, &of_shop);
        let kept = subscribe_all_ways(&cart, &of_cart);
        let forgotten = of_shop.clone();
        shop.shared()
            .subscribe_with("n", sync(), move |_: Option<&i32>, _: &Change| forgotten.push("kept"))
            .unwrap()
            .forget();
        store.unregister_mfe("shop").unwrap();
        assert!(gone.iter().all(|subscription| !subscription.is_active()));
        assert!(kept.iter().all(Subscription::is_active));
        assert_eq!(store.listener_count(), kept.len());
        of_shop.take();
        of_cart.take();
        store.set("n", 9).unwrap();
        let shop = register(&store, "shop");
        shop.set("n", 9).unwrap();
        cart.set("n", 9).unwrap();
        store.flush();
        assert!(of_shop.take().is_empty());
        let mut told = of_cart.take();
        told.sort_unstable();
        assert_eq!(told, ["all", "computed", "key", "keys", "pattern", "registry"]);
    }

    /// 14: dropping the last clone of the scope does the same.
    fn dropping_the_last_clone_of_a_scope_unregisters(engine) {
        let (store, shop, _cart) = two(engine);
        let log = Log::default();
        let subscriptions = subscribe_all_ways(&shop, &log);
        let (clone, view) = (shop.clone(), shop.view().clone());
        drop(shop);
        assert!(clone.is_registered());
        drop(clone);
        assert!(subscriptions.iter().all(|subscription| !subscription.is_active()));
        assert_eq!(store.keys(), ["@cart/m", "@cart/n", "n"]);
        assert_eq!(view.set("n", 1), Err(unknown("shop")), "a view keeps nobody registered");
    }

    /// 13 and 14: a scope that is dropped goes even if its keys may not; they wait.
    fn a_vetoed_drop_is_reported_and_the_keys_wait(engine) {
        struct Keep;
        impl universal_state::Middleware for Keep {
            fn name(&self) -> &str {
                "keep"
            }
            fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
                let removes = transaction.writes().iter().any(|w| w.new_value().is_none());
                if removes { Err(Veto::new("kept")) } else { Ok(()) }
            }
        }
        let (store, shop, _cart) = two(engine);
        let errors = reports(&store);
        store.add_middleware(Keep);
        drop(shop);
        let vetoed = StateError::Vetoed { middleware: "keep".into(), key: None, reason: "kept".into() };
        assert_eq!(errors.take(), [vetoed]);
        assert_eq!((store.mfes().len(), store.get("@shop/n")), (1, Some(1)));
        assert_eq!(register(&store, "shop").get("n"), Some(1));
    }

    /// 14: whoever keeps a view, a handle or a scope of one that is gone gets a typed error.
    fn whatever_is_kept_of_an_unregistered_mfe_is_refused(engine) {
        let (store, shop, cart) = two(engine);
        let handle = shop.handle::<i32>("n").unwrap();
        let total = shop.computed(|own| own.len());
        shop.unregister().unwrap();
        let (none, noop) = (|_: Option<&i32>, _: &Change| (), |_: &ChangeSet| ());
        for view in [shop.view().clone(), shop.shared(), shop.peer("cart")] {
            let version = store.metadata().version;
            let results = [
                view.try_get::<i32>("n").map(drop),
                view.try_get_value("n").map(drop),
                view.set("n", 1),
                view.update("n", |n: &mut i32| *n += 1).map(drop),
                view.update_or("n", 1, |n: &mut i32| *n += 1),
                view.delete("n").map(drop),
                view.set_many([("n", 1)]),
                view.clear(),
                view.batch(|_| Ok(())),
                view.restore(&Store::new().snapshot(), Restore::Replace),
                view.restore(&store.snapshot(), Restore::Merge),
                view.handle::<i32>("n").map(drop),
                view.subscribe("n", none).map(drop),
                view.subscribe_keys(["n"], sync(), noop).map(drop),
                view.subscribe_pattern(Pattern::glob("*").unwrap(), sync(), noop).map(drop),
                view.subscribe_all(sync(), noop).map(drop),
                view.subscribe_mfes(sync(), |_| ()).map(drop),
            ];
            for (at, result) in results.into_iter().enumerate() {
                assert_eq!(result, Err(unknown("shop")), "call {at}");
            }
            assert_eq!(store.metadata().version, version);
            assert!(view.get::<i32>("n").is_none() && !view.has("n"));
            assert!(view.keys().is_empty() && view.snapshot().is_empty());
        }
        let results = [
            handle.try_get().map(drop),
            handle.set(1),
            handle.update(|n| *n += 1).map(drop),
            handle.delete().map(drop),
            handle.subscribe(sync(), none).map(drop),
            total.subscribe(|_: &usize| ()).map(drop),
        ];
        for (at, result) in results.into_iter().enumerate() {
            assert_eq!(result, Err(unknown("shop")), "call {at}");
        }
        assert_eq!((store.listener_count(), cart.get("n")), (0, Some(1)));
    }

    /// 14: nobody writes into a namespace that nobody owns.
    fn a_namespace_that_nobody_owns_takes_no_values(engine) {
        let store = store(engine);
        let results = [
            store.set("@nobody/x", 1),
            store.update_or("@nobody/x", 1, |n: &mut i32| *n += 1),
            store.set_many([("x", 1), ("@nobody/x", 1)]),
            store.handle("@nobody/x").unwrap().set(1),
        ];
        for result in results {
            assert_eq!(result, Err(unknown("nobody")));
        }
        assert_eq!(store.set("@no%2Fbody/x", 1), Err(unknown("no/body")), "by its own name");
        assert!(store.is_empty());
        assert_eq!((store.get::<i32>("@nobody/x"), store.delete("@nobody/x")), (None, Ok(false)));
        let shop = register(&store, "shop");
        let all = Pattern::glob("@nobody/*").unwrap();
        store.grant("shop", universal_state::Access::Write, all);
        assert_eq!(shop.peer("nobody").set("x", 1), Err(unknown("nobody")), "a grant or not");
        let _nobody = register(&store, "nobody");
        assert_eq!(store.set("@nobody/x", 1), Ok(()));
        assert_eq!(shop.peer("nobody").set("x", 2), Ok(()));
    }
}
