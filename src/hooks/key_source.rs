//! What hooks take as a key.

use crate::key::Key;
use std::sync::Arc;

/// A key that stays, or one that follows from signals.
pub enum KeySource<T> {
    /// It stays.
    Fixed(Key<T>),
    /// It is asked for again whenever a signal that it read has changed.
    Reactive(Arc<dyn Fn() -> Key<T> + Send + Sync>),
}

impl<T> std::fmt::Debug for KeySource<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(key) => key.fmt(f),
            Self::Reactive(_) => f.write_str("a reactive key"),
        }
    }
}

/// What hooks take as a key: a [`Key<T>`], text, or a closure that reads signals and returns a
/// [`Key<T>`].
pub trait ReactiveKey<T> {
    /// The key, or the way to it.
    fn into_source(self) -> KeySource<T>;
}

impl<T> ReactiveKey<T> for Key<T> {
    fn into_source(self) -> KeySource<T> {
        KeySource::Fixed(self)
    }
}

impl<T> ReactiveKey<T> for &Key<T> {
    fn into_source(self) -> KeySource<T> {
        KeySource::Fixed(self.clone())
    }
}

impl<T> ReactiveKey<T> for &'static str {
    fn into_source(self) -> KeySource<T> {
        KeySource::Fixed(Key::new(self))
    }
}

impl<T> ReactiveKey<T> for String {
    fn into_source(self) -> KeySource<T> {
        KeySource::Fixed(Key::unchecked(self))
    }
}

impl<T, F> ReactiveKey<T> for F
where
    F: Fn() -> Key<T> + Send + Sync + 'static,
{
    fn into_source(self) -> KeySource<T> {
        KeySource::Reactive(Arc::new(self))
    }
}
