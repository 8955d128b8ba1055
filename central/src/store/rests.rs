//! When rules rest: the hall's own days, pauses, accommodations, and who stepped away.

use super::duty::{calendar, day_start, posts_in, shifts};
use super::{Access, Account, Change, Store, StoreError, id, micros, time};
use crate::duty::{Accommodation, Away, Plan, Stretch, zone};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::rule::Rule;
use jiff::ToSpan as _;
use jiff::civil::Date;
use sqlx::AnyConnection;

/// A planned time without service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Its id.
    pub id: String,
    /// At which window; at all where none.
    pub window: Option<WindowId>,
    /// When.
    pub stretch: Stretch,
}

impl Store {
    /// Has a day as worked or not, whatever the public calendar says; `None` follows it again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_day(
        &self,
        by: &Account,
        hall: &HallId,
        day: Date,
        worked: Option<bool>,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM calendar_days WHERE hall = $1 AND day = $2")
            .bind(hall.as_str())
            .bind(day.to_string())
            .execute(&mut *tx)
            .await?;
        if let Some(worked) = worked {
            sqlx::query("INSERT INTO calendar_days (hall, day, worked) VALUES ($1, $2, $3)")
                .bind(hall.as_str())
                .bind(day.to_string())
                .bind(worked)
                .execute(&mut *tx)
                .await?;
        }
        let time = Stretch { from: day_start(day), to: day_start(day.saturating_add(1.day())) };
        self.edited(tx, by, Access::to("edit_calendar").about(day.to_string()), hall, time, now).await
    }

    /// Plans a time without service; its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_pause(
        &self,
        by: &Account,
        hall: &HallId,
        window: Option<&WindowId>,
        stretch: Stretch,
        now: Timestamp,
    ) -> Result<(String, Vec<Change>), StoreError> {
        let mut tx = self.begin().await?;
        let pause = uuid::Uuid::now_v7().to_string();
        sqlx::query("INSERT INTO pauses (id, hall, window_id, from_at, to_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&pause)
            .bind(hall.as_str())
            .bind(window.map(WindowId::as_str))
            .bind(micros(stretch.from))
            .bind(micros(stretch.to))
            .execute(&mut *tx)
            .await?;
        let note = Access::to("add_pause").at_window(window).during(Some(stretch.from), Some(stretch.to));
        Ok((pause, self.edited(tx, by, note, hall, stretch, now).await?))
    }

    /// Removes a planned time without service. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_pause(
        &self,
        by: &Account,
        hall: &HallId,
        pause: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let mut tx = self.begin().await?;
        let gone: Option<(i64, i64)> =
            sqlx::query_as("DELETE FROM pauses WHERE hall = $1 AND id = $2 RETURNING from_at, to_at")
                .bind(hall.as_str())
                .bind(pause)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((from, to)) = gone else { return Ok(None) };
        let stretch = Stretch { from: time(from), to: time(to) };
        self.edited(tx, by, Access::to("remove_pause"), hall, stretch, now).await.map(Some)
    }

    /// A hall's accommodations.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accommodations(&self, hall: &HallId) -> Result<Vec<Accommodation>, StoreError> {
        accommodations(&mut *self.pool.acquire().await?, hall).await
    }

    /// Turns a rule off at a window in a shift.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_accommodation(
        &self,
        by: &Account,
        hall: &HallId,
        new: &Accommodation,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO accommodations (id, hall, window_id, shift, rule, from_day, to_day) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&new.id)
        .bind(hall.as_str())
        .bind(new.window.as_str())
        .bind(&new.shift)
        .bind(new.rule.name())
        .bind(new.from.to_string())
        .bind(new.to.map(|day| day.to_string()))
        .execute(&mut *tx)
        .await?;
        let since = Stretch { from: day_start(new.from), to: Timestamp::MAX };
        // The log says that there is one, not for which window and rule.
        self.edited(tx, by, Access::to("add_accommodation"), hall, since, now).await
    }

    /// Turns the rule on again. Whether there was such an accommodation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_accommodation(
        &self,
        by: &Account,
        hall: &HallId,
        which: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM accommodations WHERE hall = $1 AND id = $2")
            .bind(hall.as_str())
            .bind(which)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        // What it left out until now stays left out: nobody is told later that something counts after all.
        let nothing = Stretch { from: Timestamp::MAX, to: Timestamp::MAX };
        self.edited(tx, by, Access::to("remove_accommodation"), hall, nothing, now).await.map(Some)
    }

    /// Somebody steps away from a window, until they come back or `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn step_away(
        &self,
        account: &str,
        hall: &HallId,
        window: &WindowId,
        stretch: Stretch,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO aways (id, account_id, hall, window_id, from_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(account)
            .bind(hall.as_str())
            .bind(window.as_str())
            .bind(micros(stretch.from))
            .bind(micros(stretch.to))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Somebody is back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn come_back(&self, account: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE aways SET until_at = $2 WHERE account_id = $1 AND from_at <= $2 AND until_at > $2",
        )
        .bind(account)
        .bind(micros(now))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(())
    }

    /// When somebody stepped away in a time, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn aways_of(&self, account: &str, time: Stretch) -> Result<Vec<(HallId, Away)>, StoreError> {
        let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT hall, account_id, window_id, from_at, until_at FROM aways
             WHERE account_id = $1 AND from_at < $3 AND until_at > $2 ORDER BY from_at",
        )
        .bind(account)
        .bind(micros(time.from))
        .bind(micros(time.to))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(hall, who, window, from, to)| Ok((id("aways", &hall)?, away((who, window, from, to))?)))
            .collect()
    }

    /// What a hall planned around a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan(&self, hall: &HallId, time: Stretch) -> Result<Plan, StoreError> {
        plan(&mut *self.pool.acquire().await?, hall, time).await
    }
}

fn away((account, window, from, to): (String, String, i64, i64)) -> Result<Away, StoreError> {
    Ok(Away { account, window: id("aways", &window)?, stretch: Stretch { from: time(from), to: time(to) } })
}

pub(super) async fn pauses(
    db: &mut AnyConnection,
    hall: &HallId,
    of: Stretch,
) -> Result<Vec<Pause>, StoreError> {
    let rows: Vec<(String, Option<String>, i64, i64)> = sqlx::query_as(
        "SELECT id, window_id, from_at, to_at FROM pauses WHERE hall = $1 AND from_at < $3 AND to_at > $2 ORDER BY from_at",
    )
    .bind(hall.as_str())
    .bind(micros(of.from))
    .bind(micros(of.to))
    .fetch_all(db)
    .await?;
    let pause = |(pause, window, from, to): (String, Option<String>, i64, i64)| {
        let window = window.map(|window| id("pauses", &window)).transpose()?;
        Ok(Pause { id: pause, window, stretch: Stretch { from: time(from), to: time(to) } })
    };
    rows.into_iter().map(pause).collect()
}

async fn accommodations(db: &mut AnyConnection, hall: &HallId) -> Result<Vec<Accommodation>, StoreError> {
    let rows: Vec<(String, String, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT id, window_id, shift, rule, from_day, to_day FROM accommodations WHERE hall = $1 ORDER BY from_day, id",
    )
    .bind(hall.as_str())
    .fetch_all(db)
    .await?;
    let table = "accommodations";
    let one =
        |(which, window, shift, rule, from, to): (String, String, String, String, String, Option<String>)| {
            let known = Rule::by_name(&rule)
                .ok_or_else(|| StoreError::Row { table, detail: format!("no such rule: {rule}") })?;
            Ok(Accommodation {
                id: which,
                window: id(table, &window)?,
                shift,
                rule: known,
                from: id(table, &from)?,
                to: to.map(|day| id(table, &day)).transpose()?,
            })
        };
    rows.into_iter().map(one).collect()
}

/// What a hall planned around a time: a day more on both sides, for shifts that cross midnight.
pub(super) async fn plan(db: &mut AnyConnection, hall: &HallId, of: Stretch) -> Result<Plan, StoreError> {
    let day = jiff::SignedDuration::from_hours(24);
    let around = Stretch {
        from: of.from.checked_sub(day).unwrap_or(Timestamp::MIN),
        to: of.to.checked_add(day).unwrap_or(Timestamp::MAX),
    };
    let aways: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT account_id, window_id, from_at, until_at FROM aways WHERE hall = $1 AND from_at < $3 AND until_at > $2",
    )
    .bind(hall.as_str())
    .bind(micros(around.from))
    .bind(micros(around.to))
    .fetch_all(&mut *db)
    .await?;
    Ok(Plan {
        zone: zone(),
        calendar: calendar(db, hall).await?,
        shifts: shifts(db, hall).await?,
        posts: posts_in(db, hall, around).await?,
        pauses: pauses(db, hall, around)
            .await?
            .into_iter()
            .map(|pause| (pause.window, pause.stretch))
            .collect(),
        aways: aways.into_iter().map(away).collect::<Result<_, _>>()?,
        accommodations: accommodations(db, hall).await?,
    })
}
