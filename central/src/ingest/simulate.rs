//! `central simulate`: many agents' worth of valid events, to measure central and its broker under load.

use super::link::{Address, Incoming, Link, Outbox};
use crate::stop;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, EventId, EventSchema, Evidence, Phase};
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::item::ItemClass;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Ack, Acks, Channel, Status};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// How long the last acknowledgements may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// When a message that was not acknowledged is sent again.
const RESEND_AFTER: Duration = Duration::from_secs(3);

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Load {
    /// The broker; each agent adds its number to the client id.
    pub address: Address,
    /// The hall that the agents say they are in.
    pub hall: HallId,
    /// How many agents.
    pub agents: u32,
    /// Windows of each agent.
    pub windows: u32,
    /// Messages a second of each agent.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Different messages sent.
    pub sent: u64,
    /// Those that central acknowledged.
    pub acked: u64,
    /// Those that it did not.
    pub unacked: u64,
    /// Messages sent once more, since no acknowledgement came in time.
    pub resent: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// From the first sending to the acknowledgement, in milliseconds.
    pub ack_ms: Quantiles,
}

/// Some quantiles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Quantiles {
    pub p50: f64,
    pub p95: f64,
    pub max: f64,
}

/// Runs the load to its end.
pub async fn run(load: Load) -> Outcome {
    let begun = Instant::now();
    let agents: Vec<_> =
        (1..=load.agents).map(|n| tokio::spawn(Agent::new(&load, n).run(load.clone()))).collect();
    let mut outcome = Outcome::default();
    let mut latencies = Vec::new();
    for agent in agents {
        let Ok(agent) = agent.await else { continue };
        outcome.sent += agent.sent;
        outcome.unacked += agent.waiting.len() as u64;
        outcome.resent += agent.resent;
        latencies.extend(agent.latencies);
    }
    outcome.acked = outcome.sent - outcome.unacked;
    outcome.seconds = begun.elapsed().as_secs_f64();
    outcome.ack_ms = quantiles(latencies);
    outcome
}

fn quantiles(mut latencies: Vec<Duration>) -> Quantiles {
    latencies.sort_unstable();
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let at = |q: f64| {
        let index = ((latencies.len() as f64 * q).ceil() as usize).saturating_sub(1);
        latencies.get(index).map_or(0.0, |latency| (latency.as_secs_f64() * 1e6).round() / 1e3)
    };
    Quantiles { p50: at(0.5), p95: at(0.95), max: at(1.0) }
}

struct Waiting {
    first_sent: Instant,
    last_sent: Instant,
    payload: String,
}

struct Agent {
    hall: HallId,
    agent: AgentId,
    windows: Vec<(WindowId, Option<Event>)>,
    next: usize,
    sent: u64,
    resent: u64,
    waiting: BTreeMap<Ack, Waiting>,
    latencies: Vec<Duration>,
}

impl Agent {
    fn new(load: &Load, number: u32) -> Self {
        let name = format!("sim-{number:03}");
        let windows = (1..=load.windows).filter_map(|w| WindowId::new(format!("{number}-{w}")).ok());
        Self {
            hall: load.hall.clone(),
            agent: AgentId::new(name.as_str()).unwrap_or_else(|_| unreachable!("{name} is an agent id")),
            windows: windows.map(|id| (id, None)).collect(),
            next: 0,
            sent: 0,
            resent: 0,
            waiting: BTreeMap::new(),
            latencies: Vec::new(),
        }
    }

    async fn run(mut self, load: Load) -> Self {
        let status = Channel::Status.topic(&self.hall, &self.agent);
        let offline = Status { online: false, version: None, since: None };
        let (mut link, outbox) = Link::new(Address {
            client_id: format!("{}-{}", load.address.client_id, self.agent),
            last_will: Some((status.clone(), json(&offline))),
            ..load.address.clone()
        });
        // Polling must not be cut short, so it has a task of its own; what the agent is too slow for is sent again.
        let (sender, mut arrivals) = mpsc::channel(1024);
        let (stopper, stop) = stop::channel();
        let driver = tokio::spawn(async move {
            loop {
                let incoming = link.next().await;
                let is_over = matches!(incoming, Incoming::Broken(_)) && stop.is_given();
                let _ = sender.try_send(incoming);
                if is_over {
                    return;
                }
            }
        });
        let mut tick = interval(Duration::from_secs_f64(1.0 / load.rate.max(0.001)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let end = Instant::now() + load.duration;
        let mut connected = false;
        while Instant::now() < end || !self.waiting.is_empty() || self.has_open() {
            if Instant::now() > end + PATIENCE {
                break;
            }
            tokio::select! {
                Some(incoming) = arrivals.recv() => match incoming {
                    Incoming::Connected => {
                        connected = true;
                        self.greet(&outbox, &status);
                    }
                    Incoming::Broken(error) => {
                        connected = false;
                        tracing::warn!(agent = %self.agent, error, "no connection to the broker, trying again");
                    }
                    Incoming::Message(delivery) => {
                        self.acknowledged(&delivery.payload);
                        let _ = outbox.receipt(&delivery).await;
                    }
                },
                _ = tick.tick(), if connected => self.send_next(&outbox, Instant::now() >= end),
            }
        }
        let goodbye = async {
            let _ = outbox.publish(&status, json(&offline), true).await;
            stopper.stop();
            let _ = outbox.disconnect().await;
            while arrivals.recv().await.is_some() {}
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), goodbye).await;
        driver.abort();
        self
    }

    fn has_open(&self) -> bool {
        self.windows.iter().any(|(_, open)| open.is_some())
    }

    /// Requests are sent while the link is driven, so never wait for them in its own task.
    fn greet(&self, outbox: &Outbox, status: &str) {
        let (outbox, status) = (outbox.clone(), status.to_owned());
        let acks = Channel::Ack.topic(&self.hall, &self.agent);
        let online = Status {
            online: true,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            since: Some(Timestamp::now()),
        };
        tokio::spawn(async move {
            let _ = outbox.subscribe(&[acks]).await;
            let _ = outbox.publish(&status, json(&online), true).await;
        });
    }

    /// Sends again what waits too long; else opens an event at the next window or, if one is open there, closes it.
    fn send_next(&mut self, outbox: &Outbox, closing: bool) {
        let now = Instant::now();
        if let Some(late) =
            self.waiting.values_mut().find(|w| now.duration_since(w.last_sent) >= RESEND_AFTER)
        {
            late.last_sent = now;
            self.resent += 1;
            let payload = late.payload.clone();
            return self.send(outbox, payload);
        }
        if closing && !self.has_open() {
            return;
        }
        let count = self.windows.len().max(1);
        let (sent, seed) = (self.sent, self.next / count);
        let Some((window, open)) = self.windows.get_mut(self.next % count) else { return };
        self.next += 1;
        let event = match open.take() {
            Some(open) => close(open),
            None if closing => return,
            None => {
                let event = raise(
                    &self.hall,
                    &self.agent,
                    window,
                    Rule::ALL[(seed + sent as usize) % Rule::ALL.len()],
                );
                *open = Some(event.clone());
                event
            }
        };
        let payload = json(&event);
        self.sent += 1;
        self.waiting.insert(
            Ack { id: event.id, seq: event.seq },
            Waiting { first_sent: now, last_sent: now, payload: payload.clone() },
        );
        self.send(outbox, payload);
    }

    fn send(&self, outbox: &Outbox, payload: String) {
        let (outbox, topic) = (outbox.clone(), Channel::Events.topic(&self.hall, &self.agent));
        tokio::spawn(async move { outbox.publish(&topic, payload, false).await });
    }

    fn acknowledged(&mut self, payload: &[u8]) {
        let Ok(acks) = serde_json::from_slice::<Acks>(payload) else { return };
        for ack in acks.acks {
            if let Some(waiting) = self.waiting.remove(&ack) {
                self.latencies.push(waiting.first_sent.elapsed());
            }
        }
    }
}

fn raise(hall: &HallId, agent: &AgentId, window: &WindowId, rule: Rule) -> Event {
    let at = Timestamp::now();
    let dwell = rule.default_raise_after_s();
    let items = match rule {
        Rule::Clutter => BTreeSet::from([ItemClass::Cup, ItemClass::Bag]),
        Rule::Ashtray => BTreeSet::from([ItemClass::Ashtray]),
        Rule::RequiredItemMissing => BTreeSet::from([ItemClass::NamePlate]),
        _ => BTreeSet::new(),
    };
    Event {
        schema: EventSchema::V1,
        id: EventId(uuid::Uuid::now_v7()),
        seq: 0,
        phase: Phase::Opened,
        hall: hall.clone(),
        agent: agent.clone(),
        window: Some(window.clone()),
        zone: None,
        rule,
        article: rule.default_article().to_owned(),
        severity: rule.default_severity(),
        opened_at: at - Duration::from_secs(u64::from(dwell)),
        at,
        closed_at: None,
        close_reason: None,
        confidence: 0.9,
        evidence: Evidence {
            hit_ratio: 0.95,
            observed_s: f64::from(dwell),
            unknown_s: 0.0,
            items,
            people: (rule == Rule::Overstaffed).then_some(3),
        },
        policy: Digest::of(b"simulated policy"),
        calibration: Digest::of(b"simulated calibration"),
        models: BTreeMap::from([(rule.signal(), Digest::of(b"simulated model"))]),
        historical: false,
    }
}

fn close(opened: Event) -> Event {
    let at = Timestamp::now().max(opened.at);
    Event {
        seq: opened.seq + 1,
        phase: Phase::Closed,
        at,
        closed_at: Some(at),
        close_reason: Some(CloseReason::Cleared),
        ..opened
    }
}

/// The wire types always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::payload;

    #[test]
    fn every_simulated_event_is_valid() {
        let (hall, agent) = (HallId::new("sim").unwrap(), AgentId::new("sim-001").unwrap());
        let topic = Channel::Events.topic(&hall, &agent);
        for rule in Rule::ALL {
            let opened = raise(&hall, &agent, &WindowId::new("1-1").unwrap(), rule);
            for event in [opened.clone(), close(opened)] {
                let read = payload::read(&topic, json(&event).as_bytes());
                assert!(read.is_ok(), "{rule}: {read:?}");
            }
        }
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let ms = |n| Duration::from_millis(n);
        let q = quantiles((1..=100).map(ms).collect());
        assert_eq!((q.p50, q.p95, q.max), (50.0, 95.0, 100.0));
        assert_eq!(quantiles(Vec::new()), Quantiles::default());
    }
}
