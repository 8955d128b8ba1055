//! Unsafe requests that come twice with one key are done once; and every error is a problem.

mod common;

use chuangming_domain::rule::Rule;
use common::answered::answered;
use common::browser::Browser;
use common::{Agent, Central, opened};
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn note(browser: &Browser<'_>, event: &str, key: &str, text: &str) -> Response {
    let path = format!("/api/v1/events/{event}/note");
    let request = browser.request(Method::PUT, &path).header("x-csrf-token", &browser.csrf);
    request.header("idempotency-key", key).json(&json!({ "text": text })).send().await.unwrap()
}

fn replayed(response: &Response) -> bool {
    response.headers().contains_key("idempotency-replayed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_is_done_once() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let event = opened("edge-01", "1", Rule::Slumped);
    agent.deliver(&event).await;
    let head = Browser::sign_in(&central, "head").await;
    let id = event.id.to_string();

    let first = note(&head, &id, "key-1", "checked").await;
    assert_eq!((first.status().as_u16(), replayed(&first)), (200, false));
    let first: Value = first.json().await.unwrap();
    // Somebody changes it in between: the repeat must not do it again, and is told what the first was told.
    assert_eq!(note(&head, &id, "key-2", "newer").await.status(), 200);
    let again = note(&head, &id, "key-1", "checked").await;
    assert_eq!((again.status().as_u16(), replayed(&again)), (200, true));
    assert_eq!(again.headers()["content-type"], "application/json");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let now = head.json(&format!("/api/v1/events/{id}")).await;
    assert!(
        now.to_string().contains("newer") && !now["event"]["note"].to_string().contains("checked"),
        "{now}"
    );

    // The same key for something else is a mistake, and so is a key that is too long.
    let other = note(&head, &id, "key-1", "something else").await;
    assert_eq!((other.status().as_u16(), problem(other).await), (409, "/problems#idempotency".to_owned()));
    assert_eq!(note(&head, &id, &"k".repeat(200), "x").await.status(), 400);
    // What could not be read did nothing: its key is not spent.
    let path = format!("/api/v1/events/{id}/note");
    let request = head.request(Method::PUT, &path).header("x-csrf-token", &head.csrf);
    let unread = request.header("idempotency-key", "key-3").json(&json!({})).send().await.unwrap();
    assert_eq!((unread.status().as_u16(), problem(unread).await), (400, "/problems#invalid".to_owned()));
    assert_eq!(note(&head, &id, "key-3", "right").await.status(), 200);
    // A key is its account's own: nobody reads another's answers with it.
    let installer = Browser::sign_in(&central, "installer").await;
    assert_eq!(note(&installer, &id, "key-1", "checked").await.status(), 403);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_with_secrets_are_not_written_down() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let offer = async || {
        let request = head.request(Method::POST, "/api/v1/account/totp").header("x-csrf-token", &head.csrf);
        request
            .header("idempotency-key", "totp")
            .json(&json!({ "password": common::PASSWORD }))
            .send()
            .await
            .unwrap()
    };
    let first = offer().await;
    assert_eq!(first.status(), 200);
    let secret = first.json::<Value>().await.unwrap()["secret"].as_str().unwrap().to_owned();
    let again = offer().await;
    assert_eq!(again.status(), 409);
    assert!(!again.text().await.unwrap().contains(&secret));
    central.stop().await;
}

async fn problem(response: Response) -> String {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert!(problem["title"].is_string() && problem["status"].is_number(), "{problem}");
    problem["type"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let send = async |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request =
            head.request(method, path).header("x-csrf-token", &head.csrf).header("content-type", kind);
        answered(request.body(body)).await
    };
    let json_kind = "application/json";
    let rows = [
        (404, "not_found", send(Method::GET, "/api/v1/nothing", json_kind, vec![]).await),
        (404, "not_found", send(Method::GET, "/api/v1/events/not-an-id", json_kind, vec![]).await),
        (405, "method", send(Method::PATCH, "/api/v1/halls", json_kind, vec![]).await),
        (405, "method", send(Method::DELETE, "/api/v1/reports/conduct", json_kind, vec![]).await),
        (400, "invalid", send(Method::GET, "/api/v1/events?page=zero", json_kind, vec![]).await),
        (400, "invalid", send(Method::POST, "/api/v1/session", json_kind, b"{".to_vec()).await),
        (415, "media_type", send(Method::POST, "/api/v1/session", "text/plain", b"{}".to_vec()).await),
        (413, "too_large", send(Method::POST, "/api/v1/session", json_kind, vec![b' '; 2_000_000]).await),
    ];
    for (status, kind, response) in rows {
        assert_eq!(response.status().as_u16(), status, "{kind}");
        assert_eq!(problem(response).await, format!("/problems#{kind}"));
    }
    central.stop().await;
}
