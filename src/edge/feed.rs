//! What a store tells its edge: which keys were written, and what they held before.

use super::link::{Edge, Link};
use crate::{
    change::{Change, ChangeSet, Origin},
    key::Name,
    store::{Inner, Recording},
    value::Value,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::{
    mem,
    sync::{
        Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// Hears of every commit, under its lock, and notes the keys: what they came to is read, compared and
/// stamped at the end of the turn.
pub(super) struct Feed {
    link: Weak<Link>,
    written: Mutex<Written>,
    is_scheduled: AtomicBool,
}

#[derive(Default)]
struct Written {
    keys: FxHashMap<SmolStr, Write>,
    /// Not to be dropped under the lock of a commit.
    waste: Vec<Value>,
}

/// A key that was written since the last turn.
pub(super) struct Write {
    /// What it held before the first write.
    pub(super) old: Option<Value>,
    /// What it held when its micro-frontend left, if that was the last that happened.
    pub(super) left: Option<Value>,
    /// Who wrote it last.
    pub(super) source: Name,
}

impl Feed {
    pub(super) fn new(link: Weak<Link>) -> Self {
        Self {
            link,
            written: Mutex::default(),
            is_scheduled: AtomicBool::new(false),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        crate::lock(&self.written).keys.is_empty()
    }

    pub(super) fn take(&self) -> FxHashMap<SmolStr, Write> {
        let taken = mem::take(&mut *crate::lock(&self.written));
        taken.keys
    }

    /// Notes that a key has been written again while it was read.
    pub(super) fn again(&self, key: SmolStr, old: Option<Value>, source: Name) {
        let replaced = {
            let written = &mut *crate::lock(&self.written);
            let write = Write {
                old,
                left: None,
                source,
            };
            written.keys.insert(key, write)
        };
        drop(replaced);
    }
}

impl Recording for Feed {
    fn record(&self, inner: &Inner, changes: &ChangeSet) {
        let own = |change: &&Change| !matches!(change.origin(), Origin::Storage | Origin::Tab);
        let mut changes = changes.iter().filter(own).peekable();
        if changes.peek().is_none() {
            return;
        }
        let Written { keys, waste } = &mut *crate::lock(&self.written);
        for change in changes {
            let write = keys.entry(change.key.clone()).or_insert_with(|| Write {
                old: change.old.clone(),
                left: None,
                source: change.stamp.source.clone(),
            });
            write.source = change.stamp.source.clone();
            let left = match has_left(inner, change) {
                true => change.old.clone(),
                false => None,
            };
            waste.extend(mem::replace(&mut write.left, left));
        }
    }

    fn wake(&self, inner: &Inner) {
        let Some(link) = self.link.upgrade() else {
            return inner.remove_recorder(self);
        };
        if inner.alive().is_err() {
            return Edge(link).detach();
        }
        if !self.is_empty() && !self.is_scheduled.swap(true, Ordering::AcqRel) {
            inner.schedule_recorders();
        }
    }

    fn end_turn(&self) {
        if self.is_scheduled.swap(false, Ordering::AcqRel)
            && let Some(link) = self.link.upgrade()
        {
            Edge(link).flush();
        }
    }
}

/// Whether the key went because its micro-frontend left this page: elsewhere it stays.
fn has_left(inner: &Inner, change: &Change) -> bool {
    change.is_removal()
        && matches!(change.origin(), Origin::Mfe(_))
        && !inner.has_owner(&change.key)
}
