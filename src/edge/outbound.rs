//! The one way out: what was written here is compared with what the replica knows, stamped, and told to
//! the ports, once a turn.

use super::{
    entry::{Entry, MAX_VALUE_DEPTH, Rules, is_deeper},
    link::{Changed, Door, Edge},
    stamp::Stamp,
};
use crate::{change::UNKNOWN_SOURCE, error::StateError, key::Name, store::Noted, value::Value};
use serde_json::Value as Json;
use smol_str::SmolStr;
use std::sync::Arc;

impl Edge {
    /// Stamps what was written here since the last time, and tells the ports.
    pub(crate) fn drain(&self) {
        if !self.is_attached() {
            return;
        }
        self.heed_labels();
        let mut changes = Vec::new();
        while !self.0.feed.notes.is_empty() {
            let written = self.0.feed.notes.take();
            let mut stamp = None;
            let mut tick = || {
                *stamp.get_or_insert_with(|| {
                    let now = self.now();
                    self.replica(|replica| replica.clock.tick(now))
                })
            };
            for (key, write) in written {
                changes.extend(self.stamp(key, write, &mut tick));
            }
        }
        if !changes.is_empty() {
            for port in self.ports() {
                port.changed(self, &changes, None);
            }
        }
    }

    /// Has what the store holds of a key count as written now. Returns whether it holds anything.
    pub(super) fn adopt(&self, key: &SmolStr) -> bool {
        let is_there = self.0.view.has(key);
        if is_there {
            self.0
                .feed
                .notes
                .again(key.clone(), None, Name::Static("initial"));
        }
        is_there
    }

    /// Puts what a key has come to anew, as a whole and without what it came from, if that is how it
    /// fits. Returns it, for the port that asks; the others are told.
    pub(super) fn condense(
        &self,
        from: Door,
        key: &SmolStr,
        fits: impl Fn(&Changed) -> bool,
    ) -> Option<Changed> {
        let now = self.now();
        let whole = self.replica(|replica| {
            let stamp = replica.clock.tick(now);
            let entry = replica.get(key).filter(|entry| entry.value().is_some())?;
            let whole = Changed {
                key: key.clone(),
                delta: entry.restamped(stamp),
                source: UNKNOWN_SOURCE,
            };
            fits(&whole).then(|| {
                replica.merge(key, &whole.delta, true);
                whole
            })
        })?;
        for port in self.ports().iter().filter(|port| port.door() != from) {
            port.changed(self, std::slice::from_ref(&whole), None);
        }
        Some(whole)
    }

    /// What a key came to, as a change of the replica.
    fn stamp(
        &self,
        key: SmolStr,
        write: Noted,
        tick: &mut dyn FnMut() -> Stamp,
    ) -> Option<Changed> {
        let fate = self.fate(&key);
        if !fate.is_shared && !fate.is_stored {
            return None;
        }
        let inner = &self.0.view.inner;
        let slot = match &write.left {
            Some(_) => None,
            None => inner.slots.find(&key),
        };
        let (new, sequence) = match &slot {
            Some(slot) => inner.load(slot),
            None => (write.left, 0),
        };
        let was = write.old.as_ref().map(json).transpose();
        let is = match new.as_ref().map(json).transpose() {
            Ok(json) => json,
            Err(reason) => {
                for port in self.ports() {
                    port.unwritable(self, &key, &reason);
                }
                let key = key.to_string();
                self.report(&StateError::Serialize { key, reason });
                return None;
            }
        };
        // What has no JSON was told to nobody, so whatever came after it is news: its removal, too.
        let delta = match was {
            // What was removed before it is known what is stored may be stored.
            Ok(was) if was == is && (is.is_some() || !self.is_loading()) => None,
            was => {
                let was = was.unwrap_or_default();
                self.write(&key, fate.is_shared, was.as_ref(), is, tick)
            }
        };
        // Another thread may have written it since: whoever stamps last has to have read last.
        if let Some(slot) = slot
            && inner.load(&slot).1 != sequence
        {
            self.0
                .feed
                .notes
                .again(key.clone(), new, write.source.clone());
        }
        Some(Changed {
            key,
            delta: delta?,
            source: write.source,
        })
    }

    /// Has the replica know what was written.
    fn write(
        &self,
        key: &SmolStr,
        is_shared: bool,
        was: Option<&Arc<Json>>,
        is: Option<Arc<Json>>,
        tick: &mut dyn FnMut() -> Stamp,
    ) -> Option<Entry> {
        let rules = self.0.rules.iter().find(|(keys, _)| keys.matches(key));
        let plain = Rules::default();
        let rules = rules.map_or(&plain, |(_, rules)| rules);
        let stamp = tick();
        self.replica(|replica| {
            let entry = replica.get(key);
            let known = entry.and_then(Entry::value);
            let delta = match was {
                Some(_) if known == was => entry?.difference(is.as_ref(), stamp, rules)?,
                // What stood here before may be what stands in other tabs, too, and be edited there.
                Some(was) if entry.is_none() => Entry::edited(was, is.as_ref(), stamp, rules)?,
                // What the others do not have cannot be told by its difference.
                _ => Entry::whole(is, stamp),
            };
            replica.merge(key, &delta, is_shared);
            Some(delta)
        })
    }
}

/// A value as it goes out.
fn json(value: &Value) -> Result<Arc<Json>, String> {
    match value.to_json() {
        Ok(json) if is_deeper(&json, MAX_VALUE_DEPTH) => {
            Err("it is deeper than 80 levels".to_owned())
        }
        result => result,
    }
}
