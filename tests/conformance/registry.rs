//! Point 14: the registry is reactive, visible to all, and never persisted.

use super::{
    effects::Effects,
    mfe::register,
    support::{Log, store, sync},
};
use universal_state::{ChangeSet, Mfe, MfeInfo, Restore};

fn ids(mfes: &[Mfe]) -> Vec<String> {
    mfes.iter().map(|mfe| mfe.info.id.clone()).collect()
}

conformance! {
    /// 14: it holds id, framework, version and time of each, in the order in which they came.
    fn the_registry_says_who_is_there(engine) {
        let store = store(engine);
        assert!(store.mfes().is_empty());
        let shop = MfeInfo::new("shop", "react", "2.1.0");
        let cart = MfeInfo::new("cart", "leptos", "1.0.0");
        let scopes = [&shop, &cart].map(|info| store.register_mfe(info.clone()).unwrap());
        let mfes = store.mfes();
        assert_eq!([&mfes[0].info, &mfes[1].info], [&shop, &cart]);
        assert!(mfes.iter().all(|mfe| mfe.registered_at > 0));
        assert_eq!([scopes[0].info(), scopes[1].info()], [&mfes[0], &mfes[1]]);
        assert_eq!([scopes[0].id(), scopes[1].id()], ["shop", "cart"]);
        scopes[0].unregister().unwrap();
        assert_eq!(ids(&store.mfes()), ["cart"]);
    }

    /// 14: it is visible to all.
    fn every_mfe_sees_the_registry(engine) {
        let store = store(engine);
        let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
        for view in [shop.view().clone(), cart.shared(), cart.peer("shop")] {
            assert_eq!(ids(&view.mfes()), ["shop", "cart"]);
        }
        store.set_shared_access(universal_state::SharedAccess::Granted);
        let log = Log::default();
        let sink = log.clone();
        let _registry = shop.subscribe_mfes(sync(), move |mfes| sink.push(ids(mfes))).unwrap();
        cart.unregister().unwrap();
        assert_eq!(log.take(), [["shop"]]);
    }

    /// 14: its listeners are told of each that comes or goes.
    fn listeners_of_the_registry_are_told_who_comes_and_goes(engine) {
        let store = store(engine);
        let log = Log::default();
        let (sink, present) = (log.clone(), log.clone());
        let _registry = store.subscribe_mfes(sync(), move |mfes| sink.push(ids(mfes))).unwrap();
        let shop = register(&store, "shop");
        let cart = register(&store, "cart");
        drop(shop);
        assert_eq!(log.take(), [vec!["shop"], vec!["shop", "cart"], vec!["cart"]]);
        let at_once = sync().immediate(true);
        let _present = store.subscribe_mfes(at_once, move |mfes| present.push(ids(mfes))).unwrap();
        assert_eq!(log.take(), [["cart"]]);
        cart.unregister().unwrap();
        assert_eq!(log.take(), [Vec::<String>::new(), Vec::new()]);
    }

    /// 14: an effect that reads it runs again when one comes or goes, and at no other time.
    fn an_effect_that_reads_the_registry_follows_it(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let log = Log::default();
        let (sink, seen) = (log.clone(), store.clone());
        effects.start(move || sink.push(ids(&seen.mfes())));
        let total = store.total_mfes();
        let (counts, counter) = (Log::default(), total.clone());
        let count = counts.clone();
        effects.start(move || count.push(counter.get()));
        let shop = register(&store, "shop");
        effects.settle();
        shop.set("n", 1).unwrap();
        store.set("n", 1).unwrap();
        effects.settle();
        shop.unregister().unwrap();
        effects.settle();
        assert_eq!(log.take(), [vec![], vec!["shop"], vec![]]);
        assert_eq!(counts.take(), [Some(0), Some(1), Some(0)]);
    }

    /// 14 and 16: `total_mfes` counts them, and tells of it.
    fn total_mfes_counts_them(engine) {
        let store = store(engine);
        let total = store.total_mfes();
        assert_eq!(total.get(), Some(0));
        let log = Log::default();
        let sink = log.clone();
        let _total = total.subscribe_with(sync(), move |n: &usize| sink.push(*n)).unwrap();
        let (shop, _cart) = (register(&store, "shop"), register(&store, "cart"));
        assert_eq!(total.get(), Some(2));
        shop.unregister().unwrap();
        assert_eq!(log.take(), [1, 2, 1]);
    }

    /// 14: it is no key: what shows, counts, clears or restores keys knows nothing of it.
    fn the_registry_is_no_key(engine) {
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        let _all = store.subscribe_all(sync(), move |_: &ChangeSet| sink.push(()));
        let everything = universal_state::Pattern::glob("**").unwrap();
        let sink = log.clone();
        let _any = store.subscribe_pattern(everything, sync(), move |_: &ChangeSet| sink.push(()));
        let empty = store.snapshot();
        let _shop = register(&store, "shop");
        store.flush();
        assert!(log.take().is_empty());
        assert!(store.is_empty() && store.keys().is_empty() && store.snapshot().is_empty());
        assert_eq!((store.metadata().version, store.metadata().update_count), (0, 0));
        assert_eq!(store.get::<i32>("micro-frontends"), None);
        store.set("micro-frontends", 1).unwrap();
        store.clear().unwrap();
        store.restore(&empty, Restore::Replace).unwrap();
        assert_eq!(ids(&store.mfes()), ["shop"]);
    }
}
