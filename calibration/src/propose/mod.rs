//! Windows proposed from what was seen over a minute, before anything is drawn by hand.
//!
//! Boxes alone do not do: how far a desk lies below a person in the picture depends on where the camera hangs. But a
//! seated person is a ruler. From the joints of everybody who stays, [`counter`] tells where the camera is and where the
//! seats are along the counter, and a window of the usual measures is then drawn around each seat. A gap as wide as two
//! windows holds an empty one, and so does a place beside the last seat where a desk's things lie.

mod counter;
mod post;
mod view;

use crate::draft::{Corner, Draft, DraftWindow};
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::item::ItemClass;
use counter::Counter;
use post::Posts;
use serde::Serialize;
use utoipa::ToSchema;

/// A joint of a person; in memory only, as it cannot be serialised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint {
    /// Where, in fractions of the picture.
    pub at: Corner,
    /// How sure it is, 0 to 1.
    pub score: f64,
}

/// A person in one picture; in memory only.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The box around the person.
    pub region: Rect,
    /// The joints in the order of COCO.
    pub joints: [Joint; 17],
}

/// A thing in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// What it is.
    pub class: ItemClass,
    /// The box around it.
    pub region: Rect,
}

/// A window that an installer may accept or correct.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Proposal {
    /// Where the staff member is.
    #[schema(value_type = Vec<(f64, f64)>)]
    pub seat: Vec<Corner>,
    /// The desk top in front of the seat.
    #[schema(value_type = Vec<(f64, f64)>)]
    pub desk: Vec<Corner>,
    /// Share of the pictures in which somebody was seen there; 0 where it is only concluded.
    pub seen: f64,
}

/// More pictures are not looked at: that much has been seen by then.
pub const MOST_LOOKS: usize = 600;
/// A post is where somebody was in at least this share of the pictures; passers-by are not.
const MIN_SEEN: f64 = 0.3;
/// So many of a desk's things lie on an empty desk, on average over the pictures.
const FURNISHED: f64 = 1.5;
/// So many empty desks are looked for beyond the last seat.
const MOST_BEYOND: usize = 3;
/// Used where nobody was seen: the middle of the picture.
const FALLBACK: ([Corner; 4], [Corner; 4]) =
    ([[0.3, 0.2], [0.7, 0.2], [0.7, 0.6], [0.3, 0.6]], [[0.25, 0.6], [0.75, 0.6], [0.75, 0.8], [0.25, 0.8]]);

/// What was seen of one camera so far.
#[derive(Debug, Clone)]
pub struct Watch {
    aspect: f64,
    looks: usize,
    posts: Posts,
    desk_looks: usize,
    things: Vec<Thing>,
}

impl Watch {
    /// Of a camera with pictures of this size.
    #[must_use]
    pub fn new((width, height): (u32, u32)) -> Self {
        let aspect = f64::from(width.max(1)) / f64::from(height.max(1));
        Self { aspect, looks: 0, posts: Posts::default(), desk_looks: 0, things: Vec::new() }
    }

    /// Adds the people of one picture.
    pub fn add_people(&mut self, people: Vec<Sighting>) {
        if self.looks < MOST_LOOKS {
            self.looks += 1;
            people.into_iter().for_each(|person| self.posts.add(person));
        }
    }

    /// Adds the things of one picture, which may be fewer pictures than those of people.
    pub fn add_things(&mut self, things: Vec<Thing>) {
        if self.desk_looks < MOST_LOOKS {
            self.desk_looks += 1;
            self.things.extend(things);
        }
    }

    /// How many pictures were looked at for people.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.looks
    }

    /// Windows from left to right. Where nobody stayed anywhere, one window in the middle of the picture is proposed with
    /// `seen` 0, so that the installer has something to drag.
    #[must_use]
    pub fn proposals(&self) -> Vec<Proposal> {
        let stayed = self.posts.stayed(self.looks, MIN_SEEN, self.aspect);
        let mut proposals =
            Counter::told_by(&stayed, self.aspect).map_or(vec![], |counter| self.along(&counter));
        proposals.sort_by(|a, b| middle(&a.seat).total_cmp(&middle(&b.seat)));
        if proposals.is_empty() {
            let (seat, desk) = FALLBACK;
            proposals.push(Proposal { seat: seat.to_vec(), desk: desk.to_vec(), seen: 0.0 });
        }
        proposals
    }

    /// The windows of a counter: its seats, the gaps between them, and the desks beyond.
    fn along(&self, counter: &Counter) -> Vec<Proposal> {
        let seats = counter.seats();
        let pitch = counter.pitch();
        let mut proposals = Vec::new();
        for (i, seat) in seats.iter().enumerate() {
            proposals.extend(counter.window(seat.x, seat.seen));
            let Some(next) = seats.get(i + 1) else { continue };
            let steps = ((next.x - seat.x) / pitch).round().max(1.0);
            let mut k = 1.0;
            while k < steps {
                proposals.extend(counter.window(seat.x + k * (next.x - seat.x) / steps, 0.0));
                k += 1.0;
            }
        }
        for (end, way) in [(seats.first(), -pitch), (seats.last(), pitch)] {
            let Some(end) = end else { continue };
            let mut x = end.x;
            for _ in 0..MOST_BEYOND {
                x += way;
                let Some(empty) = counter.window(x, 0.0).filter(|w| self.is_furnished(&w.desk)) else {
                    break;
                };
                proposals.push(empty);
            }
        }
        proposals
    }

    /// Whether a desk's things stand on this outline in most pictures.
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    fn is_furnished(&self, desk: &[Corner]) -> bool {
        let Ok(desk) = Polygon::new(desk) else { return false };
        let stands = |thing: &&Thing| {
            let Rect { x, y, width, height } = thing.region;
            furnishes(thing.class) && desk.contains(Point { x: x + width / 2.0, y: y + height })
        };
        let things = self.things.iter().filter(stands).count() as f64;
        things / self.desk_looks.max(1) as f64 >= FURNISHED
    }
}

/// What stands on a desk whether or not somebody sits there, and hardly anywhere else.
fn furnishes(class: ItemClass) -> bool {
    matches!(
        class,
        ItemClass::Monitor
            | ItemClass::Keyboard
            | ItemClass::Mouse
            | ItemClass::Telephone
            | ItemClass::Scanner
            | ItemClass::CardReader
            | ItemClass::Evaluator
            | ItemClass::NamePlate
    )
}

#[allow(clippy::cast_precision_loss, reason = "a polygon has few corners")]
fn middle(outline: &[Corner]) -> f64 {
    outline.iter().map(|c| c[0]).sum::<f64>() / outline.len().max(1) as f64
}

impl Draft {
    /// The proposals as windows of one camera, numbered from 1.
    #[must_use]
    pub fn of_proposals(proposals: &[Proposal], camera: &str) -> Self {
        let window = |(i, proposal): (usize, &Proposal)| DraftWindow {
            id: (i + 1).to_string(),
            camera: camera.to_owned(),
            seat: proposal.seat.clone(),
            desk: Some(proposal.desk.clone()),
            post: 1,
            required: vec![],
            permitted: vec![],
        };
        Self { windows: proposals.iter().enumerate().map(window).collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
