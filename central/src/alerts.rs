//! The live stream: what the store says has changed goes to every open page at once.
//!
//! Overload policy `Resync`: the queue holds [`QUEUE`] notices; a reader that falls further behind loses them and is
//! told to fetch the whole state again. Nobody waits for a slow reader.

use crate::stop::Stop;
use crate::store::{Change, ChangeKind, Missed, Store, StoreError};
use crate::view::{AgentView, EventView, ProblemView};
use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use chuangming_domain::id::{HallId, WindowId};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, broadcast};

/// Notices kept for the slowest reader.
pub const QUEUE: usize = 1024;
/// How often a central looks for what others on the same database recorded.
const LOOK: Duration = Duration::from_millis(500);

/// One message of the stream.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The change's number; a stream resumes after it.
    pub id: i64,
    /// Whose halls see it.
    pub hall: HallId,
    /// What kind.
    pub kind: ChangeKind,
    /// For an event: at which window, and when its condition began.
    pub at: Option<(WindowId, Timestamp)>,
    /// The JSON text.
    pub data: String,
}

/// What an `opened`, `updated`, `closed` or `reviewed` message holds.
#[derive(Debug, Serialize)]
struct EventNotice {
    event: EventView,
    ring: bool,
}

#[derive(Debug, Serialize)]
struct HealthNotice {
    problem: ProblemView,
}

#[derive(Debug, Serialize)]
struct DutyNotice {
    hall: String,
}

#[derive(Debug, Serialize)]
struct StatusNotice {
    agent: AgentView,
}

/// Where notices go out.
#[derive(Debug, Clone)]
pub struct Hub {
    notices: broadcast::Sender<Arc<Notice>>,
    turn: Arc<Mutex<Told>>,
}

/// The number of the newest change that was told.
type Told = Option<i64>;

/// The right to record and tell; changes are told in the order of their numbers.
#[derive(Debug)]
pub struct Turn<'a>(MutexGuard<'a, Told>);

impl Default for Hub {
    fn default() -> Self {
        Self { notices: broadcast::Sender::new(QUEUE), turn: Arc::default() }
    }
}

impl Hub {
    /// Waits for the turn to record changes in the store and tell them.
    pub async fn turn(&self) -> Turn<'_> {
        Turn(self.turn.lock().await)
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<Notice>> {
        self.notices.subscribe()
    }

    /// Tells every listener of changes, and of those that another central recorded meanwhile. A change whose row cannot
    /// be read is logged and left out; the next full fetch of a page holds it.
    pub async fn tell(&self, store: &Store, changes: &[Change], mut turn: Turn<'_>) {
        let Some((first, last)) = changes.first().zip(changes.last()) else { return };
        let told = turn.0.replace(last.id);
        if told.is_some_and(|told| told + 1 < first.id) {
            // Ours among them, each in its place.
            self.catch_up(store, told, &mut turn).await;
        } else {
            self.send(store, changes).await;
        }
    }

    /// Tells what other centrals on the same database record, until the stop.
    pub async fn follow(self, store: Store, mut stop: Stop) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.given() => return,
                _ = look.tick() => {
                    let mut turn = self.turn().await;
                    let told = *turn.0;
                    self.catch_up(&store, told, &mut turn).await;
                }
            }
        }
    }

    async fn catch_up(&self, store: &Store, told: Told, turn: &mut Turn<'_>) {
        let Some(told) = told else {
            // Nobody listened before the first turn: what was recorded until now is in what they fetch.
            match store.cursor().await {
                Ok(cursor) => *turn.0 = Some(cursor),
                Err(error) => tracing::error!(%error, "the live stream does not know where it stands"),
            }
            return;
        };
        match store.changes_after(told, usize::MAX).await {
            Ok(Missed::Changes(changes)) => {
                *turn.0 = Some(changes.last().map_or(told, |last| last.id));
                self.send(store, &changes).await;
            }
            Ok(Missed::TooMuch) => *turn.0 = None,
            Err(error) => {
                *turn.0 = Some(told);
                tracing::error!(%error, "the live stream cannot catch up");
            }
        }
    }

    async fn send(&self, store: &Store, changes: &[Change]) {
        if self.notices.receiver_count() == 0 {
            return;
        }
        for change in changes {
            match notice(store, change).await {
                Ok(Some(notice)) => drop(self.notices.send(Arc::new(notice))),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, change = change.id, "a change could not be told"),
            }
        }
    }
}

/// Puts the message of a change together from the row as it stands now; `None` when the row is gone.
///
/// # Errors
/// When the database fails.
pub async fn notice(store: &Store, change: &Change) -> Result<Option<Notice>, StoreError> {
    let mut at = None;
    let data = match change.kind {
        ChangeKind::Health => match event_id(change) {
            Some(id) => store.problem(id).await?.map(|p| to_json(&HealthNotice { problem: (&p).into() })),
            None => None,
        },
        ChangeKind::Status => store
            .agent(&change.hall, &change.subject)
            .await?
            .map(|a| to_json(&StatusNotice { agent: (&a).into() })),
        ChangeKind::Duty => Some(to_json(&DutyNotice { hall: change.hall.to_string() })),
        ChangeKind::Opened | ChangeKind::Updated | ChangeKind::Closed | ChangeKind::Reviewed => {
            match event_id(change) {
                Some(id) => store.event(id).await?.map(|episode| {
                    at = episode.event.window.clone().map(|window| (window, episode.event.opened_at));
                    let ring = change.ring && episode.event.closed_at.is_none();
                    to_json(&EventNotice { event: (&episode).into(), ring })
                }),
                None => None,
            }
        }
    };
    Ok(data.map(|data| Notice { id: change.id, hall: change.hall.clone(), kind: change.kind, at, data }))
}

fn event_id(change: &Change) -> Option<EventId> {
    change.subject.parse().ok().map(EventId)
}

/// The views hold texts, numbers and lists only; they always serialise.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
