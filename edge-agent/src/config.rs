//! The agent's configuration: `agent.toml`, and the `policy.toml` and `calibration.toml` that it names.
//!
//! Keys beyond the contract's: `models` (path of the model manifest; searched for where it is missing),
//! `config_key_file` (central's Ed25519 public key as PEM; without it no configuration is taken from central);
//! `broker.insecure`, `broker.username`, `broker.password_file`; and of a camera `check_frozen` (whether identical
//! pictures count as frozen: default true for live sources, false for files) and `fps` (of a folder of pictures);
//! `calibrate.listen`, `calibrate.on_demand` and `calibrate.always`.
//! Relative paths start at the file that holds them.

use crate::capture::Source;
use crate::failure::Failure;
use chuangming_domain::calibration::Calibration;
use chuangming_domain::digest::Digest;
use chuangming_domain::fields::{Fields, Problem, Problems, Reader, as_text};
use chuangming_domain::id::{AgentId, CameraId, HallId};
use chuangming_domain::policy::Policy;
use chuangming_domain::wire::DesiredConfig;
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use url::{Host, Url};

/// A calibration before anything is calibrated.
pub const NO_WINDOWS: &str = "version = 1\n";

/// All that `agent.toml` and the files that it names say.
#[derive(Debug, Clone)]
pub struct Config {
    /// `agent.toml`.
    pub agent: AgentConfig,
    /// The policy and the calibration on this machine.
    pub setup: Setup,
}

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

/// A policy and a calibration that are in force together.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// The rules.
    pub policy: Policy,
    /// The text that the rules were read from.
    pub policy_text: String,
    /// The geometry.
    pub calibration: Calibration,
    /// The text that the geometry was read from.
    pub calibration_text: String,
    /// The content hash of both texts, or what central calls the configuration that it sent.
    pub version: Digest,
}

impl Setup {
    /// Reads and validates both texts, and that every window and zone names one of the cameras.
    ///
    /// # Errors
    /// Every problem of both.
    pub fn parse(policy: &str, calibration: &str, cameras: &[CameraId]) -> Result<Self, Problems> {
        Self::read(Ok(("policy.toml", policy)), Ok(("calibration.toml", calibration)), Some(cameras))
    }

    /// `policy` and `calibration` are the name and text of a file, or why it cannot be read.
    fn read(
        policy: Result<(&str, &str), Problems>,
        calibration: Result<(&str, &str), Problems>,
        cameras: Option<&[CameraId]>,
    ) -> Result<Self, Problems> {
        let policy = policy.and_then(|(file, text)| Ok((Policy::parse(text, file)?, text)));
        let calibration = calibration.and_then(|(file, text)| {
            let calibration = Calibration::parse(text, file)?;
            cameras.map_or(Ok(()), |cameras| calibration.check_cameras(cameras, file))?;
            Ok((calibration, text))
        });
        match (policy, calibration) {
            (Ok((policy, policy_text)), Ok((calibration, calibration_text))) => {
                let version = DesiredConfig::version_of(policy_text, calibration_text);
                Ok(Self {
                    policy,
                    policy_text: policy_text.to_owned(),
                    calibration,
                    calibration_text: calibration_text.to_owned(),
                    version,
                })
            }
            (policy, calibration) => Err(joined(policy.err(), calibration.err())),
        }
    }
}

impl Config {
    /// Reads and validates `agent.toml` and the files that it names.
    ///
    /// # Errors
    /// Every problem of all three files at once.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        Self::load_with(path, read_text)
    }

    /// As [`Config::load`], for who is about to make the calibration: it need not be there yet.
    ///
    /// # Errors
    /// Every problem of all three files at once.
    pub fn load_to_calibrate(path: &Path) -> Result<Self, Problems> {
        Self::load_with(path, |path| if path.exists() { read_text(path) } else { Ok(NO_WINDOWS.to_owned()) })
    }

    fn load_with(
        path: &Path,
        read_calibration: impl FnOnce(&Path) -> Result<String, Problems>,
    ) -> Result<Self, Problems> {
        let text = read_text(path)?;
        let agent = AgentConfig::parse(&text, path);
        // A mistake in agent.toml must not hide those in the other two files.
        let cameras = agent.as_ref().ok().map(AgentConfig::camera_ids);
        let table: toml::Table = text.parse().unwrap_or_default();
        let named =
            |key: &str| table.get(key).and_then(|v| v.as_str()).map(|name| folder_of(path).join(name));
        let (Some(policy), Some(calibration)) = (named("policy"), named("calibration")) else {
            return Err(joined(agent.err(), None));
        };
        let (policy_name, calibration_name) =
            (policy.display().to_string(), calibration.display().to_string());
        let policy = read_text(&policy);
        let calibration = read_calibration(&calibration);
        let setup = Setup::read(
            policy.as_ref().map(|text| (policy_name.as_str(), text.as_str())).map_err(Clone::clone),
            calibration.as_ref().map(|text| (calibration_name.as_str(), text.as_str())).map_err(Clone::clone),
            cameras.as_deref(),
        );
        match (agent, setup) {
            (Ok(agent), Ok(setup)) => Ok(Self { agent, setup }),
            (agent, setup) => Err(joined(agent.err(), setup.err())),
        }
    }
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

/// The model manifest: the named one, or `models/manifest.toml` beside the program or above it, or the system's.
///
/// # Errors
/// When there is none.
pub fn model_manifest(named: Option<&Path>) -> Result<PathBuf, Failure> {
    const SYSTEM: &str = "/usr/share/chuangming";
    if let Some(path) = named {
        let there = path.is_file();
        return if there {
            Ok(path.to_owned())
        } else {
            Err(Failure::input(format!(
                "models: {} is not there, expected models/manifest.toml",
                path.display()
            )))
        };
    }
    let program = std::env::current_exe().unwrap_or_default();
    let above = program.ancestors().skip(1).map(Path::to_owned);
    let found = above.chain([PathBuf::from(SYSTEM)]).map(|folder| folder.join("models/manifest.toml"));
    found.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Failure::input(format!("models: no models/manifest.toml beside or above {} or in {SYSTEM}; name it as models in agent.toml", program.display()))
    })
}

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

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

fn read_text(path: &Path) -> Result<String, Problems> {
    fs::read_to_string(path).map_err(|e| {
        let text = format!("cannot be read, expected a TOML file: {e}");
        Problems(vec![Problem { file: path.display().to_string(), field: String::new(), text }])
    })
}

fn joined(first: Option<Problems>, second: Option<Problems>) -> Problems {
    Problems([first, second].into_iter().flatten().flat_map(|problems| problems.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "version = 1";
    const CALIBRATION: &str = r#"
        version = 1
        [[windows]]
        id = "1"
        camera = "cam-1"
        seat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]
    "#;
    const AGENT: &str = r#"
        hall = "tanggu"
        agent = "edge-01"
        calibration = "calibration.toml"
        policy = "policy.toml"
        data_dir = "data"
        [broker]
        url = "mqtts://central"
        ca_file = "ca.pem"
        cert_file = "edge.pem"
        key_file = "edge.key"
        [[cameras]]
        id = "cam-1"
        source = "clip.mp4"
        fps = 8
        [[cameras]]
        id = "cam-2"
        source = "rtsp://viewer:secret@10.0.0.7/main"
    "#;

    /// Loads the three texts from a directory that holds the other files that the example names.
    fn load(agent: &str, policy: &str, calibration: &str) -> (tempfile::TempDir, Result<Config, Problems>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("agent.toml", agent),
            ("policy.toml", policy),
            ("calibration.toml", calibration),
            ("ca.pem", ""),
            ("edge.pem", ""),
            ("edge.key", ""),
            ("clip.mp4", ""),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let config = Config::load(&folder.path().join("agent.toml"));
        (folder, config)
    }

    #[test]
    fn the_contracts_example_is_read() {
        let (folder, config) = load(AGENT, POLICY, CALIBRATION);
        let config = config.unwrap();
        let agent = &config.agent;
        assert_eq!((agent.hall.as_str(), agent.agent.as_str()), ("tanggu", "edge-01"));
        assert_eq!((agent.broker.host.as_str(), agent.broker.port), ("central", 8883));
        assert!(agent.broker.tls.as_ref().is_some_and(|tls| tls.client.is_some()));
        let [file, live] = &agent.cameras[..] else { panic!("two cameras expected") };
        assert_eq!(file.source, Source::Media(folder.path().join("clip.mp4")));
        assert_eq!((file.check_frozen, file.fps), (false, Some(8.0)));
        assert_eq!((live.check_frozen, live.fps), (true, None));
        assert_eq!(config.setup.version, DesiredConfig::version_of(POLICY, CALIBRATION));

        agent.prepare_data_dir().unwrap();
        let mode = fs::metadata(&agent.data_dir).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_data_dir_that_cannot_be_made_is_a_problem() {
        let (folder, config) = load(&AGENT.replace("\"data\"", "\"clip.mp4/data\""), POLICY, CALIBRATION);
        let problem = config.unwrap().agent.prepare_data_dir().unwrap_err().to_string();
        assert!(
            problem.contains("agent.toml: data_dir: is") && problem.contains("expected a directory"),
            "{problem}"
        );
        drop(folder);
    }

    /// Replaces `from` by `to` in the agent's example and expects a problem with that text.
    fn check(from: &str, to: &str, expected: &str) {
        assert!(AGENT.contains(from), "{from:?} is not in the example");
        let (_folder, config) = load(&AGENT.replacen(from, to, 1), POLICY, CALIBRATION);
        let problems = config.expect_err(to).to_string();
        assert!(problems.contains(expected), "{to:?}: {expected:?} is not in {problems}");
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        for (from, to, expected) in [
            ("hall = \"tanggu\"", "", "agent.toml: hall: is missing"),
            ("\"tanggu\"", "\"塘沽\"", "is no hall id: use 1 to 32 of a-z, 0-9 and -"),
            ("hall =", "colour = 1\nhall =", "colour: is unknown; known here: hall, agent"),
            ("data_dir", "data", "data_dir: is missing, expected a directory"),
            (
                "mqtts://central",
                "http://central",
                "broker.url: is \"http://central\", expected an address such as",
            ),
            ("mqtts://central", "mqtt://central", "broker.url: is plain text beyond this machine"),
            ("mqtts://central", "mqtt://10.0.0.1", "broker.url: is plain text beyond this machine"),
            ("mqtts://central", "mqtts://me:secret@central", "expected it in username and password_file"),
            ("ca_file = \"ca.pem\"", "", "broker.ca_file: is missing"),
            ("\"ca.pem\"", "\"no.pem\"", "no.pem cannot be read, expected a file"),
            ("key_file = \"edge.key\"", "", "broker.key_file: is missing, expected together with cert_file"),
            ("key_file", "username = \"me\"\nkey_file", "broker.password_file: is missing"),
            ("id = \"cam-2\"", "id = \"cam-1\"", "\"cam-1\" is there twice"),
            ("id = \"cam-1\"", "id = \"cam-9\"", "windows \"1\".camera: camera cam-1 is not in agent.toml"),
            ("\"clip.mp4\"", "\"no.mp4\"", "no.mp4 is not there, expected rtsp://"),
            ("source = \"clip.mp4\"", "", "cameras[0].source: is missing"),
            ("rtsp://", "ftp://", "cameras[1].source: the scheme ftp:// is not supported"),
            ("fps = 8", "check_frozen = 1", "cameras[0].check_frozen: is 1, expected true or false"),
            ("fps = 8", "fps = 0", "cameras[0].fps: is 0, expected a number from 0.1 to 60"),
            ("[broker]", "[broker", "agent.toml: line 7"),
        ] {
            check(from, to, expected);
        }
    }

    #[test]
    fn plain_text_is_for_loopback_or_the_insecure() {
        for (url, insecure) in [
            ("mqtt://localhost", false),
            ("mqtt://127.0.0.1:1884", false),
            ("mqtt://[::1]", false),
            ("mqtt://central", true),
        ] {
            let broker = format!("insecure = {insecure}\nurl = \"{url}\"");
            let text = AGENT.replace("url = \"mqtts://central\"", &broker);
            let (_folder, config) = load(&text, POLICY, CALIBRATION);
            assert!(config.unwrap().agent.broker.tls.is_none(), "{url}");
        }
    }

    #[test]
    fn the_problems_of_all_three_files_come_at_once() {
        let (_folder, config) = load(&AGENT.replace("tanggu", "T"), "version = 2", "version = 3");
        let problems = config.unwrap_err().to_string();
        for expected in ["agent.toml: hall", "policy.toml: version: is 2", "calibration.toml: version: is 3"]
        {
            assert!(problems.contains(expected), "{expected:?} is not in {problems}");
        }
        let (folder, _) = load(AGENT, POLICY, CALIBRATION);
        fs::remove_file(folder.path().join("policy.toml")).unwrap();
        let problems = Config::load(&folder.path().join("agent.toml")).unwrap_err().to_string();
        assert!(problems.contains("policy.toml: cannot be read, expected a TOML file"), "{problems}");
    }
}
