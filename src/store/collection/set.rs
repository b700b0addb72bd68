//! [`SetHandle`]: the items of a set under a key.

use super::{Tracked, What};
use crate::{collection::OrdSet, error::StateError, store::handle::Handle, value::StateValue};
use std::{borrow::Borrow, fmt, sync::Arc};

/// The items of a set under a key, looked for, tracked and written one by one. Made by
/// [`View::set_of`](crate::View::set_of); it can be cloned freely and stays good when the key is
/// deleted, written anew, or the engine is exchanged.
///
/// Inside of an effect, a memo or a component each read is tracked by what it reads:
/// [`contains`](Self::contains) by whether the item is there, [`len`](Self::len) by the number of
/// items, [`items`](Self::items) by which items there are. In all else it is as
/// [`MapHandle`](crate::MapHandle): cost, transactions, writes by others, values that do not read.
pub struct SetHandle<T: StateValue + Ord>(pub(super) Arc<Tracked<OrdSet<T>>>);

/// Reading.
impl<T: StateValue + Ord> SetHandle<T> {
    /// Whether there is such an item.
    pub fn contains<Q>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
        Q: Ord + ToOwned<Owned = T> + ?Sized,
    {
        self.report(self.try_contains(item)).unwrap_or_default()
    }

    /// As [`SetHandle::contains`].
    ///
    /// # Errors
    /// [`StateError::Type`] if the value of the key does not read as the set,
    /// [`StateError::Denied`] if a grant was revoked, [`StateError::UnknownMfe`] if the
    /// micro-frontend has gone.
    pub fn try_contains<Q>(&self, item: &Q) -> Result<bool, StateError>
    where
        T: Borrow<Q>,
        Q: Ord + ToOwned<Owned = T> + ?Sized,
    {
        let what = What::Presence(&item.to_owned());
        self.0.read(what, |set| set.contains(item))
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.report(self.try_len()).unwrap_or_default()
    }

    /// As [`SetHandle::len`].
    ///
    /// # Errors
    /// As [`SetHandle::try_contains`].
    pub fn try_len(&self) -> Result<usize, StateError> {
        self.0.read(What::Count, OrdSet::len)
    }

    /// Whether there are no items. Tracks their number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The set as it is now, for going through its items; O(1).
    pub fn items(&self) -> OrdSet<T> {
        self.report(self.try_items()).unwrap_or_default()
    }

    /// As [`SetHandle::items`].
    ///
    /// # Errors
    /// As [`SetHandle::try_contains`].
    pub fn try_items(&self) -> Result<OrdSet<T>, StateError> {
        self.0.read(What::Members, OrdSet::clone)
    }

    /// The handle of the key, for what concerns the value as a whole: to replace it, to delete the
    /// key, to subscribe.
    pub fn handle(&self) -> &Handle<OrdSet<T>> {
        &self.0.handle
    }

    fn report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        self.0.handle.view.or_report(result)
    }
}

/// Writing.
impl<T: StateValue + Ord> SetHandle<T> {
    /// Puts an item, and makes the set if the key is missing. Returns whether the item is new.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value of the key does not read as the set, and as
    /// [`View::set`](crate::View::set). Nothing is changed then.
    pub fn insert(&self, item: T) -> Result<bool, StateError> {
        let mut is_new = false;
        self.0.change(|set| {
            is_new = set.insert(item.clone());
            is_new
        })?;
        Ok(is_new)
    }

    /// Removes an item. Returns whether it was there.
    ///
    /// # Errors
    /// As [`SetHandle::insert`].
    pub fn remove<Q>(&self, item: &Q) -> Result<bool, StateError>
    where
        T: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut was_there = false;
        self.0.change(|set| {
            was_there = set.remove(item);
            was_there
        })?;
        Ok(was_there)
    }

    /// Puts many items in one transaction.
    ///
    /// # Errors
    /// As [`SetHandle::insert`]; then none is put.
    pub fn extend(&self, items: impl IntoIterator<Item = T>) -> Result<(), StateError> {
        let items: Vec<T> = items.into_iter().collect();
        self.0.change(|set| {
            let before = set.len();
            set.extend(items.iter().cloned());
            set.len() > before
        })
    }

    /// Keeps the items that `keep` accepts, in one transaction. Returns how many were removed.
    /// `keep` may be asked again if another thread was faster.
    ///
    /// # Errors
    /// As [`SetHandle::insert`]; then none is removed.
    pub fn retain(&self, mut keep: impl FnMut(&T) -> bool) -> Result<usize, StateError> {
        let mut removed = 0;
        self.0.change(|set| {
            let before = set.len();
            set.retain(&mut keep);
            removed = before - set.len();
            removed > 0
        })?;
        Ok(removed)
    }

    /// Removes all items in one transaction; the key keeps an empty set.
    ///
    /// # Errors
    /// As [`SetHandle::insert`].
    pub fn clear(&self) -> Result<(), StateError> {
        self.0.change(|set| {
            let is_changed = !set.is_empty();
            set.clear();
            is_changed
        })
    }
}

impl<T: StateValue + Ord> Clone for SetHandle<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: StateValue + Ord> fmt::Debug for SetHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.handle.name();
        f.debug_tuple("SetHandle").field(&name).finish()
    }
}
