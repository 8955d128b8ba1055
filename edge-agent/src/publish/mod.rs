//! The way to central: what the outbox holds goes to the MQTT broker, and central's acknowledgements come back.
//!
//! `Publisher::run` only reconnects (capped back-off with jitter), `session` is the life of one connection. On every
//! connection the agent says that it is online, what configuration and which geometry are in force, and sends what central has not
//! acknowledged, oldest first. At most [`WINDOW`] messages are under way; a message that central leaves
//! unacknowledged is sent again, after a patience that doubles from [`PATIENCE`] while nothing is acknowledged.
//! Sending twice is harmless: central records by `(id, seq)`.
//!
//! Coverage is delivered when the broker has taken it and does not say that nobody listens; see [`crate::outbox`].

mod link;
mod options;
mod tls;
mod why;
mod window;

pub use link::{Delivery, Happening, Link, LinkError, Protocol, Station, Visit};
pub use tls::{TlsError, client_config};

use crate::capture::Backoff;
use crate::config::BrokerConfig;
use crate::machine::Gauge;
use crate::outbox::{Outbox, OutboxError};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::observation::Signal;
use chuangming_domain::wire::{
    Acks, AppliedConfig, Channel, Coverage, CoverageSchema, Geometry, Observed, Status,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tracing::{debug, info, warn};
use window::Window;

/// How many messages are under way to central at most.
pub const WINDOW: usize = 64;
/// How long to wait for an acknowledgement before sending again, at first.
pub const PATIENCE: Duration = Duration::from_secs(15);

const PATIENCE_CAP: Duration = Duration::from_secs(300);
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
const BACKOFF_CAP: Duration = Duration::from_secs(30);
/// How long a clean shutdown waits for acknowledgements.
const DRAIN: Duration = Duration::from_secs(2);
const FAREWELL: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_secs(1);
/// How often the machine is reported.
const REPORT: Duration = Duration::from_secs(60);

/// Who connects where.
#[derive(Debug, Clone)]
pub struct Address {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// The broker.
    pub broker: BrokerConfig,
}

/// What connects the publisher to the rest of the agent.
pub struct Wires {
    /// What is to be sent.
    pub outbox: Outbox,
    /// What the machine has to say of itself.
    pub gauge: Arc<Gauge>,
    /// Told whenever the outbox has something new.
    pub wake: Arc<Notify>,
    /// The configuration in force, or why the last one was refused.
    pub applied: watch::Receiver<AppliedConfig>,
    /// The geometry in force.
    pub geometry: watch::Receiver<Geometry>,
    /// The windows that are watched.
    pub windows: watch::Receiver<Vec<WindowId>>,
    /// Payloads of `config/desired`; one that finds the queue full is dropped, the next connection brings it again.
    pub desired: mpsc::Sender<Vec<u8>>,
    /// Turns true when the agent shuts down.
    pub stop: watch::Receiver<bool>,
}

/// Sends the outbox to central.
pub struct Publisher {
    address: Address,
    wires: Wires,
    patience: Duration,
    protocol: Protocol,
}

/// How one connection ended.
enum End {
    Stopped,
    Lost(LinkError),
}

impl Publisher {
    /// A publisher that is not yet connected.
    #[must_use]
    pub fn new(address: Address, wires: Wires) -> Self {
        Self { address, wires, patience: PATIENCE, protocol: Protocol::V5 }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Connects, and connects again, until the agent shuts down.
    pub async fn run(mut self) {
        let mut backoff = Backoff::new(BACKOFF_FIRST, BACKOFF_CAP);
        let mut told = String::new();
        loop {
            let began = Instant::now();
            let error = match self.session().await {
                End::Stopped => return,
                End::Lost(error) => error,
            };
            let reason = error.to_string();
            if told == reason {
                debug!(%reason, "still no broker");
            } else {
                warn!(%reason, "no broker; events wait in the outbox");
                told = reason;
            }
            if error.suggests_other_protocol() {
                self.protocol = self.protocol.other();
            }
            if began.elapsed() > BACKOFF_CAP {
                backoff.reset();
                told.clear();
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.wait(rand::random())) => {}
                () = stopped(&mut self.wires.stop) => return,
            }
        }
    }

    /// One connection, from its opening to its loss or to the farewell.
    async fn session(&mut self) -> End {
        let station = Station { address: self.address.clone(), protocol: self.protocol, visit: Visit::Serve };
        let mut link = match Link::open(&station) {
            Ok(link) => link,
            Err(error) => return End::Lost(error),
        };
        tokio::select! {
            connected = link.connected() => if let Err(error) = connected { return End::Lost(error) },
            () = stopped(&mut self.wires.stop) => return End::Stopped,
        }
        info!(broker = %self.address.broker, protocol = %self.protocol, "connected");
        let mut session = Session {
            topics: Topics::of(&self.address),
            window: Window::new(WINDOW, self.patience, PATIENCE_CAP, Instant::now()),
            coverage: HashSet::new(),
            link,
            wires: &mut self.wires,
        };
        match session.live().await {
            Ok(()) => End::Stopped,
            Err(error) => End::Lost(error),
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means that the agent is gone: stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The topics of this agent.
struct Topics {
    events: String,
    health: String,
    coverage: String,
    status: String,
    machine: String,
    calibration: String,
    ack: String,
    desired: String,
    applied: String,
}

impl Topics {
    fn of(address: &Address) -> Self {
        let topic = |channel: Channel| channel.topic(&address.hall, &address.agent);
        Self {
            events: topic(Channel::Events),
            health: topic(Channel::Health),
            coverage: topic(Channel::Coverage),
            status: topic(Channel::Status),
            machine: topic(Channel::Machine),
            calibration: topic(Channel::Calibration),
            ack: topic(Channel::Ack),
            desired: topic(Channel::ConfigDesired),
            applied: topic(Channel::ConfigApplied),
        }
    }
}

/// What is known during one connection.
struct Session<'a> {
    topics: Topics,
    window: Window,
    /// States of hours that are under way to the broker.
    coverage: HashSet<(String, i64)>,
    link: Link,
    wires: &'a mut Wires,
}

impl Session<'_> {
    async fn live(&mut self) -> Result<(), LinkError> {
        self.link.subscribe(&[&self.topics.ack, &self.topics.desired])?;
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        self.publish_status(&Status { online: true, version, since: Some(Timestamp::now()) })?;
        self.publish_applied()?;
        self.publish_geometry()?;
        self.announce()?;

        let mut tick = tokio::time::interval(TICK);
        let mut report = tokio::time::interval(REPORT);
        let mut drain_until: Option<Instant> = None;
        loop {
            self.send().await?;
            if drain_until.is_some_and(|until| Instant::now() >= until || self.window.is_empty()) {
                return self.say_farewell().await;
            }
            tokio::select! {
                happening = self.link.next() => self.handle(happening?).await,
                () = self.wires.wake.notified() => {}
                _ = tick.tick() => {}
                _ = report.tick() => self.publish_machine().await?,
                changed = self.wires.applied.changed(), if drain_until.is_none() => {
                    if changed.is_ok() {
                        self.publish_applied()?;
                        self.publish_machine().await?;
                    }
                }
                changed = self.wires.geometry.changed(), if drain_until.is_none() => {
                    if changed.is_ok() {
                        self.publish_geometry()?;
                    }
                }
                changed = self.wires.windows.changed(), if drain_until.is_none() => {
                    if changed.is_ok() {
                        self.announce()?;
                    }
                }
                () = stopped(&mut self.wires.stop), if drain_until.is_none() => {
                    drain_until = Some(Instant::now() + DRAIN);
                }
            }
        }
    }

    /// Sends as much as there is room for, oldest first.
    async fn send(&mut self) -> Result<(), LinkError> {
        self.window.give_up_if_overdue(Instant::now());
        match self.wires.outbox.unacknowledged(self.window.cursor(), self.window.room()).await {
            Ok(messages) => {
                for message in messages {
                    let topic = if message.channel == Channel::Events {
                        &self.topics.events
                    } else {
                        &self.topics.health
                    };
                    self.link.publish(topic, message.body.into_bytes(), false, Delivery::Message)?;
                    self.window.sent(message.key, message.position, Instant::now());
                }
            }
            Err(e) => warn!(error = %e, "the outbox cannot be read"),
        }
        match self.wires.outbox.unsent_coverage(current_hour()).await {
            Ok(hours) => {
                for hour in hours {
                    if self.coverage.insert((hour.hour.clone(), hour.revision)) {
                        let delivery = Delivery::Coverage { hour: hour.hour, revision: hour.revision };
                        self.link.publish(&self.topics.coverage, hour.body.into_bytes(), false, delivery)?;
                    }
                }
            }
            Err(e) => warn!(error = %e, "the outbox cannot be read"),
        }
        Ok(())
    }

    async fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Delivered(Delivery::Coverage { hour, revision }) => {
                self.coverage.remove(&(hour.clone(), revision));
                note(self.wires.outbox.coverage_sent(&hour, revision, current_hour()).await);
            }
            // Central acknowledges messages itself; coverage that nobody heard is sent again on the next connection.
            Happening::Delivered(_) | Happening::Unheard(_) => {}
            Happening::Refused(delivery, reason) => {
                warn!(?delivery, reason, "the broker refused a message: check this agent's rights there");
            }
            Happening::Message { topic, payload } if topic == self.topics.ack => {
                self.acknowledged(&payload).await
            }
            Happening::Message { topic, payload } if topic == self.topics.desired => {
                // An empty retained message is how a topic is cleared.
                if !payload.is_empty() && self.wires.desired.try_send(payload).is_err() {
                    warn!("a desired configuration was dropped: the last one is still being looked at");
                }
            }
            Happening::Message { topic, .. } => debug!(topic, "a message nobody asked for"),
        }
    }

    async fn acknowledged(&mut self, payload: &[u8]) {
        match serde_json::from_slice::<Acks>(payload) {
            Ok(Acks { acks }) => {
                self.window.acknowledged(&acks, Instant::now());
                note(self.wires.outbox.acknowledge(&acks).await);
            }
            Err(e) => warn!(error = %e, "a malformed acknowledgement was ignored"),
        }
    }

    fn publish_status(&self, status: &Status) -> Result<(), LinkError> {
        self.link.publish(&self.topics.status, json(status), true, Delivery::Status)
    }

    fn publish_applied(&mut self) -> Result<(), LinkError> {
        let applied = json(&*self.wires.applied.borrow_and_update());
        self.link.publish(&self.topics.applied, applied, true, Delivery::Status)
    }

    fn publish_geometry(&mut self) -> Result<(), LinkError> {
        let geometry = json(&*self.wires.geometry.borrow_and_update());
        self.link.publish(&self.topics.calibration, geometry, true, Delivery::Status)
    }

    async fn publish_machine(&self) -> Result<(), LinkError> {
        let machine = json(&self.wires.gauge.report().await);
        self.link.publish(&self.topics.machine, machine, false, Delivery::Machine)
    }

    /// Tells central which windows there are before the first event or the first full hour does: a window of which
    /// central knows nothing is shown as one that cannot be observed.
    fn announce(&mut self) -> Result<(), LinkError> {
        let nothing_yet = || Signal::ALL.into_iter().map(|signal| (signal, Observed::default())).collect();
        let windows: BTreeMap<_, _> =
            self.wires.windows.borrow_and_update().iter().map(|id| (id.clone(), nothing_yet())).collect();
        if windows.is_empty() {
            return Ok(());
        }
        let coverage = Coverage { schema: CoverageSchema::V1, hour: current_hour(), windows };
        self.link.publish(&self.topics.coverage, json(&coverage), false, Delivery::Announcement)
    }

    async fn say_farewell(&mut self) -> Result<(), LinkError> {
        self.link.farewell(&self.topics.status, json(&offline()), FAREWELL).await
    }
}

fn note(done: Result<impl Sized, OutboxError>) {
    if let Err(e) = done {
        warn!(error = %e, "the outbox cannot be written; what was acknowledged will be sent again");
    }
}

/// What the last will and the farewell say.
#[must_use]
pub fn offline() -> Status {
    Status { online: false, version: None, since: None }
}

pub(crate) fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("wire types are JSON")
}

/// The start of the hour that is not over yet.
fn current_hour() -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now.rem_euclid(3600)).unwrap_or(Timestamp::UNIX_EPOCH)
}
