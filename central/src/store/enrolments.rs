//! One-time tokens for new agents, and the agents' logins at the broker.

use super::{Store, StoreError, id, micros, time};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId};

/// A token that was made for a new agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub id: String,
    /// The hall.
    pub hall: HallId,
    /// What the agent will be called there.
    pub agent: AgentId,
    /// Who made it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When and from which address it was used.
    pub used: Option<(Timestamp, String)>,
    /// When it was taken back.
    pub cancelled_at: Option<Timestamp>,
}

/// An agent's login at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// The argon2id hash of its password; `None` for an agent that was not enrolled here.
    pub password_hash: Option<String>,
    /// The hash as mosquitto's password file writes it.
    pub mosquitto_hash: Option<String>,
    /// When it was enrolled last.
    pub enrolled_at: Option<Timestamp>,
    /// When and by whom its right to connect was taken away.
    pub revoked: Option<(Timestamp, String)>,
}

type EnrolmentRow = (String, String, String, String, i64, i64, Option<i64>, Option<String>, Option<i64>);
type LoginRow = (String, String, Option<String>, Option<String>, Option<i64>, Option<i64>, Option<String>);

impl Store {
    /// Keeps a new token by the hash of its secret. Older tokens of the same agent are taken back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_enrolment(&self, new: &Enrolment, secret_hash: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE enrolments SET cancelled_at = $3 WHERE hall = $1 AND agent = $2 AND used_at IS NULL
             AND cancelled_at IS NULL",
        )
        .bind(new.hall.as_str())
        .bind(new.agent.as_str())
        .bind(micros(new.created_at))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO enrolments (id, hall, agent, secret_hash, name, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&new.id)
        .bind(new.hall.as_str())
        .bind(new.agent.as_str())
        .bind(secret_hash)
        .bind(&new.by)
        .bind(micros(new.created_at))
        .bind(micros(new.expires_at))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The newest tokens, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enrolments(&self, limit: u32) -> Result<Vec<Enrolment>, StoreError> {
        let rows: Vec<EnrolmentRow> = sqlx::query_as(
            "SELECT id, hall, agent, name, created_at, expires_at, used_at, used_from, cancelled_at
             FROM enrolments ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(enrolment).collect()
    }

    /// Takes a token back; says whether it was still good for anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel_enrolment(&self, enrolment: &str, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE enrolments SET cancelled_at = $2 WHERE id = $1 AND used_at IS NULL AND cancelled_at IS NULL",
        )
        .bind(enrolment)
        .bind(micros(now))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Spends a token and gives its agent a login. `None` when no such token is good any more.
    ///
    /// # Errors
    /// When the database fails; the token is then as good as before.
    pub async fn enrol(
        &self,
        secret_hash: &str,
        from: &str,
        hashes: (&str, &str),
        now: Timestamp,
    ) -> Result<Option<(HallId, AgentId)>, StoreError> {
        let mut tx = self.begin().await?;
        let spent: Option<(String, String)> = sqlx::query_as(
            "UPDATE enrolments SET used_at = $2, used_from = $3 WHERE secret_hash = $1 AND used_at IS NULL
             AND cancelled_at IS NULL AND expires_at > $2 RETURNING hall, agent",
        )
        .bind(secret_hash)
        .bind(micros(now))
        .bind(from)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((hall, agent)) = spent else { return Ok(None) };
        sqlx::query(
            "INSERT INTO logins (hall, agent, password_hash, mosquitto_hash, enrolled_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (hall, agent) DO UPDATE SET password_hash = excluded.password_hash,
                mosquitto_hash = excluded.mosquitto_hash, enrolled_at = excluded.enrolled_at,
                revoked_at = NULL, revoked_by = NULL",
        )
        .bind(&hall)
        .bind(&agent)
        .bind(hashes.0)
        .bind(hashes.1)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some((id("enrolments", &hall)?, id("enrolments", &agent)?)))
    }

    /// Every agent's login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logins(&self) -> Result<Vec<Login>, StoreError> {
        let rows: Vec<LoginRow> = sqlx::query_as(
            "SELECT hall, agent, password_hash, mosquitto_hash, enrolled_at, revoked_at, revoked_by
             FROM logins ORDER BY hall, agent",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(login).collect()
    }

    /// Takes an agent's right to connect away; its messages count no more. Its tokens are taken back too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(
        &self,
        hall: &HallId,
        agent: &AgentId,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO logins (hall, agent, revoked_at, revoked_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (hall, agent) DO UPDATE SET revoked_at = excluded.revoked_at,
                revoked_by = excluded.revoked_by, password_hash = NULL, mosquitto_hash = NULL",
        )
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(micros(now))
        .bind(by)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE enrolments SET cancelled_at = $3 WHERE hall = $1 AND agent = $2 AND used_at IS NULL
             AND cancelled_at IS NULL",
        )
        .bind(hall.as_str())
        .bind(agent.as_str())
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE agents SET online = FALSE WHERE hall = $1 AND agent = $2")
            .bind(hall.as_str())
            .bind(agent.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn enrolment(row: EnrolmentRow) -> Result<Enrolment, StoreError> {
    let (enrolment, hall, agent, by, created_at, expires_at, used_at, used_from, cancelled_at) = row;
    Ok(Enrolment {
        id: enrolment,
        hall: id("enrolments", &hall)?,
        agent: id("enrolments", &agent)?,
        by,
        created_at: time(created_at),
        expires_at: time(expires_at),
        used: used_at.map(|at| (time(at), used_from.unwrap_or_default())),
        cancelled_at: cancelled_at.map(time),
    })
}

fn login(row: LoginRow) -> Result<Login, StoreError> {
    let (hall, agent, password_hash, mosquitto_hash, enrolled_at, revoked_at, revoked_by) = row;
    Ok(Login {
        hall: id("logins", &hall)?,
        agent: id("logins", &agent)?,
        password_hash,
        mosquitto_hash,
        enrolled_at: enrolled_at.map(time),
        revoked: revoked_at.map(|at| (time(at), revoked_by.unwrap_or_default())),
    })
}
