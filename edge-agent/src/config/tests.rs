//! `agent.toml` and the files that it names, as people write and mistake them.

use super::*;
use crate::capture::Source;
use std::os::unix::fs::PermissionsExt;

const POLICY: &str = "version = 1";
const CALIBRATION: &str = r#"
    version = 1
    [[windows]]
    id = "1"
    camera = "cam-1"
    seat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]
"#;
const AGENT: &str = r#"
    hall = "tanggu"
    agent = "edge-01"
    calibration = "calibration.toml"
    policy = "policy.toml"
    data_dir = "data"
    [broker]
    url = "mqtts://central"
    ca_file = "ca.pem"
    cert_file = "edge.pem"
    key_file = "edge.key"
    [[cameras]]
    id = "cam-1"
    source = "clip.mp4"
    fps = 8
    [[cameras]]
    id = "cam-2"
    source = "rtsp://viewer:secret@10.0.0.7/main"
"#;

/// Loads the three texts from a directory that holds the other files that the example names.
fn load(agent: &str, policy: &str, calibration: &str) -> (tempfile::TempDir, Result<Config, Problems>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("agent.toml", agent),
        ("policy.toml", policy),
        ("calibration.toml", calibration),
        ("ca.pem", ""),
        ("edge.pem", ""),
        ("edge.key", ""),
        ("clip.mp4", ""),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let config = Config::load(&folder.path().join("agent.toml"));
    (folder, config)
}

#[test]
fn the_contracts_example_is_read() {
    let (folder, config) = load(AGENT, POLICY, CALIBRATION);
    let config = config.unwrap();
    let agent = &config.agent;
    assert_eq!((agent.hall.as_str(), agent.agent.as_str()), ("tanggu", "edge-01"));
    assert_eq!((agent.broker.host.as_str(), agent.broker.port), ("central", 8883));
    assert!(agent.broker.tls.as_ref().is_some_and(|tls| tls.client.is_some()));
    let [file, live] = &agent.cameras[..] else { panic!("two cameras expected") };
    assert_eq!(file.source, Source::Media(folder.path().join("clip.mp4")));
    assert_eq!((file.check_frozen, file.fps), (false, Some(8.0)));
    assert_eq!((live.check_frozen, live.fps), (true, None));
    assert_eq!(config.setup.version, DesiredConfig::version_of(POLICY, CALIBRATION));

    agent.prepare_data_dir().unwrap();
    let mode = fs::metadata(&agent.data_dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_data_dir_that_cannot_be_made_is_a_problem() {
    let (folder, config) = load(&AGENT.replace("\"data\"", "\"clip.mp4/data\""), POLICY, CALIBRATION);
    let problem = config.unwrap().agent.prepare_data_dir().unwrap_err().to_string();
    assert!(
        problem.contains("agent.toml: data_dir: is") && problem.contains("expected a directory"),
        "{problem}"
    );
    drop(folder);
}

/// Replaces `from` by `to` in the agent's example and expects a problem with that text.
fn check(from: &str, to: &str, expected: &str) {
    assert!(AGENT.contains(from), "{from:?} is not in the example");
    let (_folder, config) = load(&AGENT.replacen(from, to, 1), POLICY, CALIBRATION);
    let problems = config.expect_err(to).to_string();
    assert!(problems.contains(expected), "{to:?}: {expected:?} is not in {problems}");
}

#[test]
fn every_mistake_is_told_with_its_place() {
    for (from, to, expected) in [
        ("hall = \"tanggu\"", "", "agent.toml: hall: is missing"),
        ("\"tanggu\"", "\"塘沽\"", "is no hall id: use 1 to 32 of a-z, 0-9 and -"),
        ("hall =", "colour = 1\nhall =", "colour: is unknown; known here: hall, agent"),
        ("data_dir", "data", "data_dir: is missing, expected a directory"),
        (
            "mqtts://central",
            "http://central",
            "broker.url: is \"http://central\", expected an address such as",
        ),
        ("mqtts://central", "mqtt://central", "broker.url: is plain text beyond this machine"),
        ("mqtts://central", "mqtt://10.0.0.1", "broker.url: is plain text beyond this machine"),
        ("mqtts://central", "mqtts://me:secret@central", "expected it in username and password_file"),
        ("ca_file = \"ca.pem\"", "", "broker.ca_file: is missing"),
        ("\"ca.pem\"", "\"no.pem\"", "no.pem cannot be read, expected a file"),
        ("key_file = \"edge.key\"", "", "broker.key_file: is missing, expected together with cert_file"),
        ("key_file", "username = \"me\"\nkey_file", "broker.password_file: is missing"),
        ("id = \"cam-2\"", "id = \"cam-1\"", "\"cam-1\" is there twice"),
        ("id = \"cam-1\"", "id = \"cam-9\"", "windows \"1\".camera: camera cam-1 is not in agent.toml"),
        ("\"clip.mp4\"", "\"no.mp4\"", "no.mp4 is not there, expected rtsp://"),
        ("source = \"clip.mp4\"", "", "cameras[0].source: is missing"),
        ("rtsp://", "ftp://", "cameras[1].source: the scheme ftp:// is not supported"),
        ("fps = 8", "check_frozen = 1", "cameras[0].check_frozen: is 1, expected true or false"),
        ("fps = 8", "fps = 0", "cameras[0].fps: is 0, expected a number from 0.1 to 60"),
        ("[broker]", "[broker", "agent.toml: line 7"),
    ] {
        check(from, to, expected);
    }
}

#[test]
fn plain_text_is_for_loopback_or_the_insecure() {
    for (url, insecure) in [
        ("mqtt://localhost", false),
        ("mqtt://127.0.0.1:1884", false),
        ("mqtt://[::1]", false),
        ("mqtt://central", true),
    ] {
        let broker = format!("insecure = {insecure}\nurl = \"{url}\"");
        let text = AGENT.replace("url = \"mqtts://central\"", &broker);
        let (_folder, config) = load(&text, POLICY, CALIBRATION);
        assert!(config.unwrap().agent.broker.tls.is_none(), "{url}");
    }
}

#[test]
fn the_problems_of_all_three_files_come_at_once() {
    let (_folder, config) = load(&AGENT.replace("tanggu", "T"), "version = 2", "version = 3");
    let problems = config.unwrap_err().to_string();
    for expected in ["agent.toml: hall", "policy.toml: version: is 2", "calibration.toml: version: is 3"] {
        assert!(problems.contains(expected), "{expected:?} is not in {problems}");
    }
    let (folder, _) = load(AGENT, POLICY, CALIBRATION);
    fs::remove_file(folder.path().join("policy.toml")).unwrap();
    let problems = Config::load(&folder.path().join("agent.toml")).unwrap_err().to_string();
    assert!(problems.contains("policy.toml: cannot be read, expected a TOML file"), "{problems}");
}
