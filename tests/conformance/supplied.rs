//! Point 13: the middleware that comes with the store.

use super::{
    middleware::vetoed_key,
    support::{Log, store, sync},
};
use std::time::Duration;
use universal_state::{ChangeSet, MfeInfo, Monitor, Pattern, StateError, Validate, Warning};

conformance! {
    /// 13: `Log` writes a line for each change.
    fn log_writes_a_line_for_each_change(engine) {
        let log = Log::default();
        let sink = log.clone();
        let store = store(engine);
        store.add_middleware(universal_state::Log::new(move |line| sink.push(line.to_owned())));
        store.set_with_source("n", 1, "me").unwrap();
        store.batch(|tx| {
            tx.set("n", 2)?;
            tx.set("m", 3)
        }).unwrap();
        store.delete("n").unwrap();
        #[cfg(feature = "json")]
        let lines = [
            "n: ∅ → 1 (me, local, v1)",
            "n: 1 → 2 (unknown, local, v2)",
            "m: ∅ → 3 (unknown, local, v2)",
            "n: 2 → ∅ (unknown, local, v3)",
        ];
        #[cfg(not(feature = "json"))]
        let lines = [
            "n: ∅ → <i32> (me, local, v1)",
            "n: <i32> → <i32> (unknown, local, v2)",
            "m: ∅ → <i32> (unknown, local, v2)",
            "n: <i32> → ∅ (unknown, local, v3)",
        ];
        assert_eq!(log.take(), lines);
    }

    /// 13: `Validate` refuses what breaks a rule, by key or by pattern; removals pass.
    fn validate_refuses_what_breaks_a_rule(engine) {
        let small = |n: &i32| (*n < 10).then_some(()).ok_or(format!("{n} is too large"));
        let store = store(engine);
        store.add_middleware(
            Validate::new()
                .rule("n", small)
                .rule_for_pattern(Pattern::glob("@shop/*").unwrap(), small),
        );
        let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1")).unwrap();
        assert_eq!(store.set("n", 9), Ok(()));
        assert_eq!(store.set("n", 10), Err(vetoed_key("validate", "n", "10 is too large")));
        assert_eq!(shop.set("n", 9), Ok(()));
        let refused = vetoed_key("validate", "@shop/n", "11 is too large");
        assert_eq!(shop.set("n", 11), Err(refused));
        assert_eq!(store.set("other", 12), Ok(()));
        assert_eq!(store.delete("n"), Ok(true));
        assert_eq!((store.get::<i32>("n"), shop.get("n")), (None, Some(9)));
    }

    /// 13: a value that does not read as the rule's type is refused.
    fn validate_refuses_what_does_not_decode(engine) {
        let store = store(engine);
        store.add_middleware(Validate::new().rule("n", |_: &i32| Ok::<_, String>(())));
        let error = store.set("n", "seven".to_owned()).unwrap_err();
        assert!(matches!(&error, StateError::Vetoed { middleware, key: Some(key), reason }
            if middleware == "validate" && key == "n" && reason.contains("does not read as i32")), "{error}");
        assert!(store.is_empty());
    }

    /// 13: `Monitor` warns of slow updates and slow listeners.
    fn monitor_warns_of_what_is_slow(engine) {
        let log = Log::default();
        let sink = log.clone();
        let store = store(engine);
        let monitor = Monitor::new(move |warning| sink.push(match warning {
            Warning::SlowUpdate { keys, .. } => ("update", keys.clone()),
            Warning::SlowDelivery { keys, .. } => ("delivery", keys.clone()),
            _ => ("other", Vec::new()),
        }));
        store.add_middleware(monitor.slow(Duration::ZERO));
        let silent = Monitor::new(|warning| panic!("{warning}"));
        store.add_middleware(silent.slow(Duration::MAX));
        let _all = store.subscribe_all(sync(), |_: &ChangeSet| ());
        store.set_many([("a", 1), ("b", 2)]).unwrap();
        let keys = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(log.take(), [("update", keys()), ("delivery", keys())]);
        assert_eq!(store.error_count(), 0);
    }
}

#[cfg(feature = "json")]
conformance! {
    /// 13: `Monitor` warns of large values.
    fn monitor_warns_of_large_values(engine) {
        let log = Log::default();
        let sink = log.clone();
        let store = store(engine);
        store.add_middleware(Monitor::new(move |warning| sink.push(warning.to_string())).large(10));
        store.set("text", "12345678".to_owned()).unwrap();
        store.set("short", "1234567".to_owned()).unwrap();
        store.delete("text").unwrap();
        assert_eq!(log.take(), ["large value of text: 10 bytes"]);
    }
}
