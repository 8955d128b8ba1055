//! What center heads say of events, and every step that led there.

use super::{Change, ChangeKind, Sql, Store, StoreError, Transaction, feed, micros, time};
use crate::review::{Act, Mark, Review, Snooze, Verdict};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, EventId};

/// One step of an event's review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewStep {
    /// What was done, as [`Act::name`] says it.
    pub step: String,
    /// The note, or a snooze's reason.
    pub detail: Option<String>,
    /// Who, and when.
    pub mark: Mark,
}

/// The columns of a review, as [`COLUMNS`] lists them.
#[derive(sqlx::FromRow)]
pub(super) struct ReviewRow {
    acknowledged_by: Option<String>,
    acknowledged_name: Option<String>,
    acknowledged_at: Option<i64>,
    verdict: Option<String>,
    verdict_by: Option<String>,
    verdict_name: Option<String>,
    verdict_at: Option<i64>,
    note: Option<String>,
    note_by: Option<String>,
    note_name: Option<String>,
    note_at: Option<i64>,
    snoozed_until: Option<i64>,
    snooze_reason: Option<String>,
    snoozed_by: Option<String>,
    snoozed_name: Option<String>,
    snoozed_at: Option<i64>,
}

/// What [`ReviewRow`] reads from `reviews r`.
pub(super) const COLUMNS: &str = "
    r.acknowledged_by, r.acknowledged_at, (SELECT name FROM accounts WHERE id = r.acknowledged_by) AS acknowledged_name,
    r.verdict, r.verdict_by, r.verdict_at, (SELECT name FROM accounts WHERE id = r.verdict_by) AS verdict_name,
    r.note, r.note_by, r.note_at, (SELECT name FROM accounts WHERE id = r.note_by) AS note_name,
    r.snoozed_until, r.snooze_reason, r.snoozed_by, r.snoozed_at,
    (SELECT name FROM accounts WHERE id = r.snoozed_by) AS snoozed_name ";

impl ReviewRow {
    pub(super) fn review(self) -> Result<Review, StoreError> {
        let mark = |by: Option<String>, name: Option<String>, at: Option<i64>| {
            by.zip(at).map(|(account_id, at)| Mark { account_id, name, at: time(at) })
        };
        let verdict = match &self.verdict {
            None => None,
            Some(name) => Some(Verdict::by_name(name).ok_or_else(|| StoreError::Row {
                table: "reviews",
                detail: format!("no verdict {name:?}"),
            })?),
        };
        let snoozed = self.snoozed_until.zip(self.snooze_reason);
        Ok(Review {
            acknowledged: mark(self.acknowledged_by, self.acknowledged_name, self.acknowledged_at),
            verdict: verdict.zip(mark(self.verdict_by, self.verdict_name, self.verdict_at)),
            note: self.note.zip(mark(self.note_by, self.note_name, self.note_at)),
            snooze: snoozed
                .zip(mark(self.snoozed_by, self.snoozed_name, self.snoozed_at))
                .map(|((until, reason), mark)| Snooze { until: time(until), reason, mark }),
        })
    }
}

type StepRow = (String, Option<String>, String, Option<String>, i64);

impl Store {
    /// Does an act of review. `None` when it says nothing new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review(
        &self,
        event: &Event,
        account_id: &str,
        act: &Act,
        now: Timestamp,
    ) -> Result<Option<Change>, StoreError> {
        let mut tx = self.begin().await?;
        let id = event.id.to_string();
        let before = current(&mut tx, &id).await?;
        let after = before.after(act, &Mark { account_id: account_id.to_owned(), name: None, at: now });
        if after == before {
            return Ok(None);
        }
        write(&mut tx, &id, &after).await?;
        sqlx::query(
            "INSERT INTO review_steps (id, event_id, account_id, at, step, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&id)
        .bind(account_id)
        .bind(micros(now))
        .bind(act.name())
        .bind(act.detail())
        .execute(&mut *tx)
        .await?;
        let change = feed::append(&mut tx, now, &event.hall, ChangeKind::Reviewed, &id, false).await?;
        tx.commit().await?;
        Ok(Some(change))
    }

    /// The steps of an event's review, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review_steps(&self, event: EventId) -> Result<Vec<ReviewStep>, StoreError> {
        let rows: Vec<StepRow> = sqlx::query_as(
            "SELECT s.step, s.detail, s.account_id, a.name, s.at
             FROM review_steps s LEFT JOIN accounts a ON a.id = s.account_id WHERE s.event_id = $1 ORDER BY s.id",
        )
        .bind(event.to_string())
        .fetch_all(&self.pool)
        .await?;
        let step = |(step, detail, account_id, name, at): StepRow| ReviewStep {
            step,
            detail,
            mark: Mark { account_id, name, at: time(at) },
        };
        Ok(rows.into_iter().map(step).collect())
    }
}

async fn current(tx: &mut Transaction, event_id: &str) -> Result<Review, StoreError> {
    let mut query = Sql::new("SELECT ");
    query.push(COLUMNS).push("FROM reviews r WHERE r.event_id = ").bind(event_id.to_owned());
    let row: Option<ReviewRow> = query.query_as().fetch_optional(&mut **tx).await?;
    row.map_or(Ok(Review::default()), ReviewRow::review)
}

async fn write(tx: &mut Transaction, event_id: &str, review: &Review) -> Result<(), StoreError> {
    let by = |mark: Option<&Mark>| mark.map(|mark| mark.account_id.clone());
    let when = |mark: Option<&Mark>| mark.map(|mark| micros(mark.at));
    let (seen, snooze) = (review.acknowledged.as_ref(), review.snooze.as_ref());
    let (verdict, note) = (review.verdict.as_ref(), review.note.as_ref());
    let (decided, noted) = (verdict.map(|(_, mark)| mark), note.map(|(_, mark)| mark));
    let snoozed = snooze.map(|snooze| &snooze.mark);
    sqlx::query(
        "INSERT INTO reviews (event_id, acknowledged_by, acknowledged_at, verdict, verdict_by, verdict_at, note, note_by,
            note_at, snoozed_until, snooze_reason, snoozed_by, snoozed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (event_id) DO UPDATE SET
            acknowledged_by = excluded.acknowledged_by, acknowledged_at = excluded.acknowledged_at,
            verdict = excluded.verdict, verdict_by = excluded.verdict_by, verdict_at = excluded.verdict_at,
            note = excluded.note, note_by = excluded.note_by, note_at = excluded.note_at,
            snoozed_until = excluded.snoozed_until, snooze_reason = excluded.snooze_reason,
            snoozed_by = excluded.snoozed_by, snoozed_at = excluded.snoozed_at",
    )
    .bind(event_id)
    .bind(by(seen))
    .bind(when(seen))
    .bind(verdict.map(|(verdict, _)| verdict.name()))
    .bind(by(decided))
    .bind(when(decided))
    .bind(note.map(|(text, _)| text.clone()))
    .bind(by(noted))
    .bind(when(noted))
    .bind(snooze.map(|snooze| micros(snooze.until)))
    .bind(snooze.map(|snooze| snooze.reason.clone()))
    .bind(by(snoozed))
    .bind(when(snoozed))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
