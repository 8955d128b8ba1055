//! Whatever is wrong with what the user gives ends in one clear line: what, where, what would be right. Never a panic.

use chuangming_tests::{binary, clip, root};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A folder with a good configuration of an agent and of central, to be spoilt.
fn good() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (row, media) = clip("demo");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "agent.toml",
        &format!(
            "hall = \"tanggu\"\nagent = \"edge-01\"\ncalibration = \"calibration.toml\"\npolicy = \"policy.toml\"\ndata_dir = \"data\"\n\
             [broker]\nurl = \"mqtt://127.0.0.1:1\"\n[[cameras]]\nid = \"cam-1\"\nsource = \"{}\"\n",
            media.display()
        ),
    );
    write(
        "calibration.toml",
        &format!(
            "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = {}\n",
            row["windows"][0]["seat"]
        ),
    );
    write("policy.toml", "version = 1\n");
    write("central.toml", "data_dir = \"central\"\n[broker]\nembedded = true\n");
    folder
}

/// Runs a command that must end by itself, with that exit code and one line that has all the parts.
fn check(folder: &Path, command: &str, code: i32, parts: &[&str]) {
    let mut words = command.split(' ');
    let program = binary(words.next().unwrap());
    let output = Command::new("timeout")
        .arg("60")
        .arg(program)
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("RUST_LOG", "error")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command}: {said}");
    assert!(!said.contains("panicked"), "{command}: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{command} must say one line: {said}");
    for part in parts {
        assert!(said.contains(part), "{command}: {part:?} is not in {said}");
    }
}

/// Replaces a piece of a good file.
fn spoil(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn an_agents_configuration() {
    let rows: &[(&str, &str, &str, &[&str])] = &[
        ("agent.toml", "hall = \"tanggu\"", "hall = \"Tang Gu\"", &["agent.toml", "hall", "a-z"]),
        ("agent.toml", "agent = ", "agnet = ", &["agnet", "unknown", "agent", "missing"]),
        ("agent.toml", "mqtt://127.0.0.1:1", "mqtt://central:1883", &["broker.url", "mqtts://"]),
        ("agent.toml", "mqtt://127.0.0.1:1", "ftp://127.0.0.1", &["broker.url", "mqtt"]),
        ("agent.toml", "id = \"cam-1\"", "id = \"cam-1\"\nzoom = 3", &["cameras[0].zoom", "unknown"]),
        ("agent.toml", "policy.toml", "nowhere.toml", &["nowhere.toml"]),
        ("agent.toml", "[broker]", "[broker", &["agent.toml", "line"]),
        ("agent.toml", "source = \"/", "source = \"gopher://", &["cameras[0].source", "rtsp://"]),
        (
            "calibration.toml",
            "\"1\"",
            "\"1\"\nchair = 2",
            &["calibration.toml", "windows[0].chair", "unknown"],
        ),
        ("calibration.toml", "camera = \"cam-1\"", "camera = \"cam-9\"", &["cam-9", "cam-1"]),
        ("calibration.toml", "seat = [[", "seat = [[7.5,0.2],[", &["windows[0].seat", "outside the picture"]),
        (
            "policy.toml",
            "version = 1",
            "version = 1\n[rules.smiling]\nenabled = true",
            &["rules.smiling", "is no rule"],
        ),
        (
            "policy.toml",
            "version = 1",
            "version = 1\n[rules.absence]\nraise_after_s = 0",
            &["raise_after_s", "1 to 1800"],
        ),
    ];
    for (file, from, to, parts) in rows {
        let folder = good();
        spoil(folder.path(), file, from, to);
        check(folder.path(), "edge-agent run --config agent.toml", 2, parts);
    }
    let folder = good();
    fs::write(
        folder.path().join("calibration.toml"),
        "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.5,0.5],[0.5,0.1],[0.1,0.5]]\n",
    )
    .unwrap();
    check(folder.path(), "edge-agent run --config agent.toml", 2, &["windows[0].seat", "crosses itself"]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let folder = good();
    spoil(folder.path(), "agent.toml", "hall = \"tanggu\"", "hall = 3");
    spoil(folder.path(), "policy.toml", "version = 1", "version = 2");
    spoil(folder.path(), "calibration.toml", "version = 1", "version = 1\ncolour = \"red\"");
    check(folder.path(), "edge-agent run --config agent.toml", 2, &["hall", "version: is 2", "colour"]);
}

#[test]
fn models() {
    let folder = good();
    let path = folder.path();
    let manifest = fs::read_to_string(root().join("models/manifest.toml")).unwrap();
    let models = path.join("models");
    fs::create_dir(&models).unwrap();
    for name in ["vendor", "weights"] {
        std::os::unix::fs::symlink(root().join("models").join(name), models.join(name)).unwrap();
    }
    let agent = fs::read_to_string(path.join("agent.toml")).unwrap();
    fs::write(path.join("agent.toml"), format!("models = \"models/manifest.toml\"\n{agent}")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(manifest.contains(from));
        fs::write(models.join("manifest.toml"), manifest.replacen(from, to, 1)).unwrap();
    };
    let run = "edge-agent run --config agent.toml";
    with("vendor/movenet-thunder.onnx", "vendor/gone.onnx");
    check(path, run, 2, &["gone.onnx"]);
    let hash = manifest.split("sha256 = \"").nth(1).unwrap().split('"').next().unwrap();
    with(hash, &"0".repeat(64));
    check(path, run, 2, &["movenet-thunder.onnx", "sha256"]);
    with("decoder = \"movenet\"", "decoder = \"crystal-ball\"");
    check(path, run, 2, &["decoder", "crystal-ball"]);
    with("vendor/onnxruntime/libonnxruntime.so", "vendor/onnxruntime/gone.so");
    check(path, run, 2, &["gone.so"]);
}

#[test]
fn sets_and_replays() {
    let folder = good();
    let path = folder.path();
    let line = |text: &str| fs::write(path.join("manifest.jsonl"), text).unwrap();
    let eval = "edge-agent eval --set . --report out.json";
    check(path, "edge-agent eval --set nowhere --report out.json", 2, &["nowhere"]);
    line("{not json}\n");
    check(path, eval, 2, &["manifest.jsonl", "1"]);
    line(r#"{"id":"a","kind":"still","media":"gone.jpg","windows":[],"truth":[],"source":"x"}"#);
    check(path, eval, 2, &["gone.jpg"]);
    let bad_polygon = r#"{"id":"a","kind":"still","media":"gone.jpg","source":"x","truth":[],"windows":[{"window":"1","seat":[[0.1,0.1],[0.5,0.5],[0.5,0.1],[0.1,0.5]]}]}"#;
    line(bad_polygon);
    check(path, eval, 2, &["manifest.jsonl", "seat", "crosses itself"]);
    check(path, "edge-agent replay --config agent.toml --camera cam-7 --media x.mp4", 2, &["cam-7", "cam-1"]);
    check(path, "edge-agent replay --config agent.toml --camera cam-1 --media x.mp4", 2, &["x.mp4"]);
    check(path, "edge-agent propose --source gopher://x", 2, &["--source", "rtsp://"]);
}

#[test]
fn centrals_configuration() {
    let rows: &[(&str, &str, &[&str])] = &[
        ("data_dir", "data_dri", &["data_dri", "unknown", "data_dir", "missing"]),
        ("embedded = true", "url = \"mqtt://broker.example:1883\"", &["broker.url", "mqtts://"]),
        ("embedded = true", "embedded = true\ncolour = 1", &["broker.colour", "unknown"]),
        ("data_dir", "listen = \"0.0.0.0:8080\"\ndata_dir", &["listen", "tls"]),
    ];
    for (from, to, parts) in rows {
        let folder = good();
        spoil(folder.path(), "central.toml", from, to);
        check(folder.path(), "central serve --config central.toml", 2, parts);
    }
    let folder = good();
    check(folder.path(), "central serve --config gone.toml", 2, &["gone.toml"]);
}
