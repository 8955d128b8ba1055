//! Answers kept for requests that come again with the same idempotency key.

use super::{Store, StoreError, micros};
use chuangming_domain::Timestamp;
use std::time::Duration;

/// How long an answer is kept.
pub(super) const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// A request that left no answer for so long has died.
const AT_WORK: Duration = Duration::from_secs(60);

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The content type; empty where there was none.
    pub kind: String,
    /// The text.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the key is claimed now, and the request may be done.
    New,
    /// The first request is still at work.
    AtWork,
    /// The first request was another one.
    OfAnother,
    /// It was done; `None` when its answer was not to be written down.
    Done(Option<KeptAnswer>),
}

type Row = (String, i64, Option<i64>, Option<String>, Option<String>);

impl Store {
    /// Claims a key for a request, or says what became of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_answer(&self, id: &str, asked: &str, now: Timestamp) -> Result<Kept, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM answers WHERE id = $1 AND (claimed_at <= $2 OR (status IS NULL AND claimed_at <= $3))")
            .bind(id)
            .bind(micros(now - ANSWERS_KEPT))
            .bind(micros(now - AT_WORK))
            .execute(&mut *tx)
            .await?;
        let row: Option<Row> =
            sqlx::query_as("SELECT asked, claimed_at, status, kind, body FROM answers WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
        let kept = match row {
            None => {
                sqlx::query("INSERT INTO answers (id, asked, claimed_at) VALUES ($1, $2, $3)")
                    .bind(id)
                    .bind(asked)
                    .bind(micros(now))
                    .execute(&mut *tx)
                    .await?;
                Kept::New
            }
            Some((first, ..)) if first != asked => Kept::OfAnother,
            Some((_, _, None, ..)) => Kept::AtWork,
            Some((_, _, Some(status), kind, body)) => {
                let status = u16::try_from(status).unwrap_or(200);
                Kept::Done(kind.zip(body).map(|(kind, body)| KeptAnswer { status, kind, body }))
            }
        };
        tx.commit().await?;
        Ok(kept)
    }

    /// Keeps the answer to a claimed key; without one, only that it was done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_answer(&self, id: &str, answer: Option<&KeptAnswer>) -> Result<(), StoreError> {
        sqlx::query("UPDATE answers SET status = $2, kind = $3, body = $4 WHERE id = $1")
            .bind(id)
            .bind(answer.map_or(0, |answer| i64::from(answer.status)))
            .bind(answer.map(|answer| answer.kind.clone()))
            .bind(answer.map(|answer| answer.body.clone()))
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(())
    }

    /// Gives a claimed key back: the request failed inside and may be tried again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_answer(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM answers WHERE id = $1").bind(id).execute(&mut *self.alone().await?).await?;
        Ok(())
    }
}
