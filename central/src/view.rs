//! What the HTTP API shows: the store's rows in the words of the contract, with texts for people.

use crate::review::{Mark, Verdict};
use crate::store::{AgentRow, Episode, Problem, ReviewStep};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{CloseReason, Event, Evidence, Phase};
use chuangming_domain::rule::{Rule, Severity};
use chuangming_domain::text::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Localised {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// English.
    pub en: String,
}

impl Localised {
    fn of(text: impl Fn(Lang) -> String) -> Self {
        Self { zh_cn: text(Lang::ZhCn), en: text(Lang::En) }
    }

    pub(crate) fn key(key: &str) -> Self {
        Self::of(|lang| lang.text(key).to_owned())
    }
}

/// One episode of one rule at one window or zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// UUIDv7.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// The agent that saw it.
    pub agent: String,
    /// The window; null for a smoking zone.
    #[schema(required)]
    pub window: Option<String>,
    /// The smoking zone; null for a window.
    #[schema(required)]
    pub zone: Option<String>,
    /// The rule.
    #[schema(schema_with = crate::http::schema::rule)]
    pub rule: Rule,
    /// The clause of the regulation.
    #[schema(example = "16.4")]
    pub article: String,
    /// `info`, `warning` or `critical`.
    #[schema(schema_with = crate::http::schema::severity)]
    pub severity: Severity,
    /// When the condition began.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When its dwell was full; null while that message is still under way.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub raised_at: Option<Timestamp>,
    /// When its newest message was made.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When the condition ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub closed_at: Option<Timestamp>,
    /// Why it ended: `cleared`, `schedule`, `lost`, `shutdown` or `policy`.
    #[schema(schema_with = crate::http::schema::close_reason, required)]
    pub close_reason: Option<CloseReason>,
    /// 0 to 1.
    pub confidence: f64,
    /// What the decision rests on.
    pub evidence: EvidenceView,
    /// From the past: never rings.
    pub historical: bool,
    /// Why it rests (`holiday`, `pause`, `break`, `away`, `accommodation`): then it never rings and never counts.
    #[schema(required)]
    pub suspended: Option<String>,
    /// Who took note of it; null while it is open for review.
    #[schema(required)]
    pub acknowledged: Option<MarkView>,
    /// Whether it was what it looked like; null while nobody decided. Only a confirmed event may ever count.
    #[schema(required)]
    pub verdict: Option<VerdictView>,
    /// A remark.
    #[schema(required)]
    pub note: Option<NoteView>,
    /// Put aside until some time, which may have passed.
    #[schema(required)]
    pub snooze: Option<SnoozeView>,
    /// What it is called.
    pub title: Localised,
    /// Why it was raised, in plain words.
    pub reason: Localised,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceView {
    /// Share of the observed time for which the condition held, 0 to 1.
    pub hit_ratio: f64,
    /// Seconds observed since the condition began.
    pub observed_s: f64,
    /// Seconds unknown since the condition began.
    pub unknown_s: f64,
    /// The offending item classes.
    pub items: Vec<String>,
    /// The number of people seen, where the rule counts them.
    #[schema(required)]
    pub people: Option<u8>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Mark)]
pub struct MarkView {
    /// The account's name; null once the account is gone.
    #[schema(required)]
    pub by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Whether an event was what it looked like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Decision)]
pub struct VerdictView {
    /// `confirmed` or `wrong`.
    pub verdict: Verdict,
    /// Who said so, and when.
    #[serde(flatten)]
    pub mark: MarkView,
}

/// A remark about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteView {
    /// What it says.
    pub text: String,
    /// Who wrote it, and when.
    #[serde(flatten)]
    pub mark: MarkView,
}

/// An alert put aside for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Snooze)]
pub struct SnoozeView {
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who put it aside, and when.
    #[serde(flatten)]
    pub mark: MarkView,
}

/// One step of an event's review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewStep)]
pub struct ReviewStepView {
    /// `acknowledge`, `confirm`, `mark_wrong`, `note`, `snooze`, or one that takes such a step back.
    pub step: String,
    /// The note, or a snooze's reason.
    #[schema(required)]
    pub detail: Option<String>,
    /// Who, and when.
    #[serde(flatten)]
    pub mark: MarkView,
}

impl From<&Mark> for MarkView {
    fn from(mark: &Mark) -> Self {
        Self { by: mark.name.clone(), at: mark.at }
    }
}

impl From<&ReviewStep> for ReviewStepView {
    fn from(step: &ReviewStep) -> Self {
        Self { step: step.step.clone(), detail: step.detail.clone(), mark: (&step.mark).into() }
    }
}

/// A problem of the system itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Its id.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// The agent.
    pub agent: String,
    /// What is wrong, such as `camera_offline`.
    pub kind: String,
    /// The camera, where one is concerned.
    #[schema(required)]
    pub camera: Option<String>,
    /// The windows that cannot be observed because of it.
    pub windows: Vec<String>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub raised_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub cleared_at: Option<Timestamp>,
    /// What it is called.
    pub title: Localised,
}

/// An edge agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentView {
    /// Its id, unique in its hall.
    pub id: String,
    /// The hall.
    pub hall: String,
    /// Whether it is connected.
    pub online: bool,
    /// Its version.
    #[schema(required)]
    pub version: Option<String>,
    /// Since when it is, or was last, connected.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub since: Option<Timestamp>,
    /// When its state last arrived.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// The configuration it applied or refused.
    #[schema(required)]
    pub applied: Option<AppliedView>,
}

/// The configuration that an agent applied or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Applied)]
pub struct AppliedView {
    /// Its content hash.
    pub version: String,
    /// Whether it is in force.
    pub ok: bool,
    /// Every reason against it.
    pub problems: Vec<String>,
    /// When that arrived.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A hall with what is going on in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Hall)]
pub struct HallView {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its windows.
    pub windows: Vec<WindowView>,
    /// Its smoking zones.
    pub zones: Vec<ZoneView>,
    /// Its agents.
    pub agents: Vec<HallAgentView>,
}

/// Whether a window can be observed now. Unknown is never compliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// Its agent is connected and reports no problem that concerns it.
    Observed,
    /// Nobody can tell what happens there.
    Unknown,
}

/// A staffed post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Window)]
pub struct WindowView {
    /// Its id, unique in its hall.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The agent that observes it; null before one spoke of it.
    #[schema(required)]
    pub agent: Option<String>,
    /// Whether it can be observed now.
    pub state: WindowState,
    /// Why it cannot be observed.
    #[schema(required)]
    pub unknown_because: Option<Localised>,
    /// Why there is no service now, if it was planned or somebody stepped away: `holiday`, `pause`, `break` or `away`.
    #[schema(required)]
    pub resting: Option<String>,
    /// Its cell on the floor plan; null where nobody placed it.
    #[schema(required)]
    pub place: Option<PlaceView>,
    /// Its open events; missing for roles that see no conduct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventView>>,
    /// The system's problems that concern it.
    pub problems: Vec<ProblemView>,
}

/// A cell of the floor plan, counted from 0 at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FloorCell)]
pub struct PlaceView {
    /// The column.
    pub x: i64,
    /// The row.
    pub y: i64,
}

/// A smoking zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Zone)]
pub struct ZoneView {
    /// Its id, unique in its hall.
    pub id: String,
    /// The agent that observes it.
    pub agent: String,
    /// Its open events; missing for roles that see no conduct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventView>>,
}

/// An agent with its problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = HallAgent)]
pub struct HallAgentView {
    /// The agent.
    #[serde(flatten)]
    pub agent: AgentView,
    /// What is wrong with it now.
    pub problems: Vec<ProblemView>,
}

/// One message of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventMessage)]
pub struct MessageView {
    /// 0 for `opened`, then counting up.
    pub seq: u32,
    /// `opened`, `updated` or `closed`.
    #[schema(schema_with = crate::http::schema::phase)]
    pub phase: Phase,
    /// When the agent made it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it became durable here.
    #[schema(value_type = String, format = DateTime)]
    pub stored_at: Timestamp,
    /// 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: EvidenceView,
}

impl From<&Episode> for EventView {
    fn from(episode: &Episode) -> Self {
        let (event, review) = (&episode.event, &episode.review);
        Self {
            id: event.id.to_string(),
            hall: event.hall.to_string(),
            agent: event.agent.to_string(),
            window: event.window.as_ref().map(ToString::to_string),
            zone: event.zone.as_ref().map(ToString::to_string),
            rule: event.rule,
            article: event.article.clone(),
            severity: event.severity,
            opened_at: event.opened_at,
            raised_at: episode.raised_at,
            updated_at: event.at,
            closed_at: event.closed_at,
            close_reason: event.close_reason,
            confidence: event.confidence,
            evidence: (&event.evidence).into(),
            historical: event.historical,
            suspended: episode.suspended.clone(),
            acknowledged: review.acknowledged.as_ref().map(Into::into),
            verdict: review
                .verdict
                .as_ref()
                .map(|(verdict, mark)| VerdictView { verdict: *verdict, mark: mark.into() }),
            note: review.note.as_ref().map(|(text, mark)| NoteView { text: text.clone(), mark: mark.into() }),
            snooze: review.snooze.as_ref().map(|snooze| SnoozeView {
                until: snooze.until,
                reason: snooze.reason.clone(),
                mark: (&snooze.mark).into(),
            }),
            title: Localised::key(&format!("rule.{}.title", event.rule)),
            reason: Localised::of(|lang| reason(event, lang)),
        }
    }
}

/// Why an event was raised, in plain words.
fn reason(event: &Event, lang: Lang) -> String {
    let names: Vec<_> = event
        .evidence
        .items
        .iter()
        .map(|item| lang.text(&format!("item.{}", item.name())).to_owned())
        .collect();
    let items = if names.is_empty() {
        lang.text("text.unknown_items").to_owned()
    } else {
        names.join(lang.text("text.list_separator"))
    };
    let people =
        event.evidence.people.map_or_else(|| lang.text("text.unknown_number").to_owned(), |n| n.to_string());
    lang.fill(&format!("rule.{}.reason", event.rule), &[("items", &items), ("people", &people)])
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self {
            hit_ratio: evidence.hit_ratio,
            observed_s: evidence.observed_s,
            unknown_s: evidence.unknown_s,
            items: evidence.items.iter().map(|item| item.name().to_owned()).collect(),
            people: evidence.people,
        }
    }
}

impl From<&Problem> for ProblemView {
    fn from(problem: &Problem) -> Self {
        let health = &problem.health;
        Self {
            id: health.id.to_string(),
            hall: problem.hall.to_string(),
            agent: problem.agent.to_string(),
            kind: health.kind.name().to_owned(),
            camera: health.camera.as_ref().map(ToString::to_string),
            windows: health.windows.iter().map(ToString::to_string).collect(),
            raised_at: problem.raised_at,
            cleared_at: problem.cleared_at,
            title: Localised::key(&format!("health.{}", health.kind.name())),
        }
    }
}

impl From<&AgentRow> for AgentView {
    fn from(row: &AgentRow) -> Self {
        Self {
            id: row.agent.to_string(),
            hall: row.hall.to_string(),
            online: row.online,
            version: row.version.clone(),
            since: row.since,
            seen_at: row.seen_at,
            applied: row.applied.as_ref().map(|(applied, at)| AppliedView {
                version: applied.version.to_string(),
                ok: applied.ok,
                problems: applied.problems.clone(),
                at: *at,
            }),
        }
    }
}

/// Content hashes of the models behind an event, by signal.
pub type Models = BTreeMap<String, String>;
