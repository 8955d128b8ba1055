//! Who may read and change rules, see the fleet, and enrol.

use super::agents::embedded;
use crate::common::browser::Browser;
use chuangming_domain::digest::Digest;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_own_and_nothing_else() {
    let central = embedded().await;
    let document = json!({"document": {"version": 1}});
    let preview = json!({"document": {"version": 1}, "days": 7});
    let save = json!({"document": {"version": 1}, "note": ""});
    let token = json!({"hall": "tanggu", "agent": "edge-01"});
    // head, other hall's head, installer, auditor, admin, staff
    let rows: [(Method, &str, Option<Value>, [u16; 6]); 12] = [
        (Method::GET, "/api/v1/policies", None, [200, 200, 200, 200, 200, 200]),
        (Method::GET, "/api/v1/policies/tanggu", None, [200, 404, 200, 200, 200, 200]),
        (Method::GET, "/api/v1/policies/elsewhere", None, [404, 404, 404, 404, 404, 404]),
        (Method::POST, "/api/v1/policies/tanggu/check", Some(document), [200, 404, 403, 403, 200, 403]),
        (Method::POST, "/api/v1/policies/tanggu/preview", Some(preview), [200, 404, 403, 403, 403, 403]),
        (Method::POST, "/api/v1/policies/tanggu/versions", Some(save), [201, 404, 403, 403, 200, 403]),
        (
            Method::POST,
            "/api/v1/policies/tanggu/rollouts",
            Some(json!({"digest": Digest::of(b"x")})),
            [404, 404, 403, 403, 404, 403],
        ),
        (Method::GET, "/api/v1/fleet", None, [200, 200, 200, 403, 200, 403]),
        (Method::GET, "/api/v1/fleet/tanggu/edge-09", None, [404, 404, 404, 403, 404, 403]),
        (Method::POST, "/api/v1/fleet/tanggu/edge-09/revoke", None, [403, 403, 404, 403, 404, 403]),
        (Method::GET, "/api/v1/enrolments", None, [403, 403, 200, 403, 200, 403]),
        (Method::POST, "/api/v1/enrolments", Some(token), [403, 403, 201, 403, 201, 403]),
    ];
    let names = ["head", "other", "installer", "auditor", "admin", "staff"];
    let mut wrong = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let browser = Browser::sign_in(&central, name).await;
        for (method, path, body, expected) in &rows {
            let status = browser.send(method.clone(), path, body.clone().unwrap_or_default()).await.status();
            if status != expected[i] {
                wrong.push(format!("{name} {method} {path}: {status}, expected {}", expected[i]));
            }
        }
    }
    for (method, path, body, _) in &rows {
        let mut request = reqwest::Client::new().request(method.clone(), central.url(path));
        if let Some(body) = body {
            request = request.json(body);
        }
        let status = request.send().await.unwrap().status();
        if status != 401 {
            wrong.push(format!("nobody {method} {path}: {status}, expected 401"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    central.stop().await;
}
