//! The installers' page, built apart (`calibration/web`) and embedded.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../calibration/web/dist"]
struct Dist;

/// The chart to be printed and held before a camera.
const CHART: (&str, &[u8]) = ("board.pdf", include_bytes!("../../../calibration/board.pdf"));
const INDEX: &str = "index.html";
/// What the server says instead of a page that was not built.
const NOT_BUILT: &str =
    "The page was not built: run `npm ci && npm run build` in calibration/web, or `make build`.\n";
/// Everything from here, nothing inline. Pictures reach the page as answers to its own requests and are drawn on a canvas.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A file of the page; what has no file name is the page itself.
pub(super) async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == CHART.0 {
        return ([(header::CONTENT_TYPE, "application/pdf")], CHART.1).into_response();
    }
    if let Some(file) = Dist::get(path) {
        let is_hashed = path.starts_with("assets/");
        return answer(file, if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" });
    }
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
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
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}
