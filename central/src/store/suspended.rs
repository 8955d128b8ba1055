//! Which events rest, written down: when one arrives, and again when somebody plans.

use super::duty::day_start;
use super::{Change, ChangeKind, StoreError, Transaction, feed, id, micros, rests, time};
use crate::duty::{Plan, Stretch, suspends, zone};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::rule::Rule;
use jiff::{SignedDuration, ToSpan as _};
use std::collections::BTreeMap;

/// How far back a plan reaches: as long as events are kept by default, and a bit.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 100);

/// The time whose rest makes an event rest: from when its condition began until its dwell was full.
fn dwell(opened: Timestamp, raised: Timestamp) -> Stretch {
    Stretch { from: opened, to: raised.max(opened + SignedDuration::from_millis(1)) }
}

/// The plans that a batch of events is looked at with, by hall, each with the days that it was read for: asking the
/// database for every event again costs more than recording it.
#[derive(Default)]
pub(super) struct Plans(BTreeMap<HallId, (Stretch, Plan)>);

impl Plans {
    /// Looks at an event that arrives with its dwell full. Whether it rests.
    pub(super) async fn look(&mut self, tx: &mut Transaction, event: &Event) -> Result<bool, StoreError> {
        let Some(window) = &event.window else { return Ok(false) };
        let time = dwell(event.opened_at, event.at);
        let plan = self.around(tx, &event.hall, time).await?;
        let Some(cause) = suspends(plan, window, event.rule, time) else { return Ok(false) };
        put(tx, &event.id.to_string(), Some(cause.name())).await?;
        Ok(true)
    }

    /// A hall's plan around a time: the one at hand if it reaches so far, else one of the whole days.
    async fn around(
        &mut self,
        tx: &mut Transaction,
        hall: &HallId,
        time: Stretch,
    ) -> Result<&Plan, StoreError> {
        let reaches = |(days, _): &(Stretch, Plan)| days.from <= time.from && time.to <= days.to;
        if !self.0.get(hall).is_some_and(reaches) {
            let days = whole_days(time);
            let plan = rests::plan(&mut *tx, hall, days).await?;
            self.0.insert(hall.clone(), (days, plan));
        }
        let (_, plan) = &self.0[hall];
        Ok(plan)
    }
}

/// The halls' days that a time meets.
fn whole_days(time: Stretch) -> Stretch {
    let day = |at: Timestamp| at.to_zoned(zone()).date();
    Stretch { from: day_start(day(time.from)), to: day_start(day(time.to).saturating_add(1.day())) }
}

type Row = (String, String, String, i64, Option<i64>, Option<String>);

/// Looks again at the events that began in a time. What changed is told.
pub(super) async fn look_again(
    tx: &mut Transaction,
    hall: &HallId,
    of: Stretch,
    now: Timestamp,
) -> Result<Vec<Change>, StoreError> {
    let day = SignedDuration::from_hours(24);
    let from = of.from.checked_sub(day).unwrap_or(of.from).max(now.checked_sub(BACK).unwrap_or(now));
    let of = Stretch { from, to: of.to.min(now) };
    if of.from >= of.to {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT e.id, e.window_id, e.rule, e.opened_at, e.raised_at, s.cause
         FROM episodes e LEFT JOIN suspended s ON s.event_id = e.id
         WHERE e.hall = $1 AND e.opened_at >= $2 AND e.opened_at < $3 AND e.window_id IS NOT NULL",
    )
    .bind(hall.as_str())
    .bind(micros(of.from))
    .bind(micros(of.to))
    .fetch_all(&mut **tx)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let plan = rests::plan(&mut *tx, hall, of).await?;
    let mut differ: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
    for (event, window, rule, opened, raised, was) in rows {
        let (Some(rule), window) = (Rule::by_name(&rule), id::<WindowId>("episodes", &window)?) else {
            continue;
        };
        let time = dwell(time(opened), time(raised.unwrap_or(opened)));
        let cause = suspends(&plan, &window, rule, time).map(crate::duty::Cause::name);
        if cause != was.as_deref() {
            differ.insert(event, cause);
        }
    }
    let mut changes = Vec::with_capacity(differ.len());
    for (event, cause) in differ {
        put(tx, &event, cause).await?;
        changes.push(feed::append(tx, now, hall, ChangeKind::Reviewed, &event, false).await?);
    }
    Ok(changes)
}

async fn put(tx: &mut Transaction, event: &str, cause: Option<&'static str>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM suspended WHERE event_id = $1").bind(event).execute(&mut **tx).await?;
    if let Some(cause) = cause {
        sqlx::query("INSERT INTO suspended (event_id, cause) VALUES ($1, $2)")
            .bind(event)
            .bind(cause)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
