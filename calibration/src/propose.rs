//! Proposes seat and desk polygons from person boxes collected over some frames.

use chuangming_domain::geometry::Rect;
use chuangming_domain::id::CameraId;
use std::fmt::Write as _;

/// A window that an installer may accept or correct; corners in fractions, clockwise from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Where the staff member is.
    pub seat: [[f64; 2]; 4],
    /// The desk top in front of the seat.
    pub desk: [[f64; 2]; 4],
    /// Share of the frames in which somebody was seen there; 0 for the fallback.
    pub seen: f64,
}

/// Boxes that overlap this much are the same post: people move in their seats, posts don't.
const SAME_POST_IOU: f64 = 0.3;
/// A post is where somebody was in at least this share of the frames; passers-by are not.
const MIN_SEEN: f64 = 0.3;
/// Used where nobody was seen: the middle of the picture.
const FALLBACK: Rect = Rect { x: 0.3, y: 0.2, width: 0.4, height: 0.5 };

/// Windows from left to right for the person boxes of each frame.
///
/// Boxes of one post are averaged over the frames. Where nobody stayed anywhere, one window in the middle
/// of the picture is proposed with `seen` 0, so that the installer has something to drag.
#[must_use]
pub fn propose(frames: &[Vec<Rect>]) -> Vec<Proposal> {
    let mut posts: Vec<Post> = Vec::new();
    for boxes in frames {
        for &person in boxes {
            match posts.iter_mut().find(|post| post.mean().iou(person) >= SAME_POST_IOU) {
                Some(post) => post.add(person),
                None => posts.push(Post::new(person)),
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "frame counts are small")]
    let share = |post: &Post| (post.count as f64 / frames.len().max(1) as f64).min(1.0);
    let mut proposals: Vec<Proposal> = posts
        .iter()
        .filter(|post| share(post) >= MIN_SEEN)
        .map(|post| around(post.mean(), share(post)))
        .collect();
    proposals.sort_by(|a, b| a.seat[0][0].total_cmp(&b.seat[0][0]));
    if proposals.is_empty() { vec![around(FALLBACK, 0.0)] } else { proposals }
}

/// A running mean of boxes.
struct Post {
    sum: [f64; 4],
    count: usize,
}

impl Post {
    fn new(first: Rect) -> Self {
        Self { sum: first.to_array(), count: 1 }
    }

    fn add(&mut self, person: Rect) {
        for (sum, value) in self.sum.iter_mut().zip(person.to_array()) {
            *sum += value;
        }
        self.count += 1;
    }

    #[allow(clippy::cast_precision_loss, reason = "frame counts are small")]
    fn mean(&self) -> Rect {
        Rect::from_array(self.sum.map(|v| v / self.count as f64))
    }
}

/// Room to move around the person for the seat; below it, wider, the desk.
fn around(person: Rect, seen: f64) -> Proposal {
    let centre = person.centre().x;
    let bottom = person.y + person.height;
    let seat = corners(centre, person.width * 0.7, person.y - person.height * 0.2, bottom);
    let desk =
        corners(centre, person.width * 0.85, bottom - person.height * 0.25, bottom + person.height * 0.3);
    Proposal { seat, desk, seen }
}

fn corners(centre: f64, half_width: f64, top: f64, bottom: f64) -> [[f64; 2]; 4] {
    let inside = |v: f64| (v.clamp(0.0, 1.0) * 1e4).round() / 1e4;
    let (left, right) = (inside(centre - half_width), inside(centre + half_width));
    let (top, bottom) = (inside(top), inside(bottom));
    [[left, top], [right, top], [right, bottom], [left, bottom]]
}

/// The proposals as a `calibration.toml` for one camera, windows numbered from 1.
#[must_use]
pub fn to_toml(proposals: &[Proposal], camera: &CameraId) -> String {
    let mut text = String::from("version = 1\n");
    for (i, proposal) in proposals.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[windows]]\nid = \"{}\"\ncamera = \"{camera}\"\nseat = {:?}\ndesk = {:?}\n",
            i + 1,
            proposal.seat,
            proposal.desk
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::calibration::Calibration;
    use proptest::prelude::*;

    fn person(x: f64) -> Rect {
        Rect { x, y: 0.3, width: 0.15, height: 0.4 }
    }

    #[test]
    fn posts_are_where_people_stay() {
        let check = |name: &str, frames: Vec<Vec<Rect>>, centres: &[f64]| {
            let got: Vec<f64> =
                propose(&frames).iter().map(|p| (p.seat[0][0] + p.seat[1][0]) / 2.0).collect();
            assert_eq!(got.len(), centres.len(), "{name}: {got:?}");
            assert!(got.iter().zip(centres).all(|(g, c)| (g - c).abs() < 0.02), "{name}: {got:?}");
        };
        check("nobody", vec![vec![]; 10], &[0.5]);
        check("no frames", vec![], &[0.5]);
        check("two posts, right one seen first", vec![vec![person(0.6), person(0.1)]; 10], &[0.175, 0.675]);
        let fidgeting = (0..10).map(|i| vec![person(0.3 + 0.01 * f64::from(i % 3))]).collect();
        check("a person who moves in the seat", fidgeting, &[0.385]);
        let mut passer_by = vec![vec![person(0.1)]; 10];
        passer_by[4].push(person(0.7));
        check("somebody who walks by once", passer_by, &[0.175]);
    }

    proptest! {
        #[test]
        fn every_proposal_is_a_valid_calibration(
            boxes in prop::collection::vec(prop::array::uniform4(0.0f64..1.0), 0..6), frames in 1usize..5,
        ) {
            let boxes: Vec<Rect> = boxes.into_iter()
                .map(|[x, y, w, h]| Rect { x: x * 0.8, y: y * 0.7, width: 0.05 + w * 0.2, height: 0.05 + h * 0.25 })
                .collect();
            let camera = CameraId::new("cam-1").unwrap();
            let text = to_toml(&propose(&vec![boxes; frames]), &camera);
            let parsed = Calibration::parse(&text, "proposed");
            prop_assert!(parsed.is_ok(), "{}\n{}", parsed.unwrap_err(), text);
        }
    }
}
