//! `central.toml`: every key, read so that all problems are reported at once.

mod broker;
mod database;
mod enrolment;
mod halls;
mod notify;
mod oidc;
mod retention;
mod sign_in;
#[cfg(test)]
mod tests;

pub use broker::{Broker, EmbeddedBroker, ExternalBroker, broker_url};
pub use database::ServerAddress;
pub use enrolment::Enrolment;
pub use halls::{Hall, Window};
pub use notify::{MailConfig, NotifyConfig};
pub use oidc::{OidcConfig, RoleRule};
pub use retention::RetentionDays;
pub use sign_in::SignInRules;

use crate::store::Database;
use chuangming_domain::fields::{Fields, Problems, Reader};
use halls::twice;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Value;

/// A validated `central.toml`. Relative paths are relative to the file's folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `listen = "127.0.0.1:8080"`: where the pages and the API are. Beyond loopback it needs `[tls]`, or
    /// `insecure = true` behind a proxy that ends TLS.
    pub listen: SocketAddr,
    /// `data_dir`: central's own folder, created if missing; it holds the embedded database.
    pub data_dir: PathBuf,
    /// `[database]`: PostgreSQL instead of the embedded database.
    pub server: Option<ServerAddress>,
    /// `insecure = true`: plain HTTP beyond loopback.
    pub insecure: bool,
    /// `[tls] cert_file, key_file`: PEM files for HTTPS.
    pub tls: Option<TlsFiles>,
    /// `[sign_in]`: how long a sign-in lasts.
    pub sign_in: SignInRules,
    /// `[oidc]`: signing in with the organisation's own sign-in.
    pub oidc: Option<OidcConfig>,
    /// `[retention]`: how long what is kept.
    pub retention: RetentionDays,
    /// `[appeals] working_days = 7`: until when an appeal has to be answered.
    pub appeal_days: u32,
    /// `[notify]`: how alerts reach people who do not look at the page.
    pub notify: NotifyConfig,
    /// `[broker]`: where the agents' messages come from.
    pub broker: Broker,
    /// `config_key_file`: central's private key for the agents' configuration, made by `central config-key`.
    pub config_key_file: Option<PathBuf>,
    /// `[enrolment]`: what new agents are told.
    pub enrolment: Option<Enrolment>,
    /// `[[halls]] id, name` with `[[halls.windows]] id, name`: what to call halls and windows, and the order to show
    /// them in. Optional: halls and windows that agents speak of appear by their ids.
    pub halls: Vec<Hall>,
}

/// A certificate chain and its key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, own certificate first.
    pub cert_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
}

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_APPEAL_DAYS: u32 = 7;

impl Config {
    /// Reads and validates a whole `central.toml`; `file` is how messages name it, its folder the base of paths.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Problems> {
        let base = file.parent().unwrap_or(Path::new("")).to_owned();
        let mut r = Reader::new(file.display().to_string());
        let config = r.parse(text).and_then(|table| Self::read(Fields::root(table), &mut r, &base));
        r.finish(config)
    }

    fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Option<Self> {
        let listen = address(&mut f, r, "listen").unwrap_or(DEFAULT_LISTEN);
        let data_dir = f.require(r, "data_dir", "a folder", |v| path(v, base));
        let server = f.table(r, "database").and_then(|f| ServerAddress::read(f, r, base));
        let sign_in = f.table(r, "sign_in").map(|f| SignInRules::read(f, r)).unwrap_or_default();
        let oidc = f.table(r, "oidc").and_then(|f| OidcConfig::read(f, r, base));
        let retention = f.table(r, "retention").map(|f| RetentionDays::read(f, r)).unwrap_or_default();
        let appeal_days = f.table(r, "appeals").and_then(|mut f| {
            let days = f.integer(r, "working_days", 1..=60);
            f.end(r);
            u32::try_from(days?).ok()
        });
        let notify = f.table(r, "notify").map(|f| NotifyConfig::read(f, r, base)).unwrap_or_default();
        let insecure = f.flag(r, "insecure").unwrap_or(false);
        let tls = f.table(r, "tls").and_then(|f| TlsFiles::read(f, r, base));
        let broker = match f.table(r, "broker") {
            Some(b) => Broker::read(b, r, base, f.has("enrolment")),
            None => {
                r.problem(
                    "broker",
                    "is missing, expected a table with embedded = true or url = \"mqtts://…\"",
                );
                None
            }
        };
        let config_key_file = f.get(r, "config_key_file", "a file", |v| path(v, base));
        let enrolment = f.table(r, "enrolment").and_then(|f| Enrolment::read(f, r, base, tls.as_ref()));
        let halls: Vec<_> = f.tables(r, "halls").into_iter().filter_map(|f| Hall::read(f, r)).collect();
        f.end(r);
        twice(r, "halls.id", halls.iter().map(|hall| hall.id.as_str()));
        if !listen.ip().is_loopback() && tls.is_none() && !insecure {
            r.problem(
                "listen",
                format!("is {listen}: beyond loopback expected [tls], or insecure = true behind a proxy that ends TLS"),
            );
        }
        Some(Self {
            listen,
            data_dir: data_dir?,
            server,
            sign_in,
            oidc,
            retention,
            appeal_days: appeal_days.unwrap_or(DEFAULT_APPEAL_DAYS),
            notify,
            insecure,
            tls,
            broker: broker?,
            config_key_file,
            enrolment,
            halls,
        })
    }

    /// The file that the newest entry of the access log is written into.
    #[must_use]
    pub fn audit_head(&self) -> PathBuf {
        self.data_dir.join("audit-head")
    }

    /// Where the database is.
    ///
    /// # Errors
    /// When the file that holds a server's address is wrong, in one line.
    pub fn database(&self) -> Result<Database, String> {
        match &self.server {
            None => Ok(Database::File(self.data_dir.join("central.db"))),
            Some(server) => server.resolve(),
        }
    }
}

impl TlsFiles {
    fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Option<Self> {
        let cert_file = f.require(r, "cert_file", "a PEM file", |v| path(v, base));
        let key_file = f.require(r, "key_file", "a PEM file", |v| path(v, base));
        f.end(r);
        Some(Self { cert_file: cert_file?, key_file: key_file? })
    }
}

fn address(f: &mut Fields, r: &mut Reader, key: &'static str) -> Option<SocketAddr> {
    f.get(r, key, "an address and port such as \"127.0.0.1:8080\"", |v| v.as_str()?.parse().ok())
}

fn path(value: Value, base: &Path) -> Option<PathBuf> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| base.join(text))
}

/// Two keys that are only good together.
fn both<A, B>(f: &Fields, r: &mut Reader, a: (&str, Option<A>), b: (&str, Option<B>)) -> Option<(A, B)> {
    match (a.1, b.1) {
        (Some(one), Some(other)) => return Some((one, other)),
        (None, None) => {}
        (Some(_), None) => r.problem(f.name(b.0), format!("is missing, expected beside {}", a.0)),
        (None, Some(_)) => r.problem(f.name(a.0), format!("is missing, expected beside {}", b.0)),
    }
    None
}
