//! What halls and windows are called.

use super::App;
use super::body::JsonBody;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::config::{Hall, Window};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

const LONGEST_NAME: usize = 64;
const MOST_WINDOWS: usize = 200;

/// Halls and windows by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Directory {
    /// In the order to show them.
    pub halls: Vec<NamedHall>,
}

/// A hall by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NamedHall {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its windows, in the order to show them.
    pub windows: Vec<NamedWindow>,
}

/// A window by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NamedWindow {
    /// Its id, unique in its hall.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// How a hall and its windows shall be called, in the order to show them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameHall {
    /// 1 to 64 characters.
    name: String,
    /// At most 200.
    #[serde(default)]
    windows: Vec<NameWindow>,
}

/// How a window shall be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameWindow {
    /// The id that agents use.
    #[schema(value_type = String)]
    id: WindowId,
    /// 1 to 64 characters.
    name: String,
}

impl From<&Hall> for NamedHall {
    fn from(hall: &Hall) -> Self {
        let window = |window: &Window| NamedWindow { id: window.id.to_string(), name: window.name.clone() };
        Self {
            id: hall.id.to_string(),
            name: hall.name.clone(),
            windows: hall.windows.iter().map(window).collect(),
        }
    }
}

/// The account's halls by name; administrators see all, to set up accounts for them.
#[utoipa::path(get, path = "/api/v1/directory", tag = "halls", responses(
    (status = 200, description = "Halls and windows by name", body = Directory),
    (status = 403, description = "The password has to be changed first", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Directory>, Failure> {
    let halls = app.store.directory(&app.halls).await?;
    let all = signed_in.account.role == crate::role::Role::Administrator;
    let visible = halls.iter().filter(|hall| all || signed_in.sees(hall.id.as_str()));
    Ok(Json(Directory { halls: visible.map(Into::into).collect() }))
}

/// Names a hall and its windows. What central.toml calls them no longer counts for this hall.
#[utoipa::path(put, path = "/api/v1/directory/{hall}", tag = "halls", request_body = NameHall, params(
    ("hall" = String, Path, description = "The hall's id"),
), responses(
    (status = 200, description = "The hall", body = NamedHall),
))]
pub async fn name(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<NameHall>,
) -> Result<Json<NamedHall>, Failure> {
    let id: HallId = hall.parse().map_err(|e| Failure::Invalid(format!("{e}")))?;
    if body.windows.len() > MOST_WINDOWS {
        return Err(Failure::Invalid(format!("windows: expected at most {MOST_WINDOWS}")));
    }
    let mut windows = Vec::with_capacity(body.windows.len());
    let mut seen = BTreeSet::new();
    for window in body.windows {
        if !seen.insert(window.id.clone()) {
            return Err(Failure::Invalid(format!("windows: {} is there twice", window.id)));
        }
        windows.push(Window { name: named(&window.name)?, id: window.id });
    }
    let hall = Hall { id, name: named(&body.name)?, windows };
    app.store.put_hall(&signed_in.account, &hall, Timestamp::now()).await?;
    Ok(Json((&hall).into()))
}

/// Forgets what a hall was called here; what central.toml calls it counts again.
#[utoipa::path(delete, path = "/api/v1/directory/{hall}", tag = "halls", params(
    ("hall" = String, Path, description = "The hall's id"),
), responses(
    (status = 204, description = "Forgotten"),
    (status = 404, description = "It was not named here", body = Details, content_type = "application/problem+json"),
))]
pub async fn forget(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<StatusCode, Failure> {
    let missing = || Failure::NotFound("that hall was not named here");
    let id: HallId = hall.parse().map_err(|_| missing())?;
    if app.store.drop_hall(&signed_in.account, &id, Timestamp::now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
}

fn named(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(Failure::Invalid(format!("name: expected 1 to {LONGEST_NAME} characters")));
    }
    Ok(text.to_owned())
}
