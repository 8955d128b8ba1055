//! Reports over the API: what counts, what stands apart, whose they are, and what an auditor may see.

mod common;

use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Channel, Coverage, CoverageSchema, Observed};
use common::browser::Browser;
use common::{Agent, Central, closed, eventually, opened};
use jiff::{SignedDuration, ToSpan as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Yesterday at ten in the hall's time zone, and that day.
fn yesterday_at_ten() -> (Timestamp, String) {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let day = Timestamp::now().to_zoned(zone.clone()).date().checked_sub(1.day()).unwrap();
    (day.at(10, 0, 0, 0).to_zoned(zone).unwrap().timestamp(), day.to_string())
}

fn past(rule: Rule, window: &str, at: Timestamp) -> Event {
    Event {
        opened_at: at,
        at: at + SignedDuration::from_mins(2),
        historical: true,
        ..opened("edge-01", window, rule)
    }
}

fn hour(at: Timestamp, observed_s: f64) -> Coverage {
    let seen = |s| (s, Observed { observed_s, unknown_s: 3600.0 - observed_s });
    let signals: BTreeMap<_, _> = Signal::ALL.into_iter().map(seen).collect();
    Coverage {
        schema: CoverageSchema::V1,
        hour: at,
        windows: BTreeMap::from([(WindowId::new("1").unwrap(), signals)]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_what_is_confirmed_beside_what_was_observed() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let (ten, day) = yesterday_at_ten();
    let events = [
        past(Rule::Slumped, "1", ten),
        past(Rule::Tilted, "1", ten + SignedDuration::from_mins(20)),
        past(Rule::Absence, "1", ten + SignedDuration::from_mins(40)),
    ];
    for event in &events {
        agent.deliver(event).await;
        agent.deliver(&closed(event)).await;
    }
    agent.publish(Channel::Coverage, serde_json::to_string(&hour(ten, 2700.0)).unwrap()).await;
    let head = Browser::sign_in(&central, "head").await;
    for (event, verdict) in [(&events[0], "confirmed"), (&events[1], "wrong")] {
        head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": verdict })).await;
    }
    let path = format!("/api/v1/reports/conduct?hall=tanggu&from={day}&to={day}");
    let report = eventually("coverage arrives", async || {
        let report = head.json(&path).await;
        (report["total"]["observed_h"] == 0.75).then_some(report)
    })
    .await;
    let total = &report["total"];
    assert_eq!(
        (&total["counted"], &total["void"], &total["waiting"], &total["contested"]),
        (&json!(1), &json!(1), &json!(1), &json!(0))
    );
    assert_eq!(total["unknown_h"], 0.25);
    assert_eq!(total["rate"], Value::Null, "three quarters of an hour say nothing of a hundred");
    assert_eq!(report["rules"][0]["rule"], "slumped");
    assert_eq!(report["windows"][0]["counted"], 1);
    assert_eq!(report["hours"].as_array().unwrap().iter().find(|h| h["hour"] == 10).unwrap()["counted"], 1);
    assert_eq!(report["days"].as_array().unwrap().len(), 1);

    let csv = head.get(&path.replace("conduct", "conduct.csv")).await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(
        csv.headers()["content-disposition"].to_str().unwrap().contains(&format!("chuangming-tanggu-{day}"))
    );
    let text = csv.text().await.unwrap();
    assert!(text.contains("计入事件") && text.contains(&day), "{text}");
    let xlsx = head.get(&path.replace("conduct", "conduct.xlsx")).await.bytes().await.unwrap();
    assert!(xlsx.starts_with(b"PK"));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_for_heads_of_that_hall_and_bounded() {
    let central = Central::embedded().await;
    let ask = "?hall=tanggu&from=2026-11-01&to=2026-11-30";
    for (name, status) in
        [("head", 200), ("other", 403), ("installer", 403), ("auditor", 403), ("staff", 403), ("admin", 403)]
    {
        let browser = Browser::sign_in(&central, name).await;
        for file in ["conduct", "conduct.csv", "conduct.xlsx"] {
            let response = browser.get(&format!("/api/v1/reports/{file}{ask}")).await;
            assert_eq!(response.status(), status, "{name} {file}");
        }
    }
    let head = Browser::sign_in(&central, "head").await;
    for wrong in [
        "?hall=tanggu&from=2026-11-30&to=2026-11-01",
        "?hall=tanggu&from=2026-01-01&to=2026-11-30",
        "?hall=tanggu",
        "?hall=tanggu&from=x&to=y",
    ] {
        assert_eq!(head.get(&format!("/api/v1/reports/conduct{wrong}")).await.status(), 400, "{wrong}");
    }
    let unsigned = reqwest::get(central.url(&format!("/api/v1/reports/conduct{ask}"))).await.unwrap();
    assert_eq!(unsigned.status(), 401);
    central.stop().await;
}

/// Whole months of whole halls, and only where five people stand behind; nothing that could tell of fewer.
#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_no_small_group() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let (ten, day) = yesterday_at_ten();
    let event = past(Rule::Slumped, "1", ten);
    agent.deliver(&event).await;
    agent.publish(Channel::Coverage, serde_json::to_string(&hour(ten, 2700.0)).unwrap()).await;
    let head = Browser::sign_in(&central, "head").await;
    head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": "confirmed" })).await;
    let body = json!({ "name": "上午班", "hours": ["08:30-12:00"], "breaks": [] });
    head.send(reqwest::Method::PUT, "/api/v1/halls/tanggu/shifts/am", body).await;
    let store = central.store().await;
    let mut staff = Vec::new();
    for n in 0..5 {
        let name = format!("staff-{n}");
        let role = chuangming_central::role::Role::Staff;
        let new = chuangming_central::store::NewAccount {
            name: name.clone(),
            password_hash: String::new(),
            role,
            halls: Some(vec![common::hall()]),
        };
        store.put_account(&new, Timestamp::now()).await.unwrap();
        staff.push(store.account(&name).await.unwrap().unwrap().id);
    }
    let roster = async |staff: &[String]| {
        let cells = json!({ "cells": [{ "day": day, "window": "1", "shift": "am", "staff": staff }] });
        head.send(reqwest::Method::PUT, "/api/v1/halls/tanggu/roster", cells).await
    };
    let auditor = Browser::sign_in(&central, "auditor").await;
    let path = format!("/api/v1/reports/aggregate?month={}", &day[..7]);
    roster(&staff[..4]).await;
    let told = eventually("coverage arrives", async || {
        let told = auditor.json(&path).await;
        (told["halls"][0]["coverage"].as_f64() > Some(0.0)).then_some(told)
    })
    .await;
    assert_eq!((&told["halls"][0]["figures"], &told["total"]), (&Value::Null, &Value::Null));
    roster(&staff).await;
    let told = auditor.json(&path).await;
    let figures = &told["halls"][0]["figures"];
    assert_eq!(
        (&figures["people"], &figures["counted"], &figures["rules"][0]["rule"]),
        (&json!(5), &json!(1), &json!("slumped"))
    );
    let text = told.to_string();
    assert!(
        !text.contains("staff-") && !text.contains("window") && !text.contains(&event.id.to_string()),
        "{text}"
    );
    assert_eq!(auditor.get("/api/v1/reports/aggregate?month=2999-01").await.status(), 400);
    assert_eq!(auditor.get("/api/v1/reports/aggregate?month=2026-1").await.status(), 400);
    central.stop().await;
}
