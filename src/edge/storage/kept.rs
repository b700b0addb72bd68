//! What is known of one key.

use super::status::{SaveFailure, SaveStatus};
use crate::store::SharedSignal;
use std::sync::Arc;

/// A key that is stored, is to be, or whose status somebody follows.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) status: SaveStatus,
    /// When to look at what is there, in ms, and to write it if it lags behind.
    pub(super) due: Option<u64>,
    /// Whether it was written here since anybody last looked.
    pub(super) is_dirty: bool,
    /// How often in a row it failed.
    pub(super) attempts: u32,
    /// The hash of what was there before it was written, until somebody has looked whether it was.
    pub(super) before: Option<u64>,
    /// Whether something that was said to be written was not there.
    pub(super) is_suspect: bool,
    /// When it was put there last, in ms.
    pub(super) put_at: u64,
    /// How often in a row it was put there with nothing written here between, and before when it is not
    /// looked at on that account, in ms.
    pub(super) contests: u32,
    pub(super) not_before: u64,
    /// Items that are of no use once this one is there.
    pub(super) litter: Vec<String>,
    signal: Option<Arc<SharedSignal>>,
}

impl Kept {
    /// What tells who follows the status.
    pub(super) fn followed(&mut self) -> Arc<SharedSignal> {
        Arc::clone(self.signal.get_or_insert_default())
    }

    pub(super) fn signal(&self) -> Option<&Arc<SharedSignal>> {
        self.signal.as_ref()
    }

    /// Whether it holds what cannot be stored.
    pub(super) fn is_unwritable(&self) -> bool {
        matches!(self.status, SaveStatus::Failed(SaveFailure::NoJson { .. }))
    }

    /// Whether there is nothing to know.
    pub(super) fn is_idle(&self) -> bool {
        self.due.is_none() && self.signal.is_none() && self.status == SaveStatus::Unkept
    }
}
