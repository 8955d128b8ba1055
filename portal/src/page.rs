//! A page, built apart and embedded in the binary.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

const INDEX: &str = "index.html";

/// Whether the page was built.
#[must_use]
pub fn is_built<Dist: RustEmbed>() -> bool {
    Dist::get(INDEX).is_some()
}

/// The file at a request's path; a path without a file name is one of the page's own routes and is the page itself. Without
/// a built page, 503 with `not_built`; `None` for a file that is not there.
#[must_use]
pub fn file<Dist: RustEmbed>(path: &str, not_built: &'static str) -> Option<Response> {
    let path = path.trim_start_matches('/');
    if let Some(file) = Dist::get(path) {
        let is_hashed = path.starts_with("assets/");
        return Some(answer(
            file,
            if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" },
        ));
    }
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return None;
    }
    Some(match Dist::get(INDEX) {
        Some(index) => answer(index, "no-cache"),
        None => (StatusCode::SERVICE_UNAVAILABLE, not_built).into_response(),
    })
}

fn answer(file: EmbeddedFile, cache: &'static str) -> Response {
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
