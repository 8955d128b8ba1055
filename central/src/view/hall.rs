//! A hall with its windows, zones and agents, and what is wrong with the system there.

use super::{EventView, Localised};
use crate::store::{AgentRow, Problem};
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem of the system itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Its id.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// The agent.
    pub agent: String,
    /// What is wrong, such as `camera_offline`.
    pub kind: String,
    /// The camera, where one is concerned.
    #[schema(required)]
    pub camera: Option<String>,
    /// The windows that cannot be observed because of it.
    pub windows: Vec<String>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub raised_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub cleared_at: Option<Timestamp>,
    /// What it is called.
    pub title: Localised,
}

/// An edge agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentView {
    /// Its id, unique in its hall.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// Whether it is connected.
    pub online: bool,
    /// Its version.
    #[schema(required)]
    pub version: Option<String>,
    /// Since when it is, or was last, connected.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub since: Option<Timestamp>,
    /// When its state last arrived.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// The configuration it applied or refused.
    #[schema(required)]
    pub applied: Option<AppliedView>,
}

/// The configuration that an agent applied or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Applied)]
pub struct AppliedView {
    /// Its content hash.
    pub version: String,
    /// Whether it is in force.
    pub ok: bool,
    /// Every reason against it.
    pub problems: Vec<String>,
    /// When that arrived.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A hall with what is going on in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Hall)]
pub struct HallView {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its windows.
    pub windows: Vec<WindowView>,
    /// Its smoking zones.
    pub zones: Vec<ZoneView>,
    /// Its agents.
    pub agents: Vec<HallAgentView>,
}

/// Whether a window can be observed now. Unknown is never compliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// Its agent is connected and reports no problem that concerns it.
    Observed,
    /// Nobody can tell what happens there.
    Unknown,
}

/// A staffed post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Window)]
pub struct WindowView {
    /// Its id, unique in its hall.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The agent that observes it; null before one spoke of it.
    #[schema(required)]
    pub agent: Option<String>,
    /// Whether it can be observed now.
    pub state: WindowState,
    /// Why it cannot be observed.
    #[schema(required)]
    pub unknown_because: Option<Localised>,
    /// Why there is no service now, if it was planned or somebody stepped away: `holiday`, `pause`, `break` or `away`.
    #[schema(required)]
    pub resting: Option<String>,
    /// Its cell on the floor plan; null where nobody placed it.
    #[schema(required)]
    pub place: Option<PlaceView>,
    /// Its open events; missing for roles that see no conduct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventView>>,
    /// The system's problems that concern it.
    pub problems: Vec<ProblemView>,
}

/// A cell of the floor plan, counted from 0 at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FloorCell)]
pub struct PlaceView {
    /// The column.
    pub x: i64,
    /// The row.
    pub y: i64,
}

/// A smoking zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Zone)]
pub struct ZoneView {
    /// Its id, unique in its hall.
    pub id: String,
    /// The agent that observes it.
    pub agent: String,
    /// Its open events; missing for roles that see no conduct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventView>>,
}

/// An agent with its problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = HallAgent)]
pub struct HallAgentView {
    /// The agent.
    #[serde(flatten)]
    pub agent: AgentView,
    /// What is wrong with it now.
    pub problems: Vec<ProblemView>,
}

impl From<&Problem> for ProblemView {
    fn from(problem: &Problem) -> Self {
        let health = &problem.health;
        Self {
            id: health.id.to_string(),
            hall: problem.hall.to_string(),
            agent: problem.agent.to_string(),
            kind: health.kind.name().to_owned(),
            camera: health.camera.as_ref().map(ToString::to_string),
            windows: health.windows.iter().map(ToString::to_string).collect(),
            raised_at: problem.raised_at,
            cleared_at: problem.cleared_at,
            title: Localised::key(&format!("health.{}", health.kind.name())),
        }
    }
}

impl From<&AgentRow> for AgentView {
    fn from(row: &AgentRow) -> Self {
        Self {
            id: row.agent.to_string(),
            hall: row.hall.to_string(),
            online: row.online,
            version: row.version.clone(),
            since: row.since,
            seen_at: row.seen_at,
            applied: row.applied.as_ref().map(|(applied, at)| AppliedView {
                version: applied.version.to_string(),
                ok: applied.ok,
                problems: applied.problems.clone(),
                at: *at,
            }),
        }
    }
}
