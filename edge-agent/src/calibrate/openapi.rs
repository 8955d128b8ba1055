//! The API's own description.

use super::sign_in::{COOKIE, FROM_PAGE};
use axum::Json;
use chuangming_portal::openapi::{Manners, header, put_in_order, require, text};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, OpenApi as Document};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chuangming calibration",
        version = "1",
        description = "Served by an edge agent to a signed-in installer. Sign in at `/api/session` with the one-time code \
                       that the agent shows; requests that are no GET carry `X-Requested-With: chuangming`. Coordinates are \
                       fractions of the picture's width and height, x to the right, y down. Errors are \
                       `application/problem+json`; their `code` is for programs.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        super::sign_in::hello,
        super::sign_in::show,
        super::sign_in::sign_in,
        super::sign_in::sign_out,
        super::cameras::list,
        super::pictures::show,
        super::analysis::show,
        super::proposals::begin,
        super::proposals::show,
        super::calibrations::show,
        super::calibrations::check,
        super::calibrations::save,
        super::calibrations::download,
        super::calibrations::import,
        super::calibrations::list,
        super::calibrations::difference,
        super::calibrations::take_back,
        super::sight::edges,
        super::sight::level,
        super::sight::realign,
        super::learnt::show,
        super::learnt::learn,
        super::learnt::forget,
        super::items::show,
        super::items::teach,
        super::items::forget,
        super::trials::start,
        super::trials::show,
        super::trials::end,
        super::selftests::start,
        super::selftests::show,
        super::selftests::skip,
        super::selftests::end,
    ),
    components(schemas(super::problem::Details))
)]
struct Api;

/// The whole description.
#[must_use]
pub fn description() -> Document {
    let mut document = Api::openapi();
    put_in_order(&mut document, Manners { prefix: "/api", problem: "Problem" }, tell_manners);
    let components = document.components.get_or_insert_default();
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    document
}

/// What holds for every operation: the cookie says who asks, and whoever changes something comes from the page.
fn tell_manners(method: &str, _path: &str, operation: &mut Operation) {
    require(operation, &["session"]);
    if method != "get" {
        let value = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([FROM_PAGE.1]));
        let header = header("X-Requested-With", None, true, value.build());
        operation.parameters.get_or_insert_default().push(header.into());
    }
}

/// The description as JSON text, as the golden file keeps it.
#[must_use]
pub fn document() -> String {
    text(&description())
}

pub(super) async fn show() -> Json<Document> {
    Json(description())
}
