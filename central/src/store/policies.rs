//! Versions of each hall's rules, and what agents were asked to apply.

use super::{Flag, Store, StoreError, Transaction, id, json, micros, time};
use crate::store::Account;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::Event;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{AppliedConfig, DesiredConfig};

/// A version of a hall's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The content hash of the text.
    pub digest: Digest,
    /// The text of a `policy.toml`.
    pub body: String,
    /// Why it was made.
    pub note: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A version sent to a hall's agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Its id.
    pub id: String,
    /// The version.
    pub digest: Digest,
    /// Whether it is for every agent of the hall, the later ones too; else it is a trial on some.
    pub whole: bool,
    /// Why.
    pub note: String,
    /// Who sent it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What each agent said.
    pub agents: Vec<RolloutAgent>,
}

/// What one agent was asked, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutAgent {
    /// The agent.
    pub agent: AgentId,
    /// The serial under which it was signed.
    pub serial: u64,
    /// Whether the agent was asked something newer since.
    pub superseded: bool,
    /// Its answer, and when it came.
    pub applied: Option<(AppliedConfig, Timestamp)>,
}

/// The configuration that an agent is asked to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// The serial to sign it under.
    pub serial: u64,
    /// The text of the rules.
    pub policy: String,
}

/// A rollout to be made.
#[derive(Debug, Clone)]
pub struct NewRollout<'a> {
    /// The hall.
    pub hall: &'a HallId,
    /// The version, one of the hall's.
    pub digest: &'a Digest,
    /// Some agents as a trial; `None` is all of them, the later ones too.
    pub agents: Option<&'a [AgentId]>,
    /// Why.
    pub note: &'a str,
}

type VersionRow = (String, String, String, String, i64);
type RolloutRow = (String, String, Flag, String, String, i64);
type AnswerRow = (String, i64, Option<String>, Option<i64>, i64);

impl Store {
    /// Keeps a version; one that is there already stays as it was. Says whether it is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_policy(
        &self,
        hall: &HallId,
        body: &str,
        note: &str,
        by: &Account,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO policies (hall, digest, body, note, account_id, name, saved_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(hall.as_str())
        .bind(Digest::of(body.as_bytes()).as_str())
        .bind(body)
        .bind(note)
        .bind(&by.id)
        .bind(&by.name)
        .bind(micros(now))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The versions of a hall's rules, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policies(&self, hall: &HallId, limit: u32) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows: Vec<VersionRow> = sqlx::query_as(
            "SELECT digest, body, note, name, saved_at FROM policies WHERE hall = $1
             ORDER BY saved_at DESC, digest LIMIT $2",
        )
        .bind(hall.as_str())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(version).collect()
    }

    /// One version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policy(&self, hall: &HallId, digest: &Digest) -> Result<Option<PolicyVersion>, StoreError> {
        let row: Option<VersionRow> = sqlx::query_as(
            "SELECT digest, body, note, name, saved_at FROM policies WHERE hall = $1 AND digest = $2",
        )
        .bind(hall.as_str())
        .bind(digest.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(version).transpose()
    }

    /// Asks agents to apply a version. Serials rise: with the clock, and even where the clock was set back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn roll_out(
        &self,
        new: &NewRollout<'_>,
        by: &Account,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let mut tx = self.begin().await?;
        let rollout = uuid::Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO rollouts (id, hall, digest, whole, note, account_id, name, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&rollout)
        .bind(new.hall.as_str())
        .bind(new.digest.as_str())
        .bind(new.agents.is_none())
        .bind(new.note)
        .bind(&by.id)
        .bind(&by.name)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        let agents = match new.agents {
            Some(agents) => agents.iter().map(ToString::to_string).collect(),
            None => known_agents(&mut tx, new.hall).await?,
        };
        for agent in agents {
            assign(&mut tx, &rollout, new.hall.as_str(), &agent, new.digest, now).await?;
        }
        tx.commit().await?;
        Ok(rollout)
    }

    /// Asks agents that were never asked anything to apply what their whole hall was asked last. Says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assign_newcomers(&self, now: Timestamp) -> Result<usize, StoreError> {
        const NEWCOMERS: &str = "SELECT a.hall, a.agent, r.id, r.digest FROM agents a
             JOIN rollouts r ON r.id = (SELECT MAX(w.id) FROM rollouts w WHERE w.hall = a.hall AND w.whole)
             WHERE NOT EXISTS (SELECT 1 FROM rollout_agents x WHERE x.hall = a.hall AND x.agent = a.agent)
               AND NOT EXISTS (SELECT 1 FROM logins l WHERE l.hall = a.hall AND l.agent = a.agent
                               AND l.revoked_at IS NOT NULL)";
        let rows: Vec<(String, String, String, String)> =
            sqlx::query_as(NEWCOMERS).fetch_all(&self.pool).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        // Asked again inside: another central may have been quicker.
        let rows: Vec<(String, String, String, String)> =
            sqlx::query_as(NEWCOMERS).fetch_all(&mut *tx).await?;
        for (hall, agent, rollout, digest) in &rows {
            assign(&mut tx, rollout, hall, agent, &digest_of("rollouts", digest)?, now).await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }

    /// What every agent is asked to have now; revoked ones are asked nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assignments(&self) -> Result<Vec<Assignment>, StoreError> {
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(
            "SELECT x.hall, x.agent, x.serial, p.body FROM rollout_agents x
             JOIN rollouts r ON r.id = x.rollout_id
             JOIN policies p ON p.hall = r.hall AND p.digest = r.digest
             WHERE x.serial = (SELECT MAX(y.serial) FROM rollout_agents y WHERE y.hall = x.hall AND y.agent = x.agent)
               AND NOT EXISTS (SELECT 1 FROM logins l WHERE l.hall = x.hall AND l.agent = x.agent
                               AND l.revoked_at IS NOT NULL)",
        )
        .fetch_all(&self.pool)
        .await?;
        let assignment = |(hall, agent, serial, policy): (String, String, i64, String)| {
            let (hall, agent) = (id("rollout_agents", &hall)?, id("rollout_agents", &agent)?);
            Ok(Assignment { hall, agent, serial: serial.unsigned_abs(), policy })
        };
        rows.into_iter().map(assignment).collect()
    }

    /// The rollouts of a hall with what each agent said, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rollouts(&self, hall: &HallId, limit: u32) -> Result<Vec<Rollout>, StoreError> {
        let rows: Vec<RolloutRow> = sqlx::query_as(
            "SELECT id, digest, whole, note, name, at FROM rollouts WHERE hall = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(hall.as_str())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut rollouts = Vec::with_capacity(rows.len());
        for row in rows {
            rollouts.push(self.with_answers(row).await?);
        }
        Ok(rollouts)
    }

    /// One rollout of a hall.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rollout(&self, hall: &HallId, rollout: &str) -> Result<Option<Rollout>, StoreError> {
        let row: Option<RolloutRow> = sqlx::query_as(
            "SELECT id, digest, whole, note, name, at FROM rollouts WHERE hall = $1 AND id = $2",
        )
        .bind(hall.as_str())
        .bind(rollout)
        .fetch_optional(&self.pool)
        .await?;
        match row {
            Some(row) => self.with_answers(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The version that a hall's agents were last asked to have, all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policy_in_force(&self, hall: &HallId) -> Result<Option<Digest>, StoreError> {
        let digest: Option<String> = sqlx::query_scalar(
            "SELECT digest FROM rollouts WHERE hall = $1 AND whole ORDER BY id DESC LIMIT 1",
        )
        .bind(hall.as_str())
        .fetch_optional(&self.pool)
        .await?;
        digest.map(|digest| digest_of("rollouts", &digest)).transpose()
    }

    /// The newest episodes of a hall that began since a time, oldest first, each with its first message if that is here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn episodes_since(
        &self,
        hall: &HallId,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Event, Option<Event>)>, StoreError> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT e.body, m.body FROM episodes e LEFT JOIN messages m ON m.event_id = e.id AND m.seq = 0
             WHERE e.hall = $1 AND e.opened_at >= $2 ORDER BY e.opened_at DESC, e.id DESC LIMIT $3",
        )
        .bind(hall.as_str())
        .bind(micros(from))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let both = |(newest, first): (String, Option<String>)| {
            let first = first.map(|body| json("messages", &body)).transpose()?;
            Ok((json("episodes", &newest)?, first))
        };
        rows.into_iter().rev().map(both).collect()
    }

    async fn with_answers(&self, row: RolloutRow) -> Result<Rollout, StoreError> {
        let (rollout, digest, whole, note, by, at) = row;
        let answers: Vec<AnswerRow> = sqlx::query_as(
            "SELECT x.agent, x.serial, x.applied, x.applied_at,
                    (SELECT MAX(y.serial) FROM rollout_agents y WHERE y.hall = x.hall AND y.agent = x.agent)
             FROM rollout_agents x WHERE x.rollout_id = $1 ORDER BY x.agent, x.serial",
        )
        .bind(&rollout)
        .fetch_all(&self.pool)
        .await?;
        let agents = answers.into_iter().map(answer).collect::<Result<_, _>>()?;
        let digest = digest_of("rollouts", &digest)?;
        Ok(Rollout { id: rollout, digest, whole: whole.0, note, by, at: time(at), agents })
    }
}

/// Notes what an agent says of what it was asked last.
pub(super) async fn note_answer(
    tx: &mut Transaction,
    hall: &HallId,
    agent: &AgentId,
    applied: &AppliedConfig,
    body: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE rollout_agents SET applied = $4, applied_at = $5 WHERE hall = $1 AND agent = $2 AND version = $3
         AND serial = (SELECT MAX(y.serial) FROM rollout_agents y WHERE y.hall = $1 AND y.agent = $2)",
    )
    .bind(hall.as_str())
    .bind(agent.as_str())
    .bind(applied.version.as_str())
    .bind(body)
    .bind(micros(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn known_agents(tx: &mut Transaction, hall: &HallId) -> Result<Vec<String>, StoreError> {
    let known = sqlx::query_scalar(
        "SELECT a.agent FROM agents a WHERE a.hall = $1 AND NOT EXISTS (SELECT 1 FROM logins l
         WHERE l.hall = a.hall AND l.agent = a.agent AND l.revoked_at IS NOT NULL) ORDER BY a.agent",
    );
    Ok(known.bind(hall.as_str()).fetch_all(&mut **tx).await?)
}

async fn assign(
    tx: &mut Transaction,
    rollout: &str,
    hall: &str,
    agent: &str,
    digest: &Digest,
    now: Timestamp,
) -> Result<(), StoreError> {
    let body: String = sqlx::query_scalar("SELECT body FROM policies WHERE hall = $1 AND digest = $2")
        .bind(hall)
        .bind(digest.as_str())
        .fetch_one(&mut **tx)
        .await?;
    let last: i64 = sqlx::query_scalar(
        "SELECT COALESCE(MAX(serial), 0) FROM rollout_agents WHERE hall = $1 AND agent = $2",
    )
    .bind(hall)
    .bind(agent)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO rollout_agents (rollout_id, hall, agent, serial, version) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(rollout)
    .bind(hall)
    .bind(agent)
    .bind(micros(now).max(last + 1))
    .bind(DesiredConfig::version_of(&body, "").as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn version((digest, body, note, by, at): VersionRow) -> Result<PolicyVersion, StoreError> {
    Ok(PolicyVersion { digest: digest_of("policies", &digest)?, body, note, by, at: time(at) })
}

fn answer((agent, serial, applied, at, newest): AnswerRow) -> Result<RolloutAgent, StoreError> {
    let applied = match applied.zip(at) {
        Some((body, at)) => Some((json("rollout_agents", &body)?, time(at))),
        None => None,
    };
    let agent = id("rollout_agents", &agent)?;
    Ok(RolloutAgent { agent, serial: serial.unsigned_abs(), superseded: newest > serial, applied })
}

fn digest_of(table: &'static str, text: &str) -> Result<Digest, StoreError> {
    Digest::try_from(text.to_owned()).map_err(|e| StoreError::Row { table, detail: e.to_string() })
}
