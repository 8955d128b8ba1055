//! What a center head says of an event: seen, confirmed or wrong, a note, not now; and taking it back.
//!
//! Every act is idempotent: saying the same again changes nothing, and who said it first stays. Each one is in the
//! access log, in the event's own history, and on every other open page at once.

use super::App;
use super::body::JsonBody;
use super::events::find;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::review::{Act, Verdict};
use crate::store::Access;
use crate::view::EventView;
use axum::Json;
use axum::extract::{Path, State};
use chuangming_domain::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What an event was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVerdict {
    /// `confirmed` or `wrong`.
    verdict: Verdict,
}

/// A remark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    text: String,
}

/// Not now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSnooze {
    /// Until when, at most 24 hours from now.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Why: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Takes note of an event; who does so first stays.
#[utoipa::path(put, path = "/api/v1/events/{id}/acknowledgement", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn acknowledge(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::Acknowledge).await
}

/// Takes the acknowledgement back.
#[utoipa::path(delete, path = "/api/v1/events/{id}/acknowledgement", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn withdraw_acknowledgement(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::WithdrawAcknowledgement).await
}

/// Confirms an event or marks it as wrong; whoever decides has seen it.
#[utoipa::path(put, path = "/api/v1/events/{id}/verdict", tag = "events", request_body = NewVerdict, params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn decide(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewVerdict>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::Decide(body.verdict)).await
}

/// Takes the verdict back; the event is undecided again.
#[utoipa::path(delete, path = "/api/v1/events/{id}/verdict", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn withdraw_verdict(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::WithdrawVerdict).await
}

/// Writes the note of an event, in place of the last one.
#[utoipa::path(put, path = "/api/v1/events/{id}/note", tag = "events", request_body = NewNote, params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn note(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewNote>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::Note(body.text)).await
}

/// Removes the note.
#[utoipa::path(delete, path = "/api/v1/events/{id}/note", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn remove_note(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::RemoveNote).await
}

/// Puts an alert aside for a while, with a reason.
#[utoipa::path(put, path = "/api/v1/events/{id}/snooze", tag = "events", request_body = NewSnooze, params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn snooze(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewSnooze>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::Snooze { until: body.until, reason: body.reason }).await
}

/// Takes the alert up again.
#[utoipa::path(delete, path = "/api/v1/events/{id}/snooze", tag = "events", params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 200, description = "The event as it stands now", body = EventView),
    (status = 404, description = "No such event in the account's halls", body = Details,
     content_type = "application/problem+json"),
))]
pub async fn end_snooze(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    review(&app, &signed_in, &id, Act::EndSnooze).await
}

async fn review(app: &App, signed_in: &SignedIn, id: &str, act: Act) -> Result<Json<EventView>, Failure> {
    let episode = find(app, signed_in, id).await?;
    let (account, now) = (&signed_in.account, Timestamp::now());
    let act = act.checked(now).map_err(Failure::Invalid)?;
    app.store.note(account, &Access::to(act.name()).of_event(&episode.event), now).await?;
    let turn = app.hub.turn().await;
    if let Some(change) = app.store.review(&episode.event, &account.id, &act, now).await? {
        app.hub.tell(&app.store, &[change], turn).await;
    }
    let episode = find(app, signed_in, id).await?;
    Ok(Json((&episode).into()))
}
