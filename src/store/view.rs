//! [`View`]: reading and writing a store as somebody.

mod read;
mod subscribe;
mod write;

#[cfg(feature = "fields")]
use super::pipe::Tell;
use super::{
    computed::Computed,
    context,
    handle::Handle,
    inner::Inner,
    listen::Subscription,
    pipe::Content,
    slot::{Slot, SlotKind},
};
use crate::{
    change::{Origin, Stamp},
    error::{Access, StateError},
    key::{self, AsKey},
    label::Labels,
    value::{StateValue, Value},
};
use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Weak},
};

/// Decides what a view that is not the store's own may see and do, and how its keys are called.
pub(crate) trait Gate: Send + Sync {
    /// The full name of a key, if the view may use it so.
    fn full_name<'k>(
        &self,
        inner: &Inner,
        key: &'k str,
        access: Access,
    ) -> Result<Cow<'k, str>, StateError>;

    /// Whether the view may still use a key that it once resolved.
    fn may_use(&self, inner: &Inner, full_name: &str, access: Access) -> Result<(), StateError>;

    /// Whether the view can still be used.
    fn is_open(&self) -> Result<(), StateError>;

    /// What the view calls a key, if the key belongs to its part of the store and it may read it.
    fn own_name<'k>(&self, inner: &Inner, full_name: &'k str) -> Option<&'k str>;

    /// How the full names of the view's keys begin, if they are those of whoever holds the view.
    fn namespace(&self) -> Option<&str>;

    /// Whether a key is in the namespace of whoever holds the view.
    fn is_own(&self, full_name: &str) -> bool;

    /// Hears of a subscription that was made through the view.
    fn subscribed(&self, subscription: &Subscription);
}

/// A store, or a part of it, as somebody reads and writes it.
///
/// A [`Store`](crate::Store) gives its owner's view: all keys, by their full names. A
/// [`Scope`](crate::Scope) gives that of a micro-frontend: its own keys, by their short names.
/// Both have the methods below.
///
/// Methods with a `try_` twin never fail: they report the error and return `None`.
#[derive(Clone)]
pub struct View {
    pub(crate) inner: Arc<Inner>,
    pub(crate) gate: Option<Arc<dyn Gate>>,
    pub(crate) stamp: Stamp,
}

/// A view that does not keep the store alive.
pub(crate) struct WeakView {
    inner: Weak<Inner>,
    gate: Option<Arc<dyn Gate>>,
    stamp: Stamp,
}

impl WeakView {
    pub(crate) fn upgrade(&self) -> Option<View> {
        Some(View {
            inner: self.inner.upgrade()?,
            gate: self.gate.clone(),
            stamp: self.stamp.clone(),
        })
    }

    pub(crate) fn inner(&self) -> Weak<Inner> {
        Weak::clone(&self.inner)
    }

    pub(crate) fn gate(&self) -> Option<Arc<dyn Gate>> {
        self.gate.clone()
    }
}

/// Handles and computed values.
impl View {
    /// A handle that has found its key once and for all: the fastest way to read and write.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    ///
    /// ```
    /// use universal_state::{Key, Store};
    ///
    /// const COUNT: Key<i32> = Key::new("count");
    ///
    /// let store = Store::new();
    /// let count = store.handle(COUNT)?;
    /// count.set(1)?;
    /// count.update(|n| *n += 1)?;
    /// assert_eq!(count.get(), Some(2));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn handle<T: StateValue>(&self, key: impl AsKey<T>) -> Result<Handle<T>, StateError> {
        let slot = self.slot(key.as_name(), Access::Read)?;
        Ok(Handle::new(self.clone(), slot))
    }

    /// A value that follows from others, see [`Computed`]. `f` reads through the view it is given,
    /// or through any other of the same store, and must not write.
    pub fn computed<T: PartialEq + Send + Sync + 'static>(
        &self,
        f: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> Computed<T> {
        Computed::new(self, f)
    }
}

impl View {
    pub(crate) fn downgrade(&self) -> WeakView {
        WeakView {
            inner: Arc::downgrade(&self.inner),
            gate: self.gate.clone(),
            stamp: self.stamp.clone(),
        }
    }

    /// Reports an error of the plain form of a method. A denial was reported when it was counted.
    pub(crate) fn or_report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        let report = |error: &StateError| {
            if !matches!(error, StateError::Denied { .. }) {
                self.inner.report(error);
            }
        };
        result.inspect_err(report).ok()
    }

    /// Reports that a value does not read as what was asked for.
    #[cfg(feature = "leptos")]
    #[cold]
    pub(crate) fn report_type(&self, key: &str, mismatch: crate::value::Mismatch) {
        let labels = self.labels_of_shown(key);
        self.inner.report(&type_error(key, labels, mismatch));
    }

    pub(crate) fn full_name<'k>(
        &self,
        key: &'k str,
        access: Access,
    ) -> Result<Cow<'k, str>, StateError> {
        match &self.gate {
            Some(gate) => gate.full_name(&self.inner, key, access),
            None => {
                key::check_full(key)?;
                Ok(Cow::Borrowed(key))
            }
        }
    }

    fn own_name<'k>(&self, full_name: &'k str) -> Option<&'k str> {
        match &self.gate {
            Some(gate) => gate.own_name(&self.inner, full_name),
            None => Some(full_name),
        }
    }

    pub(crate) fn slot(&self, key: &str, access: Access) -> Result<Arc<Slot>, StateError> {
        // The name of a slot that is there was checked when it was made.
        let Some(gate) = &self.gate else {
            return self.inner.slots.get_checked(key, key::check_full);
        };
        let name = gate.full_name(&self.inner, key, access)?;
        Ok(self.inner.slots.get(&name))
    }

    /// The slot of a full name, if there is one and nothing is to be asked. The name was checked
    /// when the slot was made.
    fn known(&self, key: &str) -> Option<Arc<Slot>> {
        let find = || self.inner.slots.find(key);
        self.gate.is_none().then(find).flatten()
    }

    /// The slot of a key that is to be read: made only if somebody is to learn of a later write.
    fn slot_to_read(&self, name: &str) -> Option<Arc<Slot>> {
        let id = self.inner.id();
        let noted = reactive_graph::graph::Observer::get().is_some()
            || context::tracking(id)
            || context::in_batch(id);
        if noted {
            Some(self.inner.slots.get(name))
        } else {
            self.inner.slots.find(name)
        }
    }

    /// Whether the view can still be used: its micro-frontend may have gone.
    pub(super) fn is_open(&self) -> Result<(), StateError> {
        self.gate.as_ref().map_or(Ok(()), |gate| gate.is_open())
    }

    /// Whether the view may still read a key that it once resolved: a grant can be revoked.
    pub(crate) fn may_read(&self, slot: &Slot) -> Result<(), StateError> {
        match &self.gate {
            Some(gate) if !slot.is_hidden() => gate.may_use(&self.inner, &slot.key, Access::Read),
            _ => self.is_open(),
        }
    }

    fn may_write(&self, slot: &Slot) -> Result<(), StateError> {
        match &self.gate {
            Some(gate) => gate.may_use(&self.inner, &slot.key, Access::Write),
            None => Ok(()),
        }
    }

    /// As [`View::may_write`], where a value is put. Nobody would ever clean up a key in a namespace
    /// that nobody owns, so its owner has to be there; what is restored waits for it.
    pub(crate) fn may_put(&self, slot: &Slot) -> Result<(), StateError> {
        let may_wait = !matches!(self.stamp.origin, Origin::Local | Origin::Mfe(_));
        let is_own = || {
            self.gate
                .as_ref()
                .is_some_and(|gate| gate.is_own(&slot.key))
        };
        if slot.kind == SlotKind::Namespaced && !may_wait && !is_own() {
            self.inner.namespace_is_registered(&slot.key)?;
        }
        self.may_write(slot)
    }

    pub(crate) fn write_value(&self, slot: &Arc<Slot>, value: Value) -> Result<(), StateError> {
        self.may_put(slot)?;
        self.inner.write(&self.stamp, slot, Content::Put(value))
    }

    /// Gives a key what `change` makes of its content.
    pub(crate) fn change_slot(
        &self,
        slot: &Arc<Slot>,
        change: &mut dyn FnMut(Option<Value>) -> Result<Option<Value>, StateError>,
    ) -> Result<(), StateError> {
        self.may_put(slot)?;
        self.inner.write(&self.stamp, slot, Content::Change(change))
    }

    /// Gives a key what was made of `base` and is known to differ from it. Returns whether that was
    /// possible at once: not if something else is there, or somebody is to be asked.
    #[cfg(feature = "fields")]
    pub(crate) fn replace_slot(
        &self,
        slot: &Arc<Slot>,
        base: &Value,
        new: &Value,
    ) -> Result<bool, StateError> {
        self.may_put(slot)?;
        self.inner.replace(&self.stamp, slot, base, new)
    }

    /// As [`View::replace_slot`], where nobody but readers and listeners is concerned, see
    /// [`Inner::exchange`]. It is linked with the first cursor.
    #[cfg(feature = "fields")]
    pub(crate) fn exchange_slot(
        &self,
        slot: &Arc<Slot>,
        base: &Value,
        new: &Value,
        tell: &Tell<'_>,
    ) -> Result<bool, StateError> {
        self.may_put(slot)?;
        self.inner.exchange(&self.stamp, slot, base, new, tell)
    }

    pub(crate) fn update_slot<T: StateValue>(
        &self,
        slot: &Arc<Slot>,
        default: Option<T>,
        mut f: impl FnMut(&mut T),
    ) -> Result<bool, StateError> {
        let id = self.inner.id();
        let mut was_there = false;
        self.change_slot(slot, &mut |old| {
            was_there = old.is_some();
            let start = match (&old, &default) {
                (Some(old), _) => read(&slot.key, || slot.labels(), old, T::clone)?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Ok(None),
            };
            let mut value = start;
            context::forbidding(id, "an update closure", || f(&mut value));
            Ok(Some(Value::new(value)))
        })?;
        Ok(was_there)
    }

    pub(crate) fn delete_slot(&self, slot: &Arc<Slot>) -> Result<bool, StateError> {
        self.may_write(slot)?;
        let mut was_there = false;
        let mut change = |old: Option<Value>| {
            was_there = old.is_some();
            Ok(None)
        };
        self.inner
            .write(&self.stamp, slot, Content::Change(&mut change))?;
        Ok(was_there)
    }

    /// Removes what is there, if anything is. In a batch, unlike a deletion, it is no read, so that
    /// it cannot conflict with what another thread writes.
    pub(crate) fn remove_slot(&self, slot: &Arc<Slot>) -> Result<(), StateError> {
        self.may_write(slot)?;
        self.inner.write(&self.stamp, slot, Content::Remove)
    }
}

impl Inner {
    /// Whether somebody owns the namespace of a full name.
    pub(crate) fn namespace_is_registered(&self, full_name: &str) -> Result<(), StateError> {
        match key::split(full_name) {
            Some((id, _)) if !crate::read(&self.namespaces).contains(id) => {
                Err(StateError::UnknownMfe {
                    id: key::decode_id(id),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Reads a stored value as a `T`.
pub(crate) fn read<T: StateValue, R>(
    key: &str,
    labels: impl FnOnce() -> Labels,
    value: &Value,
    f: impl FnOnce(&T) -> R,
) -> Result<R, StateError> {
    value
        .with(f)
        .map_err(|mismatch| type_error(key, labels(), mismatch))
}

/// What the decoder says often quotes the value.
pub(crate) fn type_error(
    key: &str,
    labels: Labels,
    mismatch: crate::value::Mismatch,
) -> StateError {
    StateError::Type {
        key: key.to_owned(),
        expected: mismatch.expected,
        found: mismatch.found,
        reason: labels.redact(mismatch.reason),
    }
}

/// What an encoder says may quote the value.
#[cfg(feature = "json")]
pub(crate) fn serialize_error(key: &str, labels: Labels, reason: String) -> StateError {
    StateError::Serialize {
        key: key.to_owned(),
        reason: labels.redact(reason),
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("origin", &self.stamp.origin)
            .field("source", &self.stamp.source.as_str())
            .field("keys", &crate::lock(&self.inner.state).len)
            .finish_non_exhaustive()
    }
}
