//! `edge-agent calibrate` as a process on a bundled clip, and a client that trusts its certificate alone.

#![allow(dead_code, reason = "every test uses a part of it")]

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Page {
    folder: tempfile::TempDir,
    child: Child,
    pub(crate) invitation: Value,
    pub(crate) client: reqwest::Client,
    pub(crate) cookie: Option<String>,
}

impl Page {
    /// A page that nobody has signed in to, on the bundled clip. There is no broker and no calibration yet.
    pub(crate) async fn open() -> Self {
        Self::open_on(tempfile::tempdir().unwrap(), &[("cam-1", scenes("clip/demo.mp4"))]).await
    }

    /// The same on cameras of one's own; `folder` is the agent's.
    pub(crate) async fn open_on(folder: tempfile::TempDir, cameras: &[(&str, PathBuf)]) -> Self {
        let cameras: String = cameras
            .iter()
            .map(|(id, source)| format!("[[cameras]]\nid = {id:?}\nsource = {source:?}\n"))
            .collect();
        let agent = format!(
            "hall = \"tanggu\"\nagent = \"edge-01\"\ncalibration = \"calibration.toml\"\npolicy = \"policy.toml\"\n\
             data_dir = \"data\"\n[calibrate]\nlisten = \"127.0.0.1:0\"\n[broker]\nurl = \"mqtt://127.0.0.1:9\"\n{cameras}"
        );
        fs::write(folder.path().join("agent.toml"), agent).unwrap();
        fs::write(folder.path().join("policy.toml"), "version = 1\n").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_edge-agent"))
            .args(["calibrate", "--config", "agent.toml", "--json"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(fs::File::create(folder.path().join("log")).unwrap()))
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = || fs::read_to_string(folder.path().join("log")).unwrap();
        let invitation: Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}: {}", log()));
        let pem = fs::read(folder.path().join("data/calibration/certificate.pem")).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
        Self { folder, child, invitation, client, cookie: None }
    }

    /// A page with somebody signed in.
    pub(crate) async fn signed_in() -> Self {
        Self::open().await.with_somebody().await
    }

    /// Signs in.
    pub(crate) async fn with_somebody(self) -> Self {
        let mut page = self;
        let code = json!({"code": page.invitation["code"]});
        let answer = page.request(Method::POST, "/api/session").json(&code).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        page.cookie = cookie.split(';').next().map(str::to_owned);
        page
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.invitation["address"].as_str().unwrap())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, self.url(path)).header("x-requested-with", "chuangming");
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// The first camera, as soon as there is a picture of it.
    pub(crate) async fn until_it_sees(&self) -> Value {
        self.until_every_camera_sees().await[0].clone()
    }

    /// The cameras, as soon as there is a picture of each.
    pub(crate) async fn until_every_camera_sees(&self) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let cameras: Value = self.get("/api/cameras").await.json().await.unwrap();
            let mut see = true;
            for camera in cameras.as_array().unwrap() {
                let id = camera["id"].as_str().unwrap();
                see &= camera["state"] != "starting";
                see &= self.get(&format!("/api/cameras/{id}/picture?max=64")).await.status() == 200;
            }
            if see {
                return cameras;
            }
            assert!(Instant::now() < until, "no picture: {cameras} {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks until the answer is as it should be.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.json(path).await;
            if holds(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "{path}: {answer}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// What is answered where all is well.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}: {}", self.log());
        answer.json().await.unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and code of what went wrong.
pub(crate) async fn problem(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
}

/// A file of the bundled scenes.
pub(crate) fn scenes(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("scenes/clips").join(name)
}

/// Makes a clip with the `ffmpeg` program.
pub(crate) fn ffmpeg(arguments: &[&str], output: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error"])
        .args(arguments)
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p"])
        .arg(output)
        .status()
        .expect("the program ffmpeg is needed for this test");
    assert!(status.success(), "ffmpeg {arguments:?}");
}

/// Width and height as a JPEG's frame header says.
pub(crate) fn jpeg_size(bytes: &[u8]) -> (u64, u64) {
    assert!(bytes.starts_with(&[0xff, 0xd8]), "no JPEG");
    let mut at = 2;
    while at + 9 < bytes.len() {
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        if matches!(bytes[at + 1], 0xc0..=0xc2) {
            let number = |at: usize| u64::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            return (number(at + 7), number(at + 5));
        }
        at += 2 + length;
    }
    panic!("a JPEG without a frame header")
}
