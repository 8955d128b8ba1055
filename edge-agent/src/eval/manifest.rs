//! Reads labelled media: `DIR/manifest.jsonl`, one still or clip a line.
//!
//! A line is read through [`chuangming_domain::fields`], like every configuration file, so that each problem says which
//! file, line and field it is in and what would be right. Unknown keys are ignored and a `null` is a missing key.

use super::labelled::{Entry, Kind, LabelledWindow, TrueEvent, TrueItem, Truth};
use chuangming_domain::calibration::polygon;
use chuangming_domain::fields::{Fields, Problems, Reader, as_number, as_text};
use chuangming_domain::geometry::Rect;
use chuangming_domain::id::WindowId;
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{Badge, Posture, Smoking};
use chuangming_domain::policy::{Policy, item_set};
use chuangming_domain::rule::Rule;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::{Table, Value};

/// Why a set cannot be read: one line that says where and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file itself.
    #[error("{}: {error}; a set is a folder with a manifest.jsonl, one still or clip a line", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A line that is no JSON object.
    #[error("{}: line {line}: {text}; expected one JSON object a line", file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        text: String,
    },
    /// Fields of one line.
    #[error("{0}")]
    Fields(Problems),
    /// Nothing in it.
    #[error("{}: holds no still and no clip", .0.display())]
    Empty(PathBuf),
}

/// Reads the first `max` entries of a set.
///
/// # Errors
/// The problems of the first line that has any.
pub fn read(dir: &Path, max: Option<usize>) -> Result<Vec<Entry>, ManifestError> {
    let file = dir.join("manifest.jsonl");
    let text =
        std::fs::read_to_string(&file).map_err(|error| ManifestError::Read { file: file.clone(), error })?;
    let (mut entries, mut ids) = (Vec::new(), BTreeSet::new());
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines.take(max.unwrap_or(usize::MAX)) {
        let table =
            object(line).map_err(|text| ManifestError::Json { file: file.clone(), line: index + 1, text })?;
        let mut r = Reader::new(format!("{}: line {}", file.display(), index + 1));
        let entry = entry(Fields::root(table), &mut r, dir);
        if let Some(entry) = &entry
            && !ids.insert(entry.id.clone())
        {
            r.problem("id", format!("{:?} is there twice, expected each id once", entry.id));
        }
        entries.push(r.finish(entry).map_err(ManifestError::Fields)?);
    }
    if entries.is_empty() { Err(ManifestError::Empty(file)) } else { Ok(entries) }
}

/// One JSON object as the table type that [`Fields`] reads; keys that are `null` are left out.
fn object(line: &str) -> Result<Table, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    match toml_value(value) {
        Some(Value::Table(table)) => Ok(table),
        _ => Err("is no object".to_owned()),
    }
}

fn toml_value(value: serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match value {
        Json::Null => return None,
        Json::Bool(b) => Value::Boolean(b),
        Json::Number(n) => {
            n.as_i64().map_or_else(|| n.as_f64().map(Value::Float), |i| Some(Value::Integer(i)))?
        }
        Json::String(s) => Value::String(s),
        Json::Array(a) => Value::Array(
            a.into_iter().map(|v| toml_value(v).unwrap_or_else(|| Value::String("null".into()))).collect(),
        ),
        Json::Object(o) => {
            Value::Table(o.into_iter().filter_map(|(k, v)| Some((k, toml_value(v)?))).collect())
        }
    })
}

fn entry(mut f: Fields, r: &mut Reader, dir: &Path) -> Option<Entry> {
    let id = f.require(r, "id", "a text", as_text);
    let fps = f.number(r, "fps", 0.01..=1000.0);
    let kind = f.require(r, "kind", "still or clip", |v| match as_text(v)?.as_str() {
        "still" => Some(Kind::Still),
        "clip" => Some(Kind::Clip { fps }),
        _ => None,
    });
    let expected = "the path of a picture or video below the set's folder";
    let media = f.require(r, "media", expected, as_text).map(|path| existing(&f, r, "media", dir.join(path)));
    let windows: Vec<_> = f.tables(r, "windows").into_iter().filter_map(|w| window(w, r, dir)).collect();
    let mut known = BTreeSet::new();
    for w in &windows {
        if !known.insert(w.window.clone()) {
            r.problem(
                "windows",
                format!("window {:?} is there twice, expected each once", w.window.as_str()),
            );
        }
    }
    let still = kind == Some(Kind::Still);
    let truth: Vec<_> = f.tables(r, "truth").into_iter().filter_map(|t| truth(t, r, still, &known)).collect();
    let events = f
        .has("events")
        .then(|| f.tables(r, "events").into_iter().filter_map(|e| event(e, r, &known)).collect());
    let policy = match f.table(r, "policy") {
        None => Policy::default(),
        Some(rules) => Policy::default().with_rules(rules.rest().1, "").unwrap_or_else(|problems| {
            problems.0.into_iter().for_each(|p| r.problem(p.field, p.text));
            Policy::default()
        }),
    };
    let source = f.text(r, "source").unwrap_or_else(|| "unnamed".to_owned());
    Some(Entry {
        id: id?,
        kind: kind?,
        media: media?,
        windows,
        truth,
        events,
        policy: Arc::new(policy),
        source,
    })
}

fn window(mut f: Fields, r: &mut Reader, dir: &Path) -> Option<LabelledWindow> {
    let window = f.parsed(r, "window");
    let seat = polygon(&mut f, r, "seat", true);
    let desk = polygon(&mut f, r, "desk", false);
    let reference = f.text(r, "reference").map(|path| existing(&f, r, "reference", dir.join(path)));
    let post = f.integer(r, "post", 1..=20).and_then(|n| u8::try_from(n).ok()).unwrap_or(1);
    let required = item_set(&mut f, r, "required").unwrap_or_default();
    let permitted = item_set(&mut f, r, "permitted").unwrap_or_default();
    Some(LabelledWindow { window: window?, seat: seat?, desk, reference, post, required, permitted })
}

fn truth(mut f: Fields, r: &mut Reader, still: bool, known: &BTreeSet<WindowId>) -> Option<Truth> {
    let window = known_window(&mut f, r, known);
    let (from, to) = if still { (0.0, 0.0) } else { interval(&mut f, r, "from", "to")? };
    let present = f.get(r, "presence", "present or absent", |v| match as_text(v)?.as_str() {
        "present" => Some(true),
        "absent" => Some(false),
        _ => None,
    });
    let postures = "upright, slumped, leaning_back, tilted or standing";
    let posture = f.get(r, "posture", postures, |v| Posture::by_name(&as_text(v)?));
    let badge = f.get(r, "badge", "worn or missing", |v| match as_text(v)?.as_str() {
        "worn" => Some(Badge::Worn),
        "missing" => Some(Badge::Missing),
        _ => None,
    });
    let smoking = f.flag(r, "smoking").map(|smokes| if smokes { Smoking::Smoking } else { Smoking::None });
    let items = f
        .has("items")
        .then(|| f.tables(r, "items").into_iter().filter_map(|item| true_item(item, r)).collect());
    Some(Truth { window: window?, from, to, present, posture, badge, smoking, items })
}

fn true_item(mut f: Fields, r: &mut Reader) -> Option<TrueItem> {
    let class =
        f.require(r, "class", "one of the item classes of the contract, unrecognised or ignore", |v| {
            let name = as_text(v)?;
            if name == "ignore" { Some(None) } else { ItemClass::by_name(&name).map(Some) }
        });
    let expected = "[x, y, width, height] in fractions of the picture";
    let bounds = f.require(r, "box", expected, |v| {
        let numbers: Vec<f64> = v.as_array()?.iter().map(as_number).collect::<Option<_>>()?;
        let array: [f64; 4] = numbers.try_into().ok()?;
        let good = array.iter().all(|n| n.is_finite()) && array[2] >= 0.0 && array[3] >= 0.0;
        good.then(|| Rect::from_array(array))
    });
    Some(TrueItem { class: class?, bounds: bounds? })
}

fn event(mut f: Fields, r: &mut Reader, known: &BTreeSet<WindowId>) -> Option<TrueEvent> {
    let window = known_window(&mut f, r, known);
    let names = Rule::ALL.map(Rule::name).join(", ");
    let rule = f.require(r, "rule", &format!("one of {names}"), |v| Rule::by_name(&as_text(v)?));
    let opened = f.require(r, "opened", "seconds from the start", seconds);
    let closed =
        f.get(r, "closed", "seconds from the start, or null for a condition that holds at the end", seconds);
    if let (Some(opened), Some(closed)) = (opened, closed)
        && closed < opened
    {
        r.problem(f.name("closed"), format!("is {closed}, expected no less than opened ({opened})"));
    }
    Some(TrueEvent { window: window?, rule: rule?, opened: opened?, closed })
}

fn known_window(f: &mut Fields, r: &mut Reader, known: &BTreeSet<WindowId>) -> Option<WindowId> {
    let window: WindowId = f.parsed(r, "window")?;
    if !known.contains(&window) {
        let list: Vec<_> = known.iter().map(WindowId::as_str).collect();
        r.problem(
            f.name("window"),
            format!("{:?} is not in windows; known here: {}", window.as_str(), list.join(", ")),
        );
    }
    Some(window)
}

fn interval(f: &mut Fields, r: &mut Reader, from: &'static str, to: &'static str) -> Option<(f64, f64)> {
    let start = f.require(r, from, "seconds from the start", seconds)?;
    let end = f.require(r, to, "seconds from the start", seconds)?;
    if end < start {
        r.problem(f.name(to), format!("is {end}, expected no less than {from} ({start})"));
    }
    Some((start, end))
}

fn seconds(value: Value) -> Option<f64> {
    as_number(&value).filter(|s| s.is_finite() && *s >= 0.0)
}

/// The path, and a problem when there is no such file.
fn existing(f: &Fields, r: &mut Reader, key: &str, path: PathBuf) -> PathBuf {
    if !path.is_file() {
        r.problem(
            f.name(key),
            format!("{} is no file, expected a path below the set's folder", path.display()),
        );
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAT: &str = "[[0.1,0.2],[0.5,0.2],[0.5,0.9],[0.1,0.9]]";

    fn read_text(text: &str) -> Result<Vec<Entry>, ManifestError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("manifest.jsonl"), text).unwrap();
        std::fs::write(dir.path().join("a.jpg"), b"").unwrap();
        read(dir.path(), None)
    }

    #[test]
    fn the_contracts_examples_are_read() {
        let still = format!(
            r#"{{"id":"s1","kind":"still","media":"a.jpg","camera":"top34",
               "windows":[{{"window":"1","seat":{SEAT},"desk":{SEAT},"reference":"a.jpg","post":2,"required":["name_plate"],"permitted":["cup"]}}],
               "truth":[{{"window":"1","from":0,"to":0,"presence":"present","people":1,"posture":"upright","badge":null,"smoking":false,
               "items":[{{"class":"cup","box":[0.31,0.62,0.04,0.06]}},{{"class":"ignore","box":[0,0,1,1]}}]}}],
               "source":"synthetic","licence":"CC0-1.0"}}"#
        );
        let clip = format!(
            r#"{{"id":"c07","kind":"clip","media":"a.jpg","fps":5,"windows":[{{"window":"1","seat":{SEAT}}}],
               "truth":[{{"window":"1","from":0.0,"to":12.0,"presence":"present","items":null}},{{"window":"1","from":12.0,"to":40.0,"presence":"absent"}}],
               "events":[{{"window":"1","rule":"absence","opened":12.0,"closed":null}}],
               "policy":{{"absence":{{"raise_after_s":5,"clear_after_s":2}}}}}}"#
        );
        let text = format!("{}\n\n{}\n", still.replace('\n', ""), clip.replace('\n', ""));
        let entries = read_text(&text).unwrap();
        let (still, clip) = (&entries[0], &entries[1]);
        assert_eq!((still.kind, still.source.as_str(), still.windows[0].post), (Kind::Still, "synthetic", 2));
        let truth = &still.truth[0];
        assert_eq!((truth.present, truth.badge, truth.smoking), (Some(true), None, Some(Smoking::None)));
        assert_eq!(
            truth.items.as_ref().unwrap().iter().map(|i| i.class).collect::<Vec<_>>(),
            [Some(ItemClass::Cup), None]
        );
        assert!(still.events.is_none() && still.windows[0].required.contains(&ItemClass::NamePlate));
        assert_eq!(clip.kind, Kind::Clip { fps: Some(5.0) });
        assert!(clip.truth[0].items.is_none() && clip.source == "unnamed");
        assert_eq!(clip.events.as_ref().unwrap()[0].closed, None);
        let absence = clip.policy.rule(Rule::Absence);
        assert_eq!((absence.raise_after_s, absence.cooldown_s), (5.0, 300.0));
    }

    #[test]
    fn frames_near_a_boundary_are_not_scored() {
        let truth = |window: &str, from: f64, to: f64| {
            format!(r#"{{"window":"{window}","from":{from},"to":{to},"presence":"present"}}"#)
        };
        let text = format!(
            r#"{{"id":"c","kind":"clip","media":"a.jpg","windows":[{{"window":"1","seat":{SEAT}}},{{"window":"2","seat":{SEAT}}}],"truth":[{},{},{}]}}"#,
            truth("1", 0.0, 5.0),
            truth("1", 5.0, 9.6),
            truth("2", 2.0, 4.0),
        );
        let entry = &read_text(&text).unwrap()[0];
        let check = |window: &str, t: f64, expected: Option<f64>| {
            let got = entry.truth_at(&WindowId::new(window).unwrap(), t).map(|truth| truth.from);
            assert_eq!(got, expected, "window {window} at {t}");
        };
        for (t, expected) in
            [(0.0, None), (1.0, None), (1.2, Some(0.0)), (3.8, Some(0.0)), (4.0, None), (5.0, None)]
        {
            check("1", t, expected);
        }
        for (t, expected) in [(6.0, None), (6.2, Some(5.0)), (8.599, Some(5.0)), (8.6, None), (11.0, None)] {
            check("1", t, expected);
        }
        for (t, expected) in [(0.5, None), (1.0, None), (3.0, None), (5.5, None)] {
            check("2", t, expected);
        }
    }

    #[test]
    fn each_mistake_is_one_line_that_says_where() {
        let line = |windows: &str, truth: &str, more: &str| {
            format!(
                r#"{{"id":"s1","kind":"still","media":"a.jpg","windows":[{windows}],"truth":[{truth}]{more}}}"#
            )
        };
        let seat = format!(r#"{{"window":"1","seat":{SEAT}}}"#);
        let check = |text: &str, parts: &[&str]| {
            let message = read_text(text).expect_err(text).to_string();
            assert!(!message.contains('\n'), "{message:?} has several lines");
            for part in parts {
                assert!(message.contains(part), "{part:?} not in {message:?}");
            }
        };
        check("", &["holds no still and no clip"]);
        check("{\"id\":", &["manifest.jsonl: line 1: ", "one JSON object a line"]);
        check("\n[1]", &["line 2: is no object"]);
        check("{}", &["id: is missing", "kind: is missing, expected still or clip", "media: is missing"]);
        check(&line(r#"{"window":"1"}"#, "", ""), &["windows[0].seat: is missing"]);
        check(
            &line(r#"{"window":"1","seat":[[0,0],[1,1],[1,0],[0,1]]}"#, "", ""),
            &["line 1: windows[0].seat: crosses itself"],
        );
        check(
            &line(r#"{"window":"1","seat":[[0,0],[1.5,1],[1,0]]}"#, "", ""),
            &["windows[0].seat: corner 1", "outside the picture"],
        );
        check(
            &line(r#"{"window":"a b","seat":[[0,0],[1,1],[1,0]]}"#, "", ""),
            &["windows[0].window: \"a b\" is no window id"],
        );
        check(&line(&format!("{seat},{seat}"), "", ""), &["window \"1\" is there twice"]);
        check(
            &line(&seat.replace("\"seat\"", "\"reference\":\"no.jpg\",\"seat\""), "", ""),
            &["windows[0].reference", "no.jpg is no file"],
        );
        check(&line(&seat, r#"{"window":"2"}"#, ""), &["truth[0].window: \"2\" is not in windows"]);
        check(
            &line(&seat, r#"{"window":"1","posture":"asleep"}"#, ""),
            &["truth[0].posture: is \"asleep\", expected upright"],
        );
        check(
            &line(&seat, r#"{"window":"1","badge":"none"}"#, ""),
            &["truth[0].badge", "expected worn or missing"],
        );
        check(
            &line(&seat, r#"{"window":"1","items":[{"class":"gun","box":[0,0,1,1]}]}"#, ""),
            &["truth[0].items[0].class: is \"gun\""],
        );
        check(
            &line(&seat, r#"{"window":"1","items":[{"class":"cup","box":[0,0,1]}]}"#, ""),
            &["items[0].box", "[x, y, width, height]"],
        );
        check(
            &line(&seat, "", r#","events":[{"window":"1","rule":"sleep","opened":1}]"#),
            &["events[0].rule: is \"sleep\""],
        );
        check(
            &line(&seat, "", r#","events":[{"window":"1","rule":"absence","opened":3,"closed":1}]"#),
            &["events[0].closed: is 1"],
        );
        check(
            &line(&seat, "", r#","policy":{"absence":{"raise_after_s":0}}"#),
            &["policy.absence.raise_after_s: is 0"],
        );
        check(
            &line(&seat, "", "").replace("still", "movie"),
            &["kind: is \"movie\", expected still or clip"],
        );
        check(&line(&seat, "", "").replace("a.jpg", "b.jpg"), &["line 1: media: ", "b.jpg is no file"]);
        let clip = line(&seat, r#"{"window":"1","from":5,"to":2}"#, "").replace("still", "clip");
        check(&clip, &["truth[0].to: is 2, expected no less than from (5)"]);
        check(&format!("{0}\n{0}", line(&seat, "", "")), &["line 2: id: \"s1\" is there twice"]);
    }
}
