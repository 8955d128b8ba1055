//! The API's own description.

use axum::Json;
use utoipa::OpenApi;

/// The description of `/api/v1`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chuangming central",
        version = "1",
        description = "Alerts and their history. Sign in at `/api/v1/session`; every unsafe request carries the \
                       session's `csrf` value in the header `X-CSRF-Token`. Errors are `application/problem+json`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        super::session::show,
        super::session::sign_in,
        super::session::sign_out,
        super::halls::list,
        super::events::alerts,
        super::stream::stream,
        super::events::list,
        super::events::show,
        super::events::acknowledge,
    )
)]
pub struct Api;

/// The description as JSON text, as the golden file keeps it.
#[must_use]
pub fn document() -> String {
    Api::openapi().to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

pub(super) async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(Api::openapi())
}
