//! Agents with logins of their own, and a central that signs and enrols.
#![allow(unreachable_pub, reason = "the test files beside it use it")]

use crate::common::browser::Browser;
use crate::common::{Central, PASSWORD, PATIENCE, free_port, hall};
use chuangming_central::ingest::link::{Address, Incoming, Link, Outbox};
use chuangming_central::password;
use chuangming_central::role::Role;
use chuangming_central::signing::Signer;
use chuangming_central::store::{Arrival, Body, NewAccount, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::AgentId;
use chuangming_domain::wire::{
    AppliedConfig, Channel, DesiredConfig, Load, Machine, MachineCamera, MachineSchema, Status,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub fn agent_id(name: &str) -> AgentId {
    name.parse().unwrap()
}

pub fn arrival(agent: &str, body: Body) -> Arrival {
    Arrival { hall: hall(), agent: agent_id(agent), body }
}

pub fn online() -> Body {
    Body::Status(Status { online: true, version: Some("0.1.0".into()), since: Some(Timestamp::now()) })
}

pub fn machine(at: Timestamp, calibration: &str) -> Machine {
    let camera = MachineCamera {
        id: "cam-1".parse().unwrap(),
        windows: vec!["1".parse().unwrap()],
        looked_per_s: 4.9,
        dropped: 0.1,
    };
    Machine {
        schema: MachineSchema::V1,
        at,
        policy: Digest::of(b"policy"),
        calibration: Digest::of(calibration.as_bytes()),
        cameras: vec![camera],
        load: Load { cores: 4, cpu: 0.5, memory: 0.25, disk_free: 1 << 35, waiting: 3 },
        page: None,
        page_certificate: None,
    }
}

/// A central that signs and enrols, with the accounts of the common one, `admin` and `staff`.
pub async fn central(enrolment: &str, broker: &str, port: u16) -> Central {
    let dir = tempfile::tempdir().unwrap();
    Signer::generate(&dir.path().join("key.pem")).unwrap();
    let more = "config_key_file = \"key.pem\"";
    let central = Central::configured(dir, port, more, &format!("{broker}\n{enrolment}")).await;
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    for (name, role) in [("admin", Role::Administrator), ("staff", Role::Staff)] {
        let password_hash = password::hash(PASSWORD).unwrap();
        let new = NewAccount { name: name.into(), password_hash, role, halls: Some(vec![hall()]) };
        store.put_account(&new, Timestamp::now()).await.unwrap();
    }
    store.close().await;
    central
}

/// With the embedded broker, which asks everybody for a login.
pub async fn embedded() -> Central {
    let port = free_port();
    let enrolment = format!(
        "[enrolment]\nbroker_url = \"mqtt://127.0.0.1:{port}\"\ncentral_url = \"http://127.0.0.1:8080\"\n"
    );
    central(&enrolment, &format!("embedded = true\nlisten = \"127.0.0.1:{port}\""), port).await
}

/// An agent with its own login: answers what it is asked.
pub struct Edge {
    arrivals: mpsc::UnboundedReceiver<Incoming>,
    driver: JoinHandle<()>,
    pub outbox: Outbox,
    pub id: AgentId,
}

/// Hangs up as a machine that loses its power.
impl Drop for Edge {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

pub fn address(port: u16, login: (&str, &str), client: &str) -> Address {
    Address {
        host: "127.0.0.1".to_owned(),
        port,
        login: Some((login.0.to_owned(), login.1.to_owned())),
        tls: None,
        client_id: client.to_owned(),
        keep_session: false,
        last_will: None,
    }
}

impl Edge {
    pub async fn connect(port: u16, agent: &str, login: (&str, &str)) -> Self {
        let (mut link, outbox) = Link::new(address(port, login, &format!("tanggu-{agent}")));
        let (sender, arrivals) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move { while sender.send(link.next().await).is_ok() {} });
        let mut edge = Self { arrivals, driver, outbox, id: agent_id(agent) };
        while !matches!(edge.next().await, Incoming::Connected) {}
        edge.outbox.subscribe(&[Channel::ConfigDesired.topic(&hall(), &edge.id)]).await.unwrap();
        edge.say(Channel::Status, &Status { online: true, version: Some("0.1.0".into()), since: None }).await;
        edge
    }

    pub async fn next(&mut self) -> Incoming {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("something from the broker").expect("a link")
    }

    pub async fn say(&self, channel: Channel, message: &impl serde::Serialize) {
        let payload = serde_json::to_string(message).unwrap();
        let retain = channel == Channel::Status;
        self.outbox.publish(&channel.topic(&hall(), &self.id), payload, retain).await.unwrap();
    }

    /// The next configuration that it is asked to have.
    pub async fn asked(&mut self) -> DesiredConfig {
        loop {
            if let Incoming::Message(delivery) = self.next().await {
                self.outbox.receipt(&delivery).await.unwrap();
                return serde_json::from_slice(&delivery.payload).unwrap();
            }
        }
    }

    pub async fn answer(&self, desired: &DesiredConfig, problems: &[&str]) {
        let problems: Vec<_> = problems.iter().map(|p| (*p).to_owned()).collect();
        let applied = AppliedConfig { version: desired.version.clone(), ok: problems.is_empty(), problems };
        self.say(Channel::ConfigApplied, &applied).await;
    }
}

pub async fn enrol(central: &Central, browser: &Browser<'_>, agent: &str) -> Value {
    let made = browser.post("/api/v1/enrolments", json!({"hall": "tanggu", "agent": agent}), 201).await;
    let command = made["command"].as_str().unwrap();
    let secret = command.rsplit(' ').next().unwrap();
    let body = json!({"secret": secret, "version": "0.1.0"});
    let answer = reqwest::Client::new().post(central.url("/api/v1/enrol")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let again = reqwest::Client::new().post(central.url("/api/v1/enrol")).json(&body).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::FORBIDDEN, "a token is good once");
    answer.json().await.unwrap()
}

/// The bytes of a public key that is written as PEM.
pub fn key_of(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
    SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap()[12..].to_vec()
}
