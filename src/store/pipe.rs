//! The pipe: the one way by which the store changes.
//!
//! Values are compared and middleware runs before any lock is taken; the commit then checks that
//! nothing has moved in between, and starts over if another thread was faster.

mod commit;
#[cfg(feature = "fields")]
mod exchange;
mod joined;
mod line;
mod plain;
mod signals;

#[cfg(feature = "fields")]
pub(crate) use exchange::Tell;
pub(crate) use line::Line;
pub(crate) use signals::Signals;

use super::{
    context::{self, Writing},
    draft::{Draft, Marks, Reads},
    guest::{Answer, Drafting, Filtered, Naming},
    inner::{Deferred, Inner},
    slot::Slot,
    transaction::{Transaction, Write, Writes},
};
use crate::{change::Stamp, error::StateError, few::Few, value::Value};
use commit::{Committed, Fate, still_stand};
use plain::Way;
use reactive_graph::graph::untrack;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, atomic::Ordering},
};

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
    #[inline]
    pub(crate) fn write(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        mut content: Content<'_>,
    ) -> Result<(), StateError> {
        if let Content::Put(value) = &mut content
            && context::is_idle()
            && value.is_plain()
            && self.write_plainly(stamp, slot, value)? == Way::Gone
        {
            return Ok(());
        }
        self.write_carefully(stamp, slot, content)
    }

    /// Changes one key: in a batch, and the long way.
    fn write_carefully(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        mut content: Content<'_>,
    ) -> Result<(), StateError> {
        if let Content::Put(value) = &content
            && !self.has_names()
        {
            let put = |draft: &mut dyn Drafting| draft.put(slot, Some(value.clone()), stamp);
            match context::writing(self.id(), put) {
                Writing::Draft(replaced) => {
                    drop(replaced);
                    return Ok(());
                }
                Writing::Forbidden(during) => return Err(StateError::Reentrant { during }),
                Writing::Through => self.alive()?,
            }
        } else {
            self.may_write()?;
            self.is_writable(slot)?;
            if context::in_batch(self.id()) {
                let new = match &mut content {
                    Content::Put(value) => Some(value.clone()),
                    Content::Remove => None,
                    Content::Change(change) => change(untrack(|| self.read(slot))?)?,
                };
                drop(context::drafting(self.id(), |draft| {
                    draft.put(slot, new, stamp)
                }));
                return Ok(());
            }
        }
        self.transact(None, &[], &mut |writes| {
            let (old, _) = self.load(slot);
            let new = match &mut content {
                Content::Put(value) => Some(value.clone()),
                Content::Remove => None,
                Content::Change(change) => change(old.clone())?,
            };
            writes.push(Write {
                slot: Arc::clone(slot),
                old,
                new,
                stamp: stamp.clone(),
                rewritten: false,
            });
            Ok(())
        })
    }

    /// Gives a key what was made of `base` and is known to differ from it, if that is what it holds
    /// and there is neither middleware nor a batch. Returns whether it did.
    #[cfg(feature = "fields")]
    pub(crate) fn replace(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        base: &Value,
        new: &Value,
    ) -> Result<bool, StateError> {
        self.may_write()?;
        self.is_writable(slot)?;
        if self.asks.load(Ordering::Acquire) || self.is_in_batch() {
            return Ok(false);
        }
        let mut transaction = Transaction {
            writes: Writes::One(Write {
                slot: Arc::clone(slot),
                old: Some(base.clone()),
                new: Some(new.clone()),
                stamp: stamp.clone(),
                rewritten: false,
            }),
        };
        let mut committed = Committed::default();
        let fate = self.commit(&mut transaction, None, &[], false, &mut committed)?;
        if fate == Fate::Stored {
            self.publish(&mut committed, None);
        }
        Ok(fate == Fate::Stored)
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
                let dropped = undone.iter().map(|(slot, new)| (slot, new.as_ref()));
                self.fail_answers(dropped, || why(&result));
                if context::with_draft(id, |draft| draft.observed) == Some(true) {
                    self.correct(undone.iter().map(|(slot, _)| slot));
                }
                for (slot, _) in undone {
                    self.release(&slot);
                }
            }
            return result.unwrap_or_else(|panic| resume_unwind(panic));
        }
        let (result, mut draft) = {
            let marks = Marks::take(&self.marked);
            context::batch(id, marks.as_ref(), f)
        };
        let due = std::mem::take(&mut draft.after);
        let naming = std::mem::take(&mut draft.naming);
        let before = self.clock.load(Ordering::Acquire);
        let result = result.map(|result| {
            let result = result?;
            if naming.is_empty() && self.store_plainly(&mut draft)? == Way::Gone {
                return Ok(result);
            }
            self.transact(Some(&draft.reads), &naming, &mut |writes| {
                writes.extend(draft.writes.iter().cloned().map(|drafted| Write {
                    old: self.load(&drafted.slot).0,
                    slot: drafted.slot,
                    new: drafted.new,
                    stamp: drafted.stamp,
                    rewritten: false,
                }));
                Ok(())
            })?;
            Ok(result)
        });
        if !matches!(result, Ok(Ok(_))) {
            let dropped = draft.writes.iter();
            let dropped = dropped.map(|write| (&write.slot, write.new.as_ref()));
            self.fail_answers(dropped, || why(&result));
        }
        let slots = draft.writes.drain(..).map(|write| write.slot);
        let mut slots: Vec<_> = slots.collect();
        if draft.observed {
            let is_stored = |slot: &Slot| crate::lock(&slot.state).sequence > before;
            self.correct(slots.iter().filter(|slot| !is_stored(slot)));
        }
        slots.extend(draft.reads.drain().map(|(_, (slot, _))| slot));
        draft.end();
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

    /// Does something outside of any batch of this thread, and where it may write: now, or as soon
    /// as what is going on has ended.
    pub(crate) fn defer(&self, task: Deferred) {
        let mut task = Some(task);
        context::with_draft(self.id(), |draft| draft.after.extend(task.take()));
        let Some(task) = task else { return };
        if context::busy(self.id()) {
            self.begin_to_deliver();
            crate::lock(&self.state).deferred.push(task);
        } else {
            task();
        }
    }

    /// Ends, as failed, the requests whose answers came to nothing together with their batch.
    fn fail_answers<'a>(
        &self,
        dropped: impl Iterator<Item = (&'a Arc<Slot>, Option<&'a Value>)>,
        reason: impl Fn() -> String,
    ) {
        let Some(loading) = self.loading.get() else {
            return;
        };
        for (load, answer) in dropped.filter(|(slot, _)| slot.is_hidden()) {
            loading.fail_answer(self, load, answer, reason());
        }
    }

    /// Makes whoever saw writes of a batch that were not stored look again.
    fn correct<'a>(&self, slots: impl Iterator<Item = &'a Arc<Slot>>) {
        let keys = slots.filter_map(|slot| crate::lock(&slot.state).trigger());
        self.notify(Signals {
            keys: keys.collect(),
            members: true,
            visible: true,
            ..Signals::default()
        });
    }

    /// Writes a slot of the store's own, which is no key: no version, no middleware.
    pub(crate) fn write_hidden(&self, slot: &Arc<Slot>, make: impl Fn(Option<&Value>) -> Value) {
        // A store that was disposed of has nobody to be told.
        let _ = self.try_write_hidden(slot, |old| Some(make(old)));
    }

    /// As [`Inner::write_hidden`], unless `make` has nothing to write. Returns whether it had.
    pub(crate) fn try_write_hidden(
        &self,
        slot: &Arc<Slot>,
        make: impl Fn(Option<&Value>) -> Option<Value>,
    ) -> Result<bool, StateError> {
        loop {
            let (old, _) = self.load(slot);
            let Some(new) = make(old.as_ref()) else {
                return Ok(false);
            };
            let mut transaction = Transaction {
                writes: Few::One(Write::hidden(slot, old, Some(new))),
            };
            let mut committed = Committed::default();
            let fate = self.commit(&mut transaction, None, &[], false, &mut committed)?;
            if fate == Fate::Stored {
                self.publish(&mut committed, None);
                return Ok(true);
            }
        }
    }

    pub(crate) fn may_write(&self) -> Result<(), StateError> {
        match context::forbidden(self.id()) {
            Some(during) => Err(StateError::Reentrant { during }),
            None => self.alive(),
        }
    }

    /// Whether this thread is inside of a batch, or of something that must not write.
    #[cfg(feature = "edge")]
    pub(crate) fn is_busy(&self) -> bool {
        context::busy(self.id())
    }

    /// Refuses, inside of a batch, what takes effect at once and could not be taken back with it.
    pub(crate) fn may_act_at_once(&self) -> Result<(), StateError> {
        if context::in_batch(self.id()) {
            return Err(StateError::Reentrant { during: "a batch" });
        }
        Ok(())
    }

    pub(crate) fn transact(
        &self,
        reads: Option<&Reads>,
        naming: &[Box<dyn Naming>],
        build: &mut dyn FnMut(&mut Writes) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let filtered = self.filtered();
        let mut reads = reads;
        let mut transaction = Transaction {
            writes: Writes::new(),
        };
        loop {
            transaction.writes.clear();
            build(&mut transaction.writes)?;
            let loading = self.loading.get();
            let answers = match loading {
                Some(loading) => loading.take_answers(&mut transaction.writes)?,
                None => Writes::new(),
            };
            transaction.writes.retain(|write| !write.changes_nothing());
            if let Some((_, middleware)) = &filtered
                && !transaction.writes.is_empty()
            {
                middleware.filter(self, &mut transaction)?;
            }
            if let Some(loading) = loading {
                loading.put_answers(self, &mut transaction.writes, answers);
            }
            if transaction.writes.is_empty() && naming.is_empty() {
                // Another thread may have written the same, after what this one read.
                let _state = crate::lock(&self.state);
                return reads.map_or(Ok(()), still_stand);
            }
            if !transaction.writes.is_empty()
                && let Some(host) = self.host()
            {
                self.do_stand(reads)?;
                match host.commit(self, &mut transaction.writes)? {
                    Answer::Moved => continue,
                    Answer::Stored if naming.is_empty() => return Ok(()),
                    // What was read has been written by this very transaction.
                    Answer::Stored => reads = None,
                    Answer::Alone => {}
                }
            }
            let mut committed = Committed::default();
            let told = filtered.is_some();
            let fate = self.commit(&mut transaction, reads, naming, told, &mut committed)?;
            if fate == Fate::Stored {
                self.publish(&mut committed, filtered.as_ref());
                let writes = transaction.writes.into_iter().map(|write| write.slot);
                for load in writes.filter(|slot| slot.is_hidden()) {
                    self.release(&load);
                }
                return Ok(());
            }
            if fate == Fate::Equal {
                return Ok(());
            }
        }
    }

    /// What middleware there is, at the beginning of something that it is told of.
    pub(crate) fn filtered(&self) -> Option<Filtered> {
        if !self.asks.load(Ordering::Acquire) {
            return None;
        }
        let middleware = crate::read(&self.middleware).clone()?;
        Some((middleware.now(), middleware))
    }
}

/// Why a batch was not stored.
fn why<R, P>(result: &Result<Result<R, StateError>, P>) -> String {
    match result {
        Ok(Err(error)) => error.to_string(),
        _ => "the batch panicked".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Committed, Fate, Transaction, Write, Writes};
    use crate::{EngineKind, Store, change::Stamp};

    #[test]
    fn a_removal_that_overlooks_a_request_is_built_anew() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            store.set("n", 1).ok();
            let slot = store.inner.slots.get("n");
            let (old, _) = store.inner.load(&slot);
            let removal = Write {
                slot,
                old,
                new: None,
                stamp: Stamp::LOCAL,
                rewritten: false,
            };
            let writes = Writes::from_iter([removal]);
            // Another thread begins it, between the building of the removal and its commit.
            let request = store.load::<i32>("n");
            let mut transaction = Transaction { writes };
            let mut committed = Committed::default();
            let fate = store
                .inner
                .commit(&mut transaction, None, &[], false, &mut committed);
            assert!(fate == Ok(Fate::Moved) && store.has("n"));
            assert!(request.is_ok_and(|request| request.is_current()));
        }
    }
}
