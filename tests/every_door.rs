//! There is no write that middleware, listeners and histories do not see: every public way to change
//! a key is tried, with somebody watching and with somebody refusing.
#![cfg(all(feature = "json", feature = "fields", feature = "collections"))]

use reactive_graph::{
    owner::Owner,
    traits::{Set, Update, Write},
};
use reactive_stores::{Store as Fields, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use universal_state::{
    ChangeSet, Delivery, Diff, EngineKind, History, HistoryOptions, Key, MfeInfo, Middleware,
    OrdMap, OrdSet, Restore, Scope, StateError, Store, SubscribeOptions, Transaction, Value, Veto,
};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Fields, Diff)]
struct User {
    name: String,
    #[store(key: u32 = |row| row.id)]
    rows: Vec<Row>,
    scores: Vec<i32>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Fields, Diff)]
struct Row {
    id: u32,
    label: String,
}

const N: Key<i32> = Key::new("n");
const USER: Key<User> = Key::new("user");
const STOCK: Key<OrdMap<u32, i64>> = Key::new("stock");
const TAGS: Key<OrdSet<String>> = Key::new("tags");

struct House {
    store: Store,
    shop: Scope,
    history: History,
}

type Door = (&'static str, fn(&House) -> Result<(), StateError>);

/// Each changes something. A door without a `Result` reports what is refused.
const DOORS: &[Door] = &[
    ("set", |house| house.store.set(N, 2)),
    ("set with source", |house| {
        house.store.set_with_source(N, 2, "me")
    }),
    ("set value", |house| {
        house.store.set_value("n", Value::new(2))
    }),
    ("set json", |house| house.store.set_json("n", json!(2))),
    ("set many", |house| {
        house.store.set_many([("n", 2), ("m", 3)])
    }),
    ("update", |house| {
        house.store.update(N, |n| *n = 2).map(drop)
    }),
    ("update or", |house| {
        house.store.update_or("m", 1, |n: &mut i32| *n = 2)
    }),
    ("delete", |house| house.store.delete("n").map(drop)),
    ("clear", |house| house.store.clear()),
    ("batch", |house| house.store.batch(|tx| tx.set(N, 2))),
    ("nested batch", |house| {
        house.store.batch(|tx| tx.batch(|tx| tx.set(N, 2)))
    }),
    ("set in a batch", |house| {
        house.store.batch(|_| house.store.set(N, 2))
    }),
    ("restore", |house| {
        house
            .store
            .restore(&Store::new().snapshot(), Restore::Replace)
    }),
    ("merge", |house| {
        let other = Store::new();
        other.set(N, 2)?;
        house.store.restore(&other.snapshot(), Restore::Merge)
    }),
    ("set at", |house| {
        house.store.set_at("user", "/name", "Grace".to_owned())
    }),
    ("delete at", |house| {
        house.store.delete_at("user", "/scores/0").map(drop)
    }),
    ("handle set", |house| house.store.handle(N)?.set(2)),
    ("handle update", |house| {
        house.store.handle(N)?.update(|n| *n = 2).map(drop)
    }),
    ("handle update or", |house| {
        house.store.handle("m")?.update_or(1, |n: &mut i32| *n = 2)
    }),
    ("handle delete", |house| {
        house.store.handle(N)?.delete().map(drop)
    }),
    ("scope", |house| house.shop.set("filter", 2)),
    ("scope's shared", |house| house.shop.shared().set(N, 2)),
    ("unregister", |house| house.shop.unregister()),
    ("undo", |house| house.history.undo().map(drop)),
    ("go to", |house| house.history.go_to(0).map(drop)),
    ("load", |house| house.store.load(N)?.finish(2).map(drop)),
    ("settle", |house| {
        house.store.load(N)?.settle(Ok::<_, String>(2)).map(drop)
    }),
    ("map insert", |house| {
        house.store.map_of(STOCK)?.insert(9, 9).map(drop)
    }),
    ("map remove", |house| {
        house.store.map_of(STOCK)?.remove(&1).map(drop)
    }),
    ("map update", |house| {
        house.store.map_of(STOCK)?.update(&1, |n| *n += 1).map(drop)
    }),
    ("map update or", |house| {
        house.store.map_of(STOCK)?.update_or(9, 1, |n| *n += 1)
    }),
    ("map extend", |house| {
        house.store.map_of(STOCK)?.extend([(9, 9)])
    }),
    ("map retain", |house| {
        house.store.map_of(STOCK)?.retain(|_, _| false).map(drop)
    }),
    ("map clear", |house| house.store.map_of(STOCK)?.clear()),
    ("map handle", |house| {
        house.store.map_of(STOCK)?.handle().delete().map(drop)
    }),
    ("set_of insert", |house| {
        house.store.set_of(TAGS)?.insert("new".into()).map(drop)
    }),
    ("set_of remove", |house| {
        house.store.set_of(TAGS)?.remove("red").map(drop)
    }),
    ("set_of extend", |house| {
        house.store.set_of(TAGS)?.extend(["new".into()])
    }),
    ("set_of retain", |house| {
        house.store.set_of(TAGS)?.retain(|_| false).map(drop)
    }),
    ("set_of clear", |house| house.store.set_of(TAGS)?.clear()),
    ("field set", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.name().set("Grace".into());
        Ok(())
    }),
    ("field update", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.scores().update(|scores| scores.push(2));
        Ok(())
    }),
    ("field guard", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        *user.scores().at_unkeyed(0).write() = 2;
        Ok(())
    }),
    ("field untracked", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.name().write_untracked().clear();
        Ok(())
    }),
    ("field by key", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.rows().at_key(1).label().set("one".into());
        Ok(())
    }),
    ("rows", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.rows().write().clear();
        Ok(())
    }),
    ("root", |house| {
        house.store.fields(USER)?.set(None);
        Ok(())
    }),
    ("root update", |house| {
        let user = house.store.fields_or(USER, User::default())?;
        user.try_update(|user| user.name.clear())
    }),
];

impl House {
    fn new(engine: EngineKind) -> Self {
        let store = Store::builder().engine(engine).on_error(|_| {}).build();
        let shop = store
            .register_mfe(MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        let history = store.history(HistoryOptions::new()).unwrap();
        let user = User {
            name: "Ada".into(),
            rows: vec![Row {
                id: 1,
                label: "first".into(),
            }],
            scores: vec![1],
        };
        store.set(USER, user).unwrap();
        store.set(STOCK, OrdMap::from([(1, 1)])).unwrap();
        store.set(TAGS, OrdSet::from(["red".to_owned()])).unwrap();
        shop.set("filter", 1).unwrap();
        store.set(N, 1).unwrap();
        store.flush();
        Self {
            store,
            shop,
            history,
        }
    }

    fn state(&self) -> BTreeMap<String, serde_json::Value> {
        let snapshot = self.store.snapshot();
        let json = |key: &String| (*self.store.try_get_json(key).unwrap().unwrap()).clone();
        let keys = self.store.keys();
        assert_eq!(keys.len(), snapshot.len());
        keys.into_iter()
            .map(|key| (key.clone(), json(&key)))
            .collect()
    }
}

/// Notes the keys of every transaction, or refuses it.
struct Guard {
    seen: Arc<Mutex<BTreeSet<String>>>,
    refuses: bool,
}

impl Middleware for Guard {
    fn name(&self) -> &str {
        "guard"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        let keys = transaction
            .writes()
            .iter()
            .map(|write| write.key().to_owned());
        self.seen.lock().unwrap().extend(keys);
        match self.refuses {
            true => Err(Veto::new("nothing may change")),
            false => Ok(()),
        }
    }
}

fn on_every_engine(case: impl Fn(EngineKind)) {
    let owner = Owner::new();
    owner.with(|| EngineKind::ALL.iter().for_each(|engine| case(*engine)));
}

#[test]
fn what_changes_through_any_door_is_seen_by_middleware_listeners_and_histories() {
    on_every_engine(|engine| {
        for (door, write) in DOORS {
            let house = House::new(engine);
            let (before, version) = (house.state(), house.store.metadata().version);
            let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
            let told = Arc::clone(&seen);
            house.store.add_middleware(Guard {
                seen: Arc::clone(&seen),
                refuses: false,
            });
            let heard: Arc<Mutex<BTreeSet<String>>> = Arc::default();
            let sink = Arc::clone(&heard);
            let options = SubscribeOptions::new().delivery(Delivery::Sync);
            let hear = move |changes: &ChangeSet| {
                let keys = changes.iter().map(|change| change.key().to_owned());
                sink.lock().unwrap().extend(keys);
            };
            let _all = house.store.subscribe_all(options, hear).unwrap();
            let steps = house.history.position();
            assert_eq!(write(&house), Ok(()), "{door}");

            let after = house.state();
            let keys = before.keys().chain(after.keys());
            let changed: BTreeSet<String> = keys
                .filter(|key| before.get(*key) != after.get(*key))
                .cloned()
                .collect();
            assert!(!changed.is_empty(), "{door} changes something");
            assert_eq!(*told.lock().unwrap(), changed, "{door}: middleware");
            assert_eq!(*heard.lock().unwrap(), changed, "{door}: listeners");
            assert!(house.store.metadata().version > version, "{door}: version");
            assert_ne!(house.history.position(), steps, "{door}: history");
        }
    });
}

#[test]
fn what_middleware_refuses_changes_nothing_whatever_the_door() {
    on_every_engine(|engine| {
        for (door, write) in DOORS {
            let house = House::new(engine);
            let before = (house.state(), house.store.metadata().version);
            house.store.add_middleware(Guard {
                seen: Arc::default(),
                refuses: true,
            });
            let errors = house.store.error_count();
            let refused = write(&house);
            let is_reported = house.store.error_count() > errors;
            assert!(refused.is_err() || is_reported, "{door} says so");
            assert_eq!(
                (house.state(), house.store.metadata().version),
                before,
                "{door}"
            );
        }
    });
}
