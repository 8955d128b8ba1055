//! Browsers that asked for messages.

use crate::notify::push::Subscription;
use crate::store::{Store, StoreError, micros, time};
use chuangming_domain::Timestamp;

/// A browser that asked for messages, without its keys.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PushClient {
    /// Its id.
    pub id: String,
    /// What it calls itself.
    pub client: String,
    /// When it asked.
    pub made_at: Timestamp,
}

impl Store {
    /// Remembers a browser; the same one again belongs to whoever asked last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_push(
        &self,
        account: &str,
        new: &Subscription,
        client: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1")
            .bind(&new.endpoint)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO push_subscriptions (id, account_id, endpoint, p256dh, auth, client, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(account)
            .bind(&new.endpoint)
            .bind(&new.p256dh)
            .bind(&new.auth)
            .bind(client)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a browser of an account. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_push(&self, account: &str, which: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM push_subscriptions WHERE account_id = $1 AND id = $2")
            .bind(account)
            .bind(which)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets a browser that its push service does not know any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_push(&self, endpoint: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1")
            .bind(endpoint)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(())
    }

    /// An account's browsers, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_clients(&self, account: &str) -> Result<Vec<PushClient>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT id, client, made_at FROM push_subscriptions WHERE account_id = $1 ORDER BY id",
        )
        .bind(account)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id, client, at)| PushClient { id, client, made_at: time(at) }).collect())
    }
}
