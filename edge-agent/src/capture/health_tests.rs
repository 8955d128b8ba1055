use super::*;
use chuangming_models::image::RgbImage;
use proptest::prelude::*;

/// What a camera shows for some seconds, at five pictures a second.
#[derive(Debug, Clone, Copy)]
enum Show {
    /// A hall with sensor noise.
    Scene,
    /// The same picture again and again.
    Still,
    /// Two encodings of the same picture in turn, as a video of a frozen picture has.
    StillReencoded,
    /// A dark hall with noise.
    Dark,
    /// Between the two limits for dark.
    Dusk,
    /// A sheet of paper on the lens.
    Uniform,
    /// A hand before the lens: hardly any of the scene's detail left.
    Hand,
    /// No picture at all.
    Nothing,
    /// A second of each, in turn.
    Turns([&'static Show; 2]),
}
use Show::*;

/// For how many seconds what is shown, and whether on duty.
type Part = (i64, Show, bool);

const PERIOD_MS: i64 = 200;

/// Blocks of different brightness, with a little noise that is different in every picture.
fn picture(brightness: f32, contrast: f32, noise: f32, n: i64) -> Glance {
    let (width, height) = (128_usize, 72_usize);
    let mut state = (n as u32).wrapping_mul(2_654_435_761) | 1;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let random = (state >> 16) as f32 / 65_535.0 - 0.5;
            let block = (x / 8 * 7 + y / 8 * 5) % 9;
            let value = brightness + contrast * (block as f32 - 4.0) + noise * random;
            pixels.extend([value.clamp(0.0, 255.0) as u8; 3]);
        }
    }
    Glance::of(&RgbImage::from_raw(width as u32, height as u32, pixels).unwrap())
}

fn show(what: Show, n: i64) -> Option<Glance> {
    Some(match what {
        Scene => picture(120.0, 12.0, 12.0, n),
        Still => picture(120.0, 12.0, 12.0, 7),
        StillReencoded => picture(120.0, 12.0, 12.0, n % 2),
        Dark => picture(8.0, 1.0, 4.0, n),
        Dusk => picture(20.0, 2.0, 6.0, n),
        Uniform => picture(180.0, 0.0, 4.0, n),
        Hand => picture(90.0, 1.8, 4.0, n),
        Nothing => return None,
        Turns(two) => return show(*two[(n * PERIOD_MS / 1000 % 2) as usize], n),
    })
}

/// Plays the scenario on the clock of its first second; gives what was reported with its second, and the last state.
fn play(settings: HealthSettings, scenario: &[Part]) -> (Vec<(f64, HealthKind, HealthPhase)>, CameraState) {
    let start = Timestamp::from_second(1_800_000_000).unwrap();
    let mut health = CameraHealth::new(settings, start);
    let mut reported = Vec::new();
    let mut n = 0;
    for (seconds, what, on_duty) in scenario {
        for _ in 0..seconds * 1000 / PERIOD_MS {
            let at = start + SignedDuration::from_millis(n * PERIOD_MS);
            let transitions = match show(*what, n) {
                Some(glance) => health.frame(at, &glance, *on_duty),
                None => health.tick(at, *on_duty),
            };
            reported.extend(
                transitions.iter().map(|t| (t.at.duration_since(start).as_secs_f64(), t.kind, t.phase)),
            );
            n += 1;
        }
    }
    (reported, health.state())
}

/// An expected report: between which seconds, what.
type Expected = (f64, f64, HealthKind, HealthPhase);

fn check(name: &str, settings: HealthSettings, scenario: &[Part], expected: &[Expected], state: CameraState) {
    let (reported, last) = play(settings, scenario);
    let fits = reported.len() == expected.len()
        && reported.iter().zip(expected).all(|(r, e)| e.0 <= r.0 && r.0 <= e.1 && (r.1, r.2) == (e.2, e.3));
    assert!(fits, "{name}: reported {reported:?}, expected {expected:?}");
    assert_eq!(last, state, "{name}");
}

const LIVE: HealthSettings = HealthSettings::LIVE;
const OK: CameraState = CameraState::Ok;

fn raised(kind: HealthKind, within: (f64, f64)) -> Expected {
    (within.0, within.1, kind, HealthPhase::Raised)
}

fn cleared(kind: HealthKind, within: (f64, f64)) -> Expected {
    (within.0, within.1, kind, HealthPhase::Cleared)
}

#[test]
fn every_problem_is_found_within_ten_seconds_and_cleared_when_it_ends() {
    use HealthKind::*;
    for (kind, what) in [
        (CameraOffline, Nothing),
        (CameraFrozen, Still),
        (CameraFrozen, StillReencoded),
        (CameraDark, Dark),
        (CameraCovered, Uniform),
        (CameraCovered, Hand),
    ] {
        let problem = CameraState::Unknown(match kind {
            CameraOffline => UnknownReason::Offline,
            CameraFrozen => UnknownReason::Frozen,
            CameraDark => UnknownReason::Dark,
            _ => UnknownReason::Covered,
        });
        let found = raised(kind, (22.0, 30.0));
        check(&format!("{what:?}"), LIVE, &[(20, Scene, true), (20, what, true)], &[found], problem);
        let over = cleared(kind, (42.0, 45.0));
        let scenario = [(20, Scene, true), (20, what, true), (20, Scene, true)];
        check(&format!("{what:?}, then the scene again"), LIVE, &scenario, &[found, over], OK);
    }
}

#[test]
fn what_is_no_problem_is_not_reported() {
    for (name, settings, scenario, state) in [
        ("a scene", LIVE, vec![(120, Scene, true)], OK),
        ("a short gap", LIVE, vec![(20, Scene, true), (5, Nothing, true), (10, Scene, true)], OK),
        ("a flash of dark", LIVE, vec![(20, Scene, true), (2, Dark, true), (10, Scene, true)], OK),
        ("a flickering light", LIVE, vec![(20, Scene, true), (22, Turns([&Dark, &Scene]), true)], OK),
        ("a clip that stands still", HealthSettings::CLIP, vec![(60, Still, true)], OK),
        ("a few equal pictures", LIVE, vec![(20, Scene, true), (4, Still, true), (10, Scene, true)], OK),
        ("dusk", LIVE, vec![(60, Dusk, true)], OK),
        ("dark at night", LIVE, vec![(60, Dark, false)], CameraState::Unknown(UnknownReason::Dark)),
    ] {
        check(name, settings, &scenario, &[], state);
    }
}

#[test]
fn borderline_cases() {
    use HealthKind::*;
    let unknown = CameraState::Unknown;
    let rows: Vec<(&str, Vec<Part>, Vec<Expected>, CameraState)> = vec![
        (
            "never a picture",
            vec![(20, Nothing, true)],
            vec![raised(CameraOffline, (6.0, 10.0))],
            unknown(UnknownReason::Offline),
        ),
        ("not yet a picture", vec![(2, Nothing, true)], vec![], unknown(UnknownReason::Offline)),
        (
            "covered from the start",
            vec![(20, Uniform, true)],
            vec![raised(CameraCovered, (4.0, 10.0))],
            unknown(UnknownReason::Covered),
        ),
        (
            "a doubt is unknown at once",
            vec![(20, Scene, true), (1, Dark, true)],
            vec![],
            unknown(UnknownReason::Dark),
        ),
        (
            "still unknown until it was fine for a while",
            vec![(20, Scene, true), (20, Dark, true), (2, Scene, true)],
            vec![raised(CameraDark, (24.0, 30.0))],
            unknown(UnknownReason::Dark),
        ),
        (
            "dark when duty begins, and no matter when it ends",
            vec![(20, Dark, false), (20, Dark, true), (20, Dark, false)],
            vec![raised(CameraDark, (20.0, 21.0)), cleared(CameraDark, (40.0, 41.0))],
            unknown(UnknownReason::Dark),
        ),
        (
            "dusk after dark stays dark",
            vec![(20, Dark, true), (60, Dusk, true)],
            vec![raised(CameraDark, (4.0, 10.0))],
            unknown(UnknownReason::Dark),
        ),
        (
            "a hand that is half dark is found whatever it is called",
            vec![(20, Scene, true), (6, Turns([&Dark, &Uniform]), true)],
            vec![raised(CameraDark, (24.0, 30.0))],
            unknown(UnknownReason::Dark),
        ),
        (
            "one problem turns into another",
            vec![(20, Scene, true), (10, Uniform, true), (20, Nothing, true)],
            vec![
                raised(CameraCovered, (24.0, 30.0)),
                cleared(CameraCovered, (35.0, 37.0)),
                raised(CameraOffline, (35.0, 37.0)),
            ],
            unknown(UnknownReason::Offline),
        ),
    ];
    for (name, scenario, expected, state) in rows {
        check(name, LIVE, &scenario, &expected, state);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever a camera shows, a report is cleared before the next is raised, and the state agrees with what is raised.
    #[test]
    fn at_most_one_problem_is_raised(parts in prop::collection::vec((1_i64..12, 0_usize..7, any::<bool>()), 1..8)) {
        let shows = [Scene, Still, Dark, Dusk, Uniform, Hand, Nothing];
        let scenario: Vec<_> = parts.into_iter().map(|(seconds, what, on_duty)| (seconds, shows[what], on_duty)).collect();
        let (reported, state) = play(LIVE, &scenario);
        let mut open = None;
        for (_, kind, phase) in reported {
            match phase {
                HealthPhase::Raised => prop_assert_eq!(open.replace(kind), None),
                HealthPhase::Cleared => prop_assert_eq!(open.take(), Some(kind)),
            }
        }
        prop_assert!(open.is_none() || state != CameraState::Ok);
    }
}
