//! How many pixels the things have that the signals look at, told from the size of a seat's outline.
//!
//! An installer draws a seat as large as a person who sits there moves. Of such an outline the shoulder joints, seen from
//! the front, are [`SHOULDERS`] of the square root of its area apart: the median over the generator's frontal cameras (178
//! upright people in the rendered stills: front_high 0.33, front_wall 0.34, top34 0.30). The rest follows from lengths:

use chuangming_domain::geometry::Polygon;

/// Distance of the shoulder joints in square roots of the seat's area.
const SHOULDERS: f64 = 0.33;
/// Distance of an adult's shoulder joints in metres: GB/T 10000-1988, shoulder breadth, median of men 0.375 and women
/// 0.351.
pub(crate) const SHOULDERS_M: f64 = 0.363;
/// A king-size cigarette.
const CIGARETTE_M: f64 = 0.084;
/// A tea cup, among the smallest things that are clutter.
const CUP_M: f64 = 0.08;

/// The shoulder distance in pixels from which badge and posture are told.
pub(crate) const SHOULDERS_PX: f64 = 80.0;
/// The length of a cigarette in pixels from which it is told.
pub(crate) const CIGARETTE_PX: f64 = 12.0;
/// The width of an item in pixels from which it is told.
pub(crate) const ITEM_PX: f64 = 16.0;

/// Pixels of a camera's picture at a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Distance of the shoulder joints.
    pub(crate) shoulders: f64,
    /// Length of a cigarette.
    pub(crate) cigarette: f64,
    /// Width of a cup.
    pub(crate) item: f64,
}

impl Scale {
    /// What a seat's outline tells at a picture's size.
    pub(crate) fn of(seat: &Polygon, width: u32, height: u32) -> Self {
        let side = (seat.area() * f64::from(width) * f64::from(height)).sqrt();
        let shoulders = SHOULDERS * side;
        let metre = shoulders / SHOULDERS_M;
        Self { shoulders, cigarette: CIGARETTE_M * metre, item: CUP_M * metre }
    }
}

/// Whether a picture shows a seat with fewer pixels than badge, cigarette and items need: a larger one would tell more.
#[must_use]
pub fn is_too_small(seat: &Polygon, width: u32, height: u32) -> bool {
    let scale = Scale::of(seat, width, height);
    scale.shoulders < SHOULDERS_PX || scale.cigarette < CIGARETTE_PX || scale.item < ITEM_PX
}
