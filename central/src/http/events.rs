//! Events: open alerts, the list with filters, and one event with its history.

use super::App;
use super::body::Parameters;
use super::paging::Paging;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::review::Verdict;
use crate::store::{Access, Episode, EventFilter};
use crate::view::{EventView, MessageView, Models, ReviewStepView};
use axum::Json;
use axum::extract::{Path, State};
use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use chuangming_domain::id::{HallId, WindowId, ZoneId};
use chuangming_domain::rule::{Rule, Severity};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The open alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Alerts {
    /// The number of the newest change that is certainly in here.
    pub cursor: i64,
    /// Newest first; historical ones are never among them.
    pub events: Vec<EventView>,
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// Only this hall.
    #[param(value_type = Option<String>)]
    hall: Option<HallId>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Only this hall.
    #[param(value_type = Option<String>)]
    hall: Option<HallId>,
    /// Only this window.
    #[param(value_type = Option<String>)]
    window: Option<WindowId>,
    /// Only this smoking zone.
    #[param(value_type = Option<String>)]
    zone: Option<ZoneId>,
    /// Only this rule.
    #[param(schema_with = super::schema::rule)]
    rule: Option<Rule>,
    /// Only this severity.
    #[param(schema_with = super::schema::severity)]
    severity: Option<Severity>,
    /// Opened at or after this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Opened before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Only open ones, or only closed ones.
    #[param(inline)]
    state: Option<StateQuery>,
    /// Only acknowledged ones, or only others.
    acknowledged: Option<bool>,
    /// Only historical ones, or only live ones.
    historical: Option<bool>,
    /// Only confirmed ones, only wrong ones, or only those that nobody decided.
    #[param(inline)]
    verdict: Option<VerdictQuery>,
    /// Counted from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// At most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<u32>,
}

/// Open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum StateQuery {
    Open,
    Closed,
}

/// Confirmed, wrong, or not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum VerdictQuery {
    Confirmed,
    Wrong,
    None,
}

impl VerdictQuery {
    const fn verdict(self) -> Option<Verdict> {
        match self {
            VerdictQuery::Confirmed => Some(Verdict::Confirmed),
            VerdictQuery::Wrong => Some(Verdict::Wrong),
            VerdictQuery::None => None,
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Events {
    /// Newest first.
    pub events: Vec<EventView>,
    /// Counted from 1.
    pub page: u32,
    /// How many are on a page.
    pub per_page: u32,
    /// How many there are in all.
    pub total: u64,
}

/// One event with its history.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventDetails {
    /// As it stands.
    pub event: EventView,
    /// Its messages in their order.
    pub messages: Vec<MessageView>,
    /// What center heads said of it, oldest first.
    pub review: Vec<ReviewStepView>,
    /// Content hash of the policy in force.
    pub policy: String,
    /// Content hash of the calibration in force.
    pub calibration: String,
    /// Content hash of the model behind each signal that was used.
    pub models: Models,
}

/// The open alerts of the account's halls.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertQuery), responses(
    (status = 200, description = "The open alerts", body = Alerts),
))]
pub async fn alerts(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<AlertQuery>,
) -> Result<Json<Alerts>, Failure> {
    let halls = signed_in.halls(query.hall)?;
    let note = Access::to("list_alerts").in_halls(halls.as_deref());
    app.store.note(&signed_in.account, &note, Timestamp::now()).await?;
    let cursor = app.store.cursor().await?;
    let events = app.store.open_events(halls).await?.iter().map(Into::into).collect();
    Ok(Json(Alerts { cursor, events }))
}

/// A page of events.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(EventQuery), responses(
    (status = 200, description = "A page of events", body = Events),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<EventQuery>,
) -> Result<Json<Events>, Failure> {
    let Paging { page, per_page } = Paging::of(query.page, query.per_page)?;
    let filter = EventFilter {
        halls: signed_in.halls(query.hall)?,
        window: query.window,
        zone: query.zone,
        rule: query.rule,
        severity: query.severity,
        from: query.from,
        to: query.to,
        open: query.state.map(|state| state == StateQuery::Open),
        acknowledged: query.acknowledged,
        historical: query.historical,
        verdict: query.verdict.map(VerdictQuery::verdict),
        suspended: None,
    };
    let note = Access::to("list_events").in_halls(filter.halls.as_deref()).at_window(filter.window.as_ref());
    app.store.note(&signed_in.account, &note.during(filter.from, filter.to), Timestamp::now()).await?;
    let found = app.store.events(&filter, page - 1, per_page).await?;
    let events = found.episodes.iter().map(Into::into).collect();
    Ok(Json(Events { events, page, per_page, total: found.total }))
}

/// One event with its messages and reason.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event", body = EventDetails),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventDetails>, Failure> {
    let episode = find(&app, &signed_in, &id).await?;
    let note = Access::to("view_event").of_event(&episode.event);
    app.store.note(&signed_in.account, &note, Timestamp::now()).await?;
    let messages = app.store.messages(episode.event.id).await?;
    let review = app.store.review_steps(episode.event.id).await?;
    let event = &episode.event;
    Ok(Json(EventDetails {
        messages: messages
            .iter()
            .map(|message| MessageView {
                seq: message.event.seq,
                phase: message.event.phase,
                at: message.event.at,
                stored_at: message.stored_at,
                confidence: message.event.confidence,
                evidence: (&message.event.evidence).into(),
            })
            .collect(),
        review: review.iter().map(Into::into).collect(),
        policy: event.policy.to_string(),
        calibration: event.calibration.to_string(),
        models: event
            .models
            .iter()
            .map(|(signal, hash)| (signal.name().to_owned(), hash.to_string()))
            .collect(),
        event: (&episode).into(),
    }))
}

/// An event of a hall that the account does not see is no event to it.
pub(super) async fn find(app: &App, signed_in: &SignedIn, id: &str) -> Result<Episode, Failure> {
    let missing = || Failure::NotFound("no such event");
    let id = EventId(id.parse().map_err(|_| missing())?);
    let episode = app.store.event(id).await?.ok_or_else(missing)?;
    if signed_in.sees(episode.event.hall.as_str()) { Ok(episode) } else { Err(missing()) }
}
