//! The `signal` engine: the value lives in the key's slot, changes of one turn are told together.

use super::{Engine, Put, Site, Telling};
use crate::value::{Value, is_content};
use std::mem;

#[derive(Default)]
pub(crate) struct SignalEngine;

impl Engine for SignalEngine {
    #[inline]
    fn telling(&self) -> Telling {
        Telling::Batched
    }

    #[inline]
    fn load(&self, _site: Site<'_>, place: &Option<Value>) -> Option<Value> {
        place.clone()
    }

    #[inline]
    fn holds(&self, _site: Site<'_>, place: &Option<Value>, value: Option<&Value>) -> bool {
        is_content(place.as_ref(), value)
    }

    #[inline]
    fn store(
        &self,
        _site: Site<'_>,
        place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value> {
        mem::replace(place, value)
    }

    #[inline]
    fn same_plain(&self, _site: Site<'_>, place: &Option<Value>, value: &Value) -> Option<bool> {
        super::same_plain(place.as_ref(), value)
    }

    #[inline]
    fn put(&self, _site: Site<'_>, place: &mut Option<Value>, value: &mut Value) -> Put {
        match place {
            Some(place) => super::put(place, value),
            None => {
                *place = Some(value.clone());
                Put::Added
            }
        }
    }
}
