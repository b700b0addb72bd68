//! Backends that answer later, or never.

use crate::support::*;
use serde_json::{Value as Json, json};
use universal_state::{
    Restore, Store,
    edge::{Memory, SaveStatus, Storage},
};

fn stored(clock: &Clock, memory: &Memory) {
    let page = Page::new(clock, Storage::new(memory.clone()));
    page.set("a", 1);
    page.set("b", 1);
    page.store
        .set_json("user", json!({ "name": "Ada", "age": 36 }))
        .unwrap();
    page.edge.detach();
}

#[test]
fn it_is_loading_until_the_answer_comes() {
    let (clock, memory) = (Clock::new(), Memory::new());
    stored(&clock, &memory);
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    assert!(page.edge.status().is_loading);
    assert_eq!(page.get("a"), None);
    backend.answer();
    assert!(!page.edge.status().is_loading);
    assert_eq!(page.get("a"), Some(1));
}

#[test]
fn what_is_written_while_loading_counts() {
    let (clock, memory) = (Clock::new(), Memory::new());
    stored(&clock, &memory);
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    clock.set(START + 1);
    page.set("a", 2);
    page.store.delete("b").unwrap();
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Pending);
    backend.answer();
    assert_eq!(
        (page.get("a"), page.get("b")),
        (Some(2), Some(1)),
        "there was no b to remove"
    );
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    let next = Page::new(&clock, Storage::new(memory));
    assert_eq!((next.get("a"), next.get("b")), (Some(2), Some(1)));
}

#[test]
fn what_is_written_and_removed_while_loading_is_removed_whenever_the_turn_ends() {
    for ends_between in [true, false] {
        let (clock, memory) = (Clock::new(), Memory::new());
        stored(&clock, &memory);
        let backend = Faulty::slow(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        clock.set(START + 1);
        page.set("a", 2);
        if ends_between {
            page.edge.flush();
        }
        page.store.delete("a").unwrap();
        page.edge.flush();
        page.wait_with(SECOND, || backend.answer());
        assert_eq!((page.get("a"), page.get("b")), (None, Some(1)));
        let next = Page::new(&clock, Storage::new(memory));
        assert_eq!((next.get("a"), next.get("b")), (None, Some(1)));
    }
}

#[test]
fn what_is_not_loaded_yet_is_not_there_to_be_removed() {
    let wipes: [fn(&Store); 2] = [
        |store| store.clear().unwrap(),
        |store| {
            let nothing = Store::new().snapshot();
            store.restore(&nothing, Restore::Replace).unwrap();
        },
    ];
    for wipe in wipes {
        let (clock, memory) = (Clock::new(), Memory::new());
        stored(&clock, &memory);
        let backend = Faulty::slow(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        clock.set(START + 1);
        page.set("new", 1);
        page.edge.flush();
        for is_loading in [true, false] {
            assert_eq!(page.edge.status().is_loading, is_loading);
            wipe(&page.store);
            page.edge.flush();
            page.wait_with(SECOND, || backend.answer());
            let next = Page::new(&clock, Storage::new(memory.clone()));
            let kept = if is_loading { Some(1) } else { None };
            assert_eq!((next.get("a"), next.get("new")), (kept, None));
        }
    }
}

#[test]
fn what_is_written_while_another_write_is_under_way_follows() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.answer();
    for n in 0..10 {
        page.set("a", n);
        page.set(&format!("k{n}"), n);
        page.edge.flush();
        assert_eq!(page.edge.save_status("a"), SaveStatus::Pending);
        backend.answer_one();
    }
    backend.answer();
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert_eq!(page.edge.status().pending, 0);
    let next = Page::new(&clock, Storage::new(memory));
    assert_eq!(next.get("a"), Some(9));
    assert!((0..10).all(|n| next.get(&format!("k{n}")) == Some(n)));
}

/// Whatever of the answers of a page's last moment still comes.
#[test]
fn a_page_that_is_closed_at_any_moment_has_stored_what_was_written() {
    for answered in 0..12 {
        let (clock, memory) = (Clock::new(), Memory::new());
        stored(&clock, &memory);
        let backend = Faulty::slow(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        clock.set(START + 1);
        let mut left = answered;
        let mut answer = || {
            for _ in 0..3 {
                if left > 0 && backend.answer_one() {
                    left -= 1;
                }
            }
        };
        page.set("a", 2);
        page.edge.flush();
        answer();
        page.set("a", 3);
        page.set("new", 1);
        page.edge.flush();
        answer();
        if page.store.has("user") {
            page.store.set_at("user", "/age", json!(37)).unwrap();
        } else {
            page.store
                .set_json("user", json!({ "name": "Ada", "age": 37 }))
                .unwrap();
        }
        page.edge.flush();
        answer();
        page.edge.save_now();
        answer();
        backend.lose_answers();
        drop(page);
        // Another page has written meanwhile, and is not undone.
        let other = Page::new(&clock, Storage::new(memory.clone()));
        clock.set(START + 2);
        other.set("b", 2);
        other.edge.detach();

        for _ in 0..2 {
            let backend = Faulty::slow(&memory);
            let page = Page::new(&clock, Storage::new(backend.clone()));
            page.wait_with(SECOND, || backend.answer());
            assert_eq!(page.get("a"), Some(3), "{answered} answers");
            assert_eq!(page.get("b"), Some(2), "{answered} answers");
            assert_eq!(page.get("new"), Some(1), "{answered} answers");
            let user = json!({ "name": "Ada", "age": 37 });
            assert_eq!(
                page.store.get::<Json>("user"),
                Some(user),
                "{answered} answers"
            );
            assert_eq!(
                memory.names(),
                ["app:a", "app:b", "app:new", "app:user"],
                "{answered} answers: nothing else stays behind"
            );
        }
    }
}

#[test]
fn a_page_that_comes_back_goes_on() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.answer();
    page.set("a", 1);
    page.edge.save_now();
    page.wait(SECOND);
    // From the back/forward cache.
    page.edge.resync();
    page.wait_with(SECOND, || backend.answer());
    page.edge.resync();
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert_eq!(memory.names(), ["app:a"]);
}

#[test]
fn who_does_not_answer_is_taken_for_denied_until_he_does() {
    let (clock, memory) = (Clock::new(), Memory::new());
    stored(&clock, &memory);
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    page.set("new", 1);
    page.edge.flush();
    page.wait(9 * SECOND);
    assert!(page.edge.status().is_loading);
    page.wait(2 * SECOND);
    let status = page.edge.status();
    assert!(!status.is_loading);
    assert_eq!(status.storage, "memory");
    assert!(status.storage_fault.unwrap().contains("10 s"));
    assert_eq!(page.edge.save_status("new"), SaveStatus::Sheltered);
    // What has been late all along.
    backend.answer_one();
    assert_eq!(page.get("a"), Some(1));
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(page.edge.save_status("new"), SaveStatus::Saved);
    assert_eq!(page.edge.status().storage, "faulty");
    assert_eq!(Page::new(&clock, Storage::new(memory)).get("new"), Some(1));
}

#[test]
fn answers_that_come_after_the_page_has_gone_do_nothing() {
    let (clock, memory) = (Clock::new(), Memory::new());
    stored(&clock, &memory);
    for detach in [false, true] {
        let backend = Faulty::slow(&memory);
        let Page { store, edge, .. } = Page::new(&clock, Storage::new(backend.clone()));
        if detach {
            edge.detach();
        } else {
            drop(edge);
        }
        backend.answer();
        assert_eq!(store.get::<i64>("a"), None);
    }
}

#[test]
fn what_was_written_in_haste_and_cannot_be_read_is_reported() {
    let (clock, memory) = (Clock::new(), Memory::new());
    memory.set("app::journal:a:0000000000000007", "{\"format\":1,");
    let page = Page::new(&clock, Storage::new(memory.clone()));
    assert_eq!(page.errors().len(), 1);
    assert_eq!(memory.len(), 1);
    page.set("a", 1);
    page.edge.flush();
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
}

#[test]
fn what_is_written_while_it_is_tried_again_is_not_called_saved() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let backend = Faulty::slow(&memory);
    let page = Page::new(&clock, Storage::new(backend.clone()));
    backend.answer();
    backend.break_down(Wrong::Quota);
    page.set("a", 1);
    page.edge.flush();
    backend.answer();
    backend.recover();
    clock.set(page.edge.poll().unwrap());
    page.edge.poll();
    backend.answer_one();
    // The second try is under way.
    page.set("a", 2);
    page.edge.flush();
    for _ in 0..10 {
        let has_answered = backend.answer_one();
        let is_saved = page.edge.save_status("a").is_saved();
        if is_saved {
            assert!(memory.get("app:a").unwrap().contains(",2]"));
            return;
        }
        assert!(has_answered, "it waits for nothing");
    }
    panic!("it is never saved");
}

#[test]
fn what_a_slow_fallback_has_is_not_taken_for_saved_elsewhere() {
    let (clock, memory, other) = (Clock::new(), Memory::new(), Memory::new());
    let (backend, fallback) = (Faulty::slow(&memory), Faulty::slow(&other));
    let storage = Storage::new(backend.clone()).fallback(fallback.clone());
    let page = Page::new(&clock, storage);
    page.set("a", 1);
    page.edge.flush();
    page.wait(11 * SECOND);
    assert_eq!(page.edge.status().storage, "faulty");
    assert!(page.edge.status().storage_fault.is_some());
    fallback.answer_one(); // what it has
    fallback.answer_one(); // what is there of the key
    // The backend comes back, before the fallback has said that it has the key.
    backend.answer_one();
    assert_eq!(page.edge.status().storage_fault, None);
    fallback.answer();
    assert!(other.get("app:a").is_some());
    assert!(!page.edge.save_status("a").is_saved() || memory.get("app:a").is_some());
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert!(memory.get("app:a").is_some());
}

#[test]
fn what_a_slow_fallback_is_tried_with_again_is_written_when_the_backend_is_back() {
    let (clock, memory, other) = (Clock::new(), Memory::new(), Memory::new());
    stored(&clock, &memory);
    let (backend, fallback) = (Faulty::slow(&memory), Faulty::slow(&other));
    let storage = Storage::new(backend.clone()).fallback(fallback.clone());
    let page = Page::new(&clock, storage);
    page.set("a", 5);
    page.edge.flush();
    fallback.break_down(Wrong::Quota);
    page.wait_with(12 * SECOND, || fallback.answer());
    assert!(page.edge.save_status("a").failure().is_some());
    // The fallback is asked once more, and the backend comes back before it answers.
    let calls = fallback.calls();
    while fallback.calls() == calls {
        clock.set(page.edge.poll().unwrap());
    }
    backend.answer();
    assert_eq!(page.edge.status().storage_fault, None);
    page.wait_with(SECOND, || backend.answer());
    fallback.answer();
    page.wait_with(SECOND, || backend.answer());
    assert_eq!(page.edge.save_status("a"), SaveStatus::Saved);
    assert_eq!(Page::new(&clock, Storage::new(memory)).get("a"), Some(5));
}
