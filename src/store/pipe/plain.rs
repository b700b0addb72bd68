//! The short way through the pipe, for the writes that are made most: values that the language itself
//! compares, and nobody concerned but those who read the keys or listen. What is stored and who is told
//! are those of the long way.

use super::{Signals, commit::still_stand};
use crate::{
    change::{Change, Stamp},
    engine::{Put, Running, Telling},
    error::StateError,
    few::Few,
    store::{
        context::{self, ThisThread},
        deliver::{Audience, Delivering},
        draft::Draft,
        inner::{Inner, State},
        slot::{NOT_PENDING, Slot, SlotState},
    },
    value::Value,
};
use std::{
    mem::take,
    sync::{Arc, atomic::Ordering},
};

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
        if !self.is_plain_sailing() {
            return Ok(Way::Long);
        }
        let running = self.engine();
        let mut locked = crate::lock(&self.state);
        let state = &mut *locked;
        if state.disposed {
            return Err(StateError::Disposed);
        }
        let mut place = crate::lock(&slot.state);
        let here = &mut *place;
        let (now, later, audience) = self.audience(&running);
        let now = now && (!here.listeners.is_empty() || self.tells_all());
        let is_tracked = here.rare().is_some_and(|rare| rare.signal.is_made())
            || self.everything.is_used()
            || self.members.is_used();
        // Signals are told before listeners, and whoever they make write then stands in line.
        if !state.is_at_rest() || !here.is_simple() || (now && is_tracked) {
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
        let (version, sequence) = (state.version, state.sequence);
        here.sequence = sequence;
        if is_new {
            state.count_member();
        }
        let outdated = state.outdate(slot, &mut here.stale);
        let schedule = self.scheduler.is_automatic() && !state.scheduled;
        state.scheduled |= schedule;
        let change = || Change {
            key: slot.key.clone(),
            old: old(),
            new: Some(new.clone()),
            stamp: stamp.clone(),
            time,
            version,
            sequence,
            first: sequence,
        };
        if later || here.pending != NOT_PENDING {
            drop(state.wait(slot, here, change(), 0));
        }
        let trigger = here.trigger();
        // From here on others leave it to this thread to deliver, unless it panics.
        let listeners = now.then(|| (Delivering::new(self), here.listeners.clone()));
        if now {
            state.delivering = Some((ThisThread::get(), 0));
        }
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(sequence, Ordering::Release);
        drop(place);
        drop(locked);
        drop(running);

        if let Some(outdated) = outdated {
            self.give_up_snapshots(outdated);
        }
        let has_effects = trigger.as_ref().is_some_and(|trigger| trigger.is_awaited);
        if is_tracked {
            if let Some(trigger) = trigger {
                trigger.notify();
            }
            self.notify_all(is_new, true);
        }
        if schedule {
            self.scheduler
                .schedule(&self.this, Self::end_turn, has_effects);
        }
        if let Some((delivering, listeners)) = listeners {
            self.deliver_one(delivering, &change(), &listeners, audience);
        }
        Ok(Way::Gone)
    }

    /// Puts the plain values that a batch has written, if that is all that it did.
    pub(super) fn store_plainly(&self, draft: &mut Draft) -> Result<Way, StateError> {
        let is_simple = draft.naming.is_empty() && !draft.observed;
        if !is_simple || !self.is_plain_sailing() {
            return Ok(Way::Long);
        }
        let running = self.engine();
        let mut locked = crate::lock(&self.state);
        let state = &mut *locked;
        if state.disposed {
            return Err(StateError::Disposed);
        }
        still_stand(&draft.reads)?;
        if !state.is_at_rest() {
            return Ok(Way::Long);
        }
        for write in &draft.writes {
            let here = crate::lock(&write.slot.state);
            let can_put = |value: &Value| {
                value.is_plain() && running.can_put(write.slot.site(), &here.place, value)
            };
            if !here.is_simple() || !write.new.as_ref().is_some_and(can_put) {
                return Ok(Way::Long);
            }
        }

        let (now, later, audience) = self.audience(&running);
        // Read with the first change: what changes nothing begins no turn.
        let mut time = 0;
        let (version, sequence) = (state.version + 1, state.sequence + 1);
        let mut signals = Signals {
            visible: true,
            ..Signals::default()
        };
        let mut item = now.then(|| state.blank_item(audience, 0));
        let (mut slots, mut changes) = (Vec::new(), Vec::new());
        if let Some(item) = &mut item {
            let count = draft.writes.len();
            slots = take(&mut item.slots).many(count);
            changes = take(&mut item.changes.changes).many(count);
        }
        let mut outdated = None;
        let mut is_stored = false;
        for write in &mut draft.writes {
            let slot = &write.slot;
            let mut place = crate::lock(&slot.state);
            let here = &mut *place;
            // What was there is left in the draft, to be dropped outside of the locks: with it goes what
            // it was read as, which may be a type of a user's.
            let Some(value) = &mut write.new else {
                continue;
            };
            let new = value.clone();
            let old = match running.put(slot.site(), &mut here.place, value) {
                Put::Exchanged => Some(&*value),
                Put::Added => None,
                Put::Equal | Put::Unknown => continue,
            };
            if !is_stored {
                is_stored = true;
                time = self.time(state);
                state.advance(time, 0, &write.stamp);
            }
            state.update_count += 1;
            state.source.assign(&write.stamp.source);
            here.sequence = sequence;
            if old.is_none() {
                state.count_member();
                signals.members = true;
            }
            outdated = outdated.or(state.outdate(slot, &mut here.stale));
            signals.keys.extend(here.trigger());
            let change = || Change {
                key: slot.key.clone(),
                old: old.cloned(),
                new: Some(new.clone()),
                stamp: write.stamp.clone(),
                time,
                version,
                sequence,
                first: sequence,
            };
            if later || here.pending != NOT_PENDING {
                drop(state.wait(slot, here, change(), 0));
            }
            drop(place);
            if now {
                // Made where it stays: it is too large to be moved for nothing.
                changes.push(change());
                slots.push(Arc::clone(slot));
            }
        }
        if let Some(mut item) = item {
            item.slots = Few::Many(slots);
            item.changes.changes = Few::Many(changes);
            match is_stored {
                true => state.queue.push_back(item),
                false => state.spent.push(item),
            }
        }
        let schedule = is_stored && self.scheduler.is_automatic() && !state.scheduled;
        state.scheduled |= schedule;
        if is_stored {
            self.clock.store(sequence, Ordering::Release);
        }
        drop(locked);
        drop(running);

        // The slots too: whoever is told may remove a key, and nobody else is to hold its slot then.
        draft.writes.clear();
        if !is_stored {
            return Ok(Way::Gone);
        }
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

    /// Whether no batch, middleware or teardown of a component has a say in what this thread writes.
    #[inline]
    fn is_plain_sailing(&self) -> bool {
        context::is_idle()
            && !self.has_middleware.load(Ordering::Acquire)
            && self.holder.load(Ordering::Acquire) == 0
    }

    /// Whether somebody is told at once, whether somebody at the end of the turn, and who at once.
    #[inline]
    fn audience(&self, running: &Running) -> (bool, bool, Audience) {
        let batched = self.listening.batched.load(Ordering::Acquire) > 0;
        let sync = self.listening.sync.load(Ordering::Acquire) > 0;
        match running.telling() {
            Telling::AtOnce => (sync || batched, false, Audience::All),
            Telling::Batched => (sync, batched, Audience::Sync),
        }
    }
}

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
