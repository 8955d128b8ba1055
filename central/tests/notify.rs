//! Alerts on their way to people: real HTTP and SMTP to services of the tests' own, time given as an argument.

mod common;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use axum::{Json, Router};
use chuangming_central::config::{MailConfig, NotifyConfig};
use chuangming_central::notify::{ChannelKind, Message, Occasion, Sender};
use chuangming_central::review::Act;
use chuangming_central::role::Role;
use chuangming_central::store::{Account, Arrival, Body, Channel, NewAccount, NotifySettings, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::policy::Span;
use chuangming_domain::rule::{Rule, Severity};
use common::browser::{Browser, problem};
use common::{Central, closed, fresh_store, hall, opened};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// A service of the tests' own.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    /// What it was sent.
    taken: Vec<(Uri, Value)>,
    /// What it answers next; after that it says that all is well.
    answers: Vec<(u16, Value)>,
}

impl Service {
    async fn start() -> (Self, String) {
        async fn take(
            State(service): State<Service>,
            uri: Uri,
            _: HeaderMap,
            Json(body): Json<Value>,
        ) -> (StatusCode, Json<Value>) {
            let mut inner = service.0.lock().unwrap();
            inner.taken.push((uri, body));
            let (status, answer) = if inner.answers.is_empty() {
                (200, json!({ "errcode": 0, "code": 0 }))
            } else {
                inner.answers.remove(0)
            };
            (StatusCode::from_u16(status).unwrap(), Json(answer))
        }
        let service = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/{*rest}", post(take)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (service, host)
    }

    fn taken(&self) -> Vec<(Uri, Value)> {
        std::mem::take(&mut self.0.lock().unwrap().taken)
    }

    fn answers(&self, answers: &[(u16, Value)]) {
        self.0.lock().unwrap().answers = answers.to_vec();
    }
}

struct Setting {
    store: Store,
    sender: Sender,
    head: Account,
    service: Service,
    host: String,
    now: Timestamp,
    _dir: TempDir,
}

impl Setting {
    async fn new() -> Self {
        let (store, dir, _) = fresh_store().await;
        let (service, host) = Service::start().await;
        let config = NotifyConfig {
            public_url: Some("https://central.example/".parse().unwrap()),
            hosts: vec![host.clone()],
            ..NotifyConfig::default()
        };
        let sender = Sender::new(store.clone(), &config, &[], dir.path()).unwrap();
        let now = Timestamp::now();
        let new = NewAccount {
            name: "head".into(),
            password_hash: String::new(),
            role: Role::CenterHead,
            halls: Some(vec![hall()]),
        };
        store.put_account(&new, now).await.unwrap();
        let head = store.account("head").await.unwrap().unwrap();
        // What was before the first look is not told.
        sender.look(now).await.unwrap();
        Self { store, sender, head, service, host, now, _dir: dir }
    }

    async fn channel(&self, kind: ChannelKind, change: impl FnOnce(&mut Channel)) -> Channel {
        let mut channel = Channel {
            id: uuid::Uuid::now_v7().to_string(),
            hall: hall(),
            kind,
            name: kind.name().to_owned(),
            target: format!("http://{}/{}", self.host, kind.name()),
            secret: String::new(),
            detailed: false,
            severity: Severity::Info,
            escalation: false,
        };
        change(&mut channel);
        self.store.add_channel(&self.head, &channel, self.now).await.unwrap();
        channel
    }

    async fn happen(&self, events: &[Event], at: Timestamp) {
        let arrivals: Vec<_> = events
            .iter()
            .map(|event| Arrival {
                hall: event.hall.clone(),
                agent: event.agent.clone(),
                body: Body::Event(Box::new(event.clone())),
            })
            .collect();
        self.store.record(&arrivals, at).await.unwrap();
    }

    /// What is sent when time has come so far.
    async fn sent_by(&self, at: Timestamp) -> Vec<(Uri, Value)> {
        self.sender.look(at).await.unwrap();
        self.service.taken()
    }
}

fn s(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn at(event: Event, at: Timestamp) -> Event {
    Event { opened_at: at - s(60), at, ..event }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_grouped_and_escalated_and_say_no_more_than_a_count() {
    let set = Setting::new().await;
    let now = set.now;
    set.channel(ChannelKind::Dingtalk, |c| c.secret = "SECx".into()).await;
    set.channel(ChannelKind::Wecom, |c| c.escalation = true).await;
    set.channel(ChannelKind::Feishu, |c| c.severity = Severity::Critical).await;
    let events =
        [Rule::Slumped, Rule::Absence, Rule::Clutter].map(|rule| at(opened("edge-01", "1", rule), now));
    set.happen(&events, now).await;
    assert!(set.sent_by(now + s(1)).await.is_empty(), "a moment is waited for what comes along");
    let sent = set.sent_by(now + s(20)).await;
    assert_eq!(sent.len(), 1, "three alerts are one message: {sent:?}");
    let (uri, body) = &sent[0];
    assert!(uri.path() == "/dingtalk" && uri.query().unwrap().contains("sign="), "{uri}");
    let text = body["markdown"]["text"].as_str().unwrap();
    assert!(text.contains('3') && text.contains("https://central.example/"), "{text}");
    for word in ["窗口", "伏", "离岗", "杂物", "16.4"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    // What comes right after waits, and is one message again.
    for n in 0..5 {
        set.happen(&[at(opened("edge-01", "2", Rule::Tilted), now + s(21 + n))], now + s(21 + n)).await;
    }
    assert!(set.sent_by(now + s(60)).await.is_empty(), "not twice in a minute");
    let sent = set.sent_by(now + s(90)).await;
    assert!(sent.len() == 1 && sent[0].1["markdown"]["text"].as_str().unwrap().contains('5'), "{sent:?}");
    // Nobody acknowledged two of the first three: they go further, the acknowledged one does not.
    set.store.review(&events[0], &set.head.id, &Act::Acknowledge, now + s(100)).await.unwrap();
    let sent = set.sent_by(now + s(605)).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    let text = sent[0].1["markdown"]["content"].as_str().unwrap();
    assert!(sent[0].0.path() == "/wecom" && text.contains('2'), "{text}");
    assert!(set.sent_by(now + s(615)).await.is_empty(), "nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_past_rings() {
    let set = Setting::new().await;
    let now = set.now;
    set.channel(ChannelKind::Dingtalk, |c| c.detailed = true).await;
    let historical = Event { historical: true, ..at(opened("edge-01", "1", Rule::Smoking), now) };
    let late = at(opened("edge-01", "1", Rule::Smoking), now - SignedDuration::from_mins(6));
    let over = at(opened("edge-01", "2", Rule::Slumped), now);
    set.happen(&[historical, late, over.clone()], now).await;
    set.happen(&[closed(&over)], now + s(2)).await;
    assert!(set.sent_by(now + s(30)).await.is_empty());
    // With the head's leave a message says where and what.
    let fresh = at(opened("edge-01", "3", Rule::Slumped), now + s(31));
    set.happen(&[fresh], now + s(31)).await;
    let sent = set.sent_by(now + s(60)).await;
    let text = sent[0].1["markdown"]["text"].as_str().unwrap();
    assert!(text.contains("3 号窗口") && text.contains('伏'), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_hold_messages_back() {
    let set = Setting::new().await;
    set.channel(ChannelKind::Feishu, |_| {}).await;
    let quiet = vec![Span::parse("22:00-07:00").unwrap()];
    set.store
        .put_notify_settings(&set.head, &hall(), &NotifySettings { quiet, escalate: s(600) }, set.now)
        .await
        .unwrap();
    let zone = chuangming_central::duty::zone();
    let night = jiff::civil::date(2031, 3, 3).at(23, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    set.happen(&[at(opened("edge-01", "1", Rule::Smoking), night)], night).await;
    set.sender.look(night + s(1)).await.unwrap();
    assert!(set.sent_by(night + s(3600)).await.is_empty());
    let morning = jiff::civil::date(2031, 3, 4).at(7, 0, 0, 0).to_zoned(zone).unwrap().timestamp();
    assert!(set.sent_by(morning - s(1)).await.is_empty());
    assert_eq!(set.sent_by(morning).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_given_up_in_the_end() {
    let set = Setting::new().await;
    let now = set.now;
    set.channel(ChannelKind::Wecom, |_| {}).await;
    set.service
        .answers(&[(500, json!({})), (200, json!({ "errcode": 45009, "errmsg": "api freq out of limit" }))]);
    set.happen(&[at(opened("edge-01", "1", Rule::Smoking), now)], now).await;
    set.sender.look(now + s(1)).await.unwrap();
    let mut when = now + s(20);
    assert_eq!(set.sent_by(when).await.len(), 1);
    assert!(set.sent_by(when + s(9)).await.is_empty(), "not before its time");
    when += s(10);
    assert_eq!(set.sent_by(when).await.len(), 1);
    let row = &set.store.deliveries(&hall(), 0, 10).await.unwrap().0[0];
    assert_eq!((row.state.as_str(), row.error.as_str(), row.tries), ("waiting", "api freq out of limit", 2));
    when += s(20);
    assert_eq!(set.sent_by(when).await.len(), 1);
    let row = &set.store.deliveries(&hall(), 0, 10).await.unwrap().0[0];
    assert_eq!((row.state.as_str(), row.error.as_str(), row.tries), ("sent", "", 3));
    // One that never goes is given up after eight tries.
    set.service.answers(&vec![(503, json!({})); 20]);
    let mut tries = 0;
    set.happen(&[at(opened("edge-01", "2", Rule::Smoking), when)], when).await;
    set.sender.look(when).await.unwrap();
    for _ in 0..12 {
        when += s(1300);
        tries += set.sent_by(when).await.len();
    }
    let row = &set.store.deliveries(&hall(), 0, 10).await.unwrap().0[0];
    assert_eq!((tries, row.state.as_str(), row.tries), (8, "failed", 8));
}

/// A mail server as far as one message goes.
async fn mail_server() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = Arc::new(Mutex::new(String::new()));
    let kept = got.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail\r\n").await.unwrap();
        let mut in_data = false;
        while let Ok(Some(line)) = lines.next_line().await {
            kept.lock().unwrap().push_str(&format!("{line}\n"));
            let answer = match line.split(' ').next().unwrap_or_default() {
                "." if in_data => {
                    in_data = false;
                    "250 taken\r\n"
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    "354 go on\r\n"
                }
                "QUIT" => "221 bye\r\n",
                _ => "250 ok\r\n",
            };
            write.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, got)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_at_the_mail_server() {
    let set = Setting::new().await;
    let (port, got) = mail_server().await;
    let mail = MailConfig {
        server: format!("smtp://127.0.0.1:{port}"),
        from: "窗明 <it@hall.example>".into(),
        login: None,
    };
    let config = NotifyConfig { mail: Some(mail), ..NotifyConfig::default() };
    let sender = Sender::new(set.store.clone(), &config, &[], std::path::Path::new("")).unwrap();
    set.channel(ChannelKind::Mail, |c| c.target = "head@hall.example".into()).await;
    set.happen(&[at(opened("edge-01", "1", Rule::Smoking), set.now)], set.now).await;
    sender.look(set.now + s(1)).await.unwrap();
    sender.look(set.now + s(20)).await.unwrap();
    let text = got.lock().unwrap().clone();
    assert!(text.contains("RCPT TO:<head@hall.example>") && text.contains("Subject: =?utf-8?"), "{text}");
    assert_eq!(set.store.deliveries(&hall(), 0, 1).await.unwrap().0[0].state, "sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_over_the_api() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let path = "/api/v1/halls/tanggu";
    let new = |kind: &str, target: &str| json!({ "kind": kind, "name": "值班群", "target": target, "severity": "warning" });
    for (kind, target) in [
        ("wecom", "https://evil.example/cgi-bin/webhook/send?key=k"),
        ("dingtalk", "http://oapi.dingtalk.com/robot/send"),
        ("feishu", "http://169.254.169.254/latest"),
        ("mail", "nobody"),
    ] {
        let refused = head.send(Method::POST, &format!("{path}/channels"), new(kind, target)).await;
        assert_eq!(problem(refused).await.1, "invalid", "{kind} {target}");
    }
    let made = head
        .send(
            Method::POST,
            &format!("{path}/channels"),
            new("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret-key"),
        )
        .await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let put = head
        .send(
            Method::PUT,
            &format!("{path}/notifications"),
            json!({ "quiet": ["22:00-07:00"], "escalate_min": 5 }),
        )
        .await;
    assert_eq!(put.status(), 204);
    let shown = head.json(&format!("{path}/notifications")).await;
    assert_eq!((&shown["quiet"], &shown["escalate_min"]), (&json!(["22:00-07:00"]), &json!(5)));
    assert_eq!(
        (&shown["channels"][0]["target"], &shown["channels"][0]["detailed"]),
        (&json!("qyapi.weixin.qq.com"), &json!(false))
    );
    assert!(!shown.to_string().contains("secret-key"), "a robot's key is not shown again");
    let one = format!("{path}/channels/{}", made["id"].as_str().unwrap());
    assert_eq!(head.send(Method::DELETE, &one, Value::Null).await.status(), 204);
    assert_eq!(head.send(Method::DELETE, &one, Value::Null).await.status(), 404);
    // Web Push is off until somebody can be turned to.
    let push = head.json("/api/v1/account/push").await;
    assert_eq!((&push["key"], &push["browsers"]), (&Value::Null, &json!([])));
    let keys: BTreeMap<_, _> = [("p256dh", "x"), ("auth", "y")].into();
    let refused = head
        .send(
            Method::POST,
            "/api/v1/account/push",
            json!({ "endpoint": "https://fcm.googleapis.com/x", "keys": keys }),
        )
        .await;
    assert_eq!(refused.status(), 409);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_page_by_page() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let store = central.store().await;
    let message = |count| Message {
        occasion: Occasion::Alerts,
        hall: "塘沽中心".into(),
        count,
        critical: 0,
        link: None,
        details: Vec::new(),
    };
    // Of a time to come: the running server does not send them yet. The last two are of the same moment.
    let soon = Timestamp::now() + SignedDuration::from_hours(1);
    let to = |hall: &str| Channel {
        id: format!("of-{hall}"),
        hall: hall.parse().unwrap(),
        kind: ChannelKind::Wecom,
        name: "值班群".into(),
        target: "https://127.0.0.1:9/".into(),
        secret: String::new(),
        detailed: false,
        severity: Severity::Info,
        escalation: false,
    };
    for n in 1..=5_u8 {
        let at = soon + s(i64::from(n).min(4));
        store.send_now(&to("tanggu"), &message(n.into()), at).await.unwrap();
    }
    store.send_now(&to("hangu"), &message(9), soon).await.unwrap();
    let path = "/api/v1/halls/tanggu/deliveries";
    let check = async |query: &str, expected: &[u64]| {
        let page = head.json(&format!("{path}?{query}")).await;
        let counts: Vec<_> =
            page["deliveries"].as_array().unwrap().iter().map(|d| d["count"].as_u64().unwrap()).collect();
        assert_eq!((counts.as_slice(), &page["total"]), (expected, &json!(5)), "{query}");
    };
    check("", &[5, 4, 3, 2, 1]).await;
    check("per_page=2", &[5, 4]).await;
    check("per_page=2&page=2", &[3, 2]).await;
    check("per_page=2&page=3", &[1]).await;
    check("per_page=2&page=4", &[]).await;
    for query in ["page=0", "per_page=201", "page=x"] {
        assert_eq!(problem(head.get(&format!("{path}?{query}")).await).await.0, 400, "{query}");
    }
    for (name, status) in [("other", 404), ("staff", 403), ("admin", 403)] {
        let outsider = Browser::sign_in(&central, name).await;
        assert_eq!(outsider.get(&format!("{path}?page=1")).await.status(), status, "{name}");
    }
    central.stop().await;
}
