//! The agent's configuration: `agent.toml`, and the `policy.toml` and `calibration.toml` that it names.

mod agent;

pub use agent::{AgentConfig, BrokerConfig, CalibrateConfig, CameraConfig, TlsFiles};

use crate::failure::Failure;
use chuangming_domain::calibration::Calibration;
use chuangming_domain::digest::Digest;
use chuangming_domain::fields::{Problem, Problems};
use chuangming_domain::id::CameraId;
use chuangming_domain::policy::Policy;
use chuangming_domain::wire::DesiredConfig;
use std::fs;
use std::path::{Path, PathBuf};

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
mod tests;
