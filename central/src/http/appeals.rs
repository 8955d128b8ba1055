//! Appeals, for center heads: each is answered by somebody other than who confirmed the event.

use super::App;
use super::body::{JsonBody, Parameters};
use super::checks::text;
use super::paging::Paging;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::review::Verdict;
use crate::staff::appeal::{Choice, Decision, LONGEST_TEXT};
use crate::store::{Access, AppealRow, NotAnswered};
use crate::view::{EventView, MarkView};
use axum::Json;
use axum::extract::{Path, State};
use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which appeals.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AppealQuery {
    /// Those that ended instead of those that wait.
    ended: Option<bool>,
    /// Counted from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// At most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<u32>,
}

/// A page of appeals.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Appeals {
    /// Those that wait by their deadline, those that ended newest first.
    pub appeals: Vec<AppealOfEvent>,
    /// Counted from 1.
    pub page: u32,
    /// How many are on a page.
    pub per_page: u32,
    /// How many there are in all.
    pub total: u64,
}

/// An appeal with its event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AppealOfEvent {
    /// The appeal.
    #[serde(flatten)]
    pub appeal: AppealView,
    /// The event.
    pub event: EventView,
    /// Whether this account may answer: not where it confirmed the event.
    pub may_answer: bool,
    /// Whether it waits and the hall has no head but who confirmed the event: unless the administrator gives the hall to another
    /// head, nobody can answer and the event is dropped at the deadline.
    pub nobody_may: bool,
}

/// An appeal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Appeal)]
pub struct AppealView {
    /// Its id.
    pub id: String,
    /// The event's id.
    pub event_id: String,
    /// What was said of the event.
    pub choice: Choice,
    /// In their own words.
    pub text: String,
    /// Who made it, and when.
    pub made: MarkView,
    /// Until when it has to be answered.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// How it ended; null while it waits.
    #[schema(required)]
    pub answer: Option<AnswerView>,
}

/// How an appeal ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = AppealAnswer)]
pub struct AnswerView {
    /// `dropped` means that nobody answered in time.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Who answered, and when; null where nobody did.
    #[schema(required)]
    pub mark: Option<MarkView>,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum AnswerChoice {
    Granted,
    Refused,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerAppeal {
    /// `granted`: the event does not count; `refused`: it stays.
    decision: AnswerChoice,
    /// Why, 1 to 500 characters; the staff member reads it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

impl From<&AppealRow> for AppealView {
    fn from(row: &AppealRow) -> Self {
        Self {
            id: row.id.clone(),
            event_id: row.event_id.clone(),
            choice: row.choice,
            text: row.text.clone(),
            made: (&row.made).into(),
            due: row.due,
            answer: row.ended.as_ref().map(|(decision, mark, reason)| AnswerView {
                decision: *decision,
                reason: reason.clone(),
                mark: mark.as_ref().map(Into::into),
            }),
        }
    }
}

/// A page of the appeals of the account's halls.
#[utoipa::path(get, path = "/api/v1/appeals", tag = "appeals", params(AppealQuery), responses(
    (status = 200, description = "A page of appeals", body = Appeals),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<AppealQuery>,
) -> Result<Json<Appeals>, Failure> {
    let halls = signed_in.account.halls.as_deref();
    app.store.note(&signed_in.account, &Access::to("list_appeals").in_halls(halls), Timestamp::now()).await?;
    let Paging { page, per_page } = Paging::of(query.page, query.per_page)?;
    let (rows, total) = app.store.appeals(halls, !query.ended.unwrap_or(false), page - 1, per_page).await?;
    let mut heads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut appeals = Vec::new();
    for row in rows {
        let Ok(id) = row.event_id.parse() else { continue };
        let Some(episode) = app.store.event(EventId(id)).await? else { continue };
        if !heads.contains_key(&row.hall) {
            heads.insert(row.hall.clone(), app.store.heads_of(&row.hall).await?);
        }
        let confirmed = episode.review.verdict.as_ref().filter(|(verdict, _)| *verdict == Verdict::Confirmed);
        let confirmed_by = confirmed.map(|(_, mark)| mark.account_id.as_str());
        let waits = row.ended.is_none() && row.due > Timestamp::now();
        let may_answer = waits && confirmed_by != Some(signed_in.account.id.as_str());
        let nobody_may = waits && heads[&row.hall].iter().all(|head| confirmed_by == Some(head.as_str()));
        let (appeal, event) = ((&row).into(), (&episode).into());
        appeals.push(AppealOfEvent { appeal, event, may_answer, nobody_may });
    }
    Ok(Json(Appeals { appeals, page, per_page, total }))
}

/// Answers an appeal, once; whoever confirmed the event may not.
#[utoipa::path(post, path = "/api/v1/appeals/{id}/answer", tag = "appeals", request_body = AnswerAppeal, params(
    ("id" = String, Path, description = "The appeal's id"),
), responses(
    (status = 200, description = "The appeal as it stands now", body = AppealView),
    (status = 404, description = "No such appeal in the account's halls", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "It ended, is late, or this account confirmed the event", body = Details, content_type = "application/problem+json"),
))]
pub async fn answer(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<AnswerAppeal>,
) -> Result<Json<AppealView>, Failure> {
    let missing = || Failure::NotFound("no such appeal");
    let reason = text("reason", &body.reason, LONGEST_TEXT)?;
    let row = app.store.appeal(&id).await?.filter(|row| signed_in.sees(&row.hall)).ok_or_else(missing)?;
    let event = EventId(row.event_id.parse().map_err(|_| missing())?);
    let episode = app.store.event(event).await?.ok_or_else(missing)?;
    let granted = body.decision == AnswerChoice::Granted;
    let turn = app.hub.turn().await;
    let done = app
        .store
        .answer_appeal(&id, &episode.event, &signed_in.account, (granted, &reason), Timestamp::now())
        .await?;
    let change = done.map_err(|refusal| match refusal {
        NotAnswered::Missing => missing(),
        NotAnswered::Refused(crate::staff::appeal::Refusal::Ended) => {
            Failure::Conflict("the appeal has ended")
        }
        NotAnswered::Refused(crate::staff::appeal::Refusal::Late) => {
            Failure::Conflict("the time to answer is over and the event is dropped")
        }
        NotAnswered::Refused(crate::staff::appeal::Refusal::OwnDecision) => {
            Failure::Conflict("somebody else must answer: you confirmed the event")
        }
    })?;
    app.hub.tell(&app.store, &[change], turn).await;
    Ok(Json((&app.store.appeal(&id).await?.ok_or_else(missing)?).into()))
}
