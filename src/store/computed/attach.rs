//! Where the listener of a computed value hangs.

use super::Node;
use crate::store::{
    inner::Inner,
    listen::{Attached, Listener, Subject},
    slot::Slot,
};
use std::sync::Arc;

impl Attached {
    pub(super) fn add(&mut self, slot: &Arc<Slot>) {
        self.slots.push(Arc::clone(slot));
    }
}

impl Inner {
    /// Hangs the listener of a computed value on what the value was computed from now. Returns
    /// whether it hung elsewhere.
    pub(super) fn attach(&self, listener: &Arc<Listener>, node: &dyn Node) -> bool {
        let (Subject::Computed(attached) | Subject::Follow(attached)) = &listener.subject else {
            return false;
        };
        let mut now = Attached::default();
        node.sources(&mut now, None);
        now.nodes.clear();
        now.slots
            .sort_unstable_by_key(|slot| Arc::as_ptr(slot).addr());
        now.slots.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let same = {
            let before = crate::lock(attached);
            before.everything == now.everything
                && before.slots.len() == now.slots.len()
                && before
                    .slots
                    .iter()
                    .zip(&now.slots)
                    .all(|(a, b)| Arc::ptr_eq(a, b))
        };
        if same || !listener.is_active() {
            return false;
        }
        for slot in &now.slots {
            crate::lock(&slot.state).listeners.add(Arc::clone(listener));
        }
        if now.everything {
            crate::lock(&self.all).add(Arc::clone(listener));
        }
        let keep: std::collections::HashSet<usize> = now
            .slots
            .iter()
            .map(|slot| Arc::as_ptr(slot).addr())
            .collect();
        let everything = now.everything;
        let before = std::mem::replace(&mut *crate::lock(attached), now);
        if before.everything && !everything {
            crate::lock(&self.all).remove(listener);
        }
        for slot in &before.slots {
            if !keep.contains(&Arc::as_ptr(slot).addr()) {
                self.detach(slot, listener);
            }
        }
        true
    }
}
