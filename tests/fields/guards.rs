//! Guards that are held while others write.

use crate::support::*;
use reactive_graph::traits::{Get, GetUntracked, Set, Update, Write};
use reactive_stores::OptionStoreExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use universal_state::StateError;

#[cfg(feature = "json")]
#[test]
fn guards_that_overlap_keep_what_each_wrote() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let (name_field, city_field) = (fields.clone().name(), fields.clone().address().city());
        let mut name = name_field.write();
        let mut city = city_field.write();
        *name = "Grace".into();
        *city = "Paris".into();
        store
            .update(USER, |user| user.email = "new@example.org".into())
            .unwrap();
        drop(name);
        drop(city);
        let stored = store.get(USER).unwrap();
        assert_eq!(stored.name, "Grace");
        assert_eq!(stored.address.city, "Paris");
        assert_eq!(stored.email, "new@example.org");
        assert_eq!(readers.whole.last(), stored);
        assert_eq!(readers.email.last(), "new@example.org");
    });
}

/// Neither of two that make the key loses what the other made.
#[cfg(feature = "json")]
#[test]
fn guards_of_a_missing_key_keep_what_each_wrote() {
    on_every_engine(|store| {
        let fields = user(store);
        let (name_field, city_field) = (fields.clone().name(), fields.clone().address().city());
        let (mut name, mut city) = (name_field.write(), city_field.write());
        *name = "Grace".into();
        *city = "Paris".into();
        drop(name);
        drop(city);
        let stored = store.get(USER).unwrap();
        assert_eq!(
            (stored.name.as_str(), stored.address.city.as_str()),
            ("Grace", "Paris")
        );

        let mut name = name_field.write();
        *name = "Ada".into();
        store.delete("user").unwrap();
        drop(name);
        let expected = User {
            name: "Ada".into(),
            ..User::default()
        };
        assert_eq!(
            store.get(USER),
            Some(expected),
            "the default with the field changed"
        );
    });
}

/// What is left of overlapping writes to lists, and whether the second was refused.
#[cfg(feature = "json")]
#[test]
fn a_guard_never_writes_to_another_item_than_it_was_taken_for() {
    type Change = fn(&mut User);
    const LABEL: Change = |user| user.rows[0].label = "one".into();
    let cases: &[(&str, Change, Change, bool)] = &[
        (
            "another row",
            LABEL,
            |user| user.rows[1].label = "two".into(),
            true,
        ),
        (
            "another field of the row",
            LABEL,
            |user| user.rows[0].marks[0] = 9,
            true,
        ),
        (
            "rows that moved",
            LABEL,
            |user| user.rows.rotate_left(1),
            false,
        ),
        (
            "a row that went",
            LABEL,
            |user| drop(user.rows.remove(0)),
            false,
        ),
        (
            "a row that was replaced",
            LABEL,
            |user| user.rows[0] = row(7),
            false,
        ),
        (
            "one went, one came",
            LABEL,
            |user| {
                user.rows.remove(0);
                user.rows.push(row(7));
            },
            false,
        ),
        (
            "moving rows of which one changed",
            |user| user.rows.rotate_left(1),
            LABEL,
            false,
        ),
        (
            "moving rows beside a name",
            |user| user.rows.rotate_left(1),
            |user| user.name.clear(),
            true,
        ),
        (
            "a name beside rows that moved",
            |user| user.name.clear(),
            |user| user.rows.rotate_left(1),
            true,
        ),
        (
            "a push onto what changed",
            |user| user.scores.push(9),
            |user| user.scores[0] = 7,
            false,
        ),
        (
            "a push onto what grew",
            |user| user.scores.push(9),
            |user| user.scores.push(8),
            false,
        ),
        (
            "an item of what grew",
            |user| user.scores[0] = 7,
            |user| user.scores.push(8),
            false,
        ),
        (
            "an item beside another",
            |user| user.scores[0] = 7,
            |user| user.scores[1] = 8,
            true,
        ),
        (
            "a part of a row whose parts moved",
            |user| user.rows[1].parts[0].text.clear(),
            |user| user.rows[1].parts.swap(0, 1),
            false,
        ),
        ("a nick", |user| user.nick = Some("x".into()), LABEL, true),
    ];
    on_every_engine(|store| {
        for (name, ours, theirs, merges) in cases {
            let fields = stored_ada(store);
            let reported = reports(store);
            let mut guard = fields.write();
            ours(&mut guard);
            store.update(USER, theirs).unwrap();
            drop(guard);
            let mut expected = ada();
            theirs(&mut expected);
            if *merges {
                ours(&mut expected);
            }
            assert_eq!(store.get(USER).unwrap(), expected, "{name}");
            let conflicts = reported();
            let conflict = StateError::Conflict { key: "user".into() };
            assert_eq!(conflicts, vec![conflict; usize::from(!merges)], "{name}");
            store.delete("user").unwrap();
        }
    });
}

/// What is inside of an option that is gone is not made again by the way.
#[test]
fn a_guard_does_not_bring_back_what_was_deleted() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = store.fields(USER).unwrap();
        let reported = reports(store);
        let name = fields.clone().unwrap().name();
        let mut guard = name.write();
        *guard = "Grace".into();
        store.delete("user").unwrap();
        drop(guard);
        assert!(store.is_empty());
        assert!(matches!(reported()[..], [StateError::Conflict { .. }]));

        let mut guard = fields.write();
        *guard = Some(ada());
        store.set(USER, User::default()).unwrap();
        drop(guard);
        assert_eq!(store.get(USER), Some(ada()), "the last to make it made it");
        let mut guard = fields.write();
        *guard = None;
        store.update(USER, |user| user.name.push('!')).unwrap();
        drop(guard);
        assert!(store.is_empty(), "the last to delete it deleted it");
    });
}

/// A batch sees its own fields, and guards may lie across its ends.
#[test]
fn a_guard_may_outlive_a_batch() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let field = fields.clone().name();
        let mut outlives = None;
        let failed: Result<(), _> = store.batch(|_| {
            fields.clone().email().set("lost".into());
            outlives = Some(field.write());
            **outlives.as_mut().unwrap() = "Grace".into();
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert_eq!(store.get(USER), Some(ada()));
        drop(outlives);
        let stored = store.get(USER).unwrap();
        assert_eq!(stored.email, ada().email, "what failed stays lost");
        #[cfg(feature = "json")]
        assert_eq!(stored.name, "Grace");

        let mut began = field.write();
        *began = "Joan".into();
        store
            .batch(|_| {
                drop(began);
                assert_eq!(fields.clone().name().get_untracked(), "Joan");
                Ok(())
            })
            .unwrap();
        assert_eq!(store.get(USER).unwrap().name, "Joan");
    });
}

/// As with an update of the whole.
#[test]
fn what_panics_in_a_write_stores_nothing() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let panics = |write: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
        panics(&|| {
            fields.clone().scores().update(|scores| {
                scores.clear();
                panic!("half done");
            });
        });
        panics(&|| {
            fields.clone().rows().write().clear();
            let field = fields.clone().name();
            let mut name = field.write();
            name.push('x');
            panic!("half done");
        });
        panics(&|| {
            let _ = fields.try_update(|user| {
                user.name.clear();
                panic!("half done");
            });
        });
        let expected = User {
            rows: Vec::new(),
            ..ada()
        };
        assert_eq!(store.get(USER), Some(expected), "what was done before");
        assert_eq!(readers.runs(), [0, 0, 0, 0, 1]);
        fields.name().set("Grace".into());
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1], "all goes on");
    });
}

/// A guard that is never dropped writes nothing, and hurts nobody.
#[test]
fn a_guard_that_is_leaked_stores_nothing() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let f = fields.clone();
        let leaks = Reader::new(move || {
            let (name, rows) = (f.clone().name(), f.clone().rows());
            let (mut name, mut rows) = (name.write(), rows.write());
            name.push('x');
            rows.clear();
            std::mem::forget((name, rows));
            f.clone().email().get()
        });
        assert_eq!(store.get(USER), Some(ada()));
        fields.clone().name().set("Grace".into());
        assert_eq!((readers.runs(), leaks.runs()), ([1, 0, 0, 0, 1], 0));
        fields.email().set("x".into());
        assert_eq!((readers.runs(), leaks.runs()), ([0, 1, 0, 0, 1], 1));
    });
}
