//! What people or a renderer say is true of a still or a clip.

use chuangming_domain::geometry::{Polygon, Rect};
use chuangming_domain::id::WindowId;
use chuangming_domain::item::{ItemClass, ItemSet};
use chuangming_domain::observation::{Badge, Posture, Smoking};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use std::path::PathBuf;
use std::sync::Arc;

/// One still or clip with its truth. Paths are complete, times are seconds from the start of the media.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Unique in the set.
    pub id: String,
    /// Still or clip.
    pub kind: Kind,
    /// The picture or video.
    pub media: PathBuf,
    /// The windows in the picture.
    pub windows: Vec<LabelledWindow>,
    /// What is true, by window and time.
    pub truth: Vec<Truth>,
    /// The episodes of a clip; `None` when nobody labelled them.
    pub events: Option<Vec<TrueEvent>>,
    /// The defaults with the clip's own rules merged over them.
    pub policy: Arc<Policy>,
    /// Where the media came from; results are kept apart by it.
    pub source: String,
}

/// What kind of media an entry is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// One frame: no smoothing, no rules, no motion.
    Still,
    /// A video, always on duty.
    Clip {
        /// Frames a second, where the manifest says so; else the video's own.
        fps: Option<f64>,
    },
}

/// The geometry of one window, as in a calibration.
#[derive(Debug, Clone)]
pub struct LabelledWindow {
    /// Its id.
    pub window: WindowId,
    /// Where the staff member is.
    pub seat: Polygon,
    /// The desk top.
    pub desk: Option<Polygon>,
    /// The same view with an empty seat and a tidy desk.
    pub reference: Option<PathBuf>,
    /// Staff members this window is meant for.
    pub post: u8,
    /// Items that must be on the desk.
    pub required: ItemSet,
    /// Items permitted here in addition to the policy's.
    pub permitted: ItemSet,
}

/// What is true at one window from `from` up to, not including, `to`. `None` is not scored.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The window.
    pub window: WindowId,
    /// First instant, in seconds.
    pub from: f64,
    /// First instant after it, in seconds.
    pub to: f64,
    /// Somebody there.
    pub present: Option<bool>,
    /// How they sit.
    pub posture: Option<Posture>,
    /// Badge on the chest.
    pub badge: Option<Badge>,
    /// Smoking.
    pub smoking: Option<Smoking>,
    /// Everything on the desk.
    pub items: Option<Vec<TrueItem>>,
}

/// An item on the desk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueItem {
    /// What it is; `None` is the class `ignore`, which scores neither way.
    pub class: Option<ItemClass>,
    /// Where it is, in fractions of the picture.
    pub bounds: Rect,
}

/// An episode that the labeller saw.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueEvent {
    /// The window.
    pub window: WindowId,
    /// The rule.
    pub rule: Rule,
    /// When the condition began, in seconds.
    pub opened: f64,
    /// When it ended; `None` holds at the end of the clip.
    pub closed: Option<f64>,
}

/// Frames this close to where a truth begins or ends are not scored: nobody labels to the frame.
const BOUNDARY_S: f64 = 1.0;
/// Floating-point slack of times written in decimals.
const SLACK_S: f64 = 1e-6;

impl Entry {
    /// The truth by which a frame at `t` seconds is scored: of a clip none within 1 s of a boundary of the window's.
    #[must_use]
    pub fn truth_at(&self, window: &WindowId, t: f64) -> Option<&Truth> {
        let mut here = self.truth.iter().filter(|truth| truth.window == *window);
        if self.kind == Kind::Still {
            return here.next();
        }
        let near = |boundary: f64| (t - boundary).abs() <= BOUNDARY_S + SLACK_S;
        if here.clone().any(|truth| near(truth.from) || near(truth.to)) {
            return None;
        }
        here.find(|truth| truth.from <= t && t < truth.to)
    }
}
