//! What else crosses between edge and central: health, coverage, status, acknowledgements, configuration, topics.

use crate::digest::Digest;
use crate::event::EventId;
use crate::id::{AgentId, CameraId, HallId, WindowId};
use crate::observation::Signal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The text of `calibration.toml`.
    pub calibration: String,
    /// Content hash over both, see [`DesiredConfig::version_of`].
    pub version: Digest,
    /// Central's signature over the version, base64.
    pub signature: String,
}

impl DesiredConfig {
    /// The version of a policy and a calibration: the hash over the policy's text, a zero byte and the calibration's.
    #[must_use]
    pub fn version_of(policy: &str, calibration: &str) -> Digest {
        Digest::of(&[policy.as_bytes(), &[0], calibration.as_bytes()].concat())
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

/// The last part of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the topics of the contract")]
pub enum Channel {
    Events,
    Health,
    Coverage,
    Status,
    Ack,
    ConfigDesired,
    ConfigApplied,
}

impl Channel {
    const ALL: [Channel; 7] = [
        Channel::Events,
        Channel::Health,
        Channel::Coverage,
        Channel::Status,
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
