//! What is left of a store that was disposed of.

use super::{
    computed::int,
    mfe::register,
    support::{Log, entries, entry, store, sync},
};
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, MfeInfo, Pattern, Restore, StateError, Store,
    SubscribeOptions,
};

conformance! {
    /// It delivers what is pending, then ends every subscription.
    fn disposing_delivers_what_is_pending_and_ends_every_subscription(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let log = Log::default();
        let set = |name: &'static str| {
            let log = log.clone();
            move |_: &ChangeSet| log.push(name)
        };
        let (key, computed) = (log.clone(), log.clone());
        let once_a_turn = SubscribeOptions::new();
        let pattern = Pattern::glob("*").unwrap();
        let subscriptions = [
            store.subscribe("n", move |_: Option<&i32>, _: &Change| key.push("key")),
            store.subscribe_keys(["n", "m"], once_a_turn, set("keys")),
            store.subscribe_pattern(pattern, once_a_turn, set("pattern")),
            store.computed(|view| int(view, "n")).subscribe(move |_: &i32| computed.push("computed")),
            store.subscribe_all(once_a_turn, set("all")),
            shop.shared().subscribe_all(sync(), set("scope")),
            store.subscribe_mfes(once_a_turn, |_| ()),
        ].map(Result::unwrap);
        store.subscribe_all(sync(), set("forgotten")).unwrap().forget();
        store.set("n", 1).unwrap();
        store.dispose();
        let mut told = log.take();
        told.sort_unstable();
        assert_eq!(told, ["all", "computed", "forgotten", "key", "keys", "pattern", "scope"]);
        assert!(subscriptions.iter().all(|subscription| !subscription.is_active()));
        assert_eq!((store.listener_count(), store.is_disposed()), (0, true));
        store.dispose();
        store.flush();
        drop(subscriptions);
        assert!(log.take().is_empty());
    }

    /// Its values can still be read.
    fn what_was_disposed_of_can_be_read(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let handle = store.handle::<i32>("n").unwrap();
        store.set("n", 1).unwrap();
        shop.set("own", 2).unwrap();
        let before = (store.snapshot(), store.metadata());
        assert!(!store.is_disposed());
        store.dispose();
        assert_eq!((store.get("n"), handle.get(), shop.get("own")), (Some(1), Some(1), Some(2)));
        assert_eq!((store.keys().len(), store.len(), store.mfes().len()), (2, 2, 1));
        assert_eq!(store.computed(|view| int(view, "n") + 1).get(), Some(2));
        assert_eq!((store.snapshot(), store.metadata()), before);
        assert_eq!(store.try_get::<i32>("missing"), Ok(None));
    }

    /// Whoever writes, subscribes or registers is told.
    fn what_was_disposed_of_takes_no_writes_and_no_subscriptions(engine) {
        let store = store(engine);
        let shop = register(&store, "shop");
        let handle = store.handle::<i32>("n").unwrap();
        let computed = store.computed(|view| int(view, "n"));
        store.set("n", 1).unwrap();
        let (snapshot, metadata, slots) = (store.snapshot(), store.metadata(), store.slot_count());
        let clone = store.clone();
        clone.dispose();
        let none = |_: Option<&i32>, _: &Change| ();
        let noop = |_: &ChangeSet| ();
        let other = if engine == EngineKind::Map { EngineKind::Signal } else { EngineKind::Map };
        for (at, result) in [
            store.set("n", 2),
            store.set("new", 2),
            store.update("n", |n: &mut i32| *n += 1).map(drop),
            store.update_or("new", 1, |n: &mut i32| *n += 1),
            store.delete("n").map(drop),
            store.clear(),
            store.batch(|_| Ok(())),
            store.set_many([("new", 1)]),
            store.restore(&snapshot, Restore::Replace),
            store.set_engine(other),
            store.register_mfe(MfeInfo::new("x", "x", "1")).map(drop),
            shop.set("own", 1),
            shop.shared().set("n", 2),
            handle.set(2),
            handle.delete().map(drop),
            handle.subscribe(sync(), none).map(drop),
            store.subscribe("n", none).map(drop),
            store.subscribe("new", none).map(drop),
            store.subscribe_keys(["n", "new"], sync(), noop).map(drop),
            store.subscribe_pattern(Pattern::glob("*").unwrap(), sync(), noop).map(drop),
            store.subscribe_all(sync().immediate(true), noop).map(drop),
            store.subscribe_mfes(sync(), |_| ()).map(drop),
            computed.subscribe(|_: &i32| ()).map(drop),
        ].into_iter().enumerate() {
            assert_eq!(result, Err(StateError::Disposed), "call {at}");
        }
        assert_eq!((store.snapshot(), store.metadata(), store.engine()), (snapshot, metadata, engine));
        assert_eq!((store.listener_count(), store.slot_count()), (0, slots));
    }

    /// A batch that is open when it happens stores nothing.
    fn a_batch_that_disposes_stores_nothing(engine) {
        let store = store(engine);
        let result = store.batch(|tx| {
            tx.set("n", 1)?;
            store.dispose();
            Ok(())
        });
        assert_eq!((result, store.is_empty()), (Err(StateError::Disposed), true));
    }

    /// A listener may dispose of the store; nobody is called after it.
    fn a_listener_may_dispose_of_the_store(engine) {
        let store = store(engine);
        let log = Log::default();
        let (sink, inside) = (log.clone(), store.clone());
        let _one = store.subscribe_with("n", sync(), move |_: Option<&i32>, _: &Change| inside.dispose());
        let _all = store.subscribe_all(sync(), move |c: &ChangeSet| sink.push(entries(c)));
        store.set("n", 1).unwrap();
        assert!(log.take().is_empty());
        assert_eq!((store.set("n", 2), store.get("n")), (Err(StateError::Disposed), Some(1)));
    }

    /// Its micro-frontends can still leave, and be dropped, without a report.
    fn an_mfe_of_a_disposed_store_can_leave(engine) {
        let store = store(engine);
        let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
        shop.set("n", 1).unwrap();
        store.dispose();
        assert_eq!((shop.unregister(), shop.is_registered()), (Ok(()), false));
        drop(cart);
        assert_eq!(store.error_count(), 0);
    }

    /// A store that is dropped takes its scopes' work no further, and nobody panics.
    fn a_scope_outlives_its_store(engine) {
        let (shop, handle, subscription) = {
            let store = store(engine);
            let shop = register(&store, "shop");
            let handle = store.handle::<i32>("n").unwrap();
            let subscription = store.subscribe_all(sync(), |_: &ChangeSet| ()).unwrap();
            (shop, handle, subscription)
        };
        assert_eq!(shop.set("n", 1), Ok(()), "views keep the store");
        assert_eq!((handle.set(1), shop.shared().get("n")), (Ok(()), Some(1)));
        drop((shop, handle));
        drop(subscription);
    }
}

/// What is pending is delivered as one turn.
#[test]
fn the_last_turn_is_delivered_whole() {
    let store = Store::builder().engine(EngineKind::Signal).build();
    let log = Log::default();
    let sink = log.clone();
    let options = SubscribeOptions::new().delivery(Delivery::Batched);
    let _all = store.subscribe_all(options, move |c: &ChangeSet| sink.push(entries(c)));
    store.set("a", 1).unwrap();
    store.set("b", 2).unwrap();
    store.set("a", 3).unwrap();
    store.dispose();
    assert_eq!(log.take(), [[entry("a", None, 3), entry("b", None, 2)]]);
}
