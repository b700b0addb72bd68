//! What a store tells its edge: which keys were written, and what they held before.

use super::link::{Edge, Left, Link, Place};
use crate::{
    change::{Origin, Stamp},
    key::Name,
    store::{Feeding, Inner, Slot},
    value::Value,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::{
    any::Any,
    mem,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// Hears of every commit, under its lock, and notes the keys: what they came to is read, compared and
/// stamped at the end of the turn. When its edge has ended it goes on to note, for the next one.
pub(super) struct Feed {
    link: Weak<Link>,
    /// Whether the edge is another store's, which hears of everything.
    is_elsewhere: bool,
    place: Option<Place>,
    written: Mutex<Written>,
    is_scheduled: AtomicBool,
    is_resting: AtomicBool,
    /// What its edge has left to the next one.
    left: Mutex<Option<Left>>,
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
    pub(super) fn new(link: Weak<Link>, place: &Place) -> Self {
        Self {
            link,
            place: Some(place.clone()),
            ..Self::none()
        }
    }

    /// Stands for the edge of another store. `None` if it is not known which.
    #[cfg(feature = "js")]
    pub(super) fn elsewhere(place: Option<Place>) -> Self {
        Self {
            is_elsewhere: true,
            place,
            ..Self::none()
        }
    }

    fn none() -> Self {
        Self {
            link: Weak::new(),
            is_elsewhere: false,
            place: None,
            written: Mutex::default(),
            is_scheduled: AtomicBool::new(false),
            is_resting: AtomicBool::new(false),
            left: Mutex::default(),
        }
    }

    /// Of which state the edge is a replica.
    #[cfg(feature = "js")]
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Takes over what the feed of an edge before has noted, if that was an edge of the same state.
    /// Hands out what that edge has left.
    pub(super) fn go_on_from(&self, before: Arc<dyn Feeding>) -> Option<Left> {
        let before: Arc<dyn Any + Send + Sync> = before;
        let before = before.downcast::<Self>().ok()?;
        let is_same = before.place.is_none() || before.place == self.place;
        is_same.then(|| self.add(before.take()))?;
        crate::lock(&before.left).take()
    }

    /// Notes what is written until there is an edge, of whatever state.
    #[cfg(feature = "js")]
    pub(super) fn resting() -> Arc<dyn Feeding> {
        let feed = Self::elsewhere(None);
        feed.rest();
        Arc::new(feed)
    }

    /// Leaves something to the next edge.
    pub(super) fn leave(&self, left: Left) {
        *crate::lock(&self.left) = Some(left);
    }

    /// Adds what was written before all that is here.
    pub(super) fn add(&self, writes: impl IntoIterator<Item = (SmolStr, Write)>) {
        for (key, write) in writes {
            let Written { keys, waste } = &mut *crate::lock(&self.written);
            match keys.get_mut(&key) {
                Some(later) => waste.extend(mem::replace(&mut later.old, write.old)),
                None => drop(keys.insert(key, write)),
            }
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
    /// The edge, until it has ended.
    fn edge(&self) -> Option<Arc<Link>> {
        match self.is_resting() {
            true => None,
            false => self.link.upgrade(),
        }
    }

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
        let is_resting = self.is_resting.load(Ordering::Acquire);
        let is_unheard = self.is_elsewhere && !is_resting;
        if is_unheard || matches!(stamp.origin, Origin::Storage | Origin::Tab) {
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
        match is_resting {
            true => !waste.is_empty(),
            false => !self.is_scheduled.load(Ordering::Acquire),
        }
    }

    fn wake(&self, inner: &Inner) {
        let Some(link) = self.edge() else {
            let waste = mem::take(&mut crate::lock(&self.written).waste);
            return drop(waste);
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
            && let Some(link) = self.edge()
        {
            Edge(link).flush();
        }
    }

    fn welcome(&self, namespace: &str) {
        if let Some(link) = self.edge() {
            Edge(link).bring_back(namespace);
        }
    }

    fn is_resting(&self) -> bool {
        self.is_resting.load(Ordering::Acquire)
    }

    fn rest(&self) {
        self.is_resting.store(true, Ordering::Release);
        self.is_scheduled.store(false, Ordering::Release);
    }

    #[cfg(feature = "js")]
    fn give_way(&self) {
        if let Some(link) = self.edge() {
            Edge(link).detach();
        }
    }
}
