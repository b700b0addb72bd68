//! How the content of a key is lent as the value of a root.

use crate::{
    error::StateError,
    store::{Inner, Slot, type_error},
    value::{Lend, Mismatch, StateValue, Value},
};
use std::{ops::Deref, sync::Arc};

/// How the content of a key is a `V`: a `T` with a default, or an `Option` of a `T`.
pub(super) struct Shape<V> {
    missing: Arc<V>,
    lend: fn(&Value) -> Lent<V>,
    store: fn(V) -> Option<Value>,
    typed_as: fn(&Value) -> Option<&V>,
    alone_as: fn(&mut Value) -> Option<&mut V>,
    /// The same value, written as the type that is lent.
    typed: fn(&Value) -> Result<Value, Mismatch>,
}

type Lent<V> = Result<Arc<dyn Lend<V>>, Mismatch>;

impl<V> Clone for Shape<V> {
    fn clone(&self) -> Self {
        Self {
            missing: Arc::clone(&self.missing),
            ..*self
        }
    }
}

impl<T: StateValue> Shape<T> {
    pub(super) fn with_default(default: T) -> Self {
        Self {
            missing: Arc::new(default),
            lend: |value| Ok(value.share::<T>()?.lend()),
            store: |value| Some(Value::new(value)),
            typed_as: Value::downcast::<T>,
            alone_as: |value| value.alone::<T>()?.as_mut(),
            typed: |value| Ok(Value::new(value.to::<T>()?)),
        }
    }
}

impl<T: StateValue> Shape<Option<T>> {
    pub(super) fn optional() -> Self {
        Self {
            missing: Arc::new(None),
            lend: |value| Ok(value.share::<T>()?.lend_option()),
            store: |value| value.map(Value::new),
            typed_as: Value::downcast_option::<T>,
            alone_as: Value::alone::<T>,
            typed: |value| Ok(Value::new(value.to::<T>()?)),
        }
    }
}

impl<V> Shape<V> {
    /// Whether content is read alike: the types are known to be the same.
    pub(super) fn is_same(&self, other: &Self) -> bool
    where
        V: PartialEq,
    {
        std::ptr::fn_addr_eq(self.store, other.store) && self.missing == other.missing
    }

    /// What is stored, or what stands for it if it is missing or does not read as a `V`.
    pub(super) fn read(&self, stored: Option<&Value>) -> (Held<V>, Option<Mismatch>) {
        let (lent, mismatch) = match stored.map(self.lend).transpose() {
            Ok(lent) => (lent, None),
            Err(mismatch) => (None, Some(mismatch)),
        };
        let missing = Arc::clone(&self.missing);
        (Held { lent, missing }, mismatch)
    }

    /// As [`Shape::read`]. What does not read is reported.
    pub(super) fn read_or_report(
        &self,
        inner: &Inner,
        slot: &Slot,
        stored: Option<&Value>,
    ) -> Held<V> {
        let (held, mismatch) = self.read(stored);
        if let Some(mismatch) = mismatch {
            inner.report(&type_error(&slot.key, slot.labels(), mismatch));
        }
        held
    }

    /// Takes a stored value out, if nobody else holds it.
    pub(super) fn take(&self, stored: Value) -> Option<V> {
        let lent = (self.lend)(&stored).ok()?;
        drop(stored);
        lent.take()
    }

    /// How a value is read that was written as the very type that is lent, and has memory of its own.
    pub(super) fn typed_as(&self) -> fn(&Value) -> Option<&V> {
        self.typed_as
    }

    /// As [`Shape::typed_as`], to be changed: if nobody else holds the value. What is an `Option` stays
    /// `Some`.
    pub(super) fn alone_as(&self) -> fn(&mut Value) -> Option<&mut V> {
        self.alone_as
    }

    pub(super) fn missing(&self) -> Held<V> {
        Held {
            lent: None,
            missing: Arc::clone(&self.missing),
        }
    }

    /// As [`Shape::read`], for somebody who writes.
    ///
    /// # Errors
    /// [`StateError::Type`] if what is stored does not read as a `V`: what would be written instead
    /// has nothing of it.
    pub(super) fn read_to_write(
        &self,
        slot: &Slot,
        stored: Option<&Value>,
    ) -> Result<Held<V>, StateError> {
        match self.read(stored) {
            (held, None) => Ok(held),
            (_, Some(mismatch)) => Err(type_error(&slot.key, slot.labels(), mismatch)),
        }
    }

    /// The content, or what stands for it if it is missing.
    pub(super) fn content(&self, stored: Option<&Value>) -> Option<Value>
    where
        V: Clone,
    {
        match stored {
            Some(value) => Some(value.clone()),
            None => self.store(V::clone(&self.missing)),
        }
    }

    pub(super) fn typed(&self, value: &Value) -> Result<Value, Mismatch> {
        (self.typed)(value)
    }

    /// The content that a value stands for.
    pub(super) fn store(&self, value: V) -> Option<Value> {
        (self.store)(value)
    }
}

/// A value that is held on to, without a lock: it is immutable.
pub(super) struct Held<V> {
    lent: Option<Arc<dyn Lend<V>>>,
    missing: Arc<V>,
}

impl<V> Held<V> {
    /// Lets go of what is stored.
    pub(super) fn let_go(&mut self) {
        self.lent = None;
    }
}

impl<V> Clone for Held<V> {
    fn clone(&self) -> Self {
        Self {
            lent: self.lent.clone(),
            missing: Arc::clone(&self.missing),
        }
    }
}

impl<V> Deref for Held<V> {
    type Target = V;

    fn deref(&self) -> &V {
        let lent = self.lent.as_ref().and_then(|lent| lent.lend());
        lent.unwrap_or(&self.missing)
    }
}
