//! Accounts, sessions, wrong passwords, and the log of who looked at conduct.

use super::{Store, StoreError, id, micros, time};
use crate::role::Role;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// What is typed at the sign-in.
    pub name: String,
    /// The password's hash, a PHC string.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What is typed at the sign-in.
    pub name: String,
    /// The password's hash, a PHC string.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub account: Account,
    /// What unsafe requests must carry.
    pub csrf: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Wrong passwords of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// How many in a row.
    pub failures: u32,
    /// Until when even the right password is refused.
    pub until: Timestamp,
}

const EVERY_HALL: &str = "*";

impl Store {
    /// Makes an account, or replaces the password, role and halls of the one with that name and ends its sessions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_account(&self, new: &NewAccount, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let account_id: String = sqlx::query_scalar(
            "INSERT INTO accounts (id, name, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role
             RETURNING id",
        )
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&new.name)
        .bind(&new.password_hash)
        .bind(new.role.name())
        .bind(micros(now))
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM account_halls WHERE account_id = $1")
            .bind(&account_id)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1").bind(&account_id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM lockouts WHERE name = $1").bind(&new.name).execute(&mut *tx).await?;
        let halls = match &new.halls {
            None => vec![EVERY_HALL],
            Some(halls) => halls.iter().map(HallId::as_str).collect(),
        };
        for hall in halls {
            sqlx::query(
                "INSERT INTO account_halls (account_id, hall) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(&account_id)
            .bind(hall)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The account with that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, name, password_hash, role FROM accounts WHERE name = $1")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?;
        match row {
            None => Ok(None),
            Some(row) => self.with_halls(row).await.map(Some),
        }
    }

    async fn with_halls(
        &self,
        (account_id, name, password_hash, role): AccountRow,
    ) -> Result<Account, StoreError> {
        let halls: Vec<String> =
            sqlx::query_scalar("SELECT hall FROM account_halls WHERE account_id = $1 ORDER BY hall")
                .bind(&account_id)
                .fetch_all(&self.pool)
                .await?;
        let halls = if halls.iter().any(|hall| hall == EVERY_HALL) {
            None
        } else {
            Some(halls.iter().map(|hall| id("account_halls", hall)).collect::<Result<_, _>>()?)
        };
        Ok(Account { id: account_id, name, password_hash, role: id("accounts", &role)?, halls })
    }

    /// Keeps a new session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_session(
        &self,
        token_hash: &str,
        account_id: &str,
        csrf: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sessions (token_hash, account_id, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token_hash)
        .bind(account_id)
        .bind(csrf)
        .bind(micros(now))
        .bind(micros(expires_at))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The session of a token, unless it has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row: Option<(String, String, String, String, String, i64)> = sqlx::query_as(
            "SELECT a.id, a.name, a.password_hash, a.role, s.csrf, s.expires_at
             FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.token_hash = $1 AND s.expires_at > $2",
        )
        .bind(token_hash)
        .bind(micros(now))
        .fetch_optional(&self.pool)
        .await?;
        let Some((account_id, name, hash, role, csrf, expires_at)) = row else { return Ok(None) };
        let account = self.with_halls((account_id, name, hash, role)).await?;
        Ok(Some(Session { account, csrf, expires_at: time(expires_at) }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
            .bind(token_hash)
            .execute(&self.pool)
            .await?;
        Ok(())
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
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets the wrong passwords of a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive(&self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM lockouts WHERE name = $1").bind(name).execute(&self.pool).await?;
        Ok(())
    }

    /// Writes down that somebody looked at conduct, or acted on it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_access(
        &self,
        account: &Account,
        action: &str,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO access_log (id, at, account_id, name, action, subject)
             SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5 FROM access_log",
        )
        .bind(micros(now))
        .bind(&account.id)
        .bind(&account.name)
        .bind(action)
        .bind(subject)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The newest entries of the access log: when, who, what, of what.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses(&self, limit: u32) -> Result<Vec<(Timestamp, String, String, String)>, StoreError> {
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as("SELECT at, name, action, subject FROM access_log ORDER BY id DESC LIMIT $1")
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(at, name, action, subject)| (time(at), name, action, subject)).collect())
    }
}

type AccountRow = (String, String, String, String);
