//! [`Root`]: what tells the readers of the fields of one key, as one type.

use super::{
    calls::{self, Place},
    diff::Diff,
    held::Shape,
    node::Node,
    walk::Found,
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
    told: Mutex<Told>,
}

/// What the readers were told of.
#[derive(Default)]
struct Told {
    value: Option<Value>,
    /// Where the items of keyed fields are in that value, as far as somebody has asked. Made anew
    /// when one has moved, so an item's segment in a path is its index.
    keys: KeyMap,
    keys_in_use: bool,
    /// Whether somebody compares values right now, and will take in what comes meanwhile.
    comparing: bool,
}

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// The root of a key. All who read it as one type, with one default, share it.
    pub(super) fn find(view: &View, slot: Arc<Slot>, shape: Shape<V>) -> Arc<Self> {
        let known: Vec<_> = crate::lock(&slot.state).graphs.living().collect();
        let mut roots = known.into_iter().filter_map(typed::<Self>);
        if let Some(root) = roots.find(|root| root.shape.is_same(&shape)) {
            return root;
        }
        let value = view.inner.load(&slot).0;
        let root = Arc::new(Self {
            inner: view.inner.this.clone(),
            slot,
            shape,
            by_index: Arc::default(),
            by_key: Arc::default(),
            told: Mutex::new(Told {
                value,
                ..Told::default()
            }),
        });
        let graph: Arc<dyn Graph> = Arc::clone(&root) as _;
        crate::lock(&root.slot.state)
            .graphs
            .add(Arc::downgrade(&graph));
        // What was committed since it was read. Nobody reads yet.
        graph.refresh(&view.inner, &mut Triggers::new());
        root
    }

    /// For a field that asks for the trigger of a path, see [`calls::trigger`].
    pub(super) fn trigger(self: &Arc<Self>, path: &StorePath) -> StoreFieldTrigger {
        calls::trigger(|by_key| {
            let inner = self.inner.upgrade()?;
            // Who sees what a batch wrote must look again if it comes to nothing, and the items are
            // not where readers outside of it see them. What is computed is followed as a whole. Who
            // has no owner cannot keep the root.
            if inner.is_in_batch() || inner.is_computed(&self.slot) || Owner::current().is_none() {
                // Who reads the value reports what is wrong with it.
                let _ = inner.read(&self.slot);
                return None;
            }
            let root = if by_key { &self.by_key } else { &self.by_index };
            Some(Place {
                node: root.at(path),
                root: Arc::clone(self) as _,
            })
        })
    }

    /// Where items with keys are in `content`, which is what this thread reads.
    pub(super) fn keys(&self, content: Option<&Value>) -> KeyMap {
        let mut told = crate::lock(&self.told);
        // What is written in a batch is nobody else's business.
        if !is_content(told.value.as_ref(), content) {
            return KeyMap::default();
        }
        told.keys_in_use = true;
        told.keys.clone()
    }

    /// Tells of what differs between two values. Whether items with keys have moved.
    fn compare(
        &self,
        old: Option<&Value>,
        new: Option<&Value>,
        keys_in_use: bool,
        triggers: &mut Triggers,
    ) -> bool {
        let (old, new) = (self.shape.read(old).0, self.shape.read(new).0);
        let mut keys_moved = false;
        for (root, by_key) in [(&self.by_index, false), (&self.by_key, true)] {
            let keys_in_use = keys_in_use && by_key;
            if root.is_read() || keys_in_use {
                let mut found = Found {
                    triggers,
                    by_key,
                    keys_in_use,
                    keys_moved: false,
                };
                found.compare(root, &*old, &*new);
                keys_moved |= found.keys_moved;
            }
        }
        keys_moved
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Graph for Root<V> {
    fn refresh(&self, inner: &Inner, triggers: &mut Triggers) {
        loop {
            let (old, new, keys_in_use) = {
                let mut told = crate::lock(&self.told);
                if told.comparing {
                    return;
                }
                let new = inner.load(&self.slot).0;
                if is_content(told.value.as_ref(), new.as_ref()) {
                    return;
                }
                told.comparing = true;
                let old = mem::replace(&mut told.value, new.clone());
                (old, new, told.keys_in_use)
            };
            let _comparing = Comparing(&self.told);
            let compare = || self.compare(old.as_ref(), new.as_ref(), keys_in_use, triggers);
            if untrack(compare) && keys_in_use {
                let mut told = crate::lock(&self.told);
                told.keys_in_use = false;
                let _outdated = mem::take(&mut told.keys);
                drop(told);
            }
        }
    }

    fn alert(&self, triggers: &mut Triggers) {
        self.by_index.tell_all(triggers);
        self.by_key.tell_all(triggers);
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
