//! Time by which timers run.

/// Time that never jumps: it stands still while the wall clock goes back, and leaps over at most one
/// heartbeat, however long the page slept.
pub(super) struct Time {
    wall: u64,
    passed: u64,
    longest: u64,
}

impl Time {
    pub(super) fn new(wall: u64, longest: u64) -> Self {
        Self {
            wall,
            passed: 0,
            longest,
        }
    }

    /// How many ms have passed, now that the wall clock shows this.
    pub(super) fn at(&mut self, wall: u64) -> u64 {
        let step = wall.saturating_sub(self.wall).min(self.longest);
        self.passed = self.passed.saturating_add(step);
        self.wall = wall;
        self.passed
    }

    /// How many ms had passed when it was asked last.
    pub(super) fn last(&self) -> u64 {
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_whatever_the_wall_clock_does() {
        let mut time = Time::new(1_000, 100);
        assert_eq!(time.at(1_010), 10);
        assert_eq!(time.at(500), 10);
        assert_eq!(time.at(520), 30);
        assert_eq!(time.at(u64::MAX), 130);
        assert_eq!(time.at(0), 130);
        assert_eq!((time.at(7), time.last()), (137, 137));
    }
}
