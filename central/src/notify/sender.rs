//! Takes up what rings, makes messages of it, and sends them, until the stop.
//!
//! Overload policy `Wait`: what cannot be sent stays in the database and is tried again, eight times at most.

use super::mail::Mailer;
use super::push::{self, Vapid};
use super::{ChannelKind, Message, plan, robot};
use crate::config::{Hall, NotifyConfig};
use crate::stop::Stop;
use crate::store::{Delivery, Route, Store, StoreError};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use chuangming_domain::text::Lang;
use reqwest::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use url::Url;

const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a push service keeps a message for a browser that is off.
const KEPT_S: u32 = 3600;
/// Messages are written in the halls' language.
const LANG: Lang = Lang::ZhCn;

/// Why a message was not sent: what the other side said, or a word that the page has a text for (`notify.error.…`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// It may go better later.
    #[error("{0}")]
    Later(String),
    /// It will not.
    #[error("{0}")]
    Never(String),
    /// The browser does not want messages any more.
    #[error("withdrawn")]
    Withdrawn,
}

/// Sends messages.
#[derive(Debug, Clone)]
pub struct Sender {
    store: Store,
    http: reqwest::Client,
    mailer: Option<Mailer>,
    vapid: Option<(Vapid, String)>,
    link: Option<String>,
    hosts: Arc<[String]>,
    halls: Arc<[Hall]>,
}

impl Sender {
    /// Prepares it.
    ///
    /// # Errors
    /// In one line: what of the configuration is wrong.
    pub fn new(
        store: Store,
        config: &NotifyConfig,
        halls: &[Hall],
        data_dir: &std::path::Path,
    ) -> Result<Self, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let key_file = config.push_key_file.clone().unwrap_or_else(|| data_dir.join("push-key"));
        let vapid = match &config.contact {
            None => None,
            Some(contact) => Some((
                Vapid::open(&key_file).map_err(|e| format!("notify.push_key_file: {e}"))?,
                contact.clone(),
            )),
        };
        Ok(Self {
            store,
            http: http.map_err(|e| format!("notify: {e}"))?,
            mailer: config.mail.as_ref().map(Mailer::new).transpose()?,
            vapid,
            link: config.public_url.as_ref().map(|url| url.as_str().to_owned()),
            hosts: config.hosts.clone().into(),
            halls: halls.into(),
        })
    }

    /// What a browser needs to subscribe; `None` where Web Push is off.
    #[must_use]
    pub fn push_key(&self) -> Option<&str> {
        self.vapid.as_ref().map(|(vapid, _)| vapid.public())
    }

    /// Whether e-mail can be sent.
    #[must_use]
    pub const fn has_mail(&self) -> bool {
        self.mailer.is_some()
    }

    /// Where links lead; `None` where messages have none.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Whether a channel may point there.
    #[must_use]
    pub fn may_target(&self, kind: ChannelKind, target: &str) -> bool {
        match kind {
            ChannelKind::Mail => super::mail::is_address(target),
            robot => target.parse().is_ok_and(|url: Url| robot::allowed(&url, robot.hosts(), &self.hosts)),
        }
    }

    /// Whether a browser may be reached there.
    #[must_use]
    pub fn may_push(&self, endpoint: &str) -> bool {
        endpoint.parse().is_ok_and(|url: Url| robot::allowed(&url, push::HOSTS, &self.hosts))
    }

    /// Works until the stop.
    pub async fn run(self, mut stop: Stop) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.given() => return,
                _ = look.tick() => {
                    if let Err(error) = self.look(Timestamp::now()).await {
                        tracing::error!(%error, "alerts cannot be passed on");
                    }
                }
            }
        }
    }

    /// Takes up, makes and sends what is due now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self, now: Timestamp) -> Result<(), StoreError> {
        if !self.store.has_notices(now).await? {
            return Ok(());
        }
        self.store.take_up(now).await?;
        let halls = self.store.directory(&self.halls).await?;
        let name = |hall: &HallId| {
            halls
                .iter()
                .find(|known| known.id == *hall)
                .map_or_else(|| hall.to_string(), |known| known.name.clone())
        };
        self.store.make_messages(&name, self.link.as_deref(), LANG, now).await?;
        for delivery in self.store.claim_deliveries(now).await? {
            let outcome = self.send(&delivery, now).await;
            self.note(&delivery, outcome, now).await?;
        }
        Ok(())
    }

    async fn note(
        &self,
        delivery: &Delivery,
        outcome: Result<(), SendFailure>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let kind = if outcome.is_ok() { "sent" } else { "failed" };
        metrics::counter!("central_messages_total", "outcome" => kind).increment(1);
        let Err(failure) = outcome else { return self.store.note_delivery(&delivery.id, Ok(())).await };
        let error = failure.to_string();
        tracing::warn!(error, tries = delivery.tries, "a message was not sent");
        let next = match failure {
            SendFailure::Later(_) => plan::again(delivery.tries).map(|wait| now + wait),
            SendFailure::Never(_) | SendFailure::Withdrawn => None,
        };
        self.store.note_delivery(&delivery.id, Err((&error, next))).await
    }

    async fn send(&self, delivery: &Delivery, now: Timestamp) -> Result<(), SendFailure> {
        let message = &delivery.message;
        match &delivery.route {
            None => Err(SendFailure::Never("gone".to_owned())),
            Some(Route::Push(browser)) => self.push(browser, message, now).await,
            Some(Route::Channel(channel)) if channel.kind == ChannelKind::Mail => {
                let mailer = self.mailer.as_ref().ok_or_else(|| SendFailure::Never("no_mail".to_owned()))?;
                mailer.send(&channel.target, message, LANG).await.map_err(SendFailure::Later)
            }
            Some(Route::Channel(channel)) => {
                let url: Url =
                    channel.target.parse().map_err(|_| SendFailure::Never("wrong_address".to_owned()))?;
                let post = robot::post(channel.kind, &url, &channel.secret, message, LANG, now);
                let post = post.ok_or_else(|| SendFailure::Never("wrong_address".to_owned()))?;
                self.robot(channel.kind, post).await
            }
        }
    }

    async fn robot(&self, kind: ChannelKind, post: robot::Post) -> Result<(), SendFailure> {
        let response = self.http.post(post.url).json(&post.body).send().await.map_err(unanswered)?;
        if !response.status().is_success() {
            return Err(SendFailure::Later(format!("HTTP {}", response.status())));
        }
        let answer: serde_json::Value = response.json().await.map_err(unanswered)?;
        robot::accepted(kind, &answer).map_err(SendFailure::Later)
    }

    async fn push(
        &self,
        browser: &push::Subscription,
        message: &Message,
        now: Timestamp,
    ) -> Result<(), SendFailure> {
        let (vapid, contact) =
            self.vapid.as_ref().ok_or_else(|| SendFailure::Never("push_off".to_owned()))?;
        let endpoint: Url =
            browser.endpoint.parse().map_err(|_| SendFailure::Never("wrong_address".to_owned()))?;
        let text = serde_json::json!({ "title": message.title(LANG), "body": message.lines(LANG)[1..].join("\n"), "own": message.occasion == super::Occasion::Own });
        let body = push::encrypt(browser, text.to_string().as_bytes())
            .map_err(|e| SendFailure::Never(e.to_string()))?;
        let authorization = vapid.authorization(&endpoint, contact, now).map_err(SendFailure::Never)?;
        let request = self
            .http
            .post(endpoint)
            .header("authorization", authorization)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", KEPT_S)
            .header("urgency", "high")
            .body(body);
        let response = request.send().await.map_err(unanswered)?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                let _ = self.store.forget_push(&browser.endpoint).await;
                Err(SendFailure::Withdrawn)
            }
            status => Err(SendFailure::Later(format!("HTTP {status}"))),
        }
    }
}

/// Why no answer came that can be read. Of the address, which holds a key, nothing is said.
fn unanswered(error: reqwest::Error) -> SendFailure {
    tracing::debug!(error = %error.without_url(), "no answer to a message");
    SendFailure::Later("unreachable".to_owned())
}
