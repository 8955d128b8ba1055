//! Tidy desks and empty seats: learnt, told of, forgotten. No descriptor is in any answer.

use super::App;
use super::body::Places;
use super::problem::Failure;
use super::workshop::{self, window};
use crate::learning::{ENOUGH_S, State as Learning};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a window's reference is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reference {
    /// How far.
    state: ReferenceState,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Seconds with nobody there so far.
    seconds: f64,
    /// Seconds that are needed.
    of: f64,
    /// In how many lights it is known.
    lights: usize,
    /// When it was learnt, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    learnt_at: Option<String>,
}

/// How far a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReferenceState {
    None,
    Learning,
    Learnt,
    Refused,
    Failed,
}

/// What is known of a window's tidy desk and empty seat.
#[utoipa::path(
    get, path = "/api/windows/{id}/reference", tag = "learning",
    params(("id" = String, Path, description = "The window")), responses((status = 200, body = Reference)),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<Json<Reference>, Failure> {
    let window = window(&app, &id)?;
    let (known, broken) = match app.handle.memory.references.window(&window) {
        Ok(known) => (known, false),
        Err(e) => {
            tracing::warn!(error = %e, "not used");
            (None, true)
        }
    };
    let progress = app.workshop.progress(&window);
    let (state, reason) = match progress.map(|progress| progress.state) {
        Some(Learning::Learning) => (ReferenceState::Learning, None),
        Some(Learning::Refused(why)) => (ReferenceState::Refused, Some(why.name())),
        Some(Learning::Learnt) | None if known.is_some() => (ReferenceState::Learnt, None),
        Some(Learning::Learnt) => (ReferenceState::Failed, Some("not_kept")),
        None if broken => (ReferenceState::Failed, Some("damaged")),
        None => (ReferenceState::None, None),
    };
    let lights = known.as_ref().map_or(0, |known| known.what.lights());
    Ok(Json(Reference {
        state,
        reason,
        seconds: progress.map_or(0.0, |progress| progress.seconds),
        of: ENOUGH_S,
        lights: progress.map_or(0, |progress| progress.lights).max(lights),
        learnt_at: known.map(|known| known.at.to_string()),
    }))
}

/// Learns a window's tidy desk and empty seat from now on, or adds to what is known. It goes on by itself until enough was
/// seen, and is refused while somebody is there.
#[utoipa::path(
    post, path = "/api/windows/{id}/reference", tag = "learning",
    params(("id" = String, Path, description = "The window")), responses((status = 202)),
)]
pub(super) async fn learn(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<StatusCode, Failure> {
    let window = window(&app, &id)?;
    app.handle.newest(&window.camera)?;
    if app.workshop.progress(&window).is_none_or(|progress| progress.state != Learning::Learning) {
        workshop::learn(&app, &window);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Forgets a window's tidy desk and empty seat.
#[utoipa::path(
    delete, path = "/api/windows/{id}/reference", tag = "learning",
    params(("id" = String, Path, description = "The window")), responses((status = 204)),
)]
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<StatusCode, Failure> {
    let window = window(&app, &id)?;
    app.workshop.stop_learning(&window.id);
    app.handle.memory.references.forget_window(&window).map_err(Failure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}
