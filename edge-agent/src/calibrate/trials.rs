//! Trying a draft: what the policy makes of what was observed.

use super::App;
use super::body::JsonBody;
use super::problem::Failure;
use super::workshop::shadow;
use crate::trial::Trial;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chuangming_calibration::Draft;
use chuangming_domain::calibration::{Calibration, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A draft to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Try {
    /// The draft.
    draft: Draft,
}

/// What a trial shows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tried {
    /// Seconds for which each window was observed: the last ten minutes where its zones are in force, else since the trial
    /// began.
    observed_s: BTreeMap<String, f64>,
    /// The events that would have been raised.
    events: Vec<TriedEvent>,
    /// Seconds in which a signal could not tell, by window, signal and reason.
    unknown: BTreeMap<String, BTreeMap<&'static str, BTreeMap<&'static str, f64>>>,
}

/// An event that would have been raised.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TriedEvent {
    /// The window.
    window: String,
    /// The rule.
    rule: &'static str,
    /// When its condition began, RFC 3339.
    opened_at: String,
    /// When it ended, RFC 3339; absent while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// How sure.
    confidence: f64,
}

/// Observes a draft's zones from now on, beside those in force. Another draft takes the place of the one before; zones
/// that are the same go on. 422 `unreadable`: the draft is no calibration.
#[utoipa::path(post, path = "/api/trial", tag = "trial", request_body = Try, responses((status = 202)))]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    JsonBody(Try { draft }): JsonBody<Try>,
) -> Result<StatusCode, Failure> {
    let draft =
        Calibration::parse(&draft.to_toml(), "draft").map_err(|e| Failure::Unreadable(e.to_string()))?;
    let setup = app.handle.setup();
    draft
        .check_cameras(&app.handle.agent.camera_ids(), "draft")
        .map_err(|e| Failure::Unreadable(e.to_string()))?;
    tokio::task::spawn_blocking(move || {
        let tried = draft.clone();
        let mut trial = app.workshop.trial.lock();
        let draft =
            match trial.as_mut().map_or(Err(draft.clone()), |t| t.redrawn(draft.clone(), &setup.calibration))
            {
                Ok(()) => return Ok(()),
                Err(draft) => draft,
            };
        // The old shadow ends first: its pictures are not kept beside those of the new one.
        drop(trial.take());
        let (in_force, kept) = (&setup.calibration, Arc::clone(&app.handle.memory.kept));
        let watch = |windows: &[&Window]| shadow(&app, &tried, windows);
        *trial = Some(Trial::start(draft, in_force, kept, watch)?);
        Ok::<_, Failure>(())
    })
    .await
    .map_err(Failure::internal)??;
    Ok(StatusCode::ACCEPTED)
}

/// What the policy in force makes of what was observed so far.
#[utoipa::path(get, path = "/api/trial", tag = "trial", responses((status = 200, body = Tried)))]
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Json<Tried>, Failure> {
    let policy = app.handle.setup();
    let outcomes = match &*app.workshop.trial.lock() {
        Some(trial) => trial.outcomes(&policy.policy),
        None => return Err(Failure::NotFound("POST /api/trial starts one")),
    };
    let mut tried = Tried { observed_s: BTreeMap::new(), events: Vec::new(), unknown: BTreeMap::new() };
    for (window, outcome) in outcomes {
        tried.observed_s.insert(window.to_string(), outcome.observed_s);
        tried.events.extend(outcome.events.iter().map(|event| TriedEvent {
            window: window.to_string(),
            rule: event.rule.name(),
            opened_at: event.opened_at.to_string(),
            closed_at: event.closed_at.map(|at| at.to_string()),
            confidence: event.confidence,
        }));
        let unknown = outcome.unknown_s.into_iter().map(|(signal, reasons)| (signal.name(), reasons));
        tried.unknown.insert(window.to_string(), unknown.collect());
    }
    Ok(Json(tried))
}

/// Ends the trial; what it observed is forgotten.
#[utoipa::path(delete, path = "/api/trial", tag = "trial", responses((status = 204)))]
pub(super) async fn end(State(app): State<Arc<App>>) -> Result<StatusCode, Failure> {
    let ended = move || drop(app.workshop.trial.lock().take());
    tokio::task::spawn_blocking(ended).await.map_err(Failure::internal)?;
    Ok(StatusCode::NO_CONTENT)
}
