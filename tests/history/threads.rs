//! Several threads at once.

use super::*;

/// Lets something happen in another thread while a move is between its thought and its commit.
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Middleware for Meanwhile {
    fn name(&self) -> &str {
        "meanwhile"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        let is_move = transaction
            .writes()
            .iter()
            .any(|write| write.source() == "history");
        let event = match is_move {
            true => self.0.lock().ok().and_then(|mut event| event.take()),
            false => None,
        };
        let happened = event.is_none_or(|event| thread::spawn(event).join().is_ok());
        happened
            .then_some(())
            .ok_or(Veto::new("the event panicked"))
    }
}

fn meanwhile(
    store: &Store,
    history: &History,
    event: impl FnOnce(&Store, &History) -> Tested + Send + 'static,
) {
    let (store_, history) = (store.clone(), history.clone());
    let event = move || assert_eq!(event(&store_, &history), Ok(()));
    store.add_middleware(Meanwhile(Mutex::new(Some(Box::new(event)))));
}

#[test]
fn a_write_to_another_key_during_an_undo_comes_after_it() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        store.set("b", 1)?;
        meanwhile(store, history, |store, _| store.set("c", 1));
        assert_eq!(told(&history.undo()?), (vec!["b"], vec![]));
        let keys: Vec<_> = history.steps().into_iter().map(|step| step.keys).collect();
        assert_eq!(
            (keys, history.position()),
            (vec![vec!["a".to_owned()], vec!["c".to_owned()]], 2)
        );
        history.undo()?;
        assert_eq!(store.keys(), ["a"]);
        Ok(())
    });
}

#[test]
fn a_write_to_another_key_during_a_redo_comes_after_it() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        store.set("b", 1)?;
        store.set("d", 1)?;
        history.go_to(1)?;
        meanwhile(store, history, |store, _| store.set("c", 1));
        assert_eq!(told(&history.redo()?), (vec!["b"], vec![]));
        let keys: Vec<_> = history
            .steps()
            .into_iter()
            .flat_map(|step| step.keys)
            .collect();
        assert_eq!((keys.join(" ").as_str(), history.position()), ("a b c", 3));
        history.go_to(1)?;
        assert_eq!(store.keys(), ["a"]);
        Ok(())
    });
}

#[test]
fn a_write_to_the_same_key_during_an_undo_is_what_is_undone() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        store.set("a", 2)?;
        meanwhile(store, history, |store, _| store.set("a", 3));
        let done = history.undo()?;
        assert_eq!((done.from, done.to, int(store, "a")), (3, 2, Some(2)));
        Ok(())
    });
}

#[test]
fn two_undos_at_once_undo_two_steps() {
    on_every_engine(|store, history| {
        for n in 1..=3 {
            store.set("a", n)?;
        }
        meanwhile(store, history, |_, history| history.undo().map(drop));
        let done = history.undo()?;
        assert_eq!((done.from, done.to, int(store, "a")), (2, 1, Some(1)));
        Ok(())
    });
}

/// Lets something happen when it is compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Trap(u8);

static TRAP: Mutex<Option<Store>> = Mutex::new(None);

impl PartialEq for Trap {
    fn eq(&self, other: &Self) -> bool {
        if let Some(store) = TRAP.lock().ok().and_then(|mut trap| trap.take()) {
            let event = thread::spawn(move || store.set("b", 9));
            assert_eq!(event.join().ok(), Some(Ok(())));
        }
        self.0 == other.0
    }
}

#[test]
fn a_write_before_an_undo_has_read_all_keys_is_what_is_undone() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        store.batch(|tx| {
            tx.set("a", Trap(1))?;
            tx.set("b", 1)
        })?;
        // As it was, but not the same in memory, so that it has to be compared.
        scope.shared().set("a", Trap(2))?;
        scope.shared().set("a", Trap(1))?;
        TRAP.lock().map(|mut trap| *trap = Some(store.clone())).ok();
        let done = history.undo()?;
        assert_eq!((done.from, told(&done)), (2, (vec!["b"], vec![])));
        assert_eq!(int(store, "b"), Some(1));
        Ok(())
    });
}

#[test]
fn a_redo_during_an_undo_leaves_its_step_applied_and_the_other_not() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        store.set("b", 1)?;
        store.set("c", 1)?;
        history.go_to(2)?;
        meanwhile(store, history, |_, history| history.redo().map(drop));
        assert_eq!(told(&history.undo()?), (vec!["b"], vec![]));
        assert_eq!(
            (store.keys().join(" ").as_str(), history.position()),
            ("a c", 2)
        );
        assert_eq!(told(&history.redo()?), (vec!["b"], vec![]));
        history.go_to(1)?;
        assert_eq!(store.keys(), ["a"]);
        Ok(())
    });
}

#[test]
fn an_undo_during_a_redo_leaves_its_step_undone_and_the_other_not() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        store.set("b", 1)?;
        store.set("c", 1)?;
        history.go_to(2)?;
        meanwhile(store, history, |_, history| history.undo().map(drop));
        assert_eq!(told(&history.redo()?), (vec!["c"], vec![]));
        assert_eq!(
            (store.keys().join(" ").as_str(), history.position()),
            ("a c", 2)
        );
        assert_eq!(told(&history.redo()?), (vec!["b"], vec![]));
        history.go_to(1)?;
        assert_eq!(store.keys(), ["a"]);
        Ok(())
    });
}

#[test]
fn what_is_cleared_during_a_move_stays_forgotten() {
    on_every_engine(|store, history| {
        store.set("a", 1)?;
        history.undo()?;
        meanwhile(store, history, |store, history| {
            history.clear();
            store.set("b", 1)
        });
        history.redo()?;
        assert_eq!((history.len(), history.position()), (1, 1));
        history.undo()?;
        assert_eq!(store.keys(), ["a"]);
        Ok(())
    });
}

#[test]
fn threads_may_write_and_move_at_the_same_time() {
    let options = HistoryOptions::new().limit(usize::MAX);
    with_options(&options, |store, history| {
        thread::scope(|threads| {
            for thread in 0..4 {
                threads.spawn(move || {
                    for n in 0..500 {
                        let own = format!("own:{thread}");
                        let done = match (thread + n) % 5 {
                            0 => history.undo().map(drop),
                            1 => history.redo().map(drop),
                            2 => store.set("common", thread * 1000 + n),
                            _ => store.set(&own, n),
                        };
                        match done {
                            Ok(()) | Err(StateError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
        // Whatever the order was, there was one: all of it can be taken back.
        let state = store.snapshot();
        let position = history.position();
        assert_eq!(told(&history.go_to(0)?).1, Vec::<&str>::new());
        assert!(store.is_empty());
        assert_eq!(told(&history.go_to(position)?).1, Vec::<&str>::new());
        assert_eq!(store.snapshot(), state);
        Ok(())
    });
}
