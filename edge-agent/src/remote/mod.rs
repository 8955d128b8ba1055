//! Configuration from central: validated whole before anything of it is used.
//!
//! Whoever could forge it could switch rules off, so it counts only with a signature that `config_key_file`
//! verifies: Ed25519 over this agent's name, a serial number and `version`, which is itself the content hash of policy
//! and calibration. A serial below the last one accepted is refused: what central once signed, for this agent or for
//! another, cannot be sent again later. Without a key the agent takes none.
//!
//! An empty calibration means that the agent keeps the one it has. What was accepted last is kept in the data
//! directory, so that a restart without a broker does not fall back to older rules. Of the calibrations that central sent
//! and that installers saved at the machine, the latest counts.

mod key;

pub use key::{ConfigKey, KeyError};

use crate::config::Setup;
use crate::files::replace;
use chuangming_domain::digest::Digest;
use chuangming_domain::id::{AgentId, CameraId, HallId};
use chuangming_domain::wire::{ConfigSignature, DesiredConfig};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The largest configuration that is looked at, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

const FILE: &str = "accepted-config.json";

/// Decides about configuration from central.
pub struct Remote {
    key: Option<ConfigKey>,
    hall: HallId,
    agent: AgentId,
    cameras: Vec<CameraId>,
    data_dir: PathBuf,
    /// The text of this machine's own `calibration.toml`.
    own_calibration: String,
    accepted: Option<Accepted>,
}

/// What was accepted last, as the data directory keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    desired: DesiredConfig,
    /// The last one that brought a calibration; later ones without any leave it in force.
    calibrated: Option<DesiredConfig>,
    /// Since the last one that brought a calibration, an installer saved another at this machine: that one counts.
    #[serde(default)]
    calibrated_here: bool,
}

/// Whose configuration it is, and what of it is on this machine.
pub struct Identity {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// The agent's cameras.
    pub cameras: Vec<CameraId>,
    /// Where the accepted configuration is kept.
    pub data_dir: PathBuf,
    /// The text of `calibration.toml`.
    pub own_calibration: String,
}

impl Remote {
    /// Takes configuration that `key` signed for this agent; none without a key.
    #[must_use]
    pub fn new(key: Option<ConfigKey>, identity: Identity) -> Self {
        let Identity { hall, agent, cameras, data_dir, own_calibration } = identity;
        Self { key, hall, agent, cameras, data_dir, own_calibration, accepted: None }
    }

    /// Validates a desired configuration: signature, serial, content hash, both files and their cameras.
    ///
    /// # Errors
    /// Every reason against it; nothing of it may be used then.
    pub fn check(&self, desired: &DesiredConfig) -> Result<Setup, Vec<String>> {
        let serial = self.verify(desired)?;
        if let Some(accepted) = &self.accepted {
            // It was verified when it was accepted.
            let last = serial_of(&accepted.desired);
            if serial < last || (serial == last && *desired != accepted.desired) {
                return Err(vec![format!(
                    "signature: its serial is {serial}, expected more than {last}, the last one accepted: it is an older configuration"
                )]);
            }
        }
        let brings_one = !desired.calibration.is_empty();
        let is_known = |accepted: &Accepted| accepted.calibrated_here && accepted.desired == *desired;
        let is_replaced = brings_one && self.accepted.as_ref().is_some_and(is_known);
        let calibration = if brings_one && !is_replaced {
            desired.calibration.as_str()
        } else {
            self.calibration_in_force()
        };
        let setup = Setup::parse(&desired.policy, calibration, &self.cameras)
            .map_err(|problems| problems.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        // With another calibration it is not what central calls by that name.
        let version = if is_replaced { setup.version } else { desired.version.clone() };
        Ok(Setup { version, ..setup })
    }

    /// An installer saved a calibration at this machine: it counts from now on, after a restart too, until central sends
    /// another one.
    ///
    /// # Errors
    /// When that cannot be written; it counts until the next start all the same.
    pub fn calibrated_here(&mut self, calibration: &str) -> io::Result<()> {
        calibration.clone_into(&mut self.own_calibration);
        let Some(accepted) = &mut self.accepted else { return Ok(()) };
        (accepted.calibrated, accepted.calibrated_here) = (None, true);
        keep(&self.data_dir, accepted)
    }

    /// What to call a setup with the calibration of this machine: where central sent rules alone, as central calls them.
    #[must_use]
    pub fn name_of(&self, setup: &Setup) -> Digest {
        let sent = self.accepted.as_ref().map(|accepted| &accepted.desired);
        let is_rules_alone =
            |desired: &&DesiredConfig| desired.calibration.is_empty() && desired.policy == setup.policy_text;
        sent.filter(is_rules_alone).map_or_else(|| setup.version.clone(), |desired| desired.version.clone())
    }

    /// Verifies signature and content hash; returns the serial.
    fn verify(&self, desired: &DesiredConfig) -> Result<u64, Vec<String>> {
        let Some(key) = &self.key else {
            let text =
                "refused: agent.toml names no config_key_file, so no configuration is taken from central";
            return Err(vec![text.into()]);
        };
        let serial = key.verify((&self.hall, &self.agent), desired).map_err(|e| vec![e])?;
        let actual = DesiredConfig::version_of(&desired.policy, &desired.calibration);
        if actual != desired.version {
            return Err(vec![format!(
                "version: is {}, expected {actual}, the hash of the content",
                desired.version
            )]);
        }
        Ok(serial)
    }

    fn calibration_in_force(&self) -> &str {
        let calibrated = self.accepted.as_ref().and_then(|accepted| accepted.calibrated.as_ref());
        calibrated.map_or(&self.own_calibration, |desired| &desired.calibration)
    }

    /// What a message on `config/desired` says.
    ///
    /// # Errors
    /// One line when it is too large or no desired configuration.
    pub fn read(payload: &[u8]) -> Result<DesiredConfig, String> {
        if payload.len() > MAX_BYTES {
            return Err(format!("is {} bytes, expected at most {MAX_BYTES}", payload.len()));
        }
        serde_json::from_slice(payload).map_err(|e| format!("is no desired configuration: {e}"))
    }

    /// Remembers a configuration that [`check`](Self::check) found good, for the next start too; it is there wholly
    /// or not at all.
    ///
    /// # Errors
    /// When it cannot be written; it counts until the next start all the same.
    pub fn accept(&mut self, desired: DesiredConfig) -> io::Result<()> {
        let last = self.accepted.take();
        // Every connection brings the last one again.
        let accepted = match last {
            Some(last) if last.desired == desired => last,
            _ if !desired.calibration.is_empty() => {
                Accepted { calibrated: Some(desired.clone()), desired, calibrated_here: false }
            }
            last => {
                let calibrated_here = last.as_ref().is_some_and(|last| last.calibrated_here);
                Accepted { calibrated: last.and_then(|last| last.calibrated), desired, calibrated_here }
            }
        };
        keep(&self.data_dir, self.accepted.insert(accepted))
    }

    /// Takes up the configuration that was accepted before this start, validated anew; `None` where there is none.
    ///
    /// # Errors
    /// Every reason why it counts no longer, such as another key or another set of cameras. What is older than it is
    /// refused all the same, as long as its signature is good.
    pub fn resume(&mut self) -> Result<Option<Setup>, Vec<String>> {
        if self.key.is_none() {
            return Ok(None);
        }
        let bytes = match fs::read(self.data_dir.join(FILE)) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(vec![format!("{FILE}: cannot be read: {e}")]),
        };
        let accepted: Accepted =
            serde_json::from_slice(&bytes).map_err(|e| vec![format!("{FILE}: cannot be understood: {e}")])?;
        for desired in [Some(&accepted.desired), accepted.calibrated.as_ref()].into_iter().flatten() {
            self.verify(desired)?;
        }
        let desired = accepted.desired.clone();
        self.accepted = Some(accepted);
        self.check(&desired).map(Some)
    }
}

fn keep(data_dir: &Path, accepted: &Accepted) -> io::Result<()> {
    replace(&data_dir.join(FILE), &serde_json::to_vec(accepted)?)
}

/// The serial of a configuration whose signature was verified.
fn serial_of(desired: &DesiredConfig) -> u64 {
    desired.signature.parse::<ConfigSignature>().map_or(0, |signature| signature.serial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    const POLICY: &str = "version = 1";
    const CALIBRATION: &str =
        "version = 1\n[[windows]]\nid = \"1\"\ncamera = \"cam-1\"\nseat = [[0.1,0.1],[0.5,0.1],[0.5,0.5]]\n";

    fn key_pair() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
    }

    fn signed(policy: &str, calibration: &str, serial: u64, by: &Ed25519KeyPair) -> DesiredConfig {
        signed_for("edge-01", policy, calibration, serial, by)
    }

    fn signed_for(
        agent: &str,
        policy: &str,
        calibration: &str,
        serial: u64,
        by: &Ed25519KeyPair,
    ) -> DesiredConfig {
        let version = DesiredConfig::version_of(policy, calibration);
        let (hall, agent) = (HallId::new("tanggu").unwrap(), AgentId::new(agent).unwrap());
        let text = ConfigSignature::signed_text(&hall, &agent, serial, &version);
        let value = by.sign(text.as_bytes()).as_ref().try_into().unwrap();
        let signature = ConfigSignature { serial, value }.to_string();
        DesiredConfig { policy: policy.into(), calibration: calibration.into(), version, signature }
    }

    fn remote(key: Option<&Ed25519KeyPair>, data_dir: &Path) -> Remote {
        let key = key.map(|pair| ConfigKey::of(pair.public_key().as_ref().try_into().unwrap()));
        let identity = Identity {
            hall: HallId::new("tanggu").unwrap(),
            agent: AgentId::new("edge-01").unwrap(),
            cameras: vec![CameraId::new("cam-1").unwrap()],
            data_dir: data_dir.to_owned(),
            own_calibration: CALIBRATION.to_owned(),
        };
        Remote::new(key, identity)
    }

    /// Checks a desired configuration after a change and expects a reason with that text.
    fn check(change: impl FnOnce(&mut DesiredConfig), expected: &str) {
        let pair = key_pair();
        let mut desired = signed(POLICY, CALIBRATION, 1, &pair);
        change(&mut desired);
        let reasons = remote(Some(&pair), Path::new("")).check(&desired).expect_err(expected).join("; ");
        assert!(reasons.contains(expected), "{expected:?} is not in {reasons}");
    }

    #[test]
    fn a_signed_and_valid_configuration_is_accepted() {
        let pair = key_pair();
        let desired = signed(POLICY, CALIBRATION, 1, &pair);
        let setup = remote(Some(&pair), Path::new("")).check(&desired).unwrap();
        assert_eq!(setup.version, desired.version);
        assert_eq!(setup.calibration.windows.len(), 1);
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let not_his = "signature: does not belong to this agent";
        check(|d| d.signature = "%".into(), "signature: a signature is written ed25519:");
        check(|d| *d = signed(POLICY, CALIBRATION, 1, &key_pair()), not_his);
        check(|d| d.version = DesiredConfig::version_of("a", "b"), not_his);
        check(|d| d.signature = d.signature.replacen(":1:", ":2:", 1), not_his);
        check(|d| d.policy.push('\n'), "the hash of the content");
        let other = key_pair();
        let sign = |policy: &str, calibration: &str| signed(policy, calibration, 1, &other);
        for (desired, expected) in [
            (sign("version = 2", CALIBRATION), "policy.toml: version: is 2, expected 1"),
            (sign(POLICY, "version = 1\nwindows = 3"), "calibration.toml: windows: is 3"),
            (sign(POLICY, &CALIBRATION.replace("cam-1", "cam-9")), "camera cam-9 is not in agent.toml"),
            (signed_for("edge-02", POLICY, CALIBRATION, 1, &other), not_his),
        ] {
            let reasons = remote(Some(&other), Path::new("")).check(&desired).unwrap_err().join("; ");
            assert!(reasons.contains(expected), "{expected:?} is not in {reasons}");
        }
        let reasons = remote(None, Path::new("")).check(&sign(POLICY, CALIBRATION)).unwrap_err().join("; ");
        assert!(reasons.contains("names no config_key_file"), "{reasons}");
    }

    #[test]
    fn what_was_signed_once_cannot_be_sent_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let pair = key_pair();
        let mut remote = remote(Some(&pair), folder.path());
        let loose = "version = 1\n[rules.absence]\nenabled = false\n";
        let (old, new) = (signed(loose, "", 5, &pair), signed(POLICY, "", 9, &pair));
        for desired in [&old, &new] {
            remote.check(desired).unwrap();
            remote.accept(desired.clone()).unwrap();
        }
        assert!(remote.check(&new).is_ok(), "the broker brings it again on every connection");
        for replayed in [old, signed(loose, "", 9, &pair)] {
            let reasons = remote.check(&replayed).unwrap_err().join("; ");
            assert!(reasons.contains("expected more than 9, the last one accepted"), "{reasons}");
        }
        assert!(
            remote.check(&signed(loose, "", 10, &pair)).is_ok(),
            "older rules come back with a newer serial"
        );
    }

    #[test]
    fn rules_alone_leave_the_calibration_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let pair = key_pair();
        let windows = |setup: &Setup| setup.calibration.windows[0].id.to_string();
        let mut first = remote(Some(&pair), folder.path());
        let rules = signed(POLICY, "", 1, &pair);
        let setup = first.check(&rules).unwrap();
        assert_eq!((windows(&setup), setup.version), ("1".to_owned(), DesiredConfig::version_of(POLICY, "")));

        // Central brings a calibration, and later rules alone: its calibration stays, over a restart too.
        first.accept(signed(POLICY, &CALIBRATION.replace("\"1\"", "\"7\""), 2, &pair)).unwrap();
        let rules = signed("version = 1\n", "", 3, &pair);
        assert_eq!(windows(&first.check(&rules).unwrap()), "7");
        first.accept(rules.clone()).unwrap();
        let mut second = remote(Some(&pair), folder.path());
        let resumed = second.resume().unwrap().unwrap();
        assert_eq!((windows(&resumed), resumed.version), ("7".to_owned(), rules.version));
    }

    #[test]
    fn of_central_and_the_installer_the_latest_calibration_counts() {
        let folder = tempfile::tempdir().unwrap();
        let pair = key_pair();
        let window = |id: &str| CALIBRATION.replace("\"1\"", &format!("\"{id}\""));
        let windows = |setup: &Setup| setup.calibration.windows[0].id.to_string();
        let mut first = remote(Some(&pair), folder.path());
        let sent = signed(POLICY, &window("7"), 1, &pair);
        first.accept(sent.clone()).unwrap();
        first.calibrated_here(&window("8")).unwrap();
        // The next connection brings central's again.
        let setup = first.check(&sent).unwrap();
        assert_eq!(windows(&setup), "8");
        assert_ne!(setup.version, sent.version, "central must not think that its own is in force");
        first.accept(sent.clone()).unwrap();
        assert_eq!(windows(&first.check(&sent).unwrap()), "8");

        // Over a restart, and over rules alone, too.
        let mut second = remote(Some(&pair), folder.path());
        second.own_calibration = window("8");
        assert_eq!(windows(&second.resume().unwrap().unwrap()), "8");
        let rules = signed(POLICY, "", 2, &pair);
        second.accept(rules.clone()).unwrap();
        let setup = second.check(&rules).unwrap();
        assert_eq!((windows(&setup), &setup.version), ("8".to_owned(), &rules.version));
        let own = Setup::parse(POLICY, &window("9"), &second.cameras).unwrap();
        assert_eq!(second.name_of(&own), rules.version);

        // Until central sends another one.
        let newer = signed(POLICY, &window("6"), 3, &pair);
        assert_eq!(windows(&second.check(&newer).unwrap()), "6");
        second.accept(newer).unwrap();
        let mut third = remote(Some(&pair), folder.path());
        third.own_calibration = window("8");
        assert_eq!(windows(&third.resume().unwrap().unwrap()), "6");
    }

    #[test]
    fn payloads_that_are_no_configuration_are_told() {
        for (payload, expected) in [
            (b"".to_vec(), "is no desired configuration"),
            (b"{}".to_vec(), "missing field"),
            (vec![b' '; MAX_BYTES + 1], "expected at most 524288"),
        ] {
            let reason = Remote::read(&payload).unwrap_err();
            assert!(reason.contains(expected), "{expected:?} is not in {reason}");
        }
    }

    #[test]
    fn what_was_accepted_outlives_the_process_but_not_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let pair = key_pair();
        let mut before = remote(Some(&pair), folder.path());
        assert!(before.resume().unwrap().is_none());
        let desired = signed(POLICY, CALIBRATION, 4, &pair);
        before.accept(desired.clone()).unwrap();
        let mut after = remote(Some(&pair), folder.path());
        assert_eq!(after.resume().unwrap().unwrap().version, desired.version);
        assert!(after.check(&signed(POLICY, CALIBRATION, 3, &pair)).is_err(), "the serial outlives it too");
        assert!(remote(Some(&key_pair()), folder.path()).resume().is_err());
        assert!(remote(None, folder.path()).resume().unwrap().is_none());
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(remote(Some(&pair), folder.path()).resume().unwrap_err()[0].contains(FILE));
    }
}
