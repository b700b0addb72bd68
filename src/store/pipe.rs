//! The pipe: the one way by which the store changes.
//!
//! Values are compared and middleware runs before any lock is taken; the commit then checks that
//! nothing has moved in between, and starts over if another thread was faster.

use super::{
    clock::{self, Instant},
    context::{self, ThisThread},
    deliver::{Audience, Item},
    draft::{Draft, Reads},
    history::Recorder,
    inner::{Deferred, Inner, State},
    middleware::{Chain, Veto},
    slot::{NOT_PENDING, Slot},
    snapshot::SnapshotCache,
    transaction::{Transaction, Write, Writes},
};
use crate::{
    change::{Change, ChangeSet, Stamp},
    engine::Telling,
    error::StateError,
    value::{Value, is_content},
};
use reactive_graph::{graph::untrack, signal::ArcTrigger, traits::Notify};
use smallvec::SmallVec;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, atomic::Ordering},
};

/// What is left to do once the locks of a commit are released.
struct Committed {
    signals: Signals,
    schedule: bool,
    /// For middleware and histories, if there are any.
    changes: Option<ChangeSet>,
    /// What was kept for the next snapshot and is not worth it any more.
    outdated: Option<SnapshotCache>,
}

/// The signals of a commit, yet to be notified.
#[derive(Default)]
pub(crate) struct Signals {
    triggers: SmallVec<[ArcTrigger; 2]>,
    /// Whether any of it is more than the store's own bookkeeping.
    visible: bool,
    members: bool,
    recorders: SmallVec<[Arc<Recorder>; 1]>,
}

impl Signals {
    fn notify(self, inner: &Inner) {
        for trigger in self.triggers {
            trigger.notify();
        }
        if self.members {
            inner.members.notify();
        }
        if self.visible {
            inner.everything.notify();
        }
        for recorder in &self.recorders {
            recorder.wake(inner);
        }
    }
}

/// What a key is to hold.
pub(crate) enum Content<'a> {
    /// A value, whatever is there.
    Put(Value),
    /// Nothing, whatever is there.
    Remove,
    /// Something that follows from what is there. It may be asked again if another thread was
    /// faster.
    Change(&'a mut dyn FnMut(Option<Value>) -> Result<Option<Value>, StateError>),
}

impl Inner {
    /// Changes one key.
    pub(crate) fn write(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        mut content: Content<'_>,
    ) -> Result<(), StateError> {
        self.may_write()?;
        if context::in_batch(self.id()) {
            let new = match content {
                Content::Put(value) => Some(value),
                Content::Remove => None,
                Content::Change(change) => change(untrack(|| self.read(slot)))?,
            };
            let stamp = stamp.clone();
            let replaced = context::with_draft(self.id(), |draft| draft.put(slot, new, stamp));
            drop(replaced);
            return Ok(());
        }
        self.transact(&Reads::default(), &mut || {
            let (old, _) = self.load(slot);
            let new = match &mut content {
                Content::Put(value) => Some(value.clone()),
                Content::Remove => None,
                Content::Change(change) => change(old.clone())?,
            };
            let mut writes = Writes::new();
            writes.push(Write {
                slot: Arc::clone(slot),
                old,
                new,
                stamp: stamp.clone(),
                rewritten: false,
            });
            Ok(writes)
        })
    }

    /// Runs `f`; all that it writes is stored and told as one, or not at all.
    pub(crate) fn batch<R>(
        &self,
        f: impl FnOnce() -> Result<R, StateError>,
    ) -> Result<R, StateError> {
        self.may_write()?;
        let id = self.id();
        let f = || catch_unwind(AssertUnwindSafe(f));
        if let Some(savepoint) = context::with_draft(id, Draft::nest) {
            let result = f();
            if matches!(result, Ok(Ok(_))) {
                drop(context::with_draft(id, Draft::keep));
            } else {
                let undone = context::with_draft(id, |draft| draft.roll_back(savepoint));
                let undone = undone.unwrap_or_default();
                if context::with_draft(id, |draft| draft.observed) == Some(true) {
                    self.correct(undone.iter().map(|(slot, _)| slot));
                }
                for (slot, _) in undone {
                    self.release(&slot);
                }
            }
            return result.unwrap_or_else(|panic| resume_unwind(panic));
        }
        let (result, mut draft) = context::batch(id, f);
        let due = std::mem::take(&mut draft.after);
        let before = self.clock.load(Ordering::Acquire);
        let result = result.map(|result| {
            let result = result?;
            self.transact(&draft.reads, &mut || {
                let mut writes: Writes = draft.writes.iter().cloned().collect();
                for write in &mut writes {
                    write.old = self.load(&write.slot).0;
                }
                Ok(writes)
            })?;
            Ok(result)
        });
        let slots = draft.writes.into_iter().map(|write| write.slot);
        let mut slots: Vec<_> = slots.collect();
        if draft.observed {
            let is_stored = |slot: &Slot| crate::lock(&slot.state).sequence > before;
            self.correct(slots.iter().filter(|slot| !is_stored(slot)));
        }
        slots.extend(draft.reads.into_values().map(|(slot, _)| slot));
        for slot in slots {
            self.release(&slot);
        }
        for task in due {
            task();
        }
        // A `flush` from inside the batch was put off until now.
        self.drive();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs `f`, whose commits notify signals only when the turn goes on: for components that are
    /// taken down and built. An effect that is told while its component is taken down runs once
    /// more, after all that belonged to the component is gone. Listeners that are told once a turn
    /// are told after the signals, as ever; synchronous ones cannot wait and are told before.
    ///
    /// Without an event loop the signals are notified as soon as `f` has ended.
    #[cfg_attr(not(feature = "leptos"), expect(dead_code))]
    pub(crate) fn holding_signals<R>(&self, f: impl FnOnce() -> R) -> R {
        let this = ThisThread::get().0;
        let free = self
            .holder
            .compare_exchange(0, this, Ordering::AcqRel, Ordering::Acquire);
        let _holding = free.is_ok().then(|| Holding(self));
        f()
    }

    /// The signals, to be notified now; none if they are held back.
    fn hold_back(&self, signals: Signals) -> Option<Signals> {
        if !self.is_holding() {
            return Some(signals);
        }
        crate::lock(&self.state).held.push(signals);
        None
    }

    fn is_holding(&self) -> bool {
        let holder = self.holder.load(Ordering::Acquire);
        holder != 0 && holder == ThisThread::get().0
    }

    /// Notifies the signals that were held back, unless this thread still holds its own back.
    pub(crate) fn release_signals(&self) {
        if self.is_holding() {
            return;
        }
        let held = std::mem::take(&mut crate::lock(&self.state).held);
        for signals in held {
            signals.notify(self);
        }
    }

    /// Does something outside of any batch of this thread, and where it may write: now, or as soon
    /// as what is going on has ended.
    pub(crate) fn defer(&self, task: Deferred) {
        let mut task = Some(task);
        context::with_draft(self.id(), |draft| draft.after.extend(task.take()));
        let Some(task) = task else { return };
        if context::busy(self.id()) {
            crate::lock(&self.state).deferred.push(task);
        } else {
            task();
        }
    }

    /// Makes whoever saw writes of a batch that were not stored look again.
    fn correct<'a>(&self, slots: impl Iterator<Item = &'a Arc<Slot>>) {
        for slot in slots {
            let trigger = crate::lock(&slot.state).signal.existing();
            if let Some(trigger) = trigger {
                trigger.notify();
            }
        }
        self.members.notify();
        self.everything.notify();
    }

    /// Writes a slot of the store's own, which is no key: no version, no middleware.
    pub(crate) fn write_hidden(&self, slot: &Arc<Slot>, make: impl Fn(Option<&Value>) -> Value) {
        loop {
            let (old, _) = self.load(slot);
            let new = Some(make(old.as_ref()));
            let mut transaction = Transaction {
                writes: SmallVec::from_elem(
                    Write {
                        slot: Arc::clone(slot),
                        old,
                        new,
                        stamp: Stamp::LOCAL,
                        rewritten: false,
                    },
                    1,
                ),
            };
            match self.commit(&mut transaction, &Reads::default(), false) {
                Ok(Some(committed)) => return self.publish(committed, None),
                Ok(None) => {}
                Err(_) => return,
            }
        }
    }

    pub(crate) fn may_write(&self) -> Result<(), StateError> {
        match context::forbidden(self.id()) {
            Some(during) => Err(StateError::Reentrant { during }),
            None => self.alive(),
        }
    }

    /// Refuses, inside of a batch, what takes effect at once and could not be taken back with it.
    pub(crate) fn may_act_at_once(&self) -> Result<(), StateError> {
        if context::in_batch(self.id()) {
            return Err(StateError::Reentrant { during: "a batch" });
        }
        Ok(())
    }

    fn transact(
        &self,
        reads: &Reads,
        build: &mut dyn FnMut() -> Result<Writes, StateError>,
    ) -> Result<(), StateError> {
        let chain = self
            .has_middleware
            .load(Ordering::Acquire)
            .then(|| (Instant::now(), Arc::clone(&crate::read(&self.middleware))));
        loop {
            let mut transaction = Transaction { writes: build()? };
            transaction.writes.retain(|write| !write.changes_nothing());
            if let Some((_, chain)) = &chain
                && !transaction.writes.is_empty()
            {
                self.filter(chain, &mut transaction)?;
            }
            if transaction.writes.is_empty() {
                // Another thread may have written the same, after what this one read.
                let _state = crate::lock(&self.state);
                return still_stand(reads);
            }
            if let Some(committed) = self.commit(&mut transaction, reads, chain.is_some())? {
                self.publish(committed, chain.as_ref());
                return Ok(());
            }
        }
    }

    /// Lets middleware see the transaction, in order of registration.
    fn filter(&self, chain: &Chain, transaction: &mut Transaction) -> Result<(), StateError> {
        for (_, middleware) in chain.iter() {
            let verdict = self.ask(|| middleware.before(transaction));
            verdict
                .unwrap_or_else(|panic| Err(Veto::new(panic)))
                .map_err(|veto| StateError::Vetoed {
                    middleware: middleware.name().to_owned(),
                    key: veto.key,
                    reason: veto.reason,
                })?;
        }
        transaction
            .writes
            .retain(|write| !(write.rewritten && write.changes_nothing()));
        Ok(())
    }

    /// Runs code of a middleware, which must not write.
    fn ask<R>(&self, f: impl FnOnce() -> R) -> Result<R, String> {
        context::forbidding(self.id(), "a middleware", || untrack(|| super::contain(f)))
    }

    /// Stores the transaction, unless something it is based upon has moved: `None`.
    fn commit(
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
        let count = transaction
            .writes
            .iter()
            .filter(|write| !write.slot.is_hidden())
            .count();
        state.sequence += 1;
        if count > 0 {
            state.version += 1;
            state.update_count += count as u64;
            state.last_update = Some(time);
            if let Some(last) = transaction.writes.last() {
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
            if is_followed {
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
    fn publish(&self, committed: Committed, chain: Option<&(Instant, Chain)>) {
        if let Some(outdated) = committed.outdated {
            self.give_up_snapshots(outdated);
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
fn still_stand(reads: &Reads) -> Result<(), StateError> {
    let moved =
        |(slot, sequence): &&(Arc<Slot>, u64)| crate::lock(&slot.state).sequence != *sequence;
    match reads.values().find(moved) {
        None => Ok(()),
        Some((slot, _)) => Err(StateError::Conflict {
            key: slot.key.to_string(),
        }),
    }
}

/// Ends the holding back of signals, also when the code inside panics.
struct Holding<'a>(&'a Inner);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.holder.store(0, Ordering::Release);
        if !self.0.scheduler.is_automatic() {
            return self.0.release_signals();
        }
        let inner = self.0.this.clone();
        self.0.scheduler.schedule(move || {
            if let Some(inner) = inner.upgrade() {
                inner.release_signals();
            }
        });
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
