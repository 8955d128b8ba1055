//! The JSON Schemas of everything on the wire are golden files: a change of the wire is a change that somebody sees.
//! `UPDATE_GOLDEN=1 cargo test -p chuangming-domain --test schemas` writes them anew.

use chuangming_domain::event::Event;
use chuangming_domain::wire::{
    Acks, AppliedConfig, Coverage, DesiredConfig, Geometry, Health, Machine, Status,
};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The schema equals its golden file, the example fits it, and survives a round trip through the type.
fn check<T: JsonSchema + Serialize + DeserializeOwned>(name: &str, example: &Value) {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = golden(&format!("{name}.schema.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{} is out of date: UPDATE_GOLDEN=1 writes it anew", path.display());
    jsonschema::validate(&schema, example).unwrap_or_else(|e| panic!("{name}: {e}"));
    let typed: T = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(&serde_json::to_value(typed).unwrap(), example, "{name} changed on the way");
}

const ID: &str = "0193b3c4-5d6e-7f80-9a0b-1c2d3e4f5061";
const HASH: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn the_wire_is_as_written_down() {
    let mut event = json!({
        "schema": "chuangming.event/1", "id": ID, "seq": 0, "phase": "opened", "hall": "tanggu", "agent": "edge-01",
        "window": "3", "zone": null, "rule": "slumped", "article": "16.4", "severity": "warning",
        "opened_at": "2026-11-22T02:03:04.567Z", "at": "2026-11-22T02:04:04.567Z", "closed_at": null,
        "close_reason": null, "confidence": 0.93,
        "evidence": {"hit_ratio": 0.97, "observed_s": 60.2, "unknown_s": 0.4},
        "policy": HASH, "calibration": HASH, "models": {"posture": HASH}, "historical": false,
    });
    check::<Event>("event", &event);
    event["evidence"]["items"] = json!(["cup", "unrecognised"]);
    check::<Event>("event", &event);
    check::<Health>(
        "health",
        &json!({"schema": "chuangming.health/1", "id": ID, "seq": 0, "kind": "camera_offline", "phase": "raised",
                "camera": "cam-1", "windows": ["3"], "at": "2026-11-22T02:03:04.567Z"}),
    );
    check::<Coverage>(
        "coverage",
        &json!({"schema": "chuangming.coverage/1", "hour": "2026-11-22T02:00:00Z",
                "windows": {"3": {"posture": {"observed_s": 3480.0, "unknown_s": 120.0}}}}),
    );
    check::<Status>("status", &json!({"online": true, "version": "0.1.0", "since": "2026-11-22T02:00:00Z"}));
    check::<Machine>(
        "machine",
        &json!({"schema": "chuangming.machine/1", "at": "2026-11-22T02:03:04.567Z", "policy": HASH, "calibration": HASH,
                "cameras": [{"id": "cam-1", "windows": ["1", "3"], "looked_per_s": 4.9, "dropped": 0.02}],
                "load": {"cores": 4, "cpu": 0.42, "memory": 0.37, "disk_free": 52_428_800_000_u64, "waiting": 0},
                "page": "192.0.2.7:8443", "page_certificate": HASH}),
    );
    check::<Geometry>(
        "calibration",
        &json!({"schema": "chuangming.calibration/1", "calibration": HASH, "at": "2026-11-22T02:03:04.567Z",
                "text": "version = 1\n"}),
    );
    check::<Acks>("ack", &json!({"acks": [{"id": ID, "seq": 0}]}));
    check::<DesiredConfig>(
        "config-desired",
        &json!({"policy": "version = 1", "calibration": "version = 1", "version": HASH, "signature": ""}),
    );
    check::<AppliedConfig>(
        "config-applied",
        &json!({"version": HASH, "ok": false, "problems": ["policy.toml: …"]}),
    );
}

#[test]
fn unknown_fields_are_refused() {
    let smuggled = json!({"online": true, "face": "…"});
    assert!(serde_json::from_value::<Status>(smuggled).is_err());
}
