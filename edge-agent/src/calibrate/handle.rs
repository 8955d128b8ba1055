//! What the calibration page reaches of the agent.

use super::canvas::Canvas;
use super::problem::Failure;
use crate::capture::Frame;
use crate::clock::SteadyClock;
use crate::config::{AgentConfig, Setup};
use crate::drift::MovedCameras;
use crate::gallery::Gallery;
use crate::kept::Kept;
use crate::references::References;
use crate::watch::Shared;
use chuangming_domain::id::CameraId;
use chuangming_models::Models;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// A new setup for the agent to take into force between two frames.
#[derive(Debug)]
pub struct Adopt {
    /// Validated whole.
    pub setup: Setup,
    /// Told when every camera has been given it.
    pub done: oneshot::Sender<()>,
}

/// Orders that may wait; overload policy `Wait`: a request waits for its turn.
pub const ORDERS: usize = 4;

/// What an agent knows beside its setup; descriptors and observations, no picture.
#[derive(Debug, Clone)]
pub struct Memory {
    /// What was learnt of windows and cameras.
    pub references: Arc<References>,
    /// What the signals said last.
    pub kept: Arc<Kept>,
    /// The cameras that look elsewhere.
    pub moved: Arc<MovedCameras>,
}

impl Memory {
    /// What the cameras' threads share with the page.
    #[must_use]
    pub fn of(shared: &Shared) -> Self {
        Self {
            references: Arc::clone(&shared.references),
            kept: Arc::clone(&shared.kept),
            moved: Arc::clone(&shared.moved),
        }
    }
}

/// The agent, as far as the page may reach it.
#[derive(Debug, Clone)]
pub struct Handle {
    /// `agent.toml`.
    pub agent: Arc<AgentConfig>,
    /// The newest picture of each camera.
    pub gallery: Arc<Gallery>,
    /// What was learnt, what was said last, and what has moved.
    pub memory: Memory,
    /// The agent's time, which pictures carry.
    pub clock: Arc<SteadyClock>,
    /// The models; the page looks with its own [`crate::perceive::Perception`], so that it holds up no camera's look.
    pub models: Models,
    /// What is in force.
    pub setup: watch::Receiver<Arc<Setup>>,
    /// To the agent.
    pub orders: mpsc::Sender<Adopt>,
}

impl Handle {
    /// What is in force now.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.borrow())
    }

    /// Takes a setup into force: returns when every camera has been given it.
    ///
    /// # Errors
    /// When the agent is shutting down.
    pub async fn adopt(&self, setup: Setup) -> Result<(), Failure> {
        let (done, is_done) = oneshot::channel();
        let gone = || Failure::internal("the agent takes no more orders");
        self.orders.send(Adopt { setup, done }).await.map_err(|_| gone())?;
        is_done.await.map_err(|_| gone())
    }

    /// The camera of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn camera(&self, id: &str) -> Result<CameraId, Failure> {
        let cameras = &self.agent.cameras;
        let found = cameras.iter().find(|camera| camera.id.as_str() == id).map(|camera| camera.id.clone());
        found.ok_or(Failure::NotFound("GET /api/cameras lists the cameras"))
    }

    /// The camera's newest frame, grey where nobody may look: what is shown, and what is looked at as a whole.
    ///
    /// # Errors
    /// When there is none yet.
    pub fn newest(&self, camera: &CameraId) -> Result<Arc<Frame>, Failure> {
        let frame = self.gallery.newest(camera).ok_or(Failure::NoPicture)?;
        let setup = self.setup();
        let mut masks = setup.calibration.masks_of(camera).peekable();
        if masks.peek().is_none() {
            return Ok(frame);
        }
        let mut canvas = Canvas::new(&frame.image);
        masks.for_each(|mask| canvas.grey(mask));
        let image = Arc::new(canvas.finish().ok_or(Failure::NoPicture)?);
        let Frame { at, loop_restarted, dropped, .. } = *frame;
        Ok(Arc::new(Frame { at, image, loop_restarted, dropped }))
    }

    /// Where what is learnt and saved here is kept, owner-only.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.agent.data_dir.join("calibration")
    }
}
