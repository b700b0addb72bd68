//! [`Transaction`]: what is about to be committed, as middleware sees it.

use super::slot::Slot;
use crate::{
    change::{Origin, Stamp},
    few::Few,
    label::Labels,
    value::{IntoValue, StateValue, Value, same_content},
};
use std::{fmt, sync::Arc};

pub(crate) type Writes = Few<Write>;

/// One key that a transaction is about to write.
#[derive(Clone)]
pub struct Write {
    pub(crate) slot: Arc<Slot>,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
    pub(crate) stamp: Stamp,
    pub(crate) rewritten: bool,
}

impl Write {
    /// A write of a slot of the store's own, which is no key.
    pub(crate) fn hidden(slot: &Arc<Slot>, old: Option<Value>, new: Option<Value>) -> Self {
        Self {
            slot: Arc::clone(slot),
            old,
            new,
            stamp: Stamp::LOCAL,
            rewritten: false,
        }
    }

    /// The full name of the key; `@id/key` for a key of a micro-frontend.
    pub fn key(&self) -> &str {
        &self.slot.key
    }

    /// The stored value, if there is one and it reads as a `T`.
    pub fn old<T: StateValue>(&self) -> Option<T> {
        self.old.as_ref()?.to().ok()
    }

    /// The value to be stored, if there is one and it reads as a `T`.
    #[expect(clippy::new_ret_no_self, reason = "it is the counterpart of `old`")]
    pub fn new<T: StateValue>(&self) -> Option<T> {
        self.new.as_ref()?.to().ok()
    }

    /// The stored value; `None` if the key is missing.
    pub fn old_value(&self) -> Option<&Value> {
        self.old.as_ref()
    }

    /// The value to be stored; `None` if the key is to be removed.
    pub fn new_value(&self) -> Option<&Value> {
        self.new.as_ref()
    }

    /// What the writer called itself; `"unknown"` if it gave no source.
    pub fn source(&self) -> &str {
        self.stamp.source.as_str()
    }

    /// The door through which the write came.
    pub fn origin(&self) -> &Origin {
        &self.stamp.origin
    }

    /// The labels of the key, see [`Change::labels`](crate::Change::labels).
    pub fn labels(&self) -> Labels {
        self.slot.labels()
    }

    /// Stores another value instead.
    pub fn replace(&mut self, value: impl IntoValue) {
        self.new = Some(value.into_value());
        self.rewritten = true;
    }

    pub(crate) fn changes_nothing(&self) -> bool {
        same_content(self.old.as_ref(), self.new.as_ref())
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.labels();
        f.debug_struct("Write")
            .field("key", &self.key())
            .field("old", &self.old.as_ref().map(|old| labels.show(old)))
            .field("new", &self.new.as_ref().map(|new| labels.show(new)))
            .field("source", &self.source())
            .field("origin", self.origin())
            .finish()
    }
}

/// What is about to be committed: at most one [`Write`] a key, in the order of first write, each of
/// which changes something.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) writes: Writes,
}

impl Transaction {
    /// The writes in order of first write.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The writes, to be rewritten.
    pub fn writes_mut(&mut self) -> &mut [Write] {
        &mut self.writes
    }
}
