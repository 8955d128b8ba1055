//! What the agent says of itself as a machine: which rules and geometry are in force, its cameras, how busy it is.
//!
//! Nothing here is needed to watch a window: what the system does not tell is told as zero, never as a failure.

use crate::clock::SteadyClock;
use crate::config::Setup;
use crate::outbox::Outbox;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::{CameraId, WindowId};
use chuangming_domain::wire::{Load, Machine, MachineCamera, MachineSchema};
use parking_lot::Mutex;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts one camera's pictures; its thread adds, a report takes.
#[derive(Debug, Default)]
pub struct Pace {
    looked: AtomicU64,
    dropped: AtomicU64,
}

impl Pace {
    /// A picture was looked at, and so many before it were dropped.
    pub fn note(&self, dropped: u64) {
        self.looked.fetch_add(1, Ordering::Relaxed);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
    }

    fn take(&self) -> (u64, u64) {
        (self.looked.swap(0, Ordering::Relaxed), self.dropped.swap(0, Ordering::Relaxed))
    }
}

/// Measures the machine.
#[derive(Debug)]
pub struct Gauge {
    outbox: Outbox,
    data_dir: PathBuf,
    clock: Arc<SteadyClock>,
    state: Mutex<State>,
    page: Mutex<Option<(SocketAddr, Digest)>>,
}

#[derive(Debug)]
struct State {
    policy: Digest,
    calibration: Digest,
    cameras: Vec<(CameraId, Vec<WindowId>, Arc<Pace>)>,
    since: Instant,
    ticks: Ticks,
}

/// Processor time since the machine started, in ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl Gauge {
    /// A gauge of a machine whose cameras are not known yet.
    #[must_use]
    pub fn new(outbox: Outbox, data_dir: PathBuf, clock: Arc<SteadyClock>, setup: &Setup) -> Self {
        let state = State {
            policy: setup.policy.digest.clone(),
            calibration: setup.calibration.digest.clone(),
            cameras: Vec::new(),
            since: Instant::now(),
            ticks: Ticks::now(),
        };
        Self { outbox, data_dir, clock, state: Mutex::new(state), page: Mutex::default() }
    }

    /// Notes what is in force and which cameras are watched under it.
    pub fn watches(&self, setup: &Setup, cameras: impl Iterator<Item = (CameraId, Arc<Pace>)>) {
        let windows = |camera: &CameraId| {
            let of_it = setup.calibration.windows.iter().filter(|window| window.camera == *camera);
            of_it.map(|window| window.id.clone()).collect()
        };
        let mut state = self.state.lock();
        state.policy = setup.policy.digest.clone();
        state.calibration = setup.calibration.digest.clone();
        state.cameras = cameras.map(|(id, pace)| (id.clone(), windows(&id), pace)).collect();
    }

    /// Notes where the calibration page is reached and the hash of its certificate, or that it is closed.
    pub fn page_is_at(&self, page: Option<(SocketAddr, Digest)>) {
        *self.page.lock() = page;
    }

    /// What there is to say now; rates are since the last report.
    pub async fn report(&self) -> Machine {
        let waiting = self.outbox.totals().await.map_or(0, |(stored, _)| stored);
        let mut state = self.state.lock();
        let seconds = state.since.elapsed().as_secs_f64().max(1.0);
        let ticks = Ticks::now();
        let load = Load {
            cores: u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1),
            cpu: ticks.share_since(state.ticks),
            memory: fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text)).unwrap_or(0.0),
            disk_free: rustix::fs::statvfs(&self.data_dir).map_or(0, |disk| disk.f_bavail * disk.f_frsize),
            waiting: u64::try_from(waiting).unwrap_or(0),
        };
        let cameras = state.cameras.iter().map(|(id, windows, pace)| camera(id, windows, pace, seconds));
        let cameras = cameras.collect();
        let (page, page_certificate) = self.page.lock().clone().unzip();
        (state.since, state.ticks) = (Instant::now(), ticks);
        Machine {
            schema: MachineSchema::V1,
            at: self.clock.now(),
            policy: state.policy.clone(),
            calibration: state.calibration.clone(),
            cameras,
            load,
            page,
            page_certificate,
        }
    }
}

fn camera(id: &CameraId, windows: &[WindowId], pace: &Pace, seconds: f64) -> MachineCamera {
    let (looked, dropped) = pace.take();
    MachineCamera {
        id: id.clone(),
        windows: windows.to_vec(),
        looked_per_s: rounded(number(looked) / seconds),
        dropped: share(dropped, looked + dropped),
    }
}

impl Ticks {
    fn now() -> Self {
        fs::read_to_string("/proc/stat").ok().and_then(|text| Self::read(&text)).unwrap_or_default()
    }

    /// The first line of `/proc/stat`: user nice system idle iowait irq softirq steal, in ticks of all cores.
    fn read(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|tick| tick.parse().ok()).collect();
        let idle = ticks.get(3)? + ticks.get(4)?;
        let all = ticks.iter().sum();
        Some(Self { busy: all - idle, all })
    }

    fn share_since(self, before: Self) -> f64 {
        share(self.busy.saturating_sub(before.busy), self.all.saturating_sub(before.all))
    }
}

/// The share of the memory in use.
fn memory(meminfo: &str) -> Option<f64> {
    let kib = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let (all, available) = (kib("MemTotal:")?, kib("MemAvailable:")?);
    Some(share(all.saturating_sub(available), all))
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { rounded((number(part) / number(all)).clamp(0.0, 1.0)) }
}

#[allow(clippy::cast_precision_loss, reason = "counts of a minute, bytes of a machine")]
fn number(count: u64) -> f64 {
    count as f64
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let before = Ticks::read("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 …").unwrap();
        assert_eq!(before, Ticks { busy: 150, all: 1000 });
        let after = Ticks::read("cpu  160 0 70 1000 70 0 0 0 0 0\n").unwrap();
        assert_eq!(after.share_since(before), 0.267);
        assert_eq!(before.share_since(before), 0.0);
        assert_eq!(Ticks::read("intr 1"), None);
        assert_eq!(memory("MemTotal:  8000 kB\nMemFree: 1 kB\nMemAvailable:  2000 kB\n"), Some(0.75));
        assert_eq!(memory("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn a_camera_tells_what_it_looked_at_and_what_was_dropped_once() {
        let pace = Pace::default();
        for dropped in [0, 3, 1] {
            pace.note(dropped);
        }
        let id = CameraId::new("cam-1").unwrap();
        let told = camera(&id, &[], &pace, 2.0);
        assert_eq!((told.looked_per_s, told.dropped), (1.5, 0.571));
        let told = camera(&id, &[], &pace, 2.0);
        assert_eq!((told.looked_per_s, told.dropped), (0.0, 0.0));
    }
}
