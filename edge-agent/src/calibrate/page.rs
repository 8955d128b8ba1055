//! The installers' page, built apart (`calibration/web`) and embedded.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chuangming_portal::page::file;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../calibration/web/dist"]
struct Dist;

/// The chart to be printed and held before a camera.
const CHART: (&str, &[u8]) = ("board.pdf", include_bytes!("../../../calibration/board.pdf"));
/// What the server says instead of a page that was not built.
const NOT_BUILT: &str =
    "The page was not built: run `npm ci && npm run build` in calibration/web, or `make build`.\n";
/// Everything from here, nothing inline. Pictures reach the page as answers to its own requests and are drawn on a canvas.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A file of the page; what has no file name is the page itself.
pub(super) async fn page(uri: Uri) -> Response {
    if uri.path().trim_start_matches('/') == CHART.0 {
        return ([(header::CONTENT_TYPE, "application/pdf")], CHART.1).into_response();
    }
    file::<Dist>(uri.path(), NOT_BUILT).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}
