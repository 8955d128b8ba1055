//! Screens on a wall: which windows serve, and whether the system sees. No conduct, whoever stands before them.
//!
//! A screen has a link of its own that can be revoked; its token is in the part of the address that browsers keep to
//! themselves, and comes in a header.

use super::App;
use super::body::JsonBody;
use super::checks::text;
use super::halls::resting;
use super::problem::{Details, Failure};
use super::signed_in::{SignedIn, hash, secret};
use crate::board::Board;
use crate::store::Display;
use crate::view::{Localised, WindowState};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The header with a screen's token.
pub const DISPLAY_HEADER: &str = "x-display-token";
const LONGEST_NAME: usize = 40;
const MOST_DISPLAYS: usize = 20;
const MOST_PLACES: usize = 200;
/// The floor's cells in each direction.
const FLOOR: i64 = 12;

/// What a screen shows of a hall.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Wall {
    /// What the hall is called.
    pub name: String,
    /// Its windows.
    pub windows: Vec<WallWindow>,
    /// What is wrong with the system now.
    pub problems: Vec<Localised>,
    /// How many agents there are, and how many are connected.
    pub agents: u32,
    /// How many of them are connected.
    pub agents_online: u32,
}

/// A window on a screen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WallWindow {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether the system can see it.
    pub state: WindowState,
    /// Why there is no service now, if that is known.
    #[schema(required)]
    pub resting: Option<String>,
    /// Its cell on the floor plan.
    #[schema(required)]
    pub place: Option<crate::view::PlaceView>,
}

/// A hall's screens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Displays {
    /// Oldest first.
    pub displays: Vec<DisplayView>,
}

/// A screen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Display)]
pub struct DisplayView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
}

/// A screen to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeDisplay {
    /// 1 to 40 characters.
    #[schema(min_length = 1, max_length = 40)]
    name: String,
}

/// A screen with its token, shown once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MadeDisplay {
    /// The screen.
    #[serde(flatten)]
    pub display: DisplayView,
    /// What follows `/wall#` in the screen's address.
    pub token: String,
}

/// Where a hall's windows are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutFloor {
    /// Windows that are left out have no place.
    #[schema(max_items = 200)]
    places: Vec<FloorPlaceBody>,
}

/// Where a window is: 12 × 12 cells, counted from 0 at the top left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FloorPlace)]
pub struct FloorPlaceBody {
    /// The window.
    #[schema(value_type = String)]
    window: WindowId,
    /// The column.
    #[schema(minimum = 0, maximum = 11)]
    x: i64,
    /// The row.
    #[schema(minimum = 0, maximum = 11)]
    y: i64,
}

impl From<Display> for DisplayView {
    fn from(display: Display) -> Self {
        Self { id: display.id, name: display.name, made_at: display.made_at }
    }
}

/// What a screen shows. The screen's token comes in `X-Display-Token`.
#[utoipa::path(get, path = "/api/v1/wall", tag = "wall", params(
    ("X-Display-Token" = Option<String>, Header, description = "The screen's token"),
), responses(
    (status = 200, description = "Service and health, no conduct", body = Wall),
    (status = 404, description = "No such screen, or not any more", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Wall>, Failure> {
    let missing = || Failure::NotFound("no such screen, or not any more");
    let token = headers.get(DISPLAY_HEADER).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let hall = app.store.display_hall(&hash(token)).await?.ok_or_else(missing)?;
    let board = Board {
        halls: app.store.directory(&app.halls).await?,
        places: app.store.places().await?,
        agents: app.store.agents().await?,
        problems: app.store.open_problems().await?,
        floor: app.store.floor().await?,
        resting: resting(&app, std::slice::from_ref(&hall)).await?,
        episodes: None,
    };
    let view = board.view(|id| id == hall.as_str()).into_iter().next().ok_or_else(missing)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Json(Wall {
        name: view.name,
        agents: count(view.agents.len()),
        agents_online: count(view.agents.iter().filter(|agent| agent.agent.online).count()),
        problems: view
            .agents
            .iter()
            .flat_map(|agent| &agent.problems)
            .map(|problem| problem.title.clone())
            .collect(),
        windows: view
            .windows
            .into_iter()
            .map(|w| WallWindow {
                id: w.id,
                name: w.name,
                state: w.state,
                resting: w.resting,
                place: w.place,
            })
            .collect(),
    }))
}

/// A hall's screens.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/displays", tag = "wall", params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 200, description = "The screens", body = Displays)))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<Json<Displays>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let displays = app.store.displays(&hall).await?;
    Ok(Json(Displays { displays: displays.into_iter().map(Into::into).collect() }))
}

/// Makes a link for a screen.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/displays", tag = "wall", request_body = MakeDisplay, params(
    ("hall" = String, Path, description = "The hall"),
), responses(
    (status = 201, description = "Made; the token is shown this once", body = MadeDisplay),
    (status = 409, description = "The hall has 20 already", body = Details, content_type = "application/problem+json"),
))]
pub async fn make(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<MakeDisplay>,
) -> Result<(StatusCode, Json<MadeDisplay>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let name = text("name", &body.name, LONGEST_NAME)?;
    if app.store.displays(&hall).await?.len() >= MOST_DISPLAYS {
        return Err(Failure::Conflict("the hall has 20 screens already"));
    }
    let token = secret();
    let display =
        app.store.make_display(&signed_in.account, &hall, &name, &hash(&token), Timestamp::now()).await?;
    Ok((StatusCode::CREATED, Json(MadeDisplay { display: display.into(), token })))
}

/// Revokes a screen's link.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/displays/{id}", tag = "wall", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The screen's id"),
), responses((status = 204, description = "Revoked")))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if app.store.revoke_display(&signed_in.account, &hall, &id, Timestamp::now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::NotFound("no such screen"))
    }
}

/// Places a hall's windows as they are on the floor.
#[utoipa::path(put, path = "/api/v1/halls/{hall}/floor", tag = "halls", request_body = PutFloor, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 204, description = "Placed")))]
pub async fn put_floor(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<PutFloor>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let places: Vec<_> = body.places.into_iter().map(|p| (p.window, p.x, p.y)).collect();
    let inside = places.iter().all(|(_, x, y)| (0..FLOOR).contains(x) && (0..FLOOR).contains(y));
    let twice = |n: usize| {
        places[n + 1..].iter().any(|(w, x, y)| *w == places[n].0 || (*x, *y) == (places[n].1, places[n].2))
    };
    if !inside || places.len() > MOST_PLACES || (0..places.len()).any(twice) {
        return Err(Failure::Invalid(format!(
            "places: expected each window once, in a cell of its own, 0 to {}",
            FLOOR - 1
        )));
    }
    app.store.put_floor(&signed_in.account, &hall, &places, Timestamp::now()).await?;
    app.duty_changed(&hall, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
