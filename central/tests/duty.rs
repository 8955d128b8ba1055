//! Duty over the API: rosters by page and file, calendar, pauses, accommodations, and what rests because of them.

mod common;

use chuangming_central::duty::{Calendar, DayKind, zone};
use chuangming_central::http::openapi::document;
use chuangming_central::role::Role;
use chuangming_central::store::{Arrival, Body, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::rule::Rule;
use common::browser::{Browser, problem};
use common::roster::{HALL, past, post, shift, ten_o_clock, today};
use common::{Agent, Central, closed};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The last ordinary workday before today, and ten o'clock of it in the hall.
fn workday_at_ten() -> (Date, Timestamp) {
    let today = today();
    let calendar = Calendar::default();
    let before = (1..30).map(|back| today.checked_sub(back.days()).unwrap());
    let day = before.into_iter().find(|day| calendar.kind(*day) == DayKind::Workday).unwrap();
    (day, ten_o_clock(day))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_by_page_and_by_file() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    shift(&head, "am", &["08:30-12:00"], &["10:00-10:15"]).await;
    let duty = head.json(&format!("{HALL}/duty?from=2026-10-01&to=2026-10-11")).await;
    let kinds: Vec<_> =
        duty["days"].as_array().unwrap().iter().map(|d| d["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[7], kinds[9], kinds[10]), ("holiday", "workday", "compensatory", "weekend"));
    assert_eq!(duty["shifts"][0]["breaks"], json!(["10:00-10:15"]));
    let who = duty["staff"][0]["id"].clone();
    assert_eq!(duty["staff"][0]["name"], "staff");

    let cell = json!({ "day": "2026-10-09", "window": "1", "shift": "am", "staff": [who] });
    let put = async |cell: &Value| {
        head.send(Method::PUT, &format!("{HALL}/roster"), json!({ "cells": [cell] })).await
    };
    assert_eq!(put(&cell).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        head.json(&format!("{HALL}/duty?from=2026-10-09&to=2026-10-09")).await["cells"],
        json!([cell])
    );
    let mut wrong = cell.clone();
    wrong["staff"] = json!(["nobody"]);
    assert_eq!(problem(put(&wrong).await).await, (StatusCode::BAD_REQUEST, "invalid".to_owned()));
    wrong["shift"] = json!("pm");
    assert_eq!(put(&wrong).await.status(), StatusCode::BAD_REQUEST);
    let mut nobody = cell.clone();
    nobody["staff"] = json!([]);
    put(&nobody).await;
    assert_eq!(head.json(&format!("{HALL}/duty?from=2026-10-09&to=2026-10-09")).await["cells"], json!([]));

    let send = async |query: &str, kind: &'static str, file: Vec<u8>| {
        let request = head.request(Method::POST, &format!("{HALL}/roster/file{query}"));
        request
            .header("x-csrf-token", &head.csrf)
            .header("content-type", kind)
            .body(file)
            .send()
            .await
            .unwrap()
    };
    let file = "日期,窗口,班次,姓名\n2026-10-09,一号窗口,班次 am,staff\n";
    let checked = send("?check=true", "text/csv", file.into()).await;
    assert_eq!(checked.json::<Value>().await.unwrap(), json!({ "cells": [cell], "taken": false }));
    assert_eq!(head.json(&format!("{HALL}/duty?from=2026-10-09&to=2026-10-09")).await["cells"], json!([]));
    let taken = send("", "text/csv; charset=utf-8", file.into()).await;
    assert_eq!(taken.json::<Value>().await.unwrap(), json!({ "cells": [cell], "taken": true }));
    assert_eq!(
        head.json(&format!("{HALL}/duty?from=2026-10-09&to=2026-10-09")).await["cells"],
        json!([cell])
    );
    // What was written out can be read in again, from both kinds of file.
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (ending, kind) in [("csv", "text/csv"), ("xlsx", xlsx)] {
        let written = head.get(&format!("{HALL}/roster/file.{ending}?from=2026-10-01&to=2026-10-31")).await;
        assert_eq!(written.status(), 200);
        let again = send("?check=true", kind, written.bytes().await.unwrap().to_vec()).await;
        assert_eq!(again.json::<Value>().await.unwrap()["cells"], json!([cell]), "{ending}");
    }
    let refused =
        send("", "text/csv", "日期,窗口,班次,姓名\n2026-10-08,1,am,staff\n2026-10-09,1,am,无此人\n".into())
            .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["problems"], json!([{ "row": 3, "field": "staff", "found": "无此人" }]));
    assert_eq!(
        head.json(&format!("{HALL}/duty?from=2026-10-08&to=2026-10-08")).await["cells"],
        json!([]),
        "nothing of it was taken"
    );
    assert_eq!(send("", "image/png", vec![1]).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    central.stop().await;
}

/// What is suspended is left out of everything; what is planned later is looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn plans_suspend_what_they_meet_also_afterwards() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = workday_at_ten();
    let (slumped, clutter) = (past(Rule::Slumped, "1", ten), past(Rule::Clutter, "2", ten));
    for event in [&slumped, &clutter] {
        agent.deliver(event).await;
        agent.deliver(&closed(event)).await;
        head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": "confirmed" })).await;
    }
    let report = format!("/api/v1/reports/conduct?hall=tanggu&from={day}&to={day}");
    let counted = async || head.json(&report).await["total"]["counted"].clone();
    let cause = async |event: &Event| {
        head.json(&format!("/api/v1/events/{}", event.id)).await["event"]["suspended"].clone()
    };
    assert_eq!(counted().await, 2);

    // A pause at one window, then of the whole hall, then none.
    let pause = |window: Value| json!({ "window": window, "from": ten.to_string(), "to": (ten + SignedDuration::from_hours(1)).to_string() });
    let made: Value =
        head.send(Method::POST, &format!("{HALL}/pauses"), pause(json!("1"))).await.json().await.unwrap();
    assert_eq!(
        (counted().await, cause(&slumped).await, cause(&clutter).await),
        (json!(1), json!("pause"), Value::Null)
    );
    head.send(Method::POST, &format!("{HALL}/pauses"), pause(Value::Null)).await;
    assert_eq!(counted().await, 0);
    let pauses = head.json(&format!("{HALL}/duty?from={day}&to={day}")).await["pauses"].clone();
    for pause in pauses.as_array().unwrap() {
        head.send(Method::DELETE, &format!("{HALL}/pauses/{}", pause["id"].as_str().unwrap()), Value::Null)
            .await;
    }
    assert!(pauses.as_array().unwrap().iter().any(|p| p["id"] == made["id"]));
    assert_eq!(counted().await, 2);

    // A day off, unless somebody is posted.
    head.send(Method::PUT, &format!("{HALL}/calendar/{day}"), json!({ "worked": false })).await;
    assert_eq!((counted().await, cause(&slumped).await), (json!(0), json!("holiday")));
    shift(&head, "am", &["08:30-12:00"], &[]).await;
    post(&head, "am", &[day]).await;
    assert_eq!((cause(&slumped).await, cause(&clutter).await), (Value::Null, json!("holiday")));
    head.send(Method::DELETE, &format!("{HALL}/calendar/{day}"), Value::Null).await;
    assert_eq!(counted().await, 2);

    // An accommodation; what it left out stays left out.
    let off = json!({ "window": "1", "shift": "am", "rule": "slumped", "from": day });
    assert_eq!(
        head.send(Method::POST, &format!("{HALL}/accommodations"), off).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!((counted().await, cause(&slumped).await), (json!(1), json!("accommodation")));
    let all = head.json(&format!("{HALL}/accommodations")).await;
    let id = all["accommodations"][0]["id"].as_str().unwrap();
    head.send(Method::DELETE, &format!("{HALL}/accommodations/{id}"), Value::Null).await;
    assert_eq!(head.json(&format!("{HALL}/accommodations")).await["accommodations"], json!([]));
    assert_eq!(cause(&slumped).await, "accommodation");
    central.stop().await;
}

/// One plan serves many events, and only those of its hall and days.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_together_rest_each_by_its_own_hall_and_day() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = workday_at_ten();
    let week_before = ten_o_clock(day.checked_sub(7.days()).unwrap());
    let hour = SignedDuration::from_hours(1);
    for from in [ten, week_before] {
        let pause = json!({ "window": null, "from": from.to_string(), "to": (from + hour).to_string() });
        let made = head.send(Method::POST, &format!("{HALL}/pauses"), pause).await;
        assert_eq!(made.status(), StatusCode::CREATED);
    }
    let at = |at: Timestamp| past(Rule::Slumped, "1", at);
    let elsewhere = |event: Event| Event { hall: "elsewhere".parse().unwrap(), ..event };
    let midnight = day.to_zoned(zone()).unwrap().timestamp();
    let expected = [
        (at(ten), true),
        (elsewhere(at(ten)), false),
        (at(ten + hour), false),
        (at(week_before), true),
        (at(ten), true),
        (at(midnight - SignedDuration::from_mins(1)), false),
        (at(week_before + hour), false),
    ];
    let arrivals: Vec<_> = expected
        .iter()
        .map(|(event, _)| Arrival {
            hall: event.hall.clone(),
            agent: event.agent.clone(),
            body: Body::Event(Box::new(event.clone())),
        })
        .collect();
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    store.record(&arrivals, Timestamp::now()).await.unwrap();
    for (event, rests) in expected {
        let stored = store.event(event.id).await.unwrap().unwrap();
        assert_eq!(stored.suspended.is_some(), rests, "{} at {}", event.hall, event.opened_at);
    }
    store.close().await;
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_is_made_once_and_answered_once() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let head = Browser::sign_in(&central, "head").await;
    let (day, ten) = workday_at_ten();
    shift(&head, "am", &["08:30-12:00"], &[]).await;
    post(&head, "am", &[day]).await;
    let (mine, other) = (past(Rule::Slumped, "1", ten), past(Rule::Slumped, "2", ten));
    for event in [&mine, &other] {
        agent.deliver(event).await;
        head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": "confirmed" })).await;
    }
    let staff = Browser::sign_in(&central, "staff").await;
    let contest = async |event: &Event, body: Value| {
        staff.send(Method::POST, &format!("/api/v1/me/events/{}/contest", event.id), body).await
    };
    assert_eq!(
        contest(&other, json!({ "choice": "not_so" })).await.status(),
        StatusCode::NOT_FOUND,
        "not of their posts"
    );
    assert_eq!(
        contest(&mine, json!({ "choice": "other", "text": " " })).await.status(),
        StatusCode::BAD_REQUEST
    );
    let made = contest(&mine, json!({ "choice": "not_my_shift", "text": "我请了假" })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    let due: Timestamp = made["due"].as_str().unwrap().parse().unwrap();
    assert!(
        due > Timestamp::now() + SignedDuration::from_hours(7 * 24),
        "seven working days are more than seven days"
    );
    assert_eq!(contest(&mine, json!({ "choice": "not_so" })).await.status(), StatusCode::CONFLICT);

    // Whoever confirmed it may not answer; another head of the hall may, once.
    let appeals = head.json("/api/v1/appeals").await;
    assert_eq!(
        (&appeals["appeals"][0]["text"], &appeals["appeals"][0]["may_answer"]),
        (&json!("我请了假"), &json!(false))
    );
    let path = format!("/api/v1/appeals/{}/answer", made["id"].as_str().unwrap());
    let answer = |decision: &str, reason: &str| json!({ "decision": decision, "reason": reason });
    assert_eq!(head.send(Method::POST, &path, answer("refused", "不")).await.status(), StatusCode::CONFLICT);
    let stranger = Browser::sign_in(&central, "other").await;
    assert_eq!(
        stranger.send(Method::POST, &path, answer("granted", "x")).await.status(),
        StatusCode::NOT_FOUND
    );
    central.add_account("deputy", Role::CenterHead).await;
    let deputy = Browser::sign_in(&central, "deputy").await;
    assert_eq!(
        deputy.send(Method::POST, &path, answer("granted", "  ")).await.status(),
        StatusCode::BAD_REQUEST,
        "an answer has a reason"
    );
    let answered: Value =
        deputy.send(Method::POST, &path, answer("granted", "排班确认有误")).await.json().await.unwrap();
    assert_eq!(
        (&answered["answer"]["decision"], &answered["answer"]["mark"]["by"]),
        (&json!("granted"), &json!("deputy"))
    );
    assert_eq!(deputy.send(Method::POST, &path, answer("refused", "x")).await.status(), StatusCode::CONFLICT);
    let own = staff.json(&format!("/api/v1/me/summary?grain=day&day={day}")).await;
    assert_eq!(
        (&own["events"][0]["standing"], &own["events"][0]["appeal"]["answer"]["reason"]),
        (&json!("void"), &json!("排班确认有误"))
    );
    assert_eq!(deputy.json("/api/v1/appeals?ended=true").await["appeals"].as_array().unwrap().len(), 1);
    central.stop().await;
}

/// No request and no table asks why somebody is away, is posted, or has a rule turned off.
#[test]
fn there_is_no_place_for_a_reason() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "AddPause",
        "AddAccommodation",
        "Accommodation",
        "Pause",
        "PutRoster",
        "RosterCell",
        "OwnNow",
        "PutDay",
    ] {
        let fields: Vec<_> =
            schemas[name]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        for word in ["reason", "note", "text", "remark", "comment", "why"] {
            assert!(!fields.contains(&word), "{name} has {word}");
        }
    }
    assert!(
        document["paths"]["/api/v1/me/away"]["put"]["requestBody"].is_null(),
        "stepping away asks nothing"
    );
    let tables = include_str!("../migrations/0050_duty.sql");
    for table in ["pauses", "aways", "accommodations", "posts"] {
        let text =
            tables.split(&format!("CREATE TABLE {table} (")).nth(1).unwrap().split(");").next().unwrap();
        for word in ["reason", "note", "text ", "remark"] {
            assert!(!text.contains(word), "{table} has {word}");
        }
    }
}
