//! Configuration from central: validated whole before anything of it is used.
//!
//! Whoever could forge it could switch rules off, so it counts only with a signature that `config_key_file`
//! verifies: Ed25519 over the text of `version`, which is itself the content hash of policy and calibration. Without
//! a key the agent takes none. What was accepted last is kept in the data directory, so that a restart without a
//! broker does not fall back to older rules.

use crate::config::Setup;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chuangming_domain::id::CameraId;
use chuangming_domain::wire::DesiredConfig;
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The largest configuration that is looked at, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

const FILE: &str = "accepted-config.json";

/// Central's public key.
#[derive(Clone)]
pub struct ConfigKey([u8; 32]);

/// Why a file is no key.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}, expected an Ed25519 public key as PEM (openssl pkey -pubout)", file.display())]
pub struct KeyError {
    file: PathBuf,
    why: String,
}

impl ConfigKey {
    /// Reads a public key from a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read or holds another kind of key.
    pub fn load(file: &Path) -> Result<Self, KeyError> {
        /// What precedes the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
        const ED25519_PREFIX: [u8; 12] =
            [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let error = |why: String| KeyError { file: file.to_owned(), why };
        let der = SubjectPublicKeyInfoDer::from_pem_file(file).map_err(|e| error(e.to_string()))?;
        let key = der.strip_prefix(&ED25519_PREFIX).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or_else(|| error("is another kind of key".into()))
    }

    fn verify(&self, desired: &DesiredConfig) -> Result<(), String> {
        let signature =
            BASE64.decode(&desired.signature).map_err(|e| format!("signature: is no base64 ({e})"))?;
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(desired.version.as_str().as_bytes(), &signature)
            .map_err(|_| "signature: does not belong to this version and config_key_file's key".to_owned())
    }
}

/// Decides about configuration from central.
pub struct Remote {
    /// The key, where one is configured.
    pub key: Option<ConfigKey>,
    /// The agent's cameras.
    pub cameras: Vec<CameraId>,
    /// Where the accepted configuration is kept.
    pub data_dir: PathBuf,
}

impl Remote {
    /// Validates a desired configuration: size, shape, signature, content hash, both files and their cameras.
    ///
    /// # Errors
    /// Every reason against it; nothing of it may be used then.
    pub fn check(&self, desired: &DesiredConfig) -> Result<Setup, Vec<String>> {
        let Some(key) = &self.key else {
            let text =
                "refused: agent.toml names no config_key_file, so no configuration is taken from central";
            return Err(vec![text.into()]);
        };
        key.verify(desired).map_err(|e| vec![e])?;
        let actual = DesiredConfig::version_of(&desired.policy, &desired.calibration);
        if actual != desired.version {
            return Err(vec![format!(
                "version: is {}, expected {actual}, the hash of the content",
                desired.version
            )]);
        }
        Setup::parse(&desired.policy, &desired.calibration, &self.cameras)
            .map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
    }

    /// What a message on `config/desired` says.
    ///
    /// # Errors
    /// One line when it is too large or no desired configuration.
    pub fn read(payload: &[u8]) -> Result<DesiredConfig, String> {
        if payload.len() > MAX_BYTES {
            return Err(format!("is {} bytes, expected at most {MAX_BYTES}", payload.len()));
        }
        serde_json::from_slice(payload).map_err(|e| format!("is no desired configuration: {e}"))
    }

    /// Keeps an accepted configuration for the next start; it is there wholly or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, desired: &DesiredConfig) -> io::Result<()> {
        let temporary = self.data_dir.join(format!("{FILE}.new"));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(desired)?)?;
        file.sync_all()?;
        fs::rename(&temporary, self.data_dir.join(FILE))
    }

    /// The configuration that was accepted before this start, validated anew; `None` where there is none.
    ///
    /// # Errors
    /// Every reason why it counts no longer, such as another key or another set of cameras.
    pub fn kept(&self) -> Result<Option<Setup>, Vec<String>> {
        if self.key.is_none() {
            return Ok(None);
        }
        match fs::read(self.data_dir.join(FILE)) {
            Ok(bytes) => {
                let desired = Self::read(&bytes).map_err(|e| vec![format!("{FILE}: {e}")])?;
                self.check(&desired).map(Some)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(vec![format!("{FILE}: cannot be read: {e}")]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    const POLICY: &str = "version = 1";
    const CALIBRATION: &str =
        "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]\n";

    fn key_pair() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
    }

    fn signed(policy: &str, calibration: &str, by: &Ed25519KeyPair) -> DesiredConfig {
        let version = DesiredConfig::version_of(policy, calibration);
        let signature = BASE64.encode(by.sign(version.as_str().as_bytes()));
        DesiredConfig { policy: policy.into(), calibration: calibration.into(), version, signature }
    }

    fn remote(key: Option<&Ed25519KeyPair>, data_dir: &Path) -> Remote {
        let key = key.map(|pair| ConfigKey(pair.public_key().as_ref().try_into().unwrap()));
        Remote { key, cameras: vec![CameraId::new("cam-1").unwrap()], data_dir: data_dir.to_owned() }
    }

    /// Checks a desired configuration after a change and expects a reason with that text.
    fn check(change: impl FnOnce(&mut DesiredConfig), expected: &str) {
        let pair = key_pair();
        let mut desired = signed(POLICY, CALIBRATION, &pair);
        change(&mut desired);
        let reasons = remote(Some(&pair), Path::new("")).check(&desired).expect_err(expected).join("; ");
        assert!(reasons.contains(expected), "{expected:?} is not in {reasons}");
    }

    #[test]
    fn a_signed_and_valid_configuration_is_accepted() {
        let pair = key_pair();
        let desired = signed(POLICY, CALIBRATION, &pair);
        let setup = remote(Some(&pair), Path::new("")).check(&desired).unwrap();
        assert_eq!(setup.version, desired.version);
        assert_eq!(setup.calibration.windows.len(), 1);
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        check(|d| d.signature = "%".into(), "signature: is no base64");
        check(
            |d| *d = signed(POLICY, CALIBRATION, &key_pair()),
            "signature: does not belong to this version",
        );
        check(
            |d| d.version = DesiredConfig::version_of("a", "b"),
            "signature: does not belong to this version",
        );
        check(|d| d.policy.push('\n'), "the hash of the content");
        let other = key_pair();
        let sign = |policy: &str, calibration: &str| signed(policy, calibration, &other);
        for (desired, expected) in [
            (sign("version = 2", CALIBRATION), "policy.toml: version: is 2, expected 1"),
            (sign(POLICY, "version = 1\nwindows = 3"), "calibration.toml: windows: is 3"),
            (sign(POLICY, &CALIBRATION.replace("cam-1", "cam-9")), "camera cam-9 is not in agent.toml"),
        ] {
            let reasons = remote(Some(&other), Path::new("")).check(&desired).unwrap_err().join("; ");
            assert!(reasons.contains(expected), "{expected:?} is not in {reasons}");
        }
        let reasons = remote(None, Path::new("")).check(&sign(POLICY, CALIBRATION)).unwrap_err().join("; ");
        assert!(reasons.contains("names no config_key_file"), "{reasons}");
    }

    #[test]
    fn payloads_that_are_no_configuration_are_told() {
        for (payload, expected) in [
            (b"".to_vec(), "is no desired configuration"),
            (b"{}".to_vec(), "missing field"),
            (vec![b' '; MAX_BYTES + 1], "expected at most 524288"),
        ] {
            let reason = Remote::read(&payload).unwrap_err();
            assert!(reason.contains(expected), "{expected:?} is not in {reason}");
        }
    }

    #[test]
    fn what_was_accepted_outlives_the_process_but_not_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let pair = key_pair();
        let before = remote(Some(&pair), folder.path());
        assert!(before.kept().unwrap().is_none());
        let desired = signed(POLICY, CALIBRATION, &pair);
        before.keep(&desired).unwrap();
        assert_eq!(remote(Some(&pair), folder.path()).kept().unwrap().unwrap().version, desired.version);
        assert!(remote(Some(&key_pair()), folder.path()).kept().is_err());
        assert!(remote(None, folder.path()).kept().unwrap().is_none());
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(remote(Some(&pair), folder.path()).kept().unwrap_err()[0].contains(FILE));
    }

    #[test]
    fn keys_are_read_from_pem() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        // RFC 8410, section 10.1.
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        fs::write(&file, pem).unwrap();
        assert_eq!(ConfigKey::load(&file).unwrap().0[..4], [0x19, 0xbf, 0x44, 0x09]);
        fs::write(&file, "no key").unwrap();
        let error = ConfigKey::load(&file).err().unwrap().to_string();
        assert!(
            error.contains("key.pem: ") && error.contains("expected an Ed25519 public key as PEM"),
            "{error}"
        );
    }
}
