//! What is being learnt and tried for the signed-in installer; nothing of it outlives the session but what is kept in the
//! store of references.

use super::App;
use super::problem::Failure;
use crate::capture::Frame;
use crate::learning::{Learning, State};
use crate::perceive::{Optics, Perception, WindowView};
use crate::trial::{Selftest, Shadow, Trial};
use crate::watch::view_of;
use chuangming_domain::calibration::{Calibration, Window};
use chuangming_domain::id::WindowId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often a camera is asked for a picture to learn from.
const POLL: Duration = Duration::from_millis(500);

/// The installer's bench.
pub(super) struct Workshop {
    /// Looks on the page's behalf; one look at a time, and never in a camera's way.
    pub(super) perception: Arc<Mutex<Perception>>,
    pub(super) trial: Mutex<Option<Trial>>,
    pub(super) selftest: Mutex<Option<Running>>,
    learning: Mutex<BTreeMap<WindowId, Job>>,
}

/// A self-test of a window, and the thread that looks at it often enough.
pub(super) struct Running {
    pub(super) window: Window,
    pub(super) test: Selftest,
    pub(super) shadow: Shadow,
}

/// A window that is being learnt.
struct Job {
    window: Window,
    progress: Arc<Mutex<Progress>>,
    task: JoinHandle<()>,
}

/// How far learning is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Progress {
    pub(super) state: State,
    pub(super) seconds: f64,
    pub(super) lights: usize,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Workshop {
    pub(super) fn new(perception: Perception) -> Self {
        Self {
            perception: Arc::new(Mutex::new(perception)),
            trial: Mutex::default(),
            selftest: Mutex::default(),
            learning: Mutex::default(),
        }
    }

    /// With nobody signed in, nothing is learnt or tried.
    pub(super) fn clear(&self) {
        self.learning.lock().clear();
        drop((self.trial.lock().take(), self.selftest.lock().take()));
    }

    /// How far learning of this window is; `None` if it is not being learnt, or with other zones.
    pub(super) fn progress(&self, window: &Window) -> Option<Progress> {
        let jobs = self.learning.lock();
        let job = jobs.get(&window.id).filter(|job| crate::references::same_zones(&job.window, window))?;
        Some(*job.progress.lock())
    }

    pub(super) fn stop_learning(&self, window: &WindowId) {
        self.learning.lock().remove(window);
    }
}

/// What is shown: the draft that is being tried, or what is in force.
pub(super) fn calibration(app: &App) -> Calibration {
    let tried = app.workshop.trial.lock();
    let tried = tried.as_ref().map(|trial| trial.draft().clone());
    tried.unwrap_or_else(|| app.handle.setup().calibration.clone())
}

/// The window of that id, in what is shown.
pub(super) fn window(app: &App, id: &str) -> Result<Window, Failure> {
    calibration(app)
        .windows
        .into_iter()
        .find(|window| window.id.as_str() == id)
        .ok_or(Failure::NotFound("GET /api/calibration lists the windows; POST /api/trial those of a draft"))
}

/// What is looked at of a window, with what was learnt of it.
pub(super) fn view(app: &App, calibration: &Calibration, window: &Window) -> WindowView {
    let optics = Arc::new(Optics::of(calibration, &window.camera));
    WindowView { optics, ..view_of(window, &app.handle.memory.references) }
}

/// Looks at a picture on a thread that may take its time.
pub(super) async fn looking<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&mut Perception) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let perception = Arc::clone(&app.workshop.perception);
    tokio::task::spawn_blocking(move || look(&mut perception.lock())).await.map_err(Failure::internal)?
}

/// Looks at windows beside the agent's own pipelines.
pub(super) fn shadow(app: &App, calibration: &Calibration, windows: &[&Window]) -> Result<Shadow, Failure> {
    let gallery = Arc::clone(&app.handle.gallery);
    let looks = Arc::clone(&app.workshop.perception);
    let newest = Box::new(move |camera: &_| gallery.newest(camera));
    Shadow::start(windows, |window| view(app, calibration, window), looks, newest).map_err(Failure::internal)
}

/// Learns a window from now on, or goes on.
pub(super) fn learn(app: &Arc<App>, window: &Window) {
    let known = app.handle.memory.references.window(window).ok().flatten();
    let known = known.map(|learnt| (*learnt.what).clone());
    let learning = Learning::new(view(app, &calibration(app), window), known);
    let progress = Arc::new(Mutex::new(Progress { state: State::Learning, seconds: 0.0, lights: 0 }));
    let task = tokio::spawn(work(Arc::clone(app), window.clone(), learning, Arc::clone(&progress)));
    let job = Job { window: window.clone(), progress, task };
    app.workshop.learning.lock().insert(window.id.clone(), job);
}

/// Learns until enough was seen or somebody came, and keeps it.
async fn work(app: Arc<App>, window: Window, mut learning: Learning, progress: Arc<Mutex<Progress>>) {
    while learning.state() == State::Learning {
        tokio::time::sleep(POLL).await;
        let Some(frame) = app.handle.gallery.newest(&window.camera) else { continue };
        if !learning.is_due(frame.at) {
            continue;
        }
        let Ok(done) = looking(&app, move |perception| Ok(took(learning, &frame, perception))).await else {
            progress.lock().state = State::Refused(crate::learning::Refusal::Failed);
            return;
        };
        learning = done;
        keep(&app, &window, &learning);
        let lights = learning.reference().map_or(0, |reference| reference.lights());
        *progress.lock() = Progress { state: learning.state(), seconds: learning.seconds(), lights };
    }
}

fn took(mut learning: Learning, frame: &Frame, perception: &mut Perception) -> Learning {
    learning.take(frame.at, &frame.image, perception);
    learning
}

/// Keeps what was learnt once it is enough.
fn keep(app: &App, window: &Window, learning: &Learning) {
    let (State::Learnt, Some(reference)) = (learning.state(), learning.reference()) else { return };
    if let Err(e) = app.handle.memory.references.keep_window(window, reference, app.handle.clock.now()) {
        tracing::error!(error = %e, "what was learnt cannot be kept");
    }
}
