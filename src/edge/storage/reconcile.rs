//! Bringing storage and the store into step: what is there is read, merged, and written again if it
//! lags behind.

use super::{
    envelope::{self, Unread},
    machine::{Job, Put},
    names::Named,
    port::StoragePort,
    status::{Quarantined, SaveFailure},
};
use crate::{
    edge::{
        entry::{Entry, MAX_VALUE_DEPTH, is_deeper},
        link::{Changed, Door, Edge},
    },
    error::StateError,
    key::Name,
    lock,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// The latest time that is believed, in ms since the Unix epoch: the beginning of the year 2200.
const LATEST: u64 = 7_258_118_400_000;

/// An item that was read.
struct Found {
    key: SmolStr,
    entry: Entry,
    /// Whether its text is not what would be written of it.
    is_outdated: bool,
}

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
        let (entry, schema) = envelope::read(text, self.schema)?;
        // Clocks follow what is stored, however far ahead: it is what this origin wrote when its clock
        // was another. Such a time it never was.
        if entry.newest().is_none_or(|stamp| stamp.millis() > LATEST) {
            return Err(Unread::Corrupt(
                "it was written after the year 2200".to_owned(),
            ));
        }
        if schema == self.schema {
            return Ok((entry, false));
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
    fn is_over(&self, key: &str, entry: &Entry, now: u64) -> bool {
        let (limit, now) = match entry.value() {
            Some(_) => (self.options.lifetime(key), now),
            None => (Some(self.options.tombstones), self.swept_at(now)),
        };
        let written = entry.newest().map_or(0, |stamp| stamp.millis());
        limit.is_some_and(|limit| now.saturating_sub(written) > limit)
    }

    fn is_known(edge: &Edge, key: &str) -> bool {
        edge.replica(|replica| replica.get(key).is_some())
    }

    fn take_in(edge: &Edge, found: Vec<(SmolStr, Entry)>) -> usize {
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

    /// All that is there was brought.
    pub(super) fn loaded(&self, edge: &Edge, items: Vec<(String, String)>, is_probe: bool) {
        edge.drain();
        let now = edge.now();
        let (is_first, restores) = {
            let machine = &mut *lock(&self.machine);
            let is_fallback = machine.is_fallback && !is_probe;
            let restores = !is_fallback && !std::mem::replace(&mut machine.has_loaded, true);
            machine.load.attempts = 0;
            if is_probe {
                machine.is_fallback = false;
                machine.fault = None;
                machine.probe.attempts = 0;
                machine.probe.due = None;
            }
            (machine.is_loading, restores)
        };
        // What is local to a tab is what it found when it came.
        let is_others = |key: &str| !restores && !edge.may_share(key);
        let mut found = Vec::new();
        let mut asides = Vec::new();
        let mut seen = std::collections::HashSet::<SmolStr, crate::key::KeyHasher>::default();
        for (name, text) in items {
            match self.names.read(&name) {
                None => {}
                Some(Named::Quarantined(key, _) | Named::Journal(key))
                    if !self.is_wanted(edge, &key) =>
                {
                    lock(&self.machine).litter.push(name);
                }
                Some(Named::Quarantined(key, id)) => {
                    asides.push(Quarantined::read(&key, id, text));
                }
                Some(Named::Journal(key)) => {
                    // What cannot be read stays where it is.
                    match self.open(&key, &text) {
                        Ok(_) if is_others(&key) => {}
                        Ok((entry, _)) => {
                            lock(&self.machine).leaves_litter(&key, name);
                            found.push(Found {
                                key,
                                entry,
                                is_outdated: true,
                            });
                        }
                        Err(Unread::Newer { .. }) => {}
                        Err(Unread::Corrupt(reason)) => {
                            let backend = self.backend_name();
                            lock(&self.machine).reports.push(StateError::Storage {
                                backend,
                                key: Some(key.into()),
                                reason,
                            });
                        }
                    }
                }
                Some(Named::Entry(key)) => {
                    seen.insert(key.clone());
                    if !self.is_wanted(edge, &key) {
                        lock(&self.machine).look(&key, now);
                        continue;
                    }
                    match self.open(&key, &text) {
                        Ok((entry, _))
                            if is_others(&key)
                                || (self.is_over(&key, &entry, now)
                                    && !Self::is_known(edge, &key)) =>
                        {
                            lock(&self.machine).look(&key, now);
                        }
                        Ok((entry, is_outdated)) => {
                            found.push(Found {
                                key,
                                entry,
                                is_outdated,
                            });
                        }
                        Err(Unread::Newer { format, schema }) => {
                            self.is_newer(&key, format, schema)
                        }
                        Err(Unread::Corrupt(_)) => lock(&self.machine).lags(&key, now),
                    }
                }
            }
        }
        self.merge(
            edge,
            &found,
            is_first && self.options.initial == super::Initial::InitialWins,
        );
        let known = edge.replica(|replica| {
            let keys = replica.entries().map(|(key, _)| key);
            let missing = keys.filter(|key| !seen.contains(*key)).cloned();
            let agrees =
                |found: &Found| !found.is_outdated && replica.get(&found.key) == Some(&found.entry);
            (
                missing.collect::<Vec<_>>(),
                found.iter().map(agrees).collect::<Vec<_>>(),
            )
        });
        let (missing, agree) = known;
        let missing = missing
            .into_iter()
            .filter(|key| self.is_wanted(edge, key) && self.text_of(edge, key, now).is_some());
        let missing: Vec<SmolStr> = missing.collect();
        {
            let machine = &mut *lock(&self.machine);
            for (found, agrees) in found.iter().zip(agree) {
                match agrees {
                    true => machine.settled(&found.key, now),
                    false => machine.lags(&found.key, now),
                }
            }
            missing.iter().for_each(|key| machine.lags(key, now));
            machine.look_for_others(|key| seen.contains(key), now);
            asides.retain(|aside| !machine.litter.contains(&self.names.quarantined(&aside.id)));
            machine.quarantine = asides;
            machine.is_loading = false;
        }
        self.quarantine.notify();
    }

    fn is_newer(&self, key: &SmolStr, format: u32, schema: u32) {
        let backend = self.backend_name();
        let failure = SaveFailure::Newer { format, schema };
        lock(&self.machine).held(key, failure, &backend);
    }

    /// Has the replica, and with it the store, know what was found.
    fn merge(&self, edge: &Edge, found: &[Found], initial_wins: bool) {
        let mut news = Vec::new();
        for Found { key, entry, .. } in found {
            if edge.replica(|replica| replica.get(key) == Some(entry)) {
                continue;
            }
            if initial_wins && !Self::is_known(edge, key) && edge.adopt(key) {
                // What is written of it now is later.
                if let Some(stamp) = entry.newest() {
                    edge.replica(|replica| replica.clock.observe(&stamp));
                }
                continue;
            }
            news.push((key.clone(), entry.clone()));
        }
        Self::take_in(edge, news);
        edge.drain();
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
                    Some(_) => puts.push(remove(key)),
                    None => lock(&self.machine).leave(&key),
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
                    let aside = Some(Quarantined::new(&key, &text, reason, now));
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

/// Tells what is there from what was there before.
fn hash(text: Option<&str>) -> u64 {
    // FNV-1a; 0 stands for nothing.
    let bytes = text.into_iter().flat_map(str::bytes);
    let start = u64::from(text.is_some()) * 0xcbf2_9ce4_8422_2325;
    bytes.fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
