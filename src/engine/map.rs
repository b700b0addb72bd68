//! The `map` engine: every access hashes the key, every transaction is told at once.

use super::{Engine, Telling};
use crate::{
    key::KeyHasher,
    value::{Value, is_content},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

#[derive(Default)]
pub(super) struct MapEngine {
    values: Mutex<HashMap<Arc<str>, Value, KeyHasher>>,
}

impl Engine for MapEngine {
    fn telling(&self) -> Telling {
        Telling::AtOnce
    }

    fn load(&self, key: &str, _place: &Option<Value>) -> Option<Value> {
        crate::lock(&self.values).get(key).cloned()
    }

    fn holds(&self, key: &str, _place: &Option<Value>, value: Option<&Value>) -> bool {
        is_content(crate::lock(&self.values).get(key), value)
    }

    fn store(
        &self,
        key: &Arc<str>,
        _place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value> {
        let mut values = crate::lock(&self.values);
        match value {
            None => values.remove(key),
            Some(value) => match values.get_mut(key) {
                Some(old) => Some(std::mem::replace(old, value)),
                None => values.insert(Arc::clone(key), value),
            },
        }
    }
}
