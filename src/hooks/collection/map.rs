//! `use_global_map`.

use super::Place;
use crate::{
    collection::OrdMap,
    error::StateError,
    hooks::{key_source::ReactiveKey, provider::use_view, use_scope},
    store::{MapHandle, View},
    value::StateValue,
};
use std::{borrow::Borrow, fmt};

/// The entries of a map under a shared key, each tracked on its own: what reads one entry repaints
/// when that entry changes, and for no other.
///
/// The key is text, a [`Key`](crate::Key), or a closure that reads signals and returns a `Key`. A
/// missing key reads as an empty map; a value that does not read as the map is reported, reads as
/// empty, and is not written over.
///
/// # Panics
/// If no component above provides a store.
///
/// # Rows
/// A list of 10,000 rows in which a change of one row repaints one row: `<For>` reads which rows
/// there are and finds them again by their key, each row reads its own entry.
///
/// ```
/// use leptos::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Key, OrdMap, hooks::use_global_map};
///
/// #[derive(Clone, PartialEq, Serialize, Deserialize)]
/// struct Row {
///     label: String,
///     done: bool,
/// }
///
/// const ROWS: Key<OrdMap<u32, Row>> = Key::new("rows");
///
/// #[component]
/// fn Rows() -> impl IntoView {
///     let rows = use_global_map(ROWS);
///     view! {
///         <p>{move || rows.len()} " rows"</p>
///         <ul>
///             <For each=move || rows.keys() key=|id| *id let:id>
///                 <li
///                     class:done=move || rows.with(&id, |row| row.done).unwrap_or(false)
///                     on:click=move |_| rows.update(&id, |row| row.done = !row.done)
///                 >
///                     {move || rows.with(&id, |row| row.label.clone())}
///                 </li>
///             </For>
///         </ul>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_map<K: StateValue + Ord, V: StateValue>(
    key: impl ReactiveKey<OrdMap<K, V>>,
) -> GlobalMap<K, V> {
    GlobalMap::new(use_view(), key)
}

/// As [`use_global_map`], for a key of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](crate::hooks::Mfe).
#[track_caller]
pub fn use_mfe_map<K: StateValue + Ord, V: StateValue>(
    key: impl ReactiveKey<OrdMap<K, V>>,
) -> GlobalMap<K, V> {
    GlobalMap::new(use_scope().view().clone(), key)
}

/// The entries of a map under a shared key, see [`use_global_map`]. It can be copied, and ends with
/// the component that made it.
///
/// Reads are tracked as those of a [`MapHandle`]. Methods report an error to the store's reporter;
/// writes have `try_` twins that return it, and for reads those of [`GlobalMap::try_handle`] do.
pub struct GlobalMap<K: StateValue + Ord, V: StateValue>(Place<OrdMap<K, V>, MapHandle<K, V>>);

impl<K: StateValue + Ord, V: StateValue> Copy for GlobalMap<K, V> {}

impl<K: StateValue + Ord, V: StateValue> Clone for GlobalMap<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: StateValue + Ord, V: StateValue> GlobalMap<K, V> {
    fn new(view: View, key: impl ReactiveKey<OrdMap<K, V>>) -> Self {
        let key = key.into_source();
        Self(Place::new(view, key, |view, key| view.map_of(key)))
    }
}

/// Reading.
impl<K: StateValue + Ord, V: StateValue> GlobalMap<K, V> {
    /// A clone of the value of an entry; `None` if there is no such entry.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.with(key, V::clone)
    }

    /// Calls `f` with the value of an entry, without cloning it; `None` if there is no such entry.
    pub fn with<Q, R>(&self, key: &Q, f: impl FnOnce(&V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.read(|map| map.try_with(key, f)).flatten()
    }

    /// Whether there is such an entry.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.read(|map| map.try_contains(key)).unwrap_or_default()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.read(MapHandle::try_len).unwrap_or_default()
    }

    /// Whether there are no entries. Tracks their number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys of the entries, in their order.
    pub fn keys(&self) -> Vec<K> {
        self.read(MapHandle::try_keys).unwrap_or_default()
    }

    /// The map as it is now, for going through its entries; O(1).
    pub fn entries(&self) -> OrdMap<K, V> {
        self.read(MapHandle::try_entries).unwrap_or_default()
    }

    /// The handle behind it.
    ///
    /// # Errors
    /// As [`View::map_of`](crate::View::map_of), and [`StateError::Unmounted`] if the component is
    /// gone.
    pub fn try_handle(&self) -> Result<MapHandle<K, V>, StateError> {
        self.0.handle()
    }

    fn read<R>(&self, read: impl FnOnce(&MapHandle<K, V>) -> Result<R, StateError>) -> Option<R> {
        self.0.or_report(self.0.handle().and_then(|map| read(&map)))
    }
}

/// Writing.
impl<K: StateValue + Ord, V: StateValue> GlobalMap<K, V> {
    /// Puts an entry, and makes the map if the key is missing.
    pub fn insert(&self, key: K, value: V) {
        self.0.or_report(self.try_insert(key, value));
    }

    /// As [`GlobalMap::insert`]. Returns whether the entry is new.
    ///
    /// # Errors
    /// As [`MapHandle::insert`] and [`GlobalMap::try_handle`].
    pub fn try_insert(&self, key: K, value: V) -> Result<bool, StateError> {
        self.0.handle_to_write()?.insert(key, value)
    }

    /// Removes an entry.
    pub fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.or_report(self.try_remove(key));
    }

    /// As [`GlobalMap::remove`]. Returns whether the entry was there.
    ///
    /// # Errors
    /// As [`MapHandle::remove`] and [`GlobalMap::try_handle`].
    pub fn try_remove<Q>(&self, key: &Q) -> Result<bool, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.handle_to_write()?.remove(key)
    }

    /// Changes the value of an entry in place; a missing entry stays missing.
    pub fn update<Q>(&self, key: &Q, f: impl FnMut(&mut V))
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.or_report(self.try_update(key, f));
    }

    /// As [`GlobalMap::update`]. Returns whether the entry was there.
    ///
    /// # Errors
    /// As [`MapHandle::update`] and [`GlobalMap::try_handle`].
    pub fn try_update<Q>(&self, key: &Q, f: impl FnMut(&mut V)) -> Result<bool, StateError>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.handle_to_write()?.update(key, f)
    }

    /// Changes the value of an entry in place, beginning with `default` if the entry is missing.
    pub fn update_or(&self, key: K, default: V, f: impl FnMut(&mut V)) {
        self.0.or_report(self.try_update_or(key, default, f));
    }

    /// As [`GlobalMap::update_or`].
    ///
    /// # Errors
    /// As [`MapHandle::update_or`] and [`GlobalMap::try_handle`].
    pub fn try_update_or(
        &self,
        key: K,
        default: V,
        f: impl FnMut(&mut V),
    ) -> Result<(), StateError> {
        self.0.handle_to_write()?.update_or(key, default, f)
    }

    /// Puts many entries in one transaction.
    pub fn extend(&self, entries: impl IntoIterator<Item = (K, V)>) {
        self.0.or_report(self.try_extend(entries));
    }

    /// As [`GlobalMap::extend`].
    ///
    /// # Errors
    /// As [`MapHandle::extend`] and [`GlobalMap::try_handle`].
    pub fn try_extend(&self, entries: impl IntoIterator<Item = (K, V)>) -> Result<(), StateError> {
        self.0.handle_to_write()?.extend(entries)
    }

    /// Keeps the entries that `keep` accepts, in one transaction.
    pub fn retain(&self, keep: impl FnMut(&K, &V) -> bool) {
        self.0.or_report(self.try_retain(keep));
    }

    /// As [`GlobalMap::retain`]. Returns how many were removed.
    ///
    /// # Errors
    /// As [`MapHandle::retain`] and [`GlobalMap::try_handle`].
    pub fn try_retain(&self, keep: impl FnMut(&K, &V) -> bool) -> Result<usize, StateError> {
        self.0.handle_to_write()?.retain(keep)
    }

    /// Removes all entries in one transaction; the key keeps an empty map.
    pub fn clear(&self) {
        self.0.or_report(self.try_clear());
    }

    /// As [`GlobalMap::clear`].
    ///
    /// # Errors
    /// As [`MapHandle::clear`] and [`GlobalMap::try_handle`].
    pub fn try_clear(&self) -> Result<(), StateError> {
        self.0.handle_to_write()?.clear()
    }
}

impl<K: StateValue + Ord, V: StateValue> fmt::Debug for GlobalMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GlobalMap")
    }
}
