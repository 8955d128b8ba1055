//! Enrolment: tokens for installers, and the one request of a machine that spends one.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::enrol::EnrolError;
use crate::store::Enrolment;
use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_domain::enrol::EnrolRequest;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_portal::door::Peer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

const HISTORY: u32 = 200;
const HOURS: u32 = 24;
const MOST_HOURS: u32 = 7 * 24;

/// The tokens of the account's halls.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Enrolments {
    /// Newest first.
    pub enrolments: Vec<EnrolmentView>,
    /// Whether central knows what to tell new agents.
    pub ready: bool,
}

/// A token that was made; its secret is shown once, to whoever made it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Enrolment)]
pub struct EnrolmentView {
    /// Its id.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// What the agent will be called there.
    pub agent: String,
    /// Who made it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: EnrolmentState,
    /// When it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// The address that used it.
    pub used_from: Option<String>,
}

/// Where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentState {
    /// It can be used.
    Open,
    /// It was used.
    Used,
    /// It was taken back, or another was made for the same agent.
    Cancelled,
    /// Its time is over.
    Expired,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnrolment {
    /// The hall.
    #[schema(value_type = String)]
    hall: HallId,
    /// What the agent will be called there.
    #[schema(value_type = String, example = "edge-01")]
    agent: AgentId,
    /// For how many hours it is good, 1 to 168; 24 if not given.
    #[schema(minimum = 1, maximum = 168)]
    hours: Option<u32>,
}

/// A new token.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MadeEnrolment {
    /// The token's place in the list.
    #[serde(flatten)]
    pub enrolment: EnrolmentView,
    /// The command that the machine runs; it holds the token, which is never shown again.
    pub command: String,
}

/// The tokens of the account's halls.
#[utoipa::path(get, path = "/api/v1/enrolments", tag = "fleet", responses(
    (status = 200, description = "The tokens", body = Enrolments),
))]
pub async fn list(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Enrolments>, Failure> {
    let now = Timestamp::now();
    let rows = app.store.enrolments(HISTORY).await?;
    let own = rows.iter().filter(|row| signed_in.sees(row.hall.as_str()));
    Ok(Json(Enrolments {
        enrolments: own.map(|row| view(row, now)).collect(),
        ready: app.registrar.is_ready(),
    }))
}

/// Makes a token for a new agent, or for one that is set up anew. Older tokens of that agent are taken back.
#[utoipa::path(post, path = "/api/v1/enrolments", tag = "fleet", request_body = NewEnrolment, responses(
    (status = 201, description = "The token, shown once", body = MadeEnrolment),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
    (status = 503, description = "Central does not know what to tell agents", body = Details, content_type = "application/problem+json"),
))]
pub async fn make(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    JsonBody(new): JsonBody<NewEnrolment>,
) -> Result<(StatusCode, Json<MadeEnrolment>), Failure> {
    let hall = signed_in.own_hall(new.hall.as_str())?;
    let hours = new.hours.unwrap_or(HOURS);
    if !(1..=MOST_HOURS).contains(&hours) {
        return Err(Failure::Invalid(format!("hours is {hours}, expected 1 to {MOST_HOURS}")));
    }
    let made = app.registrar.make().ok_or(Failure::Unavailable("central.toml has no [enrolment]"))?;
    let now = Timestamp::now();
    let row = Enrolment {
        id: uuid::Uuid::now_v7().to_string(),
        hall,
        agent: new.agent,
        by: signed_in.account.name.clone(),
        created_at: now,
        expires_at: now + Duration::from_secs(u64::from(hours) * 3600),
        used: None,
        cancelled_at: None,
    };
    let subject = format!("{}/{}", row.hall, row.agent);
    app.store.note_access(&signed_in.account, "make_enrolment", &subject, now).await?;
    app.store.add_enrolment(&row, &made.secret_hash).await?;
    Ok((StatusCode::CREATED, Json(MadeEnrolment { enrolment: view(&row, now), command: made.command })))
}

/// Takes a token back.
#[utoipa::path(delete, path = "/api/v1/enrolments/{id}", tag = "fleet", params(
    ("id" = String, Path, description = "The token's id"),
), responses(
    (status = 204, description = "It is good no more"),
    (status = 404, description = "No such open token in the account's halls", body = Details, content_type = "application/problem+json"),
))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let missing = Failure::NotFound("no such open token in your halls");
    let now = Timestamp::now();
    let rows = app.store.enrolments(HISTORY).await?;
    let Some(row) = rows.iter().find(|row| row.id == id && signed_in.sees(row.hall.as_str())) else {
        return Err(missing);
    };
    if !app.store.cancel_enrolment(&row.id, now).await? {
        return Err(missing);
    }
    let subject = format!("{}/{}", row.hall, row.agent);
    app.store.note_access(&signed_in.account, "cancel_enrolment", &subject, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Spends a token: the machine gets all that it needs to be an agent of its hall. Nobody is signed in; the token is
/// the right, and tries are counted by address like those of the sign-in.
#[utoipa::path(post, path = "/api/v1/enrol", tag = "fleet", request_body(content = Object,
    description = "`{\"secret\": \"…\", \"version\": \"…\"}`, as `edge-agent enrol` sends it"), responses(
    (status = 200, description = "Hall, name, broker with login, configuration key and rules", body = Object),
    (status = 403, description = "The token is unknown, spent, taken back or too old", body = Details, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries", body = Details, content_type = "application/problem+json"),
))]
pub async fn enrol(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    JsonBody(request): JsonBody<EnrolRequest>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let address = peer.0.ip();
    app.tries.take(address, now).map_err(Failure::TooMany)?;
    let _turn = app.hashing.acquire().await.map_err(|_| Failure::Unavailable("central is stopping"))?;
    match app.registrar.enrol(&app.store, &request.secret, &address.to_string(), now).await {
        Ok(enrolled) => {
            tracing::info!(hall = %enrolled.hall, agent = %enrolled.agent, from = %address, "an agent was enrolled");
            Ok(Json(enrolled).into_response())
        }
        Err(EnrolError::Token) => {
            metrics::counter!("central_refused_total", "reason" => "enrolment").increment(1);
            Err(Failure::Forbidden("the token is unknown, spent, taken back or too old: make a new one"))
        }
        Err(EnrolError::Store(error)) => Err(error.into()),
        Err(EnrolError::Hash(error)) => {
            tracing::error!(error, "an agent could not be enrolled");
            Err(Failure::Unavailable("the password cannot be hashed"))
        }
    }
}

fn view(row: &Enrolment, now: Timestamp) -> EnrolmentView {
    let state = match (&row.used, row.cancelled_at) {
        (Some(_), _) => EnrolmentState::Used,
        (None, Some(_)) => EnrolmentState::Cancelled,
        (None, None) if row.expires_at <= now => EnrolmentState::Expired,
        (None, None) => EnrolmentState::Open,
    };
    EnrolmentView {
        id: row.id.clone(),
        hall: row.hall.to_string(),
        agent: row.agent.to_string(),
        by: row.by.clone(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        state,
        used_at: row.used.as_ref().map(|(at, _)| *at),
        used_from: row.used.as_ref().map(|(_, from)| from.clone()),
    }
}
