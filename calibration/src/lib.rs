//! What an installer works with: the draft of a calibration, its check and its difference to another, windows proposed
//! before anything is drawn by hand, and how a camera's picture bends, leans and drifts.
//!
//! Pure geometry in fractions of the picture; no picture ever reaches this crate.

mod check;
mod difference;
mod draft;
mod drift;
mod finding;
mod lens;
mod propose;
mod region;
mod scale;
mod solve;
mod text;
mod words;

pub use check::{CameraSize, check};
pub use difference::difference;
pub use draft::{Corner, Draft, DraftLens, DraftMask, DraftWindow, DraftZone};
pub use drift::{Drift, Match};
pub use finding::{Change, ChangeKind, Code, Finding, Findings, Part, Place, PlaceKind, Value, Values};
pub use lens::{ChartCorner, LensFit, Quality, TooFewEdges, lean_at};
pub use propose::{Joint, MOST_LOOKS, Proposal, Sighting, Thing, Watch};
pub use scale::is_too_small;
