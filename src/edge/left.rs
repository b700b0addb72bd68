//! [`Left`]: what an edge leaves to the next one of its page.

#[cfg(feature = "js")]
mod text;

use super::{link::Waiting, replica::Replica};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// What was known when an edge ended.
pub(super) struct Left {
    pub(super) replica: Replica,
    /// The keys of which not all that is known has gone out.
    pub(super) keys: FxHashSet<SmolStr>,
    /// Those that are not in the store yet.
    pub(super) waiting: Vec<Waiting>,
    /// Those that had just been written, if they are not noted where the next edge finds them.
    pub(super) written: Vec<SmolStr>,
}
