//! Halls: windows with their open events and health, and agents.

use super::App;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::board::Board;
use crate::duty::{Cause, Stretch, rests};
use crate::view::HallView;
use axum::Json;
use axum::extract::State;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// The halls that the account sees.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Halls {
    /// The number of the newest change that is certainly in here.
    pub cursor: i64,
    /// By id.
    pub halls: Vec<HallView>,
}

/// The halls with what is going on in them.
#[utoipa::path(get, path = "/api/v1/halls", tag = "halls", responses(
    (status = 200, description = "The account's halls", body = Halls),
))]
pub async fn list(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Halls>, Failure> {
    let cursor = app.store.cursor().await?;
    let episodes = if signed_in.sees_conduct().is_ok() {
        app.store.note_access(&signed_in.account, "list_halls", "", Timestamp::now()).await?;
        Some(app.store.open_events(signed_in.account.halls.clone()).await?)
    } else {
        None
    };
    let mut halls = app.store.directory(&app.halls).await?;
    // An account's hall is shown even before anything is known of it.
    for own in signed_in.account.halls.iter().flatten() {
        if !halls.iter().any(|hall| hall.id == *own) {
            halls.push(crate::config::Hall { id: own.clone(), name: own.to_string(), windows: Vec::new() });
        }
    }
    let mut board = Board {
        halls,
        places: app.store.places().await?,
        agents: app.store.agents().await?,
        problems: app.store.open_problems().await?,
        floor: app.store.floor().await?,
        resting: BTreeMap::new(),
        episodes,
    };
    let seen: BTreeSet<_> =
        board.halls.iter().map(|hall| &hall.id).chain(board.places.iter().map(|p| &p.hall)).collect();
    let seen: Vec<_> = seen.into_iter().filter(|hall| signed_in.sees(hall.as_str())).cloned().collect();
    board.resting = resting(&app, &seen).await?;
    Ok(Json(Halls { cursor, halls: board.view(|hall| signed_in.sees(hall)) }))
}

/// Which windows are without service now, and why.
pub(super) async fn resting(
    app: &App,
    halls: &[HallId],
) -> Result<BTreeMap<(HallId, WindowId), Cause>, Failure> {
    let now = Timestamp::now();
    let moment = Stretch { from: now, to: now + jiff::SignedDuration::from_millis(1) };
    let configured = app.store.directory(&app.halls).await?;
    let places = app.store.places().await?;
    let mut all = BTreeMap::new();
    for hall in halls {
        let named = configured
            .iter()
            .filter(|known| known.id == *hall)
            .flat_map(|known| known.windows.iter().map(|w| w.id.clone()));
        let spoken_of = places
            .iter()
            .filter(|place| place.hall == *hall)
            .filter_map(|place| WindowId::new(&*place.place).ok());
        let windows: BTreeSet<_> = named.chain(spoken_of).collect();
        let plan = app.store.plan(hall, moment).await?;
        all.extend(windows.into_iter().filter_map(|window| {
            let cause = rests(&plan, &window, now)?;
            Some(((hall.clone(), window), cause))
        }));
    }
    Ok(all)
}
