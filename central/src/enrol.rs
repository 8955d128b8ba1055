//! How a new agent comes to its place: a token for an installer, a login for the machine that spends it.

use crate::access::{Access, name_of, write_mosquitto_file};
use crate::config::Enrolment;
use crate::ingest::link::{Address, Incoming, Link};
use crate::password;
use crate::signing::Signer;
use crate::store::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::enrol::{Enrolled, EnrolledBroker, Token};
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::policy::Policy;
use ring::pbkdf2;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Mosquitto's own default of rounds.
const MOSQUITTO_ROUNDS: NonZeroU32 = NonZeroU32::new(101).unwrap();

/// Enrols agents.
#[derive(Debug)]
pub struct Registrar {
    place: Option<Place>,
    access: Access,
    config_key: Option<String>,
    own_broker: Option<Address>,
}

/// What a new agent is told.
#[derive(Debug)]
struct Place {
    central_url: String,
    /// The fingerprint of the certificate that answers there.
    pin: Option<Digest>,
    broker_url: String,
    broker_ca: Option<String>,
    mosquitto_passwords_file: Option<PathBuf>,
}

/// A token as its maker sees it, once.
#[derive(Debug)]
pub struct Made {
    /// The token.
    pub token: Token,
    /// What the database keeps.
    pub secret_hash: String,
    /// What the machine runs.
    pub command: String,
}

/// Why an agent was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is no such token, or it is good no more.
    #[error("the token is unknown, spent, taken back or too old")]
    Token,
    /// The password could not be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registrar {
    /// Reads the files that agents get a copy of.
    ///
    /// # Errors
    /// One line: the field, the file, what is wrong.
    pub fn open(
        settings: Option<Enrolment>,
        signer: Option<&Signer>,
        access: Access,
        own_broker: Option<Address>,
    ) -> Result<Self, String> {
        let place = settings.map(Place::open).transpose()?;
        Ok(Self { place, access, config_key: signer.map(Signer::public_pem), own_broker })
    }

    /// Makes a token; `None` where central does not know what to tell an agent.
    #[must_use]
    pub fn make(&self) -> Option<Made> {
        let place = self.place.as_ref()?;
        let token = Token { secret: hex::encode(rand::random::<[u8; 16]>()), pin: place.pin.clone() };
        let central = place.central_url.trim_end_matches('/');
        Some(Made {
            command: format!("edge-agent enrol --central {central} --token {token}"),
            secret_hash: hash(&token.secret),
            token,
        })
    }

    /// Whether central knows what to tell new agents.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.place.is_some()
    }

    /// Ends the connection of an agent whose right was taken away, where the broker is central's own: whoever connects
    /// under a client's id takes its place.
    pub fn cut_off(&self, hall: &HallId, agent: &AgentId) {
        if let Some(broker) = &self.own_broker {
            tokio::spawn(take_place(Address { client_id: format!("{hall}-{agent}"), ..broker.clone() }));
        }
    }

    /// Spends a token and answers with all that its agent needs.
    ///
    /// # Errors
    /// When the token is not good, or something inside is broken.
    pub async fn enrol(
        &self,
        store: &Store,
        secret: &str,
        from: &str,
        now: Timestamp,
    ) -> Result<Enrolled, EnrolError> {
        let place = self.place.as_ref().ok_or(EnrolError::Token)?;
        let password = hex::encode(rand::random::<[u8; 24]>());
        let hashed = {
            let password = password.clone();
            tokio::task::spawn_blocking(move || password::hash(&password)).await
        };
        let hashed = hashed.map_err(|e| EnrolError::Hash(e.to_string()))?;
        let hashed = hashed.map_err(|e| EnrolError::Hash(e.to_string()))?;
        let hashes = (hashed.as_str(), mosquitto_hash(&password, rand::random()));
        let spent = store.enrol(&hash(secret), from, (hashes.0, &hashes.1), now).await?;
        let (hall, agent) = spent.ok_or(EnrolError::Token)?;
        self.refresh(store).await?;
        let policy = match store.policy_in_force(&hall).await? {
            Some(digest) => store.policy(&hall, &digest).await?.map(|version| version.body),
            None => None,
        };
        Ok(Enrolled {
            broker: EnrolledBroker {
                url: place.broker_url.clone(),
                ca: place.broker_ca.clone(),
                username: name_of(&hall, &agent),
                password,
            },
            hall,
            agent,
            config_key: self.config_key.clone(),
            policy: policy.unwrap_or_else(|| Policy::default().to_toml()),
        })
    }

    /// Makes the broker's door know what the database says.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let logins = self.access.refresh(store).await?;
        let file = self.place.as_ref().and_then(|place| place.mosquitto_passwords_file.as_deref());
        if let Some(file) = file
            && let Err(error) = write_mosquitto_file(file, &logins)
        {
            tracing::error!(%error, file = %file.display(), "mosquitto's password file cannot be written");
        }
        Ok(())
    }
}

impl Place {
    fn open(settings: Enrolment) -> Result<Self, String> {
        let cannot = |field: &str, file: &std::path::Path, e: &dyn std::fmt::Display| {
            format!("enrolment.{field}: {}: {e}, expected a PEM file", file.display())
        };
        let pin = match (settings.central_url.scheme(), &settings.certificate_file) {
            ("https", Some(file)) => {
                let certificate =
                    CertificateDer::from_pem_file(file).map_err(|e| cannot("certificate_file", file, &e))?;
                Some(Digest::of(&certificate))
            }
            _ => None,
        };
        let broker_ca = match &settings.broker_ca_file {
            Some(file) => {
                Some(std::fs::read_to_string(file).map_err(|e| cannot("broker_ca_file", file, &e))?)
            }
            None => None,
        };
        Ok(Self {
            central_url: settings.central_url.to_string(),
            pin,
            broker_url: settings.broker_url.to_string(),
            broker_ca,
            mosquitto_passwords_file: settings.mosquitto_passwords_file,
        })
    }
}

/// Connects and goes again.
async fn take_place(address: Address) {
    let (mut link, outbox) = Link::new(address);
    let visit = async {
        while !matches!(link.next().await, Incoming::Connected) {}
        let _ = outbox.disconnect().await;
        link.next().await
    };
    if tokio::time::timeout(std::time::Duration::from_secs(10), visit).await.is_err() {
        tracing::warn!("a connection could not be ended; its messages are refused all the same");
    }
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A hash as mosquitto's password file writes it: PBKDF2 with SHA-512.
fn mosquitto_hash(password: &str, salt: [u8; 12]) -> String {
    let mut derived = [0; 64];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, MOSQUITTO_ROUNDS, &salt, password.as_bytes(), &mut derived);
    format!("$7${MOSQUITTO_ROUNDS}${}${}", BASE64.encode(salt), BASE64.encode(derived))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_the_command_holds_one() {
        let settings = Enrolment {
            broker_url: "mqtt://127.0.0.1:1883".parse().unwrap(),
            broker_ca_file: None,
            central_url: "http://127.0.0.1:8080".parse().unwrap(),
            certificate_file: None,
            mosquitto_passwords_file: None,
        };
        let registrar = Registrar::open(Some(settings), None, Access::default(), None).unwrap();
        let (one, other) = (registrar.make().unwrap(), registrar.make().unwrap());
        assert_ne!(one.token, other.token);
        assert_eq!(
            one.command,
            format!("edge-agent enrol --central http://127.0.0.1:8080 --token {}", one.token)
        );
        assert!(!one.secret_hash.contains(&one.token.secret));
        assert!(Registrar::open(None, None, Access::default(), None).unwrap().make().is_none());
    }

    /// Debian's mosquitto itself says whether it takes the line: see the tests of enrolment.
    #[test]
    fn mosquittos_hashes_have_its_shape() {
        let hash = mosquitto_hash("secret", [7; 12]);
        let parts: Vec<_> = hash.split('$').collect();
        assert_eq!((parts[1], parts[2], parts[3].len(), parts[4].len()), ("7", "101", 16, 88));
        assert_eq!(hash, mosquitto_hash("secret", [7; 12]));
        assert_ne!(hash, mosquitto_hash("secret", [8; 12]));
    }
}
