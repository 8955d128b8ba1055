//! The pages, built apart and embedded.

use super::problem::Failure;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Dist;

const INDEX: &str = "index.html";
/// What the server says instead of pages that were not built.
pub(super) const NOT_BUILT: &str =
    "The pages were not built: run `npm ci && npm run build` in central/web, or `make demo`.\n";

/// Whether there are pages.
#[must_use]
pub fn built() -> bool {
    Dist::get(INDEX).is_some()
}

/// A file of the pages; a path without a file name is one of the page's own routes.
pub(super) async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Dist::get(path) {
        let is_hashed = path.starts_with("assets/");
        return answer(file, if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" });
    }
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return Failure::NotFound("no such file").into_response();
    }
    match Dist::get(INDEX) {
        Some(index) => answer(index, "no-cache"),
        None => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response(),
    }
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
