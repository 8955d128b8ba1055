//! The access log: what staff read of it, and that meddling with the database is found.

mod common;

use chuangming_central::audit::{Broken, Head};
use chuangming_central::config::RetentionDays;
use chuangming_central::review::Act;
use chuangming_central::role::Role;
use chuangming_central::store::{
    Access, AccessFilter, Account, Arrival, Body, DataClass, Database, EventFilter, NewAccount, Posted,
    Store, Verified, read_witness,
};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::rule::Rule;
use common::{closed, fresh_database, fresh_store, hall, opened};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn account(store: &Store, name: &str, now: Timestamp) -> Account {
    let new =
        NewAccount { name: name.into(), password_hash: "-".into(), role: Role::CenterHead, halls: None };
    store.put_account(&new, now).await.unwrap();
    store.account(name).await.unwrap().unwrap()
}

async fn verify(store: &Store, known: Vec<Head>) -> Result<Verified, Broken> {
    store.audit_verify(known, RetentionDays::shortest_log()).await.unwrap()
}

/// Whoever has the database's password has these.
async fn meddle(database: &Database, statement: &str) {
    let address = match database {
        Database::File(file) => format!("sqlite:{}", file.display()),
        Database::Server(url) => url.to_string(),
    };
    let mut connection = AnyConnection::connect(&address).await.unwrap();
    connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn meddling_with_the_database_is_found() {
    for (statement, found) in [
        ("SELECT 1", None),
        ("UPDATE audit SET account_id = 'somebody' WHERE id = 4", Some(Broken::Changed(4))),
        ("UPDATE audit SET hall = NULL WHERE id = 5", Some(Broken::Changed(5))),
        ("UPDATE audit SET at = at + 1 WHERE id = 1", Some(Broken::Changed(1))),
        ("DELETE FROM audit WHERE id = 6", Some(Broken::Missing { expected: 6, found: 7 })),
        ("DELETE FROM audit WHERE id = 1", Some(Broken::Missing { expected: 1, found: 2 })),
        ("DELETE FROM audit WHERE id > 9", Some(Broken::CutOff { last: 9, known: 11 })),
        ("DELETE FROM audit", Some(Broken::CutOff { last: 0, known: 11 })),
        (
            "INSERT INTO audit (id, at, account_id, action, subject, hash) VALUES (12, 1, 'x', 'view_event', '', 'x')",
            Some(Broken::Changed(12)),
        ),
        (
            "INSERT INTO audit (id, at, account_id, action, subject, hash) VALUES (-1, 1, 'x', 'view_event', '', 'x')",
            Some(Broken::Changed(0)),
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let database = fresh_database(dir.path()).await;
        let file = dir.path().join("audit-head");
        let store = Store::open(&database).await.unwrap().witnessed(file.clone());
        let head = account(&store, "head", Timestamp::now()).await;
        for n in 0..10 {
            let access = Access::to("list_events").in_halls(Some(&[hall()])).about(n.to_string());
            store.note(&head, &access, Timestamp::now()).await.unwrap();
        }
        let known = read_witness(&file).unwrap().unwrap();
        assert_eq!(known.id, 11);
        meddle(&database, statement).await;
        assert_eq!(verify(&store, vec![known]).await.err(), found, "{statement}");
    }
}

/// A view that held the events of somebody's shift, or one of them, is shown to them; others are not.
#[tokio::test]
async fn staff_see_who_looked_at_their_shifts() {
    let (store, _dir, _) = fresh_store().await;
    let head = account(&store, "head", Timestamp::now()).await;
    let now = Timestamp::now();
    let mut mine = opened("edge-01", "3", Rule::Slumped);
    mine.opened_at = now - DAY;
    let mut other = opened("edge-01", "4", Rule::Slumped);
    other.opened_at = now - DAY;
    let arrival = |event: &Event| Arrival {
        hall: event.hall.clone(),
        agent: event.agent.clone(),
        body: Body::Event(Box::new(event.clone())),
    };
    store.record(&[arrival(&mine), arrival(&other)], now).await.unwrap();

    let window = |id: &str| WindowId::new(id).unwrap();
    let list = || Access::to("list_events").in_halls(Some(&[hall()]));
    let hangu = HallId::new("hangu").unwrap();
    let rows: Vec<(&str, Access, bool)> = vec![
        ("every hall", Access::to("list_events").in_halls(None), true),
        ("the hall", list(), true),
        ("the window", list().at_window(Some(&window("3"))), true),
        ("the day", list().during(Some(now - 2 * DAY), Some(now)), true),
        ("the event", Access::to("view_event").of_event(&mine), true),
        ("another hall", Access::to("list_events").in_halls(Some(&[hangu])), false),
        ("another window", list().at_window(Some(&window("4"))), false),
        ("a later day", list().during(Some(now), None), false),
        ("an earlier day", list().during(None, Some(now - 2 * DAY)), false),
        ("another event", Access::to("view_event").of_event(&other), false),
        ("no conduct", Access::to("account_add"), false),
    ];
    let mut expected = Vec::new();
    for (name, access, shown) in &rows {
        store.note(&head, &access.clone().about(*name), now).await.unwrap();
        if *shown {
            expected.insert(0, *name);
        }
    }
    let shift = Posted {
        hall: hall(),
        window: window("3"),
        from: now - DAY - Duration::from_secs(3600),
        to: now - DAY + Duration::from_secs(3600),
    };
    // Many shifts ask in parts; the answer is the same.
    let mut shifts = vec![shift; 120];
    shifts[7].window = window("9");
    let looked = store.who_looked(&shifts, None, 100).await.unwrap();
    assert_eq!(looked.iter().map(|row| row.entry.subject.as_str()).collect::<Vec<_>>(), expected);
    assert!(looked.iter().all(|row| row.name.as_deref() == Some("head")));
    let page = store.who_looked(&shifts, Some(looked[1].entry.id), 2).await.unwrap();
    assert_eq!(page, looked[2..4]);
    assert!(store.who_looked(&[], None, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn retention_deletes_by_class_and_the_log_still_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let database = fresh_database(dir.path()).await;
    let file = dir.path().join("audit-head");
    let store = Store::open(&database).await.unwrap().witnessed(file.clone());
    let start = Timestamp::now() - 400 * DAY;
    let head = account(&store, "head", start).await;
    let days = RetentionDays { events: 90, coverage: 395, duty: 90, access_log: 365 };
    // An event and a look at it on every tenth day; the newest event is still open.
    let mut first = None;
    for n in 0..40 {
        let at = start + n * 10 * DAY;
        let event = Event { opened_at: at, at, ..opened("edge-01", "3", Rule::Slumped) };
        let end = closed(&event);
        for event in [&event, &end] {
            let body = Body::Event(Box::new(event.clone()));
            store.record(&[Arrival { hall: hall(), agent: event.agent.clone(), body }], at).await.unwrap();
        }
        store.note(&head, &Access::to("view_event").of_event(&event), at).await.unwrap();
        store.review(&event, &head.id, &Act::Acknowledge, at).await.unwrap();
        first.get_or_insert(event);
    }
    let whole = verify(&store, vec![]).await.unwrap();
    let now = start + 400 * DAY;
    store.retain(days, now).await.unwrap();
    // Of each class what is younger is left, with all that belongs to it; of the older nothing.
    let first = first.unwrap();
    assert!(
        store.event(first.id).await.unwrap().is_none() && store.messages(first.id).await.unwrap().is_empty()
    );
    let left = store.events(&EventFilter::default(), 0, 200).await.unwrap();
    assert_eq!(left.total, 9, "310 to 390 days after the start");
    assert!(left.episodes.iter().all(|episode| episode.review.acknowledged.is_some()));
    let run = store.retention_run(DataClass::Events).await.unwrap().unwrap();
    assert_eq!((run.deleted, run.before.as_second()), (31, (now - 90 * DAY).as_second()));
    let run = store.retention_run(DataClass::AccessLog).await.unwrap().unwrap();
    assert_eq!(run.deleted, 5, "the account and four looks, from the first 35 days");
    assert_eq!(store.accesses(&AccessFilter::default(), 500).await.unwrap().len(), 41 - 5 + 1);
    let known = read_witness(&file).unwrap().unwrap();
    let verified = verify(&store, vec![known, whole.head.clone()]).await.unwrap();
    assert!(verified.head.id >= whole.head.id);
}

/// Retention has an excuse for what is missing at the beginning; nobody else has.
#[tokio::test]
async fn a_missing_beginning_needs_its_excuse() {
    let dir = tempfile::tempdir().unwrap();
    let database = fresh_database(dir.path()).await;
    let store = Store::open(&database).await.unwrap();
    let head = account(&store, "head", Timestamp::now()).await;
    for _ in 0..5 {
        store.note(&head, &Access::to("list_events").in_halls(None), Timestamp::now()).await.unwrap();
    }
    let entries = store.audit_entries(0).await.unwrap();
    let (third, hash) = &entries[2];
    assert_eq!(third.id, 3);
    meddle(
        &database,
        &format!(
            "DELETE FROM audit WHERE id <= 3; INSERT INTO audit_start (one, id, hash) VALUES (1, 3, '{hash}')"
        ),
    )
    .await;
    assert_eq!(verify(&store, vec![]).await, Err(Broken::NoBeginning(3)));
}

/// What is written down can be read: every action in the program's text has its words in both languages.
#[test]
fn every_action_has_words() {
    fn texts(folder: &std::path::Path, found: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                texts(&entry.path(), found);
            } else {
                found.push_str(&std::fs::read_to_string(entry.path()).unwrap_or_default());
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    texts(&root.join("src"), &mut text);
    let of = |begin: &str, end: &str| {
        let calls =
            text.split(begin).skip(1).map(|rest| rest.split(end).next().unwrap_or_default().to_owned());
        let named = calls.filter_map(|call| Some(call.split('"').nth(1)?.to_owned()));
        named.filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).collect::<Vec<_>>()
    };
    let mut actions = [of("Access::to(", ")"), of("note_access(", ";")].concat();
    actions.push(chuangming_central::audit::DELETED.to_owned());
    actions.push(Act::Acknowledge.name().to_owned());
    assert!(actions.len() > 20, "{actions:?}");
    for lang in ["zh-CN", "en"] {
        let file = root.join(format!("../locales/{lang}.json"));
        let catalogue: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for action in &actions {
            assert!(
                catalogue.get(format!("audit.{action}")).is_some(),
                "audit.{action} is missing in {lang}"
            );
        }
    }
}
