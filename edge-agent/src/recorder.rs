//! What happens between the rules and the disk: reports of the cameras become durable messages, in order.
//!
//! Reports wait in a bounded queue that blocks its senders when it is full: a camera then looks less often, but no
//! event is lost. When the disk refuses, messages wait here instead, the ballast is given free so that `disk_full`
//! itself can be recorded, and recording is tried again on every tick. What cannot wait any longer is dropped, oldest
//! updates first, counted, and told as `events_evicted`.

use crate::ballast::Ballast;
use crate::clock::SteadyClock;
use crate::health::{HealthBook, Problem};
use crate::outbox::{Message, Outbox};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, Phase};
use chuangming_domain::id::WindowId;
use chuangming_domain::wire::{Coverage, HealthKind};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tracing::{error, info, warn};

/// Reports that wait for the recorder.
pub const QUEUE: usize = 256;
/// Messages that wait for a full disk.
const BACKLOG: usize = 10_000;
const BATCH: usize = 256;
const TICK: Duration = Duration::from_secs(5);

/// What a camera, or the agent, has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The rules decided something.
    Events(Vec<Event>),
    /// A problem begins. Told again while it lasts, it is no news.
    Raised {
        /// Which one.
        problem: Problem,
        /// The windows that cannot be observed because of it.
        windows: Vec<WindowId>,
        /// When.
        at: Timestamp,
    },
    /// A problem is over, if it was there.
    Cleared {
        /// Which one.
        problem: Problem,
        /// When.
        at: Timestamp,
    },
    /// Seconds observed and unknown.
    Coverage(Coverage),
}

/// Writes reports into the outbox.
pub struct Recorder {
    outbox: Outbox,
    wake: Arc<Notify>,
    clock: Arc<SteadyClock>,
    ballast: Ballast,
    book: HealthBook,
    backlog: VecDeque<Message>,
    coverage: VecDeque<Coverage>,
    evicted: u64,
}

impl Recorder {
    /// A recorder that tells `wake` whenever there is something new to send.
    #[must_use]
    pub fn new(outbox: Outbox, wake: Arc<Notify>, clock: Arc<SteadyClock>, ballast: Ballast) -> Self {
        Self {
            outbox,
            wake,
            clock,
            ballast,
            book: HealthBook::default(),
            backlog: VecDeque::new(),
            coverage: VecDeque::new(),
            evicted: 0,
        }
    }

    /// Records until every sender is gone, and then ends what is open about the agent's own health.
    pub async fn run(mut self, mut reports: mpsc::Receiver<Report>) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                report = reports.recv() => {
                    let Some(report) = report else { break };
                    self.take(report);
                    while self.backlog.len() < BATCH && let Ok(report) = reports.try_recv() {
                        self.take(report);
                    }
                    self.record().await;
                }
                _ = tick.tick() => self.tick().await,
            }
        }
        let now = self.clock.now();
        self.backlog.extend(self.book.clear_all(now).into_iter().map(Message::Health));
        self.record().await;
        if !self.backlog.is_empty() {
            error!(lost = self.backlog.len(), "the disk is full: messages are lost at shutdown");
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Events(events) => self.backlog.extend(events.into_iter().map(Message::Event)),
            Report::Raised { problem, windows, at } => self.raise(&problem, windows, at),
            Report::Cleared { problem, at } => self.clear(&problem, at),
            Report::Coverage(coverage) => self.coverage.push_back(coverage),
        }
    }

    /// Makes everything durable that waits, as far as the disk allows.
    async fn record(&mut self) {
        while !self.backlog.is_empty() {
            let batch: Vec<_> = self.backlog.iter().take(BATCH).cloned().collect();
            match self.outbox.append(&batch).await {
                Ok(evicted) => {
                    self.backlog.drain(..batch.len()).for_each(|message| log_recorded(&message));
                    self.wake.notify_one();
                    self.note_evicted(evicted);
                }
                Err(e) => {
                    let room_was_made = self.note_full(&e);
                    if !room_was_made {
                        break;
                    }
                }
            }
        }
        while let Some(coverage) = self.coverage.front() {
            match self.outbox.add_coverage(coverage).await {
                Ok(evicted) => {
                    self.coverage.pop_front();
                    self.wake.notify_one();
                    self.note_evicted(evicted);
                }
                Err(e) => {
                    self.note_full(&e);
                    break;
                }
            }
        }
        self.bound_backlog();
    }

    async fn tick(&mut self) {
        let now = self.clock.now();
        self.record().await;
        if !self.backlog.is_empty() {
            return;
        }
        // Only a disk with room for the ballast counts as not full.
        let full = Problem::of_agent(HealthKind::DiskFull);
        match self.ballast.hold() {
            Ok(()) => self.clear(&full, now),
            Err(_) => self.raise(&full, Vec::new(), now),
        }
        if self.book.is_open(&Problem::of_agent(HealthKind::EventsEvicted))
            && self.outbox.is_roomy().await.unwrap_or(false)
        {
            self.clear(&Problem::of_agent(HealthKind::EventsEvicted), now);
        }
        if let Err(e) = self.outbox.note_alive(now).await {
            self.note_full(&e);
        }
        self.record().await;
    }

    /// Tells that the disk refuses, and makes room if there is ballast.
    fn note_full(&mut self, error: &impl std::fmt::Display) -> bool {
        error!(%error, waiting = self.backlog.len(), "cannot record; messages wait in memory");
        let now = self.clock.now();
        self.raise(&Problem::of_agent(HealthKind::DiskFull), Vec::new(), now);
        self.ballast.release()
    }

    fn note_evicted(&mut self, evicted: u64) {
        if evicted > 0 {
            self.evicted += evicted;
            warn!(evicted, total = self.evicted, "messages were evicted: too much waits for central");
            let now = self.clock.now();
            self.raise(&Problem::of_agent(HealthKind::EventsEvicted), Vec::new(), now);
        }
    }

    fn bound_backlog(&mut self) {
        let mut evicted = 0;
        while self.backlog.len() > BACKLOG {
            let is_update = |m: &Message| matches!(m, Message::Event(e) if e.phase == Phase::Updated);
            let oldest = self.backlog.iter().position(is_update).unwrap_or(0);
            self.backlog.remove(oldest);
            evicted += 1;
        }
        while self.coverage.len() > BACKLOG {
            self.coverage.pop_front();
            evicted += 1;
        }
        self.note_evicted(evicted);
    }

    fn raise(&mut self, problem: &Problem, windows: Vec<WindowId>, at: Timestamp) {
        if let Some(health) = self.book.raise(problem, windows, at) {
            warn!(kind = ?health.kind, camera = ?problem.camera.as_ref().map(ToString::to_string), "health: raised");
            self.backlog.push_back(Message::Health(health));
        }
    }

    fn clear(&mut self, problem: &Problem, at: Timestamp) {
        if let Some(health) = self.book.clear(problem, at) {
            info!(kind = ?health.kind, camera = ?problem.camera.as_ref().map(ToString::to_string), "health: cleared");
            self.backlog.push_back(Message::Health(health));
        }
    }
}

/// Says that an event is durable: from here on it cannot be lost.
fn log_recorded(message: &Message) {
    if let Message::Event(event) = message {
        let place = place_of(event);
        info!(id = %event.id, seq = event.seq, rule = %event.rule, phase = ?event.phase, place, "event recorded");
    }
}

fn place_of(event: &Event) -> &str {
    let window = event.window.as_ref().map(WindowId::as_str);
    window.or(event.zone.as_ref().map(|zone| zone.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Limits;
    use chuangming_domain::wire::Health;

    struct Bench {
        folder: tempfile::TempDir,
        outbox: Outbox,
        recorder: Recorder,
        clock: Arc<SteadyClock>,
    }

    async fn bench(limits: Limits) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path(), limits).await.unwrap();
        let clock = Arc::new(SteadyClock::default());
        let ballast = Ballast::new(folder.path());
        let recorder = Recorder::new(outbox.clone(), Arc::default(), Arc::clone(&clock), ballast);
        Bench { folder, outbox, recorder, clock }
    }

    async fn recorded(outbox: &Outbox) -> Vec<String> {
        let stored = outbox.unacknowledged(0, 100_000).await.unwrap();
        let health = stored.iter().map(|s| serde_json::from_str::<Health>(&s.body).unwrap());
        health.map(|h| format!("{:?} {:?}", h.kind, h.phase)).collect()
    }

    fn camera(kind: HealthKind) -> Problem {
        Problem::of_camera(kind, "cam-1".parse().unwrap())
    }

    #[tokio::test]
    async fn problems_are_recorded_once_and_ended_at_shutdown() {
        let Bench { folder: _folder, outbox, recorder, clock } = bench(Limits::default()).await;
        let (sender, reports) = mpsc::channel(QUEUE);
        let now = clock.now();
        let raised = |kind| Report::Raised { problem: camera(kind), windows: vec![], at: now };
        for report in [
            raised(HealthKind::CameraOffline),
            raised(HealthKind::CameraOffline),
            Report::Cleared { problem: camera(HealthKind::CameraOffline), at: now },
            Report::Cleared { problem: camera(HealthKind::CameraOffline), at: now },
            raised(HealthKind::CameraDark),
        ] {
            sender.send(report).await.unwrap();
        }
        drop(sender);
        recorder.run(reports).await;
        assert_eq!(
            recorded(&outbox).await,
            ["CameraOffline Raised", "CameraOffline Cleared", "CameraDark Raised", "CameraDark Cleared"]
        );
    }

    #[tokio::test]
    async fn a_full_disk_is_told_when_there_is_room_again_and_loses_nothing() {
        let Bench { folder: _folder, outbox, mut recorder, clock } = bench(Limits::default()).await;
        outbox.limit_pages(20).await;
        recorder.ballast.hold().unwrap();
        let mut raised = 0;
        while !recorder.book.is_open(&Problem::of_agent(HealthKind::DiskFull)) {
            raised += 1;
            assert!(raised < 1000, "the page limit is never met");
            let problem =
                Problem::of_camera(HealthKind::CameraDark, format!("cam-{raised}").parse().unwrap());
            recorder.take(Report::Raised { problem, windows: vec![], at: clock.now() });
            recorder.record().await;
        }
        assert!(!recorder.backlog.is_empty());
        assert!(!recorder.ballast.release(), "the ballast was given free");

        outbox.limit_pages(10_000).await;
        recorder.tick().await;
        recorder.tick().await;
        let recorded = recorded(&outbox).await;
        assert_eq!(recorded.iter().filter(|r| *r == "CameraDark Raised").count(), raised);
        assert_eq!(recorded[raised..], ["DiskFull Raised", "DiskFull Cleared"]);
        assert!(recorder.ballast.release(), "the ballast is there again");
    }

    #[tokio::test]
    async fn evictions_are_told_once_and_end_when_central_has_caught_up() {
        let Bench { folder: _folder, outbox, mut recorder, clock } =
            bench(Limits { stored: 8, ..Limits::default() }).await;
        for n in 0..12 {
            let problem = Problem::of_camera(HealthKind::CameraDark, format!("cam-{n}").parse().unwrap());
            recorder.take(Report::Raised { problem, windows: vec![], at: clock.now() });
            recorder.record().await;
        }
        assert_eq!(recorded(&outbox).await.iter().filter(|r| *r == "EventsEvicted Raised").count(), 1);
        assert_eq!(
            recorder.evicted, 5,
            "four for the cameras beyond eight, one for the eviction's own message"
        );
        recorder.tick().await;
        assert!(recorder.book.is_open(&Problem::of_agent(HealthKind::EventsEvicted)), "still full");

        let stored = outbox.unacknowledged(0, 100).await.unwrap();
        outbox.acknowledge(&stored.iter().map(|s| s.key).collect::<Vec<_>>()).await.unwrap();
        recorder.tick().await;
        assert_eq!(recorded(&outbox).await, ["EventsEvicted Cleared"]);
    }
}
