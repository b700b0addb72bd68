//! A store whose edge ends and is followed by another: what is written between the two counts.

use crate::support::*;
use serde_json::{Value as Json, json};
use universal_state::{
    MfeInfo,
    edge::{Edge, Memory, SaveStatus, Storage},
};

/// The next edge of a page's store, under a prefix.
fn next(page: &Page, clock: &Clock, prefix: &str, memory: &Memory) -> Edge {
    let now = clock.clone();
    let edge = Edge::builder("app").prefix(prefix).clock(move || now.now());
    let storage = Storage::new(memory.clone());
    edge.storage(storage).attach(&page.store).unwrap()
}

fn later(clock: &Clock) {
    clock.set(clock.now() + 1_000);
}

/// Both ways in which an edge ends.
const ENDS: [fn(&Page); 2] = [
    |page| page.edge.detach(),
    |page| {
        page.edge.flush();
        page.edge.detach();
    },
];

#[test]
fn what_is_written_and_removed_between_two_edges_is_written_and_removed() {
    for end in ENDS {
        let (clock, memory) = (Clock::new(), Memory::new());
        let page = Page::new(&clock, Storage::new(memory.clone()));
        for key in ["set", "removed", "left alone"] {
            page.set(key, 1);
        }
        end(&page);
        later(&clock);
        page.set("set", 2);
        page.set("new", 2);
        page.store.delete("removed").unwrap();
        // What ends where it began is no change.
        page.set("left alone", 2);
        page.set("left alone", 1);
        // Another page is there meanwhile, and does what this one does not undo.
        let other = Page::new(&clock, Storage::new(memory.clone()));
        other.set("left alone", 3);
        other.edge.detach();
        later(&clock);

        let edge = next(&page, &clock, "app", &memory);
        edge.flush();
        let expected = [
            ("set", Some(2)),
            ("new", Some(2)),
            ("removed", None),
            ("left alone", Some(3)),
        ];
        for (key, value) in expected {
            assert_eq!(page.get(key), value, "{key}");
        }
        assert_eq!(edge.save_status("set"), SaveStatus::Saved);
        let reloaded = Page::new(&clock, Storage::new(memory));
        for (key, value) in expected {
            assert_eq!(reloaded.get(key), value, "{key}, stored");
        }
    }
}

#[test]
fn members_that_were_written_between_two_edges_are_merged_with_those_of_others() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let user = json!({ "name": "Ada", "age": 36 });
    page.store.set_json("user", user).unwrap();
    page.edge.detach();
    later(&clock);
    page.store.set_at("user", "/name", json!("Grace")).unwrap();
    let other = Page::new(&clock, Storage::new(memory.clone()));
    other.store.set_at("user", "/age", json!(37)).unwrap();
    other.edge.detach();
    later(&clock);
    next(&page, &clock, "app", &memory).flush();
    let user: Option<Json> = page.store.get("user");
    assert_eq!(user, Some(json!({ "name": "Grace", "age": 37 })));
}

#[test]
fn it_counts_for_the_same_prefix_alone() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let other = Page::with(
        &clock,
        Storage::new(memory.clone()),
        |_| {},
        |edge| edge.prefix("other"),
    );
    other.set("n", 7);
    other.edge.detach();
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("n", 1);
    page.edge.detach();
    later(&clock);
    page.set("n", 2);
    // What stands in the store is this page's own, as always.
    let edge = next(&page, &clock, "other", &memory);
    assert_eq!(page.get("n"), Some(7));
    edge.detach();
    // What the last edge has brought in is no write.
    later(&clock);
    next(&page, &clock, "app", &memory);
    assert_eq!(page.get("n"), Some(1));
}

#[test]
fn what_could_not_be_saved_before_is_not_lost_to_what_is_stored() {
    for wrong in [Wrong::Denied, Wrong::Fails, Wrong::Quota, Wrong::Dropped] {
        let (clock, memory) = (Clock::new(), Memory::new());
        let backend = Faulty::new(&memory);
        let page = Page::new(&clock, Storage::new(backend.clone()));
        for key in ["set", "removed"] {
            page.set(key, 1);
        }
        page.edge.flush();
        backend.break_down(wrong);
        later(&clock);
        page.set("set", 2);
        page.store.delete("removed").unwrap();
        page.edge.flush();
        // What is dropped without a word is only found out later.
        page.wait(60_000);
        page.edge.detach();
        let edge = next(&page, &clock, "app", &memory);
        edge.flush();
        assert_eq!(
            (page.get("set"), page.get("removed")),
            (Some(2), None),
            "{wrong:?}"
        );
        let reloaded = Page::new(&clock, Storage::new(memory));
        assert_eq!(
            (reloaded.get("set"), reloaded.get("removed")),
            (Some(2), None),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_micro_frontend_that_leaves_between_two_edges_finds_its_keys() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let info = || MfeInfo::new("cart", "leptos", "1");
    let cart = page.store.register_mfe(info()).unwrap();
    cart.set("n", 1).unwrap();
    cart.set("m", 1).unwrap();
    page.edge.detach();
    later(&clock);
    cart.set("n", 2).unwrap();
    cart.delete("m").unwrap();
    cart.unregister().unwrap();
    let _edge = next(&page, &clock, "app", &memory);
    let cart = page.store.register_mfe(info()).unwrap();
    assert_eq!((cart.get("n"), cart.get::<i64>("m")), (Some(2), None));
}

#[test]
fn an_edge_that_has_ended_puts_nothing_into_the_store() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let info = || MfeInfo::new("cart", "leptos", "1");
    let cart = page.store.register_mfe(info()).unwrap();
    cart.set("n", 1).unwrap();
    cart.unregister().unwrap();
    page.edge.detach();
    let cart = page.store.register_mfe(info()).unwrap();
    assert_eq!(cart.get::<i64>("n"), None);
    page.edge.flush();
    page.edge.resync();
    page.set("n", 1);
    page.edge.flush();
    assert!(memory.names().iter().all(|name| !name.ends_with(":n")));
    // But the next one does, and takes in what was written.
    let edge = next(&page, &clock, "app", &memory);
    assert_eq!(cart.get("n"), Some(1));
    edge.flush();
    assert!(memory.names().contains(&"app:n".to_owned()));
}

#[test]
fn what_came_in_too_late_for_one_edge_is_put_into_the_store_by_the_next() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    page.set("n", 1);
    page.edge.flush();
    later(&clock);
    let other = Page::new(&clock, Storage::new(memory.clone()));
    other.set("n", 2);
    other.edge.detach();
    let batch = page.store.batch(|_| {
        // It waits for the end of the batch.
        page.edge.storage_changed(None);
        page.edge.detach();
        Ok(())
    });
    batch.unwrap();
    page.edge.flush();
    assert_eq!(page.get("n"), Some(1));
    next(&page, &clock, "app", &memory);
    assert_eq!(page.get("n"), Some(2));
}

#[test]
fn what_is_written_and_removed_between_two_edges_is_removed_though_it_was_never_loaded() {
    for end in ENDS {
        let (clock, memory) = (Clock::new(), Memory::new());
        let before = Page::new(&clock, Storage::new(memory.clone()));
        before.set("n", 1);
        before.set("m", 1);
        before.edge.detach();
        later(&clock);
        let page = Page::new(&clock, Storage::new(Faulty::slow(&memory)));
        end(&page);
        page.set("n", 2);
        page.store.delete("n").unwrap();
        // There is nothing to remove.
        page.store.delete("m").unwrap();

        let edge = next(&page, &clock, "app", &memory);
        edge.flush();
        assert_eq!((page.get("n"), page.get("m")), (None, Some(1)));
        let reloaded = Page::new(&clock, Storage::new(memory));
        assert_eq!((reloaded.get("n"), reloaded.get("m")), (None, Some(1)));
    }
}
