//! What an edge leaves, as text.

use super::Left;
use crate::{
    change::Origin,
    edge::{
        entry::Entry,
        link::Door,
        replica::Replica,
        stamp::{Malformed, ReplicaId},
    },
    error::{StateError, excerpt},
    json,
    key::{self, Name},
};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

const MALFORMED: Malformed = Malformed("what an edge has left");

impl Left {
    /// As text, for an edge of another store: `[entries, keys, waiting, written]`, the first by key, what
    /// waits as `[is of storage, key, source]`.
    pub(in crate::edge) fn encode(&self) -> String {
        let text = |text: &str| Json::String(text.to_owned());
        let names = |keys: &mut dyn Iterator<Item = &SmolStr>| {
            Json::Array(keys.map(|key| text(key)).collect())
        };
        let mut entries = Map::new();
        for (key, entry) in self.replica.entries() {
            entries.insert(key.to_string(), entry.encode());
        }
        let mut waiting = Vec::new();
        for (door, keys) in &self.waiting {
            let is_stored = Json::Bool(*door == Door::Storage);
            for (key, source) in keys {
                let one = vec![is_stored.clone(), text(key), text(source.as_str())];
                waiting.push(Json::Array(one));
            }
        }
        json::text(&Json::Array(vec![
            Json::Object(entries),
            names(&mut self.keys.iter()),
            Json::Array(waiting),
            names(&mut self.written.iter()),
        ]))
    }

    /// # Errors
    /// [`StateError::Refused`] if it is not what [`Left::encode`] makes of something.
    pub(in crate::edge) fn decode(text: &str) -> Result<Self, StateError> {
        Self::read(text).map_err(|error| StateError::Refused {
            door: Origin::Page.to_string(),
            what: excerpt(text),
            reason: error.to_string(),
        })
    }

    fn read(left: &str) -> Result<Self, Malformed> {
        let key = |key: &str| match key::check_full(key) {
            Ok(()) => Ok(SmolStr::from(key)),
            Err(_) => Err(MALFORMED),
        };
        let left = json::read(left).map_err(|_| MALFORMED)?;
        let Some(
            [
                Json::Object(entries),
                Json::Array(keys),
                Json::Array(all),
                Json::Array(written),
            ],
        ) = left.as_array().map(Vec::as_slice)
        else {
            return Err(MALFORMED);
        };
        let names = |all: &[Json]| {
            let names = all.iter().map(|name| key(name.as_str().ok_or(MALFORMED)?));
            names.collect::<Result<Vec<_>, _>>()
        };
        // Whoever takes it over gives it an id of its own.
        let mut replica = Replica::new(ReplicaId::new(0));
        for (name, entry) in entries {
            replica.merge(&key(name)?, &Entry::decode(entry)?, true);
        }
        let mut waiting = Vec::new();
        for one in all {
            let Some(
                [
                    Json::Bool(is_stored),
                    Json::String(name),
                    Json::String(source),
                ],
            ) = one.as_array().map(Vec::as_slice)
            else {
                return Err(MALFORMED);
            };
            let door = match is_stored {
                true => Door::Storage,
                false => Door::Tab,
            };
            waiting.push((door, vec![(key(name)?, Name::from(source.as_str()))]));
        }
        Ok(Self {
            replica,
            keys: names(keys)?.into_iter().collect(),
            waiting,
            written: names(written)?,
        })
    }
}
