//! Windows proposed from what a camera shows for a minute. Only boxes and joints are kept meanwhile, in memory.

use super::App;
use super::body::Places;
use super::problem::Failure;
use crate::propose::Observer;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chuangming_calibration::Proposal;
use chuangming_domain::id::CameraId;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// How long is looked: who stays is at a post, who walks by is gone by then.
const SPAN: Duration = Duration::from_secs(60);
/// How often.
const EVERY: Duration = Duration::from_secs(1);
/// Without a new picture for so long, nothing is proposed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProposalState {
    /// Nobody has asked.
    #[default]
    Idle,
    /// The camera is being looked at.
    Watching,
    /// That is all.
    Done,
    /// No pictures came, or they could not be looked at.
    Failed,
}

/// Windows that an installer may take over and correct.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(super) struct ProposalView {
    state: ProposalState,
    /// Seconds looked so far…
    seconds: u64,
    /// …of so many.
    of: u64,
    /// What was found so far, from left to right.
    windows: Vec<Proposal>,
}

/// The proposals of this service's life, one a camera.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    by_camera: Mutex<BTreeMap<CameraId, ProposalView>>,
}

impl Proposals {
    fn of(&self, camera: &CameraId) -> ProposalView {
        let found = self.by_camera.lock().get(camera).cloned();
        found.unwrap_or_else(|| ProposalView { of: SPAN.as_secs(), ..ProposalView::default() })
    }

    fn note(&self, camera: &CameraId, state: ProposalState, looked: Duration, windows: Vec<Proposal>) {
        let view = ProposalView { state, seconds: looked.min(SPAN).as_secs(), of: SPAN.as_secs(), windows };
        self.by_camera.lock().insert(camera.clone(), view);
    }

    pub(super) fn forget(&self) {
        self.by_camera.lock().retain(|_, view| view.state == ProposalState::Watching);
    }
}

/// Begins to look at a camera for windows to propose; one that is being looked at goes on.
#[utoipa::path(
    post, path = "/api/cameras/{id}/proposal", tag = "proposals", params(("id" = String, Path, description = "The camera")),
    responses((status = 202, description = "The camera is being looked at")),
)]
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<StatusCode, Failure> {
    let camera = app.handle.camera(&id)?;
    if app.proposals.of(&camera).state != ProposalState::Watching {
        let observer = Observer::new(app.handle.models.clone()).map_err(Failure::internal)?;
        app.proposals.note(&camera, ProposalState::Watching, Duration::ZERO, Vec::new());
        tokio::spawn(watch(app, camera, observer));
    }
    Ok(StatusCode::ACCEPTED)
}

/// How far a proposal is, and what was found so far.
#[utoipa::path(
    get, path = "/api/cameras/{id}/proposal", tag = "proposals", params(("id" = String, Path, description = "The camera")),
    responses((status = 200, body = ProposalView)),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
) -> Result<Json<ProposalView>, Failure> {
    Ok(Json(app.proposals.of(&app.handle.camera(&id)?)))
}

/// Looks until the time is over, or until no pictures come any more because nobody is signed in.
async fn watch(app: Arc<App>, camera: CameraId, mut observer: Observer) {
    let (began, mut last, mut seen) = (Instant::now(), Instant::now(), None);
    let mut turn = tokio::time::interval(EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut state = ProposalState::Watching;
    while state == ProposalState::Watching {
        turn.tick().await;
        let newest = app.handle.newest(&camera).ok().filter(|frame| seen != Some(frame.at));
        if let Some(frame) = newest {
            (seen, last) = (Some(frame.at), Instant::now());
            let looked = tokio::task::spawn_blocking(move || {
                let looked = observer.look(&frame.image);
                (observer, looked)
            });
            match looked.await {
                Ok((back, Ok(()))) => observer = back,
                Ok((_, Err(error))) => return fail(&app, &camera, &error.to_string()),
                Err(error) => return fail(&app, &camera, &error.to_string()),
            }
        } else if last.elapsed() > PATIENCE {
            return fail(&app, &camera, "no pictures came");
        }
        if began.elapsed() >= SPAN {
            state = ProposalState::Done;
        }
        app.proposals.note(&camera, state, began.elapsed(), observer.proposals());
    }
}

fn fail(app: &App, camera: &CameraId, why: &str) {
    tracing::warn!(%camera, why, "no windows can be proposed");
    app.proposals.note(camera, ProposalState::Failed, Duration::ZERO, Vec::new());
}
