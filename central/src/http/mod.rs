//! The HTTP side: API, live stream, pages, probes.

pub mod access_log;
pub mod accommodations;
pub mod account;
pub mod accounts;
pub mod aggregate;
pub mod appeals;
mod checks;
pub mod directory;
pub mod duty;
pub mod enrolments;
pub mod events;
pub mod file;
pub mod fleet;
mod guard;
pub mod halls;
pub mod held;
pub mod idempotency;
pub mod me;
pub mod notify;
pub mod oidc;
pub mod openapi;
mod own;
mod pages;
mod paging;
pub mod pauses;
pub mod policies;
mod probes;
pub mod problem;
pub mod public_calendar;
pub mod reports;
pub mod retention;
pub mod reviews;
pub mod roster_file;
pub mod schema;
pub mod session;
pub mod signed_in;
mod stream;
mod tries;
pub mod wall;

pub use pages::built as pages_built;

use crate::alerts::Hub;
use crate::config::{Hall, RetentionDays, SignInRules};
use crate::enrol::Registrar;
use crate::ingest::courier::Bell;
use crate::notify::Sender;
use crate::oidc::Provider;
use crate::signing::Signer;
use crate::stop::Stop;
use crate::store::Store;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use chuangming_portal::body;
use chuangming_portal::refusal::say_as_problem;
use metrics_exporter_prometheus::PrometheusHandle;
use problem::Failure;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tries::Tries;

/// The largest request body.
const LARGEST_BODY: usize = 512 * 1024;
/// How long a request may take until its answer begins.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Live streams at a time; overload policy `Refuse`: further ones get 503.
const STREAMS: usize = 256;
/// Passwords hashed at a time; overload policy `Wait` under the request's time limit.
const HASHING: usize = 2;

/// What every request can reach.
pub struct App {
    store: Store,
    hub: Hub,
    halls: Vec<Hall>,
    sign_in: SignInRules,
    provider: Option<Arc<Provider>>,
    retention: RetentionDays,
    appeal_days: u32,
    notify: Sender,
    secure: bool,
    metrics: PrometheusHandle,
    broker_connected: Arc<AtomicBool>,
    registrar: Registrar,
    bell: Bell,
    signer: Option<Signer>,
    stop: Stop,
    streams: Arc<Semaphore>,
    hashing: Semaphore,
    tries: Tries,
}

/// What [`App::new`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The live stream.
    pub hub: Hub,
    /// What to call halls and windows.
    pub halls: Vec<Hall>,
    /// How long a sign-in lasts.
    pub sign_in: SignInRules,
    /// The organisation's own sign-in.
    pub provider: Option<Arc<Provider>>,
    /// How long what is kept.
    pub retention: RetentionDays,
    /// Working days until when an appeal has to be answered.
    pub appeal_days: u32,
    /// Passes alerts on.
    pub notify: Sender,
    /// Whether browsers come over HTTPS, so that the cookie may insist on it.
    pub secure: bool,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// Whether the broker is connected.
    pub broker_connected: Arc<AtomicBool>,
    /// Enrols agents.
    pub registrar: Registrar,
    /// Told when configuration is to be brought to agents.
    pub bell: Bell,
    /// Signs configuration and codes for agents, where there is a key.
    pub signer: Option<Signer>,
    /// Ends the live streams.
    pub stop: Stop,
}

impl App {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            hub,
            halls,
            sign_in,
            provider,
            retention,
            appeal_days,
            notify,
            secure,
            metrics,
            broker_connected,
            registrar,
            bell,
            signer,
            stop,
        } = parts;
        Arc::new(Self {
            store,
            hub,
            halls,
            sign_in,
            provider,
            retention,
            appeal_days,
            notify,
            secure,
            metrics,
            broker_connected,
            registrar,
            bell,
            signer,
            stop,
            streams: Arc::new(Semaphore::new(STREAMS)),
            hashing: Semaphore::new(HASHING),
            tries: Tries::default(),
        })
    }

    /// Tells open pages that a hall's service changed.
    async fn duty_changed(&self, hall: &HallId, now: Timestamp) -> Result<(), Failure> {
        let turn = self.hub.turn().await;
        let change = self.store.note_duty(hall, now).await?;
        self.hub.tell(&self.store, &[change], turn).await;
        Ok(())
    }
}

const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// Every route.
pub fn router(app: &Arc<App>) -> Router {
    let api = Router::new()
        .route("/api/v1/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/api/v1/session/ways", get(oidc::ways))
        .route("/api/v1/session/oidc", get(oidc::start))
        .route("/api/v1/session/oidc/callback", get(oidc::callback))
        .route("/api/v1/account", get(account::show))
        .route("/api/v1/account/password", post(account::change_password))
        .route("/api/v1/account/totp", post(account::offer_totp).delete(account::drop_totp))
        .route("/api/v1/account/totp/confirm", post(account::confirm_totp))
        .route("/api/v1/account/sessions", delete(account::end_other_sessions))
        .route("/api/v1/account/sessions/{id}", delete(account::end_session))
        .route("/api/v1/accounts", get(accounts::list).post(accounts::add))
        .route("/api/v1/accounts/{id}", patch(accounts::change).delete(accounts::forget))
        .route("/api/v1/accounts/{id}/password", post(accounts::reset_password))
        .route("/api/v1/accounts/{id}/sessions", delete(accounts::end_sessions))
        .route("/api/v1/accounts/{id}/totp", delete(accounts::drop_totp))
        .route("/api/v1/directory", get(directory::show))
        .route("/api/v1/directory/{hall}", put(directory::name).delete(directory::forget))
        .route("/api/v1/access-log", get(access_log::list))
        .route("/api/v1/retention", get(retention::show))
        .route("/api/v1/halls", get(halls::list))
        .route("/api/v1/alerts", get(events::alerts))
        .route("/api/v1/alerts/stream", get(stream::stream))
        .route("/api/v1/events", get(events::list))
        .route("/api/v1/events/{id}", get(events::show))
        .route(
            "/api/v1/events/{id}/acknowledgement",
            put(reviews::acknowledge).delete(reviews::withdraw_acknowledgement),
        )
        .route("/api/v1/events/{id}/verdict", put(reviews::decide).delete(reviews::withdraw_verdict))
        .route("/api/v1/events/{id}/note", put(reviews::note).delete(reviews::remove_note))
        .route("/api/v1/events/{id}/snooze", put(reviews::snooze).delete(reviews::end_snooze))
        .route("/api/v1/policies", get(policies::list))
        .route("/api/v1/policies/{hall}", get(policies::show))
        .route("/api/v1/policies/{hall}/check", post(policies::check))
        .route("/api/v1/policies/{hall}/preview", post(policies::preview::preview))
        .route("/api/v1/policies/{hall}/versions", post(policies::save))
        .route("/api/v1/policies/{hall}/versions/{digest}", get(policies::version))
        .route("/api/v1/policies/{hall}/rollouts", post(policies::rollouts::roll_out))
        .route("/api/v1/policies/{hall}/rollouts/{id}", get(policies::rollouts::rollout))
        .route("/api/v1/fleet", get(fleet::list))
        .route("/api/v1/fleet/{hall}/{agent}", get(fleet::show))
        .route("/api/v1/fleet/{hall}/{agent}/revoke", post(fleet::revoke))
        .route("/api/v1/fleet/{hall}/{agent}/sign-in-codes", post(fleet::issue_code))
        .route("/api/v1/enrolments", get(enrolments::list).post(enrolments::make))
        .route("/api/v1/enrolments/{id}", delete(enrolments::cancel))
        .route("/api/v1/enrol", post(enrolments::enrol))
        .route("/api/v1/reports/conduct", get(reports::conduct))
        .route("/api/v1/reports/conduct.csv", get(reports::conduct_csv))
        .route("/api/v1/reports/conduct.xlsx", get(reports::conduct_xlsx))
        .route("/api/v1/reports/aggregate", get(aggregate::show))
        .route("/api/v1/me/summary", get(me::summary))
        .route("/api/v1/me/looks", get(held::looks))
        .route("/api/v1/me/export", get(held::export))
        .route("/api/v1/me/away", put(me::step_away).delete(me::come_back))
        .route("/api/v1/me/events/{id}/contest", post(me::contest))
        .route("/api/v1/appeals", get(appeals::list))
        .route("/api/v1/appeals/{id}/answer", post(appeals::answer))
        .route("/api/v1/halls/{hall}/duty", get(duty::show))
        .route("/api/v1/halls/{hall}/shifts/{shift}", put(duty::put_shift).delete(duty::drop_shift))
        .route("/api/v1/halls/{hall}/roster", put(duty::put_roster))
        .route("/api/v1/halls/{hall}/roster/file", post(roster_file::import))
        .route("/api/v1/halls/{hall}/roster/file.csv", get(roster_file::export_csv))
        .route("/api/v1/halls/{hall}/roster/file.xlsx", get(roster_file::export_xlsx))
        .route("/api/v1/halls/{hall}/calendar/{day}", put(duty::put_day).delete(duty::drop_day))
        .route("/api/v1/public-calendar", get(public_calendar::show))
        .route("/api/v1/public-calendar/{year}", put(public_calendar::put).delete(public_calendar::forget))
        .route("/api/v1/halls/{hall}/pauses", post(pauses::add_pause))
        .route("/api/v1/halls/{hall}/pauses/{id}", delete(pauses::drop_pause))
        .route(
            "/api/v1/halls/{hall}/accommodations",
            get(accommodations::accommodations).post(accommodations::add_accommodation),
        )
        .route("/api/v1/halls/{hall}/accommodations/{id}", delete(accommodations::drop_accommodation))
        .route("/api/v1/halls/{hall}/floor", put(wall::put_floor))
        .route("/api/v1/halls/{hall}/displays", get(wall::list).post(wall::make))
        .route("/api/v1/halls/{hall}/displays/{id}", delete(wall::revoke))
        .route("/api/v1/wall", get(wall::show))
        .route("/api/v1/halls/{hall}/notifications", get(notify::show).put(notify::put))
        .route("/api/v1/halls/{hall}/deliveries", get(notify::deliveries::list))
        .route("/api/v1/halls/{hall}/channels", post(notify::channels::add))
        .route("/api/v1/halls/{hall}/channels/{id}", delete(notify::channels::remove))
        .route("/api/v1/halls/{hall}/channels/{id}/test", post(notify::channels::test))
        .route("/api/v1/account/push", get(notify::push::show).post(notify::push::add))
        .route("/api/v1/account/push/{id}", delete(notify::push::remove))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/api/{*rest}", get(nothing))
        .route_layer(middleware::from_fn_with_state(app.clone(), idempotency::once))
        .route_layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    let mut router = Router::new()
        .merge(api)
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .fallback_service(get(pages::page).with_state(()))
        .method_not_allowed_fallback(|| async { Failure::Method })
        .with_state(app.clone())
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(middleware::from_fn(say_as_problem::<Failure>))
        .layer(middleware::from_fn(limit_time))
        .layer(middleware::from_fn(count));
    for (name, value) in SECURITY_HEADERS {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    if app.secure {
        let year = HeaderValue::from_static("max-age=31536000");
        router =
            router.layer(SetResponseHeaderLayer::if_not_present(header::STRICT_TRANSPORT_SECURITY, year));
    }
    router
}

async fn nothing() -> Failure {
    Failure::NotFound("/api/v1/openapi.json lists what there is")
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Timeout.into_response(),
    }
}

async fn count(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    metrics::counter!("central_http_responses_total", "status" => response.status().as_str().to_owned())
        .increment(1);
    response
}
