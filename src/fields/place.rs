//! [`Place`]: what a reader depends on.

use super::node::{Apart, Node};
use crate::store::{Inner, Slot};
use reactive_graph::owner::on_cleanup;
use reactive_stores::StoreFieldTrigger;
use std::{
    any::Any,
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a reader depends on: a place inside of a value.
pub(super) struct Place {
    node: Arc<Node>,
    /// What tells of the place. The reader keeps it alive: the fields may have been made for this
    /// one look.
    root: Arc<dyn Any + Send + Sync>,
    is_kept: AtomicBool,
    /// The key itself, where that is what the reader depends on.
    key: Option<Whole>,
}

/// Why a reader depends on a key as a whole.
struct Whole {
    inner: Weak<Inner>,
    slot: Weak<Slot>,
    /// It sees what a batch wrote, and must look again if that comes to nothing; and the items are
    /// not where readers outside of the batch see them. Otherwise the value is computed, or the
    /// reader has no owner to keep the root for it.
    in_batch: bool,
}

/// What a path stands for.
pub(super) struct Places {
    pub(super) place: Place,
    /// What a reader waits for that finds nothing there.
    pub(super) awaited: Option<Place>,
    /// Whether the value itself is a list, of which this is an item.
    pub(super) in_root: bool,
}

/// What a path stands for, to a field that asks for its trigger.
pub(super) enum Found {
    /// The field has but to track this.
    Tracked(StoreFieldTrigger),
    Places(Box<Places>),
}

impl Place {
    pub(super) fn inside(node: Arc<Node>, root: Arc<dyn Any + Send + Sync>) -> Self {
        Self {
            node,
            root,
            is_kept: AtomicBool::new(false),
            key: None,
        }
    }

    /// The place is the whole value, and the reader depends on its key.
    pub(super) fn of_key(mut self, inner: &Arc<Inner>, slot: &Arc<Slot>) -> Self {
        self.key = Some(Whole {
            inner: Arc::downgrade(inner),
            slot: Arc::downgrade(slot),
            in_batch: inner.is_in_batch(),
        });
        self
    }

    /// Makes the running effect or memo depend on it.
    pub(super) fn track(&self) {
        match &self.key {
            None => {
                self.keep_root();
                self.node.track();
            }
            Some(Whole { inner, slot, .. }) => {
                if let (Some(inner), Some(slot)) = (inner.upgrade(), slot.upgrade()) {
                    // Who reads the value hears what is wrong with it.
                    let _ = inner.read(&slot);
                }
            }
        }
    }

    /// As [`Place::track`], by a field that tracks what it is given; `None` if that is not how the
    /// reader depends on it.
    pub(super) fn to_track(&self) -> Option<StoreFieldTrigger> {
        if self.key.is_some() {
            return None;
        }
        self.keep_root();
        self.node.to_track()
    }

    /// As [`Place::track`], in a way that can be taken back; `None` if there is no such way.
    pub(super) fn track_apart(&self) -> Option<Apart> {
        if self.key.as_ref().is_some_and(|key| !key.in_batch) {
            self.track();
            return None;
        }
        self.keep_root();
        self.node.track_apart()
    }

    fn keep_root(&self) {
        if !self.is_kept.swap(true, Ordering::Relaxed) {
            let root = Arc::clone(&self.root);
            on_cleanup(move || drop(root));
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

/// The item of a reader, of which it is yet to be seen whether it is there.
#[derive(Debug)]
pub(super) struct Sought {
    is_seen: AtomicBool,
    /// What the reader depends on until then.
    found: Mutex<Option<(Place, Apart)>>,
    /// What it depends on if there is nothing.
    awaited: Place,
}

impl Sought {
    pub(super) fn new(place: Place, apart: Apart, awaited: Place) -> Self {
        Self {
            is_seen: AtomicBool::new(false),
            found: Mutex::new(Some((place, apart))),
            awaited,
        }
    }

    /// It is there.
    pub(super) fn seen(&self) {
        if self.is_seen.swap(true, Ordering::Relaxed) {
            return;
        }
        let found = crate::lock(&self.found).take();
        if let Some((place, apart)) = found {
            apart.confirm(|| place.track());
        }
    }
}

impl Drop for Sought {
    fn drop(&mut self) {
        let found = crate::lock(&self.found).take();
        if let Some((_, apart)) = found {
            apart.confirm(|| self.awaited.track());
        }
    }
}
