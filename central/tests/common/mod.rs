//! What the tests of central share: a running central, brokers, an agent of the tests' own, and made-up events.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

#[path = "../../../portal/tests/support/answered.rs"]
pub mod answered;
pub mod browser;
mod postgres;
pub mod roster;

use chuangming_central::config::Config;
use chuangming_central::ingest::link::{Address, Incoming, Link, Outbox};
use chuangming_central::password;
use chuangming_central::role::Role;
use chuangming_central::serve::{Server, open_store};
use chuangming_central::store::{Database, NewAccount, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, EventId, EventSchema, Evidence, Phase};
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Ack, Acks, Channel};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// How long anything may take before a test gives up; never a measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "a long password";

/// An empty database: SQLite in `dir`, or PostgreSQL where `CHUANGMING_TEST_DATABASE=postgres` says so. `make test`
/// runs everything that asks here on both.
pub async fn fresh_database(dir: &Path) -> Database {
    let on_postgres = std::env::var("CHUANGMING_TEST_DATABASE").is_ok_and(|kind| kind == "postgres");
    let server = if on_postgres { postgres::fresh().await } else { None };
    server.unwrap_or_else(|| Database::File(dir.join("central.db")))
}

/// An empty store, the folder that may hold it, and where to open it again.
pub async fn fresh_store() -> (Store, TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let database = fresh_database(dir.path()).await;
    (Store::open(&database).await.unwrap(), dir, database)
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn hall() -> HallId {
    HallId::new("tanggu").unwrap()
}

/// An event's first message.
pub fn opened(agent: &str, window: &str, rule: Rule) -> Event {
    let at = Timestamp::now();
    Event {
        schema: EventSchema::V1,
        id: EventId(uuid::Uuid::now_v7()),
        seq: 0,
        phase: Phase::Opened,
        hall: hall(),
        agent: AgentId::new(agent).unwrap(),
        window: Some(WindowId::new(window).unwrap()),
        zone: None,
        rule,
        article: rule.default_article().to_owned(),
        severity: rule.default_severity(),
        opened_at: at - Duration::from_secs(60),
        at,
        closed_at: None,
        close_reason: None,
        confidence: 0.9,
        evidence: Evidence { hit_ratio: 0.9, observed_s: 60.0, unknown_s: 0.0, ..Evidence::default() },
        policy: Digest::of(b"policy"),
        calibration: Digest::of(b"calibration"),
        models: BTreeMap::new(),
        historical: false,
    }
}

/// The message that follows.
pub fn closed(event: &Event) -> Event {
    let at = event.at + Duration::from_secs(1);
    let reason = Some(CloseReason::Cleared);
    Event {
        seq: event.seq + 1,
        phase: Phase::Closed,
        at,
        closed_at: Some(at),
        close_reason: reason,
        ..event.clone()
    }
}

/// Debian's mosquitto, on a free port and with its data in memory.
pub struct Mosquitto {
    child: Child,
    pub port: u16,
}

impl Mosquitto {
    /// `None`, said loudly, where mosquitto is not installed.
    pub fn start() -> Option<Self> {
        Self::on(free_port())
    }

    pub fn on(port: u16) -> Option<Self> {
        Self::run(port, &["-p", &port.to_string()])
    }

    pub fn configured(port: u16, file: &Path) -> Option<Self> {
        Self::run(port, &["-c", &file.display().to_string()])
    }

    fn run(port: u16, args: &[&str]) -> Option<Self> {
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/opt/homebrew/sbin/mosquitto"];
        let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
            eprintln!("SKIPPED: mosquitto is not installed");
            return None;
        };
        let quiet = Stdio::null;
        let child =
            Command::new(program).args(args).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "mosquitto does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, port })
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A whole central on free ports, with accounts `head`, `other` (another hall), `installer`, `auditor`.
pub struct Central {
    pub server: Option<Server>,
    pub address: SocketAddr,
    pub broker_port: u16,
    pub dir: TempDir,
    config: String,
}

impl Central {
    pub async fn embedded() -> Self {
        let port = free_port();
        Self::start(port, &format!("embedded = true\nlisten = \"127.0.0.1:{port}\"")).await
    }

    pub async fn embedded_with_older_version(port: u16, v4: u16) -> Self {
        let listen = format!("listen = \"127.0.0.1:{port}\"\nlisten_v4 = \"127.0.0.1:{v4}\"");
        Self::start(port, &format!("embedded = true\n{listen}")).await
    }

    pub async fn external(port: u16) -> Self {
        Self::start(port, &format!("url = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"central-under-test\""))
            .await
    }

    async fn start(broker_port: u16, broker: &str) -> Self {
        Self::configured(tempfile::tempdir().unwrap(), broker_port, "", broker).await
    }

    /// With more keys at the top of its configuration, and files in its folder.
    pub async fn configured(dir: TempDir, broker_port: u16, more: &str, broker: &str) -> Self {
        let database = match fresh_database(dir.path()).await {
            Database::File(_) => String::new(),
            Database::Server(url) => format!("[database]\nurl = \"{url}\"\n"),
        };
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n{more}\n{database}\n[broker]\n{broker}\n\
             [[halls]]\nid = \"tanggu\"\nname = \"塘沽中心\"\n[[halls.windows]]\nid = \"1\"\nname = \"一号窗口\"\n"
        );
        let parsed = Config::parse(&config, &dir.path().join("central.toml")).unwrap();
        let store = open_store(&parsed).await.unwrap();
        let hash = password::hash(PASSWORD).unwrap();
        for (name, role, hall) in [
            ("head", Role::CenterHead, "tanggu"),
            ("other", Role::CenterHead, "hangu"),
            ("installer", Role::Installer, "tanggu"),
            ("auditor", Role::Auditor, "tanggu"),
            ("staff", Role::Staff, "tanggu"),
            ("admin", Role::Administrator, "tanggu"),
        ] {
            let halls = Some(vec![HallId::new(hall).unwrap()]);
            let new = NewAccount { name: name.to_owned(), password_hash: hash.clone(), role, halls };
            store.put_account(&new, Timestamp::now()).await.unwrap();
        }
        store.close().await;
        let server = Server::start(parsed).await.unwrap();
        let address = server.address();
        let central = Self { server: Some(server), address, broker_port, dir, config };
        central.until_ready().await;
        central
    }

    /// Another account of the first hall.
    pub async fn add_account(&self, name: &str, role: Role) {
        let password_hash = password::hash(PASSWORD).unwrap();
        let new = NewAccount { name: name.to_owned(), password_hash, role, halls: Some(vec![hall()]) };
        self.store().await.put_account(&new, Timestamp::now()).await.unwrap();
    }

    pub fn config(&self) -> Config {
        Config::parse(&self.config, &self.dir.path().join("central.toml")).unwrap()
    }

    /// The same database, opened beside the running server.
    pub async fn store(&self) -> Store {
        Store::open(&self.config().database().unwrap()).await.unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn until_ready(&self) {
        eventually("central is ready", async || {
            let ready = reqwest::get(self.url("/readyz")).await.ok()?;
            ready.status().is_success().then_some(())
        })
        .await;
    }

    pub async fn stop(mut self) {
        self.server.take().unwrap().stop().await;
    }

    /// The value of a counter at `/metrics`; 0 before it first counted.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(self.url("/metrics")).await.unwrap().text().await.unwrap();
        let line =
            text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An agent of the tests' own: publishes, and hears its acknowledgements.
pub struct Agent {
    pub id: AgentId,
    pub outbox: Outbox,
    arrivals: mpsc::UnboundedReceiver<Incoming>,
    acks: BTreeMap<Ack, u32>,
}

impl Agent {
    pub async fn connect(port: u16, id: &str) -> Self {
        let (mut link, outbox) = Link::new(Address {
            host: "127.0.0.1".to_owned(),
            port,
            login: None,
            tls: None,
            client_id: format!("agent-{id}"),
            keep_session: false,
            last_will: None,
        });
        let (sender, mut arrivals) = mpsc::unbounded_channel();
        tokio::spawn(async move { while sender.send(link.next().await).is_ok() {} });
        loop {
            match tokio::time::timeout(PATIENCE, arrivals.recv()).await.expect("a broker").expect("a link") {
                Incoming::Connected => break,
                Incoming::Broken(_) | Incoming::Message(_) => {}
            }
        }
        let id = AgentId::new(id).unwrap();
        outbox.subscribe(&[Channel::Ack.topic(&hall(), &id)]).await.unwrap();
        Self { id, outbox, arrivals, acks: BTreeMap::new() }
    }

    pub async fn publish(&self, channel: Channel, payload: impl Into<String>) {
        self.outbox.publish(&channel.topic(&hall(), &self.id), payload.into(), false).await.unwrap();
    }

    pub async fn send(&self, event: &Event) {
        self.publish(Channel::Events, serde_json::to_string(event).unwrap()).await;
    }

    /// Sends until acknowledged, as a real agent does: the subscription may be younger than the first answer.
    pub async fn deliver(&mut self, event: &Event) {
        let ack = Ack { id: event.id, seq: event.seq };
        let before = self.acks.get(&ack).copied().unwrap_or(0);
        let begun = Instant::now();
        while self.acks.get(&ack).copied().unwrap_or(0) == before {
            assert!(begun.elapsed() < PATIENCE, "{ack:?} is not acknowledged");
            self.send(event).await;
            self.hear(Duration::from_secs(2), ack).await;
        }
    }

    /// Listens for an acknowledgement; true when it came.
    pub async fn hear(&mut self, patience: Duration, wanted: Ack) -> bool {
        let before = self.acks.get(&wanted).copied().unwrap_or(0);
        let end = Instant::now() + patience;
        while self.acks.get(&wanted).copied().unwrap_or(0) == before {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(Some(incoming)) = tokio::time::timeout(left, self.arrivals.recv()).await else {
                return false;
            };
            if let Incoming::Message(delivery) = incoming {
                let acks: Acks = serde_json::from_slice(&delivery.payload).expect("acks as in the contract");
                for ack in acks.acks {
                    *self.acks.entry(ack).or_default() += 1;
                }
                self.outbox.receipt(&delivery).await.unwrap();
            }
        }
        true
    }
}

/// Whether the broker lets somebody in at the first or second knock.
pub async fn may_connect(address: Address) -> bool {
    let (mut link, _outbox) = Link::new(address);
    for _ in 0..2 {
        match tokio::time::timeout(PATIENCE, link.next()).await.expect("an answer") {
            Incoming::Connected => return true,
            Incoming::Broken(error) => eprintln!("refused: {error}"),
            Incoming::Message(_) => {}
        }
    }
    false
}
