//! What a script is told: changes, and who comes and goes.

use super::{Port, ROOT};
use crate::{
    change::{Change, ChangeSet},
    edge::page::{
        fence::number,
        script::{self, describe},
    },
    error::StateError,
    mfe::Mfe,
    pattern::Pattern,
    store::{Delivery, SubscribeOptions, Subscription, View},
};
use js_sys::{Array, Function};
use send_wrapper::SendWrapper;
use serde_json::Value as Json;
use std::{rc::Weak, sync::atomic::Ordering};
use wasm_bindgen::JsValue;

/// What a listener is for, as `page.js` has it; without either, for everything.
const KEYS: u32 = 1;
const PATTERN: u32 = 2;
const KEY: u32 = 3;

/// How it is called, in bits: `HOW` of `page.js`.
const SYNC: u32 = 1;
const IMMEDIATE: u32 = 2;

impl Port {
    pub(super) fn subscribe(
        &self,
        id: u32,
        view: &View,
        subject: &JsValue,
        listener: &JsValue,
        how: &JsValue,
    ) -> Result<JsValue, StateError> {
        let subject = Array::from(subject);
        let kind = subject.get(0).as_f64().unwrap_or_default();
        let names: Vec<String> = subject.iter().filter_map(|name| name.as_string()).collect();
        let is_of_one = kind as u32 == KEY;
        let call = self.listener(listener, is_of_one);
        let options = options(how);
        let subscription = match kind as u32 {
            KEY | KEYS => view.subscribe_keys(names, options, call)?,
            PATTERN => view.subscribe_pattern(Pattern::glob(&names.concat())?, options, call)?,
            _ => view.subscribe_all(options, call)?,
        };
        Ok(self.keep(id, subscription))
    }

    /// What calls a script's listener: that of one key with its change, others with a list. What it
    /// throws is its error.
    fn listener(
        &self,
        listener: &JsValue,
        is_of_one: bool,
    ) -> impl Fn(&ChangeSet) -> Result<(), String> + Send + Sync + 'static {
        let held = SendWrapper::new((Weak::clone(&self.this), Function::from(listener.clone())));
        move |changes| {
            let (port, listener) = &*held;
            let Some(port) = port.upgrade() else {
                return Ok(());
            };
            let thrown = match &*changes.changes {
                [change] if is_of_one => port
                    .fence
                    .change(change)
                    .map(|told| script::call(listener, &told, port.clock_of(change))),
                _ => port
                    .fence
                    .changes(changes)
                    .map(|told| script::call(listener, &told, None)),
            };
            match thrown {
                Ok(None) => Ok(()),
                Ok(Some(thrown)) => Err(thrown),
                Err(error) => Err(error.to_string()),
            }
        }
    }

    /// The time, if what a change brought is what a read of its key finds now.
    fn clock_of(&self, change: &Change) -> Option<f64> {
        let inner = &self.store.inner;
        let new = change.new_value()?;
        let slot = inner.slots.find(change.key())?;
        let now = inner.at_hand(&slot)?;
        now.is(new)
            .then(|| number(inner.clock.load(Ordering::Acquire)))
    }

    pub(super) fn subscribe_mfes(
        &self,
        listener: &JsValue,
        how: &JsValue,
    ) -> Result<JsValue, StateError> {
        let held = SendWrapper::new((Weak::clone(&self.this), Function::from(listener.clone())));
        let call = move |mfes: &[Mfe]| {
            let (port, listener) = &*held;
            let Some(port) = port.upgrade() else { return };
            if let Err(error) = listener.call1(&JsValue::UNDEFINED, &port.mfes(mfes)) {
                port.store.report(&StateError::Listener {
                    subject: "the registry".to_owned(),
                    reason: describe(&error),
                });
            }
        };
        let subscription = self.store.subscribe_mfes(options(how), call)?;
        Ok(self.keep(ROOT, subscription))
    }

    /// The registry: the same array until it changes.
    pub(super) fn mfes(&self, mfes: &[Mfe]) -> JsValue {
        let described: Vec<Json> = mfes
            .iter()
            .map(
                |Mfe {
                     info,
                     registered_at,
                     failure,
                 }| {
                    let mut mfe = serde_json::json!({
                        "id": info.id,
                        "framework": info.framework,
                        "version": info.version,
                        "registeredAt": registered_at,
                    });
                    if let Some((failure, members)) = failure.as_ref().zip(mfe.as_object_mut()) {
                        members.insert("failure".to_owned(), failure.as_str().into());
                    }
                    mfe
                },
            )
            .collect();
        let before = self.registry.borrow().clone();
        let text = crate::json::text(&Json::Array(described));
        let list = script::decode(&text, &before).unwrap_or(before);
        *self.registry.borrow_mut() = list.clone();
        list
    }

    fn keep(&self, view: u32, subscription: Subscription) -> JsValue {
        let id = self.number();
        self.subscriptions
            .borrow_mut()
            .insert(id, (view, subscription));
        id.into()
    }
}

fn options(how: &JsValue) -> SubscribeOptions {
    let bits = how.as_f64().unwrap_or_default() as u32;
    let delivery = match bits & SYNC != 0 {
        true => Delivery::Sync,
        false => Delivery::Batched,
    };
    SubscribeOptions::new()
        .delivery(delivery)
        .immediate(bits & IMMEDIATE != 0)
}
