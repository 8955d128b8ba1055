//! What is refused before any handler sees it (a body that cannot be read, a path that is not there), so that each API can
//! say it in its own words, as `application/problem+json` (RFC 9457).

use axum::extract::Request;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request never reached its handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing at this path.
    NotFound,
    /// The method cannot be used there.
    Method,
    /// The body is too large.
    TooLarge,
    /// The body is of a kind that is not understood.
    MediaType,
    /// Body or parameters cannot be understood; in English, which of them and why.
    Invalid(String),
    /// Too much is going on.
    Unavailable,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
            Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What a status without a problem means; none for success, redirection and failures inside.
    fn of(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Refusal::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Refusal::Method),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Refusal::TooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Refusal::MediaType),
            StatusCode::SERVICE_UNAVAILABLE => Some(Refusal::Unavailable),
            _ if status.is_client_error() => {
                Some(Refusal::Invalid(status.canonical_reason().unwrap_or("it is not understood").to_owned()))
            }
            _ => None,
        }
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::BytesRejection(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Refusal::TooLarge
            }
            JsonRejection::MissingJsonContentType(_) => Refusal::MediaType,
            rejection => Refusal::Invalid(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Refusal::Invalid(rejection.body_text())
    }
}

impl From<PathRejection> for Refusal {
    /// What cannot be read names nothing that is there.
    fn from(_: PathRejection) -> Self {
        Refusal::NotFound
    }
}

impl IntoResponse for Refusal {
    /// Its status, and itself for [`say_as_problem`] to put into words.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem as an answer; `body` is its JSON.
#[must_use]
pub fn problem(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, PROBLEM)], body).into_response()
}

/// For all of an API: whatever fails below `/api/` without saying so in the API's words (a part of the request that cannot be
/// read, a body cut off by a layer) becomes a problem as well.
pub async fn say_as_problem<F: From<Refusal> + IntoResponse>(request: Request, next: Next) -> Response {
    let is_of_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let is_told = response.headers().get(header::CONTENT_TYPE) == Some(&PROBLEM);
    if !is_of_api || is_told {
        return response;
    }
    let refused = response.extensions().get::<Refusal>().cloned();
    let Some(refusal) = refused.or_else(|| Refusal::of(response.status())) else { return response };
    let mut problem = F::from(refusal).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}
