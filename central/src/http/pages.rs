//! The pages, built apart and embedded.

use super::problem::Failure;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use chuangming_portal::page::{file, is_built};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Dist;

/// What the server says instead of pages that were not built.
const NOT_BUILT: &str =
    "The pages were not built: run `npm ci && npm run build` in central/web, or `make demo`.\n";

/// Whether there are pages.
#[must_use]
pub fn built() -> bool {
    is_built::<Dist>()
}

/// A file of the pages; a path without a file name is one of the page's own routes.
pub(super) async fn page(uri: Uri) -> Response {
    file::<Dist>(uri.path(), NOT_BUILT).unwrap_or_else(|| Failure::NotFound("no such file").into_response())
}
