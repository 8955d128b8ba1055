//! Signing in with the organisation's own sign-in: there and back.

use super::App;
use super::body::Parameters;
use super::problem::{Details, Failure};
use super::signed_in::{self, cookie, cookie_value, with_cookie};
use crate::oidc::{OidcError, Provider};
use crate::store::{Account, Refused};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_portal::door::Peer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// Binds a sign-in under way to the browser that began it. The way back comes from another site: not `Strict`.
const COOKIE: &str = "chuangming_sign_in";
/// How long the way there and back may take.
const LASTS: Duration = Duration::from_secs(600);

/// How one may sign in here.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WaysIn {
    /// The organisation's own sign-in, where there is one.
    pub oidc: Option<OidcWay>,
}

/// The organisation's own sign-in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OidcWay {
    /// What it is called.
    pub name: String,
    /// Where the browser goes.
    pub start: String,
}

/// What the provider sends back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    /// What the ID token is asked for with.
    code: Option<String>,
    /// What went there.
    state: Option<String>,
    /// Why not.
    error: Option<String>,
}

/// How one may sign in.
#[utoipa::path(get, path = "/api/v1/session/ways", tag = "session", responses(
    (status = 200, description = "Beside name and password", body = WaysIn),
))]
pub async fn ways(State(app): State<Arc<App>>) -> Json<WaysIn> {
    let way = |provider: &Provider| OidcWay {
        name: provider.config().name.clone(),
        start: "/api/v1/session/oidc".to_owned(),
    };
    Json(WaysIn { oidc: app.provider.as_deref().map(way) })
}

/// Sends the browser to the organisation's own sign-in; back to the page with `sign_in=failed` where that does not answer or
/// was asked for too often.
#[utoipa::path(get, path = "/api/v1/session/oidc", tag = "session", responses(
    (status = 303, description = "There, or back to the page"),
    (status = 404, description = "There is none", body = Details, content_type = "application/problem+json"),
))]
pub async fn start(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Response, Failure> {
    let provider = provider(&app)?;
    let now = Timestamp::now();
    // A person's browser is on its way here by a link: what it is told must be a page.
    if app.tries.take(peer.0.ip(), now).is_err() {
        return Ok(to(FAILED));
    }
    let (url, flow) = match provider.begin().await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::error!(%error, "nobody can sign in with OpenID Connect");
            return Ok(to(FAILED));
        }
    };
    let token = signed_in::secret();
    app.store.add_flow(&signed_in::hash(&token), &flow, now + LASTS).await?;
    Ok(with_cookie(to(url.as_str()), &cookie(&app, COOKIE, &token, LASTS, "Lax")))
}

/// Comes back from the organisation's own sign-in; the session is in the cookie of the answer. What went wrong is in
/// the parameter `sign_in` of the page that the browser is sent to: `failed`, `no_role`, `name_taken` or `disabled`.
#[utoipa::path(get, path = "/api/v1/session/oidc/callback", tag = "session", params(Callback), responses(
    (status = 303, description = "To the page"),
    (status = 404, description = "There is none", body = Details, content_type = "application/problem+json"),
))]
pub async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Parameters(query): Parameters<Callback>,
) -> Result<Response, Failure> {
    let provider = provider(&app)?;
    let now = Timestamp::now();
    let response = match identify(&app, provider, &headers, query, now).await? {
        Ok(account) => {
            let (_, cookie) = signed_in::begin(&app, account, "oidc", &headers, now).await?;
            with_cookie(to("/"), &cookie)
        }
        Err(why) => {
            metrics::counter!("central_sign_in_failures_total").increment(1);
            to(&format!("/?sign_in={why}"))
        }
    };
    Ok(with_cookie(response, &cookie(&app, COOKIE, "", Duration::ZERO, "Lax")))
}

/// Whom the provider vouches for; or why nobody.
async fn identify(
    app: &App,
    provider: &Provider,
    headers: &HeaderMap,
    query: Callback,
    now: Timestamp,
) -> Result<Result<Account, &'static str>, Failure> {
    let flow = match cookie_value(headers, COOKIE) {
        Some(token) => app.store.take_flow(&signed_in::hash(token), now).await?,
        None => None,
    };
    let (Some(flow), Some(code), Some(state)) = (flow, query.code, query.state) else {
        tracing::warn!(
            error = query.error,
            "a sign-in with OpenID Connect came back without what it left with"
        );
        return Ok(Err("failed"));
    };
    if signed_in::hash(&state) != signed_in::hash(&flow.state) {
        tracing::warn!("a sign-in with OpenID Connect came back with another state");
        return Ok(Err("failed"));
    }
    let identity = match provider.identify(&code, &flow).await {
        Ok(identity) => identity,
        Err(error @ (OidcError::Provider(_) | OidcError::Token(_) | OidcError::Input(_))) => {
            tracing::warn!(%error, "nobody is signed in");
            return Ok(Err("failed"));
        }
    };
    let Some((role, halls)) = provider.config().role_of(&identity.values) else {
        // Whoever had a role and has none any more is signed out everywhere.
        if let Some(account) = app.store.provider_account(&identity).await? {
            app.store.end_sessions(&account.id, None).await?;
        }
        return Ok(Err("no_role"));
    };
    Ok(match app.store.put_provider_account(&identity, role, halls.as_deref(), now).await? {
        Ok(account) if account.disabled => Err("disabled"),
        Ok(account) => Ok(account),
        Err(Refused::NameTaken) => Err("name_taken"),
        Err(Refused::Missing | Refused::LastAdministrator) => Err("failed"),
    })
}

/// The page that says that the sign-in did not succeed.
const FAILED: &str = "/?sign_in=failed";

fn provider(app: &App) -> Result<&Provider, Failure> {
    app.provider.as_deref().ok_or(Failure::NotFound("there is no other way to sign in"))
}

fn to(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
