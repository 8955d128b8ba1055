//! The person at a window: keypoints, what the window head says, and which part of the desk they cover.

use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::observation::{Presence, Reading};
use chuangming_models::decode::Keypoint;
use chuangming_models::{Classes, Distribution};
use chuangming_models::{Detection, Detector, PixelBox, RgbImage};

/// Below this score a keypoint is taken as not seen.
pub(super) const KEYPOINT_MIN: f32 = 0.2;

/// From this probability on somebody may be slumped.
const POSSIBLY_SLUMPED: f32 = 0.2;
/// From this probability on it is more likely than not.
const PROBABLY_SLUMPED: f32 = 0.5;

/// What the pose model and the window head found in the seat's crop. Everything is `None` without a pose model.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    pub(super) keypoints: Option<[Keypoint; 17]>,
    pub(super) classes: Option<Classes>,
    /// Distance of the shoulder joints seen from the front, in pixels.
    pub(super) scale: Option<f64>,
}

impl Person {
    /// Whether head or trunk may lie on the desk: the head says so, or does not rule it out.
    fn may_be_slumped(&self) -> bool {
        self.slumped().is_none_or(|p| p >= POSSIBLY_SLUMPED)
    }

    /// Whether head or trunk lie on the desk more likely than not.
    pub(super) fn is_slumped(&self) -> bool {
        self.slumped().is_some_and(|p| p >= PROBABLY_SLUMPED)
    }

    /// How sure it is that head or trunk lie on the desk, where that is said at all.
    pub(super) fn says_slumped(&self) -> Option<f32> {
        let (label, p) = self.posture()?.decided()?;
        (label == "slumped").then_some(p)
    }

    fn slumped(&self) -> Option<f32> {
        self.posture()?.of("slumped")
    }

    /// What the window head says of the posture.
    pub(super) fn posture(&self) -> Option<&Distribution> {
        self.classes.as_ref()?.get("posture")
    }
}

/// A person that the detector found in the seat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sighting {
    pub(super) score: f32,
    pub(super) region: PixelBox,
}

/// The detections of people.
pub(super) fn boxes(detector: &Detector, found: &[Detection]) -> Vec<Sighting> {
    let is_person = |d: &&Detection| detector.labels().get(d.label).is_some_and(|label| label == "person");
    found.iter().filter(is_person).map(|d| Sighting { score: d.score, region: d.region }).collect()
}

/// The detections of people whose centre lies in the seat polygon.
pub(super) fn sightings(
    detector: &Detector,
    found: &[Detection],
    seat: &Polygon,
    image: &RgbImage,
) -> Vec<Sighting> {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let in_seat = |person: &Sighting| {
        let Point { x, y } = person.region.centre();
        seat.contains(Point { x: x / width, y: y / height })
    };
    boxes(detector, found).into_iter().filter(in_seat).collect()
}

/// The box of a person as a region of its own, in fractions of the picture.
pub(super) fn place(sighting: &Sighting, width: u32, height: u32) -> Option<Polygon> {
    let b = sighting.region.clipped(width, height, 0.0)?.to_fractions(width, height);
    let (right, bottom) = (b.x + b.width, b.y + b.height);
    Polygon::new(&[[b.x, b.y], [right, b.y], [right, bottom], [b.x, bottom]]).ok()
}

/// Where a person hides the desk, in picture pixels.
#[derive(Debug, Clone, Default)]
pub(super) struct Covering {
    boxes: Vec<PixelBox>,
    /// Head, trunk and arms as thick lines: from, to, radius.
    limbs: Vec<(Point, Point, f64)>,
    /// The hands, in the same way.
    hands: Vec<(Point, Point, f64)>,
    /// Somebody is there, or may be.
    somebody: bool,
    /// Head or trunk may lie on the desk, and nobody knows how far they reach.
    slumped: bool,
}

/// So many keypoints of head and arms, this sure, tell where a person is.
const ENOUGH_KEYPOINTS: usize = 7;
const KEYPOINT_SURE: f32 = 0.3;

/// The bones that hide things, and how thick they are in shoulder widths.
const BONES: [(usize, usize, f64); 9] = [
    (5, 6, 0.35),
    (5, 7, 0.25),
    (7, 9, 0.25),
    (6, 8, 0.25),
    (8, 10, 0.25),
    (5, 11, 0.4),
    (6, 12, 0.4),
    (0, 5, 0.4),
    (0, 6, 0.4),
];
/// Hands reach beyond the wrists, in forearms.
const HAND: f64 = 0.45;

/// What the person covers: the detector's boxes and the keypoints' bones, unless nobody is there.
pub(super) fn covering(person: &Person, people: &[Sighting], presence: &Reading<Presence>) -> Covering {
    if matches!(presence.value(), Some(Presence::Absent)) {
        return Covering::default();
    }
    let slumped = person.may_be_slumped();
    let boxes: Vec<PixelBox> = people.iter().map(|p| p.region).collect();
    let (Some(keypoints), Some(scale)) = (&person.keypoints, person.scale) else {
        return Covering { boxes, somebody: true, slumped, ..Covering::default() };
    };
    // Where the limbs are known, they tell better than a box that spans from elbow to elbow; a second person has none.
    let known = keypoints.iter().take(11).filter(|k| k.score >= KEYPOINT_SURE).count();
    let boxes = if people.len() == 1 && known >= ENOUGH_KEYPOINTS { Vec::new() } else { boxes };
    let seen = |i: usize| {
        (keypoints[i].score >= KEYPOINT_MIN).then(|| Point { x: keypoints[i].x, y: keypoints[i].y })
    };
    let limbs = BONES.iter().filter_map(|&(a, b, thick)| Some((seen(a)?, seen(b)?, thick * scale))).collect();
    let mut hands = Vec::new();
    for (elbow, wrist) in [(7, 9), (8, 10)] {
        if let (Some(e), Some(w)) = (seen(elbow), seen(wrist)) {
            let tip = Point { x: w.x + HAND * (w.x - e.x), y: w.y + HAND * (w.y - e.y) };
            hands.push((w, tip, 0.3 * scale));
        }
    }
    Covering { boxes, limbs, hands, somebody: true, slumped }
}

impl Covering {
    /// Somebody who hides what is in a box.
    #[cfg(test)]
    pub(super) fn of_box(region: PixelBox) -> Self {
        Self { boxes: vec![region], somebody: true, ..Self::default() }
    }

    /// Whether somebody is there, or may be.
    pub(super) fn is_somebody(&self) -> bool {
        self.somebody
    }

    /// Whether a body may lie on the desk.
    pub(super) fn is_slumped(&self) -> bool {
        self.slumped
    }

    /// The same with more people.
    pub(super) fn with(&self, people: Vec<Sighting>) -> Self {
        let mut more = self.clone();
        more.boxes.extend(people.iter().map(|p| p.region));
        more
    }

    /// Whether the person hides what is at this place, in picture pixels.
    pub(super) fn hides(&self, p: Point) -> bool {
        self.boxes.iter().any(|b| (b.x0..b.x1).contains(&p.x) && (b.y0..b.y1).contains(&p.y))
            || is_on(&self.limbs, p)
            || self.is_hand_at(p)
    }

    /// Whether a hand is at this place, in picture pixels.
    fn is_hand_at(&self, p: Point) -> bool {
        is_on(&self.hands, p)
    }

    /// Whether a hand rests at this place, or a head or trunk that may lie on the desk, in picture pixels.
    pub(super) fn may_rest_at(&self, p: Point) -> bool {
        self.is_hand_at(p) || (self.slumped && self.hides(p))
    }

    /// The share of a polygon (in fractions of the picture) that is hidden, by a grid of points.
    pub(super) fn share_of(&self, polygon: &Polygon, image: &RgbImage) -> f64 {
        self.share(polygon.bounds(), |p| polygon.contains(p), image)
    }

    /// The share of a box (in fractions of the picture) that is hidden.
    pub(super) fn share_of_box(&self, bounds: Rect, image: &RgbImage) -> f64 {
        self.share(bounds, |_| true, image)
    }

    fn share(&self, bounds: Rect, is_part: impl Fn(Point) -> bool, image: &RgbImage) -> f64 {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let is_hidden = |p: Point| self.hides(Point { x: p.x * width, y: p.y * height });
        share_of_points(bounds, 24, is_part, is_hidden).unwrap_or(0.0)
    }
}

/// Of a grid of `side` times `side` points in a box, those that are part of what is asked about: the share of them that is hidden.
/// `None` without any. Box and points in the same units.
pub(super) fn share_of_points(
    bounds: Rect,
    side: u32,
    is_part: impl Fn(Point) -> bool,
    is_hidden: impl Fn(Point) -> bool,
) -> Option<f64> {
    let (mut inside, mut hidden) = (0u32, 0u32);
    for i in 0..side * side {
        let (column, row) = (f64::from(i % side) + 0.5, f64::from(i / side) + 0.5);
        let x = bounds.x + bounds.width * column / f64::from(side);
        let y = bounds.y + bounds.height * row / f64::from(side);
        if is_part(Point { x, y }) {
            inside += 1;
            hidden += u32::from(is_hidden(Point { x, y }));
        }
    }
    (inside > 0).then(|| f64::from(hidden) / f64::from(inside))
}

/// Whether a point lies on one of some thick lines: from, to, radius.
fn is_on(lines: &[(Point, Point, f64)], p: Point) -> bool {
    lines.iter().any(|&(a, b, radius)| distance_to_segment(p, a, b) <= radius)
}

fn distance_to_segment(p: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let length = dx * dx + dy * dy;
    let along =
        if length > 0.0 { (((p.x - a.x) * dx + (p.y - a.y) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (p.x - a.x - along * dx).hypot(p.y - a.y - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limbs_and_boxes_hide_the_desk_behind_them() {
        let image = RgbImage::filled(100, 100, 0);
        let desk = Polygon::new(&[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]).unwrap();
        assert_eq!(Covering::default().share_of(&desk, &image), 0.0);
        let half = Covering::of_box(PixelBox::new(0.0, 0.0, 50.0, 100.0));
        assert!((half.share_of(&desk, &image) - 0.5).abs() < 0.02);
        let arm = (Point { x: 10.0, y: 60.0 }, Point { x: 90.0, y: 60.0 }, 5.0);
        let arm = Covering { limbs: vec![arm], somebody: true, ..Covering::default() };
        assert!(arm.hides(Point { x: 50.0, y: 64.0 }) && !arm.hides(Point { x: 50.0, y: 66.0 }));
        assert!(arm.hides(Point { x: 93.0, y: 62.0 }) && !arm.hides(Point { x: 97.0, y: 62.0 }));
    }

    #[test]
    fn a_hand_reaches_from_the_wrist_on() {
        let mut keypoints = [Keypoint { x: 0.0, y: 0.0, score: 0.0 }; 17];
        keypoints[7] = Keypoint { x: 20.0, y: 50.0, score: 0.9 };
        keypoints[9] = Keypoint { x: 60.0, y: 50.0, score: 0.9 };
        let person = Person { keypoints: Some(keypoints), classes: None, scale: Some(20.0) };
        let present = Reading::known(Presence::Present { people: 1 }, 0.9);
        let found = covering(&person, &[], &present);
        let check = |x: f64, y: f64, expected: bool| {
            assert_eq!(found.is_hand_at(Point { x, y }), expected, "{x} {y}");
        };
        check(60.0, 50.0, true);
        check(78.0, 54.0, true);
        check(70.0, 58.0, false);
        check(40.0, 50.0, false);
        check(90.0, 50.0, false);
        assert!(found.hides(Point { x: 40.0, y: 50.0 }), "the forearm hides, but holds nothing");
    }

    #[test]
    fn a_body_rests_on_the_desk_only_where_somebody_may_be_slumped() {
        let body = Covering::of_box(PixelBox::new(0.0, 0.0, 50.0, 50.0));
        let slumped = Covering { slumped: true, ..body.clone() };
        let (on_it, beside) = (Point { x: 20.0, y: 20.0 }, Point { x: 60.0, y: 20.0 });
        assert!(slumped.may_rest_at(on_it) && !slumped.may_rest_at(beside));
        assert!(!body.may_rest_at(on_it), "who sits upright hides the desk from behind it");
    }

    #[test]
    fn nobody_covers_nothing() {
        let people = [Sighting { score: 0.9, region: PixelBox::new(0.0, 0.0, 10.0, 10.0) }];
        let absent = Reading::known(Presence::Absent, 0.9);
        assert!(!covering(&Person::default(), &people, &absent).hides(Point { x: 5.0, y: 5.0 }));
        let unsure = Reading::Unknown(chuangming_domain::observation::UnknownReason::Unsure);
        assert!(covering(&Person::default(), &people, &unsure).hides(Point { x: 5.0, y: 5.0 }));
    }
}
