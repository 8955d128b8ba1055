//! Episodes: what the alert page and the event list show.

use super::reviews::{self, ReviewRow};
use super::{Sql, Store, StoreError, json, micros, time};
use crate::review::{Review, Verdict};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, EventId};
use chuangming_domain::id::{HallId, WindowId, ZoneId};
use chuangming_domain::rule::{Rule, Severity};

/// One episode as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Its newest message.
    pub event: Event,
    /// When its dwell was full; unknown while its first message is still under way.
    pub raised_at: Option<Timestamp>,
    /// What center heads said of it.
    pub review: Review,
    /// Why it rests, if it does: then it never rings and never counts.
    pub suspended: Option<String>,
}

/// Which episodes; every field narrows.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only these halls; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
    /// Only this window.
    pub window: Option<WindowId>,
    /// Only this zone.
    pub zone: Option<ZoneId>,
    /// Only this rule.
    pub rule: Option<Rule>,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Opened at or after.
    pub from: Option<Timestamp>,
    /// Opened before.
    pub to: Option<Timestamp>,
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Only acknowledged ones, or only others.
    pub acknowledged: Option<bool>,
    /// Only historical ones, or only live ones.
    pub historical: Option<bool>,
    /// Only confirmed ones, or only wrong ones; `Some(None)`: only undecided ones.
    pub verdict: Option<Option<Verdict>>,
    /// Only those that rest, or only those that do not.
    pub suspended: Option<bool>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// Newest first.
    pub episodes: Vec<Episode>,
    /// How many there are in all.
    pub total: u64,
}

/// One message of an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// What it said.
    pub event: Event,
    /// When it became durable here.
    pub stored_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct EpisodeRow {
    body: String,
    raised_at: Option<i64>,
    cause: Option<String>,
    #[sqlx(flatten)]
    review: ReviewRow,
}

const TABLES: &str = " FROM episodes e LEFT JOIN reviews r ON r.event_id = e.id
     LEFT JOIN suspended s ON s.event_id = e.id WHERE TRUE";

/// The beginning of a query for [`EpisodeRow`]s.
fn select() -> Sql {
    let mut query = Sql::new("SELECT e.body, e.raised_at, s.cause, ");
    query.push(reviews::COLUMNS);
    query
}

impl Store {
    /// A page of episodes; `page` counts from 0.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(
        &self,
        filter: &EventFilter,
        page: u32,
        per_page: u32,
    ) -> Result<EventPage, StoreError> {
        let mut count = Sql::new("SELECT COUNT(*) ");
        filter.push(&mut count);
        let total: i64 = count.query_scalar().fetch_one(&self.pool).await?;

        let mut query = select();
        filter.push(&mut query);
        query.push(" ORDER BY e.opened_at DESC, e.id DESC LIMIT ").bind(i64::from(per_page));
        query.push(" OFFSET ").bind(i64::from(page) * i64::from(per_page));
        let rows: Vec<EpisodeRow> = query.query_as().fetch_all(&self.pool).await?;
        let episodes = rows.into_iter().map(episode).collect::<Result<_, _>>()?;
        Ok(EventPage { episodes, total: total.unsigned_abs() })
    }

    /// Every open episode that is neither historical nor at rest, newest first; at most 1000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_events(&self, halls: Option<Vec<HallId>>) -> Result<Vec<Episode>, StoreError> {
        let filter = EventFilter {
            halls,
            open: Some(true),
            historical: Some(false),
            suspended: Some(false),
            ..EventFilter::default()
        };
        Ok(self.events(&filter, 0, 1000).await?.episodes)
    }

    /// One episode.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event(&self, id: EventId) -> Result<Option<Episode>, StoreError> {
        let mut query = select();
        query.push(TABLES).push(" AND e.id = ").bind(id.to_string());
        let row: Option<EpisodeRow> = query.query_as().fetch_optional(&self.pool).await?;
        row.map(episode).transpose()
    }

    /// The messages of one episode in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn messages(&self, id: EventId) -> Result<Vec<MessageRow>, StoreError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT body, stored_at FROM messages WHERE event_id = $1 ORDER BY seq")
                .bind(id.to_string())
                .fetch_all(&self.pool)
                .await?;
        let message = |(body, at): (String, i64)| {
            Ok(MessageRow { event: json("messages", &body)?, stored_at: time(at) })
        };
        rows.into_iter().map(message).collect()
    }
}

fn episode(row: EpisodeRow) -> Result<Episode, StoreError> {
    Ok(Episode {
        event: json("episodes", &row.body)?,
        raised_at: row.raised_at.map(time),
        review: row.review.review()?,
        suspended: row.cause,
    })
}

impl EventFilter {
    fn push(&self, query: &mut Sql) {
        query.push(TABLES);
        if let Some(halls) = &self.halls {
            query.push(" AND e.hall IN ").bind_list(halls.iter().map(HallId::as_str));
        }
        let texts = [
            (" AND e.window_id = ", self.window.as_ref().map(ToString::to_string)),
            (" AND e.zone_id = ", self.zone.as_ref().map(ToString::to_string)),
            (" AND e.rule = ", self.rule.map(|rule| rule.name().to_owned())),
            (" AND e.severity = ", self.severity.map(|severity| severity.name().to_owned())),
        ];
        for (clause, value) in texts {
            if let Some(value) = value {
                query.push(clause).bind(value);
            }
        }
        if let Some(from) = self.from {
            query.push(" AND e.opened_at >= ").bind(micros(from));
        }
        if let Some(to) = self.to {
            query.push(" AND e.opened_at < ").bind(micros(to));
        }
        let is_null = |null: bool| if null { " IS NULL" } else { " IS NOT NULL" };
        if let Some(open) = self.open {
            query.push(" AND e.closed_at").push(is_null(open));
        }
        if let Some(acknowledged) = self.acknowledged {
            query.push(" AND r.acknowledged_at").push(is_null(!acknowledged));
        }
        if let Some(historical) = self.historical {
            query.push(" AND e.historical = ").bind(historical);
        }
        if let Some(suspended) = self.suspended {
            query.push(" AND s.event_id").push(is_null(!suspended));
        }
        match self.verdict {
            None => {}
            Some(None) => drop(query.push(" AND r.verdict IS NULL")),
            Some(Some(verdict)) => drop(query.push(" AND r.verdict = ").bind(verdict.name())),
        }
    }
}
