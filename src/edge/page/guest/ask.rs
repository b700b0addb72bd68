//! Asking the host to store what is written here.

use super::{Pending, Session};
use crate::{
    change::Origin,
    edge::page::{
        link::Host,
        wire::{self, Carried, Commit, Committed, Content, Door, Put, Writer},
    },
    error::StateError,
    label::Labels,
    store::{Answer, Inner, Write, Writes, serialize_error},
    value::Value,
};
use std::{mem, sync::atomic::Ordering};

impl Session {
    /// Has the host store a transaction.
    pub(super) fn ask(
        &self,
        inner: &Inner,
        host: &dyn Host,
        writes: &mut Writes,
    ) -> Result<Answer, StateError> {
        let puts = writes.iter().filter(|write| !is_local(write));
        let puts: Vec<_> = puts.map(put).collect::<Result<_, _>>()?;
        if puts.is_empty() {
            return Ok(Answer::Alone);
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let text = wire::write(&Commit { id, writes: puts })?;
        let pending = Pending {
            id,
            writes: mem::take(writes),
        };
        crate::lock(&self.pending).push(pending);
        let answered = wire::answer::<Committed>(&host.commit(&text));
        if matches!(&answered, Ok(Committed { stored: true, .. })) {
            return Ok(Answer::Stored);
        }
        // Nothing was stored there: what was to be is still here.
        let left = self.take_pending(id).unwrap_or_default();
        let Committed { again, same, .. } = answered?;
        if again {
            return Ok(Answer::Moved);
        }
        let (local, sent) = split(left);
        let mut left: Writes = local.into_iter().collect();
        // What is equal as JSON may differ here: in what is not serialized.
        left.extend(sent.into_iter().filter(|write| {
            let key = write.key();
            same.iter().any(|same| same == key)
        }));
        self.settle(inner, left, Vec::new());
        Ok(Answer::Stored)
    }
}

/// Whether a write concerns this store alone.
fn is_local(write: &Write) -> bool {
    write.slot.is_hidden() || write.labels().is_secret()
}

/// The writes of this store alone, and those that the host is asked for.
pub(super) fn split(writes: Writes) -> (Vec<Write>, Vec<Write>) {
    writes.into_iter().partition(is_local)
}

/// A write as the host is asked for it.
fn put(write: &Write) -> Result<Put, StateError> {
    let labels: Labels = write.labels();
    let to = |value: &Value| {
        let json = Carried::of(value);
        json.map_err(|reason| serialize_error(write.key(), labels, reason))
    };
    Ok(Put {
        key: write.key().to_owned(),
        to: match write.new_value() {
            Some(value) => Content::Value(to(value)?),
            None => Content::Removed,
        },
        by: match write.origin() {
            Origin::Mfe(id) => Writer::Mfe(id.to_string()),
            Origin::Restore => Writer::Restore,
            _ => Writer::Page,
        },
        door: Door::of(write.origin()),
        source: wire::shown(write.source()),
        labels: wire::Mark::all(labels),
    })
}
