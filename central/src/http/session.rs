//! Signing in with a password, and with a one-time code where the account asks for one; signing out.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
pub use super::signed_in::SignedIn;
use super::signed_in::{self, same_origin, with_cookie};
use crate::role::Role;
use crate::store::{Account, Session};
use crate::{password, totp};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_portal::door::Peer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Wrong passwords in a row that lock a name, and for how long.
const ALLOWED_FAILURES: u32 = 5;
const LOCKED: Duration = Duration::from_secs(15 * 60);
/// Longer names and passwords are wrong without being looked at.
const LONGEST: usize = 256;

/// What is typed at the sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's name.
    name: String,
    /// Its password.
    password: String,
    /// The one-time code, or a recovery code; asked for with the problem `code_needed`.
    #[serde(default)]
    code: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// The account.
    pub account: AccountView,
    /// What unsafe requests carry in the header `X-CSRF-Token`.
    pub csrf: String,
    /// When the session ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its name.
    pub name: String,
    /// What to call somebody; the name where nothing else is known.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// The halls it may see; empty when it may see all.
    pub halls: Vec<String>,
    /// Whether it may see every hall.
    pub all_halls: bool,
    /// Whether the password has to be changed before anything else.
    pub must_change_password: bool,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        let account = &session.account;
        let display = if account.display_name.is_empty() { &account.name } else { &account.display_name };
        Self {
            account: AccountView {
                name: account.name.clone(),
                display_name: display.clone(),
                role: account.role,
                halls: account.halls.iter().flatten().map(ToString::to_string).collect(),
                all_halls: account.halls.is_none(),
                must_change_password: account.must_change,
            },
            csrf: session.csrf.clone(),
            expires_at: session.expires_at,
        }
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, description = "Who is signed in", body = SessionView),
))]
pub async fn show(signed_in: SignedIn) -> Json<SessionView> {
    Json((&signed_in.session).into())
}

/// Signs in; the session is in the cookie of the answer.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn, responses(
    (status = 200, description = "Signed in", body = SessionView),
    (status = 401, description = "Wrong name or password; or `code_needed`: once more, with the one-time code",
     body = Details, content_type = "application/problem+json"),
    (status = 403, description = "From another origin", body = Details, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries; `retry-after` says how long to wait", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<Response, Failure> {
    if !same_origin(&headers) {
        return Err(Failure::Csrf);
    }
    let now = Timestamp::now();
    app.tries.take(peer.0.ip(), now).map_err(Failure::TooMany)?;
    let (account, method) = check(&app, body, now).await?;
    let (session, cookie) = signed_in::begin(&app, account, method, &headers, now).await?;
    Ok(with_cookie(Json(SessionView::from(&session)).into_response(), &cookie))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "Nobody was signed in", body = Details, content_type = "application/problem+json"),
))]
pub async fn sign_out(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    app.store.end_session(&signed_in.account.id, &signed_in.session.id).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &signed_in::ended(&app)))
}

/// Name and password, then the code; every wrong one counts towards the lock.
async fn check(app: &App, body: SignIn, now: Timestamp) -> Result<(Account, &'static str), Failure> {
    let SignIn { name, password, code } = body;
    if name.len() > LONGEST || password.len() > LONGEST {
        return Err(Failure::WrongCredentials);
    }
    not_locked(app, &name, now).await?;
    let account = app.store.account(&name).await?.filter(|account| !account.disabled);
    let known = account.as_ref().map(|account| account.password_hash.clone());
    if !matches(app, password, known).await? {
        return Err(wrong(app, &name, now).await?);
    }
    let Some(account) = account else { return Err(Failure::WrongCredentials) };
    let method = match (app.store.totp(&account.id).await?, code) {
        (None, _) => "password",
        (Some(_), None) => return Err(Failure::CodeNeeded),
        (Some(secret), Some(code)) => match totp::step(&secret, &code, now) {
            // A step is good once: whoever looked over a shoulder comes too late.
            Some(step) if app.store.use_totp_step(&account.id, step).await? => "totp",
            Some(_) => return Err(wrong(app, &name, now).await?),
            None if app.store.use_recovery_code(&account.id, &totp::recovery_hash(&code)).await? => {
                "recovery_code"
            }
            None => return Err(wrong(app, &name, now).await?),
        },
    };
    app.store.forgive(&name).await?;
    Ok((account, method))
}

/// Refuses a name with too many wrong passwords.
pub(super) async fn not_locked(app: &App, name: &str, now: Timestamp) -> Result<(), Failure> {
    match app.store.lockout(name).await? {
        Some(lockout) if lockout.until > now => Err(Failure::Locked(lockout.until.duration_since(now))),
        _ => Ok(()),
    }
}

/// Counts a wrong password or code.
pub(super) async fn wrong(app: &App, name: &str, now: Timestamp) -> Result<Failure, Failure> {
    app.store.note_failure(name, ALLOWED_FAILURES, now, now + LOCKED).await?;
    metrics::counter!("central_sign_in_failures_total").increment(1);
    Ok(Failure::WrongCredentials)
}

/// Whether a password is the hashed one. Hashing is heavy on purpose: two at a time, the others wait their turn; a name
/// without a password takes as long as any.
pub(super) async fn matches(app: &App, password: String, hash: Option<String>) -> Result<bool, Failure> {
    let _turn = app.hashing.acquire().await.map_err(|_| Failure::Unavailable("central is stopping"))?;
    let matched = tokio::task::spawn_blocking(move || match hash.filter(|hash| !hash.is_empty()) {
        Some(hash) => password::matches(&password, &hash),
        None => {
            password::pretend(&password);
            false
        }
    });
    Ok(matched.await.unwrap_or(false))
}

/// Hashes a new password, under the same limit; too short a one is refused.
pub(super) async fn hashed(app: &App, password: String) -> Result<String, Failure> {
    let length = password.chars().count();
    if length < password::SHORTEST || password.len() > LONGEST {
        let wish = format!("password: expected {} to {LONGEST} characters", password::SHORTEST);
        return Err(Failure::Invalid(wish));
    }
    let _turn = app.hashing.acquire().await.map_err(|_| Failure::Unavailable("central is stopping"))?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    hashed
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| Failure::Invalid("the password cannot be hashed".to_owned()))
}
