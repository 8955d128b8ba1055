//! Unsafe requests that come twice are done once: the answer to an `Idempotency-Key` is kept for a day.
//!
//! A key belongs to the account that sent it. While the first request is at work a second one is refused, and so is one
//! that carries the same key with another method, path or body. What failed inside (5xx) is not kept: trying again helps.
//! Neither is what could not be read: nothing was done.
//! Answers that hold a secret, and large ones, are not written down: the repeat is told that it was done.

use super::App;
use super::problem::Failure;
use super::session::SignedIn;
use crate::store::{Kept, KeptAnswer};
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_portal::refusal::Refusal;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The header that carries a key.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is the one that was kept.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longer keys are refused.
pub const LONGEST_KEY: usize = 128;
/// Larger answers are not kept.
const LARGEST_KEPT: usize = 64 * 1024;
/// Answers below these paths hold secrets: sessions, one-time codes and tokens, passwords.
const SECRET: &[&str] = &[
    "/api/v1/session",
    "/api/v1/account/totp",
    "/api/v1/accounts",
    "/api/v1/enrol",
    "/api/v1/fleet/{hall}/{agent}/sign-in-codes",
    "/api/v1/halls/{hall}/displays",
    "/api/v1/wall",
];

/// Wraps the handlers, inside of what decides who may ask.
pub(super) async fn once(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match attempt(&app, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn attempt(app: &App, request: Request, next: Next) -> Result<Response, Failure> {
    let Some(key) = request.headers().get(&HEADER).filter(|_| !request.method().is_safe()).cloned() else {
        return Ok(next.run(request).await);
    };
    // Before somebody is signed in there is nobody to keep an answer for.
    let Some(account) = request.extensions().get::<SignedIn>().map(|signed_in| signed_in.account.id.clone())
    else {
        return Ok(next.run(request).await);
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Failure::Invalid(format!("Idempotency-Key: expected 1 to {LONGEST_KEY} characters")));
    }
    let path =
        request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let (request, asked) = fingerprint(request).await?;
    let id = digest(&[account.as_bytes(), key.as_bytes()]);
    match app.store.claim_answer(&id, &asked, Timestamp::now()).await? {
        Kept::New => {}
        Kept::AtWork => return Err(Failure::Idempotency("the first request with this key is still at work")),
        Kept::OfAnother => {
            return Err(Failure::Idempotency("this key came with another request before: use a fresh one"));
        }
        Kept::Done(answer) => {
            return answer.map(replay).ok_or(Failure::Idempotency("this was done; its answer was not kept"));
        }
    }
    let secret = SECRET.iter().any(|prefix| path.starts_with(prefix));
    let response = next.run(request).await;
    if response.status().is_server_error() || response.extensions().get::<Refusal>().is_some() {
        app.store.forget_answer(&id).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = collect(body).await?;
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !secret && text.len() <= LARGEST_KEPT);
    let answer = text.map(|body| KeptAnswer {
        status: parts.status.as_u16(),
        kind: kind.to_owned(),
        body: body.to_owned(),
    });
    app.store.keep_answer(&id, answer.as_ref()).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The request, and what makes it that request: method, address and body.
async fn fingerprint(request: Request) -> Result<(Request, String), Failure> {
    let (parts, body) = request.into_parts();
    let bytes = collect(body).await?;
    let asked = digest(&[parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &bytes]);
    Ok((Request::from_parts(parts, Body::from(bytes)), asked))
}

/// The layers outside bound how much this can be.
async fn collect(body: Body) -> Result<Bytes, Failure> {
    body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| Failure::TooLarge)
}

fn replay(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Ok(kind) = HeaderValue::from_str(&answer.kind)
        && !kind.is_empty()
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Parts with their lengths, so that none can pass for the beginning of the next.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
