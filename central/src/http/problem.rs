//! Errors as `application/problem+json` (RFC 9457). What people read outside says what they can do; what went wrong
//! inside goes to the log only.

use super::file::RosterRefused;
use crate::duty::ImportProblem;
use crate::store::StoreError;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chuangming_portal::refusal::{Refusal, problem};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an error looks like outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProblemDetails)]
pub struct Details {
    /// `/problems#` and a word that programs can match.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An error of the API.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in.
    Unauthenticated,
    /// Wrong name or password.
    WrongCredentials,
    /// Name and password are right; the one-time code is missing.
    CodeNeeded,
    /// The password has to be changed before anything else.
    PasswordChange,
    /// It does not go with how things stand.
    Conflict(&'static str),
    /// Too many wrong passwords for this name.
    Locked(SignedDuration),
    /// Too many tries from this address.
    TooMany(SignedDuration),
    /// The CSRF token is missing or wrong.
    Csrf,
    /// The role or hall does not allow it.
    Forbidden(&'static str),
    /// There is no such thing, or not for this account.
    NotFound(&'static str),
    /// That cannot be done there.
    Method,
    /// The request cannot be understood.
    Invalid(String),
    /// Rows of a file that was brought: of what, and every problem.
    Rows(&'static str, Vec<ImportProblem>),
    /// The request is too large.
    TooLarge,
    /// The body is of a kind that is not understood here.
    MediaType,
    /// The same idempotency key is at work, or came with another request.
    Idempotency(&'static str),
    /// It took too long.
    Timeout,
    /// Too much is going on.
    Unavailable(&'static str),
    /// Something inside is broken.
    Internal(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Internal(error)
    }
}

impl Failure {
    /// The outside face of the error.
    #[must_use]
    pub fn details(&self) -> Details {
        let (status, kind, title, detail) = match self {
            Failure::Unauthenticated => {
                (401, "unauthenticated", "not signed in", Some("sign in at POST /api/v1/session".to_owned()))
            }
            Failure::WrongCredentials => (401, "wrong_credentials", "wrong name or password", None),
            Failure::CodeNeeded => {
                let detail = "sign in once more with the one-time code, or a recovery code, as `code`";
                (401, "code_needed", "one-time code needed", Some(detail.to_owned()))
            }
            Failure::PasswordChange => {
                let detail = "change the password at POST /api/v1/account/password";
                (
                    403,
                    "password_change_needed",
                    "the password has to be changed first",
                    Some(detail.to_owned()),
                )
            }
            Failure::Conflict(detail) => {
                (409, "conflict", "that does not go with how things stand", Some((*detail).to_owned()))
            }
            Failure::Locked(left) => (429, "locked", "too many wrong passwords", Some(wait(*left))),
            Failure::TooMany(left) => (429, "too_many", "too many tries", Some(wait(*left))),
            Failure::Csrf => {
                let detail = "send the session's csrf value in the header X-CSRF-Token, from the same origin";
                (403, "csrf", "the request may not come from this page", Some(detail.to_owned()))
            }
            Failure::Forbidden(detail) => (403, "forbidden", "not allowed", Some((*detail).to_owned())),
            Failure::NotFound(detail) => (404, "not_found", "not found", Some((*detail).to_owned())),
            Failure::Method => (405, "method", "that cannot be done here", None),
            Failure::Invalid(detail) => {
                (400, "invalid", "the request cannot be understood", Some(detail.clone()))
            }
            Failure::Rows(what, _) => (422, *what, "rows are wrong; nothing was taken", None),
            Failure::TooLarge => (413, "too_large", "the request is too large", None),
            Failure::MediaType => {
                let detail = "send application/json, or what the operation's description names";
                (415, "media_type", "that kind of body is not understood here", Some(detail.to_owned()))
            }
            Failure::Idempotency(detail) => {
                (409, "idempotency", "the idempotency key cannot be used", Some((*detail).to_owned()))
            }
            Failure::Timeout => (503, "timeout", "it took too long", Some("try again".to_owned())),
            Failure::Unavailable(detail) => {
                (503, "unavailable", "not available now", Some((*detail).to_owned()))
            }
            Failure::Internal(_) => {
                (500, "internal", "something is broken inside", Some("the log says more".to_owned()))
            }
        };
        Details { kind: format!("/problems#{kind}"), title: title.to_owned(), status, detail }
    }
}

fn wait(left: SignedDuration) -> String {
    format!("try again in {} seconds", seconds(left))
}

fn seconds(left: SignedDuration) -> i64 {
    left.as_secs().max(0) + 1
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Failure::NotFound("there is nothing at this path"),
            Refusal::Method => Failure::Method,
            Refusal::TooLarge => Failure::TooLarge,
            Refusal::MediaType => Failure::MediaType,
            Refusal::Invalid(detail) => Failure::Invalid(detail),
            Refusal::Unavailable => Failure::Unavailable("try again"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Failure::Internal(error) = &self {
            tracing::error!(%error, "a request failed");
        }
        let details = self.details();
        let status = details.status;
        let body = match self {
            Failure::Rows(_, ref problems) => serde_json::to_string(&RosterRefused::of(details, problems)),
            _ => serde_json::to_string(&details),
        };
        let mut response = problem(status, body.unwrap_or_default());
        if let Failure::Locked(left) | Failure::TooMany(left) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(left)));
        }
        response
    }
}
