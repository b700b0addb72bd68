//! Bringing storage and the store into step: what is there is read, merged, and written again if it
//! lags behind.

use super::{
    envelope::{self, Unread},
    machine::{Job, Put},
    port::StoragePort,
    status::{Quarantined, SaveFailure},
};
use crate::{
    edge::{
        entry::{Entry, MAX_VALUE_DEPTH, is_deeper},
        hash::fnv,
        link::{Changed, Door, Edge},
        replica::swept_at,
    },
    key::Name,
    lock,
};
use smol_str::SmolStr;
use std::sync::{Arc, atomic::Ordering};

/// The latest time that is believed, in ms since the Unix epoch: the beginning of the year 2200.
const LATEST: u64 = 7_258_118_400_000;

/// A key that was looked at, and may have to be written.
struct Looked {
    key: SmolStr,
    /// The hash of what is there.
    there: u64,
    found: Option<(Entry, bool)>,
    aside: Option<Quarantined>,
}

impl StoragePort {
    /// The entry in a text of a key, taken to the schema of the application, and whether it was of an
    /// older one.
    pub(super) fn open(&self, key: &str, text: &str) -> Result<(Entry, bool), Unread> {
        let (mut entry, schema) = envelope::read(text, self.schema)?;
        let has_forgotten = entry.sweep(self.forgotten.load(Ordering::Acquire));
        // Clocks follow what is stored, however far ahead: it is what this origin wrote when its clock
        // was another. Such a time it never was.
        if entry.newest().is_none_or(|stamp| stamp.millis() > LATEST) {
            return Err(Unread::Corrupt(
                "it was written after the year 2200".to_owned(),
            ));
        }
        if schema == self.schema {
            return Ok((entry, has_forgotten));
        }
        let (Some(value), Some(stamp)) = (entry.value(), entry.newest()) else {
            return Ok((entry, true));
        };
        let value = Arc::unwrap_or_clone(Arc::clone(value));
        let migrated = self.options.migrated(key, value, schema..self.schema);
        let value = migrated.and_then(|value| match &value {
            Some(json) if is_deeper(json, MAX_VALUE_DEPTH) => {
                Err("the new value is too deep".to_owned())
            }
            _ => Ok(value),
        });
        let value = value
            .map_err(|reason| Unread::Corrupt(["its migration failed: ", &reason].concat()))?;
        Ok((Entry::whole(value.map(Arc::new), stamp), true))
    }

    /// What is to be there of a key: nothing (`None`), a text, or one that is too long.
    pub(super) fn text_of(
        &self,
        edge: &Edge,
        key: &str,
        now: u64,
    ) -> Option<Result<String, usize>> {
        let entry = edge.replica(|replica| replica.get(key).cloned())?;
        if entry.value().is_none() && self.is_over(key, &entry, now) {
            return None;
        }
        let text = envelope::write(&entry, self.schema);
        Some(match text.len() <= envelope::MAX_BYTES {
            true => Ok(text),
            false => Err(text.len()),
        })
    }

    /// Whether a key was written, or removed, so long ago that it is not loaded.
    pub(super) fn is_over(&self, key: &str, entry: &Entry, now: u64) -> bool {
        let (limit, now) = match entry.value() {
            Some(_) => (self.options.lifetime(key), now),
            None => (
                Some(self.options.tombstones),
                swept_at(now, self.options.tombstones),
            ),
        };
        let written = entry.newest().map_or(0, |stamp| stamp.millis());
        limit.is_some_and(|limit| now.saturating_sub(written) > limit)
    }

    pub(super) fn is_known(edge: &Edge, key: &str) -> bool {
        edge.replica(|replica| replica.get(key).is_some())
    }

    pub(super) fn take_in(edge: &Edge, found: Vec<(SmolStr, Entry)>) -> usize {
        if found.is_empty() {
            return 0;
        }
        let changes = found.into_iter().map(|(key, delta)| Changed {
            key,
            delta,
            source: Name::Static("storage"),
        });
        edge.take_in(Door::Storage, changes.collect())
    }

    pub(super) fn is_newer(&self, key: &SmolStr, format: u32, schema: u32) {
        let backend = self.backend_name();
        let failure = SaveFailure::Newer { format, schema };
        lock(&self.machine).held(key, failure, &backend);
    }

    /// What is there of some keys was brought.
    pub(super) fn reconcile(&self, edge: &Edge, keys: Vec<SmolStr>, texts: Vec<Option<String>>) {
        let now = edge.now();
        let mut looked = Vec::new();
        let mut news = Vec::new();
        let mut puts = Vec::new();
        for (key, text) in keys.into_iter().zip(texts) {
            let there = hash(text.as_deref());
            let remove = |key| Put {
                key,
                text: None,
                before: there,
                aside: None,
            };
            if !self.is_wanted(edge, &key) {
                match text {
                    Some(text) if self.is_unwanted(edge, &key, &text) => puts.push(remove(key)),
                    _ => lock(&self.machine).leave(&key),
                }
                continue;
            }
            let Some(text) = text else {
                looked.push(Looked {
                    key,
                    there,
                    found: None,
                    aside: None,
                });
                continue;
            };
            match self.open(&key, &text) {
                Ok((entry, _))
                    if self.is_over(&key, &entry, now) && !Self::is_known(edge, &key) =>
                {
                    puts.push(remove(key));
                }
                Ok((entry, is_outdated)) => {
                    let own = edge.replica(|replica| replica.get(&key).and_then(Entry::newest));
                    let is_local = !edge.may_share(&key);
                    // Another tab's own, which stays out of this one, and is not undone.
                    if is_local && entry.newest() > own {
                        let machine = &mut *lock(&self.machine);
                        match own {
                            Some(_) => machine.settled(&key, now),
                            None => machine.leave(&key),
                        }
                        continue;
                    }
                    if !is_local && edge.replica(|replica| replica.get(&key) != Some(&entry)) {
                        news.push((key.clone(), entry.clone()));
                    }
                    let found = Some((entry, is_outdated));
                    looked.push(Looked {
                        key,
                        there,
                        found,
                        aside: None,
                    });
                }
                Err(Unread::Newer { format, schema }) => self.is_newer(&key, format, schema),
                Err(Unread::Corrupt(reason)) => {
                    let aside = Some(Quarantined::new(&key, &text, reason, now, self.schema));
                    looked.push(Looked {
                        key,
                        there,
                        found: None,
                        aside,
                    });
                }
            }
        }
        Self::take_in(edge, news);
        for Looked {
            key,
            there,
            found,
            aside,
        } in looked
        {
            let is_there = found.is_some_and(|(entry, is_outdated)| {
                !is_outdated && edge.replica(|replica| replica.get(&key) == Some(&entry))
            });
            if is_there {
                lock(&self.machine).settled(&key, now);
                continue;
            }
            let text = match self.text_of(edge, &key, now) {
                Some(Err(bytes)) => {
                    let backend = self.backend_name();
                    let failure = SaveFailure::TooLarge { bytes };
                    lock(&self.machine).held(&key, failure, &backend);
                    continue;
                }
                Some(Ok(text)) => Some(text),
                None if there == hash(None) => {
                    lock(&self.machine).leave(&key);
                    continue;
                }
                None => None,
            };
            puts.push(Put {
                key,
                text,
                before: there,
                aside,
            });
        }
        self.put(puts, now);
    }

    fn put(&self, puts: Vec<Put>, now: u64) {
        let backend = self.backend_name();
        let machine = &mut *lock(&self.machine);
        let (puts, dropped): (Vec<_>, Vec<_>) = puts
            .into_iter()
            .partition(|put| machine.may_write(&put.key, put.before));
        let dropped = dropped
            .into_iter()
            .map(|put| (put.key, SaveFailure::Dropped));
        machine.failed(dropped, now, &backend);
        if puts.is_empty() {
            return;
        }
        let has_aside = puts.iter().any(|put| put.aside.is_some());
        machine.next = Some(match has_aside {
            true => Job::SetAside(puts),
            false => Job::Write(puts),
        });
    }
}

/// Tells what is there from what was there before; 0 stands for nothing.
fn hash(text: Option<&str>) -> u64 {
    text.map_or(0, |text| fnv(text.as_bytes()))
}
