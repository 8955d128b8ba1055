//! Schemas of the domain's words for the API's description: the domain itself knows nothing of HTTP.

use chuangming_domain::rule::Rule;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

fn words(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// The name of a rule.
pub fn rule() -> Object {
    words(Rule::ALL.map(Rule::name)).build()
}

/// How urgent an event is.
pub fn severity() -> Object {
    words(["info", "warning", "critical"]).build()
}

/// What a message of an episode says.
pub fn phase() -> Object {
    words(["opened", "updated", "closed"]).build()
}

/// Why an episode ended; null while it lasts.
pub fn close_reason() -> Object {
    let reasons = words(["cleared", "schedule", "lost", "shutdown", "policy"]).build();
    let mut values = reasons.enum_values.clone().unwrap_or_default();
    values.push(serde_json::Value::Null);
    ObjectBuilder::from(reasons)
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(values))
        .build()
}
