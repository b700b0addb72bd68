//! Reading and writing inside of values by JSON Pointer, on every engine.
#![cfg(feature = "json")]

use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, Mutex};
use universal_state::{
    Delivery, EngineKind, MfeInfo, Pointer, StateError, Store, SubscribeOptions, Validate,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct User {
    name: String,
    tags: Vec<String>,
    #[serde(default)]
    address: Option<Address>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Address {
    city: String,
}

fn ada() -> User {
    User {
        name: "Ada".into(),
        tags: vec!["math".into()],
        address: Some(Address {
            city: "London".into(),
        }),
    }
}

fn stores() -> impl Iterator<Item = Store> {
    EngineKind::ALL
        .iter()
        .map(|kind| Store::builder().engine(*kind).on_error(|_| {}).build())
}

/// The pointers of every change to a store, a list for each transaction.
fn paths(store: &Store) -> Arc<Mutex<Vec<Vec<String>>>> {
    let log: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let sink = Arc::clone(&log);
    let options = SubscribeOptions::new().delivery(Delivery::Sync);
    let listener = move |changes: &universal_state::ChangeSet| {
        let moved = changes.iter().flat_map(|change| {
            let key = change.key().to_owned();
            let paths = change.paths().into_iter();
            paths.map(move |path| format!("{key}{path}"))
        });
        sink.lock().unwrap().push(moved.collect());
    };
    store.subscribe_all(options, listener).unwrap().forget();
    log
}

#[test]
fn a_place_reads_through_whatever_type_was_written() {
    for store in stores() {
        store.set("user", ada()).unwrap();
        assert_eq!(
            store.get_at::<String>("user", "/name").as_deref(),
            Some("Ada")
        );
        assert_eq!(
            store
                .get_at("user", "/address")
                .map(|a: Address| a.city)
                .as_deref(),
            Some("London")
        );
        assert_eq!(store.get_at::<User>("user", ""), Some(ada()));
        assert_eq!(store.get_at::<String>("user", "/tags/1"), None);
        assert_eq!(store.get_at::<String>("nobody", "/name"), None);
        let mistyped = store.try_get_at::<i32>("user", "/name");
        assert!(matches!(mistyped, Err(StateError::Type { key, .. }) if key == "user/name"));
        let unparsable = store.try_get_at::<i32>("user", "name");
        assert!(matches!(unparsable, Err(StateError::Pointer { .. })));
        assert_eq!(store.metadata().version, 1);
    }
}

#[test]
fn a_written_place_reads_as_the_owners_type() {
    for store in stores() {
        store.set("user", ada()).unwrap();
        store
            .set_at("user", "/address/city", "Paris".to_owned())
            .unwrap();
        store
            .set_at("user", "/tags/-", "engines".to_owned())
            .unwrap();
        let user: User = store.get("user").unwrap();
        assert_eq!(user.address.unwrap().city, "Paris");
        assert_eq!(user.tags, ["math", "engines"]);
        assert_eq!(store.delete_at("user", "/tags/0"), Ok(true));
        assert_eq!(store.delete_at("user", "/tags/7"), Ok(false));
        assert_eq!(store.get::<User>("user").unwrap().tags, ["engines"]);
        store.set_at("fresh", "", 5).unwrap();
        assert_eq!(store.get("fresh"), Some(5));
        assert_eq!(store.delete_at("fresh", ""), Ok(true));
        assert!(!store.has("fresh"));
    }
}

#[test]
fn an_equal_value_at_a_place_changes_nothing() {
    for store in stores() {
        store.set("user", ada()).unwrap();
        store.set_at("user", "/name", "Ada".to_owned()).unwrap();
        assert_eq!(store.delete_at("user", "/nothing"), Ok(false));
        assert_eq!(store.metadata().version, 1);
    }
}

#[test]
fn a_place_that_is_not_there_is_a_typed_error_and_nothing_changes() {
    for store in stores() {
        store.set("user", ada()).unwrap();
        for (key, pointer) in [
            ("user", "/tags/9"),
            ("user", "/tags/x"),
            ("user", "/name/first"),
            ("user", "/a/b"),
            ("nobody", "/name"),
            ("user", "name"),
        ] {
            let refused = store.set_at(key, pointer, 1);
            assert!(
                matches!(refused, Err(StateError::Pointer { .. })),
                "{pointer}: {refused:?}"
            );
        }
        assert_eq!(store.get("user"), Some(ada()));
        assert_eq!((store.metadata().version, store.slot_count()), (1, 1));
    }
}

#[test]
fn a_write_to_a_place_takes_the_pipe() {
    for store in stores() {
        store.set("user", ada()).unwrap();
        store.add_middleware(Validate::new().rule("user", |user: &User| {
            (!user.name.is_empty())
                .then_some(())
                .ok_or("a user has a name")
        }));
        let vetoed = store.set_at("user", "/name", String::new());
        assert!(matches!(vetoed, Err(StateError::Vetoed { .. })));
        assert_eq!(store.get("user"), Some(ada()));

        let shop = store
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        shop.set_at("filter", "", json!({ "color": "red" }))
            .unwrap();
        shop.set_at("filter", "/color", "blue".to_owned()).unwrap();
        assert_eq!(
            store.get_at::<String>("@shop/filter", "/color").as_deref(),
            Some("blue")
        );
        assert!(shop.peer("cart").set_at("x", "", 1).is_err());

        let failed: Result<(), _> = store.batch(|tx| {
            tx.set_at("user", "/name", "Grace".to_owned())?;
            assert_eq!(
                tx.get_at::<String>("user", "/name").as_deref(),
                Some("Grace")
            );
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert_eq!(store.get("user"), Some(ada()));
    }
}

#[test]
fn a_change_says_which_places_moved_through_whatever_door() {
    for store in stores() {
        let log = paths(&store);
        store.set("user", ada()).unwrap();
        store
            .set_at("user", "/address/city", "Paris".to_owned())
            .unwrap();
        store
            .update("user", |user: &mut User| {
                user.name = "Grace".into();
                user.tags.push("navy".into());
            })
            .unwrap();
        store.set("count", 1).unwrap();
        store
            .batch(|tx| {
                tx.set("count", 2)?;
                tx.set_at("user", "/tags/0", "code".to_owned())
            })
            .unwrap();
        store.delete("user").unwrap();
        let expected = [
            vec!["user"],
            vec!["user/address/city"],
            vec!["user/name", "user/tags"],
            vec!["count"],
            vec!["count", "user/tags/0"],
            vec!["user"],
        ];
        assert_eq!(*log.lock().unwrap(), expected, "{}", store.engine());
    }
}

#[test]
fn special_names_are_ordinary_places() {
    for store in stores() {
        store.set_json("o", json!({})).unwrap();
        for name in ["__proto__", "constructor", "", "a/b", "m~n", "é"] {
            let mut pointer = String::from("/");
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            store.set_at("o", &pointer, 1).unwrap();
            assert_eq!(store.get_at("o", &pointer), Some(1));
            assert_eq!(pointer.parse::<Pointer>().unwrap().tokens(), [name]);
        }
        assert_eq!(
            store
                .get_at::<serde_json::Value>("o", "")
                .unwrap()
                .as_object()
                .unwrap()
                .len(),
            6
        );
    }
}
