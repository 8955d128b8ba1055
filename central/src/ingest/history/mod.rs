//! `central history`: an agent that tells of a month gone by, for a demonstration. What it tells is made up, marked as
//! historical, and takes the ordinary way: MQTT, ingest, store.

pub mod story;

use super::link::{Address, Delivery, Incoming, Link, Outbox};
use crate::stop::Stop;
use chuangming_domain::Timestamp;
use chuangming_domain::wire::{Ack, Acks, Channel, Status};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use story::{Story, Told};

/// Messages on their way at a time.
const IN_FLIGHT: usize = 200;
/// How long central may stay silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Messages that central acknowledged.
    pub acked: usize,
    /// Messages of coverage, which need no acknowledgement.
    pub coverage: usize,
    /// Messages that were not acknowledged in time.
    pub unacked: usize,
}

/// Tells the story; then, with `stay`, is an agent that is there and has nothing to tell, until `stop`.
pub async fn run(address: Address, story: &Story, stay: Option<Stop>, done: impl FnOnce(Outcome)) {
    let status = Channel::Status.topic(&story.hall, &story.agent);
    let offline = Status { online: false, version: None, since: None };
    let will = stay.is_some().then(|| (status.clone(), json(&offline)));
    let (link, outbox) = Link::new(Address { last_will: will, ..address });
    let (sender, arrivals) = tokio::sync::mpsc::channel(1024);
    let driver = tokio::spawn(drive(link, sender));
    let mut teller =
        Teller { outbox, arrivals, story, waiting: BTreeSet::new(), outcome: Outcome::default() };
    teller.tell().await;
    done(teller.outcome);
    if let Some(mut stop) = stay {
        let online = Status {
            online: true,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            since: Some(Timestamp::now()),
        };
        let _ = teller.outbox.publish(&status, json(&online), true).await;
        stop.given().await;
        let _ = teller.outbox.publish(&status, json(&offline), true).await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(2), teller.outbox.disconnect()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    driver.abort();
}

/// Polling must not be cut short, so it has a task of its own.
async fn drive(mut link: Link, sender: tokio::sync::mpsc::Sender<Incoming>) {
    loop {
        let incoming = link.next().await;
        if sender.send(incoming).await.is_err() {
            return;
        }
    }
}

struct Teller<'s> {
    outbox: Outbox,
    arrivals: tokio::sync::mpsc::Receiver<Incoming>,
    story: &'s Story,
    waiting: BTreeSet<Ack>,
    outcome: Outcome,
}

impl Teller<'_> {
    async fn tell(&mut self) {
        let mut left: VecDeque<_> = self.story.messages().into();
        let mut heard = Instant::now();
        let mut subscribed = false;
        while !(left.is_empty() && self.waiting.is_empty()) && heard.elapsed() < PATIENCE {
            tokio::select! {
                Some(incoming) = self.arrivals.recv() => match incoming {
                    Incoming::Connected => {
                        let acks = Channel::Ack.topic(&self.story.hall, &self.story.agent);
                        subscribed = self.outbox.subscribe(&[acks]).await.is_ok();
                    }
                    Incoming::Broken(error) => tracing::warn!(error, "no connection to the broker, trying again"),
                    Incoming::Message(delivery) => {
                        heard = Instant::now();
                        self.acknowledged(&delivery);
                        let _ = self.outbox.receipt(&delivery).await;
                    }
                },
                () = std::future::ready(()), if subscribed && !left.is_empty() && self.waiting.len() < IN_FLIGHT => {
                    if let Some(told) = left.pop_front() {
                        self.send(&told).await;
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
        self.outcome.unacked = self.waiting.len() + left.len();
    }

    async fn send(&mut self, told: &Told) {
        let (channel, payload, ack) = match told {
            Told::Event(event) => (Channel::Events, json(event), Some(Ack { id: event.id, seq: event.seq })),
            Told::Health(health) => {
                (Channel::Health, json(health), Some(Ack { id: health.id, seq: health.seq }))
            }
            Told::Coverage(coverage) => (Channel::Coverage, json(coverage), None),
        };
        match ack {
            Some(ack) => drop(self.waiting.insert(ack)),
            None => self.outcome.coverage += 1,
        }
        let _ =
            self.outbox.publish(&channel.topic(&self.story.hall, &self.story.agent), payload, false).await;
    }

    fn acknowledged(&mut self, delivery: &Delivery) {
        let Ok(acks) = serde_json::from_slice::<Acks>(&delivery.payload) else { return };
        for ack in acks.acks {
            if self.waiting.remove(&ack) {
                self.outcome.acked += 1;
            }
        }
    }
}

/// The wire types always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
