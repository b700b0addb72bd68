//! Writing.

use super::View;
use crate::{
    change::{Origin, Stamp},
    error::{Access, StateError},
    key::{AsKey, Name},
    store::{
        slot::Slot,
        snapshot::{Restore, Snapshot},
    },
    value::{IntoValue, StateValue, Value},
};
use std::sync::{Arc, atomic::Ordering};

/// Writing.
impl View {
    /// Gives a key a value. Writing an equal value changes nothing.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Vetoed`], [`StateError::Denied`],
    /// [`StateError::UnknownMfe`], [`StateError::ReadOnly`] if the key is computed,
    /// [`StateError::Disposed`], [`StateError::Reentrant`]. Nothing is changed then.
    pub fn set<T: StateValue>(&self, key: impl AsKey<T>, value: T) -> Result<(), StateError> {
        self.set_value(key.as_name(), value)
    }

    /// As [`View::set`], and says who writes: free text that changes, logs and metadata carry.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn set_with_source<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        value: T,
        source: &str,
    ) -> Result<(), StateError> {
        self.with_source(source).set(key, value)
    }

    /// Gives a key a value of any type, or a [`Value`](crate::Value) from elsewhere.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn set_value(&self, key: &str, value: impl IntoValue) -> Result<(), StateError> {
        self.put_by_name(key, value.into_value())
    }

    /// Apart from where the value comes from, so that there is one of it.
    fn put_by_name(&self, key: &str, value: Value) -> Result<(), StateError> {
        self.write_by_name(key, |slot| self.write_value(slot, value))
    }

    /// Gives a key a value that came as JSON. It stays JSON until somebody reads it as a type.
    ///
    /// # Errors
    /// As [`View::set`].
    #[cfg(feature = "json")]
    pub fn set_json(&self, key: &str, json: serde_json::Value) -> Result<(), StateError> {
        self.set_value(key, Value::from_json(json))
    }

    /// Changes the value of a key in place. Returns whether the key was there; a missing key stays
    /// missing. `f` may be called again if another thread was faster.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as a `T`, and as [`View::set`].
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set("count", 1)?;
    /// store.update("count", |count: &mut i32| *count += 1)?;
    /// assert_eq!(store.get("count"), Some(2));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn update<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        f: impl FnMut(&mut T),
    ) -> Result<bool, StateError> {
        let slot = self.slot(key.as_name(), Access::Write)?;
        let result = self.update_slot(&slot, None, f);
        self.inner.release(&slot);
        result
    }

    /// As [`View::update`], and begins with `default` if the key is missing.
    ///
    /// # Errors
    /// As [`View::update`].
    pub fn update_or<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        default: T,
        f: impl FnMut(&mut T),
    ) -> Result<(), StateError> {
        self.write_by_name(key.as_name(), |slot| {
            self.update_slot(slot, Some(default), f).map(drop)
        })
    }

    /// Gives a key a value, and its slot up if that came to nothing; or if others, such as listeners, have
    /// written since, who may have removed the key.
    #[inline]
    pub(crate) fn write_by_name(
        &self,
        key: &str,
        write: impl FnOnce(&Arc<Slot>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let before = self.inner.clock.load(Ordering::Acquire);
        let slot = self.slot(key, Access::Write)?;
        let result = write(&slot);
        if result.is_err() || self.inner.clock.load(Ordering::Acquire) > before + 1 {
            self.inner.release(&slot);
        }
        result
    }

    /// Removes a key. Returns whether it was there; removing a missing key changes nothing.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn delete(&self, key: &str) -> Result<bool, StateError> {
        let slot = self.slot(key, Access::Write)?;
        let result = self.delete_slot(&slot);
        self.inner.release(&slot);
        result
    }

    /// Removes all keys of the view in one transaction. Computed keys stay.
    ///
    /// # Errors
    /// As [`View::set`]; then none is removed.
    pub fn clear(&self) -> Result<(), StateError> {
        self.batch(|view| {
            for slot in view.present() {
                if view.own_name(&slot.key).is_some() {
                    unless_computed(view.remove_slot(&slot))?;
                }
            }
            Ok(())
        })
    }

    /// Runs `f`; all that this thread writes to the store meanwhile is stored and told as one
    /// transaction, or, if `f` or a middleware fails, not at all.
    ///
    /// Reads inside of `f` see its writes, nobody else does. A batch inside of a batch belongs to
    /// the outer one; if it fails and the outer one goes on, only its own writes are taken back.
    ///
    /// # Errors
    /// That of `f`, [`StateError::Conflict`] if another thread changed a key that `f` had read, and
    /// as [`View::set`].
    ///
    /// ```
    /// use universal_state::{StateError, Store};
    ///
    /// let store = Store::new();
    /// store.batch(|tx| {
    ///     tx.set("width", 3)?;
    ///     tx.set("height", 4)
    /// })?;
    /// assert_eq!(store.metadata().version, 1);
    /// # Ok::<(), StateError>(())
    /// ```
    pub fn batch<R>(
        &self,
        f: impl FnOnce(&Self) -> Result<R, StateError>,
    ) -> Result<R, StateError> {
        self.is_open()?;
        self.inner.batch(|| f(self))
    }

    /// Writes many keys in one transaction.
    ///
    /// # Errors
    /// As [`View::set`]; then none is written.
    ///
    /// ```
    /// use universal_state::{Store, Value};
    ///
    /// let store = Store::new();
    /// store.set_many((0..3).map(|n| (format!("row:{n}"), n)))?;
    /// store.set_many([("name", Value::new("Ada".to_owned())), ("age", Value::new(36))])?;
    /// assert_eq!(store.len(), 5);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn set_many<K: AsRef<str>, V: IntoValue>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), StateError> {
        self.batch(|view| {
            entries
                .into_iter()
                .try_for_each(|(key, value)| view.set_value(key.as_ref(), value))
        })
    }

    /// Makes the state that of a snapshot, in one transaction of origin [`Origin::Restore`]. Keys
    /// in the namespace of a micro-frontend that is not registered yet wait for it. What was computed
    /// when the snapshot was taken, or is now, is passed over.
    ///
    /// # Errors
    /// As [`View::set`]; then nothing is changed.
    pub fn restore(&self, snapshot: &Snapshot, mode: Restore) -> Result<(), StateError> {
        let restorer = Self {
            stamp: Stamp {
                origin: Origin::Restore,
                source: self.stamp.source.clone(),
            },
            ..self.clone()
        };
        restorer.batch(|view| {
            let mut entries: Vec<_> = snapshot.iter().collect();
            entries.retain(|(key, _)| !snapshot.is_computed(key));
            crate::sorted::by_name(&mut entries, |(key, _)| key);
            for (key, value) in entries {
                unless_computed(view.set_value(key, value.clone()))?;
            }
            if mode == Restore::Merge {
                return Ok(());
            }
            for slot in view.present() {
                match view.own_name(&slot.key) {
                    Some(name) if snapshot.value(name).is_none() || snapshot.is_computed(name) => {
                        unless_computed(view.remove_slot(&slot))?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The same view under another source: free text that changes, logs and metadata carry.
    pub fn with_source(&self, source: &str) -> Self {
        Self {
            stamp: Stamp {
                origin: self.stamp.origin.clone(),
                source: Name::from(source),
            },
            ..self.clone()
        }
    }
}

/// What writes many keys passes over those that are computed.
fn unless_computed(written: Result<(), StateError>) -> Result<(), StateError> {
    match written {
        Err(StateError::ReadOnly { .. }) => Ok(()),
        written => written,
    }
}
