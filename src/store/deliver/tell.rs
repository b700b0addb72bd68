//! Calling those who listen.

use super::item::{Audience, Item, Told};
use crate::{
    change::{Change, ChangeSet},
    few::Few,
    store::{
        contain,
        inner::Inner,
        listen::{Ended, Failure, Flags, Listener, Listeners, failure},
        slot::Slot,
        view::Gate,
    },
};
use std::{collections::BTreeMap, sync::Arc};

impl Inner {
    /// Calls those who listen to a key, in whatever way.
    pub(super) fn tell_one(&self, listeners: &Listeners, change: &Change, audience: Audience) {
        let sets = self.tell_key(listeners, Told::new(change, audience));
        if !sets.is_empty() || self.tells_all() {
            self.tell_sets(&sets, &ChangeSet::from(change.clone()), audience);
        }
    }

    /// Calls the listeners of each key, then those of several keys and patterns, then those of all.
    pub(super) fn tell(&self, item: &Item) {
        if item.unheard.is_some() {
            return self.tell_all(item);
        }
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
        if let Some(only) = listeners.only()
            && only.since < told.change.sequence
            && !only.flags.any(unusual)
        {
            self.call(only, || only.call.key(self, told.change));
            return sets;
        }
        for mut run in listeners.runs() {
            // What follows a listener that panicked is called all the same.
            while let Some(first) = run.first() {
                let mut now = first;
                let ended = contain(|| {
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
    pub(in crate::store) fn tells_all(&self) -> bool {
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

    /// Calls those who listen to every key. What the store writes beside its keys is for those alone
    /// that find out by themselves what became of it.
    fn tell_all(&self, item: &Item) {
        let everybody = crate::lock(&self.all).clone();
        for listener in everybody.iter() {
            if item.audience.includes(listener) {
                let hears = |slot: &Slot| !slot.is_hidden() || listener.subject.looks_for_itself();
                let news = |at: &usize| hears(&item.slots[*at]) && item.is_news(*at, listener);
                let all = 0..item.slots.len();
                let is_news = item.unheard.is_some_and(|commit| listener.since < commit);
                if is_news || all.clone().all(|at| news(&at)) {
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
        match contain(call) {
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
