//! What a staff member sees of their own work, when, and what never counts.

mod common;

use chuangming_central::role::Role;
use chuangming_central::store::{NewAccount, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Channel, Coverage, CoverageSchema, Observed, Status};
use common::browser::Browser;
use common::roster::{HALL, past, post, shift, staff_id, ten_o_clock, today};
use common::{Agent, Central, closed, eventually, hall, opened};
use jiff::SignedDuration;
use jiff::civil::Date;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The account `staff` at window 1 around the clock on these days.
async fn all_day(head: &Browser<'_>, days: &[Date]) {
    shift(head, "day", &["00:00-23:59"], &[]).await;
    post(head, "day", days).await;
}

fn yesterday() -> Date {
    today().yesterday().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_an_event_no_later_than_the_head() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    all_day(&head, &[yesterday(), today()]).await;
    let staff = Browser::sign_in(&central, "staff").await;
    let (mut theirs, mut heads) = (staff.stream(None).await, head.stream(None).await);
    assert_eq!((theirs.next().await.name, heads.next().await.name), ("ready".to_owned(), "ready".to_owned()));
    let (other, mine) = (opened("edge-01", "2", Rule::Slumped), opened("edge-01", "1", Rule::Slumped));
    agent.deliver(&other).await;
    agent.deliver(&mine).await;
    // The same notice goes to both at once; another's window is not told to staff.
    let told = theirs.wait_for("opened").await;
    assert_eq!(told.data["event"]["id"], mine.id.to_string());
    while heads.wait_for("opened").await.data["event"]["id"] != mine.id.to_string() {}
    // Whoever asks as soon as a head may know finds it.
    let own = staff.json(&format!("/api/v1/me/summary?grain=week&day={}", today())).await;
    let ids: Vec<_> = own["events"].as_array().unwrap().iter().map(|e| e["id"].clone()).collect();
    assert_eq!(ids, [json!(mine.id.to_string())]);
    assert_eq!(own["events"][0]["standing"], "unconfirmed");
    assert!(own["events"][0]["reason"]["zh-CN"].as_str().is_some_and(|text| !text.is_empty()));
    for field in ["rule", "article", "confidence", "opened_at"] {
        assert!(!own["events"][0][field].is_null(), "{field}");
    }
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconfirmed_contested_and_wrong_events_never_count() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = (yesterday(), ten_o_clock(yesterday()));
    all_day(&head, &[day]).await;
    let at = |minutes: i64| ten + SignedDuration::from_mins(minutes);
    let events: Vec<_> = (0..4).map(|n| past(Rule::Tilted, "1", at(n * 10))).collect();
    for event in &events {
        agent.deliver(event).await;
        agent.deliver(&closed(event)).await;
    }
    let coverage = Coverage {
        schema: CoverageSchema::V1,
        hour: ten,
        windows: BTreeMap::from([(
            WindowId::new("1").unwrap(),
            BTreeMap::from([(Signal::Posture, Observed { observed_s: 2700.0, unknown_s: 900.0 })]),
        )]),
    };
    agent.publish(Channel::Coverage, serde_json::to_string(&coverage).unwrap()).await;
    let verdict = async |event: &Event, verdict: &str| {
        head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": verdict })).await;
    };
    verdict(&events[1], "wrong").await;
    verdict(&events[2], "confirmed").await;
    verdict(&events[3], "confirmed").await;
    let staff = Browser::sign_in(&central, "staff").await;
    staff
        .send(
            Method::POST,
            &format!("/api/v1/me/events/{}/contest", events[2].id),
            json!({ "choice": "not_so" }),
        )
        .await;
    let path = format!("/api/v1/me/summary?grain=day&day={day}");
    let own = eventually("coverage arrives", async || {
        let own = staff.json(&path).await;
        (own["observed_h"] == 0.75).then_some(own)
    })
    .await;
    assert_eq!((&own["unknown_h"], &own["counted"]), (&json!(0.25), &json!(1)));
    let standings: BTreeMap<_, _> = own["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["id"].as_str().unwrap().to_owned(), e["standing"].as_str().unwrap().to_owned()))
        .collect();
    let expected = ["unconfirmed", "void", "contested", "counts"];
    for (event, expected) in events.iter().zip(expected) {
        assert_eq!(standings[&event.id.to_string()], expected);
    }
    assert_eq!(
        own["rules"],
        json!([{ "rule": "tilted", "title": own["rules"][0]["title"], "article": "16.4", "counted": 1 }])
    );
    // Nothing that could become a score or a rank.
    let text = own.to_string();
    for word in ["score", "rank", "grade", "points", "salary", "bonus"] {
        assert!(!text.contains(word), "{word}");
    }
    // Nobody else stands beside it: no comparison.
    assert_eq!((&own["comparison"]["others"], &own["comparison"]["people"]), (&Value::Null, &Value::Null));
    // Two at one window: it cannot be told whose it is.
    let first = staff_id(&head).await;
    let second = add_staff(&central, "second").await;
    let cells = json!({ "cells": [{ "day": day, "window": "1", "shift": "day", "staff": [first, second] }] });
    head.send(Method::PUT, &format!("{HALL}/roster"), cells).await;
    let own = staff.json(&path).await;
    assert_eq!(own["counted"], 0);
    assert!(own["events"].as_array().unwrap().iter().all(|e| e["standing"] == "shared"));
    central.stop().await;
}

/// Another staff member of the hall; the account's id.
async fn add_staff(central: &Central, name: &str) -> String {
    let store: Store = central.store().await;
    let new = NewAccount {
        name: name.to_owned(),
        password_hash: String::new(),
        role: Role::Staff,
        halls: Some(vec![hall()]),
    };
    store.put_account(&new, Timestamp::now()).await.unwrap();
    store.account(name).await.unwrap().unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_needs_five_others() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = (yesterday(), ten_o_clock(yesterday()));
    all_day(&head, &[day]).await;
    let mut cells = Vec::new();
    let mut windows = BTreeMap::new();
    let observed = |s: f64| BTreeMap::from([(Signal::Presence, Observed { observed_s: s, unknown_s: 0.0 })]);
    windows.insert(WindowId::new("1").unwrap(), observed(3600.0));
    for n in 2..=6 {
        let who = add_staff(&central, &format!("staff-{n}")).await;
        cells.push(json!({ "day": day, "window": n.to_string(), "shift": "day", "staff": [who] }));
        windows.insert(WindowId::new(n.to_string()).unwrap(), observed(3600.0));
    }
    let four: Vec<_> = cells[..4].to_vec();
    head.send(Method::PUT, &format!("{HALL}/roster"), json!({ "cells": four })).await;
    // Nine hours, so that a rate says something.
    for hour in 0..9 {
        let at = ten - SignedDuration::from_hours(hour);
        let coverage = Coverage { schema: CoverageSchema::V1, hour: at, windows: windows.clone() };
        agent.publish(Channel::Coverage, serde_json::to_string(&coverage).unwrap()).await;
    }
    let event = past(Rule::Tilted, "2", ten);
    agent.deliver(&event).await;
    head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": "confirmed" })).await;
    let staff = Browser::sign_in(&central, "staff").await;
    let path = format!("/api/v1/me/summary?grain=week&day={day}");
    let own = eventually("coverage arrives", async || {
        let own = staff.json(&path).await;
        (own["observed_h"] == 9.0).then_some(own)
    })
    .await;
    let comparison = |own: &Value| own["comparison"].clone();
    assert_eq!(
        comparison(&own),
        json!({ "own": 0.0, "others": null, "people": null, "fewest": 5 }),
        "four others are too few"
    );
    head.send(Method::PUT, &format!("{HALL}/roster"), json!({ "cells": [cells[4]] })).await;
    let shown = comparison(&staff.json(&path).await);
    assert_eq!(shown["people"], 5);
    assert!((shown["others"].as_f64().unwrap() - 100.0 / 45.0).abs() < 1e-9, "{shown}");
    // By the day nobody is compared, however many there are.
    let by_day = comparison(&staff.json(&format!("/api/v1/me/summary?grain=day&day={day}")).await);
    assert_eq!((&by_day["others"], &by_day["people"]), (&Value::Null, &Value::Null));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stepping_away_shows_as_service_and_keeps_alerts_quiet() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let online = Status { online: true, version: None, since: None };
    agent.publish(Channel::Status, serde_json::to_string(&online).unwrap()).await;
    let head = Browser::sign_in(&central, "head").await;
    let staff = Browser::sign_in(&central, "staff").await;
    assert_eq!(
        staff.send(Method::PUT, "/api/v1/me/away", Value::Null).await.status(),
        StatusCode::CONFLICT,
        "not posted"
    );
    all_day(&head, &[yesterday(), today()]).await;
    let mut page = head.stream(None).await;
    assert_eq!(page.next().await.name, "ready");
    let away: Value = staff.send(Method::PUT, "/api/v1/me/away", Value::Null).await.json().await.unwrap();
    assert!(away["away_until"].is_string(), "{away}");
    assert_eq!(page.wait_for("duty").await.data["hall"], "tanggu");
    let window = async || head.json("/api/v1/halls").await["halls"][0]["windows"][0]["resting"].clone();
    assert_eq!(window().await, "away");
    // An absence that this explains is kept, and neither rings nor stands among the alerts.
    let now = Timestamp::now();
    let absence = Event {
        opened_at: now - SignedDuration::from_secs(1),
        at: now + SignedDuration::from_secs(1),
        ..opened("edge-01", "1", Rule::Absence)
    };
    let smoking = opened("edge-01", "1", Rule::Smoking);
    agent.deliver(&absence).await;
    agent.deliver(&smoking).await;
    let told = page.wait_for("opened").await;
    assert_eq!((&told.data["ring"], &told.data["event"]["suspended"]), (&json!(false), &json!("away")));
    assert_eq!(page.wait_for("opened").await.data["ring"], true);
    let alerts = head.json("/api/v1/alerts").await;
    let rules: Vec<_> = alerts["events"].as_array().unwrap().iter().map(|e| e["rule"].clone()).collect();
    assert_eq!(rules, [json!("smoking")]);
    let back: Value = staff.send(Method::DELETE, "/api/v1/me/away", Value::Null).await.json().await.unwrap();
    assert_eq!(back["away_until"], Value::Null);
    assert_eq!(window().await, Value::Null);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_everything_and_who_looked() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = (yesterday(), ten_o_clock(yesterday()));
    all_day(&head, &[day, today()]).await;
    let (mine, other) = (past(Rule::Tilted, "1", ten), past(Rule::Tilted, "2", ten));
    agent.deliver(&mine).await;
    agent.deliver(&other).await;
    head.json(&format!("/api/v1/events/{}", mine.id)).await;
    let staff = Browser::sign_in(&central, "staff").await;
    staff.send(Method::PUT, "/api/v1/me/away", Value::Null).await;
    staff
        .send(
            Method::POST,
            &format!("/api/v1/me/events/{}/contest", mine.id),
            json!({ "choice": "other", "text": "当时在取件" }),
        )
        .await;
    // A colleague who reads their own summary has not looked at anybody else.
    central.add_account("colleague", Role::Staff).await;
    Browser::sign_in(&central, "colleague").await.json("/api/v1/me/summary?grain=week").await;
    let looks = staff.json("/api/v1/me/looks").await;
    let looked: Vec<_> =
        looks["entries"].as_array().unwrap().iter().filter(|e| e["event"] == mine.id.to_string()).collect();
    assert!(looked.iter().any(|e| e["name"] == "head" && e["action"] == "view_event"), "{looks}");
    assert!(!looks.to_string().contains("colleague"), "{looks}");
    assert!(!looks.to_string().contains(&other.id.to_string()), "who looked at others is not theirs to know");
    let answer = staff.get("/api/v1/me/export").await;
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("chuangming-"));
    let copy: Value = answer.json().await.unwrap();
    assert_eq!(
        (&copy["account"]["name"], &copy["appeals"][0]["text"]),
        (&json!("staff"), &json!("当时在取件"))
    );
    assert_eq!(copy["events"].as_array().unwrap().len(), 1);
    assert_eq!(copy["posts"].as_array().unwrap().len(), 2);
    assert_eq!(copy["aways"].as_array().unwrap().len(), 1);
    assert!(
        !copy["sessions"].as_array().unwrap().is_empty() && !copy["looks"].as_array().unwrap().is_empty()
    );
    assert!(!copy.to_string().contains(&other.id.to_string()));
    // Somebody who left: what was about them is gone.
    let admin = Browser::sign_in(&central, "admin").await;
    let accounts = admin.json("/api/v1/accounts").await;
    let id = accounts["accounts"].as_array().unwrap().iter().find(|a| a["name"] == "staff").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    admin.send(Method::DELETE, &format!("/api/v1/accounts/{id}"), Value::Null).await;
    let duty = head.json(&format!("{HALL}/duty?from={day}&to={}", today())).await;
    assert_eq!(duty["cells"], json!([]));
    let appeals = head.json("/api/v1/appeals").await;
    assert_eq!(
        (&appeals["appeals"][0]["text"], &appeals["appeals"][0]["made"]["by"]),
        (&json!(""), &Value::Null)
    );
    central.stop().await;
}

/// The deadline passes without an answer: the event is dropped and pages are told.
#[tokio::test]
async fn an_appeal_that_nobody_answers_drops_the_event() {
    let (store, _dir, _) = common::fresh_store().await;
    let now = Timestamp::now();
    let who = NewAccount {
        name: "li".into(),
        password_hash: String::new(),
        role: Role::Staff,
        halls: Some(vec![hall()]),
    };
    store.put_account(&who, now).await.unwrap();
    let li = store.account("li").await.unwrap().unwrap();
    let event = opened("edge-01", "1", Rule::Slumped);
    let arrival = chuangming_central::store::Arrival {
        hall: hall(),
        agent: event.agent.clone(),
        body: chuangming_central::store::Body::Event(Box::new(event.clone())),
    };
    store.record(&[arrival], now).await.unwrap();
    let confirm = chuangming_central::review::Act::Decide(chuangming_central::review::Verdict::Confirmed);
    store.review(&event, "head", &confirm, now).await.unwrap();
    let due = now + SignedDuration::from_hours(24);
    let choice = chuangming_central::staff::appeal::Choice::NotSo;
    store.contest(&event, &li, (choice, ""), due, now).await.unwrap().unwrap();
    assert!(store.drop_late_appeals(due - SignedDuration::from_secs(1)).await.unwrap().is_empty());
    let changes = store.drop_late_appeals(due).await.unwrap();
    assert_eq!(changes.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), [event.id.to_string()]);
    assert!(store.drop_late_appeals(due).await.unwrap().is_empty(), "once");
    let (from, to) =
        (event.opened_at - SignedDuration::from_secs(1), event.opened_at + SignedDuration::from_secs(1));
    let seen = store.seen(&hall(), from, to, due).await.unwrap();
    assert_eq!(seen[0].standing, chuangming_central::report::Standing::Void);
}
