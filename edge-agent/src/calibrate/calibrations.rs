//! The calibration: read, checked, saved whole, compared with earlier ones and taken back.

use super::App;
use super::body::{JsonBody, Parameters, Places};
use super::history::{By, Entry};
use super::problem::Failure;
use crate::config::{CameraConfig, Setup};
use crate::files::replace_readable;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chuangming_calibration::{
    CameraSize, Change, Draft, Findings, check as check_draft, difference as changes,
};
use chuangming_domain::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What is in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InForce {
    /// As a draft to begin with.
    draft: Draft,
    /// Content hash of the calibration.
    #[schema(value_type = String)]
    version: Digest,
    /// When it was saved, RFC 3339; absent for one that was never.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<String>,
    /// Where it came from; absent where there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<By>,
}

/// The calibration in force.
#[utoipa::path(get, path = "/api/calibration", tag = "calibration", responses((status = 200, body = InForce)))]
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Json<InForce>, Failure> {
    let setup = app.handle.setup();
    let version = setup.calibration.digest.clone();
    let entry = app.history.version(version.as_str()).map_err(Failure::internal)?;
    Ok(Json(InForce {
        draft: Draft::from(&setup.calibration),
        saved_at: entry.as_ref().map(|entry| entry.saved_at.to_string()),
        source: entry.map(|entry| entry.by),
        version,
    }))
}

/// A draft to be checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// The draft.
    draft: Draft,
}

/// What is wrong with a draft, and what an installer should know of it.
#[utoipa::path(
    post, path = "/api/calibration/check", tag = "calibration", request_body = Check,
    responses((status = 200, body = Findings)),
)]
pub(super) async fn check(
    State(app): State<Arc<App>>,
    JsonBody(Check { draft }): JsonBody<Check>,
) -> Json<Findings> {
    Json(check_draft(&draft, &sizes(&app)))
}

/// A draft to be put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Save {
    /// The draft.
    draft: Draft,
    /// The version that it replaces: what the page began with.
    expected: String,
}

/// What is in force now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Saved {
    /// Content hash of the calibration.
    #[schema(value_type = String)]
    version: Digest,
}

/// Saves a draft and takes it into force between two frames. 409 `changed`: another one is in force than expected; 422:
/// something is wrong with the draft, and nothing of it is used.
#[utoipa::path(
    put, path = "/api/calibration", tag = "calibration", request_body = Save,
    responses((status = 200, body = Saved)),
)]
pub(super) async fn save(
    State(app): State<Arc<App>>,
    JsonBody(Save { draft, expected }): JsonBody<Save>,
) -> Result<Json<Saved>, Failure> {
    let problems = check_draft(&draft, &sizes(&app)).problems;
    if !problems.is_empty() {
        return Err(Failure::Refused(problems));
    }
    put_in_force(&app, draft.to_toml(), By::Page, Some(&expected)).await
}

/// The calibration in force as a file.
#[utoipa::path(
    get, path = "/api/calibration.toml", tag = "calibration",
    responses((status = 200, content_type = "application/toml", body = String)),
)]
pub(super) async fn download(State(app): State<Arc<App>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/toml; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"calibration.toml\"")),
    ];
    (headers, app.handle.setup().calibration_text.clone()).into_response()
}

/// What a file holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Imported {
    /// As a draft; nothing is saved yet.
    draft: Draft,
}

/// Reads a `calibration.toml` as a draft. 422 `unreadable`: it is none; `detail` has a line for each problem.
#[utoipa::path(
    post, path = "/api/calibration/import", tag = "calibration",
    request_body(content = String, content_type = "text/plain"), responses((status = 200, body = Imported)),
)]
pub(super) async fn import(text: String) -> Result<Json<Imported>, Failure> {
    let draft = Draft::parse(&text, "calibration.toml").map_err(|e| unreadable(&e))?;
    Ok(Json(Imported { draft }))
}

/// An earlier calibration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// Content hash.
    #[schema(value_type = String)]
    version: Digest,
    /// When, RFC 3339.
    saved_at: String,
    /// Where it came from.
    by: By,
    /// Whether it is in force.
    current: bool,
}

/// What was in force on this machine, the newest first.
#[utoipa::path(get, path = "/api/history", tag = "history", responses((status = 200, body = [Version])))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<Version>>, Failure> {
    let entries = app.history.entries().map_err(Failure::internal)?;
    let in_force = &app.handle.setup().calibration.digest;
    let newest = entries.iter().position(|entry| entry.version == *in_force);
    let versions = entries.into_iter().enumerate().map(|(number, entry)| Version {
        version: entry.version,
        saved_at: entry.saved_at.to_string(),
        by: entry.by,
        current: Some(number) == newest,
    });
    Ok(Json(versions.collect()))
}

/// With what a version is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Against {
    /// Another version; by default the one in force.
    against: Option<String>,
}

/// How two versions differ.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Difference {
    /// What leads from the other version to this one.
    changes: Vec<Change>,
}

/// How a version differs from another.
#[utoipa::path(
    get, path = "/api/history/{version}", tag = "history",
    params(("version" = String, Path, description = "The version"), Against),
    responses((status = 200, body = Difference)),
)]
pub(super) async fn difference(
    State(app): State<Arc<App>>,
    Places(version): Places<String>,
    Parameters(Against { against }): Parameters<Against>,
) -> Result<Json<Difference>, Failure> {
    let this = parsed(&version_of(&app, &version)?)?;
    let other = match against {
        Some(version) => parsed(&version_of(&app, &version)?)?,
        None => Draft::from(&app.handle.setup().calibration),
    };
    Ok(Json(Difference { changes: changes(&other, &this) }))
}

/// Takes an earlier version into force again.
#[utoipa::path(
    post, path = "/api/history/{version}/return", tag = "history",
    params(("version" = String, Path, description = "The version")),
    responses((status = 200, body = Saved)),
)]
pub(super) async fn take_back(
    State(app): State<Arc<App>>,
    Places(version): Places<String>,
) -> Result<Json<Saved>, Failure> {
    let entry = version_of(&app, &version)?;
    put_in_force(&app, entry.text, By::Return, None).await
}

fn version_of(app: &App, version: &str) -> Result<Entry, Failure> {
    let found = app.history.version(version).map_err(Failure::internal)?;
    found.ok_or(Failure::NotFound("GET /api/history lists the versions"))
}

fn parsed(entry: &Entry) -> Result<Draft, Failure> {
    Draft::parse(&entry.text, "calibration.toml").map_err(|e| unreadable(&e))
}

/// The cameras with the sizes of their pictures, 0 where no picture came yet.
fn sizes(app: &App) -> Vec<CameraSize> {
    let size = |camera: &CameraConfig| {
        let glimpse = app.handle.gallery.glimpse(&camera.id);
        let (width, height) = glimpse.and_then(|glimpse| glimpse.size).unwrap_or_default();
        CameraSize { id: camera.id.to_string(), width, height }
    };
    app.handle.agent.cameras.iter().map(size).collect()
}

/// Validates a calibration whole, writes it to its file, notes it and has the agent take it into force, in this order: who
/// dies in between starts with the new one.
async fn put_in_force(
    app: &App,
    text: String,
    by: By,
    expected: Option<&str>,
) -> Result<Json<Saved>, Failure> {
    let _alone = app.saving.lock().await;
    let last = app.handle.setup();
    if expected.is_some_and(|expected| expected != last.calibration.digest.as_str()) {
        return Err(Failure::Changed);
    }
    let agent = &app.handle.agent;
    let setup = Setup::parse(&last.policy_text, &text, &agent.camera_ids()).map_err(|e| unreadable(&e))?;
    let version = setup.calibration.digest.clone();
    // A link is followed: what it leads to is replaced, not the link.
    let file = fs::canonicalize(&agent.calibration).unwrap_or_else(|_| agent.calibration.clone());
    replace_readable(&file, text.as_bytes())
        .map_err(|e| Failure::Internal(format!("{} cannot be written: {e}", file.display())))?;
    app.history.note(&text, by, app.handle.clock.now()).map_err(Failure::internal)?;
    // Whoever saves zones says that they are right for where the camera looks now.
    app.handle.memory.references.forget_views(&setup.calibration).map_err(Failure::internal)?;
    app.handle.adopt(setup).await?;
    tracing::info!(%version, ?by, "a calibration was saved on the page");
    Ok(Json(Saved { version }))
}

fn unreadable(problems: &chuangming_domain::fields::Problems) -> Failure {
    let lines: Vec<_> = problems.0.iter().map(ToString::to_string).collect();
    Failure::Unreadable(lines.join("\n"))
}

/// Where the calibration in force at the start came from.
pub(super) fn note_at_start(app: &App) -> std::io::Result<()> {
    let setup = app.handle.setup();
    if setup.calibration_text == crate::config::NO_WINDOWS {
        return Ok(());
    }
    let is_of_file = fs::read_to_string(&app.handle.agent.calibration)
        .is_ok_and(|text| Digest::of(text.as_bytes()) == setup.calibration.digest);
    let by = if is_of_file { By::File } else { By::Central };
    app.history.note(&setup.calibration_text, by, app.handle.clock.now())
}
