//! Names: what is whose.

use crate::{special_names::SPECIAL_NAMES, support::*};
use universal_state::{
    StateError, Store,
    edge::{Edge, Memory, Storage},
};

#[test]
fn every_name_survives() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let long = "k".repeat(512);
    let keys = || SPECIAL_NAMES.iter().copied().chain([&*long]);
    for (value, key) in (0..).zip(keys()) {
        page.set(key, value);
    }
    page.edge.flush();
    assert_eq!(memory.len(), SPECIAL_NAMES.len() + 1);
    let page = Page::new(&clock, Storage::new(memory.clone()));
    for (value, key) in (0..).zip(keys()) {
        assert_eq!(page.get(key), Some(value), "{key:?}");
        page.store.delete(key).unwrap();
    }
    page.edge.flush();
    let page = Page::new(&clock, Storage::new(memory));
    for key in keys() {
        assert_eq!(page.get(key), None, "{key:?}");
    }
    assert_eq!(page.errors(), [""; 0]);
}

#[test]
fn names_of_members_survive() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let page = Page::new(&clock, Storage::new(memory.clone()));
    let members = SPECIAL_NAMES.iter().copied().chain([""]);
    let mut object: serde_json::Map<String, serde_json::Value> = members
        .clone()
        .map(|name| (name.to_owned(), 1.into()))
        .collect();
    page.store.set_json("a", object.clone().into()).unwrap();
    page.edge.flush();
    // As parts, too.
    for name in members {
        object.insert(name.to_owned(), 2.into());
        page.store.set_json("a", object.clone().into()).unwrap();
        page.edge.flush();
    }
    let page = Page::new(&clock, Storage::new(memory));
    assert_eq!(
        page.store.get::<serde_json::Value>("a"),
        Some(object.into())
    );
}

#[test]
fn prefixes_do_not_see_each_other_and_strangers_are_left_alone() {
    let (clock, memory) = (Clock::new(), Memory::new());
    let strangers = [
        ("app", "1"),
        ("app:", "2"),
        ("app:x:", "3"),
        ("app:%", "4"),
        ("app:%3a", "5"),
        ("app::", "6"),
        ("app::y:z", "7"),
        ("apps:a", "8"),
        ("a", "9"),
        ("", "10"),
    ];
    for (name, text) in strangers {
        memory.set(name, text);
    }
    let prefixes = ["app", "app:x", "app:x:y", "app%", "ap"];
    let page = |prefix: &'static str| {
        Page::with(
            &clock,
            Storage::new(memory.clone()),
            |_| {},
            |edge| edge.prefix(prefix),
        )
    };
    let pages = prefixes.map(page);
    for (value, page) in (0..).zip(&pages) {
        for key in ["a", "x", "x:a", "y:a"] {
            page.set(key, value);
        }
        page.edge.flush();
        assert_eq!(page.edge.quarantined(), []);
    }
    for (value, page) in (0..).zip(prefixes.map(page)) {
        for key in ["a", "x", "x:a", "y:a"] {
            assert_eq!(page.get(key), Some(value));
            page.store.delete(key).unwrap();
        }
        assert_eq!(page.store.len(), 0);
        page.store.clear().unwrap();
        page.edge.resync();
        page.wait(DAY);
        page.edge.detach();
        assert_eq!(page.errors(), [""; 0]);
    }
    for (name, text) in strangers {
        assert_eq!(memory.get(name).as_deref(), Some(text), "{name:?}");
    }
}

#[test]
fn a_prefix_that_could_be_anothers_is_refused() {
    for prefix in ["", ":", "a:", ":a", "a::b", "app::quarantine"] {
        let storage = Storage::new(Memory::new());
        let edge = Edge::builder("app").prefix(prefix).storage(storage);
        let result = edge.attach(&Store::new());
        assert_eq!(result.err(), Some(StateError::EdgeName), "{prefix:?}");
    }
}
