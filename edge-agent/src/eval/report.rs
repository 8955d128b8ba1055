//! The report of an evaluation, as the contract has it.

use super::answers::Answers;
use super::labelled::{LabelledWindow, Truth};
use super::score::events::{EventReport, EventScores};
use super::score::items::{ItemReport, ItemScores};
use super::score::reliability::Reliability;
use super::score::round;
use super::score::signals::{Class, Confusion, SignalReport, said};
use chuangming_domain::observation::{Presence, Reading, Signal};
use chuangming_domain::policy::Policy;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of one source of media.
#[derive(Debug, Clone, Default)]
pub struct SourceScores {
    signals: BTreeMap<Signal, Confusion>,
    reliability: BTreeMap<Signal, Reliability>,
    items: ItemScores,
    /// Episodes of its clips.
    pub events: EventScores,
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    schema: &'static str,
    /// Sources apart: figures on rendered and on real pictures never mix.
    pub sources: BTreeMap<String, SourceReport>,
    /// Mean milliseconds of one run of each stage.
    pub stage_ms: BTreeMap<&'static str, f64>,
}

/// One source's part; parts with nothing to score are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceReport {
    /// Presence, posture, badge, smoking.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub signals: BTreeMap<Signal, SignalReport>,
    /// The desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<ItemReport>,
    /// Clips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<EventReport>,
    /// Whether the confidences are true; for the page.
    #[serde(skip)]
    pub reliability: BTreeMap<Signal, Reliability>,
}

impl SourceScores {
    /// Scores one window in one frame. What truth leaves out is not scored, nor is the desk of a window without one.
    pub fn add(&mut self, window: &LabelledWindow, policy: &Policy, truth: &Truth, answers: &Answers) {
        let presence =
            truth.present.map(|there| if there { Presence::Present { people: 1 } } else { Presence::Absent });
        self.count(Signal::Presence, presence, &answers.presence);
        self.count(Signal::Posture, truth.posture, &answers.posture);
        self.count(Signal::Badge, truth.badge, &answers.badge);
        self.count(Signal::Smoking, truth.smoking, &answers.smoking);
        if let (Some(items), Some(_)) = (&truth.items, &window.desk) {
            let permitted = policy.permitted.union(&window.permitted).copied().collect();
            self.items.add(items, answers.desk.value(), &permitted, &window.required);
        }
    }

    fn count<T: Class>(&mut self, signal: Signal, truth: Option<T>, answer: &Reading<T>) {
        if let Some(truth) = truth {
            self.signals.entry(signal).or_default().add(truth.class(), said(answer));
            if let Reading::Known { value, confidence, .. } = answer {
                let right = value.class() == truth.class();
                self.reliability.entry(signal).or_default().add(f64::from(confidence.get()), right);
            }
        }
    }

    /// The figures.
    #[must_use]
    pub fn report(&self) -> SourceReport {
        SourceReport {
            signals: self.signals.iter().filter_map(|(&s, c)| Some((s, c.report(s)?))).collect(),
            items: self.items.report(),
            events: self.events.report(),
            reliability: self.reliability.clone(),
        }
    }
}

impl Report {
    /// Puts the parts together; `stage_ms` holds mean milliseconds.
    #[must_use]
    pub fn new(scores: &BTreeMap<String, SourceScores>, stage_ms: &BTreeMap<&'static str, f64>) -> Self {
        Self {
            schema: "chuangming.eval/1",
            sources: scores.iter().map(|(source, scores)| (source.clone(), scores.report())).collect(),
            stage_ms: stage_ms.iter().map(|(&stage, &ms)| (stage, round(ms))).collect(),
        }
    }
}
