//! Scenes as text: `0-10 present, 10-25 absent, 0-25 clean`. Seconds from [`start`]; half-open; where nothing is
//! said of a signal, nobody looks.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use chuangming_analysis::{Context, Duty, Place, Window};
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, Phase};
use chuangming_domain::geometry::Rect;
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{
    Badge, Confidence, Desk, DeskItem, Observation, Posture, Presence, Reading, Signal, Smoking,
    UnknownReason,
};
use chuangming_domain::policy::Policy;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Monday, 10:00 in Shanghai.
pub fn start() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

/// `seconds` after the start, exact for pictures on a grid of milliseconds.
pub fn after(seconds: f64) -> Timestamp {
    start() + SignedDuration::from_millis((seconds * 1000.0).round() as i64)
}

/// Seconds since the start.
pub fn seconds(at: Timestamp) -> f64 {
    at.duration_since(start()).as_secs_f64()
}

/// The defaults with every rule at dwell 6 s, clear 4 s, no cooldown; then `overrides` as TOML.
pub fn policy(overrides: &str) -> Policy {
    let short: toml::Table = chuangming_domain::rule::Rule::ALL
        .into_iter()
        .map(|rule| {
            let settings: toml::Table =
                "raise_after_s = 6\nclear_after_s = 4\ncooldown_s = 0".parse().unwrap();
            (rule.name().to_owned(), toml::Value::Table(settings))
        })
        .collect();
    let short = Policy::default().with_rules(short, "test").unwrap();
    short.with_rules(overrides.parse().unwrap(), "test").unwrap()
}

pub fn context(place: Place) -> Context {
    Context {
        hall: HallId::new("tanggu").unwrap(),
        agent: AgentId::new("edge-01").unwrap(),
        place,
        calibration: Digest::of(b"calibration"),
        models: BTreeMap::from(Signal::ALL.map(|signal| (signal, Digest::of(signal.name().as_bytes())))),
        seed: 7,
    }
}

pub fn window(policy: Policy) -> Window {
    let duty =
        Duty { post: 1, required: [ItemClass::NamePlate].into(), permitted: [ItemClass::Plant].into() };
    Window::new(context(Place::Window(WindowId::new("3").unwrap())), duty, Arc::new(policy))
}

pub fn desk(classes: &[ItemClass]) -> Observation {
    let bounds = Rect::from_array([0.1, 0.1, 0.1, 0.1]);
    let item = |class: &ItemClass| DeskItem { class: *class, bounds, confidence: Confidence::new(0.8) };
    Observation::Desk(Reading::known(
        Desk { items: classes.iter().map(item).collect(), ..Desk::default() },
        0.9,
    ))
}

/// The observation that a word stands for.
pub fn observation(word: &str) -> Observation {
    if let Some(name) = word.strip_prefix('?') {
        let signal = Signal::ALL.into_iter().find(|signal| signal.name() == name).expect(word);
        return Observation::unknown(signal, UnknownReason::Unsure);
    }
    if let Some(posture) = Posture::by_name(word) {
        return Observation::Posture(Reading::known(posture, 0.8));
    }
    match word {
        "absent" => Observation::Presence(Reading::known(Presence::Absent, 0.8)),
        "present" => Observation::Presence(Reading::known(Presence::Present { people: 1 }, 0.8)),
        "crowd" => Observation::Presence(Reading::known(Presence::Present { people: 3 }, 0.8)),
        "worn" => Observation::Badge(Reading::known(Badge::Worn, 0.8)),
        "missing" => Observation::Badge(Reading::known(Badge::Missing, 0.8)),
        "smoking" => Observation::Smoking(Reading::known(Smoking::Smoking, 0.8)),
        "none" => Observation::Smoking(Reading::known(Smoking::None, 0.8)),
        "empty" => desk(&[]),
        // What lies there beside the name plate, which is required: `clean`, `cup`, `cup+ashtray`.
        _ => {
            let classes = word.split('+').filter(|name| *name != "clean");
            let classes =
                classes.map(|name| ItemClass::by_name(name).unwrap_or_else(|| panic!("no word {word:?}")));
            desk(&classes.chain([ItemClass::NamePlate]).collect::<Vec<_>>())
        }
    }
}

/// From when to when there is what to see.
#[derive(Debug, Clone)]
pub struct Part {
    pub from: f64,
    pub to: f64,
    pub observation: Observation,
}

pub fn scene(text: &str) -> Vec<Part> {
    let part = |part: &str| {
        let (span, word) =
            part.trim().split_once(' ').unwrap_or_else(|| panic!("{part:?} is no part of a scene"));
        let (from, to) = span.split_once('-').unwrap();
        Part { from: from.parse().unwrap(), to: to.parse().unwrap(), observation: observation(word) }
    };
    text.split(',').map(part).collect()
}

/// Plays a scene at a rate up to its end, presence first in every picture.
pub fn play(window: &mut Window, scene: &[Part], hz: f64) -> Vec<Event> {
    let end = scene.iter().map(|part| part.to).fold(0.0, f64::max);
    let mut parts: Vec<_> = scene.iter().collect();
    parts.sort_by_key(|part| part.observation.signal());
    let mut events = Vec::new();
    for picture in 0.. {
        let t = f64::from(picture) / hz;
        if t > end {
            return events;
        }
        events.extend(window.advance(after(t)));
        for part in parts.iter().filter(|part| part.from <= t && t < part.to) {
            events.extend(window.observe(after(t), &part.observation));
        }
    }
    unreachable!("pictures are endless")
}

/// Events as text: `absence opened 10 at 16, absence cleared 30 at 34`.
pub fn told(events: &[Event]) -> String {
    let line = |event: &Event| {
        let at = seconds(event.at);
        match (event.phase, event.close_reason) {
            (Phase::Opened, _) => format!("{} opened {} at {at}", event.rule, seconds(event.opened_at)),
            (Phase::Updated, _) => format!("{} updated at {at}", event.rule),
            (Phase::Closed, Some(reason)) => {
                let reason = match reason {
                    CloseReason::Cleared => "cleared",
                    CloseReason::Schedule => "schedule",
                    CloseReason::Lost => "lost",
                    CloseReason::Shutdown => "shutdown",
                    CloseReason::Policy => "policy",
                };
                format!("{} {reason} {} at {at}", event.rule, seconds(event.closed_at.expect("closed_at")))
            }
            (Phase::Closed, None) => panic!("closed without a reason: {event:?}"),
        }
    };
    events.iter().map(line).collect::<Vec<_>>().join(", ")
}
