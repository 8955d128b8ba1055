//! Tokens, and what the login that an agent gets for one is good for.

use super::agents::{Edge, address, agent_id, central, embedded, enrol, machine};
use crate::common::browser::Browser;
use crate::common::{Mosquitto, eventually, free_port, fresh_store, hall, may_connect};
use chuangming_central::ingest::link::Incoming;
use chuangming_central::store::{Enrolment, Login};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::wire::Channel;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

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
    let login =
        |logins: Vec<Login>| logins.into_iter().find(|login| login.agent == agent_id("edge-01")).unwrap();
    let revoked = login(store.logins().await.unwrap());
    assert!(revoked.revoked.is_some() && revoked.password_hash.is_none());
    store.add_enrolment(&token("6", "edge-01"), "6").await.unwrap();
    assert_eq!(spend("6", now).await.as_deref(), Some("edge-01"));
    assert!(login(store.logins().await.unwrap()).revoked.is_none());
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
        let fleet = installer.json("/api/v1/fleet").await;
        (fleet["agents"][0]["machine"]["cameras"][0]["id"] == "cam-1").then_some(())
    })
    .await;
    let revoke = installer.send(Method::POST, "/api/v1/fleet/tanggu/edge-01/revoke", Value::Null).await;
    assert_eq!(revoke.status(), 204);
    // Its connection is ended and it finds no way back.
    while !matches!(edge.next().await, Incoming::Broken(_)) {}
    assert!(!may_connect(address(port, own, "tanggu-edge-01")).await);
    let fleet = installer.json("/api/v1/fleet").await;
    assert_eq!(
        (&fleet["agents"][0]["online"], &fleet["agents"][0]["revoked"]["by"]),
        (&json!(false), &json!("installer"))
    );
    let tokens = installer.json("/api/v1/enrolments").await;
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
        let fleet = head.json("/api/v1/fleet").await;
        (fleet["agents"].as_array()?.len() == 2).then_some(())
    })
    .await;
    // One that speaks for the other is not heard.
    let foreign = Channel::Machine.topic(&hall(), &other.id);
    let payload = serde_json::to_string(&machine(Timestamp::now(), "foreign")).unwrap();
    one.outbox.publish(&foreign, payload, false).await.unwrap();
    one.say(Channel::Machine, &machine(Timestamp::now(), "heard")).await;
    let heard = async |agent: usize, expected: &Value| {
        let fleet = head.json("/api/v1/fleet").await;
        (fleet["agents"][agent]["machine"]["calibration"] == *expected).then_some(())
    };
    eventually("its own word is heard", async || heard(0, &json!(Digest::of(b"heard"))).await).await;
    assert!(heard(1, &json!(Digest::of(b"foreign"))).await.is_none(), "an agent spoke for another");
    central.stop().await;
}
