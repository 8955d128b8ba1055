//! What changed, numbered: the live stream tells it at once and resumes from it after a break.

use super::{Flag, Store, StoreError, Transaction, id, micros};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// An episode was raised.
    Opened,
    /// An episode went on.
    Updated,
    /// An episode ended.
    Closed,
    /// Somebody said something of an episode, or took it back.
    Reviewed,
    /// A problem of the system began or ended.
    Health,
    /// An agent came, went or applied a configuration.
    Status,
    /// Service of a hall changed: somebody stepped away or came back, or windows were placed.
    Duty,
}

impl ChangeKind {
    const ALL: [ChangeKind; 7] = [
        ChangeKind::Opened,
        ChangeKind::Updated,
        ChangeKind::Closed,
        ChangeKind::Reviewed,
        ChangeKind::Health,
        ChangeKind::Status,
        ChangeKind::Duty,
    ];

    /// The name on the stream.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ChangeKind::Opened => "opened",
            ChangeKind::Updated => "updated",
            ChangeKind::Closed => "closed",
            ChangeKind::Reviewed => "reviewed",
            ChangeKind::Health => "health",
            ChangeKind::Status => "status",
            ChangeKind::Duty => "duty",
        }
    }

    /// Whether it tells of people's conduct, and not of the system.
    #[must_use]
    pub const fn is_conduct(self) -> bool {
        !matches!(self, ChangeKind::Health | ChangeKind::Status | ChangeKind::Duty)
    }
}

/// One change. It names a row and repeats none of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number, rising.
    pub id: i64,
    /// The hall.
    pub hall: HallId,
    /// What kind.
    pub kind: ChangeKind,
    /// The episode's, the problem's or the agent's id.
    pub subject: String,
    /// Whether it should call for attention.
    pub ring: bool,
}

/// What a stream missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// These changes, oldest first.
    Changes(Vec<Change>),
    /// Too much, or what it missed is not kept any more.
    TooMuch,
}

pub(super) async fn append(
    tx: &mut Transaction,
    now: Timestamp,
    hall: &HallId,
    kind: ChangeKind,
    subject: &str,
    ring: bool,
) -> Result<Change, StoreError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO feed (id, at, hall, kind, subject, ring)
         SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5 FROM feed RETURNING id",
    )
    .bind(micros(now))
    .bind(hall.as_str())
    .bind(kind.name())
    .bind(subject)
    .bind(ring)
    .fetch_one(&mut **tx)
    .await?;
    Ok(Change { id, hall: hall.clone(), kind, subject: subject.to_owned(), ring })
}

type FeedRow = (i64, String, String, String, Flag);

impl Store {
    /// Notes that a hall's service changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_duty(&self, hall: &HallId, now: Timestamp) -> Result<Change, StoreError> {
        let mut tx = self.begin().await?;
        let change = append(&mut tx, now, hall, ChangeKind::Duty, hall.as_str(), false).await?;
        tx.commit().await?;
        Ok(change)
    }

    /// The number of the newest change; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cursor(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM feed").fetch_one(&self.pool).await?)
    }

    /// The changes after a number, at most `limit` of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_after(&self, cursor: i64, limit: usize) -> Result<Missed, StoreError> {
        let (oldest, newest): (i64, i64) =
            sqlx::query_as("SELECT COALESCE(MIN(id), 1), COALESCE(MAX(id), 0) FROM feed")
                .fetch_one(&self.pool)
                .await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if cursor + 1 < oldest || cursor > newest {
            return Ok(Missed::TooMuch);
        }
        let rows: Vec<FeedRow> = sqlx::query_as(
            "SELECT id, hall, kind, subject, ring FROM feed WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(cursor)
        .bind(limit.saturating_add(1))
        .fetch_all(&self.pool)
        .await?;
        if i64::try_from(rows.len()).is_ok_and(|n| n > limit) {
            return Ok(Missed::TooMuch);
        }
        rows.into_iter().map(change).collect::<Result<_, _>>().map(Missed::Changes)
    }
}

fn change((number, hall, kind, subject, Flag(ring)): FeedRow) -> Result<Change, StoreError> {
    let kind = ChangeKind::ALL
        .into_iter()
        .find(|k| k.name() == kind)
        .ok_or_else(|| StoreError::Row { table: "feed", detail: format!("no kind {kind:?}") })?;
    Ok(Change { id: number, hall: id("feed", &hall)?, kind, subject, ring })
}
