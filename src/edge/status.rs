//! What people see of an edge: [`EdgeStatus`].

use super::{refusal::Refused, stamp::ReplicaId};
use crate::store::SharedSignal;
use std::sync::Mutex;

/// How an edge is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EdgeStatus {
    /// What the state is stored in, such as `"localStorage"`; empty if it is not stored.
    pub storage: String,
    /// Why the storage that was asked for is not used, if it is not.
    pub storage_fault: Option<String>,
    /// Whether stored state is still on its way.
    pub is_loading: bool,
    /// How many keys wait to be stored.
    pub pending: usize,
    /// How many keys could not be stored, and are tried again.
    pub failed: usize,
    /// How many stored items lie in quarantine.
    pub quarantined: usize,
    /// What carries messages to other tabs, such as `"BroadcastChannel"`; empty if nothing does.
    pub transport: String,
    /// The other tabs that are connected, in the order of their ids.
    pub tabs: Vec<ReplicaId>,
    /// When this tab last heard from another, in ms since the Unix epoch.
    pub last_sync: Option<u64>,
    /// How often another tab was found to disagree, and was brought into step, as far as it can be: what
    /// only one of the two may share counts once.
    pub disagreements: u64,
    /// How much of what came in was refused, by reason.
    pub refused: Refused,
}

/// Sets a part of a status. Returns whether it was another.
pub(crate) fn set<T: PartialEq>(part: &mut T, to: T) -> bool {
    let is_news = *part != to;
    *part = to;
    is_news
}

/// The status of an edge, and who follows it.
#[derive(Default)]
pub(crate) struct Board {
    status: Mutex<EdgeStatus>,
    signal: SharedSignal,
}

impl Board {
    /// The status, tracked by whatever effect or memo is running.
    pub(crate) fn read(&self) -> EdgeStatus {
        self.signal.track();
        crate::lock(&self.status).clone()
    }

    /// Changes the status, and tells who follows it if `change` says that it did.
    pub(crate) fn note(&self, change: impl FnOnce(&mut EdgeStatus) -> bool) {
        let is_news = change(&mut crate::lock(&self.status));
        if is_news {
            self.signal.notify();
        }
    }
}
