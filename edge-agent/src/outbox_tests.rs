//! The outbox survives being dropped at any moment, keeps its bounds, and ends what a killed process left open.

use super::*;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{EventSchema, Evidence};
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::{Rule, Severity};
use chuangming_domain::wire::{CoverageSchema, HealthKind, HealthSchema, Observed};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn id(n: u128) -> EventId {
    EventId(Uuid::from_u128(n))
}

fn event(n: u128, seq: u32, phase: Phase, second: i64) -> Message {
    let ended = phase == Phase::Closed;
    Message::Event(Event {
        schema: EventSchema::V1,
        id: id(n),
        seq,
        phase,
        hall: HallId::new("tanggu").unwrap(),
        agent: AgentId::new("edge-01").unwrap(),
        window: Some(WindowId::new("3").unwrap()),
        zone: None,
        rule: Rule::Slumped,
        article: "16.4".into(),
        severity: Severity::Warning,
        opened_at: at(0),
        at: at(second),
        closed_at: ended.then(|| at(second)),
        close_reason: ended.then_some(CloseReason::Cleared),
        confidence: 0.9,
        evidence: Evidence { hit_ratio: 0.95, observed_s: 60.5, ..Default::default() },
        policy: Digest::of(b"policy"),
        calibration: Digest::of(b"calibration"),
        models: BTreeMap::new(),
        historical: false,
    })
}

fn opened(n: u128) -> Message {
    event(n, 0, Phase::Opened, 60)
}

fn health(n: u128, seq: u32, phase: HealthPhase) -> Message {
    Message::Health(Health {
        schema: HealthSchema::V1,
        id: id(n),
        seq,
        kind: HealthKind::CameraOffline,
        phase,
        camera: None,
        windows: vec![],
        at: at(60),
    })
}

fn coverage(hour: i64, observed_s: f64, unknown_s: f64) -> Coverage {
    let seconds = BTreeMap::from([(Signal::Posture, Observed { observed_s, unknown_s })]);
    Coverage {
        schema: CoverageSchema::V1,
        hour: at(hour * 3600),
        windows: BTreeMap::from([(WindowId::new("3").unwrap(), seconds)]),
    }
}

async fn outbox(folder: &tempfile::TempDir) -> Outbox {
    Outbox::open(folder.path(), Limits::default()).await.unwrap()
}

async fn keys(outbox: &Outbox) -> Vec<(u128, u32)> {
    let stored = outbox.unacknowledged(0, 10_000).await.unwrap();
    stored.iter().map(|s| (s.key.id.0.as_u128(), s.key.seq)).collect()
}

#[tokio::test]
async fn messages_keep_their_order_until_they_are_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = outbox(&folder).await;
    let messages = [opened(1), opened(2), health(3, 0, HealthPhase::Raised), event(1, 1, Phase::Closed, 90)];
    assert_eq!(outbox.append(&messages).await.unwrap(), 0);
    assert_eq!(keys(&outbox).await, [(1, 0), (2, 0), (3, 0), (1, 1)]);

    // The same (id, seq) again changes nothing, and what comes back out is what went in.
    outbox.append(&[opened(1)]).await.unwrap();
    let stored = outbox.unacknowledged(0, 2).await.unwrap();
    assert_eq!(stored.len(), 2);
    assert_eq!(Message::Event(serde_json::from_str(&stored[0].body).unwrap()), opened(1));
    assert_eq!(outbox.unacknowledged(stored[1].position, 9).await.unwrap()[0].channel, Channel::Health);

    let ack = |n, seq| Ack { id: id(n), seq };
    assert_eq!(outbox.acknowledge(&[ack(2, 0), ack(1, 1), ack(9, 0), ack(2, 0)]).await.unwrap(), 2);
    assert_eq!(keys(&outbox).await, [(1, 0), (3, 0)]);
}

#[tokio::test]
async fn a_killed_process_leaves_its_messages_and_the_next_closes_its_episodes() {
    let folder = tempfile::tempdir().unwrap();
    let first = outbox(&folder).await;
    first
        .append(&[opened(1), opened(2), event(2, 1, Phase::Closed, 90), health(3, 0, HealthPhase::Raised)])
        .await
        .unwrap();
    first.append(&[opened(4), event(4, 1, Phase::Updated, 120)]).await.unwrap();
    first.note_alive(at(100)).await.unwrap();
    // Central has 1's opening already: the episode is still open there.
    first.acknowledge(&[Ack { id: id(1), seq: 0 }]).await.unwrap();
    drop(first); // not closed: as kill -9 leaves it

    let second = outbox(&folder).await;
    assert_eq!(second.close_orphans(at(500)).await.unwrap(), 3);
    let expected = [(2, 0), (2, 1), (3, 0), (4, 0), (4, 1), (1, 1), (3, 1), (4, 2)];
    assert_eq!(keys(&second).await, expected);
    let stored = second.unacknowledged(0, 100).await.unwrap();
    let end = |n: usize| serde_json::from_str::<Event>(&stored[n].body).unwrap();
    let one = end(5);
    assert_eq!((one.phase, one.close_reason), (Phase::Closed, Some(CloseReason::Shutdown)));
    assert_eq!((one.closed_at, one.at), (Some(at(100)), at(500)), "it ended when the agent was last alive");
    assert_eq!(end(7).closed_at, Some(at(120)), "never before its own last message");
    let cleared: Health = serde_json::from_str(&stored[6].body).unwrap();
    assert_eq!((cleared.phase, cleared.at), (HealthPhase::Cleared, at(500)));

    assert_eq!(second.close_orphans(at(600)).await.unwrap(), 0, "once only");
}

#[tokio::test]
async fn an_hour_of_coverage_grows_over_restarts_and_goes_out_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let first = outbox(&folder).await;
    first.add_coverage(&coverage(0, 100.0, 20.0)).await.unwrap();
    assert!(first.unsent_coverage(at(0)).await.unwrap().is_empty(), "its hour is not over");
    let early = first.unsent_coverage(at(3600)).await.unwrap().remove(0);
    first.coverage_sent(&early.hour, early.revision, at(0)).await.unwrap();
    assert!(first.unsent_coverage(at(3600)).await.unwrap().is_empty());
    drop(first);

    let second = outbox(&folder).await;
    second.add_coverage(&coverage(0, 50.0, 5.0)).await.unwrap();
    second.add_coverage(&coverage(1, 7.0, 0.0)).await.unwrap();
    let hours = second.unsent_coverage(at(3600)).await.unwrap();
    assert_eq!(hours.len(), 1);
    assert_eq!(serde_json::from_str::<Coverage>(&hours[0].body).unwrap(), coverage(0, 150.0, 25.0));

    second.coverage_sent(&hours[0].hour, hours[0].revision, at(3600)).await.unwrap();
    assert_eq!(second.totals().await.unwrap().0, 1, "the finished hour is gone");
    // An old confirmation does not hide a newer state.
    second.add_coverage(&coverage(1, 1.0, 0.0)).await.unwrap();
    second.coverage_sent(&at(3600).to_string(), 1, at(0)).await.unwrap();
    assert_eq!(second.unsent_coverage(at(7200)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_outbox_evicts_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(folder.path(), Limits { stored: 6, ..Limits::default() }).await.unwrap();
    outbox.add_coverage(&coverage(0, 1.0, 0.0)).await.unwrap();
    outbox
        .append(&[opened(1), opened(2), event(2, 1, Phase::Updated, 70), event(2, 2, Phase::Closed, 90)])
        .await
        .unwrap();
    assert_eq!(outbox.append(&[opened(3)]).await.unwrap(), 0);

    let mut evicted = Vec::new();
    for n in 4..8 {
        evicted.push(outbox.append(&[opened(n)]).await.unwrap());
    }
    // Coverage, then the update, then the whole closed episode (making room for two), at last the oldest.
    assert_eq!(evicted, [1, 1, 2, 0]);
    assert_eq!(keys(&outbox).await, [(1, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0)]);
    assert_eq!(outbox.append(&[opened(8)]).await.unwrap(), 1);
    assert_eq!(keys(&outbox).await[0], (3, 0));
    assert!(!outbox.is_roomy().await.unwrap());
}

#[tokio::test]
async fn bytes_are_bounded_too() {
    let folder = tempfile::tempdir().unwrap();
    let size = i64::try_from(opened(1).body().unwrap().len()).unwrap();
    let limits = Limits { bytes: size * 3, ..Limits::default() };
    let outbox = Outbox::open(folder.path(), limits).await.unwrap();
    let evicted = outbox.append(&[opened(1), opened(2), opened(3), opened(4)]).await.unwrap();
    assert_eq!((evicted, outbox.totals().await.unwrap()), (1, (3, size * 3)));
}

#[tokio::test]
async fn a_full_disk_is_told_and_stores_nothing_by_half() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = outbox(&folder).await;
    outbox.limit_pages(24).await;
    let mut n = 0;
    let refused = loop {
        n += 1;
        if let Err(e) = outbox.append(&[opened(2 * n), opened(2 * n + 1)]).await {
            break e;
        }
        assert!(n < 1000, "the page limit is never met");
    };
    assert!(matches!(refused, OutboxError::Full), "{refused}");
    assert_eq!(outbox.totals().await.unwrap().0 as u128, 2 * (n - 1), "both or none");
    outbox.acknowledge(&[Ack { id: id(2), seq: 0 }, Ack { id: id(3), seq: 0 }]).await.unwrap();
    outbox.append(&[opened(2 * n)]).await.unwrap();
}

#[tokio::test]
async fn something_else_at_its_place_is_an_error_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), "this is no database, and long enough to be looked at").unwrap();
    let error = Outbox::open(folder.path(), Limits::default()).await.unwrap_err().to_string();
    assert!(error.starts_with("outbox.db: "), "{error}");
}

/// What may happen to an outbox.
#[derive(Debug, Clone)]
enum Step {
    Append(u128),
    Acknowledge(u128),
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..30u128).prop_map(Step::Append),
        2 => (1..30u128).prop_map(Step::Acknowledge),
        1 => Just(Step::Kill),
    ];
    proptest::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever was appended and not acknowledged is there, in order and once, however often the process dies.
    #[test]
    fn nothing_is_lost_and_nothing_is_double(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut db = outbox(&folder).await;
            let mut expected = Vec::new();
            for step in steps {
                match step {
                    Step::Append(n) => {
                        db.append(&[opened(n)]).await.unwrap();
                        if !expected.contains(&(n, 0)) {
                            expected.push((n, 0));
                        }
                    }
                    Step::Acknowledge(n) => {
                        db.acknowledge(&[Ack { id: id(n), seq: 0 }]).await.unwrap();
                        expected.retain(|&(e, _)| e != n);
                    }
                    Step::Kill => {
                        drop(db);
                        db = outbox(&folder).await;
                    }
                }
            }
            assert_eq!(keys(&db).await, expected);
        });
    }
}
