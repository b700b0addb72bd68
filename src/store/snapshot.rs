//! [`Snapshot`]: the whole state at one version.

#[cfg(feature = "json")]
use super::view::serialize_error;
use super::{
    computed::MAX_ATTEMPTS, context, guest::SnapshotKeeping, inner::Inner, labels::Labelled,
    persistent::PersistentMap, slot::Slot,
};
use crate::{
    key::{AsKey, KeyHasher},
    label::Labels,
    value::{StateValue, Value},
};
use reactive_graph::graph::untrack;
use smol_str::SmolStr;
use std::{collections::BTreeMap, fmt, hash::BuildHasher, sync::Arc};

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
    /// The keys among them that were computed, in the order of names.
    computed: Arc<[SmolStr]>,
    /// The labels in the store that it is of, if it is of one: also those given later.
    labelled: Option<Labelled>,
    /// What stands before each key in its full name.
    prefix: SmolStr,
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

    /// Whether the value of a key, by its full name, was computed: see
    /// [`View::register_computed`](crate::View::register_computed). Restoring passes it over.
    pub fn is_computed(&self, key: &str) -> bool {
        let computed = &self.0.computed;
        computed.binary_search_by(|name| (**name).cmp(key)).is_ok()
    }

    /// The labels of a key in the store that the snapshot is of, those included that were given since.
    /// A snapshot that was made of JSON knows none.
    pub fn labels(&self, key: &str) -> Labels {
        let labelled = self.0.labelled.as_ref().and_then(|labelled| labelled.get());
        let Some(book) = labelled else {
            return Labels::default();
        };
        match self.0.prefix.is_empty() {
            true => book.labels(key),
            false => book.labels(&format!("{}{key}", self.0.prefix)),
        }
    }

    /// The snapshot without what was computed: what to keep, since whoever restores it computes the
    /// rest anew.
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set("n", 2)?;
    /// let _double = store.register_computed("double", |state| state.get("n").unwrap_or(0) * 2)?;
    /// let snapshot = store.snapshot();
    /// assert_eq!(snapshot.get("double"), Some(4));
    /// assert_eq!((snapshot.len(), snapshot.stored().len()), (2, 1));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn stored(&self) -> Self {
        let mut values = self.0.values.clone();
        for key in self.0.computed.iter() {
            let hash = self.0.hasher.hash_one(&**key) as u32;
            values.remove(hash, key);
        }
        Self(Arc::new(self.0.with(values, Arc::default())))
    }

    /// A snapshot of the same version, of those keys that have another name, by that.
    pub(crate) fn renamed<'a>(&'a self, rename: impl Fn(&'a str) -> Option<&'a str>) -> Self {
        let mut values = PersistentMap::default();
        let mut prefix = None;
        for (full, value) in self.iter() {
            let Some(key) = rename(full) else { continue };
            // All that is renamed loses the same beginning.
            prefix = prefix.or_else(|| full.strip_suffix(key).map(SmolStr::from));
            let hash = self.0.hasher.hash_one(key) as u32;
            values.insert(hash, &key.into(), value.clone());
        }
        let computed = self.0.computed.iter();
        let computed = computed.filter_map(|key| rename(key).map(SmolStr::from));
        // They stay in order.
        let mut contents = self.0.with(values, computed.collect());
        contents.prefix = prefix.unwrap_or_default();
        Self(Arc::new(contents))
    }

    fn of(
        version: u64,
        hasher: KeyHasher,
        values: PersistentMap,
        labelled: Option<Labelled>,
    ) -> Self {
        Self(Arc::new(Contents {
            version,
            values,
            hasher,
            computed: Arc::default(),
            labelled,
            prefix: SmolStr::default(),
        }))
    }

    /// The snapshot with computed keys besides.
    fn with_computed(&self, computed: Vec<(Arc<Slot>, Value)>) -> Self {
        let mut values = self.0.values.clone();
        let mut names: Vec<_> = computed
            .into_iter()
            .map(|(slot, value)| {
                values.insert(slot.hash, &slot.key, value);
                slot.key.clone()
            })
            .collect();
        names.sort_unstable();
        Self(Arc::new(self.0.with(values, names.into())))
    }
}

impl Contents {
    /// Other values of the same version of the same store.
    fn with(&self, values: PersistentMap, computed: Arc<[SmolStr]>) -> Self {
        Self {
            version: self.version,
            values,
            hasher: KeyHasher::clone(&self.hasher),
            computed,
            labelled: self.labelled.clone(),
            prefix: self.prefix.clone(),
        }
    }
}

#[cfg(feature = "json")]
impl Snapshot {
    /// The snapshot as one JSON object. In JSON it does not say what was computed: to restore it
    /// later, write [`Snapshot::stored`]. Keys that are [`Label::Secret`](crate::Label::Secret) are
    /// left out, so restoring it with [`Restore::Replace`] removes them, and with [`Restore::Merge`]
    /// they stay.
    ///
    /// # Errors
    /// [`StateError::Serialize`](crate::StateError::Serialize) for the first value that has no JSON
    /// form.
    pub fn to_json(&self) -> Result<serde_json::Value, crate::StateError> {
        let mut object = serde_json::Map::new();
        for (key, value) in self.iter() {
            let labels = self.labels(key);
            if labels.is_secret() {
                continue;
            }
            let json = value
                .to_json()
                .map_err(|reason| serialize_error(key, labels, reason))?;
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
        Ok(Self::of(0, hasher, values, None))
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
        let entries: BTreeMap<_, _> = self.iter().collect();
        let shown = |(key, value)| (key, self.labels(key).show(value));
        f.debug_map()
            .entries(entries.into_iter().map(shown))
            .finish()
    }
}

/// The values as of the last snapshot, and what changed since.
pub(crate) struct SnapshotCache {
    values: PersistentMap,
    stale: Vec<Arc<Slot>>,
    last: Option<Snapshot>,
    /// The last snapshot with computed keys.
    complete: Option<Snapshot>,
}

/// So many keys may change after a snapshot, however small it is, before it is given up.
const MIN_STALE: usize = 64;

impl SnapshotKeeping for SnapshotCache {
    fn cache(&mut self) -> &mut SnapshotCache {
        self
    }

    fn outdate(&mut self, slot: &Arc<Slot>) -> bool {
        self.stale.push(Arc::clone(slot));
        // Then to make the next snapshot anew costs no more than to bring this one up to date. To go
        // on would keep every key that has changed since, for a snapshot that may never be taken.
        self.stale.len() > self.values.len().max(MIN_STALE)
    }

    fn give_up(self: Box<Self>, inner: &Inner) {
        let stale = self.stale;
        drop((self.values, self.last, self.complete));
        for slot in stale {
            inner.release(&slot);
        }
    }
}

impl Inner {
    /// Drops what was kept for the next snapshot.
    pub(crate) fn give_up_snapshots(&self, outdated: Box<dyn SnapshotKeeping>) {
        outdated.give_up(self);
    }

    /// The state as this thread sees it: with the writes of its open batch.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let id = self.id();
        context::observe(id);
        self.follow_everything();
        let is_complete = !self.has_names() || context::evaluating(id);
        let drafted = context::with_draft(id, |draft| draft.writes.clone());
        let Some(drafted) = drafted.filter(|writes| !writes.is_empty()) else {
            return match is_complete {
                true => self.stored_snapshot(),
                false => self.complete_snapshot(),
            };
        };
        let stored = self.stored_snapshot();
        let mut values = stored.0.values.clone();
        for write in drafted {
            let slot = &write.slot;
            drop(match write.new {
                Some(value) => values.insert(slot.hash, &slot.key, value),
                None => values.remove(slot.hash, &slot.key),
            });
        }
        let seen = Snapshot(Arc::new(stored.0.with(values, Arc::default())));
        if is_complete {
            return seen;
        }
        let named = self.all_named();
        let values = named.iter().filter_map(|named| {
            let value = untrack(|| named.read());
            Some((Arc::clone(named.slot()), self.value_or_report(value)?))
        });
        seen.with_computed(values.collect())
    }

    /// The last snapshot with computed keys, all of one version.
    fn complete_snapshot(&self) -> Snapshot {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let stored = self.stored_snapshot();
            let (named, sequence) = {
                let state = &mut *crate::lock(&self.state);
                let cache = state.snapshots.as_mut().map(|kept| kept.cache());
                let complete = cache.and_then(|cache| cache.complete.as_ref());
                if let Some(complete) = complete
                    && complete.version() == state.version
                {
                    return complete.clone();
                }
                (state.named.clone(), state.sequence)
            };
            let values = named.iter().filter_map(|named| {
                let value = self.value_or_report(named.committed())?;
                Some((Arc::clone(named.slot()), value))
            });
            let complete = stored.with_computed(values.collect());
            let replaced = {
                let state = &mut *crate::lock(&self.state);
                if state.sequence == sequence && state.version == stored.version() {
                    let cache = state.snapshots.as_mut().map(|kept| kept.cache());
                    cache.map(|cache| cache.complete.replace(complete.clone()))
                } else if attempts < MAX_ATTEMPTS {
                    continue;
                } else {
                    // Other threads never stop writing: better newer than never.
                    None
                }
            };
            drop(replaced);
            return complete;
        }
    }

    /// Brings the last snapshot up to date: the cost is that of what changed since.
    fn stored_snapshot(&self) -> Snapshot {
        // What the cache lets go is dropped after the locks.
        let mut dropped = Vec::new();
        let running = self.engine();
        let mut guard = crate::lock(&self.state);
        let state = &mut *guard;
        let kept = state.snapshots.get_or_insert_with(|| {
            Box::new(SnapshotCache {
                values: PersistentMap::default(),
                stale: self.slots.all(),
                last: None,
                complete: None,
            })
        });
        let cache = kept.cache();
        if let Some(last) = &cache.last
            && last.version() == state.version
        {
            return last.clone();
        }
        let outdated = (cache.last.take(), cache.complete.take());
        let stale = std::mem::take(&mut cache.stale);
        for slot in &stale {
            let mut here = crate::lock(&slot.state);
            here.stale = false;
            dropped.push(match running.load(slot.site(), &here.place) {
                Some(value) => cache.values.insert(slot.hash, &slot.key, value),
                None => cache.values.remove(slot.hash, &slot.key),
            });
        }
        let snapshot = Snapshot::of(
            state.version,
            self.slots.hasher(),
            cache.values.clone(),
            Some(Arc::clone(&self.slots.labelled)),
        );
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
    use crate::{EngineKind, Store, View};
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

            let double = |view: &View| view.get("a").unwrap_or(0) * 2;
            let _double = store.register_computed("double", double);
            let first = store.snapshot();
            assert!(Arc::ptr_eq(&first.0, &store.snapshot().0), "{kind}");
            store.set("a", 3).ok();
            assert!(!Arc::ptr_eq(&first.0, &store.snapshot().0), "{kind}");
        }
    }
}
