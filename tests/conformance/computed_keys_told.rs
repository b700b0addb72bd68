//! Point 16: those who listen to a computed key, and the effects that read it, hear of its changes
//! and of its coming and going.

use super::{
    computed::int,
    computed_keys::{doubling, mfe, register},
    effects::Effects,
    support::{Entry, Log, entries, entry, listen_to_a, on, reports, store, sync, told},
};
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, Middleware, Origin, Pattern, StateError, Store,
    SubscribeOptions, View,
};

/// Notes what the listeners of a key are told.
pub fn heard(store: &Store, key: &str, options: SubscribeOptions) -> Log<Entry> {
    let log = Log::default();
    let sink = log.clone();
    let listener = move |value: Option<&i32>, change: &Change| {
        sink.push((change.key().to_owned(), change.old(), value.copied()));
    };
    store
        .subscribe_with(key, options, listener)
        .unwrap()
        .forget();
    log
}

/// Notes what is delivered.
struct Note(Log<Entry>);
impl Middleware for Note {
    fn name(&self) -> &str {
        "note"
    }
    fn delivered(&self, changes: &ChangeSet, _: std::time::Duration) {
        entries(changes)
            .into_iter()
            .for_each(|entry| self.0.push(entry));
    }
}

conformance! {
    /// 9 and 16: listeners of the key, of keys and of patterns get its old and its new value, each
    /// transaction if they ask for it.
    fn every_kind_of_listener_hears_of_a_computed_key(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let (a, _) = register(&store, "a", |view| int(view, "n") * 2);
        let (log, _subscriptions) = listen_to_a(&store, sync());
        let all = told(&store, Delivery::Sync);
        store.set("n", 2).unwrap();
        assert_eq!(log.take(), vec![entry("a", 2, 4); 3]);
        assert_eq!(all.take().concat(), [entry("n", 1, 2), entry("a", 2, 4)]);
        store.batch(|tx| {
            tx.set("n", 9)?;
            tx.set("n", 3)
        }).unwrap();
        assert_eq!(log.take(), vec![entry("a", 4, 6); 3]);
        all.take();
        drop(a);
        assert_eq!(log.take(), vec![entry("a", 6, None); 3]);
        let (_a, _) = register(&store, "a", |view| int(view, "n") * 3);
        assert_eq!(log.take(), vec![entry("a", None, 9); 3]);
        assert_eq!(all.take().concat(), [entry("a", 6, None), entry("a", None, 9)]);
    }

    /// 9 and 16: otherwise once a turn, with what it follows from, in one set.
    fn a_computed_key_is_told_once_a_turn_with_what_it_follows_from(engine) {
        let (store, double, _) = doubling(engine);
        let key = heard(&store, "double", SubscribeOptions::new());
        let all = told(&store, Delivery::Batched);
        store.set("n", 2).unwrap();
        store.set("n", 3).unwrap();
        store.flush();
        match engine {
            EngineKind::Map => {
                assert_eq!(key.take(), [entry("double", 2, 4), entry("double", 4, 6)]);
                assert_eq!(all.take().len(), 4);
            }
            _ => {
                assert_eq!(key.take(), [entry("double", 2, 6)]);
                assert_eq!(all.take(), [[entry("n", 1, 3), entry("double", 2, 6)]]);
            }
        }
        store.set("n", 9).unwrap();
        store.set("n", 3).unwrap();
        store.flush();
        let expected = if engine == EngineKind::Map { 2 } else { 0 };
        assert_eq!(key.take().len(), expected, "what ends where it began is no news");
        store.set("n", 4).unwrap();
        drop(double);
        store.flush();
        assert_eq!(key.take().last(), Some(&entry("double", if engine == EngineKind::Map { 8 } else { 6 }, None)));
    }

    /// 16: what is told of it says so: its origin, who computes it, and the version it follows from.
    fn a_change_of_a_computed_key_says_that_it_is_computed(engine) {
        let store = store(engine);
        let shop = mfe(&store, "shop");
        store.set("n", 1).unwrap();
        let _double = shop.shared().register_computed("double", |view| int(view, "n") * 2).unwrap();
        let log = Log::default();
        let sink = log.clone();
        let _subscription = store.subscribe_with("double", sync(), move |_: Option<&i32>, change| {
            sink.push((change.origin().clone(), change.source().to_owned(), change.version()));
        });
        store.set("n", 2).unwrap();
        let metadata = store.metadata();
        assert_eq!(log.take(), [(Origin::Computed, "shop".to_owned(), metadata.version)]);
        assert_eq!((metadata.source.as_str(), Origin::Computed.to_string()), ("unknown", "computed".into()));
    }

    /// 7 and 16: that it comes or goes is a version; what becomes of its value is none of its own.
    fn a_computed_key_has_a_version_when_it_comes_and_goes(engine) {
        let (store, double, _) = doubling(engine);
        let _all = told(&store, Delivery::Sync);
        let before = store.metadata();
        assert_eq!((before.version, before.update_count), (2, 2));
        store.set("n", 2).unwrap();
        store.flush();
        assert_eq!((store.metadata().version, store.metadata().update_count), (3, 3));
        drop(double);
        assert_eq!((store.metadata().version, store.metadata().update_count), (4, 4));
    }

    /// 16: an equal value is no news, and a source that is not read any more is none either.
    fn listeners_of_a_computed_key_do_not_hear_of_an_equal_value(engine) {
        let store = store(engine);
        let (_sign, count) = register(&store, "sign", |view| int(view, "n").signum());
        let key = heard(&store, "sign", sync());
        for n in [5, 6, 7, -1] {
            store.set("n", n).unwrap();
        }
        store.set("other", 1).unwrap();
        assert_eq!(key.take(), [entry("sign", 0, 1), entry("sign", 1, -1)]);
        assert_eq!(count.take(), 5);
        let (_chosen, count) = register(&store, "chosen", |view| {
            int(view, if view.get("left").unwrap_or(true) { "a" } else { "b" })
        });
        let key = heard(&store, "chosen", sync());
        store.set("b", 3).unwrap();
        store.set("left", false).unwrap();
        count.take();
        store.set("a", 9).unwrap();
        assert_eq!(count.take(), 0);
        store.set("b", 4).unwrap();
        assert_eq!(key.take(), [entry("chosen", 0, 3), entry("chosen", 3, 4)]);
    }

    /// 16: while nobody listens nothing is evaluated, and again when nobody listens any more.
    fn a_computed_key_is_evaluated_only_while_somebody_listens(engine) {
        let store = store(engine);
        let keys = store.computed(View::keys);
        let _keys = keys.subscribe_with(sync(), |_: &Vec<String>| ()).unwrap();
        store.set("n", 1).unwrap();
        let (_double, count) = register(&store, "double", |view| int(view, "n") * 2);
        store.set("n", 0).unwrap();
        assert_eq!(count.take(), 0, "which keys there are is no matter of values");
        let _other = heard(&store, "other", sync());
        let _others = store.subscribe_pattern(Pattern::glob("x*").unwrap(), sync(), |_: &_| ());
        let listeners = store.listener_count();
        let subscription = store.subscribe_with("double", sync(), |_: Option<&i32>, _: &Change| ()).unwrap();
        assert_eq!(store.listener_count(), listeners + 1, "the store's own is none");
        store.set("n", 2).unwrap();
        assert_eq!(count.take(), 2, "once to begin with, once for the write");
        drop(subscription);
        for n in 3..9 {
            store.set("n", n).unwrap();
            store.flush();
        }
        assert_eq!(count.take(), 0);
        let key = heard(&store, "double", sync());
        store.set("n", 9).unwrap();
        assert_eq!((key.take(), count.take()), (vec![entry("double", 16, 18)], 2));
    }

    /// 16: a chain is told in full, each key once, with values of one state.
    fn a_chain_of_computed_keys_is_told_once_a_key(engine) {
        let store = store(engine);
        let (_left, _) = register(&store, "left", |view| int(view, "n") + 1);
        let (_right, _) = register(&store, "right", |view| int(view, "n") * 10);
        let (_both, count) = register(&store, "both", |view| int(view, "left") + int(view, "right"));
        let both = heard(&store, "both", sync());
        let all = told(&store, Delivery::Sync);
        count.take();
        store.set("n", 1).unwrap();
        assert_eq!((both.take(), count.take()), (vec![entry("both", 1, 12)], 1));
        let mut all = all.take().concat();
        all.sort();
        let expected = [entry("both", 1, 12), entry("left", 1, 2), entry("n", None, 1), entry("right", 0, 10)];
        assert_eq!(all, expected);
    }

    /// 10 and 16: whoever is told of a source reads what follows from it, however early it is called.
    fn a_listener_of_a_source_reads_the_computed_key_as_it_is_now(engine) {
        for delivery in [Delivery::Sync, Delivery::Batched] {
            let store = store(engine);
            let log = Log::default();
            let early = log.clone();
            on(&store, "n", delivery, move |store, n| {
                early.push((n, store.get::<i32>("double"), store.snapshot().get::<i32>("double")));
            });
            let (_double, _) = register(&store, "double", |view| int(view, "n") * 2);
            let _key = heard(&store, "double", SubscribeOptions::new().delivery(delivery));
            for n in 1..3 {
                store.set("n", n).unwrap();
                store.flush();
                assert_eq!(log.take(), [(Some(n), Some(2 * n), Some(2 * n))], "{delivery:?}");
            }
        }
    }

    /// 10 and 16: a listener of it may write what it follows from; all end on the last value.
    fn a_listener_of_a_computed_key_may_write_its_source(engine) {
        for delivery in [Delivery::Sync, Delivery::Batched] {
            let (store, _double, _) = doubling(engine);
            on(&store, "double", delivery, |store, double| {
                if double.is_some_and(|double| double < 160) {
                    store.update("n", |n: &mut i32| *n += 1).unwrap();
                }
            });
            let key = heard(&store, "double", SubscribeOptions::new().delivery(delivery));
            store.set("n", 2).unwrap();
            store.flush();
            assert_eq!((store.get("n"), store.get("double")), (Some(80), Some(160)));
            let key = key.take();
            assert_eq!(key.last().map(|told| told.2), Some(Some(160)), "{delivery:?}");
            assert!(key.windows(2).all(|pair| pair[0].2 == pair[1].1), "without gaps: {key:?}");
        }
    }

    /// 10 and 16: a listener of it that never stops writing its source is a cycle with one report.
    fn a_storm_through_a_computed_key_ends_with_one_report(engine) {
        let (store, _double, _) = doubling(engine);
        let errors = reports(&store);
        on(&store, "double", Delivery::Sync, |store, _| {
            store.update("n", |n: &mut i32| *n += 1).unwrap();
        });
        store.set("n", 2).unwrap();
        store.flush();
        let errors = errors.take();
        assert!(matches!(&errors[..], [StateError::Cycle { .. }]), "{errors:?}");
        assert_eq!(store.get("double"), store.get("n").map(|n: i32| n * 2));
    }

    /// 5 and 16: what a failed batch wrote is never told.
    fn a_failed_batch_is_not_told_of_a_computed_key(engine) {
        let (store, _double, _) = doubling(engine);
        let key = heard(&store, "double", sync());
        let _: Result<(), _> = store.batch(|tx| {
            tx.set("n", 5)?;
            assert_eq!(tx.get("double"), Some(10));
            let late = heard(&store, "double", sync().immediate(true));
            assert_eq!(late.take(), [entry("double", None, 2)], "what is stored");
            Err(StateError::abort("no"))
        });
        store.flush();
        assert!(key.take().is_empty());
        store.set("n", 5).unwrap();
        assert_eq!(key.take(), [entry("double", 2, 10)]);
    }

    /// 11 and 16: an evaluation that fails is told as no value, and what comes after it as well.
    fn a_computed_key_that_fails_is_told_as_missing(engine) {
        let store = store(engine);
        let errors = reports(&store);
        store.set("n", 5).unwrap();
        let (half, _) = register(&store, "half", |view| 10 / int(view, "n"));
        let key = heard(&store, "half", sync());
        store.set("n", 0).unwrap();
        store.set("n", 2).unwrap();
        assert_eq!(key.take(), [entry("half", 2, None), entry("half", None, 5)]);
        assert_eq!(errors.take().len(), 1);
        store.set("n", 0).unwrap();
        key.take();
        drop(half);
        let (_half, _) = register(&store, "half", |view| 10 / int(view, "n"));
        store.set("n", 1).unwrap();
        assert_eq!(key.take(), [entry("half", None, 10)]);
    }

    /// 16: the listener of a computed value without a key hears of computed keys that it reads, also
    /// when they come and go.
    fn a_computed_value_without_a_key_follows_computed_keys(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let log = Log::default();
        let (values, names) = (log.clone(), Log::default());
        let of_names = names.clone();
        let next = store.computed(|view| int(view, "double") + 1);
        let keys = store.computed(View::keys);
        let _next = next.subscribe_with(sync(), move |n: &i32| values.push(*n)).unwrap();
        let _keys = keys.subscribe_with(sync(), move |keys: &Vec<String>| of_names.push(keys.len())).unwrap();
        let (double, _) = register(&store, "double", |view| int(view, "n") * 2);
        store.set("n", 2).unwrap();
        drop(double);
        let (_fails, _) = register(&store, "fails", |view| 1 / (int(view, "n") - 2));
        store.flush();
        assert_eq!(log.take(), [3, 5, 1]);
        assert_eq!(names.take(), [2, 1, 2]);
    }

    /// 8 and 16: an effect runs again when the value differs, once a turn, and when the key comes or
    /// goes.
    fn an_effect_follows_a_computed_key(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let log = Log::default();
        let (sink, here) = (log.clone(), store.clone());
        effects.start(move || sink.push(here.get::<i32>("sign")));
        let (names, here) = (Log::default(), store.clone());
        let sink = names.clone();
        effects.start(move || sink.push(here.keys()));
        assert_eq!(names.take(), [[""; 0]]);
        let settled = || {
            effects.settle();
            log.take()
        };
        assert_eq!(settled(), [None]);
        let (sign, count) = register(&store, "sign", |view| int(view, "n").signum());
        assert_eq!((settled(), names.take()), (vec![Some(0)], vec![vec!["sign".to_owned()]]));
        store.set("n", 5).unwrap();
        store.set("n", 6).unwrap();
        assert_eq!((settled(), count.take()), (vec![Some(1)], 2));
        store.set("n", 7).unwrap();
        store.set("other", 7).unwrap();
        assert_eq!((settled(), count.take()), (vec![], 1), "an equal value is cut off");
        names.take();
        drop(sign);
        assert_eq!((settled(), names.take()), (vec![None], vec![vec!["n".to_owned(), "other".into()]]));
        store.set("n", -1).unwrap();
        assert_eq!((settled(), count.take()), (vec![], 0));
        let (_sign, _) = register(&store, "sign", |view| -int(view, "n"));
        assert_eq!(settled(), [Some(1)]);
        store.set("n", -5).unwrap();
        assert_eq!(settled(), [Some(5)]);
    }

    /// 8 and 16: an effect below a diamond of names runs once, with values of one state; so does one
    /// that reads a snapshot.
    fn an_effect_below_a_diamond_of_computed_keys_runs_once(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let (_left, _) = register(&store, "left", |view| int(view, "n") + 1);
        let (_right, _) = register(&store, "right", |view| int(view, "n") * 10);
        let (_both, _) = register(&store, "both", |view| (int(view, "left"), int(view, "right")));
        let (log, whole) = (Log::default(), Log::default());
        let (sink, of_all, here, there) = (log.clone(), whole.clone(), store.clone(), store.clone());
        effects.start(move || sink.push((here.get::<(i32, i32)>("both"), int(&here, "left"), int(&here, "right"))));
        effects.start(move || {
            let all = there.snapshot();
            of_all.push((all.get::<i32>("n"), all.get::<(i32, i32)>("both")));
        });
        log.take();
        whole.take();
        store.set("n", 1).unwrap();
        effects.settle();
        assert_eq!(log.take(), [(Some((2, 10)), 2, 10)]);
        assert_eq!(whole.take(), [(Some(1), Some((2, 10)))]);
    }

    /// 5, 8 and 16: an effect that saw what a failed batch wrote looks again.
    fn no_effect_is_left_with_what_followed_from_a_failed_batch(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set("n", 1).unwrap();
        let (_double, _) = register(&store, "double", |view| int(view, "n") * 2);
        let plain = store.computed(|view| int(view, "n") * 2);
        let (log, here) = (Log::default(), store.clone());
        let _: Result<(), _> = store.batch(|tx| {
            tx.set("n", 5)?;
            let sink = log.clone();
            effects.start(move || sink.push((here.get::<i32>("double"), plain.get())));
            assert_eq!(log.take(), [(Some(10), Some(10))]);
            Err(StateError::abort("no"))
        });
        effects.settle();
        assert_eq!(log.take(), [(Some(2), Some(2))]);
        store.set("n", 3).unwrap();
        effects.settle();
        assert_eq!(log.take(), [(Some(6), Some(6))]);
    }

    /// Middleware that watches deliveries sees what is told, and nothing that is not.
    fn what_is_delivered_of_a_computed_key_has_a_value(engine) {
        let store = store(engine);
        let log = Log::default();
        store.add_middleware(Note(log.clone()));
        let _all = told(&store, Delivery::Sync);
        let (double, _) = register(&store, "double", |view| int(view, "n") * 2);
        store.set("n", 1).unwrap();
        drop(double);
        assert_eq!(log.take(), [
            entry("double", None, 0),
            entry("n", None, 1),
            entry("double", 0, 2),
            entry("double", 2, None),
        ]);
    }

    /// Once nobody listens any more, nothing is delivered.
    fn nothing_is_delivered_for_a_computed_key_that_nobody_listens_to(engine) {
        let (store, _double, _) = doubling(engine);
        let log = Log::default();
        store.add_middleware(Note(log.clone()));
        for _ in 0..2 {
            let (triple, _) = register(&store, "triple", |view| int(view, "n") * 3);
            let subscribe = |key: &str| {
                store.subscribe_with(key, sync(), |_: Option<&i32>, _: &Change| ()).unwrap()
            };
            let subscriptions = (subscribe("double"), subscribe("triple"));
            store.update("n", |n: &mut i32| *n += 1).unwrap();
            drop((triple, subscriptions));
            store.update("n", |n: &mut i32| *n += 1).unwrap();
            assert!(!log.take().is_empty());
            store.update("n", |n: &mut i32| *n += 1).unwrap();
            assert!(log.take().is_empty());
        }
    }
}
