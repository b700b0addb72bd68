//! Loading: all that is stored is read and merged.

use super::{Initial, envelope::Unread, names::Named, port::StoragePort, status::Quarantined};
use crate::{
    edge::{entry::Entry, link::Edge},
    error::StateError,
    lock,
};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// An item that was read.
struct Found {
    key: SmolStr,
    entry: Entry,
    /// Whether its text is not what would be written of it.
    is_outdated: bool,
}

impl StoragePort {
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
                machine.begin_anew();
            }
            (machine.is_loading, restores)
        };
        // What is local to a tab is what it found when it came.
        let is_others = |key: &str| !restores && !edge.may_share(key);
        let mut found = Vec::new();
        let mut asides = Vec::new();
        let mut seen = FxHashSet::<SmolStr>::default();
        for (name, text) in items {
            match self.names.read(&name) {
                None => {}
                Some(Named::Quarantined(key, _) | Named::Journal(key))
                    if self.is_unwanted(edge, &key, &text) =>
                {
                    lock(&self.machine).discard(name);
                }
                Some(Named::Quarantined(key, _)) if !self.is_wanted(edge, &key) => {}
                Some(Named::Quarantined(key, id)) => {
                    asides.push(Quarantined::read(&key, id, text));
                }
                Some(Named::Journal(key)) => {
                    // What cannot be read stays where it is.
                    match self.open(&key, &text) {
                        Ok(_) if is_others(&key) => {}
                        Ok((entry, _)) if self.is_over(&key, &entry, now) => {
                            lock(&self.machine).discard(name);
                        }
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
                        Ok((entry, _)) if is_others(&key) || self.is_over(&key, &entry, now) => {
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
            (is_first || restores) && self.options.initial == Initial::InitialWins,
        );
        let agree = edge.replica(|replica| {
            let agrees =
                |found: &Found| !found.is_outdated && replica.get(&found.key) == Some(&found.entry);
            found.iter().map(agrees).collect::<Vec<_>>()
        });
        {
            let machine = &mut *lock(&self.machine);
            for (found, agrees) in found.iter().zip(agree) {
                match agrees {
                    true => machine.settled(&found.key, now),
                    false => machine.lags(&found.key, now),
                }
            }
            machine.lacks_others(|key| seen.contains(key), now);
            asides
                .retain(|aside| !machine.is_litter(&aside.key, &self.names.quarantined(&aside.id)));
            machine.quarantine = asides;
            machine.is_loading = false;
        }
        self.quarantine.notify();
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
}
