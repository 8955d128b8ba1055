//! One camera's threads on pictures in a folder, with a script in the place of the models.

use chuangming_domain::event::{CloseReason, Event, Phase};
use chuangming_domain::observation::{Observation, Presence, Reading, Signal, Smoking};
use chuangming_domain::wire::HealthKind;
use chuangming_edge_agent::capture::Source;
use chuangming_edge_agent::clock::SteadyClock;
use chuangming_edge_agent::config::{CameraConfig, Setup};
use chuangming_edge_agent::gallery::Gallery;
use chuangming_edge_agent::health::Problem;
use chuangming_edge_agent::perceive::WindowView;
use chuangming_edge_agent::pipeline::Looks;
use chuangming_edge_agent::recorder::Report;
use chuangming_edge_agent::references::References;
use chuangming_edge_agent::watch::{Shared, Watch};
use chuangming_models::{ModelError, RgbImage};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(60);

/// Sees nobody, ever.
struct Nobody;

impl Looks for Nobody {
    fn look(&mut self, _: &RgbImage, _: &WindowView, due: &[Signal]) -> Result<Vec<Observation>, ModelError> {
        let nobody = Observation::Presence(Reading::known(Presence::Absent, 1.0));
        Ok(due.iter().filter(|s| **s == Signal::Presence).map(|_| nobody.clone()).collect())
    }

    fn look_for_smoking(&mut self, _: &RgbImage, _: &WindowView) -> Result<Observation, ModelError> {
        Ok(Observation::Smoking(Reading::known(Smoking::None, 1.0)))
    }
}

struct Bench {
    watch: Watch,
    _data: tempfile::TempDir,
    reports: mpsc::Receiver<Report>,
}

fn setup(raise_after_s: u32) -> Arc<Setup> {
    let policy = format!("version = 1\n[rules.absence]\nraise_after_s = {raise_after_s}\n");
    let calibration =
        "version = 1\n[[windows]]\nid = \"3\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.9,0.1],[0.9,0.9]]\n";
    Arc::new(Setup::parse(&policy, calibration, &["cam-1".parse().unwrap()]).unwrap())
}

fn watch(source: &Path, fps: f64) -> Bench {
    watch_in_detail(source, None, fps, Nobody)
}

fn watch_in_detail(source: &Path, detail: Option<&Path>, fps: f64, looks: impl Looks + 'static) -> Bench {
    let (sender, reports) = mpsc::channel(64);
    let data = tempfile::tempdir().unwrap();
    let shared = Shared {
        hall: "tanggu".parse().unwrap(),
        agent: "edge-01".parse().unwrap(),
        looks: Arc::new(Mutex::new(looks)),
        models: BTreeMap::new(),
        clock: Arc::new(SteadyClock::default()),
        gallery: Arc::new(Gallery::default()),
        references: Arc::new(References::open(data.path()).unwrap()),
        kept: Arc::default(),
        moved: Arc::default(),
        reports: sender,
    };
    let config = CameraConfig {
        id: "cam-1".parse().unwrap(),
        source: Source::Media(source.to_owned()),
        detail_source: detail.map(|path| Source::Media(path.to_owned())),
        check_frozen: false,
        fps: Some(fps),
    };
    Bench { watch: Watch::start(&config, setup(1), shared).unwrap(), _data: data, reports }
}

impl Bench {
    fn next(&mut self) -> Report {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.reports.try_recv() {
                Ok(report) => return report,
                Err(_) => assert!(Instant::now() < until, "nothing is reported"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn next_event(&mut self) -> Event {
        loop {
            if let Report::Events(events) = self.next() {
                assert_eq!(events.len(), 1, "{events:?}");
                return events.into_iter().next().unwrap();
            }
        }
    }

    fn stop(self) -> Vec<Report> {
        let Self { watch, mut reports, .. } = self;
        watch.ask_to_stop();
        watch.join();
        std::iter::from_fn(|| reports.try_recv().ok()).collect()
    }
}

/// The side of a small picture.
const SIDE: u32 = 96;

/// Writes chequered pictures (a uniform one would count as a covered lens), each moved by its number.
fn write_pictures(folder: &Path, count: u8) {
    write_pictures_of(folder, count, SIDE);
}

fn write_pictures_of(folder: &Path, count: u8, side: u32) {
    for n in 0..count {
        let mut bmp = Vec::new();
        bmp.extend(b"BM");
        bmp.extend((54 + side * side * 3).to_le_bytes());
        bmp.extend([0; 4]);
        bmp.extend(54u32.to_le_bytes());
        bmp.extend(40u32.to_le_bytes());
        bmp.extend(side.to_le_bytes());
        bmp.extend(side.to_le_bytes());
        bmp.extend(1u16.to_le_bytes());
        bmp.extend(24u16.to_le_bytes());
        bmp.extend([0; 24]);
        for y in 0..side {
            for x in 0..side {
                let light = ((x + u32::from(n)) / 12 + y / 12) % 2 == 0;
                bmp.extend([if light { 200 } else { 60 }; 3]);
            }
        }
        std::fs::write(folder.join(format!("{n:03}.bmp")), bmp).unwrap();
    }
}

#[test]
fn a_clip_that_begins_again_closes_what_is_open_and_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    write_pictures(folder.path(), 36);
    // Nine seconds: five until the rules are armed, one of dwell, some of absence.
    let mut bench = watch(folder.path(), 4.0);
    let opened = bench.next_event();
    assert_eq!((opened.phase, opened.window.unwrap().as_str()), (Phase::Opened, "3"));
    let closed = bench.next_event();
    assert_eq!((closed.id, closed.close_reason), (opened.id, Some(CloseReason::Shutdown)));
    assert!(closed.at > opened.at);
    let again = bench.next_event();
    assert_eq!(again.phase, Phase::Opened);
    assert_ne!(again.id, opened.id);
    assert!(
        (again.opened_at.duration_since(closed.at)).as_secs_f64() >= -0.001,
        "it knows nothing of before"
    );
    bench.stop();
}

#[test]
fn a_new_policy_closes_what_is_open_and_a_stop_too() {
    let folder = tempfile::tempdir().unwrap();
    write_pictures(folder.path(), 120);
    let mut bench = watch(folder.path(), 2.0);
    let opened = bench.next_event();
    bench.watch.apply(setup(2));
    let closed = bench.next_event();
    assert_eq!((closed.id, closed.close_reason), (opened.id, Some(CloseReason::Policy)));
    assert_eq!(closed.policy, opened.policy, "an episode ends under the policy it began under");
    let again = bench.next_event();
    assert_ne!(again.policy, opened.policy);

    let rest = bench.stop();
    let [.., Report::Events(events), Report::Coverage(coverage)] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!((events[0].id, events[0].close_reason), (again.id, Some(CloseReason::Shutdown)));
    let presence = coverage.windows[&"3".parse().unwrap()][&Signal::Presence];
    assert!(presence.observed_s > 5.0, "{presence:?}");
}

#[test]
fn a_camera_that_never_was_is_offline_and_its_windows_are_not_absent() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = watch(&folder.path().join("gone.mp4"), 5.0);
    let Report::Raised { problem, windows, .. } = bench.next() else { panic!("a health event is expected") };
    assert_eq!(problem, Problem::of_camera(HealthKind::CameraOffline, "cam-1".parse().unwrap()));
    assert_eq!(windows, ["3".parse().unwrap()]);
    std::thread::sleep(Duration::from_secs(3));
    let rest = bench.stop();
    assert!(!rest.iter().any(|r| matches!(r, Report::Events(_))), "{rest:?}");
}

/// Notes how wide the pictures are that it is shown.
struct Ruler(Arc<Mutex<BTreeSet<u32>>>);

impl Looks for Ruler {
    fn look(
        &mut self,
        image: &RgbImage,
        view: &WindowView,
        due: &[Signal],
    ) -> Result<Vec<Observation>, ModelError> {
        self.0.lock().insert(image.width());
        Nobody.look(image, view, due)
    }

    fn look_for_smoking(&mut self, image: &RgbImage, zone: &WindowView) -> Result<Observation, ModelError> {
        Nobody.look_for_smoking(image, zone)
    }
}

#[test]
fn the_detail_source_is_looked_at_where_the_source_has_too_few_pixels() {
    const LARGE: u32 = 960;
    let folder = tempfile::tempdir().unwrap();
    let [small, large] = ["small", "large"].map(|name| folder.path().join(name));
    for (folder, side) in [(&small, SIDE), (&large, LARGE)] {
        std::fs::create_dir(folder).unwrap();
        write_pictures_of(folder, 8, side);
    }
    let widths = Arc::new(Mutex::new(BTreeSet::new()));
    let bench = watch_in_detail(&small, Some(&large), 4.0, Ruler(Arc::clone(&widths)));
    let until = Instant::now() + PATIENCE;
    while !widths.lock().contains(&LARGE) {
        assert!(Instant::now() < until, "only {:?} wide pictures were looked at", widths.lock());
        std::thread::sleep(Duration::from_millis(10));
    }
    bench.stop();
}
