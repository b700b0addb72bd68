//! Where the requests of keys are kept, and how they follow what happens to the keys.

use super::status::Record;
use crate::{
    change::Origin,
    error::StateError,
    key::KeyHasher,
    store::{
        guest::Loading,
        inner::Inner,
        slot::{Slot, Trigger},
        transaction::Writes,
    },
    value::Value,
};
use smol_str::SmolStr;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// So many are kept before anybody looks for those that are of no use any more.
const ROOM: usize = 64;

/// A hidden slot for each key that is being loaded, was loaded, or whose status somebody follows.
#[derive(Default)]
pub(crate) struct Loads {
    index: Mutex<Index>,
    /// How many there are, to be read without a lock.
    count: AtomicUsize,
}

#[derive(Default)]
struct Index {
    slots: HashMap<SmolStr, Arc<Slot>, KeyHasher>,
    /// Grows by doubling, so that looking for what is of no use costs little.
    room: usize,
}

impl Loads {
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Slot>> {
        if self.is_empty() {
            return None;
        }
        crate::lock(&self.index).slots.get(name).cloned()
    }

    /// Whether a request of a key is under way or its outcome known.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.find(name).is_some_and(|load| {
            let state = crate::lock(&load.state);
            state.place.as_ref().is_some_and(|content| {
                let record = content.downcast::<Record>();
                record.is_some_and(|record| !record.status.is_idle())
            })
        })
    }

    /// Gives up what is of no use, if nobody but the caller holds it. Whoever tracks it looks again.
    fn remove(&self, load: &Arc<Slot>, is_useless: impl Fn(&Record) -> bool) -> Option<Trigger> {
        let mut index = crate::lock(&self.index);
        let known = index.slots.get(&*load.key);
        if Arc::strong_count(load) > 2 || !known.is_some_and(|known| Arc::ptr_eq(known, load)) {
            return None;
        }
        let mut state = crate::lock(&load.state);
        if state.is_followed() || !is_useless(&Record::of(state.place.as_ref())) {
            return None;
        }
        let trigger = state.trigger();
        drop(state);
        index.slots.remove(&*load.key);
        self.count.store(index.slots.len(), Ordering::Release);
        trigger
    }

    /// Gives up what is known of keys that have no value and that nobody follows.
    fn sweep(&self, inner: &Inner) {
        let has_value = |load: &Slot| {
            let slot = inner.slots.find(&load.key);
            slot.is_some_and(|slot| inner.load(&slot).0.is_some())
        };
        for load in self.all() {
            if !has_value(&load) {
                self.give_up(inner, &load, |record| !record.status.is_pending());
            }
        }
        let mut index = crate::lock(&self.index);
        index.room = 2 * index.slots.len();
    }

    fn give_up(&self, inner: &Inner, load: &Arc<Slot>, is_useless: impl Fn(&Record) -> bool) {
        if let Some(trigger) = self.remove(load, is_useless) {
            inner.notify(trigger);
        }
    }
}

impl Loading for Loads {
    fn loads(&self) -> &Loads {
        self
    }

    fn all(&self) -> Vec<Arc<Slot>> {
        crate::lock(&self.index).slots.values().cloned().collect()
    }

    fn take_answers(&self, writes: &mut Writes) -> Result<Writes, StateError> {
        Self::take(writes)
    }

    fn put_answers(&self, inner: &Inner, writes: &mut Writes, answers: Writes) {
        self.put(inner, writes, answers);
    }

    fn leaves_a_request(&self, writes: &Writes) -> bool {
        !self.unended(writes, writes).is_empty()
    }

    fn fail_answer(&self, inner: &Inner, load: &Arc<Slot>, answer: Option<&Value>, reason: String) {
        Self::fail(inner, load, answer, &reason);
    }

    fn release(&self, inner: &Inner, load: &Arc<Slot>) {
        self.give_up(inner, load, |record| record.status.is_idle());
    }

    fn leave(&self, inner: &Inner, origin: &Origin, namespace: &str) {
        for load in self.all() {
            if load.key.starts_with(namespace) {
                let forget =
                    |record: &Record| (!record.status.is_idle()).then(|| record.forgotten());
                let _ = inner.change_load(&load, forget);
            } else {
                inner.cancel_load_if(&load, |record| record.is_for(origin));
            }
            self.release(inner, &load);
        }
    }

    fn cancel(&self, inner: &Inner) {
        for load in self.all() {
            inner.cancel_load_if(&load, |_| true);
        }
    }

    fn close(&self) {
        for load in self.all() {
            let (content, trigger) = {
                let mut state = crate::lock(&load.state);
                let record = Record::of(state.place.as_ref());
                if !record.status.is_pending() {
                    continue;
                }
                let content = state.place.replace(record.cancelled().into_value());
                (content, state.trigger())
            };
            drop(content);
            if let Some(trigger) = trigger {
                trigger.notify();
            }
        }
    }
}

impl Inner {
    /// What is known of requests, from now on.
    pub(super) fn loads(&self) -> &Loads {
        let loading = self.loading.get_or_init(|| Box::new(Loads::default()));
        loading.loads()
    }

    /// The slot of a key's requests, if there is one.
    pub(super) fn find_load(&self, name: &str) -> Option<Arc<Slot>> {
        self.loading.get()?.loads().find(name)
    }

    /// The slot of a key's requests, made if need be.
    pub(super) fn load_slot(&self, name: &str) -> Arc<Slot> {
        let loads = self.loads();
        let (load, is_crowded) = {
            let mut index = crate::lock(&loads.index);
            if let Some(load) = index.slots.get(name) {
                return Arc::clone(load);
            }
            let key: SmolStr = name.into();
            let load = Slot::hidden(key.clone());
            index.slots.insert(key, Arc::clone(&load));
            let len = index.slots.len();
            loads.count.store(len, Ordering::Release);
            (load, len > index.room.max(ROOM))
        };
        if is_crowded {
            loads.sweep(self);
        }
        load
    }

    /// Changes what is known of the requests of a key, at once and outside of any batch. Returns
    /// whether there was something to change.
    pub(super) fn change_load(
        &self,
        load: &Arc<Slot>,
        change: impl Fn(&Record) -> Option<Record>,
    ) -> Result<bool, StateError> {
        self.try_write_hidden(load, |content| {
            change(&Record::of(content)).map(Record::into_value)
        })
    }

    /// Ends the request under way if `is_meant`. Returns whether there was one.
    pub(super) fn cancel_load_if(
        &self,
        load: &Arc<Slot>,
        is_meant: impl Fn(&Record) -> bool,
    ) -> bool {
        let cancel = |record: &Record| {
            (record.status.is_pending() && is_meant(record)).then(|| record.cancelled())
        };
        // A store that was disposed of has no request under way.
        self.change_load(load, cancel).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::ROOM;
    use crate::{EngineKind, MfeInfo, Store, SubscribeOptions};
    use std::sync::atomic::Ordering;

    fn known(store: &Store) -> usize {
        let loads = store.inner.loads();
        let index = crate::lock(&loads.index);
        assert_eq!(index.slots.len(), loads.count.load(Ordering::Acquire));
        index.slots.len()
    }

    fn stores() -> impl Iterator<Item = Store> {
        EngineKind::ALL
            .iter()
            .map(|kind| Store::builder().engine(*kind).build())
    }

    #[test]
    fn what_came_to_nothing_is_given_up_at_once() {
        for store in stores() {
            let _told = store.subscribe_all(SubscribeOptions::new(), |_| ());
            let shop = store
                .register_mfe(MfeInfo::new("shop", "leptos", "1"))
                .expect("the id is free");
            drop(store.load::<i32>("dropped"));
            let cancelled = store.load::<i32>("cancelled");
            assert_eq!(store.cancel_load("cancelled"), Ok(true));
            drop(cancelled);
            let landed = store.load("landed").and_then(|request| request.finish(1));
            assert!(landed.is_ok_and(|landing| landing.is_taken()));
            store.delete("landed").ok();
            let own = shop
                .load::<i32>("own")
                .map(|request| request.fail("offline"));
            assert!(own.is_ok_and(|landing| landing.is_taken()));
            shop.unregister().ok();
            let options = SubscribeOptions::new();
            drop(store.subscribe_load_status("followed", options, |_| ()));
            store.load_status("looked at");
            store.flush();
            assert_eq!(known(&store), 0, "{}", store.engine());
        }
    }

    #[test]
    fn errors_of_keys_that_nobody_follows_do_not_pile_up() {
        for store in stores() {
            let ask = |key: String| store.load::<i32>(key.as_str()).ok();
            let _followed = store.subscribe_load_status("row:0", SubscribeOptions::new(), |_| ());
            store.set("row:1", 1).ok();
            let pending = ask("row:2".to_owned());
            for n in 0..20 * ROOM {
                if n != 2 {
                    ask(format!("row:{n}")).map(|request| request.fail("offline"));
                }
                store.flush();
            }
            assert!(known(&store) <= 2 * ROOM, "{}", known(&store));
            for kept in ["row:0", "row:1"] {
                assert!(store.load_status(kept).is_failed(), "{kept}");
            }
            assert!(pending.is_some_and(|request| request.is_current()));
        }
    }

    #[test]
    fn what_is_known_of_keys_that_have_values_stays() {
        for store in stores() {
            for n in 0..3 * ROOM {
                let landed = store.load(format!("row:{n}").as_str());
                assert!(landed.and_then(|request| request.finish(n)).is_ok());
            }
            assert!(store.load_status("row:0").is_ready());
            assert_eq!(known(&store), 3 * ROOM);
            let _told = store.subscribe_all(SubscribeOptions::new(), |_| ());
            store.clear().ok();
            store.flush();
            assert_eq!(known(&store), 0);
        }
    }
}
