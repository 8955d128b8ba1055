//! The log of who looked at conduct, as rows; what makes it a chain is in [`crate::audit`].

use super::{Account, Sql, Store, StoreError, Transaction, json, micros, time};
use crate::audit::{self, Broken, Checker, Deleted, Entry, Head};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, EventId};
use chuangming_domain::id::{HallId, WindowId};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What somebody looked at, or did.
#[derive(Debug, Clone)]
pub struct Access {
    action: &'static str,
    halls: Vec<String>,
    window: Option<String>,
    event: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    subject: String,
}

const EVERY_HALL: &str = "*";

impl Access {
    /// Something that concerns no hall, until told otherwise. People read `audit.<action>` of the catalogue.
    #[must_use]
    pub const fn to(action: &'static str) -> Self {
        Self {
            action,
            halls: Vec::new(),
            window: None,
            event: None,
            from: None,
            to: None,
            subject: String::new(),
        }
    }

    /// In these halls; `None` is every hall.
    #[must_use]
    pub fn in_halls(mut self, halls: Option<&[HallId]>) -> Self {
        self.halls = match halls {
            None => vec![EVERY_HALL.to_owned()],
            Some(halls) => halls.iter().map(ToString::to_string).collect(),
        };
        self
    }

    /// At this window only.
    #[must_use]
    pub fn at_window(mut self, window: Option<&WindowId>) -> Self {
        self.window = window.map(ToString::to_string);
        self
    }

    /// This event only.
    #[must_use]
    pub fn of_event(mut self, event: &Event) -> Self {
        self.halls = vec![event.hall.to_string()];
        self.window = event.window.as_ref().map(ToString::to_string);
        self.event = Some(event.id.to_string());
        self
    }

    /// What was in view lies in this time.
    #[must_use]
    pub const fn during(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.from = from;
        self.to = to;
        self
    }

    /// What else there is to say; no names of people.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}

/// An entry as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// The entry.
    pub entry: Entry,
    /// When.
    pub at: Timestamp,
    /// The account's name; none for central itself, and for an account that is gone.
    pub name: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// The name of the account that it is about, if it is about one.
    pub about: Option<String>,
}

/// Which entries; every field narrows.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// Only what concerns one of these halls, or none in particular; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
    /// Only by the account of this name.
    pub name: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Entries older than this number; for the next page.
    pub before: Option<i64>,
}

/// A time in which somebody was posted at a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The hall.
    pub hall: HallId,
    /// The window.
    pub window: WindowId,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub to: Timestamp,
}

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
pub(super) struct Witness(Option<Arc<(PathBuf, Mutex<i64>)>>);

impl Witness {
    pub(super) fn at(file: PathBuf) -> Self {
        Self(Some(Arc::new((file, Mutex::new(0)))))
    }

    fn write(&self, head: &Head) {
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
struct AuditRow {
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

#[derive(sqlx::FromRow)]
struct NamedRow {
    #[sqlx(flatten)]
    row: AuditRow,
    name: Option<String>,
    role: Option<String>,
    about: Option<String>,
}

const COLUMNS: &str = "u.id, u.at, u.account_id, u.action, u.hall, u.window_id, u.event_id, u.from_at, u.to_at, u.subject, u.hash";
const PAGE: i64 = 1000;

/// Appends what an account did, one entry for each hall, in the transaction that does it.
pub(super) async fn append(
    tx: &mut Transaction,
    account: &str,
    access: &Access,
    now: Timestamp,
) -> Result<Head, StoreError> {
    let mut last = newest(tx).await?;
    let halls: Vec<Option<String>> = match access.halls.as_slice() {
        [] => vec![None],
        halls => halls.iter().cloned().map(Some).collect(),
    };
    for hall in halls {
        let entry = Entry {
            id: last.id + 1,
            at: micros(now),
            account: account.to_owned(),
            action: access.action.to_owned(),
            hall,
            window: access.window.clone(),
            event: access.event.clone(),
            from: access.from.map(micros),
            to: access.to.map(micros),
            subject: access.subject.clone(),
        };
        let hash = audit::hash(&last.hash, &entry);
        sqlx::query(
            "INSERT INTO audit (id, at, account_id, action, hall, window_id, event_id, from_at, to_at, subject, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(entry.id)
        .bind(entry.at)
        .bind(&entry.account)
        .bind(&entry.action)
        .bind(entry.hall.as_deref())
        .bind(entry.window.as_deref())
        .bind(entry.event.as_deref())
        .bind(entry.from)
        .bind(entry.to)
        .bind(&entry.subject)
        .bind(&hash)
        .execute(&mut **tx)
        .await?;
        last = Head { id: entry.id, hash };
    }
    Ok(last)
}

async fn newest(tx: &mut Transaction) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> = sqlx::query_as("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut **tx)
        .await?;
    let last = match last {
        Some(last) => Some(last),
        None => sqlx::query_as("SELECT id, hash FROM audit_start").fetch_optional(&mut **tx).await?,
    };
    Ok(last.map_or_else(Head::origin, |(id, hash)| Head { id, hash }))
}

impl Store {
    /// Writes down what an account looked at or did.
    ///
    /// # Errors
    /// When the database fails; then nothing may be shown.
    pub async fn note(&self, account: &Account, access: &Access, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let head = append(&mut tx, &account.id, access, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Writes down that an account looked at something in all of its halls; a subject that is one of them names that
    /// one, and a subject that is an event's id names the event.
    ///
    /// # Errors
    /// When the database fails; then nothing may be shown.
    pub async fn note_access(
        &self,
        account: &Account,
        action: &'static str,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut access = Access::to(action).in_halls(account.halls.as_deref()).about(subject);
        let sees = |hall: &HallId| account.halls.as_ref().is_none_or(|halls| halls.contains(hall));
        if let Ok(hall) = subject.parse::<HallId>()
            && sees(&hall)
        {
            access = access.in_halls(Some(&[hall])).about("");
        } else if let Ok(id) = subject.parse()
            && let Some(episode) = self.event(EventId(id)).await?
        {
            access = access.of_event(&episode.event);
        }
        self.note(account, &access, now).await
    }

    /// Commits a transaction that appended to the log.
    pub(super) async fn commit_noted(&self, tx: Transaction, head: &Head) -> Result<(), StoreError> {
        tx.commit().await?;
        self.witness.write(head);
        Ok(())
    }

    /// The entries that pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses(&self, filter: &AccessFilter, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        let mut query = named();
        if let Some(halls) = &filter.halls {
            query.push(" AND (u.hall IS NULL OR u.hall = '*' OR u.hall IN ");
            query.bind_list(halls.iter().map(HallId::as_str)).push(")");
        }
        if let Some(name) = &filter.name {
            query.push(" AND a.name = ").bind(name);
        }
        if let Some(action) = &filter.action {
            query.push(" AND u.action = ").bind(action);
        }
        if let Some(from) = filter.from {
            query.push(" AND u.at >= ").bind(micros(from));
        }
        if let Some(to) = filter.to {
            query.push(" AND u.at < ").bind(micros(to));
        }
        if let Some(before) = filter.before {
            query.push(" AND u.id < ").bind(before);
        }
        query.push(" ORDER BY u.id DESC LIMIT ").bind(i64::from(limit));
        let rows: Vec<NamedRow> = query.query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(access_row).collect())
    }

    /// Who looked at what happened at these windows in these times: at one of the events there, or at a view that held
    /// them. Newest first, at most `limit`; `before` is the number of the last one on the page before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn who_looked(
        &self,
        posted: &[Posted],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AccessRow>, StoreError> {
        let mut found: Vec<AccessRow> = Vec::new();
        // In parts, so that no statement grows with somebody's years of service.
        for posted in posted.chunks(50) {
            let mut query = named();
            query.push(" AND u.id < ").bind(before.unwrap_or(i64::MAX)).push(" AND (");
            for (n, post) in posted.iter().enumerate() {
                let (from, to) = (micros(post.from), micros(post.to));
                query.push(if n == 0 { "" } else { " OR " });
                query.push("(u.event_id IS NULL AND u.at >= ").bind(from);
                query.push(" AND (u.hall = '*' OR u.hall = ").bind(post.hall.as_str());
                query.push(") AND (u.window_id IS NULL OR u.window_id = ").bind(post.window.as_str());
                query.push(") AND (u.from_at IS NULL OR u.from_at < ").bind(to);
                query.push(") AND (u.to_at IS NULL OR u.to_at > ").bind(from);
                query
                    .push(")) OR u.event_id IN (SELECT e.id FROM episodes e WHERE e.hall = ")
                    .bind(post.hall.as_str());
                query.push(" AND e.window_id = ").bind(post.window.as_str());
                query.push(" AND e.opened_at >= ").bind(from).push(" AND e.opened_at < ").bind(to).push(")");
            }
            query.push(") ORDER BY u.id DESC LIMIT ").bind(i64::from(limit));
            let rows: Vec<NamedRow> = query.query_as().fetch_all(&self.pool).await?;
            found.extend(rows.into_iter().map(access_row));
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.entry.id));
        found.dedup_by_key(|row| row.entry.id);
        found.truncate(limit as usize);
        Ok(found)
    }

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
    pub(super) async fn audit_prune(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
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
pub fn read_witness(file: &std::path::Path) -> Result<Option<Head>, StoreError> {
    match std::fs::read_to_string(file) {
        Ok(text) => json("audit-head", &text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::Row { table: "audit-head", detail: error.to_string() }),
    }
}

fn named() -> Sql {
    let mut query = Sql::new("SELECT ");
    query.push(COLUMNS).push(", a.name, a.role, b.name AS about");
    query.push(" FROM audit u LEFT JOIN accounts a ON a.id = u.account_id");
    // What is about an account begins with its id.
    query.push(" LEFT JOIN accounts b ON b.id = SUBSTR(u.subject, 1, 36) WHERE TRUE");
    query
}

fn access_row(named: NamedRow) -> AccessRow {
    let (entry, _) = entry(named.row);
    AccessRow { at: time(entry.at), entry, name: named.name, role: named.role, about: named.about }
}

fn entry(row: AuditRow) -> (Entry, String) {
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
