//! What reports are made of: events with what became of them, and coverage by the hour.

use super::{Sql, Store, StoreError, id, micros, time};
use crate::report::{Appeal, Covered, Judgement, Seen, standing};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use std::collections::BTreeMap;

type EventRow = (String, Option<String>, String, i64, Option<String>, Option<String>);
type AppealRow = (String, i64, Option<String>, Option<String>);
type CoverageRow = (String, i64, String, f64, f64);

impl Store {
    /// The events of a hall that began in a time, with whether they count now. What duty suspends is not among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seen(
        &self,
        hall: &HallId,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Seen>, StoreError> {
        let mut appeals = self.appeals_in(hall, from, to).await?;
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT e.id, e.window_id, e.rule, e.opened_at, r.verdict, r.verdict_by
             FROM episodes e LEFT JOIN reviews r ON r.event_id = e.id
             WHERE e.hall = $1 AND e.opened_at >= $2 AND e.opened_at < $3
               AND NOT EXISTS (SELECT 1 FROM suspended s WHERE s.event_id = e.id)",
        )
        .bind(hall.as_str())
        .bind(micros(from))
        .bind(micros(to))
        .fetch_all(&self.pool)
        .await?;
        let seen = |(event, window, rule, opened, verdict, by): EventRow| {
            let judgement = Judgement {
                confirmed_by: by.filter(|_| verdict.as_deref() == Some("confirmed")),
                wrong: verdict.as_deref() == Some("wrong"),
                appeals: appeals.remove(&event).unwrap_or_default(),
            };
            Ok(Seen {
                window: window.as_deref().map(|window| id("episodes", window)).transpose()?,
                rule: rule_named(&rule)?,
                opened: time(opened),
                standing: standing(&judgement, now),
            })
        };
        rows.into_iter().map(seen).collect()
    }

    /// The appeals against a hall's events that began in a time, by event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn appeals_in(
        &self,
        hall: &HallId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<String, Vec<Appeal>>, StoreError> {
        let rows: Vec<AppealRow> = sqlx::query_as(
            "SELECT p.event_id, p.due, p.decision, p.decided_by FROM appeals p JOIN episodes e ON e.id = p.event_id
             WHERE e.hall = $1 AND e.opened_at >= $2 AND e.opened_at < $3",
        )
        .bind(hall.as_str())
        .bind(micros(from))
        .bind(micros(to))
        .fetch_all(&self.pool)
        .await?;
        let mut appeals: BTreeMap<String, Vec<Appeal>> = BTreeMap::new();
        for (event, due, decision, by) in rows {
            let answer = decision
                .filter(|decision| decision != "dropped")
                .map(|decision| (decision == "granted", by.unwrap_or_default()));
            appeals.entry(event).or_default().push(Appeal { due: time(due), answer });
        }
        Ok(appeals)
    }

    /// What was reported of the hours of a time. Of several agents that saw a window their sum.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn covered(
        &self,
        hall: &HallId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Covered>, StoreError> {
        let rows: Vec<CoverageRow> = sqlx::query_as(
            "SELECT window_id, hour, signal, SUM(observed_s), SUM(unknown_s) FROM coverage
             WHERE hall = $1 AND hour >= $2 AND hour < $3 GROUP BY window_id, hour, signal",
        )
        .bind(hall.as_str())
        .bind(micros(from))
        .bind(micros(to))
        .fetch_all(&self.pool)
        .await?;
        let covered = |(window, hour, signal, observed_s, unknown_s): CoverageRow| {
            let signal = Signal::ALL.into_iter().find(|known| known.name() == signal);
            let signal = signal
                .ok_or_else(|| StoreError::Row { table: "coverage", detail: "no such signal".to_owned() })?;
            Ok(Covered { window: id("coverage", &window)?, hour: time(hour), signal, observed_s, unknown_s })
        };
        rows.into_iter().map(covered).collect()
    }

    /// Since when each window of a hall was heard of: by its first coverage or event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_since(&self, hall: &HallId) -> Result<BTreeMap<WindowId, Timestamp>, StoreError> {
        let mut sql = Sql::new(
            "SELECT w.window_id, MIN(w.at) FROM (SELECT window_id, MIN(hour) AS at FROM coverage WHERE hall = ",
        );
        sql.bind(hall.as_str()).push(
            " GROUP BY window_id UNION ALL SELECT window_id, MIN(opened_at) AS at FROM episodes WHERE window_id IS NOT NULL AND hall = ",
        );
        sql.bind(hall.as_str()).push(" GROUP BY window_id) w GROUP BY w.window_id");
        let rows: Vec<(String, i64)> = sql.query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(|(window, at)| Ok((id("coverage", &window)?, time(at)))).collect()
    }
}

fn rule_named(name: &str) -> Result<Rule, StoreError> {
    Rule::by_name(name)
        .ok_or_else(|| StoreError::Row { table: "episodes", detail: format!("no such rule: {name}") })
}
