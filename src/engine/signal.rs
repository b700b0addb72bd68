//! The `signal` engine: the value lives in the key's slot, changes of one turn are told together.

use super::{Engine, Telling};
use crate::value::{Value, is_content};
use std::{mem, sync::Arc};

#[derive(Default)]
pub(super) struct SignalEngine;

impl Engine for SignalEngine {
    fn telling(&self) -> Telling {
        Telling::Batched
    }

    fn load(&self, _key: &str, place: &Option<Value>) -> Option<Value> {
        place.clone()
    }

    fn holds(&self, _key: &str, place: &Option<Value>, value: Option<&Value>) -> bool {
        is_content(place.as_ref(), value)
    }

    fn store(
        &self,
        _key: &Arc<str>,
        place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value> {
        mem::replace(place, value)
    }
}
