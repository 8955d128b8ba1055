//! The floor plan, and screens on a wall.

mod common;

use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Channel, Status};
use common::browser::Browser;
use common::{Agent, Central, opened};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_shows_health_and_no_conduct_until_it_is_revoked() {
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let online = Status { online: true, version: None, since: None };
    agent.publish(Channel::Status, serde_json::to_string(&online).unwrap()).await;
    let event = opened("edge-01", "1", Rule::Slumped);
    agent.deliver(&event).await;
    let head = Browser::sign_in(&central, "head").await;
    let made: Value = head
        .send(Method::POST, "/api/v1/halls/tanggu/displays", json!({ "name": "大厅屏幕" }))
        .await
        .json()
        .await
        .unwrap();
    let token = made["token"].as_str().unwrap().to_owned();
    // Nobody is signed in before a wall.
    let wall = async |token: &str| {
        reqwest::Client::new()
            .get(central.url("/api/v1/wall"))
            .header("x-display-token", token)
            .send()
            .await
            .unwrap()
    };
    let shown: Value = wall(&token).await.json().await.unwrap();
    assert_eq!((&shown["name"], &shown["windows"][0]["state"]), (&json!("塘沽中心"), &json!("observed")));
    let text = shown.to_string();
    for word in ["slumped", "趴", "event", "alert", "rule", "severity", "16.4", &event.id.to_string()] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert_eq!(wall("0000").await.status(), 404);
    assert!(!head.json("/api/v1/halls/tanggu/displays").await.to_string().contains(&token));
    let stranger = Browser::sign_in(&central, "other").await;
    let one = format!("/api/v1/halls/tanggu/displays/{}", made["id"].as_str().unwrap());
    assert_eq!(stranger.send(Method::DELETE, &one, Value::Null).await.status(), 404);
    assert_eq!(head.send(Method::DELETE, &one, Value::Null).await.status(), 204);
    assert_eq!(wall(&token).await.status(), 404);
    central.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_where_they_were_put() {
    let central = Central::embedded().await;
    let head = Browser::sign_in(&central, "head").await;
    let put = async |places: Value| {
        head.send(Method::PUT, "/api/v1/halls/tanggu/floor", json!({ "places": places })).await.status()
    };
    let place = |window: &str, x: i64, y: i64| json!({ "window": window, "x": x, "y": y });
    assert_eq!(put(json!([place("1", 3, 2)])).await, 204);
    assert_eq!(
        head.json("/api/v1/halls").await["halls"][0]["windows"][0]["place"],
        json!({ "x": 3, "y": 2 })
    );
    assert_eq!(put(json!([place("1", 12, 0)])).await, 400);
    assert_eq!(put(json!([place("1", 0, 0), place("2", 0, 0)])).await, 400);
    assert_eq!(put(json!([place("1", 0, 0), place("1", 1, 0)])).await, 400);
    assert_eq!(put(json!([])).await, 204);
    assert_eq!(head.json("/api/v1/halls").await["halls"][0]["windows"][0]["place"], Value::Null);
    central.stop().await;
}
