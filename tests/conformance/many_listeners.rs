//! Points 10 to 12 where one key has many listeners.

use crate::support::{Log, reports, store};
use std::sync::Arc;
use universal_state::{
    Change, ChangeSet, Delivery, Pattern, StateError, Store, SubscribeOptions, Subscription,
};

const DELIVERIES: [Delivery; 2] = [Delivery::Batched, Delivery::Sync];

/// Subscribes to `a` a listener that notes its number.
fn note(store: &Store, log: &Log<u32>, number: u32, delivery: Delivery) -> Subscription {
    let sink = log.clone();
    let listener = move |_: Option<&i32>, _: &Change| sink.push(number);
    let options = SubscribeOptions::new().delivery(delivery);
    store.subscribe_with("a", options, listener).unwrap()
}

conformance! {
    /// Whichever of them end, the first, the last or others, and whoever comes after.
    fn listeners_of_a_key_are_called_in_the_order_in_which_they_came(engine) {
        for delivery in DELIVERIES {
            let (store, log) = (store(engine), Log::default());
            let mut next = 0;
            let mut listening: Vec<(u32, Subscription)> = Vec::new();
            // How many come, and the places of those that end then.
            let turns: [(u32, &[usize]); 12] = [
                (1, &[]), (1, &[]), (6, &[]), (0, &[0, 6]), (1, &[3]), (2, &[0, 0, 1]),
                (0, &[3, 2, 1]), (0, &[0]), (1, &[]), (0, &[0, 0]), (2, &[]), (1, &[1, 1, 0]),
            ];
            for (turn, (coming, ending)) in (1..).zip(turns) {
                for _ in 0..coming {
                    listening.push((next, note(&store, &log, next, delivery)));
                    next += 1;
                }
                for at in ending {
                    drop(listening.remove(*at));
                }
                store.set("a", turn).unwrap();
                store.flush();
                let expected: Vec<_> = listening.iter().map(|(number, _)| *number).collect();
                assert_eq!(log.take(), expected, "turn {turn}");
                assert_eq!(store.listener_count(), listening.len());
            }
            assert!(listening.is_empty());
        }
    }

    /// Each of 5 listeners panics, or does not, in every combination.
    fn whoever_panics_the_others_of_the_key_are_called(engine) {
        for panicking in 0_u32..32 {
            let store = store(engine);
            let (reports, log) = (reports(&store), Log::default());
            let subscriptions: Vec<_> = (0..5).map(|number| {
                let sink = log.clone();
                store.subscribe("a", move |_: Option<&i32>, _: &Change| {
                    assert!(panicking >> number & 1 == 0, "number {number}");
                    sink.push(number);
                }).unwrap()
            }).collect();
            store.set("a", 1).unwrap();
            store.flush();
            let (failed, called): (Vec<u32>, Vec<u32>) =
                (0..5).partition(|number| panicking >> number & 1 == 1);
            assert_eq!(log.take(), called);
            let expected: Vec<_> = failed.iter().map(|number| StateError::Listener {
                subject: "key \"a\"".to_owned(),
                reason: format!("it panicked: number {number}"),
            }).collect();
            assert_eq!(reports.take(), expected);
            drop(subscriptions);
        }
    }

    /// Point 12: a listener that is kept for as long as the store lives is kept no longer.
    fn a_forgotten_listener_goes_with_the_store(engine) {
        let held = Arc::new(());
        let store = store(engine);
        let options = SubscribeOptions::new();
        let guest = Arc::clone(&held);
        let of_a_key = move |_: Option<&i32>, _: &Change| drop(Arc::clone(&guest));
        let guest = Arc::clone(&held);
        let of_a_set = move |_: &ChangeSet| drop(Arc::clone(&guest));
        store.subscribe("a", of_a_key.clone()).unwrap().forget();
        store.subscribe("a", of_a_key.clone()).unwrap().forget();
        store.subscribe("missing", of_a_key).unwrap().forget();
        store.subscribe_keys(["a", "b"], options, of_a_set.clone()).unwrap().forget();
        store.subscribe_pattern(Pattern::glob("*").unwrap(), options, of_a_set.clone()).unwrap().forget();
        store.subscribe_all(options, of_a_set).unwrap().forget();
        store.set("a", 1).unwrap();
        store.flush();
        assert_eq!(Arc::strong_count(&held), 7);
        drop(store);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
