//! How often a signal must be looked at, and for how long one look speaks.

use chuangming_domain::policy::RuleSettings;
use jiff::SignedDuration;

/// Looks in a dwell. Four are the least that tell a condition from a flicker; with eight, one wrong look in ten costs
/// hardly any episode.
const LOOKS_A_DWELL: f64 = 8.0;
/// Never more often than this, in seconds.
const SHORTEST_PERIOD_S: f64 = 0.2;
/// Never less often: `opened_at` cannot be truer than the period, and should be right within 2 s.
const LONGEST_PERIOD_S: f64 = 1.0;
/// One look speaks for this many periods if no other follows: two lost looks in a row are bridged.
const PERIODS_BRIDGED: f64 = 3.0;
/// A camera that gives one picture a second is slow, not blind.
const SHORTEST_BRIDGE_S: f64 = 1.5;

/// The longest period in seconds that serves these rules: an eighth of the shortest dwell, and not longer than
/// the shortest clear time. `None` without rules.
pub(crate) fn period<'a>(rules: impl Iterator<Item = &'a RuleSettings>) -> Option<f64> {
    rules
        .map(|rule| {
            let clear = if rule.clear_after_s > 0.0 { rule.clear_after_s } else { LONGEST_PERIOD_S };
            (rule.raise_after_s / LOOKS_A_DWELL).min(clear).clamp(SHORTEST_PERIOD_S, LONGEST_PERIOD_S)
        })
        .reduce(f64::min)
}

/// For how long one observation speaks when no other follows.
pub(crate) fn reach(period: Option<f64>) -> SignedDuration {
    let bridged = PERIODS_BRIDGED * period.unwrap_or(LONGEST_PERIOD_S);
    SignedDuration::from_secs_f64(bridged.max(SHORTEST_BRIDGE_S))
}
