//! Who is signed in, and wrong passwords.

use super::{Account, Store, StoreError, micros, time};
use chuangming_domain::Timestamp;
use std::time::Duration;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, which its owner may see and end.
    pub id: String,
    /// Who.
    pub account: Account,
    /// What unsafe requests must carry.
    pub csrf: String,
    /// When it ends, however busy.
    pub expires_at: Timestamp,
}

/// A session to be kept.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// The hash of its token.
    pub token_hash: &'a str,
    /// Whose.
    pub account_id: &'a str,
    /// What unsafe requests must carry.
    pub csrf: &'a str,
    /// How somebody signed in: `password`, `totp`, `recovery_code` or `oidc`.
    pub method: &'a str,
    /// With what browser.
    pub client: &'a str,
    /// When it ends, however busy.
    pub expires_at: Timestamp,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// How somebody signed in.
    pub method: String,
    /// With what browser.
    pub client: String,
    created_at: i64,
    seen_at: i64,
}

impl SessionRow {
    /// When somebody signed in.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        time(self.created_at)
    }

    /// When it was last used, to the minute.
    #[must_use]
    pub fn seen_at(&self) -> Timestamp {
        time(self.seen_at)
    }
}

/// Wrong passwords of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// How many in a row.
    pub failures: u32,
    /// Until when even the right password is refused.
    pub until: Timestamp,
}

/// How exactly it is remembered when a session was last used.
const SEEN: Duration = Duration::from_secs(60);

impl Store {
    /// Keeps a new session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_session(&self, new: &NewSession<'_>, now: Timestamp) -> Result<String, StoreError> {
        let id = uuid::Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO sessions (id, token_hash, account_id, csrf, method, client, created_at, seen_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        )
        .bind(&id)
        .bind(new.token_hash)
        .bind(new.account_id)
        .bind(new.csrf)
        .bind(new.method)
        .bind(new.client)
        .bind(micros(now))
        .bind(micros(new.expires_at))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(id)
    }

    /// The session of a token, unless it has ended, was not used for `idle`, or its account is disabled. Asking counts
    /// as use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(
        &self,
        token_hash: &str,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let row: Option<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT id, account_id, csrf, seen_at, expires_at FROM sessions
             WHERE token_hash = $1 AND expires_at > $2 AND seen_at > $3",
        )
        .bind(token_hash)
        .bind(micros(now))
        .bind(micros(now - idle))
        .fetch_optional(&self.pool)
        .await?;
        let Some((id, account_id, csrf, seen_at, expires_at)) = row else { return Ok(None) };
        let Some(account) = self.account_by_id(&account_id).await?.filter(|account| !account.disabled) else {
            return Ok(None);
        };
        if time(seen_at) + SEEN <= now {
            sqlx::query("UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2")
                .bind(&id)
                .bind(micros(now))
                .execute(&mut *self.alone().await?)
                .await?;
        }
        Ok(Some(Session { id, account, csrf, expires_at: time(expires_at) }))
    }

    /// The sessions of an account that have not ended, the last used first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(
        &self,
        account_id: &str,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT id, method, client, created_at, seen_at FROM sessions
             WHERE account_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id DESC",
        )
        .bind(account_id)
        .bind(micros(now))
        .bind(micros(now - idle))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Ends a session of an account; whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, account_id: &str, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND id = $2")
            .bind(account_id)
            .bind(id)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Ends the sessions of an account, but for the one to `keep`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions(&self, account_id: &str, keep: Option<&str>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND id <> $2")
            .bind(account_id)
            .bind(keep.unwrap_or_default())
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected())
    }

    /// The wrong passwords of a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lockout(&self, name: &str) -> Result<Option<Lockout>, StoreError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT failures, locked_until FROM lockouts WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(failures, until)| Lockout {
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            until: time(until),
        }))
    }

    /// Counts a wrong password and, from `allowed` on, locks the name until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_failure(
        &self,
        name: &str,
        allowed: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO lockouts (name, failures, locked_until, updated_at)
             VALUES ($1, 1, CASE WHEN 1 >= $2 THEN $4 ELSE 0 END, $3)
             ON CONFLICT (name) DO UPDATE SET failures = lockouts.failures + 1, updated_at = excluded.updated_at,
                locked_until = CASE WHEN lockouts.failures + 1 >= $2 THEN $4 ELSE lockouts.locked_until END",
        )
        .bind(name)
        .bind(i64::from(allowed))
        .bind(micros(now))
        .bind(micros(until))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(())
    }

    /// Forgets the wrong passwords of a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive(&self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM lockouts WHERE name = $1")
            .bind(name)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(())
    }
}
