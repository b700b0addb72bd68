//! Point 10: listeners that cause one another to be called.

use crate::support::{entry, on, reports, store, told};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use universal_state::{ChangeSet, Delivery, Pattern, StateError, SubscribeOptions};

const DELIVERIES: [Delivery; 2] = [Delivery::Sync, Delivery::Batched];

conformance! {
    /// Point 10: 100 rounds may settle, and no more.
    fn a_hundred_rounds_settle_and_more_are_a_cycle(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            on(&store, "a", delivery, |store, n| match n {
                Some(n) if n > 0 => store.set("a", n - 1).unwrap(),
                _ => {}
            });
            let told = told(&store, delivery);
            store.set("a", 100).unwrap();
            store.flush();
            assert_eq!((reports.take().len(), told.take().len()), (0, 101));
            assert_eq!(store.get("a"), Some(0));
            store.set("a", 101).unwrap();
            store.flush();
            assert!(matches!(&reports.take()[..], [StateError::Cycle { .. }]));
        }
    }

    /// Point 10: reported once, and the store goes on.
    fn a_storm_that_does_not_settle_ends_with_one_report(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            for (from, to) in [("a", "b"), ("b", "a")] {
                on(&store, from, delivery, move |store, n| {
                    store.set(to, n.unwrap_or_default() + 1).unwrap();
                });
            }
            for storm in 1..=2 {
                store.set("a", storm * 1_000).unwrap();
                store.flush();
                let reports = reports.take();
                let [StateError::Cycle { what }] = &reports[..] else {
                    panic!("{reports:?}");
                };
                assert!(what.contains("\"a\"") || what.contains("\"b\""), "{what}");
            }
            let told = told(&store, delivery);
            store.set("c", 1).unwrap();
            store.flush();
            assert_eq!(told.take(), [[entry("c", None, 1)]]);
            assert!(reports.take().is_empty());
        }
    }

    /// Point 10: 100 rounds of a storm that doubles would be 2¹⁰⁰ calls.
    fn a_storm_that_doubles_ends_soon(engine) {
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            let calls = Arc::new(AtomicUsize::new(0));
            for key in ["a", "b"] {
                let calls = Arc::clone(&calls);
                on(&store, key, delivery, move |store, _| {
                    let n = i32::try_from(calls.fetch_add(1, Relaxed)).unwrap();
                    store.set("a", 2 * n + 1).unwrap();
                    store.set("b", 2 * n + 2).unwrap();
                });
            }
            store.set("a", 0).unwrap();
            store.flush();
            assert!(matches!(&reports.take()[..], [StateError::Cycle { .. }]));
            assert!((100..100_000).contains(&calls.load(Relaxed)));
        }
    }

    /// Point 10: much work is no cycle.
    fn a_listener_that_mirrors_many_keys_one_by_one_is_no_cycle(engine) {
        const KEYS: usize = 20_000;
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            let here = store.clone();
            let options = SubscribeOptions::new().delivery(delivery);
            let mirror = move |changes: &ChangeSet| -> Result<(), StateError> {
                changes.iter().try_for_each(|change| {
                    here.set(format!("mirror:{}", change.key()).as_str(), change.new().unwrap_or(0))
                })
            };
            let _subscription =
                store.subscribe_pattern(Pattern::glob("row:*").unwrap(), options, mirror).unwrap();
            let told = told(&store, delivery);
            store.set_many((0..KEYS).map(|n| (format!("row:{n}"), 1))).unwrap();
            store.flush();
            assert_eq!(reports.take(), []);
            assert_eq!(store.len(), 2 * KEYS);
            assert_eq!(told.take().concat().len(), 2 * KEYS);
        }
    }

    /// Point 10: nor is it, where all follows from one change.
    fn a_listener_that_writes_many_keys_one_by_one_is_no_cycle(engine) {
        const KEYS: usize = 20_000;
        for delivery in DELIVERIES {
            let store = store(engine);
            let reports = reports(&store);
            on(&store, "size", delivery, |store, _| {
                (0..KEYS).for_each(|n| store.set(format!("row:{n}").as_str(), 1).unwrap());
            });
            let told = told(&store, delivery);
            store.set("size", 1).unwrap();
            store.flush();
            assert_eq!(reports.take(), []);
            assert_eq!(told.take().concat().len(), 1 + KEYS);
            assert_eq!(store.metadata().version, 1 + KEYS as u64);
        }
    }
}
