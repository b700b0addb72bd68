//! Keys and values whose every method calls the store that they live in.

use super::*;
use std::{cell::Cell, rc::Rc};

type Rows = OrdMap<Nosy, Nosy>;

fn nosy<const N: usize>(entries: [(u32, u32); N]) -> Rows {
    entries
        .map(|(key, value)| (Nosy(key), Nosy(value)))
        .into_iter()
        .collect()
}

conformance! {
    /// Point 2: none of it runs under a lock.
    fn keys_and_values_may_ask_the_store_and_the_collection_that_they_are_in(engine) {
        let (effects, store) = (Effects::new(), store(engine));
        let map = store.map_of::<Nosy, Nosy>("rows").unwrap();
        map.extend((0..100).map(|id| (Nosy(id), Nosy(0)))).unwrap();
        let (peeked, here) = (map.clone(), store.clone());
        let peeks = Peeks::by(move || {
            let len = peeked.len();
            assert!(peeked.with(&Nosy(1), |_| ()).is_none() || peeked.contains(&Nosy(1)));
            assert_eq!(peeked.entries().len(), len);
            assert_eq!(here.map_of::<Nosy, Nosy>("rows").unwrap().len(), len);
            assert!(here.slot_count() > 0 && here.snapshot().len() == here.len());
        });
        for id in 0..70 {
            let (entry, presence) = (map.clone(), map.clone());
            effects.start(move || { entry.with(&Nosy(id), |_| ()); });
            effects.start(move || { presence.contains(&Nosy(1_000 + id)); });
        }
        let all = map.clone();
        effects.start(move || drop((all.keys(), all.entries(), all.len())));
        let settle = || { effects.settle(); store.flush() };
        map.insert(Nosy(1), Nosy(1)).unwrap();
        map.insert(Nosy(1_001), Nosy(1)).unwrap();
        map.update(&Nosy(2), |value| value.0 += 1).unwrap();
        map.update_or(Nosy(3), Nosy(4), |value| value.0 += 1).unwrap();
        map.remove(&Nosy(4)).unwrap();
        settle();
        store.batch(|_| { map.insert(Nosy(5), Nosy(5))?; map.retain(|key, _| key.0 != 6) }).unwrap();
        settle();
        store.set("rows", nosy([(1, 1), (2, 5), (1_002, 2)])).unwrap();
        settle();
        let saved = store.snapshot();
        map.clear().unwrap();
        settle();
        store.restore(&saved, Restore::Replace).unwrap();
        settle();
        store.delete("rows").unwrap();
        settle();
        drop((saved, map));
        effects.end();
        drop(store);
        for method in ["clone", "eq", "cmp", "drop"] {
            assert!(peeks.count(method) > 0, "{method}: {:?}", peeks.counts());
        }
    }

    /// Wherever a write falls into a read, or into the telling of another write, nobody is left with
    /// what is old.
    fn a_write_in_the_middle_of_a_read_or_of_a_write_is_told(engine) {
        let mut fell = [0; 2];
        for (phase, at) in (0..2).flat_map(|phase| (1..80).map(move |at| (phase, at))) {
            let (effects, store) = (Effects::new(), store(engine));
            // As JSON, so that the first to read it decodes it.
            #[cfg(feature = "json")]
            store.set_json("rows", serde_json::json!({ "1": 1, "2": 2, "3": 3 })).unwrap();
            #[cfg(not(feature = "json"))]
            store.set("rows", nosy([(1, 1), (2, 2), (3, 3)])).unwrap();
            let map = store.map_of::<Nosy, Nosy>("rows").unwrap();
            let watch_entry = |id: u32| {
                let map = map.clone();
                watch(&effects, move || map.with(&Nosy(id), |value| value.0))
            };
            let mut logs = Vec::new();
            if phase == 1 {
                logs.extend((0..5).map(|id| (id, watch_entry(id))));
            }
            let (here, calls, has_fallen) = (store.clone(), Cell::new(0), Rc::new(Cell::new(false)));
            let done = Rc::clone(&has_fallen);
            let peeks = Peeks::by(move || {
                calls.set(calls.get() + 1);
                if calls.get() == at {
                    done.set(here.set("rows", nosy([(1, 10), (3, 3), (4, 4)])).is_ok());
                }
            });
            if phase == 0 {
                logs.extend((0..5).map(|id| (id, watch_entry(id))));
            } else {
                let _ = map.insert(Nosy(2), Nosy(20));
            }
            effects.settle();
            drop(peeks);
            fell[phase] += usize::from(has_fallen.get());
            for (id, log) in &logs {
                let stored = map.with(&Nosy(*id), |value| value.0);
                assert_eq!(log.take().pop(), Some(stored), "{id}, at {at} of {phase}");
            }
            effects.end();
        }
        assert!(fell[0] > 10 && fell[1] > 5, "{fell:?}");
    }
}
