//! `edge-agent run`: everything wired together, and its ordered shutdown.
//!
//! ```text
//! cameras ─▶ Watch (one a camera) ─▶ Recorder ─▶ Outbox ─▶ Publisher ─▶ broker
//!                 ▲                                            │
//!                 └───────────── Remote ◀── config/desired ────┘
//! ```

use crate::ballast::Ballast;
use crate::calibrate::handle::{Adopt, Handle, Memory, ORDERS};
use crate::calibrate::on_demand;
use crate::clock::{SKEW_LIMIT, SteadyClock};
use crate::config::{AgentConfig, Config, Setup, model_manifest};
use crate::failure::Failure;
use crate::gallery::Gallery;
use crate::health::Problem;
use crate::machine::Gauge;
use crate::outbox::{Limits, Outbox};
use crate::perceive::Perception;
use crate::publish::{Address, Publisher, Wires, client_config};
use crate::recorder::{self, Recorder, Report};
use crate::references::References;
use crate::remote::{ConfigKey, Identity, Remote};
use crate::watch::{Shared, Watch};
use chuangming_calibration::Draft;
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::wire::{AppliedConfig, DesiredConfig, Geometry, GeometrySchema, HealthKind};
use chuangming_models::{Models, Options};
use parking_lot::Mutex;
use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tracing::{error, info, warn};

const TICK: Duration = Duration::from_secs(1);
/// The wall clock must be off for so many ticks before it is followed.
const SKEWED_TICKS: u32 = 5;

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// When something that must be right before the start is not.
pub async fn run(config: Config) -> Result<(), Failure> {
    let Config { agent, setup } = config;
    // What must be right before anything starts.
    agent.prepare_data_dir()?;
    let Some(_lock) = lock(&agent)? else {
        let place = agent.data_dir.display();
        return Err(Failure::input(format!(
            "data_dir: {place} is in use by another agent, expected one of its own"
        )));
    };
    if let Some(files) = &agent.broker.tls {
        client_config(files).map_err(Failure::input)?;
    }
    let key = agent.config_key_file.as_deref().map(ConfigKey::load).transpose().map_err(Failure::input)?;
    let identity = Identity {
        hall: agent.hall.clone(),
        agent: agent.agent.clone(),
        cameras: agent.camera_ids(),
        data_dir: agent.data_dir.clone(),
        own_calibration: setup.calibration_text.clone(),
    };
    let mut remote = Remote::new(key, identity);
    let outbox = Outbox::open(&agent.data_dir, Limits::default()).await.map_err(Failure::failed)?;
    let models = load_models(&agent)?;
    let perception = Perception::new(models.clone());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;

    // Start, from the end of the way to its beginning.
    let clock = Arc::new(SteadyClock::default());
    let orphans = outbox.close_orphans(clock.now()).await.map_err(Failure::failed)?;
    if orphans > 0 {
        info!(orphans, "closed what the last run had left open");
    }
    let (setup, refusal) = setup_in_force(setup, &mut remote);
    let references = References::open(&agent.data_dir).map_err(Failure::failed)?;
    tidy(&references, &setup);
    let wake = Arc::new(Notify::new());
    let (desired_in, mut desired) = mpsc::channel(4);
    let (applied, applied_out) = watch::channel(in_force(&setup));
    let (geometry, geometry_out) = watch::channel(geometry_of(&setup, clock.now()));
    let (windows, windows_out) = watch::channel(windows_of(&setup));
    let (stop, stop_out) = watch::channel(false);
    let gauge = Arc::new(Gauge::new(outbox.clone(), agent.data_dir.clone(), Arc::clone(&clock), &setup));
    let wires = Wires {
        outbox: outbox.clone(),
        gauge: Arc::clone(&gauge),
        wake: Arc::clone(&wake),
        applied: applied_out,
        geometry: geometry_out,
        windows: windows_out,
        desired: desired_in,
        stop: stop_out,
    };
    let address =
        Address { hall: agent.hall.clone(), agent: agent.agent.clone(), broker: agent.broker.clone() };
    let publisher = tokio::spawn(Publisher::new(address, wires).run());

    let (reports, reports_out) = mpsc::channel(recorder::QUEUE);
    let recorder = Recorder::new(outbox.clone(), wake, Arc::clone(&clock), Ballast::new(&agent.data_dir));
    let recorder = tokio::spawn(recorder.run(reports_out));

    let gallery = Arc::new(Gallery::new(agent.camera_ids()));
    let shared = Shared {
        hall: agent.hall.clone(),
        agent: agent.agent.clone(),
        models: perception.digests(),
        looks: Arc::new(Mutex::new(perception)),
        clock: Arc::clone(&clock),
        gallery: Arc::clone(&gallery),
        references: Arc::new(references),
        kept: Arc::default(),
        moved: Arc::default(),
        reports,
    };
    let memory = Memory::of(&shared);
    let agent = Arc::new(agent);
    let (in_force, in_force_out) = watch::channel(Arc::new(setup));
    let (orders, mut ordered) = mpsc::channel(ORDERS);
    let handle =
        Handle { agent: Arc::clone(&agent), gallery, memory, clock, models, setup: in_force_out, orders };
    let is_offered = agent.calibrate.on_demand || agent.calibrate.always;
    let page = is_offered.then(|| on_demand::offer(handle, Arc::clone(&gauge))).transpose()?;
    let mut live = Live {
        agent,
        remote,
        setup: in_force,
        shared,
        applied,
        geometry,
        windows,
        gauge,
        watches: Vec::new(),
        skewed_ticks: 0,
    };
    if let Some(problems) = refusal {
        live.tell_refused(&problems).await;
    }
    live.start_watching()?;

    // Live.
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            Some(payload) = desired.recv() => live.configure(&payload).await,
            Some(adopt) = ordered.recv() => live.adopt(adopt).await,
            _ = tick.tick() => live.check_clock().await?,
        }
    }

    // Shutdown, in the order of the way: cameras, rules, outbox, broker.
    info!("shutting down");
    if let Some(page) = page {
        page.withdraw().await;
    }
    live.stop_watching().await;
    drop(live); // its senders: the recorder ends when all is recorded
    if recorder.await.is_err() {
        error!("the recorder had failed");
    }
    // The publisher sends what is left for a short while and says that the agent is offline.
    if stop.send(true).is_err() || publisher.await.is_err() {
        error!("the publisher had failed");
    }
    outbox.close().await;
    info!("stopped");
    Ok(())
}

/// What changes while the agent runs.
struct Live {
    agent: Arc<AgentConfig>,
    remote: Remote,
    /// What is in force.
    setup: watch::Sender<Arc<Setup>>,
    shared: Shared,
    applied: watch::Sender<AppliedConfig>,
    geometry: watch::Sender<Geometry>,
    windows: watch::Sender<Vec<WindowId>>,
    gauge: Arc<Gauge>,
    watches: Vec<Watch>,
    skewed_ticks: u32,
}

impl Live {
    fn start_watching(&mut self) -> Result<(), Failure> {
        let setup = self.setup();
        for camera in &self.agent.cameras {
            let watch =
                Watch::start(camera, Arc::clone(&setup), self.shared.clone()).map_err(Failure::failed)?;
            self.watches.push(watch);
        }
        self.gauge.watches(&setup, self.watches.iter().map(Watch::pace));
        Ok(())
    }

    fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.borrow())
    }

    /// Stops all cameras at once and waits until what they had to say is with the recorder.
    async fn stop_watching(&mut self) {
        let watches = std::mem::take(&mut self.watches);
        let stopped = tokio::task::spawn_blocking(move || {
            watches.iter().for_each(Watch::ask_to_stop);
            watches.into_iter().for_each(Watch::join);
        });
        if stopped.await.is_err() {
            error!("the cameras could not be stopped");
        }
    }

    /// Looks at a configuration from central; an invalid one keeps the old.
    async fn configure(&mut self, payload: &[u8]) {
        let desired = match Remote::read(payload) {
            Ok(desired) => desired,
            Err(problem) => return self.tell_refused(&[format!("config/desired: {problem}")]).await,
        };
        match self.remote.check(&desired) {
            Ok(setup) => self.apply(desired, setup).await,
            Err(problems) => {
                self.tell_refused(&problems).await;
                let refused = AppliedConfig { version: desired.version, ok: false, problems };
                self.applied.send_replace(refused);
            }
        }
    }

    /// Takes a configuration into force. One with the content of the old one, as every connection brings it, ends no
    /// episode.
    async fn apply(&mut self, desired: DesiredConfig, setup: Setup) {
        if let Err(e) = self.remote.accept(desired) {
            warn!(error = %e, "the configuration is in force but cannot be kept for the next start");
        }
        self.put_in_force(setup);
        self.accept().await;
    }

    /// Takes what the calibration page saved into force.
    async fn adopt(&mut self, Adopt { setup, done }: Adopt) {
        if let Err(e) = self.remote.calibrated_here(&setup.calibration_text) {
            warn!(error = %e, "the calibration is in force, but after the next start central's may be");
        }
        let version = self.remote.name_of(&setup);
        self.put_in_force(Setup { version, ..setup });
        self.accept().await;
        let _ = done.send(());
    }

    fn put_in_force(&mut self, setup: Setup) {
        let last = self.setup.send_replace(Arc::new(setup));
        let setup = self.setup();
        if setup.policy == last.policy && setup.calibration == last.calibration {
            return;
        }
        info!(version = %setup.version, "configuration applied");
        tidy(&self.shared.references, &setup);
        self.geometry.send_replace(geometry_of(&setup, self.shared.clock.now()));
        self.windows.send_replace(windows_of(&setup));
        for watch in &self.watches {
            watch.apply(Arc::clone(&setup));
        }
        self.gauge.watches(&setup, self.watches.iter().map(Watch::pace));
    }

    async fn accept(&self) {
        self.applied.send_replace(in_force(&self.setup()));
        let problem = Problem::of_agent(HealthKind::PolicyRefused);
        self.report(Report::Cleared { problem, at: self.shared.clock.now() }).await;
    }

    async fn tell_refused(&self, problems: &[String]) {
        warn!(problems = problems.join("; "), "configuration refused; the old one stays in force");
        let problem = Problem::of_agent(HealthKind::PolicyRefused);
        self.report(Report::Raised { problem, windows: Vec::new(), at: self.shared.clock.now() }).await;
    }

    /// When the wall clock was set, tells so and follows it. Rules measure time, so they start afresh: cameras are
    /// stopped, episodes closed as of the old clock, and all is watched again on the new one.
    async fn check_clock(&mut self) -> Result<(), Failure> {
        let skew = self.shared.clock.skew(Timestamp::now(), Instant::now());
        self.skewed_ticks = if skew.abs() > SKEW_LIMIT.as_secs_f64() { self.skewed_ticks + 1 } else { 0 };
        if self.skewed_ticks < SKEWED_TICKS {
            return Ok(());
        }
        warn!(skew_s = skew, "the system clock was set; following it");
        let problem = Problem::of_agent(HealthKind::ClockSkewed);
        self.report(Report::Raised {
            problem: problem.clone(),
            windows: Vec::new(),
            at: self.shared.clock.now(),
        })
        .await;
        self.stop_watching().await;
        self.shared.clock.anchor(Timestamp::now(), Instant::now());
        self.skewed_ticks = 0;
        self.report(Report::Cleared { problem, at: self.shared.clock.now() }).await;
        self.start_watching()
    }

    async fn report(&self, report: Report) {
        if self.shared.reports.send(report).await.is_err() {
            error!("the recorder has failed");
        }
    }
}

/// The configuration that central sent before this start, if it still counts; else the files'.
fn setup_in_force(files: Setup, remote: &mut Remote) -> (Setup, Option<Vec<String>>) {
    match remote.resume() {
        Ok(Some(kept)) => {
            info!(version = %kept.version, "using the configuration that central sent last");
            (kept, None)
        }
        Ok(None) => (files, None),
        Err(problems) => (files, Some(problems)),
    }
}

/// What was learnt goes with the calibration that it belongs to.
fn tidy(references: &References, setup: &Setup) {
    if let Err(e) = references.keep_only(&setup.calibration) {
        warn!(error = %e, "descriptors of an older calibration are still there");
    }
}

fn in_force(setup: &Setup) -> AppliedConfig {
    AppliedConfig { version: setup.version.clone(), ok: true, problems: Vec::new() }
}

/// The geometry as central may know it: what the file says, without what somebody wrote beside it.
fn geometry_of(setup: &Setup, at: Timestamp) -> Geometry {
    Geometry {
        schema: GeometrySchema::V1,
        calibration: setup.calibration.digest.clone(),
        at,
        text: Draft::from(&setup.calibration).to_toml(),
    }
}

fn windows_of(setup: &Setup) -> Vec<WindowId> {
    setup.calibration.windows.iter().map(|window| window.id.clone()).collect()
}

/// Two agents on one outbox would send and delete each other's messages. `None` when another one runs on it.
pub(crate) fn lock(agent: &AgentConfig) -> Result<Option<File>, Failure> {
    let path = agent.data_dir.join("lock");
    let file = File::create(&path).map_err(|e| Failure::failed(format!("{}: {e}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(Failure::failed(format!("{}: {e}", path.display()))),
    }
}

pub(crate) fn load_models(agent: &AgentConfig) -> Result<Models, Failure> {
    let manifest = model_manifest(agent.models.as_deref())?;
    Models::load(&manifest, &Options::default()).map_err(Failure::input)
}
