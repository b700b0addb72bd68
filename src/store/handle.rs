//! [`Handle`]: a key that was looked up once.

#[cfg(feature = "leptos")]
use super::Following;
use super::{
    inner::Inner,
    listen::{Outcome, SubscribeOptions, Subscription},
    slot::Slot,
    view::{View, read},
};
use crate::{
    change::Change,
    error::StateError,
    value::{StateValue, Value},
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// A key of type `T`, looked up once: reading and writing through it hashes nothing on the `signal`
/// engine. Made by [`View::handle`]; it stays good when the key is deleted, written anew, or the
/// engine is exchanged.
pub struct Handle<T> {
    pub(super) view: View,
    pub(super) slot: Arc<Slot>,
    value: PhantomData<fn() -> T>,
}

impl<T: StateValue> Handle<T> {
    pub(crate) fn new(view: View, slot: Arc<Slot>) -> Self {
        Self {
            view,
            slot,
            value: PhantomData,
        }
    }

    /// The full name of the key.
    pub fn name(&self) -> &str {
        &self.slot.key
    }

    /// As [`View::get`].
    #[inline]
    pub fn get(&self) -> Option<T> {
        if self.view.gate.is_none()
            && Inner::may_pick::<T>()
            && let Some(value) = self.view.inner.pick_at(&self.slot)
        {
            return Some(value);
        }
        self.get_carefully()
    }

    /// Apart, as what it needs would take registers from a read that needs none of it.
    #[inline(never)]
    fn get_carefully(&self) -> Option<T> {
        self.view.or_report(self.try_get()).flatten()
    }

    /// As [`View::try_get`].
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as a `T`, [`StateError::Denied`] if a grant
    /// was revoked, [`StateError::UnknownMfe`] if the micro-frontend has gone, and what a computed
    /// key fails with.
    pub fn try_get(&self) -> Result<Option<T>, StateError> {
        self.try_with(T::clone)
    }

    /// As [`View::try_with`].
    ///
    /// # Errors
    /// As [`Handle::try_get`].
    pub fn try_with<R>(&self, f: impl FnOnce(&T) -> R) -> Result<Option<R>, StateError> {
        if self.view.gate.is_none()
            && let Some(value) = self.view.inner.glance(&self.slot)
            && let Some(value) = value.typed()
        {
            return Ok(Some(f(&value)));
        }
        self.view.may_read(&self.slot)?;
        let Some(value) = self.view.inner.read(&self.slot)? else {
            return Ok(None);
        };
        read(&self.slot.key, || self.slot.labels(), &value, f).map(Some)
    }

    /// The value as stored, for a memo that reads the key whenever it runs.
    #[cfg(feature = "leptos")]
    pub(crate) fn follow(&self, following: &Following) -> Result<Option<Value>, StateError> {
        self.view.follow(&self.slot, following)
    }

    /// Writes a place inside of the value.
    #[cfg(all(feature = "json", feature = "leptos"))]
    pub(crate) fn put_at(&self, pointer: &crate::Pointer, value: &Value) -> Result<(), StateError> {
        self.view.put_at(&self.slot, pointer, value)
    }

    /// The view that it was looked up through.
    #[cfg(feature = "leptos")]
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// As [`View::set`].
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn set(&self, value: T) -> Result<(), StateError> {
        self.view.write_value(&self.slot, Value::new(value))
    }

    /// As [`View::update`].
    ///
    /// # Errors
    /// As [`View::update`].
    pub fn update(&self, f: impl FnMut(&mut T)) -> Result<bool, StateError> {
        self.view.update_slot(&self.slot, None, f)
    }

    /// As [`View::update_or`].
    ///
    /// # Errors
    /// As [`View::update`].
    pub fn update_or(&self, default: T, f: impl FnMut(&mut T)) -> Result<(), StateError> {
        self.view
            .update_slot(&self.slot, Some(default), f)
            .map(drop)
    }

    /// As [`View::delete`].
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn delete(&self) -> Result<bool, StateError> {
        self.view.delete_slot(&self.slot)
    }

    /// As [`View::subscribe_with`].
    ///
    /// # Errors
    /// As [`Handle::try_get`], and [`StateError::Disposed`].
    pub fn subscribe<O: Outcome>(
        &self,
        options: SubscribeOptions,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.view.subscribe_slot(&self.slot, options, listener)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            slot: Arc::clone(&self.slot),
            value: PhantomData,
        }
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        self.view.inner.release(&self.slot);
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.slot.key).finish()
    }
}
