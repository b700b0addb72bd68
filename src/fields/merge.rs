//! What becomes of a write that was begun before another one.

use crate::{error::StateError, value::Value};

/// What `new` changed of `base`, applied to what is there `now`.
///
/// # Errors
/// [`StateError::Conflict`] if they cannot be told apart: items of one list came or went.
#[cfg(feature = "json")]
pub(super) fn merge(
    key: &str,
    base: Option<&Value>,
    now: Option<&Value>,
    new: Option<&Value>,
) -> Result<Option<Value>, StateError> {
    let (Some(base), Some(now), Some(new)) = (base, now, new) else {
        return Ok(new.cloned());
    };
    let json = |value: &Value| {
        value.to_json().map_err(|reason| StateError::Serialize {
            key: key.to_owned(),
            reason,
        })
    };
    let conflict = || StateError::Conflict {
        key: key.to_owned(),
    };
    let (base, now, new) = (json(base)?, json(now)?, json(new)?);
    let mut merged = (*now).clone();
    for place in crate::pointer::differences(&base, &new) {
        // Where items came or went, an index no longer means the same item.
        if place.lists(&base).ne(place.lists(&now)) {
            return Err(conflict());
        }
        match place.find(&new) {
            Some(found) => {
                let put = place.put(&mut merged, found.clone());
                put.map_err(|_| conflict())?;
            }
            None => {
                place.remove(&mut merged);
            }
        }
    }
    Ok(Some(Value::from_json(merged)))
}

/// Without JSON there is no telling what changed.
#[cfg(not(feature = "json"))]
pub(super) fn merge(
    key: &str,
    _base: Option<&Value>,
    _now: Option<&Value>,
    _new: Option<&Value>,
) -> Result<Option<Value>, StateError> {
    Err(StateError::Conflict {
        key: key.to_owned(),
    })
}
