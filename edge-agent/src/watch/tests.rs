//! A camera that is knocked while somebody is away from the window: pictures and times are made here, the rest is real.

use super::*;
use crate::capture::Source;
use crate::drift::tests::{lit, moved, scene};
use crate::perceive::WindowView;
use chuangming_domain::event::{Event, Phase};
use chuangming_domain::observation::Reading;
use chuangming_domain::wire::HealthKind;
use chuangming_models::ModelError;
use tokio::sync::mpsc::{Receiver, channel};

/// Sees nobody, ever.
struct Nobody;

impl Looks for Nobody {
    fn look(&mut self, _: &RgbImage, _: &WindowView, due: &[Signal]) -> Result<Vec<Observation>, ModelError> {
        let nobody = Observation::Presence(Reading::known(Presence::Absent, 1.0));
        Ok(due.iter().filter(|s| **s == Signal::Presence).map(|_| nobody.clone()).collect())
    }

    fn look_for_smoking(&mut self, _: &RgbImage, _: &WindowView) -> Result<Observation, ModelError> {
        Ok(Observation::unknown(Signal::Smoking, UnknownReason::Unsure))
    }

    fn find_people(&mut self, _: &RgbImage) -> Result<Option<Vec<Rect>>, ModelError> {
        Ok(Some(Vec::new()))
    }
}

fn setup(seat_right: f64) -> Arc<Setup> {
    let policy = "version = 1\n[rules.absence]\nraise_after_s = 20\n";
    let calibration = format!(
        "version = 1\n[[windows]]\nid = \"3\"\ncamera = \"cam-1\"\nseat = [[0.3,0.1],[{seat_right},0.1],[{seat_right},0.5]]\n"
    );
    Arc::new(Setup::parse(policy, &calibration, &["cam-1".parse().unwrap()]).unwrap())
}

struct Bench {
    watcher: Watcher,
    reports: Receiver<Report>,
    start: Timestamp,
}

fn bench(data: &std::path::Path) -> Bench {
    let (sender, reports) = channel(4096);
    let shared = Shared {
        hall: "tanggu".parse().unwrap(),
        agent: "edge-01".parse().unwrap(),
        looks: Arc::new(Mutex::new(Nobody)),
        models: BTreeMap::new(),
        clock: Arc::new(SteadyClock::default()),
        gallery: Arc::default(),
        references: Arc::new(References::open(data).unwrap()),
        kept: Arc::default(),
        moved: Arc::default(),
        reports: sender,
    };
    let start = shared.clock.now();
    let config = CameraConfig {
        id: "cam-1".parse().unwrap(),
        source: Source::Media("unused".into()),
        detail_source: None,
        check_frozen: false,
        fps: None,
    };
    Bench { watcher: Watcher::new(config, setup(0.6), shared, Arc::default()), reports, start }
}

impl Bench {
    /// Shows a picture each second; the health events with their seconds, and the other events.
    fn show(
        &mut self,
        seconds: std::ops::Range<u32>,
        image: &RgbImage,
    ) -> (Vec<(u32, HealthKind, bool)>, Vec<Event>) {
        let (mut health, mut events) = (Vec::new(), Vec::new());
        for second in seconds {
            let at = self.start + SignedDuration::from_secs(second.into());
            let image = lit(image, 1.0, 1.0, 0.0, false, second + 1);
            let image = Arc::new(image);
            self.watcher.look(&Frame { at, image, loop_restarted: false, dropped: 0 });
            self.watcher.follow_store();
            while let Ok(report) = self.reports.try_recv() {
                match report {
                    Report::Raised { problem, windows, .. } => {
                        assert_eq!(windows, ["3".parse().unwrap()]);
                        health.push((second, problem.kind, true));
                    }
                    Report::Cleared { problem, .. } => health.push((second, problem.kind, false)),
                    Report::Events(told) => events.extend(told),
                    Report::Coverage(_) => {}
                }
            }
        }
        (health, events)
    }

    fn says(&self) -> Observation {
        let place = Place::Window("3".parse().unwrap());
        self.watcher.shared.kept.newest(&place)[&Signal::Presence].1.clone()
    }
}

const MOVED: HealthKind = HealthKind::CameraMoved;

#[test]
fn a_knock_suspends_the_windows_until_the_camera_is_back() {
    let data = tempfile::tempdir().unwrap();
    let mut bench = bench(data.path());
    let (in_place, knocked) = (scene("demo.ref.jpg"), moved(&scene("demo.ref.jpg"), 0.05, 0.02, 1.0, 1.0));
    let (health, events) = bench.show(0..45, &in_place);
    assert!(health.is_empty(), "{health:?}");
    assert!(matches!(&events[..], [e] if e.phase == Phase::Opened), "{events:?}");

    let (health, events) = bench.show(45..80, &knocked);
    assert!(matches!(health[..], [(second, MOVED, true)] if second <= 75), "{health:?}");
    assert!(events.is_empty(), "what is open stays as it is: {events:?}");
    assert_eq!(bench.says(), Observation::unknown(Signal::Presence, UnknownReason::Moved));
    let camera = "cam-1".parse().unwrap();
    let drift = bench.watcher.shared.moved.get(&camera).unwrap().drift.unwrap();
    assert!((drift.dx - 0.05).abs() < 0.01, "{drift:?}");

    let (health, _) = bench.show(80..100, &in_place);
    assert!(matches!(health[..], [(_, MOVED, false)]), "{health:?}");
    assert_eq!(bench.says(), Observation::Presence(Reading::known(Presence::Absent, 1.0)));
    assert_eq!(bench.watcher.shared.moved.get(&camera), None);
}

#[test]
fn a_knock_while_the_agent_was_off_is_told_and_new_zones_or_a_new_view_end_it() {
    let data = tempfile::tempdir().unwrap();
    let (in_place, knocked) = (scene("quiet.ref.jpg"), moved(&scene("quiet.ref.jpg"), -0.04, 0.0, 0.0, 1.0));
    let mut first = bench(data.path());
    assert!(first.show(0..40, &in_place).0.is_empty());
    drop(first);

    let mut second = bench(data.path());
    let (health, events) = second.show(0..30, &knocked);
    assert!(matches!(health[..], [(_, MOVED, true)]), "{health:?}");
    assert!(events.is_empty(), "{events:?}");
    second.watcher.apply(setup(0.61));
    let (health, _) = second.show(30..90, &knocked);
    assert_eq!(health, [(30, MOVED, false)], "the new zones belong to where it looks now");
    drop(second);

    let mut third = bench(data.path());
    assert!(matches!(third.show(0..30, &knocked).0[..], [(_, MOVED, true)]), "the old zones do not");
    third.watcher.shared.references.forget_views(&setup(0.6).calibration).unwrap();
    assert_eq!(third.show(30..90, &knocked).0, [(30, MOVED, false)]);
}
