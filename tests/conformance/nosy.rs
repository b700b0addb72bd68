//! A value whose every method calls the store that it lives in, and is counted.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    collections::BTreeMap,
    rc::Rc,
};
use universal_state::Store;

pub struct Nosy(pub u32);

thread_local! {
    static PEEK: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    static PEEKING: Cell<bool> = const { Cell::new(false) };
    static COUNTS: RefCell<BTreeMap<&'static str, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// While it lives, the methods of this thread's [`Nosy`] values peek.
#[must_use]
pub struct Peeks;

impl Peeks {
    /// They read everything that a store can be asked.
    pub fn at(store: &Store) -> Self {
        let store = store.clone();
        Self::by(move || {
            let there = store.get::<Nosy>("nosy").is_some();
            assert_eq!(there, store.has("nosy"));
            assert_eq!(store.keys().len(), store.len());
            assert_eq!(store.snapshot().len(), store.len());
            store.metadata();
        })
    }

    /// They do as they are told.
    pub fn by(peek: impl Fn() + 'static) -> Self {
        COUNTS.take();
        PEEK.set(Some(Rc::new(peek)));
        Self
    }

    /// How often each method was called.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        COUNTS.with_borrow(Clone::clone)
    }

    /// How often a method was called.
    pub fn count(&self, method: &str) -> usize {
        self.counts().get(method).copied().unwrap_or(0)
    }
}

impl Drop for Peeks {
    fn drop(&mut self) {
        // Taken out first: what it holds may be the last to hold values.
        drop(PEEK.take());
    }
}

fn peek(method: &'static str) {
    if PEEKING.replace(true) {
        return;
    }
    if let Some(peek) = PEEK.with_borrow(Clone::clone) {
        COUNTS.with_borrow_mut(|counts| *counts.entry(method).or_default() += 1);
        peek();
    }
    PEEKING.set(false);
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        peek("clone");
        Self(self.0)
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        peek("eq");
        self.0 == other.0
    }
}

impl Eq for Nosy {}

impl PartialOrd for Nosy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Nosy {
    fn cmp(&self, other: &Self) -> Ordering {
        peek("cmp");
        self.0.cmp(&other.0)
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        peek("drop");
    }
}

impl Serialize for Nosy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        peek("serialize");
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Nosy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        peek("deserialize");
        u32::deserialize(deserializer).map(Self)
    }
}
