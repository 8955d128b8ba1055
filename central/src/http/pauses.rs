//! Planned times without service.

use super::App;
use super::body::JsonBody;
use super::checks::near;
use super::duty::{removed, tell};
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::duty::{Stretch, zone};
use crate::store::Pause;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A planned time without service.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Pause)]
pub struct PauseView {
    /// Its id.
    pub id: String,
    /// At which window; at all where null.
    #[schema(required)]
    pub window: Option<String>,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}

/// A time without service. There is no field for a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPause {
    /// At which window; at all where it is missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    window: Option<WindowId>,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until; at most 31 days later.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        let Stretch { from, to } = pause.stretch;
        Self { id: pause.id, window: pause.window.map(|window| window.to_string()), from, to }
    }
}

/// Plans a time without service: rules rest there then.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/pauses", tag = "duty", request_body = AddPause, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 201, description = "Planned", body = PauseView)))]
pub async fn add_pause(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<AddPause>,
) -> Result<(StatusCode, Json<PauseView>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let stretch = Stretch { from: body.from, to: body.to };
    near(body.from.to_zoned(zone()).date())?;
    if stretch.from >= stretch.to || stretch.to.duration_since(stretch.from).as_hours() > 31 * 24 {
        return Err(Failure::Invalid("to: expected a time after from, at most 31 days later".to_owned()));
    }
    let (by, window) = (&signed_in.account, body.window.as_ref());
    let id =
        tell(&app, async || Ok(app.store.add_pause(by, &hall, window, stretch, Timestamp::now()).await?))
            .await?;
    let window = body.window.map(|window| window.to_string());
    Ok((StatusCode::CREATED, Json(PauseView { id, window, from: stretch.from, to: stretch.to })))
}

/// Removes a planned time without service.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/pauses/{id}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The pause's id"),
), responses((status = 204, description = "Removed")))]
pub async fn drop_pause(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let by = &signed_in.account;
    removed(&app, "no such pause", async |now| app.store.drop_pause(by, &hall, &id, now).await).await
}
