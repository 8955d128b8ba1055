//! One's own account: password, one-time codes, sessions.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
use super::session::{hashed, matches, not_locked, wrong};
use super::signed_in::SignedIn;
use crate::totp;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How one's account is secured.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Security {
    /// Whether a password opens it; otherwise the sign-in of the organisation does.
    pub has_password: bool,
    /// Whether the sign-in asks for a one-time code.
    pub totp: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
    /// Where one is signed in, the last used first.
    pub sessions: Vec<OwnSession>,
}

/// A session of one's own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnSession {
    /// Its id.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// `password`, `totp`, `recovery_code` or `oidc`.
    pub method: String,
    /// What the browser calls itself.
    pub client: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}

/// A change of one's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is.
    current: String,
    /// The password as it shall be, 8 characters or more.
    new: String,
}

/// The password once more, for what an unattended screen must not do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAgain {
    /// The password.
    password: String,
}

/// What an authenticator app needs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TotpOffer {
    /// The secret, for typing.
    pub secret: String,
    /// The address in the QR code.
    pub address: String,
    /// The QR code, an SVG picture.
    pub qr_svg: String,
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    /// Six digits.
    code: String,
}

/// Shown once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each is good once, instead of a one-time code.
    pub recovery_codes: Vec<String>,
}

/// How one's account is secured, and where one is signed in.
#[utoipa::path(get, path = "/api/v1/account", tag = "account", responses(
    (status = 200, description = "One's own account", body = Security),
    (status = 403, description = "The password has to be changed first", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Security>, Failure> {
    let account = &signed_in.account;
    let sessions = app.store.sessions(&account.id, app.sign_in.idle, Timestamp::now()).await?;
    let own = |row: crate::store::SessionRow| OwnSession {
        current: row.id == signed_in.session.id,
        created_at: row.created_at(),
        seen_at: row.seen_at(),
        id: row.id,
        method: row.method,
        client: row.client,
    };
    Ok(Json(Security {
        has_password: !account.password_hash.is_empty(),
        totp: app.store.totp(&account.id).await?.is_some(),
        recovery_codes_left: app.store.recovery_codes_left(&account.id).await?,
        sessions: sessions.into_iter().map(own).collect(),
    }))
}

/// Changes one's password; other sessions end.
#[utoipa::path(post, path = "/api/v1/account/password", tag = "account", request_body = PasswordChange, responses(
    (status = 204, description = "Changed"),
    (status = 400, description = "The new one is too short, too long or the old one", body = Details, content_type = "application/problem+json"),
    (status = 401, description = "The password is wrong, or nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong passwords", body = Details, content_type = "application/problem+json"),
))]
pub async fn change_password(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(PasswordChange { current, new }): JsonBody<PasswordChange>,
) -> Result<StatusCode, Failure> {
    if current == new {
        return Err(Failure::Invalid("new: is the old password".to_owned()));
    }
    let now = Timestamp::now();
    confirm(&app, &signed_in, current, now).await?;
    let hash = hashed(&app, new).await?;
    let (account, session) = (&signed_in.account, &signed_in.session);
    app.store
        .set_password(account, &account.id, &hash, Some(&session.id), now)
        .await?
        .map_err(super::accounts::refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to use one-time codes: a secret for the authenticator app, which counts once a code was shown to be right.
#[utoipa::path(post, path = "/api/v1/account/totp", tag = "account", request_body = PasswordAgain, responses(
    (status = 200, description = "What the app needs", body = TotpOffer),
    (status = 401, description = "The password is wrong, or nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "One-time codes are in use already", body = Details, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong passwords", body = Details, content_type = "application/problem+json"),
))]
pub async fn offer_totp(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(PasswordAgain { password }): JsonBody<PasswordAgain>,
) -> Result<Json<TotpOffer>, Failure> {
    let account = &signed_in.account;
    confirm(&app, &signed_in, password, Timestamp::now()).await?;
    let secret = totp::new_secret();
    if !app.store.offer_totp(&account.id, &secret).await? {
        return Err(Failure::Conflict("one-time codes are in use already"));
    }
    let address = totp::address(&secret, &account.name);
    Ok(Json(TotpOffer { qr_svg: totp::picture(&address), secret, address }))
}

/// Shows that the app is set up; from now on the sign-in asks for a code.
#[utoipa::path(post, path = "/api/v1/account/totp/confirm", tag = "account", request_body = TotpCode, responses(
    (status = 200, description = "Recovery codes, shown this once", body = RecoveryCodes),
    (status = 400, description = "The code is wrong", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "Nothing was begun", body = Details, content_type = "application/problem+json"),
))]
pub async fn confirm_totp(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(TotpCode { code }): JsonBody<TotpCode>,
) -> Result<Json<RecoveryCodes>, Failure> {
    let (account, now) = (&signed_in.account, Timestamp::now());
    let offered = app.store.offered_totp(&account.id).await?;
    let secret = offered.ok_or(Failure::Conflict("begin with POST /api/v1/account/totp"))?;
    let step = totp::step(&secret, &code, now);
    let step =
        step.ok_or_else(|| Failure::Invalid("code: is wrong; codes change every 30 seconds".to_owned()))?;
    let codes = totp::recovery_codes();
    let hashes: Vec<_> = codes.iter().map(|code| totp::recovery_hash(code)).collect();
    app.store.confirm_totp(account, step, &hashes, now).await?;
    Ok(Json(RecoveryCodes { recovery_codes: codes }))
}

/// Stops using one-time codes.
#[utoipa::path(delete, path = "/api/v1/account/totp", tag = "account", request_body = PasswordAgain, responses(
    (status = 204, description = "The sign-in asks for no code any more"),
    (status = 401, description = "The password is wrong, or nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong passwords", body = Details, content_type = "application/problem+json"),
))]
pub async fn drop_totp(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(PasswordAgain { password }): JsonBody<PasswordAgain>,
) -> Result<StatusCode, Failure> {
    let now = Timestamp::now();
    confirm(&app, &signed_in, password, now).await?;
    app.store.drop_totp(&signed_in.account, &signed_in.account.id, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of one's own.
#[utoipa::path(delete, path = "/api/v1/account/sessions/{id}", tag = "account", params(
    ("id" = String, Path, description = "The session's id"),
), responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "No such session", body = Details, content_type = "application/problem+json"),
))]
pub async fn end_session(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    if app.store.end_session(&signed_in.account.id, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::NotFound("no such session"))
    }
}

/// Ends all other sessions of one's own.
#[utoipa::path(delete, path = "/api/v1/account/sessions", tag = "account", responses(
    (status = 204, description = "Ended"),
))]
pub async fn end_other_sessions(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<StatusCode, Failure> {
    app.store.end_sessions(&signed_in.account.id, Some(&signed_in.session.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The password once more; a wrong one counts towards the lock as at the sign-in.
async fn confirm(app: &App, signed_in: &SignedIn, password: String, now: Timestamp) -> Result<(), Failure> {
    let account = &signed_in.account;
    not_locked(app, &account.name, now).await?;
    if matches(app, password, Some(account.password_hash.clone())).await? {
        Ok(())
    } else {
        Err(wrong(app, &account.name, now).await?)
    }
}
