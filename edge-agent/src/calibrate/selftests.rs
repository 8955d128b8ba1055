//! The guided self-test of one window.

use super::App;
use super::analysis::Said;
use super::body::{JsonBody, Places};
use super::problem::Failure;
use super::workshop::{Running, calibration, shadow, window};
use crate::trial::{Selftest, Step, StepState};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chuangming_analysis::Place;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What is to be tested.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// The window.
    window: String,
}

/// How far a self-test is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Test {
    /// The window.
    window: String,
    /// The steps, in the order in which they are asked for; they may be done in any.
    steps: Vec<TestStep>,
    /// Whether a step is still waited for.
    running: bool,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestStep {
    /// What is to be done.
    step: &'static str,
    /// `waiting`, `seen` or `skipped`.
    state: &'static str,
    /// When it was seen, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<String>,
    /// What its signal says now.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Said>,
}

/// Begins a self-test; one that is running ends.
#[utoipa::path(post, path = "/api/selftest", tag = "trial", request_body = Start, responses((status = 202)))]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    JsonBody(Start { window: id }): JsonBody<Start>,
) -> Result<StatusCode, Failure> {
    let window = window(&app, &id)?;
    app.handle.newest(&window.camera)?;
    tokio::task::spawn_blocking(move || {
        let mut running = app.workshop.selftest.lock();
        drop(running.take());
        let shadow = shadow(&app, &calibration(&app), &[&window])?;
        *running = Some(Running { test: Selftest::new(app.handle.clock.now()), window, shadow });
        Ok::<_, Failure>(())
    })
    .await
    .map_err(Failure::internal)??;
    Ok(StatusCode::ACCEPTED)
}

/// How far the self-test is.
#[utoipa::path(get, path = "/api/selftest", tag = "trial", responses((status = 200, body = Test)))]
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Json<Test>, Failure> {
    let mut running = app.workshop.selftest.lock();
    let running = running.as_mut().ok_or(Failure::NotFound("POST /api/selftest starts one"))?;
    let place = Place::Window(running.window.id.clone());
    running.test.tick(&running.shadow.kept().of(&place));
    let newest = running.shadow.kept().newest(&place);
    let step = |&(step, state): &(Step, StepState)| TestStep {
        step: step.name(),
        state: match state {
            StepState::Waiting => "waiting",
            StepState::Seen(_) => "seen",
            StepState::Skipped => "skipped",
        },
        seen_at: if let StepState::Seen(at) = state { Some(at.to_string()) } else { None },
        now: newest.get(&step.signal()).map(|(_, observation)| Said::of_any(observation, &running.window)),
    };
    Ok(Json(Test {
        window: running.window.id.to_string(),
        steps: running.test.steps().iter().map(step).collect(),
        running: running.test.is_running(),
    }))
}

/// Leaves a step out.
#[utoipa::path(
    post, path = "/api/selftest/steps/{step}/skip", tag = "trial",
    params(("step" = String, Path, description = "The step")), responses((status = 204)),
)]
pub(super) async fn skip(
    State(app): State<Arc<App>>,
    Places(step): Places<String>,
) -> Result<StatusCode, Failure> {
    let step = Step::by_name(&step).ok_or(Failure::NotFound("GET /api/selftest lists the steps"))?;
    let mut running = app.workshop.selftest.lock();
    running.as_mut().ok_or(Failure::NotFound("POST /api/selftest starts one"))?.test.skip(step);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the self-test.
#[utoipa::path(delete, path = "/api/selftest", tag = "trial", responses((status = 204)))]
pub(super) async fn end(State(app): State<Arc<App>>) -> Result<StatusCode, Failure> {
    let ended = move || drop(app.workshop.selftest.lock().take());
    tokio::task::spawn_blocking(ended).await.map_err(Failure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}
