//! Invariant 1 on a running agent: while an installer looks at pictures, nothing of them is written anywhere or sent to the
//! broker, and nobody else gets one.

use chuangming_tests::{Daemon, Hall, binary, clip, free_port, until, use_ring};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(90);
/// How pictures begin: JPEG, PNG, and JPEG in Base64.
const BEGINNINGS: [&[u8]; 3] = [b"\xff\xd8\xff", b"\x89PNG\r\n", b"/9j/"];
/// Bytes from the midst of a picture; by chance they are nowhere.
const PIECE: usize = 24;

/// All that the agent says to the broker.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl Wire {
    /// Listens in on a port and passes on to another.
    fn tap(to: u16) -> (Self, u16) {
        let wire = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = wire.clone();
        std::thread::spawn(move || {
            for agent in listener.incoming().flatten() {
                let Ok(broker) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let (from_agent, to_broker) = (agent.try_clone().unwrap(), broker.try_clone().unwrap());
                let heard = heard.clone();
                std::thread::spawn(move || {
                    pass(from_agent, to_broker, |bytes| heard.0.lock().unwrap().extend(bytes))
                });
                std::thread::spawn(move || pass(broker, agent, |_| {}));
            }
        });
        (wire, port)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut hear: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
        hear(&buffer[..count]);
    }
}

/// Watches folders for as long as it lives: every state of every file that it saw, however short it was there.
struct Witness {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeMap<PathBuf, BTreeSet<Vec<u8>>>>,
}

impl Witness {
    fn of(folders: Vec<PathBuf>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut seen: BTreeMap<PathBuf, BTreeSet<Vec<u8>>> = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    for path in folders.iter().flat_map(|folder| files(folder)) {
                        if let Ok(bytes) = fs::read(&path) {
                            seen.entry(path).or_default().insert(bytes);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                seen
            }
        });
        Self { stop, thread }
    }

    fn testimony(self) -> BTreeMap<PathBuf, BTreeSet<Vec<u8>>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}

/// An agent that runs with a broker, and the page of it.
struct Scene {
    hall: Hall,
    _broker: Daemon,
    agent: Daemon,
    wire: Wire,
}

impl Scene {
    fn begin() -> Self {
        let hall = Hall::new(false);
        let broker = hall.start_mosquitto();
        let (row, media) = clip("demo");
        hall.configure_agent(&row, &[("cam", &media)]);
        let config = fs::read_to_string(hall.path("agent.toml")).unwrap();
        let port = config.split("mqtt://127.0.0.1:").nth(1).unwrap().split('"').next().unwrap();
        let (wire, tapped) = Wire::tap(port.parse().unwrap());
        let config = config.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{tapped}"));
        let listen = free_port();
        hall.write("agent.toml", &format!("{config}[calibrate]\nlisten = \"127.0.0.1:{listen}\"\n"));
        let mut agent = hall.start_agent();
        agent.wait_for("pictures arrive", LIMIT);
        agent.wait_for("connected", LIMIT);
        Self { hall, _broker: broker, agent, wire }
    }

    /// Asks the running agent for an invitation, as an installer does beside it.
    fn invitation(&self) -> Value {
        let asked = Command::new(binary("edge-agent"))
            .args(["calibrate", "--config", "agent.toml", "--json"])
            .current_dir(self.hall.path(""))
            .output()
            .unwrap();
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        serde_json::from_slice(&asked.stdout).unwrap()
    }

    async fn sign_in(&self) -> Visitor {
        let invitation = self.invitation();
        let pem = fs::read(self.hall.path("agent/calibration/certificate.pem")).unwrap();
        let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
        let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
        let url = invitation["address"].as_str().unwrap().to_owned();
        let mut visitor = Visitor { client, url, cookie: String::new() };
        let code = json!({"code": invitation["code"]});
        let answer = visitor.request(Method::POST, "/api/session").json(&code).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        visitor.cookie =
            answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        visitor
    }
}

struct Visitor {
    client: Client,
    url: String,
    cookie: String,
}

impl Visitor {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.header("x-requested-with", "chuangming").header("cookie", &self.cookie)
    }

    async fn picture(&self, query: &str) -> Option<Vec<u8>> {
        let answer =
            self.request(Method::GET, &format!("/api/cameras/cam/picture?{query}")).send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.bytes().await.unwrap().to_vec())
    }

    /// Pictures of every kind that the page can ask for, so many of each.
    async fn look(&self, rounds: usize) -> Vec<Vec<u8>> {
        let mut pictures = Vec::new();
        let deadline = std::time::Instant::now() + LIMIT;
        while pictures.len() < 4 * rounds {
            assert!(std::time::Instant::now() < deadline, "{} pictures", pictures.len());
            for query in
                ["max=640", "heads=clear&max=0", "draw=analysis", "heads=clear&draw=analysis&max=320"]
            {
                pictures.extend(self.picture(query).await);
            }
        }
        pictures
    }
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_installer_sees_is_neither_written_nor_sent() {
    use_ring();
    let mut scene = Scene::begin();
    let folder = scene.hall.path("");
    let witness = Witness::of(vec![folder.clone()]);
    let elsewhere = ["/tmp", "/var/tmp", "/dev/shm"];
    let fresh = || -> BTreeSet<PathBuf> {
        let entries = elsewhere.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
    };
    let before = fresh();
    let visitor = scene.sign_in().await;
    let pictures = visitor.look(8).await;
    assert!(pictures.iter().all(|picture| picture.starts_with(BEGINNINGS[0])));
    let after = fresh();
    // The agent says all that it has to say before it ends.
    scene.agent.stop();
    let testimony = witness.testimony();
    let heard = scene.wire.bytes();

    let pieces: Vec<&[u8]> =
        pictures.iter().map(|picture| &picture[picture.len() / 2..picture.len() / 2 + PIECE]).collect();
    let check = |place: &str, bytes: &[u8]| {
        for beginning in BEGINNINGS {
            assert!(!holds(bytes, beginning), "{place} holds the beginning of a picture");
        }
        assert!(!pieces.iter().any(|piece| holds(bytes, piece)), "{place} holds a part of a picture");
    };
    // That the check would find a picture is checked on the pictures themselves.
    assert!(pictures.iter().zip(&pieces).all(|(picture, piece)| holds(picture, piece)));
    assert!(heard.len() > 500, "the agent was heard: {} bytes", heard.len());
    check("the wire", &heard);
    let smallest = pictures.iter().map(Vec::len).max().unwrap_or_default();
    assert!(heard.len() < smallest, "{} bytes were sent, a picture has {smallest}", heard.len());

    assert!(
        testimony.keys().any(|path| path.ends_with("certificate.pem")),
        "the witness saw the agent's files"
    );
    for (path, states) in &testimony {
        let kind = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        assert!(!["jpg", "jpeg", "png", "bmp", "webp"].contains(&kind), "{}", path.display());
        states.iter().for_each(|bytes| check(&path.display().to_string(), bytes));
    }
    // Other programs write there as well: only what is of these pictures counts.
    for path in after.difference(&before) {
        if let Ok(bytes) = fs::read(path) {
            assert!(!pieces.iter().any(|piece| holds(&bytes, piece)), "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_for_the_session_alone_and_forgotten_with_it() {
    use_ring();
    let scene = Scene::begin();
    let visitor = scene.sign_in().await;
    assert!(!visitor.look(1).await.is_empty());
    let stranger =
        Visitor { cookie: String::new(), client: visitor.client.clone(), url: visitor.url.clone() };
    assert_eq!(stranger.picture("max=64").await, None);

    // A second installer has a code and a session of their own; the first one's goes on.
    let second = scene.sign_in().await;
    assert!(visitor.picture("max=64").await.is_some() && second.picture("max=64").await.is_some());
    for who in [&visitor, &second] {
        let out = who.request(Method::DELETE, "/api/session").send().await.unwrap();
        assert_eq!(out.status(), 204);
        assert_eq!(who.picture("max=64").await, None);
    }
    // With nobody left and no code good any more, nobody listens on the network.
    let address = visitor.url.trim_start_matches("https://").to_owned();
    until("the page closes", Duration::from_secs(60), || TcpStream::connect(&address).is_err().then_some(()));
}
