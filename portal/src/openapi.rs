//! An API's own description, put in order after it was gathered from the handlers.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ContentBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder, path::Parameter,
};

/// What holds for every operation of an API.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Where the API begins, such as `/api/v1`: left out of the operations' ids.
    pub prefix: &'static str,
    /// The schema of its problems.
    pub problem: &'static str,
}

/// Gives every operation an id, says that whatever goes wrong is a problem, and calls `tell` with the method, the path and
/// the operation for what else holds.
pub fn put_in_order(
    document: &mut OpenApi,
    manners: Manners,
    mut tell: impl FnMut(&str, &str, &mut Operation),
) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path.trim_start_matches(manners.prefix)));
            tell(method, path, operation);
            tell_problem(operation, manners.problem, "default", "What went wrong");
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Method and path, so that two handlers of one name in two files never share an id.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}', '-', '.']).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// Says that the operation may answer so with a problem, where it says nothing itself of that status.
pub fn tell_problem(operation: &mut Operation, schema: &str, status: &str, description: &str) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/problem+json", problem).build();
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}

/// Says that these security schemes are needed together, where the operation says nothing else.
pub fn require(operation: &mut Operation, schemes: &[&str]) {
    let mut schemes = schemes.iter();
    let Some(first) = schemes.next() else { return };
    let requirement = schemes.fold(SecurityRequirement::new(*first, Vec::<String>::new()), |all, scheme| {
        all.add(*scheme, Vec::<String>::new())
    });
    operation.security.get_or_insert_with(|| vec![requirement]);
}

/// A request header.
#[must_use]
pub fn header(name: &str, about: Option<&str>, required: bool, schema: impl Into<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(about)
        .required(if required { Required::True } else { Required::False })
        .schema(Some(RefOr::T(schema.into())))
        .build()
}

/// The description as JSON text, as a golden file keeps it.
#[must_use]
pub fn text(document: &OpenApi) -> String {
    document.to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}
