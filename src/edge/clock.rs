//! The hybrid logical clock of a replica.

use super::stamp::{MAX_MILLIS, ReplicaId, Stamp};

/// So far may a stamp from elsewhere be ahead of this replica's clocks, in ms.
pub(crate) const MAX_AHEAD: u64 = 5 * 60 * 1_000;

/// Gives out stamps, each later than all that it gave out or was shown before (Kulkarni et al.,
/// "Logical Physical Clocks", 2014). Where the wall clock stands still or jumps back, it counts.
#[derive(Debug)]
pub(crate) struct Clock {
    replica: ReplicaId,
    millis: u64,
    count: u32,
}

impl Clock {
    pub(crate) fn new(replica: ReplicaId) -> Self {
        Self {
            replica,
            millis: 0,
            count: 0,
        }
    }

    pub(crate) fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// Goes on as that of another replica.
    pub(crate) fn be(&mut self, replica: ReplicaId) {
        self.replica = replica;
    }

    /// The next stamp, at this time of the wall clock.
    pub(crate) fn tick(&mut self, now: u64) -> Stamp {
        let now = now.min(MAX_MILLIS);
        if now > self.millis {
            (self.millis, self.count) = (now, 0);
        } else if let Some(count) = self.count.checked_add(1) {
            self.count = count;
        } else {
            (self.millis, self.count) = (self.millis + 1, 0);
        }
        Stamp {
            millis: self.millis,
            count: self.count,
            replica: self.replica,
        }
    }

    /// Whether a stamp from elsewhere is too far ahead to be believed: of the wall clock, and of what
    /// is known to have been written.
    pub(crate) fn is_ahead(&self, stamp: &Stamp, now: u64) -> bool {
        stamp.millis > now.saturating_add(MAX_AHEAD) && stamp.millis > self.millis
    }

    /// Learns of a stamp: those to come are later.
    pub(crate) fn observe(&mut self, stamp: &Stamp) {
        if (stamp.millis, stamp.count) > (self.millis, self.count) {
            (self.millis, self.count) = (stamp.millis, stamp.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: ReplicaId = ReplicaId::new(1);
    const THERE: ReplicaId = ReplicaId::new(2);

    #[test]
    fn a_clock_that_jumps_back_still_gives_later_stamps() {
        let mut clock = Clock::new(HERE);
        let mut last = clock.tick(1_000);
        for now in [1_000, 999, 0, 500, 1_000, 1_001, 3] {
            let next = clock.tick(now);
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        clock.count = u32::MAX;
        assert!(clock.tick(0) > last);
    }

    #[test]
    fn what_was_seen_is_earlier_than_what_is_written_next() {
        let mut clock = Clock::new(HERE);
        let seen = Stamp {
            millis: 5_000,
            count: 9,
            replica: THERE,
        };
        clock.observe(&seen);
        assert!(clock.tick(1_000) > seen);
    }

    #[test]
    fn five_minutes_ahead_are_believed_and_more_are_not() {
        let mut clock = Clock::new(HERE);
        let at = |millis| Stamp {
            millis,
            count: 0,
            replica: THERE,
        };
        assert!(!clock.is_ahead(&at(1_000 + MAX_AHEAD), 1_000));
        assert!(clock.is_ahead(&at(1_001 + MAX_AHEAD), 1_000));
        // The wall clock has jumped back since.
        clock.tick(10_000_000);
        assert!(!clock.is_ahead(&at(10_000_000), 1_000));
        assert!(clock.is_ahead(&at(10_000_001), 1_000));
    }
}
