//! Answers on their way through the pipe, and what the writes of a transaction mean for requests.

use super::status::Record;
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

impl Inner {
    /// Takes the answers out of the writes of a transaction, and makes sure that they are still
    /// awaited.
    pub(crate) fn take_answers(&self, writes: &mut Writes) -> Result<Writes, StateError> {
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

    /// Puts the answers back, and ends the requests of keys that the transaction removes.
    pub(crate) fn put_answers(&self, writes: &mut Writes, answers: Writes) {
        let mut ended = Writes::new();
        for load in self.unended(writes, &answers) {
            let (old, _) = self.load(&load);
            let new = Some(Record::of(old.as_ref()).forgotten().into_value());
            ended.push(Write::hidden(&load, old, new));
        }
        writes.extend(answers);
        writes.extend(ended);
    }

    /// Whether the transaction removes a key without ending its requests: one has begun since it was
    /// built.
    pub(crate) fn leaves_a_request(&self, writes: &Writes) -> bool {
        !self.unended(writes, writes).is_empty()
    }

    /// The requests of keys that `writes` remove and that are not among `ended`.
    fn unended(&self, writes: &Writes, ended: &Writes) -> Vec<Arc<Slot>> {
        let is_removal =
            |write: &&Write| !write.slot.is_hidden() && write.old.is_some() && write.new.is_none();
        if self.loads.is_empty() || !writes.iter().any(|write| is_removal(&write)) {
            return Vec::new();
        }
        let ended = ended.iter().filter(|write| write.slot.is_hidden());
        let ended: FxHashSet<&str> = ended.map(Write::key).collect();
        let removed = writes.iter().filter(is_removal).map(Write::key);
        removed
            .filter(|key| !ended.contains(key) && self.loads.knows(key))
            .filter_map(|key| self.loads.find(key))
            .collect()
    }

    /// Ends, as failed, the requests whose answers came to nothing together with their batch.
    pub(crate) fn fail_answers<'a>(
        &self,
        writes: impl Iterator<Item = (&'a Arc<Slot>, Option<&'a Value>)>,
        reason: impl Fn() -> String,
    ) {
        for (load, content) in writes.filter(|(slot, _)| slot.is_hidden()) {
            let answer = Record::of(content);
            if answer.status.is_pending() {
                continue;
            }
            let reason = reason();
            let _ = self.change_load(load, |record| {
                record
                    .awaits(answer.request)
                    .then(|| record.failed(&reason))
            });
        }
    }
}
