//! Answers on their way through the pipe, and what the writes of a transaction mean for requests.

use super::{Loads, status::Record};
use crate::{
    error::StateError,
    store::{
        inner::Inner,
        slot::Slot,
        transaction::{Write, Writes},
    },
    value::Value,
};
use rustc_hash::FxHashSet;
use std::sync::Arc;

impl Loads {
    pub(super) fn take(writes: &mut Writes) -> Result<Writes, StateError> {
        if !writes.iter().any(|write| write.slot.is_hidden()) {
            return Ok(Writes::new());
        }
        let (mut answers, others): (Writes, Writes) = std::mem::take(writes)
            .into_iter()
            .partition(|write| write.slot.is_hidden());
        *writes = others;
        let removed = writes.iter().filter(|write| write.new.is_none());
        let removed: FxHashSet<&str> = removed.map(Write::key).collect();
        // A request that began after the answer, in the same batch, is not of the batch.
        answers.retain(|answer| !Record::of(answer.new.as_ref()).status.is_pending());
        for answer in &mut answers {
            let stored = Record::of(answer.old.as_ref());
            if !stored.awaits(Record::of(answer.new.as_ref()).request) {
                return Err(StateError::Superseded {
                    key: answer.key().to_owned(),
                });
            }
            if removed.contains(answer.key()) {
                answer.new = Some(stored.forgotten().into_value());
            }
        }
        Ok(answers)
    }

    pub(super) fn put(&self, inner: &Inner, writes: &mut Writes, answers: Writes) {
        let mut ended = Writes::new();
        for load in self.unended(writes, &answers) {
            let (old, _) = inner.load(&load);
            let new = Some(Record::of(old.as_ref()).forgotten().into_value());
            ended.push(Write::hidden(&load, old, new));
        }
        writes.extend(answers);
        writes.extend(ended);
    }

    /// The requests of keys that `writes` remove and that are not among `ended`.
    pub(super) fn unended(&self, writes: &Writes, ended: &Writes) -> Vec<Arc<Slot>> {
        let is_removal =
            |write: &&Write| !write.slot.is_hidden() && write.old.is_some() && write.new.is_none();
        if self.is_empty() || !writes.iter().any(|write| is_removal(&write)) {
            return Vec::new();
        }
        let ended = ended.iter().filter(|write| write.slot.is_hidden());
        let ended: FxHashSet<&str> = ended.map(Write::key).collect();
        let removed = writes.iter().filter(is_removal).map(Write::key);
        removed
            .filter(|key| !ended.contains(key) && self.knows(key))
            .filter_map(|key| self.find(key))
            .collect()
    }

    pub(super) fn fail(inner: &Inner, load: &Arc<Slot>, answer: Option<&Value>, reason: &str) {
        let answer = Record::of(answer);
        if answer.status.is_pending() {
            return;
        }
        let _ = inner.change_load(load, |record| {
            record.awaits(answer.request).then(|| record.failed(reason))
        });
    }
}
