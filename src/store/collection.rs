//! Handles of collections: the entries of a key's value, read and written one by one.

mod map;
mod parts;
mod set;
mod told;

pub use map::MapHandle;
pub use set::SetHandle;

use super::{
    context,
    handle::Handle,
    view::{View, type_error},
};
use crate::{
    collection::{Collection, OrdMap, OrdSet},
    error::StateError,
    key::AsKey,
    value::{Shared, StateValue, Value},
};
use parts::{Parts, What};
use reactive_graph::{
    graph::Observer,
    owner::{Owner, on_cleanup},
};
use std::sync::Arc;
use told::{Content, decode};

/// Collections (feature `collections`).
impl View {
    /// The entries of a map, to be read, tracked and written one by one.
    ///
    /// # Errors
    /// As [`View::handle`].
    ///
    /// ```
    /// use universal_state::{Key, OrdMap, Store};
    ///
    /// const STOCK: Key<OrdMap<u32, i64>> = Key::new("stock");
    ///
    /// let store = Store::new();
    /// let stock = store.map_of(STOCK)?;
    /// stock.insert(7, 3)?;
    /// stock.update(&7, |pieces| *pieces -= 1)?;
    /// assert_eq!((stock.get(&7), stock.len()), (Some(2), 1));
    /// assert_eq!(store.get(STOCK), Some([(7, 2)].into()));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn map_of<K: StateValue + Ord, V: StateValue>(
        &self,
        key: impl AsKey<OrdMap<K, V>>,
    ) -> Result<MapHandle<K, V>, StateError> {
        self.handle(key).map(Tracked::new).map(MapHandle)
    }

    /// The items of a set, to be looked for, tracked and written one by one.
    ///
    /// # Errors
    /// As [`View::handle`].
    ///
    /// ```
    /// use universal_state::{Key, OrdSet, Store};
    ///
    /// const CHOSEN: Key<OrdSet<String>> = Key::new("chosen");
    ///
    /// let store = Store::new();
    /// let chosen = store.set_of(CHOSEN)?;
    /// chosen.insert("red".to_owned())?;
    /// assert!(chosen.contains("red") && !chosen.contains("blue"));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn set_of<T: StateValue + Ord>(
        &self,
        key: impl AsKey<OrdSet<T>>,
    ) -> Result<SetHandle<T>, StateError> {
        self.handle(key).map(Tracked::new).map(SetHandle)
    }
}

/// A key whose value is a collection, and what tells the readers of its parts.
pub(super) struct Tracked<C: Collection> {
    handle: Handle<C>,
    parts: Arc<Parts<C>>,
}

impl<C: Collection> Tracked<C> {
    fn new(handle: Handle<C>) -> Arc<Self> {
        let parts = Parts::of(&handle.slot);
        Arc::new(Self { handle, parts })
    }

    /// What `f` makes of the collection, tracked by the part that is read. A missing key reads as an
    /// empty collection.
    fn read<R>(
        self: &Arc<Self>,
        what: What<'_, C::Key>,
        f: impl FnOnce(&C) -> R,
    ) -> Result<R, StateError> {
        let Handle { view, slot, .. } = &self.handle;
        view.may_read(slot)?;
        let stored = self.stored(what)?;
        Ok(match stored.as_deref() {
            Some(Some(collection)) => f(collection),
            _ => f(&C::default()),
        })
    }

    fn stored(self: &Arc<Self>, what: What<'_, C::Key>) -> Result<Option<Shared<C>>, StateError> {
        let Handle { view, slot, .. } = &self.handle;
        let typed =
            |content: Content<C>| content.map_err(|why| type_error(&slot.key, slot.labels(), why));
        let (value, is_its_own) = view.inner.peek(slot)?;
        if Observer::get().is_none() {
            return typed(decode(value.as_ref()));
        }
        // What a batch wrote may come to nothing, which is told to whoever tracks the whole key. So
        // is what is computed.
        if is_its_own || Owner::current().is_none() {
            slot.track();
            return typed(decode(view.inner.peek(slot)?.0.as_ref()));
        }
        let (stored, held) = self.parts.track(&view.inner, slot, what);
        // Whoever waits for news keeps alive what will tell them, however short this handle lives:
        // effects and memos clean up their owner after they have given up what they tracked.
        let kept = (Arc::clone(self), held);
        on_cleanup(move || drop(kept));
        typed(stored)
    }

    /// Changes the collection in one transaction. `f` says whether it changed anything, and may be
    /// called again if another thread was faster. A missing key is an empty collection, and stays
    /// missing if nothing was changed.
    fn change(&self, mut f: impl FnMut(&mut C) -> bool) -> Result<(), StateError> {
        let Handle { view, slot, .. } = &self.handle;
        view.change_slot(slot, &mut |old| {
            let stored = decode::<C>(old.as_ref())
                .map_err(|why| type_error(&slot.key, slot.labels(), why))?;
            let stored = stored.as_deref().and_then(Option::as_ref);
            let mut collection = stored.cloned().unwrap_or_default();
            let change = || f(&mut collection);
            let is_changed = context::forbidding(view.inner.id(), "an update closure", change);
            Ok(if is_changed {
                Some(Value::new(collection))
            } else {
                old
            })
        })
    }
}
