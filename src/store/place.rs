//! Reading and writing inside of a value by JSON Pointer, whatever its Rust type.

use super::{
    slot::Slot,
    view::{View, read, serialize_error},
};
use crate::{
    error::{Access, StateError},
    pointer::Pointer,
    value::{IntoValue, StateValue, Value},
};
use std::sync::Arc;

/// Inside of values (feature `json`).
///
/// A [`Pointer`] reaches into state whose Rust type this module does not know, because another team
/// owns it. Reading turns the value into JSON once and keeps it. Writing stores the value as JSON,
/// which reads as the owner's type again; its cost follows the size of the whole value.
impl View {
    /// What is at a place inside of the value of a key; `None` if the key or the place is missing,
    /// or, with a report, if it cannot be read.
    ///
    /// ```
    /// use serde_json::json;
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set_json("user", json!({ "name": "Ada", "tags": ["math"] }))?;
    /// assert_eq!(store.get_at::<String>("user", "/name").as_deref(), Some("Ada"));
    /// store.set_at("user", "/tags/-", "engines".to_owned())?;
    /// assert_eq!(store.get_at::<String>("user", "/tags/1").as_deref(), Some("engines"));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn get_at<U: StateValue>(&self, key: &str, pointer: &str) -> Option<U> {
        self.or_report(self.try_get_at(key, pointer)).flatten()
    }

    /// As [`View::get_at`], with the reason if the place cannot be read.
    ///
    /// # Errors
    /// [`StateError::Pointer`] if the pointer does not parse, [`StateError::Type`] if what is there
    /// does not read as a `U`, [`StateError::Serialize`] if the value has no JSON form, and as
    /// [`View::try_get_value`].
    pub fn try_get_at<U: StateValue>(
        &self,
        key: &str,
        pointer: &str,
    ) -> Result<Option<U>, StateError> {
        let pointer: Pointer = pointer.parse()?;
        match self.try_get_value(key)? {
            Some(value) => find(self, key, &value, &pointer),
            None => Ok(None),
        }
    }

    /// Writes a place inside of the value of a key. The way to it must be there; its last name need
    /// not be, and `-` stands for the place behind the last item of an array.
    ///
    /// # Errors
    /// [`StateError::Pointer`] if the pointer does not parse or nothing is there to be written into,
    /// [`StateError::Serialize`] if a value has no JSON form, and as [`View::set`]. Nothing is
    /// changed then.
    pub fn set_at(
        &self,
        key: &str,
        pointer: &str,
        value: impl IntoValue,
    ) -> Result<(), StateError> {
        let pointer: Pointer = pointer.parse()?;
        self.write_by_name(key, |slot| self.put_at(slot, &pointer, &value.into_value()))
    }

    /// Removes a place inside of the value of a key: a name of an object, or an item of an array.
    /// Returns whether it was there. The empty pointer removes the key.
    ///
    /// # Errors
    /// As [`View::set_at`].
    pub fn delete_at(&self, key: &str, pointer: &str) -> Result<bool, StateError> {
        let pointer: Pointer = pointer.parse()?;
        if pointer.is_root() {
            return self.delete(key);
        }
        let slot = self.slot(key, Access::Write)?;
        let mut was_there = false;
        let result = self.change_slot(&slot, &mut |old| {
            let Some(old) = old else { return Ok(None) };
            let mut json = (*json(&slot, &old)?).clone();
            was_there = pointer.remove(&mut json);
            Ok(Some(if was_there {
                Value::from_json(json)
            } else {
                old
            }))
        });
        self.inner.release(&slot);
        result.map(|()| was_there)
    }

    pub(crate) fn put_at(
        &self,
        slot: &Arc<Slot>,
        pointer: &Pointer,
        value: &Value,
    ) -> Result<(), StateError> {
        let new = json(slot, value)?;
        self.change_slot(slot, &mut |old| {
            let mut whole = match &old {
                Some(old) => (*json(slot, old)?).clone(),
                None if pointer.is_root() => serde_json::Value::Null,
                None => return Err(refused(pointer, "the key is missing")),
            };
            pointer
                .put(&mut whole, (*new).clone())
                .map_err(|reason| refused(pointer, &reason))?;
            Ok(Some(Value::from_json(whole)))
        })
    }
}

/// What is at a place inside of a value.
pub(crate) fn find<U: StateValue>(
    view: &View,
    key: &str,
    value: &Value,
    pointer: &Pointer,
) -> Result<Option<U>, StateError> {
    let labels = || view.labels_of_shown(key);
    let json = value.to_json();
    match pointer.find(&*json.map_err(|reason| serialize_error(key, labels(), reason))?) {
        Some(found) => {
            let name = format!("{key}{pointer}");
            read(&name, labels, &Value::from_json(found.clone()), U::clone).map(Some)
        }
        None => Ok(None),
    }
}

fn json(slot: &Slot, value: &Value) -> Result<Arc<serde_json::Value>, StateError> {
    value
        .to_json()
        .map_err(|reason| serialize_error(&slot.key, slot.labels(), reason))
}

fn refused(pointer: &Pointer, reason: &str) -> StateError {
    StateError::Pointer {
        pointer: crate::error::excerpt(&pointer.to_string()),
        reason: reason.to_owned(),
    }
}
