//! Whatever is done to a store, and through whichever door: when the turn ends, the replica holds what
//! the store holds, and whoever has heard all holds the same.

use super::{Tab, tab};
use crate::{EngineKind, HistoryOptions, MfeInfo, Restore, Scope, StateError, Store};
use proptest::prelude::*;
use serde_json::json;

#[derive(Clone, Debug)]
enum Op {
    Set(u8, u8),
    Field(u8, u8),
    Delete(u8),
    Clear,
    Batch(Vec<(u8, u8)>, bool),
    Undo,
    Redo,
    Snapshot,
    Restore(bool),
    Own(u8, u8),
    Leave,
    Come,
    Engine,
    Flush,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let batch = proptest::collection::vec((0..4_u8, 0..4_u8), 1..4);
    let op = prop_oneof![
        4 => (0..4_u8, 0..4_u8).prop_map(|(key, value)| Op::Set(key, value)),
        3 => (0..4_u8, 0..4_u8).prop_map(|(key, value)| Op::Field(key, value)),
        2 => (0..4_u8).prop_map(Op::Delete),
        1 => Just(Op::Clear),
        2 => (batch, any::<bool>()).prop_map(|(writes, is_good)| Op::Batch(writes, is_good)),
        2 => Just(Op::Undo),
        1 => Just(Op::Redo),
        1 => Just(Op::Snapshot),
        1 => any::<bool>().prop_map(Op::Restore),
        3 => (0..3_u8, 0..4_u8).prop_map(|(key, value)| Op::Own(key, value)),
        1 => Just(Op::Leave),
        1 => Just(Op::Come),
        1 => Just(Op::Engine),
        4 => Just(Op::Flush),
    ];
    proptest::collection::vec(op, 1..40)
}

fn key(number: u8) -> String {
    format!("key:{number}")
}

/// Does it, as far as the store lets it.
fn apply(
    store: &Store,
    op: &Op,
    shop: &mut Option<Scope>,
    kept: &mut Option<crate::Snapshot>,
    history: &crate::History,
) -> Result<(), StateError> {
    match op {
        Op::Set(number, 3) => store.set_json(&key(*number), json!({ "n": number, "m": 0 })),
        Op::Set(number, value) => store.set(key(*number), i32::from(*value)),
        Op::Field(number, value) => store.set_at(&key(*number), "/m", json!(value)).map(drop),
        Op::Delete(number) => store.delete(&key(*number)).map(drop),
        Op::Clear => store.clear(),
        Op::Batch(writes, is_good) => store.batch(|tx| {
            for (number, value) in writes {
                tx.set(key(*number), i32::from(*value) + 10)?;
            }
            match is_good {
                true => Ok(()),
                false => Err(StateError::abort("it was a test")),
            }
        }),
        Op::Undo => history.undo().map(drop),
        Op::Redo => history.redo().map(drop),
        Op::Snapshot => {
            *kept = Some(store.snapshot());
            Ok(())
        }
        Op::Restore(replace) => match kept {
            Some(snapshot) if *replace => store.restore(snapshot, Restore::Replace),
            Some(snapshot) => store.restore(snapshot, Restore::Merge),
            None => Ok(()),
        },
        Op::Own(number, value) => match shop {
            Some(shop) => shop.set(key(*number), i32::from(*value)),
            None => Ok(()),
        },
        Op::Leave => shop.take().map_or(Ok(()), |shop| shop.unregister()),
        Op::Come => {
            if shop.is_none() {
                *shop = Some(store.register_mfe(MfeInfo::new("shop", "leptos", "1"))?);
            }
            Ok(())
        }
        Op::Engine => store.set_engine(match store.engine() {
            EngineKind::Map => EngineKind::Signal,
            EngineKind::Signal => EngineKind::Map,
        }),
        Op::Flush => Ok(()),
    }
}

/// What the replica has and the store has not, or the other way round.
fn differences(tab: &Tab) -> Vec<String> {
    let inner = &tab.edge.0.view.inner;
    let known = tab.edge.replica(|replica| {
        let entries = replica.entries();
        let entries = entries.map(|(key, entry)| (key.to_string(), entry.value().cloned()));
        entries.collect::<Vec<_>>()
    });
    let stored = tab.store.keys();
    let unknown = stored
        .iter()
        .filter(|key| !known.iter().any(|(name, _)| name == *key));
    let unequal = known.iter().filter(|(key, value)| {
        let here = tab.store.get::<serde_json::Value>(key.as_str());
        inner.has_owner(key) && here.as_ref() != value.as_deref()
    });
    unknown
        .cloned()
        .chain(unequal.map(|(key, _)| key.clone()))
        .collect()
}

proptest! {
    #[test]
    fn a_turn_ends_with_the_replica_holding_what_the_store_holds(ops in ops()) {
        let (a, b) = (tab(1, Store::new()), tab(2, Store::new()));
        a.store.set_reporter(|_| ());
        let history = a.store.history(HistoryOptions::new()).unwrap();
        let (mut shop, mut kept) = (None, None);
        for op in &ops {
            let _ = apply(&a.store, op, &mut shop, &mut kept, &history);
            if matches!(op, Op::Flush) {
                b.hears(&a.sent());
                prop_assert_eq!(differences(&a), Vec::<String>::new());
            }
        }
        b.hears(&a.sent());
        prop_assert_eq!(differences(&a), Vec::<String>::new());
        let digest = |tab: &Tab| tab.edge.replica(|replica| *replica.digest());
        prop_assert_eq!(digest(&a), digest(&b));
        prop_assert_eq!(differences(&b), Vec::<String>::new());
    }
}
