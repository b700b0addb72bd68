//! Keys that are computed in another store of the page.

use super::Named;
use crate::{
    error::StateError,
    store::{inner::Inner, slot::Slot, view::View},
    value::Value,
};
use std::sync::{Arc, Mutex};

/// What another store says of a value: its revision there, and the value, unless it is the one of the
/// revision that was seen before.
pub(crate) type Told = (u64, Option<Value>);

/// Asks that store, with the revision that was seen before.
pub(crate) type Ask = Box<dyn Fn(&Inner, Option<u64>) -> Result<Told, StateError> + Send + Sync>;

impl Named {
    /// A key, yet to be registered, that `ask` computes in another store, where `who` registered it. It
    /// follows from what is committed there, which is committed here too: so it is asked again after a
    /// commit, if somebody reads or listens.
    pub(crate) fn elsewhere(view: &View, slot: &Arc<Slot>, who: &str, ask: Ask) -> Arc<Self> {
        let seen: Mutex<Option<(u64, Value)>> = Mutex::default();
        let key = slot.key.clone();
        let evaluate = move |view: &View| {
            view.inner.follow_everything();
            let known = crate::lock(&seen).clone();
            let revision = known.as_ref().map(|(revision, _)| *revision);
            let value = match (ask(&view.inner, revision)?, known) {
                ((revision, Some(value)), _) => {
                    let now = Some((revision, value.clone()));
                    let before = std::mem::replace(&mut *crate::lock(&seen), now);
                    drop(before);
                    value
                }
                ((now, None), Some((revision, value))) if now == revision => value,
                _ => {
                    return Err(StateError::Evaluation {
                        key: key.to_string(),
                        reason: "the store that computes it says nothing of it".to_owned(),
                    });
                }
            };
            Ok(value)
        };
        Self::of(view, Arc::clone(slot), Some(who.into()), evaluate)
    }
}
