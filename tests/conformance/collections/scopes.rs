//! Collections through the scope of a micro-frontend.

use super::*;

conformance! {
    fn a_scope_reads_and_writes_the_collections_of_its_namespace(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0")).unwrap();
        let own = shop.map_of(ROWS).unwrap();
        let seen = watch(&effects, { let own = own.clone(); move || own.try_get(&1) });
        let outside = store.map_of::<u32, i32>("@shop/rows").unwrap();
        own.insert(1, 1).unwrap();
        effects.settle();
        outside.insert(1, 2).unwrap();
        effects.settle();
        assert_eq!(seen.take(), [Ok(None), Ok(Some(1)), Ok(Some(2))]);
        assert_eq!((store.keys(), rows(&store).len()), (vec!["@shop/rows".to_owned()], 0));
        let source = Log::default();
        let sink = source.clone();
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            changes.iter().for_each(|change| sink.push(change.source().to_owned()));
        }).unwrap();
        own.insert(2, 2).unwrap();
        shop.shared().map_of(ROWS).unwrap().insert(1, 1).unwrap();
        assert_eq!(source.take(), ["shop", "shop"]);
        shop.unregister().unwrap();
        effects.settle();
        let gone = StateError::UnknownMfe { id: "shop".to_owned() };
        assert_eq!((own.try_get(&1), own.insert(1, 1)), (Err(gone.clone()), Err(gone)));
        assert_eq!((outside.len(), rows(&store).len()), (0, 1));
    }

    fn the_collection_of_another_needs_a_grant(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0")).unwrap();
        let cart = store.register_mfe(MfeInfo::new("cart", "leptos", "1.0.0")).unwrap();
        shop.map_of(ROWS).unwrap().insert(1, 1).unwrap();
        let peer = cart.peer("shop");
        assert!(matches!(peer.map_of(ROWS), Err(StateError::Denied { .. })));
        let keys = || Pattern::glob("@shop/rows").unwrap();
        store.grant("cart", Access::Read, keys());
        let map = peer.map_of(ROWS).unwrap();
        let log = watch(&effects, { let map = map.clone(); move || map.try_get(&1).ok() });
        assert!(matches!(map.insert(1, 2), Err(StateError::Denied { access: Access::Write, .. })));
        store.revoke("cart");
        effects.settle();
        assert_eq!(log.take(), [Some(Some(1)), None], "it learns that it may not read any more");
        store.grant("cart", Access::Write, keys());
        effects.settle();
        assert_eq!(map.insert(1, 3), Ok(false));
        effects.settle();
        assert_eq!(log.take(), [Some(Some(1)), Some(Some(3))]);
    }
}
