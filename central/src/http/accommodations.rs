//! Rules that are off at a window in a shift. Nobody is asked for a reason, and there is no field for one.

use super::App;
use super::body::JsonBody;
use super::checks::near;
use super::duty::{changed, removed};
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::duty::Accommodation;
use crate::store::Access;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::rule::Rule;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A rule that shall be off at a window in a shift. There is no field for a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccommodation {
    /// The window.
    #[schema(value_type = String)]
    window: WindowId,
    /// The shift.
    shift: String,
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    rule: Rule,
    /// From which day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Until which day, included; without end if missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// A rule that is off at a window in a shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Accommodation)]
pub struct AccommodationView {
    /// Its id.
    pub id: String,
    /// The window.
    pub window: String,
    /// The shift.
    pub shift: String,
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    pub rule: Rule,
    /// From which day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Until which day, included; without end if null.
    #[schema(value_type = Option<String>, format = Date, required)]
    pub to: Option<Date>,
}

/// The rules that are off.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accommodations {
    /// By their first day.
    pub accommodations: Vec<AccommodationView>,
}

/// Rules that are off at a window in a shift.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/accommodations", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 200, description = "The accommodations", body = Accommodations)))]
pub async fn accommodations(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<Json<Accommodations>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let note = Access::to("list_accommodations").in_halls(Some(std::slice::from_ref(&hall)));
    app.store.note(&signed_in.account, &note, Timestamp::now()).await?;
    let found = app.store.accommodations(&hall).await?;
    let view = |a: Accommodation| AccommodationView {
        id: a.id,
        window: a.window.to_string(),
        shift: a.shift,
        rule: a.rule,
        from: a.from,
        to: a.to,
    };
    Ok(Json(Accommodations { accommodations: found.into_iter().map(view).collect() }))
}

/// Turns a rule off at a window in a shift. Nobody is asked for a reason.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/accommodations", tag = "duty", request_body = AddAccommodation, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 204, description = "Turned off")))]
pub async fn add_accommodation(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<AddAccommodation>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    near(body.from)?;
    if body.to.is_some_and(|to| to < body.from) {
        return Err(Failure::Invalid("to: expected a day from the first on".to_owned()));
    }
    if !app.store.shifts(&hall).await?.iter().any(|shift| shift.id == body.shift) {
        return Err(Failure::Invalid(format!("shift: there is no shift {:?}", body.shift)));
    }
    let new = Accommodation {
        id: uuid::Uuid::now_v7().to_string(),
        window: body.window,
        shift: body.shift,
        rule: body.rule,
        from: body.from,
        to: body.to,
    };
    let by = &signed_in.account;
    changed(&app, async |now| app.store.add_accommodation(by, &hall, &new, now).await).await
}

/// Turns the rule on again; what was left out stays left out.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/accommodations/{id}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The accommodation's id"),
), responses((status = 204, description = "Turned on")))]
pub async fn drop_accommodation(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let by = &signed_in.account;
    removed(&app, "no such accommodation", async |now| {
        app.store.drop_accommodation(by, &hall, &id, now).await
    })
    .await
}
