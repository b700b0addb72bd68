//! What is stored, for how long, and what wins.

use crate::support::*;
use serde_json::json;
use std::time::Duration;
use universal_state::{
    Label, Pattern,
    edge::{Initial, Memory, SaveStatus, Storage},
};

fn glob(pattern: &str) -> Pattern {
    Pattern::glob(pattern).unwrap()
}

#[test]
fn patterns_say_what_is_stored() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let all = Page::new(&clock, Storage::new(memory.clone()));
    let keys = ["a", "draft:a", "row:1", "row:2"];
    keys.iter().for_each(|key| all.set(key, 1));
    all.edge.detach();

    let storage = Storage::new(memory.clone())
        .include(glob("row:*"))
        .include(glob("draft:*"))
        .exclude(glob("row:2"));
    let page = Page::new(&clock, storage);
    assert_eq!(
        keys.map(|key| page.get(key)),
        [None, Some(1), Some(1), None]
    );
    page.wait(SECOND);
    assert_eq!(
        memory.names(),
        ["app:draft%3Aa", "app:row%3A1"],
        "the others are removed"
    );
    keys.iter().for_each(|key| page.set(key, 2));
    page.edge.flush();
    page.wait(SECOND);
    assert_eq!(memory.names(), ["app:draft%3Aa", "app:row%3A1"]);
    assert_eq!(page.edge.save_status("row:2"), SaveStatus::Unkept);
    assert_eq!(page.edge.save_status("row:1"), SaveStatus::Saved);
    assert_eq!(page.edge.status().pending, 0);
}

#[test]
fn what_is_excluded_goes_even_if_storage_fails_at_first() {
    let (clock, memory) = (Clock::new(), Memory::new());
    Page::new(&clock, Storage::new(memory.clone())).set("a", 1);
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.detach();
    let backend = Faulty::new(&memory);
    backend.go_wrong(Wrong::Fails, 1..=5);
    let page = Page::new(&clock, Storage::new(backend).exclude(glob("a")));
    page.wait(100 * SECOND);
    assert!(memory.is_empty());
    assert_eq!(page.edge.save_status("a"), SaveStatus::Unkept);
    assert_eq!(page.edge.status().failed, 0);
}

#[test]
fn what_was_written_too_long_ago_is_gone() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let storage = || {
        Storage::new(memory.clone())
            .time_to_live(glob("cache:*"), Duration::from_secs(100))
            .time_to_live(glob("cache:short"), Duration::from_secs(10))
    };
    let page = Page::new(&clock, storage());
    let keys = ["kept", "cache:short", "cache:a", "cache:b"];
    keys.iter().for_each(|key| page.set(key, 1));
    page.edge.flush();
    page.wait(50 * SECOND);
    page.set("cache:b", 2);
    page.edge.detach();
    let values = |page: &Page| keys.map(|key| page.get(key));

    let at = |time| {
        clock.set(START + time);
        Page::new(&clock, storage())
    };
    assert_eq!(
        values(&at(10 * SECOND)),
        [Some(1), Some(1), Some(1), Some(2)]
    );
    assert_eq!(
        values(&at(10 * SECOND + 1)),
        [Some(1), None, Some(1), Some(2)]
    );
    assert_eq!(memory.len(), 3, "it is removed from storage");
    assert_eq!(values(&at(100 * SECOND)), [Some(1), None, Some(1), Some(2)]);
    let page = at(101 * SECOND);
    assert_eq!(values(&page), [Some(1), None, None, Some(2)]);
    // Written again, it lives again.
    page.set("cache:a", 3);
    page.edge.detach();
    assert_eq!(values(&at(200 * SECOND)), [Some(1), None, Some(3), None]);
    assert_eq!(memory.len(), 2);
}

#[test]
fn what_was_noted_too_long_ago_when_a_page_was_left_is_gone() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let storage = |backend| Storage::new(backend).time_to_live(glob("*"), Duration::from_secs(10));
    let page = Page::new(&clock, storage(backend.clone()));
    page.set("a", 1);
    page.edge.save_now();
    backend.lose_answers();
    drop(page);
    assert_eq!(memory.len(), 1, "it was noted");
    clock.set(START + 11 * SECOND);
    let page = Page::new(&clock, storage(Faulty::new(&memory)));
    page.wait(SECOND);
    assert_eq!(page.get("a"), None);
    assert!(memory.is_empty());
}

#[test]
fn what_lives_on_in_the_page_is_stored_again() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let storage =
        || Storage::new(memory.clone()).time_to_live(glob("**"), Duration::from_secs(100));
    let page = Page::new(&clock, storage());
    page.set("a", 1);
    page.edge.flush();
    page.wait(200 * SECOND);
    page.edge.resync();
    assert_eq!(page.get("a"), Some(1), "it goes when it is loaded");
    page.edge.storage_changed(Some(&["app:a".to_owned()]));
    assert_eq!(memory.len(), 1);
}

#[test]
fn the_stored_value_counts_over_the_initial_one() {
    for wins in [Initial::StoredWins, Initial::InitialWins] {
        let (clock, memory) = (Clock::new(), Memory::new());
        let before = Page::new(&clock, Storage::new(memory.clone()));
        before.set("a", 1);
        before.set("b", 1);
        before.edge.detach();
        clock.set(START - 4 * 60 * SECOND); // The clock of this page is behind.
        let storage = || Storage::new(memory.clone()).initial(wins);
        let defaults = |store: &universal_state::Store| {
            store.set("a", 10).unwrap();
            store.set("c", 10).unwrap();
        };
        let page = Page::with(&clock, storage(), defaults, |edge| edge);
        let a = match wins {
            Initial::InitialWins => 10,
            _ => 1,
        };
        assert_eq!(
            (page.get("a"), page.get("b"), page.get("c")),
            (Some(a), Some(1), Some(10))
        );
        page.edge.flush();
        assert!(
            !memory.names().contains(&"app:c".to_owned()),
            "nobody has written it"
        );
        page.edge.detach();
        let page = Page::new(&clock, storage());
        assert_eq!(
            (page.get("a"), page.get("b"), page.get("c")),
            (Some(a), Some(1), None)
        );
        assert_eq!(page.errors(), [""; 0]);
    }
}

#[test]
fn the_initial_value_counts_though_loading_fails_at_first() {
    for wrong in [Wrong::Fails, Wrong::Denied] {
        let (clock, memory) = (Clock::new(), Memory::new());
        let before = Page::new(&clock, Storage::new(memory.clone()));
        before.set("a", 1);
        before.edge.detach();
        let backend = Faulty::new(&memory);
        backend.break_down(wrong);
        let storage = Storage::new(backend.clone()).initial(Initial::InitialWins);
        let defaults = |store: &universal_state::Store| store.set("a", 10).unwrap();
        let page = Page::with(&clock, storage, defaults, |edge| edge);
        backend.recover();
        page.wait(10 * SECOND);
        assert_eq!(page.get("a"), Some(10), "{wrong:?}");
        page.edge.detach();
        let page = Page::new(&clock, Storage::new(memory));
        assert_eq!(page.get("a"), Some(10), "{wrong:?}");
    }
}

#[test]
fn a_removal_is_remembered_for_a_while() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let storage = || Storage::new(memory.clone());
    let page = Page::new(&clock, storage());
    page.set("a", 1);
    page.set("b", 1);
    page.edge.flush();
    page.store.delete("a").unwrap();
    page.edge.flush();
    assert_eq!(memory.len(), 2);
    page.wait(29 * DAY);
    page.edge.resync();
    assert_eq!(memory.len(), 2);
    page.wait(2 * DAY);
    page.edge.poll();
    assert_eq!(memory.names(), ["app:b"], "in this page");
    assert_eq!(page.edge.save_status("a"), SaveStatus::Unkept);

    page.store.delete("b").unwrap();
    page.edge.detach();
    clock.set(clock.now() + 31 * DAY);
    let page = Page::new(&clock, storage());
    assert!(memory.is_empty(), "in the next");
    page.set("b", 2);
    page.edge.flush();
    assert_eq!(Page::new(&clock, storage()).get("b"), Some(2));

    let short = || storage().tombstones(Duration::from_secs(1));
    let page = Page::new(&clock, short());
    page.store.delete("b").unwrap();
    page.edge.detach();
    assert_eq!(memory.len(), 1);
    clock.set(clock.now() + 2 * SECOND);
    Page::new(&clock, short());
    assert!(memory.is_empty());
}

#[test]
fn a_map_whose_members_come_and_go_does_not_grow_for_ever() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let storage = || Storage::new(memory.clone()).tombstones(Duration::from_secs(60));
    let page = Page::new(&clock, storage());
    page.store.set_json("map", json!({})).unwrap();
    for n in 0..500 {
        page.store
            .set_json("map", json!({ "stays": 1, n.to_string(): n }))
            .unwrap();
        page.edge.flush();
    }
    let length = || memory.get("app:map").map_or(0, |text| text.len());
    assert!(length() > 10_000, "{}", length());
    page.wait(3 * 60 * SECOND);
    assert!(length() < 300, "{}", length());
    let page = Page::new(&clock, storage());
    assert_eq!(
        page.store.get("map"),
        Some(json!({ "stays": 1, "499": 499 }))
    );
    assert_eq!(page.errors(), Vec::<String>::new());
}

#[test]
fn labels_keep_keys_out_of_storage() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let before = Page::new(&clock, Storage::new(memory.clone()));
    let keys = ["plain", "local", "volatile", "secret"];
    keys.iter().for_each(|key| before.set(key, 1));
    before.edge.detach();
    memory.set("app::quarantine:secret:00", "token");
    memory.set("app::journal:secret:00", "token");

    let label = |store: &universal_state::Store| {
        store.label("local", Label::Local).unwrap();
        store.label("volatile", Label::Volatile).unwrap();
        store.label("secret", Label::Secret).unwrap();
    };
    let page = Page::with(&clock, Storage::new(memory.clone()), label, |edge| edge);
    assert_eq!(
        keys.map(|key| page.get(key)),
        [Some(1), Some(1), None, None]
    );
    assert_eq!(
        memory.names(),
        ["app:local", "app:plain"],
        "what was stored of them is removed"
    );
    keys.iter().for_each(|key| page.set(key, 2));
    page.edge.flush();
    page.wait(SECOND);
    assert_eq!(memory.names(), ["app:local", "app:plain"]);
    assert_eq!(
        keys.map(|key| page.edge.save_status(key).is_saved()),
        [true, true, false, false]
    );
    assert_eq!(page.edge.save_status("secret"), SaveStatus::Unkept);
    assert_eq!(page.edge.quarantined(), []);
}

#[test]
fn a_key_that_is_labelled_later_is_removed_from_storage() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("plain", 1);
    page.set("token", 1);
    page.edge.flush();
    page.wait(SECOND);
    assert_eq!(memory.len(), 2);
    page.store.label("token", Label::Secret).unwrap();
    page.edge.flush();
    assert_eq!(memory.names(), ["app:plain"]);
    assert_eq!(page.edge.save_status("token"), SaveStatus::Unkept);
    page.edge.storage_changed(None);
    page.wait(DAY);
    assert_eq!(memory.names(), ["app:plain"]);
    assert_eq!(page.get("token"), Some(1), "it stays in memory");
}

#[test]
fn a_key_that_is_labelled_while_it_waits_is_not_noted_when_the_page_is_left() {
    for label in [Label::Volatile, Label::Secret] {
        let (clock, memory) = (Clock::new(), Memory::new());
        let backend = Faulty::slow(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        page.set("a", 1);
        page.edge.flush();
        page.store.label("a", label).unwrap();
        page.edge.save_now();
        assert!(memory.is_empty(), "{label:?}: {:?}", memory.names());
    }
}
