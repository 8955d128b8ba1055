//! Appeals: made once, answered once, dropped when nobody answered in time.

use super::audit::append;
use super::{Access, Account, Change, ChangeKind, Sql, Store, StoreError, Transaction, feed, micros, time};
use crate::review::{Mark, Verdict};
use crate::staff::appeal::{Choice, Decision, Refusal, may_answer};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, EventId};
use chuangming_domain::id::HallId;

/// An appeal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppealRow {
    /// Its id.
    pub id: String,
    /// The event.
    pub event_id: String,
    /// The event's hall.
    pub hall: String,
    /// Who made it; without a name once the account is gone.
    pub made: Mark,
    /// What was said of the event.
    pub choice: Choice,
    /// In their own words.
    pub text: String,
    /// Until when it has to be answered.
    pub due: Timestamp,
    /// How it ended: by whom (nobody, where it was dropped), and why.
    pub ended: Option<(Decision, Option<Mark>, String)>,
}

/// Why an appeal cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMade {
    /// The account contested this event before.
    Again,
    /// The event was marked as wrong: there is nothing to contest.
    Wrong,
}

/// Why an appeal cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnswered {
    /// There is none.
    Missing,
    /// It may not be answered so.
    Refused(Refusal),
}

/// Decision, deadline, and the event's verdict with who gave it.
type AnswerRow = (Option<String>, i64, Option<String>, Option<String>);

#[derive(sqlx::FromRow)]
struct Columns {
    id: String,
    event_id: String,
    hall: String,
    account_id: String,
    account_name: Option<String>,
    choice: String,
    text: String,
    made_at: i64,
    due: i64,
    decision: Option<String>,
    reason: Option<String>,
    decided_by: Option<String>,
    decided_name: Option<String>,
    decided_at: Option<i64>,
}

const SELECT: &str = "SELECT p.id, p.event_id, e.hall, p.account_id, a.name AS account_name, p.choice, p.text, p.made_at, p.due,
        p.decision, p.reason, p.decided_by, d.name AS decided_name, p.decided_at
     FROM appeals p JOIN episodes e ON e.id = p.event_id
     LEFT JOIN accounts a ON a.id = p.account_id LEFT JOIN accounts d ON d.id = p.decided_by WHERE TRUE";

impl Columns {
    fn appeal(self) -> Result<AppealRow, StoreError> {
        let unknown =
            |what: &str| StoreError::Row { table: "appeals", detail: format!("no such word: {what}") };
        let ended = match &self.decision {
            None => None,
            Some(name) => {
                let decision = Decision::by_name(name).ok_or_else(|| unknown(name))?;
                let at = self.decided_at.unwrap_or(self.due);
                let by = self.decided_by.map(|account_id| Mark {
                    account_id,
                    name: self.decided_name,
                    at: time(at),
                });
                Some((decision, by, self.reason.unwrap_or_default()))
            }
        };
        Ok(AppealRow {
            choice: Choice::by_name(&self.choice).ok_or_else(|| unknown(&self.choice))?,
            id: self.id,
            event_id: self.event_id,
            hall: self.hall,
            made: Mark { account_id: self.account_id, name: self.account_name, at: time(self.made_at) },
            text: self.text,
            due: time(self.due),
            ended,
        })
    }
}

impl Store {
    /// Contests an event.
    ///
    /// # Errors
    /// When the database fails. Inside: why not.
    pub async fn contest(
        &self,
        event: &Event,
        by: &Account,
        (choice, text): (Choice, &str),
        due: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Change, NotMade>, StoreError> {
        let mut tx = self.begin().await?;
        let event_id = event.id.to_string();
        let verdict: Option<Option<String>> =
            sqlx::query_scalar("SELECT verdict FROM reviews WHERE event_id = $1")
                .bind(&event_id)
                .fetch_optional(&mut *tx)
                .await?;
        if verdict.flatten().as_deref() == Some(Verdict::Wrong.name()) {
            return Ok(Err(NotMade::Wrong));
        }
        let done = sqlx::query(
            "INSERT INTO appeals (id, event_id, account_id, choice, text, made_at, due) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        )
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&event_id)
        .bind(&by.id)
        .bind(choice.name())
        .bind(text)
        .bind(micros(now))
        .bind(micros(due))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Err(NotMade::Again));
        }
        let change = feed::append(&mut tx, now, &event.hall, ChangeKind::Reviewed, &event_id, false).await?;
        let head = append(&mut tx, &by.id, &Access::to("contest").of_event(event), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(change))
    }

    /// Answers an appeal.
    ///
    /// # Errors
    /// When the database fails. Inside: why not.
    pub async fn answer_appeal(
        &self,
        appeal: &str,
        event: &Event,
        by: &Account,
        (granted, reason): (bool, &str),
        now: Timestamp,
    ) -> Result<Result<Change, NotAnswered>, StoreError> {
        let mut tx = self.begin().await?;
        let row: Option<AnswerRow> = sqlx::query_as(
            "SELECT p.decision, p.due, r.verdict, r.verdict_by FROM appeals p LEFT JOIN reviews r ON r.event_id = p.event_id
             WHERE p.id = $1 AND p.event_id = $2",
        )
        .bind(appeal)
        .bind(event.id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((ended, due, verdict, verdict_by)) = row else { return Ok(Err(NotAnswered::Missing)) };
        let confirmed_by = verdict_by.filter(|_| verdict.as_deref() == Some(Verdict::Confirmed.name()));
        if let Err(refusal) = may_answer(ended.is_some(), time(due), confirmed_by.as_deref(), &by.id, now) {
            return Ok(Err(NotAnswered::Refused(refusal)));
        }
        let decision = if granted { Decision::Granted } else { Decision::Refused };
        end(&mut tx, appeal, decision, Some(&by.id), reason, now).await?;
        let change =
            feed::append(&mut tx, now, &event.hall, ChangeKind::Reviewed, &event.id.to_string(), false)
                .await?;
        let head =
            append(&mut tx, &by.id, &Access::to("answer_appeal").of_event(event).about(decision.name()), now)
                .await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(change))
    }

    /// Drops every appeal that nobody answered in time, and with it the event. What changed is told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_late_appeals(&self, now: Timestamp) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        let late: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT p.id, p.event_id, e.hall FROM appeals p JOIN episodes e ON e.id = p.event_id
             WHERE p.decision IS NULL AND p.due <= $1",
        )
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        if late.is_empty() {
            return Ok(Vec::new());
        }
        let mut changes = Vec::with_capacity(late.len());
        for (appeal, event, hall) in late {
            end(&mut tx, &appeal, Decision::Dropped, None, "", now).await?;
            let hall: HallId = super::id("episodes", &hall)?;
            changes.push(feed::append(&mut tx, now, &hall, ChangeKind::Reviewed, &event, false).await?);
        }
        let note = Access::to("drop_appeals").about(changes.len().to_string());
        let head = append(&mut tx, "", &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(changes)
    }

    /// A page of the appeals of some halls, open ones by their deadline, ended ones newest first, and how many there are; `page`
    /// counts from 0.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appeals(
        &self,
        halls: Option<&[HallId]>,
        open: bool,
        page: u32,
        per_page: u32,
    ) -> Result<(Vec<AppealRow>, u64), StoreError> {
        let which = |query: &mut Sql| {
            if let Some(halls) = halls {
                query.push(" AND e.hall IN ").bind_list(halls.iter().map(HallId::as_str));
            }
            query.push(if open { " AND p.decision IS NULL" } else { " AND p.decision IS NOT NULL" });
        };
        let mut count =
            Sql::new("SELECT COUNT(*) FROM appeals p JOIN episodes e ON e.id = p.event_id WHERE TRUE");
        which(&mut count);
        let total: i64 = count.query_scalar().fetch_one(&self.pool).await?;
        let mut query = Sql::new(SELECT);
        which(&mut query);
        query.push(if open { " ORDER BY p.due, p.id" } else { " ORDER BY p.decided_at DESC, p.id" });
        query.push(" LIMIT ").bind(i64::from(per_page));
        query.push(" OFFSET ").bind(i64::from(page) * i64::from(per_page));
        let rows: Vec<Columns> = query.query_as().fetch_all(&self.pool).await?;
        let rows = rows.into_iter().map(Columns::appeal).collect::<Result<_, _>>()?;
        Ok((rows, total.unsigned_abs()))
    }

    /// The accounts of a hall's heads that can be signed in to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads_of(&self, hall: &str) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT a.id FROM accounts a WHERE a.role = 'center_head' AND NOT a.disabled AND a.left_at IS NULL AND EXISTS
                (SELECT 1 FROM account_halls h WHERE h.account_id = a.id AND (h.hall = $1 OR h.hall = '*'))",
        )
        .bind(hall)
        .fetch_all(&self.pool)
        .await?)
    }

    /// One appeal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appeal(&self, appeal: &str) -> Result<Option<AppealRow>, StoreError> {
        let mut query = Sql::new(SELECT);
        query.push(" AND p.id = ").bind(appeal.to_owned());
        let row: Option<Columns> = query.query_as().fetch_optional(&self.pool).await?;
        row.map(Columns::appeal).transpose()
    }

    /// All that an account ever contested and is still kept, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appeals_of(&self, account_id: &str) -> Result<Vec<AppealRow>, StoreError> {
        let mut query = Sql::new(SELECT);
        query.push(" AND p.account_id = ").bind(account_id.to_owned()).push(" ORDER BY p.made_at DESC");
        let rows: Vec<Columns> = query.query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Columns::appeal).collect()
    }

    /// The appeals against an event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appeals_against(&self, event: EventId) -> Result<Vec<AppealRow>, StoreError> {
        let mut query = Sql::new(SELECT);
        query.push(" AND p.event_id = ").bind(event.to_string()).push(" ORDER BY p.made_at");
        let rows: Vec<Columns> = query.query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Columns::appeal).collect()
    }
}

async fn end(
    tx: &mut Transaction,
    appeal: &str,
    decision: Decision,
    by: Option<&str>,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE appeals SET decision = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE id = $1",
    )
    .bind(appeal)
    .bind(decision.name())
    .bind(reason)
    .bind(by)
    .bind(micros(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
