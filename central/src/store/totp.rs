//! One-time codes: secrets, the steps that were used, and recovery codes.

use super::audit::append;
use super::{Access, Account, Store, StoreError, micros};
use chuangming_domain::Timestamp;

impl Store {
    /// The secret of an account that asks for one-time codes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn totp(&self, account_id: &str) -> Result<Option<String>, StoreError> {
        let secret =
            sqlx::query_scalar("SELECT secret FROM totp WHERE account_id = $1 AND confirmed_at IS NOT NULL")
                .bind(account_id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(secret)
    }

    /// Keeps a secret that does not count yet, unless one counts already; whether it was kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offer_totp(&self, account_id: &str, secret: &str) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO totp (account_id, secret, last_step) VALUES ($1, $2, 0)
             ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0
             WHERE totp.confirmed_at IS NULL",
        )
        .bind(account_id)
        .bind(secret)
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The secret that does not count yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offered_totp(&self, account_id: &str) -> Result<Option<String>, StoreError> {
        let secret =
            sqlx::query_scalar("SELECT secret FROM totp WHERE account_id = $1 AND confirmed_at IS NULL")
                .bind(account_id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(secret)
    }

    /// Makes the offered secret count, with the step that confirmed it used up and fresh recovery codes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_totp(
        &self,
        account: &Account,
        step: i64,
        recovery_hashes: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE totp SET confirmed_at = $2, last_step = $3 WHERE account_id = $1")
            .bind(&account.id)
            .bind(micros(now))
            .bind(step)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
            .bind(&account.id)
            .execute(&mut *tx)
            .await?;
        for hash in recovery_hashes {
            sqlx::query("INSERT INTO recovery_codes (account_id, code_hash) VALUES ($1, $2)")
                .bind(&account.id)
                .bind(hash)
                .execute(&mut *tx)
                .await?;
        }
        let head = append(&mut tx, &account.id, &Access::to("totp_on").about(&account.id), now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Uses a step up; false when it, or a later one, was used before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_totp_step(&self, account_id: &str, step: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2")
            .bind(account_id)
            .bind(step)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Uses a recovery code up; false when there is none such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_recovery_code(&self, account_id: &str, hash: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = $2")
            .bind(account_id)
            .bind(hash)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recovery_codes_left(&self, account_id: &str) -> Result<u64, StoreError> {
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1")
            .bind(account_id)
            .fetch_one(&self.pool)
            .await?;
        Ok(left.unsigned_abs())
    }

    /// Stops asking an account for one-time codes; whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_totp(
        &self,
        by: &Account,
        account_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("DELETE FROM totp WHERE account_id = $1").bind(account_id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
            .bind(account_id)
            .execute(&mut *tx)
            .await?;
        let head = append(&mut tx, &by.id, &Access::to("totp_off").about(account_id), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(done.rows_affected() > 0)
    }
}
