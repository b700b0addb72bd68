//! [`Place`]: what a reader depends on.

use super::node::{Apart, Node};
use crate::store::{Inner, Slot};
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a reader depends on: a place inside of a value.
pub(super) struct Place {
    node: Arc<Node>,
    /// Inside of a batch it is the key itself: who sees what a batch wrote must look again if it
    /// comes to nothing, and the items are not where readers outside of it see them.
    key: Option<(Weak<Inner>, Weak<Slot>)>,
}

/// What a path stands for.
pub(super) struct Places {
    pub(super) place: Place,
    /// What a reader waits for that finds nothing there.
    pub(super) awaited: Option<Place>,
    /// Whether the value itself is a list, of which this is an item.
    pub(super) in_root: bool,
}

impl Place {
    pub(super) fn inside(node: Arc<Node>) -> Self {
        Self { node, key: None }
    }

    /// For what a batch reads. `node` is that of the whole value.
    pub(super) fn in_batch(node: Arc<Node>, inner: &Arc<Inner>, slot: &Arc<Slot>) -> Self {
        Self {
            node,
            key: Some((Arc::downgrade(inner), Arc::downgrade(slot))),
        }
    }

    /// Makes the running effect or memo depend on it.
    pub(super) fn track(&self) {
        match &self.key {
            None => self.node.track(),
            Some((inner, slot)) => {
                if let (Some(inner), Some(slot)) = (inner.upgrade(), slot.upgrade()) {
                    inner.read(&slot);
                }
            }
        }
    }

    /// As [`Place::track`], in a way that can be taken back.
    pub(super) fn track_apart(&self) -> Option<Apart> {
        self.node.track_apart()
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
