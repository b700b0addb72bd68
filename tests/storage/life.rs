//! What is written is there after a reload, and nothing else is touched.

use crate::support::*;
use serde_json::json;
use std::time::Duration;
use universal_state::{
    Label, Store,
    edge::{Backend, Memory, SaveStatus, Storage},
};

#[test]
fn what_was_written_is_there_after_a_reload() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.store
        .set_json("b", json!({ "c": [1, { "d": null }] }))
        .unwrap();
    page.edge.flush();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("a"), Some(1));
    assert_eq!(
        page.store.get::<serde_json::Value>("b"),
        Some(json!({ "c": [1, { "d": null }] }))
    );
    assert!(!page.edge.status().is_loading);
    assert_eq!(page.errors(), [""; 0]);
}

#[test]
fn a_backend_that_is_chosen_when_the_page_runs_serves_as_any_other() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let chosen = || -> Box<dyn Backend> { Box::new(memory.clone()) };
    assert_eq!(chosen().name(), memory.name());
    let page = Page::new(&clock, Storage::new(chosen()));
    let other = Page::new(&clock, Storage::new(chosen()));
    page.set("a", 1);
    page.edge.flush();
    // It looks first at what is stored, and finds the other's.
    other.set("a", 2);
    other.edge.flush();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("a"), Some(2));
}

#[test]
fn what_was_removed_stays_away() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.store.delete("a").unwrap();
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("a"), None);
}

#[test]
fn a_default_does_not_bring_back_what_was_removed() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.store.delete("a").unwrap();
    page.edge.flush();
    let defaults = |store: &universal_state::Store| {
        store.set("a", 7).unwrap();
        store.set("b", 7).unwrap();
    };
    let page = Page::with(&clock, Storage::new(memory), defaults, |builder| builder);
    assert_eq!((page.get("a"), page.get("b")), (None, Some(7)));
}

#[test]
fn a_write_touches_one_item_and_a_flush_writes_once() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    for key in ["a", "b", "c"] {
        page.set(key, 1);
    }
    page.edge.flush();
    page.wait(DAY);
    backend.log();
    page.set("b", 2);
    page.set("b", 3);
    page.edge.flush();
    assert_eq!(backend.log(), ["read app:b", "write app:b"]);
    page.set("a", 2);
    page.set("c", 2);
    page.edge.flush();
    let log = backend.log();
    assert_eq!(
        log.iter().filter(|call| call.starts_with("write")).count(),
        1,
        "{log:?}"
    );
    page.wait(DAY);
    let log = backend.log();
    assert!(
        log.iter().all(|call| call.starts_with("read")),
        "it looks once more: {log:?}"
    );
    page.edge.flush();
    assert_eq!(backend.calls(), 0, "nothing has changed");
}

#[test]
fn a_write_is_stored_so_long_after_the_first_or_when_the_page_is_left() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let storage = || Storage::new(memory.clone()).debounce(Duration::from_millis(100));
    let page = Page::new(&clock, storage());
    page.set("a", 1);
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Pending);
    assert_eq!(page.edge.poll(), Some(START + 100));
    page.wait(60);
    page.set("a", 2);
    page.edge.flush();
    page.wait(30);
    assert!(memory.is_empty());
    page.wait(10);
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert!(memory.get("app:a").unwrap().contains(",2]"));

    page.set("a", 3);
    page.edge.save_now();
    assert!(memory.get("app:a").unwrap().contains(",3]"));
    page.set("a", 4);
    page.edge.detach();
    assert!(memory.get("app:a").unwrap().contains(",4]"));
}

#[test]
fn nothing_is_stored_after_the_edge_is_detached() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    page.set("a", 1);
    page.edge.detach();
    backend.log();
    page.set("a", 2);
    page.edge.flush();
    page.edge.storage_changed(None);
    page.wait(DAY);
    assert_eq!(backend.log(), [""; 0]);
    assert!(memory.get("app:a").unwrap().contains(",1]"));
}

#[test]
fn what_a_clock_of_the_future_has_written_is_kept() {
    let (clock, memory) = (Clock::new(), Memory::new());
    clock.set(START + DAY);
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.set("b", 1);
    page.edge.flush();
    // Somebody sets the clock right.
    clock.set(START);
    let page = Page::new(&clock, Storage::new(memory.clone()));
    assert_eq!((page.get("a"), page.get("b")), (Some(1), Some(1)));
    page.set("a", 2);
    page.edge.flush();
    page.wait(SECOND);
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!((page.get("a"), page.get("b")), (Some(2), Some(1)));
    assert_eq!(page.errors(), [""; 0]);
}

#[test]
fn what_a_page_noted_when_it_was_left_goes_with_a_key_that_is_not_stored_any_more() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.answer();
    page.set("token", 1);
    page.edge.detach();
    backend.answer();
    assert!(memory.names().iter().any(|name| name.contains(":journal:")));
    let label = |store: &Store| store.label("token", Label::Secret).unwrap();
    let page = Page::with(&clock, Storage::new(memory.clone()), label, |edge| edge);
    page.wait(SECOND);
    assert!(memory.is_empty(), "{:?}", memory.names());
}
