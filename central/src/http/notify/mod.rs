//! How a hall's alerts reach people who do not look at the page: quiet hours and escalation here, and beside it what is
//! sent to ([`channels`], [`push`]) and what was sent ([`deliveries`]).

pub mod channels;
pub mod deliveries;
pub mod push;

use super::App;
use super::body::JsonBody;
use super::checks::spans;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::store::NotifySettings;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use channels::ChannelView;
use chuangming_domain::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The longest address of a channel or a browser.
const LONGEST_TARGET: usize = 1000;

/// How a hall's alerts reach people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Notifications {
    /// Times in which nothing is sent, such as `22:00-07:00`.
    pub quiet: Vec<String>,
    /// Minutes until an alert that nobody acknowledged goes to the channels for that.
    pub escalate_min: i64,
    /// Group robots and e-mail addresses.
    pub channels: Vec<ChannelView>,
    /// Whether e-mail can be sent.
    pub mail: bool,
    /// Whether messages hold a link.
    pub link: bool,
}

/// How a hall's alerts shall reach people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutNotifications {
    /// At most six spans.
    #[schema(max_items = 6)]
    quiet: Vec<String>,
    /// 1 to 240.
    #[schema(minimum = 1, maximum = 240)]
    escalate_min: i64,
}

/// How a hall's alerts reach people.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/notifications", tag = "notifications", params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 200, description = "Channels and quiet hours", body = Notifications)))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<Json<Notifications>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let settings = app.store.notify_settings(&hall).await?;
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    Ok(Json(Notifications {
        quiet: settings.quiet.iter().map(|span| format!("{}-{}", clock(span.from), clock(span.to))).collect(),
        escalate_min: settings.escalate.as_mins(),
        channels: app.store.channels(&hall).await?.iter().map(Into::into).collect(),
        mail: app.notify.has_mail(),
        link: app.notify.link().is_some(),
    }))
}

/// Sets quiet hours and the time to escalation.
#[utoipa::path(put, path = "/api/v1/halls/{hall}/notifications", tag = "notifications", request_body = PutNotifications, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 204, description = "Set")))]
pub async fn put(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<PutNotifications>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if !(1..=240).contains(&body.escalate_min) {
        return Err(Failure::Invalid("escalate_min: expected 1 to 240".to_owned()));
    }
    let quiet = spans("quiet", &body.quiet, 0)?;
    let settings = NotifySettings { quiet, escalate: SignedDuration::from_mins(body.escalate_min) };
    app.store.put_notify_settings(&signed_in.account, &hall, &settings, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
