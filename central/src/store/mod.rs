//! What central remembers. The only module that knows SQL.
//!
//! SQLite today. Queries keep to what PostgreSQL also understands: `$n` parameters, `ON CONFLICT`, `RETURNING`,
//! times as integers. What differs (opening, the way a transaction begins, the migrations) is in this file.

mod accounts;
mod episodes;
mod feed;
mod halls;
mod record;

pub use accounts::{Account, Lockout, NewAccount, Session};
pub use episodes::{Acknowledgement, Episode, EventFilter, EventPage, MessageRow};
pub use feed::{Change, ChangeKind, Missed};
pub use halls::{AgentRow, Place, PlaceKind, Problem};
pub use record::{Arrival, Body, Outcome, Recorded};

use chuangming_domain::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::Path;
use std::time::Duration;

type Db = sqlx::Sqlite;
type Transaction = sqlx::Transaction<'static, Db>;

/// How long a live stream can be resumed: the newest changes kept.
const FEED_KEPT: i64 = 10_000;
/// How long wrong passwords are remembered after the last one.
const LOCKOUTS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Something went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("{path}: cannot open the database: {source}")]
    Open {
        /// The file.
        path: String,
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
    pool: SqlitePool,
}

impl Store {
    /// Opens the database file, creating and migrating it. Every commit is on disk before it returns.
    ///
    /// # Errors
    /// When the file cannot be opened or migrated.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(6).acquire_timeout(Duration::from_secs(5));
        let open = |source| StoreError::Open { path: path.display().to_string(), source };
        let pool = pool.connect_with(options).await.map_err(open)?;
        sqlx::migrate!("migrations/sqlite").run(&pool).await?;
        Ok(Self { pool })
    }

    /// Begins a transaction that will write. SQLite takes its one write lock at once, so that no read is stale.
    async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
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
        sqlx::query("DELETE FROM lockouts WHERE updated_at <= $1")
            .bind(micros(now - LOCKOUTS_KEPT))
            .execute(&mut *tx)
            .await?;
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
