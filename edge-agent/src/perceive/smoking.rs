//! Smoking: the head's answer on the crop of head and hands, and evidence over several frames.

pub(super) use chuangming_domain::observation::Smoking;

use super::Glance;
use super::person::Person;
use chuangming_domain::observation::{Reading, UnknownReason};
use chuangming_models::Classes;
use chuangming_models::{PixelBox, crops};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Shoulder widths under this many pixels are too small: a cigarette would be a pixel thick.
const SMALLEST_SCALE: f64 = 14.0;

/// How sure it is that nobody smokes where no person is seen: the detector misses one in five.
const NOBODY_SEEN: f32 = 0.8;

/// Head and hands, or why there are none to look at.
pub(super) fn region(glance: &Glance<'_>, person: &Person) -> Result<PixelBox, UnknownReason> {
    let keypoints = person.keypoints.as_ref().ok_or(UnknownReason::Unsure)?;
    let (width, height) = (glance.image.width(), glance.image.height());
    let region = crops::head_hands_box(keypoints, &glance.view.seat, width, height).ok_or(UnknownReason::Occluded)?;
    match person.scale {
        Some(scale) if scale >= SMALLEST_SCALE => Ok(region),
        _ => Err(UnknownReason::TooSmall),
    }
}

/// Whether one frame shows somebody smoking.
pub(super) fn read(classes: &Classes) -> Reading<Smoking> {
    match classes.first().and_then(|answer| answer.decided()) {
        Some(("smoking", p)) => Reading::known(Smoking::Smoking, p),
        Some((_, p)) => Reading::known(Smoking::None, p),
        None => Reading::Unknown(UnknownReason::Unsure),
    }
}

/// What several people show together: one who smokes is enough, and nobody there is nobody who smokes.
pub(super) fn together(readings: Vec<Reading<Smoking>>) -> Reading<Smoking> {
    let rank = |reading: &Reading<Smoking>| match reading {
        Reading::Known { value: Smoking::Smoking, confidence } => 2.0 + confidence.get(),
        Reading::Unknown(_) => 1.0,
        Reading::Known { value: Smoking::None, confidence } => 1.0 - confidence.get(),
    };
    let telling = readings.into_iter().max_by(|a, b| rank(a).total_cmp(&rank(b)));
    telling.unwrap_or(Reading::known(Smoking::None, NOBODY_SEEN))
}

/// For how long a look counts.
const MEMORY: SignedDuration = SignedDuration::from_millis(3000);
/// So many looks must show it; one frame with a pen at the mouth is not smoking.
const FEWEST_HITS: usize = 2;
/// And this share of the looks that could tell: a hand goes down between two draws.
const LEAST_SHARE: f32 = 0.4;
/// More looks are not kept.
const MOST_LOOKS: usize = 64;

/// What the last seconds showed at one window.
#[derive(Debug, Clone, Default)]
pub struct SmokingEvidence {
    looks: VecDeque<(Timestamp, Smoking, f32)>,
}

impl SmokingEvidence {
    /// Adds what one frame showed and says what the last seconds show together.
    pub fn weigh(&mut self, at: Timestamp, frame: &Reading<Smoking>) -> Reading<Smoking> {
        if self.looks.len() == MOST_LOOKS {
            self.looks.pop_front();
        }
        if let Reading::Known { value, confidence } = frame {
            self.looks.push_back((at, *value, confidence.get()));
        }
        self.looks.retain(|&(then, ..)| at.duration_since(then) < MEMORY);
        if self.looks.is_empty() {
            return frame.clone();
        }
        let of = |value: Smoking| self.looks.iter().filter(move |look| look.1 == value);
        let (hits, looks) = (of(Smoking::Smoking).count(), self.looks.len());
        let said = if hits >= FEWEST_HITS && share(hits, looks) >= LEAST_SHARE { Smoking::Smoking } else { Smoking::None };
        // A single hit is neither proof nor nothing.
        if said == Smoking::None && hits > 0 && hits == looks {
            return Reading::Unknown(UnknownReason::Unsure);
        }
        let mean = of(said).map(|look| look.2).sum::<f32>() / share(of(said).count().max(1), 1);
        Reading::known(said, mean)
    }

    /// Forgets everything, as when the camera could not see.
    pub fn forget(&mut self) {
        self.looks.clear();
    }
}

#[allow(clippy::cast_precision_loss, reason = "few looks")]
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One look each half second: `s` smoking, `n` none, `?` unknown; what is said after each.
    fn check(looks: &str, expected: &str) {
        let mut evidence = SmokingEvidence::default();
        let mut at: Timestamp = "2026-01-05T01:00:00Z".parse().unwrap();
        let said: String = looks
            .chars()
            .map(|look| {
                at += SignedDuration::from_millis(500);
                let frame = match look {
                    's' => Reading::known(Smoking::Smoking, 0.9),
                    'n' => Reading::known(Smoking::None, 0.8),
                    _ => Reading::Unknown(UnknownReason::Occluded),
                };
                match evidence.weigh(at, &frame) {
                    Reading::Known { value: Smoking::Smoking, .. } => 's',
                    Reading::Known { value: Smoking::None, .. } => 'n',
                    Reading::Unknown(_) => '?',
                }
            })
            .collect();
        assert_eq!(said, expected, "{looks}");
    }

    #[test]
    fn one_who_smokes_is_enough() {
        let (smokes, not) = (Reading::known(Smoking::Smoking, 0.7), Reading::known(Smoking::None, 0.9));
        let unknown = Reading::Unknown(UnknownReason::TooSmall);
        assert_eq!(together(vec![not.clone(), smokes.clone(), unknown.clone()]), smokes);
        assert_eq!(together(vec![not.clone(), unknown.clone()]), unknown);
        assert_eq!(together(vec![Reading::known(Smoking::None, 0.95), not.clone()]), not);
        assert_eq!(together(vec![]), Reading::known(Smoking::None, NOBODY_SEEN));
    }

    #[test]
    fn one_frame_is_not_smoking_and_a_draw_of_breath_does_not_end_it() {
        check("nnnn", "nnnn");
        check("nnsnnnn", "nnnnnnn");
        check("snnn", "?nnn");
        check("ss", "?s");
        check("nnssss", "nnnsss");
        check("ssssnnnssnn", "?ssssssssnn");
        check("ssssnnnnnnn", "?ssssssnnnn");
        check("????", "????");
        check("ss??????", "?sssss??");
    }
}
