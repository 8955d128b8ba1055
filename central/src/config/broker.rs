//! `[broker]`: where the agents' messages come from.

use super::{TlsFiles, address, both, path};
use chuangming_domain::fields::{Fields, Reader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use url::Url;

/// Where the embedded broker listens.
pub(super) const DEFAULT_BROKER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1883);
const DEFAULT_CLIENT_ID: &str = "chuangming-central";

/// Where the agents' messages come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Broker {
    /// `embedded = true`: a broker inside central, for one small hall or a demonstration.
    Embedded(EmbeddedBroker),
    /// `url = "mqtts://…"`: one that runs elsewhere.
    External(Box<ExternalBroker>),
}

/// The embedded broker. It keeps nothing on disk and speaks no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedBroker {
    /// `listen = "127.0.0.1:1883"`: MQTT 5. Beyond loopback it needs `passwords_file` and `insecure = true`.
    pub listen: SocketAddr,
    /// `listen_v4`: MQTT 3.1.1 on a port of its own; off by default.
    pub listen_v4: Option<SocketAddr>,
    /// `passwords_file`: lines `name:hash` as `central broker-user` prints them; without it nobody is asked.
    pub passwords_file: Option<PathBuf>,
}

/// A broker that runs elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalBroker {
    /// `url = "mqtts://host:8883"`; `mqtt://` on loopback only, unless `insecure = true`.
    pub url: Url,
    /// `ca_file`: PEM file that vouches for the broker; required for `mqtts://`.
    pub ca_file: Option<PathBuf>,
    /// `cert_file`, `key_file`: central's own certificate.
    pub client: Option<TlsFiles>,
    /// `username`, with `password_file`: its first line is the password.
    pub login: Option<(String, PathBuf)>,
    /// `client_id = "chuangming-central"`: another one for each further central on the same broker.
    pub client_id: String,
}

impl Broker {
    pub(super) fn read(mut f: Fields, r: &mut Reader, base: &Path, enrolment: bool) -> Option<Self> {
        let place = f.name("embedded");
        let embedded = f.flag(r, "embedded").unwrap_or(false);
        let url = f.text(r, "url");
        let insecure = f.flag(r, "insecure").unwrap_or(false);
        match (embedded, url) {
            (true, None) => EmbeddedBroker::read(f, r, base, insecure, enrolment).map(Broker::Embedded),
            (false, Some(url)) => {
                ExternalBroker::read(f, r, base, insecure, &url).map(|b| Broker::External(Box::new(b)))
            }
            (true, Some(_)) => {
                r.problem(place, "is true and url is given, expected one of the two");
                None
            }
            (false, None) => {
                r.problem(place, "is missing, expected embedded = true or url = \"mqtts://…\"");
                None
            }
        }
    }
}

impl EmbeddedBroker {
    fn read(mut f: Fields, r: &mut Reader, base: &Path, insecure: bool, enrolment: bool) -> Option<Self> {
        let listen = address(&mut f, r, "listen").unwrap_or(DEFAULT_BROKER);
        let listen_v4 = address(&mut f, r, "listen_v4");
        let passwords_file = f.get(r, "passwords_file", "a file", |v| path(v, base));
        let open = [Some(listen), listen_v4].into_iter().flatten().find(|a| !a.ip().is_loopback());
        if let Some(open) = open
            && !(insecure && (passwords_file.is_some() || enrolment))
        {
            r.problem(
                f.name("listen"),
                format!(
                    "is {open}: the embedded broker speaks no TLS; beyond loopback expected passwords_file or \
                     [enrolment], and insecure = true, or better a broker of its own with url = \"mqtts://…\""
                ),
            );
        }
        f.end(r);
        Some(Self { listen, listen_v4, passwords_file })
    }
}

impl ExternalBroker {
    fn read(mut f: Fields, r: &mut Reader, base: &Path, insecure: bool, url: &str) -> Option<Self> {
        let place = f.name("url");
        let url = broker_url(url, insecure).map_err(|text| r.problem(place, text)).ok();
        let ca_file = f.get(r, "ca_file", "a PEM file", |v| path(v, base));
        let cert_file = f.get(r, "cert_file", "a PEM file", |v| path(v, base));
        let key_file = f.get(r, "key_file", "a PEM file", |v| path(v, base));
        let username = f.text(r, "username");
        let password_file = f.get(r, "password_file", "a file", |v| path(v, base));
        let client_id = f.text(r, "client_id").unwrap_or_else(|| DEFAULT_CLIENT_ID.to_owned());
        if url.as_ref().is_some_and(|url| url.scheme() == "mqtts") && ca_file.is_none() {
            r.problem(
                f.name("ca_file"),
                "is missing, expected the PEM file that vouches for the mqtts:// broker",
            );
        }
        let client = both(&f, r, ("cert_file", cert_file), ("key_file", key_file));
        let login = both(&f, r, ("username", username), ("password_file", password_file));
        if client_id.is_empty() {
            r.problem(
                f.name("client_id"),
                "is empty, expected a name that no other client of the broker has",
            );
        }
        f.end(r);
        let client = client.map(|(cert_file, key_file)| TlsFiles { cert_file, key_file });
        Some(Self { url: url?, ca_file, client, login, client_id })
    }
}

/// Checks a broker's address: plain MQTT stays on this machine unless somebody insists.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn broker_url(text: &str, insecure: bool) -> Result<Url, String> {
    let example = "expected an address such as mqtts://broker:8883";
    let url = Url::parse(text).map_err(|e| format!("is {text:?} ({e}), {example}"))?;
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(format!("is {text:?} without a host, {example}"));
    };
    let loopback = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "mqtts" => Ok(url),
        "mqtt" if loopback || insecure => Ok(url),
        "mqtt" => {
            Err(format!("is {text:?}: plain mqtt:// beyond loopback, expected mqtts:// or insecure = true"))
        }
        _ => Err(format!("is {text:?}, expected mqtts:// or mqtt://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_mqtt_stays_on_this_machine() {
        for (url, insecure, ok) in [
            ("mqtt://127.0.0.1:1883", false, true),
            ("mqtt://localhost", false, true),
            ("mqtt://[::1]:1883", false, true),
            ("mqtt://10.0.0.1:1883", false, false),
            ("mqtt://10.0.0.1:1883", true, true),
            ("mqtts://10.0.0.1:8883", false, true),
            ("mqtt://", false, false),
            ("ws://localhost", false, false),
        ] {
            assert_eq!(broker_url(url, insecure).is_ok(), ok, "{url} insecure={insecure}");
        }
    }
}
