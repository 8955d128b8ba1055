//! Plane geometry in fractions of the picture: x to the right, y down, the picture is `[0, 1] × [0, 1]`.

use std::fmt;

/// A point in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// An axis-parallel box in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width, never negative.
    pub width: f64,
    /// Height, never negative.
    pub height: f64,
}

impl Rect {
    /// From `[x, y, width, height]`, as boxes are written in files.
    #[must_use]
    pub fn from_array([x, y, width, height]: [f64; 4]) -> Self {
        Self { x, y, width: width.max(0.0), height: height.max(0.0) }
    }

    /// `[x, y, width, height]`.
    #[must_use]
    pub fn to_array(self) -> [f64; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// The middle.
    #[must_use]
    pub fn centre(self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// Width times height.
    #[must_use]
    pub fn area(self) -> f64 {
        self.width * self.height
    }

    /// The area both boxes share.
    #[must_use]
    pub fn overlap(self, other: Rect) -> f64 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        width.max(0.0) * height.max(0.0)
    }

    /// Intersection over union; 0 for boxes without area.
    #[must_use]
    pub fn iou(self, other: Rect) -> f64 {
        let shared = self.overlap(other);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The box with so much more on every side, by its own size; it may reach beyond the picture.
    #[must_use]
    pub fn enlarged(self, share: f64) -> Rect {
        let (dx, dy) = (share * self.width, share * self.height);
        Rect { x: self.x - dx, y: self.y - dy, width: self.width + 2.0 * dx, height: self.height + 2.0 * dy }
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Rect) -> Rect {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Rect { x, y, width: right - x, height: bottom - y }
    }
}

/// What is wrong with a polygon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PolygonError {
    /// Fewer than three corners.
    #[error("has {0} corners: a polygon needs 3 to 64")]
    Corners(usize),
    /// A corner outside the picture, or not a number.
    #[error("corner {index} [{x}, {y}] lies outside the picture: fractions run from 0 to 1")]
    Outside {
        /// Which corner, from 0.
        index: usize,
        /// Its x.
        x: f64,
        /// Its y.
        y: f64,
    },
    /// Two edges cross.
    #[error(
        "crosses itself: edges {first} and {second} intersect; list the corners in order around the outline"
    )]
    SelfIntersecting {
        /// Edge from corner `first` to the next.
        first: usize,
        /// Edge from corner `second` to the next.
        second: usize,
    },
    /// Nearly no area.
    #[error("has no area: its corners lie on a line")]
    Flat,
}

/// A simple polygon inside the picture: three or more corners, no crossing edges, some area.
#[derive(Clone, PartialEq)]
pub struct Polygon {
    corners: Vec<Point>,
}

impl fmt::Debug for Polygon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.corners.iter().map(|p| (p.x, p.y))).finish()
    }
}

/// Corners this little outside the picture are rounding, not mistakes.
const ROUNDING: f64 = 1e-3;
/// Area in fractions of the picture under which a polygon is flat.
const MIN_AREA: f64 = 1e-6;
const MAX_CORNERS: usize = 64;

impl Polygon {
    /// Checks the corners, given in order around the outline as `[x, y]`.
    ///
    /// # Errors
    /// See [`PolygonError`].
    pub fn new(corners: &[[f64; 2]]) -> Result<Self, PolygonError> {
        let inside = |(index, &[x, y]): (usize, &[f64; 2])| {
            let [x, y] = Self::moved_inside([x, y]).ok_or(PolygonError::Outside { index, x, y })?;
            Ok(Point { x, y })
        };
        let mut points = corners.iter().enumerate().map(inside).collect::<Result<Vec<Point>, _>>()?;
        points.dedup();
        if points.len() > 1 && points.first() == points.last() {
            points.pop();
        }
        if !(3..=MAX_CORNERS).contains(&points.len()) {
            return Err(PolygonError::Corners(points.len()));
        }
        let polygon = Self { corners: points };
        if let Some((first, second)) = polygon.crossing() {
            return Err(PolygonError::SelfIntersecting { first, second });
        }
        if polygon.area() < MIN_AREA {
            return Err(PolygonError::Flat);
        }
        Ok(polygon)
    }

    /// The corner; on the picture's edge where rounding alone puts it outside. `None` if it is further outside, or not a number.
    #[must_use]
    pub fn moved_inside(corner: [f64; 2]) -> Option<[f64; 2]> {
        let is_near = corner.iter().all(|v| (-ROUNDING..=1.0 + ROUNDING).contains(v));
        is_near.then(|| corner.map(|v| v.clamp(0.0, 1.0)))
    }

    /// The corners in order.
    #[must_use]
    pub fn corners(&self) -> &[Point] {
        &self.corners
    }

    /// The area by the shoelace formula, in fractions of the picture.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.edges().map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f64>().abs() / 2.0
    }

    /// The smallest box around the polygon.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        let fold = |pick: fn(&Point) -> f64, by: fn(f64, f64) -> f64, start: f64| {
            self.corners.iter().map(pick).fold(start, by)
        };
        let (left, right) = (fold(|p| p.x, f64::min, 1.0), fold(|p| p.x, f64::max, 0.0));
        let (top, bottom) = (fold(|p| p.y, f64::min, 1.0), fold(|p| p.y, f64::max, 0.0));
        Rect { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// Whether the point lies inside (even-odd rule).
    #[must_use]
    pub fn contains(&self, p: Point) -> bool {
        self.edges()
            .filter(|(a, b)| {
                (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x
            })
            .count()
            % 2
            == 1
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let n = self.corners.len();
        (0..n).map(move |i| (self.corners[i], self.corners[(i + 1) % n]))
    }

    /// The first pair of edges that properly cross.
    fn crossing(&self) -> Option<(usize, usize)> {
        let edges: Vec<_> = self.edges().collect();
        let n = edges.len();
        (0..n).flat_map(|i| (i + 2..n).map(move |j| (i, j))).find(|&(i, j)| cross(edges[i], edges[j]))
    }
}

/// Whether the open segments cross in one point; touching ends do not count.
fn cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let side = |p: Point, q: Point, r: Point| (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    let opposite = |u: f64, v: f64| (u > 1e-12 && v < -1e-12) || (u < -1e-12 && v > 1e-12);
    opposite(side(a, b, c), side(a, b, d)) && opposite(side(c, d, a), side(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn polygons_are_checked() {
        let check = |corners: &[[f64; 2]], expected: Option<&str>| {
            let got = Polygon::new(corners).err().map(|e| e.to_string());
            match (&got, expected) {
                (None, None) => {}
                (Some(text), Some(part)) if text.contains(part) => {}
                _ => panic!("{corners:?}: got {got:?}, expected {expected:?}"),
            }
        };
        check(&[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]], None);
        check(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]], None);
        check(&[[0.1, 0.1], [0.5, 0.1]], Some("2 corners"));
        check(&[[0.1, 0.1], [0.5, 0.5], [0.5, 0.1], [0.1, 0.5]], Some("crosses itself"));
        check(&[[0.1, 0.1], [1.5, 0.1], [0.5, 0.5]], Some("corner 1"));
        check(&[[f64::NAN, 0.1], [0.5, 0.1], [0.5, 0.5]], Some("corner 0"));
        check(&[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]], Some("no area"));
        check(&[[0.5, 0.5]; 5], Some("1 corners"));
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_bounded(a in prop::array::uniform4(0.0f64..1.0), b in prop::array::uniform4(0.0f64..1.0)) {
            let (a, b) = (Rect::from_array(a), Rect::from_array(b));
            let iou = a.iou(b);
            prop_assert!((iou - b.iou(a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&iou));
            prop_assert!(a.area() == 0.0 || (a.iou(a) - 1.0).abs() < 1e-9);
        }

        #[test]
        fn a_box_polygon_contains_what_its_box_contains(
            x in 0.0f64..0.5, y in 0.0f64..0.5, w in 0.01f64..0.5, h in 0.01f64..0.5, px in 0.0f64..1.0, py in 0.0f64..1.0,
        ) {
            let polygon = Polygon::new(&[[x, y], [x + w, y], [x + w, y + h], [x, y + h]]).unwrap();
            let inside = px > x && px < x + w && py > y && py < y + h;
            prop_assert_eq!(polygon.contains(Point { x: px, y: py }), inside);
            prop_assert!((polygon.area() - w * h).abs() < 1e-9);
        }
    }
}
