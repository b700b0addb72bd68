//! Values as scripts have them.

use super::script;
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
    value::Value,
};
use js_sys::Array;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::cell::RefCell;
use wasm_bindgen::JsValue;

/// What scripts were given: so that the same value is the same object.
#[derive(Default)]
pub(super) struct Fence(RefCell<FxHashMap<SmolStr, Shown>>);

/// The value of a key, the one before, and one that a batch may yet take back, each with its object.
#[derive(Default)]
struct Shown {
    now: Option<(Value, JsValue)>,
    before: Option<(Value, JsValue)>,
    draft: Option<(Value, JsValue)>,
}

impl Shown {
    fn find(&self, value: &Value) -> Option<JsValue> {
        let all = [&self.now, &self.before, &self.draft];
        let found = all.into_iter().flatten().find(|(shown, _)| shown.is(value));
        found.map(object)
    }
}

fn object((_, object): &(Value, JsValue)) -> JsValue {
    object.clone()
}

impl Fence {
    /// The value that a key has, or has in a batch that is open.
    pub(super) fn show(
        &self,
        key: &str,
        value: &Value,
        is_draft: bool,
    ) -> Result<JsValue, StateError> {
        let (known, now) = match self.0.borrow().get(key) {
            Some(Shown {
                now: Some((now, object)),
                ..
            }) if now.is(value) => return Ok(object.clone()),
            Some(shown) => (shown.find(value), shown.now.as_ref().map(object)),
            None => (None, None),
        };
        let object = match known {
            Some(object) => object,
            None => decode(key, value, &now.unwrap_or(JsValue::UNDEFINED))?,
        };
        // A user's value may be dropped, whose code may come back in here: not while it is borrowed.
        let _dropped = {
            let mut shown = self.0.borrow_mut();
            let Shown { now, before, draft } = shown.entry(SmolStr::new(key)).or_default();
            let entry = (value.clone(), object.clone());
            match is_draft {
                true => (None, draft.replace(entry)),
                false => {
                    let outdated = now.replace(entry);
                    (
                        outdated.and_then(|outdated| before.replace(outdated)),
                        draft.take(),
                    )
                }
            }
        };
        Ok(object)
    }

    /// A value that a key had.
    fn recall(&self, key: &str, value: &Value) -> Result<JsValue, StateError> {
        let known = self.0.borrow().get(key).and_then(|shown| shown.find(value));
        known.map_or_else(|| decode(key, value, &JsValue::UNDEFINED), Ok)
    }

    /// Changes as listeners get them.
    pub(super) fn changes(&self, changes: &ChangeSet) -> Result<JsValue, StateError> {
        let items = Array::new();
        for change in changes {
            items.push(&self.change(change)?);
        }
        Ok(script::list(items))
    }

    fn change(&self, change: &Change) -> Result<JsValue, StateError> {
        let key = change.key();
        let optional = |value: Option<&Value>, show: &dyn Fn(&Value) -> _| {
            value.map_or(Ok(JsValue::UNDEFINED), show)
        };
        let previous = optional(change.old_value(), &|old| self.recall(key, old))?;
        let value = optional(change.new_value(), &|new| self.show(key, new, false))?;
        Ok(script::change(
            key,
            &value,
            &previous,
            change.source(),
            &change.origin().to_string(),
            number(change.time()),
            number(change.version()),
            change.is_removal(),
        ))
    }

    /// Forgets what keys that are gone had, once there are many of them.
    pub(super) fn tidy(&self, present: usize, is_present: impl Fn(&str) -> bool) {
        if self.0.borrow().len() <= 64 + 2 * present {
            return;
        }
        // What is dropped may be a user's value.
        let shown = std::mem::take(&mut *self.0.borrow_mut());
        let (kept, dropped): (FxHashMap<_, _>, FxHashMap<_, _>) =
            shown.into_iter().partition(|(key, _)| is_present(key));
        self.0.borrow_mut().extend(kept);
        drop(dropped);
    }
}

fn decode(key: &str, value: &Value, before: &JsValue) -> Result<JsValue, StateError> {
    let wrong = |reason: String| StateError::Serialize {
        key: key.to_owned(),
        reason,
    };
    let json = value.to_json().map_err(wrong)?;
    script::decode(&crate::json::text(&json), before)
        .map_err(|error| wrong(script::describe(&error)))
}

/// Exact up to 2^53, which no clock and no counter here reaches.
pub(super) fn number(number: u64) -> f64 {
    number as f64
}
