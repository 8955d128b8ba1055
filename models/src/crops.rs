//! Which part of a window each model looks at. `train/crops.py` defines these crops; `tests/golden/crops.json` holds
//! the cases on which both sides must agree.

use crate::decode::Keypoint;
use crate::pixel_box::PixelBox;
use chuangming_domain::geometry::Polygon;

/// Below this score a keypoint is taken as not seen.
const KEYPOINT_MIN: f32 = 0.2;
/// Enlargement of the seat's bounding box on each side, by its own size.
const WINDOW_MARGIN: f64 = 0.08;
const DESK_SIDE: f64 = 0.06;
const DESK_DOWN: f64 = 0.04;
/// Items stand up from the desk: by the larger of these shares of its height and width.
const DESK_UP_OF_HEIGHT: f64 = 0.5;
const DESK_UP_OF_WIDTH: f64 = 0.22;

/// Enlargement of the desk for what stands on it, about the mean of its corners.
const STANDS_ON_MARGIN: f64 = 0.08;

/// Below the nose, in distances of the shoulder joints.
const MOUTH_BELOW_NOSE: f64 = 0.13;
/// Pixels of the picture along the longer side of a head-and-hands crop.
const CLOSER_FROM: f64 = 320.0;

const NOSE: usize = 0;
const EYES: (usize, usize) = (1, 2);
const EARS: (usize, usize) = (3, 4);
const SHOULDERS: (usize, usize) = (5, 6);
const ARMS: [(usize, usize); 2] = [(5, 7), (6, 8)];
const FOREARMS: [(usize, usize); 2] = [(7, 9), (8, 10)];
const HIPS: (usize, usize) = (11, 12);
const HEAD: [usize; 5] = [0, 1, 2, 3, 4];

// Lengths of an adult as multiples of the distance between the shoulder joints. Turning away only shortens a length in
// the picture, so the largest estimate is the best one.
const EYES_TO_SHOULDERS: f64 = 4.0;
const EARS_TO_SHOULDERS: f64 = 1.9;
const NECK_TO_SHOULDERS: f64 = 1.3;
const ARM_TO_SHOULDERS: f64 = 1.0;
const TORSO_TO_SHOULDERS: f64 = 0.62;

/// What the pose model and the window head look at: the seat and a little around it. `None` if nothing of it is in the
/// picture.
#[must_use]
pub fn window_box(seat: &Polygon, width: u32, height: u32) -> Option<PixelBox> {
    let b = PixelBox::around(seat, width, height);
    let (dx, dy) = (WINDOW_MARGIN * b.width(), WINDOW_MARGIN * b.height());
    PixelBox::new(b.x0 - dx, b.y0 - dy, b.x1 + dx, b.y1 + dy).clipped(width, height, 0.0)
}

/// What the desk detector looks at: the desk and, above it, room for what stands on it.
#[must_use]
pub fn desk_box(desk: &Polygon, width: u32, height: u32) -> Option<PixelBox> {
    let b = PixelBox::around(desk, width, height);
    let up = (DESK_UP_OF_HEIGHT * b.height()).max(DESK_UP_OF_WIDTH * b.width());
    let side = DESK_SIDE * b.width();
    PixelBox::new(b.x0 - side, b.y0 - up, b.x1 + side, b.y1 + DESK_DOWN * b.height())
        .clipped(width, height, 0.0)
}

/// Whether an item belongs to a desk: the middle of its lower edge lies in the desk's polygon, enlarged a little about
/// the mean of its corners. Keeps the items of the neighbouring desk out.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "a polygon has few corners")]
pub fn stands_on(item: PixelBox, desk: &Polygon, width: u32, height: u32) -> bool {
    let corners: Vec<(f64, f64)> =
        desk.corners().iter().map(|p| (p.x * f64::from(width), p.y * f64::from(height))).collect();
    let n = corners.len() as f64;
    let centre = corners.iter().fold((0.0, 0.0), |c, p| (c.0 + p.0 / n, c.1 + p.1 / n));
    let enlarged = |&(x, y): &(f64, f64)| {
        let scale = 1.0 + STANDS_ON_MARGIN;
        (centre.0 + (x - centre.0) * scale, centre.1 + (y - centre.1) * scale)
    };
    let corners: Vec<_> = corners.iter().map(enlarged).collect();
    let (x, y) = ((item.x0 + item.x1) / 2.0, item.y1);
    let left_of = |((x0, y0), (x1, y1)): (&(f64, f64), &(f64, f64))| {
        (*y0 > y) != (*y1 > y) && x0 + (y - y0) / (y1 - y0) * (x1 - x0) < x
    };
    corners.iter().zip(corners.iter().cycle().skip(1)).filter(|edge| left_of(*edge)).count() % 2 == 1
}

/// Where a badge hangs: a square from the collar to below the lanyard's card. `None`: too little to go by.
#[must_use]
pub fn chest_box(keypoints: &[Keypoint; 17], seat: &Polygon, width: u32, height: u32) -> Option<PixelBox> {
    let body = Body::new(keypoints, seat, width, height)?;
    let (x, y) = body.shoulders()?;
    let s = body.scale;
    PixelBox::new(x - 0.9 * s, y - 0.3 * s, x + 0.9 * s, y + 1.5 * s).clipped(width, height, 0.4)
}

/// A square in the middle of the head, which may reach beyond the picture. `None`: too little to go by.
#[must_use]
pub fn head_box(keypoints: &[Keypoint; 17], seat: &Polygon, width: u32, height: u32) -> Option<PixelBox> {
    let body = Body::new(keypoints, seat, width, height)?;
    let (x, y) = body.head()?;
    let half = 0.25 * body.scale;
    Some(PixelBox::new(x - half, y - half, x + half, y + half))
}

/// Where a cigarette is: a square around the head and the hands near it. `None`: too little to go by.
#[must_use]
pub fn head_hands_box(
    keypoints: &[Keypoint; 17],
    seat: &Polygon,
    width: u32,
    height: u32,
) -> Option<PixelBox> {
    Body::new(keypoints, seat, width, height)?.head_and_hands(width, height)
}

/// Where a cigarette is looked for once more in a head-and-hands crop that the net sees much smaller than the picture
/// shows it: squares of half its side around the mouth (or its middle) and the hands. None in others.
#[must_use]
pub fn closer_boxes(keypoints: &[Keypoint; 17], seat: &Polygon, width: u32, height: u32) -> Vec<PixelBox> {
    let Some(body) = Body::new(keypoints, seat, width, height) else { return Vec::new() };
    let Some(region) = body.head_and_hands(width, height) else { return Vec::new() };
    let side = region.width().max(region.height());
    if side < CLOSER_FROM {
        return Vec::new();
    }
    let middle = region.centre();
    let mouth = body.seen(NOSE).map(|nose| (nose.0, nose.1 + MOUTH_BELOW_NOSE * body.scale));
    let around = |(x, y): (f64, f64)| {
        let half = side / 4.0;
        PixelBox::new(x - half, y - half, x + half, y + half).clipped(width, height, 0.5)
    };
    std::iter::once(mouth.unwrap_or((middle.x, middle.y))).chain(body.hands()).filter_map(around).collect()
}

/// Size of the person: the distance of the shoulder joints seen from the front, in pixels. `None` if nothing tells.
#[must_use]
pub fn body_scale(keypoints: &[Keypoint; 17], seat: &Polygon, width: u32, height: u32) -> Option<f64> {
    Body::new(keypoints, seat, width, height).map(|body| body.scale)
}

/// The keypoints that are seen, and the person's size.
struct Body<'a> {
    keypoints: &'a [Keypoint; 17],
    scale: f64,
}

impl<'a> Body<'a> {
    fn new(keypoints: &'a [Keypoint; 17], seat: &Polygon, width: u32, height: u32) -> Option<Self> {
        let window = window_box(seat, width, height)?;
        let mut body = Self { keypoints, scale: 0.0 };
        // A wild keypoint must not make the crop useless: never more than half of the window's longer side.
        let scale = body.largest_estimate()?.min(0.5 * window.width().max(window.height()));
        body.scale = scale;
        (scale > 0.0).then_some(body)
    }

    fn largest_estimate(&self) -> Option<f64> {
        let head = self.mean(&HEAD);
        let shoulders = self.shoulders();
        let between = |a: Option<(f64, f64)>, b: Option<(f64, f64)>| Some(distance(a?, b?));
        let hips = between(self.seen(HIPS.0), self.seen(HIPS.1)).and_then(|_| self.mean(&[HIPS.0, HIPS.1]));
        [
            self.length(SHOULDERS),
            self.length(EYES).map(|d| EYES_TO_SHOULDERS * d),
            self.length(EARS).map(|d| EARS_TO_SHOULDERS * d),
            between(head, shoulders).map(|d| NECK_TO_SHOULDERS * d),
            self.length(ARMS[0]).map(|d| ARM_TO_SHOULDERS * d),
            self.length(ARMS[1]).map(|d| ARM_TO_SHOULDERS * d),
            between(shoulders, hips).map(|d| TORSO_TO_SHOULDERS * d),
        ]
        .into_iter()
        .flatten()
        .reduce(f64::max)
    }

    /// A square around the head and the hands near it.
    fn head_and_hands(&self, width: u32, height: u32) -> Option<PixelBox> {
        let mut points: Vec<(f64, f64)> = HEAD.iter().filter_map(|&i| self.seen(i)).collect();
        if points.is_empty() {
            points.push(self.head()?);
        }
        points.extend(self.hands());
        let low = points.iter().fold((f64::MAX, f64::MAX), |m, p| (m.0.min(p.0), m.1.min(p.1)));
        let high = points.iter().fold((f64::MIN, f64::MIN), |m, p| (m.0.max(p.0), m.1.max(p.1)));
        let reach = (high.0 - low.0).max(high.1 - low.1);
        let half = (reach + 0.9 * self.scale).clamp(1.5 * self.scale, 3.2 * self.scale) / 2.0;
        let (x, y) = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
        PixelBox::new(x - half, y - half, x + half, y + half).clipped(width, height, 0.3)
    }

    /// Middle of the head; above the shoulders where none of it is seen.
    fn head(&self) -> Option<(f64, f64)> {
        let above = |(x, y): (f64, f64)| (x, y - 0.5 * self.scale);
        self.mean(&HEAD).or_else(|| self.shoulders().map(above))
    }

    fn shoulders(&self) -> Option<(f64, f64)> {
        self.mean(&[SHOULDERS.0, SHOULDERS.1])
    }

    /// Where the hands near the head are; they go on where the forearms point to.
    fn hands(&self) -> Vec<(f64, f64)> {
        let Some(anchor) = self.mean(&HEAD).or_else(|| self.shoulders()) else { return Vec::new() };
        let hand = |(elbow, wrist): (usize, usize)| {
            let wrist = self.seen(wrist)?;
            let on = |e: (f64, f64)| (wrist.0 + 0.35 * (wrist.0 - e.0), wrist.1 + 0.35 * (wrist.1 - e.1));
            Some(self.seen(elbow).map_or(wrist, on))
        };
        let is_near = |hand: &(f64, f64)| distance(anchor, *hand) <= 2.2 * self.scale;
        FOREARMS.into_iter().filter_map(hand).filter(is_near).collect()
    }

    fn seen(&self, index: usize) -> Option<(f64, f64)> {
        let k = &self.keypoints[index];
        (k.score >= KEYPOINT_MIN).then_some((k.x, k.y))
    }

    fn length(&self, (a, b): (usize, usize)) -> Option<f64> {
        Some(distance(self.seen(a)?, self.seen(b)?))
    }

    /// Mean place of those of the keypoints that are seen.
    #[allow(clippy::cast_precision_loss, reason = "at most five keypoints")]
    fn mean(&self, indices: &[usize]) -> Option<(f64, f64)> {
        let seen: Vec<_> = indices.iter().filter_map(|&i| self.seen(i)).collect();
        let n = seen.len() as f64;
        let sum = seen.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
        (!seen.is_empty()).then_some((sum.0 / n, sum.1 / n))
    }
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (b.0 - a.0).hypot(b.1 - a.1)
}
