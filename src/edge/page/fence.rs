//! Values as scripts have them.

use super::script;
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
    value::Value,
};
use js_sys::Array;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use smol_str::SmolStr;
use std::cell::RefCell;
use wasm_bindgen::JsValue;

/// What scripts were given: so that the same value is the same object.
#[derive(Default)]
pub(super) struct Fence {
    shown: RefCell<FxHashMap<SmolStr, Shown>>,
    words: RefCell<Vec<(SmolStr, JsValue)>>,
}

/// How many texts a fence keeps that changes have in common: sources and origins.
const MAX_WORDS: usize = 16;

/// The value of a key, the one before, and one that a batch may yet take back, each with its object.
#[derive(Default)]
struct Shown {
    now: Option<(Value, JsValue)>,
    before: Option<(Value, JsValue)>,
    draft: Option<(Value, JsValue)>,
    /// The change that listeners were told of last.
    told: Option<(Change, JsValue)>,
    /// The name of the key.
    name: Option<JsValue>,
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
        let (known, now) = match self.shown.borrow().get(key) {
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
            let mut shown = self.shown.borrow_mut();
            let shown = shown.entry(SmolStr::new(key)).or_default();
            let Shown {
                now, before, draft, ..
            } = shown;
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
        let known = self
            .shown
            .borrow()
            .get(key)
            .and_then(|shown| shown.find(value));
        known.map_or_else(|| decode(key, value, &JsValue::UNDEFINED), Ok)
    }

    /// Changes as listeners of several keys get them.
    pub(super) fn changes(&self, changes: &ChangeSet) -> Result<JsValue, StateError> {
        let items = Array::new();
        for change in changes {
            items.push(&self.change(change)?);
        }
        Ok(script::list(items))
    }

    /// A change as listeners get it: one object for all of them.
    pub(super) fn change(&self, change: &Change) -> Result<JsValue, StateError> {
        let key = change.key();
        let known = self.shown.borrow().get(key).and_then(|shown| {
            let told = shown.told.as_ref();
            told.filter(|(told, _)| is_same(told, change))
                .map(|(_, object)| object.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let optional = |value: Option<&Value>, show: &dyn Fn(&Value) -> _| {
            value.map_or(Ok(JsValue::UNDEFINED), show)
        };
        let previous = optional(change.old_value(), &|old| self.recall(key, old))?;
        let value = optional(change.new_value(), &|new| self.show(key, new, false))?;
        let object = script::change(
            &self.name(key),
            &value,
            &previous,
            &self.word(change.source()),
            &self.word(&change.origin().text()),
            number(change.time()),
            number(change.version()),
            change.is_removal(),
        );
        let told = Some((change.clone(), object.clone()));
        // Dropped when nothing is borrowed, as the values of users are.
        let _outdated = {
            let mut shown = self.shown.borrow_mut();
            let shown = shown.entry(SmolStr::new(key)).or_default();
            std::mem::replace(&mut shown.told, told)
        };
        Ok(object)
    }

    /// The name of a key.
    fn name(&self, key: &str) -> JsValue {
        let mut shown = self.shown.borrow_mut();
        let shown = shown.entry(SmolStr::new(key)).or_default();
        let name = shown.name.get_or_insert_with(|| JsValue::from_str(key));
        name.clone()
    }

    /// A text that many changes have.
    fn word(&self, text: &str) -> JsValue {
        let mut words = self.words.borrow_mut();
        if let Some((_, word)) = words.iter().find(|(known, _)| known == text) {
            return word.clone();
        }
        if words.len() == MAX_WORDS {
            words.clear();
        }
        let word = JsValue::from_str(text);
        words.push((SmolStr::new(text), word.clone()));
        word
    }

    /// Forgets what keys that are gone had, once there are many of them.
    pub(super) fn tidy(&self, present: usize, is_present: impl Fn(&str) -> bool) {
        if self.shown.borrow().len() <= 64 + 2 * present {
            return;
        }
        // What is dropped may be a user's value.
        let shown = std::mem::take(&mut *self.shown.borrow_mut());
        let (kept, dropped): (FxHashMap<_, _>, FxHashMap<_, _>) =
            shown.into_iter().partition(|(key, _)| is_present(key));
        self.shown.borrow_mut().extend(kept);
        drop(dropped);
    }
}

/// Whether two changes of a key are one. A key changes once a commit, and so a change is known by the
/// commits that it sums up, but for the one that stands for what is there as somebody begins to listen.
fn is_same(one: &Change, other: &Change) -> bool {
    let is = |one: Option<&Value>, other: Option<&Value>| match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    (one.sequence, one.span, one.version) == (other.sequence, other.span, other.version)
        && (one.time, one.source(), one.origin()) == (other.time, other.source(), other.origin())
        && is(one.old_value(), other.old_value())
        && is(one.new_value(), other.new_value())
}

fn decode(key: &str, value: &Value, before: &JsValue) -> Result<JsValue, StateError> {
    let wrong = |reason: String| StateError::Serialize {
        key: key.to_owned(),
        reason,
    };
    let json = value.to_json().map_err(wrong)?;
    // What is no object needs nobody to freeze it.
    match &*json {
        Json::Null => return Ok(JsValue::NULL),
        Json::Bool(is) => return Ok(JsValue::from_bool(*is)),
        Json::String(text) => return Ok(JsValue::from_str(text)),
        Json::Number(number) => {
            if let Some(number) = number.as_f64() {
                return Ok(JsValue::from_f64(number));
            }
        }
        Json::Array(_) | Json::Object(_) => {}
    }
    script::decode(&crate::json::text(&json), before)
        .map_err(|error| wrong(script::describe(&error)))
}

/// Exact up to 2^53, which no clock and no counter here reaches.
pub(super) fn number(number: u64) -> f64 {
    number as f64
}
