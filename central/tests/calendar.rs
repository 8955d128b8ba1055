//! A year of the public calendar that an administrator brings: checked whole, told whole, and good for every hall.

mod common;

use chuangming_central::store::{Arrival, Body, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::HallId;
use chuangming_domain::rule::Rule;
use common::browser::{Browser, problem};
use common::roster::{HALL, past, post, shift, ten_o_clock, today};
use common::{Agent, Central, eventually, opened};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::sync::Mutex;

const CALENDAR: &str = "/api/v1/public-calendar";
/// The gauge of the missing year belongs to the whole program: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

async fn bring(browser: &Browser<'_>, year: i16, query: &str, file: &str) -> Response {
    let request = browser.request(Method::PUT, &format!("{CALENDAR}/{year}{query}"));
    let request = request.header("x-csrf-token", &browser.csrf).header("content-type", "text/csv");
    request.body(file.to_owned()).send().await.unwrap()
}

async fn day(head: &Browser<'_>, day: Date) -> Value {
    head.json(&format!("{HALL}/duty?from={day}&to={day}")).await["days"][0].clone()
}

/// The newest workday of the built-in calendar before today.
async fn workday(head: &Browser<'_>) -> Date {
    let from = today().checked_sub(30.days()).unwrap();
    let days =
        head.json(&format!("{HALL}/duty?from={from}&to={}", today().yesterday().unwrap())).await["days"]
            .clone();
    let last = days.as_array().unwrap().iter().rfind(|day| day["kind"] == "workday").unwrap();
    last["day"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_that_is_brought_counts_like_one_that_is_built_in() {
    let _alone = ALONE.lock().await;
    let central = Central::embedded().await;
    let mut agent = Agent::connect(central.broker_port, "edge-01").await;
    let (head, admin) = (Browser::sign_in(&central, "head").await, Browser::sign_in(&central, "admin").await);
    shift(&head, "am", &["08:30-12:00"], &[]).await;
    let off = workday(&head).await;
    let event = past(Rule::Slumped, "1", ten_o_clock(off));
    agent.deliver(&event).await;
    let cause = async |event: &Event| {
        head.json(&format!("/api/v1/events/{}", event.id)).await["event"]["suspended"].clone()
    };
    assert_eq!(cause(&event).await, Value::Null);
    let file = format!("日期,类型,名称\n{off},放假,建城纪念日\n");

    // Checked only, nothing changes.
    let checked: Value = bring(&admin, off.year(), "?check=true", &file).await.json().await.unwrap();
    let days = json!([{ "day": off, "holiday": "建城纪念日" }]);
    assert_eq!(
        checked,
        json!({ "year": { "year": off.year(), "brought": true, "days": days }, "taken": false })
    );
    assert_eq!(day(&head, off).await["kind"], "workday");

    let mut page = head.stream(None).await;
    assert_eq!(page.next().await.name, "ready");
    let taken = bring(&admin, off.year(), "", &file).await;
    assert_eq!(
        (taken.status(), taken.json::<Value>().await.unwrap()["taken"].clone()),
        (StatusCode::OK, json!(true))
    );
    let shown = day(&head, off).await;
    assert_eq!(
        (&shown["kind"], &shown["holiday"], &shown["worked"]),
        (&json!("holiday"), &json!("建城纪念日"), &json!(false))
    );
    // What was is looked at again and told, what comes rests as it is stored.
    assert_eq!(page.wait_for("reviewed").await.data["event"]["id"], event.id.to_string());
    assert_eq!(cause(&event).await, "holiday");
    let later = past(Rule::Tilted, "2", ten_o_clock(off));
    agent.deliver(&later).await;
    assert_eq!(cause(&later).await, "holiday");
    // What is built in of that year does not count any more.
    let new_year = Date::new(off.year(), 1, 1).unwrap();
    if off != new_year {
        let shown = admin.json(CALENDAR).await;
        let of_year = |year| shown["years"].as_array().unwrap().iter().find(|y| y["year"] == year).unwrap();
        assert_eq!((&of_year(off.year())["brought"], &of_year(off.year())["days"]), (&json!(true), &days));
        assert_eq!(of_year(2025)["brought"], off.year() == 2025);
    }
    // Forgotten, the built-in one is back.
    let path = format!("{CALENDAR}/{}", off.year());
    assert_eq!(admin.send(Method::DELETE, &path, Value::Null).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.send(Method::DELETE, &path, Value::Null).await.status(), StatusCode::NOT_FOUND);
    assert_eq!((cause(&event).await, cause(&later).await), (Value::Null, Value::Null));
    // Who did it is in the access log.
    let log = Browser::sign_in(&central, "auditor").await.json("/api/v1/access-log").await.to_string();
    assert!(log.contains("bring_public_calendar") && log.contains("drop_public_calendar"), "{log}");
    central.stop().await;
}

/// The newest year that is known.
fn last(calendar: &Value) -> i16 {
    calendar["years"].as_array().unwrap().last().unwrap()["year"].as_i64().unwrap().try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_missed_no_longer_and_only_administrators_bring_it() {
    let _alone = ALONE.lock().await;
    let central = Central::embedded().await;
    let (head, admin) = (Browser::sign_in(&central, "head").await, Browser::sign_in(&central, "admin").await);
    // Until this year and the next are known.
    while let Some(year) = admin.json(CALENDAR).await["missing"].as_i64() {
        let year = i16::try_from(year).unwrap();
        assert_eq!(head.json(&format!("{HALL}/duty")).await["calendar_missing"], year);
        eventually("the gauge says so", async || {
            (central.metric("central_calendar_missing_year").await == f64::from(year)).then_some(())
        })
        .await;
        let done = bring(&admin, year, "", &format!("date,kind,name\n{year}-01-01,holiday,元旦\n")).await;
        assert_eq!(done.status(), StatusCode::OK);
        let duty = head.json(&format!("{HALL}/duty")).await;
        assert!(duty["calendar_years"].as_array().unwrap().contains(&json!(year)), "{duty}");
        assert_ne!(duty["calendar_missing"], year);
    }
    assert_eq!(head.json(&format!("{HALL}/duty")).await["calendar_missing"], Value::Null);
    assert_eq!(central.metric("central_calendar_missing_year").await, 0.0);

    let year = last(&admin.json(CALENDAR).await) + 1;
    let monday = Date::new(year, 3, 1).unwrap();
    let monday = monday.nth_weekday(1, Weekday::Monday).unwrap();
    let wrong = format!("date,kind,name\n{year}-02-30,holiday,x\n{monday},workday,\n{year}-05-01,holiday,\n");
    let refused = bring(&admin, year, "", &wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused: Value = refused.json().await.unwrap();
    let fields: Vec<_> = refused["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["row"].as_u64().unwrap(), p["field"].as_str().unwrap()))
        .collect();
    assert_eq!(
        (&refused["type"], fields),
        (&json!("/problems#calendar"), vec![(2, "day"), (3, "weekday"), (4, "name")])
    );
    assert_eq!(last(&admin.json(CALENDAR).await), year - 1, "nothing of it was taken");
    for far in [today().year() + 6, today().year() - 6] {
        assert_eq!(problem(bring(&admin, far, "", &wrong).await).await.0, StatusCode::BAD_REQUEST);
    }
    let json = admin.send(Method::PUT, &format!("{CALENDAR}/{year}"), json!({})).await;
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(bring(&head, year, "", &wrong).await.status(), StatusCode::FORBIDDEN);
    central.stop().await;
}

/// Milliseconds for recording openings as ingest does, in one transaction.
async fn recording(store: &Store, n: u32, event: impl Fn() -> Event) -> f64 {
    let arrivals: Vec<_> = (0..n)
        .map(|_| {
            let event = event();
            let (hall, agent) = (event.hall.clone(), event.agent.clone());
            Arrival { hall, agent, body: Body::Event(Box::new(event)) }
        })
        .collect();
    let begun = Instant::now();
    store.record(&arrivals, Timestamp::now()).await.unwrap();
    begun.elapsed().as_secs_f64() * 1e3
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: docs/FIGURES.md"]
async fn what_it_costs_to_ask_whether_an_event_rests() {
    let _alone = ALONE.lock().await;
    let mut central = Central::embedded().await;
    let (head, admin) = (Browser::sign_in(&central, "head").await, Browser::sign_in(&central, "admin").await);
    // A hall with three shifts, a roster of two months, and a calendar of seven brought years.
    for (id, hours) in [("am", "08:30-12:00"), ("pm", "13:00-17:30"), ("eve", "18:00-20:00")] {
        shift(&head, id, &[hours], &[]).await;
        let days: Vec<_> = (-31..31).map(|n: i32| today().checked_add(n.days()).unwrap()).collect();
        post(&head, id, &days).await;
    }
    for year in (-3..=3).map(|n| today().year() + n) {
        let days = (1..=30).map(|day| format!("{year}-06-{day:02},holiday,假日\n"));
        let file = format!("date,kind,name\n{}", days.collect::<String>());
        assert_eq!(bring(&admin, year, "", &file).await.status(), StatusCode::OK);
    }
    // Nobody else writes meanwhile.
    let database = central.config().database().unwrap();
    let _dir = std::mem::replace(&mut central.dir, tempfile::tempdir().unwrap());
    central.stop().await;
    let store = Store::open(&database).await.unwrap();
    let at_window = || opened("edge-01", "1", Rule::Slumped);
    let elsewhere = || Event { hall: HallId::new("elsewhere").unwrap(), ..at_window() };
    let in_zone = || Event { window: None, zone: Some("lobby".parse().unwrap()), ..at_window() };
    let mut sums = [0.0; 3];
    for round in 0..=10 {
        let taken = [
            recording(&store, 64, in_zone).await,
            recording(&store, 64, elsewhere).await,
            recording(&store, 64, at_window).await,
        ];
        // The first round warms up.
        for (sum, taken) in sums.iter_mut().zip(taken).filter(|_| round > 0) {
            *sum += taken / 10.0;
        }
    }
    let [zone, without, with] = sums;
    eprintln!(
        "64 openings: never asked {zone:.0} ms; hall without a plan {without:.0} ms ({:.2} times); \
         with a plan {with:.0} ms ({:.2} times)",
        without / zone,
        with / zone
    );
    store.close().await;
}
