//! Values as JSON, where that is asked for.

use super::{Form, StateValue, Value, type_of};
use std::sync::Arc;

impl Value {
    /// Takes in JSON from outside. It stays JSON until somebody reads it as another type.
    pub fn from_json(json: serde_json::Value) -> Self {
        Self::new(json)
    }

    /// The value as JSON. Serialized at the first call, then kept, unless the value is kept in
    /// place.
    ///
    /// # Errors
    /// What the type's `Serialize` said, if it has no JSON form.
    pub fn to_json(&self) -> Result<Arc<serde_json::Value>, String> {
        let stored = match &self.0 {
            Form::Plain(plain) => {
                return Ok(Arc::new(plain.encode()));
            }
            Form::Shared(stored) => stored,
        };
        let json = &stored.forms().get_or_init(Box::default).json;
        if let Some(known) = json.get() {
            return known.clone();
        }
        // Encoded outside of the cell's lock: `Serialize` is the user's code.
        let encoded = match self.downcast::<serde_json::Value>() {
            Some(json) => Ok(Arc::new(json.clone())),
            None => stored.encode().map(Arc::new).map_err(|e| e.to_string()),
        };
        json.get_or_init(|| encoded).clone()
    }

    /// The length of the value's compact JSON in bytes. Measured at the first call, then kept, unless
    /// the value is kept in place.
    ///
    /// # Errors
    /// What the type's `Serialize` said, if it has no JSON form.
    pub fn json_bytes(&self) -> Result<usize, String> {
        let json = self.to_json()?;
        let count = || crate::json::text(&json).len();
        Ok(match self.forms() {
            Some(forms) => *forms.bytes.get_or_init(count),
            None => count(),
        })
    }

    pub(super) fn decode<T: StateValue>(&self) -> Result<T, String> {
        match self.downcast::<serde_json::Value>() {
            Some(json) => T::deserialize(json).map_err(|e| e.to_string()),
            None => T::deserialize(&*self.to_json()?).map_err(|e| e.to_string()),
        }
    }

    /// JSON does not show all that a type can hold, so what is here must also read as the other's
    /// type, and be equal there.
    pub(super) fn same_json(&self, other: &Self) -> bool {
        let is_one_type = match (&self.0, &other.0) {
            (Form::Plain(a), Form::Plain(b)) => a.same(*b).is_some(),
            (Form::Shared(a), Form::Shared(b)) => type_of(&**a) == type_of(&**b),
            _ => false,
        };
        if is_one_type {
            return false;
        }
        let (Ok(json), Ok(other_json)) = (self.to_json(), other.to_json()) else {
            return false;
        };
        json == other_json
            && match &other.0 {
                // What is kept in place comes from its JSON as it went, unless that is `null`.
                Form::Plain(_) => !other_json.is_null(),
                Form::Shared(stored) => stored.equals_decoded(self),
            }
    }
}
