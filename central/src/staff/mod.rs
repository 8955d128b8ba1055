//! What a staff member sees of their own work, and how they contest it. Pure.
//!
//! No score, no ranking, no order of people: what comes out are hours, events and whether each one counts.

pub mod appeal;
pub mod compare;
mod count;

pub use count::{Hours, Owner, Theirs, hours, owner, theirs};
