//! How many messages there are, and how long.

use super::{sent, tabs};
use std::sync::atomic::{AtomicUsize, Ordering};
use universal_state::edge::{Tabs, simulator::Simulator};

#[test]
fn a_flush_sends_one_message_and_none_is_sent_because_one_was_received() {
    let mut simulator = Simulator::new(5);
    let tabs = tabs(&mut simulator, 8);
    let before = simulator.figures();
    let mut flushes = 0;
    for round in 0..500_usize {
        for (at, tab) in tabs
            .iter()
            .enumerate()
            .filter(|(at, _)| (round + at) % 3 == 0)
        {
            flushes += 1;
            let store = simulator.store(*tab);
            // Several keys, one of them several times, and keys that others write too.
            for n in 0..4 {
                store.set(format!("k{}", (at + n) % 9), round).unwrap();
                store.set("shared", n).unwrap();
            }
            store.delete(&format!("k{}", round % 9)).unwrap();
        }
        simulator.advance(20);
    }
    simulator.agree().unwrap();
    let after = simulator.figures();
    let of = |kind: &str| after.sent.get(kind).unwrap_or(&0) - before.sent.get(kind).unwrap_or(&0);
    figure!(
        "8 tabs, {flushes} flushes that changed something: {} messages with changes, {} in answer, \
         {} heartbeats (seed 5)",
        of("change"),
        of("state") + of("repair"),
        of("digest"),
    );
    assert_eq!(of("change"), flushes);
    assert_eq!((of("state"), of("repair"), of("hello")), (0, 0, 0));
    // One in 30 s each.
    assert!(of("digest") <= 8);
}

#[test]
fn a_tab_that_joins_is_answered_by_exactly_one() {
    let mut simulator = Simulator::new(6);
    let first = tabs(&mut simulator, 1)[0];
    simulator.store(first).set("n", 7).unwrap();
    for count in 1..8 {
        let before = sent(&simulator, "state");
        let tab = simulator.open().unwrap();
        simulator.advance(3_000);
        assert_eq!(simulator.store(tab).get("n"), Some(7));
        assert_eq!(sent(&simulator, "state") - before, 1, "of {count}");
        assert_eq!(simulator.edge(tab).status().tabs.len(), count);
    }
}

#[test]
fn a_tab_that_joins_gets_and_gives_only_what_differs() {
    let mut simulator = Simulator::new(7);
    let tabs = tabs(&mut simulator, 2);
    for n in 0..1_000 {
        simulator.store(tabs[0]).set(format!("row:{n}"), n).unwrap();
    }
    simulator.advance(100);
    simulator.part(&tabs[1..]);
    simulator
        .store(tabs[0])
        .set("row:1", "here".to_owned())
        .unwrap();
    simulator
        .store(tabs[1])
        .set("row:2", "there".to_owned())
        .unwrap();
    simulator.advance(100);
    simulator.heal();
    let before = simulator.figures();
    simulator.edge(tabs[1]).resync();
    simulator.advance(1_000);
    simulator.agree().unwrap();
    let after = simulator.figures();
    assert_eq!(
        after.sent["repair"] - before.sent.get("repair").unwrap_or(&0),
        1
    );
    assert_eq!(after.sent["state"] - before.sent["state"], 1);
    let bytes = after.bytes - before.bytes;
    figure!("two of 1,000 keys differ: {bytes} bytes bring two tabs into step");
    // Two of 64 buckets there, one key back, a digest: not the 50 kB of the whole.
    assert!(bytes < 4_500, "{bytes}");
}

#[test]
fn one_write_with_10_000_keys_stored_is_one_short_message() {
    let mut simulator = Simulator::new(8);
    let tabs = tabs(&mut simulator, 2);
    for n in 0..10_000 {
        simulator.store(tabs[0]).set(format!("row:{n}"), n).unwrap();
    }
    simulator.advance(100);
    let before = simulator.figures();
    simulator.store(tabs[0]).set("row:5000", 1).unwrap();
    simulator.advance(100);
    assert_eq!(simulator.store(tabs[1]).get("row:5000"), Some(1));
    let after = simulator.figures();
    let bytes = after.bytes - before.bytes;
    figure!("one write with 10,000 keys stored: 1 message of {bytes} bytes");
    assert_eq!(after.sent["change"] - before.sent["change"], 1);
    assert!(bytes < 200, "{bytes}");
}

#[test]
fn what_is_too_long_for_one_message_goes_in_several_and_what_is_for_any_stays() {
    const LIMIT: usize = 16 * 1024;
    let mut simulator =
        Simulator::new(9).with_tabs(|transport| Tabs::new(transport).max_message(LIMIT));
    let tabs = tabs(&mut simulator, 2);
    let before = sent(&simulator, "change");
    for n in 0..100 {
        simulator
            .store(tabs[0])
            .set(format!("k{n}"), "x".repeat(1_000))
            .unwrap();
    }
    simulator
        .store(tabs[0])
        .set("long", "x".repeat(LIMIT))
        .unwrap();
    simulator.advance(100);
    let store = simulator.store(tabs[1]);
    assert!((0..100).all(|n| store.has(&format!("k{n}"))));
    assert!(!store.has("long"));
    let messages = sent(&simulator, "change") - before;
    assert!((10..=12).contains(&messages), "{messages}");
    assert!(simulator.figures().longest <= LIMIT);
    // The one who joins gets it in several, too.
    let late = simulator.open().unwrap();
    simulator.advance(3_000);
    assert!((0..100).all(|n| simulator.store(late).has(&format!("k{n}"))));
    assert!(simulator.figures().longest <= LIMIT);
}

#[test]
fn states_of_other_names_are_other_states() {
    let count = AtomicUsize::new(0);
    let mut simulator =
        Simulator::new(10).configure(move |edge| match count.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => edge.prefix("a"),
            2 => edge.prefix("a/b"),
            3 => edge.prefix("a%2Fb"),
            4 => edge.prefix("a").schema(1),
            _ => edge.prefix("a:b"),
        });
    let tabs = tabs(&mut simulator, 6);
    simulator.store(tabs[0]).set("n", 1).unwrap();
    simulator.advance(100);
    let holders = tabs.iter().filter(|tab| simulator.store(**tab).has("n"));
    assert_eq!(holders.count(), 2);
    assert_eq!(simulator.store(tabs[1]).get("n"), Some(1));
}
