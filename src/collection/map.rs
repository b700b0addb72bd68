//! [`OrdMap`]: an ordered map as the value of a key.

use super::{Collection, Difference};
use crate::value::StateValue;
use imbl::ordmap::{self, DiffItem};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{
    borrow::Borrow, collections::BTreeMap, fmt, iter::FusedIterator, marker::PhantomData,
    ops::ControlFlow, sync::Arc,
};

/// An ordered map that is cheap to clone and to change a little: the value of a key whose entries
/// are read and written one by one, see [`View::map_of`](crate::View::map_of).
///
/// A clone costs O(1). A change of one entry costs O(log n) and clones no other value, but up to 16
/// keys on each level of the tree: best are keys that are cheap to clone, as numbers are. As JSON it is an object, so
/// another module may read it as a `BTreeMap`, a `HashMap` or plain JSON; keys must have a form as
/// text then, as numbers, strings and enums without fields have.
///
/// ```
/// use universal_state::OrdMap;
///
/// let mut rows: OrdMap<u32, String> = [(2, "b".into()), (1, "a".into())].into();
/// let before = rows.clone();
/// rows.insert(3, "c".into());
/// assert!(rows.keys().eq(&[1, 2, 3]));
/// assert_eq!(before.len(), 2);
/// ```
pub struct OrdMap<K, V>(imbl::OrdMap<K, Held<V>>);

/// A value that clones of the map share.
pub(crate) struct Held<V>(Arc<V>);

impl<V> Held<V> {
    pub(crate) fn new(value: V) -> Self {
        Self(Arc::new(value))
    }
}

impl<V> Clone for Held<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: PartialEq> PartialEq for Held<V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<K, V> OrdMap<K, V> {
    /// A map without entries.
    pub fn new() -> Self {
        Self(imbl::OrdMap::new())
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Ord, V> OrdMap<K, V> {
    /// The value of an entry.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|held| &*held.0)
    }

    /// Whether there is such an entry.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.0.iter())
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord + Clone, V> OrdMap<K, V> {
    /// Puts an entry, and hands back the value that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V>
    where
        V: Clone,
    {
        let old = self.0.insert(key, Held::new(value));
        old.map(|held| Arc::unwrap_or_clone(held.0))
    }

    /// Removes an entry, and hands back its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        let old = self.0.remove(key);
        old.map(|held| Arc::unwrap_or_clone(held.0))
    }

    /// The value of an entry, to be changed; cloned first if another map shares it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        self.0.get_mut(key).map(|held| Arc::make_mut(&mut held.0))
    }

    /// Keeps the entries that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let unwanted = self.iter().filter(|(key, value)| !keep(key, value));
        let unwanted: Vec<K> = unwanted.map(|(key, _)| key.clone()).collect();
        for key in &unwanted {
            self.0.remove(key);
        }
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts an entry. Returns whether its key is new.
    pub(crate) fn put(&mut self, key: K, value: Held<V>) -> bool {
        self.0.insert(key, value).is_none()
    }

    /// Removes an entry. Returns whether it was there.
    pub(crate) fn take<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
}

impl<K: StateValue + Ord, V: StateValue> Collection for OrdMap<K, V> {
    type Key = K;

    fn count(&self) -> usize {
        self.len()
    }

    fn has(&self, key: &K) -> bool {
        self.contains_key(key)
    }

    fn compare(&self, new: &Self, f: &mut dyn FnMut(&K, Difference) -> ControlFlow<()>) {
        let _ = self.0.diff(&new.0).try_for_each(|item| match item {
            DiffItem::Add(key, _) => f(key, Difference::Came),
            DiffItem::Remove(key, _) => f(key, Difference::Went),
            DiffItem::Update { new: (key, _), .. } => f(key, Difference::Changed),
        });
    }
}

/// The entries of an [`OrdMap`] in the order of their keys.
pub struct Iter<'a, K, V>(ordmap::Iter<'a, K, Held<V>, imbl::shared_ptr::DefaultSharedPtr>);

impl<'a, K: Ord, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, held)| (key, &*held.0))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K: Ord, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, held)| (key, &*held.0))
    }
}

impl<K: Ord, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<K: Ord, V> FusedIterator for Iter<'_, K, V> {}

impl<K, V> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iter")
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a OrdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: Ord + Clone, V> Extend<(K, V)> for OrdMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.put(key, Held::new(value));
        }
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for OrdMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord + Clone, V, const N: usize> From<[(K, V); N]> for OrdMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Ord + Clone, V> From<BTreeMap<K, V>> for OrdMap<K, V> {
    fn from(map: BTreeMap<K, V>) -> Self {
        map.into_iter().collect()
    }
}

impl<K, V> Clone for OrdMap<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Default for OrdMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V: PartialEq> PartialEq for OrdMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Ord, V: Eq> Eq for OrdMap<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for OrdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord + Serialize, V: Serialize> Serialize for OrdMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, K, V> Deserialize<'de> for OrdMap<K, V>
where
    K: Ord + Clone + Deserialize<'de>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for Entries<K, V>
where
    K: Ord + Clone + Deserialize<'de>,
    V: Deserialize<'de>,
{
    type Value = OrdMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<OrdMap<K, V>, A::Error> {
        let mut map = OrdMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.put(key, Held::new(value));
        }
        Ok(map)
    }
}
