//! Point 16: a computed value that is registered under a key is read there like any value, up to
//! date, and cannot be written.

use super::{
    computed::{Counter, int},
    support::{Log, reports, store, told},
};
use universal_state::{
    Access, Delivery, EngineKind, Key, MfeInfo, Pattern, RegisteredComputed, Scope, StateError,
    StateValue, Store, SubscribeOptions, View,
};

/// Registers a computed value that counts how often it is evaluated.
pub fn register<T: StateValue>(
    view: &View,
    key: &str,
    f: impl Fn(&View) -> T + Send + Sync + 'static,
) -> (RegisteredComputed, Counter) {
    let counter = Counter::default();
    let inside = counter.clone();
    let registered = view.register_computed(key, move |view| {
        inside.add();
        f(view)
    });
    (registered.unwrap(), counter)
}

/// A store in which `double` follows from `n`.
pub fn doubling(engine: EngineKind) -> (Store, RegisteredComputed, Counter) {
    let store = store(engine);
    store.set("n", 1).unwrap();
    let (double, count) = register(&store, "double", |view| int(view, "n") * 2);
    (store, double, count)
}

pub fn mfe(store: &Store, id: &str) -> Scope {
    store.register_mfe(MfeInfo::new(id, "leptos", "1")).unwrap()
}

conformance! {
    /// 16: every door that reads sees it, up to date.
    fn every_way_to_read_a_computed_key_gives_its_value(engine) {
        let (store, double, _) = doubling(engine);
        let handle = store.handle::<i32>("double").unwrap();
        for n in [1, 2, 3] {
            store.set("n", n).unwrap();
            assert_eq!(store.get("double"), Some(2 * n));
            assert_eq!(store.try_get("double"), Ok(Some(2 * n)));
            assert_eq!(store.get(Key::<i32>::new("double")), Some(2 * n));
            assert_eq!(store.try_with("double", |n: &i32| n + 1), Ok(Some(2 * n + 1)));
            assert_eq!((handle.get(), handle.try_with(|n| n + 1)), (Some(2 * n), Ok(Some(2 * n + 1))));
            let value = store.try_get_value("double").unwrap().unwrap();
            assert_eq!(value.to::<i32>(), Ok(2 * n));
            assert_eq!(store.snapshot().get("double"), Some(2 * n));
            assert_eq!(store.computed(|view| int(view, "double")).get(), Some(2 * n));
            let now = Log::<Option<i32>>::default();
            let sink = now.clone();
            let at_once = SubscribeOptions::new().immediate(true);
            let listener = move |value: Option<&i32>, _: &_| sink.push(value.copied());
            drop(store.subscribe_with("double", at_once, listener).unwrap());
            assert_eq!(now.take(), [Some(2 * n)]);
            #[cfg(feature = "json")]
            {
                assert_eq!(store.try_get_json("double").unwrap().as_deref(), Some(&(2 * n).into()));
                assert_eq!(store.get_at("double", ""), Some(2 * n));
                assert_eq!(store.get::<f64>("double"), Some(f64::from(2 * n)), "as another type");
            }
        }
        assert!(store.has("double"));
        assert_eq!((store.keys(), store.len()), (vec!["double".to_owned(), "n".into()], 2));
        assert_eq!((double.name(), double.is_registered()), ("double", true));
        assert_eq!(store.error_count(), 0);
    }

    /// 16: lazy and cached: evaluated when somebody reads it, and again only if what it read has
    /// changed. That it is listed is no read.
    fn a_computed_key_is_lazy_and_cached(engine) {
        let (store, double, count) = doubling(engine);
        store.set("n", 2).unwrap();
        store.set("n", 3).unwrap();
        store.flush();
        assert_eq!((store.keys().len(), store.len(), store.is_empty()), (2, 2, false));
        assert_eq!(count.take(), 0);
        assert_eq!((store.get("double"), store.get("double")), (Some(6), Some(6)));
        store.set("other", 1).unwrap();
        store.set("n", 3).unwrap();
        assert_eq!((store.get("double"), store.snapshot().get("double")), (Some(6), Some(6)));
        assert_eq!(count.take(), 1);
        store.set("n", 4).unwrap();
        drop(double);
        store.flush();
        assert_eq!(count.take(), 0, "to end is no read either");
    }

    /// 16: glitch-free: through names, nobody sees one half of a diamond without the other.
    fn a_diamond_of_computed_keys_is_evaluated_once_and_never_half(engine) {
        let store = store(engine);
        let (_left, lefts) = register(&store, "left", |view| int(view, "n") + 1);
        let (_right, rights) = register(&store, "right", |view| int(view, "n") * 10);
        let (_both, boths) = register(&store, "both", |view| (int(view, "left"), int(view, "right")));
        for n in 1..4 {
            store.set("n", n).unwrap();
            assert_eq!(store.get("both"), Some((n + 1, n * 10)));
            assert_eq!([lefts.take(), rights.take(), boths.take()], [1, 1, 1]);
        }
    }

    /// 16: cut off: a computed key that follows from one whose value is equal is not evaluated.
    fn a_chain_of_computed_keys_is_cut_off_where_the_value_is_equal(engine) {
        let store = store(engine);
        let (_sign, signs) = register(&store, "sign", |view| int(view, "n").signum());
        let (_text, texts) = register(&store, "text", |view| format!("{}", int(view, "sign")));
        let text = || store.get::<String>("text").unwrap();
        store.set("n", 5).unwrap();
        assert_eq!((text(), signs.take(), texts.take()), ("1".into(), 1, 1));
        store.set("n", 6).unwrap();
        assert_eq!((text(), signs.take(), texts.take()), ("1".into(), 1, 0));
        store.set("n", -6).unwrap();
        assert_eq!((text(), signs.take(), texts.take()), ("-1".into(), 1, 1));
    }

    /// 16: it may read a computed key that comes, goes, and comes back as another one.
    fn a_computed_key_follows_from_computed_keys_that_come_and_go(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let next = store.computed(|view| int(view, "double") + 1);
        let (_next, _) = register(&store, "next", |view| int(view, "double") + 1);
        assert_eq!((store.get("next"), next.get()), (Some(1), Some(1)));
        let double = register(&store, "double", |view| int(view, "n") * 2).0;
        assert_eq!((store.get("next"), next.get()), (Some(3), Some(3)));
        drop(double);
        assert_eq!((store.get("next"), next.get()), (Some(1), Some(1)));
        let _triple = register(&store, "double", |view| int(view, "n") * 3);
        assert_eq!((store.get("next"), next.get()), (Some(4), Some(4)));
    }

    /// 16: the cost of a chain is that of its length, however often each link reads the one before.
    fn a_long_chain_of_computed_keys_is_evaluated_once_a_link(engine) {
        let store = store(engine);
        let count = Counter::default();
        let links: Vec<_> = (1..40).map(|at| {
            let (count, before) = (count.clone(), format!("link:{}", at - 1));
            store.register_computed(format!("link:{at}"), move |view| {
                count.add();
                int(view, &before) + int(view, &before) % 2
            }).unwrap()
        }).collect();
        let told = told(&store, Delivery::Sync);
        count.take();
        store.set("link:0", 1).unwrap();
        assert_eq!((store.get("link:39"), count.take()), (Some(2), 39));
        assert_eq!(told.take().concat().len(), 40);
        store.batch(|tx| {
            for n in 2..4 {
                tx.set("link:0", 2 * n - 1)?;
                assert_eq!((tx.get("link:39"), tx.get("link:39")), (Some(2 * n), Some(2 * n)));
                assert_eq!(tx.snapshot().get("link:39"), Some(2 * n));
                assert_eq!(count.take(), 39);
            }
            let nested: Result<(), _> = tx.batch(|tx| {
                tx.set("link:0", 8)?;
                assert_eq!(tx.get("link:39"), Some(8));
                Err(StateError::abort("no"))
            });
            assert!(nested.is_err());
            assert_eq!(tx.get("link:39"), Some(6));
            Ok(())
        }).unwrap();
        drop(links);
        assert_eq!(store.keys(), ["link:0"]);
    }

    /// 5 and 16: in a batch it is what follows from what the batch wrote, and nothing of that stays.
    fn a_batch_reads_what_follows_from_its_own_writes(engine) {
        let (store, _double, count) = doubling(engine);
        let (_quad, _) = register(&store, "quad", |view| int(view, "double") * 2);
        let read = |view: &View| {
            let here = (int(view, "double"), int(view, "quad"));
            let of_all = view.snapshot();
            assert_eq!((of_all.get("double"), of_all.get("quad")), (Some(here.0), Some(here.1)));
            here
        };
        let failed: Result<(), _> = store.batch(|tx| {
            assert_eq!(read(tx), (2, 4));
            tx.set("n", 5)?;
            assert_eq!(read(tx), (10, 20));
            assert_eq!(tx.keys(), ["double", "n", "quad"]);
            let nested: Result<(), _> = tx.batch(|tx| {
                tx.set("n", 7)?;
                assert_eq!(read(tx), (14, 28));
                Err(StateError::abort("no"))
            });
            assert!(nested.is_err());
            assert_eq!(read(tx), (10, 20));
            Err(StateError::abort("no"))
        });
        assert_eq!(failed, Err(StateError::abort("no")));
        assert_eq!((read(&store), count.take() > 0), ((2, 4), true));
        store.batch(|tx| {
            tx.set("n", 6)?;
            assert_eq!(read(tx), (12, 24));
            Ok(())
        }).unwrap();
        assert_eq!(read(&store), (12, 24));
    }

    /// 6 and 16: a snapshot has it, as of its version, and a version has one snapshot.
    fn a_snapshot_holds_computed_keys_of_its_version(engine) {
        let (store, double, count) = doubling(engine);
        let (one, again) = (store.snapshot(), store.snapshot());
        assert_eq!((count.take(), one.version(), &one), (1, again.version(), &again));
        assert!(one.value("double").unwrap().same(again.value("double").unwrap()));
        store.set("n", 5).unwrap();
        let two = store.snapshot();
        assert_eq!((one.get("double"), two.get("double")), (Some(2), Some(10)));
        assert!(two.version() > one.version());
        assert_eq!((two.is_computed("double"), two.is_computed("n")), (true, false));
        let stored = two.stored();
        assert_eq!((stored.len(), stored.get("n"), stored.get::<i32>("double")), (1, Some(5), None));
        drop(double);
        let three = store.snapshot();
        assert!(three.version() > two.version() && three.value("double").is_none());
        assert_eq!(two.get("double"), Some(10), "a snapshot is immutable");
    }

    /// 6, 7 and 16: what follows from the registry, which has no version, does not change within one.
    fn a_version_has_one_snapshot_whatever_is_computed_from(engine) {
        let store = store(engine);
        let (_mfes, _) = register(&store, "mfes", |view| view.mfes().len());
        let (_version, _) = register(&store, "version", |view| view.metadata().version);
        let before = store.snapshot();
        let shop = mfe(&store, "shop");
        let during = store.snapshot();
        assert_eq!((before.get("mfes"), during.get("mfes")), (Some(0_usize), Some(1_usize)));
        assert!(before.version() < during.version());
        assert_eq!(during.get("version"), Some(during.version()));
        drop(shop);
        assert_eq!(store.snapshot().get("mfes"), Some(0_usize));
    }

    /// 16: what follows from the whole state does not follow from itself.
    fn a_snapshot_inside_of_a_computed_value_holds_what_is_stored(engine) {
        let (store, _double, count) = doubling(engine);
        let errors = reports(&store);
        let (_size, _) = register(&store, "size", |view| view.snapshot().len());
        let (_other, _) = register(&store, "other", |view| view.snapshot().len() * 100);
        let plain = store.computed(|view| view.snapshot().len());
        for more in 1..4 {
            assert_eq!((store.get("size"), store.get("other")), (Some(more), Some(more * 100)));
            assert_eq!((plain.get(), store.snapshot().len()), (Some(more), more + 3));
            store.batch(|tx| {
                tx.set(format!("k{more}"), 0)?;
                assert_eq!((tx.get("size"), tx.snapshot().get("size")), (Some(more + 1), Some(more + 1)));
                Ok(())
            }).unwrap();
        }
        assert!(errors.take().is_empty());
        assert!(count.take() > 0);
    }

    /// 15 and 16: a shared one is seen by all; one in a namespace by its owner and by grant, who then
    /// need no right to what it follows from.
    fn a_computed_key_is_seen_by_whom_its_name_allows(engine) {
        let store = store(engine);
        let (shop, cart) = (mfe(&store, "shop"), mfe(&store, "cart"));
        shop.set("n", 1).unwrap();
        let (own, _) = register(&shop, "double", |view| int(view, "n") * 2);
        let reads = shop.clone();
        let (_open, _) = register(&shop.shared(), "open", move |_| int(&reads, "n") * 3);
        assert_eq!(own.name(), "@shop/double");
        assert_eq!((shop.get("double"), store.get("@shop/double")), (Some(2), Some(2)));
        assert_eq!((cart.shared().get("open"), cart.shared().snapshot().get("open")), (Some(3), Some(3)));
        assert!(cart.shared().snapshot().is_computed("open"));
        assert_eq!((shop.keys(), shop.snapshot().get("double")), (vec!["double".to_owned(), "n".into()], Some(2)));
        assert!(shop.snapshot().is_computed("double"));
        assert_eq!(shop.snapshot().stored().len(), 1);
        let peer = cart.peer("shop");
        assert!(matches!(peer.try_get::<i32>("double"), Err(StateError::Denied { .. })));
        assert!(peer.keys().is_empty() && peer.snapshot().is_empty());
        store.grant("cart", Access::Read, Pattern::glob("@shop/double").unwrap());
        assert_eq!((peer.get("double"), peer.keys()), (Some(2), vec!["double".to_owned()]));
        assert!(peer.try_get::<i32>("n").is_err());
        shop.set("n", 2).unwrap();
        assert_eq!((peer.get("double"), peer.snapshot().get("double")), (Some(4), Some(4)));
    }

    /// 16: one that reads its own key is a cycle, as are two that read each other.
    fn computed_keys_that_depend_on_themselves_are_a_cycle(engine) {
        let store = store(engine);
        let is_cycle = |result: Result<Option<i32>, StateError>, key: &str| {
            matches!(result, Err(StateError::Cycle { what }) if what == format!("computed key {key:?}"))
        };
        let (_own, _) = register(&store, "own", move |view| is_cycle(view.try_get("own"), "own"));
        assert_eq!(store.get("own"), Some(true));
        assert_eq!(store.batch(|tx| Ok(tx.get("own"))), Ok(Some(true)));
        let errors = reports(&store);
        let (_a, _) = register(&store, "a", |view| int(view, "b") + 1);
        let (_b, _) = register(&store, "b", |view| int(view, "a") + 1);
        assert_eq!(store.get("a"), Some(2));
        let reported = errors.take();
        assert!(matches!(&reported[..], [StateError::Cycle { .. }]), "{reported:?}");
        let all = told(&store, Delivery::Sync);
        for n in 0..3 {
            store.set("n", n).unwrap();
            assert!(store.snapshot().value("a").is_some());
        }
        assert_eq!((all.take().len(), store.get("n")), (3, Some(2)), "the store goes on");
    }

    /// 11 and 16: a panic is contained and reported, and the key reads as missing until it is over.
    fn a_computed_key_that_panics_reads_as_missing(engine) {
        let store = store(engine);
        let errors = reports(&store);
        let (_half, count) = register(&store, "half", |view| 10 / int(view, "n"));
        let (_next, _) = register(&store, "next", |view| view.get::<i32>("half").map(|n| n + 1));
        let Err(StateError::Evaluation { key, reason }) = store.try_get::<i32>("half") else {
            panic!("it does not fail");
        };
        assert_eq!(key, "half");
        assert!(reason.contains("panicked") && reason.contains("zero"), "{reason}");
        assert!(errors.take().is_empty());
        assert_eq!((store.get::<i32>("half"), store.has("half")), (None, false));
        assert_eq!((errors.take().len(), count.take()), (2, 1), "the failure is cached, too");
        assert_eq!(store.get::<Option<i32>>("next"), Some(None));
        let snapshot = store.snapshot();
        assert_eq!((snapshot.len(), snapshot.is_computed("half")), (1, false));
        assert_eq!(store.batch(|tx| Ok(tx.get::<i32>("half"))), Ok(None));
        assert!(errors.take().iter().all(|error| matches!(error, StateError::Evaluation { .. })));
        store.set("n", 5).unwrap();
        assert_eq!((store.get("half"), store.get("next")), (Some(2), Some(Some(3))));
        assert_eq!(store.snapshot().get("half"), Some(2));
        assert!(errors.take().is_empty());
    }

    /// 3 and 16: a read as a type that it does not read as is refused as with any value.
    fn a_computed_key_of_another_type_is_refused(engine) {
        let store = store(engine);
        let (_text, _) = register(&store, "text", |_| "x".to_owned());
        assert!(matches!(store.try_get::<i32>("text"), Err(StateError::Type { .. })));
        assert_eq!(store.get::<String>("text").as_deref(), Some("x"));
    }

    /// Places inside of it can be read.
    fn places_inside_of_a_computed_key_can_be_read(engine) {
        let _ = engine;
        #[cfg(feature = "json")]
        {
            let store = store(engine);
            store.set("n", 1).unwrap();
            let (_user, _) = register(&store, "user", |view| {
                serde_json::json!({ "age": int(view, "n"), "tags": ["a", "b"] })
            });
            assert_eq!(store.get_at("user", "/age"), Some(1));
            store.set("n", 2).unwrap();
            assert_eq!(store.get_at("user", "/age"), Some(2));
            assert_eq!(store.get_at::<String>("user", "/tags/1").as_deref(), Some("b"));
            assert_eq!(store.get_at::<i32>("user", "/name"), None);
            assert_eq!(store.snapshot().to_json().unwrap()["user"]["age"], 2);
        }
    }

    /// 24: an exchange of the engine carries it over.
    fn an_exchange_of_the_engine_keeps_computed_keys(engine) {
        let (store, double, count) = doubling(engine);
        let told = told(&store, Delivery::Sync);
        count.take();
        let other = match engine {
            EngineKind::Map => EngineKind::Signal,
            _ => EngineKind::Map,
        };
        store.set_engine(other).unwrap();
        assert_eq!((store.get("double"), count.take()), (Some(2), 0));
        store.set("n", 3).unwrap();
        assert_eq!((store.get("double"), store.snapshot().get("double")), (Some(6), Some(6)));
        assert_eq!(told.take().concat().len(), 2);
        assert!(matches!(store.set("double", 1), Err(StateError::ReadOnly { .. })));
        store.set_engine(engine).unwrap();
        drop(double);
        assert_eq!((store.keys(), store.slot_count()), (vec!["n".to_owned()], 1));
    }
}
