//! What time it is in a simulated tab.

use crate::edge::link::Driver;
use std::sync::{
    Arc, Mutex, Weak,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

/// The clock of a tab, and its timer.
pub(super) struct Clock {
    pub(super) time: Arc<AtomicU64>,
    /// What is added to true time, in ms.
    pub(super) skew: AtomicI64,
    /// When the edge wants to be polled, in true time.
    pub(super) deadline: Mutex<Option<u64>>,
}

impl Clock {
    pub(super) fn now(&self) -> u64 {
        let skew = self.skew.load(Ordering::Relaxed);
        self.time
            .load(Ordering::Relaxed)
            .saturating_add_signed(skew)
    }
}

/// The timer runs in true time, whatever the wall clock does.
pub(super) struct Timer(pub(super) Weak<Clock>);

impl Driver for Timer {
    fn arm(&self, deadline: Option<u64>) {
        let Some(clock) = self.0.upgrade() else {
            return;
        };
        let now = clock.time.load(Ordering::Relaxed);
        let due = deadline.map(|deadline| now + deadline.saturating_sub(clock.now()));
        *crate::lock(&clock.deadline) = due;
    }
}
