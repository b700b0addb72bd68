//! The line in which changes wait for those who listen.

use crate::{
    change::{Change, ChangeSet},
    engine::Telling,
    store::{
        context::ThisThread,
        deliver::{Audience, Item},
        inner::{Inner, Running, State},
        slot::{NOT_PENDING, Slot, SlotState},
        transaction::Write,
    },
};
use smallvec::SmallVec;
use std::sync::{Arc, atomic::Ordering};

/// Changes that are told together, on their way to where they wait: for the end of the turn, in line
/// for synchronous delivery, or both.
pub(crate) struct Line {
    /// Whom it takes synchronous delivery to tell.
    audience: Option<Audience>,
    /// Whether somebody is told at the end of the turn.
    later: bool,
    round: u32,
    time: u64,
    slots: SmallVec<[Arc<Slot>; 1]>,
    changes: ChangeSet,
}

impl Line {
    /// `None` if nobody listens, and nothing waits that would have to be kept up.
    #[inline]
    pub(crate) fn open(inner: &Inner, running: &Running, state: &State, time: u64) -> Option<Self> {
        let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Acquire);
        let listening = &inner.listening;
        let sync = count(&listening.sync) + count(&listening.following) > 0;
        let batched = count(&listening.batched) > 0;
        let (audience, later) = match running.engine.telling() {
            Telling::AtOnce => ((sync || batched).then_some(Audience::All), false),
            Telling::Batched => (sync.then_some(Audience::Sync), batched),
        };
        if audience.is_none() && !later && state.pending.is_empty() {
            return None;
        }
        let round = match state.delivering {
            Some((thread, round)) if thread == ThisThread::get() => round + 1,
            _ => 0,
        };
        Some(Self {
            audience,
            later,
            round,
            time,
            slots: SmallVec::new(),
            changes: ChangeSet::default(),
        })
    }

    /// What follows from a change belongs to its round: nobody has written in between.
    pub(crate) fn of_its_cause(mut self) -> Self {
        self.round = self.round.saturating_sub(1);
        self
    }

    pub(crate) fn add(&mut self, state: &mut State, slot: &mut SlotState, write: &Write) {
        // What waits is kept up even if nobody waits for it any more: the slot is given up by it.
        if self.later || slot.pending != NOT_PENDING {
            match state.pending.get_mut(slot.pending as usize) {
                Some((_, change)) if slot.pending != NOT_PENDING => {
                    change.new.clone_from(&write.new);
                    change.stamp = write.stamp.clone();
                    change.time = self.time;
                    change.version = state.version;
                    change.sequence = state.sequence;
                }
                _ => {
                    slot.pending = u32::try_from(state.pending.len()).unwrap_or(NOT_PENDING);
                    let change = change(write, self.time, state);
                    state.pending.push((Arc::clone(&write.slot), change));
                }
            }
            state.pending_round = state.pending_round.max(self.round);
        }
        if self.audience.is_some() {
            self.slots.push(Arc::clone(&write.slot));
            let change = change(write, self.time, state);
            self.changes.changes.push(change);
        }
    }

    /// Puts what is told synchronously in line.
    pub(crate) fn close(self, state: &mut State) {
        if let Some(audience) = self.audience
            && !self.slots.is_empty()
        {
            state.queue.push_back(Item {
                slots: self.slots,
                changes: self.changes,
                audience,
                round: self.round,
                restored: Vec::new(),
            });
        }
    }
}

pub(super) fn change(write: &Write, time: u64, state: &State) -> Change {
    Change {
        key: Arc::clone(&write.slot.key),
        old: write.old.clone(),
        new: write.new.clone(),
        stamp: write.stamp.clone(),
        time,
        version: state.version,
        sequence: state.sequence,
        first: state.sequence,
    }
}
