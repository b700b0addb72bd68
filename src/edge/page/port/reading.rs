//! What a script reads: values, snapshots and metadata, each the same object until it changes.

use super::{Port, Used};
use crate::{
    edge::page::{fence::number, script},
    error::{Access, StateError},
    store::View,
};
use js_sys::Array;
use wasm_bindgen::JsValue;

impl Port {
    pub(super) fn get(&self, view: &View, key: &str) -> Result<JsValue, StateError> {
        let Some(name) = shown(view.full_name(key, Access::Read).map(Some))? else {
            return Ok(JsValue::UNDEFINED);
        };
        // The gate has been asked.
        match self.store.try_get_value(&name)? {
            Some(value) => self.fence.show(&name, &value, is_in_batch(view)),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    pub(super) fn snapshot(&self, used: &Used) -> Result<JsValue, StateError> {
        let view = &used.view;
        let inner = &view.inner;
        let (_, rules) = inner.load(&inner.rules);
        let basis = (
            view.metadata().version,
            inner.labels_version(),
            rules.max(inner.load(&inner.registry).1),
        );
        let in_batch = is_in_batch(view);
        let (known, before) = used.snapshot.borrow().clone();
        if known == Some(basis) && !in_batch {
            return Ok(before);
        }
        let snapshot = view.snapshot();
        let entries = Array::new();
        let mut keys: Vec<_> = snapshot.iter().collect();
        crate::sorted::by_name(&mut keys, |(key, _)| key);
        for (key, value) in keys {
            let name = view.full_name(key, Access::Read)?;
            entries.push(&JsValue::from_str(key));
            entries.push(&self.fence.show(&name, value, in_batch)?);
        }
        let snapshot = script::collect(&entries, &before);
        *used.snapshot.borrow_mut() = (Some(basis).filter(|_| !in_batch), snapshot.clone());
        self.fence.tidy(inner.slots.count(), |key| {
            inner
                .slots
                .find(key)
                .is_some_and(|slot| inner.is_present(&slot))
        });
        Ok(snapshot)
    }

    pub(super) fn metadata(&self, used: &Used) -> JsValue {
        let metadata = used.view.metadata();
        let (known, before) = used.metadata.borrow().clone();
        if known == Some(metadata.version) {
            return before;
        }
        let last_update = metadata
            .last_update
            .map_or(JsValue::NULL, |time| number(time).into());
        let object = script::object([
            ("version", number(metadata.version).into()),
            ("lastUpdate", last_update),
            ("updateCount", number(metadata.update_count).into()),
            ("source", JsValue::from_str(&metadata.source)),
        ]);
        *used.metadata.borrow_mut() = (Some(metadata.version), object.clone());
        object
    }
}

/// Whether what a view shows may yet be taken back.
fn is_in_batch(view: &View) -> bool {
    view.inner.may_act_at_once().is_err()
}

/// What is secret is not there.
pub(super) fn shown<T>(read: Result<Option<T>, StateError>) -> Result<Option<T>, StateError> {
    match read {
        Err(StateError::Refused { .. }) => Ok(None),
        read => read,
    }
}

pub(super) fn keys(view: &View) -> JsValue {
    let keys = Array::new();
    for key in view.keys() {
        keys.push(&JsValue::from_str(&key));
    }
    script::list(keys)
}
