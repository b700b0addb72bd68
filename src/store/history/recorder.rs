//! What a store knows of a history: it is told of every commit, by the commit.

use super::{
    book::{Book, Entry},
    options::{HistoryOptions, Which},
};
use crate::{
    change::{Change, ChangeSet, Origin},
    error::{Access, StateError},
    pattern::Pattern,
    store::{Gate, Inner, View, graph::Triggers, guest::Recording, slot::SharedSignal},
};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;
use std::{
    mem,
    sync::{Arc, Mutex},
};

/// Keeps the book of one history. It is told under the lock of the commit, so that it sees commits
/// in their order and whoever looks into the book finds all of them, also from inside a listener
/// that is called before others have been told.
pub(crate) struct Recorder {
    keys: Keys,
    gate: Option<Arc<dyn Gate>>,
    ignored: Vec<Origin>,
    /// Commits that the book does not know of yet.
    inbox: Mutex<Vec<ChangeSet>>,
    book: Mutex<Book>,
    pub(super) signal: SharedSignal,
}

enum Keys {
    All,
    These(FxHashSet<SmolStr>),
    Matching(Pattern),
}

impl Recorder {
    pub(super) fn new(view: &View, options: &HistoryOptions) -> Result<Self, StateError> {
        let keys = match &options.which {
            Which::All => Keys::All,
            Which::Matching(pattern) => Keys::Matching(pattern.clone()),
            Which::These(names) => {
                let mut keys = FxHashSet::default();
                for name in names {
                    let slot = view.slot(name, Access::Read)?;
                    keys.insert(slot.key.clone());
                    view.inner.release(&slot);
                }
                Keys::These(keys)
            }
        };
        Ok(Self {
            keys,
            gate: view.gate.clone(),
            ignored: options.ignored.clone(),
            inbox: Mutex::default(),
            book: Mutex::new(Book::new(options.limit, options.merge_window)),
            signal: SharedSignal::default(),
        })
    }

    /// Calls `f`, which must be quick and call no user code, with the book, brought up to date.
    pub(super) fn with<R>(&self, inner: &Inner, f: impl FnOnce(&mut Book) -> R) -> R {
        let is_open = self.is_open(inner).is_ok();
        let (result, waste) = {
            let book = &mut *crate::lock(&self.book);
            let inbox = mem::take(&mut *crate::lock(&self.inbox));
            for changes in &inbox {
                if !is_open || book.land(changes) || book.is_paused() {
                    continue;
                }
                let Some(first) = changes.changes.first() else {
                    continue;
                };
                let (mine, others): (Vec<_>, Vec<_>) = changes
                    .iter()
                    .partition(|change| self.covers(inner, change));
                book.pass(first.time, others.iter().map(|change| &change.key));
                if !mine.is_empty() {
                    book.record(first.time, mine.into_iter().map(Entry::from).collect());
                }
            }
            if !is_open {
                book.clear();
            }
            let result = f(book);
            book.waste.changes.extend(inbox);
            (result, mem::take(&mut book.waste))
        };
        drop(waste);
        result
    }

    /// Whether there is a store, and a micro-frontend, whose history this is.
    pub(super) fn is_open(&self, inner: &Inner) -> Result<(), StateError> {
        inner.alive()?;
        self.gate.as_ref().map_or(Ok(()), |gate| gate.is_open())
    }

    fn covers(&self, inner: &Inner, change: &Change) -> bool {
        let is_covered = match &self.keys {
            Keys::All => true,
            Keys::These(keys) => keys.contains(&change.key),
            Keys::Matching(pattern) => pattern.matches(&change.key),
        };
        let is_visible = |gate: &Arc<dyn Gate>| gate.own_name(inner, &change.key).is_some();
        is_covered
            && !matches!(change.origin(), Origin::Storage | Origin::Tab)
            && !self.ignored.contains(change.origin())
            && self.gate.as_ref().is_none_or(is_visible)
    }
}

impl Recording for Recorder {
    fn record(&self, _: &Inner, changes: &ChangeSet) {
        crate::lock(&self.inbox).push(changes.clone());
    }

    fn look(&self, inner: &Inner, triggers: &mut Triggers) {
        if self.with(inner, |book| mem::take(&mut book.news)) {
            triggers.extend(self.signal.existing().into_iter().flatten());
        }
    }

    fn wake(&self, inner: &Inner) {
        if self.is_open(inner).is_err() {
            inner.remove_recorder(self);
        }
    }
}
