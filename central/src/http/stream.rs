//! The live stream: server-sent events, resumable by `Last-Event-ID`.

use super::App;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::alerts::{self, Notice};
use crate::role::Role;
use crate::store::{Change, Missed};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Changes that a stream catches up with one by one; beyond, fetching everything is quicker.
const CATCH_UP: usize = 500;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream looks whether its session still holds.
const SESSION_CHECK: Duration = Duration::from_secs(30);

/// Alerts, health and status as they change.
///
/// Every message has an `id`. `ready` comes first on a fresh connection and means: fetch the halls now. `resync` means
/// the same after messages were lost. `opened`, `updated`, `closed` and `reviewed` hold `{"event":…,"ring":…}`,
/// `health` holds `{"problem":…}`, `status` holds `{"agent":…}`, `duty` holds `{"hall":…}`. Staff members are told of
/// events at their own posts and of nothing else. Of historical events only reviews are told.
#[utoipa::path(get, path = "/api/v1/alerts/stream", tag = "alerts", params(
    ("Last-Event-ID" = Option<i64>, Header, description = "Resume after this message"),
), responses(
    (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
    (status = 503, description = "Too many streams", body = Details, content_type = "application/problem+json"),
))]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let permit =
        app.streams.clone().try_acquire_owned().map_err(|_| Failure::Unavailable("too many live streams"))?;
    if signed_in.sees_conduct().is_ok() {
        app.store.note_access(&signed_in.account, "stream", "", Timestamp::now()).await?;
    }
    // Listening begins before looking back, so that nothing falls between the two.
    let notices = app.hub.listen();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    let beginning = match last {
        None => Beginning::Fresh(app.store.cursor().await?),
        Some(last) => match app.store.changes_after(last, CATCH_UP).await? {
            Missed::Changes(changes) => Beginning::Resumed(last, changes),
            Missed::TooMuch => Beginning::Lost(app.store.cursor().await?),
        },
    };
    let events = Stream { app, signed_in, notices, _permit: permit }.events(beginning);
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // Proxies must not hold messages back.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

enum Beginning {
    Fresh(i64),
    Resumed(i64, Vec<Change>),
    Lost(i64),
}

struct Stream {
    app: Arc<App>,
    signed_in: SignedIn,
    notices: Receiver<Arc<Notice>>,
    _permit: OwnedSemaphorePermit,
}

impl Stream {
    fn events(mut self, beginning: Beginning) -> impl futures_util::Stream<Item = Result<Event, Infallible>> {
        async_stream::stream! {
            metrics::gauge!("central_streams").increment(1.0);
            let _count = OnDrop(|| metrics::gauge!("central_streams").decrement(1.0));
            let mut told = match &beginning {
                Beginning::Fresh(cursor) => {
                    yield Ok(state("ready", *cursor, 0));
                    *cursor
                }
                Beginning::Lost(cursor) => {
                    yield Ok(state("resync", *cursor, 0));
                    *cursor
                }
                Beginning::Resumed(last, _) => *last,
            };
            if let Beginning::Resumed(_, changes) = beginning {
                for change in changes {
                    told = change.id;
                    match alerts::notice(&self.app.store, &change).await {
                        Ok(Some(notice)) if self.may_see(&notice).await => yield Ok(message(&notice)),
                        Ok(_) => {}
                        Err(error) => {
                            tracing::error!(%error, "a live stream cannot catch up");
                            return;
                        }
                    }
                }
            }
            let mut stop = self.app.stop.clone();
            let mut check = tokio::time::interval(SESSION_CHECK);
            loop {
                let received = tokio::select! {
                    () = stop.given() => return,
                    _ = check.tick() => {
                        if !self.session_holds().await {
                            return;
                        }
                        continue;
                    }
                    received = self.notices.recv() => received,
                };
                match received {
                    Ok(notice) if notice.id > told && self.may_see(&notice).await => yield Ok(message(&notice)),
                    Ok(_) => {}
                    Err(RecvError::Lagged(missed)) => {
                        metrics::counter!("central_stream_resyncs_total").increment(1);
                        // What still waits is in the state that the page fetches now.
                        self.notices = self.notices.resubscribe();
                        let Ok(cursor) = self.app.store.cursor().await else { return };
                        told = cursor;
                        yield Ok(state("resync", cursor, missed));
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    async fn may_see(&self, notice: &Notice) -> bool {
        if self.signed_in.account.role == Role::Staff {
            return self.is_own(notice).await;
        }
        let role_may = !notice.kind.is_conduct() || self.signed_in.sees_conduct().is_ok();
        role_may && self.signed_in.sees(notice.hall.as_str())
    }

    /// Whether a notice tells of an event at a post of the account's. Where that cannot be found out it is not told; the
    /// page's next fetch holds it.
    async fn is_own(&self, notice: &Notice) -> bool {
        let Some((window, opened)) = notice.at.as_ref().filter(|_| notice.kind.is_conduct()) else {
            return false;
        };
        let account = &self.signed_in.account.id;
        matches!(self.app.store.was_posted_at(account, &notice.hall, window, *opened).await, Ok(true))
    }

    async fn session_holds(&self) -> bool {
        self.signed_in.still_holds(&self.app).await
    }
}

fn message(notice: &Notice) -> Event {
    Event::default().id(notice.id.to_string()).event(notice.kind.name()).data(&notice.data)
}

fn state(name: &str, cursor: i64, missed: u64) -> Event {
    let data = if name == "resync" {
        format!(r#"{{"cursor":{cursor},"missed":{missed}}}"#)
    } else {
        format!(r#"{{"cursor":{cursor}}}"#)
    };
    Event::default().id(cursor.to_string()).event(name).data(data)
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::{Hub, QUEUE};
    use crate::http::Parts;
    use crate::stop;
    use crate::store::{Arrival, Body, Database, NewAccount, NewSession, Store};
    use chuangming_domain::id::{AgentId, HallId};
    use chuangming_domain::wire::Status;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn a_reader_that_is_too_slow_is_told_to_start_over() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::File(dir.path().join("central.db"))).await.unwrap();
        let account = NewAccount {
            name: "head".into(),
            password_hash: String::new(),
            role: Role::CenterHead,
            halls: None,
        };
        store.put_account(&account, Timestamp::now()).await.unwrap();
        let account = store.account("head").await.unwrap().unwrap();
        let later = Timestamp::now() + Duration::from_secs(600);
        let new = NewSession {
            token_hash: "hash",
            account_id: &account.id,
            csrf: "csrf",
            method: "password",
            client: "",
            expires_at: later,
        };
        store.add_session(&new, Timestamp::now()).await.unwrap();
        let idle = Duration::from_secs(60);
        let session = store.session("hash", idle, Timestamp::now()).await.unwrap().unwrap();
        let (_stopper, stop) = stop::channel();
        let hub = Hub::default();
        let app = App::new(Parts {
            store: store.clone(),
            hub: hub.clone(),
            halls: Vec::new(),
            sign_in: crate::config::SignInRules::default(),
            provider: None,
            retention: crate::config::RetentionDays::default(),
            appeal_days: 7,
            notify: crate::notify::Sender::new(
                store.clone(),
                &crate::config::NotifyConfig::default(),
                &[],
                dir.path(),
            )
            .unwrap(),
            secure: false,
            metrics: crate::telemetry::metrics().unwrap(),
            broker_connected: Arc::default(),
            registrar: crate::enrol::Registrar::open(None, None, crate::access::Access::default(), None)
                .unwrap(),
            bell: crate::ingest::courier::Bell::default(),
            signer: None,
            stop,
        });
        let permit = app.streams.clone().try_acquire_owned().unwrap();
        let signed_in = SignedIn::of(session, "hash");
        let events =
            Stream { app, signed_in, notices: hub.listen(), _permit: permit }.events(Beginning::Fresh(0));
        let mut text = Sse::new(events).into_response().into_body().into_data_stream();
        let mut next = async || String::from_utf8(text.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(next().await.contains("event: ready"));

        // Nobody reads while more happens than the queue holds.
        let status = Status { online: true, version: None, since: None };
        let arrival = Arrival {
            hall: HallId::new("tanggu").unwrap(),
            agent: AgentId::new("edge-01").unwrap(),
            body: Body::Status(status),
        };
        let arrivals = vec![arrival; QUEUE + 10];
        let tell = async |arrivals: &[Arrival]| {
            let turn = hub.turn().await;
            let changes = store.record(arrivals, Timestamp::now()).await.unwrap().changes;
            hub.tell(&store, &changes, turn).await;
        };
        tell(&arrivals).await;
        let told = next().await;
        assert!(
            told.contains("event: resync") && told.contains(&format!("\"cursor\":{}", QUEUE + 10)),
            "{told}"
        );
        // What the page fetches anew is not told again; what comes after is.
        tell(&arrivals[..1]).await;
        let told = next().await;
        assert!(told.contains("event: status") && told.contains(&format!("id: {}", QUEUE + 11)), "{told}");
    }
}
