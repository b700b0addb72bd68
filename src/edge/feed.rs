//! What a store tells its edge: which keys were written, and what they held before.

use super::{
    left::Left,
    link::{Edge, Link, Place},
};
use crate::{
    change::Stamp,
    error::StateError,
    store::{Feeding, Inner, Notes, Slot},
    value::Value,
};
use rustc_hash::FxHashSet;
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
    state: String,
    pub(super) notes: Notes,
    /// The keys that are computed no more.
    freed: Mutex<FxHashSet<SmolStr>>,
    is_scheduled: AtomicBool,
    is_resting: AtomicBool,
    /// Whether its edge ended before it was known what is stored.
    is_unsure: AtomicBool,
    /// What its edge has left to the next one.
    left: Mutex<Option<Left>>,
    /// What the last edge has left, if that was in another store.
    #[cfg(feature = "js")]
    inherited: Mutex<Option<String>>,
}

impl Feed {
    pub(super) fn new(link: Weak<Link>, place: &Place) -> Self {
        Self {
            link,
            state: place.name(),
            notes: Notes::default(),
            freed: Mutex::default(),
            is_scheduled: AtomicBool::new(false),
            is_resting: AtomicBool::new(false),
            is_unsure: AtomicBool::new(false),
            left: Mutex::default(),
            #[cfg(feature = "js")]
            inherited: Mutex::default(),
        }
    }

    /// Takes over what was noted since the last edge, if that was one of the same state. Hands out what
    /// it has left.
    pub(super) fn go_on_from(
        &self,
        before: Option<Arc<dyn Feeding>>,
    ) -> Result<Option<Left>, StateError> {
        let is_same = |before: &Arc<dyn Feeding>| before.state().is_none_or(|of| of == self.state);
        if let Some(before) = before.filter(is_same) {
            self.notes.add(before.notes().take());
            let own: Arc<dyn Any + Send + Sync> = Arc::clone(&before) as _;
            if let Ok(own) = own.downcast::<Self>() {
                *crate::lock(&self.freed) = own.take_freed();
                let left = crate::lock(&own.left).take();
                if left.is_some() {
                    return Ok(left);
                }
            }
            #[cfg(feature = "js")]
            before
                .left()
                .into_iter()
                .for_each(|left| self.inherit(left));
        }
        #[cfg(feature = "js")]
        if let Some(left) = crate::lock(&self.inherited).take() {
            return Left::decode(&left).map(Some);
        }
        Ok(None)
    }

    /// The keys that are computed no more since this was asked last.
    pub(super) fn take_freed(&self) -> FxHashSet<SmolStr> {
        mem::take(&mut crate::lock(&self.freed))
    }

    /// Leaves something to the next edge.
    pub(super) fn leave(&self, left: Left, is_unsure: bool) {
        self.is_unsure.store(is_unsure, Ordering::Release);
        *crate::lock(&self.left) = Some(left);
    }

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
        if self.is_resting() && !self.is_unsure.load(Ordering::Acquire) {
            return self
                .notes
                .note_for_next(inner, slot, old, is_removal, stamp);
        }
        let is_noted = self.notes.note(inner, slot, old, is_removal, stamp);
        is_noted && !self.is_scheduled.load(Ordering::Acquire)
    }

    fn wake(&self, inner: &Inner) {
        let Some(link) = self.edge() else {
            return self.notes.drop_waste();
        };
        if inner.alive().is_err() {
            return Edge(link).detach();
        }
        if !self.notes.is_empty() || !crate::lock(&self.freed).is_empty() {
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

    fn free(&self, key: &SmolStr) -> bool {
        crate::lock(&self.freed).insert(key.clone());
        !self.is_resting() && !self.is_scheduled.load(Ordering::Acquire)
    }

    fn state(&self) -> Option<&str> {
        Some(&self.state)
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn is_resting(&self) -> bool {
        self.is_resting.load(Ordering::Acquire)
    }

    fn rest(&self) {
        self.is_resting.store(true, Ordering::Release);
        self.is_scheduled.store(false, Ordering::Release);
    }

    #[cfg(feature = "js")]
    fn left(&self) -> Option<String> {
        let mut left = crate::lock(&self.left).take();
        if let Some(left) = &mut left {
            left.written = self.notes.keys();
        }
        let inherited = crate::lock(&self.inherited).take();
        left.as_ref().map(Left::encode).or(inherited)
    }

    #[cfg(feature = "js")]
    fn inherit(&self, left: String) {
        *crate::lock(&self.inherited) = Some(left);
    }

    #[cfg(feature = "js")]
    fn give_way(&self) {
        if let Some(link) = self.edge() {
            Edge(link).detach();
        }
    }
}
