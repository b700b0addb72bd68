//! What becomes of a write that was begun before another one.

use super::{diff::Diff, root::Root};
use crate::{error::StateError, value::Value};

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// What `new` changed of `base`, applied to what is there `now`.
    ///
    /// # Errors
    /// [`StateError::Conflict`] if they cannot be told apart: items of one list came, went or moved,
    /// or the value in which something was written is gone.
    pub(super) fn merge(
        &self,
        base: Option<&Value>,
        now: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<Option<Value>, StateError> {
        let content = |value| self.shape.content(value);
        let conflict = || StateError::Conflict {
            key: self.slot.key.to_string(),
        };
        match (content(base), content(now), new) {
            (_, _, None) => Ok(None),
            (None, _, Some(new)) => Ok(Some(new.clone())),
            (Some(_), None, Some(_)) => Err(conflict()),
            (Some(base), Some(now), Some(new)) => {
                let merged = self.merge_content(&base, &now, new)?;
                let typed = self.shape.typed(&merged).map_err(|_| conflict())?;
                Ok(Some(typed))
            }
        }
    }

    #[cfg(feature = "json")]
    fn merge_content(&self, base: &Value, now: &Value, new: &Value) -> Result<Value, StateError> {
        let key = &self.slot.key;
        let json = |value: &Value| {
            value
                .to_json()
                .map_err(|reason| serialize_error(key, self.slot.labels(), reason))
        };
        let conflict = || StateError::Conflict {
            key: key.to_string(),
        };
        let (typed_base, typed_now, typed_new) = [base, now, new]
            .map(|value| self.shape.read(Some(value)).0)
            .into();
        let moved = untrack(|| {
            rows_moved::<V>(&typed_base, &typed_now) || rows_moved::<V>(&typed_base, &typed_new)
        });
        let (base, now, new) = (json(base)?, json(now)?, json(new)?);
        let mut merged = (*now).clone();
        for place in crate::pointer::differences(&base, &new) {
            if place.lists_differ(&base, &now, moved) {
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
        Ok(Value::from_json(merged))
    }

    /// Without JSON there is no telling what changed.
    #[cfg(not(feature = "json"))]
    fn merge_content(&self, _: &Value, _: &Value, _: &Value) -> Result<Value, StateError> {
        Err(StateError::Conflict {
            key: self.slot.key.to_string(),
        })
    }
}

#[cfg(feature = "json")]
use super::walk::rows_moved;
#[cfg(feature = "json")]
use crate::store::serialize_error;
#[cfg(feature = "json")]
use reactive_graph::graph::untrack;
