//! What HTTPS proves itself with: the operator's files.

use crate::config::TlsFiles;
use chuangming_portal::door;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// TLS with the configured files.
///
/// # Errors
/// One line: which key, which file, what would be right.
pub(crate) fn read(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let (cert_file, key_file) = (files.cert_file.display(), files.key_file.display());
    let bad_chain = |e: &dyn std::fmt::Display| {
        format!("tls.cert_file: {cert_file}: {e}, expected a PEM certificate chain")
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert_file)
        .and_then(Iterator::collect)
        .map_err(|e| bad_chain(&e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|e| format!("tls.key_file: {key_file}: {e}, expected a PEM private key"))?;
    door::tls(chain, key).map_err(|e| format!("tls: {cert_file} with {key_file}: {e}"))
}
