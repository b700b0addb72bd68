//! The `map` engine: every access looks the key up in a hash map, every transaction is told at once.

use super::{Engine, Put, Site, Telling};
use crate::{
    key::{self, spread},
    value::{StateValue, Value, is_content},
};
use hashbrown::HashTable;
use smol_str::SmolStr;
use std::{mem, sync::Mutex};

#[derive(Default)]
pub(crate) struct MapEngine {
    values: Mutex<HashTable<Kept>>,
}

struct Kept {
    hash: u32,
    key: SmolStr,
    value: Value,
}

impl Kept {
    fn is(&self, hash: u32, name: &str) -> bool {
        self.hash == hash && key::same(&self.key, name)
    }

    fn is_at(&self, site: Site<'_>) -> bool {
        self.is(site.hash, site.key)
    }
}

fn find<'a>(values: &'a HashTable<Kept>, hash: u32, name: &str) -> Option<&'a Kept> {
    values.find(spread(hash), |kept| kept.is(hash, name))
}

impl Engine for MapEngine {
    fn telling(&self) -> Telling {
        Telling::AtOnce
    }

    fn load(&self, site: Site<'_>, _place: &Option<Value>) -> Option<Value> {
        find(&crate::lock(&self.values), site.hash, site.key).map(|kept| kept.value.clone())
    }

    fn finds(&self) -> bool {
        true
    }

    #[inline]
    fn pick<T: StateValue>(&self, hash: u32, name: &str) -> Option<T> {
        let values = crate::lock(&self.values);
        find(&values, hash, name)?.value.in_place()
    }

    fn holds(&self, site: Site<'_>, _place: &Option<Value>, value: Option<&Value>) -> bool {
        let values = crate::lock(&self.values);
        let kept = find(&values, site.hash, site.key);
        is_content(kept.map(|kept| &kept.value), value)
    }

    fn store(
        &self,
        site: Site<'_>,
        _place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value> {
        let mut values = crate::lock(&self.values);
        let Some(value) = value else {
            let entry = values.find_entry(spread(site.hash), |kept| kept.is_at(site));
            return Some(entry.ok()?.remove().0.value);
        };
        if let Some(kept) = values.find_mut(spread(site.hash), |kept| kept.is_at(site)) {
            return Some(mem::replace(&mut kept.value, value));
        }
        let kept = Kept {
            hash: site.hash,
            key: site.key.clone(),
            value,
        };
        values.insert_unique(spread(site.hash), kept, |kept| spread(kept.hash));
        None
    }

    fn same_plain(&self, site: Site<'_>, _place: &Option<Value>, value: &Value) -> Option<bool> {
        let values = crate::lock(&self.values);
        let kept = find(&values, site.hash, site.key);
        super::same_plain(kept.map(|kept| &kept.value), value)
    }

    fn put(&self, site: Site<'_>, place: &mut Option<Value>, value: &mut Value) -> Put {
        let mut values = crate::lock(&self.values);
        if let Some(kept) = values.find_mut(spread(site.hash), |kept| kept.is_at(site)) {
            return super::put(&mut kept.value, value);
        }
        drop(values);
        self.store(site, place, Some(value.clone()));
        Put::Added
    }
}
