//! What a history covers.

use super::*;

#[test]
fn a_history_of_keys_covers_these_alone() {
    with_options(&HistoryOptions::new().keys(["a", "b"]), |store, history| {
        store.set("a", 1)?;
        store.set("c", 1)?;
        store.set_many([("c", 2), ("b", 2)])?;
        assert_eq!(history.len(), 2);
        history.undo()?;
        history.undo()?;
        assert_eq!(
            (store.keys(), int(store, "c")),
            (vec!["c".to_owned()], Some(2))
        );
        assert!(matches!(
            store.history(HistoryOptions::new().keys([""])),
            Err(StateError::Key { .. })
        ));
        Ok(())
    });
    let nothing: [&str; 0] = [];
    with_options(&HistoryOptions::new().keys(nothing), |store, history| {
        store.set("a", 1)?;
        assert!(history.is_empty());
        assert_eq!(store.slot_count(), 1);
        Ok(())
    });
}

#[test]
fn a_history_of_a_pattern_covers_what_matches() {
    let Ok(rows) = Pattern::glob("row:*") else {
        panic!("a valid pattern");
    };
    with_options(&HistoryOptions::new().pattern(rows), |store, history| {
        store.set_many([("row:1", 1), ("title", 1)])?;
        store.set("title", 2)?;
        store.set("row:2", 1)?;
        assert_eq!(history.len(), 2);
        history.go_to(0)?;
        assert_eq!(store.keys(), ["title"]);
        Ok(())
    });
}

#[test]
fn the_history_of_a_micro_frontend_covers_its_own_keys() {
    on_every_engine(|store, everything| {
        let shop = mfe(store, "shop")?;
        let cart = mfe(store, "cart")?;
        let history = shop.history(HistoryOptions::new())?;
        shop.set("filter", 1)?;
        shop.shared().set("currency", 1)?;
        cart.set("filter", 1)?;
        store.batch(|tx| {
            tx.set("@shop/filter", 2)?;
            tx.set("@cart/filter", 2)
        })?;
        assert_eq!((history.len(), everything.len()), (2, 4));
        let steps = history.steps();
        assert!(steps.iter().all(|step| step.keys == ["filter"]));
        assert_eq!(steps[0].source, "shop");

        assert_eq!(told(&history.undo()?), (vec!["filter"], vec![]));
        assert_eq!(shop.get("filter"), Some(1));
        assert_eq!(
            (cart.get("filter"), int(store, "currency")),
            (Some(2), Some(1))
        );
        // For the owner's history that was a write like any other.
        assert_eq!(everything.len(), 5);
        assert_eq!(told(&everything.undo()?), (vec!["@shop/filter"], vec![]));
        assert_eq!(shop.get("filter"), Some(2));

        let named = shop.history(HistoryOptions::new().keys(["filter"]))?;
        shop.set("page", 1)?;
        shop.set("filter", 7)?;
        assert_eq!(named.steps()[0].keys, ["filter"]);
        assert_eq!(named.len(), 1);
        Ok(())
    });
}

#[test]
fn a_history_ends_with_its_micro_frontend() {
    on_every_engine(|store, _| {
        let shop = mfe(store, "shop")?;
        let history = shop.history(HistoryOptions::new())?;
        let (status, own) = (history.clone(), history.clone());
        let can_undo = ArcMemo::new(move |_| own.can_undo());
        shop.set("filter", 1)?;
        assert!(can_undo.get_untracked());
        shop.unregister()?;
        let gone = StateError::UnknownMfe { id: "shop".into() };
        assert_eq!(history.undo(), Err(gone.clone()));
        assert_eq!(history.go_to(0), Err(gone.clone()));
        assert!(!can_undo.get_untracked());
        assert!(status.is_empty());
        assert_eq!(
            shop.history(HistoryOptions::new()).err(),
            Some(gone.clone())
        );

        // One that comes after it under the same id has a history of its own.
        let next = mfe(store, "shop")?;
        next.set("filter", 2)?;
        assert!(history.is_empty());
        assert_eq!(history.undo(), Err(gone));
        Ok(())
    });
}

#[test]
fn keys_of_a_micro_frontend_that_is_gone_are_left_alone() {
    on_every_engine(|store, history| {
        let shop = mfe(store, "shop")?;
        store.set("n", 1)?;
        store.batch(|tx| {
            tx.set("n", 2)?;
            shop.set("filter", 1)
        })?;
        shop.unregister()?;
        assert_eq!(history.len(), 3);
        assert_eq!(told(&history.undo()?), (vec![], vec!["@shop/filter"]));
        assert_eq!(told(&history.undo()?), (vec!["n"], vec!["@shop/filter"]));
        assert_eq!(store.keys(), ["n"]);
        let _shop = mfe(store, "shop")?;
        assert_eq!(told(&history.redo()?), (vec!["n", "@shop/filter"], vec![]));
        Ok(())
    });
}

#[test]
fn what_a_micro_frontend_may_not_write_it_cannot_undo() {
    for engine in EngineKind::ALL {
        let tested = || -> Tested {
            let store = Store::builder().engine(*engine).on_error(|_| ()).build();
            let shop = mfe(&store, "shop")?;
            let history = shop.shared().history(HistoryOptions::new())?;
            store.set("currency", 1)?;
            store.set("currency", 2)?;
            store.set_shared_access(SharedAccess::ReadOnly);
            let denied = history.undo();
            assert!(
                matches!(
                    denied,
                    Err(StateError::Denied {
                        access: Access::Write,
                        ..
                    })
                ),
                "{denied:?}"
            );
            assert_eq!((history.position(), int(&store, "currency")), (2, Some(2)));
            store.set_shared_access(SharedAccess::Open);
            history.undo()?;
            assert_eq!(int(&store, "currency"), Some(1));
            Ok(())
        };
        assert_eq!(tested(), Ok(()), "on {engine}");
    }
}
