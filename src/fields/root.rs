//! [`Root`]: what tells the readers of the fields of one key, as one type.

use super::{
    calls::{self, Keys},
    course::{self, Path},
    diff::Diff,
    edit::{Edit, EditAt, Spare},
    held::Shape,
    node::Node,
    place::{self, Place, Places},
    track::Track,
    walk::{Found, is_list},
    way::{Items, items},
};
use crate::{
    store::{Graph, Inner, Slot, Triggers, View, typed},
    value::{Value, is_content},
};
use reactive_graph::{graph::untrack, owner::Owner};
use reactive_stores::{KeyMap, StoreFieldTrigger, StorePath};
use std::{
    mem,
    sync::{Arc, Mutex, Weak},
};

pub(super) struct Root<V: 'static> {
    inner: Weak<Inner>,
    pub(super) slot: Arc<Slot>,
    pub(super) shape: Shape<V>,
    /// What is read by its place. The item at an index is another when items move.
    by_index: Arc<Node>,
    /// What is read by way of a key. The node of an item moves with it.
    by_key: Arc<Node>,
    /// What is waited for that has not been found: an item by a key that is not there.
    awaited: Arc<Node>,
    /// Whether the value itself is a list.
    is_list: bool,
    pub(super) told: Mutex<Told>,
}

/// What the readers were told of.
pub(super) struct Told {
    pub(super) value: Option<Value>,
    /// Counts the values.
    pub(super) age: u64,
    /// Where the items of keyed fields are in that value, as far as somebody has asked. Made anew
    /// when one has moved, so an item's segment in a path is its index.
    pub(super) keys: Option<KeyMap>,
    /// The same for a value that they were not told of: one that a batch wrote, or that another
    /// thread is about to tell of.
    pub(super) other: Option<(Option<Value>, KeyMap)>,
    /// Whether somebody compares values right now, and will take in what comes meanwhile.
    pub(super) comparing: bool,
    /// A write that is about to be told of.
    pub(super) edit: Option<Edit>,
    /// What the next write is made in. It is equal to that value, or nearly so.
    pub(super) spare: Option<Spare>,
}

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// The root of a key. All who read it as one type, with one default, share it.
    pub(super) fn find(view: &View, slot: Arc<Slot>, shape: Shape<V>) -> Arc<Self> {
        let known: Vec<_> = crate::lock(&slot.state).graphs().collect();
        let mut roots = known.into_iter().filter_map(typed::<Self>);
        if let Some(root) = roots.find(|root| root.shape.is_same(&shape)) {
            return root;
        }
        let value = view.inner.load(&slot).0;
        let root = Arc::new(Self {
            inner: view.inner.this.clone(),
            slot,
            is_list: is_list::<V>(&shape.missing()),
            shape,
            by_index: Arc::default(),
            by_key: Arc::default(),
            awaited: Arc::default(),
            told: Mutex::new(Told {
                value,
                age: 0,
                keys: None,
                other: None,
                comparing: false,
                edit: None,
                spare: None,
            }),
        });
        let graph: Arc<dyn Graph> = Arc::clone(&root) as _;
        crate::lock(&root.slot.state)
            .rare_mut()
            .graphs
            .add(Arc::downgrade(&graph));
        // What was committed since it was read. Nobody reads yet.
        graph.refresh(&view.inner, &mut Triggers::default());
        root
    }

    /// For a field that asks for the trigger of a path, see [`calls::trigger`].
    #[track_caller]
    pub(super) fn trigger(self: &Arc<Self>, path: StorePath, view: &View) -> StoreFieldTrigger {
        calls::trigger(path, |path, keys, is_read| {
            view.may_read(&self.slot).ok()?;
            let inner = self.inner.upgrade()?;
            let by_key = self.is_followed_by_key(&inner);
            if is_read && keys.count == 0 && !by_key {
                let place = self.place(&self.by_index.at(path));
                return place.to_track().map(place::Found::Tracked);
            }
            let places = self.places(&inner, by_key, path, keys);
            Some(place::Found::Places(Box::new(places)))
        })
    }

    /// Makes the running effect or memo depend on the whole value.
    pub(super) fn track(self: &Arc<Self>) {
        if let Some(inner) = self.inner.upgrade() {
            self.whole(&inner).track();
        }
    }

    fn place(self: &Arc<Self>, node: &Arc<Node>) -> Place {
        Place::inside(Arc::clone(node), Arc::clone(self) as _)
    }

    /// The whole value, as what a reader depends on.
    fn whole(self: &Arc<Self>, inner: &Arc<Inner>) -> Place {
        let whole = self.place(&self.by_index);
        match self.is_followed_by_key(inner) {
            true => whole.of_key(inner, &self.slot),
            false => whole,
        }
    }

    /// Whether readers depend on the key rather than on places inside of its value.
    fn is_followed_by_key(&self, inner: &Inner) -> bool {
        self.has_no_places(inner) || Owner::current().is_none()
    }

    /// Whether what is read are no places of the value that readers were told of.
    pub(super) fn has_no_places(&self, inner: &Inner) -> bool {
        inner.is_in_batch() || inner.is_computed(&self.slot)
    }

    /// What a path stands for, whose keys were found as they say.
    fn places(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        by_key: bool,
        path: &StorePath,
        keys: Keys,
    ) -> Places {
        let in_root = self.is_list && path.len() == 1;
        let (place, awaited) = if by_key {
            (self.whole(inner), None)
        } else if keys.count == 0 {
            (self.place(&self.by_index.at(path)), None)
        } else {
            self.by_key(path, keys)
                .unwrap_or_else(|| (self.whole(inner), None))
        };
        Places {
            place,
            awaited,
            in_root,
        }
    }

    /// What a path stands for that was found by keys, and what a reader waits for that finds nothing
    /// there; `None` if the items are no longer where they were found.
    fn by_key(self: &Arc<Self>, path: &StorePath, keys: Keys) -> Option<(Place, Option<Place>)> {
        let is_told = |told: &Told| !told.comparing && keys.age == Some(told.age);
        let value = {
            let told = crate::lock(&self.told);
            is_told(&told).then(|| told.value.clone())?
        };
        let (held, _) = self.shape.read(value.as_ref());
        let awaited = || self.place(&self.awaited);
        let items = untrack(|| items::<V>(&held, path, keys.count));
        match items {
            Items::Missing => return Some((awaited(), None)),
            Items::Mixed => {
                let field = self.by_index.at(path.into_iter().take(1));
                return Some((self.place(&field), None));
            }
            Items::ByKey | Items::Unknown => {}
        }
        let told = crate::lock(&self.told);
        is_told(&told).then(|| {
            let is_known = matches!(items, Items::ByKey);
            (self.place(&self.by_key.at(path)), is_known.then(awaited))
        })
    }

    /// Where items with keys are in `content`, which is what this thread reads, and of what age that
    /// is, if it is what readers were told of.
    pub(super) fn keys(&self, content: Option<&Value>) -> (KeyMap, Option<u64>) {
        let mut told = crate::lock(&self.told);
        if !told.comparing && is_content(told.value.as_ref(), content) {
            let age = told.age;
            return (told.keys.get_or_insert_default().clone(), Some(age));
        }
        let outdated = match &told.other {
            Some((value, keys)) if is_content(value.as_ref(), content) => {
                return (keys.clone(), None);
            }
            _ => told.other.take(),
        };
        let keys = KeyMap::default();
        told.other = Some((content.cloned(), keys.clone()));
        drop(told);
        drop(outdated);
        (keys, None)
    }

    /// What is read by the keys of items.
    pub(super) fn by_key_nodes(&self) -> [&Node; 2] {
        [&self.by_key, &self.awaited]
    }

    /// The nodes on the way to a place that is found by its index.
    pub(super) fn track_of(&self, path: &Path) -> Track {
        Track::new(&self.by_index, path)
    }

    /// Tells of what differs between two values: anywhere, or at the end of `path` and nowhere else.
    /// Whether items with keys have moved.
    fn compare(
        &self,
        old: Option<&Value>,
        new: Option<&Value>,
        at: Option<&EditAt>,
        keys_in_use: bool,
        triggers: &mut Triggers,
    ) -> bool {
        let path = at.filter(|_| !keys_in_use).map(EditAt::path);
        let (old, new) = (self.shape.read(old).0, self.shape.read(new).0);
        let (mut keys_moved, mut rows_moved) = (false, false);
        for (root, by_key) in [(&self.by_index, false), (&self.by_key, true)] {
            let keys_in_use = keys_in_use && by_key;
            if root.is_in_use() || keys_in_use {
                let mut found = Found::new(triggers);
                found.by_key = by_key;
                found.keys_in_use = keys_in_use;
                let tell = |path| course::tell(&mut found, root, &*old, &*new, path);
                if !path.is_some_and(tell) {
                    found.compare(root, &*old, &*new);
                }
                keys_moved |= found.keys_moved;
                rows_moved |= found.rows_moved;
            }
        }
        if rows_moved {
            self.awaited.tell(triggers);
        }
        keys_moved
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Graph for Root<V> {
    fn refresh(&self, inner: &Inner, triggers: &mut Triggers) {
        loop {
            let (old, new, keys, waste, at) = {
                let mut told = crate::lock(&self.told);
                if told.comparing {
                    return;
                }
                let new = inner.load(&self.slot).0;
                if is_content(told.value.as_ref(), new.as_ref()) {
                    return;
                }
                let edit = told.edit.take();
                if let Some(edit) = &edit
                    && let EditAt::Track(track) = &edit.at
                    && is_content(new.as_ref(), Some(&edit.new))
                    && let Some(waste) =
                        told.follow(edit.values(), &**track, self.by_key_nodes(), triggers)
                {
                    drop(told);
                    drop(waste);
                    return;
                }
                told.edit = edit;
                told.comparing = true;
                told.age += 1;
                let old = mem::replace(&mut told.value, new.clone());
                let is_it = |edit: &&Edit| {
                    is_content(old.as_ref(), Some(&edit.old))
                        && is_content(new.as_ref(), Some(&edit.new))
                };
                let edit = told.edit.as_ref().filter(is_it);
                let at = edit.map(|edit| edit.at.clone());
                let waste = (told.other.take(), told.spare.take());
                (old, new, told.keys.take(), waste, at)
            };
            drop(waste);
            let comparing = Comparing(&self.told);
            let in_use = keys.is_some();
            let compare = || {
                let (old, new) = (old.as_ref(), new.as_ref());
                self.compare(old, new, at.as_ref(), in_use, triggers)
            };
            let keys = match untrack(compare) {
                true => None,
                false => keys,
            };
            crate::lock(&self.told).keys = keys;
            drop(comparing);
        }
    }

    fn alert(&self, triggers: &mut Triggers) {
        for root in [&self.by_index, &self.by_key, &self.awaited] {
            root.tell_all(triggers);
        }
    }
}

/// Ends a comparison, also when the code of a value panics.
struct Comparing<'a>(&'a Mutex<Told>);

impl Drop for Comparing<'_> {
    fn drop(&mut self) {
        crate::lock(self.0).comparing = false;
    }
}

impl<V> Drop for Root<V> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade() {
            inner.release(&self.slot);
        }
    }
}
