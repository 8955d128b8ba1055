//! One camera being watched: its camera thread brings frames, a thread of its own looks at them.
//!
//! Everything that the rules decide and every change of the camera's health goes to the recorder. A slow or dead camera
//! blocks only its own two threads. What the machine is too slow for is dropped by the camera (the newest frame wins)
//! and is unknown to the rules; when that lasts, `overloaded` is raised.
//!
//! When a clip begins again, time goes on but the scene jumps: open episodes are closed for `shutdown` and the rules
//! start afresh, as if the agent had been started at that moment.

mod begin;

pub(crate) use begin::view_of;

use crate::capture::{
    Camera, CameraHealth, CameraState, CaptureSettings, Frame, Glance, HealthSettings, Transition,
};
use crate::clock::SteadyClock;
use crate::config::{CameraConfig, Setup};
use crate::detail::Detail;
use crate::drift::{CameraDrift, Change, MovedCameras};
use crate::gallery::Gallery;
use crate::health::Problem;
use crate::kept::Kept;
use crate::machine::Pace;
use crate::overload::Overload;
use crate::pipeline::{CameraPipeline, Looks, Pictures};
use crate::recorder::Report;
use crate::references::{Epochs, References, same_view, same_zones};
use begin::{learnt, new_drift, new_pipeline};
use chuangming_analysis::Place;
use chuangming_analysis::schedule::on_duty;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event};
use chuangming_domain::geometry::Rect;
use chuangming_domain::id::{AgentId, CameraId, HallId, WindowId};
use chuangming_domain::observation::{Observation, Presence, Signal, UnknownReason};
use chuangming_domain::wire::{Coverage, CoverageSchema, HealthKind, HealthPhase};
use chuangming_models::RgbImage;
use jiff::SignedDuration;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tracing::{info, warn};

/// How long to wait for a frame before looking after everything else.
const POLL: Duration = Duration::from_millis(250);
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// So much around a person, by their own size, is left out of what is learnt of a camera's view.
const AROUND_PEOPLE: f64 = 0.15;

/// What all cameras of the agent share.
#[derive(Clone)]
pub struct Shared {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// Looks at pictures; one look at a time.
    pub looks: Arc<Mutex<dyn Looks>>,
    /// Content hash of the model behind each signal.
    pub models: BTreeMap<Signal, Digest>,
    /// The agent's time.
    pub clock: Arc<SteadyClock>,
    /// Where each camera's newest picture is shown to a signed-in installer.
    pub gallery: Arc<Gallery>,
    /// What was learnt of windows and cameras.
    pub references: Arc<References>,
    /// What the signals said last.
    pub kept: Arc<Kept>,
    /// The cameras that look elsewhere.
    pub moved: Arc<MovedCameras>,
    /// To the recorder; a full queue blocks the camera, never loses an event.
    pub reports: tokio::sync::mpsc::Sender<Report>,
}

enum Order {
    Apply(Arc<Setup>),
    Stop,
}

/// A camera that is being watched.
pub struct Watch {
    id: CameraId,
    pace: Arc<Pace>,
    orders: mpsc::Sender<Order>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Starts both threads of a camera.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(config: &CameraConfig, setup: Arc<Setup>, shared: Shared) -> io::Result<Self> {
        tell_what_is_not_looked_at(config, &setup);
        let (source, settings) = (config.source.clone(), settings_of(config));
        let (id, gallery) = (config.id.clone(), Arc::clone(&shared.gallery));
        // Who sets the camera up sees it as it is, however long looking takes.
        let show = move |frame: &Frame| gallery.put(&id, frame);
        let clock = Arc::clone(&shared.clock);
        let camera = Camera::start_witnessed(config.id.clone(), source, settings, clock, show)?;
        let (orders, inbox) = mpsc::channel();
        let pace = Arc::new(Pace::default());
        let thread = Builder::new().name(format!("watch {}", config.id)).spawn({
            let (config, pace) = (config.clone(), Arc::clone(&pace));
            move || Watcher::new(config, setup, shared, pace).run(camera, &inbox)
        })?;
        Ok(Self { id: config.id.clone(), pace, orders, thread })
    }

    /// The camera, and the count of its pictures.
    #[must_use]
    pub fn pace(&self) -> (CameraId, Arc<Pace>) {
        (self.id.clone(), Arc::clone(&self.pace))
    }

    /// Swaps policy and calibration between two frames; open episodes are closed for `policy`.
    pub fn apply(&self, setup: Arc<Setup>) {
        self.order(Order::Apply(setup));
    }

    /// Asks to close all episodes and end, without waiting: ask all first, then [`Watch::join`] each.
    pub fn ask_to_stop(&self) {
        self.order(Order::Stop);
    }

    /// Waits until both threads have ended.
    pub fn join(self) {
        if self.thread.join().is_err() {
            warn!("the thread of a camera had failed");
        }
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            warn!("the thread of a camera has failed");
        }
    }
}

/// The state of one camera's own thread.
struct Watcher {
    config: CameraConfig,
    shared: Shared,
    setup: Arc<Setup>,
    pipeline: CameraPipeline,
    health: CameraHealth,
    overload: Overload,
    detail: Option<Detail>,
    /// Whether it looks where it was calibrated; `None` while nothing is.
    drift: Option<CameraDrift>,
    /// What of the store it knows.
    known: Epochs,
    pace: Arc<Pace>,
    /// The hour whose coverage is still being counted, by its number since 1970.
    hour: i64,
}

impl Watcher {
    fn new(config: CameraConfig, setup: Arc<Setup>, shared: Shared, pace: Arc<Pace>) -> Self {
        let now = shared.clock.now();
        let health_settings = if config.check_frozen { HealthSettings::LIVE } else { HealthSettings::CLIP };
        let known = shared.references.epochs();
        let pipeline = new_pipeline(&config.id, &setup, &shared);
        let health = CameraHealth::new(health_settings, now);
        let overload = Overload::default();
        let detail = config.detail_source.clone().map(|source| {
            Detail::new(config.id.clone(), source, settings_of(&config), Arc::clone(&shared.clock))
        });
        let drift = new_drift(&config.id, &setup, &shared);
        let hour = hour_of(now);
        Self { config, shared, setup, pipeline, health, overload, detail, drift, known, pace, hour }
    }

    fn run(mut self, camera: Camera, inbox: &mpsc::Receiver<Order>) {
        loop {
            match inbox.try_recv() {
                Ok(Order::Apply(setup)) => self.apply(setup),
                Err(mpsc::TryRecvError::Empty) => {}
                Ok(Order::Stop) | Err(mpsc::TryRecvError::Disconnected) => break,
            }
            match camera.wait(POLL) {
                Some(frame) => self.look(&frame),
                None => self.pass(),
            }
            self.shared.gallery.note_state(&self.config.id, self.health.state());
            self.follow_store();
            self.count_coverage();
        }
        camera.ask_to_stop();
        if let Some(detail) = &mut self.detail {
            detail.ask_to_stop();
        }
        self.start_afresh(self.shared.clock.now(), CloseReason::Shutdown);
        if let Err(e) = camera.stop(STOP_WITHIN) {
            warn!(reason = %e, "left behind");
        }
    }

    /// A frame came.
    fn look(&mut self, frame: &Frame) {
        let at = frame.at;
        self.pace.note(frame.dropped);
        if frame.loop_restarted {
            info!(camera = %self.config.id, "the clip begins again");
            self.start_afresh(at, CloseReason::Shutdown);
        }
        let transitions = self.health.frame(at, &Glance::of(&frame.image), self.is_on_duty(at));
        self.tell_health(transitions);
        let events = match self.health.state() {
            CameraState::Ok => {
                let is_late = frame.dropped > 0 && self.pipeline.is_late(at);
                self.tell_overload(at, is_late);
                self.watch_view(at, &frame.image);
                if self.drift.as_ref().is_some_and(CameraDrift::is_in_doubt) {
                    self.unknown(at, UnknownReason::Moved)
                } else {
                    let kept = Arc::clone(&self.shared.kept);
                    let detail =
                        self.detail.as_mut().filter(|_| self.pipeline.wants_detail(at, &frame.image));
                    let detail = detail.and_then(|detail| detail.at(at));
                    let pictures = Pictures { image: &frame.image, detail };
                    self.pipeline.step_showing(at, pictures, |place, said| kept.note(at, place, said))
                }
            }
            CameraState::Unknown(reason) => self.unknown(at, reason),
        };
        self.tell(events);
    }

    fn unknown(&mut self, at: Timestamp, reason: UnknownReason) -> Vec<Event> {
        let kept = Arc::clone(&self.shared.kept);
        self.pipeline.unknown_showing(at, reason, |place, said| kept.note(at, place, said))
    }

    /// Learns where the camera looks, or looks whether it still does.
    fn watch_view(&mut self, at: Timestamp, image: &RgbImage) {
        let Some(mut drift) = self.drift.take() else { return };
        if drift.is_due(at) {
            let change = if drift.is_learning() {
                self.people(at, image).and_then(|people| drift.learn(at, image, &people))
            } else {
                drift.look(at, image)
            };
            if let Some(change) = change {
                self.tell_view(at, change, &drift);
            }
            self.shared.moved.set(&self.config.id, drift.moved());
        }
        self.drift = Some(drift);
    }

    fn tell_view(&self, at: Timestamp, change: Change, drift: &CameraDrift) {
        match change {
            Change::Learnt => {
                let Some(view) = drift.view() else { return };
                info!(camera = %self.config.id, "knows where the camera looks");
                let kept =
                    self.shared.references.keep_view(&self.config.id, &self.setup.calibration, view, at);
                if let Err(e) = kept {
                    warn!(error = %e, "what the camera looks at is learnt anew at the next start");
                }
            }
            Change::Raised => self.tell_problem(HealthKind::CameraMoved, HealthPhase::Raised, at),
            Change::Cleared => self.tell_problem(HealthKind::CameraMoved, HealthPhase::Cleared, at),
        }
    }

    /// The parts of a picture where somebody is or may be; `None`: nobody can tell.
    fn people(&self, at: Timestamp, image: &RgbImage) -> Option<Vec<Rect>> {
        let mut people = self.shared.looks.lock().find_people(image).ok().flatten()?;
        people.iter_mut().for_each(|person| *person = person.enlarged(AROUND_PEOPLE));
        let windows = self.setup.calibration.windows.iter().filter(|w| w.camera == self.config.id);
        let is_empty = |id: &WindowId| {
            let newest = self.shared.kept.newest(&Place::Window(id.clone()));
            let Some((then, Observation::Presence(said))) = newest.get(&Signal::Presence) else {
                return false;
            };
            let is_fresh = at.duration_since(*then) < SignedDuration::from_secs(30);
            is_fresh && said.value() == Some(&Presence::Absent)
        };
        let taken = windows.filter(|w| !is_empty(&w.id)).map(|w| w.seat.bounds().enlarged(AROUND_PEOPLE));
        people.extend(taken);
        let masks = self.setup.calibration.masks_of(&self.config.id).map(|mask| mask.bounds());
        people.extend(masks);
        Some(people)
    }

    /// Takes up what was learnt or forgotten meanwhile; nothing that is open ends.
    fn follow_store(&mut self) {
        let now = self.shared.references.epochs();
        if now.windows != self.known.windows {
            let (windows, references) = (&self.setup.calibration.windows, &self.shared.references);
            self.pipeline.refer_to(|id| windows.iter().find(|w| w.id == *id).map(|w| learnt(w, references)));
        }
        if now.views != self.known.views {
            self.forget_drift();
            self.drift = new_drift(&self.config.id, &self.setup, &self.shared);
        }
        self.known = now;
    }

    /// Whatever was said of the view is over.
    fn forget_drift(&mut self) {
        if self.drift.take().is_some_and(|drift| drift.moved().is_some()) {
            self.tell_problem(HealthKind::CameraMoved, HealthPhase::Cleared, self.shared.clock.now());
        }
        self.shared.moved.set(&self.config.id, None);
    }

    /// No frame came.
    fn pass(&mut self) {
        let now = self.shared.clock.now();
        let transitions = self.health.tick(now, self.is_on_duty(now));
        self.tell_health(transitions);
        if let CameraState::Unknown(reason) = self.health.state() {
            let events = self.unknown(now, reason);
            self.tell(events);
        }
    }

    fn apply(&mut self, setup: Arc<Setup>) {
        let before = std::mem::replace(&mut self.setup, setup);
        if !same_view(&self.config.id, &before.calibration, &self.setup.calibration) {
            self.forget_drift();
            self.drift = new_drift(&self.config.id, &self.setup, &self.shared);
        }
        for window in before.calibration.windows.iter().filter(|w| w.camera == self.config.id) {
            if !self.setup.calibration.windows.iter().any(|w| same_zones(w, window)) {
                self.shared.kept.forget(&Place::Window(window.id.clone()));
            }
        }
        self.start_afresh(self.shared.clock.now(), CloseReason::Policy);
    }

    /// Ends what is open, hands out what was counted, and begins with rules that know nothing.
    fn start_afresh(&mut self, at: Timestamp, reason: CloseReason) {
        let events = self.pipeline.close_all(at, reason);
        self.tell(events);
        self.tell_coverage(Timestamp::MAX);
        self.pipeline = new_pipeline(&self.config.id, &self.setup, &self.shared);
    }

    fn is_on_duty(&self, at: Timestamp) -> bool {
        on_duty(self.setup.policy.schedule.as_ref(), at)
    }

    /// Once an hour, hands out the hour that is over.
    fn count_coverage(&mut self) {
        let now = self.shared.clock.now();
        if hour_of(now) != self.hour {
            self.hour = hour_of(now);
            self.tell_coverage(now);
        }
    }

    fn tell_coverage(&mut self, until: Timestamp) {
        let mut hours: BTreeMap<Timestamp, Coverage> = BTreeMap::new();
        for (window, counted) in self.pipeline.take_coverage(until) {
            for (hour, signals) in counted {
                let empty = || Coverage { schema: CoverageSchema::V1, hour, windows: BTreeMap::new() };
                hours.entry(hour).or_insert_with(empty).windows.insert(window.clone(), signals);
            }
        }
        for coverage in hours.into_values() {
            self.report(Report::Coverage(coverage));
        }
    }

    fn tell_health(&self, transitions: Vec<Transition>) {
        for Transition { kind, phase, at } in transitions {
            self.tell_problem(kind, phase, at);
        }
    }

    fn tell_overload(&mut self, at: Timestamp, is_late: bool) {
        if let Some(phase) = self.overload.note(at, is_late) {
            self.tell_problem(HealthKind::Overloaded, phase, at);
        }
    }

    fn tell_problem(&self, kind: HealthKind, phase: HealthPhase, at: Timestamp) {
        let problem = Problem::of_camera(kind, self.config.id.clone());
        self.report(match phase {
            HealthPhase::Raised => Report::Raised { problem, windows: self.windows(), at },
            HealthPhase::Cleared => Report::Cleared { problem, at },
        });
    }

    fn windows(&self) -> Vec<WindowId> {
        self.pipeline.windows().cloned().collect()
    }

    fn tell(&self, events: Vec<Event>) {
        if !events.is_empty() {
            self.report(Report::Events(events));
        }
    }

    fn report(&self, report: Report) {
        if self.shared.reports.blocking_send(report).is_err() {
            warn!(camera = %self.config.id, "nobody records any more");
        }
    }
}

fn settings_of(config: &CameraConfig) -> CaptureSettings {
    let defaults = CaptureSettings::default();
    CaptureSettings { still_fps: config.fps.unwrap_or(defaults.still_fps), ..defaults }
}

/// Settings that an installer may wonder about.
fn tell_what_is_not_looked_at(config: &CameraConfig, setup: &Setup) {
    let windows = setup.calibration.windows.iter().map(|w| &w.camera);
    let zones = setup.calibration.smoking_zones.iter().map(|z| &z.camera);
    if !windows.chain(zones).any(|camera| *camera == config.id) {
        warn!(camera = %config.id, "no window and no smoking zone is calibrated: only the camera's health is watched");
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

#[cfg(test)]
mod tests;
