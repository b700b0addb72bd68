mod feed;

use super::{
    builder::Plug,
    clock::MAX_AHEAD,
    link::{Changed, Door, Edge, Port},
    *,
};
use crate::{
    EngineKind, Key, Label, MfeInfo, Pattern, StateError, Store, SubscribeOptions, Validate,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

/// A port that keeps what it is told.
#[derive(Default)]
struct Wire(Mutex<Vec<Changed>>);

struct PlugIn(Arc<Wire>);

impl Plug for PlugIn {
    fn plug(self: Box<Self>, _: &Edge) -> Arc<dyn Port> {
        self.0
    }
}

impl Port for Wire {
    fn door(&self) -> Door {
        Door::Tab
    }

    fn start(&self, _: &Edge) {}

    fn changed(&self, _: &Edge, changes: &[Changed], _: Option<Door>) {
        self.0.lock().unwrap().extend_from_slice(changes);
    }

    fn flush(&self, _: &Edge) {}

    fn poll(&self, _: &Edge, _: u64) -> Option<u64> {
        None
    }

    fn wake(&self, _: &Edge) {}

    fn close(&self, _: &Edge) {}
}

/// A page: a store with an edge that ends in a wire.
struct Tab {
    store: Store,
    edge: Edge,
    wire: Arc<Wire>,
    now: Arc<AtomicU64>,
}

const START: u64 = 1_000_000;

fn tab(id: u64, store: Store) -> Tab {
    let wire = Arc::new(Wire::default());
    let now = Arc::new(AtomicU64::new(START));
    let clock = Arc::clone(&now);
    let mut builder = Edge::builder("test")
        .replica(ReplicaId::new(id))
        .clock(move || clock.load(Ordering::Relaxed))
        .merge(Pattern::glob("whole:*").unwrap(), Merge::whole());
    builder.tabs = Some(Box::new(PlugIn(Arc::clone(&wire))));
    let edge = builder.attach(&store).unwrap();
    Tab {
        store,
        edge,
        wire,
        now,
    }
}

impl Tab {
    /// What it would send.
    fn sent(&self) -> Vec<Changed> {
        self.edge.flush();
        std::mem::take(&mut *self.wire.0.lock().unwrap())
    }

    fn hears(&self, changes: &[Changed]) -> usize {
        self.edge.take_in(Door::Tab, changes.to_vec())
    }
}

fn two() -> (Tab, Tab) {
    (tab(1, Store::new()), tab(2, Store::new()))
}

/// Each hears what the other has to say, until both are silent.
fn exchange(a: &Tab, b: &Tab) {
    for _ in 0..10 {
        let (from_a, from_b) = (a.sent(), b.sent());
        if from_a.is_empty() && from_b.is_empty() {
            return;
        }
        b.hears(&from_a);
        a.hears(&from_b);
    }
    panic!("they never fall silent");
}

fn text(change: &Changed) -> String {
    change.delta.encode().to_string()
}

#[test]
fn a_change_is_told_and_not_the_state() {
    let (a, _) = two();
    let user = json!({ "name": "Ada", "bio": "x".repeat(1_000) });
    a.store.set_json("user", user).unwrap();
    assert_eq!(a.sent().len(), 1);
    a.store.set_at("user", "/name", json!("Bob")).unwrap();
    let sent = a.sent();
    assert_eq!(sent.len(), 1);
    assert!(text(&sent[0]).len() < 100 && text(&sent[0]).contains("Bob"));
    assert!(a.sent().is_empty());
}

#[test]
fn what_comes_in_reaches_listeners_like_any_write_and_is_not_sent_back() {
    for engine in EngineKind::ALL {
        let a = tab(1, Store::new());
        let b = tab(2, Store::builder().engine(*engine).build());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&heard);
        let _all = b
            .store
            .subscribe_all(SubscribeOptions::new(), move |changes| {
                for change in changes {
                    let (key, source, origin) = (change.key(), change.source(), change.origin());
                    log.lock().unwrap().push(format!("{key} {source} {origin}"));
                }
            });
        a.store.set_with_source("n", 1, "the counter").unwrap();
        a.store.set("m", 2).unwrap();
        let mut sent = a.sent();
        sent.sort_by(|a, b| a.key.cmp(&b.key));
        let version = b.store.metadata().version;
        assert_eq!(b.hears(&sent), 2);
        assert_eq!(b.hears(&sent), 0);
        assert_eq!(b.store.metadata().version, version + 1);
        b.store.flush();
        let expected = ["m unknown tab", "n the counter tab"];
        assert_eq!(*heard.lock().unwrap(), expected);
        assert!(b.sent().is_empty());
        assert_eq!(b.store.get::<i32>("n"), Some(1));
    }
}

#[test]
fn two_fields_changed_at_once_are_both_kept() {
    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    struct User {
        name: String,
        city: String,
    }
    const USER: Key<User> = Key::new("user");
    let (a, b) = two();
    let user = |name: &str, city: &str| User {
        name: name.into(),
        city: city.into(),
    };
    a.store.set(USER, user("Ada", "London")).unwrap();
    exchange(&a, &b);
    a.store
        .update(USER, |user| user.name = "Bob".into())
        .unwrap();
    b.store
        .update(USER, |user| user.city = "Paris".into())
        .unwrap();
    exchange(&a, &b);
    for tab in [&a, &b] {
        assert_eq!(tab.store.get(USER), Some(user("Bob", "Paris")));
    }
}

#[test]
fn two_fields_of_a_default_changed_at_once_are_both_kept() {
    let with_default = |id| {
        let store = Store::new();
        store.set_json("user", json!({ "a": 1, "b": 1 })).unwrap();
        tab(id, store)
    };
    let (a, b) = (with_default(1), with_default(2));
    a.store.set_at("user", "/a", json!(2)).unwrap();
    b.store.set_at("user", "/b", json!(2)).unwrap();
    exchange(&a, &b);
    for tab in [&a, &b] {
        assert_eq!(tab.store.get("user"), Some(json!({ "a": 2, "b": 2 })));
    }
}

#[test]
fn the_same_millisecond_makes_no_two_truths() {
    let (a, b) = two();
    for n in 0..100 {
        a.store.set("n", n).unwrap();
        b.store.set("n", -n).unwrap();
        exchange(&a, &b);
        assert_eq!(a.store.get::<i32>("n"), b.store.get::<i32>("n"));
    }
}

#[test]
fn what_was_there_before_is_a_tabs_own_until_it_is_written() {
    let a = tab(1, Store::new());
    a.store.set("n", 5).unwrap();
    let store = Store::new();
    store.set("n", 0).unwrap();
    store.set_json("user", json!({ "a": 1, "b": 2 })).unwrap();
    let b = tab(2, store);
    exchange(&a, &b);
    assert_eq!(b.store.get::<i32>("n"), Some(5));
    assert!(!a.store.has("user"));
    b.store.set_at("user", "/a", json!(7)).unwrap();
    exchange(&a, &b);
    assert_eq!(a.store.get("user"), Some(json!({ "a": 7, "b": 2 })));
}

#[test]
fn a_removal_is_told_and_a_key_that_ends_where_it_began_is_not() {
    let (a, b) = two();
    a.store.set("n", 1).unwrap();
    exchange(&a, &b);
    a.store.set("n", 2).unwrap();
    a.store.set("n", 1).unwrap();
    a.store.set("passing", 1).unwrap();
    a.store.delete("passing").unwrap();
    assert!(a.sent().is_empty());
    a.store.clear().unwrap();
    exchange(&a, &b);
    assert!(b.store.is_empty());
    b.store.set("n", 3).unwrap();
    exchange(&a, &b);
    assert_eq!(a.store.get("n"), Some(3));
}

#[test]
fn a_micro_frontend_that_leaves_takes_nothing_from_others_and_finds_its_keys_again() {
    let (a, b) = two();
    let info = || MfeInfo::new("shop", "leptos", "1");
    let here = a.store.register_mfe(info()).unwrap();
    let there = b.store.register_mfe(info()).unwrap();
    here.set("filter", 1).unwrap();
    exchange(&a, &b);
    // In one turn: the write counts, the leaving does not.
    here.set("filter", 2).unwrap();
    here.unregister().unwrap();
    exchange(&a, &b);
    assert_eq!(there.get("filter"), Some(2));
    assert!(!a.store.has("@shop/filter"));
    there.set("filter", 3).unwrap();
    exchange(&a, &b);
    assert!(!a.store.has("@shop/filter"));
    let here = a.store.register_mfe(info()).unwrap();
    assert_eq!(here.get("filter"), Some(3));
    // Another version takes over in one turn.
    here.unregister().unwrap();
    let here = a.store.register_mfe(info()).unwrap();
    here.delete("filter").unwrap();
    exchange(&a, &b);
    assert!(!there.has("filter"));
}

#[test]
fn a_veto_is_counted_and_keeps_no_other_key_out() {
    let (a, b) = two();
    let none = |_: &i32| Err::<(), _>("not here");
    b.store.add_middleware(Validate::new().rule("bad", none));
    b.store.set_reporter(|_| ());
    a.store.set_many([("bad", 1), ("good", 2)]).unwrap();
    exchange(&a, &b);
    assert_eq!(b.store.keys(), ["good"]);
    assert_eq!(b.edge.status().refused[Refusal::Vetoed], 1);
}

#[test]
fn a_stamp_of_the_future_is_refused_and_leaves_no_trace() {
    let (a, b) = two();
    b.store.set_reporter(|_| ());
    a.now.store(START + MAX_AHEAD + 1, Ordering::Relaxed);
    a.store.set("n", 1).unwrap();
    let sent = a.sent();
    assert_eq!(b.hears(&sent), 0);
    assert!(b.store.is_empty() && b.edge.replica(|replica| replica.len()) == 0);
    assert_eq!(b.edge.status().refused[Refusal::Ahead], 1);
    b.now.fetch_add(1, Ordering::Relaxed);
    assert_eq!(b.hears(&sent), 1);
    // And what is written then is later, whatever the clock says.
    b.store.set("n", 2).unwrap();
    exchange(&a, &b);
    assert_eq!(a.store.get("n"), Some(2));
}

#[test]
fn digests_are_equal_where_all_is() {
    let (a, b) = two();
    let digest = |tab: &Tab| tab.edge.replica(|replica| *replica.digest());
    for n in 0..50 {
        a.store.set(format!("key:{n}").as_str(), n).unwrap();
    }
    assert_eq!(digest(&a), digest(&b));
    let sent = a.sent();
    assert_ne!(digest(&a), digest(&b));
    // In the other order.
    let reversed: Vec<_> = sent.into_iter().rev().collect();
    b.hears(&reversed);
    assert_eq!(digest(&a), digest(&b));
    b.store.set("key:7", 0).unwrap();
    let sent = b.sent();
    let differing = digest(&a)
        .iter()
        .zip(digest(&b))
        .filter(|(a, b)| **a != *b)
        .count();
    assert_eq!(differing, 1);
    a.hears(&sent);
    assert_eq!(digest(&a), digest(&b));
    a.store.label("key:3", Label::Local).unwrap();
    a.edge.flush();
    assert_ne!(digest(&a), digest(&b));
    b.edge.replica(|replica| replica.forget("key:3"));
    assert_eq!(digest(&a), digest(&b));
}

#[test]
fn removed_keys_are_forgotten_when_they_are_old() {
    let (a, _) = two();
    a.store.set_many([("gone", 1), ("here", 1)]).unwrap();
    a.store.delete("gone").unwrap();
    a.store.set("late", 1).unwrap();
    a.edge.flush();
    a.store.delete("late").unwrap();
    a.edge.flush();
    let swept = a.edge.replica(|replica| replica.sweep(START));
    assert!(swept.is_empty());
    let swept = a.edge.replica(|replica| replica.sweep(START + 1));
    assert_eq!(swept, ["late"]);
}

#[test]
fn an_edge_that_is_dropped_or_detached_hears_no_more() {
    let (a, b) = two();
    a.edge.detach();
    a.store.set("n", 1).unwrap();
    assert!(a.sent().is_empty());
    drop(b.edge);
    b.store.set("n", 1).unwrap();
    assert!(b.wire.0.lock().unwrap().is_empty());
    let store = Store::new();
    let refused = Edge::builder("").attach(&store).err();
    assert_eq!(refused, Some(StateError::EdgeName));
}

#[test]
fn a_store_has_one_edge_at_a_time() {
    let (a, _) = two();
    let again = || Edge::builder("test").attach(&a.store);
    assert_eq!(again().err(), Some(StateError::EdgeTaken));
    a.store.set("n", 1).unwrap();
    assert_eq!(a.sent().len(), 1, "the first goes on");
    a.edge.detach();
    drop(again().unwrap());
    let edge = again().unwrap();
    assert!(edge.is_attached());
}

#[test]
fn keys_that_come_and_go_while_there_is_no_edge_take_no_memory() {
    let (a, _) = two();
    a.store.set("kept", 1).unwrap();
    a.edge.detach();
    for n in 0..100 {
        let key = format!("passing:{n}");
        a.store.set(key.as_str(), n).unwrap();
        a.store.delete(key.as_str()).unwrap();
        let mfe = MfeInfo::new(format!("mfe{n}"), "leptos", "1");
        let scope = a.store.register_mfe(mfe).unwrap();
        scope.set("passing", n).unwrap();
        scope.delete("passing").unwrap();
    }
    assert!(a.edge.0.feed.notes.is_empty());
    a.store.delete("kept").unwrap();
    a.store.set("new", 1).unwrap();
    let mut noted: Vec<_> = a.edge.0.feed.notes.take().into_keys().collect();
    noted.sort_unstable();
    assert_eq!(noted, ["kept", "new"]);
}

#[test]
fn threads_that_write_while_messages_come_in_end_on_what_the_replica_has() {
    let (a, b) = two();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (store, edge) = (a.store.clone(), a.edge.clone());
            scope.spawn(move || {
                for n in 0..300 {
                    let _ = store.set(format!("key:{}", n % 5).as_str(), n * 2 + thread);
                    if n % 3 == 0 {
                        edge.flush();
                    }
                }
            });
        }
        for n in 0..300 {
            b.store.set(format!("key:{}", n % 5).as_str(), -n).unwrap();
            a.hears(&b.sent());
        }
    });
    exchange(&a, &b);
    for key in a.store.keys() {
        let known = a
            .edge
            .replica(|replica| replica.get(&key)?.value().cloned());
        let known = known.map(|json| (*json).clone());
        assert_eq!(
            a.store.get::<serde_json::Value>(key.as_str()),
            known,
            "{key}"
        );
        assert_eq!(a.store.get::<i32>(key.as_str()), b.store.get(key.as_str()));
    }
}

#[test]
fn what_has_no_json_stays_here_and_is_reported() {
    use std::collections::BTreeMap;
    let (a, b) = two();
    a.store.set_reporter(|_| ());
    let odd = BTreeMap::from([((1, 2), 3)]);
    let _ = a.store.set_value("odd", crate::Value::new(odd));
    let mut deep = json!(1);
    for _ in 0..90 {
        deep = json!([deep]);
    }
    a.store.set_json("deep", deep).unwrap();
    a.store.set("good", 1).unwrap();
    exchange(&a, &b);
    assert_eq!(b.store.keys(), ["good"]);
    assert_eq!(a.store.error_count(), 2);
}

#[test]
fn a_removal_of_what_has_no_json_is_told() {
    use std::collections::BTreeMap;
    let (a, b) = two();
    a.store.set_reporter(|_| ());
    a.store.set("n", 1).unwrap();
    exchange(&a, &b);
    let odd = BTreeMap::from([((1, 2), 3)]);
    a.store.set_value("n", crate::Value::new(odd)).unwrap();
    exchange(&a, &b);
    assert_eq!(b.store.get("n"), Some(1));
    a.store.delete("n").unwrap();
    exchange(&a, &b);
    assert!(!b.store.has("n"));
    assert!(
        a.edge
            .replica(|replica| replica.get("n")?.value().cloned())
            .is_none()
    );
}

#[test]
fn a_batched_listener_of_the_turn_is_heard_before_the_turn_is_sent() {
    let (a, _) = two();
    let store = a.store.clone();
    let _echo = a
        .store
        .subscribe("n", move |n: Option<&i32>, _| {
            let _ = store.set("double", n.copied().unwrap_or_default() * 2);
        })
        .unwrap();
    a.store.set("n", 4).unwrap();
    let sent = a.sent();
    assert_eq!(sent.len(), 2);
    let stamps: Vec<_> = sent.iter().map(|change| change.delta.newest()).collect();
    assert_eq!(stamps[0], stamps[1]);
}

#[test]
fn a_secret_is_not_even_known_to_the_replica() {
    let (a, _) = two();
    a.store.label("token", Label::Secret).unwrap();
    a.store.set("token", 1).unwrap();
    a.store.set("late", 1).unwrap();
    assert_eq!(a.sent().len(), 1);
    a.store.label("late", Label::Secret).unwrap();
    a.edge.flush();
    assert_eq!(a.edge.replica(|replica| replica.len()), 0);
}

#[test]
fn what_comes_in_while_a_batch_is_open_is_put_when_the_turn_ends() {
    let (a, b) = two();
    a.store.set("n", 1).unwrap();
    let sent = a.sent();
    let result = b.store.batch(|tx| {
        b.hears(&sent);
        tx.set("m", 2)?;
        Err::<(), _>(StateError::abort("it was a test"))
    });
    assert!(result.is_err() && b.store.is_empty());
    b.edge.flush();
    assert_eq!(b.store.get("n"), Some(1));
    assert!(b.sent().is_empty());
}

#[test]
fn what_is_known_in_part_only_takes_no_default_away() {
    let (a, b) = two();
    a.store
        .set_json("user", json!({ "name": "Ada", "age": 36 }))
        .unwrap();
    let first = a.sent();
    a.store.set_at("user", "/name", json!("Bob")).unwrap();
    let second = a.sent();
    let store = Store::new();
    store
        .set_json("user", json!({ "name": "", "age": 0 }))
        .unwrap();
    let c = tab(3, store);
    // It joins before it has been told the whole.
    c.hears(&second);
    assert!(c.store.has("user"));
    c.hears(&first);
    b.hears(&first);
    b.hears(&second);
    let whole = Some(json!({ "name": "Bob", "age": 36 }));
    assert_eq!(
        (c.store.get("user"), b.store.get("user")),
        (whole.clone(), whole)
    );
}

#[test]
fn a_key_that_is_computed_no_more_holds_what_others_have_written() {
    let (a, b) = two();
    let computed = a.store.register_computed("k", |_| 1).unwrap();
    let other = a.store.register_computed("kind", |_| 1).unwrap();
    b.store.set_many([("k", 2), ("kind", 3)]).unwrap();
    exchange(&a, &b);
    assert_eq!(a.store.get("k"), Some(1));
    drop(computed);
    a.edge.flush();
    assert_eq!((a.store.get("k"), a.store.get("kind")), (Some(2), Some(1)));
    assert!(a.sent().is_empty(), "it is nothing new");
    // So it does if there was no edge when it ended.
    a.edge.detach();
    drop(other);
    let edge = Edge::builder("test").attach(&a.store).unwrap();
    edge.flush();
    assert_eq!(a.store.get("kind"), Some(3));
    // What nobody else has written stays away, and what was written here since counts.
    let computed = a.store.register_computed("own", |_| 1).unwrap();
    drop(computed);
    edge.flush();
    assert!(!a.store.has("own"));
    let computed = a.store.register_computed("again", |_| 1).unwrap();
    drop(computed);
    a.store.set("again", 5).unwrap();
    edge.flush();
    assert_eq!(a.store.get("again"), Some(5));
}

#[test]
fn a_micro_frontend_that_leaves_while_its_key_is_being_read_removes_nothing() {
    let (a, b) = two();
    let info = || MfeInfo::new("shop", "leptos", "1");
    let here = a.store.register_mfe(info()).unwrap();
    let there = b.store.register_mfe(info()).unwrap();
    here.set("k", 1).unwrap();
    exchange(&a, &b);
    // One thread has read it when another writes it and leaves.
    let read = Some(crate::Value::new(1));
    here.set("k", 2).unwrap();
    here.unregister().unwrap();
    let source = crate::key::Name::Static("a thread");
    a.edge.0.feed.notes.again("@shop/k".into(), read, source);
    exchange(&a, &b);
    assert_eq!(there.get("k"), Some(2));
}

#[test]
fn thousands_that_are_refused_are_all_counted_and_reported_a_few_times() {
    let (a, b) = two();
    b.store.set_reporter(|_| ());
    a.now.store(START + MAX_AHEAD + 1, Ordering::Relaxed);
    a.store
        .set_many((0..1_000).map(|n| (format!("key:{n}"), n)))
        .unwrap();
    b.hears(&a.sent());
    assert_eq!(b.edge.status().refused[Refusal::Ahead], 1_000);
    assert_eq!(b.store.error_count(), 10);
}
