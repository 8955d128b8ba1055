//! Serves a page and its API over HTTPS: what central's pages and the agent's calibration page have in common.
//!
//! ```text
//! browser ══▶ door (bounded, TLS) ─▶ the binary's own router ─┬▶ page    (its embedded files)
//!                                                             ├▶ body, refusal (what no handler ever saw, as its problem)
//!                                                             └▶ openapi (its description, put in order)
//! ```
//!
//! It knows neither events nor accounts nor cameras, and not the other `chuangming` crates: what an error is called, who may
//! ask and what there is to ask for are the binary's own.

pub mod body;
pub mod door;
pub mod openapi;
pub mod page;
pub mod refusal;
