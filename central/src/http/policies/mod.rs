//! The rules of a hall: versions and their differences; [`preview`] from what was recorded, and [`rollouts`] to the agents.
//!
//! Everybody of a hall may read its rules. The center head and administrators change them.

pub mod preview;
pub mod rollouts;

use super::App;
use super::body::{JsonBody, Parameters};
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::permission::may;
use crate::policy::{self, Difference, Document, PolicyProblem, difference};
use crate::store::PolicyVersion;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::HallId;
use chuangming_domain::policy::Policy;
use rollouts::{RolloutView, rollout_view};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How many versions and rollouts are shown.
const HISTORY: u32 = 100;
const LONGEST_NOTE: usize = 300;

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
), request_body = Draft, responses(
    (status = 200, description = "What is wrong, or what it comes to", body = Checked),
    (status = 400, description = "Neither document nor text", body = Details, content_type = "application/problem+json"),
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

/// Keeps a version; the same rules are the same version.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/versions", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
), request_body = NewVersion, responses(
    (status = 200, description = "The version was there already", body = VersionView),
    (status = 201, description = "The version is kept", body = VersionView),
    (status = 400, description = "The draft has problems", body = Details, content_type = "application/problem+json"),
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

const NO_VERSION: Failure = Failure::NotFound("no such version of this hall's rules");

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
