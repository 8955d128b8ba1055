//! Rules from the page to the agents, the fleet, and how agents are enrolled: over a real listener and real brokers,
//! on both databases.

mod common;

use chuangming_central::ingest::link::{Address, Incoming, Link, Outbox};
use chuangming_central::password;
use chuangming_central::role::Role;
use chuangming_central::signing::Signer;
use chuangming_central::store::{
    AccessFilter, AccessRow, Account, Arrival, Body, Enrolment, NewAccount, NewRollout, Store,
};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event};
use chuangming_domain::id::AgentId;
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use chuangming_domain::sign_in::SignInCode;
use chuangming_domain::wire::{
    AppliedConfig, Channel, ConfigSignature, Coverage, CoverageSchema, DesiredConfig, Geometry,
    GeometrySchema, Load, Machine, MachineCamera, MachineSchema, Observed, Status,
};
use common::{
    Central, Mosquitto, PASSWORD, PATIENCE, closed, eventually, free_port, fresh_store, hall, opened,
};
use reqwest::{Method, Response, StatusCode};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

fn agent_id(name: &str) -> AgentId {
    name.parse().unwrap()
}

fn arrival(agent: &str, body: Body) -> Arrival {
    Arrival { hall: hall(), agent: agent_id(agent), body }
}

fn online() -> Body {
    Body::Status(Status { online: true, version: Some("0.1.0".into()), since: Some(Timestamp::now()) })
}

fn geometry(calibration: &str) -> Geometry {
    Geometry {
        schema: GeometrySchema::V1,
        calibration: Digest::of(calibration.as_bytes()),
        at: Timestamp::UNIX_EPOCH,
        text: "version = 1\n".to_owned(),
    }
}

fn machine(at: Timestamp, calibration: &str) -> Machine {
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
    }
}

fn somebody() -> Account {
    Account {
        id: "1".into(),
        name: "head".into(),
        password_hash: String::new(),
        role: Role::CenterHead,
        halls: None,
        display_name: String::new(),
        must_change: false,
        disabled: false,
        from_provider: false,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

// The store.

#[tokio::test]
async fn what_agents_are_asked_rises_and_the_last_word_holds() {
    let (store, _dir, _) = fresh_store().await;
    let (now, by) = (Timestamp::now(), somebody());
    store.record(&[arrival("edge-01", online())], now).await.unwrap();
    let texts = [Policy::default().to_toml(), "version = 1\n".to_owned()];
    for text in &texts {
        assert!(store.save_policy(&hall(), text, "why", &by, now).await.unwrap());
        assert!(
            !store.save_policy(&hall(), text, "again", &by, now).await.unwrap(),
            "equal rules are one version"
        );
    }
    assert_eq!(store.policy_in_force(&hall()).await.unwrap(), None);
    let digests: Vec<_> = texts.iter().map(|text| Digest::of(text.as_bytes())).collect();

    let mut serials = Vec::new();
    // The second one comes after the clock was set back.
    for (digest, at) in [(&digests[0], now), (&digests[1], now - Duration::from_secs(3600))] {
        let rollout = NewRollout { hall: &hall(), digest, agents: None, note: "" };
        store.roll_out(&rollout, &by, at).await.unwrap();
        let assigned = store.assignments().await.unwrap();
        assert_eq!(assigned.len(), 1);
        serials.push(assigned[0].serial);
        assert_eq!(Digest::of(assigned[0].policy.as_bytes()), *digest);
    }
    assert!(serials[1] > serials[0], "{serials:?}");
    assert_eq!(store.policy_in_force(&hall()).await.unwrap(), Some(digests[1].clone()));

    // A word about the older one is no word about the newer one.
    let version = |text: &str| DesiredConfig::version_of(text, "");
    let says = |version, ok, problems: &[&str]| {
        let problems = problems.iter().map(|p| (*p).to_owned()).collect();
        arrival("edge-01", Body::Applied(AppliedConfig { version, ok, problems }))
    };
    store.record(&[says(version(&texts[0]), true, &[])], now).await.unwrap();
    assert!(store.rollouts(&hall(), 9).await.unwrap()[0].agents[0].applied.is_none());
    store.record(&[says(version(&texts[1]), false, &["policy.toml: no"])], now).await.unwrap();
    let rollouts = store.rollouts(&hall(), 9).await.unwrap();
    let (newest, older) = (&rollouts[0].agents[0], &rollouts[1].agents[0]);
    assert_eq!(newest.applied.as_ref().unwrap().0.problems, ["policy.toml: no"]);
    assert!(!newest.superseded && older.superseded && older.applied.is_none());
}

#[tokio::test]
async fn newcomers_get_what_the_whole_hall_was_asked_and_the_revoked_nothing() {
    let (store, _dir, _) = fresh_store().await;
    let (now, by) = (Timestamp::now(), somebody());
    store.record(&[arrival("edge-01", online()), arrival("edge-02", online())], now).await.unwrap();
    store.save_policy(&hall(), "version = 1\n", "", &by, now).await.unwrap();
    let digest = Digest::of(b"version = 1\n");
    let trial = [agent_id("edge-01")];
    let rollout = NewRollout { hall: &hall(), digest: &digest, agents: Some(&trial), note: "" };
    store.roll_out(&rollout, &by, now).await.unwrap();
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 0, "a trial is not for others");
    assert_eq!(store.assignments().await.unwrap().len(), 1);

    store.roll_out(&NewRollout { agents: None, ..rollout }, &by, now).await.unwrap();
    store.record(&[arrival("edge-03", online())], now).await.unwrap();
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 1);
    assert_eq!(store.assign_newcomers(now).await.unwrap(), 0);
    assert_eq!(store.assignments().await.unwrap().len(), 3);
    assert_eq!(store.rollouts(&hall(), 9).await.unwrap()[0].agents.len(), 3);

    store.revoke(&hall(), &agent_id("edge-02"), "installer", now).await.unwrap();
    let left: Vec<_> = store.assignments().await.unwrap().into_iter().map(|a| a.agent.to_string()).collect();
    assert_eq!(left, ["edge-01", "edge-03"]);
}

#[tokio::test]
async fn a_token_is_good_once_until_its_time_or_until_it_is_taken_back() {
    let (store, _dir, _) = fresh_store().await;
    let now = Timestamp::now();
    let token = |id: &str, agent: &str| Enrolment {
        id: id.into(),
        hall: hall(),
        agent: agent_id(agent),
        by: "installer".into(),
        created_at: now,
        expires_at: now + Duration::from_secs(60),
        used: None,
        cancelled_at: None,
    };
    for (id, agent) in
        [("1", "edge-01"), ("2", "edge-02"), ("3", "edge-02"), ("4", "edge-03"), ("5", "edge-04")]
    {
        store.add_enrolment(&token(id, agent), id).await.unwrap();
    }
    assert!(store.cancel_enrolment("4", now).await.unwrap());
    assert!(!store.cancel_enrolment("4", now).await.unwrap());
    let spend = async |hash: &str, at| {
        store.enrol(hash, "::1", ("a", "m"), at).await.unwrap().map(|(_, agent)| agent.to_string())
    };
    assert_eq!(spend("1", now).await.as_deref(), Some("edge-01"));
    assert_eq!(spend("1", now).await, None, "spent");
    assert_eq!(spend("2", now).await, None, "another one was made for the same agent");
    assert_eq!(spend("3", now).await.as_deref(), Some("edge-02"));
    assert_eq!(spend("4", now).await, None, "taken back");
    assert_eq!(spend("5", now + Duration::from_secs(61)).await, None, "too old");
    assert_eq!(spend("9", now).await, None, "unknown");

    // Who was sent away comes back only with a new token.
    store.revoke(&hall(), &agent_id("edge-01"), "installer", now).await.unwrap();
    let login = |logins: Vec<chuangming_central::store::Login>| {
        logins.into_iter().find(|login| login.agent == agent_id("edge-01")).unwrap()
    };
    let revoked = login(store.logins().await.unwrap());
    assert!(revoked.revoked.is_some() && revoked.password_hash.is_none());
    store.add_enrolment(&token("6", "edge-01"), "6").await.unwrap();
    assert_eq!(spend("6", now).await.as_deref(), Some("edge-01"));
    assert!(login(store.logins().await.unwrap()).revoked.is_none());
}

#[tokio::test]
async fn machines_tell_their_clock_and_their_calibration() {
    let (store, _dir, _) = fresh_store().await;
    let now = Timestamp::now();
    let record = async |machine: Machine, now| {
        store
            .record(&[arrival("edge-01", online()), arrival("edge-01", Body::Machine(machine))], now)
            .await
            .unwrap();
    };
    record(machine(now + Duration::from_secs(7), "first"), now).await;
    assert_eq!(store.machines().await.unwrap()[0].skew_s.round(), 7.0);
    record(machine(now, "first"), now).await;
    record(machine(now, "second"), now).await;
    record(machine(now, "first"), now + Duration::from_secs(60)).await;
    let told: Vec<_> = store
        .calibrations(&hall(), &agent_id("edge-01"), 9)
        .await
        .unwrap()
        .into_iter()
        .map(|c| c.digest)
        .collect();
    let digest = |text: &str| Digest::of(text.as_bytes());
    assert_eq!(told, [digest("first"), digest("second"), digest("first")], "newest first, and only changes");
    assert_eq!(store.machines().await.unwrap().len(), 1);
}

// The API.

struct Browser<'a> {
    central: &'a Central,
    http: reqwest::Client,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(central: &'a Central, name: &str) -> Self {
        let http = reqwest::Client::new();
        let body = json!({"name": name, "password": PASSWORD});
        let answer = http.post(central.url("/api/v1/session")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let session: Value = answer.json().await.unwrap();
        Self { central, http, cookie, csrf: session["csrf"].as_str().unwrap().to_owned() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self
            .http
            .request(method, self.central.url(path))
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value, expected: u16) -> Value {
        let answer = self.ask(Method::POST, path, Some(body)).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, expected, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// A central that signs and enrols, with the accounts of the common one, `admin` and `staff`.
async fn central(enrolment: &str, broker: &str, port: u16) -> Central {
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
async fn embedded() -> Central {
    let port = free_port();
    let enrolment = format!(
        "[enrolment]\nbroker_url = \"mqtt://127.0.0.1:{port}\"\ncentral_url = \"http://127.0.0.1:8080\"\n"
    );
    central(&enrolment, &format!("embedded = true\nlisten = \"127.0.0.1:{port}\""), port).await
}

/// An agent with its own login: answers what it is asked.
struct Edge {
    arrivals: mpsc::UnboundedReceiver<Incoming>,
    driver: JoinHandle<()>,
    outbox: Outbox,
    id: AgentId,
}

/// Hangs up as a machine that loses its power.
impl Drop for Edge {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn address(port: u16, login: (&str, &str), client: &str) -> Address {
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

/// Whether the broker lets somebody in at the first or second knock.
async fn may_connect(address: Address) -> bool {
    let (mut link, _outbox) = Link::new(address);
    for _ in 0..2 {
        match timeout(PATIENCE, link.next()).await.expect("an answer") {
            Incoming::Connected => return true,
            Incoming::Broken(_) | Incoming::Message(_) => {}
        }
    }
    false
}

impl Edge {
    async fn connect(port: u16, agent: &str, login: (&str, &str)) -> Self {
        let (mut link, outbox) = Link::new(address(port, login, &format!("tanggu-{agent}")));
        let (sender, arrivals) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move { while sender.send(link.next().await).is_ok() {} });
        let mut edge = Self { arrivals, driver, outbox, id: agent_id(agent) };
        while !matches!(edge.next().await, Incoming::Connected) {}
        edge.outbox.subscribe(&[Channel::ConfigDesired.topic(&hall(), &edge.id)]).await.unwrap();
        edge.say(Channel::Status, &Status { online: true, version: Some("0.1.0".into()), since: None }).await;
        edge
    }

    async fn next(&mut self) -> Incoming {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("something from the broker").expect("a link")
    }

    async fn say(&self, channel: Channel, message: &impl serde::Serialize) {
        let payload = serde_json::to_string(message).unwrap();
        let retain = channel == Channel::Status;
        self.outbox.publish(&channel.topic(&hall(), &self.id), payload, retain).await.unwrap();
    }

    /// The next configuration that it is asked to have.
    async fn asked(&mut self) -> DesiredConfig {
        loop {
            if let Incoming::Message(delivery) = self.next().await {
                self.outbox.receipt(&delivery).await.unwrap();
                return serde_json::from_slice(&delivery.payload).unwrap();
            }
        }
    }

    async fn answer(&self, desired: &DesiredConfig, problems: &[&str]) {
        let problems: Vec<_> = problems.iter().map(|p| (*p).to_owned()).collect();
        let applied = AppliedConfig { version: desired.version.clone(), ok: problems.is_empty(), problems };
        self.say(Channel::ConfigApplied, &applied).await;
    }
}

async fn enrol(central: &Central, browser: &Browser<'_>, agent: &str) -> Value {
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

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_own_and_nothing_else() {
    let central = embedded().await;
    let document = json!({"document": {"version": 1}});
    let preview = json!({"document": {"version": 1}, "days": 7});
    let save = json!({"document": {"version": 1}, "note": ""});
    let token = json!({"hall": "tanggu", "agent": "edge-01"});
    // head, other hall's head, installer, auditor, admin, staff
    let rows: [(Method, &str, Option<Value>, [u16; 6]); 12] = [
        (Method::GET, "/api/v1/policies", None, [200, 200, 200, 200, 200, 200]),
        (Method::GET, "/api/v1/policies/tanggu", None, [200, 404, 200, 200, 200, 200]),
        (Method::GET, "/api/v1/policies/elsewhere", None, [404, 404, 404, 404, 404, 404]),
        (Method::POST, "/api/v1/policies/tanggu/check", Some(document), [200, 404, 403, 403, 200, 403]),
        (Method::POST, "/api/v1/policies/tanggu/preview", Some(preview), [200, 404, 403, 403, 403, 403]),
        (Method::POST, "/api/v1/policies/tanggu/versions", Some(save), [201, 404, 403, 403, 200, 403]),
        (
            Method::POST,
            "/api/v1/policies/tanggu/rollouts",
            Some(json!({"digest": Digest::of(b"x")})),
            [404, 404, 403, 403, 404, 403],
        ),
        (Method::GET, "/api/v1/fleet", None, [200, 200, 200, 403, 200, 403]),
        (Method::GET, "/api/v1/fleet/tanggu/edge-09", None, [404, 404, 404, 403, 404, 403]),
        (Method::POST, "/api/v1/fleet/tanggu/edge-09/revoke", None, [403, 403, 404, 403, 404, 403]),
        (Method::GET, "/api/v1/enrolments", None, [403, 403, 200, 403, 200, 403]),
        (Method::POST, "/api/v1/enrolments", Some(token), [403, 403, 201, 403, 201, 403]),
    ];
    let names = ["head", "other", "installer", "auditor", "admin", "staff"];
    let mut wrong = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let browser = Browser::sign_in(&central, name).await;
        for (method, path, body, expected) in &rows {
            let status = browser.ask(method.clone(), path, body.clone()).await.status();
            if status != expected[i] {
                wrong.push(format!("{name} {method} {path}: {status}, expected {}", expected[i]));
            }
        }
    }
    for (method, path, body, _) in &rows {
        let mut request = reqwest::Client::new().request(method.clone(), central.url(path));
        if let Some(body) = body {
            request = request.json(body);
        }
        let status = request.send().await.unwrap().status();
        if status != 401 {
            wrong.push(format!("nobody {method} {path}: {status}, expected 401"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_checked_whole_and_previewed_from_what_was_recorded() {
    let central = embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let draft = json!({"document": {"version": 1, "rules": {"absence": {"raise_after_s": 0, "severity": "loud"}, "smiling": {}}}});
    let checked = head.post("/api/v1/policies/tanggu/check", draft, 200).await;
    let fields: Vec<_> =
        checked["problems"].as_array().unwrap().iter().map(|p| p["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["rules.absence.severity", "rules.absence.raise_after_s", "rules.smiling"]);
    assert!(
        checked["digest"].is_null()
            && checked["problems"][0]["message"]["zh-CN"].as_str().unwrap().contains("紧急")
    );
    let text = json!({"text": "version = 1\n[rules.absence]\nraise_after_s = 900"});
    let checked = head.post("/api/v1/policies/tanggu/check", text, 200).await;
    assert_eq!(checked["document"]["rules"]["absence"]["raise_after_s"], 900.0);
    assert_eq!(checked["differences"][0]["field"], "rules.absence.raise_after_s");
    head.post("/api/v1/policies/tanggu/check", json!({}), 400).await;
    head.post("/api/v1/policies/tanggu/versions", json!({"document": {"version": 2}}), 400).await;
    head.post("/api/v1/policies/tanggu/preview", json!({"document": {"version": 1}, "days": 91}), 400).await;

    // Three recorded absences of 650, 800 and 1000 seconds, an hour apart.
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    let now = Timestamp::now();
    for (hours, length) in [(3u64, 650u64), (2, 800), (1, 1000)] {
        let first = opened("edge-01", "1", Rule::Absence);
        let began = now - Duration::from_secs(hours * 3600);
        let mut first =
            Event { opened_at: began, at: began + Duration::from_secs(600), historical: true, ..first };
        (first.evidence.observed_s, first.evidence.hit_ratio) = (600.0, 0.95);
        let mut last = closed(&first);
        last.at = began + Duration::from_secs(length + 10);
        (last.closed_at, last.close_reason) =
            (Some(began + Duration::from_secs(length)), Some(CloseReason::Cleared));
        last.evidence.observed_s = length as f64;
        let arrivals = [first, last].map(|event| arrival("edge-01", Body::Event(Box::new(event))));
        store.record(&arrivals, now).await.unwrap();
    }
    let preview = async |absence: Value| {
        let body = json!({"document": {"version": 1, "rules": {"absence": absence}}, "days": 7});
        head.post("/api/v1/policies/tanggu/preview", body, 200).await
    };
    let longer = preview(json!({"raise_after_s": 900})).await;
    assert_eq!(longer["rules"][0]["verdicts"], json!({"raised": 1, "too_short": 2}));
    assert_eq!((&longer["rules"][0]["looser"], &longer["under_unknown_rules"]), (&json!([]), &json!(3)));
    assert_eq!(longer["changed"].as_array().unwrap().len(), 2);
    let shorter = preview(json!({"raise_after_s": 300})).await;
    assert_eq!(shorter["rules"][0]["verdicts"], json!({"raised": 3}));
    assert_eq!(shorter["rules"][0]["looser"], json!(["raise_after_s"]), "what it would add nobody knows");
    let logged = store.accesses(&AccessFilter::default(), 50).await.unwrap();
    let by_head = |row: &&AccessRow| row.name.as_deref() == Some("head");
    assert!(logged.iter().filter(by_head).any(|row| row.entry.action == "preview_policy"));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_for_calibration_pages_are_signed_for_one_agent_and_kept_nowhere() {
    let central = embedded().await;
    let installer = Browser::sign_in(&central, "installer").await;
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    store.record(&[arrival("edge-01", online())], Timestamp::now()).await.unwrap();
    const PATH: &str = "/api/v1/fleet/tanggu/edge-01/sign-in-codes";
    let made = installer.post(PATH, Value::Null, 201).await;
    let text = made["code"].as_str().unwrap();
    let code: SignInCode = text.parse().unwrap();
    let now = Timestamp::now().as_second();
    assert!(code.is_good_at(now) && !code.is_good_at(now + 600));
    let until: Timestamp = made["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.as_second(), code.issued_at + 600);

    let public = Signer::load(&central.dir.path().join("key.pem")).unwrap().public_pem();
    let key = {
        use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
        UnparsedPublicKey::new(
            &ED25519,
            SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()).unwrap()[12..].to_vec(),
        )
    };
    let verifies = |agent: &str| {
        let text = SignInCode::signed_text(&hall(), &agent_id(agent), code.issued_at, code.nonce);
        key.verify(text.as_bytes(), &code.signature).is_ok()
    };
    assert!(verifies("edge-01") && !verifies("edge-02"));
    assert_ne!(installer.post(PATH, Value::Null, 201).await["code"], made["code"]);

    // Where the page is, the agent says while it is open.
    assert_eq!(made["page"], Value::Null);
    for address in ["192.0.2.7:8443", "[2001:db8::7]:8443"] {
        let said = Machine { page: Some(address.parse().unwrap()), ..machine(Timestamp::now(), "a") };
        store.record(&[arrival("edge-01", Body::Machine(said))], Timestamp::now()).await.unwrap();
        let page = installer.post(PATH, Value::Null, 201).await["page"].clone();
        assert_eq!(page, format!("https://{address}"));
    }

    // It is noted who had one, and the code itself is in no row.
    let logged = store.accesses(&AccessFilter::default(), 50).await.unwrap();
    let issued: Vec<_> = logged.iter().filter(|row| row.entry.action == "issue_sign_in_code").collect();
    assert_eq!((issued.len(), issued[0].name.as_deref()), (4, Some("installer")));
    assert!(issued.iter().all(|row| row.entry.subject == "tanggu/edge-01"));
    for file in std::fs::read_dir(central.dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()));
    }
    let missing =
        installer.ask(Method::POST, "/api/v1/fleet/tanggu/edge-09/sign-in-codes", Some(Value::Null)).await;
    assert_eq!(missing.status(), 404);
    let head = Browser::sign_in(&central, "head").await;
    assert_eq!(
        head.ask(Method::POST, PATH, Some(Value::Null)).await.status(),
        403,
        "a head sees no pictures"
    );
    store.close().await;
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_reach_the_agents_signed_and_older_ones_come_back() {
    let central = embedded().await;
    let public = Signer::load(&central.dir.path().join("key.pem")).unwrap().public_pem();
    let (head, installer) =
        (Browser::sign_in(&central, "head").await, Browser::sign_in(&central, "installer").await);
    let enrolled = enrol(&central, &installer, "edge-01").await;
    assert_eq!((&enrolled["config_key"], &enrolled["hall"]), (&json!(public), &json!("tanggu")));
    let broker = &enrolled["broker"];
    let login = (broker["username"].as_str().unwrap(), broker["password"].as_str().unwrap());
    let mut edge = Edge::connect(central.broker_port, "edge-01", login).await;
    eventually("central knows the agent", async || {
        let fleet = head.get("/api/v1/fleet").await;
        (fleet["agents"][0]["online"] == true).then_some(())
    })
    .await;

    let save = async |dwell: u32| {
        let document = json!({"version": 1, "rules": {"absence": {"raise_after_s": dwell}}});
        let answer = head
            .ask(
                Method::POST,
                "/api/v1/policies/tanggu/versions",
                Some(json!({"document": document, "note": "试行"})),
            )
            .await;
        answer.json::<Value>().await.unwrap()["digest"].clone()
    };
    let send = async |digest: &Value| {
        head.post("/api/v1/policies/tanggu/rollouts", json!({"digest": digest}), 201).await
    };
    let state = async |rollout: &Value| {
        let path = format!("/api/v1/policies/tanggu/rollouts/{}", rollout["id"].as_str().unwrap());
        head.get(&path).await["agents"][0].clone()
    };
    let (first, second) = (save(700).await, save(800).await);
    let rollout = send(&first).await;
    assert_eq!(rollout["agents"][0]["state"], "sent");
    let desired = edge.asked().await;
    assert!(desired.policy.contains("raise_after_s = 700") && desired.calibration.is_empty());
    let signature: ConfigSignature = desired.signature.parse().unwrap();
    let key = {
        use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
        SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()).unwrap()[12..].to_vec()
    };
    let text = ConfigSignature::signed_text(&hall(), &edge.id, signature.serial, &desired.version);
    UnparsedPublicKey::new(&ED25519, key)
        .verify(text.as_bytes(), &signature.value)
        .expect("central's signature");
    edge.answer(&desired, &[]).await;
    eventually("applied", async || (state(&rollout).await["state"] == "applied").then_some(())).await;

    // The second is refused and says why; the first comes back under a higher serial.
    let refused = send(&second).await;
    let asked = edge.asked().await;
    edge.answer(&asked, &["calibration.toml: camera cam-1 is not in agent.toml"]).await;
    eventually("refused", async || (state(&refused).await["state"] == "refused").then_some(())).await;
    assert_eq!(state(&refused).await["problems"][0], "calibration.toml: camera cam-1 is not in agent.toml");
    let back = send(&first).await;
    let again = edge.asked().await;
    let serial = |desired: &DesiredConfig| desired.signature.parse::<ConfigSignature>().unwrap().serial;
    assert_eq!(again.version, desired.version);
    assert!(serial(&again) > serial(&asked) && serial(&asked) > serial(&desired));
    edge.answer(&again, &[]).await;
    eventually("back", async || (state(&back).await["state"] == "applied").then_some(())).await;

    // Whoever connects later gets it too: it is retained, and newcomers are asked the same.
    drop(edge);
    let mut edge = Edge::connect(central.broker_port, "edge-01", login).await;
    assert_eq!(edge.asked().await, again);
    let enrolled = enrol(&central, &installer, "edge-02").await;
    assert!(enrolled["policy"].as_str().unwrap().contains("raise_after_s = 700"));
    let login =
        (enrolled["broker"]["username"].as_str().unwrap(), enrolled["broker"]["password"].as_str().unwrap());
    let mut newcomer = Edge::connect(central.broker_port, "edge-02", login).await;
    let asked = newcomer.asked().await;
    assert_eq!(asked.version, desired.version);

    let shown = head.get("/api/v1/policies/tanggu").await;
    assert_eq!(shown["in_force"], first);
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    let path = format!(
        "/api/v1/policies/tanggu/versions/{}?against={}",
        second.as_str().unwrap(),
        first.as_str().unwrap()
    );
    assert_eq!(
        head.get(&path).await["differences"],
        json!([{"field": "rules.absence.raise_after_s", "before": 700.0, "after": 800.0}])
    );
    let trial = json!({"digest": first, "agents": ["edge-77"]});
    head.post("/api/v1/policies/tanggu/rollouts", trial, 400).await;
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_connects_as_itself_only_and_not_at_all_once_revoked() {
    let central = embedded().await;
    let installer = Browser::sign_in(&central, "installer").await;
    let enrolled = enrol(&central, &installer, "edge-01").await;
    let password = enrolled["broker"]["password"].as_str().unwrap();
    let own = ("tanggu/edge-01", password);
    let port = central.broker_port;
    assert!(may_connect(address(port, own, "tanggu-edge-01-doctor")).await);
    for (login, client) in [
        (own, "tanggu-edge-02"),
        (("tanggu/edge-02", password), "tanggu-edge-02"),
        (("tanggu/edge-01", "wrong"), "tanggu-edge-01"),
        (("", ""), "tanggu-edge-01"),
    ] {
        assert!(!may_connect(address(port, login, client)).await, "{login:?} {client}");
    }

    let mut edge = Edge::connect(port, "edge-01", own).await;
    edge.say(Channel::Machine, &machine(Timestamp::now(), "a")).await;
    eventually("seen", async || {
        let fleet = installer.get("/api/v1/fleet").await;
        (fleet["agents"][0]["machine"]["cameras"][0]["id"] == "cam-1").then_some(())
    })
    .await;
    let revoke = installer.ask(Method::POST, "/api/v1/fleet/tanggu/edge-01/revoke", None).await;
    assert_eq!(revoke.status(), 204);
    // Its connection is ended and it finds no way back.
    while !matches!(edge.next().await, Incoming::Broken(_)) {}
    assert!(!may_connect(address(port, own, "tanggu-edge-01")).await);
    let fleet = installer.get("/api/v1/fleet").await;
    assert_eq!(
        (&fleet["agents"][0]["online"], &fleet["agents"][0]["revoked"]["by"]),
        (&json!(false), &json!("installer"))
    );
    let tokens = installer.get("/api/v1/enrolments").await;
    assert_eq!(
        (&tokens["enrolments"][0]["state"], &tokens["enrolments"][0]["used_from"]),
        (&json!("used"), &json!("127.0.0.1"))
    );
    // A new token gives it back.
    let enrolled = enrol(&central, &installer, "edge-01").await;
    assert!(
        may_connect(address(
            port,
            ("tanggu/edge-01", enrolled["broker"]["password"].as_str().unwrap()),
            "tanggu-edge-01"
        ))
        .await
    );
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_tells_of_machines_and_never_of_conduct() {
    let central = embedded().await;
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    let now = Timestamp::now();
    let hour = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(3600) - 3600).unwrap();
    let observed = Observed { observed_s: 1800.0, unknown_s: 1800.0 };
    let signals = BTreeMap::from([(chuangming_domain::observation::Signal::Presence, observed)]);
    let coverage = Coverage {
        schema: CoverageSchema::V1,
        hour,
        windows: BTreeMap::from([("1".parse().unwrap(), signals)]),
    };
    let event = opened("edge-01", "1", Rule::Slumped);
    let arrivals = [
        arrival("edge-01", online()),
        arrival("edge-01", Body::Machine(machine(now, "c"))),
        arrival("edge-01", Body::Geometry(geometry("c"))),
        // A retained message comes again with every connection.
        arrival("edge-01", Body::Geometry(geometry("c"))),
        arrival("edge-01", Body::Coverage(coverage)),
        arrival("edge-01", Body::Event(Box::new(event))),
    ];
    store.record(&arrivals, now).await.unwrap();
    let installer = Browser::sign_in(&central, "installer").await;
    let one = installer.get("/api/v1/fleet/tanggu/edge-01?days=3").await;
    assert_eq!((&one["observed_24h"], &one["machine"]["cores"]), (&json!(0.5), &json!(4)));
    let calibrations = one["calibrations"].as_array().unwrap();
    assert_eq!(calibrations.len(), 1, "{one}");
    assert_eq!(calibrations[0]["digest"], Digest::of(b"c").as_str());
    assert_eq!(calibrations[0]["text"], "version = 1\n");
    let hours = one["coverage"]["windows"][0]["observed"].as_array().unwrap();
    assert_eq!((hours.len(), &hours[hours.len() - 2]), (72, &json!(0.5)));
    for path in ["/api/v1/fleet", "/api/v1/fleet/tanggu/edge-01"] {
        let text = installer.get(path).await.to_string();
        assert!(!text.contains("slumped") && !text.contains("severity") && !text.contains("16.4"), "{text}");
    }
    assert_eq!(installer.ask(Method::GET, "/api/v1/fleet/tanggu/edge-01?days=32", None).await.status(), 400);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquitto_takes_the_enrolled_and_keeps_each_to_its_own_topics() {
    let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
    let at = |name: &str| dir.path().join(name);
    // The line of central itself is made as an operator makes it; the agents' lines are central's to write.
    std::fs::write(at("passwords"), "").unwrap();
    let acl = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/mosquitto/chuangming.acl");
    std::fs::copy(acl, at("acl")).unwrap();
    let settings = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nacl_file {}\nuser root\n",
        at("passwords").display(),
        at("acl").display()
    );
    std::fs::write(at("mosquitto.conf"), settings).unwrap();
    let enrolment = format!(
        "[enrolment]\nbroker_url = \"mqtt://127.0.0.1:{port}\"\ncentral_url = \"http://127.0.0.1:8080\"\n\
         mosquitto_passwords_file = \"{}\"\n",
        at("passwords").display()
    );
    let made = std::process::Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(at("passwords"))
        .args(["central", "s3cret"])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: mosquitto is not installed");
        return;
    }
    std::fs::write(at("secret"), "s3cret\n").unwrap();
    let Some(first) = Mosquitto::configured(port, &at("mosquitto.conf")) else { return };
    let broker = format!(
        "url = \"mqtt://127.0.0.1:{port}\"\nusername = \"central\"\npassword_file = \"{}\"",
        at("secret").display()
    );
    let central = central(&enrolment, &broker, port).await;
    let installer = Browser::sign_in(&central, "installer").await;
    let mut logins = Vec::new();
    for agent in ["edge-01", "edge-02"] {
        logins.push(
            enrol(&central, &installer, agent).await["broker"]["password"].as_str().unwrap().to_owned(),
        );
    }
    // Mosquitto reads its files anew on a signal; the tests' one starts anew.
    drop(first);
    let _second = Mosquitto::configured(port, &at("mosquitto.conf"));
    let one = Edge::connect(port, "edge-01", ("tanggu/edge-01", &logins[0])).await;
    let other = Edge::connect(port, "edge-02", ("tanggu/edge-02", &logins[1])).await;
    let head = Browser::sign_in(&central, "head").await;
    eventually("both are known", async || {
        let fleet = head.get("/api/v1/fleet").await;
        (fleet["agents"].as_array()?.len() == 2).then_some(())
    })
    .await;
    // One that speaks for the other is not heard.
    let foreign = Channel::Machine.topic(&hall(), &other.id);
    let payload = serde_json::to_string(&machine(Timestamp::now(), "foreign")).unwrap();
    one.outbox.publish(&foreign, payload, false).await.unwrap();
    one.say(Channel::Machine, &machine(Timestamp::now(), "heard")).await;
    let heard = async |agent: usize, expected: &Value| {
        let fleet = head.get("/api/v1/fleet").await;
        (fleet["agents"][agent]["machine"]["calibration"] == *expected).then_some(())
    };
    eventually("its own word is heard", async || heard(0, &json!(Digest::of(b"heard"))).await).await;
    assert!(heard(1, &json!(Digest::of(b"foreign"))).await.is_none(), "an agent spoke for another");
    central.stop().await;
}
