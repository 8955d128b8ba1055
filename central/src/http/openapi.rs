//! The API's own description.

use super::idempotency::LONGEST_KEY;
use super::signed_in::{COOKIE, CSRF_HEADER};
use crate::permission::{Access, Verdict, verdict};
use axum::Json;
use chuangming_portal::openapi::{Manners, header, put_in_order, require, tell_problem, text};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, OpenApi as OpenApiDocument, RefOr};

/// The schema of what goes wrong.
const PROBLEM: &str = "ProblemDetails";

/// The description of `/api/v1`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chuangming central",
        version = "1",
        description = "Alerts and their history. Sign in at `/api/v1/session`; every unsafe request carries the \
                       session's `csrf` value in the header `X-CSRF-Token`. Errors are `application/problem+json`; what \
                       `type` says after `/problems#` is for programs.",
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
        super::policies::preview::preview,
        super::policies::save,
        super::policies::rollouts::roll_out,
        super::policies::rollouts::rollout,
        super::fleet::list,
        super::fleet::show,
        super::fleet::revoke,
        super::fleet::issue_code,
        super::enrolments::list,
        super::enrolments::make,
        super::enrolments::cancel,
        super::enrolments::enrol,
        super::reports::conduct,
        super::reports::conduct_csv,
        super::reports::conduct_xlsx,
        super::aggregate::show,
        super::me::summary,
        super::held::looks,
        super::held::export,
        super::me::step_away,
        super::me::come_back,
        super::me::contest,
        super::appeals::list,
        super::appeals::answer,
        super::duty::show,
        super::duty::put_shift,
        super::duty::drop_shift,
        super::duty::put_roster,
        super::roster_file::import,
        super::roster_file::export_csv,
        super::roster_file::export_xlsx,
        super::duty::put_day,
        super::duty::drop_day,
        super::public_calendar::show,
        super::public_calendar::put,
        super::public_calendar::forget,
        super::pauses::add_pause,
        super::pauses::drop_pause,
        super::accommodations::accommodations,
        super::accommodations::add_accommodation,
        super::accommodations::drop_accommodation,
        super::wall::show,
        super::wall::list,
        super::wall::make,
        super::wall::revoke,
        super::wall::put_floor,
        super::notify::show,
        super::notify::put,
        super::notify::deliveries::list,
        super::notify::channels::add,
        super::notify::channels::remove,
        super::notify::channels::test,
        super::notify::push::show,
        super::notify::push::add,
        super::notify::push::remove,
    )
)]
pub struct Api;

/// The whole description.
#[must_use]
pub fn description() -> OpenApiDocument {
    let mut document = Api::openapi();
    put_in_order(&mut document, Manners { prefix: "/api/v1", problem: PROBLEM }, tell_manners);
    let components = document.components.get_or_insert_default();
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    components
        .add_security_scheme("csrf", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(CSRF_HEADER))));
    document
}

/// What holds for every operation: who may ask, by the table of permissions; the CSRF value and, if one likes, an
/// idempotency key with unsafe requests; and how it refuses.
fn tell_manners(method: &str, path: &str, operation: &mut Operation) {
    let is_unsafe = method != "get";
    let access = match verdict(&method.to_uppercase(), path) {
        Verdict::Asks(access) => access,
        Verdict::Method | Verdict::Unknown => return,
    };
    let is_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(p) if p.parameter_in == ParameterIn::Query);
    if operation.request_body.is_some() || operation.parameters.iter().flatten().any(is_query) {
        tell_problem(operation, PROBLEM, "400", "The request cannot be understood; `detail` says why");
    }
    if access == Access::Anyone {
        operation.security = Some(vec![SecurityRequirement::default()]);
    } else {
        require(operation, if is_unsafe { &["session", "csrf"] } else { &["session"] });
        tell_problem(operation, PROBLEM, "401", "Nobody is signed in");
        if let Some(reasons) = refusals(access, is_unsafe) {
            tell_problem(operation, PROBLEM, "403", &reasons);
        }
    }
    if is_unsafe {
        let text = "A fresh value for each deed, such as a UUID. A request that comes again with the same key within 24 hours \
                    is answered as the first one was, and done once.";
        let key =
            ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_KEY)).min_length(Some(1));
        let header = header("Idempotency-Key", Some(text), false, key.build());
        operation.parameters.get_or_insert_default().push(header.into());
    }
}

/// Why somebody who is signed in may be refused.
fn refusals(access: Access, is_unsafe: bool) -> Option<String> {
    let mut reasons = Vec::new();
    if let Access::Only(roles) = access {
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        reasons.push(format!("Only for: {}, in their halls", names.join(", ")));
    }
    if access != Access::Oneself {
        reasons.push("The password has to be changed first".to_owned());
    }
    if is_unsafe {
        reasons.push("The CSRF value is missing".to_owned());
    }
    (!reasons.is_empty()).then(|| reasons.join(". "))
}

/// The description as JSON text, as the golden file keeps it.
#[must_use]
pub fn document() -> String {
    text(&description())
}

pub(super) async fn show() -> Json<OpenApiDocument> {
    Json(description())
}
