//! Whether a camera still looks where it looked when it was calibrated.
//!
//! What stays in its picture is learnt first ([`view`]): a few hundred points on edges, in the first half-minute after
//! a calibration came into force, and kept in an owner-only file so that a knock while the agent was off is noticed too. From
//! then on, once a second, the points are looked for ([`search`]); light does not move edges, and people hide only some.

mod edges;
mod search;
mod view;

pub(crate) use view::View;

pub use chuangming_calibration::Drift;

use chuangming_domain::geometry::Rect;
use chuangming_domain::id::CameraId;
use chuangming_models::RgbImage;
use edges::Edges;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use view::Learner;

/// How often the points are looked for.
const EVERY: SignedDuration = SignedDuration::from_secs(1);
/// How many pictures, a second apart, a view is learnt from.
const PICTURES: usize = 30;
/// In so many of them nobody may be at a place that is learnt.
const OPEN: u16 = 15;
/// A view that is not complete after so many pictures is learnt at leisure: people are looked for in each.
const SOON: usize = 60;
const LATER: SignedDuration = SignedDuration::from_secs(5);
/// A view that is not complete after so many pictures is learnt from the beginning: the light may have changed.
const MOST_PICTURES: usize = 600;
/// While this share of the usual points is found in place, nothing moved.
const IN_PLACE: f32 = 0.85;
/// A movement explains the picture if this share of the usual points is found with it,
const EXPLAINED: f32 = 0.6;
/// and so much more than without it.
const BETTER: f32 = 0.15;
/// A camera counts as moved from this mean movement on, in picture widths: 2 % sideways, 1.5 degrees or 3 % of zoom are
/// more than it.
const MOVED: f64 = 0.0065;
/// and as back in place below this.
const BACK: f64 = 0.004;
/// Fewer points than this share of the usual ones in place: it looks elsewhere, or nobody knows where.
const LOST: f32 = 0.4;
/// and with fewer blocks than this share in place: people hide some of them, but not all.
const FEW_BLOCKS: f32 = 0.1;
/// A picture with less than this share of the edges that it had tells nothing.
const FEW_EDGES: f32 = 0.3;
/// A movement must be seen for so long,
const CONFIRM_MOVED: SignedDuration = SignedDuration::from_secs(5);
/// an unknown view for so long,
const CONFIRM_LOST: SignedDuration = SignedDuration::from_secs(15);
/// and its end for so long.
const CONFIRM_BACK: SignedDuration = SignedDuration::from_secs(5);
/// A doubt that nothing confirms for so long is dropped.
const FORGET: SignedDuration = SignedDuration::from_secs(8);

/// Where a camera looks, since when it does not look where it should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// When it was first seen.
    pub since: Timestamp,
    /// How far; `None` if nothing of the view is found.
    pub drift: Option<Drift>,
}

/// The cameras that do not look where they were calibrated.
#[derive(Debug, Default)]
pub struct MovedCameras(Mutex<BTreeMap<CameraId, Moved>>);

impl MovedCameras {
    /// Where a camera looks instead; `None` for one that is in place.
    #[must_use]
    pub fn get(&self, camera: &CameraId) -> Option<Moved> {
        self.0.lock().get(camera).copied()
    }

    pub(crate) fn set(&self, camera: &CameraId, moved: Option<Moved>) {
        let mut cameras = self.0.lock();
        match moved {
            Some(moved) => cameras.insert(camera.clone(), moved),
            None => cameras.remove(camera),
        };
    }
}

/// What one picture says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    InPlace,
    Moved(Drift),
    Lost,
    /// Too little is seen to tell.
    Unclear,
}

/// What changed with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A view was learnt: it can be kept.
    Learnt,
    /// `camera_moved` is to be raised.
    Raised,
    /// It is back in place.
    Cleared,
}

/// Watches one camera's view.
pub(crate) struct CameraDrift {
    view: Option<View>,
    learner: Option<Learner>,
    next: Option<Timestamp>,
    /// Edges in a picture, slowly followed while it is in place.
    usual_edges: f32,
    /// Since when it seems to be somewhere else, and where.
    doubt: Option<Moved>,
    /// When it last seemed to be.
    seen_at: Timestamp,
    /// When it was last known where.
    found_at: Timestamp,
    /// Since when it has been in place.
    fine_since: Option<Timestamp>,
    raised: bool,
}

impl CameraDrift {
    /// Watches for a view that was learnt before, or learns one.
    pub(crate) fn new(view: Option<View>) -> Self {
        let (learner, next, doubt, fine_since) = (None, None, None, None);
        let (seen_at, found_at) = (Timestamp::MIN, Timestamp::MIN);
        Self { view, learner, next, usual_edges: 0.0, doubt, seen_at, found_at, fine_since, raised: false }
    }

    /// Whether a picture of that time is looked at.
    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        self.next.is_none_or(|next| at >= next)
    }

    /// Whether it still learns its view: then it must be told where people are.
    pub(crate) fn is_learning(&self) -> bool {
        self.view.is_none()
    }

    /// Where it looks instead, once that lasted; until it is back.
    pub(crate) fn moved(&self) -> Option<Moved> {
        self.doubt.filter(|_| self.raised)
    }

    /// Whether what the zones cut out of the picture means what it should.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.raised || self.doubt.is_some_and(|doubt| doubt.drift.is_some())
    }

    /// The view, once it is learnt.
    pub(crate) fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// Learns from a picture; `people` are the parts of it where somebody is, or may be.
    pub(crate) fn learn(&mut self, at: Timestamp, image: &RgbImage, people: &[Rect]) -> Option<Change> {
        self.next = Some(at + EVERY);
        let edges = Edges::of(image);
        let fits = |l: &Learner| l.height() == edges.height() && l.pictures() < MOST_PICTURES;
        let mut learner = self.learner.take().filter(fits).unwrap_or_else(|| Learner::new(edges.height()));
        learner.add(&edges, people);
        if learner.pictures() > SOON {
            self.next = Some(at + LATER);
        }
        if learner.pictures() >= PICTURES && learner.pictures().is_multiple_of(10) {
            self.view = learner.view(OPEN);
        }
        if self.view.is_some() {
            return Some(Change::Learnt);
        }
        self.learner = Some(learner);
        None
    }

    /// Looks for the view in a picture.
    pub(crate) fn look(&mut self, at: Timestamp, image: &RgbImage) -> Option<Change> {
        self.next = Some(at + EVERY);
        let view = self.view.as_ref()?;
        let edges = Edges::of(image);
        let count = edges.count() as f32;
        let verdict = if count < FEW_EDGES * self.usual_edges {
            Verdict::Unclear
        } else {
            verdict(view, &edges, self.raised)
        };
        if verdict == Verdict::InPlace {
            let share = if self.usual_edges == 0.0 { 1.0 } else { 0.05 };
            self.usual_edges += (count - self.usual_edges) * share;
        }
        self.settle(at, verdict)
    }

    fn settle(&mut self, at: Timestamp, verdict: Verdict) -> Option<Change> {
        match verdict {
            Verdict::Unclear => {
                if !self.raised && at.duration_since(self.seen_at) > FORGET {
                    self.doubt = None;
                }
                None
            }
            Verdict::InPlace => {
                let since = *self.fine_since.get_or_insert(at);
                if !self.raised {
                    self.doubt = None;
                    return None;
                }
                let is_back = at.duration_since(since) >= CONFIRM_BACK;
                is_back.then(|| {
                    (self.raised, self.doubt) = (false, None);
                    Change::Cleared
                })
            }
            Verdict::Moved(_) | Verdict::Lost => {
                self.fine_since = None;
                let drift = if let Verdict::Moved(drift) = verdict { Some(drift) } else { None };
                let since = self.doubt.map_or(at, |doubt| doubt.since);
                self.seen_at = at;
                if drift.is_some() {
                    self.found_at = at;
                }
                // Once raised, the last movement that was found is better than none, until it was not found for long: it
                // looks elsewhere again, or nobody knows where.
                let lately = self.raised && at.duration_since(self.found_at) < CONFIRM_LOST;
                let known = drift.or(self.doubt.filter(|_| lately).and_then(|d| d.drift));
                self.doubt = Some(Moved { since, drift: known });
                let confirm = if drift.is_some() { CONFIRM_MOVED } else { CONFIRM_LOST };
                let is_sure = !self.raised && at.duration_since(since) >= confirm;
                is_sure.then(|| {
                    self.raised = true;
                    Change::Raised
                })
            }
        }
    }
}

/// Where the view is in a picture. `was_moved`: it must come back closer than it went.
fn verdict(view: &View, edges: &Edges, was_moved: bool) -> Verdict {
    if view.height() != edges.height() {
        return Verdict::Lost;
    }
    let usual = view.usual();
    let in_place = view.found(edges, |x, y| (x, y));
    if in_place >= IN_PLACE * usual {
        return Verdict::InPlace;
    }
    let size = edges.size();
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let judged = |drift: Drift| {
        let place = |x: f64, y: f64| {
            let [x, y] = drift.place([x / width, y / height], size);
            (x * width, y * height)
        };
        (drift, view.found(edges, place))
    };
    let explains = |(_, found): &(Drift, f32)| *found >= EXPLAINED * usual;
    // Where too few blocks are found by themselves, the whole may still have moved to one side.
    let found = Drift::estimate(&search::matches(view, edges), size).map(judged).filter(explains);
    let found = found.or_else(|| Some(judged(search::shift(view, edges))).filter(explains));
    if let Some((drift, found)) = found {
        let shift = mean_shift(&drift, size);
        if shift < if was_moved { BACK } else { MOVED } {
            return Verdict::InPlace;
        }
        return if found >= in_place + BETTER { Verdict::Moved(drift) } else { Verdict::Unclear };
    }
    let is_lost = in_place < LOST * usual && view.blocks_in_place(edges) < FEW_BLOCKS;
    if is_lost { Verdict::Lost } else { Verdict::Unclear }
}

/// How far things have moved on average (root mean square over the picture), in picture widths.
fn mean_shift(drift: &Drift, size: (u32, u32)) -> f64 {
    const SIDE: u32 = 8;
    let aspect = f64::from(size.0) / f64::from(size.1);
    let share = |i: u32| (f64::from(i) + 0.5) / f64::from(SIDE);
    let places = (0..SIDE * SIDE).map(|i| [share(i % SIDE), share(i / SIDE)]);
    let squares = places.map(|p| {
        let [x, y] = drift.place(p, size);
        (x - p[0]).powi(2) + ((y - p[1]) / aspect).powi(2)
    });
    (squares.sum::<f64>() / f64::from(SIDE * SIDE)).sqrt()
}

#[cfg(test)]
#[path = "drift_tests.rs"]
pub(crate) mod tests;
