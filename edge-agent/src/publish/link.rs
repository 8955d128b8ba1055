//! One MQTT connection, 5 or 3.1.1 alike.
//!
//! The client library is polled by a task of its own, because a poll that is cancelled half-way loses what it was
//! doing. The library's memory of what is under way dies with the connection: the outbox remembers.

use super::Address;
use super::options::{login, options_v5, options_v311, transport};
use super::why::{NOT_AUTHORISED, Why, why_v5, why_v311};
use crate::config::BrokerConfig;
use parking_lot::Mutex;
use rumqttc::{Outgoing, QoS, v5};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Requests that wait for the client library.
const REQUESTS: usize = 512;
/// Happenings that wait for the publisher; the library stops reading while they are full.
const HAPPENINGS: usize = 64;

/// The version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 5.
    V5,
    /// MQTT 3.1.1, for brokers that refuse 5.
    V311,
}

impl Protocol {
    /// The one to try next when a broker does not speak this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Protocol::V5 => Protocol::V311,
            Protocol::V311 => Protocol::V5,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::V5 => "MQTT 5",
            Protocol::V311 => "MQTT 3.1.1",
        })
    }
}

impl fmt::Display for BrokerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub struct Station {
    /// Who connects where.
    pub address: Address,
    /// In which version.
    pub protocol: Protocol,
    /// As whom.
    pub visit: Visit,
}

/// As whom an agent connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// As itself: with its session and its last will.
    Serve,
    /// Beside a running agent, to see whether the broker answers: without either.
    Look,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{broker}: {why}")]
pub struct LinkError {
    broker: String,
    why: String,
    other_protocol: bool,
}

impl LinkError {
    /// Whether the broker may only have failed to understand this version of MQTT.
    #[must_use]
    pub fn suggests_other_protocol(&self) -> bool {
        self.other_protocol
    }
}

/// What was sent, to recognise its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An event or health message: central's acknowledgement counts, not the broker's.
    Message,
    /// A state of an hour of coverage.
    Coverage {
        /// The hour.
        hour: String,
        /// Its state.
        revision: i64,
    },
    /// Which windows the agent watches, as an hour of coverage with no seconds yet.
    Announcement,
    /// A retained message about the agent.
    Status,
    /// What the machine says of itself; the next one follows in a minute.
    Machine,
    /// The last message before a clean end.
    Farewell,
}

/// What comes from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The broker has taken a message.
    Delivered(Delivery),
    /// The broker took a message and nobody listens to its topic.
    Unheard(Delivery),
    /// The broker did not want a message.
    Refused(Delivery, String),
    /// A message on a subscribed topic.
    Message {
        /// Its topic.
        topic: String,
        /// Its content.
        payload: Vec<u8>,
    },
}

/// Messages handed to the client library that it has not sent yet, in their order.
type Unsent = Arc<Mutex<VecDeque<Delivery>>>;

enum Client {
    V5(v5::AsyncClient),
    V311(rumqttc::AsyncClient),
}

/// A connection that is being made or lives.
pub struct Link {
    broker: String,
    client: Client,
    unsent: Unsent,
    incoming: mpsc::Receiver<Result<Step, LinkError>>,
    task: JoinHandle<()>,
}

enum Step {
    Connected,
    Happened(Happening),
}

impl Link {
    /// Begins to connect.
    ///
    /// # Errors
    /// When a certificate, key or password file cannot be used.
    pub fn open(station: &Station) -> Result<Self, LinkError> {
        let broker = station.address.broker.to_string();
        let refused = |why: String| LinkError { broker: broker.clone(), why, other_protocol: false };
        let transport = transport(&station.address.broker).map_err(|e| refused(e.to_string()))?;
        let login = login(&station.address.broker).map_err(refused)?;
        let (outgoing, incoming) = mpsc::channel(HAPPENINGS);
        let unsent = Unsent::default();
        let relay = Relay {
            broker: broker.clone(),
            unsent: Arc::clone(&unsent),
            sent: HashMap::new(),
            outgoing,
            connected: false,
        };
        let (client, task) = match station.protocol {
            Protocol::V5 => {
                let (client, events) = v5::AsyncClient::new(options_v5(station, transport, login), REQUESTS);
                (Client::V5(client), tokio::spawn(relay.run_v5(events)))
            }
            Protocol::V311 => {
                let options = options_v311(station, transport, login);
                let (client, events) = rumqttc::AsyncClient::new(options, REQUESTS);
                (Client::V311(client), tokio::spawn(relay.run_v311(events)))
            }
        };
        Ok(Self { broker, client, unsent, incoming, task })
    }

    /// Waits until the broker has accepted the connection.
    ///
    /// # Errors
    /// When it does not.
    pub async fn connected(&mut self) -> Result<(), LinkError> {
        loop {
            if let Step::Connected = self.step().await? {
                return Ok(());
            }
        }
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    /// When the connection is lost; it is of no more use then.
    pub async fn next(&mut self) -> Result<Happening, LinkError> {
        loop {
            if let Step::Happened(happening) = self.step().await? {
                return Ok(happening);
            }
        }
    }

    /// Publishes with QoS 1; never waits.
    ///
    /// # Errors
    /// When the connection is lost, or the broker so slow that too much waits for it.
    pub fn publish(
        &self,
        topic: &str,
        payload: Vec<u8>,
        retain: bool,
        delivery: Delivery,
    ) -> Result<(), LinkError> {
        self.unsent.lock().push_back(delivery);
        let taken = match &self.client {
            Client::V5(client) => {
                client.try_publish(topic, v5::mqttbytes::QoS::AtLeastOnce, retain, payload).is_ok()
            }
            Client::V311(client) => client.try_publish(topic, QoS::AtLeastOnce, retain, payload).is_ok(),
        };
        if !taken {
            self.unsent.lock().pop_back();
        }
        self.taken(taken)
    }

    /// Subscribes with QoS 1; never waits.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn subscribe(&self, topics: &[&str]) -> Result<(), LinkError> {
        for &topic in topics {
            self.taken(match &self.client {
                Client::V5(client) => client.try_subscribe(topic, v5::mqttbytes::QoS::AtLeastOnce).is_ok(),
                Client::V311(client) => client.try_subscribe(topic, QoS::AtLeastOnce).is_ok(),
            })?;
        }
        Ok(())
    }

    /// Publishes a last retained message and ends the connection cleanly, so that the last will stays unsaid.
    ///
    /// # Errors
    /// When the broker does not take the message in time.
    pub async fn farewell(
        &mut self,
        topic: &str,
        payload: Vec<u8>,
        within: Duration,
    ) -> Result<(), LinkError> {
        self.publish(topic, payload, true, Delivery::Farewell)?;
        let taken = async {
            let last = |h: &Happening| {
                matches!(h, Happening::Delivered(Delivery::Farewell) | Happening::Unheard(Delivery::Farewell))
            };
            while !last(&self.next().await?) {}
            Ok(())
        };
        tokio::time::timeout(within, taken).await.unwrap_or_else(|_| self.taken(false))?;
        self.taken(match &self.client {
            Client::V5(client) => client.try_disconnect().is_ok(),
            Client::V311(client) => client.try_disconnect().is_ok(),
        })?;
        // The broker closes the connection when it has read the farewell.
        while tokio::time::timeout(within, self.next()).await.is_ok_and(|next| next.is_ok()) {}
        Ok(())
    }

    async fn step(&mut self) -> Result<Step, LinkError> {
        self.incoming.recv().await.unwrap_or_else(|| Err(self.lost("the connection ended")))
    }

    fn taken(&self, taken: bool) -> Result<(), LinkError> {
        if taken { Ok(()) } else { Err(self.lost("the broker takes no more messages")) }
    }

    fn lost(&self, why: &str) -> LinkError {
        LinkError { broker: self.broker.clone(), why: why.into(), other_protocol: false }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Polls the client library and tells what happens.
struct Relay {
    broker: String,
    unsent: Unsent,
    /// By packet id.
    sent: HashMap<u16, Delivery>,
    outgoing: mpsc::Sender<Result<Step, LinkError>>,
    connected: bool,
}

impl Relay {
    async fn run_v5(mut self, mut events: v5::EventLoop) {
        use v5::mqttbytes::v5::{Packet, PubAckReason};
        loop {
            let told = match events.poll().await {
                Ok(v5::Event::Outgoing(Outgoing::Publish(id))) => self.sent(id),
                Ok(v5::Event::Incoming(Packet::ConnAck(_))) => self.accepted().await,
                Ok(v5::Event::Incoming(Packet::PubAck(ack))) => {
                    let happening: fn(Delivery) -> Happening = match ack.reason {
                        PubAckReason::Success => Happening::Delivered,
                        PubAckReason::NoMatchingSubscribers => Happening::Unheard,
                        PubAckReason::NotAuthorized => {
                            |delivery| Happening::Refused(delivery, NOT_AUTHORISED.into())
                        }
                        _ => |delivery| Happening::Refused(delivery, "the broker could not take it".into()),
                    };
                    self.answered(ack.pkid, happening).await
                }
                Ok(v5::Event::Incoming(Packet::Publish(p))) => {
                    self.arrived(String::from_utf8_lossy(&p.topic).into_owned(), p.payload.to_vec()).await
                }
                Ok(_) => true,
                Err(e) => self.failed(why_v5(&e)).await,
            };
            if !told {
                return;
            }
        }
    }

    async fn run_v311(mut self, mut events: rumqttc::EventLoop) {
        use rumqttc::Packet;
        loop {
            let told = match events.poll().await {
                Ok(rumqttc::Event::Outgoing(Outgoing::Publish(id))) => self.sent(id),
                Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => self.accepted().await,
                Ok(rumqttc::Event::Incoming(Packet::PubAck(ack))) => {
                    self.answered(ack.pkid, Happening::Delivered).await
                }
                Ok(rumqttc::Event::Incoming(Packet::Publish(p))) => {
                    self.arrived(p.topic, p.payload.to_vec()).await
                }
                Ok(_) => true,
                Err(e) => self.failed(why_v311(&e)).await,
            };
            if !told {
                return;
            }
        }
    }

    fn sent(&mut self, packet: u16) -> bool {
        if let Some(delivery) = self.unsent.lock().pop_front() {
            self.sent.insert(packet, delivery);
        }
        true
    }

    async fn accepted(&mut self) -> bool {
        self.connected = true;
        self.tell(Ok(Step::Connected)).await
    }

    async fn answered(&mut self, packet: u16, happening: impl FnOnce(Delivery) -> Happening) -> bool {
        match self.sent.remove(&packet) {
            Some(delivery) => self.tell(Ok(Step::Happened(happening(delivery)))).await,
            None => true,
        }
    }

    async fn arrived(&mut self, topic: String, payload: Vec<u8>) -> bool {
        self.tell(Ok(Step::Happened(Happening::Message { topic, payload }))).await
    }

    /// Tells why the connection is lost, and ends.
    async fn failed(&mut self, Why { text, may_be_protocol }: Why) -> bool {
        let other_protocol = may_be_protocol && !self.connected;
        self.tell(Err(LinkError { broker: self.broker.clone(), why: text, other_protocol })).await;
        false
    }

    async fn tell(&mut self, step: Result<Step, LinkError>) -> bool {
        self.outgoing.send(step).await.is_ok()
    }
}
