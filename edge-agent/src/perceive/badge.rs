//! Badge: the head's answer on the chest's crop at the camera's own resolution, and evidence over time.

pub(super) use chuangming_domain::observation::Badge;

use super::Glance;
use super::person::Person;
use chuangming_domain::observation::{Reading, UnknownReason};
use chuangming_models::Classes;
use chuangming_models::{PixelBox, crops};
use jiff::{SignedDuration, Timestamp};

/// Shoulder widths under this many pixels are too small: a badge would be three pixels wide.
const SMALLEST_SCALE: f64 = 14.0;

/// The chest, or why there is none to look at.
pub(super) fn region(glance: &Glance<'_>, person: &Person) -> Result<PixelBox, UnknownReason> {
    let keypoints = person.keypoints.as_ref().ok_or(UnknownReason::Unsure)?;
    let (width, height) = (glance.image.width(), glance.image.height());
    let chest =
        crops::chest_box(keypoints, &glance.view.seat, width, height).ok_or(UnknownReason::Occluded)?;
    match person.scale {
        Some(scale) if scale >= SMALLEST_SCALE => Ok(chest),
        _ => Err(UnknownReason::TooSmall),
    }
}

/// Whether a badge is worn.
pub(super) fn read(classes: &Classes) -> Reading<Badge> {
    match classes.first().and_then(|answer| answer.decided()) {
        Some(("worn", p)) => Reading::known(Badge::Worn, p),
        Some(("missing", p)) => Reading::known(Badge::Missing, p),
        Some(_) => Reading::Unknown(UnknownReason::Occluded),
        None => Reading::Unknown(UnknownReason::Unsure),
    }
}

/// One look counts at most this much: log-odds of 0.95.
const SUREST: f64 = 3.0;
/// So much evidence is kept, in log-odds times seconds: two seconds of the surest looks turn it.
const MOST: f64 = 6.0;
/// For at most so long a look speaks, however seldom the badge is looked at.
const LONGEST: SignedDuration = SignedDuration::from_secs(1);

/// What was seen of one person's chest. A badge is put on or taken off seldom, and a card at an angle reads as none for
/// a moment: log-odds are added up over time within bounds, as in a sequential test (Page 1954), and their sign decides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BadgeEvidence(Option<Sum>);

#[derive(Debug, Clone, Copy)]
struct Sum {
    at: Timestamp,
    /// Positive for a badge that is worn.
    odds: f64,
}

impl BadgeEvidence {
    /// Adds what one frame showed and says what all of them show; where the frame does not tell, nothing is said.
    pub(super) fn weigh(&mut self, at: Timestamp, frame: &Reading<Badge>) -> Reading<Badge> {
        let Reading::Known { value, confidence, .. } = frame else { return frame.clone() };
        let p = f64::from(confidence.get());
        let sure = (p / (1.0 - p).max(f64::MIN_POSITIVE)).ln().clamp(0.0, SUREST);
        let odds = if *value == Badge::Worn { sure } else { -sure };
        let (before, spoke) = match self.0 {
            Some(sum) => (sum.odds, at.duration_since(sum.at).clamp(SignedDuration::ZERO, LONGEST)),
            None => (0.0, LONGEST),
        };
        let odds = (before + odds * spoke.as_secs_f64()).clamp(-MOST, MOST);
        self.0 = Some(Sum { at, odds });
        #[allow(clippy::cast_possible_truncation, reason = "a probability")]
        let sure = (1.0 / (1.0 + (-odds.abs()).exp())) as f32;
        Reading::known(if odds < 0.0 { Badge::Missing } else { Badge::Worn }, sure)
    }

    /// Forgets everything, as when the person left.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perceive::evidence::said_after_each;

    /// Two looks a second: `w` worn, `m` missing, `i` missing but hardly, `?` not seen; what is said after each.
    fn check(looks: &str, expected: &str) {
        let mut evidence = BadgeEvidence::default();
        let said = said_after_each(looks, |at, look| {
            let frame = match look {
                'w' => Reading::known(Badge::Worn, 0.95),
                'm' => Reading::known(Badge::Missing, 0.95),
                'i' => Reading::known(Badge::Missing, 0.7),
                _ => Reading::Unknown(UnknownReason::Occluded),
            };
            match evidence.weigh(at, &frame) {
                Reading::Known { value: Badge::Worn, .. } => 'w',
                Reading::Known { value: Badge::Missing, .. } => 'm',
                Reading::Unknown(_) => '?',
            }
        });
        assert_eq!(said, expected, "{looks}");
    }

    #[test]
    fn a_glance_that_errs_changes_nothing_and_a_change_is_seen_within_seconds() {
        check("wwww", "wwww");
        check("mmmm", "mmmm");
        check("wwwwmmwwww", "wwwwwwwwww");
        check("mmmmwwmmmm", "mmmmmmmmmm");
        check("wwwwiiiiiiww", "wwwwwwwwwwww");
        check("wwwwwwmmmmmmm", "wwwwwwwwwwmmm");
        check("mmmmmmwwwwwww", "mmmmmmmmmmwww");
        check("ww??m??w", "ww??w??w");
    }

    #[test]
    fn who_sits_down_next_is_somebody_else() {
        let at: Timestamp = "2026-01-05T01:00:00Z".parse().unwrap();
        let (worn, missing) = (Reading::known(Badge::Worn, 0.95), Reading::known(Badge::Missing, 0.95));
        let mut evidence = BadgeEvidence::default();
        for second in 0..5 {
            evidence.weigh(at + SignedDuration::from_secs(second), &worn);
        }
        evidence.forget();
        let said = evidence.weigh(at + SignedDuration::from_secs(9), &missing);
        assert_eq!(said.value(), Some(&Badge::Missing));
    }
}
