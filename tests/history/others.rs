//! What others write.

use super::*;

#[test]
fn what_others_write_is_no_step_and_is_not_undone() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        store.set_many([("a", 1), ("b", 1), ("c", 1)])?;
        store.set_many([("a", 2), ("b", 2), ("c", 2)])?;
        shop.set("b", 50)?;
        shop.delete("c")?;
        shop.set("d", 50)?;
        assert_eq!(history.len(), 2);

        assert_eq!(told(&history.undo()?), (vec!["a"], vec!["b", "c"]));
        assert_eq!((int(store, "a"), int(store, "b")), (Some(1), Some(50)));
        assert!(!store.has("c") && store.has("d"));
        shop.set("a", 51)?;
        assert!(history.can_redo(), "it forgets nothing either");
        assert_eq!(told(&history.redo()?), (vec![], vec!["a", "b", "c"]));
        assert_eq!(history.position(), 2);

        // Back at what the step wrote, it is as if nobody had been there.
        shop.set_many([("a", 2), ("b", 2), ("c", 2)])?;
        assert_eq!(told(&history.undo()?), (vec!["a", "b", "c"], vec![]));
        assert_eq!(int(store, "c"), Some(1));
        Ok(())
    });
}

#[test]
fn of_a_batch_of_several_writers_the_own_part_is_a_step() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        store.batch(|tx| {
            tx.set("a", 1)?;
            shop.set("b", 1)
        })?;
        assert_eq!(history.steps()[0].keys, ["a"]);
        history.undo()?;
        assert_eq!(store.keys(), ["b"]);
        Ok(())
    });
}

#[test]
fn a_jump_over_steps_leaves_alone_what_somebody_else_wrote_in_between() {
    let options = HistoryOptions::new().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        store.set_many([("a", 1), ("b", 1)])?;
        shop.set("a", 50)?;
        store.set_many([("a", 2), ("b", 2)])?;
        let done = history.go_to(0)?;
        assert_eq!(told(&done), (vec!["a", "b"], vec!["a"]));
        assert_eq!((int(store, "a"), int(store, "b")), (Some(50), None));
        history.go_to(2)?;
        assert_eq!((int(store, "a"), int(store, "b")), (Some(2), Some(2)));
        Ok(())
    });
}

#[test]
fn while_paused_nothing_is_recorded() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        history.undo()?;
        history.pause();
        assert!(!history.is_recording());
        store.set("m", 1)?;
        assert!(history.can_redo() && history.len() == 2);
        history.redo()?;
        assert_eq!(int(store, "n"), Some(2));
        store.set("n", 9)?;
        assert_eq!(told(&history.undo()?), (vec![], vec!["n"]));
        history.resume();
        assert!(history.is_recording());
        store.set("n", 10)?;
        history.undo()?;
        assert_eq!(int(store, "n"), Some(9));
        Ok(())
    });
}

#[test]
fn clearing_forgets_steps_and_keeps_values() {
    on_every_engine(|store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        history.undo()?;
        history.clear();
        assert!(history.is_empty() && !history.can_undo() && !history.can_redo());
        assert_eq!(int(store, "n"), Some(1));
        assert_eq!(history.undo()?, HistoryMove::default());
        Ok(())
    });
}
