//! What one person showed over time, of the signals that a single frame tells badly.

use super::badge::BadgeEvidence;
use super::smoking::SmokingEvidence;
use chuangming_domain::observation::{Observation, Presence, Reading};
use jiff::Timestamp;

/// The evidence of one window or zone. It is of whoever is there: when nobody is, it is forgotten.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    smoking: SmokingEvidence,
    badge: BadgeEvidence,
}

impl Evidence {
    /// What the frames so far show together, given what the newest shows.
    pub fn weigh(&mut self, at: Timestamp, observation: Observation) -> Observation {
        match observation {
            Observation::Smoking(frame) => Observation::Smoking(self.smoking.weigh(at, &frame)),
            Observation::Badge(frame) => Observation::Badge(self.badge.weigh(at, &frame)),
            Observation::Presence(Reading::Known { value: Presence::Absent, .. }) => {
                self.forget();
                observation
            }
            other => other,
        }
    }

    /// Forgets everything, as when the camera could not see.
    pub fn forget(&mut self) {
        self.smoking.forget();
        self.badge.forget();
    }
}

/// What is said after each of these looks, two a second.
#[cfg(test)]
pub(super) fn said_after_each(looks: &str, mut weigh: impl FnMut(Timestamp, char) -> char) -> String {
    let start: Timestamp = "2026-01-05T01:00:00Z".parse().unwrap();
    let times = (1..).map(|n| start + jiff::SignedDuration::from_millis(500 * n));
    times.zip(looks.chars()).map(|(at, look)| weigh(at, look)).collect()
}
