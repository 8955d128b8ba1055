//! The event: one episode of one rule at one window, from `opened` through `updated` to `closed`.

use crate::digest::Digest;
use crate::id::{AgentId, HallId, WindowId, ZoneId};
use crate::item::ItemClass;
use crate::observation::Signal;
use crate::rule::{Rule, Severity};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// The id of one episode, a UUIDv7; the same in all its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EventId(
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))] pub Uuid,
);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where in its life an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the phases of the contract")]
pub enum Phase {
    Opened,
    Updated,
    Closed,
}

/// Why an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The condition was gone for the clear time.
    Cleared,
    /// Duty ended.
    Schedule,
    /// The window was unknown for over 300 s.
    Lost,
    /// The agent was shut down.
    Shutdown,
    /// The policy or calibration changed.
    Policy,
}

/// One message about an event, as stored, sent and shown. It carries no identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// `chuangming.event/1`.
    pub schema: EventSchema,
    /// The episode.
    pub id: EventId,
    /// 0 for `opened`, then counting up; `(id, seq)` is unique.
    pub seq: u32,
    /// Where in its life.
    pub phase: Phase,
    /// The hall.
    pub hall: HallId,
    /// The agent that saw it.
    pub agent: AgentId,
    /// The window; null for a smoking zone.
    pub window: Option<WindowId>,
    /// The smoking zone; null for a window.
    pub zone: Option<ZoneId>,
    /// The rule.
    pub rule: Rule,
    /// The clause of the regulation.
    pub article: String,
    /// How urgent.
    pub severity: Severity,
    /// When the condition began.
    pub opened_at: Timestamp,
    /// When this message was made; of `opened`, when the dwell was full.
    pub at: Timestamp,
    /// When the condition ended; only in `closed`.
    pub closed_at: Option<Timestamp>,
    /// Why it ended; only in `closed`.
    pub close_reason: Option<CloseReason>,
    /// Mean confidence of the observations that showed the condition, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub confidence: f64,
    /// What the decision rests on: numbers and item classes only.
    pub evidence: Evidence,
    /// Content hash of the policy in force.
    pub policy: Digest,
    /// Content hash of the calibration in force.
    pub calibration: Digest,
    /// Content hash of the model behind each signal that was used.
    pub models: BTreeMap<Signal, Digest>,
    /// From the past: shown in history, never rings.
    pub historical: bool,
}

/// The schema name of [`Event`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum EventSchema {
    /// The first version.
    #[default]
    #[serde(rename = "chuangming.event/1")]
    V1,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Share of the observed time for which the condition held.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hit_ratio: f64,
    /// Seconds observed since the condition began.
    pub observed_s: f64,
    /// Seconds unknown since the condition began.
    pub unknown_s: f64,
    /// The offending item classes: what lies there, or what is missing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub items: BTreeSet<ItemClass>,
    /// The number of people seen, where the rule counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u8>,
}
