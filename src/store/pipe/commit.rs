//! The commit: the one place where the store changes, and what follows from it at once.

use super::signals::Signals;
use crate::{
    change::{Change, ChangeSet},
    engine::Telling,
    error::StateError,
    store::{
        clock::{self, Instant},
        context::ThisThread,
        deliver::{Audience, Item},
        draft::Reads,
        graph::Graph,
        inner::{Inner, State},
        middleware::Chain,
        slot::{NOT_PENDING, Slot},
        snapshot::SnapshotCache,
        transaction::{Transaction, Write},
    },
    value::is_content,
};
use smallvec::SmallVec;
use std::sync::{Arc, atomic::Ordering};

/// What is left to do once the locks of a commit are released.
pub(super) struct Committed {
    signals: Signals,
    /// Those that have parts of a value to tell of.
    graphs: SmallVec<[Arc<dyn Graph>; 1]>,
    schedule: bool,
    /// For middleware and histories, if there are any.
    changes: Option<ChangeSet>,
    /// What was kept for the next snapshot and is not worth it any more.
    outdated: Option<SnapshotCache>,
}

impl Inner {
    /// Stores the transaction, unless something it is based upon has moved: `None`.
    pub(super) fn commit(
        &self,
        transaction: &mut Transaction,
        reads: &Reads,
        for_middleware: bool,
    ) -> Result<Option<Committed>, StateError> {
        let running = self.engine();
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        still_stand(reads)?;
        if self.leaves_a_request(&transaction.writes) {
            return Ok(None);
        }
        for write in &transaction.writes {
            let slot = crate::lock(&write.slot.state);
            let untouched = if write.slot.is_hidden() {
                is_content(slot.place.as_ref(), write.old.as_ref())
            } else {
                let now = running.engine.load(&write.slot.key, &slot.place);
                is_content(now.as_ref(), write.old.as_ref())
            };
            if !untouched {
                return Ok(None);
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

        let mut committed = Committed {
            signals: Signals {
                triggers: SmallVec::new(),
                visible: count > 0,
                members: false,
                recorders: state.recorders.clone(),
            },
            graphs: SmallVec::new(),
            schedule: self.scheduler.is_automatic() && !state.scheduled,
            changes: None,
            outdated: None,
        };
        let is_followed = for_middleware || (count > 0 && !state.recorders.is_empty());
        state.scheduled |= committed.schedule;
        let mut told = audience.map(|audience| (audience, SmallVec::new(), ChangeSet::default()));
        for write in &transaction.writes {
            let slot = &mut *crate::lock(&write.slot.state);
            let hidden = write.slot.is_hidden();
            // What is taken out here is still held by `write.old`: no value is dropped under a lock.
            if hidden {
                slot.place.clone_from(&write.new);
            } else {
                let (key, new) = (&write.slot.key, write.new.clone());
                running.engine.store(key, &mut slot.place, new);
                if write.old.is_some() != write.new.is_some() {
                    committed.signals.members = true;
                    state.members = state.sequence;
                    state.len = state.len + usize::from(write.new.is_some())
                        - usize::from(write.old.is_some());
                }
                if let Some(snapshots) = &mut state.snapshots
                    && !slot.stale
                {
                    slot.stale = true;
                    snapshots.stale.push(Arc::clone(&write.slot));
                    if snapshots.is_outdated() {
                        committed.outdated = state.snapshots.take();
                    }
                }
            }
            slot.sequence = state.sequence;
            committed.signals.triggers.extend(slot.signal.existing());
            committed.graphs.extend(slot.graphs.living());
            // What waits is kept up even if nobody waits for it any more: the slot is given up by it.
            if later || slot.pending != NOT_PENDING {
                match state.pending.get_mut(slot.pending as usize) {
                    Some((_, change)) if slot.pending != NOT_PENDING => {
                        change.new.clone_from(&write.new);
                        change.stamp = write.stamp.clone();
                        change.time = time;
                        change.version = state.version;
                        change.sequence = state.sequence;
                    }
                    _ => {
                        slot.pending = u32::try_from(state.pending.len()).unwrap_or(NOT_PENDING);
                        let change = change(write, time, state);
                        state.pending.push((Arc::clone(&write.slot), change));
                    }
                }
                state.pending_round = state.pending_round.max(round);
            }
            if let Some((_, slots, changes)) = &mut told {
                slots.push(Arc::clone(&write.slot));
                changes.changes.push(change(write, time, state));
            }
            if is_followed && !hidden {
                let changes = committed.changes.get_or_insert_default();
                changes.changes.push(change(write, time, state));
            }
        }
        if let Some(changes) = &committed.changes {
            for recorder in &state.recorders {
                recorder.record(changes);
            }
        }
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(state.sequence, Ordering::Release);
        if let Some((audience, slots, changes)) = told {
            state.queue.push_back(Item {
                slots,
                changes,
                audience,
                round,
                restored: Vec::new(),
            });
        }
        Ok(Some(committed))
    }

    /// The time of a commit. It is read once a turn where turns end by themselves.
    fn time(&self, state: &mut State) -> u64 {
        if !self.scheduler.is_automatic() {
            return clock::now();
        }
        *state.turn.get_or_insert_with(clock::now)
    }

    /// Tells of a commit: signals first, so that listeners find memos that know of it.
    pub(super) fn publish(&self, mut committed: Committed, chain: Option<&(Instant, Chain)>) {
        if let Some(outdated) = committed.outdated {
            self.give_up_snapshots(outdated);
        }
        for graph in committed.graphs {
            graph.refresh(self, &mut committed.signals.triggers);
        }
        if let Some(signals) = self.hold_back(committed.signals) {
            signals.notify(self);
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
        self.drive();
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

fn change(write: &Write, time: u64, state: &State) -> Change {
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
