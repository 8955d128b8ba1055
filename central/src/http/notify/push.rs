//! One's own browsers that get messages (Web Push).

use super::LONGEST_TARGET;
use crate::http::App;
use crate::http::body::JsonBody;
use crate::http::problem::{Details, Failure};
use crate::http::signed_in::SignedIn;
use crate::notify::push::{Subscription, are_keys};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const MOST_BROWSERS: usize = 10;

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

/// One's browsers that get messages.
#[utoipa::path(get, path = "/api/v1/account/push", tag = "account", responses(
    (status = 200, description = "The key to subscribe with, and one's browsers", body = PushState),
))]
pub async fn show(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<PushState>, Failure> {
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
pub async fn add(
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
pub async fn remove(
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
