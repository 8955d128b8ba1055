//! Observations of one window, given to the rules again.

use crate::kept::Said;
use chuangming_analysis::{Context, Duty, Place, Window as Rules};
use chuangming_domain::calibration::Window;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, EventId, Phase};
use chuangming_domain::observation::{Observation, Reading, Signal, UnknownReason};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An observation speaks until the next one of its signal, but not for longer.
const SPEAKS_S: f64 = 10.0;

/// What the rules make of a window's observations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Seconds in which at least one signal could tell.
    pub observed_s: f64,
    /// The events that would have been raised.
    pub events: Vec<Trigger>,
    /// Seconds in which a signal could not tell, by its reason.
    pub unknown_s: BTreeMap<Signal, BTreeMap<&'static str, f64>>,
}

/// An event that would have been raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Its rule.
    pub rule: Rule,
    /// When its condition began.
    pub opened_at: Timestamp,
    /// When it was raised: its dwell was full.
    pub at: Timestamp,
    /// When it ended; `None` while it lasts.
    pub closed_at: Option<Timestamp>,
    /// How sure.
    pub confidence: f64,
}

/// What a policy makes of observations of a window, the oldest first. Whether it is on duty does not count: an installer
/// works before the hall opens.
#[must_use]
pub fn replay(window: &Window, said: &[Said], policy: &Policy) -> Outcome {
    let policy = Arc::new(Policy { schedule: None, ..policy.clone() });
    let mut rules = Rules::new(context(window), duty(window), policy);
    let mut triggers: BTreeMap<EventId, Trigger> = BTreeMap::new();
    for (at, observation) in said {
        rules.observe(*at, observation).into_iter().for_each(|event| note(&mut triggers, event));
    }
    let mut events: Vec<Trigger> = triggers.into_values().collect();
    events.sort_by_key(|trigger| (trigger.opened_at, trigger.rule));
    Outcome { observed_s: observed_s(said), events, unknown_s: unknown_s(said) }
}

/// What a window is meant for.
pub(super) fn duty(window: &Window) -> Duty {
    Duty { post: window.post, required: window.required.clone(), permitted: window.permitted.clone() }
}

/// Names of nobody: these events are shown and forgotten.
fn context(window: &Window) -> Context {
    Context {
        hall: "trial".parse().expect("a valid id"),
        agent: "trial".parse().expect("a valid id"),
        place: Place::Window(window.id.clone()),
        calibration: Digest::of(b""),
        models: BTreeMap::new(),
        seed: 0,
    }
}

fn note(triggers: &mut BTreeMap<EventId, Trigger>, event: Event) {
    let trigger = triggers.entry(event.id).or_insert(Trigger {
        rule: event.rule,
        opened_at: event.opened_at,
        at: event.at,
        closed_at: None,
        confidence: event.confidence,
    });
    trigger.confidence = event.confidence;
    if event.phase == Phase::Closed && event.close_reason != Some(CloseReason::Shutdown) {
        trigger.closed_at = event.closed_at;
    }
}

/// Each observation of a signal with the seconds for which it speaks.
fn spoken(said: &[Said], signal: Signal) -> Vec<(Timestamp, &Observation, f64)> {
    let own: Vec<&Said> = said.iter().filter(|(_, o)| o.signal() == signal).collect();
    let seconds = |i: usize| match own.get(i + 1) {
        Some((next, _)) => next.duration_since(own[i].0).as_secs_f64().min(SPEAKS_S),
        None => 0.0,
    };
    own.iter().enumerate().map(|(i, (at, observation))| (*at, observation, seconds(i))).collect()
}

/// The seconds of the signal that could tell for longest.
fn observed_s(said: &[Said]) -> f64 {
    let known = |signal: Signal| {
        spoken(said, signal).iter().filter(|(_, o, _)| why_unknown(o).is_none()).map(|(.., s)| s).sum()
    };
    Signal::ALL.into_iter().map(known).fold(0.0, f64::max)
}

fn unknown_s(said: &[Said]) -> BTreeMap<Signal, BTreeMap<&'static str, f64>> {
    let mut unknown: BTreeMap<Signal, BTreeMap<&'static str, f64>> = BTreeMap::new();
    for signal in Signal::ALL {
        for (_, observation, seconds) in spoken(said, signal) {
            if let Some(reason) = why_unknown(observation) {
                *unknown.entry(signal).or_default().entry(reason.name()).or_default() += seconds;
            }
        }
    }
    unknown
}

/// Why a signal could not tell; `None` if it could.
#[must_use]
pub fn why_unknown(observation: &Observation) -> Option<UnknownReason> {
    fn why<T>(reading: &Reading<T>) -> Option<UnknownReason> {
        if let Reading::Unknown(reason) = reading { Some(*reason) } else { None }
    }
    match observation {
        Observation::Presence(reading) => why(reading),
        Observation::Posture(reading) => why(reading),
        Observation::Badge(reading) => why(reading),
        Observation::Smoking(reading) => why(reading),
        Observation::Desk(reading) => why(reading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::calibration::Calibration;
    use chuangming_domain::observation::{Desk, Posture, Presence};

    const TEXT: &str =
        "version = 1\n[[windows]]\nid = \"3\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.9,0.1],[0.9,0.9]]\n";

    fn window(more: &str) -> Window {
        Calibration::parse(&format!("{TEXT}{more}"), "test").unwrap().windows.remove(0)
    }

    fn policy(text: &str) -> Policy {
        Policy::parse(&format!("version = 1\n{text}"), "test").unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_574_800 + second).unwrap()
    }

    /// Every second from the first to before the last.
    fn saying(spans: &[(i64, i64, Observation)]) -> Vec<Said> {
        let mut said: Vec<Said> =
            spans.iter().flat_map(|(from, to, o)| (*from..*to).map(move |s| (at(s), o.clone()))).collect();
        said.sort_by_key(|(at, _)| *at);
        said
    }

    fn presence(value: Presence) -> Observation {
        Observation::Presence(Reading::known(value, 0.9))
    }

    fn posture(value: Posture) -> Observation {
        Observation::Posture(Reading::known(value, 0.8))
    }

    #[test]
    fn the_same_minutes_raise_what_each_policy_says() {
        let here = presence(Presence::Present { people: 1 });
        let said = saying(&[
            (0, 60, here.clone()),
            (0, 20, posture(Posture::Upright)),
            (20, 60, posture(Posture::Slumped)),
            (60, 100, presence(Presence::Absent)),
            (100, 120, here),
            (100, 120, posture(Posture::Upright)),
        ]);
        let check = |text: &str, expected: &[(Rule, i64, Option<i64>)]| {
            let outcome = replay(&window(""), &said, &policy(text));
            let got: Vec<_> = outcome
                .events
                .iter()
                .map(|e| {
                    (
                        e.rule,
                        (e.opened_at - at(0)).get_seconds(),
                        e.closed_at.map(|c| (c - at(0)).get_seconds()),
                    )
                })
                .collect();
            assert_eq!(got, expected, "{text}");
            assert!((outcome.observed_s - 119.0).abs() < 1.5, "{}", outcome.observed_s);
        };
        check("", &[]);
        check("[rules.slumped]\nraise_after_s = 30\n", &[(Rule::Slumped, 20, Some(60))]);
        check("[rules.absence]\nraise_after_s = 30\nclear_after_s = 2\n", &[(Rule::Absence, 60, Some(100))]);
        check("[rules.absence]\nraise_after_s = 30\nclear_after_s = 100\n", &[(Rule::Absence, 60, None)]);
        // It would be off duty: the installer tries it all the same.
        check(
            "[schedule]\ntimezone = \"Asia/Shanghai\"\nweekly = { sun = [\"00:10-00:11\"] }\n[rules.absence]\nraise_after_s = 30\nclear_after_s = 2\n",
            &[(Rule::Absence, 60, Some(100))],
        );
    }

    #[test]
    fn what_is_permitted_at_the_window_decides_what_is_clutter() {
        let desk = |class| {
            let item = chuangming_domain::observation::DeskItem {
                class,
                bounds: chuangming_domain::geometry::Rect { x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
                confidence: chuangming_domain::observation::Confidence::new(0.9),
            };
            Observation::Desk(Reading::known(Desk { items: vec![item], ..Desk::default() }, 1.0))
        };
        let said = saying(&[(0, 60, desk(chuangming_domain::item::ItemClass::Cup))]);
        let policy = policy("[rules.clutter]\nraise_after_s = 20\n");
        assert_eq!(replay(&window(""), &said, &policy).events.len(), 1);
        assert!(replay(&window("permitted = [\"cup\"]\n"), &said, &policy).events.is_empty());
    }

    #[test]
    fn unknown_time_is_told_with_its_reasons_and_is_not_observed() {
        let unknown = |reason| Observation::unknown(Signal::Badge, reason);
        let said =
            saying(&[(0, 30, unknown(UnknownReason::TooSmall)), (30, 41, unknown(UnknownReason::Occluded))]);
        let outcome = replay(&window(""), &said, &policy(""));
        assert_eq!(outcome.observed_s, 0.0);
        let badge = &outcome.unknown_s[&Signal::Badge];
        assert_eq!((badge["too_small"], badge["occluded"]), (30.0, 10.0));
        assert_eq!(replay(&window(""), &[], &policy("")), Outcome::default());
    }
}
