//! [`Memory`]: a backend that forgets everything with the page.

use super::backend::{Backend, Fault, Items, Loaded, Then};
use crate::{key::KeyHasher, lock};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

/// A backend that keeps its items in memory. What the storage port falls back to while its own backend
/// is denied, and what tests use. Clones share their items.
///
/// ```
/// use universal_state::edge::Memory;
///
/// let memory = Memory::new();
/// memory.set("app:a", "text");
/// assert_eq!(memory.get("app:a").as_deref(), Some("text"));
/// assert_eq!(memory.clone().names(), ["app:a"]);
/// ```
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<String, String, KeyHasher>>>);

impl Memory {
    /// Without any items.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of an item.
    pub fn get(&self, name: &str) -> Option<String> {
        lock(&self.0).get(name).cloned()
    }

    /// Puts an item, as somebody else who uses the same storage would.
    pub fn set(&self, name: &str, text: &str) {
        lock(&self.0).insert(name.to_owned(), text.to_owned());
    }

    /// Removes an item. Returns whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        lock(&self.0).remove(name).is_some()
    }

    /// Removes all items, whoever put them.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The names of all items, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = lock(&self.0).keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Backend for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        let items = lock(&self.0);
        let own = items.iter().filter(|(name, _)| name.starts_with(prefix));
        let own = own.map(|(name, text)| (name.clone(), text.clone()));
        let own = own.collect();
        drop(items);
        then(Ok(own));
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        let items = lock(&self.0);
        let texts = names.iter().map(|name| items.get(name).cloned()).collect();
        drop(items);
        then(Ok(texts));
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        let mut kept = lock(&self.0);
        let results = items.into_iter().map(|(name, text)| {
            match text {
                Some(text) => kept.insert(name, text),
                None => kept.remove(&name),
            };
            Ok(())
        });
        let results = results.collect();
        drop(kept);
        then(results);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.len()).finish()
    }
}
