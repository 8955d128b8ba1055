//! Bad input ends in one line that says what, where and what would be right, and in exit code 2.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

const AGENT: &str = r#"hall = "tanggu"
agent = "edge-01"
calibration = "calibration.toml"
policy = "policy.toml"
data_dir = "data"
[broker]
url = "mqtt://127.0.0.1:1"
[[cameras]]
id = "cam-1"
source = "/dev/video99"
"#;
const CALIBRATION: &str =
    "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("agent.toml", AGENT);
        folder.write("calibration.toml", CALIBRATION);
        folder.write("policy.toml", "version = 1\n");
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_edge-agent");
        Command::new(program)
            .args(arguments)
            .current_dir(self.path())
            .env("RUST_LOG", "error")
            .output()
            .unwrap()
    }
}

fn check(output: &Output, code: i32, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(
        text.starts_with("edge-agent: ") && text.trim_end().lines().count() == 1,
        "{text:?} is not one line"
    );
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn bad_input_is_one_line_and_exit_code_2() {
    for (file, from, to, parts) in [
        ("agent.toml", "hall", "colour = 1\nhall", &["agent.toml: colour: is unknown; known here"][..]),
        ("agent.toml", "\"tanggu\"", "\"塘沽\"", &["agent.toml: hall", "use 1 to 32 of a-z, 0-9 and -"]),
        ("agent.toml", "127.0.0.1", "10.1.2.3", &["broker.url", "expected mqtts://"]),
        ("agent.toml", "/dev/video99", "no.mp4", &["cameras[0].source", "no.mp4 is not there"]),
        (
            "agent.toml",
            "[broker]",
            "models = \"no.toml\"\n[broker]",
            &["agent.toml: models", "no.toml cannot be read"],
        ),
        ("agent.toml", "\"data\"", "\"policy.toml\"", &["agent.toml: data_dir", "expected a directory"]),
        ("agent.toml", "hall = ", "hall ", &["agent.toml: line 1"]),
        (
            "calibration.toml",
            "0.5,0.1",
            "1.5,0.1",
            &["calibration.toml: windows[0].seat", "lies outside the picture"],
        ),
        (
            "calibration.toml",
            "[0.5,0.5]",
            "[0.5,0.5],[0.3,0.0]",
            &["calibration.toml: windows[0].seat: crosses itself"],
        ),
        ("calibration.toml", "cam-1", "cam-2", &["camera cam-2 is not in agent.toml; cameras there: cam-1"]),
        (
            "policy.toml",
            "version = 1",
            "version = 1\n[rules.absence]\nraise_after_s = 0",
            &["rules.absence.raise_after_s: is 0, expected a number from 1 to 1800"],
        ),
    ] {
        let folder = Folder::new();
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {file}");
        folder.write(file, &text.replacen(from, to, 1));
        check(&folder.run(&["run", "--config", "agent.toml"]), 2, parts);
    }
}

#[test]
fn the_problems_of_all_files_are_on_that_line() {
    let folder = Folder::new();
    folder.write("agent.toml", &AGENT.replace("tanggu", "T"));
    folder.write("policy.toml", "version = 9");
    fs::remove_file(folder.path().join("calibration.toml")).unwrap();
    let parts = ["agent.toml: hall", "policy.toml: version: is 9", "calibration.toml: cannot be read"];
    check(&folder.run(&["run", "--config", "agent.toml"]), 2, &parts);
    check(&folder.run(&["doctor", "--config", "agent.toml"]), 2, &parts);
    check(
        &folder.run(&["run", "--config", "nowhere.toml"]),
        2,
        &["nowhere.toml: cannot be read, expected a TOML file"],
    );
}

#[test]
fn two_agents_do_not_share_a_data_directory() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("data")).unwrap();
    let lock = File::create(folder.path().join("data/lock")).unwrap();
    lock.lock().unwrap();
    let parts = ["data_dir", "is in use by another agent"];
    check(&folder.run(&["run", "--config", "agent.toml"]), 2, &parts);
}

#[test]
fn certificates_and_keys_are_checked_before_the_start() {
    let folder = Folder::new();
    for name in ["ca.pem", "key.pem"] {
        folder.write(name, "this is no PEM file");
    }
    let secure = AGENT.replace("mqtt://127.0.0.1:1\"", "mqtts://127.0.0.1:1\"\nca_file = \"ca.pem\"");
    folder.write("agent.toml", &secure);
    check(
        &folder.run(&["run", "--config", "agent.toml"]),
        2,
        &["ca.pem: ", "expected a certificate in PEM form"],
    );
    folder.write("agent.toml", &format!("config_key_file = \"key.pem\"\n{AGENT}"));
    let parts = ["key.pem: ", "expected an Ed25519 public key as PEM"];
    check(&folder.run(&["run", "--config", "agent.toml"]), 2, &parts);
}

#[test]
fn a_spoilt_outbox_is_told() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("data")).unwrap();
    folder.write("data/outbox.db", &"no database ".repeat(100));
    check(&folder.run(&["run", "--config", "agent.toml"]), 1, &["outbox.db: "]);
}

#[test]
fn the_doctor_names_what_is_wrong_in_both_languages() {
    let folder = Folder::new();
    for (language, problem) in [("en", "PROBLEM"), ("zh-CN", "问题")] {
        let output = folder.run(&["doctor", "--config", "agent.toml", "--lang", language]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let problems: Vec<_> = text.lines().filter(|line| line.starts_with(problem)).collect();
        for part in ["/dev/video99", "mqtt://127.0.0.1:1"] {
            assert!(problems.iter().any(|line| line.contains(part)), "{part} is not in {text}");
        }
        assert!(text.lines().count() >= 7, "{text}");
    }
    let output = folder.run(&["doctor", "--lang", "fr"]);
    assert_eq!(output.status.code(), Some(2));
}
