//! The store counts nothing twice and loses nothing, whatever order and repetition messages arrive in.

mod common;

use chuangming_central::review::{Act, Verdict};
use chuangming_central::store::{Arrival, Body, ChangeKind, EventFilter, Missed, Outcome, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{CloseReason, Event, EventId, Phase};
use chuangming_domain::id::{AgentId, CameraId, HallId, WindowId};
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{
    Coverage, CoverageSchema, Health, HealthKind, HealthPhase, HealthSchema, Observed, Status,
};
use common::{closed, fresh_store, hall, opened};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tempfile::TempDir;

async fn store() -> (Store, TempDir) {
    let (store, dir, _) = fresh_store().await;
    (store, dir)
}

fn arrival(event: &Event) -> Arrival {
    Arrival {
        hall: event.hall.clone(),
        agent: event.agent.clone(),
        body: Body::Event(Box::new(event.clone())),
    }
}

fn of(agent: &str, body: Body) -> Arrival {
    Arrival { hall: hall(), agent: AgentId::new(agent).unwrap(), body }
}

async fn record(store: &Store, arrivals: &[Arrival]) -> Vec<Outcome> {
    store.record(arrivals, Timestamp::now()).await.unwrap().outcomes
}

/// An episode of `updates` updates, closed if asked.
fn episode(window: &str, updates: u32, close: bool) -> Vec<Event> {
    let mut messages = vec![opened("edge-01", window, Rule::Slumped)];
    for seq in 1..=updates {
        let last = messages.last().unwrap().clone();
        let at = last.at + Duration::from_secs(1);
        messages.push(Event { seq, phase: Phase::Updated, at, confidence: 0.5, ..last });
    }
    if close {
        messages.push(closed(messages.last().unwrap()));
    }
    messages
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any order, any repetition, any cut into batches: each message is stored once, and each episode ends in the state
    /// of its last message.
    #[test]
    fn recording_is_idempotent(
        lengths in prop::collection::vec((0u32..4, any::<bool>()), 1..5),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        batch in 1usize..8,
    ) {
        let episodes: Vec<_> =
            lengths.iter().enumerate().map(|(i, (updates, close))| episode(&i.to_string(), *updates, *close)).collect();
        let all: Vec<Event> = episodes.concat();
        // Some arbitrary deliveries first, then every message once more: as an agent that sends until acknowledged.
        let deliveries: Vec<Event> =
            order.iter().map(|index| index.get(&all).clone()).chain(all.iter().rev().cloned()).collect();

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (store, _dir) = store().await;
            let mut seen = BTreeSet::new();
            for chunk in deliveries.chunks(batch) {
                let arrivals: Vec<_> = chunk.iter().map(arrival).collect();
                for (event, outcome) in chunk.iter().zip(record(&store, &arrivals).await) {
                    let is_new = seen.insert((event.id, event.seq));
                    assert_eq!(outcome, if is_new { Outcome::Stored } else { Outcome::Duplicate });
                }
            }
            let page = store.events(&EventFilter::default(), 0, 200).await.unwrap();
            assert_eq!(page.total as usize, episodes.len());
            for messages in &episodes {
                let last = messages.last().unwrap();
                let stored = store.event(last.id).await.unwrap().unwrap();
                assert_eq!(&stored.event, last);
                let raised = stored.raised_at.unwrap();
                assert_eq!(raised.as_microsecond(), messages[0].at.as_microsecond());
                let history: Vec<_> = store.messages(last.id).await.unwrap().into_iter().map(|m| m.event).collect();
                assert_eq!(&history, messages);
            }
        });
    }
}

#[tokio::test]
async fn what_is_recorded_survives_reopening() {
    let (store, _dir, database) = fresh_store().await;
    let event = opened("edge-01", "3", Rule::Absence);
    assert_eq!(record(&store, &[arrival(&event)]).await, [Outcome::Stored]);
    // Not closed on purpose: whoever dies does not tidy up.
    let again = Store::open(&database).await.unwrap();
    assert_eq!(again.event(event.id).await.unwrap().unwrap().event, event);
    assert_eq!(record(&again, &[arrival(&event)]).await, [Outcome::Duplicate]);
}

/// Writers wait for each other: every message is stored once, and the feed's numbers have neither gaps nor twins.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_beside_each_other_count_nothing_twice() {
    let (store, _dir, database) = fresh_store().await;
    let events: Vec<Event> = (0..20).map(|n| opened("edge-01", &n.to_string(), Rule::Slumped)).collect();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..4 {
        // Half of them as another central with a pool of its own.
        let store = if n % 2 == 0 { store.clone() } else { Store::open(&database).await.unwrap() };
        let mut arrivals: Vec<_> = events.iter().map(arrival).collect();
        arrivals.rotate_left(n * 5);
        writers.spawn(async move {
            let mut stored = 0;
            for batch in arrivals.chunks(3) {
                let outcomes = record(&store, batch).await;
                stored += outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
            }
            stored
        });
    }
    let stored: usize = writers.join_all().await.into_iter().sum();
    assert_eq!(stored, events.len());
    let Missed::Changes(changes) = store.changes_after(0, 1000).await.unwrap() else { panic!("changes") };
    let numbers: Vec<_> = changes.iter().map(|change| change.id).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_id_belongs_to_one_episode() {
    let (store, _dir) = store().await;
    let event = opened("edge-01", "3", Rule::Absence);
    let mut foreign = Vec::new();
    for change in 0..4 {
        let mut other = Event { seq: 1, phase: Phase::Updated, ..event.clone() };
        match change {
            0 => other.agent = AgentId::new("edge-02").unwrap(),
            1 => other.hall = HallId::new("hangu").unwrap(),
            2 => other.window = Some(WindowId::new("4").unwrap()),
            _ => other.rule = Rule::Slumped,
        }
        foreign.push(arrival(&other));
    }
    let all: Vec<_> = std::iter::once(arrival(&event)).chain(foreign).collect();
    let outcomes = record(&store, &all).await;
    assert_eq!(
        outcomes,
        [Outcome::Stored, Outcome::Foreign, Outcome::Foreign, Outcome::Foreign, Outcome::Foreign]
    );
    assert_eq!(store.messages(event.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn changes_ring_only_for_fresh_live_alerts() {
    let (store, _dir) = store().await;
    let live = opened("edge-01", "1", Rule::Smoking);
    let mut late = opened("edge-01", "2", Rule::Smoking);
    late.at = Timestamp::now() - Duration::from_secs(3600);
    late.opened_at = late.at;
    let historical = Event { historical: true, ..opened("edge-01", "3", Rule::Smoking) };
    let end = closed(&live);
    let recorded = store
        .record(&[arrival(&live), arrival(&late), arrival(&historical), arrival(&end)], Timestamp::now())
        .await
        .unwrap();
    let told: Vec<_> = recorded.changes.iter().map(|c| (c.kind, c.subject.clone(), c.ring)).collect();
    assert_eq!(
        told,
        [
            (ChangeKind::Opened, live.id.to_string(), true),
            (ChangeKind::Opened, late.id.to_string(), false),
            (ChangeKind::Closed, live.id.to_string(), false),
        ]
    );
    // The stream resumes with exactly what came after a number, and says so when it cannot.
    let first = recorded.changes[0].id;
    assert_eq!(
        store.changes_after(first, 10).await.unwrap(),
        Missed::Changes(recorded.changes[1..].to_vec())
    );
    assert_eq!(
        store.changes_after(store.cursor().await.unwrap(), 10).await.unwrap(),
        Missed::Changes(Vec::new())
    );
    assert_eq!(store.changes_after(first, 1).await.unwrap(), Missed::TooMuch);
    assert_eq!(store.changes_after(1_000_000, 10).await.unwrap(), Missed::TooMuch);
    // Open alerts hold neither the closed nor the historical one.
    let open: Vec<_> = store.open_events(None).await.unwrap().into_iter().map(|e| e.event.id).collect();
    assert_eq!(open, [late.id]);
    assert_eq!(store.events(&EventFilter::default(), 0, 10).await.unwrap().total, 3);
}

#[tokio::test]
async fn health_coverage_and_status_are_kept() {
    let (store, _dir) = store().await;
    let raised = Health {
        schema: HealthSchema::V1,
        id: EventId(uuid::Uuid::now_v7()),
        seq: 0,
        kind: HealthKind::CameraDark,
        phase: HealthPhase::Raised,
        camera: Some(CameraId::new("cam-1").unwrap()),
        windows: vec![WindowId::new("3").unwrap()],
        at: Timestamp::now(),
    };
    let cleared = Health { seq: 1, phase: HealthPhase::Cleared, ..raised.clone() };
    let health = |h: &Health| of("edge-01", Body::Health(h.clone()));
    assert_eq!(
        record(&store, &[health(&raised), health(&raised)]).await,
        [Outcome::Stored, Outcome::Duplicate]
    );
    assert_eq!(store.open_problems().await.unwrap()[0].health, raised);
    let other_kind = Health { seq: 1, kind: HealthKind::DiskFull, ..raised.clone() };
    assert_eq!(record(&store, &[health(&other_kind)]).await, [Outcome::Foreign]);
    assert_eq!(record(&store, &[of("edge-02", Body::Health(cleared.clone()))]).await, [Outcome::Foreign]);
    assert_eq!(record(&store, &[health(&cleared)]).await, [Outcome::Stored]);
    assert!(store.open_problems().await.unwrap().is_empty());

    let coverage = |observed_s| {
        let signals = BTreeMap::from([(Signal::Posture, Observed { observed_s, unknown_s: 0.0 })]);
        let windows = BTreeMap::from([(WindowId::new("7").unwrap(), signals)]);
        let hour = Timestamp::from_second(3600).unwrap();
        of("edge-01", Body::Coverage(Coverage { schema: CoverageSchema::V1, hour, windows }))
    };
    let outcomes =
        record(&store, &[coverage(100.0), coverage(100.0), coverage(50.0), coverage(3600.0)]).await;
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Duplicate, Outcome::Duplicate, Outcome::Stored]);

    let since = Some(Timestamp::UNIX_EPOCH);
    let online = Status { online: true, version: Some("0.1.0".to_owned()), since };
    let will = Status { online: false, version: None, since: None };
    record(&store, &[of("edge-01", Body::Status(online)), of("edge-01", Body::Status(will))]).await;
    let agent = &store.agents().await.unwrap()[0];
    assert_eq!((agent.online, agent.version.as_deref(), agent.since), (false, Some("0.1.0"), since));
    let places: Vec<_> = store.places().await.unwrap().into_iter().map(|p| p.place).collect();
    assert_eq!(places, ["3", "7"]);
}

#[tokio::test]
async fn filters_narrow() {
    let (store, _dir) = store().await;
    let slumped = opened("edge-01", "1", Rule::Slumped);
    let mut smoking = opened("edge-01", "2", Rule::Smoking);
    smoking.opened_at = smoking.at - Duration::from_secs(7200);
    let ended = closed(&smoking);
    let mut elsewhere = opened("edge-09", "1", Rule::Slumped);
    elsewhere.hall = HallId::new("hangu").unwrap();
    record(&store, &[arrival(&slumped), arrival(&smoking), arrival(&ended), arrival(&elsewhere)]).await;
    let review = async |event: &Event, who: &str, act: Act| {
        store.review(event, who, &act, Timestamp::now()).await.unwrap().map(|change| change.kind)
    };
    assert_eq!(review(&slumped, "1", Act::Acknowledge).await, Some(ChangeKind::Reviewed));
    assert_eq!(review(&slumped, "2", Act::Acknowledge).await, None);
    assert_eq!(review(&elsewhere, "1", Act::Note("门口".to_owned())).await, Some(ChangeKind::Reviewed));
    assert_eq!(review(&elsewhere, "1", Act::Decide(Verdict::Wrong)).await, Some(ChangeKind::Reviewed));
    let seen = store.event(slumped.id).await.unwrap().unwrap().review.acknowledged.unwrap();
    assert_eq!(
        (seen.account_id.as_str(), seen.name),
        ("1", None),
        "the first one stays; its account is gone"
    );
    let steps = store.review_steps(elsewhere.id).await.unwrap();
    let steps: Vec<_> = steps.iter().map(|s| (s.step.as_str(), s.detail.as_deref())).collect();
    assert_eq!(steps, [("note", Some("门口")), ("mark_wrong", None)]);

    let here = || EventFilter { halls: Some(vec![hall()]), ..EventFilter::default() };
    let hour_ago = Timestamp::now() - Duration::from_secs(3600);
    let rows: Vec<(EventFilter, Vec<EventId>)> = vec![
        (EventFilter::default(), vec![elsewhere.id, slumped.id, smoking.id]),
        (here(), vec![slumped.id, smoking.id]),
        (EventFilter { halls: Some(vec![]), ..here() }, vec![]),
        (EventFilter { window: Some(WindowId::new("2").unwrap()), ..here() }, vec![smoking.id]),
        (EventFilter { rule: Some(Rule::Slumped), ..here() }, vec![slumped.id]),
        (EventFilter { severity: Some(Rule::Smoking.default_severity()), ..here() }, vec![smoking.id]),
        (EventFilter { from: Some(hour_ago), ..here() }, vec![slumped.id]),
        (EventFilter { to: Some(hour_ago), ..here() }, vec![smoking.id]),
        (EventFilter { open: Some(true), ..here() }, vec![slumped.id]),
        (EventFilter { open: Some(false), ..here() }, vec![smoking.id]),
        (EventFilter { acknowledged: Some(true), ..here() }, vec![slumped.id]),
        (EventFilter { acknowledged: Some(false), ..here() }, vec![smoking.id]),
        (EventFilter { historical: Some(true), ..here() }, vec![]),
        (EventFilter { verdict: Some(Some(Verdict::Wrong)), ..EventFilter::default() }, vec![elsewhere.id]),
        (EventFilter { verdict: Some(Some(Verdict::Confirmed)), ..EventFilter::default() }, vec![]),
        (EventFilter { verdict: Some(None), ..EventFilter::default() }, vec![slumped.id, smoking.id]),
    ];
    let mut failures = Vec::new();
    for (filter, expected) in rows {
        let page = store.events(&filter, 0, 10).await.unwrap();
        let got: BTreeSet<_> = page.episodes.iter().map(|e| e.event.id).collect();
        if got != expected.iter().copied().collect() || page.total as usize != expected.len() {
            failures.push(format!("{filter:?}: {got:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let second = store.events(&EventFilter::default(), 1, 2).await.unwrap();
    assert_eq!((second.total, second.episodes.len(), second.episodes[0].event.id), (3, 1, smoking.id));
    assert_eq!(second.episodes[0].event.close_reason, Some(CloseReason::Cleared));
}
