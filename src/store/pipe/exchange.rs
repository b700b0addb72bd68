//! The short way through the pipe for a part of a value: a value is exchanged for one that was made of
//! it, as [`plain`](super::plain) does for values that the language itself compares.

use super::line::Mark;
use crate::{
    change::Stamp,
    error::StateError,
    store::{
        graph::{Graph, Triggers},
        inner::Inner,
        slot::{NOT_PENDING, Slot},
    },
    value::Value,
};
use std::sync::{Arc, atomic::Ordering};

/// Adds what a graph has to tell of a commit, if that is known without comparing. Returns whether it is.
pub(crate) type Tell<'a> = dyn Fn(&Arc<dyn Graph>, u64, &mut Triggers) -> bool + 'a;

impl Inner {
    /// Gives a key what was made of `base` and is known to differ from it. Returns whether it did: not
    /// if anything else is there, or anybody but its readers and listeners is concerned. Then nothing
    /// has happened. `tell` is asked first for the triggers of each graph of the key, with the sequence
    /// number of the commit.
    pub(crate) fn exchange(
        &self,
        stamp: &Stamp,
        slot: &Arc<Slot>,
        base: &Value,
        new: &Value,
        tell: &Tell<'_>,
    ) -> Result<bool, StateError> {
        let Some((running, mut locked)) = self.short_way()? else {
            return Ok(false);
        };
        let state = &mut *locked;
        let mut place = crate::lock(&slot.state);
        let here = &mut *place;
        let (now, later) = self.audience(&running);
        let now = now.filter(|_| !here.listeners.is_empty() || self.tells_all());
        if !running.holds(slot.site(), &here.place, Some(base)) {
            return Ok(false);
        }
        // No value is dropped under a lock: the caller has what is taken out.
        running.store(slot.site(), &mut here.place, Some(new.clone()));

        let time = self.time(state);
        state.advance(time, 1, stamp);
        let mark = Mark::of(state, time);
        here.sequence = mark.sequence;
        let wakes_feed = state.feed(self, slot, Some(base), false, stamp);
        let outdated = state.outdate(slot, &mut here.stale);
        let schedule = self.begins_turn(state);
        let labels = here.labels;
        let change = || {
            let (old, new) = (Some(base.clone()), Some(new.clone()));
            mark.change(slot, labels, old, new, stamp.clone())
        };
        let untold =
            (later || here.pending != NOT_PENDING).then(|| state.wait(slot, here, change(), 0));
        let is_heard = now.is_some();
        // They stand in line until the signals, which may make others write, were told.
        if let Some(audience) = now {
            let mut item = state.blank_item(audience, 0);
            item.slots.push(Arc::clone(slot));
            item.changes.changes.push(change());
            state.queue.push_back(item);
        }
        let trigger = here.trigger();
        let graphs = here.rare().map(|rare| rare.graphs.all_living());
        // Last, so that nobody takes what was read before the commit for what stands after it.
        self.clock.store(mark.sequence, Ordering::Release);
        drop(place);
        drop(locked);
        drop(running);

        drop(untold);
        if let Some(outdated) = outdated {
            self.give_up_snapshots(outdated);
        }
        let mut triggers = Triggers::default();
        for graph in graphs.iter().flat_map(|graphs| graphs.iter()) {
            if !tell(graph, mark.sequence, &mut triggers) {
                graph.refresh(self, &mut triggers);
            }
        }
        let has_effects = trigger.as_ref().is_some_and(|trigger| trigger.is_awaited);
        self.tell_readers(trigger.as_slice(), &triggers, false, true);
        if wakes_feed {
            self.wake_feed();
        }
        if schedule {
            self.scheduler
                .schedule(&self.this, Self::end_turn, has_effects);
        }
        if is_heard {
            self.drive();
        }
        Ok(true)
    }

    /// Whether nothing was committed since, as far as others could know.
    pub(crate) fn is_last(&self, sequence: u64) -> bool {
        self.clock.load(Ordering::Acquire) == sequence
    }
}
