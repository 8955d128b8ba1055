//! People who stay: sightings of one place over many pictures, and the mean of their joints.

use super::Sighting;
use crate::draft::Corner;
use chuangming_domain::geometry::Rect;

/// Boxes that overlap this much are the same post: people move in their seats, posts don't.
const SAME_POST_IOU: f64 = 0.3;
/// More places than this are a crowd, not a counter.
const MOST_POSTS: usize = 48;
/// Below this score a joint is taken as not seen.
const SEEN: f64 = 0.2;
/// Fewer of the joints that measure tell nothing.
const FEWEST_JOINTS: usize = 3;
/// From this mean score on a joint counts fully.
const SURE: f64 = 0.5;

/// The joints of COCO that measure: nose, eyes, ears, shoulders, elbows. The desk hides the others, or they wander.
pub(super) const MEASURING: usize = 9;
const EYES: (usize, usize) = (1, 2);
const EARS: (usize, usize) = (3, 4);
const SHOULDERS: (usize, usize) = (5, 6);
const ARMS: [(usize, usize); 2] = [(5, 7), (6, 8)];
const HEAD: [usize; 5] = [0, 1, 2, 3, 4];

/// All places where people were seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Posts {
    posts: Vec<Post>,
}

/// The sightings of one place.
#[derive(Debug, Clone)]
struct Post {
    sum: [f64; 4],
    sightings: Vec<Sighting>,
}

/// What stays of a post: the mean of its joints, how much each counts, and the size of the person.
#[derive(Debug, Clone)]
pub(super) struct Stayed {
    /// Share of the pictures.
    pub(super) seen: f64,
    /// Where the joints are, in fractions.
    pub(super) joints: [Corner; MEASURING],
    /// How much each joint counts, 0 to 1.
    pub(super) weights: [f64; MEASURING],
    /// Distance of the shoulder joints seen from the front, in fractions of the picture's width.
    pub(super) shoulders: f64,
}

impl Posts {
    pub(super) fn add(&mut self, person: Sighting) {
        let same = |post: &&mut Post| post.mean().iou(person.region) >= SAME_POST_IOU;
        if let Some(post) = self.posts.iter_mut().find(same) {
            post.add(person);
        } else if self.posts.len() < MOST_POSTS {
            let mut post = Post { sum: [0.0; 4], sightings: Vec::new() };
            post.add(person);
            self.posts.push(post);
        }
    }

    /// The posts that were taken in at least a share of so many pictures.
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    pub(super) fn stayed(&self, looks: usize, least: f64, aspect: f64) -> Vec<Stayed> {
        let share = |post: &Post| (post.sightings.len() as f64 / looks.max(1) as f64).min(1.0);
        let often = self.posts.iter().filter(|post| share(post) >= least);
        often.filter_map(|post| post.stayed(share(post), aspect)).collect()
    }
}

impl Post {
    fn add(&mut self, person: Sighting) {
        for (sum, value) in self.sum.iter_mut().zip(person.region.to_array()) {
            *sum += value;
        }
        self.sightings.push(person);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    fn mean(&self) -> Rect {
        Rect::from_array(self.sum.map(|v| v / self.sightings.len().max(1) as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    fn stayed(&self, seen: f64, aspect: f64) -> Option<Stayed> {
        let n = self.sightings.len() as f64;
        let (mut joints, mut weights) = ([[0.0; 2]; MEASURING], [0.0; MEASURING]);
        let mut known = 0;
        for i in 0..MEASURING {
            let score = self.sightings.iter().map(|s| s.joints[i].score).sum::<f64>() / n;
            let place =
                |axis: usize| middle_half(self.sightings.iter().map(|s| s.joints[i].at[axis]).collect());
            joints[i] = [place(0), place(1)];
            weights[i] = (score / SURE).min(1.0).powi(2);
            let often = self.sightings.iter().filter(|s| s.joints[i].score >= SEEN).count() as f64;
            known += usize::from(often >= 0.5 * n);
        }
        let sizes: Vec<f64> = self.sightings.iter().filter_map(|s| shoulders(s, aspect)).collect();
        let enough = known >= FEWEST_JOINTS && !sizes.is_empty();
        enough.then(|| Stayed { seen, joints, weights, shoulders: middle_half(sizes) })
    }
}

/// The mean of the middle half of some values: neither one wild value nor a restless one moves it much.
#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn middle_half(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 4;
    let kept = &values[cut..values.len() - cut];
    kept.iter().sum::<f64>() / kept.len().max(1) as f64
}

/// The size of a person as the largest of what several lengths tell, as `models::crops` measures it: turning away only
/// shortens a length in the picture.
#[allow(clippy::cast_precision_loss, reason = "five joints")]
fn shoulders(person: &Sighting, aspect: f64) -> Option<f64> {
    let seen = |i: usize| {
        let joint = &person.joints[i];
        (joint.score >= SEEN).then(|| [joint.at[0], joint.at[1] / aspect])
    };
    let length = |a: Corner, b: Corner| (b[0] - a[0]).hypot(b[1] - a[1]);
    let between = |(a, b): (usize, usize)| Some(length(seen(a)?, seen(b)?));
    let head: Vec<Corner> = HEAD.iter().filter_map(|&i| seen(i)).collect();
    let n = head.len() as f64;
    let head =
        (!head.is_empty()).then(|| head.iter().fold([0.0; 2], |m, p| [m[0] + p[0] / n, m[1] + p[1] / n]));
    let collar =
        seen(SHOULDERS.0).zip(seen(SHOULDERS.1)).map(|(a, b)| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]);
    [
        between(SHOULDERS),
        between(EYES).map(|d| 4.0 * d),
        between(EARS).map(|d| 1.9 * d),
        between(ARMS[0]),
        between(ARMS[1]),
        head.zip(collar).map(|(head, collar)| 1.3 * length(head, collar)),
    ]
    .into_iter()
    .flatten()
    .reduce(f64::max)
    .filter(|size| *size > 0.0)
}
