//! `[retention]`: how long what is kept.

use chuangming_domain::fields::{Fields, Reader};
use jiff::SignedDuration;

/// How many days each class of data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionDays {
    /// `events_days = 90`: events with everything that was said of them.
    pub events: i64,
    /// `coverage_days = 395`: how long windows were observed, by hour; and the system's own problems.
    pub coverage: i64,
    /// `duty_days = 90`: rosters, pauses, and who stepped away when.
    pub duty: i64,
    /// `access_log_days = 365`: who looked at conduct.
    pub access_log: i64,
}

impl Default for RetentionDays {
    fn default() -> Self {
        Self { events: 90, coverage: 395, duty: 90, access_log: 365 }
    }
}

/// The access log is evidence: it is never kept for less.
const SHORTEST_LOG: i64 = 30;

impl RetentionDays {
    pub(super) fn read(mut f: Fields, r: &mut Reader) -> Self {
        let default = Self::default();
        let events = f.integer(r, "events_days", 1..=3660);
        let coverage = f.integer(r, "coverage_days", 1..=3660);
        let duty = f.integer(r, "duty_days", 1..=3660);
        let access_log = f.integer(r, "access_log_days", SHORTEST_LOG..=3660);
        f.end(r);
        Self {
            events: events.unwrap_or(default.events),
            coverage: coverage.unwrap_or(default.coverage),
            duty: duty.unwrap_or(default.duty),
            access_log: access_log.unwrap_or(default.access_log),
        }
    }

    /// No entry of the access log is ever deleted before it has this age.
    #[must_use]
    pub const fn shortest_log() -> SignedDuration {
        SignedDuration::from_hours(24 * SHORTEST_LOG)
    }
}
