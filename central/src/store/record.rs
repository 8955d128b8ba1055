//! What arrives from the agents becomes durable here: one transaction for a batch, each message at most once.

use super::{
    Change, ChangeKind, PlaceKind, Store, StoreError, Transaction, feed, fleet, micros, policies, suspended,
};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, Phase};
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{Ack, AppliedConfig, Coverage, Geometry, Health, HealthPhase, Machine, Status};

/// A valid message of an agent.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names are the channels of the contract")]
pub enum Body {
    Event(Box<Event>),
    Health(Health),
    Coverage(Coverage),
    Status(Status),
    Applied(AppliedConfig),
    Machine(Machine),
    Geometry(Geometry),
}

impl Arrival {
    /// What central answers once the message is durable; coverage, status and configuration need no answer.
    #[must_use]
    pub fn ack(&self) -> Option<Ack> {
        match &self.body {
            Body::Event(e) => Some(Ack { id: e.id, seq: e.seq }),
            Body::Health(h) => Some(Ack { id: h.id, seq: h.seq }),
            Body::Coverage(_) | Body::Status(_) | Body::Applied(_) | Body::Machine(_) | Body::Geometry(_) => {
                None
            }
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable now.
    Stored,
    /// It was durable already; nothing changed.
    Duplicate,
    /// Its id belongs to an episode or problem of another agent, place or kind; nothing changed.
    Foreign,
}

/// What became of a batch.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// One for each message, in order.
    pub outcomes: Vec<Outcome>,
    /// What the live stream should tell.
    pub changes: Vec<Change>,
}

/// An alert that reaches central later than this after its dwell was full does not ring any more.
const LATE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

impl Store {
    /// Makes a batch durable: when this returns, every `Stored` and `Duplicate` message survives a power cut.
    ///
    /// # Errors
    /// When the database fails; then nothing of the batch was recorded.
    pub async fn record(&self, batch: &[Arrival], now: Timestamp) -> Result<Recorded, StoreError> {
        let mut tx = self.begin().await?;
        let mut recorded = Recorded::default();
        let mut plans = suspended::Plans::default();
        for arrival in batch {
            let (outcome, change) = record_one(&mut tx, &mut plans, arrival, now).await?;
            recorded.outcomes.push(outcome);
            if let Some((kind, subject, ring)) = change {
                recorded.changes.push(feed::append(&mut tx, now, &arrival.hall, kind, &subject, ring).await?);
            }
        }
        tx.commit().await?;
        Ok(recorded)
    }
}

/// A change before it has its number: what, of which row, and whether it rings.
type Told = Option<(ChangeKind, String, bool)>;

async fn record_one(
    tx: &mut Transaction,
    plans: &mut suspended::Plans,
    arrival: &Arrival,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    match &arrival.body {
        Body::Event(event) => record_event(tx, plans, event, now).await,
        Body::Health(health) => record_health(tx, arrival, health, now).await,
        Body::Coverage(coverage) => record_coverage(tx, arrival, coverage).await,
        Body::Status(status) => record_status(tx, arrival, status, now).await,
        Body::Applied(applied) => record_applied(tx, arrival, applied, now).await,
        Body::Machine(machine) => record_machine(tx, arrival, machine, now).await,
        Body::Geometry(geometry) => record_geometry(tx, arrival, geometry, now).await,
    }
}

async fn record_event(
    tx: &mut Transaction,
    plans: &mut suspended::Plans,
    event: &Event,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    let id = event.id.to_string();
    let known: Option<(i64, String)> = sqlx::query_as("SELECT last_seq, body FROM episodes WHERE id = $1")
        .bind(&id)
        .fetch_optional(&mut **tx)
        .await?;
    let last_seq = match known {
        None => None,
        Some((last_seq, body)) if same_episode(&super::json("episodes", &body)?, event) => Some(last_seq),
        Some(_) => return Ok((Outcome::Foreign, None)),
    };
    let body = to_json(event);
    let inserted = sqlx::query(
        "INSERT INTO messages (event_id, seq, phase, at, stored_at, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(&id)
    .bind(i64::from(event.seq))
    .bind(phase_name(event.phase))
    .bind(micros(event.at))
    .bind(micros(now))
    .bind(&body)
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok((Outcome::Duplicate, None));
    }
    let newest = last_seq.is_none_or(|last| i64::from(event.seq) > last);
    if newest {
        upsert_episode(tx, event, &body).await?;
    }
    let mut rests = false;
    if event.phase == Phase::Opened {
        rests = plans.look(tx, event).await?;
        sqlx::query("UPDATE episodes SET raised_at = $2 WHERE id = $1")
            .bind(&id)
            .bind(micros(event.at))
            .execute(&mut **tx)
            .await?;
    }
    if last_seq.is_none() {
        let (kind, place) = match (&event.window, &event.zone) {
            (Some(window), _) => (PlaceKind::Window, window.as_str()),
            (None, Some(zone)) => (PlaceKind::Zone, zone.as_str()),
            (None, None) => return Ok((Outcome::Stored, None)),
        };
        see_place(tx, &event.hall, kind, place, &event.agent).await?;
    }
    if event.historical {
        return Ok((Outcome::Stored, None));
    }
    let kind = match event.phase {
        Phase::Opened if newest => ChangeKind::Opened,
        Phase::Closed => ChangeKind::Closed,
        _ => ChangeKind::Updated,
    };
    let ring = !rests && kind == ChangeKind::Opened && now.duration_since(event.at) <= LATE;
    Ok((Outcome::Stored, Some((kind, id, ring))))
}

/// An id belongs to one rule at one place of one agent for ever.
fn same_episode(stored: &Event, event: &Event) -> bool {
    stored.hall == event.hall
        && stored.agent == event.agent
        && stored.window == event.window
        && stored.zone == event.zone
        && stored.rule == event.rule
}

async fn upsert_episode(tx: &mut Transaction, event: &Event, body: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO episodes (id, hall, agent, window_id, zone_id, rule, severity, opened_at, closed_at, historical,
                               last_seq, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, opened_at = excluded.opened_at,
            closed_at = excluded.closed_at, last_seq = excluded.last_seq, body = excluded.body
         WHERE excluded.last_seq > episodes.last_seq",
    )
    .bind(event.id.to_string())
    .bind(event.hall.as_str())
    .bind(event.agent.as_str())
    .bind(event.window.as_ref().map(|w| w.as_str()))
    .bind(event.zone.as_ref().map(|z| z.as_str()))
    .bind(event.rule.name())
    .bind(event.severity.name())
    .bind(micros(event.opened_at))
    .bind(event.closed_at.map(micros))
    .bind(event.historical)
    .bind(i64::from(event.seq))
    .bind(body)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn record_health(
    tx: &mut Transaction,
    arrival: &Arrival,
    health: &Health,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    let id = health.id.to_string();
    let kind = health.kind.name().to_owned();
    let known: Option<(String, String, String)> =
        sqlx::query_as("SELECT hall, agent, kind FROM problems WHERE id = $1")
            .bind(&id)
            .fetch_optional(&mut **tx)
            .await?;
    if known.is_some_and(|known| known != (arrival.hall.to_string(), arrival.agent.to_string(), kind.clone()))
    {
        return Ok((Outcome::Foreign, None));
    }
    let body = to_json(health);
    let inserted = sqlx::query(
        "INSERT INTO health_messages (problem_id, seq, stored_at, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(&id)
    .bind(i64::from(health.seq))
    .bind(micros(now))
    .bind(&body)
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok((Outcome::Duplicate, None));
    }
    sqlx::query(
        "INSERT INTO problems (id, hall, agent, kind, cleared_at, last_seq, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET cleared_at = excluded.cleared_at, last_seq = excluded.last_seq,
            body = excluded.body
         WHERE excluded.last_seq > problems.last_seq",
    )
    .bind(&id)
    .bind(arrival.hall.as_str())
    .bind(arrival.agent.as_str())
    .bind(&kind)
    .bind((health.phase == HealthPhase::Cleared).then_some(micros(health.at)))
    .bind(i64::from(health.seq))
    .bind(&body)
    .execute(&mut **tx)
    .await?;
    if health.phase == HealthPhase::Raised {
        sqlx::query(
            "UPDATE problems SET raised_at = $2 WHERE id = $1 AND (raised_at IS NULL OR raised_at > $2)",
        )
        .bind(&id)
        .bind(micros(health.at))
        .execute(&mut **tx)
        .await?;
    }
    for window in &health.windows {
        see_place(tx, &arrival.hall, PlaceKind::Window, window.as_str(), &arrival.agent).await?;
    }
    Ok((Outcome::Stored, Some((ChangeKind::Health, id, false))))
}

/// Coverage has no id: of two reports of the same hour, window and signal the one that saw more time stays.
async fn record_coverage(
    tx: &mut Transaction,
    arrival: &Arrival,
    coverage: &Coverage,
) -> Result<(Outcome, Told), StoreError> {
    let mut changed = 0;
    for (window, signals) in &coverage.windows {
        see_place(tx, &arrival.hall, PlaceKind::Window, window.as_str(), &arrival.agent).await?;
        for (signal, seconds) in signals {
            let done = sqlx::query(
                "INSERT INTO coverage (hall, agent, hour, window_id, signal, observed_s, unknown_s)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (hall, agent, hour, window_id, signal)
                 DO UPDATE SET observed_s = excluded.observed_s, unknown_s = excluded.unknown_s
                 WHERE excluded.observed_s + excluded.unknown_s > coverage.observed_s + coverage.unknown_s",
            )
            .bind(arrival.hall.as_str())
            .bind(arrival.agent.as_str())
            .bind(micros(coverage.hour))
            .bind(window.as_str())
            .bind(signal.name())
            .bind(seconds.observed_s)
            .bind(seconds.unknown_s)
            .execute(&mut **tx)
            .await?;
            changed += done.rows_affected();
        }
    }
    Ok((if changed > 0 { Outcome::Stored } else { Outcome::Duplicate }, None))
}

async fn record_status(
    tx: &mut Transaction,
    arrival: &Arrival,
    status: &Status,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    // The last will knows neither version nor since: then the last known ones stay.
    sqlx::query(
        "INSERT INTO agents (hall, agent, online, version, since, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (hall, agent) DO UPDATE SET online = excluded.online, seen_at = excluded.seen_at,
            version = COALESCE(excluded.version, agents.version), since = COALESCE(excluded.since, agents.since)",
    )
    .bind(arrival.hall.as_str())
    .bind(arrival.agent.as_str())
    .bind(status.online)
    .bind(status.version.as_deref())
    .bind(status.since.map(micros))
    .bind(micros(now))
    .execute(&mut **tx)
    .await?;
    Ok((Outcome::Stored, Some((ChangeKind::Status, arrival.agent.to_string(), false))))
}

async fn record_applied(
    tx: &mut Transaction,
    arrival: &Arrival,
    applied: &AppliedConfig,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    let body = to_json(applied);
    policies::note_answer(tx, &arrival.hall, &arrival.agent, applied, &body, now).await?;
    sqlx::query(
        "INSERT INTO agents (hall, agent, online, seen_at, applied, applied_at) VALUES ($1, $2, $3, $4, $5, $4)
         ON CONFLICT (hall, agent) DO UPDATE SET seen_at = excluded.seen_at, applied = excluded.applied,
            applied_at = excluded.applied_at",
    )
    .bind(arrival.hall.as_str())
    .bind(arrival.agent.as_str())
    .bind(false)
    .bind(micros(now))
    .bind(body)
    .execute(&mut **tx)
    .await?;
    Ok((Outcome::Stored, Some((ChangeKind::Status, arrival.agent.to_string(), false))))
}

async fn record_machine(
    tx: &mut Transaction,
    arrival: &Arrival,
    machine: &Machine,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    fleet::record_machine(tx, &arrival.hall, &arrival.agent, machine, &to_json(machine), now).await?;
    // It comes every minute and changes nothing on a board: no page need be told.
    Ok((Outcome::Stored, None))
}

async fn record_geometry(
    tx: &mut Transaction,
    arrival: &Arrival,
    geometry: &Geometry,
    now: Timestamp,
) -> Result<(Outcome, Told), StoreError> {
    let is_new = fleet::record_geometry(tx, &arrival.hall, &arrival.agent, geometry, now).await?;
    // It is retained: every connection brings it again, and no board shows it.
    Ok((if is_new { Outcome::Stored } else { Outcome::Duplicate }, None))
}

async fn see_place(
    tx: &mut Transaction,
    hall: &HallId,
    kind: PlaceKind,
    place: &str,
    agent: &AgentId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO places (hall, kind, place, agent) VALUES ($1, $2, $3, $4)
         ON CONFLICT (hall, kind, place) DO UPDATE SET agent = excluded.agent WHERE places.agent <> excluded.agent",
    )
    .bind(hall.as_str())
    .bind(kind.name())
    .bind(place)
    .bind(agent.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

const fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Opened => "opened",
        Phase::Updated => "updated",
        Phase::Closed => "closed",
    }
}

/// The wire types always serialise: their maps have text keys and their numbers were checked on arrival.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
