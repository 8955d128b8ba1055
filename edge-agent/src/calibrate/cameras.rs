//! The cameras: what can be told of them without a picture, and the first picture of each.

use super::App;
use super::problem::Failure;
use crate::capture::{CameraState, Frame};
use axum::Json;
use axum::extract::State;
use chuangming_calibration::Drift;
use chuangming_domain::id::CameraId;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use utoipa::ToSchema;

/// For so long after the start a camera without a picture is starting, not offline.
const STARTING: Duration = Duration::from_secs(10);
/// How long the first frame is waited for: a camera that gives one every few seconds, and a machine that is busy. Less than a
/// request may take.
const FIRST_FRAME: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One camera.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CameraView {
    /// Its id.
    id: String,
    /// Whether it can see.
    state: CameraStateName,
    /// Width of its pictures in pixels; 0 before the first one.
    width: u32,
    /// Height of its pictures in pixels; 0 before the first one.
    height: u32,
    /// Pictures a second.
    fps: f64,
    /// Windows of it that are in force.
    windows: usize,
    /// Where it looks, while that is not where it was calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<MovedView>,
}

/// How a camera has moved.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MovedView {
    /// Since when, RFC 3339.
    since: String,
    /// How far; absent if nothing of what it looked at is found.
    #[serde(flatten)]
    drift: Option<Drift>,
}

/// Whether a camera can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CameraState)]
pub(super) enum CameraStateName {
    Ok,
    Starting,
    Offline,
    Frozen,
    Dark,
    Covered,
    Moved,
}

/// Every camera of the agent.
#[utoipa::path(get, path = "/api/cameras", tag = "pictures", responses((status = 200, body = [CameraView])))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Json<Vec<CameraView>> {
    let cameras = &app.handle.agent.cameras;
    Json(cameras.iter().map(|camera| view(&app, &camera.id)).collect())
}

fn view(app: &App, id: &CameraId) -> CameraView {
    let setup = app.handle.setup();
    let glimpse = app.handle.gallery.glimpse(id);
    let (width, height) = glimpse.and_then(|g| g.size).unwrap_or_default();
    let moved = app.handle.memory.moved.get(id);
    CameraView {
        id: id.to_string(),
        state: match state_of(app, id) {
            CameraStateName::Ok if moved.is_some() => CameraStateName::Moved,
            state => state,
        },
        width,
        height,
        fps: glimpse.map_or(0.0, |g| (g.fps * 10.0).round() / 10.0),
        windows: setup.calibration.windows.iter().filter(|window| window.camera == *id).count(),
        moved: moved.map(|moved| MovedView { since: moved.since.to_string(), drift: moved.drift }),
    }
}

/// The camera's newest frame. Where there is none yet it is waited for, unless the camera is offline: no frame is kept before
/// somebody signs in, and the page asks for a picture and its edges at once.
///
/// # Errors
/// When none came.
pub(super) async fn awaited(app: &App, camera: &CameraId) -> Result<Arc<Frame>, Failure> {
    let deadline = Instant::now() + FIRST_FRAME;
    loop {
        let is_offline = state_of(app, camera) == CameraStateName::Offline;
        match app.handle.newest(camera) {
            Err(Failure::NoPicture) if !is_offline && Instant::now() < deadline => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            told => return told,
        }
    }
}

/// Whether a camera can see, wherever it looks.
fn state_of(app: &App, id: &CameraId) -> CameraStateName {
    let glimpse = app.handle.gallery.glimpse(id);
    let is_new = glimpse.and_then(|g| g.size).is_none() && app.since.elapsed() < STARTING;
    let state = glimpse.and_then(|g| g.state).filter(|_| !is_new);
    state.map_or(CameraStateName::Starting, name_of)
}

fn name_of(state: CameraState) -> CameraStateName {
    use chuangming_domain::observation::UnknownReason as Reason;
    match state {
        CameraState::Unknown(Reason::Frozen) => CameraStateName::Frozen,
        CameraState::Unknown(Reason::Dark) => CameraStateName::Dark,
        CameraState::Unknown(Reason::Covered) => CameraStateName::Covered,
        CameraState::Unknown(Reason::Moved) => CameraStateName::Moved,
        CameraState::Unknown(Reason::Offline) => CameraStateName::Offline,
        CameraState::Ok | CameraState::Unknown(_) => CameraStateName::Ok,
    }
}
