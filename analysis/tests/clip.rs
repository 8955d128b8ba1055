//! The truth of a labelled clip, as if it were seen perfectly, yields exactly its events.

mod support;

use chuangming_analysis::{Duty, Place, Window};
use chuangming_domain::event::{CloseReason, Event, Phase};
use chuangming_domain::id::WindowId;
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{Observation, Signal, UnknownReason};
use chuangming_domain::policy::Policy;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use support::{Part, context, desk, observation, play, seconds};

fn manifest() -> Option<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = std::env::var_os("CHUANGMING_SHARED").map_or_else(|| "../shared".into(), PathBuf::from);
    std::fs::read_to_string(root.join(shared).join("data/clip/manifest.jsonl")).ok()
}

/// What a perfect observer says during one interval of truth. What the truth does not tell is unknown.
fn parts(truth: &Value) -> Vec<Part> {
    let (from, to) = (truth["from"].as_f64().unwrap(), truth["to"].as_f64().unwrap());
    let or_unknown = |word: Option<&str>, signal: Signal| {
        word.map_or_else(|| Observation::unknown(signal, UnknownReason::Occluded), observation)
    };
    let items = truth["items"].as_array().map(|items| {
        let classes = items.iter().filter_map(|item| ItemClass::by_name(item["class"].as_str()?));
        desk(&classes.collect::<Vec<_>>())
    });
    let smoking = truth["smoking"].as_bool().map(|smoking| if smoking { "smoking" } else { "none" });
    [
        or_unknown(truth["presence"].as_str(), Signal::Presence),
        or_unknown(truth["posture"].as_str(), Signal::Posture),
        or_unknown(truth["badge"].as_str(), Signal::Badge),
        or_unknown(smoking, Signal::Smoking),
        items.unwrap_or_else(|| Observation::unknown(Signal::Desk, UnknownReason::Occluded)),
    ]
    .into_iter()
    .map(|observation| Part { from, to, observation })
    .collect()
}

/// All events of one window of a clip, looked at `hz` times a second.
fn events(clip: &Value, id: &str, hz: f64) -> (Vec<Event>, Policy) {
    let overrides: toml::Table = serde_json::from_value(clip["policy"].clone()).unwrap();
    let policy = Policy::default().with_rules(overrides, "manifest.jsonl").unwrap();
    let duty = Duty { post: 1, required: BTreeSet::new(), permitted: BTreeSet::new() };
    let place = Place::Window(WindowId::new(id).unwrap());
    let mut window = Window::new(context(place), duty, Arc::new(policy.clone()));
    let of_window = clip["truth"].as_array().unwrap().iter().filter(|truth| truth["window"] == id);
    let scene: Vec<Part> = of_window.flat_map(parts).collect();
    let mut events = play(&mut window, &scene, hz);
    let end = scene.iter().map(|part| part.to).fold(0.0, f64::max);
    events.extend(window.close_all(support::after(end), CloseReason::Shutdown));
    (events, policy)
}

/// Each expected event is there, in time; and no other.
fn check(clip: &Value, hz: f64) {
    for window in clip["windows"].as_array().unwrap() {
        let id = window["window"].as_str().unwrap();
        let (events, policy) = events(clip, id, hz);
        let expected: Vec<_> =
            clip["events"].as_array().unwrap().iter().filter(|e| e["window"] == id).collect();
        let opened: Vec<_> = events.iter().filter(|event| event.phase == Phase::Opened).collect();
        assert_eq!(opened.len(), expected.len(), "window {id} at {hz} Hz: {}", support::told(&events));
        for expected in expected {
            let rule = expected["rule"].as_str().unwrap();
            let start = expected["opened"].as_f64().unwrap();
            let found = opened.iter().find(|event| event.rule.name() == rule);
            let found = found.unwrap_or_else(|| panic!("window {id} at {hz} Hz: no {rule}"));
            let apart = (seconds(found.opened_at) - start).abs();
            assert!(apart <= 1.0 / hz, "window {id} {rule} at {hz} Hz: {apart} s from the truth");
            let latency = seconds(found.at) - start - policy.rule(found.rule).raise_after_s;
            assert!((0.0..=2.0 / hz).contains(&latency), "window {id} {rule} at {hz} Hz: latency {latency}");
            let closed =
                events.iter().find(|event| event.phase == Phase::Closed && event.id == found.id).unwrap();
            match expected["closed"].as_f64() {
                Some(end) => {
                    assert_eq!(closed.close_reason, Some(CloseReason::Cleared), "window {id} {rule}");
                    let apart = (seconds(closed.closed_at.unwrap()) - end).abs();
                    assert!(
                        apart <= 1.0 / hz,
                        "window {id} {rule} at {hz} Hz: closed {apart} s from the truth"
                    );
                }
                None => assert_eq!(closed.close_reason, Some(CloseReason::Shutdown), "window {id} {rule}"),
            }
        }
    }
}

#[test]
fn the_truth_yields_exactly_its_events() {
    let Some(manifest) = manifest() else {
        eprintln!(
            "SKIPPED: no data/clip/manifest.jsonl; CHUANGMING_SHARED names the folder that holds data/"
        );
        return;
    };
    for line in manifest.lines() {
        let clip: Value = serde_json::from_str(line).unwrap();
        for hz in [2.0, 5.0, 25.0] {
            check(&clip, hz);
        }
    }
}
