//! An event with its review, its messages, and why it was raised.

use super::Localised;
use crate::review::{Mark, Verdict};
use crate::store::{Episode, ReviewStep};
use chuangming_domain::Timestamp;
use chuangming_domain::event::{CloseReason, Event, Evidence, Phase};
use chuangming_domain::rule::{Rule, Severity};
use chuangming_domain::text::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

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

/// Content hashes of the models behind an event, by signal.
pub type Models = BTreeMap<String, String>;
