//! The short way through the pipe, for the write that is made most: one key, a value that the language
//! itself compares, and nobody concerned but those who read the key or listen to it. What is stored and
//! who is told are those of the long way; nothing is put in line for it.

use super::Signals;
use crate::{
    change::{Change, Stamp},
    engine::{Put, Telling},
    error::StateError,
    store::{
        context::{self, ThisThread},
        deliver::Audience,
        inner::{Inner, State},
        slot::{NOT_PENDING, Slot},
    },
    value::Value,
};
use std::sync::{Arc, atomic::Ordering};

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is done, or there was nothing to do.
    Gone,
    /// Nothing has happened: it has to take the long way.
    Long,
}

impl Inner {
    /// Puts a plain value under a key that is none of the store's own.
    pub(super) fn write_plainly(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        value: &Value,
    ) -> Result<Way, StateError> {
        if !context::is_idle()
            || self.has_middleware.load(Ordering::Acquire)
            || self.holder.load(Ordering::Acquire) != 0
        {
            return Ok(Way::Long);
        }
        let running = self.engine();
        let mut locked = crate::lock(&self.state);
        let state = &mut *locked;
        if state.disposed {
            return Err(StateError::Disposed);
        }
        if !state.is_at_rest() {
            return Ok(Way::Long);
        }
        let mut place = crate::lock(&slot.state);
        let here = &mut *place;
        if here.computed.is_some() || !here.graphs.is_empty() {
            return Ok(Way::Long);
        }
        let batched = self.listening.batched.load(Ordering::Acquire) > 0;
        let sync = self.listening.sync.load(Ordering::Acquire) > 0;
        let (now, later, audience) = match running.telling() {
            Telling::AtOnce => (sync || batched, false, Audience::All),
            Telling::Batched => (sync, batched, Audience::Sync),
        };
        let is_tracked =
            here.signal.is_made() || self.everything.is_used() || self.members.is_used();
        if now && is_tracked {
            // Signals come first, and whoever they make write stands in line.
            return Ok(Way::Long);
        }
        let old = match running.put(slot.site(), &mut here.place, value) {
            Put::Stored(old) => old,
            Put::Equal => return Ok(Way::Gone),
            Put::Unknown => return Ok(Way::Long),
        };

        let time = self.time(state);
        state.advance(time, 1, stamp);
        here.sequence = state.sequence;
        let members = old.is_none();
        if members {
            state.members = state.sequence;
            state.len += 1;
        }
        let outdated = state.outdate(slot, &mut here.stale);
        let schedule = self.scheduler.is_automatic() && !state.scheduled;
        state.scheduled |= schedule;
        let (version, sequence) = (state.version, state.sequence);
        let change = |old| Change {
            key: Arc::clone(&slot.key),
            old,
            new: Some(value.clone()),
            stamp: stamp.clone(),
            time,
            version,
            sequence,
            first: sequence,
        };
        if later || here.pending != NOT_PENDING {
            drop(state.wait(slot, here, change(old.clone()), 0));
        }
        let trigger = here.signal.existing();
        let listeners = if now {
            state.delivering = Some((ThisThread::get(), 0));
            here.listeners.clone()
        } else {
            Default::default()
        };
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(sequence, Ordering::Release);
        drop(place);
        drop(locked);
        drop(running);

        if let Some(outdated) = outdated {
            self.give_up_snapshots(outdated);
        }
        if is_tracked {
            Signals::of(trigger, members).notify(self);
        }
        if schedule {
            self.schedule_end_of_turn();
        }
        if now {
            self.deliver_one(&change(old), &listeners, audience);
        }
        Ok(Way::Gone)
    }
}

impl State {
    /// Whether nobody but the readers and the listeners of a key is concerned by what is written to
    /// it, and nothing stands in line.
    fn is_at_rest(&self) -> bool {
        self.delivering.is_none()
            && self.recorders.is_empty()
            && self.named.is_empty()
            && !self.is_due()
    }
}
