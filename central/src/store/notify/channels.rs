//! A hall's channels, its quiet hours and its time to escalation.

use crate::notify::ChannelKind;
use crate::notify::plan;
use crate::store::audit::append;
use crate::store::{Access, Account, Flag, Sql, Store, StoreError, Transaction, id, json, micros};
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use chuangming_domain::policy::Span;
use chuangming_domain::rule::Severity;
use jiff::SignedDuration;

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

pub(super) type ChannelRow = (String, String, String, String, String, String, Flag, String, Flag);
pub(super) const CHANNELS: &str =
    "SELECT id, hall, kind, name, target, secret, detailed, severity, escalation FROM channels";

pub(super) fn channel(
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
        let mut query = Sql::new(CHANNELS);
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
}

pub(super) async fn settings(
    db: &mut sqlx::AnyConnection,
    hall: &HallId,
) -> Result<NotifySettings, StoreError> {
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
