//! There is an end to what others can have a tab do.

use super::{LIMIT, OWN_ID, Victim, stamp};
use serde_json::{Map, Value, json};
use universal_state::{Label, edge::Refusal};

fn message(from: u64, kind: &str, rest: Value) -> String {
    let Value::Object(mut message) = rest else {
        panic!("{rest}");
    };
    message.insert("us".into(), json!(1));
    message.insert("from".into(), json!(format!("{from:016x}")));
    message.insert("type".into(), json!(kind));
    Value::Object(message).to_string()
}

fn change(bytes: usize) -> String {
    let whole = message(
        1,
        "change",
        json!({ "entries": { "n": [stamp(0, 0), ""] } }),
    );
    let filler = "x".repeat(bytes - whole.len());
    message(
        1,
        "change",
        json!({ "entries": { "n": [stamp(0, 0), filler] } }),
    )
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    let victim = Victim::new();
    let longest = change(LIMIT);
    assert_eq!(longest.len(), LIMIT);
    victim.hears(&change(LIMIT + 1));
    assert!(!victim.store.has("n"));
    assert_eq!(victim.refused()[Refusal::TooLarge], 1);
    victim.hears(&longest);
    assert!(victim.store.has("n"));
    assert_eq!(victim.refused().total(), 1);
}

#[test]
fn ten_megabytes_and_ten_thousand_levels_are_refused() {
    let victim = Victim::new();
    for text in [
        "[".repeat(10_000),
        "{\"a\":".repeat(10_000),
        "x".repeat(10 << 20),
    ] {
        victim.hears(&text);
    }
    assert_eq!(victim.refused().total(), 3);
    assert!(victim.store.is_empty());
}

#[test]
fn only_so_many_tabs_are_kept_track_of_and_waited_for() {
    // With the largest id, it answers last.
    let victim = Victim::with_id(u64::MAX);
    victim.sent();
    victim.store.set("n", 1).unwrap();
    victim.edge.flush();
    victim.sent();
    let hello = |from| message(from, "hello", json!({ "digest": "0".repeat(1_024) }));
    for from in 1..=1_000 {
        victim.hears(&hello(from));
    }
    assert_eq!(victim.edge.status().tabs.len(), 256);
    assert_eq!(victim.refused().total(), 1_000 - 64);
    assert!(victim.sent().len() <= 1);
    for _ in 0..1_000 {
        victim.pass(100);
    }
    let answers = victim.sent();
    let answers = answers.iter().filter(|text| text.contains("\"to\":"));
    assert_eq!(answers.count(), 64);
}

#[test]
fn one_that_keeps_on_asking_is_answered_once_a_second() {
    let victim = Victim::with_id(0);
    victim.store.set("n", 1).unwrap();
    victim.edge.flush();
    victim.pass(2_000);
    victim.sent();
    let hello = message(7, "hello", json!({ "digest": "0".repeat(1_024) }));
    for _ in 0..1_000 {
        victim.hears(&hello);
        victim.pass(10);
    }
    let answers = victim.sent();
    let answers = answers.iter().filter(|text| text.contains("\"to\":"));
    let count = answers.count();
    assert!((9..=11).contains(&count), "{count}");
}

#[test]
fn nobody_gets_the_state_by_claiming_to_have_answered() {
    let victim = Victim::new();
    for n in 0..100 {
        victim.store.set(format!("k{n}"), n).unwrap();
    }
    victim.edge.flush();
    victim.pass(2_000);
    victim.sent();
    let rest = json!({
        "to": format!("{OWN_ID:016x}"), "buckets": "f".repeat(16), "peers": [], "entries": {},
    });
    let answer = message(7, "repair", rest);
    for _ in 0..100 {
        victim.hears(&answer);
    }
    // What it lacks, once for each time that this tab said what it has.
    assert_eq!(victim.sent().len(), 1);
}

#[test]
fn more_entries_than_fit_are_refused() {
    let victim = Victim::new();
    let entries: Map<String, Value> = (0..16_385)
        .map(|n| (n.to_string(), json!([stamp(0, 0), 1])))
        .collect();
    victim.hears(&message(1, "change", json!({ "entries": entries })));
    assert!(victim.store.is_empty());
    assert_eq!(victim.refused()[Refusal::TooLarge], 1);
}

#[test]
fn nothing_is_heard_after_the_edge_was_detached() {
    let victim = Victim::new();
    let receive = victim.mail.0.receive.lock().unwrap().clone().unwrap();
    victim.edge.detach();
    receive(&change(1_000));
    assert!(victim.store.is_empty());
    let sent = victim.sent();
    assert!(sent.last().unwrap().contains("\"bye\""), "{sent:?}");
    victim.store.set("n", 1).unwrap();
    victim.edge.flush();
    victim.edge.poll();
    assert!(victim.sent().is_empty());
}

/// What a tab that joins is sent, in which the key `open` is to be.
fn told_to_one_that_joins(victim: &Victim) -> String {
    victim.hears(&message(1, "hello", json!({ "digest": "0".repeat(1_024) })));
    victim.pass(2_000);
    let sent = victim.sent().join("\n");
    assert!(
        sent.contains("\"open\"") && sent.contains("\"to\":"),
        "{sent}"
    );
    sent
}

#[test]
fn what_is_local_or_secret_is_not_sent() {
    let victim = Victim::new();
    victim.sent();
    for key in ["local:a", "secret:b", "open"] {
        victim.store.set(key, "hidden text".to_owned()).unwrap();
    }
    victim.edge.flush();
    let sent = told_to_one_that_joins(&victim);
    assert!(
        !sent.contains("local:") && !sent.contains("secret:"),
        "{sent}"
    );
}

#[test]
fn a_label_counts_at_once_for_whoever_joins_next() {
    let victim = Victim::new();
    for key in ["late", "open"] {
        victim.store.set(key, "hidden text".to_owned()).unwrap();
    }
    victim.edge.flush();
    victim.sent();
    victim.store.label("late", Label::Secret).unwrap();
    let sent = told_to_one_that_joins(&victim);
    assert!(!sent.contains("late"), "{sent}");
}

#[test]
fn a_label_counts_for_what_waits_to_be_sent() {
    let victim = Victim::new();
    victim.store.set("late", "hidden text".to_owned()).unwrap();
    // What comes in has what was written stamped.
    victim.hears(&change(1_000));
    victim.store.label("late", Label::Secret).unwrap();
    victim.edge.flush();
    let sent = victim.sent().join("\n");
    assert!(!sent.contains("late"), "{sent}");
}

#[test]
fn an_answer_that_broke_off_says_nothing_of_what_is_written_later() {
    let victim = Victim::new();
    victim.store.set("n", 1).unwrap();
    victim.edge.flush();
    let change: Value = serde_json::from_str(&victim.sent().pop().unwrap()).unwrap();
    let answer = |more: bool, entries: &Value| {
        let rest = json!({
            "to": format!("{OWN_ID:016x}"), "buckets": "f".repeat(16), "more": more, "peers": [],
            "entries": entries,
        });
        message(1, "repair", rest)
    };
    victim.hears(&answer(true, &change["entries"]));
    victim.store.set("n", 2).unwrap();
    victim.edge.flush();
    victim.pass(30_000);
    victim.sent();
    // Whoever answers the heartbeat has not heard of it.
    victim.hears(&answer(false, &change["entries"]));
    let sent = victim.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("\"n\""), "{sent:?}");
}
