//! The pipeline with scripted looks: what is due when, what becomes of it.

use super::*;
use chuangming_domain::observation::{Badge, Posture, Presence, Reading, Smoking};
use chuangming_domain::policy::Policy;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says what a function of seconds says, and counts looks.
struct Script<F> {
    says: F,
    looks: Arc<AtomicUsize>,
}

/// Seconds are written into the picture's width.
fn frame(seconds: f64) -> RgbImage {
    RgbImage::filled((seconds * 100.0) as u32 + 1, 1, 0)
}

impl<F: FnMut(f64, Signal) -> Option<Observation> + Send> Looks for Script<F> {
    fn look(
        &mut self,
        image: &RgbImage,
        _: &WindowView,
        due: &[Signal],
    ) -> Result<Vec<Observation>, ModelError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let seconds = f64::from(image.width() - 1) / 100.0;
        Ok(due.iter().filter_map(|&signal| (self.says)(seconds, signal)).collect())
    }

    fn look_for_smoking(&mut self, image: &RgbImage, _: &WindowView) -> Result<Observation, ModelError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let seconds = f64::from(image.width() - 1) / 100.0;
        Ok((self.says)(seconds, Signal::Smoking).expect("a script for smoking"))
    }
}

fn start() -> Timestamp {
    "2026-01-05T01:00:00Z".parse().unwrap()
}

fn square() -> Polygon {
    Polygon::new(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).unwrap()
}

fn site(rules: &str) -> Site {
    Site {
        hall: HallId::new("tanggu").unwrap(),
        agent: AgentId::new("edge-01").unwrap(),
        calibration: Digest::of(b""),
        models: BTreeMap::new(),
        policy: Arc::new(Policy::default().with_rules(rules.parse().unwrap(), "").unwrap()),
        seed: 7,
    }
}

fn window() -> WatchedWindow {
    WatchedWindow {
        id: WindowId::new("3").unwrap(),
        view: WindowView::new(square(), None, [].into()),
        duty: Duty { post: 1, required: [].into(), permitted: [].into() },
    }
}

/// One window with a script.
fn pipeline(
    rules: &str,
    says: impl FnMut(f64, Signal) -> Option<Observation> + Send + 'static,
) -> (CameraPipeline, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let script = Arc::new(Mutex::new(Script { says, looks: Arc::clone(&looks) }));
    (CameraPipeline::new(script, &site(rules), vec![window()], Vec::new()), looks)
}

fn at(seconds: f64) -> Timestamp {
    start() + SignedDuration::from_secs_f64(seconds)
}

/// `rule phase` of each event while frames come at that rate, and at the end.
fn run(mut pipeline: CameraPipeline, rate: f64, seconds: f64) -> Vec<(String, f64)> {
    let mut events = Vec::new();
    for i in 0..(seconds * rate) as usize {
        let t = i as f64 / rate;
        events.extend(pipeline.step(at(t), &frame(t)));
    }
    events.extend(pipeline.close_all(at(seconds), CloseReason::Shutdown));
    let moment = |e: &Event| e.opened_at.duration_since(start()).as_secs_f64();
    events.iter().map(|e| (format!("{} {:?}", e.rule, e.phase), moment(e))).collect()
}

fn somebody(signal: Signal, absent: bool, posture: Posture) -> Option<Observation> {
    Some(match signal {
        Signal::Presence if absent => Observation::Presence(Reading::known(Presence::Absent, 0.9)),
        _ if absent => return None,
        Signal::Presence => Observation::Presence(Reading::known(Presence::Present { people: 1 }, 0.9)),
        Signal::Posture => Observation::Posture(Reading::known(posture, 0.9)),
        Signal::Badge => Observation::Badge(Reading::known(Badge::Worn, 0.9)),
        Signal::Smoking => Observation::Smoking(Reading::known(Smoking::None, 0.9)),
        Signal::Desk => Observation::unknown(signal, UnknownReason::Unsure),
    })
}

const SHORT: &str =
    "absence = { raise_after_s = 5, clear_after_s = 2 }\nslumped = { raise_after_s = 4, clear_after_s = 2 }";

#[test]
fn the_same_scene_gives_the_same_events_at_any_frame_rate() {
    let scene = |t: f64, signal| {
        let posture = if (20.0..30.0).contains(&t) { Posture::Slumped } else { Posture::Upright };
        somebody(signal, (8.0..16.0).contains(&t), posture)
    };
    let mut all: Vec<Vec<(String, f64)>> = Vec::new();
    for rate in [1.0, 5.0, 25.0] {
        let (pipeline, looks) = pipeline(SHORT, scene);
        let events = run(pipeline, rate, 40.0);
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["absence Opened", "absence Closed", "slumped Opened", "slumped Closed"],
            "{rate} Hz"
        );
        assert!(
            (events[0].1 - 8.0).abs() <= 1.0 && (events[2].1 - 20.0).abs() <= 1.0,
            "{rate} Hz: {events:?}"
        );
        let count = looks.load(Ordering::Relaxed);
        assert!(count <= 81, "{count} looks in 40 s at {rate} Hz: the period is 0.5 s at least");
        all.push(events);
    }
    let shift = |a: &[(String, f64)], b: &[(String, f64)]| {
        a.iter().zip(b).map(|(x, y)| (x.1 - y.1).abs()).fold(0.0, f64::max)
    };
    assert!(shift(&all[0], &all[1]) <= 1.0 && shift(&all[1], &all[2]) <= 0.5, "{all:?}");
}

#[test]
fn a_blind_camera_raises_nothing_and_closes_what_was_open_as_lost() {
    let (mut pipeline, looks) = pipeline(SHORT, |_, signal| somebody(signal, true, Posture::Upright));
    let mut events = Vec::new();
    for t in 0..12 {
        events.extend(pipeline.step(at(f64::from(t)), &frame(0.0)));
    }
    let seen = looks.load(Ordering::Relaxed);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(pipeline.open_rules().count(), 1);
    for t in 12..340 {
        events.extend(pipeline.unknown(at(f64::from(t)), UnknownReason::Offline));
    }
    assert_eq!(looks.load(Ordering::Relaxed), seen, "nobody looks at a dead camera");
    assert_eq!(events.last().unwrap().close_reason, Some(CloseReason::Lost));
    assert_eq!(events.len(), 2, "unknown is never absence");
}

#[test]
fn nobody_looks_off_duty() {
    let (mut pipeline, looks) = pipeline(SHORT, |_, signal| somebody(signal, true, Posture::Upright));
    let policy = Policy::parse(
        "version = 1\n[schedule]\ntimezone = \"Asia/Shanghai\"\nweekly = { mon = [\"09:30-12:00\"] }",
        "policy.toml",
    );
    pipeline.policy = Arc::new(policy.unwrap());
    assert!(!pipeline.is_due(at(0.0)), "09:00 in Shanghai");
    pipeline.step(at(0.0), &frame(0.0));
    assert_eq!(looks.load(Ordering::Relaxed), 0);
    assert!(pipeline.is_due(at(1800.0)));
    pipeline.step(at(1800.0), &frame(0.0));
    assert_eq!(looks.load(Ordering::Relaxed), 1);
}

#[test]
fn smoking_is_told_from_several_frames() {
    let blink = |t: f64, signal| match signal {
        // One frame in three seconds looks like a cigarette.
        Signal::Smoking if (t % 3.0) < 0.5 => {
            Some(Observation::Smoking(Reading::known(Smoking::Smoking, 0.99)))
        }
        _ => somebody(signal, false, Posture::Upright),
    };
    let (pipeline_blink, _) = pipeline("smoking = { raise_after_s = 2 }", blink);
    assert_eq!(run(pipeline_blink, 5.0, 30.0), []);
    let steady = |t: f64, signal| match signal {
        Signal::Smoking if t > 10.0 && (t % 3.0) < 2.0 => {
            Some(Observation::Smoking(Reading::known(Smoking::Smoking, 0.99)))
        }
        _ => somebody(signal, false, Posture::Upright),
    };
    let (pipeline_steady, _) = pipeline("smoking = { raise_after_s = 2 }", steady);
    let events = run(pipeline_steady, 5.0, 30.0);
    assert_eq!(
        events.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["smoking Opened", "smoking Closed"]
    );
}

#[test]
fn a_zone_is_watched_for_smoking_only() {
    let looks = Arc::new(AtomicUsize::new(0));
    let says = |_: f64, _: Signal| Some(Observation::Smoking(Reading::known(Smoking::Smoking, 0.9)));
    let script = Arc::new(Mutex::new(Script { says, looks: Arc::clone(&looks) }));
    let zone = (ZoneId::new("lobby-east").unwrap(), square());
    let mut pipeline = CameraPipeline::new(script, &site(""), Vec::new(), vec![zone]).watching_all(1.0);
    let mut shown = Vec::new();
    let mut events = Vec::new();
    for t in 0..20 {
        let show = |_: &Place, o: &Observation| shown.push(o.signal());
        events.extend(pipeline.step_showing(at(f64::from(t)), &frame(0.0), show));
    }
    assert!(shown.iter().all(|signal| *signal == Signal::Smoking) && shown.len() == 20);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].rule, events[0].window.is_none()), (Rule::Smoking, true));
    assert!(pipeline.take_coverage(at(7200.0)).is_empty(), "zones have no coverage");
}

#[test]
fn coverage_is_by_window() {
    let (mut pipeline, _) = pipeline("", |_, signal| somebody(signal, false, Posture::Upright));
    for t in 0..10 {
        pipeline.step(at(f64::from(t)), &frame(0.0));
    }
    let coverage = pipeline.take_coverage(at(3600.0));
    let hours = &coverage[&WindowId::new("3").unwrap()];
    let observed = hours.values().next().unwrap()[&Signal::Presence].observed_s;
    assert!((9.0..=14.0).contains(&observed), "{observed}");
}

#[test]
fn the_larger_picture_is_looked_at_where_the_smaller_has_too_few_pixels() {
    let check = |name: &str, small: (u32, u32), expected: &[(Signal, f64)]| {
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let says = {
            let seen = Arc::clone(&seen);
            move |width: f64, signal| {
                seen.lock().insert(signal, width);
                somebody(signal, false, Posture::Upright)
            }
        };
        let (mut pipeline, _) = pipeline("", says);
        let (small, large) = (RgbImage::filled(small.0, small.1, 0), RgbImage::filled(801, 601, 0));
        assert_eq!(pipeline.wants_detail(at(0.0), &small), expected[1].1 == 8.0, "{name}");
        pipeline.step_showing(at(0.0), Pictures { image: &small, detail: Some(&large) }, |_, _| {});
        for (signal, width) in expected {
            assert_eq!(
                seen.lock().get(signal),
                Some(width),
                "{name}: {signal:?} saw a width of, in hundreds"
            );
        }
    };
    let sees = |posture, badge| [(Signal::Posture, posture), (Signal::Badge, badge)];
    check("a sub-stream", (161, 121), &sees(1.6, 8.0));
    check("a picture with pixels enough", (641, 481), &sees(6.4, 6.4));
}
