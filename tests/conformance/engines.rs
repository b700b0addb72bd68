//! Point 24: the engine is exchanged while the store is in use, and nobody notices.

use super::{
    computed::{Counter, counted, int},
    effects::Effects,
    mfe::register,
    support::{Entry, Log, entries, entry, store, sync},
};
use universal_state::{
    Access, Change, ChangeSet, EngineKind, Pattern, StateError, Store, SubscribeOptions,
    Subscription, Validate,
};

fn other(engine: EngineKind) -> EngineKind {
    match engine {
        EngineKind::Map => EngineKind::Signal,
        _ => EngineKind::Map,
    }
}

/// Exchanges the engine for the other one.
fn exchange(store: &Store) {
    let kind = other(store.engine());
    store.set_engine(kind).unwrap();
    assert_eq!(store.engine(), kind);
}

/// Subscribes in every way that there is, noting who is called.
fn subscribe_all_ways(store: &Store) -> (Log<&'static str>, Vec<Subscription>) {
    let log = Log::default();
    let set = |name: &'static str| {
        let log = log.clone();
        move |_: &ChangeSet| log.push(name)
    };
    let (key, computed, handle) = (log.clone(), log.clone(), log.clone());
    let pattern = Pattern::glob("n*").unwrap();
    let subscriptions = [
        store.subscribe_with("n", sync(), move |_: Option<&i32>, _: &Change| {
            key.push("key")
        }),
        store
            .handle("n")
            .unwrap()
            .subscribe(sync(), move |_: Option<&i32>, _: &Change| {
                handle.push("handle")
            }),
        store.subscribe_keys(["n", "m"], sync(), set("keys")),
        store.subscribe_pattern(pattern, sync(), set("pattern")),
        store
            .computed(|view| int(view, "n"))
            .subscribe_with(sync(), move |_: &i32| computed.push("computed")),
        store.subscribe_all(sync(), set("all")),
    ];
    let subscriptions = subscriptions.map(Result::unwrap);
    (log, subscriptions.into())
}

const ALL_WAYS: [&str; 6] = ["key", "handle", "keys", "pattern", "computed", "all"];

/// Notes what is told once a turn.
fn told(store: &Store) -> Log<Vec<Entry>> {
    let log = Log::default();
    let sink = log.clone();
    let listener = move |changes: &ChangeSet| sink.push(entries(changes));
    let subscription = store.subscribe_all(SubscribeOptions::new(), listener);
    subscription.unwrap().forget();
    log
}

conformance! {
    /// 24: values, version and metadata carry over, snapshot included.
    fn what_is_stored_survives_an_exchange(engine) {
        let store = store(engine);
        store.set("text", "long".to_owned()).unwrap();
        store.set_with_source("n", 1, "me").unwrap();
        store.set("gone", 1).unwrap();
        store.delete("gone").unwrap();
        let address = || store.try_with("text", |text: &String| text.as_ptr().addr()).unwrap();
        let (before, metadata, place) = (store.snapshot(), store.metadata(), address());
        exchange(&store);
        assert_eq!((store.get("n"), store.keys().len(), store.len()), (Some(1), 2, 2));
        assert_eq!((store.metadata(), store.snapshot().version()), (metadata, before.version()));
        assert_eq!((store.snapshot(), address()), (before, place), "moved, not copied");
        store.set("n", 2).unwrap();
        assert_eq!((store.snapshot().get("n"), store.metadata().version), (Some(2), 5));
    }

    /// 24: nobody is told by the exchange itself, since nothing reads differently.
    fn nobody_is_told_by_an_exchange(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set("n", 1).unwrap();
        let (log, _subscriptions) = subscribe_all_ways(&store);
        let (computed, count) = counted(&store, |view| (int(view, "n"), view.snapshot().len()));
        let runs = Counter::default();
        let (ran, read, inside) = (runs.clone(), store.clone(), computed.clone());
        effects.start(move || {
            ran.add();
            drop((read.get::<i32>("n"), read.keys(), read.metadata(), inside.get()));
        });
        assert_eq!((runs.take(), count.take()), (1, 1));
        exchange(&store);
        store.flush();
        effects.settle();
        assert_eq!((log.take(), runs.take()), (vec![], 0));
        assert_eq!((computed.get(), count.take()), (Some((1, 1)), 0));
    }

    /// 24: subscriptions of every kind carry over; nobody has to subscribe again.
    fn subscriptions_survive_an_exchange(engine) {
        let store = store(engine);
        let (log, subscriptions) = subscribe_all_ways(&store);
        exchange(&store);
        store.set("n", 1).unwrap();
        assert_eq!(log.take(), ALL_WAYS);
        store.set("new", 1).unwrap();
        assert_eq!(log.take(), ["pattern", "all"]);
        assert_eq!(store.listener_count(), subscriptions.len());
        drop(subscriptions);
        store.set("n", 2).unwrap();
        assert_eq!((log.take(), store.listener_count()), (vec![], 0));
    }

    /// 24: handles, effects, scopes with their grants, and middleware carry over.
    fn handles_effects_scopes_and_middleware_survive_an_exchange(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let handle = store.handle::<i32>("n").unwrap();
        let (shop, cart) = (register(&store, "shop"), register(&store, "cart"));
        store.grant("cart", Access::Write, Pattern::glob("@shop/*").unwrap());
        let small = |n: &i32| (*n < 10).then_some(()).ok_or("too large");
        store.add_middleware(Validate::new().rule("n", small));
        let (log, read) = (Log::default(), handle.clone());
        let sink = log.clone();
        effects.start(move || sink.push(read.get()));
        shop.set("own", 1).unwrap();
        exchange(&store);
        handle.set(1).unwrap();
        effects.settle();
        assert_eq!((log.take(), store.get("n")), (vec![None, Some(1)], Some(1)));
        assert!(matches!(store.set("n", 10), Err(StateError::Vetoed { .. })));
        cart.peer("shop").set("own", 2).unwrap();
        assert_eq!((shop.get("own"), store.mfes().len()), (Some(2), 2));
        shop.unregister().unwrap();
        assert_eq!(store.keys(), ["n"]);
    }

    /// 24: what is pending is delivered first, by the rules under which it was written.
    fn what_is_pending_is_delivered_before_an_exchange(engine) {
        let store = store(engine);
        let log = told(&store);
        store.set("n", 1).unwrap();
        store.set("n", 2).unwrap();
        exchange(&store);
        match engine {
            EngineKind::Map => {
                let each = [vec![entry("n", None, 1)], vec![entry("n", 1, 2)]];
                assert_eq!(log.take(), each);
            }
            _ => assert_eq!(log.take(), [[entry("n", None, 2)]]),
        }
        store.set("n", 3).unwrap();
        store.set("n", 4).unwrap();
        store.flush();
        match store.engine() {
            EngineKind::Map => assert_eq!(log.take(), [[entry("n", 2, 3)], [entry("n", 3, 4)]]),
            _ => assert_eq!(log.take(), [[entry("n", 2, 4)]]),
        }
    }

    /// 10 and 24: an exchange from inside of a listener keeps the order: what was written before it
    /// is told before what is written after it.
    fn an_exchange_inside_of_a_listener_keeps_the_order(engine) {
        let store = store(engine);
        let log = told(&store);
        let inside = store.clone();
        let _go = store.subscribe_with("go", sync(), move |_: Option<&i32>, _: &Change| {
            inside.set("n", 1)?;
            inside.set_engine(other(inside.engine()))?;
            inside.set("n", 2)?;
            inside.set("m", 3)
        });
        store.set("n", 0).unwrap();
        store.set("go", 1).unwrap();
        store.flush();
        let told = log.take();
        let of_n: Vec<_> = told.concat().into_iter().filter(|(key, ..)| key == "n").collect();
        // Each begins where the one before it ended.
        assert_eq!(of_n.first().map(|(_, old, _)| *old), Some(None));
        assert_eq!(of_n.last().map(|(_, _, new)| *new), Some(Some(2)));
        assert!(of_n.windows(2).all(|pair| pair[0].2 == pair[1].1), "{told:?}");
        assert_eq!(told.concat().last(), Some(&entry("m", None, 3)));
        assert_eq!((store.engine(), store.error_count()), (other(engine), 0));
    }

    /// 24: back and forth, as often as anyone likes.
    fn the_engine_can_be_exchanged_back_and_forth(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let (log, _subscriptions) = subscribe_all_ways(&store);
        let (sum, read) = (Log::default(), store.clone());
        let sink = sum.clone();
        effects.start(move || sink.push(read.get::<i32>("n")));
        for n in 1..=10 {
            exchange(&store);
            store.set("n", n).unwrap();
            store.set(&*format!("row:{n}"), n).unwrap();
            effects.settle();
            assert_eq!(log.take(), [&ALL_WAYS[..], &["all"]].concat());
            assert_eq!(store.snapshot().len(), n as usize + 1);
        }
        assert_eq!(sum.take().len(), 11);
        assert_eq!((store.engine(), store.metadata().version), (engine, 20));
    }

    /// 24: asking for the engine that runs delivers what is pending, and no more.
    fn asking_for_the_running_engine_is_no_exchange(engine) {
        let store = store(engine);
        let log = told(&store);
        store.set("n", 1).unwrap();
        store.set_engine(engine).unwrap();
        assert_eq!((log.take(), store.get("n")), (vec![vec![entry("n", None, 1)]], Some(1)));
    }

    /// 24: not from inside of a batch or an update, whose writes belong to no engine yet.
    fn no_exchange_from_inside_a_batch_or_an_update(engine) {
        let store = store(engine);
        let result = store.batch(|tx| {
            tx.set("n", 1)?;
            store.set_engine(other(engine))
        });
        assert_eq!(result, Err(StateError::Reentrant { during: "a batch" }));
        let mut result = Ok(());
        store.update_or("n", 1, |_: &mut i32| result = store.set_engine(other(engine))).unwrap();
        assert_eq!(result, Err(StateError::Reentrant { during: "an update closure" }));
        assert_eq!((store.engine(), store.get("n")), (engine, Some(1)));
    }

    /// 24: a flag names the engine.
    fn an_engine_is_asked_for_by_its_name(engine) {
        assert_eq!(engine.name().parse(), Ok(engine));
        assert_eq!(engine.to_string(), engine.name());
        assert_eq!(store(engine).engine(), engine);
        assert!(EngineKind::ALL.contains(&engine));
    }
}

/// 24: a name that no engine has is an error that lists those that there are.
#[test]
fn an_unknown_engine_is_an_error_that_lists_the_known_ones() {
    for name in ["", "Map", " map", "signals"] {
        let error = name.parse::<EngineKind>().unwrap_err();
        assert!(
            matches!(&error, StateError::UnknownEngine { name: asked, .. } if asked == name),
            "{error:?}"
        );
        for kind in EngineKind::ALL {
            assert!(error.to_string().contains(kind.name()), "{error}");
        }
    }
    assert_eq!(EngineKind::default(), EngineKind::Signal);
    assert_eq!(Store::new().engine(), EngineKind::default());
}
