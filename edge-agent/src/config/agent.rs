//! What `agent.toml` says.
//!
//! Keys beyond the contract's: `models` (path of the model manifest; searched for where it is missing),
//! `config_key_file` (central's Ed25519 public key as PEM; without it no configuration is taken from central);
//! `broker.insecure`, `broker.username`, `broker.password_file`; and of a camera `check_frozen` (whether identical
//! pictures count as frozen: default true for live sources, false for files) and `fps` (of a folder of pictures);
//! `calibrate.listen`, `calibrate.on_demand` and `calibrate.always`.
//! Relative paths start at the file that holds them.

use super::folder_of;
use crate::capture::Source;
use chuangming_domain::fields::{Fields, Problem, Problems, Reader, as_text};
use chuangming_domain::id::{AgentId, CameraId, HallId};
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use url::{Host, Url};

/// What `agent.toml` says. Paths are absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The file itself, as the user named it.
    pub file: PathBuf,
    /// The hall.
    pub hall: HallId,
    /// This agent.
    pub agent: AgentId,
    /// Where `calibration.toml` is.
    pub calibration: PathBuf,
    /// Where `policy.toml` is.
    pub policy: PathBuf,
    /// Where the agent keeps what must survive it; owner-only.
    pub data_dir: PathBuf,
    /// The model manifest, where it is named.
    pub models: Option<PathBuf>,
    /// Central's public key for configuration; without it none is taken.
    pub config_key_file: Option<PathBuf>,
    /// The way to central.
    pub broker: BrokerConfig,
    /// The cameras, each id once.
    pub cameras: Vec<CameraConfig>,
    /// The calibration page.
    pub calibrate: CalibrateConfig,
}

/// How the calibration page is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrateConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether a running agent serves it when `edge-agent calibrate` on the same machine asks.
    pub on_demand: bool,
    /// Whether a running agent serves it all the time, so that codes of central open it with nobody at the machine.
    pub always: bool,
}

impl Default for CalibrateConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8443)), on_demand: true, always: false }
    }
}

/// How to reach the MQTT broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerConfig {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// With TLS: the files. `None` is plain text, for loopback or where `insecure` allows it.
    pub tls: Option<TlsFiles>,
    /// User name and the file that holds the password.
    pub login: Option<(String, PathBuf)>,
}

/// PEM files of a TLS connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Whom to believe that the broker is the broker.
    pub ca: PathBuf,
    /// This agent's certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// One camera.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraConfig {
    /// Its id.
    pub id: CameraId,
    /// Where its pictures come from.
    pub source: Source,
    /// A second stream with more pixels, looked at only when a crop needs them.
    pub detail_source: Option<Source>,
    /// Whether identical pictures count as a frozen camera.
    pub check_frozen: bool,
    /// Pictures a second of a folder of pictures.
    pub fps: Option<f64>,
}

impl AgentConfig {
    /// Reads and validates the text of `agent.toml` alone; relative paths start at `path`'s folder.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Problems> {
        let mut r = Reader::new(path.display().to_string());
        let agent = r.parse(text).and_then(|table| Self::read(Fields::root(table), &mut r, path));
        r.finish(agent)
    }

    /// The ids of all cameras.
    #[must_use]
    pub fn camera_ids(&self) -> Vec<CameraId> {
        self.cameras.iter().map(|c| c.id.clone()).collect()
    }

    /// Makes `data_dir` if it is not there, for its owner only, and checks that it can be written.
    ///
    /// # Errors
    /// A problem that names the directory.
    pub fn prepare_data_dir(&self) -> Result<(), Problems> {
        let check = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data_dir)?;
            let mode = fs::metadata(&self.data_dir)?.permissions().mode();
            if mode & 0o077 != 0 {
                fs::set_permissions(&self.data_dir, fs::Permissions::from_mode(0o700))?;
            }
            let probe = self.data_dir.join(".writable");
            fs::write(&probe, b"")?;
            fs::remove_file(&probe)
        };
        check().map_err(|e: std::io::Error| {
            let text = format!("is {:?}, expected a directory that this user can write: {e}", self.data_dir);
            Problems(vec![Problem { file: self.file.display().to_string(), field: "data_dir".into(), text }])
        })
    }

    fn read(mut f: Fields, r: &mut Reader, file: &Path) -> Option<Self> {
        let folder = folder_of(file);
        let hall = f.parsed(r, "hall");
        let agent = f.parsed(r, "agent");
        let calibration = f.require(r, "calibration", "the path of calibration.toml", as_text);
        let policy = f.require(r, "policy", "the path of policy.toml", as_text);
        let data_dir = f.require(r, "data_dir", "a directory", as_text).map(|d| folder.join(d));
        let models = existing(&mut f, r, "models", folder);
        let config_key_file = existing(&mut f, r, "config_key_file", folder);
        let broker = match f.table(r, "broker") {
            Some(broker) => BrokerConfig::read(broker, r, folder),
            None => {
                r.problem(
                    "broker",
                    "is missing, expected a table [broker] with url = \"mqtts://central:8883\"",
                );
                None
            }
        };
        let tables = f.tables(r, "cameras");
        if tables.is_empty() {
            r.problem("cameras", "is missing, expected at least one [[cameras]] with id and source");
        }
        let cameras: Vec<_> = tables.into_iter().filter_map(|c| CameraConfig::read(c, r, folder)).collect();
        let calibrate = f.table(r, "calibrate").and_then(|table| CalibrateConfig::read(table, r));
        let mut seen = BTreeSet::new();
        for camera in &cameras {
            if !seen.insert(&camera.id) {
                r.problem(
                    "cameras.id",
                    format!("{:?} is there twice, expected each id once", camera.id.as_str()),
                );
            }
        }
        f.end(r);
        Some(Self {
            file: file.to_owned(),
            hall: hall?,
            agent: agent?,
            calibration: folder.join(calibration?),
            policy: folder.join(policy?),
            data_dir: data_dir?,
            models,
            config_key_file,
            broker: broker?,
            cameras,
            calibrate: calibrate.unwrap_or_default(),
        })
    }
}

impl BrokerConfig {
    fn read(mut f: Fields, r: &mut Reader, folder: &Path) -> Option<Self> {
        let expected = "an address such as \"mqtts://central:8883\"";
        let url = f.require(r, "url", expected, |v| {
            let url = Url::parse(&as_text(v)?).ok()?;
            let known =
                matches!(url.scheme(), "mqtt" | "mqtts") && url.host_str().is_some_and(|h| !h.is_empty());
            known.then_some(url)
        });
        let insecure = f.flag(r, "insecure").unwrap_or(false);
        let ca = existing(&mut f, r, "ca_file", folder);
        let cert = existing(&mut f, r, "cert_file", folder);
        let key = existing(&mut f, r, "key_file", folder);
        let username = f.text(r, "username");
        let password_file = existing(&mut f, r, "password_file", folder);
        for (one, other, given) in [
            ("key_file", "cert_file", cert.is_some() && key.is_none()),
            ("cert_file", "key_file", key.is_some() && cert.is_none()),
            ("password_file", "username", username.is_some() && password_file.is_none()),
            ("username", "password_file", password_file.is_some() && username.is_none()),
        ] {
            if given {
                r.problem(f.name(one), format!("is missing, expected together with {other}"));
            }
        }
        let url = url?;
        if !url.username().is_empty() || url.password().is_some() {
            r.problem(f.name("url"), "holds a user name, expected it in username and password_file");
        }
        let secure = url.scheme() == "mqtts";
        if !secure && !insecure && !is_loopback(&url) {
            let text =
                "is plain text beyond this machine, expected mqtts:// (or insecure = true, if you must)";
            r.problem(f.name("url"), text);
        }
        if secure && ca.is_none() {
            r.problem(
                f.name("ca_file"),
                "is missing, expected the PEM file of the authority behind the broker",
            );
        }
        f.end(r);
        Some(Self {
            host: url.host_str()?.to_owned(),
            port: url.port().unwrap_or(if secure { 8883 } else { 1883 }),
            tls: if secure { Some(TlsFiles { ca: ca?, client: cert.zip(key) }) } else { None },
            login: username.zip(password_file),
        })
    }
}

impl CameraConfig {
    fn read(mut f: Fields, r: &mut Reader, folder: &Path) -> Option<Self> {
        let id = f.parsed(r, "id");
        let source = source_of(&mut f, r, "source", folder, true);
        let detail_source = source_of(&mut f, r, "detail_source", folder, false);
        let check_frozen = f.flag(r, "check_frozen");
        let fps = f.number(r, "fps", 0.1..=60.0);
        f.end(r);
        let source = source?;
        let check_frozen = check_frozen.unwrap_or_else(|| source.is_live());
        Some(Self { id: id?, source, detail_source, check_frozen, fps })
    }
}

impl CalibrateConfig {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let usual = Self::default();
        let listen = f.get(r, "listen", "an address such as \"0.0.0.0:8443\"", |v| as_text(v)?.parse().ok());
        let on_demand = f.flag(r, "on_demand");
        let always = f.flag(r, "always");
        f.end(r);
        Some(Self {
            listen: listen.unwrap_or(usual.listen),
            on_demand: on_demand.unwrap_or(usual.on_demand),
            always: always.unwrap_or(usual.always),
        })
    }
}

const SOURCE: &str = "rtsp://…, http://…, /dev/videoN, a video file or a folder of pictures";

fn source_of(
    f: &mut Fields,
    r: &mut Reader,
    key: &'static str,
    folder: &Path,
    required: bool,
) -> Option<Source> {
    let text = if required { f.require(r, key, SOURCE, as_text) } else { f.get(r, key, SOURCE, as_text) }?;
    let source = match Source::parse(&text, folder) {
        Ok(source) => source,
        Err(e) => {
            r.problem(f.name(key), e.to_string());
            return None;
        }
    };
    if let Source::Media(path) = &source
        && !path.exists()
    {
        r.problem(f.name(key), format!("{} is not there, expected {SOURCE}", path.display()));
        return None;
    }
    Some(source)
}

fn existing(f: &mut Fields, r: &mut Reader, key: &'static str, folder: &Path) -> Option<PathBuf> {
    let path = folder.join(f.text(r, key)?);
    match fs::File::open(&path) {
        Ok(_) => Some(path),
        Err(e) => {
            r.problem(f.name(key), format!("{} cannot be read, expected a file: {e}", path.display()));
            None
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The URL standard parses no address in the host of an unknown scheme such as mqtt.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
