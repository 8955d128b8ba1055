//! The log of who looked at conduct, as rows; what makes it a chain is in [`crate::audit`].

mod chain;
mod reading;

pub(super) use chain::Witness;
pub use chain::{Verified, read_witness};
pub use reading::{AccessFilter, AccessRow, Posted};

use super::{Account, Store, StoreError, Transaction, micros};
use crate::audit::{self, Entry, Head};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{Event, EventId};
use chuangming_domain::id::{HallId, WindowId};

/// What somebody looked at, or did.
#[derive(Debug, Clone)]
pub struct Access {
    action: &'static str,
    halls: Vec<String>,
    window: Option<String>,
    event: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    subject: String,
}

const EVERY_HALL: &str = "*";

impl Access {
    /// Something that concerns no hall, until told otherwise. People read `audit.<action>` of the catalogue.
    #[must_use]
    pub const fn to(action: &'static str) -> Self {
        Self {
            action,
            halls: Vec::new(),
            window: None,
            event: None,
            from: None,
            to: None,
            subject: String::new(),
        }
    }

    /// In these halls; `None` is every hall.
    #[must_use]
    pub fn in_halls(mut self, halls: Option<&[HallId]>) -> Self {
        self.halls = match halls {
            None => vec![EVERY_HALL.to_owned()],
            Some(halls) => halls.iter().map(ToString::to_string).collect(),
        };
        self
    }

    /// At this window only.
    #[must_use]
    pub fn at_window(mut self, window: Option<&WindowId>) -> Self {
        self.window = window.map(ToString::to_string);
        self
    }

    /// This event only.
    #[must_use]
    pub fn of_event(mut self, event: &Event) -> Self {
        self.halls = vec![event.hall.to_string()];
        self.window = event.window.as_ref().map(ToString::to_string);
        self.event = Some(event.id.to_string());
        self
    }

    /// What was in view lies in this time.
    #[must_use]
    pub const fn during(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.from = from;
        self.to = to;
        self
    }

    /// What else there is to say; no names of people.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}

/// Appends what an account did, one entry for each hall, in the transaction that does it.
pub(super) async fn append(
    tx: &mut Transaction,
    account: &str,
    access: &Access,
    now: Timestamp,
) -> Result<Head, StoreError> {
    let mut last = newest(tx).await?;
    let halls: Vec<Option<String>> = match access.halls.as_slice() {
        [] => vec![None],
        halls => halls.iter().cloned().map(Some).collect(),
    };
    for hall in halls {
        let entry = Entry {
            id: last.id + 1,
            at: micros(now),
            account: account.to_owned(),
            action: access.action.to_owned(),
            hall,
            window: access.window.clone(),
            event: access.event.clone(),
            from: access.from.map(micros),
            to: access.to.map(micros),
            subject: access.subject.clone(),
        };
        let hash = audit::hash(&last.hash, &entry);
        sqlx::query(
            "INSERT INTO audit (id, at, account_id, action, hall, window_id, event_id, from_at, to_at, subject, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(entry.id)
        .bind(entry.at)
        .bind(&entry.account)
        .bind(&entry.action)
        .bind(entry.hall.as_deref())
        .bind(entry.window.as_deref())
        .bind(entry.event.as_deref())
        .bind(entry.from)
        .bind(entry.to)
        .bind(&entry.subject)
        .bind(&hash)
        .execute(&mut **tx)
        .await?;
        last = Head { id: entry.id, hash };
    }
    Ok(last)
}

async fn newest(tx: &mut Transaction) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> = sqlx::query_as("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut **tx)
        .await?;
    let last = match last {
        Some(last) => Some(last),
        None => sqlx::query_as("SELECT id, hash FROM audit_start").fetch_optional(&mut **tx).await?,
    };
    Ok(last.map_or_else(Head::origin, |(id, hash)| Head { id, hash }))
}

impl Store {
    /// Writes down what an account looked at or did.
    ///
    /// # Errors
    /// When the database fails; then nothing may be shown.
    pub async fn note(&self, account: &Account, access: &Access, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let head = append(&mut tx, &account.id, access, now).await?;
        self.commit_noted(tx, &head).await
    }

    /// Writes down that an account looked at something in all of its halls; a subject that is one of them names that
    /// one, and a subject that is an event's id names the event.
    ///
    /// # Errors
    /// When the database fails; then nothing may be shown.
    pub async fn note_access(
        &self,
        account: &Account,
        action: &'static str,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut access = Access::to(action).in_halls(account.halls.as_deref()).about(subject);
        let sees = |hall: &HallId| account.halls.as_ref().is_none_or(|halls| halls.contains(hall));
        if let Ok(hall) = subject.parse::<HallId>()
            && sees(&hall)
        {
            access = access.in_halls(Some(&[hall])).about("");
        } else if let Ok(id) = subject.parse()
            && let Some(episode) = self.event(EventId(id)).await?
        {
            access = access.of_event(&episode.event);
        }
        self.note(account, &access, now).await
    }

    /// Commits a transaction that appended to the log.
    pub(super) async fn commit_noted(&self, tx: Transaction, head: &Head) -> Result<(), StoreError> {
        tx.commit().await?;
        self.witness.write(head);
        Ok(())
    }
}
