//! What central remembers. The only module that knows SQL.
//!
//! SQLite on one machine, PostgreSQL beyond; one set of statements and tables for both, kept to what both understand:
//! `$n` parameters, `ON CONFLICT`, `RETURNING`, times as integers. What differs is in `database`.

mod accounts;
mod answers;
mod appeals;
mod audit;
mod backup;
mod database;
mod directory;
mod displays;
mod duty;
mod enrolments;
mod episodes;
mod feed;
mod fleet;
mod halls;
mod leavers;
mod notify;
mod oidc;
mod policies;
mod public_days;
mod record;
mod report;
mod rests;
mod retention;
mod reviews;
mod sessions;
mod sql;
mod suspended;
mod totp;
mod turn;

pub use accounts::{Account, AccountChange, NewAccount, Refused};
pub use answers::{Kept, KeptAnswer};
pub use appeals::{AppealRow, NotAnswered, NotMade};
pub use audit::{Access, AccessFilter, AccessRow, Posted, Verified, read_witness};
pub use backup::BackupError;
pub use database::Database;
pub use displays::{Display, FloorPlace};
pub use duty::{Duty, RosterProblem, StaffMember};
pub use enrolments::{Enrolment, Login};
pub use episodes::{Episode, EventFilter, EventPage, MessageRow};
pub use feed::{Change, ChangeKind, Missed};
pub use fleet::{CalibrationRow, CoverageRow, MachineRow};
pub use halls::{AgentRow, Place, PlaceKind, Problem};
pub use notify::{Channel, Delivery, DeliveryRow, NotifySettings, PushClient, Route};
pub use policies::{Assignment, NewRollout, PolicyVersion, Rollout, RolloutAgent};
pub use record::{Arrival, Body, Outcome, Recorded};
pub use rests::Pause;
pub use retention::{DataClass, RetentionRun};
pub use reviews::ReviewStep;
pub use sessions::{Lockout, NewSession, Session, SessionRow};
use sql::{Flag, Sql};
use turn::Transaction;

use chuangming_domain::Timestamp;
use sqlx::AnyPool;
use std::path::PathBuf;
use std::time::Duration;

type Db = sqlx::Any;

/// How long a live stream can be resumed: the newest changes kept.
const FEED_KEPT: i64 = 10_000;
/// How long wrong passwords are remembered after the last one.
const LOCKOUTS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Something went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("{place}: cannot open the database: {source}")]
    Open {
        /// The file, or the server's address.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// It cannot be brought to this version's tables.
    #[error("cannot bring the database to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A query failed.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// A row does not hold what this program wrote.
    #[error("database: a row of {table} cannot be read: {detail}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong.
        detail: String,
    },
}

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    queue: turn::Queue,
    database: Database,
    witness: audit::Witness,
}

impl Store {
    /// Opens the database, creating and migrating its tables. Every commit is on disk before it returns.
    ///
    /// # Errors
    /// When it cannot be opened or migrated.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let open = |source| StoreError::Open { place: database.to_string(), source };
        let pool = database.connect().await.map_err(open)?;
        database.migrations().run(&pool).await?;
        Ok(Self {
            pool,
            queue: turn::Queue::default(),
            database: database.clone(),
            witness: audit::Witness::default(),
        })
    }

    /// Writes the newest entry of the access log into a file as well, each time there is one.
    #[must_use]
    pub fn witnessed(self, file: PathBuf) -> Self {
        Self { witness: audit::Witness::at(file), ..self }
    }

    /// Whether several centrals may work on the database.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }

    /// Deletes what is past its time: ended sessions, old changes of the live stream, old wrong passwords.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn housekeep(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM feed WHERE id <= (SELECT COALESCE(MAX(id), 0) FROM feed) - $1")
            .bind(FEED_KEPT)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM oidc_flows WHERE expires_at <= $1")
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM lockouts WHERE updated_at <= $1")
            .bind(micros(now - LOCKOUTS_KEPT))
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM answers WHERE claimed_at <= $1")
            .bind(micros(now - answers::ANSWERS_KEPT))
            .execute(&mut *tx)
            .await?;
        notify::housekeep(&mut tx, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Closes the database; open transactions end first.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A time as the database holds it.
fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time from the database.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A JSON column.
fn json<T: serde::de::DeserializeOwned>(table: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Row { table, detail: e.to_string() })
}

/// A column that holds an id.
fn id<T: std::str::FromStr>(table: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| StoreError::Row { table, detail: e.to_string() })
}
