//! What is written in one store is in all, as it was written.

use crate::support::{Limits, PAIRS, Page, join, store, told};
use serde::{Deserialize, Serialize};
use universal_state::{
    EngineKind, Key, Label, Pattern, Restore, StateError, Store, edge::page::link::Links,
};

#[test]
fn a_guest_begins_with_all_that_its_host_holds() {
    for pair in PAIRS {
        let mut page = Page::new(pair, 0);
        page.host.set_many([("a", 1), ("b", 2)]).unwrap();
        let guest = store(pair[1]);
        guest.set("own", 1).unwrap();
        page.join(guest);
        page.agree();
        assert_eq!(page.guests[0].keys(), ["a", "b"]);
    }
}

/// What it is called, and what it does.
type Way<'a> = (&'a str, &'a dyn Fn(&Store));

#[test]
fn every_way_of_writing_in_a_guest_writes_in_all() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let [guest, other] = [&page.guests[0], &page.guests[1]];
        let ways: [Way; 10] = [
            ("set", &|s| s.set("a", 1).unwrap()),
            ("set another type", &|s| {
                s.set("a", "text".to_owned()).unwrap()
            }),
            ("update", &|s| {
                s.set("n", 1).unwrap();
                assert!(s.update("n", |n: &mut i32| *n += 1).unwrap());
            }),
            ("handle", &|s| s.handle("h").unwrap().set(5.5).unwrap()),
            ("set_many", &|s| s.set_many([("x", 1), ("y", 2)]).unwrap()),
            ("set_at", &|s| {
                s.set_json("j", serde_json::json!({"a": {"b": 1}})).unwrap();
                s.set_at("j", "/a/b", 2).unwrap();
            }),
            ("delete", &|s| assert!(s.delete("a").unwrap())),
            ("batch", &|s| {
                s.batch(|tx| {
                    tx.set("x", 10)?;
                    tx.delete("y")?;
                    tx.set("z", tx.get::<i32>("x"))
                })
                .unwrap()
            }),
            ("restore", &|s| {
                let saved = Store::new();
                saved.set_many([("x", 3), ("new", 4)]).unwrap();
                s.restore(&saved.snapshot(), Restore::Replace).unwrap();
                assert_eq!(s.keys(), ["new", "x"]);
            }),
            ("clear", &|s| s.clear().unwrap()),
        ];
        for (name, way) in ways {
            let before = guest.metadata().version;
            way(guest);
            assert!(guest.metadata().version > before, "{name}");
            page.agree();
        }
        for (_, way) in ways {
            way(&page.host);
            page.agree();
        }
        for (_, way) in ways {
            way(other);
            page.agree();
        }
    }
}

#[cfg(feature = "fields")]
#[test]
fn a_field_that_is_written_in_a_guest_is_written_in_all() {
    use reactive_stores::Field;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, reactive_stores::Store)]
    struct User {
        name: String,
        age: u32,
    }
    let _ = |field: Field<String>| field;
    let page = Page::new(PAIRS[3], 1);
    let ada = User {
        name: "Ada".to_owned(),
        age: 36,
    };
    page.host.set("user", ada).unwrap();
    page.guests[0].set_at("user", "/age", 37).unwrap();
    assert_eq!(page.host.get::<User>("user").map(|user| user.age), Some(37));
    page.agree();
}

#[test]
fn a_batch_of_a_guest_is_one_transaction_in_the_host_or_none() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let (host, other) = (told(&page.host), told(&page.guests[1]));
        let guest = &page.guests[0];
        guest
            .batch(|tx| tx.set("a", 1).and(tx.set("b", 2)))
            .unwrap();
        assert_eq!(host.take(), ["a=1 page unknown, b=2 page unknown"]);
        assert_eq!(other.take(), ["a=1 page unknown, b=2 page unknown"]);
        let failed = guest.batch(|tx| {
            tx.set("a", 9)?;
            Err::<(), _>(StateError::abort("no"))
        });
        assert_eq!(failed, Err(StateError::abort("no")));
        assert!(host.take().is_empty() && other.take().is_empty());
        page.agree();
    }
}

#[test]
fn who_wrote_is_known_in_all() {
    let page = Page::new(PAIRS[3], 2);
    let all = [&page.host, &page.guests[0], &page.guests[1]].map(told);
    let take = || all.each_ref().map(Log::take);
    use crate::support::Log;
    page.guests[0].set_with_source("a", 1, "form").unwrap();
    assert_eq!(
        take(),
        [["a=1 page form"], ["a=1 local form"], ["a=1 page form"]]
    );
    page.host.set_with_source("a", 2, "timer").unwrap();
    assert_eq!(
        take(),
        [["a=2 local timer"], ["a=2 page timer"], ["a=2 page timer"]]
    );
}

#[test]
fn what_a_hosts_middleware_rewrites_is_what_the_guest_holds() {
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        page.host.add_middleware(Limits("limits"));
        let told = told(&page.guests[0]);
        page.guests[0].set_many([("a", 500), ("b", 5)]).unwrap();
        assert_eq!(told.take(), ["a=100 local unknown, b=5 local unknown"]);
        assert_eq!(page.guests[0].get("a"), Some(100));
        page.agree();
        // Rewritten to what is there: nothing changes.
        page.guests[0].set("a", 300).unwrap();
        assert_eq!(page.guests[0].get("a"), Some(100));
        assert!(told.take().is_empty());
        page.agree();
    }
}

#[test]
fn a_value_stays_as_it_was_written_where_it_was_written() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Cart {
        items: u32,
        #[serde(skip)]
        open: bool,
    }
    let page = Page::new(PAIRS[3], 1);
    let cart = |open| Cart { items: 2, open };
    let guest = &page.guests[0];
    guest.set("cart", cart(false)).unwrap();
    assert_eq!(page.host.get("cart"), Some(cart(false)));
    // It is the same in the host, and differs here in what is never serialized.
    guest.set("cart", cart(true)).unwrap();
    assert_eq!(guest.get("cart"), Some(cart(true)));
    assert_eq!(page.host.get("cart"), Some(cart(false)));
    guest
        .batch(|tx| tx.set("cart", cart(false)).and(tx.set("n", 1)))
        .unwrap();
    assert_eq!(
        (guest.get("cart"), guest.get("n")),
        (Some(cart(false)), Some(1))
    );
    page.agree();
}

#[test]
fn two_versions_of_a_type_work_together() {
    mod old {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct User {
            pub name: String,
        }
    }
    mod new {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct User {
            pub name: String,
            #[serde(default)]
            pub points: u32,
        }
    }
    const OLD: Key<old::User> = Key::new("user");
    const NEW: Key<new::User> = Key::new("user");
    for pair in PAIRS {
        let page = Page::new(pair, 2);
        let name = || "Ada".to_owned();
        page.guests[0].set(OLD, old::User { name: name() }).unwrap();
        let user = page.guests[1].get(NEW).unwrap();
        assert_eq!(
            user,
            new::User {
                name: name(),
                points: 0
            }
        );
        page.guests[1].update(NEW, |user| user.points += 5).unwrap();
        assert_eq!(page.guests[0].get(OLD), Some(old::User { name: name() }));
        assert_eq!(page.host.get(NEW).unwrap().points, 5);
        page.agree();
    }
}

#[test]
fn names_of_javascripts_prototype_are_ordinary_keys() {
    let page = Page::new(PAIRS[1], 2);
    for key in ["__proto__", "constructor", "toString", "hasOwnProperty"] {
        page.guests[0].set(key, key.to_owned()).unwrap();
        assert_eq!(page.guests[1].get::<String>(key).as_deref(), Some(key));
    }
    page.agree();
}

#[test]
fn a_secret_of_the_host_does_not_exist_in_a_guest() {
    for pair in PAIRS {
        let mut page = Page::new(pair, 1);
        page.host.label("token", Label::Secret).unwrap();
        page.host
            .label_matching(Pattern::glob("pin:*").unwrap(), Label::Secret)
            .unwrap();
        page.host
            .set_many([("token", 1), ("pin:1", 2), ("open", 3)])
            .unwrap();
        page.join(store(pair[1]));
        for guest in &page.guests {
            assert_eq!(guest.keys(), ["open"]);
            let denied = guest.set("token", 5).unwrap_err();
            assert!(matches!(denied, StateError::Denied { .. }), "{denied}");
            let denied = guest.set_many([("open", 9), ("pin:1", 9)]).unwrap_err();
            assert!(matches!(denied, StateError::Denied { .. }), "{denied}");
        }
        assert_eq!(
            (page.host.get("token"), page.host.get("open")),
            (Some(1), Some(3))
        );
    }
}

#[test]
fn a_secret_of_a_guest_stays_there() {
    for pair in PAIRS {
        let page = Page::new(pair, 1);
        let guest = &page.guests[0];
        guest.label("pin", Label::Secret).unwrap();
        guest.set("pin", 1234).unwrap();
        guest
            .batch(|tx| tx.set("pin", 4321).and(tx.set("n", 1)))
            .unwrap();
        assert_eq!(guest.get("pin"), Some(4321));
        assert_eq!(page.host.keys(), ["n"]);
        // The host has a key of that name too: both keep their own.
        page.host.set("pin", 7).unwrap();
        assert_eq!(
            (guest.get("pin"), page.host.get("pin")),
            (Some(4321), Some(7))
        );
    }
}

#[test]
fn other_labels_go_with_what_they_label() {
    let page = Page::new(PAIRS[3], 2);
    page.guests[0].label("draft", Label::Volatile).unwrap();
    page.guests[0].set("draft", 1).unwrap();
    page.host.label("place", Label::Local).unwrap();
    page.host.set("place", 1).unwrap();
    for store in [&page.host, &page.guests[1]] {
        assert!(store.labels("draft").unwrap().has(Label::Volatile));
        assert!(store.labels("place").unwrap().has(Label::Local));
    }
}

#[test]
fn a_value_without_a_json_form_is_refused_and_stored_nowhere() {
    use std::collections::BTreeMap;
    let page = Page::new(PAIRS[3], 1);
    let odd: BTreeMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    let error = page.guests[0].set("odd", odd).unwrap_err();
    assert!(
        matches!(error, StateError::Serialize { ref key, .. } if key == "odd"),
        "{error}"
    );
    let mut deep = serde_json::json!(1);
    for _ in 0..100 {
        deep = serde_json::json!([deep]);
    }
    let error = page.guests[0].set_json("deep", deep).unwrap_err();
    assert!(
        matches!(error, StateError::Serialize { ref key, .. } if key == "deep"),
        "{error}"
    );
    assert!(page.host.is_empty() && page.guests[0].is_empty());
}

#[test]
fn a_store_joins_once() {
    let (host, guest) = (store(EngineKind::Map), store(EngineKind::Map));
    let links = Links::new(&host);
    join(&guest, &links).unwrap();
    assert!(matches!(
        join(&guest, &links),
        Err(StateError::Refused { .. })
    ));
    assert_eq!(links.len(), 1);
}
