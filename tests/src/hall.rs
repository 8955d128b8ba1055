//! A hall in a temporary folder: configuration files, a broker, central, agents, and central's API.

use crate::{Daemon, binary, free_port, root, until};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const PASSWORD: &str = "a long test password";

/// The line of a bundled clip in `scenes/clips/manifest.jsonl`, and the clip's file.
///
/// # Panics
/// When there is no such clip.
#[must_use]
pub fn clip(id: &str) -> (Value, PathBuf) {
    let folder = root().join("scenes/clips");
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).expect("the bundled clips' manifest");
    let row = manifest
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"))
        .find(|row| row["id"] == id)
        .unwrap_or_else(|| panic!("no clip {id} in scenes/clips"));
    let media = folder.join(row["media"].as_str().expect("media"));
    (row, media)
}

/// One hall `tanggu` with its own ports and folder.
#[derive(Debug)]
pub struct Hall {
    folder: tempfile::TempDir,
    http: u16,
    broker: u16,
}

impl Hall {
    /// A hall whose central uses its embedded broker, or mosquitto.
    ///
    /// # Panics
    /// When its files cannot be written.
    #[must_use]
    pub fn new(embedded: bool) -> Self {
        let hall =
            Self { folder: tempfile::tempdir().expect("a folder"), http: free_port(), broker: free_port() };
        let broker = if embedded {
            format!("embedded = true\nlisten = \"127.0.0.1:{}\"", hall.broker)
        } else {
            format!("url = \"mqtt://127.0.0.1:{}\"", hall.broker)
        };
        hall.write(
            "central.toml",
            &format!("listen = \"127.0.0.1:{}\"\ndata_dir = \"central\"\n[broker]\n{broker}\n", hall.http),
        );
        hall.write("password.txt", PASSWORD);
        let stored = hall.path("mosquitto");
        fs::create_dir(&stored).expect("a folder");
        hall.write(
            "mosquitto.conf",
            &format!(
                "listener {} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\n\
                 autosave_on_changes true\nautosave_interval 1\nuser root\n",
                hall.broker,
                stored.display()
            ),
        );
        hall
    }

    /// A path in the hall's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the hall.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file of the hall");
    }

    /// Writes `agent.toml`, `calibration.toml` and `policy.toml` for an agent that plays a labelled clip.
    pub fn configure_agent(&self, row: &Value, sources: &[(&str, &Path)]) {
        let mut agent = format!(
            "hall = \"tanggu\"\nagent = \"edge-01\"\ncalibration = \"calibration.toml\"\npolicy = \"policy.toml\"\n\
             data_dir = \"agent\"\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n",
            self.broker
        );
        let mut calibration = String::from("version = 1\n");
        for (camera, source) in sources {
            let _ = write!(agent, "[[cameras]]\nid = \"{camera}\"\nsource = \"{}\"\n", source.display());
            for window in row["windows"].as_array().into_iter().flatten() {
                let id = format!("{camera}-{}", window["window"].as_str().unwrap_or_default());
                let _ = write!(
                    calibration,
                    "[[windows]]\nid = \"{id}\"\ncamera = \"{camera}\"\nseat = {}\n",
                    window["seat"]
                );
                if !window["desk"].is_null() {
                    let _ = writeln!(calibration, "desk = {}", window["desk"]);
                }
            }
        }
        let mut policy = String::from("version = 1\n");
        for (rule, settings) in row["policy"].as_object().into_iter().flatten() {
            let _ = writeln!(policy, "[rules.{rule}]");
            for (key, value) in settings.as_object().into_iter().flatten() {
                let _ = writeln!(policy, "{key} = {value}");
            }
        }
        self.write("agent.toml", &agent);
        self.write("calibration.toml", &calibration);
        self.write("policy.toml", &policy);
    }

    /// Starts mosquitto with persistence.
    #[must_use]
    pub fn start_mosquitto(&self) -> Daemon {
        let mut daemon = Daemon::start(
            "mosquitto",
            Path::new("/usr/sbin/mosquitto"),
            &["-c", "mosquitto.conf"],
            self.folder.path(),
        );
        daemon.wait_for("mosquitto version", Duration::from_secs(20));
        daemon
    }

    /// Starts central and waits until it answers.
    #[must_use]
    pub fn start_central(&self) -> Daemon {
        let daemon = Daemon::start(
            "central",
            &binary("central"),
            &["serve", "--config", "central.toml"],
            self.folder.path(),
        );
        self.wait_for_central();
        daemon
    }

    /// Waits until central answers.
    pub fn wait_for_central(&self) {
        until("central answers", Duration::from_secs(30), || {
            std::net::TcpStream::connect(("127.0.0.1", self.http)).ok()
        });
    }

    /// Starts the configured agent.
    #[must_use]
    pub fn start_agent(&self) -> Daemon {
        Daemon::start(
            "edge-agent",
            &binary("edge-agent"),
            &["run", "--config", "agent.toml"],
            self.folder.path(),
        )
    }

    /// Central's API, signed in as a center head made for it.
    ///
    /// # Panics
    /// When the account cannot be made or the sign-in fails.
    pub async fn sign_in(&self) -> Api {
        let url = format!("http://127.0.0.1:{}", self.http);
        use_ring();
        self.sign_in_as("center_head", &url, reqwest::Client::new()).await
    }

    /// Central's API at an address, signed in as an account of that role made for it.
    ///
    /// # Panics
    /// When the account cannot be made or the sign-in fails.
    pub async fn sign_in_as(&self, role: &str, url: &str, client: reqwest::Client) -> Api {
        let status = Command::new(binary("central"))
            .args(["account", "add", "--config", "central.toml", "--name", role, "--role", role])
            .args(["--hall", "tanggu", "--password-file", "password.txt"])
            .current_dir(self.folder.path())
            .status()
            .expect("central account add");
        assert!(status.success(), "central account add: {status}");
        Api::sign_in(role, url.to_owned(), client).await
    }
}

/// Chooses who does the cryptography of this process's HTTP clients; the first choice stays.
pub fn use_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Central's API with a session.
#[derive(Debug)]
pub struct Api {
    url: String,
    cookie: String,
    csrf: String,
    client: reqwest::Client,
}

impl Api {
    async fn sign_in(name: &str, url: String, client: reqwest::Client) -> Self {
        let body = serde_json::json!({"name": name, "password": PASSWORD});
        let answer =
            client.post(format!("{url}/api/v1/session")).json(&body).send().await.expect("central answers");
        assert!(answer.status().is_success(), "sign-in: {}", answer.status());
        let cookie = answer.headers()["set-cookie"]
            .to_str()
            .expect("a cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        let session: Value = answer.json().await.expect("a session");
        let csrf = session["csrf"].as_str().unwrap_or_default().to_owned();
        Self { url, cookie, csrf, client }
    }

    /// A POST that must succeed; null where there is no answer to read.
    ///
    /// # Panics
    /// When it does not.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url));
        let request = request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf);
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Asks again and again until an answer is as wanted; refusals count as not yet.
    ///
    /// # Panics
    /// When that does not happen within a minute.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let answer =
                self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await;
            let answer = answer.unwrap_or_else(|e| panic!("{path}: {e}"));
            let body: Value = answer.json().await.unwrap_or_default();
            if wanted(&body) {
                return body;
            }
            assert!(std::time::Instant::now() < deadline, "{path}: {body}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A GET that must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub async fn get(&self, path: &str) -> Value {
        let answer =
            self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await;
        let answer = answer.unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Every event of the hall.
    pub async fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        for page in 1.. {
            let answer = self.get(&format!("/api/v1/events?per_page=200&page={page}")).await;
            let part = answer["events"].as_array().cloned().unwrap_or_default();
            if part.is_empty() {
                break;
            }
            events.extend(part);
        }
        events
    }

    /// The messages of one event, in order.
    pub async fn messages(&self, id: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/events/{id}")).await["messages"].as_array().cloned().unwrap_or_default()
    }
}
