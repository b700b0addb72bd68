//! Points 14 and 15: the store as one micro-frontend sees it.

use super::{
    mfe::register,
    support::{Log, store, sync},
};
use universal_state::{
    Change, ChangeSet, EngineKind, Origin, Pattern, Restore, Scope, StateError, Store,
};

/// A store with a shared key, and `shop` and `cart` with keys of their own.
fn two(engine: EngineKind) -> (Store, Scope, Scope) {
    let store = store(engine);
    let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
    store.set("shared", 1).unwrap();
    shop.set_many([("a", 1), ("b", 2)]).unwrap();
    cart.set("a", 3).unwrap();
    (store, shop, cart)
}

/// A store with keys that belong to `shop`, which is not registered.
fn orphaned(engine: EngineKind) -> Store {
    let (from, _shop, _cart) = two(engine);
    let store = store(engine);
    store.restore(&from.snapshot(), Restore::Replace).unwrap();
    store
}

conformance! {
    /// 15: a scope shows its own keys, by their short names.
    fn a_scope_shows_its_own_keys_by_their_short_names(engine) {
        let (store, shop, _cart) = two(engine);
        assert_eq!((shop.keys(), shop.len()), (vec!["a".to_owned(), "b".to_owned()], 2));
        assert!(shop.has("a") && !shop.has("shared") && !shop.is_empty());
        let snapshot = shop.snapshot();
        assert_eq!((snapshot.len(), snapshot.get("a"), snapshot.get("b")), (2, Some(1), Some(2)));
        assert_eq!(snapshot.version(), store.metadata().version);
        assert_eq!(shop.shared().keys(), ["shared"]);
        assert_eq!(shop.handle::<i32>("a").unwrap().name(), "@shop/a");
    }

    /// 4 and 15: clearing a scope removes its own keys alone, in one transaction.
    fn clearing_a_scope_removes_its_own_keys_alone(engine) {
        let (store, shop, _cart) = two(engine);
        let version = store.metadata().version;
        shop.clear().unwrap();
        assert_eq!(store.keys(), ["@cart/a", "shared"]);
        assert_eq!(store.metadata().version, version + 1);
        shop.shared().clear().unwrap();
        assert_eq!(store.keys(), ["@cart/a"]);
    }

    /// 6 and 15: restoring a scope puts back its own keys alone.
    fn restoring_a_scope_touches_its_own_keys_alone(engine) {
        let (store, shop, cart) = two(engine);
        let before = shop.snapshot();
        shop.set("a", 9).unwrap();
        shop.set("c", 9).unwrap();
        shop.delete("b").unwrap();
        cart.set("a", 9).unwrap();
        shop.restore(&before, Restore::Replace).unwrap();
        assert_eq!(shop.snapshot(), before);
        assert_eq!((cart.get("a"), store.get("shared")), (Some(9), Some(1)));
        shop.set("c", 9).unwrap();
        shop.restore(&before, Restore::Merge).unwrap();
        assert_eq!(shop.keys(), ["a", "b", "c"]);
    }

    /// 15: what comes through a scope carries its id, as origin and, if no other is given, source.
    fn a_write_through_a_scope_carries_its_id(engine) {
        let (store, shop, _cart) = two(engine);
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            for change in changes {
                sink.push((change.source().to_owned(), change.origin().clone()));
            }
        });
        let from_shop = Origin::Mfe("shop".into());
        shop.set("a", 5).unwrap();
        shop.shared().set("shared", 5).unwrap();
        shop.set_with_source("a", 6, "button").unwrap();
        shop.with_source("form").set("a", 7).unwrap();
        shop.unregister().unwrap();
        let expected = ["shop", "shop", "button", "form", "shop", "shop"];
        assert_eq!(log.take(), expected.map(|source| (source.to_owned(), from_shop.clone())));
        assert_eq!(store.metadata().source, "shop");
    }

    /// 5 and 15: a batch of a scope is atomic across its own keys and shared ones.
    fn a_batch_of_a_scope_is_atomic_across_own_and_shared_keys(engine) {
        let (store, shop, _cart) = two(engine);
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            sink.push(changes.iter().map(|c| c.key().to_owned()).collect::<Vec<_>>());
        });
        let both = |fail: bool| shop.batch(|own| {
            own.set("a", 7)?;
            shop.shared().set("shared", 7)?;
            if fail { Err(StateError::abort("no")) } else { Ok(()) }
        });
        assert_eq!(both(true), Err(StateError::abort("no")));
        assert_eq!((shop.get("a"), store.get("shared"), log.take().len()), (Some(1), Some(1), 0));
        assert_eq!(both(false), Ok(()));
        assert_eq!((shop.get("a"), store.get("shared")), (Some(7), Some(7)));
        assert_eq!(log.take(), [["@shop/a", "shared"]]);
    }

    /// 9 and 15: a listener on all of a scope hears of its own keys alone, by their full names.
    fn a_scope_is_told_of_its_own_keys_alone(engine) {
        let (store, shop, cart) = two(engine);
        let log = Log::default();
        let note = |name: &'static str| {
            let log = log.clone();
            move |changes: &ChangeSet| {
                log.push((name, changes.iter().map(|c| c.key().to_owned()).collect::<Vec<_>>()));
            }
        };
        let _own = shop.subscribe_all(sync(), note("own"));
        let _shared = shop.shared().subscribe_all(sync(), note("shared"));
        let any = Pattern::glob("**").unwrap();
        let _pattern = shop.subscribe_pattern(any, sync(), note("pattern"));
        store.batch(|_| {
            cart.set("a", 8)?;
            shop.set("a", 8)?;
            store.set("shared", 8)
        }).unwrap();
        cart.set("a", 9).unwrap();
        let one = |key: &str| vec![key.to_owned()];
        assert_eq!(log.take(), [
            ("pattern", one("@shop/a")),
            ("own", one("@shop/a")),
            ("shared", one("shared")),
        ]);
    }

    /// 15: a subscription through a scope is told what the store's own would be.
    fn a_key_of_a_scope_is_listened_to_like_any_other(engine) {
        let (store, shop, _cart) = two(engine);
        let log = Log::default();
        let sink = log.clone();
        let _a = shop.subscribe_with("a", sync().immediate(true), move |n: Option<&i32>, c: &Change| {
            sink.push((n.copied(), c.key().to_owned()));
        });
        store.set("@shop/a", 5).unwrap();
        shop.delete("a").unwrap();
        assert_eq!(log.take(), [Some(1), Some(5), None].map(|n| (n, "@shop/a".to_owned())));
    }

    /// 6 and 14: keys that are restored before their micro-frontend is there wait for it.
    fn restored_keys_wait_for_their_mfe(engine) {
        let store = orphaned(engine);
        assert_eq!((store.len(), store.get("@shop/a")), (4, Some(1)));
        let stranger = StateError::UnknownMfe { id: "shop".into() };
        assert_eq!(store.set("@shop/a", 2), Err(stranger), "they only wait");
        let shop = register(&store, "shop");
        assert_eq!((shop.keys(), shop.get("b")), (vec!["a".to_owned(), "b".to_owned()], Some(2)));
        shop.unregister().unwrap();
        assert_eq!(store.keys(), ["@cart/a", "shared"]);
    }

    /// 14: the owner can clear, delete and replace keys that wait for nobody.
    fn the_owner_can_clear_orphaned_keys(engine) {
        let store = orphaned(engine);
        assert_eq!(store.delete("@shop/a"), Ok(true));
        assert_eq!(store.restore(&Store::new().snapshot(), Restore::Replace), Ok(()));
        assert!(store.is_empty());
        let store = orphaned(engine);
        assert_eq!((store.clear(), store.len()), (Ok(()), 0));
    }
}
