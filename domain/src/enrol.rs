//! How a new agent comes to its place: one HTTP request with a one-time token, one answer with all that it needs.

use crate::digest::Digest;
use crate::id::{AgentId, HallId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where the request goes, below central's address.
pub const PATH: &str = "/api/v1/enrol";

/// What an installer carries from central's page to the machine: a secret that is good once, and the fingerprint of
/// central's certificate, so that the secret is told to nobody else. Written `SECRET` or `SECRET.FINGERPRINT`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// 32 hex digits, known to this token's holder only.
    pub secret: String,
    /// SHA-256 of central's certificate (DER); without it central is reached over plain HTTP on this machine.
    pub pin: Option<Digest>,
}

/// The text is no [`Token`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token is 32 hex digits, a dot and 64 hex digits, as central's page shows it")]
pub struct TokenError;

impl FromStr for Token {
    type Err = TokenError;
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (secret, pin) = match text.split_once('.') {
            Some((secret, pin)) => (secret, Some(pin)),
            None => (text, None),
        };
        let is_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if secret.len() != 32 || !secret.bytes().all(is_hex) {
            return Err(TokenError);
        }
        let pin =
            pin.map(|pin| Digest::try_from(format!("sha256:{pin}"))).transpose().map_err(|_| TokenError)?;
        Ok(Self { secret: secret.to_owned(), pin })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.secret)?;
        match &self.pin {
            Some(pin) => write!(f, ".{}", pin.as_str().trim_start_matches("sha256:")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What the machine says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The token's secret.
    pub secret: String,
    /// The agent's version.
    pub version: String,
}

/// What central answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The hall.
    pub hall: HallId,
    /// The agent's name there.
    pub agent: AgentId,
    /// Where events go.
    pub broker: EnrolledBroker,
    /// Central's public key for configuration, PEM; none where central signs none.
    pub config_key: Option<String>,
    /// The text of the hall's `policy.toml`, to begin with.
    pub policy: String,
}

/// How the agent reaches the broker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledBroker {
    /// `mqtts://…`, or `mqtt://` where the operator insists.
    pub url: String,
    /// PEM of the authority behind the broker; none for plain `mqtt://`.
    pub ca: Option<String>,
    /// The agent's own name at the broker.
    pub username: String,
    /// Its password, made for this agent and kept nowhere else.
    pub password: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let secret = "0123456789abcdef0123456789abcdef".to_owned();
        for pin in [None, Some(Digest::of(b"certificate"))] {
            let token = Token { secret: secret.clone(), pin };
            assert_eq!(token.to_string().parse(), Ok(token.clone()));
            assert!(!format!("{token:?}").contains(&secret), "a secret is not for logs");
        }
        for bad in [
            "",
            "0123",
            &secret.to_uppercase(),
            &format!("{secret}."),
            &format!("{secret}.{secret}"),
            &format!(" {secret}"),
        ] {
            assert_eq!(bad.parse::<Token>(), Err(TokenError), "{bad}");
        }
    }
}
