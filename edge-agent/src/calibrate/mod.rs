//! The calibration page, served by the agent itself to the person on the ladder.
//!
//! ```text
//! browser ══TLS══▶ door ─▶ sign_in (one-time code, session) ─▶ cameras, pictures, drafts, …
//!                                                                 │
//!                              gallery ◀── watch threads          ▼
//!                                                     Handle::adopt ─▶ agent: between two frames
//! ```
//!
//! Pictures go from memory to the session that asked for them; nothing of them is written or sent on. [`service`] is the
//! server, [`standalone`] the command for a machine without a running agent, [`on_demand`] the way to ask a running one.

mod analysis;
mod calibrations;
mod cameras;
mod canvas;
mod certificate;
mod code;
mod code_of_central;
pub mod handle;
mod history;
mod invitation;
mod items;
mod learnt;
pub mod on_demand;
pub mod openapi;
mod page;
mod pictures;
pub mod problem;
mod proposals;
mod router;
mod selftests;
pub mod service;
mod session;
mod sight;
mod sign_in;
pub mod standalone;
mod trials;
mod workshop;

use crate::perceive::Perception;
use analysis::Analyst;
use chuangming_domain::digest::Digest;
use chuangming_portal::body;
use code::Codes;
use code_of_central::CodesOfCentral;
use handle::Handle;
use history::History;
use pictures::Painter;
use proposals::Proposals;
use session::Sessions;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Mutex, Semaphore};
use workshop::Workshop;

/// Pictures made, or looked at, at a time; overload policy `Wait` under the request's time limit.
const TURNS: usize = 2;

/// What every request can reach.
pub(crate) struct App {
    handle: Handle,
    certificate: Digest,
    since: Instant,
    codes: Codes,
    of_central: CodesOfCentral,
    sessions: Sessions,
    painter: Arc<Painter>,
    analyst: Arc<Analyst>,
    workshop: Workshop,
    proposals: Proposals,
    turns: Semaphore,
    history: History,
    /// One calibration is saved at a time.
    saving: Mutex<()>,
}

impl App {
    fn new(handle: Handle, certificate: Digest, of_central: CodesOfCentral) -> Self {
        let perception = || Perception::new(handle.models.clone());
        let (painter, analyst) = (Painter::new(perception()), Analyst::new(perception()));
        let workshop = Workshop::new(perception());
        let history = History::new(handle.folder().join("history"));
        Self {
            handle,
            certificate,
            since: Instant::now(),
            codes: Codes::default(),
            of_central,
            sessions: Sessions::default(),
            painter: Arc::new(painter),
            analyst: Arc::new(analyst),
            workshop,
            proposals: Proposals::default(),
            turns: Semaphore::new(TURNS),
            history,
            saving: Mutex::new(()),
        }
    }

    /// With nobody signed in, no picture stays in memory.
    fn forget_if_alone(&self) {
        if !self.sessions.is_anybody(Instant::now()) {
            self.handle.gallery.close();
            self.painter.forget();
            self.analyst.forget();
            self.workshop.clear();
            self.proposals.forget();
            // Whoever signed in meanwhile would never see a picture.
            if self.sessions.is_anybody(Instant::now()) {
                self.handle.gallery.open();
            }
        }
    }
}
