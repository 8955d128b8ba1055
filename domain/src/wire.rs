//! What else crosses between edge and central: health, coverage, status, acknowledgements, configuration, topics.

use crate::digest::Digest;
use crate::event::EventId;
use crate::id::{AgentId, CameraId, HallId, WindowId};
use crate::observation::Signal;
use core::net::SocketAddr;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What is wrong with the system itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the kinds of the contract")]
pub enum HealthKind {
    CameraOffline,
    CameraFrozen,
    CameraCovered,
    CameraDark,
    CameraMoved,
    Overloaded,
    DiskFull,
    EventsEvicted,
    ClockSkewed,
    PolicyRefused,
}

impl HealthKind {
    /// Every kind, in the contract's order.
    pub const ALL: [HealthKind; 10] = [
        HealthKind::CameraOffline,
        HealthKind::CameraFrozen,
        HealthKind::CameraCovered,
        HealthKind::CameraDark,
        HealthKind::CameraMoved,
        HealthKind::Overloaded,
        HealthKind::DiskFull,
        HealthKind::EventsEvicted,
        HealthKind::ClockSkewed,
        HealthKind::PolicyRefused,
    ];

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            HealthKind::CameraOffline => "camera_offline",
            HealthKind::CameraFrozen => "camera_frozen",
            HealthKind::CameraCovered => "camera_covered",
            HealthKind::CameraDark => "camera_dark",
            HealthKind::CameraMoved => "camera_moved",
            HealthKind::Overloaded => "overloaded",
            HealthKind::DiskFull => "disk_full",
            HealthKind::EventsEvicted => "events_evicted",
            HealthKind::ClockSkewed => "clock_skewed",
            HealthKind::PolicyRefused => "policy_refused",
        }
    }
}

/// Whether a health problem begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the phases of the contract")]
pub enum HealthPhase {
    Raised,
    Cleared,
}

/// One message about a health event. `raised` and `cleared` share their id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// `chuangming.health/1`.
    pub schema: HealthSchema,
    /// The problem's id.
    pub id: EventId,
    /// 0 for `raised`, then counting up.
    pub seq: u32,
    /// What is wrong.
    pub kind: HealthKind,
    /// Begins or ends.
    pub phase: HealthPhase,
    /// The camera, where one is concerned.
    pub camera: Option<CameraId>,
    /// The windows that cannot be observed because of it.
    pub windows: Vec<WindowId>,
    /// When.
    pub at: Timestamp,
}

/// The schema name of [`Health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum HealthSchema {
    /// The first version.
    #[default]
    #[serde(rename = "chuangming.health/1")]
    V1,
}

/// Seconds observed and unknown in one hour, by window and signal. It holds no states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// `chuangming.coverage/1`.
    pub schema: CoverageSchema,
    /// The hour's start.
    pub hour: Timestamp,
    /// By window, then by signal.
    pub windows: BTreeMap<WindowId, BTreeMap<Signal, Observed>>,
}

/// The schema name of [`Coverage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum CoverageSchema {
    /// The first version.
    #[default]
    #[serde(rename = "chuangming.coverage/1")]
    V1,
}

/// How much of a time was observed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Seconds with a known reading.
    pub observed_s: f64,
    /// Seconds without.
    pub unknown_s: f64,
}

/// Whether an agent is there; retained, and its last will says `{"online":false}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Whether the agent is connected.
    pub online: bool,
    /// The agent's version; absent in the last will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Since when it is connected; absent in the last will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Central's word that these messages are durable there; the agent deletes them only then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acks {
    /// The messages.
    pub acks: Vec<Ack>,
}

/// One message of an event or health event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// The event's id.
    pub id: EventId,
    /// Its sequence number.
    pub seq: u32,
}

/// The configuration that central wishes an agent to have; retained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DesiredConfig {
    /// The text of `policy.toml`.
    pub policy: String,
    /// The text of `calibration.toml`; empty: the agent keeps the calibration that it has.
    pub calibration: String,
    /// Content hash over both, see [`DesiredConfig::version_of`].
    pub version: Digest,
    /// Central's [`ConfigSignature`].
    pub signature: String,
}

impl DesiredConfig {
    /// The version of a policy and a calibration: the hash over the policy's text, a zero byte and the calibration's.
    #[must_use]
    pub fn version_of(policy: &str, calibration: &str) -> Digest {
        Digest::of(&[policy.as_bytes(), &[0], calibration.as_bytes()].concat())
    }
}

/// What makes a configuration count: `ed25519:{serial}:{128 hex digits}`.
///
/// The signature covers the agent, the serial and the version, so that neither another agent's configuration nor an
/// older one of this agent can be sent again: an agent accepts no serial below the last one that it accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSignature {
    /// Rises with every configuration that central issues for an agent.
    pub serial: u64,
    /// The Ed25519 signature over [`ConfigSignature::signed_text`].
    pub value: [u8; 64],
}

impl ConfigSignature {
    /// The text that is signed.
    #[must_use]
    pub fn signed_text(hall: &HallId, agent: &AgentId, serial: u64, version: &Digest) -> String {
        format!("chuangming.config/1\n{hall}/{agent}\n{serial}\n{version}")
    }
}

/// The text is no [`ConfigSignature`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a signature is written ed25519:, a serial number, : and 128 lower-case hex digits")]
pub struct ConfigSignatureError;

impl fmt::Display for ConfigSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}:{}", self.serial, hex::encode(self.value))
    }
}

impl FromStr for ConfigSignature {
    type Err = ConfigSignatureError;
    fn from_str(text: &str) -> Result<Self, ConfigSignatureError> {
        let (serial, value) = text
            .strip_prefix("ed25519:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or(ConfigSignatureError)?;
        let mut bytes = [0; 64];
        hex::decode_to_slice(value, &mut bytes).map_err(|_| ConfigSignatureError)?;
        let signature = Self { serial: serial.parse().map_err(|_| ConfigSignatureError)?, value: bytes };
        // One way to write each, so that nobody can dress up the same signature as another one.
        if signature.to_string() == text { Ok(signature) } else { Err(ConfigSignatureError) }
    }
}

/// What an agent has in force, or why it refused; retained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedConfig {
    /// The version it was asked to apply, or started with.
    pub version: Digest,
    /// Whether it is in force.
    pub ok: bool,
    /// Every reason against it.
    pub problems: Vec<String>,
}

/// The geometry that an agent has in force, so that central knows what its cameras watch; retained. Pictures and what was
/// learnt of desks stay at the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// `chuangming.calibration/1`.
    pub schema: GeometrySchema,
    /// Content hash of the calibration in force, as events name it.
    pub calibration: Digest,
    /// Since when, by the agent's clock.
    pub at: Timestamp,
    /// The text of a `calibration.toml` that says the same, without comments.
    pub text: String,
}

/// The schema name of [`Geometry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum GeometrySchema {
    /// The first version.
    #[default]
    #[serde(rename = "chuangming.calibration/1")]
    V1,
}

/// What an agent says of itself as a machine, once a minute while it is connected. It holds no states of windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// `chuangming.machine/1`.
    pub schema: MachineSchema,
    /// The agent's clock when it was made.
    pub at: Timestamp,
    /// Content hash of the policy in force.
    pub policy: Digest,
    /// Content hash of the calibration in force.
    pub calibration: Digest,
    /// Its cameras.
    pub cameras: Vec<MachineCamera>,
    /// How busy it is.
    pub load: Load,
    /// Where its calibration page is reached over https; absent while the page is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub page: Option<SocketAddr>,
    /// Content hash of the certificate that answers there, for an installer to compare with; absent where `page` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_certificate: Option<Digest>,
}

/// The schema name of [`Machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum MachineSchema {
    /// The first version.
    #[default]
    #[serde(rename = "chuangming.machine/1")]
    V1,
}

/// A camera as its agent's load knows it; whether it can see is told by health events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachineCamera {
    /// Its id.
    pub id: CameraId,
    /// The windows that are calibrated in its picture.
    pub windows: Vec<WindowId>,
    /// Pictures looked at each second since the last report.
    pub looked_per_s: f64,
    /// Share of its pictures since the last report that were dropped because newer ones came, 0 to 1.
    pub dropped: f64,
}

/// How busy a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Processor cores.
    pub cores: u32,
    /// Share of the processor's time in use since the last report, 0 to 1.
    pub cpu: f64,
    /// Share of the memory in use, 0 to 1.
    pub memory: f64,
    /// Bytes free where the agent keeps its data.
    pub disk_free: u64,
    /// Messages that wait for central.
    pub waiting: u64,
}

/// The last part of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the topics of the contract")]
pub enum Channel {
    Events,
    Health,
    Coverage,
    Status,
    Machine,
    Calibration,
    Ack,
    ConfigDesired,
    ConfigApplied,
}

impl Channel {
    const ALL: [Channel; 9] = [
        Channel::Events,
        Channel::Health,
        Channel::Coverage,
        Channel::Status,
        Channel::Machine,
        Channel::Calibration,
        Channel::Ack,
        Channel::ConfigDesired,
        Channel::ConfigApplied,
    ];

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Events => "events",
            Channel::Health => "health",
            Channel::Coverage => "coverage",
            Channel::Status => "status",
            Channel::Machine => "machine",
            Channel::Calibration => "calibration",
            Channel::Ack => "ack",
            Channel::ConfigDesired => "config/desired",
            Channel::ConfigApplied => "config/applied",
        }
    }

    /// The topic of this channel for one agent: `chuangming/v1/{hall}/{agent}/{channel}`.
    #[must_use]
    pub fn topic(self, hall: &HallId, agent: &AgentId) -> String {
        format!("chuangming/v1/{hall}/{agent}/{}", self.name())
    }

    /// The filter that matches this channel of every agent.
    #[must_use]
    pub fn filter(self) -> String {
        format!("chuangming/v1/+/+/{}", self.name())
    }

    /// Takes a topic apart; `None` for a topic that is not ours.
    #[must_use]
    pub fn parse(topic: &str) -> Option<(HallId, AgentId, Channel)> {
        let mut parts = topic.strip_prefix("chuangming/v1/")?.splitn(3, '/');
        let (hall, agent, channel) = (parts.next()?, parts.next()?, parts.next()?);
        let channel = Self::ALL.into_iter().find(|c| c.name() == channel)?;
        Some((hall.parse().ok()?, agent.parse().ok()?, channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_round_trip() {
        let (hall, agent) = (HallId::new("tanggu").unwrap(), AgentId::new("edge-01").unwrap());
        for channel in Channel::ALL {
            let topic = channel.topic(&hall, &agent);
            assert_eq!(Channel::parse(&topic), Some((hall.clone(), agent.clone(), channel)), "{topic}");
        }
        for bad in [
            "",
            "chuangming/v1/tanggu/edge-01",
            "chuangming/v2/a/b/events",
            "chuangming/v1/A/b/events",
            "chuangming/v1/a/b/pixels",
        ] {
            assert_eq!(Channel::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn signatures_are_written_in_one_way() {
        let signature = ConfigSignature { serial: 7, value: [0xab; 64] };
        assert_eq!(signature.to_string().parse(), Ok(signature));
        let hex = "ab".repeat(64);
        for bad in [
            String::new(),
            hex.clone(),
            format!("ed25519:{hex}"),
            format!("ed25519:07:{hex}"),
            format!("ed25519:+7:{hex}"),
            format!("ed25519:-7:{hex}"),
            format!("ed25519:7:{}", hex.to_uppercase()),
            format!("ed25519:7:{hex}00"),
            format!("rsa:7:{hex}"),
        ] {
            assert_eq!(bad.parse::<ConfigSignature>(), Err(ConfigSignatureError), "{bad}");
        }
    }

    #[test]
    fn health_kinds_are_named_as_serde_writes_them() {
        for kind in HealthKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn the_last_will_is_as_in_the_contract() {
        let will = Status { online: false, version: None, since: None };
        assert_eq!(serde_json::to_string(&will).unwrap(), r#"{"online":false}"#);
    }
}
