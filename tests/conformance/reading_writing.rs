//! Points 1 to 4: reading and writing.

pub mod nosy;

#[cfg(feature = "json")]
use crate::support::crosses_as_json;
use crate::support::{entry, reports, store, told};
use nosy::{Nosy, Peeks};
use universal_state::{Delivery, EngineKind, Restore, StateError};

conformance! {
    /// Point 1.
    fn writing_an_equal_value_changes_nothing(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let (at_once, by_turn) = (told(&store, Delivery::Sync), told(&store, Delivery::Batched));
        let before = store.metadata();

        store.set_with_source("n", 1, "somebody").unwrap();
        store.update("n", |n: &mut i32| *n *= 1).unwrap();
        store.update_or("n", 7, |_| {}).unwrap();
        store.set_many([("n", 1)]).unwrap();
        store.handle::<i32>("n").unwrap().set(1).unwrap();
        store.restore(&store.snapshot(), Restore::Replace).unwrap();
        store.flush();

        assert_eq!(store.metadata(), before);
        assert!(at_once.take().is_empty());
        assert!(by_turn.take().is_empty());

        store.set("n", 2).unwrap();
        store.flush();
        assert_eq!(at_once.take(), [[entry("n", 1, 2)]]);
        assert_eq!(by_turn.take(), [[entry("n", 1, 2)]]);
    }

    /// Point 1, where a value equals nothing, itself included.
    fn every_write_of_nan_is_a_change(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        for _ in 0..3 {
            store.set("x", f64::NAN).unwrap();
        }
        assert_eq!(store.metadata().version, 3);
        assert_eq!(told.take().len(), 3);
        assert!(store.get::<f64>("x").is_some_and(f64::is_nan));
        assert_eq!(store.error_count(), 0);
    }

    /// Point 1, across types: the values are equal as JSON.
    #[cfg(feature = "json")]
    fn writing_the_same_number_as_another_type_changes_nothing(engine) {
        let store = store(engine);
        store.set("n", 1u8).unwrap();
        store.set("n", 1i64).unwrap();
        assert_eq!(store.metadata().version, 1);
    }

    /// Point 2.
    fn a_value_that_was_read_stays_as_it_was(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let value = store.try_get_value("n").unwrap().unwrap();
        store.update("n", |n: &mut i32| *n += 1).unwrap();
        assert_eq!(value.to::<i32>(), Ok(1));
        assert_eq!(store.get("n"), Some(2));
    }

    /// Point 2.
    fn a_reader_holds_no_guard(engine) {
        let store = store(engine);
        store.set("n", 1).unwrap();
        let written = store.try_with("n", |n: &i32| {
            store.set("n", n + 1).unwrap();
            store.delete("n").unwrap();
            store.set("other", *n).unwrap();
            *n
        });
        assert_eq!(written, Ok(Some(1)));
        assert_eq!(store.keys(), ["other"]);
    }

    /// Point 2: every method of a value calls the store, through every door.
    fn the_code_of_a_value_may_call_the_store(engine) {
        let store = store(engine);
        let log = told(&store, Delivery::Batched);
        let peeks = Peeks::at(&store);
        store.set("nosy", Nosy(1)).unwrap();
        store.set("nosy", Nosy(1)).unwrap();
        store.set("nosy", Nosy(2)).unwrap();
        let snapshot = store.snapshot();
        store.update("nosy", |nosy: &mut Nosy| nosy.0 = 3).unwrap();
        store.set("nosy", Nosy(2)).unwrap();
        let _: Result<(), _> = store.batch(|tx| {
            tx.set("nosy", Nosy(4))?;
            let _: Result<(), _> = tx.batch(|tx| {
                tx.set("nosy", Nosy(5))?;
                tx.set("another", Nosy(6))?;
                Err(StateError::abort("inner"))
            });
            tx.set("nosy", Nosy(7))?;
            Err(StateError::abort("outer"))
        });
        store.flush();
        store.delete("nosy").unwrap();
        store.snapshot();
        store.restore(&snapshot, Restore::Replace).unwrap();
        drop(snapshot);
        store.set_engine(EngineKind::Map).unwrap();
        store.set_engine(EngineKind::Signal).unwrap();
        if cfg!(feature = "json") {
            store.get::<u32>("nosy").unwrap();
            store.set("nosy", 9u32).unwrap();
            store.get::<Nosy>("nosy").unwrap();
        }
        store.clear().unwrap();
        store.flush();
        assert!(log.take().len() > 1);

        let called = peeks.counts();
        let mut expected = vec!["clone", "drop", "eq"];
        if cfg!(feature = "json") {
            expected = vec!["clone", "deserialize", "drop", "eq", "serialize"];
        }
        assert_eq!(called.into_keys().collect::<Vec<_>>(), expected);
        assert_eq!(store.error_count(), 0);
    }

    /// Point 2, for a value whose code writes.
    fn equality_may_write_to_the_store(engine) {
        let store = store(engine);
        store.set("nosy", Nosy(1)).unwrap();
        let other = store.clone();
        let peeks = Peeks::by(move || other.set("peeked", true).unwrap());
        store.set("nosy", Nosy(2)).unwrap();
        assert!(peeks.count("eq") > 0);
        assert_eq!(store.get("peeked"), Some(true));
        assert!(store.get::<Nosy>("nosy") == Some(Nosy(2)));
    }

    /// Point 3: two teams' types for one key.
    #[cfg(feature = "json")]
    fn a_value_reads_as_any_type_that_its_json_decodes_into(engine) {
        let store = store(engine);
        store.set("user", User { name: "Ada".into(), age: 36 }).unwrap();
        assert_eq!(store.get("user"), Some(Named { name: "Ada".into() }));
        assert_eq!(store.get("user"), Some(User { name: "Ada".into(), age: 36 }));
    }

    /// Point 3: a team deploys later than another.
    #[cfg(feature = "json")]
    fn a_field_that_is_new_and_has_a_default_reads_an_old_value(engine) {
        let store = store(engine);
        store.set("user", Named { name: "Ada".into() }).unwrap();
        assert_eq!(store.get("user"), Some(User { name: "Ada".into(), age: 0 }));
        store.set_json("user", serde_json::json!({ "name": "Grace" })).unwrap();
        assert_eq!(store.get("user"), Some(User { name: "Grace".into(), age: 0 }));
    }

    /// Point 3. Last write wins, whatever its type.
    #[cfg(feature = "json")]
    fn a_write_may_bring_another_type(engine) {
        let store = store(engine);
        let reports = reports(&store);
        store.set("user", User { name: "Ada".into(), age: 36 }).unwrap();
        store.set("user", Named { name: "Grace".into() }).unwrap();
        assert_eq!(store.get("user"), Some(User { name: "Grace".into(), age: 0 }));
        store.set("user", 7).unwrap();
        assert_eq!(store.get("user"), Some(7));
        assert!(reports.take().is_empty());
    }

    /// Point 3: what is decoded is kept, and only until the value changes. (What is kept in place, as numbers are,
    /// has no room for it.)
    #[cfg(feature = "json")]
    fn a_value_is_decoded_once_for_each_type_that_reads_it(engine) {
        let store = store(engine);
        let peeks = Peeks::at(&store);
        store.set_json("n", serde_json::json!(1)).unwrap();
        for _ in 0..3 {
            assert!(store.get("n") == Some(Nosy(1)));
        }
        assert_eq!(peeks.count("deserialize"), 1);
        store.set_json("n", serde_json::json!(2)).unwrap();
        for _ in 0..3 {
            assert!(store.get("n") == Some(Nosy(2)));
        }
        assert_eq!(peeks.count("deserialize"), 2);
    }

    /// Point 2: also of what a value was read as, which goes with it.
    #[cfg(feature = "json")]
    fn what_a_value_was_read_as_is_dropped_outside_of_any_lock(engine) {
        let store = store(engine);
        let put = |n: i128| store.set_many([("nosy", n)]).unwrap();
        let one = |n: i128| store.set("nosy", n).unwrap();
        for write in [&one as &dyn Fn(i128), &put] {
            write(1);
            assert!(store.get("nosy") == Some(Nosy(1)));
            let peeks = Peeks::at(&store);
            write(2);
            assert_eq!(peeks.count("drop"), 1);
        }
    }

    /// "A typed value is serialised only when an edge needs it; both forms are then kept."
    #[cfg(feature = "json")]
    fn a_value_is_encoded_once_and_only_for_who_asks(engine) {
        if crosses_as_json() {
            return;
        }
        let store = store(engine);
        let peeks = Peeks::at(&store);
        store.set("nosy", Nosy(1)).unwrap();
        store.set("nosy", Nosy(2)).unwrap();
        store.get::<Nosy>("nosy");
        store.snapshot();
        assert_eq!(peeks.count("serialize"), 0);
        for _ in 0..3 {
            assert_eq!(store.get("nosy"), Some(2u32));
            assert_eq!(*store.try_get_json("nosy").unwrap().unwrap(), 2);
            store.snapshot().to_json().unwrap();
        }
        assert_eq!(peeks.count("serialize"), 1);
    }

    /// Point 3: what does not read is an error, and stays what it was.
    fn a_value_that_does_not_read_is_an_error_and_stays(engine) {
        let store = store(engine);
        let reports = reports(&store);
        store.set("name", "Ada".to_owned()).unwrap();
        let before = store.metadata();

        let error = store.try_get::<i32>("name").unwrap_err();
        assert!(matches!(
            &error,
            StateError::Type { key, expected: "i32", found, .. }
                if key == "name" && found.ends_with("String")
        ));
        assert!(reports.take().is_empty(), "the caller was told");

        assert_eq!(store.get::<i32>("name"), None);
        assert_eq!(reports.take().pop().as_ref(), Some(&error));
        assert_eq!(store.update("name", |_: &mut i32| {}), Err(error.clone()));
        assert_eq!(store.handle::<i32>("name").unwrap().try_get(), Err(error));
        assert!(reports.take().is_empty());

        assert_eq!(store.get::<String>("name").as_deref(), Some("Ada"));
        assert_eq!(store.metadata(), before);
    }

    /// Point 3, without the feature `json`.
    #[cfg(not(feature = "json"))]
    fn only_the_written_type_reads(engine) {
        let store = store(engine);
        store.set("n", 1u8).unwrap();
        assert!(matches!(store.try_get::<u16>("n"), Err(StateError::Type { .. })));
        assert_eq!(store.get("n"), Some(1u8));
        store.set("n", 1u16).unwrap();
        assert_eq!(store.get("n"), Some(1u16));
        assert_eq!(store.metadata().version, 2);
    }

    /// Point 4.
    fn clear_is_one_change_set_with_a_removal_for_each_key(engine) {
        let store = store(engine);
        store.set_many([("a", 1), ("b", 2), ("c", 3)]).unwrap();
        store.delete("b").unwrap();
        let told = told(&store, Delivery::Sync);
        store.clear().unwrap();

        let [mut changes] = <[_; 1]>::try_from(told.take()).unwrap();
        changes.sort();
        assert_eq!(changes, [entry("a", 1, None), entry("c", 3, None)]);
        assert!(store.is_empty());
        assert_eq!(store.metadata().version, 3);

        store.clear().unwrap();
        assert!(told.take().is_empty());
        assert_eq!(store.metadata().version, 3);
    }

    /// Point 4.
    fn deleting_a_missing_key_changes_nothing(engine) {
        let store = store(engine);
        let told = told(&store, Delivery::Sync);
        store.set("a", 1).unwrap();
        assert_eq!(store.delete("a"), Ok(true));
        assert_eq!(told.take(), [[entry("a", None, 1)], [entry("a", 1, None)]]);
        let before = store.metadata();
        assert_eq!(store.delete("a"), Ok(false));
        assert_eq!(store.delete("never there"), Ok(false));
        assert_eq!(store.metadata(), before);
        assert!(told.take().is_empty());
    }
}

#[cfg(feature = "json")]
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct User {
    name: String,
    #[serde(default)]
    age: u32,
}

#[cfg(feature = "json")]
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Named {
    name: String,
}
