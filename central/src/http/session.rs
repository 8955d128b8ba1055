//! Signing in and out, and who asks.
//!
//! A session is a random token in a cookie that no script can read and no other site can send; the database holds its
//! hash. Unsafe requests must also carry the session's CSRF value in a header.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
use crate::listener::Peer;
use crate::password;
use crate::role::Role;
use crate::store::{Account, Session};
use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// The cookie's name.
pub const COOKIE: &str = "chuangming_session";
/// The header that unsafe requests carry.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// How long a session lasts: a working day.
const SESSION: Duration = Duration::from_secs(12 * 3600);
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
    /// What it may do.
    pub role: Role,
    /// The halls it may see; empty when it may see all.
    pub halls: Vec<String>,
    /// Whether it may see every hall.
    pub all_halls: bool,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        let account = &session.account;
        Self {
            account: AccountView {
                name: account.name.clone(),
                role: account.role,
                halls: account.halls.iter().flatten().map(ToString::to_string).collect(),
                all_halls: account.halls.is_none(),
            },
            csrf: session.csrf.clone(),
            expires_at: session.expires_at,
        }
    }
}

/// Somebody who is signed in; a handler that takes it refuses everybody else, and unsafe requests without CSRF value.
pub struct SignedIn {
    /// Who.
    pub account: Account,
    session: Session,
    token_hash: String,
}

impl SignedIn {
    #[cfg(test)]
    pub(super) fn of(session: Session, token_hash: &str) -> Self {
        Self { account: session.account.clone(), session, token_hash: token_hash.to_owned() }
    }

    /// Refuses roles that see no conduct.
    ///
    /// # Errors
    /// [`Failure::Forbidden`].
    pub fn sees_conduct(&self) -> Result<(), Failure> {
        let why = "only center heads see events";
        if self.account.role.sees_conduct() { Ok(()) } else { Err(Failure::Forbidden(why)) }
    }

    /// Refuses roles that do not see the system.
    ///
    /// # Errors
    /// [`Failure::Forbidden`].
    pub fn sees_system(&self) -> Result<(), Failure> {
        let why = "only center heads, installers and administrators see halls";
        if self.account.role.sees_system() { Ok(()) } else { Err(Failure::Forbidden(why)) }
    }

    /// Whether the session has neither ended nor been revoked.
    pub(super) async fn still_holds(&self, app: &App) -> bool {
        matches!(app.store.session(&self.token_hash, Timestamp::now()).await, Ok(Some(_)))
    }

    /// Whether a hall is one of the account's.
    #[must_use]
    pub fn sees(&self, hall: &str) -> bool {
        self.account.halls.as_ref().is_none_or(|halls| halls.iter().any(|own| own.as_str() == hall))
    }

    /// The halls to look in: the one that was asked for, or all of the account's.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] for another's hall.
    pub fn halls(&self, asked: Option<HallId>) -> Result<Option<Vec<HallId>>, Failure> {
        match asked {
            None => Ok(self.account.halls.clone()),
            Some(hall) if self.sees(hall.as_str()) => Ok(Some(vec![hall])),
            Some(_) => Err(Failure::Forbidden("this account does not see that hall")),
        }
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let token_hash = hash(token(&parts.headers).ok_or(Failure::Unauthenticated)?);
        let session =
            app.store.session(&token_hash, Timestamp::now()).await?.ok_or(Failure::Unauthenticated)?;
        if !parts.method.is_safe() && !csrf_matches(&parts.headers, &session.csrf) {
            return Err(Failure::Csrf);
        }
        Ok(Self { account: session.account.clone(), session, token_hash })
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, description = "Who is signed in", body = SessionView),
    (status = 401, description = "Nobody", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(signed_in: SignedIn) -> Json<SessionView> {
    Json((&signed_in.session).into())
}

/// Signs in; the session is in the cookie of the answer.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn, responses(
    (status = 200, description = "Signed in", body = SessionView),
    (status = 401, description = "Wrong name or password", body = Details, content_type = "application/problem+json"),
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
    let account = check(&app, body, now).await?;
    let (token, csrf) = (secret(), secret());
    let expires_at = now + SESSION;
    app.store.add_session(&hash(&token), &account.id, &csrf, now, expires_at).await?;
    tracing::info!(name = account.name, role = %account.role, "signed in");
    let session = Session { account, csrf, expires_at };
    Ok(with_cookie(Json(SessionView::from(&session)).into_response(), &cookie(&app, &token, SESSION)))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", params(
    ("X-CSRF-Token" = String, Header, description = "The session's csrf value"),
), responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "Nobody was signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "The CSRF value is missing", body = Details, content_type = "application/problem+json"),
))]
pub async fn sign_out(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    app.store.end_session(&signed_in.token_hash).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &cookie(&app, "", Duration::ZERO)))
}

async fn check(app: &App, SignIn { name, password }: SignIn, now: Timestamp) -> Result<Account, Failure> {
    if name.len() > LONGEST || password.len() > LONGEST {
        return Err(Failure::WrongCredentials);
    }
    // Hashing is heavy on purpose: two at a time, the others wait their turn.
    let _turn = app.hashing.acquire().await.map_err(|_| Failure::Unavailable("central is stopping"))?;
    if let Some(lockout) = app.store.lockout(&name).await?
        && lockout.until > now
    {
        return Err(Failure::Locked(lockout.until.duration_since(now)));
    }
    let account = app.store.account(&name).await?;
    let known = account.as_ref().map(|account| account.password_hash.clone());
    let matched = tokio::task::spawn_blocking(move || match known {
        Some(hash) => password::matches(&password, &hash),
        None => {
            password::pretend(&password);
            false
        }
    })
    .await
    .unwrap_or(false);
    match account {
        Some(account) if matched => {
            app.store.forgive(&name).await?;
            Ok(account)
        }
        _ => {
            app.store.note_failure(&name, ALLOWED_FAILURES, now, now + LOCKED).await?;
            metrics::counter!("central_sign_in_failures_total").increment(1);
            Err(Failure::WrongCredentials)
        }
    }
}

fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn cookie(app: &App, token: &str, age: Duration) -> String {
    let secure = if app.secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", age.as_secs())
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Compared in constant time by comparing hashes.
fn csrf_matches(headers: &HeaderMap, csrf: &str) -> bool {
    let sent = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Sha256::digest(sent.as_bytes()) == Sha256::digest(csrf.as_bytes())
}

/// A browser says where a page comes from; a page of another origin may not sign anybody in.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}
