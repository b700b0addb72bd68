//! What a script is told: changes, and who comes and goes.

use super::{Port, ROOT};
use crate::{
    change::ChangeSet,
    edge::page::script::{self, describe},
    error::StateError,
    mfe::Mfe,
    pattern::Pattern,
    store::{Delivery, SubscribeOptions, Subscription, View},
};
use js_sys::{Array, Function};
use send_wrapper::SendWrapper;
use serde_json::Value as Json;
use std::rc::Weak;
use wasm_bindgen::JsValue;

/// What a listener is for, as `page.js` has it; without either, for everything.
const KEYS: u32 = 1;
const PATTERN: u32 = 2;

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
        let call = self.listener(listener);
        let options = options(how);
        let subscription = match kind as u32 {
            KEYS => view.subscribe_keys(names, options, call)?,
            PATTERN => view.subscribe_pattern(Pattern::glob(&names.concat())?, options, call)?,
            _ => view.subscribe_all(options, call)?,
        };
        Ok(self.keep(id, subscription))
    }

    /// What calls a script's listener. What it throws is its error.
    fn listener(
        &self,
        listener: &JsValue,
    ) -> impl Fn(&ChangeSet) -> Result<(), String> + Send + Sync + 'static {
        let held = SendWrapper::new((Weak::clone(&self.this), Function::from(listener.clone())));
        move |changes| {
            let (port, listener) = &*held;
            let Some(port) = port.upgrade() else {
                return Ok(());
            };
            let changes = port
                .fence
                .changes(changes)
                .map_err(|error| error.to_string())?;
            let called = listener.call1(&JsValue::UNDEFINED, &changes);
            called.map(drop).map_err(|error| describe(&error))
        }
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
