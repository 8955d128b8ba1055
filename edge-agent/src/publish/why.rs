//! Why there is no connection, from what the client library says of it.

use rumqttc::v5;

pub(super) const NOT_AUTHORISED: &str =
    "refused: not authorised; check the certificate or username and password_file under [broker]";

/// Why a connection failed, and whether the version of MQTT may be the cause: brokers that speak 3.1.1 only answer
/// MQTT 5 with a short refusal, or just close the connection.
pub(super) struct Why {
    pub text: String,
    pub may_be_protocol: bool,
}

pub(super) fn why_v5(error: &v5::ConnectionError) -> Why {
    use v5::mqttbytes::v5::ConnectReturnCode as Code;
    use v5::{ConnectionError as E, StateError};
    let text = match error {
        E::ConnectionRefused(Code::BadUserNamePassword | Code::NotAuthorized) => NOT_AUTHORISED.into(),
        E::ConnectionRefused(code) => format!("refused: {code:?}"),
        E::Timeout(_) => "no answer in time".into(),
        E::Io(e) => e.to_string(),
        E::Tls(e) => format!("TLS: {e}"),
        E::MqttState(StateError::ConnectionAborted) => "closed by the broker".into(),
        other => other.to_string(),
    };
    let may_be_protocol = matches!(
        error,
        E::ConnectionRefused(Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion)
            | E::MqttState(_)
            | E::NotConnAck(_)
            | E::Timeout(_)
    );
    Why { text, may_be_protocol }
}

pub(super) fn why_v311(error: &rumqttc::ConnectionError) -> Why {
    use rumqttc::{ConnectReturnCode as Code, ConnectionError as E, StateError};
    let text = match error {
        E::ConnectionRefused(Code::BadUserNamePassword | Code::NotAuthorized) => NOT_AUTHORISED.into(),
        E::ConnectionRefused(code) => format!("refused: {code:?}"),
        E::NetworkTimeout | E::FlushTimeout => "no answer in time".into(),
        E::Io(e) => e.to_string(),
        E::Tls(e) => format!("TLS: {e}"),
        E::MqttState(StateError::ConnectionAborted) => "closed by the broker".into(),
        other => other.to_string(),
    };
    let may_be_protocol = matches!(
        error,
        E::ConnectionRefused(Code::RefusedProtocolVersion)
            | E::MqttState(_)
            | E::NotConnAck(_)
            | E::NetworkTimeout
    );
    Why { text, may_be_protocol }
}
