//! Reading.

#[cfg(feature = "json")]
use super::serialize_error;
use super::{View, read};
#[cfg(feature = "leptos")]
use crate::store::Following;
use crate::{
    error::{Access, StateError},
    key::AsKey,
    store::{
        context::{self, Dep},
        inner::Inner,
        slot::Slot,
        snapshot::Snapshot,
    },
    value::{StateValue, Value},
};
use std::sync::Arc;

/// Reading.
impl View {
    /// A clone of the value of a key; `None` if the key is missing.
    ///
    /// Inside of an effect, a memo or a component it makes that depend on this key alone.
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set("name", "Ada".to_owned())?;
    /// assert_eq!(store.get::<String>("name").as_deref(), Some("Ada"));
    /// assert_eq!(store.get::<String>("e-mail"), None);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    #[inline]
    pub fn get<T: StateValue>(&self, key: impl AsKey<T>) -> Option<T> {
        if self.gate.is_none()
            && Inner::may_pick::<T>()
            && let Some(value) = self.inner.pick(key.as_name())
        {
            return Some(value);
        }
        self.get_carefully(key.as_name())
    }

    /// Apart, as what it needs would take registers from a read that needs none of it.
    #[inline(never)]
    fn get_carefully<T: StateValue>(&self, name: &str) -> Option<T> {
        self.or_report(self.try_get(name)).flatten()
    }

    /// As [`View::get`], with the reason if the key cannot be read.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as a `T`, [`StateError::Key`],
    /// [`StateError::Denied`], [`StateError::UnknownMfe`], and, if the key is computed,
    /// [`StateError::Cycle`] and [`StateError::Evaluation`].
    pub fn try_get<T: StateValue>(&self, key: impl AsKey<T>) -> Result<Option<T>, StateError> {
        self.try_with(key, T::clone)
    }

    /// Calls `f` with the value of a key, without cloning it; `None` if the key is missing.
    ///
    /// # Errors
    /// As [`View::try_get`].
    pub fn try_with<T: StateValue, R>(
        &self,
        key: impl AsKey<T>,
        f: impl FnOnce(&T) -> R,
    ) -> Result<Option<R>, StateError> {
        if self.gate.is_none()
            && let Some(slot) = self.inner.slots.find(key.as_name())
            && let Some(value) = self.inner.glance(&slot)
            && let Some(value) = value.typed()
        {
            return Ok(Some(f(&value)));
        }
        let Some(value) = self.try_get_value(key.as_name())? else {
            return Ok(None);
        };
        let name = key.as_name();
        read(name, || self.labels_of_shown(name), &value, f).map(Some)
    }

    /// The value of a key as stored; `None` if the key is missing.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`], and, if the key is
    /// computed, [`StateError::Cycle`] and [`StateError::Evaluation`].
    pub fn try_get_value(&self, key: &str) -> Result<Option<Value>, StateError> {
        if let Some(slot) = self.known(key) {
            return self.inner.read(&slot);
        }
        let name = self.full_name(key, Access::Read)?;
        match self.slot_to_read(&name) {
            Some(slot) => self.inner.read(&slot),
            None => Ok(None),
        }
    }

    /// The value of a key as JSON; `None` if the key is missing.
    ///
    /// # Errors
    /// [`StateError::Serialize`] if it has no JSON form, and as [`View::try_get_value`].
    #[cfg(feature = "json")]
    pub fn try_get_json(&self, key: &str) -> Result<Option<Arc<serde_json::Value>>, StateError> {
        self.try_get_value(key)?
            .map(|value| value.to_json())
            .transpose()
            .map_err(|reason| serialize_error(key, self.labels_of_shown(key), reason))
    }

    /// Whether a key has a value.
    pub fn has(&self, key: &str) -> bool {
        self.or_report(self.try_get_value(key)).flatten().is_some()
    }

    /// The names of the keys that have a value, sorted. Tracks which keys there are, not their
    /// values. Computed keys are among them, and are not evaluated.
    pub fn keys(&self) -> Vec<String> {
        self.present()
            .iter()
            .filter_map(|slot| self.own_name(&slot.key).map(str::to_owned))
            .collect()
    }

    /// The number of keys that have a value. Tracks which keys there are, not their values.
    pub fn len(&self) -> usize {
        if self.gate.is_none() && !context::in_batch(self.inner.id()) {
            self.track_members();
            return crate::lock(&self.inner.state).len;
        }
        self.present()
            .iter()
            .filter(|slot| self.own_name(&slot.key).is_some())
            .count()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that the view can read, at this version. Tracks everything. Computed keys are evaluated;
    /// from inside a computed value, which would otherwise follow from itself, they are left out.
    pub fn snapshot(&self) -> Snapshot {
        let snapshot = self.inner.snapshot();
        if self.gate.is_none() {
            return snapshot;
        }
        snapshot.renamed(|key| self.own_name(key))
    }

    /// What is under a key that was resolved, for a memo that reads it whenever it runs.
    #[cfg(feature = "leptos")]
    pub(crate) fn follow(
        &self,
        slot: &Arc<Slot>,
        following: &Following,
    ) -> Result<Option<Value>, StateError> {
        slot.follow(following);
        if self.gate.is_none()
            && let Some(value) = self.inner.at_hand(slot)
        {
            return Ok(Some(value));
        }
        self.may_read(slot)?;
        Ok(self.inner.peek(slot)?.0)
    }

    /// The slots of all keys that have a value, as this thread sees them, in the order of names.
    pub(crate) fn present(&self) -> Vec<Arc<Slot>> {
        self.track_members();
        let drafted = |slot: &Arc<Slot>| {
            context::drafting(self.inner.id(), |draft| {
                draft.content(slot).map(|content| content.is_some())
            })
            .flatten()
        };
        let mut slots = self.inner.slots.all();
        slots.retain(|slot| drafted(slot).unwrap_or_else(|| self.inner.is_present(slot)));
        crate::sorted::by_name(&mut slots, |slot| &slot.key);
        slots
    }

    fn track_members(&self) {
        self.inner.members.track();
        context::observe(self.inner.id());
        context::track(self.inner.id(), || {
            (Dep::Members, crate::lock(&self.inner.state).members)
        });
    }
}
