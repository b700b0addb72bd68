//! Point 17: pattern subscriptions, by glob and by regular expression. That a key is matched once,
//! when its slot is made, is counted in `src/store/slot.rs`, where matching can be seen.

use super::{
    effects::Effects,
    mfe::register,
    support::{Entry, Log, entries, entry, store, sync},
};
use universal_state::{Change, ChangeSet, Pattern, StateError, Store, Subscription};

fn glob(pattern: &str) -> Pattern {
    Pattern::glob(pattern).unwrap()
}

/// Notes what the listener of a pattern is told.
fn told(store: &Store, pattern: Pattern) -> (Log<Vec<Entry>>, Subscription) {
    let log = Log::default();
    let sink = log.clone();
    let listener = move |changes: &ChangeSet| sink.push(entries(changes));
    let subscription = store.subscribe_pattern(pattern, sync(), listener).unwrap();
    (log, subscription)
}

fn matched(pattern: &Pattern, names: &[&'static str]) -> Vec<&'static str> {
    let matched = names.iter().filter(|name| pattern.matches(name));
    matched.copied().collect()
}

/// Names of all sorts.
const NAMES: [&str; 9] = [
    "row:1",
    "row:12",
    "Row:1",
    "row",
    "a/row:1",
    "a/b/row:1",
    "@shop/row:1",
    "@shop/a/b",
    "@shop%2Fa/row:1",
];

conformance! {
    /// 17: present and future keys alike, and no others.
    fn a_pattern_covers_keys_before_and_after_it(engine) {
        let store = store(engine);
        store.set("row:1", 1).unwrap();
        let (log, _subscription) = told(&store, glob("row:*"));
        store.set("row:1", 2).unwrap();
        store.set("row:2", 3).unwrap();
        store.set("other", 4).unwrap();
        assert_eq!(log.take(), [vec![entry("row:1", 1, 2)], vec![entry("row:2", None, 3)]]);
    }

    /// 17: dynamic keys come and go, and their previous values are told.
    fn a_pattern_follows_keys_that_come_and_go(engine) {
        let store = store(engine);
        let (log, _subscription) = told(&store, glob("row:*"));
        for n in 0..3 {
            let key = format!("row:{n}");
            store.set(&*key, n).unwrap();
            store.delete(&key).unwrap();
            store.set(&*key, n + 1).unwrap();
            assert_eq!(log.take(), [
                vec![entry(&key, None, n)],
                vec![entry(&key, n, None)],
                vec![entry(&key, None, n + 1)],
            ]);
        }
        store.clear().unwrap();
        assert_eq!(log.take()[0].len(), 3);
    }

    /// 17: keys that come and go leave nothing behind, however long the pattern is subscribed.
    fn keys_that_are_gone_are_not_kept_for_a_pattern(engine) {
        let store = store(engine);
        let (log, _subscription) = told(&store, glob("row:*"));
        for n in 0..1000 {
            let key = format!("row:{n}");
            store.set(&*key, n).unwrap();
            store.delete(&key).unwrap();
        }
        assert_eq!((log.take().len(), store.slot_count()), (2000, 0));
        store.set("row:1", 1).unwrap();
        assert_eq!(log.take(), [[entry("row:1", None, 1)]]);
    }

    /// 17: one call for all that a transaction changed of what the pattern covers.
    fn a_pattern_is_told_once_a_transaction(engine) {
        let store = store(engine);
        let (log, _subscription) = told(&store, glob("row:*"));
        store.set_many([("row:2", 1), ("other", 1), ("row:1", 1)]).unwrap();
        assert_eq!(log.take(), [[entry("row:2", None, 1), entry("row:1", None, 1)]]);
    }

    /// 17: each pattern has its own call, and a key that two cover is told to both.
    fn patterns_that_overlap_are_each_told_once(engine) {
        let store = store(engine);
        let patterns = ["row:*", "row:?", "*"].map(|pattern| told(&store, glob(pattern)));
        let (same, _subscription) = told(&store, glob("row:*"));
        store.set("row:1", 1).unwrap();
        store.set("row:12", 1).unwrap();
        let calls = |log: &Log<_>| log.take().len();
        assert_eq!(patterns.each_ref().map(|(log, _)| calls(log)), [2, 1, 2]);
        assert_eq!(calls(&same), 2);
    }

    /// 12 and 17: it ends with its subscription.
    fn a_pattern_ends_with_its_subscription(engine) {
        let store = store(engine);
        let (log, subscription) = told(&store, glob("row:*"));
        let (other, _subscription) = told(&store, glob("row:*"));
        store.set("row:1", 1).unwrap();
        drop(subscription);
        store.set("row:1", 2).unwrap();
        store.set("row:2", 2).unwrap();
        assert_eq!((log.take().len(), other.take().len()), (1, 3));
        assert_eq!(store.listener_count(), 1);
    }

    /// 12 and 17: `immediate` tells at once what is there, by name.
    fn a_pattern_can_be_told_what_is_there(engine) {
        let store = store(engine);
        store.set_many([("row:2", 2), ("other", 3), ("row:1", 1), ("row:3", 4)]).unwrap();
        store.delete("row:3").unwrap();
        let log = Log::default();
        let sink = log.clone();
        let listener = move |changes: &ChangeSet| sink.push(entries(changes));
        let at_once = sync().immediate(true);
        let _rows = store.subscribe_pattern(glob("row:*"), at_once, listener.clone()).unwrap();
        assert_eq!(log.take(), [[entry("row:1", None, 1), entry("row:2", None, 2)]]);
        let _none = store.subscribe_pattern(glob("none:*"), at_once, listener).unwrap();
        assert!(log.take().is_empty(), "with nothing there, there is nothing to tell");
    }

    /// 17: whatever made the key's slot: a handle, a listener, an effect, or the pattern's being
    /// first.
    fn a_pattern_covers_a_key_whatever_made_its_slot(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let before = store.handle::<i32>("row:before").unwrap();
        let read = store.clone();
        effects.start(move || {
            let _ = (read.get::<i32>("row:a"), read.get::<i32>("row:b"));
        });
        let (log, _subscription) = told(&store, glob("row:*"));
        let after = store.handle::<i32>("row:after").unwrap();
        let _key = store.subscribe("row:key", |_: Option<&i32>, _: &Change| ());
        before.set(1).unwrap();
        after.set(1).unwrap();
        store.set_many([("row:a", 1), ("row:b", 1), ("row:key", 1)]).unwrap();
        assert_eq!(log.take().concat().len(), 5);
        after.delete().unwrap();
        after.set(2).unwrap();
        assert_eq!(log.take().concat(), [entry("row:after", 1, None), entry("row:after", None, 2)]);
    }

    /// 17: `@shop/*` covers the keys of a micro-frontend, under their full names.
    fn a_pattern_covers_the_keys_of_an_mfe(engine) {
        let store = store(engine);
        let (log, _subscription) = told(&store, glob("@shop/*"));
        let (everything, _everything) = told(&store, glob("**"));
        let scopes = ["shop", "shop/a", "@shop"].map(|id| register(&store, id));
        for scope in &scopes {
            scope.set("n", 1).unwrap();
            scope.shared().set("n", 1).unwrap();
        }
        assert_eq!(log.take(), [[entry("@shop/n", None, 1)]]);
        assert_eq!(everything.take().len(), 4);
        scopes[0].unregister().unwrap();
        assert_eq!(log.take(), [[entry("@shop/n", 1, None)]]);
    }
}

/// 17: `*` stays between slashes, `**` does not; case matters; the whole name has to match.
#[test]
fn a_glob_matches_whole_names() {
    for (pattern, names) in [
        ("row:*", &["row:1", "row:12"][..]),
        ("row:?", &["row:1"]),
        ("row:[0-9]", &["row:1"]),
        ("row:[!0-9]", &[]),
        ("*", &["row:1", "row:12", "Row:1", "row"]),
        ("**", &NAMES),
        ("*/row:1", &["a/row:1", "@shop/row:1", "@shop%2Fa/row:1"]),
        (
            "**/row:1",
            &[
                "row:1",
                "a/row:1",
                "a/b/row:1",
                "@shop/row:1",
                "@shop%2Fa/row:1",
            ],
        ),
        ("@shop/*", &["@shop/row:1"]),
        ("@shop/**", &["@shop/row:1", "@shop/a/b"]),
        ("ow:1", &[]),
    ] {
        assert_eq!(matched(&glob(pattern), &NAMES), names, "{pattern}");
        assert_eq!(glob(pattern).as_str(), pattern);
    }
}

/// 17: a pattern that does not parse is a typed error that names it and says why.
#[test]
fn a_glob_that_does_not_parse_is_a_typed_error() {
    for bad in ["row:[", "a/***"] {
        let error = Pattern::glob(bad).unwrap_err();
        assert!(
            matches!(&error, StateError::Pattern { pattern, reason } if pattern == bad && !reason.is_empty()),
            "{error}"
        );
    }
}

/// 17: a regular expression is searched for in names.
#[cfg(feature = "regex")]
#[test]
fn a_regular_expression_is_searched_for_in_names() {
    let regex = |pattern: &str| Pattern::regex(pattern).unwrap();
    assert_eq!(
        matched(&regex(r"^row:\d+$"), &NAMES),
        ["row:1", "row:12"],
        "anchored, whole names"
    );
    assert_eq!(matched(&regex("b"), &NAMES), ["a/b/row:1", "@shop/a/b"]);
    let error = Pattern::regex("row:(").unwrap_err();
    assert!(
        matches!(&error, StateError::Pattern { pattern, .. } if pattern == "row:("),
        "{error}"
    );
}

#[cfg(feature = "regex")]
conformance! {
    /// 17: keys are covered by a regular expression as they are by a glob.
    fn a_regular_expression_covers_keys_before_and_after_it(engine) {
        let store = store(engine);
        store.set("row:1", 1).unwrap();
        let (log, _subscription) = told(&store, Pattern::regex(r"^row:\d+$").unwrap());
        store.set_many([("row:1", 2), ("row:x", 2), ("row:22", 2)]).unwrap();
        assert_eq!(log.take(), [[entry("row:1", 1, 2), entry("row:22", None, 2)]]);
    }
}
