//! What an installer works with: the draft of a calibration, its check and its difference to another, windows proposed
//! before anything is drawn by hand, and how a camera's picture bends, leans and drifts.
//!
//! Pure geometry in fractions of the picture; no picture ever reaches this crate.

mod draft;
mod finding;
mod propose;
mod text;

pub use draft::{Corner, Draft, DraftLens, DraftMask, DraftWindow, DraftZone};
pub use finding::{Change, ChangeKind, Code, Finding, Findings, Part, Place, PlaceKind, Value, Values};
pub use propose::{Proposal, propose, to_toml};
