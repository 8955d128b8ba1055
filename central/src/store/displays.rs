//! Screens on a wall, and where windows are on the floor.

use super::audit::append;
use super::{Access, Account, Store, StoreError, id, micros, time};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};

/// A link for a screen on a wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A window's cell on the floor plan, from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorPlace {
    /// The hall.
    pub hall: HallId,
    /// The window.
    pub window: WindowId,
    /// The column.
    pub x: i64,
    /// The row.
    pub y: i64,
}

impl Store {
    /// Makes a link whose token has this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_display(
        &self,
        by: &Account,
        hall: &HallId,
        name: &str,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Display, StoreError> {
        let mut tx = self.begin().await?;
        let display = Display { id: uuid::Uuid::now_v7().to_string(), name: name.to_owned(), made_at: now };
        sqlx::query("INSERT INTO displays (id, hall, name, token_hash, made_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&display.id)
            .bind(hall.as_str())
            .bind(name)
            .bind(token_hash)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        let note = Access::to("make_display").in_halls(Some(std::slice::from_ref(hall)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(display)
    }

    /// Revokes a link. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_display(
        &self,
        by: &Account,
        hall: &HallId,
        display: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM displays WHERE hall = $1 AND id = $2")
            .bind(hall.as_str())
            .bind(display)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let note = Access::to("revoke_display").in_halls(Some(std::slice::from_ref(hall)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(true)
    }

    /// A hall's links, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn displays(&self, hall: &HallId) -> Result<Vec<Display>, StoreError> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT id, name, made_at FROM displays WHERE hall = $1 ORDER BY id")
                .bind(hall.as_str())
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(id, name, at)| Display { id, name, made_at: time(at) }).collect())
    }

    /// The hall of a token with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn display_hall(&self, token_hash: &str) -> Result<Option<HallId>, StoreError> {
        let hall: Option<String> = sqlx::query_scalar("SELECT hall FROM displays WHERE token_hash = $1")
            .bind(token_hash)
            .fetch_optional(&self.pool)
            .await?;
        hall.map(|hall| id("displays", &hall)).transpose()
    }

    /// Places a hall's windows; those that are not named have no place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_floor(
        &self,
        by: &Account,
        hall: &HallId,
        places: &[(WindowId, i64, i64)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM floor_places WHERE hall = $1").bind(hall.as_str()).execute(&mut *tx).await?;
        for (window, x, y) in places {
            sqlx::query("INSERT INTO floor_places (hall, window_id, x, y) VALUES ($1, $2, $3, $4)")
                .bind(hall.as_str())
                .bind(window.as_str())
                .bind(*x)
                .bind(*y)
                .execute(&mut *tx)
                .await?;
        }
        let note = Access::to("edit_floor").in_halls(Some(std::slice::from_ref(hall)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Every window that has a place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn floor(&self) -> Result<Vec<FloorPlace>, StoreError> {
        let rows: Vec<(String, String, i64, i64)> =
            sqlx::query_as("SELECT hall, window_id, x, y FROM floor_places").fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|(hall, window, x, y)| {
                Ok(FloorPlace {
                    hall: id("floor_places", &hall)?,
                    window: id("floor_places", &window)?,
                    x,
                    y,
                })
            })
            .collect()
    }
}
