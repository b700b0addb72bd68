//! Slots: one per key, made at its first write or first subscription and kept while anyone holds
//! it; and the index that finds them.

use super::{
    graph::{Graph, Graphs},
    guest::ComputedKey,
    listen::{Listener, Listeners, Subject},
};
use crate::{
    engine::Site,
    error::StateError,
    key::{self, KeyHasher, spread},
    pattern::Pattern,
    value::{StateValue, Value},
};
use hashbrown::hash_table::{self, HashTable};
use reactive_graph::{
    graph::{AnySubscriber, Observer, ReactiveNode, Source, Subscriber, ToAnySource},
    signal::ArcTrigger,
};
use smol_str::SmolStr;
use std::{
    hash::BuildHasher,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// A key that all share.
    Shared,
    /// A key in the namespace of a micro-frontend.
    Namespaced,
    /// Not a key: something of the store's own that can be tracked and subscribed to.
    Hidden,
}

/// In this order, so that what a read needs lies side by side: in a browser, in the 64 bytes of a line
/// of the cache.
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) key: SmolStr,
    pub(crate) hash: u32,
    pub(crate) kind: SlotKind,
    pub(crate) state: Mutex<SlotState>,
}

pub(crate) const NOT_PENDING: u32 = u32::MAX;

/// As [`Slot`], in this order.
#[repr(C)]
pub(crate) struct SlotState {
    /// The value, on engines that keep it here.
    pub(crate) place: Option<Value>,
    /// The sequence number of the commit that changed the key last.
    pub(crate) sequence: u64,
    pub(crate) listeners: Listeners,
    /// What most keys have none of.
    rare: Option<Box<Rare>>,
    /// Where the key stands among the changes that are yet to be delivered.
    pub(crate) pending: u32,
    /// Whether the key changed since the last snapshot.
    pub(crate) stale: bool,
}

/// What only some keys have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) signal: Signal,
    pub(crate) graphs: Graphs,
    /// The computed value that is registered under the key. Then nothing is stored.
    pub(crate) computed: Option<Weak<dyn ComputedKey>>,
}

impl SlotState {
    #[inline]
    pub(crate) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The same, made if need be.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The trigger, if anyone ever tracked the key, to be notified.
    #[inline]
    pub(crate) fn trigger(&mut self) -> Option<Trigger> {
        self.rare.as_mut()?.signal.existing()
    }

    /// The trigger, to which an effect or a memo is subscribed.
    fn tracked_by(&mut self, observer: &AnySubscriber) -> ArcTrigger {
        self.rare_mut().signal.tracked_by(observer)
    }

    /// The computed value that is registered under the key.
    pub(crate) fn computed(&self) -> Option<Arc<dyn ComputedKey>> {
        self.rare()?.computed.as_ref()?.upgrade()
    }

    /// The graphs that somebody reads through.
    pub(crate) fn graphs(&self) -> impl Iterator<Item = Arc<dyn Graph>> {
        self.rare()
            .into_iter()
            .flat_map(|rare| rare.graphs.living())
    }

    fn is_tracked(&self) -> bool {
        self.rare().is_some_and(|rare| rare.signal.is_tracked())
    }

    /// Whether somebody wants to hear of it, as far as is known.
    pub(crate) fn is_followed(&self) -> bool {
        self.is_tracked() || !self.listeners.is_empty()
    }
}

impl Slot {
    pub(crate) fn new(key: SmolStr, hash: u32, kind: SlotKind) -> Self {
        Self {
            key,
            hash,
            kind,
            state: Mutex::new(SlotState {
                place: None,
                sequence: 0,
                pending: NOT_PENDING,
                stale: false,
                listeners: Listeners::default(),
                rare: None,
            }),
        }
    }

    /// Whether it is that of a name, and of its hash.
    #[inline]
    fn is(&self, hash: u32, name: &str) -> bool {
        self.hash == hash && key::same(&self.key, name)
    }

    /// Under which an engine keeps the value.
    #[inline]
    pub(crate) fn site(&self) -> Site<'_> {
        Site {
            key: &self.key,
            hash: self.hash,
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.kind == SlotKind::Hidden
    }

    /// The value, where the engine keeps it here. If there is one it is the key's, also while the
    /// engine is exchanged.
    #[inline]
    pub(crate) fn glance(&self) -> Option<Value> {
        crate::lock(&self.state).place.clone()
    }

    /// The value, where the engine keeps it here, if it is a small one of this type.
    #[inline]
    pub(crate) fn pick<T: StateValue>(&self) -> Option<T> {
        crate::lock(&self.state).place.as_ref()?.in_place()
    }

    /// Makes the running effect or memo depend on this key.
    pub(crate) fn track(&self) {
        if let Some(observer) = Observer::get() {
            let trigger = crate::lock(&self.state).tracked_by(&observer);
            observer.add_source(trigger.to_any_source());
        }
    }

    /// Makes the running memo depend on this key, which it reads whenever it runs. Its subscription
    /// outlives a run: it is no source of the memo, which would give it up and need it again.
    #[cfg(feature = "leptos")]
    pub(crate) fn follow(&self) {
        if let Some(observer) = Observer::get() {
            crate::lock(&self.state).tracked_by(&observer);
        }
    }
}

/// How many subscriptions a trigger has before another takes its place, without those who are gone.
const MAX_SUBSCRIPTIONS: u32 = 64;

/// A trigger that is made when somebody first tracks it.
#[derive(Default)]
pub(crate) struct Signal {
    trigger: Option<ArcTrigger>,
    /// How many of them the trigger has had.
    subscriptions: u32,
    /// The last to track it since it was notified.
    tracker: Option<Weak<dyn Subscriber + Send + Sync>>,
}

/// The trigger of a [`Signal`], to be notified outside of any lock.
pub(crate) struct Trigger {
    trigger: ArcTrigger,
    /// Whether the last to track it still waits for news.
    pub(crate) is_awaited: bool,
}

impl Trigger {
    /// Tells the subscribers, who stay subscribed. To let them go, as `ArcTrigger::notify` does, takes
    /// longer: most come back, to a set that has to be made anew.
    pub(crate) fn notify(&self) {
        self.trigger.mark_dirty();
    }
}

impl Signal {
    /// Subscribes an effect or a memo, and hands out the trigger to be a source of it. It happens under
    /// the lock of the signal: otherwise another trigger might have taken the place of this one.
    fn tracked_by(&mut self, observer: &AnySubscriber) -> ArcTrigger {
        self.tracker = Some(Weak::clone(&observer.1));
        self.subscriptions += 1;
        let trigger = self.trigger.get_or_insert_with(ArcTrigger::new);
        trigger.add_subscriber(observer.clone());
        trigger.clone()
    }

    /// The trigger, if anyone ever tracked it, to be notified.
    #[inline]
    fn existing(&mut self) -> Option<Trigger> {
        let is_awaited = self.is_tracked();
        self.tracker = None;
        let trigger = if self.subscriptions < MAX_SUBSCRIPTIONS {
            self.trigger.clone()?
        } else {
            self.subscriptions = 0;
            self.trigger.take()?
        };
        Some(Trigger {
            trigger,
            is_awaited,
        })
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_made(&self) -> bool {
        self.trigger.is_some()
    }

    /// Whether the last to track it still waits for news. Of others it does not know.
    fn is_tracked(&self) -> bool {
        let tracker = self.tracker.as_ref();
        tracker.is_some_and(|tracker| tracker.strong_count() > 0)
    }
}

/// A [`Signal`] of the whole store.
#[derive(Default)]
pub(crate) struct SharedSignal {
    signal: Mutex<Signal>,
    /// Whether anyone ever tracked it.
    used: AtomicBool,
}

impl SharedSignal {
    pub(crate) fn track(&self) {
        if let Some(observer) = Observer::get() {
            self.used.store(true, Ordering::Release);
            let trigger = crate::lock(&self.signal).tracked_by(&observer);
            observer.add_source(trigger.to_any_source());
        }
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    pub(crate) fn notify(&self) {
        if !self.is_used() {
            return;
        }
        let trigger = crate::lock(&self.signal).existing();
        if let Some(trigger) = trigger {
            trigger.notify();
        }
    }
}

/// Finds slots by name, and matches patterns against each name once, when its slot is made.
#[derive(Default)]
pub(crate) struct Slots {
    hasher: KeyHasher,
    index: RwLock<Index>,
}

#[derive(Default)]
struct Index {
    slots: HashTable<Arc<Slot>>,
    patterns: Vec<(Pattern, Arc<Listener>)>,
}

impl Index {
    fn find(&self, hash: u32, name: &str) -> Option<&Arc<Slot>> {
        self.slots.find(spread(hash), |slot| slot.is(hash, name))
    }
}

impl Slots {
    /// The low half is enough to tell keys apart in a table, and all there is on wasm32.
    #[inline]
    fn hash(&self, name: &str) -> u32 {
        self.hasher.hash_one(name) as u32
    }

    /// The slot of a key, if there is one. The name is one that was checked.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Slot>> {
        let hash = self.hash(name);
        crate::read(&self.index).find(hash, name).cloned()
    }

    /// As [`Slot::pick`], of the slot of a key.
    #[inline]
    pub(crate) fn pick<T: StateValue>(&self, name: &str) -> Option<T> {
        let hash = self.hash(name);
        crate::read(&self.index).find(hash, name)?.pick()
    }

    /// The slot of a key, made if need be. The name is one that was checked.
    pub(crate) fn get(&self, name: &str) -> Arc<Slot> {
        let hash = self.hash(name);
        if let Some(slot) = crate::read(&self.index).find(hash, name) {
            return Arc::clone(slot);
        }
        self.make(hash, name)
    }

    /// As [`Slots::get`], of a name that is checked before a slot is made.
    #[inline]
    pub(crate) fn get_checked(
        &self,
        name: &str,
        check: impl FnOnce(&str) -> Result<(), StateError>,
    ) -> Result<Arc<Slot>, StateError> {
        let hash = self.hash(name);
        if let Some(slot) = crate::read(&self.index).find(hash, name) {
            return Ok(Arc::clone(slot));
        }
        check(name)?;
        Ok(self.make(hash, name))
    }

    fn make(&self, hash: u32, name: &str) -> Arc<Slot> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let Index { slots, patterns } = &mut *index;
        let is_it = |slot: &Arc<Slot>| slot.is(hash, name);
        match slots.entry(spread(hash), is_it, |slot| spread(slot.hash)) {
            // Another thread was faster.
            hash_table::Entry::Occupied(slot) => Arc::clone(slot.get()),
            hash_table::Entry::Vacant(place) => {
                let kind = match key::split(name) {
                    Some(_) => SlotKind::Namespaced,
                    None => SlotKind::Shared,
                };
                let slot = Arc::new(Slot::new(name.into(), hash, kind));
                for (pattern, listener) in patterns {
                    if pattern.matches(name) {
                        crate::lock(&slot.state).listeners.add(Arc::clone(listener));
                    }
                }
                place.insert(Arc::clone(&slot));
                slot
            }
        }
    }

    /// What made the hashes of the slots.
    pub(crate) fn hasher(&self) -> KeyHasher {
        KeyHasher::clone(&self.hasher)
    }

    /// Every slot, in no particular order.
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        crate::read(&self.index).slots.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        crate::read(&self.index).slots.len()
    }

    /// Hangs a listener on every key, present and future, whose name the pattern matches.
    pub(crate) fn add_pattern(&self, pattern: Pattern, listener: &Arc<Listener>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for slot in index.slots.iter() {
            if pattern.matches(&slot.key) {
                crate::lock(&slot.state).listeners.add(Arc::clone(listener));
            }
        }
        index.patterns.push((pattern, Arc::clone(listener)));
    }

    /// The listeners of patterns, whether their patterns match anything or not.
    pub(crate) fn pattern_listeners(&self) -> Vec<Arc<Listener>> {
        let index = crate::read(&self.index);
        let listeners = index.patterns.iter().map(|(_, listener)| listener);
        listeners.cloned().collect()
    }

    /// Takes a listener off and hands out the slots it hung on, to be given up.
    pub(crate) fn remove_pattern(&self, listener: &Arc<Listener>) -> Vec<Arc<Slot>> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index
            .patterns
            .retain(|(_, other)| !Arc::ptr_eq(other, listener));
        let mut left = Vec::new();
        for slot in index.slots.iter() {
            if crate::lock(&slot.state).listeners.remove(listener) {
                left.push(Arc::clone(slot));
            }
        }
        left
    }

    /// Gives up the slot of a missing key, if the caller's reference, which it is about to drop, is
    /// the last. A slot that is tracked stays: an effect that gives up a slot which it has just
    /// tracked would otherwise cause its own next run, for ever. Nobody loses a signal: the trigger
    /// that is handed out, to be notified outside of any lock, makes whoever else tracks the key
    /// look again and find a new slot.
    pub(crate) fn release(
        &self,
        slot: &Arc<Slot>,
        is_missing: impl Fn(&Slot) -> bool,
    ) -> Option<Trigger> {
        // A pattern finds the key again when it comes back, so it need not keep the slot.
        let is_pattern = |listener: &Arc<Listener>| matches!(listener.subject, Subject::Pattern(_));
        let is_used = |slot: &Slot| {
            let state = crate::lock(&slot.state);
            state.is_tracked() || !state.listeners.iter().all(is_pattern)
        };
        let idle = |slot: &Slot| !slot.is_hidden() && !is_used(slot) && is_missing(slot);
        if !idle(slot) {
            return None;
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let known = index.find(slot.hash, &slot.key);
        // References are only handed out under this lock, so the index's and ours are all.
        if Arc::strong_count(slot) > 2
            || !idle(slot)
            || !known.is_some_and(|known| Arc::ptr_eq(known, slot))
        {
            return None;
        }
        let is_it = |known: &Arc<Slot>| Arc::ptr_eq(known, slot);
        if let Ok(entry) = index.slots.find_entry(spread(slot.hash), is_it) {
            entry.remove();
        }
        crate::lock(&slot.state).trigger()
    }
}

#[cfg(test)]
mod tests {
    use reactive_graph::graph::{AnySource, AnySubscriber, ReactiveNode, Subscriber, WithObserver};
    use std::{
        cell::Cell,
        sync::{
            Arc, Weak,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    thread_local! {
        /// What others do while a reader is about to be subscribed.
        static MEANWHILE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    }

    /// Counts how often it is told.
    #[derive(Default)]
    struct Reader(AtomicUsize);

    impl Reader {
        fn read(self: &Arc<Self>, read: impl FnOnce()) {
            let this = Arc::downgrade(self) as Weak<dyn Subscriber + Send + Sync>;
            AnySubscriber(Arc::as_ptr(self).addr(), this).with_observer(read);
        }
    }

    impl ReactiveNode for Reader {
        fn mark_dirty(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn mark_check(&self) {}
        fn mark_subscribers_check(&self) {}
        fn update_if_necessary(&self) -> bool {
            false
        }
    }

    impl Subscriber for Reader {
        fn add_source(&self, _: AnySource) {
            if let Some(meanwhile) = MEANWHILE.take() {
                meanwhile();
            }
        }
        fn clear_sources(&self, _: &AnySubscriber) {}
    }

    #[test]
    fn who_reads_again_is_told_each_time_and_who_does_not_is_forgotten() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            let (gone, here) = (Arc::<Reader>::default(), Arc::<Reader>::default());
            let read = || assert!(store.has("n"));
            store.set("n", -1).ok();
            gone.read(read);
            assert!(Arc::weak_count(&gone) > 0, "it is subscribed");
            for n in 0..200 {
                here.read(read);
                store.set("n", n).ok();
            }
            assert_eq!(here.0.load(Ordering::Relaxed), 200);
            assert_eq!(Arc::weak_count(&gone), 0, "nothing is left of it");
        }
    }

    #[test]
    fn who_is_about_to_be_subscribed_while_a_trigger_is_replaced_is_told() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            store.set("n", -1).ok();
            let (first, late) = (Arc::<Reader>::default(), Arc::<Reader>::default());
            for _ in 1..super::MAX_SUBSCRIPTIONS {
                first.read(|| assert!(store.has("n")));
            }
            let other = store.clone();
            let write = move || thread::spawn(move || other.set("n", 0)).join().is_ok();
            MEANWHILE.set(Some(Box::new(move || assert!(write()))));
            late.read(|| assert!(store.has("n")));
            let before = late.0.load(Ordering::Relaxed);
            store.set("n", 1).ok();
            let told = late.0.load(Ordering::Relaxed);
            assert!(told > 0, "of the last write, {before} of the one before");
        }
    }

    use crate::{ChangeSet, EngineKind, Pattern, Store, SubscribeOptions, pattern::MATCHES};

    #[test]
    fn a_pattern_is_matched_when_a_slot_is_made_and_at_no_write() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            store
                .set_many([("row:1", 0), ("row:2", 0), ("other", 0)])
                .ok();
            MATCHES.set(0);
            let pattern = Pattern::glob("row:*").expect("it parses");
            let options = SubscribeOptions::new();
            let _rows = store.subscribe_pattern(pattern, options, |_: &ChangeSet| ());
            assert_eq!(MATCHES.take(), 3, "once for each key that is there");
            for n in 1..10 {
                store.set_many([("row:1", n), ("other", n)]).ok();
                store.update("row:2", |row: &mut i32| *row += 1).ok();
                store.flush();
            }
            assert_eq!((store.get("row:2"), MATCHES.take()), (Some(9), 0));
            store.set("row:3", 1).ok();
            assert_eq!(MATCHES.take(), 1, "once for a key that comes");
        }
    }
}
