//! What halls and windows are called, where an administrator said so.

use super::audit::append;
use super::{Access, Account, Store, StoreError, id};
use crate::config::{Hall, Window};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use std::collections::BTreeMap;

impl Store {
    /// Halls and windows by name, in the order to show them: first those that an administrator named, then those of the
    /// configuration that nobody has named anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn directory(&self, configured: &[Hall]) -> Result<Vec<Hall>, StoreError> {
        let halls: Vec<(String, String)> =
            sqlx::query_as("SELECT id, name FROM halls ORDER BY position, id").fetch_all(&self.pool).await?;
        let windows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT hall, id, name FROM hall_windows ORDER BY position, id")
                .fetch_all(&self.pool)
                .await?;
        let mut of_hall: BTreeMap<String, Vec<Window>> = BTreeMap::new();
        for (hall, window, name) in windows {
            of_hall.entry(hall).or_default().push(Window { id: id("hall_windows", &window)?, name });
        }
        let mut all = Vec::with_capacity(halls.len() + configured.len());
        for (hall, name) in halls {
            let windows = of_hall.remove(&hall).unwrap_or_default();
            all.push(Hall { id: id("halls", &hall)?, name, windows });
        }
        let named: Vec<HallId> = all.iter().map(|hall| hall.id.clone()).collect();
        all.extend(configured.iter().filter(|hall| !named.contains(&hall.id)).cloned());
        Ok(all)
    }

    /// Names a hall and its windows; a new hall comes last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_hall(&self, by: &Account, hall: &Hall, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO halls (id, name, position) SELECT $1, $2, COALESCE(MAX(position), 0) + 1 FROM halls WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(hall.id.as_str())
        .bind(&hall.name)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM hall_windows WHERE hall = $1")
            .bind(hall.id.as_str())
            .execute(&mut *tx)
            .await?;
        for (position, window) in (0_i64..).zip(&hall.windows) {
            sqlx::query("INSERT INTO hall_windows (hall, id, name, position) VALUES ($1, $2, $3, $4)")
                .bind(hall.id.as_str())
                .bind(window.id.as_str())
                .bind(&window.name)
                .bind(position)
                .execute(&mut *tx)
                .await?;
        }
        let note = Access::to("hall_put").in_halls(Some(std::slice::from_ref(&hall.id)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Forgets what a hall was called; what the configuration calls it holds again. Whether there was anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_hall(&self, by: &Account, hall: &HallId, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("DELETE FROM halls WHERE id = $1").bind(hall.as_str()).execute(&mut *tx).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let note = Access::to("hall_drop").in_halls(Some(std::slice::from_ref(hall)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(true)
    }
}
