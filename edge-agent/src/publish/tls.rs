//! TLS towards the broker: its authority and this agent's own certificate, from PEM files.

use crate::config::TlsFiles;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the files give no connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not what it should be.
    #[error("{}: {why}, expected {expected} in PEM form", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The files do not fit together.
    #[error("broker certificates: {0}")]
    Tls(#[from] rustls::Error),
}

/// Reads the files anew, so that a renewed certificate counts from the next connection on.
///
/// # Errors
/// When a file cannot be read or the key does not belong to the certificate.
pub fn client_config(files: &TlsFiles) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&files.ca)? {
        roots.add(authority)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    match &files.client {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e, "a private key"))?;
            Ok(config.with_client_auth_cert(certificates(certificate)?, key)?)
        }
        None => Ok(config.with_no_client_auth()),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
    let found = read().map_err(|e| wrong(file, &e, "a certificate"))?;
    if found.is_empty() { Err(wrong(file, &PemError::NoItemsFound, "a certificate")) } else { Ok(found) }
}

fn wrong(file: &Path, error: &PemError, expected: &'static str) -> TlsError {
    TlsError::File { file: file.to_owned(), why: error.to_string(), expected }
}
