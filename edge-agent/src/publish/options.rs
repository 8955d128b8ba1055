//! How a connection is opened: who the agent is to the broker, over which transport, and what it leaves behind.

use super::link::{Station, Visit};
use super::tls::{TlsError, client_config};
use super::{Address, json, offline};
use crate::config::BrokerConfig;
use chuangming_domain::wire::Channel;
use rumqttc::{QoS, TlsConfiguration, Transport, v5};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

/// The largest packet that is read: a desired configuration and its wrapping.
const MAX_PACKET: u32 = 1024 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Packets that the library has under way at most; brokers may allow fewer.
const INFLIGHT: u16 = 1024;
const CONNECT_TIMEOUT_S: u64 = 10;
/// How long the broker keeps acknowledgements for an agent that is away.
const SESSION_EXPIRY_S: u32 = 7 * 24 * 3600;

pub(super) type Login = Option<(String, String)>;

pub(super) fn login(broker: &BrokerConfig) -> Result<Login, String> {
    let Some((username, file)) = &broker.login else { return Ok(None) };
    let password = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(Some((username.clone(), password.trim_end_matches(['\r', '\n']).to_owned())))
}

pub(super) fn transport(broker: &BrokerConfig) -> Result<Transport, TlsError> {
    Ok(match &broker.tls {
        None => Transport::tcp(),
        Some(files) => Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(client_config(files)?))),
    })
}

/// The same for as long as hall and agent are, so that the broker keeps the session.
fn client_id(station: &Station) -> String {
    let Address { hall, agent, .. } = &station.address;
    match station.visit {
        Visit::Serve => format!("{hall}-{agent}"),
        Visit::Look => format!("{hall}-{agent}-doctor"),
    }
}

pub(super) fn options_v5(station: &Station, transport: Transport, login: Login) -> v5::MqttOptions {
    let broker = &station.address.broker;
    let mut options = v5::MqttOptions::new(client_id(station), broker.host.clone(), broker.port);
    options
        .set_transport(transport)
        .set_keep_alive(KEEP_ALIVE)
        .set_max_packet_size(Some(MAX_PACKET))
        .set_connection_timeout(CONNECT_TIMEOUT_S)
        .set_outgoing_inflight_upper_limit(INFLIGHT);
    if station.visit == Visit::Serve {
        let (topic, qos) = (status_topic(station), v5::mqttbytes::QoS::AtLeastOnce);
        let will = v5::mqttbytes::v5::LastWill::new(topic, json(&offline()), qos, true, None);
        options
            .set_clean_start(false)
            .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
            .set_last_will(will);
    }
    if let Some((username, password)) = login {
        options.set_credentials(username, password);
    }
    options
}

pub(super) fn options_v311(station: &Station, transport: Transport, login: Login) -> rumqttc::MqttOptions {
    let broker = &station.address.broker;
    let mut options = rumqttc::MqttOptions::new(client_id(station), broker.host.clone(), broker.port);
    options
        .set_transport(transport)
        .set_keep_alive(KEEP_ALIVE)
        .set_max_packet_size(MAX_PACKET as usize, MAX_PACKET as usize)
        .set_inflight(INFLIGHT);
    if station.visit == Visit::Serve {
        let will = rumqttc::LastWill::new(status_topic(station), json(&offline()), QoS::AtLeastOnce, true);
        options.set_clean_session(false).set_last_will(will);
    }
    if let Some((username, password)) = login {
        options.set_credentials(username, password);
    }
    options
}

fn status_topic(station: &Station) -> String {
    Channel::Status.topic(&station.address.hall, &station.address.agent)
}
