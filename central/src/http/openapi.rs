//! The API's own description.

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::{OpenApi as OpenApiDocument, PathItem};

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
        super::oidc::ways,
        super::oidc::start,
        super::oidc::callback,
        super::directory::show,
        super::directory::name,
        super::directory::forget,
        super::account::show,
        super::account::change_password,
        super::account::offer_totp,
        super::account::confirm_totp,
        super::account::drop_totp,
        super::account::end_session,
        super::account::end_other_sessions,
        super::accounts::list,
        super::accounts::add,
        super::accounts::change,
        super::accounts::forget,
        super::accounts::reset_password,
        super::accounts::end_sessions,
        super::accounts::drop_totp,
        super::access_log::list,
        super::retention::show,
        super::halls::list,
        super::events::alerts,
        super::stream::stream,
        super::events::list,
        super::events::show,
        super::reviews::acknowledge,
        super::reviews::withdraw_acknowledgement,
        super::reviews::decide,
        super::reviews::withdraw_verdict,
        super::reviews::note,
        super::reviews::remove_note,
        super::reviews::snooze,
        super::reviews::end_snooze,
        super::policies::list,
        super::policies::show,
        super::policies::version,
        super::policies::check,
        super::policies::preview,
        super::policies::save,
        super::policies::roll_out,
        super::policies::rollout,
        super::fleet::list,
        super::fleet::show,
        super::fleet::revoke,
        super::enrolments::list,
        super::enrolments::make,
        super::enrolments::cancel,
        super::enrolments::enrol,
    )
)]
pub struct Api;

/// The whole description.
#[must_use]
pub fn description() -> OpenApiDocument {
    let mut document = Api::openapi();
    for (path, item) in &mut document.paths.paths {
        name_operations(path, item);
    }
    document
}

/// Names operations by method and path, so that two handlers of one name in two files never share an id.
fn name_operations(path: &str, item: &mut PathItem) {
    let words: Vec<_> = path
        .trim_start_matches("/api/v1")
        .split(['/', '{', '}', '-', '.'])
        .filter(|w| !w.is_empty())
        .collect();
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    for (method, operation) in operations {
        if let Some(operation) = operation {
            operation.operation_id = Some(format!("{method}_{}", words.join("_")));
        }
    }
}

/// The description as JSON text, as the golden file keeps it.
#[must_use]
pub fn document() -> String {
    description().to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

pub(super) async fn show() -> Json<OpenApiDocument> {
    Json(description())
}
