//! The words of Chuangming as types: ids, geometry, observations, rules, events, policy, calibration
//! and the wire formats between edge and central.
//!
//! Nothing in this crate reads a clock, a file or a socket, and nothing in it can hold a picture.
//! What leaves an agent is exactly what in [`wire`] and [`event`] implements `Serialize`;
//! an [`observation::Observation`] deliberately does not.

pub mod calibration;
pub mod digest;
pub mod enrol;
pub mod event;
pub mod fields;
pub mod geometry;
pub mod id;
pub mod item;
pub mod observation;
pub mod policy;
mod policy_text;
pub mod rule;
pub mod sign_in;
pub mod text;
pub mod wire;

pub use jiff::Timestamp;
