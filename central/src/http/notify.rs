//! How alerts reach people who do not look at the page: channels, quiet hours, browsers.

use super::App;
use super::body::{JsonBody, Parameters};
use super::checks::{spans, text};
use super::paging::Paging;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::notify::push::{Subscription, are_keys};
use crate::notify::{ChannelKind, Message, Occasion};
use crate::store::{Channel, DeliveryRow, NotifySettings};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use chuangming_domain::Timestamp;
use chuangming_domain::rule::Severity;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LONGEST_NAME: usize = 40;
const MOST_CHANNELS: usize = 20;
const LONGEST_TARGET: usize = 1000;
const MOST_BROWSERS: usize = 10;

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the services'")]
pub enum ServiceName {
    Wecom,
    Dingtalk,
    Feishu,
    Mail,
}

impl From<ServiceName> for ChannelKind {
    fn from(name: ServiceName) -> Self {
        match name {
            ServiceName::Wecom => Self::Wecom,
            ServiceName::Dingtalk => Self::Dingtalk,
            ServiceName::Feishu => Self::Feishu,
            ServiceName::Mail => Self::Mail,
        }
    }
}

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

/// A group robot or an e-mail address. Addresses of robots hold a key and are not shown again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelView {
    /// Its id.
    pub id: String,
    /// `wecom`, `dingtalk`, `feishu` or `mail`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// The e-mail address, or the robot's host.
    pub target: String,
    /// Whether its messages are signed.
    pub signed: bool,
    /// Whether messages name windows and rules; otherwise they carry a count and a link.
    pub detailed: bool,
    /// Only alerts as urgent as this.
    #[schema(schema_with = super::schema::severity)]
    pub severity: Severity,
    /// Only told of what nobody acknowledged in time.
    pub escalation: bool,
}

/// A message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// Its id.
    pub id: String,
    /// The channel's id; null for a browser.
    #[schema(required)]
    pub channel: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// What the last failure was; empty where there was none.
    pub error: String,
    /// `alerts`, `escalation`, `own` or `test`.
    pub occasion: String,
    /// How many alerts it told of.
    pub count: usize,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Counted from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// At most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<u32>,
}

/// A page of messages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Newest first.
    pub deliveries: Vec<DeliveryView>,
    /// Counted from 1.
    pub page: u32,
    /// How many are on a page.
    pub per_page: u32,
    /// How many there are in all.
    pub total: u64,
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

/// A channel to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddChannel {
    /// The service.
    kind: ServiceName,
    /// 1 to 40 characters.
    #[schema(min_length = 1, max_length = 40)]
    name: String,
    /// The robot's address as the service shows it, or an e-mail address.
    #[schema(max_length = 1000)]
    target: String,
    /// What DingTalk and Feishu call the signing secret; empty where the robot has none.
    #[serde(default)]
    #[schema(max_length = 200)]
    secret: String,
    /// Whether messages shall name windows and rules.
    #[serde(default)]
    detailed: bool,
    /// Only alerts as urgent as this.
    #[schema(schema_with = super::schema::severity)]
    severity: Severity,
    /// Only told of what nobody acknowledged in time.
    #[serde(default)]
    escalation: bool,
}

/// A browser that wants messages, as `PushSubscription.toJSON()` gives it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPush {
    /// Where its push service takes messages.
    #[schema(max_length = 1000)]
    endpoint: String,
    /// Its keys.
    keys: PushKeys,
}

/// A browser's keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushKeys {
    /// Its public key.
    p256dh: String,
    /// Its secret.
    auth: String,
}

/// Messages to browsers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PushState {
    /// What a browser needs to subscribe; null where Web Push is off.
    #[schema(required)]
    pub key: Option<String>,
    /// One's browsers.
    pub browsers: Vec<PushBrowser>,
}

/// A browser that gets messages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PushBrowser {
    /// Its id.
    pub id: String,
    /// What it calls itself.
    pub client: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
}

impl From<&Channel> for ChannelView {
    fn from(channel: &Channel) -> Self {
        let host = channel.target.parse::<url::Url>().ok().and_then(|url| url.host_str().map(str::to_owned));
        Self {
            id: channel.id.clone(),
            kind: channel.kind.name().to_owned(),
            name: channel.name.clone(),
            target: if channel.kind == ChannelKind::Mail {
                channel.target.clone()
            } else {
                host.unwrap_or_default()
            },
            signed: !channel.secret.is_empty(),
            detailed: channel.detailed,
            severity: channel.severity,
            escalation: channel.escalation,
        }
    }
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let occasion = match row.occasion {
            Occasion::Alerts => "alerts",
            Occasion::Escalation => "escalation",
            Occasion::Own => "own",
            Occasion::Test => "test",
        };
        Self {
            id: row.id,
            channel: row.channel,
            made_at: row.made_at,
            state: row.state,
            tries: row.tries,
            error: row.error,
            occasion: occasion.to_owned(),
            count: row.count,
        }
    }
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

/// A page of the messages of the last 14 days.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/deliveries", tag = "notifications", params(
    ("hall" = String, Path, description = "The hall"), DeliveryQuery,
), responses(
    (status = 200, description = "A page of messages", body = Deliveries),
))]
pub async fn deliveries(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<DeliveryQuery>,
) -> Result<Json<Deliveries>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let Paging { page, per_page } = Paging::of(query.page, query.per_page)?;
    let (rows, total) = app.store.deliveries(&hall, page - 1, per_page).await?;
    Ok(Json(Deliveries { deliveries: rows.into_iter().map(Into::into).collect(), page, per_page, total }))
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

/// Adds a group robot or an e-mail address.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/channels", tag = "notifications", request_body = AddChannel, params(
    ("hall" = String, Path, description = "The hall"),
), responses(
    (status = 201, description = "Added", body = ChannelView),
    (status = 409, description = "The hall has 20 already", body = Details, content_type = "application/problem+json"),
))]
pub async fn add_channel(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<AddChannel>,
) -> Result<(StatusCode, Json<ChannelView>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let target = text("target", &body.target, LONGEST_TARGET)?;
    let kind = ChannelKind::from(body.kind);
    if !app.notify.may_target(kind, &target) {
        return Err(Failure::Invalid(
            "target: expected the robot's own address at its service, or an e-mail address".to_owned(),
        ));
    }
    if app.store.channels(&hall).await?.len() >= MOST_CHANNELS {
        return Err(Failure::Conflict("the hall has 20 channels already"));
    }
    if body.secret.chars().count() > 200 || body.secret.contains('\0') {
        return Err(Failure::Invalid("secret: expected at most 200 characters".to_owned()));
    }
    let channel = Channel {
        id: uuid::Uuid::now_v7().to_string(),
        hall,
        kind,
        name: text("name", &body.name, LONGEST_NAME)?,
        target,
        secret: body.secret.trim().to_owned(),
        detailed: body.detailed,
        severity: body.severity,
        escalation: body.escalation,
    };
    app.store.add_channel(&signed_in.account, &channel, Timestamp::now()).await?;
    Ok((StatusCode::CREATED, Json((&channel).into())))
}

/// Removes a channel.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/channels/{id}", tag = "notifications", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The channel's id"),
), responses((status = 204, description = "Removed")))]
pub async fn drop_channel(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if app.store.drop_channel(&signed_in.account, &hall, &id, Timestamp::now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::NotFound("no such channel"))
    }
}

/// Sends a message to try a channel.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/channels/{id}/test", tag = "notifications", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The channel's id"),
), responses((status = 202, description = "On its way; the list of messages says how it went")))]
pub async fn try_channel(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let channel = app.store.channels(&hall).await?.into_iter().find(|channel| channel.id == id);
    let channel = channel.ok_or(Failure::NotFound("no such channel"))?;
    let named = app.store.directory(&app.halls).await?.into_iter().find(|known| known.id == hall);
    let message = Message {
        occasion: Occasion::Test,
        hall: named.map_or_else(|| hall.to_string(), |hall| hall.name),
        count: 0,
        critical: 0,
        link: app.notify.link().map(str::to_owned),
        details: Vec::new(),
    };
    app.store.send_now(&channel, &message, Timestamp::now()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// One's browsers that get messages.
#[utoipa::path(get, path = "/api/v1/account/push", tag = "account", responses(
    (status = 200, description = "The key to subscribe with, and one's browsers", body = PushState),
))]
pub async fn push(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<PushState>, Failure> {
    let browsers = app.store.push_clients(&signed_in.account.id).await?;
    Ok(Json(PushState {
        key: app.notify.push_key().map(str::to_owned),
        browsers: browsers
            .into_iter()
            .map(|b| PushBrowser { id: b.id, client: b.client, made_at: b.made_at })
            .collect(),
    }))
}

/// Sends messages to this browser from now on.
#[utoipa::path(post, path = "/api/v1/account/push", tag = "account", request_body = AddPush, responses(
    (status = 204, description = "Remembered"),
    (status = 400, description = "The keys are none, or the push service is not known", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "Web Push is off, or there are ten browsers already", body = Details, content_type = "application/problem+json"),
))]
pub async fn add_push(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    JsonBody(body): JsonBody<AddPush>,
) -> Result<StatusCode, Failure> {
    if app.notify.push_key().is_none() {
        return Err(Failure::Conflict("Web Push is off: [notify] contact is not set"));
    }
    let new = Subscription { endpoint: body.endpoint, p256dh: body.keys.p256dh, auth: body.keys.auth };
    if new.endpoint.len() > LONGEST_TARGET || !app.notify.may_push(&new.endpoint) {
        return Err(Failure::Invalid("endpoint: is no push service that is known".to_owned()));
    }
    if !are_keys(&new) {
        return Err(Failure::Invalid("keys: are none of a browser".to_owned()));
    }
    let account = &signed_in.account.id;
    if app.store.push_clients(account).await?.len() >= MOST_BROWSERS {
        return Err(Failure::Conflict("there are ten browsers already"));
    }
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let client: String = client.chars().take(200).collect();
    app.store.add_push(account, &new, &client, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends no more messages to a browser.
#[utoipa::path(delete, path = "/api/v1/account/push/{id}", tag = "account", params(
    ("id" = String, Path, description = "The browser's id"),
), responses((status = 204, description = "Forgotten")))]
pub async fn drop_push(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    if app.store.drop_push(&signed_in.account.id, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::NotFound("no such browser"))
    }
}
