//! The signals of a commit: notified at once, unless it is one of several that are told as one, or a
//! component is being taken down or built.

use crate::{
    few::Few,
    store::{
        context::ThisThread,
        graph::Triggers,
        guest::Recording,
        inner::Inner,
        readers::{Told, tell_in_order},
        slot::{SharedSignal, Trigger},
    },
};
use std::sync::{Arc, atomic::Ordering};

/// The signals of a commit, yet to be notified.
#[derive(Default)]
pub(crate) struct Signals {
    /// Those of keys.
    pub(crate) keys: Few<Trigger>,
    /// Those of parts of values.
    pub(crate) triggers: Triggers,
    /// Whether any of it is more than the store's own bookkeeping.
    pub(super) visible: bool,
    pub(super) members: bool,
    pub(super) recorders: Few<Arc<dyn Recording>>,
    /// Whether the edge is to be woken.
    pub(crate) feed: bool,
}

impl Signals {
    /// Whether effects are likely to be told to run.
    pub(super) fn has_effects(&self) -> bool {
        self.keys.iter().any(|key| key.is_awaited)
    }

    pub(super) fn notify(&mut self, inner: &Inner) {
        self.look(inner);
        inner.tell_readers(&self.keys, &self.triggers, self.members, self.visible);
        self.wake(inner);
    }

    /// Adds those who read what histories say.
    fn look(&mut self, inner: &Inner) {
        for recorder in &self.recorders {
            recorder.look(inner, &mut self.triggers);
        }
    }

    /// Does what follows, once the readers know of it.
    fn wake(&self, inner: &Inner) {
        for recorder in &self.recorders {
            recorder.wake(inner);
        }
        if self.feed {
            inner.wake_feed();
        }
    }
}

impl From<Trigger> for Signals {
    fn from(key: Trigger) -> Self {
        Self {
            keys: Few::One(key),
            ..Self::default()
        }
    }
}

impl From<Triggers> for Signals {
    fn from(triggers: Triggers) -> Self {
        Self {
            triggers,
            ..Self::default()
        }
    }
}

impl Inner {
    /// Runs `f`, whose commits notify signals only when the turn goes on: for components that are
    /// taken down and built. An effect that is told while its component is taken down runs once
    /// more, after all that belonged to the component is gone. Listeners that are told once a turn
    /// are told after the signals, as ever; synchronous ones cannot wait so long and are told when `f`
    /// has ended.
    ///
    /// Without an event loop the signals are notified as soon as `f` has ended, too.
    #[cfg_attr(not(feature = "leptos"), expect(dead_code))]
    pub(crate) fn holding_signals<R>(&self, f: impl FnOnce() -> R) -> R {
        let until_turn_goes_on = self.scheduler.is_automatic();
        self.holding(until_turn_goes_on, f)
    }

    /// Runs `f`, whose commits are told as one when it has ended: signals in the order in which they
    /// were first read, then listeners.
    pub(crate) fn telling_as_one<R>(&self, f: impl FnOnce() -> R) -> R {
        self.holding(false, f)
    }

    fn holding<R>(&self, until_turn_goes_on: bool, f: impl FnOnce() -> R) -> R {
        let this = ThisThread::get().0;
        let free = self
            .holder
            .compare_exchange(0, this, Ordering::AcqRel, Ordering::Acquire);
        let _holding = free.is_ok().then(|| Holding {
            inner: self,
            until_turn_goes_on,
            before: crate::lock(&self.state).held.len(),
        });
        f()
    }

    /// Tells the readers of keys and of parts of their values, of which keys there are, and of
    /// everything: who read first is told first, whatever it was.
    pub(super) fn tell_readers(
        &self,
        keys: &[Trigger],
        parts: &Triggers,
        members: bool,
        visible: bool,
    ) {
        let is_told = |is_told: bool, whole: &SharedSignal| is_told && whole.is_used();
        if !is_told(members, &self.members) && !is_told(visible, &self.everything) {
            match (keys, parts.at_most_one()) {
                ([], Some(only)) => return only.into_iter().for_each(Told::tell),
                ([only], Some(None)) => return only.notify(),
                _ => {}
            }
        }
        self.tell_many(&[(keys, parts)], members, visible);
    }

    #[inline(never)]
    fn tell_many(&self, signals: &[(&[Trigger], &Triggers)], members: bool, visible: bool) {
        let mut all = Vec::new();
        for (keys, parts) in signals {
            keys.iter().for_each(|key| all.extend(key.told()));
            parts.add_to(&mut all);
        }
        let wholes = [(members, &self.members), (visible, &self.everything)];
        let wholes = wholes.map(|(is_told, whole)| is_told.then(|| whole.existing()).flatten());
        for whole in wholes.iter().flatten() {
            all.extend(whole.told());
        }
        tell_in_order(all);
    }

    /// Notifies signals as a commit would.
    pub(crate) fn notify(&self, signals: impl Into<Signals>) {
        self.notify_or_hold(&mut signals.into());
    }

    /// Notifies signals, or keeps them until they are not held back any more.
    pub(super) fn notify_or_hold(&self, signals: &mut Signals) {
        if self.is_holding() {
            let signals = std::mem::take(signals);
            crate::lock(&self.state).held.push(signals);
        } else {
            signals.notify(self);
        }
    }

    /// Whether this thread holds signals back.
    pub(in crate::store) fn is_holding(&self) -> bool {
        let holder = self.holder.load(Ordering::Acquire);
        holder != 0 && holder == ThisThread::get().0
    }

    /// Notifies the signals that were held back, unless this thread still holds its own back.
    pub(crate) fn release_signals(&self) {
        if !self.is_holding() {
            self.release_signals_but(0);
        }
    }

    /// As [`Inner::release_signals`], but for so many that were held back first.
    fn release_signals_but(&self, before: usize) {
        let mut held: Vec<Signals> = {
            let held = &mut crate::lock(&self.state).held;
            let before = before.min(held.len());
            held.drain(before..).collect()
        };
        if held.is_empty() {
            return;
        }
        held.iter_mut().for_each(|signals| signals.look(self));
        let all: Vec<_> = held.iter().map(|it| (&*it.keys, &it.triggers)).collect();
        let members = held.iter().any(|signals| signals.members);
        let visible = held.iter().any(|signals| signals.visible);
        self.tell_many(&all, members, visible);
        held.iter().for_each(|signals| signals.wake(self));
    }
}

/// Ends the holding back of signals, also when the code inside panics.
struct Holding<'a> {
    inner: &'a Inner,
    until_turn_goes_on: bool,
    /// How many are held back for longer.
    before: usize,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let inner = self.inner;
        inner.holder.store(0, Ordering::Release);
        if self.until_turn_goes_on {
            let scheduler = &inner.scheduler;
            scheduler.schedule(&inner.this, Inner::release_signals, false);
        } else {
            inner.release_signals_but(self.before);
        }
        inner.drive();
    }
}
