//! Radial distortion by the plumb-line method: straight edges must be straight (Brown, 1971; Devernay and Faugeras,
//! 2001, "Straight lines have to be straight", whose direction of the polynomial this is).

use super::{Line, Quality};
use crate::draft::Corner;
use crate::solve::least_squares;
use chuangming_domain::calibration::Lens;

/// From fewer edges nothing is concluded.
const FEWEST: usize = 5;
/// How large coefficients usually are, as the deviation from a lens without distortion: keeps them small where edges
/// through the middle of the picture tell nothing.
const USUAL: f64 = 0.5;
/// How exactly points of an edge are known, in half diagonals: about half a pixel of 1280x720.
const EXACT: f64 = 7e-4;
/// Edges off by more than so many times the median are not straight in the world.
const CURVED: f64 = 3.0;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Distortion {
    pub(super) k1: f64,
    pub(super) k2: f64,
}

impl Distortion {
    /// What straightens the edges, with one or two coefficients. An edge counts as much as it has points.
    pub(super) fn told_by(edges: &[Vec<Corner>], coefficients: usize) -> Option<(Self, Quality)> {
        if edges.len() < FEWEST {
            return None;
        }
        let all: Vec<&Vec<Corner>> = edges.iter().collect();
        let first = Self::fitted(&all, coefficients);
        let mut off: Vec<f64> = all.iter().map(|edge| first.off(edge)).collect();
        off.sort_by(f64::total_cmp);
        let limit = (CURVED * off[off.len() / 2]).max(EXACT);
        let straight: Vec<&Vec<Corner>> = all.into_iter().filter(|edge| first.off(edge) <= limit).collect();
        if straight.len() < FEWEST {
            return None;
        }
        let lens = Self::fitted(&straight, coefficients);
        let points = |edge: &&Vec<Corner>| u32::try_from(edge.len()).map_or(0.0, f64::from);
        let squares: f64 = straight.iter().map(|edge| points(edge) * lens.off(edge).powi(2)).sum();
        let residual = (squares / straight.iter().map(points).sum::<f64>()).sqrt();
        let sure = Lens::is_monotonic(lens.k1, lens.k2, [0.5, 0.5]);
        sure.then_some((lens, Quality { used: straight.len(), residual_px: residual }))
    }

    fn fitted(edges: &[&Vec<Corner>], coefficients: usize) -> Self {
        let of = |k: &[f64]| Self { k1: k[0], k2: k.get(1).copied().unwrap_or(0.0) };
        let residuals = |k: &[f64]| {
            let lens = of(k);
            let weight = |edge: &[Corner]| u32::try_from(edge.len()).map_or(1.0, f64::from).sqrt();
            let off = |edge: &&Vec<Corner>| {
                // Edges far off are likely curved: they count less and less.
                let off = lens.off(edge) / EXACT;
                weight(edge) * (2.0 * ((1.0 + off * off).sqrt() - 1.0)).sqrt()
            };
            edges.iter().map(off).chain(k.iter().map(|k| k / USUAL)).collect()
        };
        of(&least_squares(&vec![0.0; coefficients], residuals).0)
    }

    /// How far an edge's points are off a straight line, undistorted, in half diagonals of the picture as it is: else
    /// shrinking everything would straighten everything.
    fn off(&self, edge: &[Corner]) -> f64 {
        let straight: Vec<Corner> = edge.iter().map(|&place| self.undistorted(place)).collect();
        let line = Line::through(&straight);
        let middle = edge[edge.len() / 2];
        line.square.sqrt() / self.magnification(middle[0].hypot(middle[1])).abs().max(0.1)
    }

    fn magnification(&self, r: f64) -> f64 {
        1.0 + self.k1 * r * r + self.k2 * r.powi(4)
    }

    /// A place of the picture as it would be without the lens.
    pub(super) fn undistorted(&self, [x, y]: Corner) -> Corner {
        let m = self.magnification(x.hypot(y));
        [x * m, y * m]
    }

    /// The inverse, by Newton's method on the radius.
    pub(super) fn distorted(&self, [x, y]: Corner) -> Corner {
        let goal = x.hypot(y);
        if goal < 1e-12 {
            return [x, y];
        }
        let mut r = goal;
        for _ in 0..20 {
            let slope = 1.0 + 3.0 * self.k1 * r * r + 5.0 * self.k2 * r.powi(4);
            r -= (r * self.magnification(r) - goal) / slope.max(0.05);
        }
        [x * r / goal, y * r / goal]
    }
}
