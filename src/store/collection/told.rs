//! [`Told`]: what was told last of a collection, and what is to be told next.

use crate::{
    collection::{Collection, Difference},
    store::{
        contain,
        graph::Triggers,
        readers::{Readers, track},
    },
    value::{Mismatch, Shared, Value, is_content},
};
use std::{
    any::type_name,
    ops::ControlFlow,
    sync::{Arc, Mutex, OnceLock},
};

/// How many entries are tracked before it is asked for the first time which of them still are.
const FIRST_SWEEP: usize = 64;

/// What was told last, and to whom.
#[derive(Clone)]
pub(super) struct Told<C: Collection> {
    /// What was told last; `None` until somebody tracks a part.
    pub(super) last: Option<Stored<C>>,
    /// Those that were tracked.
    pub(super) entries: imbl::OrdMap<C::Key, Arc<Entry>>,
    /// At how many entries those are dropped that nobody tracks any more.
    sweep: usize,
    /// Grows with every change of the above.
    pub(super) moves: u64,
}

/// What a key holds, and what that reads as.
#[derive(Clone)]
pub(super) struct Stored<C> {
    value: Option<Value>,
    pub(super) content: Content<C>,
}

pub(super) type Content<C> = Result<Option<Shared<C>>, Mismatch>;

/// The readers of a part, if anyone has read it.
#[derive(Default)]
pub(super) struct Signal(OnceLock<Box<Mutex<Readers>>>);

impl Signal {
    pub(super) fn track(&self) {
        track(self.0.get_or_init(Box::default));
    }

    pub(super) fn add_to(&self, triggers: &mut Triggers) {
        if let Some(readers) = self.0.get() {
            crate::lock(readers).tell(|reader| triggers.push(reader));
        }
    }
}

/// What tells the readers of an entry.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) value: Signal,
    pub(super) presence: Signal,
    /// Everybody who tracks the entry has a reference to this.
    pub(super) held: Arc<()>,
}

/// Who is to be told what.
pub(super) struct News<C: Collection> {
    pub(super) all: bool,
    pub(super) members: bool,
    pub(super) count: bool,
    /// Entries that differ, and whether they have come or gone.
    pub(super) entries: Vec<(Arc<Entry>, bool)>,
    /// The entries that can be tracked from now on: those that have gone are given up.
    pub(super) left: imbl::OrdMap<C::Key, Arc<Entry>>,
}

/// What a value reads as. A panic of the user's code is a failure like another.
pub(super) fn decode<C: Collection>(value: Option<&Value>) -> Content<C> {
    let Some(value) = value else { return Ok(None) };
    match contain(|| value.share::<C>()) {
        Ok(content) => content.map(Some),
        Err(reason) => Err(Mismatch {
            expected: type_name::<C>(),
            found: value.type_name(),
            reason,
        }),
    }
}

impl<C: Collection> Stored<C> {
    pub(super) fn new(value: Option<Value>) -> Self {
        Self {
            content: decode(value.as_ref()),
            value,
        }
    }

    pub(super) fn is(&self, value: Option<&Value>) -> bool {
        is_content(self.value.as_ref(), value)
    }

    /// `None` if it is missing or does not read as a collection.
    fn collection(&self) -> Option<&C> {
        let shared = self.content.as_ref().ok()?.as_ref()?;
        shared.as_ref()
    }
}

impl<C: Collection> Default for Told<C> {
    fn default() -> Self {
        Self {
            last: None,
            entries: imbl::OrdMap::new(),
            sweep: FIRST_SWEEP,
            moves: 0,
        }
    }
}

impl<C: Collection> Told<C> {
    /// What differs between what was told last and what is to be told next.
    pub(super) fn compare(&self, last: &Stored<C>, next: &Stored<C>) -> News<C> {
        match (&last.content, &next.content) {
            (Ok(_), Ok(_)) => {}
            (Err(last), Err(next)) if last == next => return self.nothing(),
            _ => return self.everything(),
        }
        let none = C::default();
        let old = last.collection().unwrap_or(&none);
        let new = next.collection().unwrap_or(&none);
        let mut news = self.nothing();
        news.count = old.count() != new.count();
        old.compare(new, &mut |key, difference| {
            let has_come_or_gone = difference != Difference::Changed;
            news.all = true;
            news.members |= has_come_or_gone;
            if let Some(entry) = self.entries.get(key) {
                news.entries.push((Arc::clone(entry), has_come_or_gone));
                if difference == Difference::Went {
                    news.left.remove(key);
                }
            }
            match news.members && self.entries.is_empty() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        news
    }

    fn nothing(&self) -> News<C> {
        News {
            all: false,
            members: false,
            count: false,
            entries: Vec::new(),
            left: self.entries.clone(),
        }
    }

    pub(super) fn everything(&self) -> News<C> {
        let entries = self.entries.values();
        News {
            all: true,
            members: true,
            count: true,
            entries: entries.map(|entry| (Arc::clone(entry), true)).collect(),
            left: imbl::OrdMap::new(),
        }
    }

    /// Adds an entry that is to be tracked. If there are many by now, those are dropped that are
    /// not in the collection and that nobody tracks: whoever asks for ever new names of entries that
    /// do not exist would otherwise fill the memory.
    pub(super) fn add(&mut self, key: &C::Key, entry: &Arc<Entry>, stored: &Stored<C>) {
        self.entries.insert(key.clone(), Arc::clone(entry));
        if self.entries.len() < self.sweep {
            return;
        }
        let none = C::default();
        let all = stored.collection().unwrap_or(&none);
        for (key, entry) in &self.entries.clone() {
            if Arc::strong_count(&entry.held) == 1 && !all.has(key) {
                self.entries.remove(key);
            }
        }
        self.sweep = FIRST_SWEEP + 2 * self.entries.len();
    }
}
