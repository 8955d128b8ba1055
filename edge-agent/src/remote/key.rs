//! Central's public key, by which an agent knows what central signed.

use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::wire::{ConfigSignature, DesiredConfig};
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};

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
    #[cfg(test)]
    pub(crate) fn of(key: [u8; 32]) -> Self {
        Self(key)
    }

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

    pub(super) fn verify(&self, name: (&HallId, &AgentId), desired: &DesiredConfig) -> Result<u64, String> {
        let signature: ConfigSignature = desired.signature.parse().map_err(|e| format!("signature: {e}"))?;
        let text = ConfigSignature::signed_text(name.0, name.1, signature.serial, &desired.version);
        if !self.verifies(&text, &signature.value) {
            let text =
                "signature: does not belong to this agent, serial and version under config_key_file's key";
            return Err(text.to_owned());
        }
        Ok(signature.serial)
    }

    /// Whether central signed a text.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(text.as_bytes(), signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
