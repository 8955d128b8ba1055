//! What an installer works with before anything is drawn by hand: windows proposed from where people were seen.
//!
//! Pure geometry in fractions of the picture; no picture ever reaches this crate.

mod propose;

pub use propose::{Proposal, propose, to_toml};
