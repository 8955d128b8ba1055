//! The rules of a hall: versions, their differences, a preview from what was recorded, and bringing one to the agents.
//!
//! Everybody of a hall may read its rules. The center head and administrators change them; the preview counts recorded
//! episodes, which is conduct, so it is for those who see conduct.

use super::App;
use super::body::{JsonBody, Parameters};
use super::fleet::NO_KEY;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::permission::may;
use crate::policy::preview::{self, Recorded, RulePreview, Verdict};
use crate::policy::{self, Difference, Document, PolicyProblem, difference};
use crate::store::{AgentRow, NewRollout, PolicyVersion, Rollout, RolloutAgent};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::Event;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How many versions and rollouts are shown.
const HISTORY: u32 = 100;
/// How many episodes a preview looks at, and lists.
const EPISODES: u32 = 20_000;
const LISTED: usize = 200;
const MOST_DAYS: u32 = 90;
const LONGEST_NOTE: usize = 300;
const MOST_AGENTS: usize = 1000;

/// The halls whose rules the account may read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyHalls {
    /// By id.
    pub halls: Vec<PolicyHall>,
}

/// A hall whose rules the account may read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyHall {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The rules of a hall and their history.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HallPolicy {
    /// The hall.
    pub hall: String,
    /// The version that all its agents were last asked to have; null while they have rules of their own.
    pub in_force: Option<String>,
    /// The rules to begin editing with: those in force, or the defaults.
    pub document: Document,
    /// The versions, newest first.
    pub versions: Vec<VersionView>,
    /// What was brought to agents, newest first.
    pub rollouts: Vec<RolloutView>,
    /// Whether the account may change them.
    pub may_edit: bool,
    /// Whether central has a key to sign configuration with.
    pub may_sign: bool,
}

/// A version of a hall's rules.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyVersion)]
pub struct VersionView {
    /// Its content hash.
    pub digest: String,
    /// Why it was made.
    pub note: String,
    /// Who made it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A version with its content.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyContent {
    /// The version.
    #[serde(flatten)]
    pub version: VersionView,
    /// As a document.
    pub document: Document,
    /// As the text of a `policy.toml`.
    pub text: String,
    /// What differs from the version asked for in `against`; the defaults without it.
    pub differences: Vec<Difference>,
}

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

/// A draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The rules as a document; what is missing has its default.
    #[schema(value_type = Option<Object>)]
    document: Option<Value>,
    /// Or the text of a `policy.toml`.
    text: Option<String>,
}

/// What an agent would say of a draft.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Its version; null while there are problems.
    pub digest: Option<String>,
    /// Every problem at once.
    pub problems: Vec<PolicyProblem>,
    /// The draft with every default filled in; null while there are problems.
    pub document: Option<Document>,
    /// What differs from the rules in force.
    pub differences: Vec<Difference>,
}

/// A draft and how far back to look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewDraft {
    /// The rules as a document.
    #[schema(value_type = Object)]
    document: Value,
    /// How many days back, 1 to 90.
    #[schema(minimum = 1, maximum = 90)]
    days: u32,
}

/// Which recorded episodes would still have been raised.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Rule by rule.
    pub rules: Vec<RulePreview>,
    /// Episodes recorded under rules that are not known here: whether the draft is looser than those nobody can say.
    pub under_unknown_rules: u64,
    /// Whether there were more episodes than a preview looks at; the oldest were left out.
    pub left_out: bool,
    /// The newest episodes that would not have been raised as they were, or of which it is uncertain; at most 200.
    pub changed: Vec<JudgedView>,
}

/// One episode under the draft.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JudgedEpisode)]
pub struct JudgedView {
    /// The event.
    pub id: String,
    /// The rule.
    #[schema(value_type = String)]
    pub rule: Rule,
    /// The window or zone.
    pub place: String,
    /// When the condition began.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// For how many seconds it was observed.
    pub observed_s: f64,
    /// What would have become of it.
    pub verdict: Verdict,
}

/// A version to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVersion {
    /// The rules as a document.
    #[schema(value_type = Object)]
    document: Value,
    /// Why, in at most 300 characters.
    #[serde(default)]
    note: String,
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

/// What to compare with.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Against {
    /// Another version of the hall.
    #[param(value_type = Option<String>)]
    against: Option<Digest>,
}

/// The halls whose rules the account may read.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", responses(
    (status = 200, description = "The halls", body = PolicyHalls),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<PolicyHalls>, Failure> {
    let mut halls: BTreeMap<String, String> = BTreeMap::new();
    let agents = app.store.agents().await?;
    let own = signed_in.account.halls.iter().flatten();
    for id in agents.iter().map(|row| &row.hall).chain(own).map(ToString::to_string) {
        halls.insert(id.clone(), id);
    }
    halls.extend(
        app.store.directory(&app.halls).await?.iter().map(|hall| (hall.id.to_string(), hall.name.clone())),
    );
    halls.retain(|id, _| signed_in.sees(id));
    let halls = halls.into_iter().map(|(id, name)| PolicyHall { id, name }).collect();
    Ok(Json(PolicyHalls { halls }))
}

/// The rules of a hall, their versions and rollouts.
#[utoipa::path(get, path = "/api/v1/policies/{hall}", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
), responses(
    (status = 200, description = "The rules", body = HallPolicy),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "Not for this role", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<Json<HallPolicy>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let in_force = app.store.policy_in_force(&hall).await?;
    let base = base(&app, &hall).await?;
    let agents = app.store.agents().await?;
    let rollouts = app.store.rollouts(&hall, HISTORY).await?;
    let rollouts = rollouts.into_iter().map(|rollout| rollout_view(&agents, &hall, rollout)).collect();
    Ok(Json(HallPolicy {
        in_force: in_force.map(|digest| digest.to_string()),
        document: (&base).into(),
        versions: app.store.policies(&hall, HISTORY).await?.iter().map(Into::into).collect(),
        rollouts,
        may_edit: may(signed_in.account.role, "POST", "/api/v1/policies/{hall}/versions"),
        may_sign: app.signer.is_some(),
        hall: hall.to_string(),
    }))
}

/// A version with its content, and what differs.
#[utoipa::path(get, path = "/api/v1/policies/{hall}/versions/{digest}", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("digest" = String, Path, description = "The version"),
    Against,
), responses(
    (status = 200, description = "The version", body = PolicyContent),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such version", body = Details, content_type = "application/problem+json"),
))]
pub async fn version(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, digest)): Path<(String, String)>,
    Parameters(query): Parameters<Against>,
) -> Result<Json<PolicyContent>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let digest = Digest::try_from(digest).map_err(|_| NO_VERSION)?;
    let found = find(&app, &hall, &digest).await?;
    let policy = parsed(&found)?;
    let other = match &query.against {
        Some(other) => parsed(&find(&app, &hall, other).await?)?,
        None => Policy::default(),
    };
    Ok(Json(PolicyContent {
        version: (&found).into(),
        document: (&policy).into(),
        differences: difference(&other, &policy),
        text: found.body,
    }))
}

/// What an agent would say of a draft: every problem at once, or its version and what differs.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/check", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("X-CSRF-Token" = String, Header, description = "The session's csrf value"),
), request_body = Draft, responses(
    (status = 200, description = "What is wrong, or what it comes to", body = Checked),
    (status = 400, description = "Neither document nor text", body = Details, content_type = "application/problem+json"),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "Not for this role", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
))]
pub async fn check(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<Json<Checked>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let read = match (&draft.document, &draft.text) {
        (Some(document), None) => policy::read(document),
        (None, Some(text)) => policy::parse(text),
        _ => return Err(Failure::Invalid("expected either document or text".to_owned())),
    };
    let base = base(&app, &hall).await?;
    Ok(Json(match read {
        Ok(policy) => Checked {
            digest: Some(policy.digest.to_string()),
            problems: Vec::new(),
            document: Some((&policy).into()),
            differences: difference(&base, &policy),
        },
        Err(problems) => Checked { digest: None, problems, document: None, differences: Vec::new() },
    }))
}

/// Which recorded episodes would still have been raised under a draft.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/preview", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("X-CSRF-Token" = String, Header, description = "The session's csrf value"),
), request_body = PreviewDraft, responses(
    (status = 200, description = "The preview", body = Preview),
    (status = 400, description = "The draft has problems, or too many days", body = Details, content_type = "application/problem+json"),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "Not for this role", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
))]
pub async fn preview(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(draft): JsonBody<PreviewDraft>,
) -> Result<Json<Preview>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if !(1..=MOST_DAYS).contains(&draft.days) {
        return Err(Failure::Invalid(format!("days is {}, expected 1 to {MOST_DAYS}", draft.days)));
    }
    let rules = valid(&draft.document)?;
    let now = Timestamp::now();
    app.store.note_access(&signed_in.account, "preview_policy", hall.as_str(), now).await?;
    let from = now - Duration::from_secs(u64::from(draft.days) * 86_400);
    let found = app.store.episodes_since(&hall, from, EPISODES).await?;
    let left_out = found.len() >= EPISODES as usize;
    let episodes: Vec<Recorded> =
        found.iter().map(|(newest, first)| recorded(newest, first.as_ref())).collect();
    let verdicts = preview::judge(&episodes, &rules, now);
    let mut summary = preview::summary(&episodes, &verdicts, &rules);
    let (known, under_unknown_rules) = recorded_under(&app, &hall, &episodes).await?;
    for before in &known {
        let looser = preview::looser(before, &rules, from, now);
        for rule in &mut summary {
            rule.looser.extend(looser.get(&rule.rule).into_iter().flatten().map(|name| (*name).to_owned()));
        }
    }
    let judged = episodes.iter().zip(&verdicts).rev().filter(|(_, verdict)| **verdict != Verdict::Raised);
    let changed = judged.take(LISTED).map(|(episode, verdict)| JudgedView {
        id: episode.id.clone(),
        rule: episode.rule,
        place: episode.place.clone(),
        opened_at: episode.opened_at,
        observed_s: episode.at_end.0,
        verdict: *verdict,
    });
    Ok(Json(Preview { from, rules: summary, under_unknown_rules, left_out, changed: changed.collect() }))
}

/// Keeps a version; the same rules are the same version.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/versions", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("X-CSRF-Token" = String, Header, description = "The session's csrf value"),
), request_body = NewVersion, responses(
    (status = 200, description = "The version was there already", body = VersionView),
    (status = 201, description = "The version is kept", body = VersionView),
    (status = 400, description = "The draft has problems", body = Details, content_type = "application/problem+json"),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "Not for this role", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
))]
pub async fn save(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(new): JsonBody<NewVersion>,
) -> Result<(StatusCode, Json<VersionView>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let note = checked_note(&new.note)?;
    let policy = valid(&new.document)?;
    let now = Timestamp::now();
    let account = &signed_in.account;
    let is_new = app.store.save_policy(&hall, &policy.to_toml(), note, account, now).await?;
    if is_new {
        app.store.note_access(account, "save_policy", &format!("{hall} {}", policy.digest), now).await?;
    }
    let kept = find(&app, &hall, &policy.digest).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json((&kept).into())))
}

/// Brings a version to the hall's agents, or to some as a trial. An older version comes back the same way.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/rollouts", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
    ("X-CSRF-Token" = String, Header, description = "The session's csrf value"),
), request_body = RolloutRequest, responses(
    (status = 201, description = "The agents are being asked", body = RolloutView),
    (status = 400, description = "Not an agent of this hall, or the note is too long", body = Details, content_type = "application/problem+json"),
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
    (status = 403, description = "Not for this role", body = Details, content_type = "application/problem+json"),
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
    (status = 401, description = "Nobody is signed in", body = Details, content_type = "application/problem+json"),
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

const NO_VERSION: Failure = Failure::NotFound("no such version of this hall's rules");

/// A hall that is none of the account's is no hall to it.
fn valid(document: &Value) -> Result<Policy, Failure> {
    policy::read(document).map_err(|problems| {
        let told: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.field, p.text)).collect();
        Failure::Invalid(told.join("; "))
    })
}

fn checked_note(note: &str) -> Result<&str, Failure> {
    if note.chars().count() > LONGEST_NOTE {
        return Err(Failure::Invalid(format!("note: expected at most {LONGEST_NOTE} characters")));
    }
    Ok(note.trim())
}

/// The rules in force, or the defaults while agents have rules of their own.
async fn base(app: &App, hall: &HallId) -> Result<Policy, Failure> {
    match app.store.policy_in_force(hall).await? {
        Some(digest) => parsed(&find(app, hall, &digest).await?),
        None => Ok(Policy::default()),
    }
}

async fn find(app: &App, hall: &HallId, digest: &Digest) -> Result<PolicyVersion, Failure> {
    app.store.policy(hall, digest).await?.ok_or(NO_VERSION)
}

/// What is kept was valid when it was kept; a newer program may know better.
fn parsed(version: &PolicyVersion) -> Result<Policy, Failure> {
    Policy::parse(&version.body, "policy.toml")
        .map_err(|e| Failure::Invalid(format!("this version is not valid any more: {e}")))
}

async fn found_rollout(app: &App, hall: &HallId, id: &str) -> Result<RolloutView, Failure> {
    let found = app.store.rollout(hall, id).await?.ok_or(Failure::NotFound("no such rollout"))?;
    Ok(rollout_view(&app.store.agents().await?, hall, found))
}

fn rollout_view(known: &[AgentRow], hall: &HallId, rollout: Rollout) -> RolloutView {
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

/// The rules under which episodes were recorded, as far as they are known here, and for how many they are not.
async fn recorded_under(
    app: &App,
    hall: &HallId,
    episodes: &[Recorded],
) -> Result<(Vec<Policy>, u64), Failure> {
    let mut counts: BTreeMap<&Digest, u64> = BTreeMap::new();
    for episode in episodes {
        *counts.entry(&episode.policy).or_default() += 1;
    }
    let mut known = vec![base(app, hall).await?];
    let mut unknown = 0;
    for (digest, count) in counts {
        match app.store.policy(hall, digest).await? {
            Some(version) => known.push(parsed(&version)?),
            None => unknown += count,
        }
    }
    Ok((known, unknown))
}

fn recorded(newest: &Event, first: Option<&Event>) -> Recorded {
    let evidence = |event: &Event| (event.evidence.observed_s, event.evidence.hit_ratio);
    let place = newest.window.as_ref().map(ToString::to_string);
    let place = place.or_else(|| newest.zone.as_ref().map(ToString::to_string)).unwrap_or_default();
    Recorded {
        id: newest.id.to_string(),
        rule: newest.rule,
        place,
        opened_at: newest.opened_at,
        closed: newest.closed_at.zip(newest.close_reason),
        severity: newest.severity,
        items: newest.evidence.items.clone(),
        at_raise: first.map(evidence),
        at_end: evidence(newest),
        policy: newest.policy.clone(),
    }
}

impl From<&PolicyVersion> for VersionView {
    fn from(version: &PolicyVersion) -> Self {
        Self {
            digest: version.digest.to_string(),
            note: version.note.clone(),
            by: version.by.clone(),
            at: version.at,
        }
    }
}
