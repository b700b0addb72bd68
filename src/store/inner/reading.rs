//! What is under a key, as a thread sees it, and who is to know that it was read.

use super::Inner;
use crate::{
    error::StateError,
    store::{
        context::{self, Dep},
        slot::Slot,
    },
    value::{StateValue, Value},
};
use reactive_graph::graph::Observer;
use std::sync::{Arc, atomic::Ordering};

impl Inner {
    /// The stored content of a slot and the sequence number of the commit that put it there.
    pub(crate) fn load(&self, slot: &Slot) -> (Option<Value>, u64) {
        let running = self.engine();
        let state = crate::lock(&slot.state);
        let value = if slot.is_hidden() {
            state.place.clone()
        } else {
            running.load(slot.site(), &state.place)
        };
        (value, state.sequence)
    }

    /// Whether a read of a `T` may pick it out of its slot: it is kept in place, and nobody is to know
    /// that it was read.
    #[inline]
    pub(crate) fn may_pick<T: StateValue>() -> bool {
        Value::keeps_in_place::<T>() && context::is_idle() && Observer::get().is_none()
    }

    /// The value under a name, if it is a small one of this type: found with one look.
    #[inline]
    pub(crate) fn pick<T: StateValue>(&self, name: &str) -> Option<T> {
        let hash = self.slots.hash(name);
        if self.finds.load(Ordering::Acquire) {
            self.engine().pick(hash, name)
        } else {
            self.slots.pick(hash, name)
        }
    }

    /// As [`Inner::pick`], of a key whose slot is there.
    #[inline]
    pub(crate) fn pick_at<T: StateValue>(&self, slot: &Slot) -> Option<T> {
        if self.finds.load(Ordering::Acquire) {
            self.engine().pick(slot.hash, &slot.key)
        } else {
            slot.pick()
        }
    }

    /// The stored content of a slot, tracked by whatever effect or memo is running, if there is one and
    /// no computed value or batch is to know that it was read.
    #[inline]
    pub(crate) fn glance(&self, slot: &Slot) -> Option<Value> {
        slot.track();
        self.at_hand(slot)
    }

    /// The stored content of a slot, if nothing is going on in this thread that has a say in it.
    #[inline]
    pub(crate) fn at_hand(&self, slot: &Slot) -> Option<Value> {
        if !context::is_idle() {
            return None;
        }
        slot.glance()
            .or_else(|| self.engine().load(slot.site(), &None))
    }

    /// The content of a slot as this thread sees it: with the writes of its open batch, and
    /// tracked by whatever effect, memo or computed value is running. It fails only where the key is
    /// that of a computed value, which does.
    pub(crate) fn read(&self, slot: &Arc<Slot>) -> Result<Option<Value>, StateError> {
        if let Some(value) = self.glance(slot) {
            return Ok(Some(value));
        }
        self.peek(slot).map(|(value, _)| value)
    }

    /// As [`Inner::read`], tracked by a computed value alone; and whether it is what others do not
    /// see as such in the slot: what the open batch of this thread wrote, or a computed value.
    pub(crate) fn peek(&self, slot: &Arc<Slot>) -> Result<(Option<Value>, bool), StateError> {
        let (value, is_drafted) = self.peek_stored(slot);
        if value.is_none() && self.is_computed(slot) {
            return Ok((self.read_computed(slot)?, true));
        }
        Ok((value, is_drafted))
    }

    fn peek_stored(&self, slot: &Arc<Slot>) -> (Option<Value>, bool) {
        if context::is_idle() {
            return (self.load(slot).0, false);
        }
        let id = self.id();
        if let Some(content) = context::drafting(id, |draft| draft.content(slot)).flatten() {
            context::observe(id);
            return (content, true);
        }
        let (value, sequence) = self.load(slot);
        context::drafting(id, |draft| draft.read(slot, sequence));
        context::track(id, || (Dep::Slot(Arc::clone(slot)), sequence));
        (value, false)
    }

    /// Whether a batch is open in this thread.
    #[cfg(feature = "fields")]
    pub(crate) fn is_in_batch(&self) -> bool {
        !context::is_idle() && context::in_batch(self.id())
    }

    /// Makes whatever effect, memo or computed value is running depend on a hidden slot.
    pub(crate) fn follow(&self, slot: &Arc<Slot>) {
        slot.track();
        if !context::is_idle() {
            context::track(self.id(), || {
                (Dep::Slot(Arc::clone(slot)), self.load(slot).1)
            });
        }
    }

    /// Makes whatever effect, memo or computed value is running depend on all that is committed.
    pub(crate) fn follow_everything(&self) {
        self.everything.track();
        context::track(self.id(), || {
            (Dep::Everything, self.clock.load(Ordering::Acquire))
        });
    }
}
