//! `use_global_set`.

use super::Place;
use crate::{
    collection::OrdSet,
    error::StateError,
    hooks::{key_source::ReactiveKey, provider::use_view, use_scope},
    store::{SetHandle, View},
    value::StateValue,
};
use std::{borrow::Borrow, fmt};

/// The items of a set under a shared key, each tracked on its own: what asks for one item repaints
/// when that item comes or goes, and for no other.
///
/// The key is text, a [`Key`](crate::Key), or a closure that reads signals and returns a `Key`. A
/// missing key reads as an empty set; a value that does not read as the set is reported, reads as
/// empty, and is not written over.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, OrdSet, hooks::use_global_set};
///
/// const CHOSEN: Key<OrdSet<u32>> = Key::new("chosen");
///
/// #[component]
/// fn Choice(id: u32) -> impl IntoView {
///     let chosen = use_global_set(CHOSEN);
///     let toggle = move |_| match chosen.contains(&id) {
///         true => chosen.remove(&id),
///         false => chosen.insert(id),
///     };
///     view! { <input type="checkbox" prop:checked=move || chosen.contains(&id) on:input=toggle/> }
/// }
/// ```
#[track_caller]
pub fn use_global_set<T: StateValue + Ord>(key: impl ReactiveKey<OrdSet<T>>) -> GlobalSet<T> {
    GlobalSet::new(use_view(), key)
}

/// As [`use_global_set`], for a key of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](crate::hooks::Mfe).
#[track_caller]
pub fn use_mfe_set<T: StateValue + Ord>(key: impl ReactiveKey<OrdSet<T>>) -> GlobalSet<T> {
    GlobalSet::new(use_scope().view().clone(), key)
}

/// The items of a set under a shared key, see [`use_global_set`]. It can be copied, and ends with
/// the component that made it.
///
/// Reads are tracked as those of a [`SetHandle`]. Methods report an error to the store's reporter;
/// writes have `try_` twins that return it, and for reads those of [`GlobalSet::try_handle`] do.
pub struct GlobalSet<T: StateValue + Ord>(Place<OrdSet<T>, SetHandle<T>>);

impl<T: StateValue + Ord> Copy for GlobalSet<T> {}

impl<T: StateValue + Ord> Clone for GlobalSet<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: StateValue + Ord> GlobalSet<T> {
    fn new(view: View, key: impl ReactiveKey<OrdSet<T>>) -> Self {
        let key = key.into_source();
        Self(Place::new(view, key, |view, key| view.set_of(key)))
    }
}

/// Reading.
impl<T: StateValue + Ord> GlobalSet<T> {
    /// Whether there is such an item.
    pub fn contains<Q>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
        Q: Ord + ToOwned<Owned = T> + ?Sized,
    {
        self.read(|set| set.try_contains(item)).unwrap_or_default()
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.read(SetHandle::try_len).unwrap_or_default()
    }

    /// Whether there are no items. Tracks their number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The set as it is now, for going through its items; O(1).
    pub fn items(&self) -> OrdSet<T> {
        self.read(SetHandle::try_items).unwrap_or_default()
    }

    /// The handle behind it.
    ///
    /// # Errors
    /// As [`View::set_of`](crate::View::set_of), and [`StateError::Unmounted`] if the component is
    /// gone.
    pub fn try_handle(&self) -> Result<SetHandle<T>, StateError> {
        self.0.handle()
    }

    fn read<R>(&self, read: impl FnOnce(&SetHandle<T>) -> Result<R, StateError>) -> Option<R> {
        self.0.or_report(self.0.handle().and_then(|set| read(&set)))
    }
}

/// Writing.
impl<T: StateValue + Ord> GlobalSet<T> {
    /// Puts an item, and makes the set if the key is missing.
    pub fn insert(&self, item: T) {
        self.0.or_report(self.try_insert(item));
    }

    /// As [`GlobalSet::insert`]. Returns whether the item is new.
    ///
    /// # Errors
    /// As [`SetHandle::insert`] and [`GlobalSet::try_handle`].
    pub fn try_insert(&self, item: T) -> Result<bool, StateError> {
        self.0.handle_to_write()?.insert(item)
    }

    /// Removes an item.
    pub fn remove<Q>(&self, item: &Q)
    where
        T: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.or_report(self.try_remove(item));
    }

    /// As [`GlobalSet::remove`]. Returns whether the item was there.
    ///
    /// # Errors
    /// As [`SetHandle::remove`] and [`GlobalSet::try_handle`].
    pub fn try_remove<Q>(&self, item: &Q) -> Result<bool, StateError>
    where
        T: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.handle_to_write()?.remove(item)
    }

    /// Puts many items in one transaction.
    pub fn extend(&self, items: impl IntoIterator<Item = T>) {
        self.0.or_report(self.try_extend(items));
    }

    /// As [`GlobalSet::extend`].
    ///
    /// # Errors
    /// As [`SetHandle::extend`] and [`GlobalSet::try_handle`].
    pub fn try_extend(&self, items: impl IntoIterator<Item = T>) -> Result<(), StateError> {
        self.0.handle_to_write()?.extend(items)
    }

    /// Keeps the items that `keep` accepts, in one transaction.
    pub fn retain(&self, keep: impl FnMut(&T) -> bool) {
        self.0.or_report(self.try_retain(keep));
    }

    /// As [`GlobalSet::retain`]. Returns how many were removed.
    ///
    /// # Errors
    /// As [`SetHandle::retain`] and [`GlobalSet::try_handle`].
    pub fn try_retain(&self, keep: impl FnMut(&T) -> bool) -> Result<usize, StateError> {
        self.0.handle_to_write()?.retain(keep)
    }

    /// Removes all items in one transaction; the key keeps an empty set.
    pub fn clear(&self) {
        self.0.or_report(self.try_clear());
    }

    /// As [`GlobalSet::clear`].
    ///
    /// # Errors
    /// As [`SetHandle::clear`] and [`GlobalSet::try_handle`].
    pub fn try_clear(&self) -> Result<(), StateError> {
        self.0.handle_to_write()?.clear()
    }
}

impl<T: StateValue + Ord> fmt::Debug for GlobalSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GlobalSet")
    }
}
