//! Every route, and what holds for all of them.

use super::problem::Failure;
use super::{
    App, analysis, calibrations, cameras, items, learnt, openapi, page, pictures, proposals, selftests,
    sight, sign_in, trials,
};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use chuangming_portal::refusal::say_as_problem;
use std::sync::Arc;
use std::time::Duration;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// The largest request body: a calibration of a large hall is a tenth of it.
const LARGEST_BODY: usize = 256 * 1024;
/// How long a request may take until its answer begins.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Strict-Transport-Security is left out on purpose: with it no browser would let anybody past a self-signed certificate.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, page::CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

pub(super) fn router(app: &Arc<App>) -> Router {
    let api = Router::new()
        .route("/api/hello", get(sign_in::hello))
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/session", get(sign_in::show).post(sign_in::sign_in).delete(sign_in::sign_out))
        .route("/api/cameras", get(cameras::list))
        .route("/api/cameras/{id}/picture", get(pictures::show))
        .route("/api/cameras/{id}/proposal", get(proposals::show).post(proposals::begin))
        .route("/api/analysis", get(analysis::show))
        .route("/api/calibration", get(calibrations::show).put(calibrations::save))
        .route("/api/calibration/check", post(calibrations::check))
        .route("/api/calibration/import", post(calibrations::import))
        .route("/api/calibration.toml", get(calibrations::download))
        .route("/api/history", get(calibrations::list))
        .route("/api/history/{version}", get(calibrations::difference))
        .route("/api/history/{version}/return", post(calibrations::take_back))
        .route("/api/cameras/{id}/level", post(sight::level))
        .route("/api/cameras/{id}/lines", get(sight::edges))
        .route("/api/cameras/{id}/realign", post(sight::realign))
        .route("/api/windows/{id}/reference", get(learnt::show).post(learnt::learn).delete(learnt::forget))
        .route("/api/windows/{id}/items", get(items::show).post(items::teach))
        .route("/api/windows/{id}/items/{name}", delete(items::forget))
        .route("/api/trial", get(trials::show).post(trials::start).delete(trials::end))
        .route("/api/selftest", get(selftests::show).post(selftests::start).delete(selftests::end))
        .route("/api/selftest/steps/{step}/skip", post(selftests::skip))
        .route("/api/{*rest}", get(nothing))
        .route_layer(middleware::from_fn_with_state(app.clone(), sign_in::guard))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    let mut router = Router::new()
        .merge(api)
        .fallback(page::page)
        .method_not_allowed_fallback(|| async { Failure::Method })
        .with_state(app.clone())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(middleware::from_fn(say_as_problem::<Failure>))
        .layer(middleware::from_fn(limit_time));
    for (name, value) in SECURITY_HEADERS {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router
}

async fn nothing() -> Failure {
    Failure::NotFound("/api/openapi.json lists what there is")
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Busy.into_response(),
    }
}
