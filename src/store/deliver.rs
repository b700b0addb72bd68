//! Delivery: listeners are told, in the order of commits, by one thread at a time.

mod item;
mod tell;

pub(crate) use item::{Audience, Item};

use item::is_void;

use super::{
    context::{self, ThisThread},
    inner::{Inner, State},
    listen::Listeners,
    slot::NOT_PENDING,
};
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
    few::Few,
};
use reactive_graph::graph::{Observer, untrack};
use std::sync::atomic::Ordering;

/// How many times listeners may cause changes that cause listeners to be called, and so on, before
/// the store takes it for a cycle.
pub(crate) const MAX_ROUNDS: u32 = 100;

/// How many sets of changes that listeners caused may cause further ones within one delivery before
/// the store takes it for a cycle: a listener that writes two keys each round would otherwise cause
/// 2¹⁰⁰. What causes nothing is not counted: it ends by itself, however much it is. Each change that
/// no listener made allows for [`CAUSED_PER_CHANGE`] more.
pub(crate) const MAX_CAUSED: usize = 10_000;
const CAUSED_PER_CHANGE: usize = 100;

/// How many sets of changes are kept to be used again.
const MAX_SPENT: usize = 4;

/// Lets others deliver again, also when this thread panics.
pub(super) struct Delivering<'a>(&'a Inner);

impl<'a> Delivering<'a> {
    /// The caller has made this the thread that delivers.
    pub(super) fn new(inner: &'a Inner) -> Self {
        Self(inner)
    }
}

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        crate::lock(&self.0.state).delivering = None;
    }
}

impl State {
    /// A set of changes without any, to be filled in and delivered.
    pub(super) fn blank_item(&mut self, audience: Audience, round: u32) -> Box<Item> {
        let mut item = self.spent.pop().unwrap_or_default();
        item.audience = audience;
        item.round = round;
        item.unheard = None;
        item
    }

    /// Keeps an emptied set, to be used again.
    pub(super) fn keep_blank(&mut self, item: Box<Item>) {
        if self.spent.len() < MAX_SPENT {
            self.spent.push(item);
        }
    }

    /// The next set to be delivered. With none left, nobody is delivering any more.
    fn next(&mut self) -> Option<Box<Item>> {
        let item = match self.queue.pop_front() {
            Some(item) => item,
            None if self.flush && !self.pending.is_empty() => self.take_pending(),
            None => {
                self.flush = false;
                self.delivering = None;
                // What still waits begins anew: a cycle among others is none of its own.
                self.pending_round = 0;
                return None;
            }
        };
        self.delivering = Some((ThisThread::get(), item.round));
        Some(item)
    }

    /// Whether something is to be delivered or done now.
    pub(super) fn is_due(&self) -> bool {
        self.flush || !self.queue.is_empty() || !self.deferred.is_empty()
    }

    /// What waits for the end of the turn, as a set to be delivered.
    pub(crate) fn take_pending(&mut self) -> Box<Item> {
        let round = std::mem::take(&mut self.pending_round);
        let mut item = self.blank_item(Audience::Batched, round);
        for (slot, change) in self.pending.drain(..) {
            item.slots.push(slot);
            item.changes.changes.push(change);
        }
        for slot in &item.slots {
            crate::lock(&slot.state).pending = NOT_PENDING;
        }
        item
    }
}

/// What calls listeners. Only [`Inner::begin_to_deliver`] names it, so that an app without any links
/// none of it.
pub(crate) struct Deliverer {
    all: fn(&Inner),
    one: fn(&Inner, Delivering<'_>, &Change, &Listeners, Audience),
}

static DELIVERER: Deliverer = Deliverer {
    all: Inner::deliver_all,
    one: Inner::deliver_alone,
};

impl Inner {
    /// Delivers what is pending now. From inside a listener, a batch, a middleware or a computed
    /// value it takes effect as soon as that has returned.
    pub(crate) fn flush(&self) {
        self.release_signals();
        {
            let mut state = crate::lock(&self.state);
            // Where it is put off, what is written until then is to be delivered too.
            let listens = |(thread, _)| thread == ThisThread::get();
            let put_off = state.delivering.is_some_and(listens) || context::in_batch(self.id());
            state.flush |= put_off || !state.pending.is_empty();
        }
        self.drive();
    }

    /// The end of a turn that was scheduled.
    pub(crate) fn end_turn(&self) {
        let is_over = {
            let mut state = crate::lock(&self.state);
            state.scheduled = false;
            state.turn = None;
            state.pending.is_empty() && state.held.is_empty() && !state.is_due()
        };
        if !is_over {
            self.flush();
        }
    }

    /// Does what was deferred and delivers all that is due, unless this or another thread is already
    /// delivering: that one will. Where signals are held back, it is done after that.
    pub(crate) fn drive(&self) {
        if context::busy(self.id()) || self.is_holding() {
            return;
        }
        match self.delivery.get() {
            Some(deliverer) => (deliverer.all)(self),
            // Nobody has ever listened: there is nothing to be told. Who has just begun to asks by a
            // flush of their own.
            None => {
                let mut state = crate::lock(&self.state);
                state.flush &= self.delivery.get().is_some();
            }
        }
    }

    /// Makes [`Inner::drive`] deliver, because there is somebody to be called.
    pub(crate) fn begin_to_deliver(&self) {
        self.delivery.get_or_init(|| &DELIVERER);
    }

    fn deliver_all(&self) {
        let item = {
            let mut state = crate::lock(&self.state);
            if !state.deferred.is_empty() {
                let deferred = std::mem::take(&mut state.deferred);
                drop(state);
                for task in deferred {
                    task();
                }
                state = crate::lock(&self.state);
            }
            if !state.is_due() || state.delivering.is_some() {
                return;
            }
            state.next()
        };
        self.deliver_line(Delivering(self), item, MAX_CAUSED);
    }

    /// Delivers one change of one key at once, then what has come to stand in line meanwhile.
    pub(super) fn deliver_one(
        &self,
        delivering: Delivering<'_>,
        change: &Change,
        listeners: &Listeners,
        audience: Audience,
    ) {
        // Who has a listener to be called has what calls it.
        if let Some(deliverer) = self.delivery.get() {
            (deliverer.one)(self, delivering, change, listeners, audience);
        }
    }

    fn deliver_alone(
        &self,
        delivering: Delivering<'_>,
        change: &Change,
        listeners: &Listeners,
        audience: Audience,
    ) {
        if Observer::get().is_some() {
            untrack(|| self.tell_one(listeners, change, audience));
        } else {
            self.tell_one(listeners, change, audience);
        }
        let next = crate::lock(&self.state).next();
        match next {
            Some(_) => {
                let left = MAX_CAUSED.saturating_add(CAUSED_PER_CHANGE);
                self.deliver_line(delivering, next, left);
            }
            None => std::mem::forget(delivering),
        }
    }

    /// Delivers sets of changes until none is left.
    fn deliver_line(
        &self,
        delivering: Delivering<'_>,
        mut item: Option<Box<Item>>,
        mut left: usize,
    ) {
        let mut cycle = false;
        while let Some(mut now) = item {
            if now.round == 0 {
                left = left.saturating_add(CAUSED_PER_CHANGE * now.changes.len());
            }
            if now.round > MAX_ROUNDS || left == 0 {
                if !cycle {
                    self.report(&StateError::Cycle {
                        what: describe(&now.changes),
                    });
                }
                cycle = true;
            } else {
                let before = self.clock.load(Ordering::Acquire);
                self.deliver(&mut now);
                if now.round > 0 && self.clock.load(Ordering::Acquire) != before {
                    left -= 1;
                }
            }
            self.give_up(&mut now);
            let mut state = crate::lock(&self.state);
            state.keep_blank(now);
            item = state.next();
        }
        std::mem::forget(delivering);
    }

    /// Empties a set that was delivered, and gives up the slots that only it still held.
    fn give_up(&self, item: &mut Item) {
        // The changes hold no slot, so each slot is given up on its own.
        let slots = std::mem::take(&mut item.slots);
        // Who has removed a key since could not give up a slot that was held here.
        let moved = crate::lock(&self.state).members;
        if item.unheard.is_none_or(|commit| commit < moved) {
            for (slot, change) in slots.into_iter().zip(&item.changes) {
                if change.is_removal() || slot.is_hidden() || change.sequence < moved {
                    self.release(&slot);
                }
            }
        }
        // One large batch does not make every later set large.
        item.changes.changes = Few::new();
        item.restored.clear();
    }

    fn deliver(&self, item: &mut Item) {
        if item.audience == Audience::Batched {
            // Should a comparison panic, all of it is told.
            let _ = super::contain(|| item.settle());
        }
        let filtered = self.filtered();
        if Observer::get().is_some() {
            untrack(|| self.tell(item));
        } else {
            self.tell(item);
        }
        if let Some((start, middleware)) = filtered {
            let took = middleware.since(&start);
            let places: Vec<usize> = (0..item.slots.len())
                .filter(|at| !item.slots[*at].is_hidden() && !item.is_restored(*at))
                .filter(|at| !is_void(&item.changes.changes[*at]))
                .collect();
            if places.is_empty() {
                return;
            }
            let changes = item.some(&places);
            // Listeners may have added some, or removed it.
            let middleware = crate::read(&self.middleware).clone();
            if let Some(middleware) = middleware {
                middleware.delivered(self, &changes, took);
            }
        }
    }
}

fn describe(changes: &ChangeSet) -> String {
    let names: Vec<_> = changes
        .iter()
        .take(5)
        .map(|change| format!("{:?}", change.key()))
        .collect();
    format!("the listeners of {}", names.join(", "))
}
