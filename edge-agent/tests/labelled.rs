//! Labelled media end to end: eval and replay as a user calls them, with the real models.

use chuangming_domain::event::{Event, Phase};
use chuangming_edge_agent::eval::labelled::Kind;
use chuangming_edge_agent::eval::manifest;
use chuangming_edge_agent::eval::score::events::{EventScores, RaisedEvent};
use chuangming_edge_agent::play::default_start;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn bundled() -> PathBuf {
    root().join("scenes/clips")
}

/// The optional data beside the project; says loudly when it is not there.
fn shared(folder: &str) -> Option<PathBuf> {
    let base = std::env::var_os("CHUANGMING_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = base.join(folder);
    if path.join("manifest.jsonl").is_file() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set CHUANGMING_SHARED to test with it", path.display());
    None
}

fn edge_agent<const N: usize>(args: [&dyn AsRef<std::ffi::OsStr>; N]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edge-agent"));
    for arg in args {
        command.arg(arg);
    }
    command.output().unwrap()
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// What a replay of a clip prints, checked line by line.
fn replay(set: &Path, id: &str) -> (String, Vec<Event>) {
    let output = edge_agent([&"replay", &"--set", &set, &"--id", &id]);
    assert!(output.status.success(), "{}", error_of(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let events = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    (text, events)
}

/// Every episode is opened once with sequence number 0 and closed once, and time does not run backwards.
fn check_lives(events: &[Event]) {
    let mut lives: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
    events.iter().for_each(|event| lives.entry(event.id).or_default().push(event));
    for life in lives.values() {
        let (first, last) = (life[0], life[life.len() - 1]);
        assert_eq!((first.phase, last.phase), (Phase::Opened, Phase::Closed), "{life:?}");
        assert!(life.iter().enumerate().all(|(i, event)| event.seq as usize == i), "{life:?}");
        assert!(life.windows(2).all(|pair| pair[0].at <= pair[1].at), "{life:?}");
        assert!(first.opened_at <= first.at && last.closed_at.unwrap() >= first.opened_at, "{life:?}");
    }
}

/// Rules that were found and missed, and false ones, for one clip of a set.
fn compared(set: &Path, id: &str, events: &[Event]) -> (BTreeSet<String>, u64, u64) {
    let entries = manifest::read(set, None).unwrap();
    let entry = entries.iter().find(|entry| entry.id == id).unwrap();
    let seconds = |at: jiff::Timestamp| at.duration_since(default_start()).as_secs_f64();
    let raised: Vec<RaisedEvent> = events
        .iter()
        .filter(|event| event.phase == Phase::Opened)
        .map(|event| RaisedEvent {
            window: event.window.clone().unwrap(),
            rule: event.rule,
            opened: seconds(event.opened_at),
            at: seconds(event.at),
        })
        .collect();
    let end = events.iter().map(|event| seconds(event.at)).fold(0.0, f64::max);
    let windows: Vec<_> = entry.windows.iter().map(|w| w.window.clone()).collect();
    let mut scores = EventScores::default();
    scores.add(entry.events.as_ref().unwrap(), &raised, &entry.policy, &windows, end);
    let report = scores.report().unwrap();
    let found = report.rules.iter().filter(|(_, c)| c.tp > 0).map(|(rule, _)| rule.to_string()).collect();
    (found, report.rules.values().map(|c| c.missed).sum(), scores.false_alarms())
}

#[test]
fn the_bundled_clip_replays_to_exactly_what_it_holds_each_time_the_same() {
    let (text, events) = replay(&bundled(), "demo");
    check_lives(&events);
    let (found, missed, false_alarms) = compared(&bundled(), "demo", &events);
    assert_eq!((missed, false_alarms), (0, 0), "found {found:?}");
    assert_eq!(replay(&bundled(), "demo").0, text, "a replay is deterministic");
}

#[test]
fn the_shared_clip_replays() {
    let Some(set) = shared("data/clip") else { return };
    let (_, events) = replay(&set, "c4242");
    check_lives(&events);
    let (found, ..) = compared(&set, "c4242", &events);
    for rule in ["absence", "slumped", "tilted", "badge_missing", "ashtray"] {
        assert!(found.contains(rule), "{rule} not in {found:?}");
    }
}

#[test]
fn an_evaluation_writes_report_predictions_and_page() {
    let dir = tempfile::tempdir().unwrap();
    let [report, predictions, page] =
        ["report.json", "p.jsonl", "page.html"].map(|name| dir.path().join(name));
    let output = edge_agent([
        &"eval",
        &"--set",
        &bundled(),
        &"--max",
        &"1",
        &"--report",
        &report,
        &"--predictions",
        &predictions,
        &"--html",
        &page,
    ]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", error_of(&output));
    assert!(error_of(&output).contains("window-hours"), "the bound of false events goes to stderr");

    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["schema"], "chuangming.eval/1");
    let source = &report["sources"]["synthetic"];
    for pointer in [
        "/signals/presence/n",
        "/signals/presence/confusion/absent/unknown",
        "/signals/posture/classes/slumped/recall",
        "/signals/badge/macro_f1",
        "/signals/smoking/classes/smoking/f1",
        "/items/clutter/precision",
        "/events/rules/absence/tp",
        "/events/fp_per_window_hour",
        "/events/latency_s/p95",
    ] {
        assert!(source.pointer(pointer).is_some_and(Value::is_number), "{pointer} in {source}");
    }
    assert!(report["stage_ms"]["decode"].is_number());

    // The predictions tell the same story as the report: recount one signal from them.
    let entry = &manifest::read(&bundled(), Some(1)).unwrap()[0];
    let (mut scored, mut right) = (0, 0);
    for line in std::fs::read_to_string(predictions).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let window = line["window"].as_str().unwrap().parse().unwrap();
        let truth =
            entry.truth_at(&window, line["t"].as_f64().unwrap()).expect("only scored frames are written");
        if let Some(posture) = truth.posture {
            scored += 1;
            right += u64::from(line["posture"]["value"] == posture.name());
        }
    }
    let confusion = source["signals"]["posture"]["confusion"].as_object().unwrap();
    let diagonal: u64 = confusion.iter().map(|(class, row)| row[class].as_u64().unwrap()).sum();
    assert_eq!((scored, right), (source["signals"]["posture"]["n"].as_u64().unwrap(), diagonal));

    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<table>") && !page.contains("<img") && !page.contains("data:"));
}

#[test]
fn each_mistake_ends_with_exit_code_2_and_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let set = |name: &str, lines: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("manifest.jsonl"), lines).unwrap();
        std::fs::write(folder.join("broken.jpg"), b"no picture").unwrap();
        std::fs::write(folder.join("broken.mp4"), b"no video").unwrap();
        folder
    };
    let window = r#"{"window":"1","seat":[[0.1,0.1],[0.9,0.1],[0.9,0.9],[0.1,0.9]]}"#;
    let line = |kind: &str, media: &str, window: &str| {
        format!(r#"{{"id":"a","kind":"{kind}","media":"{media}","windows":[{window}],"truth":[]}}"#)
    };
    let report = dir.path().join("report.json");
    let eval = |set: &Path| edge_agent([&"eval", &"--set", &set, &"--report", &report]);
    let check = |output: Output, parts: &[&str]| {
        let error = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            output.stdout.is_empty() && error.starts_with("edge-agent: ") && error.lines().count() == 1,
            "{error}"
        );
        for part in parts {
            assert!(error.contains(part), "{part:?} not in {error:?}");
        }
    };
    check(eval(&dir.path().join("nowhere")), &["nowhere/manifest.jsonl"]);
    let crossed = r#"{"window":"1","seat":[[0.1,0.1],[0.9,0.9],[0.9,0.1],[0.1,0.9]]}"#;
    check(
        eval(&set("crossed", &line("still", "broken.jpg", crossed))),
        &["line 1: windows[0].seat: crosses itself"],
    );
    check(eval(&set("gone", &line("still", "gone.jpg", window))), &["line 1: media", "gone.jpg is no file"]);
    check(eval(&set("picture", &line("still", "broken.jpg", window))), &["entry \"a\"", "broken.jpg"]);
    check(eval(&set("video", &line("clip", "broken.mp4", window))), &["broken.mp4"]);
    let stills = set("stills", &line("still", "broken.jpg", window));
    check(edge_agent([&"replay", &"--set", &stills, &"--id", &"a"]), &["\"a\" is a still, expected a clip"]);
    check(
        edge_agent([&"replay", &"--set", &bundled(), &"--id", &"none"]),
        &["no entry has the id \"none\"; clips there: demo"],
    );
    check(
        edge_agent([
            &"eval",
            &"--set",
            &bundled(),
            &"--report",
            &dir.path().join("no/report.json"),
            &"--max",
            &"1",
            &"--models",
            &"none.toml",
        ]),
        &["none.toml is not there"],
    );
}

#[test]
fn a_still_set_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("bench.json");
    let set = bundled();
    let output = edge_agent([
        &"bench",
        &"--set",
        &set,
        &"--windows",
        &"2",
        &"--rate",
        &"1",
        &"--seconds",
        &"2",
        &"--report",
        &report,
    ]);
    assert!(output.status.success(), "{}", error_of(&output));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let number = |pointer: &str| {
        report.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {report}"))
    };
    assert!(number("/looks") >= 1.0 && number("/look_ms/p95") >= number("/look_ms/p50"), "{report}");
    assert!(
        number("/cpu_s") > 0.0 && number("/peak_rss_mb") > 10.0 && number("/stage_ms/pose/p50") > 0.0,
        "{report}"
    );
}

#[test]
fn the_bundled_set_has_clips_with_labelled_events() {
    let entries = manifest::read(&bundled(), None).unwrap();
    assert!(
        entries
            .iter()
            .any(|e| matches!(e.kind, Kind::Clip { .. }) && e.events.as_ref().is_some_and(|e| !e.is_empty()))
    );
}
