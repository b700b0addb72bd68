//! [`EdgeElsewhere`]: what a store has where its edge would be, if another store of the page has it.

use crate::{
    change::Stamp,
    store::{Feeding, Inner, Notes, Slot},
    value::Value,
};
use smol_str::SmolStr;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// The edge of another store of the page, which hears of everything. When that has ended, notes what is
/// written for the next one. It links nothing of an edge.
pub(super) struct EdgeElsewhere {
    /// Of which state that is a replica, if it is known.
    state: Option<String>,
    notes: Notes,
    is_resting: AtomicBool,
    /// What it has left to the next one, once it has ended.
    left: Mutex<Option<String>>,
}

impl EdgeElsewhere {
    pub(super) fn new(state: String) -> Self {
        Self {
            state: Some(state),
            notes: Notes::default(),
            is_resting: AtomicBool::new(false),
            left: Mutex::default(),
        }
    }

    /// One that has ended.
    pub(super) fn ended(state: Option<String>) -> Self {
        Self {
            state,
            notes: Notes::default(),
            is_resting: AtomicBool::new(true),
            left: Mutex::default(),
        }
    }
}

impl Feeding for EdgeElsewhere {
    fn note(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool {
        self.is_resting()
            && self
                .notes
                .note_for_next(inner, slot, old, is_removal, stamp)
    }

    fn wake(&self, _: &Inner) {
        self.notes.drop_waste();
    }

    fn end_turn(&self) {}

    fn welcome(&self, _: &str) {}

    fn free(&self, _: &SmolStr) -> bool {
        false
    }

    fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn is_resting(&self) -> bool {
        self.is_resting.load(Ordering::Acquire)
    }

    fn rest(&self) {
        self.is_resting.store(true, Ordering::Release);
    }

    fn left(&self) -> Option<String> {
        crate::lock(&self.left).take()
    }

    fn inherit(&self, left: String) {
        *crate::lock(&self.left) = Some(left);
    }

    fn give_way(&self) {}
}
