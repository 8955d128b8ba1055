//! The page's certificate: signed by nobody but itself, made once, kept in an owner-only file. Its fingerprint is shown
//! where the code is shown, so that an installer can see that the browser talks to this machine.

use crate::failure::Failure;
use crate::files::replace;
use chuangming_domain::digest::Digest;
use chuangming_portal::door;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use tokio_rustls::TlsAcceptor;

const FILE: &str = "certificate.pem";
const YEARS: i32 = 10;

/// What the page proves itself with.
pub(super) struct Certificate {
    pub(super) tls: TlsAcceptor,
    pub(super) digest: Digest,
}

impl Certificate {
    /// Takes the certificate from the folder, or makes one for these addresses.
    pub(super) fn of(folder: &Path, addresses: &[IpAddr]) -> Result<Self, Failure> {
        let file = folder.join(FILE);
        let pem = match fs::read(&file) {
            Ok(pem) => pem,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let pem = made(addresses).map_err(Failure::failed)?;
                replace(&file, pem.as_bytes())
                    .map_err(|e| Failure::failed(format!("{}: {e}", file.display())))?;
                pem.into_bytes()
            }
            Err(e) => return Err(Failure::failed(format!("{}: {e}", file.display()))),
        };
        Self::read(&pem).map_err(|why| {
            let text = format!("{}: {why}; delete it, and a new one is made", file.display());
            Failure::failed(text)
        })
    }

    fn read(pem: &[u8]) -> Result<Self, String> {
        let certificate = CertificateDer::from_pem_slice(pem).map_err(|e| e.to_string())?.into_owned();
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|e| e.to_string())?;
        let digest = Digest::of(&certificate);
        let tls = door::tls(vec![certificate], key).map_err(|e| e.to_string())?;
        Ok(Self { tls, digest })
    }
}

/// Certificate and key as PEM.
fn made(addresses: &[IpAddr]) -> Result<String, rcgen::Error> {
    let mut names = vec!["localhost".to_owned()];
    names.extend(addresses.iter().map(ToString::to_string));
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Chuangming calibration");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let (month, day) = (today.month().unsigned_abs(), today.day().unsigned_abs().min(28));
    let year = i32::from(today.year());
    // A machine whose clock is a little ahead of the phone's must not be refused for it.
    params.not_before = date_time_ymd(year - 1, month, day);
    params.not_after = date_time_ymd(year + YEARS, month, day);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn it_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let address = [IpAddr::from([192, 168, 1, 20])];
        let first = Certificate::of(folder.path(), &address).unwrap().digest;
        assert_eq!(Certificate::of(folder.path(), &[]).unwrap().digest, first);
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(FILE), "no certificate").unwrap();
        let told = Certificate::of(folder.path(), &[]).err().unwrap().to_string();
        assert!(told.contains("certificate.pem") && told.contains("delete it"), "{told}");
    }
}
