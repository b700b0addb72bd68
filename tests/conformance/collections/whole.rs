//! The key written whole, by anyone, in any form: the handle never disagrees with the value.

use super::*;
#[cfg(feature = "json")]
use serde_json::json;
#[cfg(feature = "json")]
use std::collections::{BTreeMap, HashMap};

conformance! {
    fn a_map_written_whole_tells_the_entries_that_differ(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2), (3, 3)])).unwrap();
        let readers = Readers::of(&store);
        store.set(ROWS, filled([(3, 3), (2, 2), (1, 1)])).unwrap();
        assert_eq!(readers.ran(), [""; 0], "it is equal");
        store.set(ROWS, filled([(1, 1), (2, 20), (4, 4)])).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "2"]);
        store.update(ROWS, |map| *map.get_mut(&1).unwrap() += 1).unwrap();
        assert_eq!(readers.ran(), ["all", "1"]);
        assert_eq!(rows(&store).entries(), store.get(ROWS).unwrap());
    }

    fn a_key_that_is_deleted_and_comes_back_tells_what_differs(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let readers = Readers::of(&store);
        store.delete("rows").unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1", "2?", "2"]);
        store.set(ROWS, filled([(2, 2)])).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "2?", "2"]);
        store.clear().unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "2?", "2"]);
        store.batch(|tx| { tx.set(ROWS, filled([(2, 3)]))?; tx.delete("rows") }).unwrap();
        assert_eq!(readers.ran(), [""; 0]);
    }

    fn a_snapshot_restored_tells_the_entries_that_differ(engine) {
        let store = store(engine);
        let map = rows(&store);
        map.extend([(1, 1), (2, 2)]).unwrap();
        let (before, readers) = (store.snapshot(), Readers::of(&store));
        map.insert(1, 5).unwrap();
        map.insert(7, 7).unwrap();
        readers.ran();
        store.restore(&before, Restore::Replace).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1"]);
        store.delete("rows").unwrap();
        readers.ran();
        store.restore(&before, Restore::Merge).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1", "2?", "2"]);
        assert_eq!(map.entries(), filled([(1, 1), (2, 2)]));
    }

    /// Values and readers are the store's, not the engine's.
    fn the_engine_is_exchanged_under_a_handle(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let (map, readers) = (rows(&store), Readers::of(&store));
        for kind in EngineKind::ALL.iter().chain([&engine]) {
            store.set_engine(*kind).unwrap();
            assert_eq!(readers.ran(), [""; 0]);
            map.update(&2, |n| *n += 1).unwrap();
            assert_eq!(readers.ran(), ["all", "2"]);
        }
    }

    /// A value of another kind is neither shown nor destroyed.
    fn what_does_not_read_as_the_map_is_reported_and_left_alone(engine) {
        let store = store(engine);
        let (reports, readers) = (reports(&store), Readers::of(&store));
        let map = rows(&store);
        store.set("rows", "text".to_owned()).unwrap();
        let names = READS.map(|(name, _)| name);
        let mut ran = readers.ran();
        ran.sort_unstable_by_key(|name| names.iter().position(|other| other == name));
        assert_eq!(ran, names, "all learn that they cannot read any more");
        assert!(reports.take().is_empty());
        assert!(is_type_error(map.try_get(&1)) && is_type_error(map.try_contains(&1)));
        assert!(is_type_error(map.try_len()) && is_type_error(map.try_keys()) && is_type_error(map.try_entries()));
        assert_eq!((map.get(&1), map.with(&1, |_| ()), map.contains(&1)), (None, None, false));
        assert_eq!((map.len(), map.is_empty(), map.keys(), map.entries()), (0, true, vec![], Map::new()));
        assert_eq!(reports.take().len(), 7);
        assert!(is_type_error(map.insert(1, 1)) && is_type_error(map.remove(&1)) && is_type_error(map.clear()));
        assert!(is_type_error(map.update(&1, |_| ())) && is_type_error(map.update_or(1, 1, |_| ())));
        assert!(is_type_error(map.extend([(1, 1)])) && is_type_error(map.retain(|_, _| true)));
        assert_eq!(store.get::<String>("rows").as_deref(), Some("text"));
        assert_eq!(readers.ran(), [""; 0]);
        store.set("rows", filled([(1, 1)])).unwrap();
        let mut ran = readers.ran();
        ran.sort_unstable_by_key(|name| names.iter().position(|other| other == name));
        assert_eq!((ran, map.get(&1)), (names.to_vec(), Some(1)), "and that they can again");
        map.insert(1, 2).unwrap();
        assert_eq!(readers.ran(), ["all", "1"]);
    }
}

#[cfg(feature = "json")]
conformance! {
    /// Point 3: teams have types of their own for one key.
    fn a_map_written_as_another_type_tells_the_entries_that_differ(engine) {
        let store = store(engine);
        let readers = Readers::of(&store);
        let map = rows(&store);
        store.set("rows", BTreeMap::from([(1u32, 1), (2, 2)])).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1", "2?", "2"]);
        store.set_json("rows", json!({ "1": 1, "2": 20 })).unwrap();
        assert_eq!(readers.ran(), ["all", "2"]);
        store.set("rows", HashMap::from([("1".to_owned(), 1i64), ("2".to_owned(), 20)])).unwrap();
        assert_eq!(readers.ran(), [""; 0], "the same map");
        store.set_at("rows", "/9", 9).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "9?", "9"]);
        map.insert(1, 10).unwrap();
        assert_eq!(readers.ran(), ["all", "1"]);
        let stored = store.try_get_value("rows").unwrap().unwrap();
        assert!(stored.type_name().contains("OrdMap"), "a write through the handle stores a map again");
    }

    fn another_module_reads_the_map_as_its_own_type(engine) {
        let store = store(engine);
        rows(&store).extend([(2, 20), (1, 10)]).unwrap();
        assert_eq!(store.get("rows"), Some(BTreeMap::from([(1u32, 10i64), (2, 20)])));
        assert_eq!(store.get("rows"), Some(HashMap::from([("1".to_owned(), 10u8), ("2".to_owned(), 20)])));
        assert_eq!(*store.try_get_json("rows").unwrap().unwrap(), json!({ "1": 10, "2": 20 }));
        store.set(TAGS, ["b".to_owned(), "a".to_owned()].into()).unwrap();
        assert_eq!(store.get("tags"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(*store.try_get_json("tags").unwrap().unwrap(), json!(["a", "b"]));
    }

    /// What changes nothing leaves the value in the form in which it came.
    fn a_write_that_changes_nothing_leaves_the_form_alone(engine) {
        let store = store(engine);
        store.set_json("rows", json!({ "1": 1 })).unwrap();
        let map = rows(&store);
        assert_eq!((map.remove(&5), map.insert(1, 1), map.retain(|_, _| true)), (Ok(false), Ok(false), Ok(0)));
        assert_eq!(store.metadata().version, 1);
        assert!(store.try_get_value("rows").unwrap().unwrap().type_name().contains("serde_json"));
    }

    /// Two types of one key: each has its own readers, and both are told.
    fn two_modules_track_one_map_as_two_types(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let numbers = rows(&store);
        let texts = store.map_of::<String, i64>("rows").unwrap();
        let log = watch(&effects, { let texts = texts.clone(); move || texts.get("1") });
        let readers = Readers::of(&store);
        numbers.insert(1, 1).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1?", "1"]);
        numbers.insert(2, 1).unwrap();
        texts.insert("1".to_owned(), 5).unwrap();
        effects.settle();
        assert_eq!((log.take(), numbers.get(&1)), (vec![None, Some(1), Some(5)], Some(5)));
        texts.insert("one".to_owned(), 1).unwrap();
        assert!(is_type_error(numbers.try_get(&1)), "no number has this name");
        effects.settle();
        assert_eq!((log.take(), texts.len()), (vec![], 3));
    }
}
