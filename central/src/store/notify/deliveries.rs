//! Messages on their way, and how that went.

use super::channels::{CHANNELS, Channel, ChannelRow, channel};
use crate::notify::push::Subscription;
use crate::notify::{Message, Occasion};
use crate::store::{Sql, Store, StoreError, Transaction, json, micros, time};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use jiff::SignedDuration;

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
/// How long sent messages are shown.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);

impl Store {
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
pub(in crate::store) async fn housekeep(tx: &mut Transaction, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM deliveries WHERE made_at <= $1")
        .bind(micros(now - DELIVERIES_KEPT))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn deliver(
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

pub(super) async fn route_of(tx: &mut Transaction, route: &str) -> Result<Option<Route>, StoreError> {
    if let Some(which) = route.strip_prefix("channel:") {
        let mut query = Sql::new(CHANNELS);
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
