//! Stored values, held on to and lent.

#[cfg(feature = "fields")]
use super::StateValue;
use super::Typed;
use std::{ops::Deref, sync::Arc};

/// Something that holds a `V`.
#[cfg(feature = "fields")]
pub(crate) trait Lend<V>: Send + Sync {
    fn lend(&self) -> Option<&V>;
    /// Takes the value out, if nobody else holds it.
    fn take(self: Arc<Self>) -> Option<V>;
}

#[cfg(feature = "fields")]
impl<T: StateValue> Lend<T> for Typed<T> {
    fn lend(&self) -> Option<&T> {
        self.value.as_ref()
    }

    fn take(self: Arc<Self>) -> Option<T> {
        Arc::into_inner(self)?.value
    }
}

#[cfg(feature = "fields")]
impl<T: StateValue> Lend<Option<T>> for Typed<T> {
    fn lend(&self) -> Option<&Option<T>> {
        Some(&self.value)
    }

    fn take(self: Arc<Self>) -> Option<Option<T>> {
        Some(Arc::into_inner(self)?.value)
    }
}

/// A stored value as a `T`, for as long as the stored one is held.
pub(crate) enum Lent<'a, T> {
    Here(T),
    There(&'a T),
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Here(value) => value,
            Self::There(value) => value,
        }
    }
}

/// A stored value as a `T`, shared.
pub(crate) struct Shared<T>(pub(super) Arc<Typed<T>>);

#[cfg(feature = "fields")]
impl<T: StateValue> Shared<T> {
    pub(crate) fn lend(self) -> Arc<dyn Lend<T>> {
        self.0
    }

    pub(crate) fn lend_option(self) -> Arc<dyn Lend<Option<T>>> {
        self.0
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = Option<T>;

    /// Never `None`.
    fn deref(&self) -> &Option<T> {
        &self.0.value
    }
}
