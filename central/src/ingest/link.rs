//! One connection to a broker: MQTT 5, or 3.1.1 where the broker speaks no other. It reconnects by itself.

use crate::config::ExternalBroker;
use crate::password;
use rumqttc::v5::mqttbytes::QoS as QoS5;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Filter, LastWill as LastWill5, Packet, Publish as Publish5,
};
use rumqttc::{NetworkOptions, Outgoing, QoS, SubscribeFilter, Transport, v5};
use std::path::Path;
use std::time::Duration;

/// Requests waiting to be sent.
const REQUESTS: usize = 256;
/// Messages that the broker may send before the first is acknowledged.
const RECEIVE_MAXIMUM: u16 = 512;
/// The largest packet; more than the largest payload that is looked at, so that a refusal is counted.
const LARGEST_PACKET: u32 = 1024 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT_S: u64 = 5;
/// How long a broker keeps what arrives while central is away.
const SESSION_S: u32 = 3600;
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How to reach a broker.
#[derive(Debug, Clone)]
pub struct Address {
    /// Its host name or IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Name and password.
    pub login: Option<(String, String)>,
    /// Certificates for TLS; `None` is plain MQTT.
    pub tls: Option<Certificates>,
    /// A name that no other client of the broker has.
    pub client_id: String,
    /// Whether the broker keeps messages while this client is away.
    pub keep_session: bool,
    /// What the broker says on this client's behalf when the connection breaks: a retained topic and payload.
    pub last_will: Option<(String, String)>,
}

/// PEM texts for TLS.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// Who vouches for the broker.
    pub ca: Vec<u8>,
    /// This client's own chain and key.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

impl Address {
    /// Reads the files that a configured broker names.
    ///
    /// # Errors
    /// One line: the field, the file, what is wrong.
    pub fn of(broker: &ExternalBroker) -> Result<Self, String> {
        let login = match &broker.login {
            Some((name, file)) => Some((
                name.clone(),
                password::read_file(file).map_err(|e| format!("broker.password_file: {e}"))?,
            )),
            None => None,
        };
        let tls = if broker.url.scheme() == "mqtts" {
            let ca = broker.ca_file.as_deref().ok_or("broker.ca_file: is missing")?;
            let ca = pem("broker.ca_file", ca)?;
            let client = match &broker.client {
                Some(f) => {
                    Some((pem("broker.cert_file", &f.cert_file)?, pem("broker.key_file", &f.key_file)?))
                }
                None => None,
            };
            Some(Certificates { ca, client })
        } else {
            None
        };
        Ok(Self {
            host: broker.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: broker.url.port().unwrap_or(if tls.is_some() { 8883 } else { 1883 }),
            login,
            tls,
            client_id: broker.client_id.clone(),
            keep_session: true,
            last_will: None,
        })
    }

    fn transport(&self) -> Transport {
        match &self.tls {
            Some(certificates) => Transport::tls(certificates.ca.clone(), certificates.client.clone(), None),
            None => Transport::tcp(),
        }
    }
}

fn pem(field: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{field}: {}: {e}, expected a PEM file", path.display()))
}

/// What came over the connection.
#[derive(Debug)]
pub enum Incoming {
    /// It is up (again): subscribe.
    Connected,
    /// A message.
    Message(Delivery),
    /// It broke; the next call connects again after a pause.
    Broken(String),
}

/// A message of the broker.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: axum::body::Bytes,
    receipt: Receipt,
}

/// What the broker wants back for a delivery. It is worth something on the connection it came over only.
#[derive(Debug, Clone)]
enum Receipt {
    V5(Box<Publish5>, u64),
    V4(Box<rumqttc::Publish>, u64),
}

/// The receiving end. [`Link::next`] must be called again and again: it also sends what [`Outbox`] holds.
pub struct Link {
    address: Address,
    side: Side,
    connection: u64,
    connected: bool,
    pause: Duration,
    clients: tokio::sync::watch::Sender<(Client, u64)>,
}

enum Side {
    V5(Box<v5::EventLoop>),
    V4(Box<rumqttc::EventLoop>),
}

#[derive(Debug, Clone)]
enum Client {
    V5(v5::AsyncClient),
    V4(rumqttc::AsyncClient),
}

/// The sending end.
#[derive(Debug, Clone)]
pub struct Outbox {
    clients: tokio::sync::watch::Receiver<(Client, u64)>,
}

impl Link {
    /// Prepares a connection; the first [`Link::next`] makes it.
    #[must_use]
    pub fn new(address: Address) -> (Self, Outbox) {
        // Another part of the program may have chosen already; either choice is good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (side, client) = version_5(&address);
        let (clients, receiver) = tokio::sync::watch::channel((client, 0));
        let link = Self { address, side, connection: 0, connected: false, pause: SHORTEST_PAUSE, clients };
        (link, Outbox { clients: receiver })
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Incoming {
        loop {
            let polled = match &mut self.side {
                Side::V5(events) => poll_v5(events, self.connection).await,
                Side::V4(events) => poll_v4(events, self.connection).await,
            };
            match polled {
                Ok(Polled::Nothing) => {}
                Ok(Polled::Message(delivery)) => return Incoming::Message(delivery),
                Ok(Polled::Goodbye) => return Incoming::Broken("signed off".to_owned()),
                Ok(Polled::Connected) => {
                    self.connected = true;
                    self.pause = SHORTEST_PAUSE;
                    self.connection += 1;
                    let connection = self.connection;
                    self.clients.send_modify(|(_, current)| *current = connection);
                    return Incoming::Connected;
                }
                Err(failure) => {
                    if failure.other_version && !self.connected {
                        self.change_version();
                    }
                    self.connected = false;
                    tokio::time::sleep(self.pause.mul_f64(rand::random_range(0.7..1.3))).await;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                    return Incoming::Broken(failure.text);
                }
            }
        }
    }

    /// The broker did not understand the greeting: the next one is in the other version.
    fn change_version(&mut self) {
        let (side, client) = match self.side {
            Side::V5(_) => version_4(&self.address),
            Side::V4(_) => version_5(&self.address),
        };
        self.side = side;
        self.clients.send_modify(|(current, _)| *current = client);
    }
}

fn version_5(address: &Address) -> (Side, Client) {
    let mut options = v5::MqttOptions::new(&address.client_id, &address.host, address.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_connection_timeout(CONNECT_TIMEOUT_S)
        .set_transport(address.transport())
        .set_clean_start(!address.keep_session)
        .set_manual_acks(true)
        .set_receive_maximum(Some(RECEIVE_MAXIMUM))
        .set_max_packet_size(Some(LARGEST_PACKET))
        .set_session_expiry_interval(address.keep_session.then_some(SESSION_S));
    if let Some((name, password)) = &address.login {
        options.set_credentials(name, password);
    }
    if let Some((topic, payload)) = &address.last_will {
        options.set_last_will(LastWill5::new(topic, payload.clone(), QoS5::AtLeastOnce, true, None));
    }
    options.set_network_options(network());
    let (client, events) = v5::AsyncClient::new(options, REQUESTS);
    (Side::V5(Box::new(events)), Client::V5(client))
}

fn version_4(address: &Address) -> (Side, Client) {
    let mut options = rumqttc::MqttOptions::new(&address.client_id, &address.host, address.port);
    let largest = LARGEST_PACKET as usize;
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_transport(address.transport())
        // 3.1.1 cannot tell the broker the largest packet; kept sessions would bring one that is too large for ever.
        .set_clean_session(true)
        .set_manual_acks(true)
        .set_max_packet_size(largest, largest);
    if let Some((name, password)) = &address.login {
        options.set_credentials(name, password);
    }
    if let Some((topic, payload)) = &address.last_will {
        options.set_last_will(rumqttc::LastWill::new(topic, payload.clone(), QoS::AtLeastOnce, true));
    }
    let (client, mut events) = rumqttc::AsyncClient::new(options, REQUESTS);
    events.set_network_options(network());
    (Side::V4(Box::new(events)), Client::V4(client))
}

/// Small packets go out at once: waiting to fill a segment would cost each acknowledgement 40 ms.
fn network() -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_connection_timeout(CONNECT_TIMEOUT_S);
    network.set_tcp_nodelay(true);
    network
}

enum Polled {
    Nothing,
    Connected,
    Message(Delivery),
    /// Our own farewell is sent; not every broker answers it by hanging up.
    Goodbye,
}

struct Failure {
    text: String,
    other_version: bool,
}

async fn poll_v5(events: &mut v5::EventLoop, connection: u64) -> Result<Polled, Failure> {
    use v5::ConnectionError as E;
    match events.poll().await {
        Ok(v5::Event::Incoming(Packet::ConnAck(_))) => Ok(Polled::Connected),
        Ok(v5::Event::Outgoing(Outgoing::Disconnect)) => Ok(Polled::Goodbye),
        Ok(v5::Event::Incoming(Packet::Publish(publish))) => Ok(Polled::Message(Delivery {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload.clone(),
            receipt: Receipt::V5(Box::new(publish), connection),
        })),
        Ok(_) => Ok(Polled::Nothing),
        Err(error) => {
            let other_version = match &error {
                E::ConnectionRefused(code) => {
                    matches!(
                        code,
                        ConnectReturnCode::UnsupportedProtocolVersion
                            | ConnectReturnCode::RefusedProtocolVersion
                    )
                }
                E::NotConnAck(_) | E::MqttState(_) => true,
                E::Io(error) => hung_up(error),
                _ => false,
            };
            Err(Failure { text: error.to_string(), other_version })
        }
    }
}

async fn poll_v4(events: &mut rumqttc::EventLoop, connection: u64) -> Result<Polled, Failure> {
    use rumqttc::{ConnectReturnCode as Code, ConnectionError as E, Event, Packet};
    match events.poll().await {
        Ok(Event::Incoming(Packet::ConnAck(_))) => Ok(Polled::Connected),
        Ok(Event::Outgoing(Outgoing::Disconnect)) => Ok(Polled::Goodbye),
        Ok(Event::Incoming(Packet::Publish(publish))) => Ok(Polled::Message(Delivery {
            topic: publish.topic.clone(),
            payload: publish.payload.clone(),
            receipt: Receipt::V4(Box::new(publish), connection),
        })),
        Ok(_) => Ok(Polled::Nothing),
        Err(error) => {
            let other_version = match &error {
                E::ConnectionRefused(code) => matches!(code, Code::RefusedProtocolVersion),
                E::NotConnAck(_) | E::MqttState(_) => true,
                E::Io(error) => hung_up(error),
                _ => false,
            };
            Err(Failure { text: error.to_string(), other_version })
        }
    }
}

/// Some brokers answer an unknown version by hanging up.
fn hung_up(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | UnexpectedEof | InvalidData)
}

/// The link is gone, since central stops.
#[derive(Debug, thiserror::Error)]
#[error("the connection to the broker has ended")]
pub struct Ended;

impl Outbox {
    /// Publishes with QoS 1.
    ///
    /// # Errors
    /// When the link is gone.
    pub async fn publish(&self, topic: &str, payload: String, retain: bool) -> Result<(), Ended> {
        match self.client() {
            Client::V5(c) => c.publish(topic, QoS5::AtLeastOnce, retain, payload).await.map_err(|_| Ended),
            Client::V4(c) => c.publish(topic, QoS::AtLeastOnce, retain, payload).await.map_err(|_| Ended),
        }
    }

    /// The number of the connection; it rises with each new one.
    #[must_use]
    pub fn connection(&self) -> u64 {
        self.clients.borrow().1
    }

    /// Subscribes with QoS 1.
    ///
    /// # Errors
    /// When the link is gone.
    pub async fn subscribe(&self, filters: &[String]) -> Result<(), Ended> {
        match self.client() {
            Client::V5(c) => {
                let filters: Vec<_> = filters.iter().map(|f| Filter::new(f, QoS5::AtLeastOnce)).collect();
                c.subscribe_many(filters).await.map_err(|_| Ended)
            }
            Client::V4(c) => {
                let filters: Vec<_> =
                    filters.iter().map(|f| SubscribeFilter::new(f.clone(), QoS::AtLeastOnce)).collect();
                c.subscribe_many(filters).await.map_err(|_| Ended)
            }
        }
    }

    /// Tells the broker that a delivery was dealt with. One from an earlier connection is left alone: the broker
    /// sends that message again and would take the receipt for another one's.
    ///
    /// # Errors
    /// When the link is gone.
    pub async fn receipt(&self, delivery: &Delivery) -> Result<(), Ended> {
        let (client, current) = self.clients.borrow().clone();
        match (&delivery.receipt, client) {
            (Receipt::V5(publish, at), Client::V5(c)) if *at == current => {
                c.ack(publish).await.map_err(|_| Ended)
            }
            (Receipt::V4(publish, at), Client::V4(c)) if *at == current => {
                c.ack(publish).await.map_err(|_| Ended)
            }
            _ => Ok(()),
        }
    }

    /// Says goodbye: the broker then keeps the last will to itself.
    ///
    /// # Errors
    /// When the link is gone.
    pub async fn disconnect(&self) -> Result<(), Ended> {
        match self.client() {
            Client::V5(c) => c.disconnect().await.map_err(|_| Ended),
            Client::V4(c) => c.disconnect().await.map_err(|_| Ended),
        }
    }

    fn client(&self) -> Client {
        self.clients.borrow().0.clone()
    }
}
