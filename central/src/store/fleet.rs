//! What agents say of themselves as machines, how well they observe, and what was wrong with them.

use super::{Problem, Store, StoreError, Transaction, halls, id, json, micros, time};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{Geometry, Machine};
use std::time::Duration;

/// What an agent last said of itself as a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineRow {
    /// Its hall.
    pub hall: HallId,
    /// Its id.
    pub agent: AgentId,
    /// What it said.
    pub machine: Machine,
    /// When that arrived.
    pub arrived_at: Timestamp,
    /// How far its clock was then ahead of central's, in seconds; the way takes a part of a second.
    pub skew_s: f64,
}

/// One hour of one signal at one window of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageRow {
    /// The hour.
    pub hour: Timestamp,
    /// The window.
    pub window: String,
    /// The signal.
    pub signal: String,
    /// Seconds with a known reading.
    pub observed_s: f64,
    /// Seconds without.
    pub unknown_s: f64,
}

/// A calibration that an agent has, or had, in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationRow {
    /// Its content hash.
    pub digest: Digest,
    /// Since when.
    pub since: Timestamp,
    /// The text of its `calibration.toml`, once the agent told it.
    pub text: Option<String>,
}

type MachineColumns = (String, String, String, i64, f64);
type CoverageColumns = (i64, String, String, f64, f64);

const MACHINES: &str = "SELECT hall, agent, body, arrived_at, skew_s FROM machines";

impl Store {
    /// What every agent last said of itself as a machine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machines(&self) -> Result<Vec<MachineRow>, StoreError> {
        let rows: Vec<MachineColumns> = sqlx::query_as(MACHINES).fetch_all(&self.pool).await?;
        rows.into_iter().map(machine).collect()
    }

    /// What an agent last said of itself as a machine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_of(&self, hall: &HallId, agent: &AgentId) -> Result<Option<Machine>, StoreError> {
        let row: Option<String> =
            sqlx::query_scalar("SELECT body FROM machines WHERE hall = $1 AND agent = $2")
                .bind(hall.as_str())
                .bind(agent.as_str())
                .fetch_optional(&self.pool)
                .await?;
        row.map(|body| json("machines", &body)).transpose()
    }

    /// The calibrations of an agent, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calibrations(
        &self,
        hall: &HallId,
        agent: &AgentId,
        limit: u32,
    ) -> Result<Vec<CalibrationRow>, StoreError> {
        let rows: Vec<(String, i64, Option<String>)> = sqlx::query_as(
            "SELECT digest, since, body FROM calibrations WHERE hall = $1 AND agent = $2 ORDER BY since DESC LIMIT $3",
        )
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(calibration).collect()
    }

    /// The coverage of an agent from an hour on, hour by hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn coverage_of(
        &self,
        hall: &HallId,
        agent: &AgentId,
        from: Timestamp,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        let rows: Vec<CoverageColumns> = sqlx::query_as(
            "SELECT hour, window_id, signal, observed_s, unknown_s FROM coverage
             WHERE hall = $1 AND agent = $2 AND hour >= $3 ORDER BY hour, window_id, signal",
        )
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(micros(from))
        .fetch_all(&self.pool)
        .await?;
        let row = |(hour, window, signal, observed_s, unknown_s): CoverageColumns| CoverageRow {
            hour: time(hour),
            window,
            signal,
            observed_s,
            unknown_s,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Seconds observed and unknown of every agent from an hour on: hall, agent, hour, observed, unknown.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn coverage_by_agent(
        &self,
        from: Timestamp,
    ) -> Result<Vec<(String, String, Timestamp, f64, f64)>, StoreError> {
        let rows: Vec<(String, String, i64, f64, f64)> = sqlx::query_as(
            "SELECT hall, agent, hour, SUM(observed_s), SUM(unknown_s) FROM coverage WHERE hour >= $1
             GROUP BY hall, agent, hour ORDER BY hall, agent, hour",
        )
        .bind(micros(from))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(hall, agent, hour, o, u)| (hall, agent, time(hour), o, u)).collect())
    }

    /// The problems of an agent that are open or ended after a time, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn problems_of(
        &self,
        hall: &HallId,
        agent: &AgentId,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<Problem>, StoreError> {
        let rows: Vec<halls::ProblemColumns> = sqlx::query_as(
            "SELECT hall, agent, body, raised_at, cleared_at FROM problems
             WHERE hall = $1 AND agent = $2 AND (cleared_at IS NULL OR cleared_at >= $3)
             ORDER BY COALESCE(raised_at, cleared_at) DESC LIMIT $4",
        )
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(micros(from))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(halls::problem).collect()
    }
}

/// Keeps what an agent says of itself as a machine; a calibration that it did not have before is kept with its time.
pub(super) async fn record_machine(
    tx: &mut Transaction,
    hall: &HallId,
    agent: &AgentId,
    machine: &Machine,
    body: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let skew = machine.at.duration_since(now);
    sqlx::query(
        "INSERT INTO machines (hall, agent, body, arrived_at, skew_s) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (hall, agent) DO UPDATE SET body = excluded.body, arrived_at = excluded.arrived_at,
            skew_s = excluded.skew_s",
    )
    .bind(hall.as_str())
    .bind(agent.as_str())
    .bind(body)
    .bind(micros(now))
    .bind(skew.as_secs_f64())
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE agents SET seen_at = $3 WHERE hall = $1 AND agent = $2 AND seen_at < $3")
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(micros(now))
        .execute(&mut **tx)
        .await?;
    note_calibration(tx, hall, agent, &machine.calibration, now).await
}

/// Keeps the geometry that an agent has in force; says whether it was not known before.
pub(super) async fn record_geometry(
    tx: &mut Transaction,
    hall: &HallId,
    agent: &AgentId,
    geometry: &Geometry,
    now: Timestamp,
) -> Result<bool, StoreError> {
    note_calibration(tx, hall, agent, &geometry.calibration, now).await?;
    let noted = sqlx::query(
        "UPDATE calibrations SET body = $4 WHERE hall = $1 AND agent = $2 AND digest = $3 AND body IS NULL",
    )
    .bind(hall.as_str())
    .bind(agent.as_str())
    .bind(geometry.calibration.as_str())
    .bind(&geometry.text)
    .execute(&mut **tx)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// Keeps since when a calibration is in force, unless it is the last one known.
async fn note_calibration(
    tx: &mut Transaction,
    hall: &HallId,
    agent: &AgentId,
    calibration: &Digest,
    now: Timestamp,
) -> Result<(), StoreError> {
    let last: Option<(String, i64)> = sqlx::query_as(
        "SELECT digest, since FROM calibrations WHERE hall = $1 AND agent = $2 ORDER BY since DESC LIMIT 1",
    )
    .bind(hall.as_str())
    .bind(agent.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let since = last.as_ref().map_or(now, |(_, since)| now.max(time(*since) + Duration::from_micros(1)));
    if last.is_none_or(|(digest, _)| digest != calibration.as_str()) {
        sqlx::query("INSERT INTO calibrations (hall, agent, since, digest) VALUES ($1, $2, $3, $4)")
            .bind(hall.as_str())
            .bind(agent.as_str())
            .bind(micros(since))
            .bind(calibration.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

fn machine((hall, agent, body, arrived_at, skew_s): MachineColumns) -> Result<MachineRow, StoreError> {
    Ok(MachineRow {
        hall: id("machines", &hall)?,
        agent: id("machines", &agent)?,
        machine: json("machines", &body)?,
        arrived_at: time(arrived_at),
        skew_s,
    })
}

fn calibration((digest, since, text): (String, i64, Option<String>)) -> Result<CalibrationRow, StoreError> {
    let wrong = |detail: String| StoreError::Row { table: "calibrations", detail };
    let digest = Digest::try_from(digest).map_err(|e| wrong(e.to_string()))?;
    Ok(CalibrationRow { digest, since: time(since), text })
}
