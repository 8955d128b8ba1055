//! Who looked at conduct, for auditors.

use super::App;
use super::body::Parameters;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::store::{Access, AccessFilter, AccessRow};
use axum::Json;
use axum::extract::State;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const PER_PAGE: u32 = 100;
const MOST_PER_PAGE: u32 = 500;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessQuery {
    /// Only this hall.
    #[param(value_type = Option<String>)]
    hall: Option<HallId>,
    /// Only by the account of this name.
    name: Option<String>,
    /// Only this action.
    action: Option<String>,
    /// At or after this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Entries older than this number: `next` of the page before.
    before: Option<i64>,
    /// At most 500; 100 if not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of the access log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessLog {
    /// Newest first.
    pub entries: Vec<AccessView>,
    /// Ask for entries before this number for the next page; none on the last.
    pub next: Option<i64>,
}

/// An entry of the access log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessView {
    /// Its number; they rise without gaps.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The account's name; none for central itself and for accounts that are gone.
    pub name: Option<String>,
    /// The account's role.
    pub role: Option<String>,
    /// What was done.
    pub action: String,
    /// In which hall; `*` is every hall.
    pub hall: Option<String>,
    /// At which window.
    pub window: Option<String>,
    /// With which event.
    pub event: Option<String>,
    /// What was in view begins then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// What was in view ends before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// What else there is to say.
    pub subject: String,
    /// The name of the account that it is about.
    pub about: Option<String>,
}

impl From<AccessRow> for AccessView {
    fn from(row: AccessRow) -> Self {
        let time = |micros: Option<i64>| micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let entry = row.entry;
        Self {
            id: entry.id,
            at: row.at,
            name: row.name,
            role: row.role,
            action: entry.action,
            hall: entry.hall,
            window: entry.window,
            event: entry.event,
            from: time(entry.from),
            to: time(entry.to),
            subject: entry.subject,
            about: row.about,
        }
    }
}

/// Who looked at what in the account's halls. Looking at this log is in the log.
#[utoipa::path(get, path = "/api/v1/access-log", tag = "access log", params(AccessQuery), responses(
    (status = 200, description = "A page of the log", body = AccessLog),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<AccessQuery>,
) -> Result<Json<AccessLog>, Failure> {
    let limit = query.limit.unwrap_or(PER_PAGE);
    if !(1..=MOST_PER_PAGE).contains(&limit) {
        return Err(Failure::Invalid(format!("limit is {limit}, expected 1 to {MOST_PER_PAGE}")));
    }
    let filter = AccessFilter {
        halls: signed_in.halls(query.hall)?,
        name: query.name,
        action: query.action,
        from: query.from,
        to: query.to,
        before: query.before,
    };
    let note = Access::to("list_access_log").in_halls(filter.halls.as_deref()).during(filter.from, filter.to);
    app.store.note(&signed_in.account, &note, Timestamp::now()).await?;
    let mut rows = app.store.accesses(&filter, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.entry.id);
    Ok(Json(AccessLog { entries: rows.into_iter().map(Into::into).collect(), next }))
}
