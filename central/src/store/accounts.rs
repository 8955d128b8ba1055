//! Accounts: who may sign in, in what role, for which halls.

use super::audit::append;
use super::{Access, Flag, Sql, Store, StoreError, Transaction, id, micros, time};
use crate::role::Role;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// What is typed at the sign-in.
    pub name: String,
    /// What to call somebody; may be empty.
    pub display_name: String,
    /// The password's hash, a PHC string; empty when no password opens it.
    pub password_hash: String,
    /// Whether the password has to be changed before anything else.
    pub must_change: bool,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
    /// Whether it may not sign in now.
    pub disabled: bool,
    /// Whether it comes from the OpenID Connect provider.
    pub from_provider: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What is typed at the sign-in.
    pub name: String,
    /// The password's hash, a PHC string.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
}

/// What may be changed of an account; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// What to call somebody.
    pub display_name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// The halls it may see.
    pub halls: Option<Option<Vec<HallId>>>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
}

/// Why an account cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is none.
    Missing,
    /// The name is taken.
    NameTaken,
    /// Nobody would be left who manages accounts.
    LastAdministrator,
}

const EVERY_HALL: &str = "*";
pub(super) const COLUMNS: &str =
    "SELECT id, name, display_name, password_hash, must_change, role, disabled, issuer, created_at
     FROM accounts WHERE left_at IS NULL";

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: String,
    name: String,
    display_name: String,
    password_hash: String,
    must_change: Flag,
    role: String,
    disabled: Flag,
    issuer: Option<String>,
    created_at: i64,
}

impl Store {
    /// Makes an account, or replaces the password, role and halls of the one with that name and ends its sessions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_account(&self, new: &NewAccount, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let account_id: String = sqlx::query_scalar(
            "INSERT INTO accounts (id, name, display_name, password_hash, must_change, role, disabled, created_at)
             VALUES ($1, $2, '', $3, $4, $5, $4, $6)
             ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role,
                must_change = excluded.must_change, disabled = excluded.disabled
             RETURNING id",
        )
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&new.name)
        .bind(&new.password_hash)
        .bind(false)
        .bind(new.role.name())
        .bind(micros(now))
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1").bind(&account_id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM lockouts WHERE name = $1").bind(&new.name).execute(&mut *tx).await?;
        put_halls(&mut tx, &account_id, new.halls.as_deref()).await?;
        let note = Access::to("account_put").about(format!("{account_id} {}", new.role));
        let head = append(&mut tx, "", &note, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Makes an account whose password has to be changed at the first sign-in. Its id.
    ///
    /// # Errors
    /// When the database fails. Inside: [`Refused::NameTaken`].
    pub async fn add_account(
        &self,
        by: &Account,
        new: &NewAccount,
        display_name: &str,
        now: Timestamp,
    ) -> Result<Result<String, Refused>, StoreError> {
        let mut tx = self.begin().await?;
        let account_id = uuid::Uuid::now_v7().to_string();
        let done = sqlx::query(
            "INSERT INTO accounts (id, name, display_name, password_hash, must_change, role, disabled, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(&account_id)
        .bind(&new.name)
        .bind(display_name)
        .bind(&new.password_hash)
        .bind(true)
        .bind(new.role.name())
        .bind(false)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Err(Refused::NameTaken));
        }
        put_halls(&mut tx, &account_id, new.halls.as_deref()).await?;
        let note = Access::to("account_add").about(format!("{account_id} {}", new.role));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(account_id))
    }

    /// Changes an account; a change of role, halls or of who may sign in ends its sessions.
    ///
    /// # Errors
    /// When the database fails. Inside: why it cannot be changed so.
    pub async fn change_account(
        &self,
        by: &Account,
        account_id: &str,
        change: &AccountChange,
        now: Timestamp,
    ) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE accounts SET display_name = COALESCE($2, display_name), role = COALESCE($3, role),
                disabled = COALESCE($4, disabled) WHERE id = $1 AND left_at IS NULL",
        )
        .bind(account_id)
        .bind(change.display_name.as_deref())
        .bind(change.role.map(Role::name))
        .bind(change.disabled)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Err(Refused::Missing));
        }
        if let Some(halls) = &change.halls {
            put_halls(&mut tx, account_id, halls.as_deref()).await?;
        }
        if !somebody_administers(&mut tx).await? {
            return Ok(Err(Refused::LastAdministrator));
        }
        if change.role.is_some() || change.halls.is_some() || change.disabled == Some(true) {
            sqlx::query("DELETE FROM sessions WHERE account_id = $1")
                .bind(account_id)
                .execute(&mut *tx)
                .await?;
        }
        let note = Access::to("account_change").about(described(account_id, change));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(()))
    }

    /// Sets a password and ends the account's sessions but the one to `keep`; `must_change` when somebody else set it.
    ///
    /// # Errors
    /// When the database fails. Inside: [`Refused::Missing`].
    pub async fn set_password(
        &self,
        by: &Account,
        account_id: &str,
        password_hash: &str,
        keep: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.begin().await?;
        let name: Option<String> = sqlx::query_scalar(
            "UPDATE accounts SET password_hash = $2, must_change = $3 WHERE id = $1 AND left_at IS NULL
             RETURNING name",
        )
        .bind(account_id)
        .bind(password_hash)
        .bind(by.id != account_id)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(name) = name else { return Ok(Err(Refused::Missing)) };
        sqlx::query("DELETE FROM lockouts WHERE name = $1").bind(name).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND id <> $2")
            .bind(account_id)
            .bind(keep.unwrap_or_default())
            .execute(&mut *tx)
            .await?;
        let head = append(&mut tx, &by.id, &Access::to("password_set").about(account_id), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(()))
    }

    /// Forgets somebody who left: name, password, one-time codes, sessions and halls go, and the name on what they did
    /// goes with them. The log keeps the account's bare number.
    ///
    /// # Errors
    /// When the database fails. Inside: why not.
    pub async fn forget_account(
        &self,
        by: &Account,
        account_id: &str,
        now: Timestamp,
    ) -> Result<Result<(), Refused>, StoreError> {
        let mut tx = self.begin().await?;
        for forget in super::leavers::FORGET {
            sqlx::query(*forget).bind(account_id).execute(&mut *tx).await?;
        }
        let done = sqlx::query(
            "UPDATE accounts SET name = NULL, display_name = '', password_hash = '', issuer = NULL, subject = NULL,
                disabled = $2, left_at = $3 WHERE id = $1 AND left_at IS NULL",
        )
        .bind(account_id)
        .bind(true)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Err(Refused::Missing));
        }
        if !somebody_administers(&mut tx).await? {
            return Ok(Err(Refused::LastAdministrator));
        }
        let head = append(&mut tx, &by.id, &Access::to("account_forget").about(account_id), now).await?;
        self.commit_noted(tx, &head).await?;
        Ok(Ok(()))
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut query = Sql::new(COLUMNS);
        query.push(" ORDER BY name");
        let rows: Vec<AccountRow> = query.query_as().fetch_all(&self.pool).await?;
        let mut accounts = Vec::with_capacity(rows.len());
        for row in rows {
            accounts.push(self.with_halls(row).await?);
        }
        Ok(accounts)
    }

    /// The account with that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let mut query = Sql::new(COLUMNS);
        query.push(" AND name = ").bind(name);
        self.one_account(query).await
    }

    /// The account with that id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_id(&self, account_id: &str) -> Result<Option<Account>, StoreError> {
        let mut query = Sql::new(COLUMNS);
        query.push(" AND id = ").bind(account_id);
        self.one_account(query).await
    }

    pub(super) async fn one_account(&self, query: Sql) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = query.query_as().fetch_optional(&self.pool).await?;
        match row {
            None => Ok(None),
            Some(row) => self.with_halls(row).await.map(Some),
        }
    }

    async fn with_halls(&self, row: AccountRow) -> Result<Account, StoreError> {
        let halls: Vec<String> =
            sqlx::query_scalar("SELECT hall FROM account_halls WHERE account_id = $1 ORDER BY hall")
                .bind(&row.id)
                .fetch_all(&self.pool)
                .await?;
        let halls = if halls.iter().any(|hall| hall == EVERY_HALL) {
            None
        } else {
            Some(halls.iter().map(|hall| id("account_halls", hall)).collect::<Result<_, _>>()?)
        };
        Ok(Account {
            role: id("accounts", &row.role)?,
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            password_hash: row.password_hash,
            must_change: row.must_change.0,
            halls,
            disabled: row.disabled.0,
            from_provider: row.issuer.is_some(),
            created_at: time(row.created_at),
        })
    }
}

pub(super) async fn put_halls(
    tx: &mut Transaction,
    account_id: &str,
    halls: Option<&[HallId]>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM account_halls WHERE account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    let halls = match halls {
        None => vec![EVERY_HALL],
        Some(halls) => halls.iter().map(HallId::as_str).collect(),
    };
    for hall in halls {
        sqlx::query("INSERT INTO account_halls (account_id, hall) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(account_id)
            .bind(hall)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn somebody_administers(tx: &mut Transaction) -> Result<bool, StoreError> {
    let number: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM accounts WHERE role = 'administrator' AND NOT disabled AND left_at IS NULL",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(number > 0)
}

fn described(account_id: &str, change: &AccountChange) -> String {
    let mut text = account_id.to_owned();
    if let Some(role) = change.role {
        text += &format!(" role={role}");
    }
    if let Some(halls) = &change.halls {
        let halls = halls.as_ref().map_or_else(
            || EVERY_HALL.to_owned(),
            |halls| halls.iter().map(HallId::as_str).collect::<Vec<_>>().join(","),
        );
        text += &format!(" halls={halls}");
    }
    if let Some(disabled) = change.disabled {
        text += &format!(" disabled={disabled}");
    }
    text
}
