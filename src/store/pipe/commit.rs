//! The commit: the one place where the store changes, and what follows from it at once.

use super::{
    line::{Line, change},
    signals::Signals,
};
use crate::{
    change::ChangeSet,
    error::StateError,
    store::{
        clock::{self, Instant},
        draft::Reads,
        graph::Graph,
        inner::{Inner, State},
        middleware::Chain,
        named::Naming,
        slot::Slot,
        snapshot::SnapshotCache,
        transaction::{Transaction, Write},
    },
    value::is_content,
};
use smallvec::SmallVec;
use std::sync::{Arc, atomic::Ordering};

/// What is left to do once the locks of a commit are released.
#[derive(Default)]
pub(super) struct Committed {
    signals: Signals,
    /// Those that have parts of a value to tell of.
    graphs: SmallVec<[Arc<dyn Graph>; 1]>,
    schedule: bool,
    /// For middleware and histories, if there are any.
    changes: Option<ChangeSet>,
    /// What was kept for the next snapshot and is not worth it any more.
    outdated: Option<SnapshotCache>,
    /// What computed keys were told of, to be dropped.
    waste: Vec<Write>,
}

impl Inner {
    /// Stores the transaction, unless something it is based upon has moved: `None`.
    pub(super) fn commit(
        &self,
        transaction: &mut Transaction,
        reads: &Reads,
        naming: &[Naming],
        for_middleware: bool,
    ) -> Result<Option<Committed>, StateError> {
        let running = self.engine();
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        still_stand(reads)?;
        for write in &transaction.writes {
            let slot = crate::lock(&write.slot.state);
            let untouched = if write.slot.is_hidden() {
                is_content(slot.place.as_ref(), write.old.as_ref())
            } else {
                slot.is_writable()?;
                let now = running.engine.load(&write.slot.key, &slot.place);
                is_content(now.as_ref(), write.old.as_ref())
            };
            if !untouched {
                return Ok(None);
            }
        }

        let mut due: SmallVec<[&Naming; 1]> = SmallVec::new();
        for naming in naming {
            if naming.is_due(&running)? {
                due.push(naming);
            }
        }
        if transaction.writes.is_empty() && due.is_empty() {
            return Ok(Some(Committed::default()));
        }

        let state = &mut *state;
        let time = self.time(state);
        let is_key = |write: &&Write| !write.slot.is_hidden();
        let count = transaction.writes.iter().filter(is_key).count();
        let visible = count + due.len();
        state.sequence += 1;
        // What is computed may follow from what is no key, such as who is registered.
        if visible > 0 || !state.named.is_empty() {
            state.version += 1;
        }
        if visible > 0 {
            state.update_count += visible as u64;
            state.last_update = Some(time);
            let last = transaction.writes.last().map(|write| &write.stamp);
            let last = last.or(due.last().map(|naming| naming.stamp()));
            if let Some(stamp) = last {
                state.source = stamp.source.clone();
            }
        }
        let mut committed = Committed {
            signals: Signals {
                triggers: SmallVec::new(),
                visible: visible > 0 || !state.named.is_empty(),
                members: false,
                recorders: state.recorders.clone(),
            },
            graphs: SmallVec::new(),
            schedule: self.scheduler.is_automatic() && !state.scheduled,
            changes: None,
            outdated: None,
            waste: Vec::new(),
        };
        let is_followed = for_middleware || (count > 0 && !state.recorders.is_empty());
        state.scheduled |= committed.schedule;
        let mut line = Line::open(self, &running, state, time);
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
            if let Some(line) = &mut line {
                line.add(state, slot, write);
            }
            if is_followed {
                let changes = committed.changes.get_or_insert_default();
                changes.changes.push(change(write, time, state));
            }
        }
        for naming in due {
            committed.signals.members = true;
            let told = naming.take_effect(self, state, line.as_mut(), &mut committed.signals);
            committed.waste.push(told);
        }
        if let Some(changes) = &committed.changes {
            for recorder in &state.recorders {
                recorder.record(changes);
            }
        }
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(state.sequence, Ordering::Release);
        if let Some(line) = line {
            line.close(state);
        }
        Ok(Some(committed))
    }

    /// The time of a commit. It is read once a turn where turns end by themselves.
    #[inline]
    pub(crate) fn time(&self, state: &mut State) -> u64 {
        if !self.scheduler.is_automatic() {
            return clock::now();
        }
        *state.turn.get_or_insert_with(clock::now)
    }

    /// Tells of a commit: signals first, so that listeners find memos that know of it.
    pub(super) fn publish(&self, mut committed: Committed, chain: Option<&(Instant, Chain)>) {
        drop(committed.waste);
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
