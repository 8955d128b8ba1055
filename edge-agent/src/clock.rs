//! Time that never runs backwards: the wall clock once at start, then the machine's monotonic clock.
//!
//! Rules measure dwells, so a wall clock that is set while they run must not stretch or shrink one. The steady
//! clock keeps its own course; [`SteadyClock::skew`] tells how far the wall clock has moved away, and
//! [`SteadyClock::anchor`] follows it at a moment when the rules start afresh.

use jiff::Timestamp;
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// From how much difference on the wall clock counts as set rather than drifting.
pub const SKEW_LIMIT: Duration = Duration::from_secs(2);

/// The agent's clock; shared by reference between threads.
#[derive(Debug)]
pub struct SteadyClock {
    anchor: Mutex<(Timestamp, Instant)>,
}

impl Default for SteadyClock {
    fn default() -> Self {
        Self::new(Timestamp::now(), Instant::now())
    }
}

impl SteadyClock {
    /// A clock that shows `wall` at `instant`.
    #[must_use]
    pub fn new(wall: Timestamp, instant: Instant) -> Self {
        Self { anchor: Mutex::new((wall, instant)) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The time at a monotonic instant, such as the arrival of a frame.
    #[must_use]
    pub fn at(&self, instant: Instant) -> Timestamp {
        let (wall, start) = *self.anchor.lock();
        match instant.checked_duration_since(start) {
            Some(elapsed) => wall + elapsed,
            None => wall - start.duration_since(instant),
        }
    }

    /// How far the wall clock is from this one, in seconds; positive when the wall clock is ahead.
    #[must_use]
    pub fn skew(&self, wall: Timestamp, instant: Instant) -> f64 {
        wall.duration_since(self.at(instant)).as_secs_f64()
    }

    /// Follows the wall clock. Time may jump, backwards too: only at a moment when the rules start afresh.
    pub fn anchor(&self, wall: Timestamp, instant: Instant) {
        *self.anchor.lock() = (wall, instant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_keeps_its_course_until_it_is_anchored_again() {
        let (start, wall) = (Instant::now(), Timestamp::from_second(1_800_000_000).unwrap());
        let clock = SteadyClock::new(wall, start);
        let later = start + Duration::from_secs(60);
        assert_eq!(clock.at(later), wall + Duration::from_secs(60));

        // Somebody sets the wall clock back by an hour: our time runs on, and the skew shows.
        let set_back = wall - Duration::from_secs(3540);
        assert_eq!(clock.skew(set_back, later), -3600.0);
        assert_eq!(clock.at(later + Duration::from_secs(1)), wall + Duration::from_secs(61));

        clock.anchor(set_back, later);
        assert_eq!(clock.skew(set_back, later), 0.0);
        assert_eq!(clock.at(later + Duration::from_secs(1)), set_back + Duration::from_secs(1));
    }

    #[test]
    fn an_instant_before_the_anchor_is_in_the_past() {
        let (start, wall) = (Instant::now(), Timestamp::from_second(1_800_000_000).unwrap());
        let clock = SteadyClock::new(wall, start + Duration::from_secs(5));
        assert_eq!(clock.at(start), wall - Duration::from_secs(5));
    }
}
