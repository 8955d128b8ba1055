//! The list of appeals: page by page, each hall for itself, and those that nobody may answer.

mod common;

use chuangming_domain::event::Event;
use chuangming_domain::rule::Rule;
use common::browser::{Browser, problem};
use common::roster::{past, post, shift, ten_o_clock, today};
use common::{Agent, Central};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// So many events of yesterday that the account `staff` contested, first to last; whether the account `head` confirmed them.
async fn contested(central: &Central, head: &Browser<'_>, n: i64, confirmed: bool) -> Vec<Event> {
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let day = today().yesterday().unwrap();
    shift(head, "day", &["00:00-23:59"], &[]).await;
    post(head, "day", &[day]).await;
    let staff = Browser::sign_in(central, "staff").await;
    let mut events = Vec::new();
    for minute in 0..n {
        let event = past(Rule::Slumped, "1", ten_o_clock(day) + SignedDuration::from_mins(minute));
        agent.deliver(&event).await;
        if confirmed {
            head.put(&format!("/api/v1/events/{}/verdict", event.id), json!({ "verdict": "confirmed" }))
                .await;
        }
        let path = format!("/api/v1/me/events/{}/contest", event.id);
        let made = staff.send(Method::POST, &path, json!({ "choice": "not_so" })).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        events.push(event);
    }
    events
}

/// Which of the events are on a page, in its order, and how many there are in all.
async fn page(browser: &Browser<'_>, query: &str, events: &[Event]) -> (Vec<usize>, Value) {
    let answer = browser.json(&format!("/api/v1/appeals?{query}")).await;
    let number = |appeal: &Value| {
        events.iter().position(|event| appeal["event_id"] == event.id.to_string()).expect("one of the events")
    };
    let on_it = answer["appeals"].as_array().unwrap().iter().map(number).collect();
    (on_it, answer["total"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn appeals_come_page_by_page() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let events = contested(&central, &head, 5, false).await;
    let check = async |query: &str, expected: &[usize], total: u64| {
        assert_eq!(page(&head, query, &events).await, (expected.to_vec(), json!(total)), "{query}");
    };
    // All are due on the same day: whoever contested first comes first.
    check("", &[0, 1, 2, 3, 4], 5).await;
    check("per_page=2", &[0, 1], 5).await;
    check("per_page=2&page=2", &[2, 3], 5).await;
    check("per_page=2&page=3", &[4], 5).await;
    check("per_page=2&page=4", &[], 5).await;
    check("per_page=2&page=1000000", &[], 5).await;
    // Those that ended are a list of their own, the last first.
    let list = head.json("/api/v1/appeals").await;
    for n in [3, 0, 2] {
        let path = format!("/api/v1/appeals/{}/answer", list["appeals"][n]["id"].as_str().unwrap());
        let answer = json!({ "decision": "granted", "reason": "属实" });
        assert_eq!(head.send(Method::POST, &path, answer).await.status(), StatusCode::OK);
    }
    check("ended=true&per_page=2", &[2, 0], 3).await;
    check("ended=true&per_page=2&page=2", &[3], 3).await;
    check("ended=true&per_page=2&page=3", &[], 3).await;
    check("per_page=1&page=2", &[4], 2).await;
    // Another hall's head sees none, whatever the page; who is no head is refused.
    let other = Browser::sign_in(&central, "other").await;
    assert_eq!(page(&other, "", &[]).await, (vec![], json!(0)));
    assert_eq!(page(&other, "ended=true&page=1", &[]).await, (vec![], json!(0)));
    for name in ["staff", "auditor", "installer", "admin"] {
        let outsider = Browser::sign_in(&central, name).await;
        assert_eq!(outsider.get("/api/v1/appeals?page=2").await.status(), StatusCode::FORBIDDEN, "{name}");
    }
    for query in ["page=0", "per_page=201", "per_page=-1", "page=x", "seite=1"] {
        let refused = problem(head.get(&format!("/api/v1/appeals?{query}")).await).await;
        assert_eq!(refused.0, StatusCode::BAD_REQUEST, "{query}");
    }
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_that_nobody_may_answer_is_said_until_the_hall_has_another_head() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    contested(&central, &head, 1, true).await;
    let said = async |browser: &Browser<'_>| {
        let list = browser.json("/api/v1/appeals").await;
        let appeal = &list["appeals"][0];
        (appeal["may_answer"].as_bool().unwrap(), appeal["nobody_may"].as_bool().unwrap())
    };
    assert_eq!(said(&head).await, (false, true));
    let admin = Browser::sign_in(&central, "admin").await;
    let accounts = admin.json("/api/v1/accounts").await;
    let other = accounts["accounts"].as_array().unwrap().iter().find(|a| a["name"] == "other").unwrap();
    let path = format!("/api/v1/accounts/{}", other["id"].as_str().unwrap());
    let change = async |change: Value| {
        assert!(admin.send(Method::PATCH, &path, change.clone()).await.status().is_success(), "{change}");
    };
    change(json!({ "halls": ["hangu", "tanggu"] })).await;
    assert_eq!(said(&head).await, (false, false));
    let second = Browser::sign_in(&central, "other").await;
    assert_eq!(said(&second).await, (true, false));
    // A head who may not sign in cannot answer.
    change(json!({ "disabled": true })).await;
    assert_eq!(said(&head).await, (false, true));
    change(json!({ "disabled": false })).await;
    assert_eq!(said(&head).await, (false, false));
    // Without a verdict of the only head, that head may answer.
    change(json!({ "halls": ["hangu"] })).await;
    assert_eq!(said(&head).await, (false, true));
    let event = head.json("/api/v1/appeals").await["appeals"][0]["event_id"].as_str().unwrap().to_owned();
    head.delete(&format!("/api/v1/events/{event}/verdict")).await;
    assert_eq!(said(&head).await, (true, false));
    central.stop().await;
}
