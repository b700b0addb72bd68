//! A write of an entry is a transaction like any other.

use super::*;

conformance! {
    fn every_write_is_one_transaction_that_everybody_sees(engine) {
        let store = store(engine);
        let seen = Log::<usize>::default();
        let sink = seen.clone();
        store.add_middleware(before(move |tx: &mut Transaction| { sink.push(tx.writes().len()); Ok(()) }));
        let told = Log::default();
        let sink = told.clone();
        let _all = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            for change in changes {
                sink.push((change.old::<Map>().map(|map| map.len()), change.new::<Map>().map(|map| map.len())));
            }
        }).unwrap();
        let map = rows(&store);
        let expect = |changed, old: Option<usize>, new: usize| {
            assert_eq!((seen.take(), told.take()), match changed {
                true => (vec![1], vec![(old, Some(new))]),
                false => (vec![], vec![]),
            });
        };
        assert_eq!(map.remove(&1), Ok(false));
        assert_eq!(map.update(&1, |n| *n += 1), Ok(false));
        assert_eq!((map.clear(), map.extend([]), map.retain(|_, _| true)), (Ok(()), Ok(()), Ok(0)));
        expect(false, None, 0);
        assert!(!store.has("rows"), "what changes nothing makes nothing");
        assert_eq!(map.update_or(1, 4, |n| *n += 1), Ok(()));
        expect(true, None, 1);
        assert_eq!(map.update_or(1, 4, |n| *n += 1), Ok(()));
        expect(true, Some(1), 1);
        assert_eq!(map.extend([(1, 1), (2, 2), (3, 3)]), Ok(()));
        expect(true, Some(1), 3);
        assert_eq!(map.extend([(1, 1), (2, 2), (3, 3)]), Ok(()));
        expect(false, None, 0);
        assert_eq!(map.retain(|key, value| *key < 3 && *value > 0), Ok(1));
        expect(true, Some(3), 2);
        assert_eq!(map.remove(&1), Ok(true));
        expect(true, Some(2), 1);
        assert_eq!(map.clear(), Ok(()));
        expect(true, Some(1), 0);
        assert_eq!((store.get(ROWS), store.metadata().version), (Some(Map::new()), 6));
        assert_eq!(map.handle().delete(), Ok(true));
        assert_eq!((map.len(), map.handle().name()), (0, "rows"));
    }

    fn a_veto_leaves_the_map_and_its_readers_as_they_were(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let readers = Readers::of(&store);
        store.add_middleware(before(|tx: &mut Transaction| {
            let is_bad = |map: Map| map.values().any(|n| *n < 0) || map.len() < 2;
            match tx.writes().iter().filter_map(|write| write.new()).any(is_bad) {
                true => Err(Veto::new("negative")),
                false => Ok(()),
            }
        }));
        let map = rows(&store);
        let vetoed = |result: Result<(), StateError>| matches!(result, Err(StateError::Vetoed { .. }));
        assert!(vetoed(map.insert(1, -1).map(drop)) && vetoed(map.remove(&1).map(drop)));
        assert!(vetoed(map.update(&1, |n| *n = -1).map(drop)) && vetoed(map.clear()));
        assert!(vetoed(map.extend([(5, 5), (6, -6)])) && vetoed(map.retain(|_, _| false).map(drop)));
        assert_eq!(readers.ran(), [""; 0]);
        assert_eq!(map.entries(), filled([(1, 1), (2, 2)]));
        map.insert(2, 3).unwrap();
        assert_eq!(readers.ran(), ["all", "2"]);
    }

    /// What readers see is what was stored.
    fn what_a_middleware_makes_of_an_entry_is_what_is_told(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let readers = Readers::of(&store);
        store.add_middleware(before(|tx: &mut Transaction| {
            for write in tx.writes_mut() {
                let Some(mut new) = write.new::<Map>() else { continue };
                new.insert(2, 200);
                write.replace(new);
            }
            Ok(())
        }));
        let map = rows(&store);
        map.insert(1, 11).unwrap();
        assert_eq!(readers.ran(), ["all", "1", "2"]);
        assert_eq!(map.entries(), filled([(1, 11), (2, 200)]));
    }

    fn a_batch_that_fails_is_told_to_nobody(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let readers = Readers::of(&store);
        let map = rows(&store);
        let failed: Result<(), _> = store.batch(|_| {
            map.insert(1, 5)?;
            map.remove(&2)?;
            map.insert(9, 9)?;
            Err(StateError::abort("no"))
        });
        failed.unwrap_err();
        assert_eq!(readers.ran(), [""; 0]);
        store.batch(|_| { map.insert(1, 5)?; map.insert(1, 1) }).unwrap();
        assert_eq!(readers.ran(), [""; 0], "it ends where it began");
        store.batch(|_| { map.insert(1, 5)?; map.insert(2, 6)?; map.insert(9, 9) }).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1", "2", "9?", "9"]);
    }

    fn undo_and_redo_tell_the_entries_that_differ(engine) {
        let store = store(engine);
        store.set(ROWS, filled([(1, 1), (2, 2)])).unwrap();
        let history = store.history(HistoryOptions::new()).unwrap();
        let readers = Readers::of(&store);
        let map = rows(&store);
        map.insert(1, 10).unwrap();
        map.remove(&2).unwrap();
        readers.ran();
        history.undo().unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "2?", "2"]);
        history.undo().unwrap();
        assert_eq!(readers.ran(), ["all", "1"]);
        assert_eq!(map.entries(), filled([(1, 1), (2, 2)]));
        history.go_to(history.len()).unwrap();
        assert_eq!(readers.ran(), ["all", "keys", "len", "1", "2?", "2"]);
        assert_eq!(map.entries(), filled([(1, 10)]));
    }

    /// No user code may write in the middle of a write.
    fn what_changes_an_entry_cannot_write_the_store(engine) {
        let store = store(engine);
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        let mut inner = Ok(());
        let (here, again) = (store.clone(), map.clone());
        map.update(&1, |n| { *n += 1; inner = here.set("x", 1).and(again.clear()); }).unwrap();
        assert!(matches!(inner, Err(StateError::Reentrant { .. })));
        map.retain(|_, _| again.insert(2, 2).is_ok()).unwrap();
        assert_eq!((map.len(), store.has("x")), (0, false));
    }

    fn a_store_that_was_disposed_of_is_read_and_not_written(engine) {
        let store = store(engine);
        let map = rows(&store);
        map.insert(1, 1).unwrap();
        store.dispose();
        assert_eq!((map.insert(2, 2), map.clear()), (Err(StateError::Disposed), Err(StateError::Disposed)));
        assert_eq!((map.get(&1), map.keys()), (Some(1), vec![1]));
    }
}
