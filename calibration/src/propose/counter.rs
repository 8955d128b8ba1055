//! A counter told by the people behind it: where the camera is, and where the seats are.
//!
//! Everybody who stays is fitted with one model of a seated person, all of them side by side on one line, by one camera;
//! people who do not fit (who face the other way, stand in front or walk behind) are left out. What people are not told
//! by is told by what cameras and people usually are. Lengths: GB/T 10000-1988, adults, sitting at a desk of 0.74 m.

use super::Proposal;
use super::post::{MEASURING, Stayed};
use super::view::{NUMBERS, View};
use crate::draft::Corner;
use crate::region::clipped;
use crate::scale::SHOULDERS_M;
use crate::solve::least_squares;
use chuangming_domain::geometry::Polygon;
use nalgebra::Vector3;

/// A seated person who faces the public (towards −y): joints in metres from the seat's middle on the floor, in COCO's
/// order, and how far people are off, in metres.
const SEATED: [([f64; 3], f64); MEASURING] = [
    ([0.0, -0.10, 1.18], 0.07),
    ([0.033, -0.08, 1.215], 0.07),
    ([-0.033, -0.08, 1.215], 0.07),
    ([0.075, 0.0, 1.19], 0.07),
    ([-0.075, 0.0, 1.19], 0.07),
    ([0.18, 0.05, 0.98], 0.06),
    ([-0.18, 0.05, 0.98], 0.06),
    ([0.24, -0.03, 0.76], 0.15),
    ([-0.24, -0.03, 0.76], 0.15),
];
/// Numbers fitted of each person: along the counter, away from it, and how much taller.
const OF_PERSON: usize = 3;
/// How far from the line seats are, and how much people differ in height, in metres.
const OFF_THE_LINE: f64 = 0.08;
const TALLER: f64 = 0.06;
/// Usual cameras: height in metres, roll in radians, logarithm of the focal length in picture widths; mean and deviation.
const HEIGHT: (f64, f64) = (2.35, 0.45);
const ROLL: (f64, f64) = (0.0, 0.035);
const LOG_FOCAL: (f64, f64) = (-0.105, 0.25);
/// Deviations from which a joint is more likely wrong than far off.
const WILD: f64 = 1.5;
/// A person whose residuals sum to more is nobody who sits here and faces the public.
const MISFIT: f64 = 16.0;
/// Headings from which the search starts, in degrees: in front, from the sides, from behind.
const HEADINGS: [f64; 7] = [0.0, 40.0, -40.0, 80.0, -80.0, 130.0, -130.0];
const LOOKS_DOWN: f64 = 0.38;
const CHEST: f64 = 1.08;

/// What an installer draws around a seat, in metres: across, from the desk's edge to behind the chair, from the desk top
/// to above a head.
const SEAT: [[f64; 2]; 3] = [[-0.48, 0.48], [-0.15, 0.75], [0.72, 1.60]];
/// The desk from the front: edge of the desk, its far edge, and a ledge towards the public, as depth and height.
const DESK: [[f64; 2]; 4] = [[-0.20, 0.74], [-0.76, 0.74], [-0.68, 0.84], [-0.98, 0.84]];
/// The share of the distance between two seats that a desk takes.
const DESK_SHARE: f64 = 0.96;
/// Distances of neighbouring seats in metres: the usual one, and those that are possible.
const USUAL_PITCH: f64 = 1.55;
const PITCHES: std::ops::Range<f64> = 1.15..2.2;
/// Seats closer than this are one seat: somebody who moves, or two at one window.
const SAME_SEAT: f64 = 0.7;
/// Smaller outlines are not worth a proposal, in fractions of the picture.
const SMALLEST: f64 = 2e-3;

/// A seat along the counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seat {
    /// In metres.
    pub(super) x: f64,
    /// Share of the pictures in which somebody was there.
    pub(super) seen: f64,
}

/// A camera and the seats that it sees.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    view: View,
    seats: Vec<Seat>,
}

impl Counter {
    /// The counter at which most of these people sit; `None` where nobody does.
    pub(super) fn told_by(people: &[Stayed], aspect: f64) -> Option<Self> {
        let fits = HEADINGS.iter().filter_map(|&heading| Fit::from(heading.to_radians(), people, aspect));
        let best = fits.max_by(|a, b| a.worth().total_cmp(&b.worth()))?;
        let view = View::new(&best.numbers[..NUMBERS], aspect);
        let seat = |(i, person): (usize, &&Stayed)| Seat {
            x: best.numbers[NUMBERS + OF_PERSON * i],
            seen: person.seen,
        };
        Some(Self { view, seats: merged(best.people.iter().enumerate().map(seat).collect()) })
    }

    /// In order along the counter.
    pub(super) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The distance of neighbouring windows: the middle one of the gaps that can be one, else a part of the smallest gap.
    pub(super) fn pitch(&self) -> f64 {
        let mut gaps: Vec<f64> = self.seats.windows(2).map(|pair| pair[1].x - pair[0].x).collect();
        gaps.sort_by(f64::total_cmp);
        let single: Vec<f64> = gaps.iter().copied().filter(|gap| PITCHES.contains(gap)).collect();
        if let Some(middle) = single.get(single.len() / 2) {
            return *middle;
        }
        let off = |pitch: &f64| (pitch - USUAL_PITCH).abs();
        let parts = gaps.first().into_iter().flat_map(|gap| (1..=6).map(move |n| gap / f64::from(n)));
        parts
            .filter(|part| PITCHES.contains(part))
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .unwrap_or(USUAL_PITCH)
    }

    /// The window around a place of the counter; `None` where the camera does not see it.
    pub(super) fn window(&self, x: f64, seen: f64) -> Option<Proposal> {
        let mut seat = Vec::new();
        for across in SEAT[0] {
            for depth in SEAT[1] {
                seat.extend(SEAT[2].map(|height| Vector3::new(x + across, depth, height)));
            }
        }
        let half = self.pitch() * DESK_SHARE / 2.0;
        let desk = [-half, half]
            .into_iter()
            .flat_map(|across| DESK.map(|[depth, height]| Vector3::new(x + across, depth, height)));
        Some(Proposal { seat: self.outline(seat)?, desk: self.outline(desk)?, seen })
    }

    /// The outline of room points in the picture.
    fn outline(&self, points: impl IntoIterator<Item = Vector3<f64>>) -> Option<Vec<Corner>> {
        let outline = hull(points.into_iter().map(|point| self.view.project(point)).collect());
        let rounded = |c: Corner| c.map(|v| (v * 1e4).round() / 1e4);
        let outline: Vec<Corner> = clipped(&outline).into_iter().map(rounded).collect();
        let polygon = Polygon::new(&outline).ok().filter(|polygon| polygon.area() >= SMALLEST)?;
        Some(polygon.corners().iter().map(|p| [p.x, p.y]).collect())
    }
}

/// Seats in order, those that are one merged.
fn merged(mut seats: Vec<Seat>) -> Vec<Seat> {
    seats.sort_by(|a, b| a.x.total_cmp(&b.x));
    let mut kept: Vec<Seat> = Vec::new();
    for seat in seats {
        match kept.last_mut().filter(|last| seat.x - last.x < SAME_SEAT) {
            Some(last) => {
                let seen = last.seen + seat.seen;
                last.x = (last.x * last.seen + seat.x * seat.seen) / seen;
                last.seen = seen.min(1.0);
            }
            None => kept.push(seat),
        }
    }
    kept
}

/// The camera and the people that fit it, from one heading.
struct Fit<'a> {
    numbers: Vec<f64>,
    sum: f64,
    people: Vec<&'a Stayed>,
}

impl<'a> Fit<'a> {
    /// Fits everybody, and again without whoever fits worst, until all that are left fit.
    fn from(heading: f64, people: &'a [Stayed], aspect: f64) -> Option<Self> {
        let mut people: Vec<&Stayed> = people.iter().collect();
        while !people.is_empty() {
            let start = start(heading, &people, aspect);
            let (numbers, sum) = least_squares(&start, |numbers| residuals(numbers, &people, aspect));
            let misfit = |i: usize| {
                let of_person = &numbers[NUMBERS + OF_PERSON * i..][..OF_PERSON];
                let view = View::new(&numbers[..NUMBERS], aspect);
                of_seated(&view, of_person, people[i], aspect).iter().map(|r| r * r).sum::<f64>()
            };
            let worst = (0..people.len()).map(|i| (i, misfit(i))).max_by(|a, b| a.1.total_cmp(&b.1));
            match worst {
                Some((i, sum)) if sum > MISFIT && people.len() > 1 => drop(people.remove(i)),
                _ => return Some(Self { numbers, sum, people }),
            }
        }
        None
    }

    /// Who is seen more often and fits better is more likely the staff.
    fn worth(&self) -> f64 {
        self.people.iter().map(|person| person.seen).sum::<f64>() - self.sum / (MISFIT * 2.0)
    }
}

/// Where the search starts: everybody as deep in the picture as the shoulders tell, the first one in the origin.
fn start(heading: f64, people: &[&Stayed], aspect: f64) -> Vec<f64> {
    let focal = LOG_FOCAL.0.exp();
    let of_view = [0.0, 0.0, 0.0, heading, LOOKS_DOWN, 0.0, LOG_FOCAL.0];
    let view = View::new(&of_view, aspect);
    let places: Vec<Vector3<f64>> = people
        .iter()
        .map(|person| view.at_depth(person.middle(), focal * SHOULDERS_M / person.shoulders))
        .collect();
    let position = Vector3::new(0.0, 0.0, CHEST) - places[0];
    let height = if (position.z - HEIGHT.0).abs() > 2.0 * HEIGHT.1 { HEIGHT.0 } else { position.z };
    let mut numbers = vec![position.x, position.y, height];
    numbers.extend(&of_view[3..]);
    numbers.extend(places.iter().flat_map(|place| [place.x - places[0].x, 0.0, 0.0]));
    numbers
}

impl Stayed {
    /// The mean place of the joints, as much as each counts.
    fn middle(&self) -> Corner {
        let sum: f64 = self.weights.iter().sum::<f64>() + 1e-9;
        let mean =
            |axis: usize| self.joints.iter().zip(self.weights).map(|(j, w)| w * j[axis]).sum::<f64>() / sum;
        [mean(0), mean(1)]
    }
}

/// What everybody is off, and the camera from the usual ones, in deviations.
fn residuals(numbers: &[f64], people: &[&Stayed], aspect: f64) -> Vec<f64> {
    let view = View::new(&numbers[..NUMBERS], aspect);
    let mut off = Vec::with_capacity(people.len() * (2 * MEASURING + OF_PERSON) + NUMBERS);
    for (of_person, person) in numbers[NUMBERS..].chunks(OF_PERSON).zip(people) {
        off.extend(of_seated(&view, of_person, person, aspect));
        off.extend([of_person[1] / OFF_THE_LINE, of_person[2] / TALLER]);
    }
    let usual = |value: f64, (mean, deviation): (f64, f64)| (value - mean) / deviation;
    off.extend([usual(numbers[2], HEIGHT), usual(numbers[5], ROLL), usual(numbers[6], LOG_FOCAL)]);
    // The first person is the origin along the counter.
    off.push(numbers[NUMBERS] / 1e-3);
    off
}

/// What one person's joints are off, in deviations; far ones count less and less.
fn of_seated(view: &View, of_person: &[f64], person: &Stayed, aspect: f64) -> Vec<f64> {
    let seat = Vector3::new(of_person[0], of_person[1], of_person[2]);
    let metres = SHOULDERS_M / person.shoulders;
    let joints = SEATED.iter().zip(person.joints.iter().zip(person.weights));
    joints
        .flat_map(|(&(joint, deviation), (seen, weight))| {
            let expected = view.project(seat + Vector3::from(joint));
            let scale = weight.sqrt() * metres / deviation;
            let (dx, dy) = ((expected[0] - seen[0]) * scale, (expected[1] - seen[1]) / aspect * scale);
            let far = dx.hypot(dy) + 1e-9;
            // The pseudo-Huber loss as a factor.
            let factor = WILD / far * (2.0 * ((1.0 + (far / WILD).powi(2)).sqrt() - 1.0)).sqrt();
            [dx * factor, dy * factor]
        })
        .collect()
}

/// The convex hull (Andrew's monotone chain), without points inside edges.
fn hull(mut points: Vec<Corner>) -> Vec<Corner> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turn =
        |a: Corner, b: Corner, c: Corner| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let half = |points: &mut dyn Iterator<Item = Corner>| {
        let mut kept: Vec<Corner> = Vec::new();
        for point in points {
            while kept.len() > 1 && turn(kept[kept.len() - 2], kept[kept.len() - 1], point) <= 0.0 {
                kept.pop();
            }
            kept.push(point);
        }
        kept.pop();
        kept
    };
    let mut outline = half(&mut points.iter().copied());
    outline.extend(half(&mut points.iter().rev().copied()));
    outline
}
