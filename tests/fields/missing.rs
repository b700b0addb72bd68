//! Keys that are missing, defaults, and values that another team wrote as another type.

use crate::support::*;
#[cfg(feature = "json")]
use reactive_graph::traits::Write;
use reactive_graph::traits::{Get, GetUntracked, Read, ReadUntracked, Set, Update};
use reactive_stores::OptionStoreExt;

#[test]
fn a_field_of_a_missing_key_reads_the_default_and_can_be_written() {
    on_every_engine(|store| {
        let fields = user(store);
        let readers = Readers::new(&fields);
        assert_eq!(readers.name.last(), "");
        assert!(store.is_empty());
        fields.clone().name().set("Ada".into());
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1]);
        assert_eq!(store.get(USER).unwrap().name, "Ada");
        store.delete("user").unwrap();
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1], "deleted");
        assert_eq!(readers.name.last(), "");
        store.set(USER, ada()).unwrap();
        assert_eq!(readers.runs(), [1, 1, 1, 1, 1], "made again");
        store.clear().unwrap();
        assert_eq!(readers.runs(), [1, 1, 1, 1, 1], "cleared");
        store.set(USER, User::default()).unwrap();
        assert_eq!(readers.runs(), [0; 5], "what is stored is the default");
    });
}

#[test]
fn without_a_default_a_missing_key_is_none() {
    on_every_engine(|store| {
        let fields = store.fields(USER).unwrap();
        let (is_some, name) = (fields.clone(), fields.clone());
        let is_some = Reader::new(move || is_some.read().is_some());
        let name = Reader::new(move || name.clone().map(|user| user.name().get()));
        assert_eq!((is_some.last(), name.last()), (false, None));

        fields.set(Some(ada()));
        assert_eq!((is_some.runs(), name.runs()), (1, 1));
        assert_eq!(name.last().as_deref(), Some("Ada"));
        assert_eq!(store.get(USER), Some(ada()));

        fields.clone().unwrap().name().set("Grace".into());
        assert_eq!(name.last().as_deref(), Some("Grace"));
        assert_eq!(store.get(USER).unwrap().name, "Grace");

        fields.set(None);
        assert!(!store.has("user"));
        assert_eq!((is_some.last(), name.last()), (false, None));
        fields.update(|user| user.get_or_insert_default().name = "Joan".into());
        assert_eq!(name.last().as_deref(), Some("Joan"));
    });
}

/// A field inside of a key that comes and goes, by a handle that was made once.
#[test]
fn a_handle_of_a_field_outlives_its_key() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = store.fields(USER).unwrap();
        let (label, nick) = (fields.clone(), fields.clone());
        let label = Reader::new(move || {
            let user = label.clone().invert()?;
            user.rows().at_key(2).label().try_get()
        });
        let nick = Reader::new(move || nick.clone().map_untracked(|user| user.nick().get()));
        assert_eq!(nick.last(), Some(None));
        store.delete("user").unwrap();
        assert_eq!((label.runs(), label.last()), (1, None));
        assert_eq!((nick.runs(), nick.last()), (1, None));
        store.set(USER, ada()).unwrap();
        assert_eq!((label.runs(), label.last().as_deref()), (1, Some("row 2")));
        assert_eq!(nick.runs(), 0, "it did not track that there was nothing");
        store.update(USER, |user| user.rows.rotate_left(1)).unwrap();
        store
            .update(USER, |user| user.rows[0].label = "two".into())
            .unwrap();
        assert_eq!(label.last().as_deref(), Some("two"));
        drop(fields);
    });
}

/// Each root has the default that it was given.
#[test]
fn two_defaults_of_one_key_are_two_roots() {
    on_every_engine(|store| {
        let other = User {
            name: "Nobody".into(),
            ..ada()
        };
        let (plain, named) = (user(store), store.fields_or(USER, other.clone()).unwrap());
        let again = store.fields_or(USER, other).unwrap();
        let readers = [plain, named.clone(), again].map(|fields| Readers::new(&fields));
        let runs = || readers.each_ref().map(Readers::runs);
        assert_eq!(
            readers.each_ref().map(|r| r.name.last()),
            ["", "Nobody", "Nobody"]
        );
        named.clone().name().set("Ada".into());
        assert_eq!(runs(), [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1]]);
        assert_eq!(
            store.get(USER),
            Some(ada()),
            "the default with the field changed"
        );
        store.delete("user").unwrap();
        assert_eq!(runs(), [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1]]);
        drop(named.read_untracked());
    });
}

#[test]
fn roots_of_one_key_share_what_they_know_and_leave_nothing_behind() {
    on_every_engine(|store| {
        for _ in 0..100 {
            let (a, b) = (user(store), user(store));
            let none = store.fields(USER).unwrap();
            assert_eq!(a.name().read_untracked().as_str(), "");
            assert!(none.read_untracked().is_none());
            drop(b);
        }
        assert_eq!(store.slot_count(), 0);
    });
}

#[cfg(feature = "json")]
mod other_types {
    use super::*;
    use reactive_stores::Store as Derive;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use universal_state::{Diff, Key, StateError};

    /// What another team knows of a user. It keeps what it does not know.
    #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
    struct Person {
        name: String,
        address: Place,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
    struct Place {
        city: String,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    const PERSON: Key<Person> = Key::new("user");

    /// Two teams, each with a struct of its own.
    #[test]
    fn two_types_read_and_write_one_key_field_by_field() {
        on_every_engine(|store| {
            let fields = stored_ada(store);
            let readers = Readers::new(&fields);
            let person = store.fields_or(PERSON, Person::default()).unwrap();
            let (name, city) = (person.clone(), person.clone());
            let name = Reader::new(move || name.clone().name().get());
            let city = Reader::new(move || city.clone().address().city().get());
            assert_eq!(
                (name.last().as_str(), city.last().as_str()),
                ("Ada", "London")
            );

            person.clone().address().city().set("Paris".into());
            assert_eq!(readers.runs(), [0, 0, 1, 0, 1]);
            assert_eq!((name.runs(), city.runs()), (0, 1));
            assert_eq!(store.get(USER).unwrap().rows, ada().rows, "nothing is lost");
            fields.clone().name().set("Grace".into());
            assert_eq!(readers.runs(), [1, 0, 0, 0, 1]);
            assert_eq!((name.runs(), city.runs()), (1, 0));
            fields.clone().rows().write().swap(0, 1);
            assert_eq!(readers.runs(), [0, 0, 0, 0, 1]);
            assert_eq!((name.runs(), city.runs()), (0, 0));
            store
                .set_at("user", "/address/street", "Rue".to_owned())
                .unwrap();
            assert_eq!(readers.runs(), [0, 0, 0, 1, 1]);
            assert_eq!((name.runs(), city.runs()), (0, 0));
            let whole = store.get(USER).unwrap();
            assert_eq!(readers.whole.last(), whole);
            assert_eq!(
                (whole.name.as_str(), whole.address.city.as_str()),
                ("Grace", "Paris")
            );
        });
    }

    /// A value that does not decode is reported, and nothing of it is lost to a write of a field.
    #[test]
    fn a_value_of_a_type_that_does_not_read_is_refused_and_not_destroyed() {
        on_every_engine(|store| {
            let reported = reports(store);
            store.set("user", 7).unwrap();
            let (fields, optional) = (user(store), store.fields(USER).unwrap());
            let is_type = |error: &StateError| matches!(error, StateError::Type { .. });
            assert!(reported().is_empty());

            assert_eq!(
                fields.clone().name().get_untracked(),
                "",
                "read as the default"
            );
            assert!(optional.read_untracked().is_none());
            let errors = reported();
            assert!(
                errors.len() == 2 && errors.iter().all(is_type),
                "{errors:?}"
            );

            let version = store.metadata().version;
            fields.clone().name().set("Ada".into());
            fields
                .clone()
                .address()
                .city()
                .update(|city| city.push('x'));
            *fields.clone().email().write() = "x".into();
            fields.clone().rows().write().push(row(1));
            fields.set(ada());
            optional.set(Some(ada()));
            optional.set(None);
            assert!(is_type(
                &fields.try_update(|user| user.name.push('x')).unwrap_err()
            ));
            assert!(is_type(
                &optional.try_update(|user| *user = None).unwrap_err()
            ));
            assert_eq!(store.get("user"), Some(7));
            assert_eq!(store.metadata().version, version);
            // The keys of a collection are read after it was written.
            let errors = reported();
            assert!(
                errors.len() >= 7 && errors.iter().all(is_type),
                "{errors:?}"
            );
            drop(fields.clone().name().write());
            assert!(reported().is_empty(), "nothing was written");
        });
    }

    /// Once it reads, all goes on.
    #[test]
    fn a_value_that_reads_again_is_followed_again() {
        on_every_engine(|store| {
            let fields = stored_ada(store);
            let readers = Readers::new(&fields);
            store.set("user", "text".to_owned()).unwrap();
            assert_eq!(readers.runs(), [1, 1, 1, 1, 1]);
            assert_eq!(readers.name.last(), "");
            store.set("user", 7).unwrap();
            assert_eq!(readers.runs(), [0; 5], "still nothing that reads");
            let mut json = serde_json::to_value(ada()).unwrap();
            json["email"] = "new".into();
            store.set_json("user", json).unwrap();
            assert_eq!(readers.runs(), [1, 1, 1, 1, 1]);
            fields.name().set("Grace".into());
            assert_eq!(readers.runs(), [1, 0, 0, 0, 1]);
            assert_eq!(store.get(USER).unwrap().email, "new");
        });
    }
}

/// Without JSON, only the type that was written reads.
#[cfg(not(feature = "json"))]
#[test]
fn a_value_of_another_type_is_not_destroyed() {
    on_every_engine(|store| {
        store.set("user", 7).unwrap();
        let fields = user(store);
        fields.clone().name().set("Ada".into());
        assert!(fields.try_update(|user| user.name.push('x')).is_err());
        assert_eq!(store.get("user"), Some(7));
    });
}

#[test]
fn fields_that_are_made_for_one_look_go_on_telling() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let given = store.clone();
        let name = Reader::new(move || user(&given).name().get());
        for n in 0..3 {
            store
                .update(USER, |user| user.name = n.to_string())
                .unwrap();
            assert_eq!((name.runs(), name.last()), (1, n.to_string()));
            store
                .update(USER, |user| user.email = n.to_string())
                .unwrap();
            assert_eq!(name.runs(), 0);
        }
    });
}

#[test]
fn fields_of_a_computed_value_follow_it_and_cannot_be_written() {
    on_every_engine(|store| {
        store.set("first", "Ada".to_owned()).unwrap();
        let fields = user(store);
        let name = Reader::new({
            let fields = fields.clone();
            move || fields.clone().name().get()
        });
        assert_eq!(name.last(), "");
        let computed = store
            .register_computed(USER, |view| User {
                name: view.get("first").unwrap_or_default(),
                ..User::default()
            })
            .unwrap();
        assert_eq!((name.runs(), name.last()), (1, "Ada".to_owned()));
        store.set("first", "Grace".to_owned()).unwrap();
        assert_eq!((name.runs(), name.last()), (1, "Grace".to_owned()));
        let refused = fields.try_update(|user| user.name.clear());
        assert!(
            matches!(refused, Err(universal_state::StateError::ReadOnly { .. })),
            "{refused:?}"
        );
        fields.clone().name().set("Joan".into());
        assert_eq!(fields.clone().name().get_untracked(), "Grace");
        drop(computed);
        assert_eq!((name.runs(), name.last()), (1, String::new()));
        fields.name().set("Joan".into());
        assert_eq!((name.runs(), name.last()), (1, "Joan".to_owned()));
    });
}
