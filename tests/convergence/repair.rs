//! What happens where messages were lost.

use super::{sent, tabs};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use universal_state::{
    Label, MfeInfo,
    edge::{
        Memory, Storage, Tabs,
        simulator::{Conditions, Simulator},
    },
};

#[test]
fn a_lost_message_is_noticed_counted_and_made_good() {
    let mut simulator = Simulator::new(30);
    let tabs = tabs(&mut simulator, 3);
    simulator.set_conditions(Conditions {
        lost: 1_000,
        ..Conditions::good()
    });
    simulator.store(tabs[0]).set("n", 1).unwrap();
    simulator.advance(100);
    simulator.set_conditions(Conditions::good());
    assert_eq!(simulator.figures().disagreements, 0);
    assert!(!simulator.store(tabs[1]).has("n"));
    // Two heartbeats and a little.
    simulator.advance(65_000);
    for tab in &tabs {
        assert_eq!(simulator.store(*tab).get("n"), Some(1));
    }
    assert!(simulator.figures().disagreements > 0);
    let before = simulator.figures();
    simulator.advance(300_000);
    let after = simulator.figures();
    assert_eq!(after.disagreements, before.disagreements);
    assert_eq!(after.sent["repair"], before.sent["repair"]);
}

#[test]
fn tabs_that_agree_or_have_messages_under_way_disagree_in_nothing() {
    let mut simulator = Simulator::new(31);
    let tabs = tabs(&mut simulator, 4);
    for round in 0..4_000_usize {
        let tab = tabs[round % tabs.len()];
        simulator
            .store(tab)
            .set(format!("k{}", round % 7), round)
            .unwrap();
        simulator.advance(50);
    }
    let figures = simulator.figures();
    assert_eq!(figures.disagreements, 0);
    assert!(figures.sent["digest"] > 20);
}

#[test]
fn what_was_missed_while_parted_is_there_soon_after() {
    let mut simulator = Simulator::new(32);
    let tabs = tabs(&mut simulator, 6);
    simulator.part(&tabs[..2]);
    for (at, tab) in tabs.iter().enumerate() {
        simulator.store(*tab).set(format!("from:{at}"), at).unwrap();
        simulator.store(*tab).set("all", at).unwrap();
    }
    // Long enough for each side to forget the other.
    simulator.advance(200_000);
    assert!(simulator.agree().is_err());
    simulator.heal();
    simulator.advance(100_000);
    simulator.agree().unwrap();
}

#[test]
fn both_sides_of_a_repair_get_what_they_lack() {
    let mut simulator = Simulator::new(33);
    let tabs = tabs(&mut simulator, 2);
    simulator.part(&tabs[..1]);
    simulator.store(tabs[0]).set("a", 1).unwrap();
    simulator.store(tabs[1]).set("b", 2).unwrap();
    simulator.advance(10);
    simulator.heal();
    let before = (sent(&simulator, "repair"), sent(&simulator, "state"));
    simulator.edge(tabs[0]).resync();
    simulator.advance(500);
    for tab in &tabs {
        let store = simulator.store(*tab);
        assert_eq!((store.get("a"), store.get("b")), (Some(1), Some(2)));
    }
    let after = (sent(&simulator, "repair"), sent(&simulator, "state"));
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
}

#[test]
fn what_is_written_too_far_ahead_is_refused_until_time_has_caught_up() {
    let mut simulator = Simulator::new(34);
    let tabs = tabs(&mut simulator, 2);
    simulator.skew(tabs[0], 600_000);
    simulator.store(tabs[0]).set("n", 1).unwrap();
    simulator.advance(1_000);
    assert!(!simulator.store(tabs[1]).has("n"));
    assert!(!simulator.figures().refused.is_empty());
    simulator.advance(400_000);
    assert_eq!(simulator.store(tabs[1]).get("n"), Some(1));
    simulator.settle().unwrap();
}

#[test]
fn the_keys_of_a_micro_frontend_come_back_with_it() {
    let mut simulator = Simulator::new(35);
    let tabs = tabs(&mut simulator, 2);
    let shop = |tab| {
        let store = simulator.store(tab);
        store
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap()
    };
    let (here, there) = (shop(tabs[0]), shop(tabs[1]));
    here.set("filter", "red".to_owned()).unwrap();
    simulator.advance(10);
    assert_eq!(there.get::<String>("filter").as_deref(), Some("red"));
    here.unregister().unwrap();
    simulator.advance(10);
    assert_eq!(there.get::<String>("filter").as_deref(), Some("red"));
    there.set("filter", "blue".to_owned()).unwrap();
    simulator.advance(10);
    let again = simulator.store(tabs[0]);
    let again = again
        .register_mfe(MfeInfo::new("shop", "leptos", "2"))
        .unwrap();
    assert_eq!(again.get::<String>("filter").as_deref(), Some("blue"));
    simulator.settle().unwrap();
}

#[test]
fn a_key_that_no_message_can_hold_is_no_disagreement() {
    let mut simulator =
        Simulator::new(36).with_tabs(|channel| Tabs::new(channel).max_message(16 * 1024));
    let tabs = tabs(&mut simulator, 3);
    simulator
        .store(tabs[0])
        .set("large", "x".repeat(20_000))
        .unwrap();
    simulator.store(tabs[0]).set("small", 1).unwrap();
    simulator.advance(600_000);
    assert_eq!(simulator.store(tabs[1]).get("small"), Some(1));
    assert!(!simulator.store(tabs[1]).has("large"));
    let figures = simulator.figures();
    assert_eq!(figures.disagreements, 0);
    // As soon as it fits, they have it.
    simulator
        .store(tabs[0])
        .set("large", "y".to_owned())
        .unwrap();
    simulator.advance(100);
    assert_eq!(simulator.store(tabs[2]).get("large"), Some("y".to_owned()));
    simulator.settle().unwrap();
}

#[test]
fn what_was_removed_long_ago_is_forgotten_by_all() {
    let memory = Memory::new();
    let stored = memory.clone();
    let mut simulator = Simulator::new(37).configure(move |edge| {
        edge.storage(Storage::new(stored.clone()).tombstones(Duration::from_secs(3_600)))
    });
    let a = simulator.open().unwrap();
    // Not when the other does.
    simulator.advance(1_700_000);
    let b = simulator.open().unwrap();
    simulator.advance(2_000);
    simulator.store(a).set("n", 1).unwrap();
    simulator.advance(1_000);
    simulator.store(b).delete("n").unwrap();
    simulator.advance(1_000);
    assert_eq!(memory.len(), 1);
    for _ in 0..5 * 60 {
        simulator.advance(60_000);
    }
    assert!(memory.is_empty(), "{:?}", memory.names());
    assert_eq!(simulator.figures().disagreements, 0);
}

#[test]
fn what_is_restored_from_quarantine_is_told_like_any_write() {
    let memory = Memory::new();
    let text = r#"{"format":1,"schema":0,"entry":["m3s0kq1c-0-000000000000cafe",7]}"#;
    memory.set("simulation:n", text);
    let works = Arc::new(AtomicBool::new(false));
    let does = Arc::clone(&works);
    let mut simulator = Simulator::new(38).configure(move |edge| {
        let does = Arc::clone(&does);
        let step = move |_: &str, value| match does.load(Ordering::Relaxed) {
            true => Ok(Some(value)),
            false => Err("not yet".to_owned()),
        };
        let storage = Storage::new(memory.clone()).migrate(0, step);
        edge.schema(1).storage(storage)
    });
    let tabs = tabs(&mut simulator, 2);
    works.store(true, Ordering::Relaxed);
    let edge = simulator.edge(tabs[0]);
    let id = edge.quarantined()[0].id.clone();
    edge.restore_quarantined(&id).unwrap();
    simulator.advance(100);
    assert_eq!(simulator.store(tabs[1]).get("n"), Some(7));
    simulator.advance(200_000);
    assert_eq!(simulator.figures().disagreements, 0);
}

#[test]
fn what_one_tab_may_not_share_is_told_of_once_and_asked_for_less_often() {
    let mut simulator = Simulator::new(39);
    let tabs = tabs(&mut simulator, 2);
    let [here, there] = [0, 1].map(|at| simulator.store(tabs[at]).clone());
    here.set("k", 1).unwrap();
    simulator.advance(1_000);
    here.label("k", Label::Local).unwrap();
    let before = sent(&simulator, "repair");
    for n in 0..120 {
        // What both share goes on.
        there.set("n", n).unwrap();
        simulator.advance(60_000);
        assert_eq!(here.get("n"), Some(n));
    }
    let figures = simulator.figures();
    assert_eq!(figures.disagreements, 2, "one in each of the two");
    let repairs = sent(&simulator, "repair") - before;
    assert!((8..=60).contains(&repairs), "{repairs} in two hours");
}

#[test]
fn each_tab_tells_once_of_what_another_may_not_share_though_others_answer_first() {
    for seed in 0..20 {
        let mut simulator = Simulator::new(seed);
        let tabs = tabs(&mut simulator, 4);
        let here = simulator.store(tabs[0]).clone();
        here.set("k", 1).unwrap();
        simulator.advance(1_000);
        here.label("k", Label::Local).unwrap();
        simulator.advance(20 * 60_000);
        // It, with each of the others, and each of them with it.
        assert_eq!(simulator.figures().disagreements, 6, "seed {seed}");
    }
}

#[test]
fn a_key_that_no_message_could_hold_is_shared_again_when_another_tab_replaces_it() {
    let mut simulator =
        Simulator::new(40).with_tabs(|channel| Tabs::new(channel).max_message(16 * 1024));
    let tabs = tabs(&mut simulator, 2);
    simulator
        .store(tabs[0])
        .set("large", "x".repeat(20_000))
        .unwrap();
    simulator.advance(1_000);
    simulator
        .store(tabs[1])
        .set("large", "y".to_owned())
        .unwrap();
    simulator.advance(600_000);
    assert_eq!(simulator.store(tabs[0]).get("large"), Some("y".to_owned()));
    assert_eq!(simulator.figures().disagreements, 0);
    // Whoever knew what was too large tells others of it.
    simulator.close(tabs[1]);
    let late = simulator.open().unwrap();
    simulator.advance(1_000);
    assert_eq!(simulator.store(late).get("large"), Some("y".to_owned()));
}

#[test]
fn what_fits_into_a_message_again_while_the_page_is_away_is_told_when_it_is_back() {
    let mut simulator =
        Simulator::new(41).with_tabs(|channel| Tabs::new(channel).max_message(16 * 1024));
    let tabs = tabs(&mut simulator, 2);
    let here = simulator.store(tabs[0]).clone();
    here.set("large", "x".repeat(20_000)).unwrap();
    simulator.advance(1_000);
    simulator.edge(tabs[0]).save_now();
    here.set("large", "y".to_owned()).unwrap();
    simulator.advance(1_000);
    simulator.edge(tabs[0]).resync();
    simulator.advance(1_000);
    assert_eq!(simulator.store(tabs[1]).get("large"), Some("y".to_owned()));
}

#[test]
fn a_small_value_of_which_much_was_removed_is_told_to_whoever_joins() {
    let mut simulator =
        Simulator::new(42).with_tabs(|channel| Tabs::new(channel).max_message(16 * 1024));
    let tabs = tabs(&mut simulator, 2);
    let store = simulator.store(tabs[0]).clone();
    store.set_json("rows", json!({ "kept": 1 })).unwrap();
    for n in 0..1_000 {
        store.set_at("rows", &format!("/{n}"), json!(n)).unwrap();
        simulator.advance(5);
        store.delete_at("rows", &format!("/{n}")).unwrap();
        simulator.advance(5);
    }
    let late = simulator.open().unwrap();
    simulator.advance(2_000);
    let rows = Some(json!({ "kept": 1 }));
    for tab in [tabs[0], tabs[1], late] {
        assert_eq!(simulator.store(tab).get("rows"), rows);
        assert_eq!(simulator.store(tab).error_count(), 0);
    }
    simulator.settle().unwrap();
    assert_eq!(simulator.figures().disagreements, 0);
}
