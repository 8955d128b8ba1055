//! `[enrolment]`: what a new agent is told, and where its login is written.

use super::{Broker, Config, TlsFiles, broker_url, path};
use crate::ingest::broker::reachable;
use chuangming_domain::fields::{Fields, Reader, as_text};
use std::path::{Path, PathBuf};
use url::Url;

/// How new agents are enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// `broker_url`: where agents reach the broker.
    pub broker_url: Url,
    /// `broker_ca_file`: PEM file that vouches for an `mqtts://` broker; agents get a copy.
    pub broker_ca_file: Option<PathBuf>,
    /// `central_url`: where a new agent reaches central.
    pub central_url: Url,
    /// `certificate_file`: PEM file whose first certificate answers there; default `[tls] cert_file`.
    pub certificate_file: Option<PathBuf>,
    /// `mosquitto_passwords_file`: the password file of a mosquitto, kept up to date.
    pub mosquitto_passwords_file: Option<PathBuf>,
}

impl Enrolment {
    pub(super) fn read(mut f: Fields, r: &mut Reader, base: &Path, tls: Option<&TlsFiles>) -> Option<Self> {
        let insecure = f.flag(r, "insecure").unwrap_or(false);
        let broker_url = address(&mut f, r, "broker_url", |text| broker_url(text, insecure));
        let broker_ca_file = f.get(r, "broker_ca_file", "a PEM file", |v| path(v, base));
        let central_url = address(&mut f, r, "central_url", central_url);
        let certificate_file = f.get(r, "certificate_file", "a PEM file", |v| path(v, base));
        let mosquitto_passwords_file = f.get(r, "mosquitto_passwords_file", "a file", |v| path(v, base));
        if broker_url.as_ref().is_some_and(|url| url.scheme() == "mqtts") && broker_ca_file.is_none() {
            r.problem(
                f.name("broker_ca_file"),
                "is missing, expected the PEM file that vouches for the mqtts:// broker",
            );
        }
        let certificate_file = certificate_file.or_else(|| tls.map(|tls| tls.cert_file.clone()));
        if central_url.as_ref().is_some_and(|url| url.scheme() == "https") && certificate_file.is_none() {
            r.problem(
                f.name("certificate_file"),
                "is missing, expected the certificate that answers at central_url",
            );
        }
        f.end(r);
        let (broker_url, central_url) = (broker_url?, central_url?);
        Some(Self { broker_url, broker_ca_file, central_url, certificate_file, mosquitto_passwords_file })
    }
}

fn address(
    f: &mut Fields,
    r: &mut Reader,
    key: &'static str,
    check: impl Fn(&str) -> Result<Url, String>,
) -> Option<Url> {
    let text = f.require(r, key, "an address", as_text)?;
    check(&text).map_err(|problem| r.problem(f.name(key), problem)).ok()
}

/// The secret of a token goes to this address: in the clear on this machine only.
fn central_url(text: &str) -> Result<Url, String> {
    let example = "expected an address such as https://central:8443";
    let url = Url::parse(text).map_err(|e| format!("is {text:?} ({e}), {example}"))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(format!("is {text:?}, {example}; http:// on this machine only")),
    }
}

impl Config {
    /// How agents are enrolled: as `[enrolment]` says, or without it on this machine alone.
    #[must_use]
    pub fn enrolment(&self, listening: std::net::SocketAddr) -> Option<Enrolment> {
        if self.enrolment.is_some() {
            return self.enrolment.clone();
        }
        let Broker::Embedded(broker) = &self.broker else { return None };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Some(Enrolment {
            broker_url: Url::parse(&format!("mqtt://{}", reachable(broker.listen))).ok()?,
            broker_ca_file: None,
            central_url: Url::parse(&format!("{scheme}://{}", reachable(listening))).ok()?,
            certificate_file: self.tls.as_ref().map(|tls| tls.cert_file.clone()),
            mosquitto_passwords_file: None,
        })
    }
}
