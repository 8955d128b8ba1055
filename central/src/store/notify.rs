//! Channels, subscriptions, what waits to be told, and messages on their way.

use super::audit::append;
use super::{Access, Account, ChangeKind, Flag, Store, StoreError, Transaction, id, json, micros, time};
use crate::duty::zone;
use crate::notify::plan::{self, GROUP, LEAST_APART};
use crate::notify::push::Subscription;
use crate::notify::{ChannelKind, Message, Occasion};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::HallId;
use chuangming_domain::policy::Span;
use chuangming_domain::rule::Severity;
use chuangming_domain::text::Lang;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Where a hall's alerts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// The hall.
    pub hall: HallId,
    /// The service.
    pub kind: ChannelKind,
    /// What people call it.
    pub name: String,
    /// A robot's address, or an e-mail address.
    pub target: String,
    /// What a robot's messages are signed with; may be empty.
    pub secret: String,
    /// Whether messages name windows and rules.
    pub detailed: bool,
    /// Only alerts as urgent as this.
    pub severity: Severity,
    /// Only told of what nobody acknowledged in time.
    pub escalation: bool,
}

/// A hall's quiet hours, and how long an alert may wait to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// No message is sent then; what waits is sent at their end.
    pub quiet: Vec<Span>,
    /// How long until escalation.
    pub escalate: SignedDuration,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self { quiet: Vec::new(), escalate: plan::ESCALATE }
    }
}

/// A browser that asked for messages, without its keys.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PushClient {
    /// Its id.
    pub id: String,
    /// What it calls itself.
    pub client: String,
    /// When it asked.
    pub made_at: Timestamp,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To a channel.
    Channel(Box<Channel>),
    /// To a browser.
    Push(Subscription),
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// Where it goes; `None` where that is gone.
    pub route: Option<Route>,
    /// What it says.
    pub message: Message,
    /// How often it was tried, this try included.
    pub tries: u32,
}

/// A message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// Which channel; `None` for browsers.
    pub channel: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// What the last failure was; empty where there was none.
    pub error: String,
    /// Why.
    pub occasion: Occasion,
    /// How many alerts it told of.
    pub count: usize,
}

/// How long a try may take before another central tries.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Messages tried in one go.
const BATCH: i64 = 20;
/// Changes of the feed taken up in one go.
const CHANGES: i64 = 500;
/// How long sent messages are shown.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Alerts whose details a message holds.
const MOST_DETAILS: usize = 10;

type ChannelRow = (String, String, String, String, String, String, Flag, String, Flag);
const CHANNELS: &str =
    "SELECT id, hall, kind, name, target, secret, detailed, severity, escalation FROM channels";

fn channel(
    (key, hall, kind, name, target, secret, detailed, severity, escalation): ChannelRow,
) -> Result<Channel, StoreError> {
    let unknown = |what: &str| StoreError::Row { table: "channels", detail: format!("no such word: {what}") };
    Ok(Channel {
        hall: id("channels", &hall)?,
        kind: ChannelKind::by_name(&kind).ok_or_else(|| unknown(&kind))?,
        severity: Severity::by_name(&severity).ok_or_else(|| unknown(&severity))?,
        id: key,
        name,
        target,
        secret,
        detailed: detailed.0,
        escalation: escalation.0,
    })
}

impl Store {
    /// A hall's channels, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&self, hall: &HallId) -> Result<Vec<Channel>, StoreError> {
        let mut query = super::Sql::new(CHANNELS);
        query.push(" WHERE hall = ").bind(hall.as_str().to_owned()).push(" ORDER BY id");
        let rows: Vec<ChannelRow> = query.query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(channel).collect()
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_channel(&self, by: &Account, new: &Channel, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO channels (id, hall, kind, name, target, secret, detailed, severity, escalation, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&new.id)
        .bind(new.hall.as_str())
        .bind(new.kind.name())
        .bind(&new.name)
        .bind(&new.target)
        .bind(&new.secret)
        .bind(new.detailed)
        .bind(new.severity.name())
        .bind(new.escalation)
        .bind(micros(now))
        .execute(&mut *tx)
        .await?;
        self.settings_changed(tx, by, &new.hall, now).await
    }

    /// Removes a channel with what waits for it. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_channel(
        &self,
        by: &Account,
        hall: &HallId,
        which: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM channels WHERE hall = $1 AND id = $2")
            .bind(hall.as_str())
            .bind(which)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let route = format!("channel:{which}");
        for statement in
            ["DELETE FROM notify_pending WHERE route = $1", "DELETE FROM deliveries WHERE route = $1"]
        {
            sqlx::query(statement).bind(&route).execute(&mut *tx).await?;
        }
        self.settings_changed(tx, by, hall, now).await?;
        Ok(true)
    }

    /// A hall's quiet hours and time to escalation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify_settings(&self, hall: &HallId) -> Result<NotifySettings, StoreError> {
        let mut tx = self.pool.acquire().await?;
        settings(&mut tx, hall).await
    }

    /// Sets them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_notify_settings(
        &self,
        by: &Account,
        hall: &HallId,
        new: &NotifySettings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        let quiet: Vec<_> =
            new.quiet.iter().map(|span| format!("{}-{}", clock(span.from), clock(span.to))).collect();
        sqlx::query(
            "INSERT INTO notify_settings (hall, quiet, escalate_s) VALUES ($1, $2, $3)
             ON CONFLICT (hall) DO UPDATE SET quiet = excluded.quiet, escalate_s = excluded.escalate_s",
        )
        .bind(hall.as_str())
        .bind(serde_json::to_string(&quiet).unwrap_or_default())
        .bind(new.escalate.as_secs())
        .execute(&mut *tx)
        .await?;
        self.settings_changed(tx, by, hall, now).await
    }

    async fn settings_changed(
        &self,
        mut tx: Transaction,
        by: &Account,
        hall: &HallId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let note = Access::to("change_notifications").in_halls(Some(std::slice::from_ref(hall)));
        let head = append(&mut tx, &by.id, &note, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Remembers a browser; the same one again belongs to whoever asked last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_push(
        &self,
        account: &str,
        new: &Subscription,
        client: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1")
            .bind(&new.endpoint)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO push_subscriptions (id, account_id, endpoint, p256dh, auth, client, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(uuid::Uuid::now_v7().to_string())
            .bind(account)
            .bind(&new.endpoint)
            .bind(&new.p256dh)
            .bind(&new.auth)
            .bind(client)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a browser of an account. Whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_push(&self, account: &str, which: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM push_subscriptions WHERE account_id = $1 AND id = $2")
            .bind(account)
            .bind(which)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets a browser that its push service does not know any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_push(&self, endpoint: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1")
            .bind(endpoint)
            .execute(&mut *self.alone().await?)
            .await?;
        Ok(())
    }

    /// An account's browsers, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_clients(&self, account: &str) -> Result<Vec<PushClient>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT id, client, made_at FROM push_subscriptions WHERE account_id = $1 ORDER BY id",
        )
        .bind(account)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id, client, at)| PushClient { id, client, made_at: time(at) }).collect())
    }

    /// Whether there is anything to take up, to make or to send; without a write lock, since it is asked every second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_notices(&self, now: Timestamp) -> Result<bool, StoreError> {
        let Flag(some) = sqlx::query_scalar(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM feed) <> COALESCE((SELECT change FROM notify_cursor), -1)
                OR EXISTS (SELECT 1 FROM notify_pending WHERE done IS NULL AND due_at <= $1)
                OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'waiting' AND next_at <= $1)",
        )
        .bind(micros(now))
        .fetch_one(&self.pool)
        .await?;
        Ok(some)
    }

    /// Takes up what the feed holds since the last time: for each way on which an alert is to be told, a row that waits.
    /// Only changes that ring are looked at; what is historical, late or at rest does not ring.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let cursor: Option<i64> =
            sqlx::query_scalar("SELECT change FROM notify_cursor").fetch_optional(&mut *tx).await?;
        let newest: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM feed").fetch_one(&mut *tx).await?;
        // The first look begins with what comes, not with what was.
        let cursor = cursor.unwrap_or(newest);
        let rows: Vec<(i64, String, Flag)> = sqlx::query_as(
            "SELECT id, subject, ring FROM feed WHERE id > $1 AND kind = $2 ORDER BY id LIMIT $3",
        )
        .bind(cursor)
        .bind(ChangeKind::Opened.name())
        .bind(CHANGES)
        .fetch_all(&mut *tx)
        .await?;
        let upto =
            if rows.len() as i64 == CHANGES { rows.last().map_or(newest, |row| row.0) } else { newest };
        for (_, subject, _) in rows.into_iter().filter(|(_, _, ring)| ring.0) {
            let body: Option<String> = sqlx::query_scalar("SELECT body FROM episodes WHERE id = $1")
                .bind(&subject)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(body) = body {
                wait(&mut tx, &json::<Event>("episodes", &body)?, now).await?;
            }
        }
        sqlx::query("INSERT INTO notify_cursor (one, change) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET change = excluded.change")
            .bind(upto)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes messages of what is due: on each way one, with all that waits there. What was acknowledged, decided or has
    /// ended meanwhile is left out; a way that had a message a moment ago waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_messages(
        &self,
        hall_name: &(dyn Fn(&HallId) -> String + Sync),
        link: Option<&str>,
        lang: Lang,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        let due: Vec<(String, String)> = sqlx::query_as(
            "SELECT DISTINCT p.route, p.stage FROM notify_pending p WHERE p.done IS NULL AND p.due_at <= $1 AND NOT EXISTS
                (SELECT 1 FROM deliveries d WHERE d.route = p.route AND d.made_at > $2)",
        )
        .bind(micros(now))
        .bind(micros(now - LEAST_APART))
        .fetch_all(&mut *tx)
        .await?;
        let mut made = 0;
        for (route, stage) in due {
            made += message_of(&mut tx, (&route, &stage), hall_name, link, lang, now).await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Puts a message on its way at once, for trying a channel.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_now(&self, to: &Channel, message: &Message, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        deliver(&mut tx, &format!("channel:{}", to.id), &to.hall, message, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the messages whose time has come; each is this central's for a while.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_deliveries(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.begin().await?;
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "UPDATE deliveries SET attempts = attempts + 1, next_at = $2 WHERE id IN
                (SELECT id FROM deliveries WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at LIMIT $3)
             RETURNING id, route, body, attempts",
        )
        .bind(micros(now))
        .bind(micros(now + LEASE))
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for (id, route, body, tries) in rows {
            let route = route_of(&mut tx, &route).await?;
            claimed.push(Delivery {
                id,
                route,
                message: json("deliveries", &body)?,
                tries: u32::try_from(tries).unwrap_or(u32::MAX),
            });
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Notes how a try went: `Ok`, or what failed and when it is tried again, if it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_delivery(
        &self,
        delivery: &str,
        outcome: Result<(), (&str, Option<Timestamp>)>,
    ) -> Result<(), StoreError> {
        let (state, error, next) = match outcome {
            Ok(()) => ("sent", "", None),
            Err((error, Some(next))) => ("waiting", error, Some(next)),
            Err((error, None)) => ("failed", error, None),
        };
        sqlx::query(
            "UPDATE deliveries SET state = $2, error = $3, next_at = COALESCE($4, next_at) WHERE id = $1",
        )
        .bind(delivery)
        .bind(state)
        .bind(error)
        .bind(next.map(micros))
        .execute(&mut *self.alone().await?)
        .await?;
        Ok(())
    }

    /// A page of a hall's messages, newest first, and how many there are; `page` counts from 0.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliveries(
        &self,
        hall: &HallId,
        page: u32,
        per_page: u32,
    ) -> Result<(Vec<DeliveryRow>, u64), StoreError> {
        type Row = (String, String, i64, String, i64, String, String);
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deliveries WHERE hall = $1")
            .bind(hall.as_str())
            .fetch_one(&self.pool)
            .await?;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, route, made_at, state, attempts, error, body FROM deliveries WHERE hall = $1
             ORDER BY made_at DESC, id DESC LIMIT $2 OFFSET $3",
        )
        .bind(hall.as_str())
        .bind(i64::from(per_page))
        .bind(i64::from(page) * i64::from(per_page))
        .fetch_all(&self.pool)
        .await?;
        let row = |(id, route, made, state, tries, error, body): Row| {
            let message: Message = json("deliveries", &body)?;
            Ok(DeliveryRow {
                id,
                channel: route.strip_prefix("channel:").map(str::to_owned),
                made_at: time(made),
                state,
                tries: u32::try_from(tries).unwrap_or(u32::MAX),
                error,
                occasion: message.occasion,
                count: message.count,
            })
        };
        let rows = rows.into_iter().map(row).collect::<Result<_, StoreError>>()?;
        Ok((rows, total.unsigned_abs()))
    }
}

/// Deletes messages that are over.
pub(super) async fn housekeep(tx: &mut Transaction, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM deliveries WHERE made_at <= $1")
        .bind(micros(now - DELIVERIES_KEPT))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn settings(db: &mut sqlx::AnyConnection, hall: &HallId) -> Result<NotifySettings, StoreError> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT quiet, escalate_s FROM notify_settings WHERE hall = $1")
            .bind(hall.as_str())
            .fetch_optional(db)
            .await?;
    let Some((quiet, escalate)) = row else { return Ok(NotifySettings::default()) };
    let quiet: Vec<String> = json("notify_settings", &quiet)?;
    Ok(NotifySettings {
        quiet: quiet.iter().filter_map(|text| Span::parse(text)).collect(),
        escalate: SignedDuration::from_secs(escalate),
    })
}

/// Writes down on which ways an alert is to be told, and when.
async fn wait(tx: &mut Transaction, event: &Event, now: Timestamp) -> Result<(), StoreError> {
    let settings = settings(&mut *tx, &event.hall).await?;
    let zone = zone();
    let event_id = event.id.to_string();
    let mut query = super::Sql::new(CHANNELS);
    query.push(" WHERE hall = ").bind(event.hall.as_str().to_owned());
    let channels: Vec<ChannelRow> = query.query_as().fetch_all(&mut **tx).await?;
    let mut ways: Vec<(String, &str, Timestamp)> = Vec::new();
    for row in channels {
        let channel = channel(row)?;
        if event.severity < channel.severity {
            continue;
        }
        let wait = if channel.escalation { settings.escalate } else { GROUP };
        let stage = if channel.escalation { "escalation" } else { "first" };
        ways.push((format!("channel:{}", channel.id), stage, plan::due(now, wait, &settings.quiet, &zone)));
    }
    // Heads of the hall, after a moment; whoever is posted there at once: never later than a head.
    let heads: Vec<String> = sqlx::query_scalar(
        "SELECT s.id FROM push_subscriptions s JOIN accounts a ON a.id = s.account_id
         WHERE a.role = 'center_head' AND NOT a.disabled AND a.left_at IS NULL AND EXISTS
            (SELECT 1 FROM account_halls h WHERE h.account_id = a.id AND (h.hall = $1 OR h.hall = '*'))",
    )
    .bind(event.hall.as_str())
    .fetch_all(&mut **tx)
    .await?;
    ways.extend(
        heads
            .into_iter()
            .map(|who| (format!("push:{who}"), "first", plan::due(now, GROUP, &settings.quiet, &zone))),
    );
    if let Some(window) = &event.window {
        let posted: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT s.id FROM push_subscriptions s JOIN accounts a ON a.id = s.account_id
             JOIN posts p ON p.account_id = a.id
             WHERE a.role = 'staff' AND NOT a.disabled AND p.hall = $1 AND p.window_id = $2 AND p.from_at <= $3 AND p.to_at > $3",
        )
        .bind(event.hall.as_str())
        .bind(window.as_str())
        .bind(micros(event.opened_at))
        .fetch_all(&mut **tx)
        .await?;
        ways.extend(posted.into_iter().map(|who| (format!("push:{who}"), "own", now)));
    }
    for (route, stage, due) in ways {
        sqlx::query("INSERT INTO notify_pending (route, event_id, stage, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(route)
            .bind(&event_id)
            .bind(stage)
            .bind(micros(due))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// The event, why it rests, when it is due, when it was acknowledged, whether somebody decided.
type PendingRow = (String, Option<String>, i64, Option<i64>, Flag);

/// One message of all that waits on a way, if any of it still matters.
async fn message_of(
    tx: &mut Transaction,
    (route, stage): (&str, &str),
    hall_name: &(dyn Fn(&HallId) -> String + Sync),
    link: Option<&str>,
    lang: Lang,
    now: Timestamp,
) -> Result<usize, StoreError> {
    // Escalation waits for its own time; of the rest everything goes along.
    let rows: Vec<PendingRow> = sqlx::query_as(
        "SELECT e.body, s.cause, p.due_at, r.acknowledged_at, r.verdict IS NOT NULL
         FROM notify_pending p JOIN episodes e ON e.id = p.event_id LEFT JOIN reviews r ON r.event_id = e.id
         LEFT JOIN suspended s ON s.event_id = e.id WHERE p.route = $1 AND p.stage = $2 AND p.done IS NULL ORDER BY e.opened_at",
    )
    .bind(route)
    .bind(stage)
    .fetch_all(&mut **tx)
    .await?;
    let escalation = stage == "escalation";
    let mut halls: BTreeMap<HallId, Vec<Event>> = BTreeMap::new();
    for (body, cause, due, acknowledged, decided) in rows {
        let event: Event = json("episodes", &body)?;
        if escalation && due > micros(now) {
            continue;
        }
        sqlx::query("UPDATE notify_pending SET done = $4 WHERE route = $1 AND stage = $2 AND event_id = $3")
            .bind(route)
            .bind(stage)
            .bind(event.id.to_string())
            .bind(micros(now))
            .execute(&mut **tx)
            .await?;
        // Staff are told of every event; a head only of what still needs somebody.
        let matters = stage == "own" || (acknowledged.is_none() && !decided.0 && event.closed_at.is_none());
        if cause.is_none() && matters {
            halls.entry(event.hall.clone()).or_default().push(event);
        }
    }
    let target = route_of(tx, route).await?;
    let detailed = matches!(&target, Some(Route::Channel(channel)) if channel.detailed);
    let made = halls.len();
    for (hall, events) in halls {
        let details = if detailed {
            events.iter().take(MOST_DETAILS).map(|event| detail(event, lang)).collect()
        } else {
            Vec::new()
        };
        let message = Message {
            occasion: match stage {
                "escalation" => Occasion::Escalation,
                "own" => Occasion::Own,
                _ => Occasion::Alerts,
            },
            hall: hall_name(&hall),
            count: events.len(),
            critical: events.iter().filter(|event| event.severity == Severity::Critical).count(),
            link: link.map(str::to_owned),
            details,
        };
        deliver(tx, route, &hall, &message, now).await?;
    }
    Ok(made)
}

fn detail(event: &Event, lang: Lang) -> String {
    let place = event.window.as_ref().map_or_else(
        || event.zone.as_ref().map(ToString::to_string).unwrap_or_default(),
        |window| lang.fill("notify.message.window", &[("window", window.as_str())]),
    );
    format!("{place}: {}", lang.text(&format!("rule.{}.title", event.rule)))
}

async fn deliver(
    tx: &mut Transaction,
    route: &str,
    hall: &HallId,
    message: &Message,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO deliveries (id, route, hall, body, made_at, next_at, attempts, state, error)
         VALUES ($1, $2, $3, $4, $5, $5, 0, 'waiting', '')",
    )
    .bind(uuid::Uuid::now_v7().to_string())
    .bind(route)
    .bind(hall.as_str())
    .bind(serde_json::to_string(message).unwrap_or_default())
    .bind(micros(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn route_of(tx: &mut Transaction, route: &str) -> Result<Option<Route>, StoreError> {
    if let Some(which) = route.strip_prefix("channel:") {
        let mut query = super::Sql::new(CHANNELS);
        query.push(" WHERE id = ").bind(which.to_owned());
        let row: Option<ChannelRow> = query.query_as().fetch_optional(&mut **tx).await?;
        return row
            .map(channel)
            .transpose()
            .map(|channel| channel.map(|channel| Route::Channel(Box::new(channel))));
    }
    let which = route.strip_prefix("push:").unwrap_or_default();
    let row: Option<(String, String, String)> =
        sqlx::query_as("SELECT endpoint, p256dh, auth FROM push_subscriptions WHERE id = $1")
            .bind(which)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.map(|(endpoint, p256dh, auth)| Route::Push(Subscription { endpoint, p256dh, auth })))
}
