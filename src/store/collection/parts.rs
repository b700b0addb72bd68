//! [`Parts`]: what tells the readers of the parts of a collection.
//!
//! It notes which collection it has told of last. A commit is told of by comparing that with what
//! is stored now. Comparing, decoding and the order of keys are the user's code, so all of it
//! happens on clones, outside of the lock, and counts only if nothing has moved in the meantime;
//! otherwise it is done again. A reader subscribes first and makes sure then that what it read is
//! what was told last: so whatever comes after that is told to it.

use crate::{
    collection::{Collection, Difference},
    store::{
        contain,
        graph::{Graph, Triggers},
        inner::Inner,
        slot::Slot,
    },
    value::{Mismatch, Shared, Value, is_content},
};
use reactive_graph::{graph::untrack, signal::ArcTrigger, traits::Track};
use std::{
    any::type_name,
    mem,
    ops::ControlFlow,
    sync::{Arc, Mutex, OnceLock, Weak},
};

/// How many entries are tracked before it is asked for the first time which of them still are.
const FIRST_SWEEP: usize = 64;

/// A part of a collection.
pub(super) enum What<'k, K> {
    /// All entries and their values.
    All,
    /// Which entries there are.
    Members,
    /// How many entries there are.
    Count,
    /// Whether there is this entry.
    Presence(&'k K),
    /// This entry and its value.
    Entry(&'k K),
}

pub(super) struct Parts<C: Collection> {
    slot: Weak<Slot>,
    all: Signal,
    members: Signal,
    count: Signal,
    told: Mutex<Told<C>>,
}

#[derive(Clone)]
struct Told<C: Collection> {
    /// What was told last; `None` until somebody tracks a part.
    last: Option<Stored<C>>,
    /// Those that were tracked.
    entries: imbl::OrdMap<C::Key, Arc<Entry>>,
    /// At how many entries those are dropped that nobody tracks any more.
    sweep: usize,
    /// Grows with every change of the above.
    moves: u64,
}

/// What a key holds, and what that reads as.
#[derive(Clone)]
struct Stored<C> {
    value: Option<Value>,
    content: Content<C>,
}

type Content<C> = Result<Option<Shared<C>>, Mismatch>;

/// A trigger that is made when somebody first tracks it.
#[derive(Default)]
struct Signal(OnceLock<ArcTrigger>);

impl Signal {
    fn track(&self) {
        self.0.get_or_init(ArcTrigger::new).track();
    }

    fn add_to(&self, triggers: &mut Triggers) {
        triggers.extend(self.0.get().cloned());
    }
}

#[derive(Default)]
struct Entry {
    value: Signal,
    presence: Signal,
    /// Everybody who tracks the entry has a reference to this.
    held: Arc<()>,
}

/// Who is to be told what.
struct News<C: Collection> {
    all: bool,
    members: bool,
    count: bool,
    /// Entries that differ, and whether they have come or gone.
    entries: Vec<(Arc<Entry>, bool)>,
    /// The entries that can be tracked from now on: those that have gone are given up.
    left: imbl::OrdMap<C::Key, Arc<Entry>>,
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
    fn new(value: Option<Value>) -> Self {
        Self {
            content: decode(value.as_ref()),
            value,
        }
    }

    fn is(&self, value: Option<&Value>) -> bool {
        is_content(self.value.as_ref(), value)
    }

    /// `None` if it is missing or does not read as a collection.
    fn collection(&self) -> Option<&C> {
        let shared = self.content.as_ref().ok()?.as_ref()?;
        shared.as_ref()
    }
}

impl<C: Collection> Told<C> {
    /// What differs between what was told last and what is to be told next.
    fn compare(&self, last: &Stored<C>, next: &Stored<C>) -> News<C> {
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

    fn everything(&self) -> News<C> {
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
    fn add(&mut self, key: &C::Key, entry: &Arc<Entry>, stored: &Stored<C>) {
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

impl<C: Collection> Parts<C> {
    /// Those of a key: whoever reads it as the same type shares them.
    pub(super) fn of(slot: &Arc<Slot>) -> Arc<Self> {
        let mut state = crate::lock(&slot.state);
        if let Some(parts) = state.graphs.find::<Self>(|_| true) {
            return parts;
        }
        let parts = Arc::new(Self {
            slot: Arc::downgrade(slot),
            all: Signal::default(),
            members: Signal::default(),
            count: Signal::default(),
            told: Mutex::new(Told {
                last: None,
                entries: imbl::OrdMap::new(),
                sweep: FIRST_SWEEP,
                moves: 0,
            }),
        });
        let graph: Weak<dyn Graph> = Arc::downgrade(&parts) as _;
        state.graphs.add(graph);
        parts
    }

    /// Makes the running effect or memo depend on a part of what is returned. The entry is not
    /// given up as long as what is returned with it is there.
    pub(super) fn track(
        &self,
        inner: &Inner,
        slot: &Slot,
        what: What<'_, C::Key>,
    ) -> (Content<C>, Option<Arc<()>>) {
        loop {
            let mut told = self.told();
            let moves = told.moves;
            let (value, _) = inner.load(slot);
            let Some(last) = told.last.clone() else {
                // From here on commits are told of. One that came just before is found below.
                told.last = Some(Stored::new(value));
                self.move_on(moves, told);
                continue;
            };
            if !last.is(value.as_ref()) {
                // Another thread has committed and is about to tell of it.
                let mut triggers = Triggers::new();
                self.advance(inner, &mut triggers);
                inner.notify(triggers);
                continue;
            }
            let mut held = None;
            let mut is_known = true;
            let mut entry = |key: &C::Key| {
                let known = told.entries.get(key).cloned();
                is_known = known.is_some();
                let entry = known.unwrap_or_default();
                held = Some(Arc::clone(&entry.held));
                if !is_known {
                    told.add(key, &entry, &last);
                }
                entry
            };
            match &what {
                What::All => self.all.track(),
                What::Members => self.members.track(),
                What::Count => self.count.track(),
                What::Presence(key) => entry(key).presence.track(),
                What::Entry(key) => entry(key).value.track(),
            }
            let stands = if is_known {
                crate::lock(&self.told).moves == moves
            } else {
                self.move_on(moves, told)
            };
            if stands {
                return (last.content, held);
            }
        }
    }

    /// Tells of what is stored now, if it was not told of.
    fn advance(&self, inner: &Inner, triggers: &mut Triggers) {
        let Some(slot) = self.slot.upgrade() else {
            return;
        };
        loop {
            let mut told = self.told();
            let (value, _) = inner.load(&slot);
            let Some(last) = told.last.take() else {
                return;
            };
            if last.is(value.as_ref()) {
                return;
            }
            let next = Stored::new(value);
            // Should a comparison panic, all of it is told.
            let news = contain(|| told.compare(&last, &next));
            let news = news.unwrap_or_else(|_| told.everything());
            let moves = told.moves;
            told.last = Some(next);
            told.entries = news.left;
            if !self.move_on(moves, told) {
                continue;
            }
            let wholes = [
                (news.all, &self.all),
                (news.members, &self.members),
                (news.count, &self.count),
            ];
            for (_, signal) in wholes.into_iter().filter(|(is_news, _)| *is_news) {
                signal.add_to(triggers);
            }
            for (entry, has_come_or_gone) in news.entries {
                if has_come_or_gone {
                    entry.presence.add_to(triggers);
                }
                entry.value.add_to(triggers);
            }
            return;
        }
    }

    fn told(&self) -> Told<C> {
        crate::lock(&self.told).clone()
    }

    /// Takes over what follows from a state, unless that is no longer the state.
    fn move_on(&self, moves: u64, mut told: Told<C>) -> bool {
        told.moves += 1;
        let mut current = crate::lock(&self.told);
        if current.moves != moves {
            return false;
        }
        let old = mem::replace(&mut *current, told);
        drop(current);
        drop(old);
        true
    }
}

impl<C: Collection> Graph for Parts<C> {
    fn refresh(&self, inner: &Inner, triggers: &mut Triggers) {
        untrack(|| self.advance(inner, triggers));
    }
}
