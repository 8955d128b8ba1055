//! The HTTP side over a real listener: signing in, roles, lists, the live stream, taking note.

mod common;

use chuangming_central::store::AccessFilter;
use chuangming_domain::event::Event;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::Channel;
use common::answered::answered;
use common::browser::{Browser, problem, try_sign_in};
use common::{Agent, Central, PASSWORD, PATIENCE, closed, eventually, opened};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out() {
    let central = Central::embedded().await;
    let nobody = reqwest::get(central.url("/api/v1/session")).await.unwrap();
    assert_eq!(problem(nobody).await, (StatusCode::UNAUTHORIZED, "unauthenticated".to_owned()));
    for (name, password) in [("head", "wrong"), ("nobody", PASSWORD), ("", ""), ("head", &"x".repeat(5000))] {
        let refused = try_sign_in(&central, name, password).await;
        assert_eq!(
            problem(refused).await,
            (StatusCode::UNAUTHORIZED, "wrong_credentials".to_owned()),
            "{name}"
        );
    }
    let post = |body: &'static str, kind: &'static str, origin: &'static str| {
        let request = reqwest::Client::new().post(central.url("/api/v1/session"));
        request.header("content-type", kind).header("origin", origin).body(body).send()
    };
    let own = format!("http://{}", central.address).leak();
    let good = r#"{"name":"head","password":"a long password"}"#;
    let foreign = post(good, "application/json", "http://elsewhere.example").await.unwrap();
    assert_eq!(problem(foreign).await, (StatusCode::FORBIDDEN, "csrf".to_owned()));
    for (body, kind, status, code) in [
        ("{", "application/json", StatusCode::BAD_REQUEST, "invalid"),
        ("{\"name\":1}", "application/json", StatusCode::BAD_REQUEST, "invalid"),
        (good, "text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
    ] {
        let refused = post(body, kind, own).await.unwrap();
        assert_eq!(problem(refused).await, (status, code.to_owned()), "{body} {kind}");
    }

    let head = Browser::sign_in(&central, "head").await;
    let session = head.json("/api/v1/session").await;
    assert_eq!(
        session["account"],
        json!({"name": "head", "display_name": "head", "role": "center_head", "halls": ["tanggu"], "all_halls": false,
            "must_change_password": false})
    );
    let without = head.request(Method::DELETE, "/api/v1/session").send().await.unwrap();
    assert_eq!(problem(without).await, (StatusCode::FORBIDDEN, "csrf".to_owned()));
    let out = head
        .request(Method::DELETE, "/api/v1/session")
        .header("x-csrf-token", &head.csrf)
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(head.get("/api/v1/session").await.status(), 401);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_a_name() {
    let central = Central::embedded().await;
    for name in ["head", "nobody"] {
        for _ in 0..5 {
            assert_eq!(try_sign_in(&central, name, "wrong").await.status(), 401);
        }
        // Now not even the right password helps, and a name that does not exist looks the same.
        let locked = try_sign_in(&central, name, PASSWORD).await;
        assert!(locked.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 60);
        assert_eq!(problem(locked).await, (StatusCode::TOO_MANY_REQUESTS, "locked".to_owned()));
    }
    // Others are not locked, until their address has tried too often.
    assert_eq!(try_sign_in(&central, "installer", PASSWORD).await.status(), 200);
    let too_many = eventually("too many tries", async || {
        let response = try_sign_in(&central, &"x".repeat(300), "x").await;
        (response.status() == 429).then_some(response)
    })
    .await;
    assert_eq!(problem(too_many).await.1, "too_many");
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_reaches_the_open_page_and_is_acknowledged() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let mut page = head.stream(None).await;
    assert_eq!(page.next().await.name, "ready");

    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    agent
        .publish(Channel::Status, r#"{"online":true,"version":"0.1.0","since":"2026-11-23T00:00:00Z"}"#)
        .await;
    let status = page.wait_for("status").await;
    assert_eq!(status.data["agent"]["online"], true);

    let historical = Event { historical: true, ..opened("edge-01", "2", Rule::Absence) };
    agent.deliver(&historical).await;
    let event = opened("edge-01", "1", Rule::Slumped);
    agent.deliver(&event).await;
    // The historical one came first and is not told.
    let told = page.next().await;
    assert_eq!((told.name.as_str(), &told.data["ring"]), ("opened", &json!(true)));
    assert_eq!(told.data["event"]["id"], event.id.to_string());
    let reason = told.data["event"]["reason"]["zh-CN"].as_str().unwrap();
    assert!(reason.contains("伏在桌面"), "{reason}");

    let path = format!("/api/v1/events/{}/acknowledgement", event.id);
    let without = head.request(Method::PUT, &path).send().await.unwrap();
    assert_eq!(problem(without).await, (StatusCode::FORBIDDEN, "csrf".to_owned()));
    let acknowledged = head.put(&path, json!(null)).await;
    assert_eq!(acknowledged["acknowledged"]["by"], "head");
    let told = page.wait_for("reviewed").await;
    assert_eq!(told.data["event"]["acknowledged"], acknowledged["acknowledged"]);
    let again = head.put(&path, json!(null)).await;
    assert_eq!(again["acknowledged"], acknowledged["acknowledged"], "the first one stays");

    agent.deliver(&closed(&event)).await;
    let end = page.wait_for("closed").await;
    assert_eq!((&end.data["event"]["close_reason"], &end.data["ring"]), (&json!("cleared"), &json!(false)));

    // A page that was away hears what it missed, and nothing twice.
    let mut resumed = head.stream(Some(&told.id)).await;
    let missed = resumed.next().await;
    assert_eq!((missed.name, missed.id), ("closed".to_owned(), end.id));
    let mut lost = head.stream(Some("999999")).await;
    assert_eq!(lost.next().await.name, "resync");

    // The end of central ends the streams.
    central.stop().await;
    assert!(page.ends().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_details_and_roles() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    agent
        .publish(Channel::Status, r#"{"online":true,"version":"0.1.0","since":"2026-11-23T00:00:00Z"}"#)
        .await;
    let slumped = opened("edge-01", "1", Rule::Slumped);
    let clutter = opened("edge-01", "2", Rule::Clutter);
    let historical = Event { historical: true, ..opened("edge-01", "2", Rule::Tilted) };
    for event in [&slumped, &clutter, &closed(&clutter), &historical] {
        agent.deliver(event).await;
    }
    agent
        .publish(
            Channel::Health,
            format!(
                r#"{{"schema":"chuangming.health/1","id":"{}","seq":0,"kind":"camera_covered","phase":"raised","camera":"cam-1","windows":["2"],"at":"2026-11-23T01:00:00Z"}}"#,
                uuid::Uuid::now_v7()
            ),
        )
        .await;

    let head = Browser::sign_in(&central, "head").await;
    let hall = eventually("the problem is on the board", async || {
        let hall = head.json("/api/v1/halls").await["halls"][0].clone();
        (hall["windows"][1]["problems"].as_array()?.len() == 1).then_some(hall)
    })
    .await;
    assert_eq!((&hall["id"], &hall["name"]), (&json!("tanggu"), &json!("塘沽中心")));
    let window = |n: usize| &hall["windows"][n];
    assert_eq!((&window(0)["name"], &window(0)["state"]), (&json!("一号窗口"), &json!("observed")));
    assert_eq!(window(0)["events"][0]["id"], slumped.id.to_string());
    assert_eq!((&window(1)["name"], &window(1)["state"]), (&json!("2"), &json!("unknown")));
    assert_eq!(window(1)["unknown_because"]["en"], "Camera covered");
    assert_eq!(window(1)["events"], json!([]));

    let alerts = head.json("/api/v1/alerts?hall=tanggu").await;
    assert_eq!(alerts["events"].as_array().unwrap().len(), 1);
    for (query, expected) in [
        ("", 3),
        ("?hall=tanggu&window=2", 2),
        ("?rule=slumped", 1),
        ("?severity=critical", 0),
        ("?state=closed", 1),
        ("?state=open&historical=false", 1),
        ("?acknowledged=true", 0),
        ("?from=2099-01-01T00:00:00Z", 0),
        ("?to=2099-01-01T00:00:00Z&per_page=1&page=3", 3),
    ] {
        let list = head.json(&format!("/api/v1/events{query}")).await;
        assert_eq!(list["total"], expected, "{query}: {list}");
    }
    for query in
        ["?rule=smiling", "?page=0", "?per_page=201", "?from=yesterday", "?face=1", "?state=", "?hall=A"]
    {
        let refused = head.get(&format!("/api/v1/events{query}")).await;
        assert_eq!(problem(refused).await, (StatusCode::BAD_REQUEST, "invalid".to_owned()), "{query}");
    }
    let details = head.json(&format!("/api/v1/events/{}", clutter.id)).await;
    let phases: Vec<_> = details["messages"].as_array().unwrap().iter().map(|m| m["phase"].clone()).collect();
    assert_eq!(phases, ["opened", "closed"]);
    assert_eq!(details["policy"], clutter.policy.to_string());

    // Who may see what: [halls, alerts, events, one event, stream].
    let one = format!("/api/v1/events/{}", slumped.id);
    let paths = ["/api/v1/halls", "/api/v1/alerts", "/api/v1/events", &one, "/api/v1/alerts/stream"];
    for (name, expected) in [
        ("head", [200, 200, 200, 200, 200]),
        ("other", [200, 200, 200, 404, 200]),
        ("installer", [200, 403, 403, 403, 200]),
        ("auditor", [403, 403, 403, 403, 403]),
    ] {
        let browser = Browser::sign_in(&central, name).await;
        for (path, expected) in paths.iter().zip(expected) {
            assert_eq!(browser.get(path).await.status(), expected, "{name} {path}");
        }
    }
    for path in paths {
        assert_eq!(reqwest::get(central.url(path)).await.unwrap().status(), 401, "{path}");
    }
    let other = Browser::sign_in(&central, "other").await;
    assert_eq!(other.json("/api/v1/events").await["total"], 0);
    assert_eq!(other.json("/api/v1/halls").await["halls"][0]["id"], "hangu");
    assert_eq!(problem(other.get("/api/v1/events?hall=tanggu").await).await.1, "forbidden");
    let installer = Browser::sign_in(&central, "installer").await;
    let hall = &installer.json("/api/v1/halls").await["halls"][0];
    assert!(hall["windows"][0].get("events").is_none(), "an installer sees no conduct: {hall}");
    assert_eq!(hall["agents"][0]["problems"][0]["kind"], "camera_covered");

    // Who looked is written down.
    let store = central.store().await;
    let accesses = store.accesses(&AccessFilter::default(), 500).await.unwrap();
    let looked = |name: &str, action: &str, event: Option<String>| {
        let mut entries = accesses.iter().filter(|row| row.name.as_deref() == Some(name));
        entries.any(|row| {
            row.entry.action == action
                && row.entry.event == event
                && row.entry.hall.as_deref() == Some("tanggu")
        })
    };
    assert!(
        looked("head", "view_event", Some(clutter.id.to_string())) && looked("head", "list_events", None)
    );
    assert!(!looked("other", "view_event", Some(slumped.id.to_string())));
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installers_stream_tells_no_conduct() {
    let central = Central::embedded().await;
    let installer = Browser::sign_in(&central, "installer").await;
    let mut page = installer.stream(None).await;
    assert_eq!(page.next().await.name, "ready");
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    agent.deliver(&opened("edge-01", "1", Rule::Slumped)).await;
    agent.publish(Channel::Status, r#"{"online":true}"#).await;
    assert_eq!(page.next().await.name, "status");
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_headers_and_limits() {
    let central = Central::embedded().await;
    assert_eq!(reqwest::get(central.url("/healthz")).await.unwrap().text().await.unwrap(), "ok\n");
    let metrics = reqwest::get(central.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("central_http_responses_total"), "{metrics}");
    let document = reqwest::get(central.url("/api/v1/openapi.json")).await.unwrap();
    let headers = document.headers().clone();
    for (name, part) in [
        ("content-security-policy", "default-src 'self'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ] {
        assert!(headers[name].to_str().unwrap().contains(part), "{name}: {headers:?}");
    }
    let document: Value = document.json().await.unwrap();
    assert_eq!(document["info"]["version"], "1");

    let missing = reqwest::get(central.url("/api/v1/nothing")).await.unwrap();
    assert_eq!(problem(missing).await, (StatusCode::NOT_FOUND, "not_found".to_owned()));
    let http = reqwest::Client::new();
    let wrong_method = http.put(central.url("/api/v1/halls")).send().await.unwrap();
    assert_eq!(problem(wrong_method).await, (StatusCode::METHOD_NOT_ALLOWED, "method".to_owned()));
    let large = json!({"name": "head", "password": "x".repeat(600_000)});
    let too_large = answered(http.post(central.url("/api/v1/session")).json(&large)).await;
    assert_eq!(too_large.status(), 413);
    assert_eq!(reqwest::get(central.url("/assets/none.js")).await.unwrap().status(), 404);

    // A hundred pages at once still leave the probes quick enough to answer.
    let head = Browser::sign_in(&central, "head").await;
    let mut pages = Vec::new();
    for _ in 0..100 {
        pages.push(head.stream(None).await);
    }
    let alive = tokio::time::timeout(PATIENCE, reqwest::get(central.url("/healthz"))).await.unwrap().unwrap();
    assert_eq!(alive.status(), 200);
    drop(pages);
    tokio::time::sleep(Duration::from_millis(50)).await;
    central.stop().await;
}
