//! Years of the public calendar that an administrator brought.

use super::audit::append;
use super::duty::day_start;
use super::{Access, Account, Change, Store, StoreError, id, suspended};
use crate::duty::{PublicDay, PublicYear, Stretch};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use jiff::civil::Date;
use sqlx::AnyConnection;
use std::collections::BTreeMap;

impl Store {
    /// The years that were brought.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_years(&self) -> Result<BTreeMap<i16, PublicYear>, StoreError> {
        public_years(&mut *self.pool.acquire().await?).await
    }

    /// Takes a year in place of what was known of it, or with `None` goes back to what is built in; then looks again at the
    /// events of that year in every hall.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_public_year(
        &self,
        by: &Account,
        year: i16,
        days: Option<&PublicYear>,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.begin().await?;
        // Days are written 2027-01-01, which is their order as texts too.
        sqlx::query("DELETE FROM public_days WHERE day >= $1 AND day <= $2")
            .bind(format!("{year:04}-01-01"))
            .bind(format!("{year:04}-12-31"))
            .execute(&mut *tx)
            .await?;
        for (day, what) in days.into_iter().flatten() {
            let name = match what {
                PublicDay::Holiday(name) => Some(name.as_str()),
                PublicDay::MakeUp => None,
            };
            sqlx::query("INSERT INTO public_days (day, holiday) VALUES ($1, $2)")
                .bind(day.to_string())
                .bind(name)
                .execute(&mut *tx)
                .await?;
        }
        // The public calendar holds for halls that plan shifts.
        let halls: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT hall FROM shifts ORDER BY hall").fetch_all(&mut *tx).await?;
        let of_year = stretch(year);
        let mut changes = Vec::new();
        for hall in halls {
            let hall: HallId = id("shifts", &hall)?;
            changes.extend(suspended::look_again(&mut tx, &hall, of_year, now).await?);
        }
        let deed = if days.is_some() { "bring_public_calendar" } else { "drop_public_calendar" };
        let head = append(&mut tx, &by.id, &Access::to(deed).about(year.to_string()), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(changes)
    }
}

/// A year in the halls.
fn stretch(year: i16) -> Stretch {
    let first = |year| Date::new(year, 1, 1).map_or(Timestamp::MAX, day_start);
    Stretch { from: first(year), to: first(year.saturating_add(1)) }
}

pub(super) async fn public_years(db: &mut AnyConnection) -> Result<BTreeMap<i16, PublicYear>, StoreError> {
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT day, holiday FROM public_days").fetch_all(db).await?;
    let mut years: BTreeMap<i16, PublicYear> = BTreeMap::new();
    for (day, holiday) in rows {
        let day: Date = id("public_days", &day)?;
        let what = holiday.map_or(PublicDay::MakeUp, PublicDay::Holiday);
        years.entry(day.year()).or_default().insert(day, what);
    }
    Ok(years)
}
