//! The fleet: agents with their cameras, versions, clocks, load and coverage; how new ones are enrolled and how the
//! right of one is taken away. Nothing here tells of conduct.

use super::App;
use super::body::Parameters;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::config::Hall;
use crate::fleet::{AgentHours, coverage_by_hour, observed_share};
use crate::permission::may;
use crate::store::{AgentRow, Login, MachineRow, Problem};
use crate::view::{AgentView, ProblemView};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::sign_in::GOOD_FOR_S;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

const DAYS: u32 = 7;
const MOST_DAYS: u32 = 31;
const HISTORY: u32 = 50;

/// The agents of the account's halls.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Fleet {
    /// By hall and name.
    pub agents: Vec<FleetAgent>,
    /// Whether the account may enrol agents, take their right away, and sign in at their calibration pages.
    pub may_enrol: bool,
}

/// An agent as an installer sees it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FleetAgent {
    /// The agent.
    #[serde(flatten)]
    pub agent: AgentView,
    /// What its hall is called.
    pub hall_name: String,
    /// What it last said of itself.
    pub machine: Option<MachineView>,
    /// What is wrong with it now.
    pub problems: Vec<ProblemView>,
    /// Share of the counted time of the last 24 hours that was observed, 0 to 1; null when nothing was counted.
    pub observed_24h: Option<f64>,
    /// When it was enrolled here.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub enrolled_at: Option<Timestamp>,
    /// When its right to connect was taken away, and by whom.
    pub revoked: Option<RevokedView>,
}

/// When and by whom a right was taken away.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Revoked)]
pub struct RevokedView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What an agent said of itself as a machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Machine)]
pub struct MachineView {
    /// When that arrived.
    #[schema(value_type = String, format = DateTime)]
    pub arrived_at: Timestamp,
    /// How many seconds its clock was then ahead of central's; negative when behind.
    pub skew_s: f64,
    /// Content hash of the policy in force.
    pub policy: String,
    /// Content hash of the calibration in force.
    pub calibration: String,
    /// Processor cores.
    pub cores: u32,
    /// Share of the processor in use, 0 to 1.
    pub cpu: f64,
    /// Share of the memory in use, 0 to 1.
    pub memory: f64,
    /// Bytes free where it keeps its data.
    pub disk_free: u64,
    /// Messages that wait for central.
    pub waiting: u64,
    /// Its cameras.
    pub cameras: Vec<CameraView>,
}

/// A camera of an agent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FleetCamera)]
pub struct CameraView {
    /// Its id.
    pub id: String,
    /// The windows in its picture.
    pub windows: Vec<String>,
    /// Pictures looked at each second.
    pub looked_per_s: f64,
    /// Share of its pictures that were dropped, 0 to 1.
    pub dropped: f64,
}

/// One agent with its past.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FleetDetails {
    /// As it stands.
    #[serde(flatten)]
    pub agent: FleetAgent,
    /// The calibrations that it had in force, newest first.
    pub calibrations: Vec<CalibrationView>,
    /// What was wrong with it in the last days, newest first.
    pub history: Vec<ProblemView>,
    /// The hours of the last days, window by window.
    pub coverage: AgentHours,
}

/// A calibration that an agent had in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Calibration)]
pub struct CalibrationView {
    /// Its content hash.
    pub digest: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The text of its `calibration.toml`, geometry alone, once the agent told it.
    pub text: Option<String>,
}

/// Which agents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FleetQuery {
    /// Only this hall.
    #[param(value_type = Option<String>)]
    hall: Option<HallId>,
}

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// Days, 1 to 31; 7 if not given.
    #[param(minimum = 1, maximum = 31)]
    days: Option<u32>,
}

/// The agents of the account's halls.
#[utoipa::path(get, path = "/api/v1/fleet", tag = "fleet", params(FleetQuery), responses(
    (status = 200, description = "The agents", body = Fleet),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<FleetQuery>,
) -> Result<Json<Fleet>, Failure> {
    let halls = signed_in.halls(query.hall)?;
    let is_asked = |hall: &HallId| halls.as_ref().is_none_or(|halls| halls.contains(hall));
    let now = Timestamp::now();
    let known = Known::read(&app, now).await?;
    let rows = known.agents.iter().filter(|row| is_asked(&row.hall));
    let agents = rows.map(|row| known.view(row)).collect();
    Ok(Json(Fleet { agents, may_enrol: may(signed_in.account.role, "POST", "/api/v1/enrolments") }))
}

/// One agent with its past days.
#[utoipa::path(get, path = "/api/v1/fleet/{hall}/{agent}", tag = "fleet", params(
    ("hall" = String, Path, description = "The hall"),
    ("agent" = String, Path, description = "The agent"),
    DaysQuery,
), responses(
    (status = 200, description = "The agent", body = FleetDetails),
    (status = 404, description = "No such agent in the account's halls", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, agent)): Path<(String, String)>,
    Parameters(query): Parameters<DaysQuery>,
) -> Result<Json<FleetDetails>, Failure> {
    let (hall, agent) = find(&app, &signed_in, &hall, &agent).await?;
    let days = query.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Failure::Invalid(format!("days is {days}, expected 1 to {MOST_DAYS}")));
    }
    let now = Timestamp::now();
    let from = hour_of(now) - Duration::from_secs(u64::from(days) * 86_400 - 3600);
    let known = Known::read(&app, now).await?;
    let row = known.agents.iter().find(|row| row.hall == hall && row.agent == agent).ok_or(NO_AGENT)?;
    let calibrations = app.store.calibrations(&hall, &agent, HISTORY).await?;
    let coverage = app.store.coverage_of(&hall, &agent, from).await?;
    Ok(Json(FleetDetails {
        agent: known.view(row),
        calibrations: calibrations
            .into_iter()
            .map(|row| CalibrationView { digest: row.digest.to_string(), since: row.since, text: row.text })
            .collect(),
        history: app
            .store
            .problems_of(&hall, &agent, from, 4 * HISTORY)
            .await?
            .iter()
            .map(Into::into)
            .collect(),
        coverage: coverage_by_hour(&coverage, from, hour_of(now)),
    }))
}

/// Takes an agent's right to connect away: its login and its messages count no more. Enrol it anew to give it back.
#[utoipa::path(post, path = "/api/v1/fleet/{hall}/{agent}/revoke", tag = "fleet", params(
    ("hall" = String, Path, description = "The hall"),
    ("agent" = String, Path, description = "The agent"),
), responses(
    (status = 204, description = "Its right is taken away"),
    (status = 404, description = "No such agent in the account's halls", body = Details, content_type = "application/problem+json"),
))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, agent)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let (hall, agent) = find(&app, &signed_in, &hall, &agent).await?;
    let (account, now) = (&signed_in.account, Timestamp::now());
    app.store.note_access(account, "revoke_agent", &format!("{hall}/{agent}"), now).await?;
    app.store.revoke(&hall, &agent, &account.name, now).await?;
    app.registrar.refresh(&app.store).await?;
    app.registrar.cut_off(&hall, &agent);
    tracing::info!(%hall, %agent, by = account.name, "an agent's right to connect was taken away");
    Ok(StatusCode::NO_CONTENT)
}

/// A one-time code for the calibration page of an agent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SignInCode)]
pub struct SignInCodeView {
    /// The code; it is never shown again.
    pub code: String,
    /// Until when it is good, by the agent's clock.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Where the page is open, `https://…`, as the agent last said; null where it said that it is closed.
    #[schema(required)]
    pub page: Option<String>,
    /// The fingerprint of the certificate that answers there, as browsers show it; null where the agent did not say.
    #[schema(required)]
    pub fingerprint: Option<String>,
}

/// Issues a one-time code with which its bearer signs in at the agent's calibration page. The agent verifies the signature
/// itself: nothing is sent to it, and nothing of the code is kept here but that it was issued.
#[utoipa::path(post, path = "/api/v1/fleet/{hall}/{agent}/sign-in-codes", tag = "fleet", params(
    ("hall" = String, Path, description = "The hall"),
    ("agent" = String, Path, description = "The agent"),
), responses(
    (status = 201, description = "The code, shown once", body = SignInCodeView),
    (status = 404, description = "No such agent in the account's halls", body = Details, content_type = "application/problem+json"),
    (status = 503, description = "Central has no key to sign with", body = Details, content_type = "application/problem+json"),
))]
pub async fn issue_code(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, agent)): Path<(String, String)>,
) -> Result<(StatusCode, Json<SignInCodeView>), Failure> {
    let (hall, agent) = find(&app, &signed_in, &hall, &agent).await?;
    let signer = app.signer.as_ref().ok_or(NO_KEY)?;
    let now = Timestamp::now();
    let (account, subject) = (&signed_in.account, format!("{hall}/{agent}"));
    app.store.note_access(account, "issue_sign_in_code", &subject, now).await?;
    let code = signer.sign_in_code(&hall, &agent, now.as_second()).map_err(|error| {
        tracing::error!(%error, "a code cannot be issued");
        Failure::Unavailable("the machine gives no random numbers")
    })?;
    tracing::info!(%hall, %agent, by = account.name, "a code for an agent's calibration page was issued");
    let expires_at = Timestamp::from_second(code.issued_at + GOOD_FOR_S).unwrap_or(now);
    let machine = app.store.machine_of(&hall, &agent).await?;
    let (page, certificate) = machine.map_or((None, None), |said| (said.page, said.page_certificate));
    let view = SignInCodeView {
        code: code.to_string(),
        expires_at,
        page: page.map(|address| format!("https://{address}")),
        fingerprint: certificate.map(|certificate| certificate.fingerprint()),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// There is no key to sign with.
pub(super) const NO_KEY: Failure =
    Failure::Unavailable("central.toml names no config_key_file: make one with `central config-key`");

const NO_AGENT: Failure = Failure::NotFound("no such agent in your halls");

async fn find(
    app: &App,
    signed_in: &SignedIn,
    hall: &str,
    agent: &str,
) -> Result<(HallId, AgentId), Failure> {
    let hall = signed_in.own_hall(hall)?;
    let row = app.store.agent(&hall, agent).await?.ok_or(NO_AGENT)?;
    Ok((row.hall, row.agent))
}

/// Everything that is known of all agents.
struct Known {
    halls: Vec<Hall>,
    agents: Vec<AgentRow>,
    machines: Vec<MachineRow>,
    problems: Vec<Problem>,
    logins: Vec<Login>,
    coverage: Vec<(String, String, Timestamp, f64, f64)>,
}

impl Known {
    async fn read(app: &App, now: Timestamp) -> Result<Self, Failure> {
        let mut agents = app.store.agents().await?;
        agents.sort_by(|a, b| (a.hall.as_str(), a.agent.as_str()).cmp(&(b.hall.as_str(), b.agent.as_str())));
        Ok(Self {
            halls: app.store.directory(&app.halls).await?,
            agents,
            machines: app.store.machines().await?,
            problems: app.store.open_problems().await?,
            logins: app.store.logins().await?,
            coverage: app.store.coverage_by_agent(hour_of(now) - Duration::from_secs(24 * 3600)).await?,
        })
    }

    fn view(&self, row: &AgentRow) -> FleetAgent {
        let is_its = |hall: &HallId, agent: &AgentId| *hall == row.hall && *agent == row.agent;
        let machine = self.machines.iter().find(|machine| is_its(&machine.hall, &machine.agent));
        let login = self.logins.iter().find(|login| is_its(&login.hall, &login.agent));
        let hours = self.coverage.iter().filter(|h| h.0 == row.hall.as_str() && h.1 == row.agent.as_str());
        let named = self.halls.iter().find(|hall| hall.id == row.hall);
        FleetAgent {
            agent: row.into(),
            hall_name: named.map_or_else(|| row.hall.to_string(), |hall| hall.name.clone()),
            machine: machine.map(Into::into),
            problems: self.problems.iter().filter(|p| is_its(&p.hall, &p.agent)).map(Into::into).collect(),
            observed_24h: observed_share(hours.map(|(_, _, _, observed, unknown)| (*observed, *unknown))),
            enrolled_at: login.and_then(|login| login.enrolled_at),
            revoked: login.and_then(|login| login.revoked.clone()).map(|(at, by)| RevokedView { at, by }),
        }
    }
}

impl From<&MachineRow> for MachineView {
    fn from(row: &MachineRow) -> Self {
        let (machine, load) = (&row.machine, row.machine.load);
        let camera = |camera: &chuangming_domain::wire::MachineCamera| CameraView {
            id: camera.id.to_string(),
            windows: camera.windows.iter().map(ToString::to_string).collect(),
            looked_per_s: camera.looked_per_s,
            dropped: camera.dropped,
        };
        Self {
            arrived_at: row.arrived_at,
            skew_s: row.skew_s,
            policy: machine.policy.to_string(),
            calibration: machine.calibration.to_string(),
            cores: load.cores,
            cpu: load.cpu,
            memory: load.memory,
            disk_free: load.disk_free,
            waiting: load.waiting,
            cameras: machine.cameras.iter().map(camera).collect(),
        }
    }
}

fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(at)
}
