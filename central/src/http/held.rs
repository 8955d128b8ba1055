//! What is held about oneself: a copy of everything, and who looked at it.

use super::App;
use super::access_log::AccessView;
use super::appeals::AppealView;
use super::body::Parameters;
use super::me::own_post;
use super::own::Mine;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::duty::{Stretch, zone};
use crate::store::{Access, Posted};
use crate::view::EventView;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LOOKS: u32 = 50;

/// Which part of the list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LooksQuery {
    /// Entries older than this number: `next` of the page before.
    before: Option<i64>,
}

/// Who looked at what happened at one's posts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Looks {
    /// Newest first.
    pub entries: Vec<AccessView>,
    /// Ask for entries before this number for the next page; null on the last.
    #[schema(required)]
    pub next: Option<i64>,
}

/// Who looked at what happened at one's posts.
#[utoipa::path(get, path = "/api/v1/me/looks", tag = "me", params(LooksQuery), responses(
    (status = 200, description = "A page of the access log", body = Looks),
))]
pub async fn looks(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<LooksQuery>,
) -> Result<Json<Looks>, Failure> {
    let entries = who_looked(&app, &signed_in.account.id, query.before, LOOKS).await?;
    let next = (entries.len() == LOOKS as usize).then(|| entries.last().map(|entry| entry.id)).flatten();
    Ok(Json(Looks { entries, next }))
}

/// A copy of everything that is held about oneself, as a JSON file.
#[utoipa::path(get, path = "/api/v1/me/export", tag = "me", responses(
    (status = 200, description = "A file", body = Object, content_type = "application/json"),
))]
pub async fn export(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    let (account, now) = (&signed_in.account, Timestamp::now());
    app.store.note(account, &Access::to("own_export"), now).await?;
    let ever = Stretch { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
    let mine = Mine::of(&app, &account.id, ever, now).await?;
    let names = app.store.directory(&app.halls).await?;
    let appeals = app.store.appeals_of(&account.id).await?;
    let events: Vec<_> = mine.own_events(&account.id).into_iter().map(|(episode, standing)| {
        serde_json::json!({ "event": EventView::from(episode), "standing": standing.name() })
    }).collect();
    let sessions = app.store.sessions(&account.id, app.sign_in.idle, now).await?;
    let sessions: Vec<_> = sessions.iter().map(|s| serde_json::json!({ "method": s.method, "client": s.client, "created_at": s.created_at(), "seen_at": s.seen_at() })).collect();
    let aways: Vec<_> = app.store.aways_of(&account.id, ever).await?.iter().map(|(hall, away)| {
        serde_json::json!({ "hall": hall.as_str(), "window": away.window.as_str(), "from": away.stretch.from, "to": away.stretch.to })
    }).collect();
    let copy = serde_json::json!({
        "made_at": now,
        "account": {
            "name": account.name, "display_name": account.display_name, "role": account.role.name(),
            "halls": account.halls.as_ref().map(|halls| halls.iter().map(HallId::as_str).collect::<Vec<_>>()),
            "created_at": account.created_at,
        },
        "posts": mine.posts.iter().map(|post| own_post(post, &names)).collect::<Vec<_>>(),
        "events": events,
        "appeals": appeals.iter().map(AppealView::from).collect::<Vec<_>>(),
        "aways": aways,
        "sessions": sessions,
        "push_subscriptions": app.store.push_clients(&account.id).await?,
        "looks": who_looked(&app, &account.id, None, 10_000).await?,
    });
    let name = format!("attachment; filename=\"chuangming-{}.json\"", now.to_zoned(zone()).date());
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, serde_json::to_string_pretty(&copy).unwrap_or_default()).into_response())
}

async fn who_looked(
    app: &App,
    account: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AccessView>, Failure> {
    let ever = Stretch { from: Timestamp::UNIX_EPOCH, to: Timestamp::now() };
    let posted: Vec<_> = app
        .store
        .posts_of(account, ever)
        .await?
        .into_iter()
        .map(|post| Posted {
            hall: post.hall,
            window: post.window,
            from: post.stretch.from,
            to: post.stretch.to,
        })
        .collect();
    let looked = app.store.who_looked(&posted, before, limit).await?;
    Ok(looked.into_iter().filter(|row| row.entry.account != account).map(Into::into).collect())
}
