//! The state of each key.

use super::{Counts, LAST_RETRY, Machine, Put, VERIFY};
use crate::{
    edge::storage::{
        kept::Kept,
        status::{SaveFailure, SaveStatus},
    },
    error::StateError,
    store::SharedSignal,
};
use smol_str::SmolStr;
use std::{mem, sync::Arc};

/// So often a key is written because it is another than it should be, before that is done at longer
/// and longer intervals.
const MAX_CONTESTS: u32 = 5;

/// Of those that fail together, so many are reported. The status of each key says it, too.
const MAX_REPORTS: usize = 10;

impl Machine {
    pub(crate) fn status(&self, key: &str) -> SaveStatus {
        self.keys
            .get(key)
            .map_or(SaveStatus::Unkept, |kept| kept.status.clone())
    }

    /// What tells who follows the status of a key.
    pub(crate) fn followed(&mut self, key: &str) -> Arc<SharedSignal> {
        self.kept(&key.into()).followed()
    }

    fn kept(&mut self, key: &SmolStr) -> &mut Kept {
        self.keys.entry(key.clone()).or_default()
    }

    pub(crate) fn set_status(&mut self, key: &SmolStr, status: SaveStatus) {
        let kept = self.keys.entry(key.clone()).or_default();
        if kept.status == status {
            return;
        }
        let was = mem::replace(&mut kept.status, status);
        self.told.extend(kept.signal().cloned());
        for (status, change) in [(&was, -1), (&kept.status, 1)] {
            let count = match status {
                SaveStatus::Pending => &mut self.pending,
                SaveStatus::Failed(_) => &mut self.failed,
                _ => continue,
            };
            *count = count.saturating_add_signed(change);
        }
    }

    /// The numbers, if they are others than people were told last.
    pub(crate) fn counted(&mut self) -> Option<Counts> {
        let counts = Counts {
            pending: self.pending,
            failed: self.failed,
            quarantined: self.quarantine.len(),
            is_loading: self.is_loading,
            fault: self.fault.clone(),
        };
        let is_news = self.counts != counts;
        self.counts = counts.clone();
        is_news.then_some(counts)
    }

    /// Who is to be told.
    pub(crate) fn told(&mut self) -> Vec<Arc<SharedSignal>> {
        mem::take(&mut self.told)
    }

    /// Has a key looked at, at a time or before.
    pub(crate) fn look(&mut self, key: &SmolStr, at: u64) {
        let kept = self.keys.entry(key.clone()).or_default();
        let at = at.max(kept.not_before);
        match kept.due {
            Some(due) => kept.due = Some(due.min(at)),
            None => {
                kept.due = Some(at);
                self.due.push(key.clone());
            }
        }
    }

    /// A key was written here. What is being tried again later is not tried before.
    pub(crate) fn written(&mut self, key: &SmolStr, at: u64) {
        let kept = self.kept(key);
        kept.is_dirty = true;
        (kept.contests, kept.not_before) = (0, 0);
        if kept.is_unwritable() {
            self.set_status(key, SaveStatus::Pending);
        }
        self.lags(key, at);
    }

    /// Another backend is in use: what the one before was to be asked again, it need not be.
    pub(crate) fn begin_anew(&mut self) {
        for kept in self.keys.values_mut() {
            kept.attempts = 0;
        }
    }

    /// A key has to be written, since what is there lags behind.
    pub(crate) fn lags(&mut self, key: &SmolStr, at: u64) {
        let kept = self.kept(key);
        if kept.attempts > 0 {
            return;
        }
        if kept.status.failure().is_none() {
            self.set_status(key, SaveStatus::Pending);
        }
        self.look(key, at);
    }

    /// Whether a key is to be written, of which this is there. It is not if the backend has dropped it
    /// twice: that has failed.
    pub(crate) fn may_write(&mut self, key: &SmolStr, there: u64) -> bool {
        let kept = self.kept(key);
        let is_dropped = kept.before.take() == Some(there);
        !(is_dropped && mem::replace(&mut kept.is_suspect, true))
    }

    /// A key was written, or removed.
    pub(crate) fn done(&mut self, put: &Put, now: u64) {
        let key = &put.key;
        let kept = self.kept(key);
        kept.before = Some(put.before);
        // Two pages that cannot agree on a key do not write it in turns for ever.
        let is_quiet = now.saturating_sub(kept.put_at) > 2 * LAST_RETRY;
        kept.contests = match is_quiet {
            true => 1,
            false => kept.contests.saturating_add(1),
        };
        kept.put_at = now;
        kept.not_before = 0;
        if kept.is_suspect {
            return self.look(key, now);
        }
        if let Some(contests) = kept.contests.checked_sub(MAX_CONTESTS) {
            let later = self.later(now, contests);
            self.kept(key).not_before = later;
        }
        match put.text {
            Some(_) => self.saved(key, now),
            None => self.removed(key),
        }
        self.look(key, now.saturating_add(VERIFY));
    }

    /// An item is of no use.
    pub(crate) fn discard(&mut self, name: String) {
        if !self.litter.contains(&name) {
            self.litter.push(name);
        }
    }

    /// An item is of no use once a key is there as it should be.
    pub(crate) fn leaves_litter(&mut self, key: &SmolStr, name: String) {
        let kept = self.kept(key);
        if !kept.litter.contains(&name) {
            kept.litter.push(name);
        }
    }

    /// Whether an item of a key is of no use, or will be once the key is there as it should be.
    pub(crate) fn is_litter(&self, key: &str, name: &str) -> bool {
        let kept = self.keys.get(key).map(|kept| &kept.litter);
        let mut litter = self.litter.iter().chain(kept.into_iter().flatten());
        litter.any(|other| other == name)
    }

    /// A key is there as it should be.
    pub(crate) fn settled(&mut self, key: &SmolStr, now: u64) {
        let kept = self.kept(key);
        (kept.before, kept.is_suspect) = (None, false);
        let litter = mem::take(&mut kept.litter);
        self.litter.extend(litter);
        self.saved(key, now);
    }

    fn saved(&mut self, key: &SmolStr, now: u64) {
        let status = match self.is_fallback {
            true => SaveStatus::Sheltered,
            false => SaveStatus::Saved,
        };
        let kept = self.kept(key);
        kept.attempts = 0;
        if kept.is_unwritable() {
            return;
        }
        if !kept.is_dirty {
            return self.set_status(key, status);
        }
        // It was written again meanwhile.
        if kept.due.is_none() {
            self.look(key, now);
        }
        self.set_status(key, SaveStatus::Pending);
    }

    fn removed(&mut self, key: &SmolStr) {
        let kept = self.kept(key);
        kept.attempts = 0;
        if !kept.is_dirty {
            self.set_status(key, SaveStatus::Unkept);
        }
    }

    /// A key is not to be there, and is not.
    pub(crate) fn leave(&mut self, key: &SmolStr) {
        self.removed(key);
        let kept = self.kept(key);
        (kept.before, kept.is_suspect) = (None, false);
        let litter = mem::take(&mut kept.litter);
        self.litter.extend(litter);
        if self.keys.get(key).is_some_and(Kept::is_idle) {
            self.keys.remove(key);
        }
    }

    /// Keys that are not among those that are there may have to be written.
    pub(crate) fn lacks_others(&mut self, is_there: impl Fn(&str) -> bool, now: u64) {
        let is_stray =
            |(key, kept): &(&SmolStr, &Kept)| kept.status != SaveStatus::Unkept && !is_there(key);
        let strays = self.keys.iter().filter(is_stray);
        let strays: Vec<SmolStr> = strays.map(|(key, _)| key.clone()).collect();
        for key in strays {
            if self.status(&key).is_saved() {
                self.set_status(&key, SaveStatus::Pending);
            }
            self.look(&key, now);
        }
    }

    /// A key is not what it should be there, for a reason that time does not heal.
    pub(crate) fn held(&mut self, key: &SmolStr, failure: SaveFailure, backend: &str) {
        let status = SaveStatus::Failed(failure);
        let kept = self.kept(key);
        kept.attempts = 0;
        if kept.status != status {
            self.report(Some(key), &status, backend);
            self.set_status(key, status);
        }
    }

    /// Some keys could not be read or written, and are tried again.
    pub(crate) fn failed(
        &mut self,
        keys: impl IntoIterator<Item = (SmolStr, SaveFailure)>,
        now: u64,
        backend: &str,
    ) {
        let mut reports = 0;
        for (key, failure) in keys {
            let kept = self.kept(&key);
            let attempts = kept.attempts;
            kept.attempts = attempts.saturating_add(1);
            kept.before = None;
            let status = SaveStatus::Failed(failure);
            if kept.status != status {
                reports += 1;
                if reports <= MAX_REPORTS {
                    self.report(Some(&key), &status, backend);
                }
                self.set_status(&key, status);
            }
            let later = self.later(now, attempts);
            self.look(&key, later);
        }
    }

    /// Has keys that failed together tried one by one.
    pub(crate) fn one_by_one(&mut self, puts: Vec<Put>) {
        self.alone.extend(puts.into_iter().map(|put| put.key));
    }

    fn report(&mut self, key: Option<&SmolStr>, status: &SaveStatus, backend: &str) {
        let reason = status.failure().map(ToString::to_string);
        self.reports.push(StateError::Storage {
            backend: backend.to_owned(),
            key: key.map(ToString::to_string),
            reason: reason.unwrap_or_default(),
        });
    }
}
