//! What a center head says of an event: over the API, on every other open page, and in the logs.

mod common;

use chuangming_central::store::AccessFilter;
use chuangming_domain::event::Event;
use chuangming_domain::rule::Rule;
use common::browser::{Browser, problem};
use common::{Agent, Central, closed, opened};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

fn soon() -> String {
    (chuangming_domain::Timestamp::now() + Duration::from_secs(1200)).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_is_told_logged_idempotent_and_can_be_taken_back() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let event = opened("edge-01", "1", Rule::Slumped);
    agent.deliver(&event).await;
    let other_page = Browser::sign_in(&central, "head").await;
    let mut page = other_page.stream(None).await;
    assert_eq!(page.next().await.name, "ready");

    let one = format!("/api/v1/events/{}", event.id);
    let until = soon();
    let acts = [
        ("snooze", json!({"until": until, "reason": "在路上"}), "snooze", "/snooze/reason", json!("在路上")),
        ("note", json!({"text": " 已当面提醒 "}), "note", "/note/text", json!("已当面提醒")),
        ("acknowledgement", Value::Null, "acknowledge", "/acknowledged/by", json!("head")),
        ("verdict", json!({"verdict": "confirmed"}), "confirm", "/verdict/verdict", json!("confirmed")),
        ("verdict", json!({"verdict": "wrong"}), "mark_wrong", "/verdict/verdict", json!("wrong")),
    ];
    for (part, body, step, pointer, expected) in &acts {
        let path = format!("{one}/{part}");
        let done = head.put(&path, body.clone()).await;
        assert_eq!(done.pointer(pointer), Some(expected), "{step}: {done}");
        let told = page.next().await;
        assert_eq!(
            (told.name.as_str(), &told.data["event"], &told.data["ring"]),
            ("reviewed", &done, &json!(false))
        );
        // Again: nothing changes and nothing is told.
        assert_eq!(head.put(&path, body.clone()).await, done, "{step}");
    }
    assert_eq!(head.json(&one).await["event"]["snooze"], Value::Null, "who has seen it needs no reminder");
    head.put(&format!("{one}/snooze"), json!({"until": until, "reason": "稍后"})).await;
    for (part, pointer) in [
        ("snooze", "/snooze"),
        ("verdict", "/verdict"),
        ("note", "/note"),
        ("acknowledgement", "/acknowledged"),
    ] {
        let done = head.delete(&format!("{one}/{part}")).await;
        assert_eq!(done.pointer(pointer), Some(&Value::Null), "{part}: {done}");
        assert_eq!(head.delete(&format!("{one}/{part}")).await, done, "{part}");
    }
    let steps = head.json(&one).await["review"].clone();
    let steps: Vec<_> = steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "snooze",
            "note",
            "acknowledge",
            "confirm",
            "mark_wrong",
            "snooze",
            "end_snooze",
            "withdraw_verdict",
            "remove_note",
            "withdraw_acknowledgement",
        ]
    );
    let store = central.store().await;
    let logged = store.accesses(&AccessFilter::default(), 200).await.unwrap();
    for step in steps {
        let subject = event.id.to_string();
        assert!(
            logged.iter().any(|row| {
                let entry = &row.entry;
                row.name.as_deref() == Some("head")
                    && entry.action == step
                    && entry.event.as_deref() == Some(subject.as_str())
            }),
            "{step}"
        );
    }
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let event = opened("edge-01", "1", Rule::Slumped);
    agent.deliver(&event).await;
    let one = format!("/api/v1/events/{}", event.id);
    let head = Browser::sign_in(&central, "head").await;
    let long = "长".repeat(501);
    for (part, body) in [
        ("verdict", json!({"verdict": "guilty"})),
        ("verdict", json!({})),
        ("note", json!({"text": "  "})),
        ("note", json!({"text": long})),
        ("snooze", json!({"until": "2020-01-01T00:00:00Z", "reason": "x"})),
        ("snooze", json!({"until": "2099-01-01T00:00:00Z", "reason": "x"})),
        ("snooze", json!({"until": soon(), "reason": ""})),
        ("snooze", json!({"until": soon()})),
    ] {
        let refused = head.send(Method::PUT, &format!("{one}/{part}"), body.clone()).await;
        assert_eq!(problem(refused).await, (StatusCode::BAD_REQUEST, "invalid".to_owned()), "{part} {body}");
    }
    let acts = [
        ("acknowledgement", Value::Null),
        ("verdict", json!({"verdict": "confirmed"})),
        ("note", json!({"text": "x"})),
        ("snooze", json!({"until": soon(), "reason": "x"})),
    ];
    // Another hall's event is no event to its head; other roles may not look at conduct at all.
    for (name, expected) in [("other", 404), ("installer", 403), ("auditor", 403)] {
        let browser = Browser::sign_in(&central, name).await;
        for (part, body) in &acts {
            for (method, body) in [(Method::PUT, body.clone()), (Method::DELETE, Value::Null)] {
                let refused = browser.send(method.clone(), &format!("{one}/{part}"), body).await;
                assert_eq!(refused.status(), expected, "{name} {method} {part}");
            }
        }
    }
    for (part, body) in &acts {
        let nobody = reqwest::Client::new()
            .put(central.url(&format!("{one}/{part}")))
            .json(body)
            .send()
            .await
            .unwrap();
        assert_eq!(nobody.status(), 401, "{part}");
        let unprotected =
            head.request(Method::PUT, &format!("{one}/{part}")).json(body).send().await.unwrap();
        assert_eq!(problem(unprotected).await.1, "csrf", "{part}");
    }
    let details = head.json(&one).await;
    assert_eq!((&details["review"], &details["event"]["acknowledged"]), (&json!([]), &Value::Null));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_or_historical_event_can_still_be_decided() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let clutter = opened("edge-01", "1", Rule::Clutter);
    let old = Event { historical: true, ..opened("edge-01", "2", Rule::Tilted) };
    for event in [&clutter, &closed(&clutter), &old] {
        agent.deliver(event).await;
    }
    let head = Browser::sign_in(&central, "head").await;
    for (event, verdict) in [(&clutter, "confirmed"), (&old, "wrong")] {
        head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({"verdict": verdict})).await;
        let found = head.json(&format!("/api/v1/events?verdict={verdict}")).await;
        assert_eq!((&found["total"], &found["events"][0]["id"]), (&json!(1), &json!(event.id.to_string())));
    }
    assert_eq!(head.json("/api/v1/events?verdict=none").await["total"], 0);
    central.stop().await;
}
