//! Points 11 and 12: what a subscription begins and ends with, and what a listener may fail with.

use crate::support::{Log, entries, entry, listen_to_a, reports, store, sync, told};
use std::sync::Arc;
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, Outcome, Pattern, StateError, Store, SubscribeOptions,
};

fn at_once() -> SubscribeOptions {
    SubscribeOptions::new().immediate(true)
}

conformance! {
    /// Point 12.
    fn immediate_calls_at_once_with_the_present_value(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        store.flush();
        let (log, _subscriptions) = listen_to_a(&store, at_once());
        assert_eq!(log.take(), [entry("a", None, 1), entry("a", None, 1), entry("a", None, 1)]);

        let all = Log::default();
        let sink = all.clone();
        let listener = move |changes: &ChangeSet| sink.push(entries(changes));
        let _all = store.subscribe_all(at_once(), listener).unwrap();
        assert_eq!(all.take(), [[entry("a", None, 1), entry("b", None, 2)]]);

        let sums = Log::default();
        let sink = sums.clone();
        let sum = |a: Option<i32>, b: Option<i32>| a.unwrap_or(0) + b.unwrap_or(0);
        let sum = store.computed(move |state| sum(state.get("a"), state.get("b")));
        let _sum = sum.subscribe_with(at_once(), move |sum: &i32| sink.push(*sum)).unwrap();
        assert_eq!(sums.take(), [3]);

        store.flush();
        assert!(log.take().is_empty() && all.take().is_empty() && sums.take().is_empty());
        store.set("a", 5).unwrap();
        store.flush();
        assert_eq!((log.take().len(), all.take().len(), sums.take()), (3, 1, vec![7]));
    }

    /// Point 12: of what is missing, only the listener of the very key hears.
    fn immediate_tells_the_listener_of_a_missing_key_that_there_is_no_value(engine) {
        let store = store(engine);
        let (log, _subscriptions) = listen_to_a(&store, at_once());
        assert_eq!(log.take(), [entry("a", None, None)]);
    }

    /// Point 12.
    fn a_dropped_subscription_is_not_called_and_a_forgotten_one_is(engine) {
        let store = store(engine);
        let (log, [key, keys, pattern]) = listen_to_a(&store, SubscribeOptions::new());
        assert_eq!(store.listener_count(), 3);
        store.set("a", 1).unwrap();
        let heard = log.take().len();
        keys.unsubscribe();
        key.forget();
        drop(pattern);
        store.flush();
        assert_eq!(heard + log.take().len(), match engine {
            EngineKind::Map => 3,
            _ => 1,
        });
        store.set("a", 2).unwrap();
        store.flush();
        assert_eq!(log.take(), [entry("a", 1, 2)]);
        assert_eq!(store.listener_count(), 1);
    }

    /// Point 12: what a listener holds goes with its subscription.
    fn a_dropped_subscription_drops_its_listener(engine) {
        let store = store(engine);
        let held = Arc::new(());
        let guest = Arc::clone(&held);
        let listener = move |_: &ChangeSet| drop(Arc::clone(&guest));
        let subscription = store.subscribe_all(sync(), listener).unwrap();
        store.set("a", 1).unwrap();
        drop(subscription);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    /// Point 11.
    fn the_failure_of_a_listener_is_reported_and_no_other_misses_its_call(engine) {
        let store = store(engine);
        let reports = reports(&store);
        let log = Log::default();
        fails(&store, || Err::<(), _>("no space"));
        fails(&store, || -> () { panic!("on purpose") });
        fails(&store, || -> () { std::panic::panic_any(7) });
        let sink = log.clone();
        let listener = move |value: Option<&i32>, _: &Change| sink.push(value.copied());
        let _subscription = store.subscribe("a", listener).unwrap();
        let told = told(&store, Delivery::Batched);
        for n in [1, 2] {
            store.set("a", n).unwrap();
            store.flush();
            assert_eq!((log.take(), told.take().len()), (vec![Some(n)], 1));
            // Each fails as the listener of a key, of keys, of a pattern and of all.
            let reasons: Vec<_> = reports.take().iter().map(reason).collect();
            for said in ["no space", "it panicked: on purpose", "it panicked"] {
                assert_eq!(reasons.iter().filter(|reason| *reason == said).count(), 4);
            }
        }
        assert_eq!(store.get("a"), Some(2));
    }

    /// Point 3 for listeners: what does not read comes as nothing, and is reported.
    fn a_listener_of_another_type_gets_nothing_and_a_report(engine) {
        let store = store(engine);
        let reports = reports(&store);
        let (log, _subscriptions) = listen_to_a(&store, sync());
        store.set("a", "text".to_owned()).unwrap();
        assert_eq!(log.take()[0], entry("a", None, None));
        assert!(matches!(&reports.take()[..], [StateError::Type { key, .. }] if key == "a"));
    }
}

/// Subscribes what fails to everything that changes with `a`.
fn fails<O: Outcome>(store: &Store, f: impl Fn() -> O + Copy + Send + Sync + 'static) {
    let options = SubscribeOptions::new();
    let pattern = Pattern::glob("a*").unwrap();
    let set = move |_: &ChangeSet| f();
    store
        .subscribe("a", move |_: Option<&i32>, _: &Change| f())
        .unwrap()
        .forget();
    store
        .subscribe_keys(["a", "b"], options, set)
        .unwrap()
        .forget();
    store
        .subscribe_pattern(pattern, options, set)
        .unwrap()
        .forget();
    store.subscribe_all(options, set).unwrap().forget();
}

fn reason(error: &StateError) -> String {
    match error {
        StateError::Listener { reason, .. } => reason.clone(),
        other => panic!("{other}"),
    }
}
