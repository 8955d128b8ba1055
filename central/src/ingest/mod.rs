//! From the broker into the store, and the acknowledgement back. The only module that knows MQTT.
//!
//! A reader keeps the connection and puts what arrives into a queue; a writer takes all that waits, records it in one
//! transaction, and only then acknowledges: on the ack topic, where the agent deletes, and to the broker.
//!
//! Overload policy `Refuse`: the broker sends at most its in-flight limit before the writer has answered, which is
//! less than the queue holds. What still does not fit is dropped unacknowledged and counted; its agent sends it again.

pub mod broker;
pub mod courier;
pub mod history;
pub mod link;
pub mod payload;
pub mod simulate;

use crate::access::Access;
use crate::alerts::Hub;
use crate::stop::Stop;
use crate::store::{Arrival, Body, Outcome, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Phase;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{Ack, Acks, Channel};
use link::{Delivery, Incoming, Link, Outbox};
use metrics::{counter, gauge, histogram};
use payload::Refusal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Messages between reader and writer.
const QUEUE: usize = 1024;
/// Messages in one transaction.
const BATCH: usize = 256;
/// How long the last acknowledgements may take at the end.
const FAREWELL: Duration = Duration::from_secs(3);
/// After so many failures one by one the database itself is at fault and the rest of a batch is not tried.
const FAILURES: usize = 3;

/// The way from the broker into the store.
pub struct Ingest {
    link: Link,
    outbox: Outbox,
    store: Store,
    hub: Hub,
    access: Access,
    connected: Arc<AtomicBool>,
}

/// What the reader hands to the writer.
struct Arrived {
    delivery: Delivery,
    at: Instant,
}

impl Ingest {
    /// Prepares it; [`Ingest::run`] does the work.
    #[must_use]
    pub fn new((link, outbox): (Link, Outbox), store: Store, hub: Hub, access: Access) -> Self {
        Self { link, outbox, store, hub, access, connected: Arc::new(AtomicBool::new(false)) }
    }

    /// Whether the broker is connected.
    #[must_use]
    pub fn connected(&self) -> Arc<AtomicBool> {
        self.connected.clone()
    }

    /// What sends to agents over the same connection.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// Works until `stop`; then finishes what has arrived and says goodbye.
    pub async fn run(mut self, stop: Stop) {
        let (queue, arrivals) = mpsc::channel(QUEUE);
        let writer = Writer {
            store: self.store.clone(),
            hub: self.hub.clone(),
            outbox: self.outbox.clone(),
            access: self.access.clone(),
            refusals: Throttle::default(),
        };
        let writer = tokio::spawn(writer.run(arrivals, stop.clone()));
        let outbox = self.outbox.clone();
        let farewell = async {
            let _ = writer.await;
            let _ = outbox.disconnect().await;
        };
        let mut stopped = stop.clone();
        let too_long = async {
            stopped.given().await;
            tokio::time::sleep(FAREWELL).await;
        };
        // The link is driven to the very end: the writer's last acknowledgements go out through it.
        tokio::select! {
            _ = async { tokio::join!(farewell, self.read(&queue, &stop)) } => {}
            () = too_long => {}
        }
        self.connected.store(false, Ordering::Relaxed);
    }

    /// Drives the link; returns when the connection ends after `stop`.
    async fn read(&mut self, queue: &mpsc::Sender<Arrived>, stop: &Stop) {
        let mut full = Throttle::default();
        lose_sight(&self.store, &self.hub).await;
        loop {
            match self.link.next().await {
                Incoming::Connected => {
                    tracing::info!("connected to the broker");
                    self.connected.store(true, Ordering::Relaxed);
                    self.subscribe();
                }
                Incoming::Broken(_) if stop.is_given() => return,
                Incoming::Broken(error) => {
                    if self.connected.swap(false, Ordering::Relaxed) {
                        counter!("central_broker_disconnects_total").increment(1);
                        lose_sight(&self.store, &self.hub).await;
                    }
                    tracing::warn!(error, "no connection to the broker, trying again");
                }
                Incoming::Message(_) if stop.is_given() => {}
                Incoming::Message(delivery) => {
                    if queue.try_send(Arrived { delivery, at: Instant::now() }).is_err() {
                        counter!("central_dropped_total", "reason" => "queue_full").increment(1);
                        full.warn(|more| {
                            tracing::warn!(more, "the ingest queue is full: messages wait at their agents")
                        });
                    }
                    show_queue(QUEUE - queue.capacity());
                }
            }
        }
    }

    /// The request goes through the same channel as the writer's, which only [`Link::next`] empties: never wait here.
    fn subscribe(&self) {
        let outbox = self.outbox.clone();
        let channels = [
            Channel::Events,
            Channel::Health,
            Channel::Coverage,
            Channel::Status,
            Channel::Machine,
            Channel::Calibration,
            Channel::ConfigApplied,
        ];
        let filters: Vec<_> = channels.into_iter().map(Channel::filter).collect();
        tokio::spawn(async move { outbox.subscribe(&filters).await });
    }
}

/// Without the broker nobody can tell whether an agent is there: its windows become unknown until it tells again,
/// which its retained status does as soon as the broker is back.
async fn lose_sight(store: &Store, hub: &Hub) {
    let turn = hub.turn().await;
    match store.lose_sight(Timestamp::now()).await {
        Ok(changes) => hub.tell(store, &changes, turn).await,
        Err(error) => tracing::error!(%error, "the agents' states could not be reset"),
    }
}

struct Writer {
    store: Store,
    hub: Hub,
    outbox: Outbox,
    access: Access,
    refusals: Throttle,
}

impl Writer {
    /// Writes until `stop`, and then what still waits.
    async fn run(mut self, mut arrivals: mpsc::Receiver<Arrived>, mut stop: Stop) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = stop.given(), if !arrivals.is_closed() => arrivals.close(),
                taken = arrivals.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                }
            }
            self.write(&batch).await;
            show_queue(arrivals.len());
            // In the order of their arrival, as brokers expect.
            for arrived in batch.drain(..) {
                if self.outbox.receipt(&arrived.delivery).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn write(&mut self, batch: &[Arrived]) {
        let mut arrivals = Vec::with_capacity(batch.len());
        for arrived in batch {
            match payload::read(&arrived.delivery.topic, &arrived.delivery.payload) {
                Ok(arrival) if self.access.is_revoked(&arrival.hall, &arrival.agent) => {
                    self.refuse(&arrived.delivery.topic, &Refusal::Revoked);
                }
                Ok(arrival) => arrivals.push(arrival),
                Err(refusal) => self.refuse(&arrived.delivery.topic, &refusal),
            }
        }
        let durable = self.record(&arrivals).await;
        self.acknowledge(&durable).await;
        for arrived in batch {
            histogram!("central_ingest_seconds").record(arrived.at.elapsed().as_secs_f64());
        }
    }

    /// Records the messages and tells the pages; returns those that are durable now.
    async fn record<'a>(&mut self, arrivals: &'a [Arrival]) -> Vec<&'a Arrival> {
        if arrivals.is_empty() {
            return Vec::new();
        }
        match self.record_together(arrivals).await {
            Ok(durable) => durable,
            Err(error) if arrivals.len() == 1 => {
                tracing::error!(%error, "a message cannot be stored; its agent keeps it");
                counter!("central_store_failures_total").increment(1);
                Vec::new()
            }
            Err(error) => {
                tracing::error!(%error, "a batch cannot be stored, trying its messages one by one");
                self.record_apart(arrivals).await
            }
        }
    }

    /// One message must not keep the others from being stored.
    async fn record_apart<'a>(&mut self, arrivals: &'a [Arrival]) -> Vec<&'a Arrival> {
        let mut durable = Vec::new();
        let mut failures = 0;
        for (i, arrival) in arrivals.iter().enumerate() {
            match self.record_together(std::slice::from_ref(arrival)).await {
                Ok(stored) => durable.extend(stored),
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "a message cannot be stored; its agent keeps it");
                    counter!("central_store_failures_total").increment(1);
                    if failures == FAILURES {
                        counter!("central_store_failures_total").increment((arrivals.len() - i - 1) as u64);
                        break;
                    }
                }
            }
        }
        durable
    }

    async fn record_together<'a>(
        &mut self,
        arrivals: &'a [Arrival],
    ) -> Result<Vec<&'a Arrival>, crate::store::StoreError> {
        let turn = self.hub.turn().await;
        let now = Timestamp::now();
        let recorded = self.store.record(arrivals, now).await?;
        let mut durable = Vec::with_capacity(arrivals.len());
        for (arrival, outcome) in arrivals.iter().zip(recorded.outcomes) {
            count(arrival, outcome, now);
            if outcome == Outcome::Foreign {
                self.refusals.warn(|more| {
                    tracing::warn!(hall = %arrival.hall, agent = %arrival.agent, more, "refused a message: its id is another's");
                });
            } else {
                durable.push(arrival);
            }
        }
        self.hub.tell(&self.store, &recorded.changes, turn).await;
        Ok(durable)
    }

    async fn acknowledge(&self, durable: &[&Arrival]) {
        let mut by_agent: BTreeMap<(&HallId, &AgentId), Vec<Ack>> = BTreeMap::new();
        for arrival in durable {
            if let Some(ack) = arrival.ack() {
                by_agent.entry((&arrival.hall, &arrival.agent)).or_default().push(ack);
            }
        }
        for ((hall, agent), acks) in by_agent {
            counter!("central_acks_total").increment(acks.len() as u64);
            let payload = serde_json::to_string(&Acks { acks }).unwrap_or_default();
            if self.outbox.publish(&Channel::Ack.topic(hall, agent), payload, false).await.is_err() {
                return;
            }
        }
    }

    fn refuse(&mut self, topic: &str, refusal: &Refusal) {
        counter!("central_refused_total", "reason" => refusal.name()).increment(1);
        let topic: String = topic.chars().take(120).collect();
        self.refusals.warn(|more| tracing::warn!(topic, %refusal, more, "refused a message"));
    }
}

#[allow(clippy::cast_precision_loss, reason = "the queue is short")]
fn show_queue(waiting: usize) {
    gauge!("central_ingest_queue").set(waiting as f64);
}

fn count(arrival: &Arrival, outcome: Outcome, now: Timestamp) {
    let channel = match &arrival.body {
        Body::Event(_) => "events",
        Body::Health(_) => "health",
        Body::Coverage(_) => "coverage",
        Body::Status(_) => "status",
        Body::Applied(_) => "config/applied",
        Body::Machine(_) => "machine",
        Body::Geometry(_) => "calibration",
    };
    let outcome_name = match outcome {
        Outcome::Stored => "stored",
        Outcome::Duplicate => "duplicate",
        Outcome::Foreign => "foreign",
    };
    counter!("central_messages_total", "channel" => channel, "outcome" => outcome_name).increment(1);
    if let Body::Event(event) = &arrival.body
        && event.phase == Phase::Opened
        && outcome == Outcome::Stored
        && !event.historical
    {
        histogram!("central_opened_to_stored_seconds")
            .record(now.duration_since(event.at).as_secs_f64().max(0.0));
    }
}

/// Lets one warning a second through and counts the others.
#[derive(Debug, Default)]
struct Throttle {
    last: Option<Instant>,
    held_back: u64,
}

impl Throttle {
    fn warn(&mut self, say: impl FnOnce(u64)) {
        if self.last.is_none_or(|last| last.elapsed() >= Duration::from_secs(1)) {
            say(self.held_back);
            (self.last, self.held_back) = (Some(Instant::now()), 0);
        } else {
            self.held_back += 1;
        }
    }
}
