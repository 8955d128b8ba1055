//! Boxes in picture pixels.

use chuangming_domain::geometry::{Point, Polygon, Rect};

/// A box in continuous picture pixels: pixel `k` covers `k..k + 1`; never rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelBox {
    /// Left edge.
    pub x0: f64,
    /// Upper edge.
    pub y0: f64,
    /// Right edge.
    pub x1: f64,
    /// Lower edge.
    pub y1: f64,
}

impl PixelBox {
    /// A box from its edges.
    #[must_use]
    pub const fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// The whole of a picture.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self::new(0.0, 0.0, f64::from(width), f64::from(height))
    }

    /// The smallest box around a polygon in a picture of that size.
    #[must_use]
    pub fn around(polygon: &Polygon, width: u32, height: u32) -> Self {
        Self::of_fractions(polygon.bounds(), width, height)
    }

    /// A box given in fractions of a picture of that size.
    #[must_use]
    pub fn of_fractions(rect: Rect, width: u32, height: u32) -> Self {
        let (w, h) = (f64::from(width), f64::from(height));
        Self::new(rect.x * w, rect.y * h, (rect.x + rect.width) * w, (rect.y + rect.height) * h)
    }

    /// The box in fractions of a picture of that size.
    #[must_use]
    pub fn to_fractions(self, width: u32, height: u32) -> Rect {
        let (w, h) = (f64::from(width), f64::from(height));
        Rect { x: self.x0 / w, y: self.y0 / h, width: self.width() / w, height: self.height() / h }
    }

    /// Width.
    #[must_use]
    pub fn width(self) -> f64 {
        self.x1 - self.x0
    }

    /// Height.
    #[must_use]
    pub fn height(self) -> f64 {
        self.y1 - self.y0
    }

    /// Width times height; 0 for a box turned inside out.
    #[must_use]
    pub fn area(self) -> f64 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// The middle, in pixels.
    #[must_use]
    pub fn centre(self) -> Point {
        Point { x: (self.x0 + self.x1) / 2.0, y: (self.y0 + self.y1) / 2.0 }
    }

    /// The part inside a picture of that size; `None` if it is less than a pixel wide or high, or less than
    /// `min_share` of the box's area.
    #[must_use]
    pub fn clipped(self, width: u32, height: u32, min_share: f64) -> Option<Self> {
        let (w, h) = (f64::from(width), f64::from(height));
        let part = Self::new(self.x0.max(0.0), self.y0.max(0.0), self.x1.min(w), self.y1.min(h));
        let enough = part.width() >= 1.0 && part.height() >= 1.0 && part.area() >= min_share * self.area();
        enough.then_some(part)
    }

    /// Intersection over union; 0 for boxes without area.
    #[must_use]
    pub fn iou(self, other: Self) -> f64 {
        let shared = Self::new(
            self.x0.max(other.x0),
            self.y0.max(other.y0),
            self.x1.min(other.x1),
            self.y1.min(other.y1),
        );
        let shared = if shared.x1 > shared.x0 && shared.y1 > shared.y0 { shared.area() } else { 0.0 };
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}
