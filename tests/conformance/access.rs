//! Point 15: who may read and write what.

use super::{
    mfe::register,
    support::{Log, reports, store, sync},
};
use universal_state::{
    Access::{self, Read, Write},
    Change, ChangeSet, EngineKind, Pattern, Scope, SharedAccess, StateError, Store, View,
};

fn glob(pattern: &str) -> Pattern {
    Pattern::glob(pattern).unwrap()
}

fn denied(key: &str, access: Access) -> StateError {
    StateError::Denied {
        mfe: "cart".to_owned(),
        key: key.to_owned(),
        access,
    }
}

/// A store in which `shop` has keys that `cart` is after.
fn two(engine: EngineKind) -> (Store, Scope, Scope) {
    let store = store(engine);
    let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
    shop.set_many([("n", 1), ("row:1", 2)]).unwrap();
    store.set("n", 3).unwrap();
    (store, shop, cart)
}

fn can(view: &View, key: &str) -> (bool, bool) {
    let read = view.try_get::<i32>(key).is_ok();
    let write = view.update(key, |n: &mut i32| *n += 1).is_ok();
    (read, write)
}

conformance! {
    /// 15: its own namespace freely, shared keys by default.
    fn an_mfe_uses_its_own_keys_and_shared_ones(engine) {
        let (store, _shop, cart) = two(engine);
        assert_eq!((can(&cart, "n"), can(&cart.shared(), "n")), ((true, true), (true, true)));
        cart.shared().set("new", 1).unwrap();
        assert_eq!((store.get("n"), store.get("new")), (Some(4), Some(1)));
        assert_eq!(store.denied_count(), 0);
    }

    /// 15: another's keys only by a grant; a denial is a typed error, counted and reported.
    fn the_keys_of_another_are_denied_without_a_grant(engine) {
        let (store, shop, cart) = two(engine);
        let errors = reports(&store);
        let peer = cart.peer("shop");
        let none = |_: Option<&i32>, _: &Change| ();
        let attempts: [(Result<(), StateError>, Access); 8] = [
            (peer.try_get::<i32>("n").map(drop), Read),
            (peer.handle::<i32>("n").map(drop), Read),
            (peer.subscribe("n", none).map(drop), Read),
            (peer.subscribe_keys(["n"], sync(), |_: &ChangeSet| ()).map(drop), Read),
            (peer.set("n", 9), Write),
            (peer.update("n", |n: &mut i32| *n = 9).map(drop), Write),
            (peer.delete("n").map(drop), Write),
            (peer.set_many([("n", 9)]), Write),
        ];
        let expected = attempts.each_ref().map(|(_, access)| denied("@shop/n", *access));
        assert_eq!(attempts.map(|(result, _)| result.unwrap_err()), expected);
        assert_eq!(errors.take(), expected, "the operator sees them all");
        assert_eq!((store.denied_count(), cart.denied_count()), (8, 8));
        assert_eq!((peer.keys().len(), peer.len(), peer.snapshot().len()), (0, 0, 0));
        assert_eq!(peer.clear(), Ok(()), "it sees nothing there");
        assert_eq!((shop.get("n"), store.listener_count()), (Some(1), 0));
    }

    /// 15: a grant to read, by pattern, is no grant to write.
    fn a_grant_to_read_covers_what_its_pattern_matches(engine) {
        let (store, _shop, cart) = two(engine);
        store.grant("cart", Read, glob("@shop/row:*"));
        let peer = cart.peer("shop");
        assert_eq!((can(&peer, "row:1"), can(&peer, "n")), ((true, false), (false, false)));
        assert_eq!((peer.keys(), peer.len()), (vec!["row:1".to_owned()], 1));
        assert_eq!((peer.snapshot().get("row:1"), peer.snapshot().len()), (Some(2), 1));
        assert_eq!(peer.clear(), Err(denied("@shop/row:1", Write)));
    }

    /// 15: a grant to write includes the right to read.
    fn a_grant_to_write_includes_reading(engine) {
        let (store, shop, cart) = two(engine);
        store.grant("cart", Write, glob("@shop/n"));
        let peer = cart.peer("shop");
        assert_eq!((can(&peer, "n"), can(&peer, "row:1")), ((true, true), (false, false)));
        peer.set("n", 9).unwrap();
        assert_eq!(shop.get("n"), Some(9));
    }

    /// 15: a grant holds for the id that it was given to, registered or not, and for nobody else.
    fn a_grant_is_for_one_id_registered_or_not(engine) {
        let (store, shop, cart) = two(engine);
        store.grant("later", Read, glob("@shop/*"));
        assert_eq!(can(&cart.peer("shop"), "n"), (false, false));
        let later = register(&store, "later");
        assert_eq!(can(&later.peer("shop"), "n"), (true, false));
        assert_eq!(can(&shop.peer("later"), "n"), (false, false));
    }

    /// 15: a listener on another's keys is told of those that it may read.
    fn listeners_are_told_of_what_they_may_read(engine) {
        let (store, shop, cart) = two(engine);
        store.grant("cart", Read, glob("@shop/row:*"));
        let log = Log::default();
        let note = |name: &'static str| {
            let log = log.clone();
            move |changes: &ChangeSet| {
                log.push((name, changes.iter().map(|c| c.key().to_owned()).collect::<Vec<_>>()));
            }
        };
        let peer = cart.peer("shop");
        let _all = peer.subscribe_all(sync(), note("all"));
        let _pattern = peer.subscribe_pattern(glob("**"), sync(), note("pattern"));
        store.batch(|_| {
            shop.set("n", 5)?;
            shop.set("row:1", 5)?;
            cart.set("own", 5)
        }).unwrap();
        shop.set("n", 6).unwrap();
        let row = || vec!["@shop/row:1".to_owned()];
        assert_eq!(log.take(), [("pattern", row()), ("all", row())]);
    }

    /// 15: what was revoked is denied, also through what was made under the grant.
    fn a_revoked_grant_no_longer_holds(engine) {
        let (store, shop, cart) = two(engine);
        store.grant("cart", Read, glob("@shop/*"));
        store.grant("cart", Write, glob("@shop/n"));
        let log = Log::default();
        let (key, keys, all) = (log.clone(), log.clone(), log.clone());
        let peer = cart.peer("shop");
        let handle = peer.handle::<i32>("n").unwrap();
        let on_key = move |_: Option<&i32>, _: &Change| key.push("key");
        let _key = peer.subscribe_with("n", sync(), on_key);
        let _keys = peer.subscribe_keys(["n"], sync(), move |_: &ChangeSet| keys.push("keys"));
        let _all = peer.subscribe_all(sync(), move |_: &ChangeSet| all.push("all"));
        handle.set(7).unwrap();
        assert_eq!((log.take(), handle.get()), (vec!["key", "keys", "all"], Some(7)));

        assert_eq!((store.revoke("cart"), store.revoke("cart")), (2, 0));
        assert_eq!(can(&peer, "n"), (false, false));
        assert_eq!(handle.try_get(), Err(denied("@shop/n", Read)));
        assert_eq!(handle.set(8), Err(denied("@shop/n", Write)));
        shop.set("n", 8).unwrap();
        assert!(log.take().is_empty());
        assert_eq!(shop.get("n"), Some(8));
    }

    /// 15: the store can be told to make shared keys read-only.
    fn shared_keys_can_be_made_read_only(engine) {
        let (store, _shop, cart) = two(engine);
        store.set_shared_access(SharedAccess::ReadOnly);
        assert_eq!(can(&cart.shared(), "n"), (true, false));
        assert_eq!(cart.shared().set("new", 1), Err(denied("new", Write)));
        assert_eq!(cart.shared().keys(), ["n"]);
        store.grant("cart", Write, glob("n"));
        assert_eq!(can(&cart.shared(), "n"), (true, true));
        assert_eq!(store.set("new", 1), Ok(()), "the owner may do everything");
        assert_eq!(can(&cart.peer("shop"), "n"), (false, false), "no policy opens a namespace");
    }

    /// 15: the store can be told to make shared keys granted.
    fn shared_keys_can_take_a_grant(engine) {
        let (store, _shop, cart) = two(engine);
        store.set("m", 1).unwrap();
        store.set_shared_access(SharedAccess::Granted);
        assert_eq!(can(&cart.shared(), "n"), (false, false));
        assert!(cart.shared().keys().is_empty() && cart.shared().snapshot().is_empty());
        store.grant("cart", Read, glob("n"));
        assert_eq!((can(&cart.shared(), "n"), cart.shared().keys()), ((true, false), vec!["n".into()]));
        cart.set("own", 1).unwrap();
        assert_eq!(can(&cart, "own"), (true, true));
        store.set_shared_access(SharedAccess::Open);
        assert_eq!(can(&cart.shared(), "m"), (true, true));
    }

    /// 15 and 5: what is denied refuses the batch that it stands in.
    fn a_denied_write_refuses_its_batch(engine) {
        let (store, shop, cart) = two(engine);
        let version = store.metadata().version;
        let result = cart.batch(|own| {
            own.set("own", 1)?;
            cart.shared().set("n", 9)?;
            cart.peer("shop").set("n", 9)
        });
        assert_eq!(result, Err(denied("@shop/n", Write)));
        assert_eq!((store.metadata().version, cart.len(), shop.get("n")), (version, 0, Some(1)));
    }
}
