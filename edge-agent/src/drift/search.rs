//! Where a view went: the whole picture first, then each block of it by itself.

use super::edges::{Edges, WIDTH, about};
use super::view::{Spot, View};
use chuangming_calibration::{Drift, Match};

/// The whole is looked for this far away, in shares of the width and height.
const FAR: f64 = 0.35;
/// Steps of that search in pixels: [`Edges::near`] forgives one.
const STEP: i32 = 2;
/// So many points are enough for it.
const SOME: usize = 320;
/// A block is looked for this far around where the whole went, in pixels: it turns and zooms too.
const AROUND: i32 = 18;
/// A block counts as found from this share of its points on,
const FOUND: f32 = 0.6;
/// if it is found that well nowhere else; within so many pixels is not elsewhere.
const ELSEWHERE: i32 = 4;
const RIVAL: f32 = 0.9;

/// Where the view as a whole went, if it only moved.
pub(super) fn shift(view: &View, edges: &Edges) -> Drift {
    let (dx, dy) = whole(view, edges);
    let (width, height) = edges.size();
    Drift {
        dx: f64::from(dx) / f64::from(width),
        dy: f64::from(dy) / f64::from(height),
        scale: 1.0,
        roll_deg: 0.0,
        matched: 0,
        residual_px: 0.0,
    }
}

/// Where the middle of each block that was found was and is, in fractions of the picture.
pub(super) fn matches(view: &View, edges: &Edges) -> Vec<Match> {
    let (dx, dy) = whole(view, edges);
    let size = (WIDTH as f64, edges.height() as f64);
    let pair = |spots: &Vec<Spot>| {
        let (x, y) = block(spots, edges, (dx, dy))?;
        let middle = middle(spots);
        let fraction = |x: f64, y: f64| [x / size.0, y / size.1];
        Some((fraction(middle.0, middle.1), fraction(middle.0 + f64::from(x), middle.1 + f64::from(y))))
    };
    view.blocks().iter().filter_map(pair).collect()
}

/// The movement in pixels with which most points are found.
#[allow(clippy::cast_possible_truncation, reason = "pixels of a small picture")]
fn whole(view: &View, edges: &Edges) -> (i32, i32) {
    let every = view.spots.len().div_ceil(SOME).max(1);
    let spots: Vec<Spot> = view.spots.iter().step_by(every).copied().collect();
    let (far_x, far_y) = ((WIDTH as f64 * FAR) as i32, (edges.height() as f64 * FAR) as i32);
    let mut best = (0, (0, 0));
    for dy in (-far_y..=far_y).step_by(STEP as usize) {
        for dx in (-far_x..=far_x).step_by(STEP as usize) {
            let hits = hits(&spots, edges, dx, dy);
            if hits > best.0 {
                best = (hits, (dx, dy));
            }
        }
    }
    best.1
}

/// The movement of one block; `None` where it is not found, or in several places.
fn block(spots: &[Spot], edges: &Edges, about: (i32, i32)) -> Option<(i32, i32)> {
    let side = 2 * AROUND + 1;
    let shift = |i: i32| (about.0 + i % side - AROUND, about.1 + i / side - AROUND);
    let scores: Vec<usize> = (0..side * side)
        .map(|i| {
            let (dx, dy) = shift(i);
            hits(spots, edges, dx, dy)
        })
        .collect();
    let most = *scores.iter().max()?;
    if (most as f32) < FOUND * spots.len() as f32 {
        return None;
    }
    let good: Vec<(i32, i32)> =
        (0..side * side).filter(|i| scores[*i as usize] as f32 >= RIVAL * most as f32).map(shift).collect();
    let n = i32::try_from(good.len()).ok()?;
    // The best places form a small patch; its middle is the movement.
    let mean = good.iter().fold((0, 0), |sum, s| (sum.0 + s.0, sum.1 + s.1));
    let mean = ((f64::from(mean.0) / f64::from(n)).round(), (f64::from(mean.1) / f64::from(n)).round());
    #[allow(clippy::cast_possible_truncation, reason = "pixels of a small picture")]
    let mean = (mean.0 as i32, mean.1 as i32);
    let close = |s: &(i32, i32)| (s.0 - mean.0).abs() <= ELSEWHERE && (s.1 - mean.1).abs() <= ELSEWHERE;
    good.iter().all(close).then_some(mean)
}

fn hits(spots: &[Spot], edges: &Edges, dx: i32, dy: i32) -> usize {
    let there = |s: &&Spot| edges.near(i32::from(s.x) + dx, i32::from(s.y) + dy) & about(s.direction) != 0;
    spots.iter().filter(there).count()
}

fn middle(spots: &[Spot]) -> (f64, f64) {
    let n = spots.len().max(1) as f64;
    let sum = spots.iter().fold((0.0, 0.0), |s, p| (s.0 + f64::from(p.x), s.1 + f64::from(p.y)));
    (sum.0 / n, sum.1 / n)
}
