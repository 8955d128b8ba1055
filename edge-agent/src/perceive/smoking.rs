//! Smoking: the head's answer on the crop of head and hands, and evidence over several frames.

pub(super) use chuangming_domain::observation::Smoking;

use super::Glance;
use super::person::{Person, share_of_points};
use chuangming_domain::geometry::Point;
use chuangming_domain::observation::{Reading, UnknownReason};
use chuangming_models::{Classes, Distribution, PixelBox, crops};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Shoulder widths under this many pixels are too small: a cigarette would be a pixel thick.
const SMALLEST_SCALE: f64 = 14.0;

/// How sure it is that nobody smokes where no person is seen: the detector misses one in five.
const NOBODY_SEEN: f32 = 0.8;

/// Along its longer side a seat covers at least so many pixels where it is looked at as a whole: of a smaller one only a
/// person in the dark, or behind something, gives no keypoints.
const SMALLEST_SEAT: f64 = 400.0;
/// Nothing on the whole seat but what is this sure to be a cigarette counts.
const SEAT_SURE: f32 = 0.75;

/// Where more than this share of the middle of the head may not be looked at, nobody is accused: what is beside the grey is
/// easily taken for a cigarette, and the lips are hidden.
const MOST_HIDDEN: f64 = 0.2;

/// What is looked at, in one or more crops.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Region {
    /// The first is the whole; those after it, in a large picture, show parts of it closer.
    pub(super) crops: Vec<PixelBox>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Head and hands.
    HeadAndHands,
    /// The same, of somebody whose head partly lies where nobody may look, or lies on the desk: the lips are hidden.
    HiddenHead,
    /// The whole seat, where no keypoint tells where head and hands are: a face that fills the picture.
    Seat,
}

/// Head and hands, else the seat; or why there is nothing to look at.
pub(super) fn region(glance: &Glance<'_>, person: &Person) -> Result<Region, UnknownReason> {
    let keypoints = person.keypoints.as_ref().ok_or(UnknownReason::Unsure)?;
    let (seat, width, height) = (&glance.view.seat, glance.image.width(), glance.image.height());
    let Some(whole) = crops::head_hands_box(keypoints, seat, width, height) else {
        let seat = glance.seat_box;
        let is_large = seat.width().max(seat.height()) >= SMALLEST_SEAT;
        let region = Region { crops: vec![seat], kind: Kind::Seat };
        return if is_large { Ok(region) } else { Err(UnknownReason::Occluded) };
    };
    if person.scale.is_none_or(|scale| scale < SMALLEST_SCALE) {
        return Err(UnknownReason::TooSmall);
    }
    let head = crops::head_box(keypoints, seat, width, height);
    let kind = kind_of(head.map_or(0.0, |head| share_hidden(head, glance)), person.is_slumped());
    let mut crops = vec![whole];
    crops.extend(crops::closer_boxes(keypoints, seat, width, height));
    Ok(Region { crops, kind })
}

/// What is said where there is nothing to look at. Who is said to lie on the desk does not smoke meanwhile, though neither lips
/// nor hands are in sight.
pub(super) fn unseen(slumped: Option<f32>, reason: UnknownReason) -> Reading<Smoking> {
    slumped.map_or(Reading::Unknown(reason), |p| Reading::known(Smoking::None, p))
}

/// Of a person with keypoints, by the share of the head's middle that is hidden.
fn kind_of(share_hidden: f64, is_slumped: bool) -> Kind {
    if share_hidden > MOST_HIDDEN || is_slumped { Kind::HiddenHead } else { Kind::HeadAndHands }
}

/// The share of a box that may not be looked at, of what of it lies in the picture.
fn share_hidden(part: PixelBox, glance: &Glance<'_>) -> f64 {
    let part = part.to_fractions(glance.image.width(), glance.image.height());
    let is_in_picture = |p: Point| (0.0..1.0).contains(&p.x) && (0.0..1.0).contains(&p.y);
    share_of_points(part, 12, is_in_picture, |p| !glance.view.shows(p)).unwrap_or(1.0)
}

/// Whether one frame shows somebody smoking, from what the head says of each crop: the one that looks most like it tells.
pub(super) fn read(classes: &[Classes], region: &Region) -> Reading<Smoking> {
    let answers = classes.iter().filter_map(Classes::first);
    let telling =
        answers.max_by(|a, b| a.of("smoking").unwrap_or(0.0).total_cmp(&b.of("smoking").unwrap_or(0.0)));
    said(telling.and_then(Distribution::decided), region.kind)
}

/// A cigarette that is seen counts; that none is seen on the whole seat, where it may be a pixel thick, says nothing.
fn said(decided: Option<(&str, f32)>, kind: Kind) -> Reading<Smoking> {
    match (decided, kind) {
        (Some(("smoking", p)), Kind::HeadAndHands) => Reading::known(Smoking::Smoking, p),
        (Some(("smoking", p)), Kind::Seat) if p >= SEAT_SURE => Reading::known(Smoking::Smoking, p),
        (Some(("smoking", _)), Kind::HiddenHead) | (_, Kind::Seat) => {
            Reading::Unknown(UnknownReason::Occluded)
        }
        (Some((_, p)), _) => Reading::known(Smoking::None, p),
        (None, _) => Reading::Unknown(UnknownReason::Unsure),
    }
}

/// What several people show together: one who smokes is enough, and nobody there is nobody who smokes.
pub(super) fn together(readings: Vec<Reading<Smoking>>) -> Reading<Smoking> {
    let rank = |reading: &Reading<Smoking>| match reading {
        Reading::Known { value: Smoking::Smoking, confidence, .. } => 2.0 + confidence.get(),
        Reading::Unknown(_) => 1.0,
        Reading::Known { value: Smoking::None, confidence, .. } => 1.0 - confidence.get(),
    };
    let telling = readings.into_iter().max_by(|a, b| rank(a).total_cmp(&rank(b)));
    telling.unwrap_or(Reading::known(Smoking::None, NOBODY_SEEN))
}

/// For how long a look counts once somebody smokes: a hand goes down between two draws.
const MEMORY: SignedDuration = SignedDuration::from_millis(3000);
/// For how long it counts at a beginning, which must not hide behind what was before.
const ONSET: SignedDuration = SignedDuration::from_millis(1100);
/// One frame with a pen at the mouth is not smoking.
const FEWEST_HINTS: usize = 2;
/// Mean probability from which it is smoking, down to which it goes on, and up to which it is not.
const SMOKES: f32 = 0.75;
const GOES_ON: f32 = 0.6;
const SMOKES_NOT: f32 = 0.45;
/// Probability from which one look may show it.
const HINT: f32 = 0.5;
/// What a frame counts that shows something like a cigarette, but not for sure.
const UNSURE: f32 = 0.7;
/// More looks are not kept.
const MOST_LOOKS: usize = 64;

/// What the last seconds showed at one window. A cigarette is a few pixels: the mean over several frames tells more
/// than any of them.
#[derive(Debug, Clone, Default)]
pub(super) struct SmokingEvidence {
    looks: VecDeque<Look>,
    /// Since when somebody smokes: the first of the looks that showed it together.
    since: Option<Timestamp>,
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
            Reading::Known { value: Smoking::Smoking, confidence, .. } => {
                self.add(at, confidence.get(), Some(Smoking::Smoking))
            }
            Reading::Known { value: Smoking::None, confidence, .. } => {
                self.add(at, 1.0 - confidence.get(), Some(Smoking::None))
            }
            Reading::Unknown(UnknownReason::Unsure) => self.add(at, UNSURE, None),
            Reading::Unknown(_) => {}
        }
        self.looks.retain(|look| at.duration_since(look.at) < MEMORY);
        // However slow the camera is, the two newest looks count.
        let newest = self.looks.len().saturating_sub(FEWEST_HINTS);
        let is_late = |n: usize, look: &Look| n >= newest || at.duration_since(look.at) < ONSET;
        let lately: Vec<Look> = self
            .looks
            .iter()
            .enumerate()
            .filter(|(n, look)| is_late(*n, look))
            .map(|(_, look)| *look)
            .collect();
        let goes_on = self.since.is_some() && shows_it(self.looks.make_contiguous(), GOES_ON);
        if !goes_on {
            let first = lately.iter().find(|look| look.is_hint()).map(|look| look.at);
            self.since = first.filter(|_| shows_it(&lately, SMOKES));
        }
        let mean = mean(if goes_on { self.looks.make_contiguous() } else { &lately });
        let is_clear = lately.iter().any(|look| look.value == Some(Smoking::None)) && mean <= SMOKES_NOT;
        if let Some(since) = self.since {
            Reading::known(Smoking::Smoking, mean).lasting_for(at.duration_since(since))
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

impl Look {
    /// Whether it may show it.
    fn is_hint(&self) -> bool {
        self.probability >= HINT
    }
}

/// Whether a sure look is among them, one more that may be it, and the mean is high enough.
fn shows_it(looks: &[Look], enough: f32) -> bool {
    let sure = looks.iter().any(|look| look.value == Some(Smoking::Smoking));
    let hints = looks.iter().filter(|look| look.is_hint()).count();
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
    use crate::perceive::WindowView;
    use crate::perceive::evidence::said_after_each;
    use chuangming_domain::geometry::Polygon;
    use chuangming_domain::item::ItemSet;
    use chuangming_models::{Keypoint, RgbImage};

    #[test]
    fn it_began_with_the_first_look_that_showed_it() {
        let start: Timestamp = "2026-01-05T01:00:00Z".parse().unwrap();
        let at = |look: i64| start + SignedDuration::from_millis(500 * look);
        let mut evidence = SmokingEvidence::default();
        let mut since = Vec::new();
        for (n, look) in (0..).zip("nnsssssnnnnn".chars()) {
            let smokes = look == 's';
            let value = if smokes { Smoking::Smoking } else { Smoking::None };
            let said = evidence.weigh(at(n), &Reading::known(value, 0.95));
            since.push(match said {
                Reading::Known { value: Smoking::Smoking, lasting, .. } => Some(at(n) - lasting),
                _ => None,
            });
        }
        let (never, began) = (None, Some(at(2)));
        let expected: Vec<_> = [vec![never; 4], vec![began; 5], vec![never; 3]].concat();
        assert_eq!(since, expected);
    }

    /// One look each half second: `s` smoking, `n` none, `u` unsure, `?` nothing seen; what is said after each.
    fn check(looks: &str, expected: &str) {
        let mut evidence = SmokingEvidence::default();
        let said = said_after_each(looks, |at, look| {
            let frame = match look {
                's' => Reading::known(Smoking::Smoking, 0.95),
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
    fn what_is_said_depends_on_what_can_be_seen() {
        let check = |decided, kind, expected: &str| {
            let said = match said(decided, kind) {
                Reading::Known { value: Smoking::Smoking, .. } => "smoking",
                Reading::Known { value: Smoking::None, .. } => "none",
                Reading::Unknown(UnknownReason::Occluded) => "occluded",
                Reading::Unknown(_) => "unsure",
            };
            assert_eq!(said, expected, "{decided:?} in {kind:?}");
        };
        check(Some(("smoking", 0.7)), Kind::HeadAndHands, "smoking");
        check(Some(("none", 0.9)), Kind::HeadAndHands, "none");
        check(None, Kind::HeadAndHands, "unsure");
        check(Some(("smoking", 0.9)), Kind::HiddenHead, "occluded");
        check(Some(("none", 0.9)), Kind::HiddenHead, "none");
        check(None, Kind::HiddenHead, "unsure");
        check(Some(("smoking", 0.8)), Kind::Seat, "smoking");
        check(Some(("smoking", 0.7)), Kind::Seat, "occluded");
        check(Some(("none", 0.9)), Kind::Seat, "occluded");
        check(None, Kind::Seat, "occluded");
    }

    #[test]
    fn who_lies_on_the_desk_out_of_sight_does_not_smoke() {
        let check = |slumped, expected| assert_eq!(unseen(slumped, UnknownReason::TooSmall), expected);
        check(None, Reading::Unknown(UnknownReason::TooSmall));
        check(Some(0.97), Reading::known(Smoking::None, 0.97));
    }

    /// What is looked at of somebody whose shoulders are `scale` pixels apart, at a seat that ends `hidden` shoulder
    /// widths right of the left edge of the head's middle.
    fn looked_at(scale: f64, hidden: f64) -> Result<Region, UnknownReason> {
        let side = 1000;
        let mut keypoints = [Keypoint { x: 0.0, y: 0.0, score: 0.0 }; 17];
        keypoints[0] = Keypoint { x: 500.0, y: 400.0, score: 0.9 };
        keypoints[5] = Keypoint { x: 500.0 + scale / 2.0, y: 400.0 + scale / 2.0, score: 0.9 };
        keypoints[6] = Keypoint { x: 500.0 - scale / 2.0, ..keypoints[5] };
        let right = (500.0 + scale * (hidden - 0.25)) / f64::from(side);
        let seat = Polygon::new(&[[0.0, 0.0], [right, 0.0], [right, 1.0], [0.0, 1.0]]).unwrap();
        let view = WindowView::new(seat, None, ItemSet::new());
        let seat_box = crops::window_box(&view.seat, side, side).unwrap();
        let glance = Glance { image: RgbImage::filled(side, side, 0), view: &view, seat_box };
        let person = Person { keypoints: Some(keypoints), classes: None, scale: Some(scale) };
        region(&glance, &person)
    }

    #[test]
    fn a_head_that_the_polygons_cut_accuses_nobody() {
        let check =
            |hidden: f64, expected| assert_eq!(looked_at(100.0, hidden).unwrap().kind, expected, "{hidden}");
        check(2.0, Kind::HeadAndHands);
        check(0.45, Kind::HeadAndHands);
        check(0.35, Kind::HiddenHead);
        check(0.1, Kind::HiddenHead);
    }

    #[test]
    fn whose_lips_are_hidden_is_not_accused() {
        let check =
            |hidden, slumped, expected| assert_eq!(kind_of(hidden, slumped), expected, "{hidden} {slumped}");
        check(0.0, false, Kind::HeadAndHands);
        check(0.2, false, Kind::HeadAndHands);
        check(0.21, false, Kind::HiddenHead);
        check(0.0, true, Kind::HiddenHead);
    }

    #[test]
    fn a_large_crop_is_looked_at_closer() {
        let check =
            |scale, expected| assert_eq!(looked_at(scale, 1.0).unwrap().crops.len(), expected, "{scale}");
        check(100.0, 1);
        check(300.0, 2);
        assert_eq!(looked_at(10.0, 1.0), Err(UnknownReason::TooSmall));
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
        check("nnssss", "nnn?ss");
        check("ssssnnssnnnnn", "?sssssss?nnnn");
        check("ssssnnnnnnn", "?sssssnnnnn");
        check("uuus", "???s");
        // However slow the camera is, two looks within the memory are enough.
        check("s???s", "????s");
        check("s?????s", "???????");
        // Every other look is too little.
        check("nsnsnsns", "n?n?n?n?");
        // Without a sure look nothing is said, however many are unsure, or there is no model that could be sure.
        check("uuuuuu", "??????");
        check("????", "????");
        check("ss??????", "?sssss??");
    }
}
