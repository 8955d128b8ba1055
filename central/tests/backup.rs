//! A backup restored is the same database, into either kind; nothing is overwritten.

mod common;

use chuangming_central::review::Act;
use chuangming_central::role::Role;
use chuangming_central::store::{
    Access, AccessFilter, Arrival, BackupError, Body, Database, EventFilter, NewAccount, NewSession, Store,
};
use chuangming_domain::Timestamp;
use chuangming_domain::id::AgentId;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::Status;
use common::{closed, fresh_store, hall, opened};
use std::time::Duration;

/// A database with something in most tables.
async fn filled(store: &Store) {
    let now = Timestamp::now();
    let new = NewAccount {
        name: "王'); --".into(),
        password_hash: "$argon2id$x".into(),
        role: Role::CenterHead,
        halls: Some(vec![hall()]),
    };
    store.put_account(&new, now).await.unwrap();
    let head = store.account(&new.name).await.unwrap().unwrap();
    let session = NewSession {
        token_hash: "t",
        account_id: &head.id,
        csrf: "c",
        method: "password",
        client: "",
        expires_at: now + Duration::from_secs(60),
    };
    store.add_session(&session, now).await.unwrap();
    store.offer_totp(&head.id, "secret").await.unwrap();
    store.confirm_totp(&head, 1, &["hash".to_owned()], now).await.unwrap();
    let agent = AgentId::new("edge-01").unwrap();
    let status = Status { online: true, version: None, since: None };
    let mut arrivals = vec![Arrival { hall: hall(), agent: agent.clone(), body: Body::Status(status) }];
    // More than one page of rows.
    for n in 0..600 {
        let event = opened("edge-01", &(n % 7).to_string(), Rule::ALL[n % Rule::ALL.len()]);
        let end = closed(&event);
        for event in if n % 3 == 0 { vec![event] } else { vec![event, end] } {
            arrivals.push(Arrival { hall: hall(), agent: agent.clone(), body: Body::Event(Box::new(event)) });
        }
    }
    store.record(&arrivals, now).await.unwrap();
    let first = store.events(&EventFilter::default(), 0, 1).await.unwrap().episodes.remove(0).event;
    store.review(&first, &head.id, &Act::Acknowledge, now).await.unwrap();
    store.note(&head, &Access::to("view_event").of_event(&first), now).await.unwrap();
}

async fn backup(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    store.backup(&mut out).await.unwrap();
    out
}

#[tokio::test]
async fn a_restored_database_is_the_same() {
    let (store, dir, _) = fresh_store().await;
    filled(&store).await;
    let kept = backup(&store).await;
    // Into the same kind, and from there into SQLite: what either writes, both read.
    let (again, _dir, _) = fresh_store().await;
    let file = Store::open(&Database::File(dir.path().join("restored.db"))).await.unwrap();
    for target in [&again, &file] {
        let rows = target.restore(kept.as_slice()).await.unwrap();
        assert!(rows > 1500, "{rows}");
        assert_eq!(without_truth(&backup(target).await), without_truth(&kept));
        let all = |store: &Store| {
            let store = store.clone();
            async move {
                let events = store.events(&EventFilter::default(), 0, 200).await.unwrap();
                let log = store.accesses(&AccessFilter::default(), 100).await.unwrap();
                let accounts = store.accounts().await.unwrap();
                (
                    events.total,
                    events.episodes,
                    log,
                    accounts,
                    store.cursor().await.unwrap(),
                    store.agents().await.unwrap(),
                )
            }
        };
        assert_eq!(all(target).await, all(&store).await);
        let kept_for = chuangming_central::config::RetentionDays::shortest_log();
        let verified = target.audit_verify(vec![], kept_for).await.unwrap();
        assert_eq!(verified, store.audit_verify(vec![], kept_for).await.unwrap());
        assert!(verified.is_ok());
        assert!(target.session("t", Duration::from_secs(60), Timestamp::now()).await.unwrap().is_none());
    }
    // The next message finds its place.
    let event = opened("edge-01", "1", Rule::Smoking);
    let arrival = Arrival { hall: hall(), agent: event.agent.clone(), body: Body::Event(Box::new(event)) };
    let changes = again.record(&[arrival], Timestamp::now()).await.unwrap().changes;
    assert_eq!(changes[0].id, store.cursor().await.unwrap() + 1);
}

/// PostgreSQL writes truth as words, SQLite as numbers.
fn without_truth(backup: &[u8]) -> String {
    String::from_utf8_lossy(backup).replace("true", "1").replace("false", "0")
}

#[tokio::test]
async fn what_is_no_whole_backup_changes_nothing() {
    let (store, _dir, _) = fresh_store().await;
    filled(&store).await;
    let kept = String::from_utf8(backup(&store).await).unwrap();
    assert!(matches!(store.restore(kept.as_bytes()).await, Err(BackupError::NotEmpty(_))));

    let (empty, _dir, _) = fresh_store().await;
    let lines: Vec<&str> = kept.lines().collect();
    let join = |lines: &[&str]| lines.join("\n") + "\n";
    let row = lines.iter().position(|line| line.contains("\"row\"")).unwrap();
    let without_one: Vec<&str> =
        lines.iter().enumerate().filter(|(n, _)| *n != row).map(|(_, line)| *line).collect();
    for (text, part) in [
        (String::new(), "line 1: is missing"),
        ("hello\n".to_owned(), "line 1:"),
        (join(&["{\"schema\":\"chuangming.backup/9\",\"migration\":1}"]), "expected chuangming.backup/1"),
        (join(&lines[..lines.len() - 1]), "the backup was cut off"),
        (join(&lines[..row + 3]), "the backup was cut off"),
        (join(&without_one), "rows, there were"),
        (join(&[lines[0], lines[row]]), "is a row before its columns"),
        (
            join(&[lines[0], "{\"table\":\"accounts; DROP TABLE audit\",\"columns\":[\"id\"]}"]),
            "there is no table",
        ),
        (join(&[lines[0], "{\"table\":\"accounts\",\"columns\":[\"id) --\"]}"]), "column that is not there"),
    ] {
        let refused = empty.restore(text.as_bytes()).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{refused:?} lacks {part:?}");
        assert!(empty.accounts().await.unwrap().is_empty());
    }
    assert!(empty.restore(kept.as_bytes()).await.is_ok());
}
