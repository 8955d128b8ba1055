//! The edge agent: cameras to events. Pixels live in [`capture`], [`perceive`] and [`pipeline`] only;
//! the outbox, the publisher and the logs never see one.
//!
//! The way of a frame: [`capture`] → [`pipeline`] (which asks [`perceive`] and the rules) → events.
//! The way of an event: [`outbox`] (durable) → [`publish`] (MQTT) → central's acknowledgement → deleted.
//! [`agent`] wires both together; [`replay`], [`eval`] and [`bench`] drive the same pipeline without a network.

pub mod agent;
pub mod ballast;
pub mod bench;
pub mod calibrate;
pub mod capture;
pub mod chart;
pub mod clock;
pub mod config;
pub mod detail;
pub mod doctor;
pub mod drift;
pub mod enrol;
pub mod eval;
pub mod failure;
pub mod files;
pub mod gallery;
pub mod health;
pub mod kept;
pub mod learning;
pub mod lines;
pub mod machine;
pub mod outbox;
pub mod overload;
pub mod perceive;
pub mod pipeline;
pub mod play;
pub mod propose;
pub mod publish;
pub mod recorder;
pub mod references;
pub mod remote;
pub mod replay;
pub mod trial;
pub mod watch;
