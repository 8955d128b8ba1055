//! The true vertical: upright edges of a room meet in one vanishing point, and the way from the middle of the picture to
//! it is the roll of the camera. Told by vote: most long edges near the vertical are upright, some are not.

use super::{Line, Quality};
use crate::draft::Corner;
use crate::solve::least_squares;

/// Edges that lean more than this, in radians, are not taken for upright: as much as a camera is rolled and looks down.
const LEANS: f64 = 0.6;
/// Upright edges that agree, at least.
const FEWEST: usize = 4;
/// Edges that lean by less than this beside the common point agree, in radians.
const AGREES: f64 = 0.02;
/// Usual cameras, as mean and deviation: how much verticals converge, in radians per picture width away from the middle,
/// and the roll in radians.
const CONVERGES: (f64, f64) = (0.4, 0.5);
const ROLLED: (f64, f64) = (0.0, 0.1);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Upright {
    /// How far the vertical leans to the right at its upper end in the middle of the picture, in radians.
    pub(super) roll: f64,
    /// One over the distance of the vanishing point below the middle; 0 for a camera that looks level.
    converges: f64,
}

/// An edge near the vertical: its middle, how far it leans, how long it is, and how far its points are off.
struct Edge {
    middle: Corner,
    leans: f64,
    length: f64,
    square: f64,
}

impl Upright {
    /// What most of the edges' length agrees on, in a picture of a width.
    pub(super) fn told_by(edges: &[Vec<Corner>], width: f64) -> Option<(Self, Quality)> {
        let edges: Vec<Edge> = edges.iter().filter_map(|edge| Edge::of(edge)).collect();
        let mut best: Option<(f64, Self)> = None;
        for (i, a) in edges.iter().enumerate() {
            for b in &edges[i..] {
                let guess = Self::through(a, b, width);
                let votes: f64 = edges.iter().filter(|e| guess.agrees(e)).map(|e| e.length).sum();
                if best.is_none_or(|(most, _)| votes > most) {
                    best = Some((votes, guess));
                }
            }
        }
        let (_, guess) = best?;
        let agreeing: Vec<&Edge> = edges.iter().filter(|edge| guess.agrees(edge)).collect();
        if agreeing.len() < FEWEST {
            return None;
        }
        let upright = guess.refined(&agreeing, width);
        let weight: f64 = agreeing.iter().map(|edge| edge.length).sum();
        // How far an edge's ends are off when it leans as it should, and its points beside the edge itself.
        let square =
            |edge: &&Edge| edge.length * (edge.square + (upright.off(edge) * edge.length).powi(2) / 12.0);
        let residual = (agreeing.iter().map(square).sum::<f64>() / weight).sqrt();
        Some((upright, Quality { used: agreeing.len(), residual_px: residual }))
    }

    /// How an upright thing at a place leans.
    fn leans_at(&self, [x, y]: Corner) -> f64 {
        let (sin, cos) = self.roll.sin_cos();
        // As seen with the roll taken away: the vanishing point is straight below.
        let (x, y) = (cos * x + sin * y, cos * y - sin * x);
        self.roll + (self.converges * x).atan2(1.0 - self.converges * y)
    }

    fn off(&self, edge: &Edge) -> f64 {
        edge.leans - self.leans_at(edge.middle)
    }

    fn agrees(&self, edge: &Edge) -> bool {
        self.off(edge).abs() < AGREES
    }

    /// From two edges: how the lean changes across is the convergence; of one edge, or two above each other, the usual.
    fn through(a: &Edge, b: &Edge, width: f64) -> Self {
        let across = b.middle[0] - a.middle[0];
        let usual = CONVERGES.0 / width;
        let converges =
            if across.abs() < 0.2 { usual } else { ((b.leans - a.leans) / across).clamp(-1.0, 2.0) };
        let level = Self { roll: 0.0, converges };
        Self { roll: ((level.off(a)) + level.off(b)) / 2.0, converges }.refined(&[a, b], width)
    }

    /// Least squares over edges, and the usual camera for what they do not tell.
    fn refined(self, edges: &[&Edge], width: f64) -> Self {
        let usual = |value: f64, (mean, deviation): (f64, f64)| (value - mean) / deviation;
        let of = |n: &[f64]| Self { roll: n[0], converges: n[1] };
        let residuals = |n: &[f64]| {
            let upright = of(n);
            let off = |edge: &&Edge| upright.off(edge) / (AGREES / 4.0) * edge.length.sqrt();
            let usual = [usual(n[0], ROLLED), usual(n[1] * width, CONVERGES)];
            edges.iter().map(off).chain(usual).collect()
        };
        of(&least_squares(&[self.roll, self.converges], residuals).0)
    }
}

impl Edge {
    /// `None` for one that is not near the vertical.
    fn of(points: &[Corner]) -> Option<Self> {
        let line = Line::through(points);
        let [x, y] = if line.direction[1] > 0.0 { line.direction.map(|v| -v) } else { line.direction };
        let leans = x.atan2(-y);
        let (first, last) = points.first().zip(points.last())?;
        let length = (last[0] - first[0]).hypot(last[1] - first[1]);
        (leans.abs() <= LEANS).then_some(Self { middle: line.middle, leans, length, square: line.square })
    }
}
