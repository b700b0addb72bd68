//! The commit, where every transaction changes the store, and what follows from it at once. Plain
//! writes have a short one of their own, see [`plain`](super::plain).

use super::{line::Line, signals::Signals};
use crate::{
    change::{ChangeSet, Stamp},
    error::StateError,
    few::Few,
    store::{
        clock,
        draft::Reads,
        graph::Graph,
        guest::{Filtered, Naming, SnapshotKeeping},
        inner::{Inner, State},
        slot::Slot,
        transaction::{Transaction, Write},
    },
    value::is_content,
};
use std::sync::{Arc, atomic::Ordering};

/// What is left to do once the locks of a commit are released.
#[derive(Default)]
pub(super) struct Committed {
    signals: Signals,
    /// Those that have parts of a value to tell of.
    graphs: Few<Arc<dyn Graph>>,
    schedule: bool,
    /// Whether something is to be delivered, or done, that nobody is at.
    due: bool,
    /// For middleware and histories, if there are any.
    changes: Option<ChangeSet>,
    /// What was kept for the next snapshot and is not worth it any more.
    outdated: Option<Box<dyn SnapshotKeeping>>,
    /// What computed keys were told of, to be dropped.
    waste: Vec<Write>,
    /// Those of keys that have become computed, or are so no more.
    renamed: Vec<Arc<dyn Graph>>,
}

/// What became of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stored,
    /// It would change nothing.
    Equal,
    /// It is not based upon what is there.
    Moved,
}

impl Inner {
    /// Stores the transaction, if it is based upon what is there. Of its writes only what must not
    /// be dropped under a lock is left.
    pub(super) fn commit(
        &self,
        transaction: &mut Transaction,
        reads: Option<&Reads>,
        naming: &[Box<dyn Naming>],
        for_middleware: bool,
        committed: &mut Committed,
    ) -> Result<Fate, StateError> {
        let running = self.engine();
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        reads.map_or(Ok(()), still_stand)?;
        let loading = self.loading.get();
        if loading.is_some_and(|loading| loading.leaves_a_request(&transaction.writes)) {
            return Ok(Fate::Moved);
        }
        for write in &transaction.writes {
            let slot = crate::lock(&write.slot.state);
            if !write.slot.is_hidden() {
                slot.is_writable()?;
            }
            let untouched = if write.slot.is_hidden() {
                is_content(slot.place.as_ref(), write.old.as_ref())
            } else {
                let (site, old) = (write.slot.site(), write.old.as_ref());
                running.holds(site, &slot.place, old)
            };
            if !untouched {
                return Ok(Fate::Moved);
            }
        }

        let mut due: Few<&dyn Naming> = Few::new();
        for naming in naming {
            if naming.is_due(&running)? {
                due.push(&**naming);
            }
        }
        if transaction.writes.is_empty() && due.is_empty() {
            return Ok(Fate::Equal);
        }

        let state = &mut *state;
        let time = self.time(state);
        let keys = transaction.writes.iter();
        let mut keys = keys.filter(|write| !write.slot.is_hidden());
        let count = keys.clone().count();
        let visible = count + due.len();
        // What is computed may follow from what is no key, such as who is registered.
        let is_visible = visible > 0 || !state.named.is_empty();
        let last = keys.next_back().map(|write| &write.stamp);
        match last.or(due.last().map(|naming| naming.stamp())) {
            Some(stamp) => state.advance(time, visible as u64, stamp),
            None => {
                state.sequence += 1;
                state.version += u64::from(is_visible);
            }
        }
        committed.signals.visible = is_visible;
        if !state.recorders.is_empty() {
            let recorders = state.recorders.iter().cloned();
            committed.signals.recorders.extend(recorders);
        }
        committed.schedule = self.begins_turn(state);
        let is_followed = for_middleware || (count > 0 && !state.recorders.is_empty());
        let mut line = Line::open(self, &running, state, time);
        for write in &mut transaction.writes {
            let of = Arc::clone(&write.slot);
            let slot = &mut *crate::lock(&of.state);
            let hidden = of.is_hidden();
            let (old, new) = (&write.old, &write.new);
            // What is taken out here is still held by `old`: no value is dropped under a lock.
            if hidden {
                slot.place.clone_from(new);
            } else {
                let stored = new.clone();
                running.store(of.site(), &mut slot.place, stored);
                if old.is_some() != new.is_some() {
                    committed.signals.members = true;
                    state.members = state.sequence;
                    state.len = state.len + usize::from(new.is_some()) - usize::from(old.is_some());
                }
                let outdated = state.outdate(&of, &mut slot.stale);
                committed.outdated = committed.outdated.take().or(outdated);
            }
            if !hidden {
                let is_due = state.feed(self, &of, old.as_ref(), new.is_none(), &write.stamp);
                committed.signals.feed |= is_due;
            }
            slot.sequence = state.sequence;
            committed.signals.keys.extend(slot.trigger());
            committed.graphs.extend(slot.graphs());
            if is_followed && !hidden {
                let changes = committed.changes.get_or_insert_default();
                changes.changes.push(line.change(state, slot.labels, write));
            }
            line.add(state, slot, write);
        }
        for naming in due {
            committed.signals.members = true;
            let told = naming.take_effect(self, state, &mut line, &mut committed.signals);
            let slot = crate::lock(&told.slot.state);
            committed.renamed.extend(slot.graphs());
            drop(slot);
            committed.waste.push(told);
        }
        if let Some(changes) = &committed.changes {
            for recorder in &state.recorders {
                recorder.record(self, changes);
            }
        }
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(state.sequence, Ordering::Release);
        line.close(state);
        committed.due = state.delivering.is_none() && state.is_due();
        Ok(Fate::Stored)
    }

    /// Whether the end of the turn is yet to be scheduled. The caller does.
    #[inline]
    pub(super) fn begins_turn(&self, state: &mut State) -> bool {
        let begins = self.scheduler.is_automatic() && !state.scheduled;
        state.scheduled |= begins;
        begins
    }

    /// The time of a commit. It is read once a turn where turns end by themselves.
    pub(crate) fn time(&self, state: &mut State) -> u64 {
        if !self.scheduler.is_automatic() {
            return clock::now();
        }
        *state.turn.get_or_insert_with(clock::now)
    }

    /// Tells of a commit: signals first, so that listeners find memos that know of it.
    pub(super) fn publish(&self, committed: &mut Committed, filtered: Option<&Filtered>) {
        committed.waste.clear();
        for graph in &committed.renamed {
            graph.alert(&mut committed.signals.triggers);
        }
        if let Some(outdated) = committed.outdated.take() {
            self.give_up_snapshots(outdated);
        }
        for graph in &committed.graphs {
            graph.refresh(self, &mut committed.signals.triggers);
        }
        self.notify_or_hold(&mut committed.signals);
        if let (Some((start, middleware)), Some(changes)) = (filtered, &committed.changes) {
            middleware.committed(self, changes, middleware.since(start));
        }
        if committed.schedule {
            let has_effects = committed.signals.has_effects();
            self.scheduler
                .schedule(&self.this, Self::end_turn, has_effects);
        }
        // What middleware puts off is due too.
        if committed.due || filtered.is_some() {
            self.drive();
        }
    }
}

impl State {
    /// A commit that changes so many keys, the last of them by this writer.
    #[inline]
    pub(super) fn advance(&mut self, time: u64, keys: u64, stamp: &Stamp) {
        self.sequence += 1;
        self.version += 1;
        self.update_count += keys;
        self.last_update = Some(time);
        self.source.assign(&stamp.source);
    }

    /// Notes that the snapshot that is kept lacks what a slot now holds. Hands out what was kept once it
    /// is not worth it any more.
    #[inline]
    pub(super) fn outdate(
        &mut self,
        slot: &Arc<Slot>,
        stale: &mut bool,
    ) -> Option<Box<dyn SnapshotKeeping>> {
        let snapshots = self.snapshots.as_mut()?;
        if !*stale {
            *stale = true;
            if snapshots.outdate(slot) {
                return self.snapshots.take();
            }
        }
        None
    }
}

/// Whether nothing has changed of what a batch read. The caller holds the state's lock.
pub(super) fn still_stand(reads: &Reads) -> Result<(), StateError> {
    let moved =
        |(slot, sequence): &&(Arc<Slot>, u64)| crate::lock(&slot.state).sequence != *sequence;
    match reads.values().find(moved) {
        None => Ok(()),
        Some((slot, _)) => Err(StateError::Conflict {
            key: slot.key.to_string(),
        }),
    }
}
