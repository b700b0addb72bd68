//! The line in which changes wait for those who listen.

use crate::{
    change::{Change, Stamp},
    engine::{Running, Telling},
    label::Labels,
    store::{
        context::ThisThread,
        deliver::{Audience, Item},
        inner::{Inner, State},
        slot::{NOT_PENDING, Slot, SlotState},
        transaction::Write,
    },
    value::Value,
};
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Changes that are told together, on their way to where they wait: for the end of the turn, in line
/// for synchronous delivery, or both.
pub(crate) struct Line {
    /// What is told synchronously, if that tells anybody.
    item: Option<Box<Item>>,
    /// Whether somebody is told at the end of the turn.
    later: bool,
    round: u32,
    time: u64,
}

impl Line {
    pub(crate) fn open(inner: &Inner, running: &Running, state: &mut State, time: u64) -> Self {
        let (audience, later) = inner.audience(running);
        let round = match state.delivering {
            Some((thread, round)) if thread == ThisThread::get() => round + 1,
            _ => 0,
        };
        Self {
            item: audience.map(|audience| state.blank_item(audience, round)),
            later,
            round,
            time,
        }
    }

    /// What follows from a change belongs to its round: nobody has written in between.
    pub(crate) fn of_its_cause(mut self) -> Self {
        self.round = self.round.saturating_sub(1);
        if let Some(item) = &mut self.item {
            item.round = self.round;
        }
        self
    }

    /// Takes the values of a write. What it leaves there is not to be dropped under a lock.
    pub(crate) fn add(&mut self, state: &mut State, slot: &mut SlotState, write: &mut Write) {
        if self.later || slot.pending != NOT_PENDING {
            let change = match self.item {
                Some(_) => self.change(state, slot.labels, write),
                None => self.last_change(state, slot.labels, write),
            };
            let out = state.wait(&write.slot, slot, change, self.round);
            // Otherwise the write still holds what goes out.
            if self.item.is_none() {
                write.old = out;
            }
        }
        if self.item.is_some() {
            let change = self.last_change(state, slot.labels, write);
            if let Some(item) = &mut self.item {
                item.slots.push(Arc::clone(&write.slot));
                item.changes.changes.push(change);
            }
        }
    }

    /// Puts what is told synchronously in line.
    pub(crate) fn close(self, state: &mut State) {
        if let Some(item) = self.item {
            match item.slots.is_empty() {
                true => state.keep_blank(item),
                false => state.queue.push_back(item),
            }
        }
    }

    pub(super) fn change(&self, state: &State, labels: Labels, write: &Write) -> Change {
        let (old, new) = (write.old.clone(), write.new.clone());
        self.mark(state)
            .change(&write.slot, labels, old, new, write.stamp.clone())
    }

    /// The last change that is made of a write: it takes the values.
    fn last_change(&self, state: &State, labels: Labels, write: &mut Write) -> Change {
        let (old, new) = (write.old.take(), write.new.take());
        let stamp = write.stamp.take();
        self.mark(state)
            .change(&write.slot, labels, old, new, stamp)
    }

    fn mark(&self, state: &State) -> Mark {
        Mark::of(state, self.time)
    }
}

/// What the changes of one commit have in common.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    time: u64,
    version: u64,
    pub(super) sequence: u64,
}

impl Mark {
    /// That of the last commit.
    pub(super) fn of(state: &State, time: u64) -> Self {
        Self {
            time,
            version: state.version,
            sequence: state.sequence,
        }
    }

    #[inline]
    pub(super) fn change(
        self,
        slot: &Slot,
        labels: Labels,
        old: Option<Value>,
        new: Option<Value>,
        stamp: Stamp,
    ) -> Change {
        Change {
            key: slot.key.clone(),
            old,
            new,
            stamp,
            time: self.time,
            version: self.version,
            sequence: self.sequence,
            span: 0,
            labels,
        }
    }
}

impl Inner {
    /// Who is told at once, if anybody is, and whether somebody is at the end of the turn.
    #[inline]
    pub(super) fn audience(&self, running: &Running) -> (Option<Audience>, bool) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Acquire);
        let listening = &self.listening;
        let sync = count(&listening.sync) + count(&listening.following) > 0;
        let batched = count(&listening.batched) > 0;
        match running.telling() {
            Telling::AtOnce => ((sync || batched).then_some(Audience::All), false),
            Telling::Batched => (sync.then_some(Audience::Sync), batched),
        }
    }
}

impl State {
    /// Lets a change wait for the end of the turn, with what waits of its key already. Hands out the
    /// value that is told to nobody any more.
    pub(super) fn wait(
        &mut self,
        slot: &Arc<Slot>,
        here: &mut SlotState,
        mut change: Change,
        round: u32,
    ) -> Option<Value> {
        self.pending_round = self.pending_round.max(round);
        // What waits is kept up even if nobody waits for it any more: the slot is given up by it.
        match self.pending.get_mut(here.pending as usize) {
            Some((_, waiting)) if here.pending != NOT_PENDING => {
                mem::swap(&mut waiting.new, &mut change.new);
                waiting.stamp = change.stamp;
                waiting.time = change.time;
                waiting.version = change.version;
                let span = change.sequence.saturating_sub(waiting.first());
                waiting.span = u32::try_from(span).unwrap_or(u32::MAX);
                waiting.sequence = change.sequence;
                change.new
            }
            _ => {
                here.pending = u32::try_from(self.pending.len()).unwrap_or(NOT_PENDING);
                self.pending.push((Arc::clone(slot), change));
                None
            }
        }
    }
}
