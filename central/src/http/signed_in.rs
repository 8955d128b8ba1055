//! Who asks.
//!
//! A session is a random token in a cookie that no script can read and no other site can send; the database holds its
//! hash. Unsafe requests must also carry the session's CSRF value in a header.

use super::App;
use super::problem::Failure;
use crate::store::{Account, NewSession, Session};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// The cookie's name.
pub const COOKIE: &str = "chuangming_session";
/// The header that unsafe requests carry.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// What is kept of a browser's name for itself.
const LONGEST_CLIENT: usize = 200;

/// Somebody who is signed in and whose role may call the route: the guard has checked both.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    pub(super) session: Session,
    token_hash: String,
}

impl SignedIn {
    #[cfg(test)]
    pub(super) fn of(session: Session, token_hash: &str) -> Self {
        Self { account: session.account.clone(), session, token_hash: token_hash.to_owned() }
    }

    /// Whose request it is.
    pub(super) async fn of_request(app: &App, headers: &HeaderMap) -> Result<Self, Failure> {
        let token_hash = hash(cookie_value(headers, COOKIE).ok_or(Failure::Unauthenticated)?);
        let session = app.store.session(&token_hash, app.sign_in.idle, Timestamp::now()).await?;
        let session = session.ok_or(Failure::Unauthenticated)?;
        Ok(Self { account: session.account.clone(), session, token_hash })
    }

    /// Refuses requests that another site may have sent.
    pub(super) fn came_from_own_page(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if csrf_matches(headers, &self.session.csrf) { Ok(()) } else { Err(Failure::Csrf) }
    }

    /// Refuses roles that see no conduct.
    ///
    /// # Errors
    /// [`Failure::Forbidden`].
    pub fn sees_conduct(&self) -> Result<(), Failure> {
        let why = "only center heads see events";
        if self.account.role.sees_conduct() { Ok(()) } else { Err(Failure::Forbidden(why)) }
    }

    /// Whether the session has neither ended nor been revoked; asking counts as use.
    pub(super) async fn still_holds(&self, app: &App) -> bool {
        matches!(app.store.session(&self.token_hash, app.sign_in.idle, Timestamp::now()).await, Ok(Some(_)))
    }

    /// Whether a hall is one of the account's.
    #[must_use]
    pub fn sees(&self, hall: &str) -> bool {
        self.account.halls.as_ref().is_none_or(|halls| halls.iter().any(|own| own.as_str() == hall))
    }

    /// A hall of the account's by its id; another one is no hall to it.
    ///
    /// # Errors
    /// [`Failure::NotFound`].
    pub fn own_hall(&self, hall: &str) -> Result<HallId, Failure> {
        let missing = || Failure::NotFound("no such hall of yours");
        let hall: HallId = hall.parse().map_err(|_| missing())?;
        if self.sees(hall.as_str()) { Ok(hall) } else { Err(missing()) }
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

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::Unauthenticated)
    }
}

/// Begins a session; the cookie that carries it.
pub(super) async fn begin(
    app: &App,
    account: Account,
    method: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(Session, String), Failure> {
    let (token, csrf) = (secret(), secret());
    let lasts = app.sign_in.absolute;
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let client: String = client.chars().take(LONGEST_CLIENT).collect();
    let new = NewSession {
        token_hash: &hash(&token),
        account_id: &account.id,
        csrf: &csrf,
        method,
        client: &client,
        expires_at: now + lasts,
    };
    let id = app.store.add_session(&new, now).await?;
    tracing::info!(name = account.name, role = %account.role, method, "signed in");
    let session = Session { id, account, csrf, expires_at: now + lasts };
    Ok((session, cookie(app, COOKIE, &token, lasts, "Strict")))
}

/// The cookie that ends a session in the browser.
pub(super) fn ended(app: &App) -> String {
    cookie(app, COOKIE, "", Duration::ZERO, "Strict")
}

/// A random text that nobody guesses.
pub(super) fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What is kept of such a text.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

pub(super) fn cookie_value<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

pub(super) fn cookie(app: &App, name: &str, value: &str, age: Duration, same_site: &str) -> String {
    let secure = if app.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={}{secure}", age.as_secs())
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Compared in constant time by comparing hashes.
fn csrf_matches(headers: &HeaderMap, csrf: &str) -> bool {
    let sent = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Sha256::digest(sent.as_bytes()) == Sha256::digest(csrf.as_bytes())
}

/// A browser says where a page comes from; a page of another origin may not sign anybody in.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}
