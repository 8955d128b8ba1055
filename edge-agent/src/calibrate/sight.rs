//! What the picture tells of the camera itself: straight edges to snap to, lens and level, and where the zones are now that
//! it has moved.

use super::App;
use super::body::{JsonBody, Places};
use super::cameras::awaited;
use super::problem::Failure;
use crate::chart::chart;
use crate::lines;
use axum::Json;
use axum::extract::State;
use chuangming_calibration::{Draft, DraftLens, LensFit};
use chuangming_models::RgbImage;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Straight edges.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Lines {
    /// From and to, as `[x1, y1, x2, y2]` in fractions of the picture; the longest first.
    #[schema(value_type = Vec<(f64, f64, f64, f64)>)]
    segments: Vec<[f64; 4]>,
}

/// Zones where they are now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Realigned {
    /// The zones in force, moved as the camera's picture has; nothing is saved yet.
    draft: Draft,
}

/// Straight edges in a camera's newest picture.
#[utoipa::path(
    get, path = "/api/cameras/{id}/lines", tag = "pictures",
    params(("id" = String, Path, description = "The camera")), responses((status = 200, body = Lines)),
)]
pub(super) async fn edges(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<Json<Lines>, Failure> {
    let frame = awaited(&app, &app.handle.camera(&id)?).await?;
    let _turn = app.turns.acquire().await.map_err(Failure::internal)?;
    let found = tokio::task::spawn_blocking(move || lines::segments(&frame.image));
    let found = found.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
    Ok(Json(Lines { segments: found.iter().map(|[a, b]| [a.x, a.y, b.x, b.y]).collect() }))
}

/// The zones of a camera that has moved, where they are now. 409 `not_moved`: it looks where it was calibrated; 422 `lost`:
/// nothing of what it looked at is found in its picture.
#[utoipa::path(
    post, path = "/api/cameras/{id}/realign", tag = "pictures",
    params(("id" = String, Path, description = "The camera")), responses((status = 200, body = Realigned)),
)]
pub(super) async fn realign(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<Json<Realigned>, Failure> {
    let camera = app.handle.camera(&id)?;
    let moved = app.handle.memory.moved.get(&camera);
    let moved = moved.ok_or(Failure::Conflict("not_moved", "the camera looks where it was calibrated"))?;
    let drift = moved.drift.ok_or(Failure::Unprocessable("lost", "draw the zones anew"))?;
    let size =
        app.handle.gallery.glimpse(&camera).and_then(|glimpse| glimpse.size).ok_or(Failure::NoPicture)?;
    let draft = drift.apply(&Draft::from(&app.handle.setup().calibration), camera.as_str(), size);
    Ok(Json(Realigned { draft }))
}

/// What lens and level are told by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LevelBy)]
pub(super) struct By {
    /// Edges of the room, or a printed chart that is held upright into the picture.
    by: Told,
}

/// What tells lens and level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// Edges of the room.
    Edges,
    /// The printed chart.
    Chart,
}

/// A camera's lens and roll; nothing is saved yet.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Level {
    /// As it would stand in a draft.
    lens: DraftLens,
    /// What it was told by.
    quality: LevelQuality,
}

/// How well lens and roll were told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LevelQuality {
    /// Edges that agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<usize>,
    /// Corners of the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    corners: Option<usize>,
    /// Root mean square of how far their points are off, in pixels.
    residual_px: f64,
}

/// Tells a camera's lens and roll. 422 `too_few_edges`: the room shows too few; 422 `no_chart`: there is none in the
/// picture.
#[utoipa::path(
    post, path = "/api/cameras/{id}/level", tag = "pictures", request_body = By,
    params(("id" = String, Path, description = "The camera")), responses((status = 200, body = Level)),
)]
pub(super) async fn level(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
    JsonBody(By { by }): JsonBody<By>,
) -> Result<Json<Level>, Failure> {
    let camera = app.handle.camera(&id)?;
    let frame = awaited(&app, &camera).await?;
    let _turn = app.turns.acquire().await.map_err(Failure::internal)?;
    let (fit, corners) = tokio::task::spawn_blocking(move || match by {
        Told::Edges => by_edges(&frame.image).map(|fit| (fit, None)),
        Told::Chart => by_chart(&frame.image).map(|(fit, corners)| (fit, Some(corners))),
    })
    .await
    .map_err(Failure::internal)??;
    let LensFit { k1, k2, centre, roll_deg, distortion, vertical } = fit;
    let segments = if by == Told::Edges { Some(distortion.used.max(vertical.used)) } else { None };
    let residual_px = distortion.residual_px.max(vertical.residual_px);
    let lens = DraftLens { camera: camera.to_string(), k1, k2, centre, roll_deg };
    Ok(Json(Level { lens, quality: LevelQuality { segments, corners, residual_px } }))
}

fn by_edges(image: &RgbImage) -> Result<LensFit, Failure> {
    let chains = lines::chains(image).map_err(Failure::internal)?;
    let edges: Vec<Vec<_>> = chains.iter().map(|chain| chain.iter().map(|p| [p.x, p.y]).collect()).collect();
    let few = |_| Failure::Unprocessable("too_few_edges", "use the printed chart");
    LensFit::from_edges(&edges, (image.width(), image.height())).map_err(few)
}

fn by_chart(image: &RgbImage) -> Result<(LensFit, usize), Failure> {
    let missing = Failure::Unprocessable("no_chart", "hold the chart flat and upright into the picture");
    let Some(corners) = chart(image).map_err(Failure::internal)? else { return Err(missing) };
    let fit = LensFit::from_chart(&corners, (image.width(), image.height()));
    fit.map(|fit| (fit, corners.len())).map_err(|_| missing)
}
