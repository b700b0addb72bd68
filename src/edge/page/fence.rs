//! Values as scripts have them.

use super::script;
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
    value::Value,
};
use js_sys::Array;
use smol_str::SmolStr;
use std::{cell::RefCell, collections::HashMap};
use wasm_bindgen::JsValue;

/// What scripts were given: so that the same value is the same object.
#[derive(Default)]
pub(super) struct Fence(RefCell<HashMap<SmolStr, Shown>>);

/// The value of a key and the one before, each with its object.
#[derive(Default)]
struct Shown {
    now: Option<(Value, JsValue)>,
    before: Option<(Value, JsValue)>,
}

impl Shown {
    fn find(&self, value: &Value) -> Option<JsValue> {
        let both = [&self.now, &self.before];
        let (_, object) = both
            .into_iter()
            .flatten()
            .find(|(shown, _)| shown.is(value))?;
        Some(object.clone())
    }
}

impl Fence {
    /// The value that a key has.
    pub(super) fn show(&self, key: &str, value: &Value) -> Result<JsValue, StateError> {
        let current = |shown: &Shown| match &shown.now {
            Some((now, object)) if now.is(value) => Ok(object.clone()),
            Some((_, object)) => Err(object.clone()),
            None => Err(JsValue::UNDEFINED),
        };
        let known = self.0.borrow().get(key).map(current);
        let before = match known {
            Some(Ok(object)) => return Ok(object),
            Some(Err(before)) => before,
            None => JsValue::UNDEFINED,
        };
        let object = decode(key, value, &before)?;
        // A user's value may be dropped, whose code may come back in here: not while it is borrowed.
        let _dropped = {
            let mut shown = self.0.borrow_mut();
            let Shown { now, before } = shown.entry(SmolStr::new(key)).or_default();
            let outdated = now.replace((value.clone(), object.clone()));
            outdated.and_then(|outdated| before.replace(outdated))
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
        let value = optional(change.new_value(), &|new| self.show(key, new))?;
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
        let (kept, dropped): (HashMap<_, _>, HashMap<_, _>) =
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
    script::decode(&json.to_string(), before).map_err(|error| wrong(script::describe(&error)))
}

/// Exact up to 2^53, which no clock and no counter here reaches.
pub(super) fn number(number: u64) -> f64 {
    number as f64
}
