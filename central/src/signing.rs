//! Central's signature under configuration for agents: an Ed25519 key in a file that only its owner can read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::sign_in::SignInCode;
use chuangming_domain::wire::{ConfigSignature, DesiredConfig};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Signs configuration.
#[derive(Clone)]
pub struct Signer(Arc<Ed25519KeyPair>);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

const WISH: &str = "expected the file that `central config-key` wrote";

impl Signer {
    /// Reads the private key.
    ///
    /// # Errors
    /// One line: when the file cannot be read, is no such key, or can be read by others.
    pub fn load(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let metadata = std::fs::metadata(file).map_err(|e| format!("{shown}: {e}, {WISH}"))?;
        if let Some(mode) = open_to_others(&metadata) {
            return Err(format!(
                "{shown}: can be read by others (mode {mode:o}), expected its owner only: chmod 600 it"
            ));
        }
        let der = PrivatePkcs8KeyDer::from_pem_file(file).map_err(|e| format!("{shown}: {e}, {WISH}"))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(|pair| Self(Arc::new(pair))).map_err(|e| format!("{shown}: is no Ed25519 key ({e}), {WISH}"))
    }

    /// Makes a new key in a new file.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn generate(file: &Path) -> io::Result<Self> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(told)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        only_for_owner(&mut options);
        let mut target = options.open(file)?;
        target.write_all(pem("PRIVATE KEY", document.as_ref()).as_bytes())?;
        target.sync_all()?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(told)?;
        Ok(Self(Arc::new(pair)))
    }

    /// The public key as PEM: what agents name as `config_key_file`.
    #[must_use]
    pub fn public_pem(&self) -> String {
        // What precedes the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        der.extend(self.0.public_key().as_ref());
        pem("PUBLIC KEY", &der)
    }

    /// The rules for one agent, signed. Its calibration stays its own.
    #[must_use]
    pub fn sign(&self, hall: &HallId, agent: &AgentId, serial: u64, policy: &str) -> DesiredConfig {
        let version = DesiredConfig::version_of(policy, "");
        let value = self.signature(&ConfigSignature::signed_text(hall, agent, serial, &version));
        DesiredConfig {
            policy: policy.to_owned(),
            calibration: String::new(),
            version,
            signature: ConfigSignature { serial, value }.to_string(),
        }
    }

    /// A one-time code for the calibration page of one agent; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn sign_in_code(&self, hall: &HallId, agent: &AgentId, now: i64) -> io::Result<SignInCode> {
        let mut nonce = [0; 8];
        SystemRandom::new().fill(&mut nonce).map_err(told)?;
        let signature = self.signature(&SignInCode::signed_text(hall, agent, now, nonce));
        Ok(SignInCode { issued_at: now, nonce, signature })
    }

    fn signature(&self, text: &str) -> [u8; 64] {
        let mut value = [0; 64];
        value.copy_from_slice(self.0.sign(text.as_bytes()).as_ref());
        value
    }
}

fn told(error: impl fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn only_for_owner(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn only_for_owner(_: &mut std::fs::OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, UnparsedPublicKey};
    use rustls::pki_types::SubjectPublicKeyInfoDer;

    #[test]
    fn a_generated_key_signs_for_its_public_half() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config-key.pem");
        let made = Signer::generate(&file).unwrap();
        let signer = Signer::load(&file).unwrap();
        assert_eq!(made.public_pem(), signer.public_pem());
        assert!(Signer::generate(&file).is_err(), "a key is never overwritten");

        let (hall, agent) = ("tanggu".parse().unwrap(), "edge-01".parse().unwrap());
        let desired = signer.sign(&hall, &agent, 7, "version = 1");
        let signature: ConfigSignature = desired.signature.parse().unwrap();
        assert_eq!((signature.serial, desired.calibration.as_str()), (7, ""));
        let public = SubjectPublicKeyInfoDer::from_pem_slice(signer.public_pem().as_bytes()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, &public[12..]);
        let text = |serial| ConfigSignature::signed_text(&hall, &agent, serial, &desired.version);
        assert!(key.verify(text(7).as_bytes(), &signature.value).is_ok());
        assert!(key.verify(text(8).as_bytes(), &signature.value).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config-key.pem");
        Signer::generate(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Signer::load(&file).unwrap_err().contains("can be read by others (mode 640)"));
        let other = folder.path().join("other");
        assert!(Signer::load(&other).unwrap_err().contains("`central config-key`"));
    }
}
