//! The whole agent on a bundled clip and a real mosquitto: configuration from central, a kill, a clean end.

mod broker;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use broker::{Central, Mosquitto, PATIENCE};
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, Phase};
use chuangming_domain::id::WindowId;
use chuangming_domain::wire::{
    AppliedConfig, Channel, ConfigSignature, DesiredConfig, Geometry, Health, HealthKind,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const CALIBRATION: &str = r#"version = 1
[[windows]]
id = "1"
camera = "cam-1"
seat = [[0.0,0.0],[0.49,0.0],[0.49,0.62],[0.0,0.62]]
"#;

/// Short timers: in the clip's first window somebody slumps, leaves and leans back.
const POLICY: &str = "version = 1\n[rules.slumped]\nraise_after_s = 2\n[rules.absence]\nraise_after_s = 2\n";

struct Edge {
    folder: tempfile::TempDir,
    child: Option<Child>,
}

fn key_pair() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

/// An Ed25519 public key as PEM, as RFC 8410 lays it out.
fn pem(pair: &Ed25519KeyPair) -> String {
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(pair.public_key().as_ref());
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(der))
}

fn desired(policy: &str, serial: u64, by: &Ed25519KeyPair) -> DesiredConfig {
    let version = DesiredConfig::version_of(policy, CALIBRATION);
    let (hall, agent) = ("tanggu".parse().unwrap(), "edge-01".parse().unwrap());
    let text = ConfigSignature::signed_text(&hall, &agent, serial, &version);
    let value = by.sign(text.as_bytes()).as_ref().try_into().unwrap();
    let signature = ConfigSignature { serial, value }.to_string();
    DesiredConfig { policy: policy.into(), calibration: CALIBRATION.into(), version, signature }
}

impl Edge {
    fn new(port: u16, key: &Ed25519KeyPair) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let clip: PathBuf = root.join("scenes/clips/clip/demo.mp4");
        let agent = format!(
            "hall = \"tanggu\"\nagent = \"edge-01\"\ncalibration = \"calibration.toml\"\npolicy = \"policy.toml\"\n\
             data_dir = \"data\"\nconfig_key_file = \"central.pem\"\n[calibrate]\nlisten = \"127.0.0.1:0\"\n[broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n\
             [[cameras]]\nid = \"cam-1\"\nsource = {clip:?}\n"
        );
        let files = [
            ("agent.toml", agent),
            ("calibration.toml", CALIBRATION.into()),
            ("policy.toml", POLICY.into()),
            ("central.pem", pem(key)),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut edge = Self { folder, child: None };
        edge.start();
        edge
    }

    fn start(&mut self) {
        let child = Command::new(env!("CARGO_BIN_EXE_edge-agent"))
            .args(["run", "--config", "agent.toml"])
            .current_dir(self.folder.path())
            .stderr(Stdio::from(fs::File::create(self.folder.path().join("log")).unwrap()))
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks to stop as a service manager does, and returns the exit code.
    fn terminate(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            match child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None => assert!(Instant::now() < until, "the agent does not stop"),
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn applied(central: &mut Central) -> AppliedConfig {
    serde_json::from_str(&central.next_on(Channel::ConfigApplied).await).unwrap()
}

async fn event(central: &mut Central) -> Event {
    serde_json::from_str(&central.next_on(Channel::Events).await).unwrap()
}

async fn health(central: &mut Central) -> Health {
    serde_json::from_str(&central.next_on(Channel::Health).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_from_central_is_signed_or_refused_and_outlives_a_restart() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let pair = key_pair();
    let mut edge = Edge::new(broker.port, &pair);
    let at_start = applied(&mut central).await;
    assert_eq!((at_start.version, at_start.ok), (DesiredConfig::version_of(POLICY, CALIBRATION), true));

    let send = async |central: &Central, desired: &DesiredConfig| {
        central.publish(Channel::ConfigDesired, serde_json::to_vec(desired).unwrap(), true).await;
    };
    let forged = desired("version = 1", 1, &key_pair());
    send(&central, &forged).await;
    let refused = applied(&mut central).await;
    assert_eq!((&refused.version, refused.ok), (&forged.version, false));
    assert!(refused.problems[0].contains("signature"), "{:?}", refused.problems);

    let invalid = desired("version = 1\n[rules.absence]\nraise_after_s = 0", 2, &pair);
    send(&central, &invalid).await;
    let refused = applied(&mut central).await;
    assert!(!refused.ok && refused.problems[0].contains("raise_after_s"), "{:?}", refused.problems);

    let good = desired("version = 1\n[rules.absence]\nraise_after_s = 3", 4, &pair);
    send(&central, &good).await;
    let taken = applied(&mut central).await;
    assert_eq!((&taken.version, taken.ok), (&good.version, true));

    // Somebody who took over the broker sends rules again that central signed earlier.
    let replayed = desired("version = 1\n[rules.absence]\nenabled = false", 3, &pair);
    send(&central, &replayed).await;
    let refused = applied(&mut central).await;
    assert_eq!((&refused.version, refused.ok), (&replayed.version, false));
    assert!(refused.problems[0].contains("an older configuration"), "{:?}", refused.problems);

    // The retained message still says the same; what counts here is what the agent starts with.
    edge.kill();
    central.publish(Channel::ConfigDesired, Vec::new(), true).await;
    edge.start();
    let after = applied(&mut central).await;
    assert_eq!((&after.version, after.ok), (&good.version, true));
    assert_eq!(edge.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_as_one_health_event() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let pair = key_pair();
    let _edge = Edge::new(broker.port, &pair);
    applied(&mut central).await;
    for payload in ["{", "[]"] {
        central.publish(Channel::ConfigDesired, payload.into(), false).await;
    }
    let raised = health(&mut central).await;
    assert_eq!((raised.kind, raised.seq), (HealthKind::PolicyRefused, 0));
    let good = desired("version = 1", 1, &pair);
    central.publish(Channel::ConfigDesired, serde_json::to_vec(&good).unwrap(), false).await;
    let cleared = health(&mut central).await;
    assert_eq!((cleared.id, cleared.seq), (raised.id, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_episode_that_a_kill_leaves_open_is_closed_by_the_next_start() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let mut edge = Edge::new(broker.port, &key_pair());
    let opened = event(&mut central).await;
    assert_eq!((opened.phase, opened.seq), (Phase::Opened, 0));
    edge.kill();
    assert_eq!(central.next_matching(Channel::Status, "false").await, r#"{"online":false}"#);
    edge.start();
    let closed = loop {
        let event = event(&mut central).await;
        if event.phase == Phase::Closed {
            break event;
        }
    };
    assert_eq!((closed.id, closed.close_reason), (opened.id, Some(CloseReason::Shutdown)));
    assert!(closed.seq > opened.seq && closed.closed_at.unwrap() >= opened.at, "{closed:?}");
    assert_eq!(edge.terminate(), Some(0));
    assert_eq!(central.next_matching(Channel::Status, "false").await, r#"{"online":false}"#);
}

/// Bytes from several places of a file that are no repetition of one another; by chance they are nowhere else.
fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    const PIECE: usize = 24;
    let body = &bytes[100..bytes.len() - 100];
    body.chunks_exact(PIECE)
        .filter(|p| p.iter().filter(|b| **b != p[0]).count() > PIECE / 2)
        .step_by(7)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptors_stay_in_their_folder() {
    use chuangming_domain::calibration::Calibration;
    use chuangming_edge_agent::capture::read_picture;
    use chuangming_edge_agent::perceive::{Perception, WindowView};
    use chuangming_edge_agent::references::References;

    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let mut edge = Edge::new(broker.port, &key_pair());
    edge.kill();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tidy = read_picture(&root.join("scenes/clips/img/demo.ref.jpg")).unwrap();
    let window = Calibration::parse(CALIBRATION, "test").unwrap().windows.remove(0);
    let learnt = Perception::load(None).unwrap().learn_reference(&tidy, &WindowView::of(&window)).unwrap();
    let data = edge.folder.path().join("data");
    References::open(&data).unwrap().keep_window(&window, &learnt, jiff::Timestamp::now()).unwrap();
    fs::remove_file(edge.folder.path().join("log")).unwrap();

    edge.start();
    let mut said = central.everything_until("\"opened\"").await;
    edge.terminate();
    said.extend(central.everything_until(r#"{"online":false}"#).await);
    let file = fs::read_dir(data.join("references")).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&file).unwrap();
    let pieces = pieces(&bytes);
    assert!(pieces.len() > 50, "{} pieces", pieces.len());
    let log = fs::read_to_string(edge.folder.path().join("log")).unwrap();
    assert!(!log.contains("not used"), "the agent uses it: {log}");
    let others =
        fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut places: Vec<(String, Vec<u8>)> =
        others.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    assert!(places.iter().any(|(name, _)| name.contains("outbox")), "{places:?}");
    places.push(("the log".into(), log.into_bytes()));
    places.push(("the wire".into(), said.join("\n").into_bytes()));
    for (place, bytes) in places {
        for piece in &pieces {
            let forms =
                [piece.to_vec(), BASE64.encode(piece).into_bytes(), format!("{piece:?}").into_bytes()];
            let hex: String = piece.iter().map(|b| format!("{b:02x}")).collect();
            let found = forms
                .iter()
                .map(Vec::as_slice)
                .chain([hex.as_bytes()])
                .any(|form| bytes.windows(form.len()).any(|window| window == form));
            assert!(!found, "{place} holds a descriptor");
        }
    }
}

/// The page of the running agent, asked for on its own machine and signed in to: its address, a client, its cookie.
async fn page(edge: &Edge) -> (String, reqwest::Client, String) {
    let asked = Command::new(env!("CARGO_BIN_EXE_edge-agent"))
        .args(["calibrate", "--config", "agent.toml", "--json"])
        .current_dir(edge.folder.path())
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let invitation: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pem = fs::read(edge.folder.path().join("data/calibration/certificate.pem")).unwrap();
    let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let url = invitation["address"].as_str().unwrap().to_owned();
    let sign_in = client.post(format!("{url}/api/session")).header("x-requested-with", "chuangming");
    let answer = sign_in.json(&json!({"code": invitation["code"]})).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    (url, client, cookie)
}

async fn geometry(central: &mut Central) -> Geometry {
    serde_json::from_str(&central.next_on(Channel::Calibration).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_installer_saves_is_in_force_without_a_restart_and_told_to_central() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let mut edge = Edge::new(broker.port, &key_pair());
    let told = geometry(&mut central).await;
    assert_eq!(told.calibration, Digest::of(CALIBRATION.as_bytes()));
    assert!(told.text.contains("id = \"1\"") && !told.text.contains("\"9\""), "{}", told.text);
    let first = event(&mut central).await;
    assert_eq!((first.phase, &first.calibration), (Phase::Opened, &told.calibration));

    let (url, client, cookie) = page(&edge).await;
    let get = client.get(format!("{url}/api/calibration")).header("cookie", &cookie);
    let mut in_force: Value = get.send().await.unwrap().json().await.unwrap();
    assert_eq!(in_force["version"], told.calibration.as_str());
    in_force["draft"]["windows"][0]["id"] = json!("9");
    let save = json!({"draft": in_force["draft"], "expected": in_force["version"]});
    let put = client.put(format!("{url}/api/calibration")).header("x-requested-with", "chuangming");
    let saved = put.header("cookie", &cookie).json(&save).send().await.unwrap();
    assert_eq!(saved.status(), 200);
    let version = saved.json::<Value>().await.unwrap()["version"].clone();

    let told = geometry(&mut central).await;
    assert_eq!(version, told.calibration.as_str());
    assert!(told.text.contains("id = \"9\""), "{}", told.text);
    // Nothing is said of the old window under the new geometry, and what opens now is under it.
    loop {
        let event = event(&mut central).await;
        let is_new = event.calibration == told.calibration;
        assert_eq!(event.window.as_ref().map(WindowId::as_str), Some(if is_new { "9" } else { "1" }));
        if is_new && event.phase == Phase::Opened {
            break;
        }
    }
    assert_eq!(edge.terminate(), Some(0));

    // The next start begins with it.
    edge.start();
    while geometry(&mut central).await.calibration != told.calibration {}
    assert_eq!(edge.terminate(), Some(0));
}
