//! A window or smoking zone: all its rules, its duty hours, its coverage.

use crate::condition::{Verdict, verdict};
use crate::coverage::Coverage;
use crate::ids::Ids;
use crate::track::Track;
use crate::watch::Notice;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, EventSchema};
use chuangming_domain::id::{AgentId, HallId, WindowId, ZoneId};
use chuangming_domain::item::ItemSet;
use chuangming_domain::observation::{Observation, Presence, Reading, Signal};
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::coverage::Hours;

/// Rules arm only after the window was observed for so long, so that nothing is raised on a first glance.
const ARMED_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// What the rules look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A staffed post: all ten rules.
    Window(WindowId),
    /// A smoking zone: smoking only.
    Zone(ZoneId),
}

/// What every event of a place carries.
#[derive(Debug, Clone)]
pub struct Context {
    /// The hall.
    pub hall: HallId,
    /// The agent.
    pub agent: AgentId,
    /// The window or zone.
    pub place: Place,
    /// Content hash of the calibration in force.
    pub calibration: Digest,
    /// Content hash of the model behind each signal.
    pub models: BTreeMap<Signal, Digest>,
    /// Sets the event ids of this run apart from those of others; the same seed gives the same ids.
    pub seed: u64,
}

/// What a window is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// How many staff members may be there.
    pub post: u8,
    /// What must be on the desk.
    pub required: ItemSet,
    /// What may be on the desk; the policy's permitted classes are added to it.
    pub permitted: ItemSet,
}

/// The rules of one place under one policy.
///
/// Time is an argument and, for each signal, never runs backwards: an observation that is older than what is already
/// accounted for is ignored. Of signals seen in the same picture presence must come first, because nobody who is not
/// there slumps, misses a badge or smokes: while presence says absent, those three count as observed and clear.
#[derive(Debug, Clone)]
pub struct Window {
    context: Context,
    duty: Duty,
    policy: Arc<Policy>,
    tracks: BTreeMap<Signal, Track>,
    coverage: Coverage,
    ids: Ids,
    armed: bool,
    /// Whether presence last said that nobody is there.
    absent: bool,
    /// Until when duty lasts, as far as is known; `None` off duty and without a schedule.
    on_duty_until: Option<Timestamp>,
    /// The latest time that was given.
    now: Timestamp,
}

impl Window {
    /// A place that was not observed yet.
    #[must_use]
    pub fn new(context: Context, mut duty: Duty, policy: Arc<Policy>) -> Self {
        duty.permitted.extend(&policy.permitted);
        let (rules, kind, place): (&[Rule], _, _) = match &context.place {
            Place::Window(id) => (&Rule::ALL, "window", id.as_str()),
            Place::Zone(id) => (&[Rule::Smoking], "zone", id.as_str()),
        };
        let ids = Ids::new(format!("{} {} {kind} {place} {}", context.hall, context.agent, context.seed));
        let tracks = Signal::ALL.map(|signal| (signal, Track::new(signal, rules, &policy))).into();
        Self {
            context,
            duty,
            policy,
            tracks,
            coverage: Coverage::default(),
            ids,
            armed: false,
            absent: false,
            on_duty_until: None,
            now: Timestamp::MIN,
        }
    }

    /// Takes an observation; it speaks until the next one of its signal. Off duty it does not count. An episode that begins
    /// with one that has been so already began then.
    pub fn observe(&mut self, at: Timestamp, observation: &Observation) -> Vec<Event> {
        let signal = observation.signal();
        let mut notices = self.pass(at);
        if self.is_on_duty() && !self.tracks[&signal].is_past(at) {
            if let (Observation::Presence(reading), Place::Window(_)) = (observation, &self.context.place) {
                self.absent = reading.value() == Some(&Presence::Absent);
            }
            if is_of_somebody(signal) && self.is_nobody_there(at) {
                notices.extend(self.look(at, signal, true, |_, _| Verdict::Not));
            } else {
                let verdict = |rule, duty: &Duty| verdict(rule, observation, duty);
                notices.extend(self.look(at, signal, is_known(observation), verdict));
            }
            if signal == Signal::Presence && self.absent {
                for signal in Signal::ALL.into_iter().filter(|signal| is_of_somebody(*signal)) {
                    notices.extend(self.look(at, signal, true, |_, _| Verdict::Not));
                }
            }
        }
        self.events(notices)
    }

    /// Time passes without an observation: duty ends, and what is unknown for too long is lost. Nothing opens.
    pub fn advance(&mut self, at: Timestamp) -> Vec<Event> {
        let notices = self.pass(at);
        self.events(notices)
    }

    /// Closes every open episode, as when the agent shuts down or its policy changes. What comes after begins anew.
    pub fn close_all(&mut self, at: Timestamp, reason: CloseReason) -> Vec<Event> {
        let mut notices = self.pass(at);
        notices.extend(self.end(self.now, self.now, reason));
        self.on_duty_until = None;
        self.events(notices)
    }

    /// How often, in seconds, a signal must be looked at; `None` if no enabled rule needs it.
    ///
    /// Presence is needed by every rule about somebody, even where its own rules are not enabled.
    #[must_use]
    pub fn period(&self, signal: Signal) -> Option<f64> {
        let own = |signal: Signal| self.tracks[&signal].period;
        let is_window = matches!(self.context.place, Place::Window(_));
        if signal == Signal::Presence && own(signal).is_none() && is_window {
            return Signal::ALL.into_iter().filter(|s| is_of_somebody(*s)).filter_map(own).reduce(f64::min);
        }
        own(signal)
    }

    /// The rules with an open episode.
    pub fn open_rules(&self) -> impl Iterator<Item = Rule> + '_ {
        self.tracks
            .values()
            .flat_map(|track| &track.watches)
            .filter(|watch| watch.is_open())
            .map(|watch| watch.rule)
    }

    /// Hands out the coverage of the hours that ended by then, each once. Only duty counts.
    ///
    /// After [`close_all`](Self::close_all) with `Timestamp::MAX`: all the rest.
    pub fn take_coverage(&mut self, until: Timestamp) -> Hours {
        self.tracks.values_mut().for_each(|track| track.settle(until, &mut self.coverage));
        self.coverage.take(until)
    }

    /// Whether presence says so, and not too long ago.
    fn is_nobody_there(&self, at: Timestamp) -> bool {
        self.absent && self.tracks[&Signal::Presence].speaks_at(at)
    }

    fn is_on_duty(&self) -> bool {
        self.policy.schedule.is_none() || self.on_duty_until.is_some()
    }

    /// Lets time pass up to `at`.
    fn pass(&mut self, at: Timestamp) -> Vec<Notice> {
        self.now = self.now.max(at);
        let mut notices = self.keep_duty(self.now);
        notices.extend(self.tracks.values_mut().flat_map(|track| track.give_up(self.now)));
        notices
    }

    /// Ends duty at the very minute even if that is noticed later, and begins it.
    fn keep_duty(&mut self, at: Timestamp) -> Vec<Notice> {
        let policy = Arc::clone(&self.policy);
        let Some(schedule) = &policy.schedule else { return Vec::new() };
        let mut notices = Vec::new();
        while let Some(end) = self.on_duty_until.filter(|end| *end <= at) {
            self.on_duty_until = schedule.span_end(end);
            if self.on_duty_until.is_none() {
                notices = self.end(at, end, CloseReason::Schedule);
            }
        }
        if self.on_duty_until.is_none() {
            self.on_duty_until = schedule.span_end(at);
        }
        notices
    }

    /// Ends every episode and every account at `end`.
    fn end(&mut self, at: Timestamp, end: Timestamp, reason: CloseReason) -> Vec<Notice> {
        self.absent = false;
        let mut notices = Vec::new();
        for track in self.tracks.values_mut() {
            track.pause(end, &mut self.coverage);
            notices.extend(track.close(at, end, reason));
        }
        notices
    }

    fn look(
        &mut self,
        at: Timestamp,
        signal: Signal,
        known: bool,
        verdict: impl Fn(Rule, &Duty) -> Verdict,
    ) -> Vec<Notice> {
        let Some(track) = self.tracks.get_mut(&signal).filter(|track| !track.is_past(at)) else {
            return Vec::new();
        };
        track.look(at, known, &mut self.coverage);
        self.armed |= track.observed >= ARMED_AFTER;
        track.judge(at, self.armed, &mut self.ids, |rule| verdict(rule, &self.duty))
    }

    fn events(&self, notices: Vec<Notice>) -> Vec<Event> {
        notices.into_iter().map(|notice| self.event(notice)).collect()
    }

    fn event(&self, notice: Notice) -> Event {
        let settings = self.policy.rule(notice.rule);
        let (window, zone) = match &self.context.place {
            Place::Window(id) => (Some(id.clone()), None),
            Place::Zone(id) => (None, Some(id.clone())),
        };
        let signal = notice.rule.signal();
        let model = self.context.models.get(&signal).map(|digest| (signal, digest.clone()));
        Event {
            schema: EventSchema::V1,
            id: notice.id,
            seq: notice.seq,
            phase: notice.phase,
            hall: self.context.hall.clone(),
            agent: self.context.agent.clone(),
            window,
            zone,
            rule: notice.rule,
            article: settings.article.clone(),
            severity: settings.severity,
            opened_at: notice.opened_at,
            at: notice.at,
            closed_at: notice.closed.map(|(at, _)| at),
            close_reason: notice.closed.map(|(_, reason)| reason),
            confidence: notice.confidence,
            evidence: notice.evidence,
            policy: self.policy.digest.clone(),
            calibration: self.context.calibration.clone(),
            models: model.into_iter().collect(),
            historical: false,
        }
    }
}

/// Whether the signal is about somebody who must be there for it to mean anything.
fn is_of_somebody(signal: Signal) -> bool {
    matches!(signal, Signal::Posture | Signal::Badge | Signal::Smoking)
}

fn is_known(observation: &Observation) -> bool {
    fn known<T>(reading: &Reading<T>) -> bool {
        reading.value().is_some()
    }
    match observation {
        Observation::Presence(reading) => known(reading),
        Observation::Posture(reading) => known(reading),
        Observation::Badge(reading) => known(reading),
        Observation::Smoking(reading) => known(reading),
        Observation::Desk(reading) => known(reading),
    }
}
