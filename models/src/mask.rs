//! The mask of a window: only its seat and desk polygons reach a model.

use crate::image::{GREY, RgbImage};
use chuangming_domain::geometry::Polygon;

/// Which pixels of pictures of one size lie inside a window's polygons; made once, applied to every frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    /// For each row the runs `start..end` of pixels inside, in order, not touching.
    rows: Vec<Vec<(u32, u32)>>,
}

impl Mask {
    /// The mask of a union of polygons. A pixel is inside when its centre is (even-odd rule for each polygon).
    #[must_use]
    pub fn new(polygons: &[&Polygon], width: u32, height: u32) -> Self {
        let rows = (0..height)
            .map(|row| merged(polygons.iter().flat_map(|p| runs(p, row, width, height)).collect()))
            .collect();
        Self { width, height, rows }
    }

    /// The same without what lies in any of these polygons, such as privacy masks.
    #[must_use]
    pub fn without<'a>(mut self, hidden: impl IntoIterator<Item = &'a Polygon>) -> Self {
        for polygon in hidden {
            for (y, row) in (0..self.height).zip(&mut self.rows) {
                for hole in runs(polygon, y, self.width, self.height) {
                    *row = row.iter().flat_map(|&run| cut(run, hole)).collect();
                }
            }
        }
        self
    }

    /// Number of pixels inside.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        (0..self.height).map(|row| self.row_pixels(row)).sum()
    }

    /// Number of pixels inside in one row; 0 below the picture.
    #[must_use]
    pub fn row_pixels(&self, row: u32) -> u64 {
        self.rows.get(row as usize).into_iter().flatten().map(|(start, end)| u64::from(end - start)).sum()
    }

    /// A copy of the picture that is grey outside the polygons; entirely grey if the picture has another size.
    #[must_use]
    pub fn apply(&self, picture: &RgbImage) -> RgbImage {
        let mut out = RgbImage::filled(picture.width(), picture.height(), GREY);
        if (picture.width(), picture.height()) == (self.width, self.height) {
            for (y, runs) in (0..self.height).zip(&self.rows) {
                for &(start, end) in runs {
                    let bytes = start as usize * 3..end as usize * 3;
                    out.row_mut(y)[bytes.clone()].copy_from_slice(&picture.row(y)[bytes]);
                }
            }
        }
        out
    }
}

/// The runs of pixels of one row whose centres lie inside one polygon.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the row before")]
fn runs(polygon: &Polygon, row: u32, width: u32, height: u32) -> Vec<(u32, u32)> {
    let y = f64::from(row) + 0.5;
    let corners: Vec<(f64, f64)> =
        polygon.corners().iter().map(|p| (p.x * f64::from(width), p.y * f64::from(height))).collect();
    let following = corners.iter().cycle().skip(1);
    let mut crossings: Vec<f64> = corners
        .iter()
        .zip(following)
        .filter(|((_, y0), (_, y1))| (*y0 > y) != (*y1 > y))
        .map(|((x0, y0), (x1, y1))| x0 + (y - y0) / (y1 - y0) * (x1 - x0))
        .collect();
    crossings.sort_by(f64::total_cmp);
    // The centre of pixel k is k + 0.5: it is right of a crossing x when k > x - 0.5.
    let first_right_of = |x: f64| ((x - 0.5).floor() + 1.0).clamp(0.0, f64::from(width)) as u32;
    crossings
        .chunks_exact(2)
        .map(|pair| (first_right_of(pair[0]), first_right_of(pair[1])))
        .filter(|(a, b)| a < b)
        .collect()
}

/// What is left of a run: before the hole and after it.
fn cut((start, end): (u32, u32), hole: (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    [(start, end.min(hole.0)), (start.max(hole.1), end)].into_iter().filter(|(a, b)| a < b)
}

fn merged(mut runs: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    runs.sort_unstable();
    let mut out: Vec<(u32, u32)> = Vec::with_capacity(runs.len());
    for (start, end) in runs {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::geometry::Point;
    use proptest::prelude::*;

    fn polygon(corners: &[[f64; 2]]) -> Polygon {
        Polygon::new(corners).unwrap()
    }

    #[test]
    fn keeps_the_inside_and_greys_the_outside() {
        let left = polygon(&[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]);
        let mask = Mask::new(&[&left], 4, 2);
        let picture = RgbImage::from_raw(4, 2, (0..24).collect()).unwrap();
        let grey = GREY;
        assert_eq!(mask.apply(&picture).row(0), [0, 1, 2, 3, 4, 5, grey, grey, grey, grey, grey, grey]);
        assert_eq!(mask.pixels(), 4);
    }

    #[test]
    fn a_picture_of_another_size_shows_nothing() {
        let all = polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
        let mask = Mask::new(&[&all], 4, 4);
        assert_eq!(mask.apply(&RgbImage::filled(5, 4, 9)), RgbImage::filled(5, 4, GREY));
    }

    proptest! {
        /// The runs agree with the polygon's own test of points, for unions and what is hidden of them too. No edge of the
        /// hidden one goes exactly through pixels' centres, where rounding decides.
        #[test]
        fn agrees_with_polygon_contains(a in 0.0..0.4f64, b in 0.5..1.0f64, c in 0.0..1.0f64, w in 8u32..40, h in 8u32..40) {
            let one = polygon(&[[a, 0.05], [b, a], [0.93, b], [a / 2.0, 0.97]]);
            let two = polygon(&[[c, 0.1], [0.31, b], [0.02, 0.55]]);
            let hidden = polygon(&[[0.2011, c], [0.8987, 0.3013], [0.6029, 0.8971]]);
            let mask = Mask::new(&[&one, &two], w, h).without([&hidden]);
            let shown = mask.apply(&RgbImage::filled(w, h, 1));
            for y in 0..h {
                for x in 0..w {
                    let centre = Point { x: (f64::from(x) + 0.5) / f64::from(w), y: (f64::from(y) + 0.5) / f64::from(h) };
                    let inside = (one.contains(centre) || two.contains(centre)) && !hidden.contains(centre);
                    prop_assert_eq!(shown.row(y)[x as usize * 3] == 1, inside, "pixel {},{}", x, y);
                }
            }
        }
    }
}
