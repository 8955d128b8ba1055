//! How a lens bends the picture and how a camera is rolled: told from edges that are straight in the world, and used to
//! tell what is upright at a place of the picture.
//!
//! [`Lens`](chuangming_domain::calibration::Lens) says what the numbers mean.

mod distortion;
mod upright;

use crate::draft::Corner;
use chuangming_domain::calibration::Lens;
use distortion::Distortion;
use serde::Serialize;
use upright::Upright;
use utoipa::ToSchema;

/// A corner of a printed chart and where it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartCorner {
    /// Which one across.
    pub column: i32,
    /// Which one down.
    pub row: i32,
    /// Where in the picture, in fractions.
    pub at: Corner,
}

/// A lens and roll as they were told by straight edges.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LensFit {
    /// The weight of r².
    pub k1: f64,
    /// The weight of r⁴.
    pub k2: f64,
    /// The centre of the distortion: the middle of the picture.
    #[schema(value_type = (f64, f64))]
    pub centre: Corner,
    /// How far the true vertical leans to the right at its upper end, in degrees.
    pub roll_deg: f64,
    /// What told the distortion.
    pub distortion: Quality,
    /// What told the roll.
    pub vertical: Quality,
}

/// How well something was told; with nothing used it is not told, and its value is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub struct Quality {
    /// Edges that agree.
    pub used: usize,
    /// Root mean square of how far their points are off, in pixels.
    pub residual_px: f64,
}

/// The edges tell neither the distortion nor the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{found} straight edges are too few: walls, door frames or a chart in view would help")]
pub struct TooFewEdges {
    /// Edges that were long enough.
    pub found: usize,
}

impl LensFit {
    /// From points along edges, each list along one edge that is straight in the world, in fractions of the picture. Edges
    /// that are not straight after all, and upright ones that are not upright, are left out by vote.
    ///
    /// # Errors
    /// When the edges tell nothing.
    pub fn from_edges(edges: &[Vec<Corner>], size: (u32, u32)) -> Result<Self, TooFewEdges> {
        let frame = Frame::of(size);
        let edges: Vec<Vec<Corner>> = edges
            .iter()
            .map(|edge| edge.iter().map(|&corner| frame.place(corner)).collect())
            .filter(|edge: &Vec<Corner>| is_long(edge))
            .collect();
        Self::of(&edges, Distortion::told_by(&edges, 1), frame).ok_or(TooFewEdges { found: edges.len() })
    }

    /// From the corners of a chart that is upright: its columns are vertical. A chart has many exact points, so that both
    /// coefficients are told.
    ///
    /// # Errors
    /// When too few corners are seen.
    pub fn from_chart(corners: &[ChartCorner], size: (u32, u32)) -> Result<Self, TooFewEdges> {
        let frame = Frame::of(size);
        let along = |line: fn(&ChartCorner) -> (bool, i32)| {
            let mut lines = std::collections::BTreeMap::<(bool, i32), Vec<&ChartCorner>>::new();
            corners.iter().for_each(|corner| lines.entry(line(corner)).or_default().push(corner));
            lines.into_values().filter(|line| line.len() >= 3)
        };
        let columns = along(|corner| (true, corner.column)).map(|mut line| {
            line.sort_by_key(|corner| corner.row);
            line
        });
        let rows = along(|corner| (false, corner.row)).map(|mut line| {
            line.sort_by_key(|corner| corner.column);
            line
        });
        let lines: Vec<Vec<Corner>> =
            columns.chain(rows).map(|line| line.iter().map(|c| frame.place(c.at)).collect()).collect();
        Self::of(&lines, Distortion::told_by(&lines, 2), frame).ok_or(TooFewEdges { found: lines.len() })
    }

    fn of(edges: &[Vec<Corner>], distortion: Option<(Distortion, Quality)>, frame: Frame) -> Option<Self> {
        let (lens, bent) = distortion.unwrap_or_default();
        let straight: Vec<Vec<Corner>> =
            edges.iter().map(|edge| edge.iter().map(|&place| lens.undistorted(place)).collect()).collect();
        let upright = Upright::told_by(&straight, frame.width());
        if distortion.is_none() && upright.is_none() {
            return None;
        }
        let (roll, vertical) = upright.map_or((0.0, Quality::default()), |(upright, q)| (upright.roll, q));
        let in_pixels = |q: Quality| Quality { residual_px: q.residual_px * frame.half_diagonal, ..q };
        Some(Self {
            k1: lens.k1,
            k2: lens.k2,
            centre: [0.5, 0.5],
            roll_deg: roll.to_degrees(),
            distortion: in_pixels(bent),
            vertical: in_pixels(vertical),
        })
    }
}

/// How far upright things lean at a place of the picture, in degrees to the right at their upper end: the camera's roll,
/// and what the lens turns there.
#[must_use]
pub fn lean_at(lens: &Lens, place: Corner, size: (u32, u32)) -> f64 {
    const STEP: f64 = 1e-3;
    let frame = Frame { centre: lens.centre, ..Frame::of(size) };
    let distortion = Distortion { k1: lens.k1, k2: lens.k2 };
    let here = frame.place(place);
    let [x, y] = distortion.undistorted(here);
    let (sin, cos) = lens.roll_deg.to_radians().sin_cos();
    let above = distortion.distorted([x + STEP * sin, y - STEP * cos]);
    (above[0] - here[0]).atan2(here[1] - above[1]).to_degrees()
}

/// Pixels from the centre of distortion, with half the picture's diagonal as the unit.
#[derive(Debug, Clone, Copy)]
struct Frame {
    size: [f64; 2],
    centre: Corner,
    half_diagonal: f64,
}

impl Frame {
    fn of((width, height): (u32, u32)) -> Self {
        let size = [f64::from(width.max(1)), f64::from(height.max(1))];
        Self { size, centre: [0.5, 0.5], half_diagonal: size[0].hypot(size[1]) / 2.0 }
    }

    fn place(&self, corner: Corner) -> Corner {
        std::array::from_fn(|i| (corner[i] - self.centre[i]) * self.size[i] / self.half_diagonal)
    }

    fn width(&self) -> f64 {
        self.size[0] / self.half_diagonal
    }
}

/// Shorter edges, in half diagonals, or of fewer points tell nothing.
const SHORTEST: f64 = 0.12;
const FEWEST_POINTS: usize = 5;

fn is_long(edge: &[Corner]) -> bool {
    let ends = edge.first().zip(edge.last());
    edge.len() >= FEWEST_POINTS && ends.is_some_and(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1]) >= SHORTEST)
}

/// A straight line through points by total least squares: a point on it, its direction, and the mean square distance.
#[derive(Debug, Clone, Copy)]
struct Line {
    middle: Corner,
    direction: Corner,
    square: f64,
}

impl Line {
    #[allow(clippy::cast_precision_loss, reason = "edges have few points")]
    fn through(points: &[Corner]) -> Self {
        let n = points.len().max(1) as f64;
        let middle = [0, 1].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / n);
        let moment = |i: usize, j: usize| {
            points.iter().map(|p| (p[i] - middle[i]) * (p[j] - middle[j])).sum::<f64>() / n
        };
        let (xx, xy, yy) = (moment(0, 0), moment(0, 1), moment(1, 1));
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        let spread = ((xx - yy).powi(2) + 4.0 * xy * xy).sqrt();
        let (sin, cos) = angle.sin_cos();
        Self { middle, direction: [cos, sin], square: ((xx + yy - spread) / 2.0).max(0.0) }
    }
}

#[cfg(test)]
mod tests;
