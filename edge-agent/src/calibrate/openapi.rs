//! The API's own description.

use super::sign_in::{COOKIE, FROM_PAGE};
use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi as Document, PathItem, Ref, RefOr, Required, ResponseBuilder,
};

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
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            tell_manners(method, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("get", &mut item.get), ("post", &mut item.post), ("put", &mut item.put), ("delete", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Method and path, so that two handlers of one name in two files never share an id.
fn operation_id(method: &str, path: &str) -> String {
    let words =
        path.trim_start_matches("/api").split(['/', '{', '}', '-', '.']).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// What holds for every operation: the cookie says who asks, whoever changes something comes from the page, and whatever
/// goes wrong is a problem.
fn tell_manners(method: &str, operation: &mut Operation) {
    let session = SecurityRequirement::new("session", Vec::<String>::new());
    operation.security.get_or_insert_with(|| vec![session]);
    if method != "get" {
        let value = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([FROM_PAGE.1]));
        let header = ParameterBuilder::new()
            .name("X-Requested-With")
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .schema(Some(RefOr::T(Schema::Object(value.build()))))
            .build();
        operation.parameters.get_or_insert_default().push(header.into());
    }
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description("What went wrong")
        .content("application/problem+json", problem)
        .build();
    operation.responses.responses.entry("default".to_owned()).or_insert_with(|| response.into());
}

/// The description as JSON text, as the golden file keeps it.
#[must_use]
pub fn document() -> String {
    description().to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

pub(super) async fn show() -> Json<Document> {
    Json(description())
}
