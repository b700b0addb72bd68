//! The short way through the pipe, for the writes that are made most: values that the language itself
//! compares, and nobody concerned but those who read the keys or listen. What is stored and who is told
//! are those of the long way.

use super::{Signals, commit::still_stand, line::Mark};
use crate::{
    change::Stamp,
    engine::{Put, Running},
    error::StateError,
    few::Few,
    store::{
        context::{self, ThisThread},
        deliver::Delivering,
        draft::{Draft, Drafted},
        graph::Triggers,
        inner::{Inner, State},
        slot::{NOT_PENDING, Slot, SlotState},
    },
    value::Value,
};
use std::sync::{Arc, MutexGuard, RwLockReadGuard, atomic::Ordering};

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is done, or there was nothing to do.
    Gone,
    /// Nothing has happened: it has to take the long way.
    Long,
}

impl Inner {
    /// Puts a plain value under a key.
    pub(super) fn write_plainly(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        value: &mut Value,
    ) -> Result<Way, StateError> {
        let Some((running, mut locked)) = self.short_way()? else {
            return Ok(Way::Long);
        };
        let state = &mut *locked;
        let mut place = crate::lock(&slot.state);
        let here = &mut *place;
        let (now, later) = self.audience(&running);
        let now = now.filter(|_| !here.listeners.is_empty() || self.tells_all());
        let is_tracked = here.rare().is_some_and(|rare| rare.signal.is_made())
            || self.everything.is_used()
            || self.members.is_used();
        // Signals are told before listeners, and whoever they make write then stands in line.
        if !here.is_simple() || (now.is_some() && is_tracked) {
            return Ok(Way::Long);
        }
        let new = value.clone();
        let is_new = match running.put(slot.site(), &mut here.place, value) {
            Put::Exchanged => false,
            Put::Added => true,
            Put::Equal => return Ok(Way::Gone),
            Put::Unknown => return Ok(Way::Long),
        };
        let old = || (!is_new).then(|| value.clone());

        let time = self.time(state);
        state.advance(time, 1, stamp);
        let mark = Mark::of(state, time);
        here.sequence = mark.sequence;
        if is_new {
            state.count_member();
        }
        let wakes_feed = state.feed(self, slot, (!is_new).then_some(&*value), false, stamp);
        let outdated = state.outdate(slot, &mut here.stale);
        let schedule = self.begins_turn(state);
        let labels = here.labels;
        let change = || mark.change(slot, labels, old(), Some(new.clone()), stamp.clone());
        if later || here.pending != NOT_PENDING {
            drop(state.wait(slot, here, change(), 0));
        }
        let trigger = here.trigger();
        // From here on others leave it to this thread to deliver, unless it panics.
        let told = now.map(|audience| {
            state.delivering = Some((ThisThread::get(), 0));
            (Delivering::new(self), here.listeners.clone(), audience)
        });
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(mark.sequence, Ordering::Release);
        drop(place);
        drop(locked);
        drop(running);

        if let Some(outdated) = outdated {
            self.give_up_snapshots(outdated);
        }
        let has_effects = trigger.as_ref().is_some_and(|trigger| trigger.is_awaited);
        if is_tracked {
            self.tell_readers(trigger.as_slice(), &Triggers::default(), is_new, true);
        }
        if wakes_feed {
            self.wake_feed();
        }
        if schedule {
            self.scheduler
                .schedule(&self.this, Self::end_turn, has_effects);
        }
        if let Some((delivering, listeners, audience)) = told {
            self.deliver_one(delivering, &change(), &listeners, audience);
        }
        Ok(Way::Gone)
    }

    /// Puts the plain values that a batch has written, if that is all that it did.
    pub(super) fn store_plainly(&self, draft: &mut Draft) -> Result<Way, StateError> {
        if draft.observed || !draft.naming.is_empty() {
            return Ok(Way::Long);
        }
        let Some((running, mut locked)) = self.short_way()? else {
            return Ok(Way::Long);
        };
        let state = &mut *locked;
        still_stand(&draft.reads)?;
        let mut is_any_equal = false;
        for Drafted { slot, new, .. } in &draft.writes {
            let here = crate::lock(&slot.state);
            let plain = new
                .as_ref()
                .filter(|new| new.is_plain() && here.is_simple());
            match plain.and_then(|new| running.same_plain(slot.site(), &here.place, new)) {
                Some(is_equal) => is_any_equal |= is_equal,
                None => return Ok(Way::Long),
            }
        }
        // What was there and what is equal to it, to be dropped outside of the locks: with a value goes what
        // it was read as, which may be a type of a user's.
        let (mut waste, mut idle) = (Vec::new(), Vec::new());
        if is_any_equal {
            let is_equal = |Drafted { slot, new, .. }: &mut Drafted| {
                let here = crate::lock(&slot.state);
                let same = |new: &Value| running.same_plain(slot.site(), &here.place, new);
                new.as_ref().and_then(same) == Some(true)
            };
            for Drafted { slot, new, .. } in draft.writes.extract_if(.., is_equal) {
                idle.push(slot);
                waste.push(new);
            }
        }
        let Some(last) = draft.writes.last() else {
            let before = state.sequence;
            drop((locked, running));
            drop(waste);
            self.let_go(idle, before);
            return Ok(Way::Gone);
        };

        let time = self.time(state);
        state.advance(time, draft.writes.len() as u64, &last.stamp);
        let mark = Mark::of(state, time);
        let (now, later) = self.audience(&running);
        let mut signals = Signals {
            visible: true,
            ..Signals::default()
        };
        let count = now.map_or(0, |_| draft.writes.len());
        let (mut slots, mut changes) = (Vec::with_capacity(count), Vec::with_capacity(count));
        waste.reserve(draft.writes.len() - count);
        idle.reserve(draft.writes.len() - count);
        let (mut outdated, mut is_unheard) = (None, true);
        for Drafted { slot, new, stamp } in draft.writes.drain(..) {
            let mut place = crate::lock(&slot.state);
            let here = &mut *place;
            let old = running.store(slot.site(), &mut here.place, new.clone());
            here.sequence = mark.sequence;
            signals.feed |= state.feed(self, &slot, old.as_ref(), false, &stamp);
            if old.is_none() {
                state.count_member();
                signals.members = true;
            }
            outdated = outdated.or(state.outdate(&slot, &mut here.stale));
            if let Some(trigger) = here.trigger() {
                signals.keys.push(trigger);
            }
            is_unheard &= here.listeners.is_empty() && !slot.is_hidden();
            let labels = here.labels;
            if later || here.pending != NOT_PENDING {
                let (old, new) = (old.clone(), new.clone());
                let change = mark.change(&slot, labels, old, new, stamp.clone());
                drop(state.wait(&slot, here, change, 0));
            }
            drop(place);
            if now.is_some() {
                // Made where it stays: it is too large to be moved for nothing.
                changes.push(mark.change(&slot, labels, old, new, stamp));
                slots.push(slot);
            } else {
                idle.push(slot);
                waste.push(old);
            }
        }
        if let Some(audience) = now {
            let mut item = state.blank_item(audience, 0);
            item.slots = Few::Many(slots);
            item.unheard = is_unheard.then_some(mark.sequence);
            item.changes.changes = Few::Many(changes);
            state.queue.push_back(item);
        }
        let schedule = self.begins_turn(state);
        self.clock.store(mark.sequence, Ordering::Release);
        drop(locked);
        drop(running);

        drop(waste);
        // Whoever is told may remove a key, and nobody else is to hold its slot then.
        self.let_go(idle, mark.sequence);
        if let Some(outdated) = outdated {
            self.give_up_snapshots(outdated);
        }
        signals.notify(self);
        if schedule {
            let has_effects = signals.has_effects();
            self.scheduler
                .schedule(&self.this, Self::end_turn, has_effects);
        }
        self.drive();
        Ok(Way::Gone)
    }

    /// Gives up slots that nobody needs any more. Who has removed a key since a commit could not give up
    /// its slot, as it was held.
    fn let_go(&self, slots: Vec<Arc<Slot>>, commit: u64) {
        if crate::lock(&self.state).members > commit {
            slots.iter().for_each(|slot| self.release(slot));
        }
    }

    /// The locks of a commit, if no batch, middleware, host, history, computed key or teardown of a component
    /// has a say in what this thread writes, and nothing stands in line.
    #[inline]
    pub(super) fn short_way(&self) -> Result<Option<Locks<'_>>, StateError> {
        if !context::is_idle()
            || self.asks.load(Ordering::Acquire)
            || self.holder.load(Ordering::Acquire) != 0
        {
            return Ok(None);
        }
        let running = self.engine();
        let state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        Ok(state.is_at_rest().then_some((running, state)))
    }
}

/// The locks of a commit, in the order in which they are taken.
pub(super) type Locks<'a> = (RwLockReadGuard<'a, Running>, MutexGuard<'a, State>);

impl State {
    /// Whether nobody but the readers and the listeners of a key is concerned by what is written to
    /// it, and nothing stands in line.
    #[inline]
    fn is_at_rest(&self) -> bool {
        self.delivering.is_none()
            && self.recorders.is_empty()
            && self.named.is_empty()
            && !self.is_due()
    }

    /// Counts a key that has come.
    #[inline]
    fn count_member(&mut self) {
        self.members = self.sequence;
        self.len += 1;
    }
}

impl SlotState {
    /// Whether the value is no computed one, and is read as a whole.
    #[inline]
    fn is_simple(&self) -> bool {
        self.rare()
            .is_none_or(|rare| rare.computed.is_none() && rare.graphs.is_empty())
    }
}
