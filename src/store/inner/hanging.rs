//! Where a listener hangs, so that changes find it.

use super::Inner;
use crate::{
    pattern::Pattern,
    store::{
        listen::{Listener, Subject, Subscription},
        slot::Slot,
    },
};
use std::sync::{Arc, atomic::Ordering};

impl Inner {
    /// Puts a listener where changes find it: on the slots of its subject. That of a computed value is
    /// yet to be attached. The caller has found the store alive.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        listener: Arc<Listener>,
        slots: &[Arc<Slot>],
    ) -> Subscription {
        self.begin_to_deliver();
        self.listening
            .counter(listener.delivery())
            .fetch_add(1, Ordering::AcqRel);
        for slot in slots {
            let mut state = crate::lock(&slot.state);
            state.listeners.add(Arc::clone(&listener));
        }
        if !matches!(listener.subject, Subject::Key(_)) {
            self.hang_widely(&listener);
        }
        let subscription = Subscription::new(self, listener);
        if self.has_names() {
            self.heed(subscription.listener());
        }
        subscription
    }

    /// Puts a listener where changes of keys that it does not name find it.
    #[inline(never)]
    fn hang_widely(&self, listener: &Arc<Listener>) {
        match &listener.subject {
            Subject::Pattern(pattern) => {
                self.slots.add_pattern(Pattern::clone(pattern), listener);
            }
            Subject::All => crate::lock(&self.all).add(Arc::clone(listener)),
            Subject::Key(_) | Subject::Keys(_) | Subject::Computed(_) | Subject::Follow(_) => {}
        }
    }

    pub(crate) fn unsubscribe(&self, listener: &Arc<Listener>) {
        if !listener.end() {
            return;
        }
        if !matches!(listener.subject, Subject::Follow(_)) {
            self.listening
                .counter(listener.delivery())
                .fetch_sub(1, Ordering::AcqRel);
        }
        if let Subject::Key(slot) = &listener.subject {
            if let Some(slot) = slot.upgrade() {
                self.detach(&slot, listener);
            }
        } else {
            self.take_down(listener);
        }
    }

    /// Takes a listener off wherever it hangs.
    #[inline(never)]
    fn take_down(&self, listener: &Arc<Listener>) {
        match &listener.subject {
            Subject::Key(_) | Subject::Keys(_) => {
                for slot in listener.subject.slots() {
                    self.detach(&slot, listener);
                }
            }
            Subject::Computed(_) | Subject::Follow(_) => self.take_off(listener),
            Subject::Pattern(_) => {
                for slot in self.slots.remove_pattern(listener) {
                    self.release(&slot);
                }
            }
            Subject::All => drop(crate::lock(&self.all).remove(listener)),
        }
    }

    /// Takes a listener off what a computed value is computed from.
    pub(crate) fn take_off(&self, listener: &Listener) {
        if let Subject::Computed(attached) | Subject::Follow(attached) = &listener.subject {
            let attached = std::mem::take(&mut *crate::lock(attached));
            let removed = crate::lock(&self.all).remove(listener);
            let _ = removed;
            for slot in attached.slots {
                self.detach(&slot, listener);
            }
        }
    }

    /// Takes a listener off a slot and gives the slot up, if the caller's reference, which it is about
    /// to drop, is the last.
    pub(crate) fn detach(&self, slot: &Arc<Slot>, listener: &Listener) {
        let has_value = {
            let mut state = crate::lock(&slot.state);
            state.listeners.remove(listener);
            state.place.is_some()
        };
        if !has_value || slot.is_hidden() {
            self.release(slot);
        }
    }
}
