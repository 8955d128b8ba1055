//! How a camera has moved since its windows were drawn, and the windows where they are now.
//!
//! What a fixed camera that was pushed sees is, for a small push, the old picture shifted, turned and scaled: a similarity.
//! It is told from places of the reference found again in the picture, most of them rightly: RANSAC (Fischler and Bolles,
//! 1981) over pairs of matches, then least squares over all that agree.

use crate::draft::{Corner, Draft};
use crate::region::clipped;
use serde::Serialize;
use utoipa::ToSchema;

/// A place in the reference and the same place now, in fractions of the picture.
pub type Match = (Corner, Corner);

/// How the picture has moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Drift {
    /// To the right, at the middle of the picture, in fractions of its width.
    pub dx: f64,
    /// Down, at the middle of the picture, in fractions of its height.
    pub dy: f64,
    /// How much larger things are now; 1 is as before.
    pub scale: f64,
    /// How far things are turned, in degrees: positive where upright things lean to the right at their upper end.
    pub roll_deg: f64,
    /// How many matches agree.
    pub matched: usize,
    /// Root mean square of what the matches that agree are off, in pixels.
    pub residual_px: f64,
}

/// Matches that are off by less than this share of the picture's diagonal agree.
const AGREES: f64 = 0.004;
/// Fewer matches than this say nothing.
const FEWEST: usize = 6;
/// A smaller share of matches that agree is chance.
const SHARE: f64 = 0.3;
/// So many pairs are tried at most: with a third of the matches right, all but 1 in 10^20 searches meet a right pair.
const MOST_TRIES: usize = 400;

impl Drift {
    /// What most of the matches agree on; `None` where too few do.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "matches are few")]
    pub fn estimate(matches: &[Match], (width, height): (u32, u32)) -> Option<Self> {
        let size = [f64::from(width), f64::from(height)];
        let matches: Vec<_> = matches.iter().map(|&(a, b)| (centred(a, size), centred(b, size))).collect();
        let reach = AGREES * size[0].hypot(size[1]);
        let agreeing =
            |s: &Similarity| -> Vec<_> { matches.iter().copied().filter(|m| s.off(*m) < reach).collect() };
        let mut best = Vec::new();
        for (i, j) in some_pairs(matches.len()) {
            let Some(guess) = Similarity::fitted(&[matches[i], matches[j]]) else { continue };
            let agree = agreeing(&guess);
            if agree.len() > best.len() {
                best = agree;
            }
        }
        let similarity = Similarity::fitted(&agreeing(&Similarity::fitted(&best)?))?;
        let agree = agreeing(&similarity);
        if agree.len() < FEWEST || (agree.len() as f64) < SHARE * matches.len() as f64 {
            return None;
        }
        let squares: f64 = agree.iter().map(|m| similarity.off(*m).powi(2)).sum();
        let Similarity { a, b, shift } = similarity;
        Some(Self {
            dx: shift[0] / size[0],
            dy: shift[1] / size[1],
            scale: a.hypot(b),
            roll_deg: b.atan2(a).to_degrees(),
            matched: agree.len(),
            residual_px: (squares / agree.len() as f64).sqrt(),
        })
    }

    /// Everything of a camera where it is now, clipped to the picture; what left the picture has no corners any more.
    #[must_use]
    pub fn apply(&self, draft: &Draft, camera: &str, size: (u32, u32)) -> Draft {
        let mut draft = draft.clone();
        let move_all = |corners: &mut Vec<Corner>| {
            let moved: Vec<_> = corners.iter().map(|&corner| self.place(corner, size)).collect();
            *corners = clipped(&moved);
        };
        for window in draft.windows.iter_mut().filter(|window| window.camera == camera) {
            move_all(&mut window.seat);
            window.desk.iter_mut().for_each(move_all);
        }
        draft.smoking_zones.iter_mut().filter(|z| z.camera == camera).for_each(|z| move_all(&mut z.polygon));
        draft.privacy_masks.iter_mut().filter(|m| m.camera == camera).for_each(|m| move_all(&mut m.polygon));
        for lens in draft.lenses.iter_mut().filter(|lens| lens.camera == camera) {
            lens.roll_deg += self.roll_deg;
        }
        draft.rounded()
    }

    /// Where a place of the reference is now, in fractions; it may lie outside the picture.
    #[must_use]
    pub fn place(&self, place: Corner, (width, height): (u32, u32)) -> Corner {
        let size = [f64::from(width), f64::from(height)];
        let (sin, cos) = self.roll_deg.to_radians().sin_cos();
        let shift = [self.dx * size[0], self.dy * size[1]];
        let similarity = Similarity { a: self.scale * cos, b: self.scale * sin, shift };
        let [x, y] = similarity.place(centred(place, size));
        [0.5 + x / size[0], 0.5 + y / size[1]]
    }
}

/// Pixels from the middle of the picture.
fn centred([x, y]: Corner, [width, height]: [f64; 2]) -> [f64; 2] {
    [(x - 0.5) * width, (y - 0.5) * height]
}

/// `(x, y)` → `(a x − b y, b x + a y)` plus a shift: as complex numbers, one product and one sum.
#[derive(Debug, Clone, Copy)]
struct Similarity {
    a: f64,
    b: f64,
    shift: [f64; 2],
}

impl Similarity {
    /// Least squares; `None` where all places are one.
    #[allow(clippy::cast_precision_loss, reason = "matches are few")]
    fn fitted(matches: &[Match]) -> Option<Self> {
        let n = matches.len() as f64;
        let mean = |pick: fn(&Match) -> Corner| {
            let sum = matches.iter().map(pick).fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
            sum.map(|v| v / n)
        };
        let (from, to) = (mean(|m| m.0), mean(|m| m.1));
        let (mut a, mut b, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in matches {
            let (p, q) = ([p[0] - from[0], p[1] - from[1]], [q[0] - to[0], q[1] - to[1]]);
            a += p[0] * q[0] + p[1] * q[1];
            b += p[0] * q[1] - p[1] * q[0];
            spread += p[0] * p[0] + p[1] * p[1];
        }
        if spread < 1.0 {
            return None;
        }
        let (a, b) = (a / spread, b / spread);
        let shift = [to[0] - a * from[0] + b * from[1], to[1] - b * from[0] - a * from[1]];
        Some(Self { a, b, shift })
    }

    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.shift[0], self.b * x + self.a * y + self.shift[1]]
    }

    fn off(&self, (from, to): ([f64; 2], [f64; 2])) -> f64 {
        let [x, y] = self.place(from);
        (x - to[0]).hypot(y - to[1])
    }
}

/// Pairs of different indices, all of them or as many as are tried, spread evenly over all.
fn some_pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = n * n.saturating_sub(1) / 2;
    let step = all.div_ceil(MOST_TRIES).max(1);
    let pairs = (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j)));
    pairs.step_by(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{DraftLens, DraftWindow};
    use proptest::prelude::*;

    const SIZE: (u32, u32) = (1280, 720);

    fn moved(dx: f64, dy: f64, scale: f64, roll_deg: f64) -> Drift {
        Drift { dx, dy, scale, roll_deg, matched: 0, residual_px: 0.0 }
    }

    proptest! {
        #[test]
        fn a_push_is_found_again_among_wrong_matches(
            dx in -0.2f64..0.2, dy in -0.2f64..0.2, scale in 0.8f64..1.25, roll in -20f64..20.0,
            places in prop::collection::vec(prop::array::uniform2(0.0f64..1.0), 20..60),
            wrong in prop::collection::vec(prop::array::uniform2(0.0f64..1.0), 20),
            noise in prop::collection::vec(prop::array::uniform2(-0.5f64..0.5), 60),
        ) {
            let truth = moved(dx, dy, scale, roll);
            let mut matches: Vec<Match> = places.iter().zip(&noise).map(|(&place, noise)| {
                let [x, y] = truth.place(place, SIZE);
                (place, [x + noise[0] / 1280.0, y + noise[1] / 720.0])
            }).collect();
            matches.extend(wrong.iter().map(|&place| (place, [place[1], place[0]])));
            let found = Drift::estimate(&matches, SIZE).unwrap();
            prop_assert!(found.matched >= places.len());
            prop_assert!((found.dx - dx).abs() < 0.002 && (found.dy - dy).abs() < 0.003, "{found:?}");
            prop_assert!((found.scale - scale).abs() < 0.005 && (found.roll_deg - roll).abs() < 0.3, "{found:?}");
            prop_assert!(found.residual_px < 2.5);
        }
    }

    #[test]
    fn chance_is_no_push() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1u32 << 24)
        };
        let mut corner = || [random(), random()];
        let matches: Vec<Match> = (0..80).map(|_| (corner(), corner())).collect();
        assert_eq!(Drift::estimate(&matches, SIZE), None);
        assert_eq!(Drift::estimate(&[], SIZE), None);
        assert_eq!(Drift::estimate(&[([0.5, 0.5], [0.5, 0.5]); 20], SIZE), None);
    }

    #[test]
    fn windows_go_along_and_end_at_the_edge() {
        let window = |id: &str, camera: &str| DraftWindow {
            id: id.into(),
            camera: camera.into(),
            seat: vec![[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]],
            desk: Some(vec![[0.85, 0.6], [0.95, 0.6], [0.95, 0.9]]),
            post: 1,
            required: vec![],
            permitted: vec![],
        };
        let lens = DraftLens { camera: "a".into(), k1: 0.1, k2: 0.0, centre: [0.5, 0.5], roll_deg: 1.0 };
        let draft = Draft {
            windows: vec![window("1", "a"), window("2", "b")],
            lenses: vec![lens],
            ..Draft::default()
        };
        let now = moved(0.2, 0.1, 1.0, 0.0).apply(&draft, "a", SIZE);
        assert_eq!(now.windows[0].seat, [[0.3, 0.3], [0.6, 0.3], [0.6, 0.7], [0.3, 0.7]]);
        assert_eq!(now.windows[0].desk.as_deref(), Some(&[][..]));
        assert_eq!((&now.windows[1], now.lenses[0].roll_deg), (&draft.windows[1], 1.0));
        let turned = moved(0.0, 0.0, 1.0, 10.0).apply(&draft, "a", SIZE);
        assert_eq!(turned.lenses[0].roll_deg, 11.0);
        // Upright edges lean to the right at their upper end.
        let [[x0, y0], [x1, y1]] = [turned.windows[0].seat[3], turned.windows[0].seat[0]];
        let lean = ((x1 - x0) * 1280.0).atan2((y0 - y1) * 720.0).to_degrees();
        assert!((lean - 10.0).abs() < 0.1, "{lean}");
        let cut = moved(-0.2, 0.0, 1.0, 0.0).apply(&draft, "a", SIZE);
        let left = cut.windows[0].seat.iter().map(|c| c[0]).fold(1.0, f64::min);
        assert_eq!((cut.windows[0].seat.len(), left), (4, 0.0));
    }
}
