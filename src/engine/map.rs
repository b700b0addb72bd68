//! The `map` engine: every access looks the key up in a hash map, every transaction is told at once.

use super::{Engine, Put, Site, Telling};
use crate::{
    key::{self, spread},
    value::{Value, is_content},
};
use hashbrown::hash_table::{Entry, HashTable};
use smol_str::SmolStr;
use std::sync::Mutex;

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
    fn is_at(&self, site: Site<'_>) -> bool {
        self.hash == site.hash && key::same(&self.key, site.key)
    }
}

fn find<'a>(values: &'a HashTable<Kept>, site: Site<'_>) -> Option<&'a Kept> {
    values.find(spread(site.hash), |kept| kept.is_at(site))
}

impl Engine for MapEngine {
    fn telling(&self) -> Telling {
        Telling::AtOnce
    }

    fn load(&self, site: Site<'_>, _place: &Option<Value>) -> Option<Value> {
        find(&crate::lock(&self.values), site).map(|kept| kept.value.clone())
    }

    fn holds(&self, site: Site<'_>, _place: &Option<Value>, value: Option<&Value>) -> bool {
        let values = crate::lock(&self.values);
        is_content(find(&values, site).map(|kept| &kept.value), value)
    }

    fn store(
        &self,
        site: Site<'_>,
        _place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value> {
        let mut values = crate::lock(&self.values);
        let is_it = |kept: &Kept| kept.is_at(site);
        let entry = values.entry(spread(site.hash), is_it, |kept| spread(kept.hash));
        match (entry, value) {
            (Entry::Occupied(entry), None) => Some(entry.remove().0.value),
            (Entry::Occupied(mut entry), Some(value)) => {
                Some(std::mem::replace(&mut entry.get_mut().value, value))
            }
            (Entry::Vacant(_), None) => None,
            (Entry::Vacant(entry), Some(value)) => {
                entry.insert(Kept {
                    hash: site.hash,
                    key: site.key.clone(),
                    value,
                });
                None
            }
        }
    }

    fn can_put(&self, site: Site<'_>, _place: &Option<Value>, value: &Value) -> bool {
        let values = crate::lock(&self.values);
        super::can_put(find(&values, site).map(|kept| &kept.value), value)
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
