//! The embedded broker: `rumqttd` on its own threads, for one small hall or a demonstration.
//!
//! It keeps sessions and retained messages in memory only and drops the oldest message of a slow reader. Nothing is
//! lost by that: an agent sends from its outbox until central says that a message is durable.

use crate::access::Access;
use crate::config::EmbeddedBroker;
use crate::password;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// The name that central itself signs in with.
const OWN_NAME: &str = "central";
/// The largest packet; more than the largest payload that is looked at, so that a refusal is counted.
const LARGEST_PACKET: usize = 1024 * 1024;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);

/// The embedded broker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// An address is taken or not ours.
    #[error("broker.listen: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The password file cannot be read.
    #[error("broker.passwords_file: {0}")]
    Passwords(String),
    /// No thread for it.
    #[error("cannot start the broker's thread: {0}")]
    Thread(std::io::Error),
}

/// The login that central uses at its own broker.
#[derive(Debug, Clone)]
pub struct OwnLogin {
    /// The name.
    pub name: String,
    /// A password made at this start, never stored.
    pub password: String,
}

/// Starts the broker and waits until it listens; it ends with the process. With `ask_everybody`, or a password file,
/// nobody connects without a login: one of the file, or an enrolled agent's.
///
/// What a client may publish once it is connected this broker cannot restrict (`rumqttd` has rights by tenant and
/// client certificate only): agents that must not be able to speak for each other need mosquitto.
///
/// # Errors
/// When it cannot listen or the password file is wrong.
pub async fn start(
    settings: &EmbeddedBroker,
    access: &Access,
    ask_everybody: bool,
) -> Result<OwnLogin, BrokerError> {
    let own = OwnLogin { name: OWN_NAME.to_owned(), password: hex::encode(rand::random::<[u8; 24]>()) };
    let users = match &settings.passwords_file {
        Some(file) => Some(password::read_broker_users(file).map_err(BrokerError::Passwords)?),
        None if ask_everybody => Some(Vec::new()),
        None => None,
    };
    let users = users.map(Arc::new);
    let mut config = Config {
        router: RouterConfig {
            max_connections: 1000,
            max_outgoing_packet_count: 200,
            max_segment_size: 8 * 1024 * 1024,
            max_segment_count: 8,
            ..RouterConfig::default()
        },
        ..Config::default()
    };
    let server = |name: &str, listen: SocketAddr| {
        check_free(listen)?;
        let mut settings = ServerSettings {
            name: name.to_owned(),
            listen,
            tls: None,
            next_connection_delay_ms: 1,
            connections: ConnectionSettings {
                connection_timeout_ms: 10_000,
                max_payload_size: LARGEST_PACKET,
                max_inflight_count: 100,
                auth: None,
                external_auth: None,
                dynamic_filters: true,
            },
        };
        if let Some(users) = &users {
            let gate = Arc::new(Gate { users: users.clone(), own: own.clone(), access: access.clone() });
            settings.set_auth_handler(move |client, name, password| {
                let gate = gate.clone();
                async move {
                    tokio::task::spawn_blocking(move || gate.lets_in(&client, &name, &password))
                        .await
                        .unwrap_or(false)
                }
            });
        }
        Ok(Some(HashMap::from([(name.to_owned(), settings)])))
    };
    config.v5 = server("mqtt-5", settings.listen)?;
    if let Some(listen) = settings.listen_v4 {
        config.v4 = server("mqtt-3", listen)?;
    }
    let run = move || {
        if let Err(error) = Broker::new(config).start() {
            tracing::error!(%error, "the embedded broker ended");
        }
    };
    thread::Builder::new().name("broker".to_owned()).spawn(run).map_err(BrokerError::Thread)?;
    until_listening(settings.listen).await?;
    Ok(own)
}

async fn until_listening(address: SocketAddr) -> Result<(), BrokerError> {
    let end = Instant::now() + START;
    loop {
        match TcpStream::connect(reachable(address)).await {
            Ok(_) => return Ok(()),
            Err(source) if Instant::now() > end => return Err(BrokerError::Listen { address, source }),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Where this machine reaches itself when it listens on every address.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The broker itself would only log that its address is taken.
fn check_free(address: SocketAddr) -> Result<(), BrokerError> {
    TcpListener::bind(address).map(drop).map_err(|source| BrokerError::Listen { address, source })
}

/// Who may connect.
struct Gate {
    users: Arc<Vec<(String, String)>>,
    own: OwnLogin,
    access: Access,
}

impl Gate {
    fn lets_in(&self, client: &str, name: &str, password: &str) -> bool {
        if name == self.own.name && password == self.own.password {
            return true;
        }
        let file = self.users.iter().find(|(user, _)| user == name).map(|(_, hash)| hash.clone());
        let welcome =
            match file.filter(|_| !self.access.is_revoked_name(name)).or(self.access.hash(name, client)) {
                Some(hash) => password::matches(password, &hash),
                None => {
                    password::pretend(password);
                    false
                }
            };
        if !welcome {
            metrics::counter!("central_refused_total", "reason" => "broker_login").increment(1);
            let name: String = name.chars().take(64).collect();
            tracing::warn!(name, "the embedded broker refused a login");
        }
        welcome
    }
}
