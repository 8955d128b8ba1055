//! One thread per camera.

use super::backoff::Backoff;
use super::error::CaptureError;
use super::frame::Frame;
use super::slot::Slot;
use super::source::{CaptureSettings, Source};
use super::stop::Stop;
use crate::clock::SteadyClock;
use chuangming_domain::id::CameraId;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tracing::{debug, info, warn};

/// A camera that is being read. Dropping it asks its thread to end without waiting for it.
pub struct Camera {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// What a camera did since it was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Frames brought by the source.
    pub captured: u64,
    /// Frames that nobody took before the next one came.
    pub dropped: u64,
    /// How often the source failed, to be opened or while it was read.
    pub failures: u64,
    /// Why it failed last, while it has not brought a frame since.
    pub failing: Option<String>,
}

/// A camera's thread did not end in time. It holds no frame and ends when its source's time-out passes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("camera {camera} did not stop within {} s", within.as_secs_f64())]
pub struct StillRunning {
    camera: CameraId,
    within: Duration,
}

/// Sees every frame in the camera's thread, whether or not anybody takes it in time.
type Witness = Box<dyn Fn(&Frame) + Send + Sync>;

struct Shared {
    id: CameraId,
    source: Source,
    settings: CaptureSettings,
    clock: Arc<SteadyClock>,
    witness: Witness,
    slot: Slot,
    stop: Arc<Stop>,
    captured: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
    failing: Mutex<Option<String>>,
}

impl Camera {
    /// Starts the camera's thread, which opens the source and opens it again whenever it fails.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        id: CameraId,
        source: Source,
        settings: CaptureSettings,
        clock: Arc<SteadyClock>,
    ) -> io::Result<Self> {
        Self::start_witnessed(id, source, settings, clock, |_| {})
    }

    /// The same; `witness` sees every frame in the camera's thread, before and whether or not anybody takes it. It must be
    /// quick.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start_witnessed(
        id: CameraId,
        source: Source,
        settings: CaptureSettings,
        clock: Arc<SteadyClock>,
        witness: impl Fn(&Frame) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let name = format!("camera {id}");
        let shared = Arc::new(Shared {
            id,
            source,
            settings,
            clock,
            witness: Box::new(witness),
            slot: Slot::default(),
            stop: Arc::default(),
            captured: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            failing: Mutex::new(None),
        });
        let thread = Builder::new().name(name).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        })?;
        Ok(Self { shared, thread })
    }

    /// Waits for the newest frame that was not taken yet.
    #[must_use]
    pub fn wait(&self, within: Duration) -> Option<Frame> {
        self.shared.slot.take(within)
    }

    /// What it did so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            captured: self.shared.captured.load(Ordering::Relaxed),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
            failures: self.shared.failures.load(Ordering::Relaxed),
            failing: self.shared.failing.lock().clone(),
        }
    }

    /// Asks the thread to end, without waiting: ask all cameras first, then [`Camera::stop`] each.
    pub fn ask_to_stop(&self) {
        self.shared.stop.set();
    }

    /// Ends the thread and waits for it.
    ///
    /// # Errors
    /// When it has not ended in time; it is left behind then.
    pub fn stop(self, within: Duration) -> Result<(), StillRunning> {
        self.ask_to_stop();
        let until = Instant::now() + within;
        while !self.thread.is_finished() {
            if Instant::now() >= until {
                return Err(StillRunning { camera: self.shared.id.clone(), within });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.shared.slot.clear();
        Ok(())
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

impl Shared {
    /// Only retries.
    fn run(&self) {
        let mut backoff = Backoff::new(self.settings.backoff_first, self.settings.backoff_cap);
        while !self.stop.is_set() {
            let began = Instant::now();
            let error = match self.run_once() {
                Err(CaptureError::Stopped { .. }) => break,
                Err(error) => error,
                Ok(never) => match never {},
            };
            self.note_failure(&error);
            // A source that lived a while deserves a quick return; one that dies again at once does not.
            if began.elapsed() > self.settings.backoff_cap {
                backoff.reset();
            }
            if self.stop.sleep(backoff.wait(rand::random())) {
                break;
            }
        }
        self.slot.clear();
    }

    /// Only the happy path: ends with the first error.
    fn run_once(&self) -> Result<std::convert::Infallible, CaptureError> {
        let mut source = self.source.open(&self.settings, &self.clock, &self.stop)?;
        loop {
            let frame = source.next()?;
            self.note_frame(&frame);
            (self.witness)(&frame);
            if self.slot.put(frame) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn note_frame(&self, frame: &Frame) {
        let first = self.captured.fetch_add(1, Ordering::Relaxed) == 0;
        if self.failing.lock().take().is_some() || first {
            info!(camera = %self.id, source = %self.source, image = ?frame.image, "pictures arrive");
        }
    }

    /// Tells each new reason once: a camera that stays dead does not fill the log.
    fn note_failure(&self, error: &CaptureError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let reason = error.to_string();
        let mut failing = self.failing.lock();
        if failing.as_ref() == Some(&reason) {
            debug!(camera = %self.id, %reason, "still no pictures");
        } else {
            warn!(camera = %self.id, %reason, "no pictures; trying again");
            *failing = Some(reason);
        }
    }
}
