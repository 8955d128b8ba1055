//! The way in, through the embedded broker and through mosquitto: acknowledged only once durable, whatever arrives.

mod common;

use chuangming_central::ingest::link::Address;
use chuangming_central::ingest::simulate::{self, Load};
use chuangming_central::store::{Database, Store};
use chuangming_domain::event::{Event, Phase};
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Ack, Channel};
use common::{Agent, Central, Mosquitto, closed, eventually, free_port, hall, opened};
use sqlx::{Connection, Executor};
use std::time::Duration;

/// Runs a check with each kind of broker.
async fn with_each_broker(check: impl AsyncFn(Central)) {
    check(Central::embedded().await).await;
    if let Some(mosquitto) = Mosquitto::start() {
        check(Central::external(mosquitto.port).await).await;
    }
}

async fn store(central: &Central) -> Store {
    central.store().await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_acknowledged_once_durable_and_again_when_repeated() {
    with_each_broker(async |central| {
        let mut agent = Agent::connect(central.broker_port, "edge-01").await;
        let event = opened("edge-01", "3", Rule::Slumped);
        let (update, end) = (Event { seq: 1, phase: Phase::Updated, ..event.clone() }, {
            let last = closed(&event);
            Event { seq: 2, ..last }
        });
        // Out of order, and one of them twice.
        for message in [&end, &event, &update, &event] {
            agent.deliver(message).await;
        }
        let store = store(&central).await;
        let stored = store.event(event.id).await.unwrap().unwrap();
        assert_eq!(stored.event, end);
        assert_eq!(store.messages(event.id).await.unwrap().len(), 3);
        central.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_that_cannot_be_stored() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    agent.deliver(&opened("edge-01", "1", Rule::Absence)).await;

    // Somebody else holds the database's one write lock: nothing can be committed.
    let (address, hold) = match central.config().database().unwrap() {
        Database::File(file) => (format!("sqlite:{}", file.display()), "BEGIN IMMEDIATE"),
        Database::Server(url) => {
            (url.to_string(), "BEGIN; SELECT pg_advisory_xact_lock(hashtext(current_schema()), 1)")
        }
    };
    let mut lock = sqlx::AnyConnection::connect(&address).await.unwrap();
    lock.execute(hold).await.unwrap();
    let event = opened("edge-01", "2", Rule::Absence);
    agent.send(&event).await;
    let ack = Ack { id: event.id, seq: 0 };
    assert!(!agent.hear(Duration::from_secs(2), ack).await, "acknowledged before it was durable");

    lock.execute("ROLLBACK").await.unwrap();
    agent.deliver(&event).await;
    assert!(store(&central).await.event(event.id).await.unwrap().is_some());
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_counted_and_block_nothing() {
    with_each_broker(async |central| {
        let mut agent = Agent::connect(central.broker_port, "edge-01").await;
        let valid = || serde_json::to_value(opened("edge-01", "3", Rule::Tilted)).unwrap();
        let with = |key: &str, value: serde_json::Value| {
            let mut event = valid();
            event[key] = value;
            event.to_string()
        };
        let rows: Vec<(&str, Channel, String)> = vec![
            ("oversized", Channel::Events, format!("{{\"pad\":\"{}\"}}", "x".repeat(100_000))),
            ("malformed", Channel::Events, String::new()),
            ("malformed", Channel::Events, "{".to_owned()),
            ("malformed", Channel::Events, "[".repeat(10_000)),
            ("malformed", Channel::Events, "\u{0}\u{1}".to_owned()),
            ("malformed", Channel::Events, with("rule", "smiling".into())),
            ("malformed", Channel::Events, with("confidence", 7.into())),
            ("malformed", Channel::Events, with("photo", "aGk=".into())),
            ("other_sender", Channel::Events, with("agent", "edge-99".into())),
            ("other_sender", Channel::Events, with("hall", "elsewhere".into())),
            ("malformed", Channel::Health, "{}".to_owned()),
            ("malformed", Channel::Coverage, "{\"schema\":\"chuangming.coverage/1\"}".to_owned()),
            ("malformed", Channel::Status, "online".to_owned()),
            ("malformed", Channel::ConfigApplied, "[]".to_owned()),
        ];
        for (reason, channel, payload) in rows {
            let name = format!("central_refused_total{{reason=\"{reason}\"}}");
            let before = central.metric(&name).await;
            let shown: String = payload.chars().take(60).collect();
            agent.publish(channel, payload).await;
            eventually(&format!("{reason} {shown}"), async || {
                (central.metric(&name).await > before).then_some(())
            })
            .await;
        }
        agent.deliver(&opened("edge-01", "3", Rule::Tilted)).await;
        let total = store(&central).await.events(&Default::default(), 0, 10).await.unwrap().total;
        assert_eq!(total, 1, "a refused message was stored");
        central.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_agents_are_all_acknowledged() {
    with_each_broker(async |central| {
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: central.broker_port,
            login: None,
            tls: None,
            client_id: "load".to_owned(),
            keep_session: false,
            last_will: None,
        };
        let (rate, duration) = (50.0, Duration::from_secs(2));
        let outcome =
            simulate::run(Load { address, hall: hall(), agents: 4, windows: 3, rate, duration }).await;
        assert!(outcome.sent > 50, "{outcome:?}");
        assert_eq!((outcome.unacked, outcome.acked), (0, outcome.sent), "{outcome:?}");
        let store = store(&central).await;
        let page = store.events(&Default::default(), 0, 200).await.unwrap();
        let mut messages = 0;
        for number in 0..page.total.div_ceil(200) {
            let page = store.events(&Default::default(), u32::try_from(number).unwrap(), 200).await.unwrap();
            for episode in page.episodes {
                assert!(episode.event.closed_at.is_some(), "left open: {episode:?}");
                messages += store.messages(episode.event.id).await.unwrap().len() as u64;
            }
        }
        assert_eq!(messages, outcome.sent, "messages in the database and messages sent");
        central.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_comes_back_after_the_broker_did() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let port = mosquitto.port;
    let central = Central::external(port).await;
    let agent = Agent::connect(port, "edge-02").await;
    agent.publish(Channel::Status, r#"{"online":true}"#).await;
    let store = store(&central).await;
    let online = async || store.agents().await.ok()?.first().map(|agent| agent.online);
    eventually("the agent is there", async || online().await.filter(|online| *online)).await;
    drop(mosquitto);
    // Without the broker nobody knows.
    eventually("the agent is out of sight", async || online().await.filter(|online| !online)).await;
    eventually("central notices", async || {
        let ready = reqwest::get(central.url("/readyz")).await.ok()?;
        (ready.status() == 503).then_some(())
    })
    .await;
    let again = Mosquitto::on(port).expect("it was there a moment ago");
    let mut agent = Agent::connect(port, "edge-01").await;
    agent.deliver(&opened("edge-01", "3", Rule::Slumped)).await;
    central.stop().await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_of_the_older_version_will_do() {
    // The embedded broker's two listeners each speak one version and hang up on the other.
    let (v5, v4) = (free_port(), free_port());
    let central = Central::embedded_with_older_version(v5, v4).await;
    let mut agent = Agent::connect(v4, "edge-01").await;
    agent.deliver(&opened("edge-01", "3", Rule::Slumped)).await;
    central.stop().await;
}
