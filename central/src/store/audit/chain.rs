//! The log as a chain: its rows in their order, its check, its shortening, and its newest entry beside the data.

use super::{Access, append};
use crate::audit::{self, Broken, Checker, Deleted, Entry, Head};
use crate::store::{Sql, Store, StoreError, json, micros};
use chuangming_domain::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What the log looks like from its first to its last entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry that retention deleted.
    pub start: Head,
    /// The newest entry.
    pub head: Head,
}

/// The newest entry, written beside the data each time, so that a log that was cut off is noticed.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Witness(Option<Arc<(PathBuf, Mutex<i64>)>>);

impl Witness {
    pub(in crate::store) fn at(file: PathBuf) -> Self {
        Self(Some(Arc::new((file, Mutex::new(0)))))
    }

    pub(super) fn write(&self, head: &Head) {
        let Some((file, last)) = self.0.as_deref() else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if head.id <= *last {
            return;
        }
        let text = serde_json::to_string(head).unwrap_or_default() + "\n";
        let next = file.with_extension("next");
        match std::fs::write(&next, text).and_then(|()| std::fs::rename(&next, file)) {
            Ok(()) => *last = head.id,
            Err(error) => tracing::error!(%error, "the end of the access log cannot be written down"),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct AuditRow {
    id: i64,
    at: i64,
    account_id: String,
    action: String,
    hall: Option<String>,
    window_id: Option<String>,
    event_id: Option<String>,
    from_at: Option<i64>,
    to_at: Option<i64>,
    subject: String,
    hash: String,
}

pub(super) const COLUMNS: &str = "u.id, u.at, u.account_id, u.action, u.hall, u.window_id, u.event_id, u.from_at, u.to_at, u.subject, u.hash";
const PAGE: i64 = 1000;

impl Store {
    /// The last entry that retention deleted, or what stands before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_start(&self) -> Result<Head, StoreError> {
        let row: Option<(i64, String)> =
            sqlx::query_as("SELECT id, hash FROM audit_start").fetch_optional(&self.pool).await?;
        Ok(row.map_or_else(Head::origin, |(id, hash)| Head { id, hash }))
    }

    /// The entries after a number in their order with their hashes, at most 1000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_entries(&self, after: i64) -> Result<Vec<(Entry, String)>, StoreError> {
        let mut query = Sql::new("SELECT ");
        query.push(COLUMNS).push(" FROM audit u WHERE u.id > ").bind(after);
        query.push(" ORDER BY u.id LIMIT ").bind(PAGE);
        let rows: Vec<AuditRow> = query.query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Checks the whole log against its own hashes and against heads that were kept elsewhere. Nothing may have been
    /// deleted before it was `kept_for` old.
    ///
    /// # Errors
    /// When the database fails. Inside: what is wrong with the log.
    pub async fn audit_verify(
        &self,
        known: Vec<Head>,
        kept_for: jiff::SignedDuration,
    ) -> Result<Result<Verified, Broken>, StoreError> {
        let start = self.audit_start().await?;
        let kept_for = i64::try_from(kept_for.as_micros()).unwrap_or(i64::MAX);
        let mut checker = Checker::new(start.clone(), known, kept_for);
        let mut after = start.id;
        loop {
            let page = self.audit_entries(after).await?;
            let Some((last, _)) = page.last() else { break };
            after = last.id;
            for (entry, hash) in &page {
                if let Err(broken) = checker.check(entry, hash) {
                    return Ok(Err(broken));
                }
            }
        }
        // Rows before the beginning do not belong there.
        let (stray,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit WHERE id <= $1")
            .bind(start.id)
            .fetch_one(&self.pool)
            .await?;
        if stray > 0 {
            return Ok(Err(Broken::Changed(start.id)));
        }
        Ok(checker.end().map(|head| Verified { start, head }))
    }

    /// Deletes the oldest entries up to the first that is not older than `before`, and notes so in the log. How many.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn audit_prune(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let through: Option<(i64, String)> = sqlx::query_as(
            "SELECT id, hash FROM audit
             WHERE id < (SELECT COALESCE(MIN(id), (SELECT MAX(id) FROM audit)) FROM audit WHERE at >= $1)
             ORDER BY id DESC LIMIT 1",
        )
        .bind(micros(before))
        .fetch_optional(&mut *tx)
        .await?;
        let Some((id, hash)) = through else { return Ok(0) };
        let deleted = sqlx::query("DELETE FROM audit WHERE id <= $1").bind(id).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO audit_start (one, id, hash) VALUES (1, $1, $2)
             ON CONFLICT (one) DO UPDATE SET id = excluded.id, hash = excluded.hash",
        )
        .bind(id)
        .bind(&hash)
        .execute(&mut *tx)
        .await?;
        let note = Deleted { through: Head { id, hash }, before: micros(before) };
        let note = Access::to(audit::DELETED).about(serde_json::to_string(&note).unwrap_or_default());
        let head = append(&mut tx, "", &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(deleted.rows_affected())
    }
}

/// The head that was last written beside the data.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn read_witness(file: &Path) -> Result<Option<Head>, StoreError> {
    match std::fs::read_to_string(file) {
        Ok(text) => json("audit-head", &text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::Row { table: "audit-head", detail: error.to_string() }),
    }
}

pub(super) fn entry(row: AuditRow) -> (Entry, String) {
    let entry = Entry {
        id: row.id,
        at: row.at,
        account: row.account_id,
        action: row.action,
        hall: row.hall,
        window: row.window_id,
        event: row.event_id,
        from: row.from_at,
        to: row.to_at,
        subject: row.subject,
    };
    (entry, row.hash)
}
