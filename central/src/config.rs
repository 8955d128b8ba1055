//! `central.toml`: every key, read so that all problems are reported at once.

mod database;
mod enrolment;
mod notify;
mod oidc;
mod retention;
mod sign_in;

pub use database::ServerAddress;
pub use enrolment::Enrolment;
pub use notify::{MailConfig, NotifyConfig};
pub use oidc::{OidcConfig, RoleRule};
pub use retention::RetentionDays;
pub use sign_in::SignInRules;

use crate::store::Database;
use chuangming_domain::fields::{Fields, Problems, Reader};
use chuangming_domain::id::{HallId, WindowId};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Value;
use url::Url;

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

/// What to call a hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hall {
    /// Its id.
    pub id: HallId,
    /// Its name for people.
    pub name: String,
    /// What to call its windows.
    pub windows: Vec<Window>,
}

/// What to call a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// Its name for people.
    pub name: String,
}

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const DEFAULT_BROKER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1883);
const DEFAULT_APPEAL_DAYS: u32 = 7;
const DEFAULT_CLIENT_ID: &str = "chuangming-central";

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

impl Broker {
    fn read(mut f: Fields, r: &mut Reader, base: &Path, enrolment: bool) -> Option<Self> {
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
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "mqtts" => Ok(url),
        "mqtt" if loopback || insecure => Ok(url),
        "mqtt" => {
            Err(format!("is {text:?}: plain mqtt:// beyond loopback, expected mqtts:// or insecure = true"))
        }
        _ => Err(format!("is {text:?}, expected mqtts:// or mqtt://")),
    }
}

impl Hall {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id: Option<HallId> = f.parsed(r, "id");
        let name = f.text(r, "name");
        let windows: Vec<_> = f.tables(r, "windows").into_iter().filter_map(|f| Window::read(f, r)).collect();
        twice(r, &f.name("windows.id"), windows.iter().map(|w| w.id.as_str()));
        f.end(r);
        let id = id?;
        Some(Self { name: name.unwrap_or_else(|| id.to_string()), id, windows })
    }
}

impl Window {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id: Option<WindowId> = f.parsed(r, "id");
        let name = f.text(r, "name");
        f.end(r);
        let id = id?;
        Some(Self { name: name.unwrap_or_else(|| id.to_string()), id })
    }
}

fn twice<'a>(r: &mut Reader, place: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            r.problem(place, format!("{id:?} is there twice, expected each id once"));
        }
    }
}

fn address(f: &mut Fields, r: &mut Reader, key: &'static str) -> Option<SocketAddr> {
    f.get(r, key, "an address and port such as \"127.0.0.1:8080\"", |v| v.as_str()?.parse().ok())
}

fn path(value: Value, base: &Path) -> Option<PathBuf> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| base.join(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMBEDDED: &str = "data_dir = \"data\"\n[broker]\nembedded = true\n";

    #[test]
    fn every_key_is_read() {
        let text = r#"
            listen = "0.0.0.0:8443"
            data_dir = "data"
            insecure = false
            [tls]
            cert_file = "c.pem"
            key_file = "/k.pem"
            [broker]
            url = "mqtts://broker:8883"
            ca_file = "ca.pem"
            cert_file = "central.pem"
            key_file = "central.key"
            username = "central"
            password_file = "pw"
            client_id = "central-2"
            [[halls]]
            id = "tanggu"
            name = "塘沽中心"
            [[halls.windows]]
            id = "3"
            name = "3号窗口"
        "#;
        let config = Config::parse(text, Path::new("/etc/chuangming/central.toml")).unwrap();
        assert_eq!(config.database(), Ok(Database::File("/etc/chuangming/data/central.db".into())));
        assert_eq!(config.tls.unwrap().key_file, Path::new("/k.pem"));
        assert_eq!(
            (config.halls[0].name.as_str(), config.halls[0].windows[0].name.as_str()),
            ("塘沽中心", "3号窗口")
        );
        let Broker::External(broker) = config.broker else { panic!("external") };
        assert_eq!((broker.url.port(), broker.client_id.as_str()), (Some(8883), "central-2"));
        assert_eq!(broker.login.unwrap().1, Path::new("/etc/chuangming/pw"));
    }

    #[test]
    fn little_is_enough() {
        let config = Config::parse(EMBEDDED, Path::new("central.toml")).unwrap();
        assert_eq!(
            (config.listen, config.database()),
            (DEFAULT_LISTEN, Ok(Database::File("data/central.db".into())))
        );
        let broker = EmbeddedBroker { listen: DEFAULT_BROKER, listen_v4: None, passwords_file: None };
        assert_eq!(config.broker, Broker::Embedded(broker));
    }

    #[test]
    fn the_documented_example_is_good() {
        let text = include_str!("../central.example.toml");
        let config = Config::parse(text, Path::new("central.toml")).unwrap();
        assert_eq!(config.halls[0].windows.len(), 2);
        // Uncommented, the other halves of it are good too.
        let (head, external) = text.split_once("# … or one that runs elsewhere").unwrap();
        let keys = external
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.contains(" = ") || *line == "[broker]");
        let external: String = keys.map(|line| format!("{line}\n")).collect();
        let head = head.split_once("# Where the agents").unwrap().0;
        let tls = head
            .replace("# [tls]", "[tls]")
            .replace("# cert_file", "cert_file")
            .replace("# key_file", "key_file");
        let config = Config::parse(&format!("{tls}{external}"), Path::new("central.toml")).unwrap();
        assert!(config.tls.is_some() && matches!(config.broker, Broker::External(_)), "{config:?}");
    }

    /// Each row: a file, and what its problems must say.
    fn check(rows: &[(&str, &[&str])]) {
        let mut failures = Vec::new();
        for (text, expected) in rows {
            let problems = match Config::parse(text, Path::new("c.toml")) {
                Ok(_) => "no problem".to_owned(),
                Err(problems) => problems.to_string(),
            };
            let missing: Vec<_> = expected.iter().filter(|part| !problems.contains(**part)).collect();
            if !missing.is_empty() {
                failures.push(format!("{text}\n  lacks {missing:?} in {problems}"));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        check(&[
            (
                "listen = 3\nbrocker = 1",
                &[
                    "c.toml: listen: is 3, expected an address",
                    "c.toml: data_dir: is missing, expected a folder",
                    "c.toml: broker: is missing, expected a table",
                    "c.toml: brocker: is unknown; known here: listen",
                ],
            ),
            ("data_dir = \"\"\n[broker]\nembedded = true", &["data_dir: is \"\", expected a folder"]),
            (
                "data_dir = \"d\"\nlisten = \"0.0.0.0:80\"\n[broker]\nembedded = true\nlisten = \"0.0.0.0:1883\"",
                &[
                    "listen: is 0.0.0.0:80: beyond loopback expected [tls]",
                    "broker.listen: is 0.0.0.0:1883: the embedded broker speaks no TLS",
                ],
            ),
            (
                "data_dir = \"d\"\n[tls]\ncert_file = \"c\"\n[broker]\nembedded = true",
                &["tls.key_file: is missing"],
            ),
            ("data_dir = \"d\"\n[broker]", &["broker.embedded: is missing, expected embedded = true or url"]),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\nurl = \"mqtt://localhost\"",
                &["expected one of the two"],
            ),
            (
                "data_dir = \"d\"\n[broker]\nurl = \"mqtt://broker:1883\"",
                &["expected mqtts:// or insecure = true"],
            ),
            (
                "data_dir = \"d\"\n[broker]\nurl = \"http://broker\"",
                &["broker.url: is \"http://broker\", expected mqtts://"],
            ),
            ("data_dir = \"d\"\n[broker]\nurl = \"broker\"", &["broker.url: is \"broker\""]),
            (
                "data_dir = \"d\"\n[broker]\nurl = \"mqtts://b\"\nusername = \"u\"\nkey_file = \"k\"",
                &[
                    "broker.ca_file: is missing",
                    "broker.password_file: is missing, expected beside username",
                    "broker.cert_file: is missing, expected beside key_file",
                ],
            ),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\n[[halls]]\nid = \"A\"\n[[halls]]\n[[halls.windows]]\nid = \"#\"",
                &["\"A\" is no hall id", "halls[1].id: is missing", "\"#\" is no window id"],
            ),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\n[[halls]]\nid = \"a\"\n[[halls]]\nid = \"a\"",
                &["there twice"],
            ),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\nurl = \"postgres://u:hidden@localhost/c\"\nuser = 1",
                &[
                    "database.url: holds a password, expected the whole address in a url_file",
                    "database.user: is unknown",
                ],
            ),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\nurl = \"x\"\nurl_file = \"f\"",
                &["database.url_file: is given beside url"],
            ),
            (
                "data_dir = \"d\"\n[broker]\nembedded = true\n[database]\ninsecure = true",
                &["database.url: is missing, expected postgres://"],
            ),
            ("data_dir = ", &["c.toml: line 1"]),
        ]);
    }

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
