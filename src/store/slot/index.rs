//! The index of slots.

use super::{Slot, SlotKind, Trigger};
use crate::{
    error::StateError,
    key::{self, KeyHasher, spread},
    pattern::Pattern,
    store::{
        labels::Labelled,
        listen::{Listener, Subject},
    },
    value::StateValue,
};
use hashbrown::hash_table::{self, HashTable};
use std::{
    hash::BuildHasher,
    sync::{Arc, PoisonError, RwLock},
};

/// Finds slots by name, and matches patterns against each name once, when its slot is made.
#[derive(Default)]
pub(crate) struct Slots {
    hasher: KeyHasher,
    index: RwLock<Index>,
    pub(crate) labelled: Labelled,
}

#[derive(Default)]
struct Index {
    slots: HashTable<Arc<Slot>>,
    patterns: Vec<(Pattern, Arc<Listener>)>,
}

impl Index {
    /// Two names seldom share a hash: the first that has it is most often the one, and a search that
    /// compares nothing else is short.
    #[inline]
    fn find(&self, hash: u32, name: &str) -> Option<&Arc<Slot>> {
        let first = self.slots.find(spread(hash), |slot| slot.hash == hash)?;
        if key::same(&first.key, name) {
            return Some(first);
        }
        self.find_further(hash, name)
    }

    #[cold]
    #[inline(never)]
    fn find_further(&self, hash: u32, name: &str) -> Option<&Arc<Slot>> {
        self.slots.find(spread(hash), |slot| slot.is(hash, name))
    }
}

impl Slots {
    /// The low half is enough to tell keys apart in a table, and all there is on wasm32.
    #[inline]
    pub(crate) fn hash(&self, name: &str) -> u32 {
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
    pub(crate) fn pick<T: StateValue>(&self, hash: u32, name: &str) -> Option<T> {
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
                let labels = self.labels_of_new(name);
                let slot = Arc::new(Slot::new(name.into(), hash, kind, labels));
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
    use crate::{ChangeSet, EngineKind, Pattern, Store, SubscribeOptions, pattern::MATCHES};
    use std::collections::HashMap;

    #[test]
    fn names_that_share_a_hash_are_told_apart() {
        for kind in EngineKind::ALL {
            let store = Store::builder().engine(*kind).build();
            let mut names = HashMap::new();
            let pair = (0..1_000_000).find_map(|n| {
                let name = format!("key:{n}");
                let other = names.insert(store.inner.slots.hash(&name), name.clone());
                other.map(|other| (other, name))
            });
            let (a, b) = pair.expect("of so many names, two share a hash");
            let values = || (store.get::<i32>(&a), store.get::<i32>(&b));
            store.set(&a, 1).ok();
            assert_eq!(values(), (Some(1), None), "{kind}");
            store.set(&b, 2).ok();
            store.set(&b, 3).ok();
            store.set(&a, 4).ok();
            assert_eq!(values(), (Some(4), Some(3)), "{kind}");
            let handle = |name| store.handle::<i32>(name).ok().and_then(|key| key.get());
            assert_eq!((handle(&a), handle(&b)), values(), "{kind}");
            store.delete(&a).ok();
            assert_eq!(values(), (None, Some(3)), "{kind}");
        }
    }

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
