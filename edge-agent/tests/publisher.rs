//! The publisher against a real mosquitto: nothing is lost over restarts of the broker, silence of central, a refused
//! connection or an old protocol, and everybody can see whether the agent is there.

mod broker;

use broker::{Central, Mosquitto, agent, eventually, hall};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::EventId;
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::Signal;
use chuangming_domain::wire::{
    AppliedConfig, Channel, Coverage, CoverageSchema, DesiredConfig, Geometry, GeometrySchema, Health,
    HealthKind, HealthPhase, HealthSchema, Machine, Observed,
};
use chuangming_edge_agent::clock::SteadyClock;
use chuangming_edge_agent::config::{BrokerConfig, Setup, TlsFiles};
use chuangming_edge_agent::machine::{Gauge, Pace};
use chuangming_edge_agent::outbox::{Limits, Message, Outbox};
use chuangming_edge_agent::publish::{Address, Publisher, Wires};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// A publisher at work and the ends of its wires.
struct Agent {
    _folder: tempfile::TempDir,
    outbox: Outbox,
    wake: Arc<Notify>,
    desired: mpsc::Receiver<Vec<u8>>,
    applied: watch::Sender<AppliedConfig>,
    geometry: watch::Sender<Geometry>,
    windows: watch::Sender<Vec<WindowId>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

fn plain(port: u16) -> BrokerConfig {
    BrokerConfig { host: "127.0.0.1".into(), port, tls: None, login: None }
}

fn version() -> AppliedConfig {
    AppliedConfig { version: DesiredConfig::version_of("a", "b"), ok: true, problems: vec![] }
}

fn geometry(text: &str) -> Geometry {
    let calibration = Digest::of(text.as_bytes());
    Geometry { schema: GeometrySchema::V1, calibration, at: Timestamp::UNIX_EPOCH, text: text.to_owned() }
}

impl Agent {
    async fn start(broker: BrokerConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path(), Limits::default()).await.unwrap();
        let wake = Arc::new(Notify::new());
        let (desired_in, desired) = mpsc::channel(4);
        let (applied, applied_out) = watch::channel(version());
        let (windows, windows_out) = watch::channel(Vec::new());
        let (stop, stop_out) = watch::channel(false);
        let address = Address { hall: hall(), agent: agent(), broker };
        let calibration = "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]\n";
        let setup = Setup::parse("version = 1", calibration, &["cam-1".parse().unwrap()]).unwrap();
        let clock = Arc::new(SteadyClock::default());
        let gauge = Gauge::new(outbox.clone(), folder.path().to_owned(), clock, &setup);
        let camera = (setup.calibration.windows[0].camera.clone(), Arc::new(Pace::default()));
        gauge.watches(&setup, [camera].into_iter());
        let (geometry, geometry_out) = watch::channel(geometry(calibration));
        let wires = Wires {
            outbox: outbox.clone(),
            gauge: Arc::new(gauge),
            wake: Arc::clone(&wake),
            applied: applied_out,
            geometry: geometry_out,
            windows: windows_out,
            desired: desired_in,
            stop: stop_out,
        };
        let publisher = Publisher::new(address, wires).with_patience(Duration::from_secs(2));
        let task = tokio::spawn(publisher.run());
        Self { _folder: folder, outbox, wake, desired, applied, geometry, windows, stop, task }
    }

    async fn tell(&self, numbers: std::ops::Range<u128>) {
        let messages: Vec<_> = numbers.map(message).collect();
        self.outbox.append(&messages).await.unwrap();
        self.wake.notify_one();
    }

    async fn is_done(&self) -> bool {
        self.outbox.totals().await.unwrap().0 == 0
    }

    async fn shut_down(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(broker::PATIENCE, self.task).await.expect("the publisher ends").unwrap();
    }
}

fn message(n: u128) -> Message {
    Message::Health(Health {
        schema: HealthSchema::V1,
        id: EventId(uuid::Uuid::from_u128(n)),
        seq: 0,
        kind: HealthKind::CameraDark,
        phase: HealthPhase::Raised,
        camera: None,
        windows: vec![],
        at: Timestamp::now(),
    })
}

/// The numbers of health messages that came, in order, with doubles.
async fn numbers(central: &mut Central) -> Vec<u128> {
    let texts = central.all_on(Channel::Health, Duration::from_millis(500)).await;
    texts.iter().map(|text| serde_json::from_str::<Health>(text).unwrap().id.0.as_u128()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_says_how_it_is_on_every_connection() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    let machine: Machine = serde_json::from_str(&central.next_on(Channel::Machine).await).unwrap();
    assert_eq!(machine.policy, Digest::of(b"version = 1"));
    assert_eq!((machine.cameras[0].id.as_str(), machine.cameras[0].windows[0].as_str()), ("cam-1", "1"));
    assert!(machine.load.cores > 0 && machine.load.disk_free > 0 && machine.load.memory > 0.0, "{machine:?}");
    assert!(machine.at.duration_since(Timestamp::now()).as_secs().abs() < 60, "the agent's own clock");
    agent.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_geometry_in_force_is_there_for_central_at_any_time() {
    let broker = Mosquitto::start("");
    let mut early = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    let told = |text: String| serde_json::from_str::<Geometry>(&text).unwrap().text;
    assert!(told(early.next_on(Channel::Calibration).await).contains("[[windows]]"));
    agent.geometry.send_replace(geometry("version = 1\n"));
    assert_eq!(told(early.next_on(Channel::Calibration).await), "version = 1\n");
    // It is retained: who comes later knows it too.
    let mut late = Central::connect(broker.port).await;
    assert_eq!(told(late.next_on(Channel::Calibration).await), "version = 1\n");
    agent.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_leave_the_outbox_when_central_has_them() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    let online = central.next_on(Channel::Status).await;
    assert!(
        online.starts_with(r#"{"online":true,"version":""#) && online.contains(r#""since":""#),
        "{online}"
    );
    let applied: AppliedConfig =
        serde_json::from_str(&central.next_on(Channel::ConfigApplied).await).unwrap();
    assert_eq!(applied, version());

    // Many times the window.
    agent.tell(1..301).await;
    eventually("all is acknowledged", || agent.is_done()).await;
    assert_eq!(numbers(&mut central).await, (1..301).collect::<Vec<_>>(), "in order, each once");

    agent.shut_down().await;
    assert_eq!(central.next_on(Channel::Status).await, r#"{"online":false}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_what_is_on_its_way() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    central.next_on(Channel::Status).await;
    agent.tell(1..51).await;
    let outbox = agent.outbox.clone();
    agent.shut_down().await;
    assert_eq!(outbox.totals().await.unwrap().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_broker_is_killed() {
    let mut broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    central.next_on(Channel::Status).await;
    agent.tell(1..20).await;
    broker.kill();
    agent.tell(20..40).await;
    broker.resume();
    agent.tell(40..60).await;
    eventually("all is acknowledged", || agent.is_done()).await;
    let arrived: BTreeSet<_> = numbers(&mut central).await.into_iter().collect();
    assert_eq!(arrived, (1..60).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_central_does_not_acknowledge_comes_again() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    central.acknowledge(false);
    let agent = Agent::start(plain(broker.port)).await;
    agent.tell(1..101).await;
    for text in [&b"{"[..], b"{\"acks\":[{\"id\":\"no\",\"seq\":0}]}", b"\xff", &[b'['; 600_000]] {
        central.publish(Channel::Ack, text.to_vec(), false).await;
    }
    let first = central.next_on(Channel::Health).await;
    loop {
        if central.next_on(Channel::Health).await == first {
            break; // sent again after the patience
        }
    }
    assert!(!agent.task.is_finished(), "malformed acknowledgements are survived");
    assert_eq!(agent.outbox.totals().await.unwrap().0, 100, "and acknowledge nothing");
    central.acknowledge(true);
    eventually("all is acknowledged", || agent.is_done()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_will_tells_of_a_killed_agent() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    assert!(central.next_on(Channel::Status).await.contains("true"));
    agent.task.abort();
    assert_eq!(central.next_on(Channel::Status).await, r#"{"online":false}"#);
    // Retained: who comes later sees it too.
    let mut late = Central::connect_as("late", broker.port).await;
    assert_eq!(late.next_on(Channel::Status).await, r#"{"online":false}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_agent_keeps_its_events_and_tries_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let made = std::process::Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(file("passwords"))
        .args(["edge", "right"])
        .status()
        .expect("mosquitto_passwd is installed");
    assert!(made.success());
    let acl = "user edge\ntopic readwrite chuangming/#\n";
    std::fs::write(file("acl"), acl).unwrap();
    std::fs::write(file("password"), "wrong\n").unwrap();
    let extra = format!(
        "allow_anonymous false\npassword_file {}\nacl_file {}",
        file("passwords").display(),
        file("acl").display()
    );
    let broker = Mosquitto::start(&extra);
    let login = Some(("edge".to_owned(), file("password")));
    let agent = Agent::start(BrokerConfig { login, ..plain(broker.port) }).await;
    agent.tell(1..5).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!agent.task.is_finished());
    assert_eq!(agent.outbox.totals().await.unwrap().0, 4);

    std::fs::write(file("password"), "right\n").unwrap();
    let mut central = Central::connect_with("central", broker.port, Some(("edge", "right"))).await;
    eventually("all is acknowledged", || agent.is_done()).await;
    assert_eq!(numbers(&mut central).await, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let old = broker::old_broker(broker.port).await;
    let mut agent = Agent::start(plain(old)).await;
    agent.tell(1..101).await;
    agent.outbox.add_coverage(&coverage()).await.unwrap();
    central.publish(Channel::ConfigDesired, b"{}".to_vec(), true).await;
    eventually("all is acknowledged", || agent.is_done()).await;
    assert_eq!(numbers(&mut central).await, (1..101).collect::<Vec<_>>());
    assert_eq!(agent.desired.recv().await.unwrap(), b"{}");
    agent.shut_down().await;
    let mut late = Central::connect_as("late", broker.port).await;
    assert_eq!(late.next_on(Channel::Status).await, r#"{"online":false}"#);
}

fn coverage() -> Coverage {
    let seconds = BTreeMap::from([(Signal::Posture, Observed { observed_s: 3480.0, unknown_s: 120.0 })]);
    let windows = BTreeMap::from([("3".parse().unwrap(), seconds)]);
    let hour = Timestamp::from_second(1_750_000_000 / 3600 * 3600).unwrap();
    Coverage { schema: CoverageSchema::V1, hour, windows }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_hour_of_coverage_is_delivered_once() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    agent.outbox.add_coverage(&coverage()).await.unwrap();
    agent.wake.notify_one();
    let text = central.next_on(Channel::Coverage).await;
    assert_eq!(serde_json::from_str::<Coverage>(&text).unwrap(), coverage());
    eventually("the broker has taken it", || agent.is_done()).await;
    assert!(central.all_on(Channel::Coverage, Duration::from_secs(3)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_announced_before_anything_happens_there() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    let agent = Agent::start(plain(broker.port)).await;
    agent.windows.send(vec![WindowId::new("3").unwrap()]).unwrap();
    let announced: Coverage = serde_json::from_str(&central.next_on(Channel::Coverage).await).unwrap();
    let signals = &announced.windows[&WindowId::new("3").unwrap()];
    assert_eq!(signals.len(), Signal::ALL.len());
    assert!(
        signals.values().all(|seen| *seen == Observed::default()),
        "nothing is claimed to have been observed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_goes_in_and_its_answer_out() {
    let broker = Mosquitto::start("");
    let mut central = Central::connect(broker.port).await;
    central.publish(Channel::ConfigDesired, b"{\"a\":1}".to_vec(), true).await;
    let mut agent = Agent::start(plain(broker.port)).await;
    assert_eq!(agent.desired.recv().await.unwrap(), b"{\"a\":1}", "retained before the agent came");
    central.next_on(Channel::ConfigApplied).await;
    let refused = AppliedConfig { ok: false, problems: vec!["no".into()], ..version() };
    agent.applied.send(refused.clone()).unwrap();
    let answer = central.next_on(Channel::ConfigApplied).await;
    assert_eq!(serde_json::from_str::<AppliedConfig>(&answer).unwrap(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    broker::certificates(folder.path());
    let file = |name: &str| folder.path().join(name);
    let extra = format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true",
        file("ca.pem").display(),
        file("localhost.pem").display(),
        file("localhost.key").display()
    );
    // The listener is TLS only, so central watches through a second, plain one.
    let plain_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let broker = Mosquitto::start(&format!("{extra}\nlistener {plain_port} 127.0.0.1"));
    let mut central = Central::connect(plain_port).await;
    let tls = |client: bool| BrokerConfig {
        host: "localhost".into(),
        port: broker.port,
        tls: Some(TlsFiles {
            ca: file("ca.pem"),
            client: client.then(|| (file("edge-01.pem"), file("edge-01.key"))),
        }),
        login: None,
    };
    let nobody = Agent::start(tls(false)).await;
    nobody.tell(100..101).await;
    let agent = Agent::start(tls(true)).await;
    agent.tell(1..5).await;
    eventually("all is acknowledged", || agent.is_done()).await;
    assert_eq!(numbers(&mut central).await, [1, 2, 3, 4]);
    assert!(!nobody.is_done().await, "without a certificate nothing gets through");
}
