//! Point 13: middleware sees every transaction from every door. No door goes round it.

use super::{
    middleware::{Before, before, refuse, vetoed},
    support::{Log, store},
};
use universal_state::{
    Access, EngineKind, Handle, MfeInfo, Pattern, Restore, Scope, StateError, Store, Transaction,
};

type Door = fn(&Store, &Scope, &Handle<i32>) -> Result<(), StateError>;

/// A store with a key of every kind, and what its doors take.
fn doors(engine: EngineKind) -> (Store, Scope, Handle<i32>) {
    let store = store(engine);
    let shop = store
        .register_mfe(MfeInfo::new("shop", "leptos", "1"))
        .unwrap();
    let cart = store
        .register_mfe(MfeInfo::new("cart", "leptos", "1"))
        .unwrap();
    // It is to stay for as long as the store does.
    std::mem::forget(cart);
    store.grant("shop", Access::Write, Pattern::glob("@cart/*").unwrap());
    store.set("n", 1).unwrap();
    shop.set("filter", 1).unwrap();
    let handle = store.handle("n").unwrap();
    (store, shop, handle)
}

/// A change through each door.
fn writes() -> [(&'static str, Door); 14] {
    [
        ("set", |store, _, _| store.set("n", 2)),
        ("set with source", |store, _, _| {
            store.set_with_source("n", 3, "me")
        }),
        ("update", |store, _, _| {
            store.update("n", |n: &mut i32| *n = 4).map(drop)
        }),
        ("update or", |store, _, _| {
            store.update_or("new", 4, |n: &mut i32| *n = 5)
        }),
        ("delete", |store, _, _| store.delete("new").map(drop)),
        ("handle", |_, _, handle| handle.set(6)),
        ("set many", |store, _, _| {
            store.set_many([("a", 7), ("b", 8)])
        }),
        ("batch", |store, _, _| store.batch(|tx| tx.set("a", 9))),
        ("load", |store, _, _| store.load("a")?.finish(13).map(drop)),
        ("scope", |_, shop, _| shop.set("filter", 10)),
        ("shared", |_, shop, _| shop.shared().set("a", 11)),
        ("peer", |_, shop, _| shop.peer("cart").set("items", 12)),
        ("restore", |store, _, _| {
            let other = Store::new();
            other.set("c", 13)?;
            store.restore(&other.snapshot(), Restore::Merge)
        }),
        ("unregister", |_, shop, _| shop.unregister()),
    ]
}

conformance! {
    /// 13: every transaction from every door, with its old and new values, its source and origin.
    fn every_door_passes_middleware(engine) {
        let (store, shop, handle) = doors(engine);
        let log = Log::default();
        let sink = log.clone();
        store.add_middleware(before(move |transaction: &mut Transaction| {
            sink.push(
                transaction
                    .writes()
                    .iter()
                    .map(|write| {
                        let values = (write.old::<i32>(), write.new::<i32>());
                        format!("{} {values:?} {} {}", write.key(), write.source(), write.origin())
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            );
            Ok(())
        }));
        for (door, write) in writes() {
            let one = write(&store, &shop, &handle);
            assert_eq!(one, Ok(()), "{door}");
        }
        assert_eq!(log.take(), [
            "n (Some(1), Some(2)) unknown local",
            "n (Some(2), Some(3)) me local",
            "n (Some(3), Some(4)) unknown local",
            "new (None, Some(5)) unknown local",
            "new (Some(5), None) unknown local",
            "n (Some(4), Some(6)) unknown local",
            "a (None, Some(7)) unknown local; b (None, Some(8)) unknown local",
            "a (Some(7), Some(9)) unknown local",
            "a (Some(9), Some(13)) unknown local",
            "@shop/filter (Some(1), Some(10)) shop mfe:shop",
            "a (Some(13), Some(11)) shop mfe:shop",
            "@cart/items (None, Some(12)) shop mfe:shop",
            "c (None, Some(13)) unknown restore",
            "@shop/filter (Some(10), None) shop mfe:shop",
        ]);
        store.clear().unwrap();
        assert_eq!(log.take()[0].matches("None) unknown local").count(), 5);
    }

    /// 13: no door goes round a veto.
    fn no_door_goes_round_a_veto(engine) {
        let (store, shop, handle) = doors(engine);
        let state = store.snapshot();
        store.add_middleware(Before("guard", refuse));
        for (door, write) in writes() {
            let result = write(&store, &shop, &handle);
            match door {
                // There is nothing to delete.
                "delete" => assert_eq!(result, Ok(())),
                _ => assert_eq!(result, Err(vetoed("guard", "not today")), "{door}"),
            }
        }
        assert_eq!(store.clear(), Err(vetoed("guard", "not today")));
        assert_eq!((store.snapshot(), store.metadata().version), (state.clone(), state.version()));
        assert!(shop.is_registered(), "a vetoed unregistration leaves everything as it was");
    }
}
