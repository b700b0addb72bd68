//! The one way in: what a port brings goes through the replica, and from there, in one transaction,
//! into the store.

use super::{
    link::{Changed, Door, Edge},
    refusal::Refusal,
};
use crate::{
    change::{Origin, Stamp},
    error::StateError,
    key::{self, Name},
    store::Write,
    value::Value,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// So many refusals are reported in a second. One message can hold thousands.
const MAX_REPORTS: u32 = 10;

/// The source of what is put because it can be now.
const BROUGHT_BACK: Name = Name::Static("storage");

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
        let round = self.replica(|replica| replica.begin_round());
        for change in incoming {
            let is_shared = self.may_share(&change.key);
            let taken = self.replica(|replica| {
                let newest = change.delta.newest();
                if from == Door::Tab
                    && newest.is_some_and(|stamp| replica.clock.is_ahead(&stamp, now))
                {
                    return None;
                }
                let known = replica.get(&change.key);
                let is_known = known.is_some();
                let before = known.and_then(|entry| entry.value().cloned());
                let is_news = replica.merge(&change.key, &change.delta, is_shared);
                let after = replica.get(&change.key).and_then(|entry| entry.value());
                // A default that stands in the store does not outlive a removal it never heard of.
                let is_removal = is_news && !is_known && change.delta.is_removed();
                let is_change = before.as_ref() != after || is_removal;
                Some((
                    is_news,
                    is_change,
                    is_change && replica.is_first(&change.key, round),
                ))
            });
            let Some((is_news, is_change, is_first)) = taken else {
                ahead.push(change.key);
                continue;
            };
            // At most one write a key, however often it is told of.
            if is_change && is_first {
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

    /// Counts something that is not taken in, and reports it, unless much has just been reported.
    pub(crate) fn refuse(&self, from: Door, reason: Refusal, what: &str) {
        self.note(|status| {
            status.refused.count(reason);
            true
        });
        let second = self.now() / 1_000;
        let reports = {
            let (since, reports) = &mut *crate::lock(&self.0.reports);
            if std::mem::replace(since, second) != second {
                *reports = 0;
            }
            *reports += 1;
            *reports
        };
        if reports > MAX_REPORTS {
            return;
        }
        self.report(&StateError::Refused {
            door: from.origin().to_string(),
            what: crate::error::excerpt(what),
            reason: reason.to_string(),
        });
    }

    /// Gives keys of the store what the replica has: now, or, inside of a batch or where writes are
    /// forbidden, at the end of the turn. Those of micro-frontends that are not here wait in the replica.
    fn put(&self, from: Door, mut keys: Vec<(SmolStr, Name)>) {
        let inner = &self.0.view.inner;
        keys.retain(|(key, _)| inner.has_owner(key));
        if keys.is_empty() {
            return;
        }
        if inner.is_busy() {
            return self.put_later(from, keys);
        }
        if keys.len() > 1 && self.put_all(from, &keys).is_ok() {
            return;
        }
        // One that is refused does not keep the others.
        let mut later = Vec::new();
        for key in keys {
            let Err(error) = self.put_all(from, std::slice::from_ref(&key)) else {
                continue;
            };
            let reason = match error {
                StateError::Disposed => return,
                // The store's host is busy.
                StateError::Reentrant { .. } => {
                    later.push(key);
                    continue;
                }
                StateError::Vetoed { .. } => Refusal::Vetoed,
                StateError::ReadOnly { .. } => Refusal::ReadOnly,
                _ => Refusal::Store,
            };
            self.refuse(from, reason, &key.0);
        }
        if !later.is_empty() {
            self.put_later(from, later);
        }
    }

    fn put_later(&self, from: Door, keys: Vec<(SmolStr, Name)>) {
        crate::lock(&self.0.waiting).push((from, keys));
        self.0.feed.wake_for_more(&self.0.view.inner);
    }

    /// Puts what could not be put when it came.
    pub(super) fn put_waiting(&self) {
        let waiting = std::mem::take(&mut *crate::lock(&self.0.waiting));
        for (from, keys) in waiting {
            self.put(from, keys);
        }
    }

    /// Gives keys that were computed here what others have written under them meanwhile, which was refused.
    pub(super) fn put_freed(&self) {
        let mut freed = self.0.feed.take_freed();
        self.replica(|replica| {
            let is_known = |key: &SmolStr| replica.get(key)?.value().map(drop);
            freed.retain(|key| is_known(key).is_some());
        });
        let keys = freed.into_iter().map(|key| (key, BROUGHT_BACK));
        self.put(Door::Storage, keys.collect());
    }

    fn put_all(&self, from: Door, keys: &[(SmolStr, Name)]) -> Result<(), StateError> {
        let inner = &self.0.view.inner;
        inner.may_write()?;
        let find = |(key, _): &(SmolStr, Name)| inner.slots.get_checked(key, key::check_full);
        let slots: Vec<_> = keys.iter().map(find).collect::<Result<_, _>>()?;
        let put = || {
            slots.iter().try_for_each(|slot| inner.is_writable(slot))?;
            inner.transact(None, &[], &mut |writes| {
                for (slot, (_, source)) in slots.iter().zip(keys) {
                    let stamp = Stamp {
                        origin: from.origin(),
                        source: source.clone(),
                    };
                    writes.push(Write {
                        slot: Arc::clone(slot),
                        old: inner.load(slot).0,
                        new: None,
                        stamp,
                        rewritten: false,
                    });
                }
                // After what is there was read, so that what has been written here before is part of
                // what the replica has; what is written later makes the commit start over.
                self.drain();
                for write in writes {
                    let key = &write.slot.key;
                    let json = self.replica(|replica| replica.get(key)?.value().cloned());
                    write.new = json.map(|json| Value::from_json(Arc::unwrap_or_clone(json)));
                }
                Ok(())
            })
        };
        let result = put();
        for slot in slots {
            inner.release(&slot);
        }
        result
    }

    /// Gives a micro-frontend that has come what the replica has of its keys.
    pub(super) fn bring_back(&self, namespace: &str) {
        // What it left in this very turn is part of it.
        self.drain();
        let keys = self.replica(|replica| {
            // Removed ones too: a restored snapshot may have put such a key into the store meanwhile.
            let own = replica.entries();
            let own = own.filter(|(key, entry)| {
                key.starts_with(namespace) && (entry.value().is_some() || entry.is_removed())
            });
            own.map(|(key, _)| (key.clone(), BROUGHT_BACK)).collect()
        });
        self.put(Door::Storage, keys);
    }
}
