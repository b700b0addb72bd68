//! The one way in: what a port brings goes through the replica, and from there, in one transaction,
//! into the store.

use super::link::{Changed, Door, Edge};
use crate::{
    change::{Origin, Stamp},
    error::{Access, StateError},
    key::Name,
    store::{Content, View},
    value::Value,
};
use smol_str::SmolStr;
use std::{fmt, sync::Arc};

/// How often a transaction is tried anew because other threads were faster.
const MAX_ATTEMPTS: usize = 100;

/// Why something that came in was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not what the protocol asks for.
    Malformed,
    /// It is larger, or there is more of it, than is taken in.
    TooLarge,
    /// It speaks another version of the protocol, or of the application's types.
    Version,
    /// It speaks an older version of the protocol.
    Older,
    /// It speaks a newer version of the protocol.
    Newer,
    /// It names a key that cannot be one.
    Key,
    /// It was written more than five minutes after now.
    Ahead,
    /// It is of a key that is not to come this way.
    Label,
    /// A middleware refused it.
    Vetoed,
    /// It is of a key that is computed here.
    ReadOnly,
    /// The store did not take it.
    Store,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too large",
            Self::Version => "another version",
            Self::Older => "older version",
            Self::Newer => "newer version",
            Self::Key => "no key",
            Self::Ahead => "written in the future",
            Self::Label => "label",
            Self::Vetoed => "vetoed",
            Self::ReadOnly => "computed here",
            Self::Store => "not taken by the store",
        })
    }
}

impl Door {
    fn origin(self) -> Origin {
        match self {
            Self::Storage => Origin::Storage,
            Self::Tab => Origin::Tab,
        }
    }
}

impl Edge {
    /// Takes in what a port has validated. Merges it, writes what it changes into the store, in one
    /// transaction, and tells the other ports. Returns how many keys were news to the replica.
    pub(crate) fn take_in(&self, from: Door, incoming: Vec<Changed>) -> usize {
        self.drain();
        let now = self.now();
        let mut ahead = Vec::new();
        let mut news = Vec::new();
        let mut changed = Vec::new();
        for change in incoming {
            let is_shared = self.may_share(&change.key);
            let taken = self.replica(|replica| {
                let newest = change.delta.newest();
                if newest.is_some_and(|stamp| replica.clock.is_ahead(&stamp, now)) {
                    return None;
                }
                let before = replica
                    .get(&change.key)
                    .and_then(|entry| entry.value().cloned());
                let is_news = replica.merge(&change.key, &change.delta, is_shared);
                let after = replica.get(&change.key).and_then(|entry| entry.value());
                Some((is_news, before.as_ref() != after))
            });
            let Some((is_news, is_change)) = taken else {
                ahead.push(change.key);
                continue;
            };
            if is_change {
                changed.push((change.key.clone(), change.source.clone()));
            }
            if is_news {
                news.push(change);
            }
        }
        for key in ahead {
            self.refuse(from, Refusal::Ahead, &key);
        }
        self.put(from, changed);
        if !news.is_empty() {
            for port in self.ports().iter().filter(|port| port.door() != from) {
                port.changed(self, &news, Some(from));
            }
        }
        self.arm();
        news.len()
    }

    /// Counts and reports something that is not taken in.
    pub(crate) fn refuse(&self, from: Door, reason: Refusal, what: &str) {
        self.note(|status| *status.refused.entry(reason).or_default() += 1);
        self.report(&StateError::Refused {
            door: from.origin().to_string(),
            what: crate::error::excerpt(what),
            reason: reason.to_string(),
        });
    }

    /// Gives keys of the store what the replica has: now, or as soon as what is going on has ended.
    /// Those of micro-frontends that are not here wait in the replica.
    fn put(&self, from: Door, mut keys: Vec<(SmolStr, Name)>) {
        keys.retain(|(key, _)| self.0.view.inner.has_owner(key));
        if keys.is_empty() {
            return;
        }
        let edge = self.clone();
        let put = move || {
            if keys.len() > 1 && edge.put_all(from, &keys).is_ok() {
                return;
            }
            // One that is refused does not keep the others.
            for key in &keys {
                let Err(error) = edge.put_all(from, std::slice::from_ref(key)) else {
                    continue;
                };
                let reason = match error {
                    StateError::Disposed => return,
                    StateError::Vetoed { .. } => Refusal::Vetoed,
                    StateError::ReadOnly { .. } => Refusal::ReadOnly,
                    _ => Refusal::Store,
                };
                edge.refuse(from, reason, &key.0);
            }
        };
        self.0.view.inner.defer(Box::new(put));
    }

    fn put_all(&self, from: Door, keys: &[(SmolStr, Name)]) -> Result<(), StateError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let result = self.0.view.batch(|view| {
                keys.iter()
                    .try_for_each(|(key, source)| self.put_one(view, from, key, source))
            });
            if !matches!(result, Err(StateError::Conflict { .. })) || attempts == MAX_ATTEMPTS {
                return result;
            }
        }
    }

    fn put_one(
        &self,
        view: &View,
        from: Door,
        key: &SmolStr,
        source: &Name,
    ) -> Result<(), StateError> {
        let slot = view.slot(key, Access::Write)?;
        let stamp = Stamp {
            origin: from.origin(),
            source: source.clone(),
        };
        let mut content = |_| {
            // What another thread has written meanwhile is part of what the replica has.
            self.drain();
            let json = self.replica(|replica| replica.get(key)?.value().cloned());
            Ok(json.map(|json| Value::from_json(Arc::unwrap_or_clone(json))))
        };
        let result = view
            .inner
            .write(&stamp, &slot, Content::Change(&mut content));
        view.inner.release(&slot);
        result
    }

    /// Gives a micro-frontend that has come what the replica has of its keys.
    pub(super) fn bring_back(&self, namespace: &str) {
        let keys = self.replica(|replica| {
            // Removed ones too: a restored snapshot may have put such a key into the store meanwhile.
            let own = replica.entries();
            let own = own.filter(|(key, _)| key.starts_with(namespace));
            own.map(|(key, _)| (key.clone(), Name::Static("storage")))
                .collect()
        });
        self.put(Door::Storage, keys);
    }
}
