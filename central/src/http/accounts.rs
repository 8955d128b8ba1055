//! Accounts, for administrators: who may sign in, in what role, for which halls.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
use super::session::hashed;
use super::signed_in::SignedIn;
use crate::role::Role;
use crate::store::{Account, AccountChange, NewAccount, Refused};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const LONGEST_NAME: usize = 64;
const MOST_HALLS: usize = 500;

/// Who may sign in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accounts {
    /// By name.
    pub accounts: Vec<ManagedAccount>,
}

/// An account as administrators see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ManagedAccount {
    /// Its id.
    pub id: String,
    /// What is typed at the sign-in.
    pub name: String,
    /// What to call somebody; may be empty.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; empty when it may see all.
    pub halls: Vec<String>,
    /// Whether it may see every hall.
    pub all_halls: bool,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Whether it comes from the sign-in of the organisation; then role and halls follow from there.
    pub from_provider: bool,
    /// Whether the sign-in asks for a one-time code.
    pub totp: bool,
    /// In how many places it is signed in.
    pub sessions: usize,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An account to be made. Its password has to be changed at the first sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    /// What is typed at the sign-in, 1 to 64 characters.
    name: String,
    /// What to call somebody.
    #[serde(default)]
    display_name: String,
    /// What it may do.
    role: Role,
    /// The halls it may see.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    halls: Vec<HallId>,
    /// Every hall, now and later.
    #[serde(default)]
    all_halls: bool,
    /// The first password, 8 characters or more.
    password: String,
}

/// A change of an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// What to call somebody.
    #[serde(default)]
    display_name: Option<String>,
    /// What it may do.
    #[serde(default)]
    role: Option<Role>,
    /// The halls it may see.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    halls: Option<Vec<HallId>>,
    /// Every hall, now and later.
    #[serde(default)]
    all_halls: Option<bool>,
    /// Whether it may not sign in.
    #[serde(default)]
    disabled: Option<bool>,
}

/// A password that somebody else sets; it has to be changed at the next sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// 8 characters or more.
    password: String,
}

/// Every account.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", responses(
    (status = 200, description = "Every account", body = Accounts),
))]
pub async fn list(State(app): State<Arc<App>>, _: SignedIn) -> Result<Json<Accounts>, Failure> {
    let mut accounts = Vec::new();
    for account in app.store.accounts().await? {
        accounts.push(managed(&app, account).await?);
    }
    Ok(Json(Accounts { accounts }))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = AddAccount, responses(
    (status = 201, description = "The account", body = ManagedAccount),
    (status = 409, description = "The name is taken", body = Details, content_type = "application/problem+json"),
))]
pub async fn add(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(body): JsonBody<AddAccount>,
) -> Result<impl IntoResponse, Failure> {
    let name = body.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Failure::Invalid(format!("name: expected 1 to {LONGEST_NAME} characters")));
    }
    let display_name = display_name(&body.display_name)?;
    let halls = chosen(body.halls, body.all_halls)?;
    let new = NewAccount { name, password_hash: hashed(&app, body.password).await?, role: body.role, halls };
    let added = app.store.add_account(&signed_in.account, &new, &display_name, Timestamp::now()).await?;
    let id = added.map_err(refusal)?;
    Ok((StatusCode::CREATED, one(&app, &id).await?))
}

/// Changes an account; if role, halls or the right to sign in change, its sessions end.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "accounts", request_body = ChangeAccount, params(
    ("id" = String, Path, description = "The account's id"),
), responses(
    (status = 200, description = "The account", body = ManagedAccount),
    (status = 404, description = "No such account", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "Nobody would be left who manages accounts", body = Details, content_type = "application/problem+json"),
))]
pub async fn change(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ChangeAccount>,
) -> Result<Json<ManagedAccount>, Failure> {
    let halls = match (body.halls, body.all_halls) {
        (None, None | Some(false)) => None,
        (halls, all) => Some(chosen(halls.unwrap_or_default(), all.unwrap_or(false))?),
    };
    let display_name = body.display_name.as_deref().map(display_name).transpose()?;
    let change = AccountChange { display_name, role: body.role, halls, disabled: body.disabled };
    app.store.change_account(&signed_in.account, &id, &change, Timestamp::now()).await?.map_err(refusal)?;
    one(&app, &id).await
}

/// Sets a new password for somebody who forgot theirs; the account's sessions end.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/password", tag = "accounts", request_body = ResetPassword, params(
    ("id" = String, Path, description = "The account's id"),
), responses(
    (status = 204, description = "Set"),
    (status = 400, description = "Too short or too long", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such account", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "One's own password is changed at /api/v1/account/password", body = Details, content_type = "application/problem+json"),
))]
pub async fn reset_password(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ResetPassword>,
) -> Result<StatusCode, Failure> {
    not_oneself(&signed_in, &id)?;
    let hash = hashed(&app, body.password).await?;
    app.store.set_password(&signed_in.account, &id, &hash, None, Timestamp::now()).await?.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of an account.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}/sessions", tag = "accounts", params(
    ("id" = String, Path, description = "The account's id"),
), responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "No such account", body = Details, content_type = "application/problem+json"),
))]
pub async fn end_sessions(
    State(app): State<Arc<App>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.store.account_by_id(&id).await?.ok_or_else(missing)?;
    app.store.end_sessions(&id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops asking for one-time codes, for somebody who lost phone and recovery codes.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}/totp", tag = "accounts", params(
    ("id" = String, Path, description = "The account's id"),
), responses(
    (status = 204, description = "The sign-in asks for no code any more"),
    (status = 404, description = "No such account", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "One's own are switched off at /api/v1/account/totp", body = Details, content_type = "application/problem+json"),
))]
pub async fn drop_totp(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    not_oneself(&signed_in, &id)?;
    app.store.account_by_id(&id).await?.ok_or_else(missing)?;
    app.store.drop_totp(&signed_in.account, &id, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets somebody who left: the account and the name on what they did.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", tag = "accounts", params(
    ("id" = String, Path, description = "The account's id"),
), responses(
    (status = 204, description = "Forgotten"),
    (status = 404, description = "No such account", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "One's own account, or nobody would be left who manages accounts", body = Details, content_type = "application/problem+json"),
))]
pub async fn forget(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    not_oneself(&signed_in, &id)?;
    app.store.forget_account(&signed_in.account, &id, Timestamp::now()).await?.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_oneself(signed_in: &SignedIn, id: &str) -> Result<(), Failure> {
    if signed_in.account.id == id {
        Err(Failure::Conflict("this is for the accounts of others"))
    } else {
        Ok(())
    }
}

async fn one(app: &App, id: &str) -> Result<Json<ManagedAccount>, Failure> {
    let account = app.store.account_by_id(id).await?.ok_or_else(missing)?;
    managed(app, account).await.map(Json)
}

async fn managed(app: &App, account: Account) -> Result<ManagedAccount, Failure> {
    Ok(ManagedAccount {
        totp: app.store.totp(&account.id).await?.is_some(),
        sessions: app.store.sessions(&account.id, app.sign_in.idle, Timestamp::now()).await?.len(),
        halls: account.halls.iter().flatten().map(ToString::to_string).collect(),
        all_halls: account.halls.is_none(),
        id: account.id,
        name: account.name,
        display_name: account.display_name,
        role: account.role,
        disabled: account.disabled,
        from_provider: account.from_provider,
        created_at: account.created_at,
    })
}

fn chosen(halls: Vec<HallId>, all: bool) -> Result<Option<Vec<HallId>>, Failure> {
    match (all, halls.len()) {
        (true, 0) => Ok(None),
        (true, _) => Err(Failure::Invalid("halls: expected halls or all_halls, not both".to_owned())),
        (false, 0) => Err(Failure::Invalid("halls: expected at least one, or all_halls".to_owned())),
        (false, n) if n > MOST_HALLS => {
            Err(Failure::Invalid(format!("halls: expected at most {MOST_HALLS}")))
        }
        (false, _) => Ok(Some(halls)),
    }
}

fn display_name(text: &str) -> Result<String, Failure> {
    if text.chars().count() > LONGEST_NAME {
        return Err(Failure::Invalid(format!("display_name: expected at most {LONGEST_NAME} characters")));
    }
    Ok(text.trim().to_owned())
}

fn missing() -> Failure {
    Failure::NotFound("no such account")
}

pub(super) fn refusal(refused: Refused) -> Failure {
    match refused {
        Refused::Missing => missing(),
        Refused::NameTaken => Failure::Conflict("the name is taken"),
        Refused::LastAdministrator => Failure::Conflict("nobody would be left who manages accounts"),
    }
}
