//! What an edge leaves, as text.

use super::Left;
use crate::{
    change::{Origin, UNKNOWN_SOURCE},
    edge::{
        entry::Entry,
        link::Door,
        replica::Replica,
        stamp::{Malformed, ReplicaId},
    },
    error::{StateError, excerpt},
    json, key,
};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

const MALFORMED: Malformed = Malformed("what an edge has left");

impl Left {
    /// As text, for an edge of another store: `[entries, keys, waiting, written]`, the first by key, the
    /// others lists of keys.
    pub(in crate::edge) fn encode(&self) -> String {
        let mut entries = Map::new();
        for (key, entry) in self.replica.entries() {
            entries.insert(key.to_string(), entry.encode());
        }
        let waiting = self.waiting.iter().flat_map(|(_, keys)| keys);
        json::text(&Json::Array(vec![
            Json::Object(entries),
            names(&mut self.keys.iter()),
            names(&mut waiting.map(|(key, _)| key)),
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

    fn read(text: &str) -> Result<Self, Malformed> {
        let left = json::read(text).map_err(|_| MALFORMED)?;
        let Some([Json::Object(entries), unsent, waiting, written]) =
            left.as_array().map(Vec::as_slice)
        else {
            return Err(MALFORMED);
        };
        // Whoever takes it over gives it an id of its own.
        let mut replica = Replica::new(ReplicaId::new(0));
        for (name, entry) in entries {
            replica.merge(&key(name)?, &Entry::decode(entry)?, true);
        }
        // Who wrote them is not known any more.
        let waiting = keys(waiting)?.into_iter().map(|key| (key, UNKNOWN_SOURCE));
        Ok(Self {
            replica,
            keys: keys(unsent)?.into_iter().collect(),
            waiting: vec![(Door::Tab, waiting.collect())],
            written: keys(written)?,
        })
    }
}

fn names(keys: &mut dyn Iterator<Item = &SmolStr>) -> Json {
    Json::Array(keys.map(|key| Json::String(key.to_string())).collect())
}

fn keys(names: &Json) -> Result<Vec<SmolStr>, Malformed> {
    let mut keys = Vec::new();
    for name in names.as_array().ok_or(MALFORMED)? {
        keys.push(key(name.as_str().ok_or(MALFORMED)?)?);
    }
    Ok(keys)
}

fn key(name: &str) -> Result<SmolStr, Malformed> {
    match key::check_full(name) {
        Ok(()) => Ok(SmolStr::from(name)),
        Err(_) => Err(MALFORMED),
    }
}
