//! Smoking: the head's answer on the crop of head and hands, and evidence over several frames.

pub(super) use chuangming_domain::observation::Smoking;

use super::Glance;
use super::person::Person;
use chuangming_domain::observation::{Reading, UnknownReason};
use chuangming_models::{PixelBox, crops};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Shoulder widths under this many pixels are too small: a cigarette would be a pixel thick.
const SMALLEST_SCALE: f64 = 14.0;

/// How sure it is that nobody smokes where no person is seen: the detector misses one in five.
const NOBODY_SEEN: f32 = 0.8;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Region {
    /// Head and hands.
    HeadAndHands(PixelBox),
    /// The whole seat, where no keypoint tells where head and hands are: a face that fills the picture, a person in the dark.
    Seat(PixelBox),
}

impl Region {
    pub(super) fn pixels(self) -> PixelBox {
        match self {
            Self::HeadAndHands(pixels) | Self::Seat(pixels) => pixels,
        }
    }
}

/// Head and hands, else the seat; or why there is nothing to look at.
pub(super) fn region(glance: &Glance<'_>, person: &Person) -> Result<Region, UnknownReason> {
    let keypoints = person.keypoints.as_ref().ok_or(UnknownReason::Unsure)?;
    let (width, height) = (glance.image.width(), glance.image.height());
    let Some(region) = crops::head_hands_box(keypoints, &glance.view.seat, width, height) else {
        return Ok(Region::Seat(glance.seat_box));
    };
    match person.scale {
        Some(scale) if scale >= SMALLEST_SCALE => Ok(Region::HeadAndHands(region)),
        _ => Err(UnknownReason::TooSmall),
    }
}

/// Whether one frame shows somebody smoking, from the class and probability that the head decided for. A cigarette that is
/// seen counts wherever it is; that none is seen on the whole seat, where it may be a pixel thick, says nothing.
pub(super) fn read(decided: Option<(&str, f32)>, region: Region) -> Reading<Smoking> {
    match (decided, region) {
        (Some(("smoking", p)), _) => Reading::known(Smoking::Smoking, p),
        (Some((_, p)), Region::HeadAndHands(_)) => Reading::known(Smoking::None, p),
        (_, Region::Seat(_)) => Reading::Unknown(UnknownReason::Occluded),
        (None, Region::HeadAndHands(_)) => Reading::Unknown(UnknownReason::Unsure),
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

/// For how long a look counts once somebody smokes: a hand goes down between two draws.
const MEMORY: SignedDuration = SignedDuration::from_millis(3000);
/// For how long it counts at a beginning, which must not hide behind what was before.
const ONSET: SignedDuration = SignedDuration::from_millis(1700);
/// One frame with a pen at the mouth is not smoking.
const FEWEST_HINTS: usize = 2;
/// Mean probability from which it is smoking, down to which it goes on, and up to which it is not.
const SMOKES: f32 = 0.5;
const GOES_ON: f32 = 0.4;
const SMOKES_NOT: f32 = 0.45;
/// What a frame counts that shows something like a cigarette, but not for sure.
const UNSURE: f32 = 0.7;
/// More looks are not kept.
const MOST_LOOKS: usize = 64;

/// What the last seconds showed at one window. A cigarette is a few pixels: the mean over several frames tells more
/// than any of them.
#[derive(Debug, Clone, Default)]
pub(super) struct SmokingEvidence {
    looks: VecDeque<Look>,
    smokes: bool,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Timestamp,
    /// That somebody smokes, 0 to 1.
    probability: f32,
    value: Option<Smoking>,
}

impl SmokingEvidence {
    /// Adds what one frame showed and says what the last seconds show together.
    pub(super) fn weigh(&mut self, at: Timestamp, frame: &Reading<Smoking>) -> Reading<Smoking> {
        if self.looks.len() == MOST_LOOKS {
            self.looks.pop_front();
        }
        match frame {
            Reading::Known { value: Smoking::Smoking, confidence } => {
                self.add(at, confidence.get(), Some(Smoking::Smoking))
            }
            Reading::Known { value: Smoking::None, confidence } => {
                self.add(at, 1.0 - confidence.get(), Some(Smoking::None))
            }
            Reading::Unknown(UnknownReason::Unsure) => self.add(at, UNSURE, None),
            Reading::Unknown(_) => {}
        }
        self.looks.retain(|look| at.duration_since(look.at) < MEMORY);
        let lately: Vec<Look> =
            self.looks.iter().copied().filter(|look| at.duration_since(look.at) < ONSET).collect();
        let goes_on = self.smokes && shows_it(self.looks.make_contiguous(), GOES_ON);
        self.smokes = goes_on || shows_it(&lately, SMOKES);
        let mean = mean(if goes_on { self.looks.make_contiguous() } else { &lately });
        let is_clear = lately.iter().any(|look| look.value == Some(Smoking::None)) && mean <= SMOKES_NOT;
        if self.smokes {
            Reading::known(Smoking::Smoking, mean)
        } else if is_clear {
            Reading::known(Smoking::None, 1.0 - mean)
        } else if let Reading::Unknown(reason) = frame {
            Reading::Unknown(*reason)
        } else {
            Reading::Unknown(UnknownReason::Unsure)
        }
    }

    fn add(&mut self, at: Timestamp, probability: f32, value: Option<Smoking>) {
        self.looks.push_back(Look { at, probability, value });
    }

    /// Forgets everything, as when the camera could not see.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether a sure look is among them, one more that may be it, and the mean is high enough.
fn shows_it(looks: &[Look], enough: f32) -> bool {
    let sure = looks.iter().any(|look| look.value == Some(Smoking::Smoking));
    let hints = looks.iter().filter(|look| look.probability >= SMOKES).count();
    sure && hints >= FEWEST_HINTS && mean(looks) >= enough
}

/// Mean probability; 0 of nothing.
#[allow(clippy::cast_precision_loss, reason = "few looks")]
fn mean(looks: &[Look]) -> f32 {
    looks.iter().map(|look| look.probability).sum::<f32>() / looks.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perceive::evidence::said_after_each;

    /// One look each half second: `s` smoking, `n` none, `u` unsure, `?` nothing seen; what is said after each.
    fn check(looks: &str, expected: &str) {
        let mut evidence = SmokingEvidence::default();
        let said = said_after_each(looks, |at, look| {
            let frame = match look {
                's' => Reading::known(Smoking::Smoking, 0.9),
                'n' => Reading::known(Smoking::None, 0.9),
                'u' => Reading::Unknown(UnknownReason::Unsure),
                _ => Reading::Unknown(UnknownReason::Occluded),
            };
            match evidence.weigh(at, &frame) {
                Reading::Known { value: Smoking::Smoking, .. } => 's',
                Reading::Known { value: Smoking::None, .. } => 'n',
                Reading::Unknown(_) => '?',
            }
        });
        assert_eq!(said, expected, "{looks}");
    }

    #[test]
    fn the_whole_seat_shows_a_cigarette_but_not_that_there_is_none() {
        let whole = PixelBox::whole(640, 360);
        let check = |decided, region, expected: &str| {
            let said = match read(decided, region) {
                Reading::Known { value: Smoking::Smoking, .. } => "smoking",
                Reading::Known { value: Smoking::None, .. } => "none",
                Reading::Unknown(UnknownReason::Occluded) => "occluded",
                Reading::Unknown(_) => "unsure",
            };
            assert_eq!(said, expected, "{decided:?} in {region:?}");
        };
        check(Some(("smoking", 0.7)), Region::HeadAndHands(whole), "smoking");
        check(Some(("smoking", 0.7)), Region::Seat(whole), "smoking");
        check(Some(("none", 0.9)), Region::HeadAndHands(whole), "none");
        check(Some(("none", 0.9)), Region::Seat(whole), "occluded");
        check(None, Region::HeadAndHands(whole), "unsure");
        check(None, Region::Seat(whole), "occluded");
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
        check("snnn", "??nn");
        check("ss", "?s");
        check("nnssss", "nnnsss");
        check("ssssnnnssnnnnn", "?ssssssssssnnn");
        check("ssssnnnnnnn", "?ssssssnnnn");
        check("uuus", "???s");
        // Without a sure look nothing is said, however many are unsure, or there is no model that could be sure.
        check("uuuuuu", "??????");
        check("????", "????");
        check("ss??????", "?sssss??");
    }
}
