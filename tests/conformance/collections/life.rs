//! How long a handle and what it tracks live.

use super::*;

conformance! {
    /// An effect need not keep the handle through which it read.
    fn a_read_through_a_handle_that_is_dropped_at_once_is_told(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let reader = store.clone();
        let log = watch(&effects, move || rows(&reader).get(&1));
        rows(&store).insert(2, 2).unwrap();
        effects.settle();
        assert_eq!(log.take(), [None]);
        for n in 0..3 {
            rows(&store).insert(1, n).unwrap();
            effects.settle();
            store.delete("rows").unwrap();
            effects.settle();
            assert_eq!(log.take(), [Some(n), None]);
        }
    }

    fn two_handles_of_a_key_tell_the_readers_of_both(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let (first, second) = (rows(&store), rows(&store));
        let log = watch(&effects, { let first = first.clone(); move || first.get(&1) });
        drop(first);
        second.insert(1, 1).unwrap();
        effects.settle();
        drop(second);
        rows(&store).insert(1, 2).unwrap();
        effects.settle();
        assert_eq!(log.take(), [None, Some(1), Some(2)]);
    }

    fn the_slot_of_a_missing_key_goes_with_the_last_handle_and_reader(engine) {
        let store = store(engine);
        let map = rows(&store);
        let also = map.clone();
        assert_eq!(store.slot_count(), 1);
        drop(map);
        assert_eq!(store.slot_count(), 1);
        {
            let effects = Effects::new();
            let log = watch(&effects, move || also.get(&1));
            assert_eq!((log.take(), store.slot_count()), (vec![None], 1));
            effects.end();
        }
        assert_eq!(store.slot_count(), 0);
        let effects = Effects::new();
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        let log = watch(&effects, move || map.get(&1));
        assert_eq!(log.take(), [Some(1)]);
        store.delete("rows").unwrap();
        effects.settle();
        assert_eq!((log.take(), store.slot_count()), (vec![None], 1));
    }

    /// An effect may lose interest in an entry and come back to it.
    fn an_effect_is_told_of_what_it_read_last(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = rows(&store);
        map.extend([(1, 2), (2, 20), (3, 30)]).unwrap();
        let reader = map.clone();
        let log = watch(&effects, move || {
            reader.get(&1).and_then(|at| reader.get(&u32::try_from(at).unwrap()))
        });
        let ran = || { effects.settle(); log.take() };
        assert_eq!(ran(), [Some(20)]);
        map.insert(1, 3).unwrap();
        assert_eq!(ran(), [Some(30)]);
        map.insert(2, 21).unwrap();
        assert_eq!(ran(), []);
        map.insert(1, 2).unwrap();
        map.insert(3, 31).unwrap();
        assert_eq!(ran(), [Some(21)]);
        map.remove(&2).unwrap();
        assert_eq!(ran(), [None]);
        map.insert(2, 22).unwrap();
        assert_eq!(ran(), [Some(22)]);
    }

    /// More names of missing entries than are kept, by one effect and by many.
    fn whoever_waits_for_a_missing_entry_is_told_however_many_were_asked_for(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = rows(&store);
        let waiting: Vec<_> = (0..300).map(|id| {
            let map = map.clone();
            watch(&effects, move || map.get(&id))
        }).collect();
        store.set("at", 1_000u32).unwrap();
        let (reader, here) = (map.clone(), store.clone());
        let log = watch(&effects, move || reader.contains(&here.get::<u32>("at").unwrap()));
        for at in 1_001..2_000u32 {
            store.set("at", at).unwrap();
            effects.settle();
        }
        assert_eq!(log.take(), [false; 1_000]);
        waiting.iter().for_each(|log| assert_eq!(log.take(), [None]));
        map.insert(1_500, 1).unwrap();
        effects.settle();
        assert!(log.take().is_empty());
        map.extend((0..300).map(|id| (id, 1)).chain([(1_999, 1)])).unwrap();
        effects.settle();
        assert_eq!(log.take(), [true]);
        waiting.iter().for_each(|log| assert_eq!(log.take(), [Some(1)]));
    }

    fn the_store_outlives_no_effect_and_no_effect_the_store(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        let log = watch(&effects, { let map = map.clone(); move || map.get(&1) });
        drop(store);
        map.insert(1, 2).unwrap();
        effects.settle();
        assert_eq!(log.take(), [Some(1), Some(2)]);
    }
}
