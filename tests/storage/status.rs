//! What people see, as signals.

use crate::{effects::Effects, support::*};
use std::sync::{Arc, Mutex};
use universal_state::{
    Store,
    edge::{Edge, Fault, Memory, SaveFailure, SaveStatus, Storage},
};

/// What an effect has seen, one entry a run.
fn watch<T: Send + 'static>(
    effects: &Effects,
    read: impl Fn() -> T + 'static,
) -> impl Fn() -> Vec<T> {
    let seen: Arc<Mutex<Vec<T>>> = Arc::default();
    let log = Arc::clone(&seen);
    effects.start(move || {
        let now = read();
        log.lock().unwrap().push(now);
    });
    move || std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn the_status_of_a_key_is_a_signal_of_its_own() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    let effects = Effects::new();
    let edge = page.edge.clone();
    let a = watch(&effects, move || edge.save_status("a"));
    let edge = page.edge.clone();
    let b = watch(&effects, move || edge.save_status("b"));
    assert_eq!(
        (a(), b()),
        (vec![SaveStatus::Unkept], vec![SaveStatus::Unkept])
    );

    page.set("a", 1);
    page.edge.flush();
    effects.settle();
    assert_eq!(a().last(), Some(&SaveStatus::Saved));
    assert_eq!(b(), [], "nothing has happened to it");

    backend.break_down(Wrong::Quota);
    page.set("a", 2);
    page.edge.flush();
    effects.settle();
    let failed = SaveStatus::Failed(SaveFailure::Backend(Fault::Quota));
    assert_eq!(a().last(), Some(&failed));
    assert_eq!(
        failed.failure().unwrap().to_string(),
        "there is no room left; it will be tried again"
    );

    backend.recover();
    page.wait(SECOND);
    effects.settle();
    assert_eq!(a().last(), Some(&SaveStatus::Saved));
    page.wait(DAY);
    page.edge.flush();
    effects.settle();
    assert_eq!(
        (a(), b()),
        (vec![], vec![]),
        "nobody is told of what stays the same"
    );
}

#[test]
fn the_numbers_are_a_signal() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    let effects = Effects::new();
    let edge = page.edge.clone();
    let numbers = watch(&effects, move || {
        let status = edge.status();
        (
            status.is_loading,
            status.pending,
            status.failed,
            status.quarantined,
        )
    });
    assert_eq!(numbers(), [(true, 0, 0, 0)]);
    let now = || {
        effects.settle();
        numbers().pop()
    };
    backend.answer();
    assert_eq!(now(), Some((false, 0, 0, 0)));
    for key in ["a", "b", "c"] {
        page.set(key, 1);
    }
    page.edge.flush();
    assert_eq!(now(), Some((false, 3, 0, 0)));
    backend.break_down(Wrong::Fails);
    backend.answer();
    assert_eq!(now(), Some((false, 0, 3, 0)));
    backend.recover();
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(now(), Some((false, 0, 0, 0)));
    memory.set("app:x", "nonsense");
    page.edge.resync();
    backend.answer();
    assert_eq!(now(), Some((false, 0, 0, 1)));
}

#[test]
fn the_quarantine_is_a_signal() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let effects = Effects::new();
    let edge = page.edge.clone();
    let keys = watch(&effects, move || {
        let aside = edge.quarantined().into_iter();
        aside.map(|aside| aside.key).collect::<Vec<_>>()
    });
    assert_eq!(keys(), [[""; 0]]);
    memory.set("app:x", "nonsense");
    page.edge.resync();
    effects.settle();
    assert_eq!(keys().last().unwrap()[..], ["x".to_owned()]);
    let id = page.edge.quarantined()[0].id.clone();
    page.edge.discard_quarantined(&id);
    effects.settle();
    assert_eq!(keys().last().unwrap()[..], [""; 0]);
}

#[test]
fn a_backend_that_is_denied_is_replaced_until_it_can_be_used() {
    let (clock, memory, other) = (Clock::new(), Memory::new(), Memory::new());
    let before = Page::new(&clock, Storage::new(memory.clone()));
    before.set("old", 1);
    before.edge.detach();
    let backend = Faulty::new(&memory);
    backend.break_down(Wrong::Denied);
    let storage = || Storage::new(backend.clone()).fallback(other.clone());
    let page = Page::new(&clock, storage());
    let status = page.edge.status();
    assert_eq!((&*status.storage, status.is_loading), ("memory", false));
    assert!(status.storage_fault.unwrap().contains("denied"));
    clock.set(START + 1);
    page.set("a", 1);
    page.set("old", 2);
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Sheltered);
    assert_eq!(page.edge.status().failed, 0);
    assert_eq!(page.errors().len(), 1, "once, and not for each key");
    // What the fallback has outlives the page, if the fallback does.
    drop(page);
    let page = Page::new(&clock, storage());
    assert_eq!((page.get("a"), page.get("old")), (Some(1), Some(2)));

    backend.recover();
    page.wait(10 * SECOND);
    let status = page.edge.status();
    assert_eq!((&*status.storage, status.storage_fault), ("faulty", None));
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!((page.get("a"), page.get("old")), (Some(1), Some(2)));
}

#[test]
fn a_backend_that_is_denied_later_is_replaced_as_well() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    page.set("a", 1);
    page.edge.flush();
    page.wait(SECOND);
    backend.break_down(Wrong::Denied);
    page.set("b", 1);
    page.edge.flush();
    for key in ["a", "b"] {
        assert_eq!(page.edge.save_status(key), SaveStatus::Sheltered, "{key}");
    }
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("b"), SaveStatus::Sheltered);
    backend.recover();
    page.wait(100 * SECOND);
    for key in ["a", "b"] {
        assert_eq!(page.edge.save_status(key), SaveStatus::Saved, "{key}");
    }
    assert_eq!(memory.len(), 2);
}

#[test]
fn one_bad_item_does_not_hold_the_others() {
    /// Writes in transactions, and none that has a large item.
    struct Transactions(Memory);

    impl universal_state::edge::Backend for Transactions {
        fn name(&self) -> &str {
            "transactions"
        }

        fn load(
            &self,
            prefix: &str,
            then: universal_state::edge::Then<universal_state::edge::Loaded>,
        ) {
            self.0.load(prefix, then);
        }

        fn read(
            &self,
            names: Vec<String>,
            then: universal_state::edge::Then<universal_state::edge::Items>,
        ) {
            self.0.read(names, then);
        }

        fn write(
            &self,
            items: Vec<(String, Option<String>)>,
            then: universal_state::edge::Then<Vec<Result<(), Fault>>>,
        ) {
            let large = |(_, text): &(String, Option<String>)| {
                text.as_ref().is_some_and(|text| text.len() > 1_000)
            };
            match items.iter().any(large) {
                true => then(items.iter().map(|_| Err(Fault::Quota)).collect()),
                false => self.0.write(items, then),
            }
        }
    }

    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(Transactions(memory.clone())));
    for n in 0..10 {
        page.set(&format!("k{n}"), n);
    }
    page.store.set("large", "x".repeat(1_000)).unwrap();
    page.edge.flush();
    for n in 0..10 {
        assert_eq!(page.edge.save_status(&format!("k{n}")), SaveStatus::Saved);
    }
    let failed = SaveStatus::Failed(SaveFailure::Backend(Fault::Quota));
    assert_eq!(page.edge.save_status("large"), failed);
    assert_eq!(memory.len(), 10);
    assert_eq!(
        (page.edge.status().pending, page.edge.status().failed),
        (0, 1)
    );
}

#[test]
fn what_fails_is_tried_again_after_longer_and_longer_times() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.break_down(Wrong::Quota);
    page.set("a", 1);
    page.edge.flush();
    let mut last = START;
    for wait in [
        500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ] {
        let next = page.edge.poll().unwrap();
        let waited = next - last;
        assert!(
            (wait * 3 / 4..=wait * 5 / 4).contains(&waited),
            "{waited} for {wait}"
        );
        // What is written meanwhile does not hurry it.
        page.set("a", i64::try_from(next).unwrap());
        page.edge.flush();
        backend.log();
        clock.set(next - 1);
        page.edge.poll();
        assert_eq!(backend.log(), [""; 0]);
        clock.set(next);
        page.edge.poll();
        assert_eq!(backend.log(), ["read app:a", "write app:a"]);
        last = next;
    }
    assert_eq!(page.errors().len(), 1, "the first time");
}

#[test]
fn an_edge_without_storage_keeps_nothing() {
    let store = Store::new();
    let edge = Edge::builder("app").attach(&store).unwrap();
    store.set("a", 1).unwrap();
    edge.flush();
    assert_eq!(edge.save_status("a"), SaveStatus::Unkept);
    assert_eq!(edge.quarantined(), []);
    assert!(!edge.discard_quarantined("a"));
    assert!(edge.restore_quarantined("a").is_err());
    edge.storage_changed(None);
    assert_eq!(
        (edge.status().storage, edge.status().is_loading),
        (String::new(), false)
    );
}

#[test]
fn a_clock_that_is_set_back_delays_nothing() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.break_down(Wrong::Quota);
    page.set("a", 1);
    page.edge.flush();
    backend.recover();
    clock.set(START - DAY);
    page.edge.poll();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
}

#[test]
fn a_backend_that_drops_what_it_says_it_has_written_is_found_out() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.break_down(Wrong::Dropped);
    page.set("a", 1);
    page.edge.flush();
    page.wait(300);
    let dropped = SaveStatus::Failed(SaveFailure::Dropped);
    assert_eq!(page.edge.save_status("a"), dropped);
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("a"), dropped);
    assert_eq!(page.errors().len(), 1);
    backend.recover();
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert!(memory.get("app:a").unwrap().contains(",1]"));
}

#[test]
fn what_fails_and_becomes_too_large_is_written_when_it_fits_again() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::new(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.break_down(Wrong::Quota);
    page.set("a", 1);
    page.edge.flush();
    page.store.set("a", "x".repeat(10 << 20)).unwrap();
    page.edge.flush();
    backend.recover();
    page.wait(100 * SECOND);
    assert!(matches!(
        page.edge.save_status("a").failure(),
        Some(SaveFailure::TooLarge { .. })
    ));
    page.set("a", 2);
    page.edge.flush();
    page.wait(100 * SECOND);
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    page.edge.detach();
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(page.get("a"), Some(2));
}
