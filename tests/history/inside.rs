//! Moves from inside of batches, listeners, middleware and computed values.

use super::*;

#[test]
fn inside_of_a_batch_a_move_is_refused() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        let inside = store.batch(|tx| {
            tx.set("n", 2)?;
            assert_eq!(history.len(), 1, "a batch is recorded when it is stored");
            Ok([history.undo(), history.redo(), history.go_to(0)])
        })?;
        for moved in inside {
            assert_eq!(moved, Err(StateError::Reentrant { during: "a batch" }));
        }
        assert_eq!((int(store, "n"), history.position()), (Some(2), 2));
        let failed = store.batch(|tx| {
            tx.set("n", 3)?;
            history.undo().map(drop)
        });
        assert_eq!(failed, Err(StateError::Reentrant { during: "a batch" }));
        assert_eq!((int(store, "n"), history.len()), (Some(2), 2));
        history.undo()?;
        assert_eq!(int(store, "n"), Some(1));
        Ok(())
    });
}

#[test]
fn where_nobody_may_write_a_move_is_refused() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        let own = history.clone();
        let computed = store.computed(move |_| own.undo().is_err());
        assert_eq!(computed.get(), Some(true));
        let own = history.clone();
        store.update("n", move |n: &mut i32| *n += i32::from(own.undo().is_err()))?;
        let own = history.clone();
        store.add_middleware(Rule(move |_: &mut Transaction| {
            assert!(own.undo().is_err());
            Ok(())
        }));
        store.set("n", 3)?;
        assert_eq!((int(store, "n"), history.position()), (Some(3), 3));
        Ok(())
    });
}

#[test]
fn a_listener_that_undoes_takes_back_what_it_is_being_told() {
    for delivery in [Delivery::Sync, Delivery::Batched] {
        on_every_engine(|store, history| {
            store.set("other", 1)?;
            let own = history.clone();
            let options = SubscribeOptions::new().delivery(delivery);
            let _key = store.subscribe_with("n", options, move |n: Option<&i32>, _| match n {
                Some(n) if *n < 0 => own.undo().map(drop),
                _ => Ok(()),
            })?;
            store.set("n", 1)?;
            store.flush();
            store.set("n", -1)?;
            store.flush();
            assert_eq!((int(store, "n"), int(store, "other")), (Some(1), Some(1)));
            assert_eq!((history.len(), history.position()), (3, 2));
            history.redo()?;
            store.flush();
            assert_eq!((int(store, "n"), history.position()), (Some(1), 2));
            Ok(())
        });
    }
}

#[test]
fn a_listener_that_writes_and_undoes_takes_its_own_write_back() {
    on_every_engine(|store, history| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (own, log, writer) = (history.clone(), Arc::clone(&seen), store.clone());
        let _key = store.subscribe_with("n", sync(), move |_: Option<&i32>, _| {
            writer.set("mirror", 1)?;
            let done = own.undo()?;
            log.lock()
                .map(|mut log| log.push((done, own.position())))
                .ok();
            Ok::<(), StateError>(())
        })?;
        store.set("n", 1)?;
        assert_eq!((int(store, "n"), int(store, "mirror")), (Some(1), None));
        let seen = seen.lock().expect("nobody panics");
        assert_eq!(seen.len(), 1);
        assert_eq!(told(&seen[0].0), (vec!["mirror"], vec![]));
        assert_eq!((seen[0].1, history.position(), history.len()), (1, 1, 2));
        Ok(())
    });
}
