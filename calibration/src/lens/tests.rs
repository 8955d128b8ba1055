use super::*;
use chuangming_domain::id::CameraId;
use nalgebra::{Rotation3, Vector3};
use proptest::prelude::*;

const SIZE: (u32, u32) = (1280, 720);

/// A camera that looks down and is rolled, with a lens.
struct Camera {
    turn: Rotation3<f64>,
    roll: f64,
    lens: Distortion,
    /// In half diagonals.
    focal: f64,
}

impl Camera {
    fn new(down_deg: f64, roll_deg: f64, k1: f64, k2: f64) -> Self {
        let turn = Rotation3::from_axis_angle(&Vector3::x_axis(), -down_deg.to_radians());
        Self { turn, roll: roll_deg.to_radians(), lens: Distortion { k1, k2 }, focal: 1.6 }
    }

    /// Where a room point is seen, in fractions: x right, y up, z away from the camera, metres from it.
    fn sees(&self, x: f64, y: f64, z: f64) -> Corner {
        let p = self.turn * Vector3::new(x, y, z);
        let (u, v) = (self.focal * p.x / p.z, -self.focal * p.y / p.z);
        let (sin, cos) = self.roll.sin_cos();
        let [u, v] = self.lens.distorted([cos * u - sin * v, sin * u + cos * v]);
        let half = f64::from(SIZE.0).hypot(f64::from(SIZE.1)) / 2.0;
        [0.5 + u * half / f64::from(SIZE.0), 0.5 + v * half / f64::from(SIZE.1)]
    }

    /// Points along a straight edge of the room, those in the picture, off by up to `noise` pixels.
    fn edge(
        &self,
        from: [f64; 3],
        to: [f64; 3],
        noise: f64,
        random: &mut impl FnMut() -> f64,
    ) -> Vec<Corner> {
        let point = |i: i32| {
            let t = f64::from(i) / 30.0;
            let [x, y, z] = std::array::from_fn(|a| from[a] + t * (to[a] - from[a]));
            let [u, v] = self.sees(x, y, z);
            [u + noise * random() / f64::from(SIZE.0), v + noise * random() / f64::from(SIZE.1)]
        };
        (0..=30).map(point).filter(|c| c.iter().all(|v| (0.0..=1.0).contains(v))).collect()
    }

    /// Door frames, cabinets and counter edges of a hall; with things that are neither straight nor upright.
    fn hall(&self, noise: f64, random: &mut impl FnMut() -> f64) -> Vec<Vec<Corner>> {
        let mut edges = Vec::new();
        for x in [-2.4, -1.9, -1.1, -0.4, 0.3, 1.2, 1.8, 2.3] {
            edges.push(self.edge([x, -2.5, 4.5], [x, 0.8, 4.5], noise, random));
        }
        for y in [-2.2, -1.4, -0.9, 0.1] {
            edges.push(self.edge([-3.0, y, 4.0], [3.0, y, 4.2], noise, random));
        }
        // A leaning umbrella, a ladder, the arc of a chair's back.
        edges.push(self.edge([-0.8, -1.8, 4.0], [-0.5, -0.8, 4.0], noise, random));
        edges.push(self.edge([0.9, -2.0, 4.0], [1.3, -0.2, 4.0], noise, random));
        let arc = |i: i32| {
            let a = f64::from(i) * 0.1;
            self.sees(0.5 * a.cos(), -1.2 + 0.5 * a.sin(), 4.0)
        };
        edges.push((0..20).map(arc).collect());
        edges
    }
}

fn random(mut seed: u32) -> impl FnMut() -> f64 {
    move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 8) / f64::from(1u32 << 23) - 1.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_hall_tells_lens_and_roll(
        down in 0f64..35.0, roll in -8f64..8.0, k1 in -0.08f64..0.3, seed in 0u32..1000,
    ) {
        let camera = Camera::new(down, roll, k1, 0.0);
        let fit = LensFit::from_edges(&camera.hall(0.5, &mut random(seed)), SIZE).unwrap();
        prop_assert!((fit.k1 - k1).abs() < 0.03, "k1 {} for {k1}", fit.k1);
        prop_assert!((fit.roll_deg - roll).abs() < 0.6, "roll {} for {roll}", fit.roll_deg);
        prop_assert!(fit.distortion.residual_px < 1.0 && fit.vertical.residual_px < 2.0, "{fit:?}");
    }

    #[test]
    fn a_chart_tells_both_coefficients(
        down in 0f64..30.0, roll in -8f64..8.0, k1 in -0.05f64..0.25, k2 in -0.02f64..0.1, seed in 0u32..1000,
    ) {
        let camera = Camera::new(down, roll, k1, k2);
        let mut random = random(seed);
        // Held upright in front of the camera, near enough to fill most of the picture.
        let height = -1.8 * f64::tan(f64::to_radians(down));
        let mut corners = Vec::new();
        for column in 0..12 {
            for row in 0..8 {
                let (x, y) = (f64::from(column - 6) * 0.13, height - f64::from(row - 4) * 0.13);
                let [u, v] = camera.sees(x, y, 1.8);
                let at = [u + 0.2 * random() / f64::from(SIZE.0), v + 0.2 * random() / f64::from(SIZE.1)];
                corners.push(ChartCorner { column, row, at });
            }
        }
        corners.retain(|c| c.at.iter().all(|v| (0.0..=1.0).contains(v)));
        let fit = LensFit::from_chart(&corners, SIZE).unwrap();
        // What counts is the mapping, not each coefficient: in pixels at two thirds of the way to the corner.
        let (found, truth) = (Distortion { k1: fit.k1, k2: fit.k2 }, camera.lens);
        let off = (found.undistorted([0.65, 0.0])[0] - truth.undistorted([0.65, 0.0])[0]) * 734.0;
        prop_assert!(off.abs() < 6.0, "{off} px: {fit:?} for {k1} {k2}");
        prop_assert!((fit.roll_deg - roll).abs() < 0.6, "roll {} for {roll}", fit.roll_deg);
    }

    #[test]
    fn distorting_undoes_undistorting(k1 in -0.2f64..0.5, k2 in -0.02f64..0.2, x in -0.9f64..0.9, y in -0.5f64..0.5) {
        let lens = Distortion { k1, k2 };
        let [u, v] = lens.distorted(lens.undistorted([x, y]));
        prop_assert!((u - x).abs() < 1e-6 && (v - y).abs() < 1e-6);
    }
}

#[test]
fn too_few_edges_tell_nothing() {
    assert_eq!(LensFit::from_edges(&[], SIZE), Err(TooFewEdges { found: 0 }));
    let camera = Camera::new(20.0, 3.0, 0.1, 0.0);
    let edge = |x: f64| camera.edge([x, -2.0, 4.0], [x, 0.5, 4.0], 0.0, &mut || 0.0);
    assert_eq!(LensFit::from_edges(&[edge(-1.0), edge(1.0)], SIZE), Err(TooFewEdges { found: 2 }));
    let short = vec![vec![[0.5, 0.5], [0.51, 0.5]]; 9];
    assert_eq!(LensFit::from_edges(&short, SIZE), Err(TooFewEdges { found: 0 }));
}

#[test]
fn the_lean_is_the_roll_in_the_middle_and_what_the_lens_turns_beside_it() {
    let lens = |k1: f64, roll_deg: f64| Lens {
        camera: CameraId::new("c").unwrap(),
        k1,
        k2: 0.0,
        centre: [0.5, 0.5],
        roll_deg,
    };
    let check = |k1, roll, place, expected: f64| {
        let lean = lean_at(&lens(k1, roll), place, SIZE);
        assert!((lean - expected).abs() < 0.05, "{k1} {roll} {place:?}: {lean} for {expected}");
    };
    check(0.0, 0.0, [0.2, 0.8], 0.0);
    check(0.0, 4.0, [0.2, 0.8], 4.0);
    check(0.3, -3.0, [0.5, 0.5], -3.0);
    check(0.3, 0.0, [0.9, 0.5], 0.0);
    // A barrel bows upright edges outwards: in the upper left their upper end leans towards the middle.
    assert!(lean_at(&lens(0.3, 0.0), [0.1, 0.1], SIZE) > 2.0);
    assert!(lean_at(&lens(0.3, 0.0), [0.1, 0.9], SIZE) < -2.0);
    // It is what an upright pole at the side looks like.
    let camera = Camera::new(0.0, 2.0, 0.2, 0.0);
    let (below, above) = (camera.sees(-1.5, 0.7, 3.0), camera.sees(-1.5, 0.702, 3.0));
    let seen = ((above[0] - below[0]) * 1280.0).atan2((below[1] - above[1]) * 720.0).to_degrees();
    check(0.2, 2.0, below, seen);
}
