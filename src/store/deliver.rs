//! Delivery: listeners are told, in the order of commits, by one thread at a time.

use super::{
    context::{self, ThisThread},
    inner::{Inner, State},
    listen::{Ended, Failure, Flags, Listener, Listeners, failure},
    slot::{NOT_PENDING, Slot},
    view::Gate,
};
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
    few::Few,
    value::same_content,
};
use reactive_graph::graph::{Observer, untrack};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

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

/// A set of changes that waits for its delivery. Boxed and used again, so that it is never moved.
#[derive(Default)]
pub(crate) struct Item {
    /// The slots of the changes, in their order.
    pub(crate) slots: Few<Arc<Slot>>,
    pub(crate) changes: ChangeSet,
    pub(crate) audience: Audience,
    /// How many causes lie between these changes and a write that no listener made.
    pub(crate) round: u32,
    /// Whether the key of each change ends where it began; empty if none does.
    pub(crate) restored: Vec<bool>,
}

impl Item {
    /// Finds out which keys end where they began. Only what sums up several writes can.
    fn settle(&mut self) {
        let is_restored = |change: &Change| {
            change.first < change.sequence && same_content(change.old.as_ref(), change.new.as_ref())
        };
        if self.changes.iter().any(is_restored) {
            self.restored = self.changes.iter().map(is_restored).collect();
        }
    }

    fn is_restored(&self, at: usize) -> bool {
        self.restored.get(at).is_some_and(|restored| *restored)
    }

    fn is_news(&self, at: usize, listener: &Listener) -> bool {
        let told = Told {
            change: &self.changes.changes[at],
            restored: self.is_restored(at),
            audience: self.audience,
        };
        told.is_news(listener)
    }

    /// Some of the changes.
    fn some(&self, places: &[usize]) -> Cow<'_, ChangeSet> {
        if places.len() == self.changes.len() {
            return Cow::Borrowed(&self.changes);
        }
        let changes = places.iter().map(|at| self.changes.changes[*at].clone());
        Cow::Owned(ChangeSet {
            changes: changes.collect(),
        })
    }
}

/// What is told of one key, and to whom.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) change: &'a Change,
    /// Whether the key ends where it began.
    pub(crate) restored: bool,
    pub(crate) audience: Audience,
}

impl<'a> Told<'a> {
    /// A change that does not sum up others.
    pub(crate) fn new(change: &'a Change, audience: Audience) -> Self {
        Self {
            change,
            restored: false,
            audience,
        }
    }

    /// The flags of listeners that have to be asked more before they are called.
    #[inline]
    fn unusual(&self) -> u8 {
        if self.restored || is_void(self.change) {
            // Whether it is news has to be asked for each.
            return u8::MAX;
        }
        Flags::ENDED | Flags::MUTED | Flags::SET | Flags::GATED | self.audience.deaf()
    }

    /// Whether it tells a listener anything. A key that ends where it began is news to those alone
    /// who subscribed in between, and may have seen it as it was then.
    fn is_news(&self, listener: &Listener) -> bool {
        let change = self.change;
        if is_void(change) && !listener.subject.looks_for_itself() {
            return false;
        }
        listener.since < change.sequence && (!self.restored || listener.since >= change.first)
    }
}

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Audience {
    #[default]
    All,
    Sync,
    Batched,
}

impl Audience {
    /// The listeners that are not told, by the flag of their delivery.
    fn deaf(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Sync => Flags::BATCHED,
            Self::Batched => Flags::SYNC,
        }
    }

    fn includes(self, listener: &Listener) -> bool {
        !listener.flags.any(self.deaf())
    }
}

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
        item
    }

    /// Keeps an emptied set, to be used again.
    fn keep_blank(&mut self, item: Box<Item>) {
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
        {
            let mut state = crate::lock(&self.state);
            state.scheduled = false;
            state.turn = None;
        }
        self.flush();
    }

    /// Does what was deferred and delivers all that is due, unless this or another thread is already
    /// delivering: that one will.
    pub(crate) fn drive(&self) {
        if context::busy(self.id()) {
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

    /// Calls those who listen to a key, in whatever way.
    fn tell_one(&self, listeners: &Listeners, change: &Change, audience: Audience) {
        let told = Told::new(change, audience);
        if let Some(only) = listeners.only()
            && only.since < change.sequence
            && !only.flags.any(told.unusual())
        {
            let ended = super::contain(|| only.call.key(self, change));
            if let Err(failed) = ended.unwrap_or_else(|panic| Err(Box::new(Failure(panic)))) {
                self.report_failure(only, *failed);
            }
            if !self.tells_all() {
                return;
            }
            return self.tell_sets(&[], &ChangeSet::from(change.clone()), audience);
        }
        let sets = self.tell_key(listeners, told);
        if !sets.is_empty() || self.tells_all() {
            self.tell_sets(&sets, &ChangeSet::from(change.clone()), audience);
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
        for (slot, change) in slots.into_iter().zip(&item.changes) {
            if change.is_removal() || slot.is_hidden() {
                self.release(&slot);
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

    /// Calls the listeners of each key, then those of several keys and patterns, then those of all.
    fn tell(&self, item: &Item) {
        if let ([slot], [change]) = (&*item.slots, &*item.changes.changes)
            && !slot.is_hidden()
            && item.restored.is_empty()
        {
            let listeners = crate::lock(&slot.state).listeners.clone();
            let told = Told::new(change, item.audience);
            let sets = self.tell_key(&listeners, told);
            if !sets.is_empty() || self.tells_all() {
                self.tell_sets(&sets, &item.changes, item.audience);
            }
            return;
        }
        let mut groups: Option<Groups> = None;
        for (at, (slot, change)) in item.slots.iter().zip(&item.changes).enumerate() {
            let listeners = {
                let here = crate::lock(&slot.state);
                if here.listeners.is_empty() {
                    continue;
                }
                here.listeners.clone()
            };
            let told = Told {
                change,
                restored: item.is_restored(at),
                audience: item.audience,
            };
            for listener in self.tell_key(&listeners, told) {
                let group = groups.get_or_insert_default().entry(listener.id);
                group.or_insert((listener, Vec::new())).1.push(at);
            }
        }
        for (listener, places) in groups.into_iter().flat_map(BTreeMap::into_values) {
            self.call_with(&listener, item, &places);
        }
        self.tell_all(item);
    }

    /// Calls the listeners of one key, in their order. Those who are told by a set come back, in
    /// their order too: they are called after the listeners of all keys, see [`Inner::tell_sets`].
    /// The listeners are those of before the first call, and no lock is held.
    fn tell_key(&self, listeners: &Listeners, told: Told<'_>) -> Vec<Arc<Listener>> {
        let mut sets = Vec::new();
        let unusual = told.unusual();
        for mut run in listeners.runs() {
            // What follows a listener that panicked is called all the same.
            while let Some(first) = run.first() {
                let mut now = first;
                let ended = super::contain(|| {
                    while let Some((listener, rest)) = run.split_first() {
                        (run, now) = (rest, listener);
                        if listener.since >= told.change.sequence {
                            continue;
                        }
                        if !listener.flags.any(unusual) {
                            if let Err(failed) = listener.call.key(self, told.change) {
                                self.report_failure(listener, *failed);
                            }
                        } else if told.is_news(listener) && told.audience.includes(listener) {
                            if listener.flags.any(Flags::SET) {
                                sets.push(Arc::clone(listener));
                            } else {
                                self.call_key(listener, told.change);
                            }
                        }
                    }
                });
                if let Err(panic) = ended {
                    self.report_failure(now, Failure(panic));
                }
            }
        }
        sets
    }

    /// Whether some listen to every key.
    pub(super) fn tells_all(&self) -> bool {
        !crate::lock(&self.all).is_empty()
    }

    /// After [`Inner::tell_key`] with the one change of `changes`, which is that of a key: calls those
    /// it handed back, then those who listen to every key.
    fn tell_sets(&self, sets: &[Arc<Listener>], changes: &ChangeSet, audience: Audience) {
        for listener in sets {
            self.call_set(listener, changes);
        }
        let everybody = crate::lock(&self.all).clone();
        for listener in everybody.iter() {
            let is_news = |change| Told::new(change, audience).is_news(listener);
            if audience.includes(listener) && changes.iter().all(is_news) {
                self.call_set(listener, changes);
            }
        }
    }

    /// Calls those who listen to every key.
    fn tell_all(&self, item: &Item) {
        let everybody = crate::lock(&self.all).clone();
        for listener in everybody.iter() {
            if item.audience.includes(listener) {
                let news = |at: &usize| !item.slots[*at].is_hidden() && item.is_news(*at, listener);
                let all = 0..item.slots.len();
                if all.clone().all(|at| news(&at)) {
                    self.call_set(listener, &item.changes);
                } else {
                    self.call_with(listener, item, &all.filter(news).collect::<Vec<_>>());
                }
            }
        }
    }

    /// Calls a listener with some of the changes of a set.
    fn call_with(&self, listener: &Listener, item: &Item, places: &[usize]) {
        if !places.is_empty() {
            self.call_set(listener, &item.some(places));
        }
    }

    /// Calls a listener of a key, if it may hear of the key.
    pub(crate) fn call_key(&self, listener: &Listener, change: &Change) {
        let hears = |gate: &Arc<dyn Gate>| gate.own_name(self, &change.key).is_some();
        if listener.gate.as_ref().is_none_or(hears) {
            self.call(listener, || listener.call.key(self, change));
        }
    }

    /// Calls a listener of several keys with what it may hear of.
    pub(crate) fn call_set(&self, listener: &Listener, changes: &ChangeSet) {
        let hears = |change: &&Change| {
            let gate = listener.gate.as_ref();
            gate.is_none_or(|gate| gate.own_name(self, &change.key).is_some())
        };
        if listener.gate.is_none() || changes.iter().all(|change| hears(&change)) {
            return self.call(listener, || listener.call.set(self, changes));
        }
        let changes: Few<_> = changes.iter().filter(hears).cloned().collect();
        if !changes.is_empty() {
            let changes = ChangeSet { changes };
            self.call(listener, || listener.call.set(self, &changes));
        }
    }

    /// Calls a listener, if it is still subscribed. Its failure hurts nobody else.
    pub(crate) fn call(&self, listener: &Listener, call: impl FnOnce() -> Ended) {
        if listener.flags.any(Flags::ENDED | Flags::MUTED) {
            return;
        }
        match super::contain(call) {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => self.report_failure(listener, *failed),
            Err(panic) => self.report_failure(listener, Failure(panic)),
        }
    }

    #[cold]
    fn report_failure(&self, listener: &Listener, Failure(reason): Failure) {
        self.report(&failure(listener, reason));
    }
}

/// Listeners that are called once for several changes, by id, and the places of those.
type Groups = BTreeMap<u64, (Arc<Listener>, Vec<usize>)>;

/// Whether it only says that a computed key has come or gone: those who listen to the key are told of
/// its value.
fn is_void(change: &Change) -> bool {
    change.old.is_none() && change.new.is_none() && change.first == change.sequence
}

fn describe(changes: &ChangeSet) -> String {
    let names: Vec<_> = changes
        .iter()
        .take(5)
        .map(|change| format!("{:?}", change.key()))
        .collect();
    format!("the listeners of {}", names.join(", "))
}
