//! A picture that is about to be shown: coarse where a head is, grey where nobody may look, and drawn upon.
//!
//! Places are in fractions of the picture, so that they hold whatever size it is shown in.

use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_models::RgbImage;

/// Blocks across the shorter side of what is made coarse: too few to know anybody by.
const BLOCKS: u32 = 4;
/// No block is smaller, in pixels.
const SMALLEST_BLOCK: u32 = 6;
/// A line that leads far beyond the picture is drawn with so many dots.
const MOST_STEPS: f64 = 16_384.0;
const GREY: [u8; 3] = [64, 64, 64];

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// A picture that can be changed. It lives in memory only.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(image: &RgbImage) -> Self {
        Self { width: image.width(), height: image.height(), pixels: image.pixels().to_vec() }
    }

    pub(super) fn finish(self) -> Option<RgbImage> {
        RgbImage::from_raw(self.width, self.height, self.pixels).ok()
    }

    /// Makes a box coarse: every block becomes its mean colour.
    pub(super) fn pixelate(&mut self, place: Rect) {
        let Some((x0, y0, x1, y1)) = self.pixels_of(place) else { return };
        let block = ((x1 - x0).min(y1 - y0) / BLOCKS).max(SMALLEST_BLOCK);
        for top in (y0..y1).step_by(block as usize) {
            for left in (x0..x1).step_by(block as usize) {
                let (right, bottom) = ((left + block).min(x1), (top + block).min(y1));
                let mean = self.mean(left, top, right, bottom);
                self.fill_box(left, top, right, bottom, mean);
            }
        }
    }

    /// Greys out a polygon.
    pub(super) fn grey(&mut self, polygon: &Polygon) {
        let Some((x0, y0, x1, y1)) = self.pixels_of(polygon.bounds()) else { return };
        for y in y0..y1 {
            for x in x0..x1 {
                let centre = Point {
                    x: (f64::from(x) + 0.5) / f64::from(self.width),
                    y: (f64::from(y) + 0.5) / f64::from(self.height),
                };
                if polygon.contains(centre) {
                    self.put(x, y, GREY);
                }
            }
        }
    }

    /// Draws the outline of a box.
    pub(super) fn outline(&mut self, place: Rect, colour: Colour) {
        let (right, bottom) = (place.x + place.width, place.y + place.height);
        let corners = [(place.x, place.y), (right, place.y), (right, bottom), (place.x, bottom)];
        let corners = corners.map(|(x, y)| Point { x, y });
        for i in 0..4 {
            self.line(corners[i], corners[(i + 1) % 4], colour);
        }
    }

    /// Draws a line.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "steps of a line in a picture"
    )]
    pub(super) fn line(&mut self, from: Point, to: Point, colour: Colour) {
        let (w, h) = (f64::from(self.width), f64::from(self.height));
        let (dx, dy) = ((to.x - from.x) * w, (to.y - from.y) * h);
        let steps = dx.abs().max(dy.abs()).ceil().min(MOST_STEPS) as u32;
        for step in 0..=steps {
            let along = if steps == 0 { 0.0 } else { f64::from(step) / f64::from(steps) };
            self.dot(
                Point { x: from.x + along * (to.x - from.x), y: from.y + along * (to.y - from.y) },
                self.pen(),
                colour,
            );
        }
    }

    /// Draws a mark at a point.
    pub(super) fn mark(&mut self, at: Point, colour: Colour) {
        self.dot(at, self.pen() * 2, colour);
    }

    /// Half the thickness of a line in pixels.
    fn pen(&self) -> u32 {
        (self.width.max(self.height) / 640).max(1)
    }

    fn dot(&mut self, at: Point, half: u32, colour: Colour) {
        let (w, h) = (f64::from(self.width), f64::from(self.height));
        let half = f64::from(half);
        let place =
            Rect { x: at.x - half / w, y: at.y - half / h, width: 2.0 * half / w, height: 2.0 * half / h };
        if let Some((x0, y0, x1, y1)) = self.pixels_of(place) {
            self.fill_box(x0, y0, x1, y1, colour);
        }
    }

    /// The pixels of a box, as far as it lies in the picture; every pixel that it touches.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
    fn pixels_of(&self, place: Rect) -> Option<(u32, u32, u32, u32)> {
        let low = |v: f64, side: u32| (v * f64::from(side)).floor().clamp(0.0, f64::from(side)) as u32;
        let high = |v: f64, side: u32| (v * f64::from(side)).ceil().clamp(0.0, f64::from(side)) as u32;
        let (x0, y0) = (low(place.x, self.width), low(place.y, self.height));
        let (x1, y1) = (high(place.x + place.width, self.width), high(place.y + place.height, self.height));
        (x0 < x1 && y0 < y1).then_some((x0, y0, x1, y1))
    }

    fn mean(&self, x0: u32, y0: u32, x1: u32, y1: u32) -> Colour {
        let mut sum = [0u64; 3];
        for y in y0..y1 {
            for pixel in self.row(y, x0, x1).chunks_exact(3) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += u64::from(*value);
                }
            }
        }
        let count = u64::from(x1 - x0) * u64::from(y1 - y0);
        sum.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    }

    fn fill_box(&mut self, x0: u32, y0: u32, x1: u32, y1: u32, colour: Colour) {
        for y in y0..y1 {
            let stride = self.width as usize * 3;
            let row = y as usize * stride;
            for pixel in self.pixels[row + x0 as usize * 3..row + x1 as usize * 3].chunks_exact_mut(3) {
                pixel.copy_from_slice(&colour);
            }
        }
    }

    fn put(&mut self, x: u32, y: u32, colour: Colour) {
        self.fill_box(x, y, x + 1, y + 1, colour);
    }

    fn row(&self, y: u32, x0: u32, x1: u32) -> &[u8] {
        let row = y as usize * self.width as usize * 3;
        &self.pixels[row + x0 as usize * 3..row + x1 as usize * 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pixel differs from its neighbours.
    fn noisy(width: u32, height: u32) -> RgbImage {
        let pixels = (0..width * height * 3).map(|i| (i * 97 % 251) as u8).collect();
        RgbImage::from_raw(width, height, pixels).unwrap()
    }

    fn pixel(image: &RgbImage, x: u32, y: u32) -> [u8; 3] {
        image.row(y)[x as usize * 3..][..3].try_into().unwrap()
    }

    #[test]
    fn a_coarse_box_holds_a_handful_of_colours_and_the_rest_is_untouched() {
        let before = noisy(120, 80);
        let mut canvas = Canvas::new(&before);
        canvas.pixelate(Rect { x: 0.25, y: 0.25, width: 0.5, height: 0.5 });
        let after = canvas.finish().unwrap();
        let mut inside = std::collections::BTreeSet::new();
        for y in 0..80 {
            for x in 0..120 {
                if (30..90).contains(&x) && (20..60).contains(&y) {
                    inside.insert(pixel(&after, x, y));
                } else {
                    assert_eq!(pixel(&after, x, y), pixel(&before, x, y), "{x},{y}");
                }
            }
        }
        assert!(inside.len() <= 24, "{} colours", inside.len());
    }

    #[test]
    fn what_reaches_beyond_the_picture_is_cut_and_nothing_panics() {
        let mut canvas = Canvas::new(&noisy(30, 20));
        for place in [
            Rect { x: -1.0, y: -1.0, width: 3.0, height: 3.0 },
            Rect { x: 2.0, y: 2.0, width: 1.0, height: 1.0 },
            Rect { x: 0.5, y: 0.5, width: 0.0, height: 0.0 },
        ] {
            canvas.pixelate(place);
            canvas.outline(place, [255, 0, 0]);
        }
        canvas.line(Point { x: -5.0, y: 0.5 }, Point { x: 5.0, y: 0.5 }, [1, 2, 3]);
        canvas.mark(Point { x: 1.0, y: 1.0 }, [1, 2, 3]);
        assert_eq!(pixel(&canvas.finish().unwrap(), 15, 10), [1, 2, 3]);
    }

    #[test]
    fn a_mask_hides_every_pixel_of_its_polygon() {
        let mut canvas = Canvas::new(&noisy(40, 40));
        canvas.grey(&Polygon::new(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).unwrap());
        let image = canvas.finish().unwrap();
        assert_eq!(pixel(&image, 2, 2), GREY);
        assert_ne!(pixel(&image, 38, 38), GREY);
    }
}
