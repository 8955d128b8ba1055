//! Errors as `application/problem+json` (RFC 9457). `code` is for the page, which says it in the reader's language; what
//! went wrong inside goes to the log only.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chuangming_calibration::Finding;
use chuangming_portal::refusal::{Refusal, problem};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// What an error looks like outside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// `/problems#` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What is wrong, in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What would be right, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// A word for what is wrong.
    code: &'static str,
    /// What is wrong with a draft.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Finding>,
}

/// An error of the API.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in, or not any more.
    SignedOut,
    /// The code is not the one, or not any more.
    WrongCode,
    /// Too many wrong codes.
    Locked(Duration),
    /// The request does not come from the page.
    NotFromPage,
    /// There is no such thing.
    NotFound(&'static str),
    /// That cannot be done there.
    Method,
    /// The request cannot be understood.
    Invalid(String),
    /// The request is too large.
    TooLarge,
    /// The body is of a kind that is not understood here.
    MediaType,
    /// What is to be replaced is no longer what the page knows.
    Changed,
    /// A draft that cannot be used.
    Refused(Vec<Finding>),
    /// Text that is no calibration; one line for each problem.
    Unreadable(String),
    /// It does not go with how things stand: a code, and what would be right.
    Conflict(&'static str, &'static str),
    /// It cannot be found out from the picture: a code, and what would be right.
    Unprocessable(&'static str, &'static str),
    /// There is no picture of this camera now.
    NoPicture,
    /// It took too long, or too much is going on.
    Busy,
    /// Something inside is broken; the text is for the log.
    Internal(String),
}

impl Failure {
    /// A failure inside; what it is goes to the log.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Failure::Internal(error.to_string())
    }

    fn details(self) -> Details {
        let plain = |status, code, title| (status, code, title, None);
        let mut problems = Vec::new();
        let (status, code, title, detail) = match self {
            Failure::SignedOut => plain(401, "signed_out", "not signed in"),
            Failure::WrongCode => plain(401, "wrong_code", "the code is not the one that is good now"),
            Failure::Locked(left) => {
                let detail = format!("try again in {} seconds", left.as_secs() + 1);
                (429, "locked", "too many wrong codes", Some(detail))
            }
            Failure::NotFromPage => {
                let detail = "send X-Requested-With: chuangming, from the same origin".to_owned();
                (403, "not_from_page", "the request may come from the page alone", Some(detail))
            }
            Failure::NotFound(detail) => (404, "not_found", "not found", Some(detail.to_owned())),
            Failure::Method => plain(405, "method", "that cannot be done here"),
            Failure::Invalid(detail) => (400, "invalid", "the request cannot be understood", Some(detail)),
            Failure::TooLarge => plain(413, "too_large", "the request is too large"),
            Failure::MediaType => plain(415, "media_type", "that kind of body is not understood here"),
            Failure::Changed => plain(409, "changed", "somebody else has saved in the meantime"),
            Failure::Refused(found) => {
                problems = found;
                plain(422, "refused", "the draft cannot be used")
            }
            Failure::Unreadable(detail) => (422, "unreadable", "the text is no calibration", Some(detail)),
            Failure::Conflict(code, detail) => {
                (409, code, "that does not go with how things stand", Some(detail.to_owned()))
            }
            Failure::Unprocessable(code, detail) => {
                (422, code, "the picture does not tell", Some(detail.to_owned()))
            }
            Failure::NoPicture => plain(503, "no_picture", "there is no picture of this camera now"),
            Failure::Busy => plain(503, "busy", "it took too long"),
            Failure::Internal(_) => plain(500, "internal", "something is broken inside; the log says more"),
        };
        Details { kind: format!("/problems#{code}"), title, status, detail, code, problems }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Failure::NotFound("there is nothing at this path"),
            Refusal::Method => Failure::Method,
            Refusal::TooLarge => Failure::TooLarge,
            Refusal::MediaType => Failure::MediaType,
            Refusal::Invalid(detail) => Failure::Invalid(detail),
            Refusal::Unavailable => Failure::Busy,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Failure::Internal(error) = &self {
            tracing::error!(%error, "a request of the calibration page failed");
        }
        let retry = if let Failure::Locked(left) = &self { Some(left.as_secs() + 1) } else { None };
        let details = self.details();
        let mut response = problem(details.status, serde_json::to_string(&details).unwrap_or_default());
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
