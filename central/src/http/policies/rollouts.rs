//! Bringing a version of the rules to the agents, and how far it came.

use super::{checked_note, find};
use crate::http::App;
use crate::http::body::JsonBody;
use crate::http::fleet::NO_KEY;
use crate::http::problem::{Details, Failure};
use crate::http::signed_in::SignedIn;
use crate::store::{AgentRow, NewRollout, Rollout, RolloutAgent};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::{AgentId, HallId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

const MOST_AGENTS: usize = 1000;

/// A version brought to agents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Rollout)]
pub struct RolloutView {
    /// Its id.
    pub id: String,
    /// The version.
    pub digest: String,
    /// Whether it is for the whole hall, later agents too; else a trial on some agents.
    pub whole: bool,
    /// Why.
    pub note: String,
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Agent by agent.
    pub agents: Vec<ProgressView>,
}

/// How far a version came with one agent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RolloutProgress)]
pub struct ProgressView {
    /// The agent.
    pub agent: String,
    /// Where it stands.
    pub state: Progress,
    /// Why it was refused.
    pub problems: Vec<String>,
    /// When the agent answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Where a rollout stands with one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is in force.
    Applied,
    /// The agent refused it and keeps what it had.
    Refused,
    /// It was sent; the agent has not answered yet.
    Sent,
    /// The agent is not connected; it gets it when it is.
    Waiting,
    /// Something newer was asked of the agent before it answered.
    Superseded,
}

/// A version to bring to agents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutRequest {
    /// The version, one of the hall's.
    #[schema(value_type = String)]
    digest: Digest,
    /// Some agents as a trial; without it the whole hall.
    #[schema(value_type = Option<Vec<String>>)]
    agents: Option<Vec<AgentId>>,
    /// Why, in at most 300 characters.
    #[serde(default)]
    note: String,
}

/// Brings a version to the hall's agents, or to some as a trial. An older version comes back the same way.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/rollouts", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
), request_body = RolloutRequest, responses(
    (status = 201, description = "The agents are being asked", body = RolloutView),
    (status = 400, description = "Not an agent of this hall, or the note is too long", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such version", body = Details, content_type = "application/problem+json"),
    (status = 503, description = "Central has no key to sign with", body = Details, content_type = "application/problem+json"),
))]
pub async fn roll_out(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(request): JsonBody<RolloutRequest>,
) -> Result<(StatusCode, Json<RolloutView>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let note = checked_note(&request.note)?;
    find(&app, &hall, &request.digest).await?;
    if app.signer.is_none() {
        return Err(NO_KEY);
    }
    if let Some(agents) = &request.agents {
        let known = app.store.agents().await?;
        let is_here = |agent: &AgentId| known.iter().any(|row| row.hall == hall && row.agent == *agent);
        let distinct: BTreeSet<_> = agents.iter().collect();
        if agents.is_empty() || agents.len() > MOST_AGENTS || distinct.len() < agents.len() {
            return Err(Failure::Invalid(format!("agents: expected 1 to {MOST_AGENTS}, each once")));
        }
        if let Some(stranger) = agents.iter().find(|agent| !is_here(agent)) {
            return Err(Failure::Invalid(format!("agents: {stranger} is no agent of {hall}")));
        }
    }
    let now = Timestamp::now();
    let subject = format!("{hall} {}", request.digest);
    app.store.note_access(&signed_in.account, "roll_out_policy", &subject, now).await?;
    let new = NewRollout { hall: &hall, digest: &request.digest, agents: request.agents.as_deref(), note };
    let id = app.store.roll_out(&new, &signed_in.account, now).await?;
    app.bell.ring();
    Ok((StatusCode::CREATED, Json(found_rollout(&app, &hall, &id).await?)))
}

/// How far a rollout came.
#[utoipa::path(get, path = "/api/v1/policies/{hall}/rollouts/{id}", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The rollout"),
), responses(
    (status = 200, description = "The rollout", body = RolloutView),
    (status = 404, description = "No such rollout", body = Details, content_type = "application/problem+json"),
))]
pub async fn rollout(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<Json<RolloutView>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    Ok(Json(found_rollout(&app, &hall, &id).await?))
}

async fn found_rollout(app: &App, hall: &HallId, id: &str) -> Result<RolloutView, Failure> {
    let found = app.store.rollout(hall, id).await?.ok_or(Failure::NotFound("no such rollout"))?;
    Ok(rollout_view(&app.store.agents().await?, hall, found))
}

pub(super) fn rollout_view(known: &[AgentRow], hall: &HallId, rollout: Rollout) -> RolloutView {
    let is_online =
        |agent: &AgentId| known.iter().any(|row| row.hall == *hall && row.agent == *agent && row.online);
    RolloutView {
        agents: rollout.agents.iter().map(|agent| progress(agent, is_online(&agent.agent))).collect(),
        id: rollout.id,
        digest: rollout.digest.to_string(),
        whole: rollout.whole,
        note: rollout.note,
        by: rollout.by,
        at: rollout.at,
    }
}

fn progress(asked: &RolloutAgent, is_online: bool) -> ProgressView {
    let state = match &asked.applied {
        Some((applied, _)) if applied.ok => Progress::Applied,
        Some(_) => Progress::Refused,
        None if asked.superseded => Progress::Superseded,
        None if is_online => Progress::Sent,
        None => Progress::Waiting,
    };
    ProgressView {
        agent: asked.agent.to_string(),
        state,
        problems: asked.applied.iter().flat_map(|(applied, _)| applied.problems.clone()).collect(),
        at: asked.applied.as_ref().map(|(_, at)| *at),
    }
}
