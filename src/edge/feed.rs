//! What a store tells its edge: which keys were written, and what they held before.

use super::link::{Edge, Link};
use crate::{
    change::{Origin, Stamp},
    key::Name,
    store::{Feeding, Inner, Slot},
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
            match written.keys.get_mut(&key) {
                // What became of it since counts: its micro-frontend may have left.
                Some(write) => mem::replace(&mut write.old, old),
                None => {
                    let write = Write {
                        old,
                        left: None,
                        source,
                    };
                    written.keys.insert(key, write);
                    None
                }
            }
        };
        drop(replaced);
    }
}

impl Feed {
    /// Has the edge flushed at the end of the turn.
    pub(super) fn wake_for_more(&self, inner: &Inner) {
        if !self.is_scheduled.swap(true, Ordering::AcqRel) {
            inner.schedule_feed();
        }
    }
}

impl Feeding for Feed {
    fn note(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool {
        if matches!(stamp.origin, Origin::Storage | Origin::Tab) {
            return false;
        }
        let left = match is_removal && inner.has_left(&slot.key, &stamp.origin) {
            true => old.cloned(),
            false => None,
        };
        let Written { keys, waste } = &mut *crate::lock(&self.written);
        match keys.get_mut(&slot.key) {
            Some(write) => {
                write.source.assign(&stamp.source);
                waste.extend(mem::replace(&mut write.left, left));
            }
            None => {
                let write = Write {
                    old: old.cloned(),
                    left,
                    source: stamp.source.clone(),
                };
                keys.insert(slot.key.clone(), write);
            }
        }
        !self.is_scheduled.load(Ordering::Acquire)
    }

    fn wake(&self, inner: &Inner) {
        let Some(link) = self.link.upgrade() else {
            return inner.remove_feed(self);
        };
        if inner.alive().is_err() {
            return Edge(link).detach();
        }
        if !self.is_empty() {
            self.wake_for_more(inner);
        }
    }

    fn end_turn(&self) {
        if self.is_scheduled.swap(false, Ordering::AcqRel)
            && let Some(link) = self.link.upgrade()
        {
            Edge(link).flush();
        }
    }

    fn welcome(&self, namespace: &str) {
        if let Some(link) = self.link.upgrade() {
            Edge(link).bring_back(namespace);
        }
    }

    #[cfg(feature = "js")]
    fn give_way(&self) {
        if let Some(link) = self.link.upgrade() {
            Edge(link).detach();
        }
    }
}
