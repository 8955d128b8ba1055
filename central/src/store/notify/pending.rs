//! What waits to be told: taken up from the feed, on each way until its time has come, then made into messages.

use super::channels::{CHANNELS, ChannelRow, channel, settings};
use super::deliveries::{Route, deliver, route_of};
use crate::duty::zone;
use crate::notify::plan::{self, GROUP, LEAST_APART};
use crate::notify::{Message, Occasion};
use crate::store::{ChangeKind, Flag, Sql, Store, StoreError, Transaction, json, micros};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::HallId;
use chuangming_domain::rule::Severity;
use chuangming_domain::text::Lang;
use std::collections::BTreeMap;

/// Changes of the feed taken up in one go.
const CHANGES: i64 = 500;
/// Alerts whose details a message holds.
const MOST_DETAILS: usize = 10;

impl Store {
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
}

/// Writes down on which ways an alert is to be told, and when.
async fn wait(tx: &mut Transaction, event: &Event, now: Timestamp) -> Result<(), StoreError> {
    let settings = settings(&mut *tx, &event.hall).await?;
    let zone = zone();
    let event_id = event.id.to_string();
    let mut query = Sql::new(CHANNELS);
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
