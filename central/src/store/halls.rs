//! Halls as the agents tell of them: agents, their windows and zones, and the system's own problems.

use super::{Change, ChangeKind, Flag, Store, StoreError, feed, id, json, time};
use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{AppliedConfig, Health};

/// An agent as it last told.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentRow {
    /// Its hall.
    pub hall: HallId,
    /// Its id.
    pub agent: AgentId,
    /// Whether it is connected.
    pub online: bool,
    /// Its version.
    pub version: Option<String>,
    /// Since when it is, or was last, connected.
    pub since: Option<Timestamp>,
    /// When its state last arrived here.
    pub seen_at: Timestamp,
    /// The configuration it applied or refused, and when that arrived.
    pub applied: Option<(AppliedConfig, Timestamp)>,
}

/// A window or a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PlaceKind {
    Window,
    Zone,
}

impl PlaceKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            PlaceKind::Window => "window",
            PlaceKind::Zone => "zone",
        }
    }
}

/// A window or zone that an agent has spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its hall.
    pub hall: HallId,
    /// Which of the two.
    pub kind: PlaceKind,
    /// Its id.
    pub place: String,
    /// The agent that last spoke of it.
    pub agent: AgentId,
}

/// A problem of the system itself, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// Its newest message.
    pub health: Health,
    /// When it began; unknown while that message is still under way.
    pub raised_at: Option<Timestamp>,
    /// When it ended.
    pub cleared_at: Option<Timestamp>,
}

type AgentColumns = (String, String, Flag, Option<String>, Option<i64>, i64, Option<String>, Option<i64>);
pub(super) type ProblemColumns = (String, String, String, Option<i64>, Option<i64>);

const AGENTS: &str = "SELECT hall, agent, online, version, since, seen_at, applied, applied_at FROM agents";

impl Store {
    /// Every agent that was ever heard of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agents(&self) -> Result<Vec<AgentRow>, StoreError> {
        let rows: Vec<AgentColumns> = sqlx::query_as(AGENTS).fetch_all(&self.pool).await?;
        rows.into_iter().map(agent).collect()
    }

    /// One agent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent(&self, hall: &HallId, name: &str) -> Result<Option<AgentRow>, StoreError> {
        let row: Option<AgentColumns> = sqlx::query_as(
            "SELECT hall, agent, online, version, since, seen_at, applied, applied_at FROM agents
             WHERE hall = $1 AND agent = $2",
        )
        .bind(hall.as_str())
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        row.map(agent).transpose()
    }

    /// Notes that nobody knows any more whether the agents are connected: until they tell again, none counts as such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lose_sight(&self, now: Timestamp) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        let lost: Vec<(String, String)> =
            sqlx::query_as("UPDATE agents SET online = FALSE WHERE online RETURNING hall, agent")
                .fetch_all(&mut *tx)
                .await?;
        let mut changes = Vec::with_capacity(lost.len());
        for (hall, agent) in lost {
            let hall = id("agents", &hall)?;
            changes.push(feed::append(&mut tx, now, &hall, ChangeKind::Status, &agent, false).await?);
        }
        tx.commit().await?;
        Ok(changes)
    }

    /// Every window and zone that an agent has spoken of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn places(&self) -> Result<Vec<Place>, StoreError> {
        let rows: Vec<(String, String, String, String)> =
            sqlx::query_as("SELECT hall, kind, place, agent FROM places").fetch_all(&self.pool).await?;
        let place = |(hall, kind, place, agent): (String, String, String, String)| {
            let kind = if kind == PlaceKind::Zone.name() { PlaceKind::Zone } else { PlaceKind::Window };
            Ok(Place { hall: id("places", &hall)?, kind, place, agent: id("places", &agent)? })
        };
        rows.into_iter().map(place).collect()
    }

    /// Every problem that has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_problems(&self) -> Result<Vec<Problem>, StoreError> {
        let rows: Vec<ProblemColumns> =
            sqlx::query_as("SELECT hall, agent, body, raised_at, cleared_at FROM problems WHERE cleared_at IS NULL ORDER BY raised_at")
                .fetch_all(&self.pool)
                .await?;
        rows.into_iter().map(problem).collect()
    }

    /// One problem.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn problem(&self, problem_id: EventId) -> Result<Option<Problem>, StoreError> {
        let row: Option<ProblemColumns> =
            sqlx::query_as("SELECT hall, agent, body, raised_at, cleared_at FROM problems WHERE id = $1")
                .bind(problem_id.to_string())
                .fetch_optional(&self.pool)
                .await?;
        row.map(problem).transpose()
    }
}

fn agent(
    (hall, agent, Flag(online), version, since, seen_at, applied, applied_at): AgentColumns,
) -> Result<AgentRow, StoreError> {
    let applied = match applied.zip(applied_at) {
        Some((body, at)) => Some((json("agents", &body)?, time(at))),
        None => None,
    };
    Ok(AgentRow {
        hall: id("agents", &hall)?,
        agent: id("agents", &agent)?,
        online,
        version,
        since: since.map(time),
        seen_at: time(seen_at),
        applied,
    })
}

pub(super) fn problem(
    (hall, agent, body, raised_at, cleared_at): ProblemColumns,
) -> Result<Problem, StoreError> {
    Ok(Problem {
        hall: id("problems", &hall)?,
        agent: id("problems", &agent)?,
        health: json("problems", &body)?,
        raised_at: raised_at.map(time),
        cleared_at: cleared_at.map(time),
    })
}
