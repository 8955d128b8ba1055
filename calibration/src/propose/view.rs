//! Where a camera hangs and what it maps where. Room metres: x along the counter, y away from the public, z up.

use crate::draft::Corner;
use nalgebra::{Matrix3, Vector3};

/// The numbers of a view, as they are fitted.
pub(super) const NUMBERS: usize = 7;

/// A placed camera without distortion.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    position: Vector3<f64>,
    /// Columns: right, up, forward.
    axes: Matrix3<f64>,
    /// In picture widths.
    focal: f64,
    /// Width / height.
    aspect: f64,
}

impl View {
    /// From position, heading (0 looks away from the public, to the right is positive), how far it looks down, how far it
    /// is rolled, and the logarithm of the focal length: the first of `numbers`.
    pub(super) fn new(numbers: &[f64], aspect: f64) -> Self {
        let [x, y, z, heading, down, roll, log_focal]: [f64; NUMBERS] = std::array::from_fn(|i| numbers[i]);
        let (sin, cos) = heading.sin_cos();
        let forward = Vector3::new(sin * down.cos(), cos * down.cos(), -down.sin());
        let right = Vector3::new(cos, -sin, 0.0);
        let up = right.cross(&forward);
        let (s, c) = roll.sin_cos();
        let axes = Matrix3::from_columns(&[right * c + up * s, up * c - right * s, forward]);
        Self { position: Vector3::new(x, y, z), axes, focal: log_focal.exp(), aspect }
    }

    /// Where a room point is in the picture, in fractions; points behind the camera land far outside.
    pub(super) fn project(&self, point: Vector3<f64>) -> Corner {
        let local = self.axes.tr_mul(&(point - self.position));
        let depth = local.z.max(0.15);
        [0.5 + self.focal * local.x / depth, 0.5 - self.aspect * self.focal * local.y / depth]
    }

    /// The room point that is seen at a place at a depth.
    pub(super) fn at_depth(&self, place: Corner, depth: f64) -> Vector3<f64> {
        let x = (place[0] - 0.5) / self.focal * depth;
        let y = -(place[1] - 0.5) / self.focal / self.aspect * depth;
        self.position + self.axes * Vector3::new(x, y, depth)
    }
}
