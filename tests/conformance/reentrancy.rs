//! Point 10: what a listener does to the store while it is being told.

use crate::support::{Log, entries, entry, listen_to_a, on, reports, store, sync, told};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use universal_state::{Change, ChangeSet, Delivery, SubscribeOptions};

const DELIVERIES: [Delivery; 2] = [Delivery::Sync, Delivery::Batched];

/// Where a listener finds a subscription that is made after it.
type Later<T> = Arc<Mutex<Option<T>>>;

conformance! {
    /// Point 10.
    fn what_a_listener_writes_is_stored_at_once(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            on(&store, "a", delivery, |store, _| {
                let version = store.metadata().version;
                store.set("b", 1).unwrap();
                assert_eq!(store.get("b"), Some(1));
                store.delete("b").unwrap();
                assert!(!store.has("b"));
                store.batch(|tx| tx.set("c", 2).and(tx.set("d", 3))).unwrap();
                assert_eq!(store.keys(), ["a", "c", "d"]);
                assert_eq!(store.metadata().version, version + 3);
            });
            store.set("a", 1).unwrap();
            store.flush();
            assert_eq!(reports.take(), []);
            assert_eq!(store.metadata().version, 4);
        }
    }

    /// Point 10: told after what is being told, in order, and each transaction as one.
    fn what_a_listener_writes_is_told_after_what_it_is_being_told(engine) {
        let store = store(engine);
        on(&store, "a", Delivery::Sync, |store, _| {
            store.set("b", 1).unwrap();
            store.set_many([("c", 1), ("d", 1)]).unwrap();
        });
        on(&store, "b", Delivery::Sync, |store, _| store.set("e", 1).unwrap());
        let told = told(&store, Delivery::Sync);
        store.set("a", 1).unwrap();
        let keys = |set: Vec<(String, _, _)>| set.into_iter().map(|(key, ..)| key).collect();
        let keys: Vec<Vec<String>> = told.take().into_iter().map(keys).collect();
        assert_eq!(keys, [vec!["a"], vec!["b"], vec!["c", "d"], vec!["e"]]);
    }

    /// Point 10: whoever comes first or last, and whatever it listens to.
    fn every_listener_sees_the_same_order_and_ends_on_the_final_value(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let options = SubscribeOptions::new().delivery(delivery);
            let (before, _before) = listen_to_a(&store, options);
            let told_before = told(&store, delivery);
            on(&store, "a", delivery, |store, n| match n {
                Some(n) if n < 4 => store.set("a", n + 1).unwrap(),
                Some(4) => drop(store.delete("a").unwrap()),
                _ => {}
            });
            let (after, _after) = listen_to_a(&store, options);
            let told_after = told(&store, delivery);
            store.set("a", 1).unwrap();
            store.flush();

            let steps = [
                entry("a", None, 1),
                entry("a", 1, 2),
                entry("a", 2, 3),
                entry("a", 3, 4),
                entry("a", 4, None),
            ];
            let thrice = steps.clone().map(|step| [step.clone(), step.clone(), step]).concat();
            assert_eq!((before.take(), after.take()), (thrice.clone(), thrice));
            let sets = steps.map(|step| vec![step]);
            assert_eq!((told_before.take(), told_after.take()), (sets.to_vec(), sets.to_vec()));
        }
    }

    /// Point 10, for a listener that reads: the value may be newer than what it is told.
    fn a_listener_that_is_told_late_reads_what_is_there(engine) {
        let store = store(engine);
        let log = Log::default();
        let sink = log.clone();
        on(&store, "a", Delivery::Sync, |store, n| {
            if n == Some(1) {
                store.set("a", 2).unwrap();
            }
        });
        on(&store, "a", Delivery::Sync, move |store, n| sink.push((n, store.get::<i32>("a"))));
        store.set("a", 1).unwrap();
        assert_eq!(log.take(), [(Some(1), Some(2)), (Some(2), Some(2))]);
    }

    /// Point 10: deliveries do not nest.
    fn a_listener_that_flushes_is_not_called_within_its_own_call(engine) {
        let store = store(engine);
        let (depth, deepest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&deepest);
        on(&store, "a", Delivery::Batched, move |store, n| {
            seen.fetch_max(depth.fetch_add(1, Relaxed) + 1, Relaxed);
            if n < Some(5) {
                store.set("a", n.unwrap_or_default() + 1).unwrap();
                store.flush();
            }
            depth.fetch_sub(1, Relaxed);
        });
        store.set("a", 0).unwrap();
        store.flush();
        assert_eq!((store.get("a"), deepest.load(Relaxed)), (Some(5), 1));
    }

    /// Point 10.
    fn a_listener_may_unsubscribe_itself(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let calls = Log::default();
            let sink = calls.clone();
            let own = Later::default();
            let itself = Arc::clone(&own);
            let options = SubscribeOptions::new().delivery(delivery);
            let subscription = store.subscribe_all(options, move |changes: &ChangeSet| {
                drop(itself.lock().unwrap().take());
                sink.push(entries(changes));
            });
            *own.lock().unwrap() = Some(subscription.unwrap());
            for n in [1, 2] {
                store.set("a", n).unwrap();
                store.flush();
            }
            assert_eq!(calls.take(), [[entry("a", None, 1)]]);
            assert_eq!(store.listener_count(), 0);
        }
    }

    /// Point 10: a listener that is removed before its turn is not called.
    fn a_listener_that_another_unsubscribes_before_its_turn_is_not_called(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let options = SubscribeOptions::new().delivery(delivery);
            let others = Later::default();
            let victims = Arc::clone(&others);
            on(&store, "a", delivery, move |_, _| drop(victims.lock().unwrap().take()));
            let all = Log::default();
            let sink = all.clone();
            let (log, subscriptions) = listen_to_a(&store, options);
            let everything = store.subscribe_all(options, move |_: &ChangeSet| sink.push(()));
            *others.lock().unwrap() = Some((subscriptions, everything.unwrap()));
            store.set("a", 1).unwrap();
            store.flush();
            assert!(log.take().is_empty() && all.take().is_empty());
            assert_eq!(store.listener_count(), 1);
        }
    }

    /// Point 10: one that comes while others are told hears of what comes after.
    fn a_listener_may_subscribe_others_who_hear_of_what_comes_after(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let log = Log::default();
            let sink = log.clone();
            on(&store, "a", delivery, move |store, n| {
                if n == Some(1) {
                    let sink = sink.clone();
                    on(store, "a", delivery, move |_, n| sink.push(n));
                    store.set("a", 2).unwrap();
                }
            });
            store.set("a", 1).unwrap();
            store.flush();
            assert_eq!(log.take(), [Some(2)]);
        }
    }

    /// Point 10, for a writer elsewhere: its write is told by whoever is telling.
    fn another_thread_may_write_while_listeners_are_told(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let told = told(&store, delivery);
            on(&store, "a", delivery, |store, _| {
                std::thread::scope(|scope| {
                    scope.spawn(|| store.set("b", 1).unwrap());
                });
            });
            store.set("a", 1).unwrap();
            store.flush();
            assert_eq!(told.take(), [[entry("a", None, 1)], [entry("b", None, 1)]]);
        }
    }

    /// Point 2 with point 10: the reporter is told under no lock.
    fn a_reporter_may_write_to_the_store(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        let here = store.clone();
        store.set_reporter(move |_| here.set("failures", 1).unwrap());
        let fails = |_: Option<&i32>, _: &Change| Err("on purpose");
        let _subscription = store.subscribe_with("a", sync(), fails).unwrap();
        store.set("a", 1).unwrap();
        assert_eq!(told.take(), [[entry("a", None, 1)], [entry("failures", None, 1)]]);
    }
}
