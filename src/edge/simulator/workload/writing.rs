//! The ways in which a store is written.

use super::{super::Tab, MFES, Run};
use crate::{
    error::StateError,
    mfe::MfeInfo,
    store::{Restore, Store},
};
use serde_json::{Value as Json, json};

const PLAIN_KEYS: usize = 24;
const OBJECT_KEYS: usize = 12;
const FIELDS: [&str; 6] = ["name", "age", "address", "tags", "a/b", "__proto__"];

impl Run {
    /// Does something in a tab.
    pub(super) fn write(&mut self, tab: Tab) -> Result<(), StateError> {
        let plain = format!("k{}", self.random.index(PLAIN_KEYS));
        let object = match self.random.index(OBJECT_KEYS) {
            0 => "whole:0".to_owned(),
            at => format!("user:{at}"),
        };
        let store = self.simulator.store(tab).clone();
        match self.random.below(100) {
            0..25 => store.set_json(&plain, self.scalar())?,
            25..35 => store.update_or(&*plain, json!(0), |value: &mut Json| {
                *value = json!(value.as_i64().unwrap_or(0) + 1);
            })?,
            35..43 => store.set_json(&object, self.object())?,
            43..60 => {
                let place = self.place();
                let new = self.scalar();
                expect_missing(store.set_at(&object, &place, new))?;
            }
            60..65 => {
                let place = self.place();
                expect_missing(store.delete_at(&object, &place).map(drop))?;
            }
            65..73 => drop(store.delete(&plain)?),
            73..76 => drop(store.delete(&object)?),
            76..84 => {
                let count = 1 + self.random.below(6);
                let keys: Vec<(String, Json)> = (0..count)
                    .map(|_| {
                        let key = self.random.index(PLAIN_KEYS);
                        (format!("k{key}"), self.scalar())
                    })
                    .collect();
                store.batch(|view| {
                    view.delete(&object)?;
                    keys.iter()
                        .try_for_each(|(key, value)| view.set_json(key, value.clone()))
                })?;
            }
            84..91 => self.write_rows(&store)?,
            91 => self.restore(&store)?,
            92 if self.random.happens(300) => store.clear()?,
            _ => self.in_scope(tab, &store)?,
        }
        Ok(())
    }

    /// Adds, changes, moves and removes items of an array that is told by item.
    fn write_rows(&mut self, store: &Store) -> Result<(), StateError> {
        let key = format!("rows:{}", self.random.index(3));
        let known = store.get::<Json>(&*key);
        let mut rows = known
            .and_then(|rows| rows.as_array().cloned())
            .unwrap_or_default();
        let at = self.random.index(rows.len());
        match self.random.below(4) {
            0 if !rows.is_empty() => drop(rows.remove(at)),
            1 if !rows.is_empty() => {
                if let Some(label) = rows.get_mut(at).and_then(|row| row.get_mut("label")) {
                    *label = self.scalar();
                }
            }
            2 if !rows.is_empty() => {
                let row = rows.remove(at);
                rows.insert(self.random.index(rows.len() + 1), row);
            }
            _ => {
                let id = self.random.below(12);
                if rows.iter().all(|row| row.get("id") != Some(&json!(id))) {
                    rows.push(json!({ "id": id, "label": self.scalar() }));
                }
            }
        }
        store.set_json(&key, Json::Array(rows))
    }

    fn restore(&mut self, store: &Store) -> Result<(), StateError> {
        let at = self.random.index(self.snapshots.len());
        match self.snapshots.get(at) {
            Some(snapshot) if self.random.happens(300) => {
                let mode = match self.random.happens(500) {
                    true => Restore::Replace,
                    false => Restore::Merge,
                };
                store.restore(snapshot, mode)
            }
            _ => {
                self.snapshots.push(store.snapshot());
                Ok(())
            }
        }
    }

    /// A micro-frontend comes, writes, or goes.
    fn in_scope(&mut self, tab: Tab, store: &Store) -> Result<(), StateError> {
        let at = self.random.index(MFES.len());
        let new = self.scalar();
        let key = format!("own:{}", self.random.index(4));
        match self.scopes.get(&(tab, at)) {
            None => {
                let id = MFES.get(at).copied().unwrap_or_default();
                let scope = store.register_mfe(MfeInfo::new(id, "leptos", "1"))?;
                self.scopes.insert((tab, at), scope);
                Ok(())
            }
            Some(scope) => match self.random.below(8) {
                0 => {
                    let gone = self.scopes.remove(&(tab, at));
                    gone.map_or(Ok(()), |scope| scope.unregister())
                }
                1 => scope.delete(&key).map(drop),
                2 => scope.shared().set_json("k0", new),
                _ => scope.set_json(&key, new),
            },
        }
    }

    fn scalar(&mut self) -> Json {
        match self.random.below(6) {
            0 => Json::Null,
            // Of all magnitudes, and with all the digits there are.
            1 => json!(f64::from_bits(self.random.next())),
            2 => json!(self.random.below(2) == 0),
            3 => json!("text".repeat(self.random.index(4))),
            4 => json!([self.random.below(9)]),
            _ => json!(self.random.below(1_000)),
        }
    }

    fn object(&mut self) -> Json {
        let mut object = serde_json::Map::new();
        for field in FIELDS {
            if self.random.happens(700) {
                let value = match field {
                    "address" => json!({ "city": self.scalar(), "zip": self.scalar() }),
                    _ => self.scalar(),
                };
                object.insert(field.to_owned(), value);
            }
        }
        Json::Object(object)
    }

    fn place(&mut self) -> String {
        match self.random.index(FIELDS.len() + 1) {
            0 => "/address/city".to_owned(),
            at => {
                let field = FIELDS.get(at - 1).copied().unwrap_or_default();
                format!("/{}", field.replace('/', "~1"))
            }
        }
    }
}

/// A place inside of something that is not there cannot be written.
fn expect_missing(result: Result<(), StateError>) -> Result<(), StateError> {
    match result {
        Err(StateError::Pointer { .. }) => Ok(()),
        result => result,
    }
}
