//! Accounts that come from the OpenID Connect provider, and sign-ins on their way there.

use super::accounts::{COLUMNS, put_halls};
use super::audit::append;
use super::{Access, Account, Refused, Sql, Store, StoreError, micros};
use crate::oidc::{Flow, Identity};
use crate::role::Role;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;

/// Sign-ins under way at a time; overload policy `DropOldest`: further ones push out the oldest.
const MOST_FLOWS: i64 = 1000;

impl Store {
    /// Remembers a sign-in that is on its way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_flow(
        &self,
        cookie_hash: &str,
        flow: &Flow,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM oidc_flows WHERE cookie_hash IN
                (SELECT cookie_hash FROM oidc_flows ORDER BY expires_at DESC LIMIT 1000 OFFSET $1)",
        )
        .bind(MOST_FLOWS - 1)
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO oidc_flows (cookie_hash, state, nonce, verifier, expires_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(cookie_hash)
            .bind(&flow.state)
            .bind(&flow.nonce)
            .bind(&flow.verifier)
            .bind(micros(expires_at))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a sign-in that is on its way; it cannot be taken twice.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_flow(&self, cookie_hash: &str, now: Timestamp) -> Result<Option<Flow>, StoreError> {
        let row: Option<(String, String, String, i64)> = sqlx::query_as(
            "DELETE FROM oidc_flows WHERE cookie_hash = $1 RETURNING state, nonce, verifier, expires_at",
        )
        .bind(cookie_hash)
        .fetch_optional(&mut *self.alone().await?)
        .await?;
        let flow = row.filter(|(_, _, _, expires_at)| *expires_at > micros(now));
        Ok(flow.map(|(state, nonce, verifier, _)| Flow { state, nonce, verifier }))
    }

    /// The account of somebody from the provider, with what the mapping says today; made if there is none. Another
    /// role or other halls end its sessions.
    ///
    /// # Errors
    /// When the database fails. Inside: [`Refused::NameTaken`] where the name belongs to an account with a password.
    pub async fn put_provider_account(
        &self,
        identity: &Identity,
        role: Role,
        halls: Option<&[HallId]>,
        now: Timestamp,
    ) -> Result<Result<Account, Refused>, StoreError> {
        if let Some(known) = self.provider_account(identity).await?
            && (known.role, known.halls.as_deref()) == (role, halls)
            && known.display_name == identity.display_name
        {
            return Ok(Ok(known));
        }
        let mut tx = self.begin().await?;
        let taken: Option<i64> = sqlx::query_scalar(
            "SELECT COUNT(*) FROM accounts WHERE name = $1 AND NOT (COALESCE(issuer, '') = $2 AND COALESCE(subject, '') = $3)",
        )
        .bind(&identity.name)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .fetch_optional(&mut *tx)
        .await?;
        if taken.unwrap_or(0) > 0 {
            return Ok(Err(Refused::NameTaken));
        }
        let account_id: String = sqlx::query_scalar(
            "INSERT INTO accounts
                (id, name, display_name, password_hash, must_change, role, disabled, issuer, subject, created_at)
             VALUES ($1, $2, $3, '', $4, $5, $4, $6, $7, $8)
             ON CONFLICT (issuer, subject) DO UPDATE SET role = excluded.role, name = excluded.name,
                display_name = excluded.display_name
             RETURNING id",
        )
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&identity.name)
        .bind(&identity.display_name)
        .bind(false)
        .bind(role.name())
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(micros(now))
        .fetch_one(&mut *tx)
        .await?;
        put_halls(&mut tx, &account_id, halls).await?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1").bind(&account_id).execute(&mut *tx).await?;
        let note = Access::to("account_from_provider").about(format!("{account_id} {role}"));
        let head = append(&mut tx, &account_id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(self.provider_account(identity).await?.ok_or(Refused::Missing))
    }

    /// The account of somebody from the provider.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn provider_account(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        let mut query = Sql::new(COLUMNS);
        query.push(" AND issuer = ").bind(&identity.issuer).push(" AND subject = ").bind(&identity.subject);
        self.one_account(query).await
    }
}
