//! The commit: the one place where the store changes, and what follows from it at once.

use super::signals::Signals;
use crate::{
    change::{Change, ChangeSet, Stamp},
    engine::Telling,
    error::StateError,
    store::{
        clock::{self, Instant},
        context::ThisThread,
        deliver::Audience,
        draft::Reads,
        graph::Graph,
        inner::{Inner, State},
        middleware::Chain,
        slot::{NOT_PENDING, Slot},
        snapshot::SnapshotCache,
        transaction::{Transaction, Write},
    },
    value::{Value, is_content},
};
use smallvec::SmallVec;
use std::{
    mem,
    sync::{Arc, atomic::Ordering},
};

/// What is left to do once the locks of a commit are released.
#[derive(Default)]
pub(super) struct Committed {
    signals: Signals,
    /// Those that have parts of a value to tell of.
    graphs: SmallVec<[Arc<dyn Graph>; 1]>,
    schedule: bool,
    /// Whether something is to be delivered, or done, that nobody is at.
    due: bool,
    /// For middleware and histories, if there are any.
    changes: Option<ChangeSet>,
    /// What was kept for the next snapshot and is not worth it any more.
    outdated: Option<SnapshotCache>,
}

/// What the writes of a transaction replace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// What they say they do: they were compared with it.
    Given,
    /// What is there, if comparing the two runs no code of a user.
    Found,
}

/// What became of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stored,
    /// It would change nothing.
    Equal,
    /// It is not based upon what is there, or its basis was to be found and cannot be compared here.
    Moved,
}

impl Inner {
    /// Stores the transaction, if it is based upon what is there. Of its writes only what must not
    /// be dropped under a lock is left.
    pub(super) fn commit(
        &self,
        transaction: &mut Transaction,
        reads: Option<&Reads>,
        basis: Basis,
        for_middleware: bool,
        committed: &mut Committed,
    ) -> Result<Fate, StateError> {
        let running = self.engine();
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        reads.map_or(Ok(()), still_stand)?;
        if self.leaves_a_request(&transaction.writes) {
            return Ok(Fate::Moved);
        }
        for write in &mut transaction.writes {
            let slot = crate::lock(&write.slot.state);
            if basis == Basis::Found {
                write.old = running.engine.load(&write.slot.key, &slot.place);
                match write.changes_plainly() {
                    Some(true) => continue,
                    Some(false) => return Ok(Fate::Equal),
                    None => return Ok(Fate::Moved),
                }
            }
            let untouched = if write.slot.is_hidden() {
                is_content(slot.place.as_ref(), write.old.as_ref())
            } else {
                let (key, old) = (&write.slot.key, write.old.as_ref());
                running.engine.holds(key, &slot.place, old)
            };
            if !untouched {
                return Ok(Fate::Moved);
            }
        }

        let state = &mut *state;
        let time = self.time(state);
        let visible = transaction.writes.iter();
        let mut visible = visible.filter(|write| !write.slot.is_hidden());
        let count = visible.clone().count();
        state.sequence += 1;
        if count > 0 {
            state.version += 1;
            state.update_count += count as u64;
            state.last_update = Some(time);
            if let Some(last) = visible.next_back() {
                state.source = last.stamp.source.clone();
            }
        }
        let round = match state.delivering {
            Some((thread, round)) if thread == ThisThread::get() => round + 1,
            _ => 0,
        };
        let sync = self.listening.sync.load(Ordering::Acquire) > 0;
        let batched = self.listening.batched.load(Ordering::Acquire) > 0;
        let (audience, later) = match running.engine.telling() {
            Telling::AtOnce => ((sync || batched).then_some(Audience::All), false),
            Telling::Batched => (sync.then_some(Audience::Sync), batched),
        };

        committed.signals.visible = count > 0;
        if !state.recorders.is_empty() {
            committed.signals.recorders.clone_from(&state.recorders);
        }
        committed.schedule = self.scheduler.is_automatic() && !state.scheduled;
        let is_followed = for_middleware || (count > 0 && !state.recorders.is_empty());
        state.scheduled |= committed.schedule;
        let mut told = audience.map(|audience| state.blank_item(audience, round));
        for write in &mut transaction.writes {
            let Write {
                slot: of,
                old,
                new,
                stamp,
                ..
            } = write;
            let slot = &mut *crate::lock(&of.state);
            let hidden = of.is_hidden();
            // What is taken out here is still held by `old`: no value is dropped under a lock.
            if hidden {
                slot.place.clone_from(new);
            } else {
                let stored = new.clone();
                running.engine.store(&of.key, &mut slot.place, stored);
                if old.is_some() != new.is_some() {
                    committed.signals.members = true;
                    state.members = state.sequence;
                    state.len = state.len + usize::from(new.is_some()) - usize::from(old.is_some());
                }
                if let Some(snapshots) = &mut state.snapshots
                    && !slot.stale
                {
                    slot.stale = true;
                    snapshots.stale.push(Arc::clone(of));
                    if snapshots.is_outdated() {
                        committed.outdated = state.snapshots.take();
                    }
                }
            }
            slot.sequence = state.sequence;
            committed.signals.triggers.extend(slot.signal.existing());
            if !slot.graphs.is_empty() {
                committed.graphs.extend(slot.graphs.living());
            }
            let at = At {
                time,
                version: state.version,
                sequence: state.sequence,
            };
            if is_followed && !hidden {
                let changes = committed.changes.get_or_insert_default();
                changes
                    .changes
                    .push(at.change(of, old.clone(), new.clone(), stamp.clone()));
            }
            // What waits is kept up even if nobody waits for it any more: the slot is given up by it.
            if later || slot.pending != NOT_PENDING {
                match state.pending.get_mut(slot.pending as usize) {
                    Some((_, change)) if slot.pending != NOT_PENDING => {
                        // What goes out is not to be dropped here.
                        if told.is_some() {
                            change.new.clone_from(new);
                        } else {
                            mem::swap(&mut change.new, new);
                        }
                        change.stamp.clone_from(stamp);
                        change.time = time;
                        change.version = state.version;
                        change.sequence = state.sequence;
                    }
                    _ => {
                        slot.pending = u32::try_from(state.pending.len()).unwrap_or(NOT_PENDING);
                        let change = match &told {
                            Some(_) => at.change(of, old.clone(), new.clone(), stamp.clone()),
                            None => at.change(of, old.take(), new.take(), stamp.take()),
                        };
                        state.pending.push((Arc::clone(of), change));
                    }
                }
                state.pending_round = state.pending_round.max(round);
            }
            if let Some(item) = &mut told {
                item.slots.push(Arc::clone(of));
                item.changes
                    .changes
                    .push(at.change(of, old.take(), new.take(), stamp.take()));
            }
        }
        if let Some(changes) = &committed.changes {
            for recorder in &state.recorders {
                recorder.record(changes);
            }
        }
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(state.sequence, Ordering::Release);
        state.queue.extend(told);
        committed.due = state.delivering.is_none() && state.is_due();
        Ok(Fate::Stored)
    }

    /// The time of a commit. It is read once a turn where turns end by themselves.
    fn time(&self, state: &mut State) -> u64 {
        if !self.scheduler.is_automatic() {
            return clock::now();
        }
        *state.turn.get_or_insert_with(clock::now)
    }

    /// Tells of a commit: signals first, so that listeners find memos that know of it.
    pub(super) fn publish(&self, committed: &mut Committed, chain: Option<&(Instant, Chain)>) {
        if let Some(outdated) = committed.outdated.take() {
            self.give_up_snapshots(outdated);
        }
        for graph in &committed.graphs {
            graph.refresh(self, &mut committed.signals.triggers);
        }
        if !self.hold_back(&mut committed.signals) {
            committed.signals.notify(self);
        }
        if let (Some((start, chain)), Some(changes)) = (chain, &committed.changes) {
            let took = start.elapsed();
            for (_, middleware) in chain.iter() {
                if let Err(panic) = self.ask(|| middleware.committed(changes, took)) {
                    self.report(&StateError::Listener {
                        subject: format!("middleware {:?}", middleware.name()),
                        reason: panic,
                    });
                }
            }
        }
        if committed.schedule {
            let inner = self.this.clone();
            self.scheduler.schedule(move || {
                if let Some(inner) = inner.upgrade() {
                    inner.end_turn();
                }
            });
        }
        // What middleware puts off is due too.
        if committed.due || chain.is_some() {
            self.drive();
        }
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

/// When a commit happened.
#[derive(Clone, Copy)]
struct At {
    time: u64,
    version: u64,
    sequence: u64,
}

impl At {
    fn change(self, slot: &Slot, old: Option<Value>, new: Option<Value>, stamp: Stamp) -> Change {
        Change {
            key: Arc::clone(&slot.key),
            old,
            new,
            stamp,
            time: self.time,
            version: self.version,
            sequence: self.sequence,
            first: self.sequence,
        }
    }
}
