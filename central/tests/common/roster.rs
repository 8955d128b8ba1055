//! Shifts, posts, and events of the past at the windows of the first hall.

use super::browser::Browser;
use super::opened;
use chuangming_central::duty::zone;
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::rule::Rule;
use jiff::SignedDuration;
use jiff::civil::Date;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// The first hall's address.
pub const HALL: &str = "/api/v1/halls/tanggu";

/// Today in the hall.
pub fn today() -> Date {
    Timestamp::now().to_zoned(zone()).date()
}

/// Ten o'clock of a day in the hall.
pub fn ten_o_clock(day: Date) -> Timestamp {
    day.at(10, 0, 0, 0).to_zoned(zone()).unwrap().timestamp()
}

/// An event whose condition began then and that was raised three minutes later.
pub fn past(rule: Rule, window: &str, at: Timestamp) -> Event {
    Event {
        opened_at: at,
        at: at + SignedDuration::from_mins(3),
        historical: true,
        ..opened("edge-01", window, rule)
    }
}

/// Sets a shift.
pub async fn shift(head: &Browser<'_>, id: &str, hours: &[&str], breaks: &[&str]) {
    let body = json!({ "name": format!("班次 {id}"), "hours": hours, "breaks": breaks });
    let done = head.send(Method::PUT, &format!("{HALL}/shifts/{id}"), body).await;
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
}

/// The id of the account `staff`.
pub async fn staff_id(head: &Browser<'_>) -> String {
    let duty = head.json(&format!("{HALL}/duty")).await;
    let staff = duty["staff"].as_array().unwrap().iter().find(|staff| staff["name"] == "staff").unwrap();
    staff["id"].as_str().unwrap().to_owned()
}

/// Posts the account `staff` at window 1 in a shift on these days.
pub async fn post(head: &Browser<'_>, shift: &str, days: &[Date]) {
    let who = staff_id(head).await;
    let cells: Vec<_> =
        days.iter().map(|day| json!({ "day": day, "window": "1", "shift": shift, "staff": [who] })).collect();
    let done = head.send(Method::PUT, &format!("{HALL}/roster"), json!({ "cells": cells })).await;
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
}
