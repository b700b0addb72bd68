//! Collections to be stored under a key: persistent, so that a clone costs a reference count, and a
//! copy with one entry changed shares all but the path to it.
//!
//! They are those of `imbl`, in types of our own, so that a contract between teams does not name a
//! version of that crate.

mod map;
mod set;

pub(crate) use map::Held;
pub use map::{Iter, OrdMap};
pub use set::OrdSet;

use crate::value::StateValue;
use std::ops::ControlFlow;

/// What can be tracked by its entries.
pub(crate) trait Collection: StateValue + Default {
    /// What an entry is found by.
    type Key: StateValue + Ord;

    fn count(&self) -> usize;

    fn has(&self, key: &Self::Key) -> bool;

    /// Calls `f` with each entry that is another in `new`, in the order of keys, until `f` has heard
    /// enough. What both share is left out unseen.
    fn compare(&self, new: &Self, f: &mut dyn FnMut(&Self::Key, Difference) -> ControlFlow<()>);
}

/// How an entry differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    Came,
    Went,
    Changed,
}
