//! Whether the machine keeps up with its cameras.

use chuangming_domain::Timestamp;
use chuangming_domain::wire::HealthPhase;
use jiff::SignedDuration;

/// How long looks must come too late, or in time, before it is told.
const CONFIRM: SignedDuration = SignedDuration::from_secs(10);

/// Watches one camera's looks.
#[derive(Debug, Default)]
pub struct Overload {
    raised: bool,
    /// Since when looks have been other than what was told.
    other_since: Option<Timestamp>,
}

impl Overload {
    /// Notes whether a look came too late, and says when that has to be told.
    pub fn note(&mut self, at: Timestamp, is_late: bool) -> Option<HealthPhase> {
        if is_late == self.raised {
            self.other_since = None;
            return None;
        }
        let since = *self.other_since.get_or_insert(at);
        if at.duration_since(since) < CONFIRM {
            return None;
        }
        self.raised = is_late;
        self.other_since = None;
        Some(if is_late { HealthPhase::Raised } else { HealthPhase::Cleared })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_is_told() {
        let mut overload = Overload::default();
        let mut told = Vec::new();
        for second in 0..60 {
            // A hiccup at 2 to 8, an overload at 20 to 40.
            let is_late = (2..8).contains(&second) || (20..40).contains(&second);
            let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
            told.extend(overload.note(at, is_late).map(|phase| (second, phase)));
        }
        assert_eq!(told, [(30, HealthPhase::Raised), (50, HealthPhase::Cleared)]);
    }
}
