//! [`Snapshot`]: the whole state at one version.

use super::{
    context::{self, Dep},
    inner::Inner,
    persistent::PersistentMap,
    slot::Slot,
};
use crate::{
    key::{AsKey, KeyHasher},
    value::{StateValue, Value},
};
use std::{
    collections::BTreeMap,
    fmt,
    hash::BuildHasher,
    sync::{Arc, atomic::Ordering},
};

/// Every key and value of a store at one version: immutable, and cheap to make, clone and keep,
/// since unchanged values are shared. As long as nothing changes, a store hands out the same one.
///
/// ```
/// use universal_state::{Restore, Store};
///
/// let store = Store::new();
/// store.set("count", 1)?;
/// let before = store.snapshot();
/// store.set("count", 2)?;
/// assert_eq!(before.get::<i32>("count"), Some(1));
/// store.restore(&before, Restore::Replace)?;
/// assert_eq!(store.get::<i32>("count"), Some(1));
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[derive(Clone)]
pub struct Snapshot(Arc<Contents>);

struct Contents {
    version: u64,
    values: PersistentMap,
    hasher: KeyHasher,
}

/// What restoring a [`Snapshot`] does to keys that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// They are removed: the state becomes that of the snapshot.
    Replace,
    /// They stay.
    Merge,
}

impl Snapshot {
    /// The store's version when the snapshot was taken.
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// The value of a key by its full name, if there is one and it reads as a `T`.
    pub fn get<T: StateValue>(&self, key: impl AsKey<T>) -> Option<T> {
        self.value(key.as_name())?.to().ok()
    }

    /// The value of a key by its full name, as stored.
    pub fn value(&self, key: &str) -> Option<&Value> {
        // The same cut as in a slot's hash.
        let hash = self.0.hasher.hash_one(key) as u32;
        self.0.values.get(hash, key)
    }

    /// Keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.values.iter().map(|(key, value)| (&**key, value))
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.values.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A snapshot of the same version with other entries.
    pub(crate) fn with_entries<'a>(
        &self,
        entries: impl Iterator<Item = (&'a str, &'a Value)>,
    ) -> Self {
        let mut values = PersistentMap::default();
        for (key, value) in entries {
            let hash = self.0.hasher.hash_one(key) as u32;
            values.insert(hash, &key.into(), value.clone());
        }
        Self::of(self.version(), KeyHasher::clone(&self.0.hasher), values)
    }

    pub(crate) fn of(version: u64, hasher: KeyHasher, values: PersistentMap) -> Self {
        Self(Arc::new(Contents {
            version,
            values,
            hasher,
        }))
    }
}

#[cfg(feature = "json")]
impl Snapshot {
    /// The snapshot as one JSON object.
    ///
    /// # Errors
    /// [`StateError::Serialize`](crate::StateError::Serialize) for the first value that has no JSON
    /// form.
    pub fn to_json(&self) -> Result<serde_json::Value, crate::StateError> {
        let mut object = serde_json::Map::new();
        for (key, value) in self.iter() {
            let json = value
                .to_json()
                .map_err(|reason| crate::StateError::Serialize {
                    key: key.to_owned(),
                    reason,
                })?;
            object.insert(key.to_owned(), (*json).clone());
        }
        Ok(serde_json::Value::Object(object))
    }

    /// A snapshot of a JSON object, such as [`Snapshot::to_json`] made. Its version is 0.
    ///
    /// # Errors
    /// [`StateError::Json`](crate::StateError::Json) if it is no object,
    /// [`StateError::Key`](crate::StateError::Key) if a name in it cannot be a key.
    ///
    /// ```
    /// use serde_json::json;
    /// use universal_state::{Restore, Snapshot, Store};
    ///
    /// let store = Store::new();
    /// store.restore(&Snapshot::from_json(json!({ "count": 3 }))?, Restore::Merge)?;
    /// assert_eq!(store.get::<u8>("count"), Some(3));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn from_json(json: serde_json::Value) -> Result<Self, crate::StateError> {
        let serde_json::Value::Object(object) = json else {
            return Err(crate::StateError::Json {
                reason: "a snapshot is an object of keys and values".to_owned(),
            });
        };
        let hasher = KeyHasher::default();
        let mut values = PersistentMap::default();
        for (key, value) in object {
            crate::key::check_full(&key)?;
            let hash = hasher.hash_one(&*key) as u32;
            values.insert(hash, &key.into(), Value::from_json(value));
        }
        Ok(Self::of(0, hasher, values))
    }
}

/// The same version of the same store, or equal contents.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.len() == other.len()
                && self
                    .iter()
                    .all(|(key, value)| other.value(key).is_some_and(|other| value.same(other)))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().collect::<BTreeMap<_, _>>())
            .finish()
    }
}

/// The values as of the last snapshot, and what changed since.
pub(crate) struct SnapshotCache {
    values: PersistentMap,
    pub(crate) stale: Vec<Arc<Slot>>,
    last: Option<Snapshot>,
}

/// So many keys may change after a snapshot, however small it is, before it is given up.
const MIN_STALE: usize = 64;

impl SnapshotCache {
    /// Whether to make the next snapshot anew costs no more than to bring this one up to date. To
    /// go on would keep every key that has changed since, for a snapshot that may never be taken.
    pub(crate) fn is_outdated(&self) -> bool {
        self.stale.len() > self.values.len().max(MIN_STALE)
    }
}

impl Inner {
    /// Drops what was kept for the next snapshot, and the slots that only it still held.
    pub(crate) fn give_up_snapshots(&self, outdated: SnapshotCache) {
        let stale = outdated.stale;
        drop((outdated.values, outdated.last));
        for slot in stale {
            self.release(&slot);
        }
    }

    /// The state as this thread sees it: with the writes of its open batch.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let id = self.id();
        self.everything.track();
        context::observe(id);
        context::track(id, || (Dep::Everything, self.clock.load(Ordering::Acquire)));
        let stored = self.stored_snapshot();
        let drafted = context::with_draft(id, |draft| draft.writes.clone());
        let Some(drafted) = drafted.filter(|writes| !writes.is_empty()) else {
            return stored;
        };
        let mut values = stored.0.values.clone();
        for write in drafted {
            let slot = &write.slot;
            drop(match write.new {
                Some(value) => values.insert(slot.hash, &slot.key, value),
                None => values.remove(slot.hash, &slot.key),
            });
        }
        Snapshot::of(stored.version(), KeyHasher::clone(&stored.0.hasher), values)
    }

    /// Brings the last snapshot up to date: the cost is that of what changed since.
    fn stored_snapshot(&self) -> Snapshot {
        // What the cache lets go is dropped after the locks.
        let mut dropped = Vec::new();
        let running = self.engine();
        let mut guard = crate::lock(&self.state);
        let state = &mut *guard;
        let cache = state.snapshots.get_or_insert_with(|| SnapshotCache {
            values: PersistentMap::default(),
            stale: self.slots.all(),
            last: None,
        });
        if let Some(last) = &cache.last
            && last.version() == state.version
        {
            return last.clone();
        }
        let outdated = cache.last.take();
        let stale = std::mem::take(&mut cache.stale);
        for slot in &stale {
            let mut here = crate::lock(&slot.state);
            here.stale = false;
            dropped.push(match running.engine.load(&slot.key, &here.place) {
                Some(value) => cache.values.insert(slot.hash, &slot.key, value),
                None => cache.values.remove(slot.hash, &slot.key),
            });
        }
        let snapshot = Snapshot::of(state.version, self.slots.hasher(), cache.values.clone());
        cache.last = Some(snapshot.clone());
        drop((guard, running));
        drop((outdated, dropped));
        for slot in stale {
            self.release(&slot);
        }
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use crate::{EngineKind, Store};
    use std::sync::Arc;

    #[test]
    fn a_version_has_one_snapshot() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            store.set("a", 1).ok();
            let first = store.snapshot();
            store.set("a", 1).ok();
            assert!(Arc::ptr_eq(&first.0, &store.snapshot().0), "{kind}");
            store.set("a", 2).ok();
            assert!(!Arc::ptr_eq(&first.0, &store.snapshot().0), "{kind}");
        }
    }
}
