//! Looking at zones that are not in force, beside the agent's own pipelines.

use crate::capture::Frame;
use crate::kept::Kept;
use crate::perceive::WindowView;
use crate::pipeline::{CameraPipeline, Looks, Site, WatchedWindow};
use crate::trial::replay::duty;
use chuangming_domain::calibration::Window;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::CameraId;
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use jiff::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tracing::warn;

/// How often every signal is looked at.
const PERIOD_S: f64 = 1.0;
const POLL: Duration = Duration::from_millis(100);

/// Brings a camera's newest frame, while there is one.
pub type Newest = Box<dyn Fn(&CameraId) -> Option<Arc<Frame>> + Send>;

/// A thread that looks at zones on trial. It ends when this is dropped; what it saw is forgotten then.
pub struct Shadow {
    kept: Arc<Kept>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Shadow {
    /// Starts to look at windows; with none there is nothing to do. `view` says what is looked at of a window.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        windows: &[&Window],
        view: impl Fn(&Window) -> WindowView,
        looks: Arc<Mutex<dyn Looks>>,
        newest: Newest,
    ) -> io::Result<Self> {
        let (kept, stop) = (Arc::new(Kept::default()), Arc::new(AtomicBool::new(false)));
        let mut cameras: BTreeMap<CameraId, Vec<WatchedWindow>> = BTreeMap::new();
        for window in windows {
            let watched = WatchedWindow { id: window.id.clone(), view: view(window), duty: duty(window) };
            cameras.entry(window.camera.clone()).or_default().push(watched);
        }
        if cameras.is_empty() {
            return Ok(Self { kept, stop, thread: None });
        }
        let site = site();
        let cameras = cameras.into_iter().map(|(camera, windows)| {
            let pipeline = CameraPipeline::new(Arc::clone(&looks), &site, windows, Vec::new());
            (camera, pipeline.watching_all(PERIOD_S))
        });
        let looker =
            Looker { cameras: cameras.collect(), last: BTreeMap::new(), kept: Arc::clone(&kept), newest };
        let thread = Builder::new().name("trial".into()).spawn({
            let stop = Arc::clone(&stop);
            move || looker.run(&stop)
        })?;
        Ok(Self { kept, stop, thread: Some(thread) })
    }

    /// What it saw so far.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }
}

impl Drop for Shadow {
    /// Waits for the look in progress, so that no picture outlives the trial.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            warn!("the thread of a trial had failed");
        }
    }
}

struct Looker {
    cameras: Vec<(CameraId, CameraPipeline)>,
    last: BTreeMap<CameraId, Timestamp>,
    kept: Arc<Kept>,
    newest: Newest,
}

impl Looker {
    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            for (camera, pipeline) in &mut self.cameras {
                let Some(frame) = (self.newest)(camera) else { continue };
                if self.last.get(camera).is_some_and(|last| frame.at <= *last) {
                    continue;
                }
                self.last.insert(camera.clone(), frame.at);
                // What its rules say is not asked for: the trial gives the observations to the policy in force.
                pipeline.step_showing(frame.at, &*frame.image, |place, said| {
                    self.kept.note(frame.at, place, said)
                });
            }
            std::thread::sleep(POLL);
        }
    }
}

/// A policy under which every signal is looked at all the time, so that a step of the self-test is seen soon.
fn site() -> Site {
    let rules: String = Rule::ALL
        .iter()
        .map(|rule| format!("[rules.{}]\nenabled = true\nraise_after_s = {}\n", rule.name(), 4.0 * PERIOD_S))
        .collect();
    let policy = Policy::parse(&format!("version = 1\n{rules}"), "trial").expect("a valid policy");
    Site {
        hall: "trial".parse().expect("a valid id"),
        agent: "trial".parse().expect("a valid id"),
        calibration: Digest::of(b""),
        models: BTreeMap::new(),
        policy: Arc::new(policy),
        seed: 0,
    }
}
