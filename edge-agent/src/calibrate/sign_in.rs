//! Signing in with a one-time code, and the door to everything else.

use super::App;
use super::body::{JsonBody, Parameters};
use super::code::Refusal;
use super::problem::Failure;
use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chuangming_portal::door::Peer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use utoipa::{IntoParams, ToSchema};

/// The session's cookie. Browsers keep it for this host alone, over HTTPS alone, and show it to no script.
pub(super) const COOKIE: &str = "__Host-session";
const FOR_SESSION: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// A header that no form and no foreign page can send.
pub(super) const FROM_PAGE: (&str, &str) = ("x-requested-with", "chuangming");

/// Whom one talks to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hello {
    /// The hall.
    hall: String,
    /// The agent.
    agent: String,
    /// SHA-256 of the certificate, as browsers and the agent's screen show it.
    fingerprint: String,
    /// The agent's version.
    version: &'static str,
}

/// What the sign-in page shows.
#[utoipa::path(get, path = "/api/hello", tag = "sign-in", security(()), responses((status = 200, body = Hello)))]
pub(super) async fn hello(State(app): State<Arc<App>>) -> Json<Hello> {
    let agent = &app.handle.agent;
    Json(Hello {
        hall: agent.hall.to_string(),
        agent: agent.agent.to_string(),
        fingerprint: app.certificate.fingerprint(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// A sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The one-time code that the agent shows, or one that central issued for it.
    code: String,
}

/// Signs in with the one-time code; it is used up.
#[utoipa::path(post, path = "/api/session", tag = "sign-in", security(()), request_body = SignIn, responses(
    (status = 204, description = "Signed in; the answer sets the session's cookie"),
))]
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<SignIn>,
) -> Result<Response, Failure> {
    came_from_page(&headers)?;
    let now = Instant::now();
    let of_central = |code: &str| app.of_central.redeem(code, app.handle.clock.now());
    app.codes.redeem(&asked.code, peer.ip(), now, of_central).map_err(|refusal| {
        tracing::warn!(from = %peer.ip(), ?refusal, "nobody is signed in at the calibration page");
        match refusal {
            Refusal::Wrong => Failure::WrongCode,
            Refusal::Locked(left) => Failure::Locked(left),
        }
    })?;
    let token = app.sessions.begin(now);
    app.handle.gallery.open();
    tracing::info!(from = %peer.ip(), "somebody signed in at the calibration page");
    answer_with_cookie(&format!("{COOKIE}={token}; {FOR_SESSION}"))
}

/// The session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Seconds until it ends if nothing is done.
    idle_left_s: u64,
    /// The hall.
    hall: String,
    /// The agent.
    agent: String,
    /// SHA-256 of the certificate.
    fingerprint: String,
}

/// How one asks for the session.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// 1: somebody is at the page, the session lasts on. So does every request that is no GET; looking alone is no deed.
    #[allow(dead_code, reason = "the guard reads it")]
    active: Option<u8>,
}

/// How long the session still lasts.
#[utoipa::path(get, path = "/api/session", tag = "sign-in", params(Asked), responses((status = 200, body = SessionView)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    _: Parameters<Asked>,
    headers: HeaderMap,
) -> Result<Json<SessionView>, Failure> {
    let token = token(&headers).ok_or(Failure::SignedOut)?;
    let left = app.sessions.find(token, false, Instant::now()).ok_or(Failure::SignedOut)?;
    let agent = &app.handle.agent;
    Ok(Json(SessionView {
        idle_left_s: left.as_secs(),
        hall: agent.hall.to_string(),
        agent: agent.agent.to_string(),
        fingerprint: app.certificate.fingerprint(),
    }))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "sign-in", responses((status = 204, description = "Signed out")))]
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    app.sessions.end(token(&headers).unwrap_or_default());
    app.forget_if_alone();
    answer_with_cookie(&format!("{COOKIE}=; Max-Age=0; {FOR_SESSION}"))
}

/// Lets through who is signed in; what changes something must come from the page.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_deed = !request.method().is_safe() || request.uri().query() == Some("active=1");
    let found = token(request.headers()).and_then(|token| app.sessions.find(token, is_deed, Instant::now()));
    let is_open = matches!(
        (request.method(), request.uri().path()),
        (&Method::GET, "/api/hello" | "/api/openapi.json") | (&Method::POST, "/api/session")
    );
    if !is_open && found.is_none() {
        return Failure::SignedOut.into_response();
    }
    if !is_open
        && !request.method().is_safe()
        && let Err(failure) = came_from_page(request.headers())
    {
        return failure.into_response();
    }
    next.run(request).await
}

fn came_from_page(headers: &HeaderMap) -> Result<(), Failure> {
    let is_marked = headers.get(FROM_PAGE.0).is_some_and(|value| value == FROM_PAGE.1);
    // Browsers tell where a request comes from; other clients say nothing.
    let is_foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
    if is_marked && !is_foreign { Ok(()) } else { Err(Failure::NotFromPage) }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn answer_with_cookie(cookie: &str) -> Result<Response, Failure> {
    let cookie = HeaderValue::from_str(cookie).map_err(Failure::internal)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
