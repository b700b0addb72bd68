//! Which steps are merged.

use super::*;

fn merging() -> HistoryOptions {
    HistoryOptions::new().merge_window(u64::MAX)
}

#[test]
fn without_a_merge_window_every_transaction_is_a_step() {
    with_options(&HistoryOptions::new().merge_window(0), |store, history| {
        store.set("n", 1)?;
        store.set("n", 2)?;
        assert_eq!(history.len(), 2);
        Ok(())
    });
}

#[test]
fn writes_to_the_same_keys_within_the_window_are_one_step() {
    with_options(&merging(), |store, history| {
        store.set("other", 0)?;
        for text in ["H", "He", "Hel"] {
            store.set("text", text.to_owned())?;
        }
        assert_eq!(history.len(), 2);
        history.undo()?;
        assert!(!store.has("text"));
        history.redo()?;
        assert_eq!(store.get::<String>("text").as_deref(), Some("Hel"));
        Ok(())
    });
    with_options(&merging(), |store, history| {
        for n in 1..=3 {
            store.set_many([("a", n), ("b", n)])?;
        }
        store.set_many([("b", 9), ("a", 9)])?;
        assert_eq!(history.len(), 1);
        history.undo()?;
        assert!(store.is_empty());
        Ok(())
    });
}

#[test]
fn writes_to_other_keys_are_a_step_of_their_own() {
    with_options(&merging(), |store, history| {
        store.set("a", 1)?;
        store.set("b", 1)?;
        store.set_many([("a", 2), ("b", 2)])?;
        store.set("a", 3)?;
        assert_eq!(history.len(), 4);
        Ok(())
    });
}

#[test]
fn writes_of_another_source_are_a_step_of_their_own() {
    with_options(&merging(), |store, history| {
        let shop = mfe(store, "shop")?;
        store.set_with_source("a", 1, "form")?;
        store.set_with_source("a", 2, "form")?;
        store.set_with_source("a", 3, "menu")?;
        assert_eq!(history.len(), 2);
        shop.shared().with_source("menu").set("a", 4)?;
        assert_eq!(history.len(), 3, "the same text from another origin");
        Ok(())
    });
}

#[test]
fn after_a_move_a_clear_or_a_pause_nothing_is_merged_with_what_was_before() {
    with_options(&merging(), |store, history| {
        store.set("n", 1)?;
        history.undo()?;
        history.redo()?;
        store.set("n", 2)?;
        assert_eq!(history.len(), 2);
        history.pause();
        history.resume();
        store.set("n", 3)?;
        assert_eq!(history.len(), 3);
        history.undo()?;
        assert_eq!(int(store, "n"), Some(2));
        history.clear();
        store.set("n", 4)?;
        history.undo()?;
        assert_eq!(int(store, "n"), Some(2));
        Ok(())
    });
}

#[test]
fn merging_never_takes_in_what_somebody_else_wrote_in_between() {
    let options = merging().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        store.set("n", 1)?;
        shop.set("n", 50)?;
        store.set("n", 2)?;
        assert_eq!(history.len(), 2);
        history.undo()?;
        assert_eq!(int(store, "n"), Some(50));
        assert_eq!(told(&history.undo()?), (vec![], vec!["n"]));
        assert_eq!(int(store, "n"), Some(50));
        Ok(())
    });
}

#[test]
fn an_equal_value_of_somebody_else_is_not_merged_away() {
    let options = merging().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        let shop = scope.shared();
        store.set_many([("n", 2), ("m", 2)])?;
        shop.delete("n")?;
        shop.set("n", 2)?;
        store.batch(|tx| {
            tx.delete("n")?;
            tx.delete("m")
        })?;
        assert_eq!(history.len(), 2);
        history.undo()?;
        assert_eq!((int(store, "n"), int(store, "m")), (Some(2), Some(2)));
        Ok(())
    });
}

#[test]
fn what_others_write_elsewhere_does_not_keep_steps_apart() {
    let options = merging().ignore(Origin::Mfe("shop".into()));
    with_options(&options, |store, history| {
        let scope = mfe(store, "shop")?;
        for n in 1..=3 {
            store.set_many([("n", n), ("m", n)])?;
            scope.shared().set_many([("tick", n), ("tock", n)])?;
            scope.set("n", n)?;
        }
        assert_eq!(history.len(), 1);
        Ok(())
    });
}
