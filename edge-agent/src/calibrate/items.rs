//! What lies on a desk now, and items that are shown to the agent and named.

use super::App;
use super::body::{JsonBody, Places};
use super::problem::Failure;
use super::workshop::{calibration, looking, view, window};
use crate::perceive::{Perception, Taught, WindowView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chuangming_domain::geometry::{Point, Rect};
use chuangming_domain::item::CustomItem;
use chuangming_domain::observation::{DeskItem, Observation, Presence, Signal};
use chuangming_models::RgbImage;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What lies on a desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Items {
    /// What is seen now.
    items: Vec<Seen>,
    /// What was shown and named.
    custom: Vec<Custom>,
}

/// An item that is seen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Seen {
    /// Its class.
    class: &'static str,
    /// The shown item that it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<String>,
    /// Left, top, width and height in fractions of the picture.
    #[schema(value_type = (f64, f64, f64, f64))]
    r#box: [f64; 4],
    /// How sure.
    confidence: f32,
    /// Whether it may lie there.
    permitted: bool,
    /// Whether it must.
    required: bool,
}

/// An item that was shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Custom {
    /// Its name.
    name: String,
    /// How often it was shown.
    shots: usize,
    /// When anything was shown at this window last, RFC 3339.
    learnt_at: String,
}

/// An item to be shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shot {
    /// Its name: 1 to 32 of a-z, 0-9, - and _.
    name: String,
    /// Left, top, width and height in fractions of the picture.
    #[schema(value_type = (f64, f64, f64, f64))]
    r#box: [f64; 4],
}

/// What lies on a window's desk now, and what was shown there.
#[utoipa::path(
    get, path = "/api/windows/{id}/items", tag = "learning",
    params(("id" = String, Path, description = "The window")), responses((status = 200, body = Items)),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<Json<Items>, Failure> {
    let window = window(&app, &id)?;
    let frame = app.handle.newest(&window.camera)?;
    // Permitted items of one's own are shown here too.
    let view = WindowView { permitted_custom: Default::default(), ..view(&app, &calibration(&app), &window) };
    let taught = view.taught.clone();
    let seen = looking(&app, move |perception| named(perception, &frame.image, &view)).await?;
    let permitted = &app.handle.setup().policy.permitted;
    let seen = seen.into_iter().map(|(item, custom)| {
        let is_own = custom.as_ref().is_some_and(|name| window.permitted_custom.contains(name));
        Seen {
            class: item.class.name(),
            r#box: item.bounds.to_array(),
            confidence: item.confidence.get(),
            permitted: is_own || permitted.contains(&item.class) || window.permitted.contains(&item.class),
            required: window.required.contains(&item.class),
            custom: custom.map(|name| name.to_string()),
        }
    });
    let at = app.handle.memory.references.items(&window).map_err(Failure::internal)?.map(|learnt| learnt.at);
    let custom = taught.iter().flat_map(|taught| taught.items()).map(|(name, shots)| Custom {
        name: name.to_string(),
        shots,
        learnt_at: at.map(|at| at.to_string()).unwrap_or_default(),
    });
    Ok(Json(Items { items: seen.collect(), custom: custom.collect() }))
}

/// Shows the agent an item and names it; several shots at different places make it surer. 422 `somebody_in_view`: nothing
/// is learnt while somebody is there; 422 `not_on_desk`: the box is outside the window's zones.
#[utoipa::path(
    post, path = "/api/windows/{id}/items", tag = "learning", request_body = Shot,
    params(("id" = String, Path, description = "The window")), responses((status = 204)),
)]
pub(super) async fn teach(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
    JsonBody(shot): JsonBody<Shot>,
) -> Result<StatusCode, Failure> {
    let window = window(&app, &id)?;
    let name = CustomItem::new(shot.name).map_err(|e| Failure::Invalid(e.to_string()))?;
    let place = Rect::from_array(shot.r#box);
    let is_inside = |p: Point| window.seat.contains(p) || window.desk.as_ref().is_some_and(|d| d.contains(p));
    if !is_inside(place.centre()) {
        return Err(Failure::Unprocessable("not_on_desk", "draw the box around something on the desk"));
    }
    let frame = app.handle.newest(&window.camera)?;
    let view = view(&app, &calibration(&app), &window);
    let mut taught = view.taught.as_deref().cloned().unwrap_or_default();
    let description = looking(&app, move |perception| {
        let said = perception.look(&frame.image, &view, &[Signal::Presence]).map_err(Failure::internal)?;
        let is_empty = matches!(
            said.first(),
            Some(Observation::Presence(reading)) if reading.value() == Some(&Presence::Absent)
        );
        if !is_empty {
            return Err(Failure::Unprocessable("somebody_in_view", "show it while nobody is at the seat"));
        }
        perception.describe(&frame.image, &view, place).map_err(Failure::internal)
    })
    .await?
    .ok_or(Failure::Unprocessable("too_small", "draw a larger box"))?;
    if !taught.teach(name, description) {
        return Err(Failure::Conflict("too_many_items", "forget one of the items first"));
    }
    keep(&app, &window, &taught)
}

/// Forgets an item.
#[utoipa::path(
    delete, path = "/api/windows/{id}/items/{name}", tag = "learning",
    params(("id" = String, Path, description = "The window"), ("name" = String, Path, description = "The item")),
    responses((status = 204)),
)]
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Places((id, name)): Places<(String, String)>,
) -> Result<StatusCode, Failure> {
    let window = window(&app, &id)?;
    let known = app.handle.memory.references.items(&window).map_err(Failure::internal)?;
    let mut taught = known.map(|learnt| (*learnt.what).clone()).unwrap_or_default();
    let name = CustomItem::new(name).map_err(|e| Failure::Invalid(e.to_string()))?;
    if !taught.forget(&name) {
        return Err(Failure::NotFound("GET /api/windows/{id}/items lists the items"));
    }
    keep(&app, &window, &taught)
}

fn keep(
    app: &App,
    window: &chuangming_domain::calibration::Window,
    taught: &Taught,
) -> Result<StatusCode, Failure> {
    app.handle
        .memory
        .references
        .keep_items(window, taught, app.handle.clock.now())
        .map_err(Failure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What lies on the desk, each with the shown item that it is.
fn named(
    perception: &mut Perception,
    image: &RgbImage,
    view: &WindowView,
) -> Result<Vec<(DeskItem, Option<CustomItem>)>, Failure> {
    let said = perception.look(image, view, &[Signal::Presence, Signal::Desk]).map_err(Failure::internal)?;
    let desk =
        said.into_iter().find_map(|o| if let Observation::Desk(reading) = o { Some(reading) } else { None });
    let Some(desk) = desk.as_ref().and_then(|reading| reading.value()) else { return Ok(Vec::new()) };
    let mut named = Vec::new();
    for item in &desk.items {
        let known = match &view.taught {
            Some(taught) => {
                let description = perception.describe(image, view, item.bounds).map_err(Failure::internal)?;
                description.and_then(|d| taught.recognise(&d).map(|(name, _)| name.clone()))
            }
            None => None,
        };
        named.push((item.clone(), known));
    }
    Ok(named)
}
