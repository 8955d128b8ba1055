//! What holds for every scene.

mod support;

use chuangming_domain::event::{CloseReason, Event, Phase};
use chuangming_domain::observation::{Observation, Signal};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::{Part, after, observation, play, policy, seconds, told, window};

const WORDS: [&str; 23] = [
    "absent",
    "present",
    "crowd",
    "?presence",
    "upright",
    "slumped",
    "leaning_back",
    "tilted",
    "standing",
    "?posture",
    "worn",
    "missing",
    "?badge",
    "smoking",
    "none",
    "?smoking",
    "clean",
    "cup",
    "ashtray",
    "cup+ashtray",
    "empty",
    "unrecognised",
    "?desk",
];

/// One signal after the other: stretches of words of that signal, or nothing.
fn scenes() -> impl Strategy<Value = Vec<Part>> {
    let signal = |signal: Signal| {
        let words: Vec<&str> =
            WORDS.into_iter().filter(|word| observation(word).signal() == signal).collect();
        let stretch =
            (prop_oneof![1..6_u32, 5..150_u32], prop::option::weighted(0.9, prop::sample::select(words)));
        prop::collection::vec(stretch, 0..25).prop_map(|stretches| {
            let mut end = 0;
            let mut parts = Vec::new();
            for (fifths, word) in stretches {
                let (from, to) = (f64::from(end) / 5.0, f64::from(end + fifths) / 5.0);
                parts.extend(word.map(|word| Part { from, to, observation: observation(word) }));
                end += fifths;
            }
            parts
        })
    };
    Signal::ALL.map(signal).to_vec().prop_map(|signals| signals.concat())
}

fn policies() -> impl Strategy<Value = Policy> {
    (1.0..20.0_f64, 0.0..10.0_f64, 0.0..30.0_f64, 0.5..1.0_f64, 0.0..0.45_f64).prop_map(
        |(raise, clear, cooldown, raise_ratio, clear_ratio)| {
            let rule = |rule: Rule| {
                format!(
                    "{rule} = {{ raise_after_s = {raise:?}, clear_after_s = {clear:?}, cooldown_s = {cooldown:?}, \
                     raise_ratio = {raise_ratio:?}, clear_ratio = {clear_ratio:?} }}\n"
                )
            };
            policy(&Rule::ALL.map(rule).concat())
        },
    )
}

/// The laws of an event's life, for all events of a window that was closed at the end.
fn lawful(events: &[Event], policy: &Policy) -> Result<(), TestCaseError> {
    let mut open: BTreeMap<Rule, &Event> = BTreeMap::new();
    let mut quiet_until: BTreeMap<Rule, f64> = BTreeMap::new();
    let mut ids = std::collections::BTreeSet::new();
    for event in events {
        let settings = policy.rule(event.rule);
        let at = seconds(event.at);
        let held_for = at - seconds(event.opened_at) - event.evidence.unknown_s;
        prop_assert!((0.0..=1.0).contains(&event.confidence));
        match event.phase {
            Phase::Opened => {
                prop_assert!(ids.insert(event.id), "an id twice: {event:?}");
                prop_assert!(open.insert(event.rule, event).is_none(), "open twice: {event:?}");
                prop_assert_eq!(event.seq, 0);
                prop_assert!(
                    event.evidence.observed_s >= settings.raise_after_s - 0.001,
                    "no dwell: {event:?}"
                );
                prop_assert!(held_for >= settings.raise_after_s - 0.002, "no dwell: {event:?}");
                prop_assert!(event.evidence.hit_ratio >= settings.raise_ratio - 0.001, "no share: {event:?}");
                prop_assert!(at >= 5.0, "not armed: {event:?}");
                prop_assert!(
                    quiet_until.get(&event.rule).is_none_or(|t| at >= *t - 0.001),
                    "cooldown: {event:?}"
                );
                let names_items = event.rule.signal() == Signal::Desk;
                prop_assert_eq!(event.evidence.items.is_empty(), !names_items);
            }
            Phase::Updated | Phase::Closed => {
                let before = open.remove(&event.rule);
                prop_assert!(before.is_some(), "not open: {event:?}");
                let before = before.unwrap();
                prop_assert_eq!((before.id, before.seq + 1), (event.id, event.seq));
                prop_assert_eq!(before.opened_at, event.opened_at);
                prop_assert!(before.at <= event.at);
                if event.phase == Phase::Updated {
                    open.insert(event.rule, event);
                    continue;
                }
                quiet_until.insert(event.rule, at + settings.cooldown_s);
                let closed_at = event.closed_at.map(seconds);
                prop_assert!(
                    closed_at.is_some_and(|t| seconds(event.opened_at) <= t && t <= at),
                    "{event:?}"
                );
                if event.close_reason == Some(CloseReason::Cleared) {
                    prop_assert!(at - closed_at.unwrap() >= settings.clear_after_s - 0.002, "{event:?}");
                }
            }
        }
    }
    prop_assert!(open.is_empty(), "never closed: {open:?}");
    Ok(())
}

/// A scene of absence that leaves no doubt at any rate: what is meant to last does, and what flickers does so for at
/// most a second: within the dwell or after the decision, and not where a stretch begins, is decided on or ends.
fn clear_cut() -> impl Strategy<Value = Vec<Part>> {
    // In frames of 25 Hz. The dwell is full after 150, the clear time after 100.
    let stretch = (300..700_u32, 75..100_u32, 180..225_u32, any::<bool>(), 1..25_u32);
    prop::collection::vec(stretch, 1..8).prop_map(|stretches| {
        let (mut from, mut parts) = (0, Vec::new());
        for (n, (length, early, late, is_early, flicker)) in stretches.into_iter().enumerate() {
            let before = if is_early && n % 2 == 1 { early } else { late };
            let words = if n % 2 == 0 { ["present", "absent"] } else { ["absent", "present"] };
            let cuts = [from, from + before, from + before + flicker, from + length];
            for (n, cut) in cuts.windows(2).enumerate() {
                let (from, to) = (f64::from(cut[0]) / 25.0, f64::from(cut[1]) / 25.0);
                parts.push(Part { from, to, observation: observation(words[n % 2]) });
            }
            from += length;
        }
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_lawful(scene in scenes(), policy in policies(), hz in prop::sample::select(vec![1.0, 5.0, 7.0])) {
        let mut window = window(policy.clone());
        let mut events = play(&mut window, &scene, hz);
        let open: Vec<_> = window.open_rules().collect();
        let end = window.close_all(after(4000.0), CloseReason::Shutdown);
        prop_assert_eq!(open.len(), end.len());
        events.extend(end);
        lawful(&events, &policy)?;
    }

    #[test]
    fn unknown_neither_raises_nor_clears(scene in scenes(), policy in policies()) {
        let mut window = window(policy);
        play(&mut window, &scene, 5.0);
        let end = scene.iter().map(|part| part.to).fold(0.0, f64::max);
        for second in 0..400 {
            for signal in Signal::ALL {
                let blind = Observation::unknown(signal, chuangming_domain::observation::UnknownReason::Offline);
                for event in window.observe(after(end + 0.2 + f64::from(second)), &blind) {
                    prop_assert_eq!(event.close_reason, Some(CloseReason::Lost));
                }
            }
        }
        prop_assert_eq!(window.open_rules().count(), 0);
    }

    #[test]
    fn the_rate_changes_nothing(scene in clear_cut()) {
        let at_rate = |hz: f64| play(&mut window(policy("")), &scene, hz);
        let fine = at_rate(25.0);
        let tell = |events: &[Event]| events.iter().map(|e| (e.rule, e.phase, e.close_reason)).collect::<Vec<_>>();
        for hz in [1.0, 5.0] {
            let coarse = at_rate(hz);
            prop_assert_eq!(tell(&fine), tell(&coarse), "{} Hz: {} or {}", hz, told(&fine), told(&coarse));
            for (fine, coarse) in fine.iter().zip(&coarse) {
                for (fine, coarse) in [
                    (fine.at, coarse.at),
                    (fine.opened_at, coarse.opened_at),
                    (fine.closed_at.unwrap_or(fine.at), coarse.closed_at.unwrap_or(coarse.at)),
                ] {
                    let apart = (seconds(coarse) - seconds(fine)).abs();
                    prop_assert!(apart <= 1.0 / hz + 0.001, "{hz} Hz: {fine} and {coarse}");
                }
            }
        }
    }

    #[test]
    fn coverage_adds_up(scene in scenes(), policy in policies()) {
        let mut window = window(policy);
        play(&mut window, &scene, 5.0);
        window.close_all(after(1000.0), CloseReason::Shutdown);
        let hours = window.take_coverage(Timestamp::MAX);
        for signal in Signal::ALL {
            let first = scene.iter().filter(|part| part.observation.signal() == signal).map(|part| part.from);
            let first = first.reduce(f64::min).map_or(0.0, |first| 1000.0 - first);
            let counted = hours.values().filter_map(|hour| hour.get(&signal)).map(|o| o.observed_s + o.unknown_s);
            let counted: f64 = counted.sum();
            // Of an absent person more may be known than was looked at.
            let exact = matches!(signal, Signal::Presence | Signal::Desk);
            prop_assert!(counted >= first - 0.001 && (!exact || counted <= first + 0.001), "{signal:?}: {counted}");
        }
    }

    #[test]
    fn any_order_of_calls_is_survived(
        calls in prop::collection::vec((0..4_u8, any::<i64>(), 0..WORDS.len(), 0..2_u8), 0..60),
        on_schedule in any::<bool>(),
    ) {
        let mut policy = policy("");
        if on_schedule {
            let text = "version = 1\n[schedule]\ntimezone = \"Europe/Berlin\"\n\
                        weekly = { mon = [\"22:00-06:00\"], tue = [\"00:00-24:00\"] }";
            policy.schedule = Policy::parse(text, "policy.toml").unwrap().schedule;
        }
        let mut window = window(policy);
        let mut events = Vec::new();
        for (call, time, word, wild) in calls {
            let span = if wild == 1 { 3_000_000_000 } else { 1_000_000 };
            let at = after(0.0) + SignedDuration::from_millis(time % span);
            match call {
                0 | 1 => events.extend(window.observe(at, &observation(WORDS[word]))),
                2 => events.extend(window.advance(at)),
                _ => events.extend(window.close_all(at, CloseReason::Policy)),
            }
        }
        events.extend(window.close_all(Timestamp::MAX, CloseReason::Shutdown));
        let opened = events.iter().filter(|event| event.phase == Phase::Opened).count();
        let closed = events.iter().filter(|event| event.phase == Phase::Closed).count();
        prop_assert_eq!(opened, closed);
    }
}
