//! Everybody in a whole picture, for the calibration page alone: where to hide heads, and what to draw of an analysis.
//!
//! Nobody is looked at for what they do here, and nothing of it becomes an observation. There is no face detector: a head
//! is where the keypoints of a pose say. Where they do not say it surely, the whole person or the whole seat is hidden.

use super::person::{KEYPOINT_MIN, boxes};
use super::{Glance, Perception, WindowView, badge, presence, smoking};
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::item::ItemSet;
use chuangming_domain::observation::{Presence, Reading};
use chuangming_models::{Keypoint, ModelError, PixelBox, RgbImage, crops, nms};

/// Keypoints of the head: nose, eyes, ears.
const HEAD: usize = 5;
/// The best of them must be this sure, or the head may be anywhere.
const HEAD_SURE: f32 = 0.4;
/// Half the side of what is hidden about the middle of a head, in shoulder widths; a head is about 0.6 high.
const HEAD_HALF: f64 = 0.6;
/// A head is at least this share of its person's box, should the shoulders seem narrow.
const HEAD_SHARE: f64 = 0.14;
/// How much of a wide picture's width the detector looks at in one go.
const PART: f64 = 0.65;
/// Detections that overlap this much are the same person.
const SAME_PERSON: f64 = 0.6;
/// More people are not looked at one by one: their whole boxes are hidden.
const MOST_POSES: usize = 12;
/// Enlargement of a whole person's box, by its own size.
const MARGIN: f64 = 0.05;

/// Pairs of keypoints that a drawn person is made of.
const BONES: [(usize, usize); 16] = [
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (5, 6),
    (5, 7),
    (7, 9),
    (6, 8),
    (8, 10),
    (5, 11),
    (6, 12),
    (11, 12),
    (11, 13),
    (13, 15),
    (12, 14),
    (14, 16),
];

/// What a drawn box shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crop {
    /// What the pose model and the window head look at.
    Seat,
    /// What the badge head looks at.
    Badge,
    /// What the smoking head looks at.
    Smoking,
    /// What the desk detector looks at.
    Desk,
    /// A person that the detector found.
    Person,
}

/// What an analysis of one window can be drawn by, in fractions of the picture. It lives in memory only and has no `Debug`
/// output.
#[derive(Clone, Default)]
pub struct Marks {
    /// Keypoints that are seen.
    pub keypoints: Vec<Point>,
    /// Lines between keypoints that are seen.
    pub bones: Vec<(Point, Point)>,
    /// What was looked at.
    pub crops: Vec<(Crop, Rect)>,
}

impl Perception {
    /// Where to hide heads in a picture, in fractions of it: everybody that the detector finds, and everybody at these
    /// seats. Without the models for it that is the whole picture.
    ///
    /// # Errors
    /// When a model cannot be run: then nothing may be shown.
    pub fn heads(&mut self, image: &RgbImage, seats: &[&Polygon]) -> Result<Vec<Rect>, ModelError> {
        let (width, height) = (image.width(), image.height());
        let (Some(detector), Some(pose)) = (self.models.person(), self.models.quick_pose()) else {
            return Ok(vec![Rect { x: 0.0, y: 0.0, width: 1.0, height: 1.0 }]);
        };
        let mut found = Vec::new();
        for region in views(width, height) {
            found.extend(detector.run(image, region)?);
        }
        let people: Vec<PixelBox> = boxes(detector, &nms::class_wise(found, SAME_PERSON))
            .iter()
            .map(|person| person.region)
            .collect();
        let mut hidden = Vec::new();
        for (number, person) in people.iter().enumerate() {
            let head = if number < MOST_POSES {
                head_of(&pose.run(image, *person)?.keypoints, *person)
            } else {
                None
            };
            hidden.push(head.unwrap_or_else(|| enlarged(*person, MARGIN)).to_fractions(width, height));
        }
        for &seat in seats {
            let is_in_seat = |person: &&PixelBox| {
                let Point { x, y } = person.centre();
                seat.contains(Point { x: x / f64::from(width), y: y / f64::from(height) })
            };
            if people.iter().find(is_in_seat).is_none() {
                hidden.extend(self.head_at(image, seat)?);
            }
        }
        Ok(hidden)
    }

    /// Where the head is of somebody at a seat whom the detector has not found; the whole seat where nobody can tell,
    /// nothing where nobody is there.
    fn head_at(&mut self, image: &RgbImage, seat: &Polygon) -> Result<Option<Rect>, ModelError> {
        let (width, height) = (image.width(), image.height());
        let Some(seat_box) = crops::window_box(seat, width, height) else { return Ok(Some(seat.bounds())) };
        let view = WindowView::new(seat.clone(), None, ItemSet::new());
        let glance = Glance { image: view.masked(image), view: &view, seat_box };
        let person = self.person(&glance)?;
        if matches!(presence::read(&person, Some(&[]), None), Reading::Known { value: Presence::Absent, .. })
        {
            return Ok(None);
        }
        let head = person.keypoints.as_ref().and_then(|keypoints| head_of(keypoints, seat_box));
        Ok(Some(head.map_or_else(|| seat.bounds(), |head| head.to_fractions(width, height))))
    }

    /// What an analysis of a window can be drawn by.
    ///
    /// # Errors
    /// When a model cannot be run.
    pub fn marks(&mut self, image: &RgbImage, view: &WindowView) -> Result<Marks, ModelError> {
        let (width, height) = (image.width(), image.height());
        let Some(seat_box) = crops::window_box(&view.seat, width, height) else {
            return Ok(Marks::default());
        };
        let glance = Glance { image: view.masked(image), view, seat_box };
        let people = self.people(&glance)?.unwrap_or_default();
        let person = self.person(&glance)?;
        let mut crops = vec![(Crop::Seat, seat_box)];
        crops.extend(people.iter().map(|person| (Crop::Person, person.region)));
        crops.extend(badge::region(&glance, &person).ok().map(|region| (Crop::Badge, region)));
        let smoking = smoking::region(&glance, &person).ok();
        crops.extend(smoking.iter().flat_map(|region| &region.crops).map(|&crop| (Crop::Smoking, crop)));
        let desk = view.desk.as_ref().and_then(|desk| crops::desk_box(desk, width, height));
        crops.extend(desk.map(|region| (Crop::Desk, region)));
        let seen = |keypoint: &Keypoint| {
            let (x, y) = (keypoint.x / f64::from(width), keypoint.y / f64::from(height));
            (keypoint.score >= KEYPOINT_MIN).then_some(Point { x, y })
        };
        let points: Vec<Option<Point>> = person.keypoints.iter().flatten().map(seen).collect();
        let bone = |&(a, b): &(usize, usize)| (*points.get(a)?).zip(*points.get(b)?);
        Ok(Marks {
            keypoints: points.iter().copied().flatten().collect(),
            bones: BONES.iter().filter_map(bone).collect(),
            crops: crops
                .into_iter()
                .map(|(crop, region)| (crop, region.to_fractions(width, height)))
                .collect(),
        })
    }
}

/// What the detector looks at: two parts of a wide picture, in which people are larger than in the whole. They share so
/// much that whoever sits between them is seen in one.
fn views(width: u32, height: u32) -> Vec<PixelBox> {
    let (w, h) = (f64::from(width), f64::from(height));
    if w <= 1.2 * h {
        return vec![PixelBox::whole(width, height)];
    }
    let part = PART * w;
    vec![PixelBox::new(0.0, 0.0, part, h), PixelBox::new(w - part, 0.0, w, h)]
}

/// What to hide for a head, in pixels; `None` where the keypoints do not say surely where it is.
fn head_of(keypoints: &[Keypoint; 17], person: PixelBox) -> Option<PixelBox> {
    let head = &keypoints[..HEAD];
    let surest = head.iter().map(|k| k.score).fold(0.0, f32::max);
    let seen: Vec<&Keypoint> = head.iter().filter(|k| k.score >= KEYPOINT_MIN).collect();
    let (left, right) = (&keypoints[5], &keypoints[6]);
    let are_shoulders_seen = left.score >= KEYPOINT_MIN && right.score >= KEYPOINT_MIN;
    if surest < HEAD_SURE || seen.len() < 2 || !are_shoulders_seen {
        return None;
    }
    let low = |of: fn(&Keypoint) -> f64| seen.iter().map(|k| of(k)).fold(f64::MAX, f64::min);
    let high = |of: fn(&Keypoint) -> f64| seen.iter().map(|k| of(k)).fold(f64::MIN, f64::max);
    let (x0, x1, y0, y1) = (low(|k| k.x), high(|k| k.x), low(|k| k.y), high(|k| k.y));
    let centre = Point { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 };
    // Seen from the side the shoulders are near each other, but head and shoulders are as far apart as ever.
    let shoulders = Point { x: (left.x + right.x) / 2.0, y: (left.y + right.y) / 2.0 };
    let width = (left.x - right.x).hypot(left.y - right.y);
    let neck = (centre.x - shoulders.x).hypot(centre.y - shoulders.y);
    let scale = width.max(1.1 * neck);
    let least = HEAD_SHARE * person.width().max(person.height());
    let half = (HEAD_HALF * scale).max(least).max(0.9 * (x1 - x0).max(y1 - y0));
    let is_inside = enlarged(person, 0.1);
    let holds = (is_inside.x0..=is_inside.x1).contains(&centre.x)
        && (is_inside.y0..=is_inside.y1).contains(&centre.y);
    holds.then(|| PixelBox::new(centre.x - half, centre.y - 1.15 * half, centre.x + half, centre.y + half))
}

fn enlarged(b: PixelBox, share: f64) -> PixelBox {
    let (dx, dy) = (share * b.width(), share * b.height());
    PixelBox::new(b.x0 - dx, b.y0 - dy, b.x1 + dx, b.y1 + dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: PixelBox = PixelBox::new(100.0, 100.0, 300.0, 500.0);

    /// Somebody upright whose shoulders are 80 pixels apart.
    fn upright() -> [Keypoint; 17] {
        let mut keypoints = [Keypoint { x: 200.0, y: 300.0, score: 0.1 }; 17];
        let places = [
            (200.0, 150.0),
            (192.0, 143.0),
            (208.0, 143.0),
            (184.0, 147.0),
            (216.0, 147.0),
            (160.0, 200.0),
            (240.0, 200.0),
        ];
        for (keypoint, (x, y)) in keypoints.iter_mut().zip(places) {
            *keypoint = Keypoint { x, y, score: 0.8 };
        }
        keypoints
    }

    #[test]
    fn a_head_is_hidden_from_the_hair_to_the_chin() {
        let hidden = head_of(&upright(), PERSON).unwrap();
        // A head as high as 0.6 shoulder widths about the nose.
        let head = PixelBox::new(176.0, 120.0, 224.0, 172.0);
        assert!(
            hidden.x0 < head.x0 && hidden.y0 < head.y0 && hidden.x1 > head.x1 && hidden.y1 > head.y1,
            "{hidden:?}"
        );
        assert!(hidden.area() < 0.25 * PERSON.area(), "not half of the person: {hidden:?}");
    }

    #[test]
    fn where_keypoints_do_not_tell_nothing_less_than_the_person_is_hidden() {
        type Change = fn(&mut [Keypoint; 17]);
        let changes: [Change; 4] = [
            |k| k[..5].iter_mut().for_each(|k| k.score = 0.3),
            |k| k[1..5].iter_mut().for_each(|k| k.score = 0.0),
            |k| k[5].score = 0.1,
            |k| k[..5].iter_mut().for_each(|k| k.x += 400.0),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut keypoints = upright();
            change(&mut keypoints);
            assert_eq!(head_of(&keypoints, PERSON), None, "change {number}");
        }
    }

    #[test]
    fn seen_from_the_side_the_whole_head_is_hidden_all_the_same() {
        let mut keypoints = upright();
        (keypoints[5].x, keypoints[6].x) = (198.0, 202.0);
        let hidden = head_of(&keypoints, PERSON).unwrap();
        assert!(hidden.width() > 60.0 && hidden.height() > 60.0, "{hidden:?}");
    }

    #[test]
    fn a_wide_picture_is_looked_at_in_two_parts_that_share_what_is_between_them() {
        assert_eq!(views(640, 640), [PixelBox::whole(640, 640)]);
        let [left, right] = views(1920, 1080)[..] else { panic!("two parts") };
        assert_eq!((left.x0, right.x1), (0.0, 1920.0));
        assert!(left.x1 - right.x0 > 0.25 * 1920.0, "{left:?} {right:?}");
    }
}
