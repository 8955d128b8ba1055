//! What waits for central's acknowledgement, in SQLite. [`Outbox::append`] returns when the messages are durable
//! (write-ahead log, full synchronisation): only then may they be sent.
//!
//! Messages of events and health events are deleted when central acknowledges them by `(id, seq)`. Coverage has no
//! id: one row an hour grows until its hour is over, is sent as a whole, and counts as delivered when the broker
//! has taken it (PUBACK); a later message about the same hour replaces the earlier one, so that a restart within the
//! hour loses nothing and counts nothing twice.
//!
//! The outbox is bounded. Beyond its [`Limits`] it evicts, in this order: the oldest coverage; the oldest `updated`
//! messages; the oldest episodes that are here from their first message to their last, so that central never hears
//! of them; the oldest message. Every eviction is counted.

use chuangming_domain::Timestamp;
use chuangming_domain::event::{CloseReason, Event, EventId, Phase};
use chuangming_domain::wire::{Ack, Channel, Coverage, Health, HealthPhase};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};
use std::path::Path;
use std::time::Duration;

/// The name of the database in the agent's data directory.
pub const FILE: &str = "outbox.db";

/// How much the outbox holds before it evicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages and coverage rows.
    pub stored: i64,
    /// Bytes of their bodies.
    pub bytes: i64,
}

impl Default for Limits {
    /// A busy hall makes some thousand messages a day: room for weeks without a broker.
    fn default() -> Self {
        Self { stored: 200_000, bytes: 256 * 1024 * 1024 }
    }
}

/// Why the outbox could not do it.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// There is no room on the disk.
    #[error("no room on the disk for {FILE}: free some space in data_dir")]
    Full,
    /// The database could not be opened, read or written.
    #[error("{FILE}: {0}")]
    Database(#[source] sqlx::Error),
    /// The tables are not this version's.
    #[error("{FILE}: {0}; expected an outbox of this version or older")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What was stored is no message of ours.
    #[error("{FILE}: cannot read a stored message: {0}")]
    Body(#[from] serde_json::Error),
}

impl From<sqlx::Error> for OutboxError {
    fn from(e: sqlx::Error) -> Self {
        const SQLITE_FULL: &str = "13";
        match e.as_database_error().and_then(|d| d.code()) {
            Some(code) if code == SQLITE_FULL => OutboxError::Full,
            _ => OutboxError::Database(e),
        }
    }
}

/// A message that central acknowledges by `(id, seq)`.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all are events")]
pub enum Message {
    /// About an event.
    Event(Event),
    /// About the system itself.
    Health(Health),
}

impl Message {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> Ack {
        match self {
            Message::Event(e) => Ack { id: e.id, seq: e.seq },
            Message::Health(h) => Ack { id: h.id, seq: h.seq },
        }
    }

    /// Whether it ends its episode.
    #[must_use]
    pub fn ends(&self) -> bool {
        match self {
            Message::Event(e) => e.phase == Phase::Closed,
            Message::Health(h) => h.phase == HealthPhase::Cleared,
        }
    }

    fn phase(&self) -> &'static str {
        match self {
            Message::Event(e) => match e.phase {
                Phase::Opened => "opened",
                Phase::Updated => "updated",
                Phase::Closed => "closed",
            },
            Message::Health(h) => match h.phase {
                HealthPhase::Raised => "opened",
                HealthPhase::Cleared => "closed",
            },
        }
    }

    fn channel(&self) -> Channel {
        match self {
            Message::Event(_) => Channel::Events,
            Message::Health(_) => Channel::Health,
        }
    }

    fn body(&self) -> Result<String, serde_json::Error> {
        match self {
            Message::Event(e) => serde_json::to_string(e),
            Message::Health(h) => serde_json::to_string(h),
        }
    }
}

/// A stored message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the order of appending.
    pub position: i64,
    /// What central will acknowledge.
    pub key: Ack,
    /// Where it goes.
    pub channel: Channel,
    /// The JSON text.
    pub body: String,
}

/// One hour of coverage on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCoverage {
    /// The hour, as stored.
    pub hour: String,
    /// Which state of the hour this is.
    pub revision: i64,
    /// The JSON text.
    pub body: String,
}

/// The durable queue between the rules and the broker.
#[derive(Debug, Clone)]
pub struct Outbox {
    pool: SqlitePool,
    limits: Limits,
}

impl Outbox {
    /// Opens or creates the outbox in a directory.
    ///
    /// # Errors
    /// When the database cannot be opened or has tables of a newer version.
    pub async fn open(directory: &Path, limits: Limits) -> Result<Self, OutboxError> {
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .pragma("journal_size_limit", "4194304");
        // One connection: writers never meet, and SQLite serialises them anyway.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool, limits })
    }

    /// Makes messages durable, all or none, and returns how many stored ones were evicted for them.
    /// A message whose `(id, seq)` is there already is left as it is.
    ///
    /// # Errors
    /// [`OutboxError::Full`] when the disk is full; nothing is stored then.
    pub async fn append(&self, messages: &[Message]) -> Result<u64, OutboxError> {
        let mut tx = self.pool.begin().await?;
        for message in messages {
            insert(&mut tx, message).await?;
        }
        let evicted = evict(&mut tx, self.limits).await?;
        tx.commit().await?;
        Ok(evicted)
    }

    /// Adds seconds to the hour's coverage; it goes out when the hour is over.
    ///
    /// # Errors
    /// [`OutboxError::Full`] when the disk is full.
    pub async fn add_coverage(&self, added: &Coverage) -> Result<u64, OutboxError> {
        let hour = added.hour.to_string();
        let mut tx = self.pool.begin().await?;
        let stored = sqlx::query_scalar::<_, String>("SELECT body FROM coverage WHERE hour = ?")
            .bind(&hour)
            .fetch_optional(&mut *tx)
            .await?;
        let mut total = match stored {
            Some(body) => serde_json::from_str(&body)?,
            None => Coverage { windows: Default::default(), ..added.clone() },
        };
        add(&mut total, added);
        sqlx::query(
            "INSERT INTO coverage (hour, body) VALUES (?, ?)
             ON CONFLICT (hour) DO UPDATE SET body = excluded.body, revision = revision + 1",
        )
        .bind(&hour)
        .bind(serde_json::to_string(&total)?)
        .execute(&mut *tx)
        .await?;
        let evicted = evict(&mut tx, self.limits).await?;
        tx.commit().await?;
        Ok(evicted)
    }

    /// The oldest messages behind a position, in the order of appending.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unacknowledged(&self, after: i64, limit: usize) -> Result<Vec<Stored>, OutboxError> {
        let rows = sqlx::query(
            "SELECT position, channel, id, seq, body FROM messages WHERE position > ? ORDER BY position LIMIT ?",
        )
        .bind(after)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(stored).collect()
    }

    /// The hours before `end` of which central does not have the newest state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unsent_coverage(&self, end: Timestamp) -> Result<Vec<StoredCoverage>, OutboxError> {
        let rows = sqlx::query(
            "SELECT hour, revision, body FROM coverage WHERE sent < revision AND hour < ? ORDER BY hour LIMIT 48",
        )
        .bind(end.to_string())
        .fetch_all(&self.pool)
        .await?;
        let read = |r: &sqlx::sqlite::SqliteRow| {
            Ok(StoredCoverage { hour: r.try_get(0)?, revision: r.try_get(1)?, body: r.try_get(2)? })
        };
        rows.iter().map(read).collect()
    }

    /// Deletes what central has made durable, and returns how many messages that were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn acknowledge(&self, acks: &[Ack]) -> Result<u64, OutboxError> {
        let mut tx = self.pool.begin().await?;
        let mut deleted = 0;
        for ack in acks {
            let done = sqlx::query("DELETE FROM messages WHERE id = ? AND seq = ?")
                .bind(ack.id.to_string())
                .bind(ack.seq)
                .execute(&mut *tx)
                .await?;
            deleted += done.rows_affected();
        }
        tx.commit().await?;
        Ok(deleted)
    }

    /// Notes that the broker has taken a state of an hour. A row stays until its hour is `before`, because a
    /// restart within the hour goes on from it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn coverage_sent(
        &self,
        hour: &str,
        revision: i64,
        before: Timestamp,
    ) -> Result<(), OutboxError> {
        sqlx::query("UPDATE coverage SET sent = max(sent, ?) WHERE hour = ?")
            .bind(revision)
            .bind(hour)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM coverage WHERE sent >= revision AND hour < ?")
            .bind(before.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that the agent is alive, so that an episode that outlives the process gets an honest end.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note_alive(&self, at: Timestamp) -> Result<(), OutboxError> {
        sqlx::query("INSERT INTO facts VALUES ('alive_at', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(at.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Closes every episode that a killed process left open, and returns how many. An event is `closed` for
    /// `shutdown` with the next `seq`, as of the last moment at which the agent is known to have been alive.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn close_orphans(&self, now: Timestamp) -> Result<usize, OutboxError> {
        let alive: Option<String> = sqlx::query_scalar("SELECT value FROM facts WHERE name = 'alive_at'")
            .fetch_optional(&self.pool)
            .await?;
        let alive = alive.and_then(|text| text.parse().ok());
        let rows =
            sqlx::query("SELECT channel, body FROM open_episodes ORDER BY id").fetch_all(&self.pool).await?;
        let mut closing = Vec::with_capacity(rows.len());
        for row in rows {
            let (channel, body): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            closing.push(if channel == Channel::Events.name() {
                Message::Event(closed(serde_json::from_str(&body)?, alive, now))
            } else {
                Message::Health(cleared(serde_json::from_str(&body)?, now))
            });
        }
        self.append(&closing).await?;
        Ok(closing.len())
    }

    /// How much is stored: rows and bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn totals(&self) -> Result<(i64, i64), OutboxError> {
        Ok(sqlx::query_as("SELECT stored, bytes FROM totals").fetch_one(&self.pool).await?)
    }

    /// Whether less than three quarters of the limits are used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_roomy(&self) -> Result<bool, OutboxError> {
        let (stored, bytes) = self.totals().await?;
        Ok(stored < self.limits.stored / 4 * 3 && bytes < self.limits.bytes / 4 * 3)
    }

    /// Lets the database grow to so many pages only, as a small disk does.
    #[cfg(test)]
    pub(crate) async fn limit_pages(&self, pages: u32) {
        let pragma = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::query(pragma).execute(&self.pool).await.unwrap();
    }

    /// Finishes what is being written and closes the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn insert(tx: &mut Transaction<'_, Sqlite>, message: &Message) -> Result<(), OutboxError> {
    let (key, channel, body) = (message.key(), message.channel().name(), message.body()?);
    sqlx::query(
        "INSERT INTO messages (channel, id, seq, phase, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(channel)
    .bind(key.id.to_string())
    .bind(key.seq)
    .bind(message.phase())
    .bind(&body)
    .execute(&mut **tx)
    .await?;
    if message.ends() {
        sqlx::query("DELETE FROM open_episodes WHERE id = ?")
            .bind(key.id.to_string())
            .execute(&mut **tx)
            .await?;
    } else {
        sqlx::query(
            "INSERT INTO open_episodes VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        )
        .bind(key.id.to_string())
        .bind(channel)
        .bind(&body)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What goes first when the outbox is full; each statement deletes as little as it can.
const EVICTIONS: [&str; 4] = [
    "DELETE FROM coverage WHERE hour = (SELECT min(hour) FROM coverage)",
    "DELETE FROM messages WHERE position = (SELECT min(position) FROM messages WHERE phase = 'updated')",
    "DELETE FROM messages WHERE id = (
         SELECT first.id FROM messages AS first JOIN messages AS last ON last.id = first.id
         WHERE first.phase = 'opened' AND last.phase = 'closed' ORDER BY first.position LIMIT 1)",
    "DELETE FROM messages WHERE position = (SELECT min(position) FROM messages)",
];

async fn evict(tx: &mut Transaction<'_, Sqlite>, limits: Limits) -> Result<u64, OutboxError> {
    let (mut evicted, mut step) = (0, 0);
    while step < EVICTIONS.len() {
        let (stored, bytes): (i64, i64) =
            sqlx::query_as("SELECT stored, bytes FROM totals").fetch_one(&mut **tx).await?;
        if stored <= limits.stored && bytes <= limits.bytes {
            break;
        }
        let gone = sqlx::query(EVICTIONS[step]).execute(&mut **tx).await?.rows_affected();
        evicted += gone;
        step += usize::from(gone == 0);
    }
    Ok(evicted)
}

fn stored(row: &sqlx::sqlite::SqliteRow) -> Result<Stored, OutboxError> {
    let (channel, id): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    let id = id.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Stored {
        position: row.try_get(0)?,
        key: Ack { id: EventId(id), seq: row.try_get(3)? },
        channel: if channel == Channel::Events.name() { Channel::Events } else { Channel::Health },
        body: row.try_get(4)?,
    })
}

fn add(total: &mut Coverage, added: &Coverage) {
    for (window, signals) in &added.windows {
        let of_window = total.windows.entry(window.clone()).or_default();
        for (signal, seconds) in signals {
            let sum = of_window.entry(*signal).or_default();
            sum.observed_s += seconds.observed_s;
            sum.unknown_s += seconds.unknown_s;
        }
    }
}

fn closed(last: Event, alive: Option<Timestamp>, now: Timestamp) -> Event {
    let ended = alive.map_or(last.at, |alive| alive.max(last.at));
    Event {
        seq: last.seq + 1,
        phase: Phase::Closed,
        at: now.max(ended),
        closed_at: Some(ended),
        close_reason: Some(CloseReason::Shutdown),
        ..last
    }
}

fn cleared(last: Health, now: Timestamp) -> Health {
    Health { seq: last.seq + 1, phase: HealthPhase::Cleared, at: now.max(last.at), ..last }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
