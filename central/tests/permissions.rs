//! Every route for every role: who is refused, who is not, and that no route escapes the table.

mod common;

use chuangming_central::http::openapi::document;
use chuangming_central::permission::{Access, TABLE};
use chuangming_central::role::Role;
use chuangming_central::store::{Arrival, Body};
use chuangming_domain::Timestamp;
use chuangming_domain::rule::Rule;
use common::browser::{Browser, problem};
use common::{Central, opened};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

const NAMES: [(&str, Role); 5] = [
    ("head", Role::CenterHead),
    ("staff", Role::Staff),
    ("installer", Role::Installer),
    ("auditor", Role::Auditor),
    ("admin", Role::Administrator),
];

/// A path with something in place of its parameters.
fn filled(path: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { "nothing".to_owned() } else { part.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role() {
    let central = Central::embedded().await;
    let mut failures = Vec::new();
    for (name, role) in NAMES {
        let browser = Browser::sign_in(&central, name).await;
        for (method, path, access) in TABLE {
            // The session itself is needed for the rows that follow.
            if (*method, *path) == ("DELETE", "/api/v1/session") {
                continue;
            }
            let at = filled(path);
            let method_of = Method::from_bytes(method.as_bytes()).unwrap();
            let response = browser.send(method_of.clone(), &at, Value::Null).await;
            let refused = response.status() == 403 && problem(response).await.1 == "forbidden";
            if refused == access.allows(role) {
                failures
                    .push(format!("{role} {method} {path}: {}", if refused { "refused" } else { "let in" }));
            }
            // Unsafe requests from elsewhere are refused whoever asks.
            if *method != "GET" && *access != Access::Anyone {
                let forged = browser.request(method_of, &at).send().await.unwrap();
                if forged.status() != 403 {
                    failures.push(format!("{role} {method} {path} without CSRF value: {}", forged.status()));
                }
            }
        }
    }
    // Nobody signed in.
    for (method, path, access) in TABLE {
        let request = reqwest::Client::new()
            .request(Method::from_bytes(method.as_bytes()).unwrap(), central.url(&filled(path)));
        let response = request.send().await.unwrap();
        let unauthenticated = response.status() == 401 && problem(response).await.1 == "unauthenticated";
        if unauthenticated == (*access == Access::Anyone) {
            failures.push(format!("nobody {method} {path}: unauthenticated is {unauthenticated}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    central.stop().await;
}

/// What tells nothing of anybody's conduct: whoever looks at it leaves no trace.
const NO_CONDUCT: [&str; 12] = [
    "/api/v1/accounts",
    "/api/v1/public-calendar",
    "/api/v1/fleet",
    "/api/v1/fleet/{hall}/{agent}",
    "/api/v1/enrolments",
    "/api/v1/halls/{hall}/duty",
    "/api/v1/halls/{hall}/roster/file.csv",
    "/api/v1/halls/{hall}/roster/file.xlsx",
    "/api/v1/halls/{hall}/notifications",
    "/api/v1/halls/{hall}/deliveries",
    "/api/v1/account/push",
    "/api/v1/halls/{hall}/displays",
];
/// The log itself: who reads it is in it, but that is no look at conduct.
const LOGS: [&str; 2] = ["/api/v1/me/looks", "/api/v1/access-log"];

/// A new route that only some may read is either named above or writes down who read it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_conduct_is_written_down() {
    let central = Central::embedded().await;
    let event = opened("edge-01", "1", Rule::Slumped);
    let body = Body::Event(Box::new(event.clone()));
    let arrival = Arrival { hall: event.hall.clone(), agent: event.agent.clone(), body };
    central.store().await.record(&[arrival], Timestamp::now()).await.unwrap();
    let auditor = Browser::sign_in(&central, "auditor").await;
    let mut browsers = Vec::new();
    for (name, role) in NAMES {
        browsers.push((name, role, Browser::sign_in(&central, name).await));
    }
    let mut checked = 0;
    for (method, path, access) in TABLE {
        let Access::Only(roles) = access else { continue };
        if *method != "GET" || NO_CONDUCT.contains(path) || LOGS.contains(path) {
            continue;
        }
        let (name, _, browser) = browsers.iter().find(|(_, role, _)| roles.contains(role)).unwrap();
        let query = match *path {
            "/api/v1/me/summary" => "?grain=day&day=2026-11-20",
            "/api/v1/reports/aggregate" => "?month=2026-10",
            path if path.starts_with("/api/v1/reports/") => "?hall=tanggu&from=2026-11-20&to=2026-11-21",
            _ => "",
        };
        let at = path.replace("{hall}", "tanggu").replace("{id}", &event.id.to_string()) + query;
        let before = newest(&auditor, name).await;
        let answer = browser.get(&at).await;
        assert_eq!(answer.status(), 200, "{at}");
        assert!(newest(&auditor, name).await > before, "{name} read {at} and nobody knows");
        checked += 1;
    }
    assert_eq!(checked, 13);
    central.stop().await;
}

/// The number of the newest entry of the access log about somebody, reading that log aside.
async fn newest(auditor: &Browser<'_>, name: &str) -> u64 {
    let log = auditor.json(&format!("/api/v1/access-log?limit=50&name={name}")).await;
    let entries = log["entries"].as_array().unwrap();
    let looks = entries.iter().find(|entry| entry["action"] != "list_access_log");
    looks.map_or(0, |entry| entry["id"].as_u64().unwrap())
}

#[test]
fn the_table_and_the_description_name_the_same_routes() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|m| (m.to_uppercase(), path.clone())))
        .collect();
    let table: BTreeSet<(String, String)> = TABLE
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .filter(|(_, path)| !path.contains("{*") && path != "/api/v1/openapi.json")
        .collect();
    assert_eq!(described, table);
}

/// PostgreSQL refuses such a text; nobody gets that far.
#[tokio::test(flavor = "multi_thread")]
async fn no_address_holds_a_null() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    for (method, path) in [
        (Method::DELETE, "/api/v1/halls/tanggu/pauses/%00"),
        (Method::DELETE, "/api/v1/halls/tanggu/shifts/a%00"),
        (Method::POST, "/api/v1/appeals/%00/answer"),
        (Method::GET, "/api/v1/events?window=%00"),
    ] {
        assert_eq!(head.send(method.clone(), path, Value::Null).await.status(), 400, "{method} {path}");
    }
    central.stop().await;
}
