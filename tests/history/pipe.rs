//! A move takes the way of every write.

use super::*;

#[test]
fn a_vetoed_move_changes_nothing() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set_many([("m", 2), ("n", 2)])?;
        let frozen = store.add_middleware(Rule(|_: &mut Transaction| Err(Veto::new("frozen"))));
        let seen = store.metadata();
        for moved in [history.undo(), history.go_to(0)] {
            assert!(matches!(moved, Err(StateError::Vetoed { .. })), "{moved:?}");
        }
        assert_eq!((history.position(), history.len()), (2, 2));
        assert_eq!(store.metadata(), seen);
        assert_eq!((int(store, "m"), int(store, "n")), (Some(2), Some(2)));
        store.remove_middleware(frozen);
        history.undo()?;
        assert_eq!((int(store, "m"), int(store, "n")), (None, Some(1)));
        Ok(())
    });
}

#[test]
fn moves_carry_a_source_and_are_no_steps() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        history.undo()?;
        assert_eq!(store.metadata().source, "history");
        assert_eq!(history.len(), 1);
        // Somebody who calls himself the same is somebody else.
        store.set_with_source("n", 5, "history")?;
        assert_eq!((history.len(), history.position()), (1, 1));
        history.undo()?;
        assert!(!store.has("n"));
        Ok(())
    });
    with_options(&HistoryOptions::new().source("undo"), |store, history| {
        store.set("n", 1)?;
        let sources = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&sources);
        let _subscription = store.subscribe_all(sync(), move |changes: &ChangeSet| {
            let told = changes.iter().map(|change| change.source().to_owned());
            log.lock().map(|mut log| log.extend(told)).ok();
        })?;
        history.undo()?;
        history.redo()?;
        assert_eq!(*sources.lock().expect("nobody panics"), ["undo", "undo"]);
        Ok(())
    });
}

#[test]
fn a_middleware_may_undo_an_undo() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        // Nothing is left of the transaction then.
        store.add_middleware(Rule(|transaction: &mut Transaction| {
            for write in transaction.writes_mut() {
                if write.source() == "history" {
                    write.replace(2);
                }
            }
            Ok(())
        }));
        let done = history.undo()?;
        assert_eq!((done.to, told(&done)), (1, (vec![], vec![])));
        assert_eq!((history.position(), int(store, "n")), (1, Some(2)));
        assert_eq!(told(&history.redo()?), (vec![], vec!["n"]));
        assert_eq!((history.position(), int(store, "n")), (2, Some(2)));
        Ok(())
    });
}

#[test]
fn a_restored_snapshot_is_a_step() {
    on_every_engine(|store, history| {
        store.set_many([("a", 1), ("b", 1)])?;
        let snapshot = store.snapshot();
        store.set_many([("a", 2), ("c", 2)])?;
        store.restore(&snapshot, Restore::Replace)?;
        assert_eq!(history.len(), 3);
        history.undo()?;
        assert_eq!((int(store, "a"), int(store, "c")), (Some(2), Some(2)));
        Ok(())
    });
}
