//! Central: what the agents send becomes durable here, and center heads see it at once.
//!
//! `ingest` is the only module that knows MQTT, `store` the only one that knows SQL.

pub mod access;
pub mod alerts;
pub mod audit;
pub mod board;
mod certificate;
pub mod config;
pub mod duty;
pub mod enrol;
pub mod fleet;
pub mod http;
pub mod ingest;
pub mod notify;
pub mod oidc;
pub mod password;
pub mod permission;
pub mod policy;
pub mod report;
pub mod review;
pub mod role;
pub mod serve;
pub mod signing;
pub mod staff;
pub mod stop;
pub mod store;
pub mod telemetry;
pub mod totp;
pub mod view;
