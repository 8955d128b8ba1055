//! Group robots and e-mail addresses of a hall.

use super::LONGEST_TARGET;
use crate::http::App;
use crate::http::body::JsonBody;
use crate::http::checks::text;
use crate::http::problem::{Details, Failure};
use crate::http::signed_in::SignedIn;
use crate::notify::{ChannelKind, Message, Occasion};
use crate::store::Channel;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::rule::Severity;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const LONGEST_NAME: usize = 40;
const MOST_CHANNELS: usize = 20;

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
    #[schema(schema_with = crate::http::schema::severity)]
    pub severity: Severity,
    /// Only told of what nobody acknowledged in time.
    pub escalation: bool,
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
    #[schema(schema_with = crate::http::schema::severity)]
    severity: Severity,
    /// Only told of what nobody acknowledged in time.
    #[serde(default)]
    escalation: bool,
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

/// Adds a group robot or an e-mail address.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/channels", tag = "notifications", request_body = AddChannel, params(
    ("hall" = String, Path, description = "The hall"),
), responses(
    (status = 201, description = "Added", body = ChannelView),
    (status = 409, description = "The hall has 20 already", body = Details, content_type = "application/problem+json"),
))]
pub async fn add(
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
pub async fn remove(
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
pub async fn test(
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
