//! Point 16: listeners and effects of computed values are told when the result has changed.

use super::{
    computed::{counted, int},
    effects::Effects,
    support::{Log, reports, store, sync},
};
use universal_state::{Computed, EngineKind, StateError, Store, SubscribeOptions, Subscription};

/// Notes what the listener of a computed value is told.
fn told<T: Clone + PartialEq + Send + Sync + 'static>(
    computed: &Computed<T>,
    options: SubscribeOptions,
) -> (Log<T>, Subscription) {
    let log = Log::default();
    let sink = log.clone();
    let subscription = computed.subscribe_with(options, move |value: &T| sink.push(value.clone()));
    (log, subscription.unwrap())
}

/// Notes what an effect reads each time it runs.
fn seen<T: Clone + Send + 'static>(effects: &Effects, read: impl Fn() -> T + 'static) -> Log<T> {
    let log = Log::default();
    let sink = log.clone();
    effects.start(move || sink.push(read()));
    log
}

/// A store with `a` and `b`, and the key that says which of them `chosen` shows.
fn choice(engine: EngineKind) -> (Store, Computed<i32>) {
    let store = store(engine);
    store.set_many([("a", 1), ("b", 2)]).unwrap();
    let chosen = store.computed(|view| {
        let left = view.get("left").unwrap_or(true);
        int(view, if left { "a" } else { "b" })
    });
    (store, chosen)
}

conformance! {
    /// 9 and 16: once a transaction, if the listener asks for it.
    fn a_listener_of_a_computed_value_can_be_called_each_transaction(engine) {
        let store = store(engine);
        let double = store.computed(|view| int(view, "n") * 2);
        let (log, subscription) = told(&double, sync());
        store.set("n", 1).unwrap();
        store.set("n", 2).unwrap();
        store.set("other", 2).unwrap();
        assert_eq!(log.take(), [2, 4]);
        subscription.unsubscribe();
        store.set("n", 3).unwrap();
        assert!(log.take().is_empty());
    }

    /// 9 and 16: otherwise once a turn, where the engine knows turns.
    fn a_listener_of_a_computed_value_is_called_once_a_turn(engine) {
        let store = store(engine);
        let double = store.computed(|view| int(view, "n") * 2);
        let (log, _subscription) = told(&double, SubscribeOptions::new());
        store.set("n", 1).unwrap();
        store.set("n", 2).unwrap();
        store.flush();
        let expected: &[i32] = if engine == EngineKind::Map { &[2, 4] } else { &[4] };
        assert_eq!(log.take(), expected);
        store.set("n", 9).unwrap();
        store.set("n", 2).unwrap();
        store.flush();
        let expected: &[i32] = if engine == EngineKind::Map { &[18, 4] } else { &[] };
        assert_eq!(log.take(), expected, "what ends where it began is no news");
    }

    /// 12 and 16: at once as well, if the listener asks for it.
    fn a_listener_of_a_computed_value_can_be_told_at_once(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let double = store.computed(|view| int(view, "n") * 2);
        let (log, _subscription) = told(&double, sync().immediate(true));
        assert_eq!(log.take(), [2]);
        store.set("n", 2).unwrap();
        assert_eq!(log.take(), [4]);
    }

    /// 16: cut off: an equal result is no news to listeners.
    fn listeners_are_not_told_of_an_equal_result(engine) {
        let store = store(engine);
        let sign = store.computed(|view| int(view, "n").signum());
        let inner = sign.clone();
        let text = store.computed(move |_| format!("{:?}", inner.get()));
        let (signs, _one) = told(&sign, sync());
        let (texts, _two) = told(&text, sync());
        for n in [5, 6, 7, -1] {
            store.set("n", n).unwrap();
        }
        assert_eq!(signs.take(), [1, -1]);
        assert_eq!(texts.take(), ["Some(1)", "Some(-1)"]);
    }

    /// 16: glitch-free: a listener below a diamond is called once, with both halves.
    fn a_listener_below_a_diamond_is_called_once(engine) {
        let store = store(engine);
        let left = store.computed(|view| int(view, "n") + 1);
        let right = store.computed(|view| int(view, "n") * 10);
        let (both, count) = counted(&store, move |_| (left.get(), right.get()));
        let (log, _subscription) = told(&both, sync());
        count.take();
        store.set("n", 1).unwrap();
        assert_eq!((log.take(), count.take()), (vec![(Some(2), Some(10))], 1));
    }

    /// 16: a listener follows what the value depends on.
    fn a_listener_follows_changing_dependencies(engine) {
        let (store, chosen) = choice(engine);
        let (log, _subscription) = told(&chosen, sync());
        store.set("b", 3).unwrap();
        assert!(log.take().is_empty());
        store.set("left", false).unwrap();
        store.set("a", 9).unwrap();
        store.set("b", 4).unwrap();
        assert_eq!(log.take(), [3, 4]);
        store.set("left", true).unwrap();
        store.set("b", 5).unwrap();
        assert_eq!(log.take(), [9]);
    }

    /// 16: also which keys there are, everything, and keys that are not there yet.
    fn a_listener_is_told_of_keys_that_come_and_go(engine) {
        let store = store(engine);
        let (keys, _keys) = told(&store.computed(|view| view.keys()), sync());
        let (sum, _sum) = told(&store.computed(|view| view.snapshot().len()), sync());
        let (late, _late) = told(&store.computed(|view| view.get::<i32>("late")), sync());
        store.set("late", 1).unwrap();
        store.set("late", 2).unwrap();
        store.delete("late").unwrap();
        assert_eq!(keys.take(), [vec!["late".to_owned()], vec![]]);
        assert_eq!(sum.take(), [1, 0]);
        assert_eq!(late.take(), [Some(1), Some(2), None]);
    }

    /// 5 and 16: what a failed batch wrote is never told.
    fn a_failed_batch_is_not_told(engine) {
        let store = store(engine);
        let double = store.computed(|view| int(view, "n") * 2);
        let (log, _subscription) = told(&double, sync());
        let _ = store.batch(|tx| {
            tx.set("n", 5)?;
            assert_eq!(double.get(), Some(10));
            Err::<(), _>(StateError::abort("no"))
        });
        store.flush();
        assert!(log.take().is_empty());
        store.batch(|tx| {
            tx.set("n", 5)?;
            tx.set("n", 6)
        }).unwrap();
        assert_eq!(log.take(), [12]);
    }

    /// 11 and 16: what goes wrong in a listener is reported and hurts nobody.
    fn the_failure_of_a_listener_is_reported(engine) {
        let store = store(engine);
        let errors = reports(&store);
        let double = store.computed(|view| int(view, "n") * 2);
        let _fails = double.subscribe_with(sync(), |_: &i32| Err("no".to_owned()));
        let (log, _subscription) = told(&double, sync());
        store.set("n", 1).unwrap();
        let subject = "a computed value".to_owned();
        assert_eq!(errors.take(), [StateError::Listener { subject, reason: "no".into() }]);
        assert_eq!(log.take(), [2]);
    }

    /// 8 and 16: an effect runs again when the result has changed, once a turn.
    fn an_effect_runs_when_the_result_has_changed(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let sign = store.computed(|view| int(view, "n").signum());
        let inner = sign.clone();
        let runs = seen(&effects, move || inner.get());
        assert_eq!(runs.take(), [Some(0)]);
        store.set("n", 5).unwrap();
        store.set("n", 6).unwrap();
        effects.settle();
        assert_eq!(runs.take(), [Some(1)]);
        store.set("n", 7).unwrap();
        store.set("other", 7).unwrap();
        effects.settle();
        assert!(runs.take().is_empty(), "an equal result is cut off");
        store.set("n", -1).unwrap();
        store.set("n", 1).unwrap();
        effects.settle();
        assert!(runs.take().len() <= 1, "no more than once a turn");
    }

    /// 8 and 16: an effect follows what the value depends on.
    fn an_effect_follows_changing_dependencies(engine) {
        let effects = Effects::new();
        let (store, chosen) = choice(engine);
        let runs = seen(&effects, move || chosen.get());
        for (key, n) in [("b", 3), ("a", 4)] {
            store.set(key, n).unwrap();
            effects.settle();
        }
        store.set("left", false).unwrap();
        effects.settle();
        for (key, n) in [("a", 5), ("b", 6)] {
            store.set(key, n).unwrap();
            effects.settle();
        }
        assert_eq!(runs.take(), [Some(1), Some(4), Some(3), Some(6)]);
    }

    /// 8 and 16: an effect below a diamond runs once, with both halves.
    fn an_effect_below_a_diamond_runs_once(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let left = store.computed(|view| int(view, "n") + 1);
        let right = store.computed(|view| int(view, "n") * 10);
        let (l, r) = (left.clone(), right.clone());
        let both = store.computed(move |_| (l.get(), r.get()));
        let runs = seen(&effects, move || (both.get(), left.get(), right.get()));
        store.set("n", 1).unwrap();
        effects.settle();
        let at = |a, b| (Some((Some(a), Some(b))), Some(a), Some(b));
        assert_eq!(runs.take(), [at(1, 0), at(2, 10)]);
    }

    /// 5, 8 and 16: an effect that ran inside of a batch that failed ends on what is stored.
    fn no_effect_is_left_with_what_a_failed_batch_wrote(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set("n", 1).unwrap();
        let double = store.computed(|view| int(view, "n") * 2);
        let inner = double.clone();
        let runs = seen(&effects, move || inner.get());
        let _ = store.batch(|tx| {
            tx.set("n", 5)?;
            effects.settle();
            assert_eq!(double.get(), Some(10));
            Err::<(), _>(StateError::abort("no"))
        });
        effects.settle();
        assert_eq!((runs.take().last(), double.get()), (Some(&Some(2)), Some(2)));
        store.set("n", 2).unwrap();
        effects.settle();
        assert_eq!(runs.take(), [Some(4)]);
    }

    /// 5 and 8: nor one that ran while the batch had written what it then took back.
    fn no_effect_is_left_with_what_a_batch_took_back(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        store.set("n", 1).unwrap();
        let batch = store.batch(|tx| {
            tx.set("n", 5)?;
            let inner = store.clone();
            let runs = seen(&effects, move || inner.get::<i32>("n"));
            effects.settle();
            assert_eq!(runs.take(), [Some(5)]);
            tx.set("n", 1)?;
            Ok(runs)
        });
        let runs = batch.unwrap();
        effects.settle();
        assert_eq!(runs.take(), [Some(1)]);
        store.set("n", 2).unwrap();
        effects.settle();
        assert_eq!(runs.take(), [Some(2)]);
    }
}
