//! Point 16: computed values are lazy, cached, glitch-free, and cut off where the result is equal.

use super::support::{Log, reports, store};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use universal_state::{Computed, EngineKind, MfeInfo, Restore, StateError, View};

/// A computed value that counts how often it is evaluated.
pub fn counted<T: PartialEq + Send + Sync + 'static>(
    store: &View,
    f: impl Fn(&View) -> T + Send + Sync + 'static,
) -> (Computed<T>, Counter) {
    let counter = Counter::default();
    let inside = counter.clone();
    let computed = store.computed(move |view| {
        inside.add();
        f(view)
    });
    (computed, counter)
}

#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// How often since the last call.
    pub fn take(&self) -> usize {
        self.0.swap(0, Relaxed)
    }
}

pub fn int(view: &View, key: &str) -> i32 {
    view.get(key).unwrap_or_default()
}

type Late<T> = Arc<OnceLock<Computed<T>>>;

/// Whether the error is that of a computed value which depends on itself.
fn is_cycle<T>(result: &Result<T, StateError>) -> bool {
    matches!(result, Err(StateError::Cycle { what }) if what.contains("computed"))
}

conformance! {
    /// 16: lazy: nothing is evaluated before somebody asks.
    fn a_computed_value_is_lazy(engine) {
        let store = store(engine);
        let (double, count) = counted(&store, |view| int(view, "n") * 2);
        store.set("n", 1).unwrap();
        store.set("n", 2).unwrap();
        store.flush();
        assert_eq!(count.take(), 0);
        assert_eq!((double.get(), count.take()), (Some(4), 1), "two writes, one evaluation");
    }

    /// 16: cached: it is evaluated again only if something that it read has changed.
    fn a_computed_value_is_cached(engine) {
        let store = store(engine);
        let (double, count) = counted(&store, |view| int(view, "n") * 2);
        assert_eq!((double.get(), double.get(), double.clone().get()), (Some(0), Some(0), Some(0)));
        assert_eq!(count.take(), 1);
        store.set("other", 1).unwrap();
        store.set("n", 0).unwrap();
        store.delete("n").unwrap();
        store.set("n", 3).unwrap();
        store.set("n", 3).unwrap();
        assert_eq!((double.get(), double.with(|n| n + 1)), (Some(6), Ok(7)));
        assert_eq!(count.take(), 1);
        store.set("other", 2).unwrap();
        assert_eq!((double.get(), count.take()), (Some(6), 0), "of another key it knows nothing");
    }

    /// 16: glitch-free: nobody sees one half of a diamond without the other.
    fn a_diamond_is_evaluated_once_and_never_half(engine) {
        let store = store(engine);
        let (left, lefts) = counted(&store, |view| int(view, "n") + 1);
        let (right, rights) = counted(&store, |view| int(view, "n") * 10);
        let (l, r) = (left.clone(), right.clone());
        let (both, boths) = counted(&store, move |_| (l.get(), r.get()));
        for n in 1..4 {
            store.set("n", n).unwrap();
            assert_eq!(both.get(), Some((Some(n + 1), Some(n * 10))));
            assert_eq!([lefts.take(), rights.take(), boths.take()], [1, 1, 1]);
        }
        assert_eq!((left.get(), right.get(), lefts.take() + rights.take()), (Some(4), Some(30), 0));
    }

    /// 16: cut off: what depends on an equal result is not evaluated.
    fn an_equal_result_is_cut_off(engine) {
        let store = store(engine);
        let (sign, signs) = counted(&store, |view| int(view, "n").signum());
        let (text, texts) = counted(&store, move |_| format!("{:?}", sign.get()));
        store.set("n", 5).unwrap();
        assert_eq!((text.get().as_deref(), signs.take(), texts.take()), (Some("Some(1)"), 1, 1));
        store.set("n", 6).unwrap();
        assert_eq!((text.get().as_deref(), signs.take(), texts.take()), (Some("Some(1)"), 1, 0));
        store.set("n", -1).unwrap();
        assert_eq!((text.get().as_deref(), signs.take(), texts.take()), (Some("Some(-1)"), 1, 1));
    }

    /// 16: a computed value may follow from others, however deep.
    fn computed_values_follow_from_computed_values(engine) {
        let store = store(engine);
        let mut last = store.computed(|view| int(view, "n"));
        for _ in 0..50 {
            let before = last.clone();
            last = store.computed(move |_| before.get().unwrap_or_default() + 1);
        }
        assert_eq!(last.get(), Some(50));
        store.set("n", 1).unwrap();
        assert_eq!(last.get(), Some(51));
    }

    /// 16: it depends on what it read last, and on nothing else.
    fn dependencies_are_those_of_the_last_evaluation(engine) {
        let store = store(engine);
        let (chosen, count) = counted(&store, |view| {
            let key = if view.get("left").unwrap_or(true) { "a" } else { "b" };
            int(view, key)
        });
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        assert_eq!((chosen.get(), count.take()), (Some(1), 1));
        store.set("b", 3).unwrap();
        assert_eq!((chosen.get(), count.take()), (Some(1), 0));
        store.set("left", false).unwrap();
        assert_eq!((chosen.get(), count.take()), (Some(3), 1));
        store.set("a", 4).unwrap();
        assert_eq!((chosen.get(), count.take()), (Some(3), 0));
        store.set("b", 5).unwrap();
        assert_eq!((chosen.get(), count.take()), (Some(5), 1));
    }

    /// 16: over which keys there are, over everything, and over the registry.
    fn keys_snapshot_and_registry_can_be_computed_from(engine) {
        let store = store(engine);
        let (keys, of_keys) = counted(&store, View::keys);
        let (len, of_len) = counted(&store, View::len);
        let (sum, of_all) = counted(&store, |view| {
            view.snapshot().iter().filter_map(|(_, value)| value.to::<i32>().ok()).sum::<i32>()
        });
        let (mfes, of_mfes) = counted(&store, |view| view.mfes().len());
        let read = || (keys.get().unwrap(), len.get(), sum.get(), mfes.get());
        let counts = || [of_keys.take(), of_len.take(), of_all.take(), of_mfes.take()];
        assert_eq!((read(), counts()), ((vec![], Some(0), Some(0), Some(0)), [1; 4]));
        store.set("a", 1).unwrap();
        assert_eq!(read(), (vec!["a".to_owned()], Some(1), Some(1), Some(0)));
        assert_eq!(counts(), [1, 1, 1, 0]);
        store.set("a", 2).unwrap();
        assert_eq!(read(), (vec!["a".to_owned()], Some(1), Some(2), Some(0)));
        assert_eq!(counts(), [0, 0, 1, 0], "a value is no matter of which keys there are");
        let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1")).unwrap();
        assert_eq!((read().3, of_keys.take(), of_mfes.take()), (Some(1), 0, 1));
        shop.set("own", 1).unwrap();
        let own = shop.computed(View::keys);
        assert_eq!((own.get(), len.get()), (Some(vec!["own".to_owned()]), Some(2)));
    }

    /// 5 and 16: inside of a batch it is computed from what the batch wrote, and nothing of that
    /// stays.
    fn what_a_batch_wrote_is_computed_from_but_never_cached(engine) {
        let store = store(engine);
        let (double, count) = counted(&store, |view| int(view, "n") * 2);
        let outer = double.clone();
        let chained = store.computed(move |_| outer.get().unwrap_or_default() + 1);
        store.set("n", 1).unwrap();
        assert_eq!((double.get(), chained.get(), count.take()), (Some(2), Some(3), 1));
        let failed = store.batch(|tx| {
            tx.set("n", 5)?;
            assert_eq!((double.get(), chained.get()), (Some(10), Some(11)));
            Err::<(), _>(StateError::abort("no"))
        });
        assert_eq!(failed, Err(StateError::abort("no")));
        count.take();
        assert_eq!((double.get(), chained.get(), count.take()), (Some(2), Some(3), 0));
        // Nor if it is asked for the first time while the batch is open.
        let fresh = store.computed(|view| int(view, "n") * 3);
        let _ = store.batch(|tx| {
            tx.set("n", 5)?;
            assert_eq!(fresh.get(), Some(15));
            Err::<(), _>(StateError::abort("no"))
        });
        assert_eq!(fresh.get(), Some(3));
        store.batch(|tx| {
            tx.set("n", 6)?;
            assert_eq!(double.get(), Some(12));
            Ok(())
        }).unwrap();
        assert_eq!((double.get(), chained.get(), fresh.get()), (Some(12), Some(13), Some(18)));
    }

    /// 16: `state_size` comes with the store: the bytes of keys and values, or without JSON the
    /// number of keys.
    fn the_size_of_the_state_comes_with_the_store(engine) {
        let store = store(engine);
        let size = store.state_size();
        assert_eq!(size.get(), Some(0));
        store.set("ab", 123).unwrap();
        store.set("c", "x".to_owned()).unwrap();
        let expected = if cfg!(feature = "json") { 2 + 3 + 1 + 3 } else { 2 };
        assert_eq!(size.get(), Some(expected));
        store.clear().unwrap();
        assert_eq!(size.get(), Some(0));
    }

    /// 16: a value that depends on itself is a typed error, not an overflow.
    fn a_computed_value_that_depends_on_itself_is_a_cycle(engine) {
        let store = store(engine);
        let late: Late<bool> = Arc::default();
        let this = Arc::clone(&late);
        let own = store.computed(move |_| is_cycle(&this.get().unwrap().try_get()));
        let _ = late.set(own.clone());
        assert_eq!(own.try_get(), Ok(true));
        assert_eq!(store.batch(|_| own.try_get()), Ok(true));
        assert_eq!(store.set("n", 1), Ok(()), "the store goes on");
    }

    /// 16: two values that depend on each other are one too.
    fn computed_values_that_depend_on_each_other_are_a_cycle(engine) {
        let store = store(engine);
        let errors = reports(&store);
        let there: Late<i32> = Arc::default();
        let back = Arc::clone(&there);
        let here = store.computed(move |view| back.get().unwrap().get().unwrap_or(int(view, "n")));
        let other = here.clone();
        let _ = there.set(store.computed(move |_| other.get().unwrap_or(-1) + 1));
        assert_eq!(here.get(), Some(0));
        let reported = errors.take();
        assert!(matches!(&reported[..], [StateError::Cycle { .. }]), "{reported:?}");
    }

    /// 16: it must not write.
    fn no_write_from_inside_a_computed_value(engine) {
        let store = store(engine);
        let errors = Log::default();
        let (sink, owner) = (errors.clone(), store.clone());
        let _shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1")).unwrap();
        let writes = store.computed(move |view| {
            let other = match owner.engine() {
                EngineKind::Map => EngineKind::Signal,
                _ => EngineKind::Map,
            };
            for result in [
                view.set("x", 1),
                view.update_or("x", 1, |n: &mut i32| *n += 1),
                view.delete("n").map(drop),
                view.clear(),
                view.batch(|_| Ok(())),
                view.restore(&view.snapshot(), Restore::Replace),
                owner.set_engine(other),
                owner.register_mfe(MfeInfo::new("x", "x", "1")).map(drop),
                owner.unregister_mfe("shop"),
            ] {
                sink.push(result.unwrap_err());
            }
        });
        store.set("n", 1).unwrap();
        assert_eq!(writes.get(), Some(()));
        store.batch(|_| writes.try_get()).unwrap();
        let errors = errors.take();
        assert_eq!(errors.len(), 2 * 9);
        for error in &errors[..9] {
            assert_eq!(*error, StateError::Reentrant { during: "a computed value" });
        }
        assert!(errors.iter().all(|error| matches!(error, StateError::Reentrant { .. })));
        assert_eq!((store.keys(), store.metadata().version), (vec!["n".to_owned()], 1));
        assert_eq!((store.engine(), store.mfes().len()), (engine, 1));
    }

    /// 16: an evaluation that panics leaves the value and the store usable.
    fn an_evaluation_that_panics_can_be_repeated(engine) {
        let store = store(engine);
        let half = store.computed(|view| 10 / int(view, "n"));
        assert!(catch_unwind(AssertUnwindSafe(|| half.get())).is_err());
        store.set("n", 5).unwrap();
        assert_eq!(half.get(), Some(2));
    }

    /// 16: it does not keep the store alive; then it has its last value, if it ever had one.
    fn a_computed_value_ends_with_its_store(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let seen = store.computed(|view| int(view, "n"));
        let unseen = store.computed(|view| int(view, "n"));
        assert_eq!(seen.get(), Some(1));
        store.dispose();
        assert_eq!(unseen.clone().get(), Some(1), "what was disposed of can be read");
        let never = store.computed(|view| int(view, "n"));
        drop(store);
        assert_eq!((seen.get(), unseen.get()), (Some(1), Some(1)));
        assert_eq!(never.try_get(), Err(StateError::Disposed));
        assert_eq!(seen.subscribe(|_: &i32| ()).map(drop), Err(StateError::Disposed));
    }
}
