//! [`OrdSet`]: an ordered set as the value of a key.

use super::{Collection, Difference};
use crate::value::StateValue;
use imbl::ordset::DiffItem;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};
use std::{borrow::Borrow, collections::BTreeSet, fmt, marker::PhantomData, ops::ControlFlow};

/// An ordered set that is cheap to clone and to change a little: the value of a key whose items are
/// looked for and written one by one, see [`View::set_of`](crate::View::set_of).
///
/// A clone costs O(1), a change of one item O(log n). As JSON it is an array, so another module may
/// read it as a `BTreeSet`, a `Vec` or plain JSON.
///
/// ```
/// use universal_state::OrdSet;
///
/// let mut tags: OrdSet<String> = ["b".to_owned(), "a".to_owned()].into();
/// let before = tags.clone();
/// assert!(tags.insert("c".to_owned()) && !tags.insert("a".to_owned()));
/// assert!(tags.iter().eq(&["a", "b", "c"]));
/// assert_eq!(before.len(), 2);
/// ```
pub struct OrdSet<T>(imbl::OrdSet<T>);

impl<T> OrdSet<T> {
    /// A set without items.
    pub fn new() -> Self {
        Self(imbl::OrdSet::new())
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> OrdSet<T> {
    /// Whether there is such an item.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains(item)
    }

    /// The items in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.0.iter()
    }
}

impl<T: Ord + Clone> OrdSet<T> {
    /// Puts an item. Returns whether it is new; if it is not, the one that is there stays.
    pub fn insert(&mut self, item: T) -> bool {
        let is_new = !self.0.contains(&item);
        if is_new {
            self.0.insert(item);
        }
        is_new
    }

    /// Removes an item. Returns whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(item).is_some()
    }

    /// Keeps the items that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let unwanted: Vec<T> = self.iter().filter(|item| !keep(item)).cloned().collect();
        for item in &unwanted {
            self.0.remove(item);
        }
    }

    /// Removes all items.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T: StateValue + Ord> Collection for OrdSet<T> {
    type Key = T;

    fn count(&self) -> usize {
        self.len()
    }

    fn has(&self, key: &T) -> bool {
        self.contains(key)
    }

    fn compare(&self, new: &Self, f: &mut dyn FnMut(&T, Difference) -> ControlFlow<()>) {
        let _ = self.0.diff(&new.0).try_for_each(|item| match item {
            DiffItem::Add(item) => f(item, Difference::Came),
            DiffItem::Remove(item) => f(item, Difference::Went),
        });
    }
}

impl<T: Ord + Clone> Extend<T> for OrdSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl<T: Ord + Clone> FromIterator<T> for OrdSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

impl<T: Ord + Clone, const N: usize> From<[T; N]> for OrdSet<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Ord + Clone> From<BTreeSet<T>> for OrdSet<T> {
    fn from(set: BTreeSet<T>) -> Self {
        set.into_iter().collect()
    }
}

impl<T> Clone for OrdSet<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for OrdSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Ord> PartialEq for OrdSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Ord> Eq for OrdSet<T> {}

impl<T: Ord + fmt::Debug> fmt::Debug for OrdSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Ord + Serialize> Serialize for OrdSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Ord + Clone + Deserialize<'de>> Deserialize<'de> for OrdSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Ord + Clone + Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = OrdSet<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OrdSet<T>, A::Error> {
        let mut set = OrdSet::new();
        while let Some(item) = items.next_element()? {
            set.insert(item);
        }
        Ok(set)
    }
}
