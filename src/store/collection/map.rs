//! [`MapHandle`]: the entries of a map under a key.

use super::{Tracked, What};
use crate::{
    collection::{Held, OrdMap},
    error::StateError,
    store::handle::Handle,
    value::StateValue,
};
use std::{borrow::Borrow, fmt, sync::Arc};

/// The entries of a map under a key, read, tracked and written one by one. Made by
/// [`View::map_of`](crate::View::map_of); it can be cloned freely and stays good when the key is
/// deleted, written anew, or the engine is exchanged.
///
/// Inside of an effect, a memo or a component each read is tracked by what it reads: an entry by its
/// value, [`contains`](Self::contains) by whether it is there, [`len`](Self::len) by the number of
/// entries, [`keys`](Self::keys) by which entries there are, [`entries`](Self::entries) by all of
/// it. A [`Computed`](crate::Computed) depends on the whole map, and is evaluated again at each of
/// its changes.
///
/// Each write is a transaction of its own; [`View::batch`](crate::View::batch) makes several into
/// one. A write costs O(log n), unless a middleware, a listener or an edge asks for the whole value
/// as JSON. However the key is written, also as another type, only the entries that differ are told;
/// what was written as another type is decoded once, and the next write through the handle stores a
/// map again.
///
/// A missing key reads as an empty map. A value that does not read as the map is left alone: reads
/// report it and find nothing, writes are refused with [`StateError::Type`]. Reads with a `try_`
/// twin never fail: they report the error and find nothing.
pub struct MapHandle<K: StateValue + Ord, V: StateValue>(pub(super) Arc<Tracked<OrdMap<K, V>>>);

/// Reading.
impl<K: StateValue + Ord, V: StateValue> MapHandle<K, V> {
    /// A clone of the value of an entry; `None` if there is no such entry.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.with(key, V::clone)
    }

    /// As [`MapHandle::get`].
    ///
    /// # Errors
    /// [`StateError::Type`] if the value of the key does not read as the map,
    /// [`StateError::Denied`] if a grant was revoked, [`StateError::UnknownMfe`] if the
    /// micro-frontend has gone.
    pub fn try_get<Q>(&self, key: &Q) -> Result<Option<V>, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.try_with(key, V::clone)
    }

    /// Calls `f` with the value of an entry, without cloning it; `None` if there is no such entry.
    pub fn with<Q, R>(&self, key: &Q, f: impl FnOnce(&V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.report(self.try_with(key, f)).flatten()
    }

    /// As [`MapHandle::with`].
    ///
    /// # Errors
    /// As [`MapHandle::try_get`].
    pub fn try_with<Q, R>(&self, key: &Q, f: impl FnOnce(&V) -> R) -> Result<Option<R>, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let what = What::Entry(&key.to_owned());
        self.0.read(what, |map| map.get(key).map(f))
    }

    /// Whether there is such an entry.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.report(self.try_contains(key)).unwrap_or_default()
    }

    /// As [`MapHandle::contains`].
    ///
    /// # Errors
    /// As [`MapHandle::try_get`].
    pub fn try_contains<Q>(&self, key: &Q) -> Result<bool, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let what = What::Presence(&key.to_owned());
        self.0.read(what, |map| map.contains_key(key))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.report(self.try_len()).unwrap_or_default()
    }

    /// As [`MapHandle::len`].
    ///
    /// # Errors
    /// As [`MapHandle::try_get`].
    pub fn try_len(&self) -> Result<usize, StateError> {
        self.0.read(What::Count, OrdMap::len)
    }

    /// Whether there are no entries. Tracks their number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys of the entries, in their order.
    pub fn keys(&self) -> Vec<K> {
        self.report(self.try_keys()).unwrap_or_default()
    }

    /// As [`MapHandle::keys`].
    ///
    /// # Errors
    /// As [`MapHandle::try_get`].
    pub fn try_keys(&self) -> Result<Vec<K>, StateError> {
        let keys = |map: &OrdMap<K, V>| map.keys().cloned().collect();
        self.0.read(What::Members, keys)
    }

    /// The map as it is now, for going through its entries; O(1).
    pub fn entries(&self) -> OrdMap<K, V> {
        self.report(self.try_entries()).unwrap_or_default()
    }

    /// As [`MapHandle::entries`].
    ///
    /// # Errors
    /// As [`MapHandle::try_get`].
    pub fn try_entries(&self) -> Result<OrdMap<K, V>, StateError> {
        self.0.read(What::All, OrdMap::clone)
    }

    /// The handle of the key, for what concerns the value as a whole: to replace it, to delete the
    /// key, to subscribe.
    pub fn handle(&self) -> &Handle<OrdMap<K, V>> {
        &self.0.handle
    }

    fn report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        self.0.handle.view.or_report(result)
    }
}

/// Writing.
impl<K: StateValue + Ord, V: StateValue> MapHandle<K, V> {
    /// Puts an entry, and makes the map if the key is missing. Returns whether the entry is new.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value of the key does not read as the map, and as
    /// [`View::set`](crate::View::set). Nothing is changed then.
    pub fn insert(&self, key: K, value: V) -> Result<bool, StateError> {
        let value = Held::new(value);
        let mut is_new = false;
        self.0.change(|map| {
            is_new = map.put(key.clone(), value.clone());
            true
        })?;
        Ok(is_new)
    }

    /// Removes an entry. Returns whether it was there.
    ///
    /// # Errors
    /// As [`MapHandle::insert`].
    pub fn remove<Q>(&self, key: &Q) -> Result<bool, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut was_there = false;
        self.0.change(|map| {
            was_there = map.take(key);
            was_there
        })?;
        Ok(was_there)
    }

    /// Changes the value of an entry in place. Returns whether it was there; a missing entry stays
    /// missing. `f` may be called again if another thread was faster.
    ///
    /// # Errors
    /// As [`MapHandle::insert`].
    pub fn update<Q>(&self, key: &Q, mut f: impl FnMut(&mut V)) -> Result<bool, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut was_there = false;
        self.0.change(|map| {
            was_there = map.get_mut(key).map(&mut f).is_some();
            was_there
        })?;
        Ok(was_there)
    }

    /// As [`MapHandle::update`], and begins with `default` if the entry is missing.
    ///
    /// # Errors
    /// As [`MapHandle::insert`].
    pub fn update_or(
        &self,
        key: K,
        default: V,
        mut f: impl FnMut(&mut V),
    ) -> Result<(), StateError> {
        self.0.change(|map| {
            let mut value = map.get(&key).unwrap_or(&default).clone();
            f(&mut value);
            map.put(key.clone(), Held::new(value));
            true
        })
    }

    /// Puts many entries in one transaction.
    ///
    /// # Errors
    /// As [`MapHandle::insert`]; then none is put.
    pub fn extend(&self, entries: impl IntoIterator<Item = (K, V)>) -> Result<(), StateError> {
        let entries = entries.into_iter();
        let entries: Vec<_> = entries
            .map(|(key, value)| (key, Held::new(value)))
            .collect();
        self.0.change(|map| {
            for (key, value) in &entries {
                map.put(key.clone(), value.clone());
            }
            !entries.is_empty()
        })
    }

    /// Keeps the entries that `keep` accepts, in one transaction. Returns how many were removed.
    /// `keep` may be asked again if another thread was faster.
    ///
    /// # Errors
    /// As [`MapHandle::insert`]; then none is removed.
    pub fn retain(&self, mut keep: impl FnMut(&K, &V) -> bool) -> Result<usize, StateError> {
        let mut removed = 0;
        self.0.change(|map| {
            let before = map.len();
            map.retain(&mut keep);
            removed = before - map.len();
            removed > 0
        })?;
        Ok(removed)
    }

    /// Removes all entries in one transaction; the key keeps an empty map.
    ///
    /// # Errors
    /// As [`MapHandle::insert`].
    pub fn clear(&self) -> Result<(), StateError> {
        self.0.change(|map| {
            let is_changed = !map.is_empty();
            map.clear();
            is_changed
        })
    }
}

impl<K: StateValue + Ord, V: StateValue> Clone for MapHandle<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: StateValue + Ord, V: StateValue> fmt::Debug for MapHandle<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.handle.name();
        f.debug_tuple("MapHandle").field(&name).finish()
    }
}
