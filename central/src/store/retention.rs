//! Deleting what is past its time, class by class.

use super::{Sql, Store, StoreError, micros, time};
use crate::config::RetentionDays;
use chuangming_domain::Timestamp;
use jiff::SignedDuration;

/// What is kept for the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataClass {
    /// Events with everything that was said of them.
    Events,
    /// How long windows were observed, and the system's own problems.
    Coverage,
    /// Who was posted where, planned pauses, and who stepped away when.
    Duty,
    /// Who looked at conduct.
    AccessLog,
}

impl DataClass {
    /// Every class.
    pub const ALL: [DataClass; 4] =
        [DataClass::Events, DataClass::Coverage, DataClass::Duty, DataClass::AccessLog];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DataClass::Events => "events",
            DataClass::Coverage => "coverage",
            DataClass::Duty => "duty",
            DataClass::AccessLog => "access_log",
        }
    }

    /// How many days it is kept.
    #[must_use]
    pub const fn days(self, days: RetentionDays) -> i64 {
        match self {
            DataClass::Events => days.events,
            DataClass::Coverage => days.coverage,
            DataClass::Duty => days.duty,
            DataClass::AccessLog => days.access_log,
        }
    }

    /// What is older goes.
    #[must_use]
    pub fn before(self, days: RetentionDays, now: Timestamp) -> Timestamp {
        now.saturating_sub(SignedDuration::from_hours(24 * self.days(days))).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The newest run of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRun {
    /// When.
    pub at: Timestamp,
    /// What was older went.
    pub before: Timestamp,
    /// How many rows that was.
    pub deleted: u64,
}

/// Tables whose rows belong to an event without a foreign key that would delete them with it. A test holds that every
/// column `event_id` is in one of the two ways bound to its event.
pub(super) const OF_EVENTS: &[(&str, &str)] = &[("messages", "event_id")];

/// Events deleted in one transaction, so that nobody waits long for the write lock.
const BATCH: i64 = 200;

impl Store {
    /// Deletes what is past its time, and notes how much that was.
    ///
    /// # Errors
    /// When the database fails; what was deleted until then stays deleted.
    pub async fn retain(&self, days: RetentionDays, now: Timestamp) -> Result<(), StoreError> {
        for class in DataClass::ALL {
            let before = class.before(days, now);
            let deleted = match class {
                DataClass::Events => self.retain_events(before).await?,
                DataClass::Coverage => self.retain_coverage(before).await?,
                DataClass::Duty => self.retain_duty(before).await?,
                DataClass::AccessLog => self.audit_prune(before, now).await?,
            };
            sqlx::query(
                "INSERT INTO retention_runs (class, ran_at, before, deleted) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (class) DO UPDATE SET ran_at = excluded.ran_at, before = excluded.before,
                    deleted = excluded.deleted",
            )
            .bind(class.name())
            .bind(micros(now))
            .bind(micros(before))
            .bind(i64::try_from(deleted).unwrap_or(i64::MAX))
            .execute(&mut *self.alone().await?)
            .await?;
        }
        Ok(())
    }

    /// The newest run of a class.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_run(&self, class: DataClass) -> Result<Option<RetentionRun>, StoreError> {
        let row: Option<(i64, i64, i64)> =
            sqlx::query_as("SELECT ran_at, before, deleted FROM retention_runs WHERE class = $1")
                .bind(class.name())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(at, before, deleted)| RetentionRun {
            at: time(at),
            before: time(before),
            deleted: deleted.unsigned_abs(),
        }))
    }

    async fn retain_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let mut tx = self.begin().await?;
            let ids: Vec<String> = sqlx::query_scalar(
                "SELECT id FROM episodes WHERE opened_at < $1 AND (closed_at IS NULL OR closed_at < $1)
                 ORDER BY opened_at LIMIT $2",
            )
            .bind(micros(before))
            .bind(BATCH)
            .fetch_all(&mut *tx)
            .await?;
            if ids.is_empty() {
                return Ok(deleted);
            }
            for (table, column) in OF_EVENTS.iter().chain(&[("episodes", "id")]) {
                let mut query = Sql::new("DELETE FROM ");
                query.push(table).push(" WHERE ").push(column).push(" IN ").bind_list(&ids);
                query.query().execute(&mut *tx).await?;
            }
            tx.commit().await?;
            deleted += ids.len() as u64;
        }
    }

    async fn retain_duty(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut deleted = 0;
        for statement in [
            "DELETE FROM posts WHERE to_at < $1",
            "DELETE FROM aways WHERE until_at < $1",
            "DELETE FROM pauses WHERE to_at < $1",
        ] {
            let statement = sqlx::query(statement).bind(micros(before));
            deleted += statement.execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(deleted)
    }

    async fn retain_coverage(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut deleted = 0;
        for statement in [
            "DELETE FROM coverage WHERE hour < $1",
            "DELETE FROM health_messages WHERE problem_id IN (SELECT id FROM problems WHERE cleared_at < $1)",
            "DELETE FROM problems WHERE cleared_at < $1",
        ] {
            let statement = sqlx::query(statement).bind(micros(before));
            deleted += statement.execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::OF_EVENTS;
    use crate::store::database::tables;

    #[test]
    fn everything_that_is_said_of_an_event_goes_with_it() {
        for (table, columns) in tables() {
            let column = columns.split(',').map(str::trim).find(|column| column.starts_with("event_id "));
            // The access log has a time of its own.
            let Some(column) = column.filter(|_| table != "audit") else { continue };
            let cascades = column.contains("REFERENCES episodes (id) ON DELETE CASCADE");
            assert!(cascades || OF_EVENTS.iter().any(|(of, _)| *of == table), "{table}");
        }
    }
}
