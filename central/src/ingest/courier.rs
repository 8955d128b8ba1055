//! Brings each agent the configuration that it is asked to have: signed, retained, and again after every connection
//! to the broker, since not every broker keeps what is retained.
//!
//! It looks when it is told to and every few seconds: another central may have made a rollout, and a new agent may
//! have come.

use super::link::Outbox;
use crate::access::Access;
use crate::signing::Signer;
use crate::stop::Stop;
use crate::store::{Store, StoreError};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::Channel;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

const LOOK: Duration = Duration::from_secs(5);

/// Tells the courier that there may be something to bring.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// There may be something.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Brings configuration.
pub struct Courier {
    /// Where it is written down.
    pub store: Store,
    /// The way to the agents.
    pub outbox: Outbox,
    /// Whether there is a way.
    pub connected: Arc<AtomicBool>,
    /// Signs it; without one nothing is brought.
    pub signer: Option<Signer>,
    /// Who may connect, refreshed on every look.
    pub access: Access,
    /// Told when there may be something.
    pub bell: Bell,
}

impl Courier {
    /// Works until `stop`.
    pub async fn run(self, mut stop: Stop) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut brought = Brought::default();
        loop {
            tokio::select! {
                () = stop.given() => return,
                () = self.bell.0.notified() => {}
                _ = tick.tick() => {}
            }
            if let Err(error) = self.look(&mut brought).await {
                tracing::error!(%error, "the agents' configuration cannot be read");
            }
        }
    }

    async fn look(&self, brought: &mut Brought) -> Result<(), StoreError> {
        self.access.refresh(&self.store).await?;
        let Some(signer) = &self.signer else { return Ok(()) };
        if !self.connected.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.store.assign_newcomers(Timestamp::now()).await?;
        brought.begin(self.outbox.connection());
        for assignment in self.store.assignments().await? {
            let (hall, agent, serial) = (assignment.hall, assignment.agent, assignment.serial);
            if !brought.is_new(&hall, &agent, serial) {
                continue;
            }
            let desired = signer.sign(&hall, &agent, serial, &assignment.policy);
            // Texts and a hash: it always serialises.
            let payload = serde_json::to_string(&desired).unwrap_or_default();
            let topic = Channel::ConfigDesired.topic(&hall, &agent);
            if self.outbox.publish(&topic, payload, true).await.is_err() {
                return Ok(());
            }
            tracing::info!(%hall, %agent, version = %desired.version, "configuration sent");
            brought.note(hall, agent, serial);
        }
        Ok(())
    }
}

/// What was brought over the present connection.
#[derive(Debug, Default)]
struct Brought {
    connection: u64,
    serials: BTreeMap<(HallId, AgentId), u64>,
}

impl Brought {
    fn begin(&mut self, connection: u64) {
        if self.connection != connection {
            *self = Self { connection, ..Self::default() };
        }
    }

    fn is_new(&self, hall: &HallId, agent: &AgentId, serial: u64) -> bool {
        self.serials.get(&(hall.clone(), agent.clone())) != Some(&serial)
    }

    fn note(&mut self, hall: HallId, agent: AgentId, serial: u64) {
        self.serials.insert((hall, agent), serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_brought_once_on_each_connection() {
        let (hall, agent): (HallId, AgentId) = ("tanggu".parse().unwrap(), "edge-01".parse().unwrap());
        let mut brought = Brought::default();
        for (connection, serial, expected) in
            [(1, 7, true), (1, 7, false), (1, 8, true), (2, 8, true), (2, 8, false)]
        {
            brought.begin(connection);
            assert_eq!(brought.is_new(&hall, &agent, serial), expected, "{connection} {serial}");
            brought.note(hall.clone(), agent.clone(), serial);
        }
    }
}
