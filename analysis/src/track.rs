//! One signal at one window: from observations at instants to time that is observed or unknown.

use crate::condition::Verdict;
use crate::coverage::Coverage;
use crate::ids::Ids;
use crate::sampling;
use crate::watch::{Notice, Watch};
use chuangming_domain::event::CloseReason;
use chuangming_domain::observation::Signal;
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use jiff::{SignedDuration, Timestamp};

/// After so much unknown time an open episode is lost.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(300);

/// The rules of one signal, and for how long it was observed.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    signal: Signal,
    pub(crate) watches: Vec<Watch>,
    /// How often it must be looked at for its own rules, in seconds.
    pub(crate) period: Option<f64>,
    /// For how long one observation speaks.
    reach: SignedDuration,
    /// The last observation on duty.
    last: Option<Look>,
    /// Until when the signal was known.
    known_until: Option<Timestamp>,
    /// For how long it was observed in all.
    pub(crate) observed: SignedDuration,
}

/// An observation that speaks for the time after it.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Timestamp,
    known: bool,
    /// Up to when the time after it is accounted for.
    settled: Timestamp,
}

impl Track {
    /// Watches those of `rules` that are enabled and read this signal.
    pub(crate) fn new(signal: Signal, rules: &[Rule], policy: &Policy) -> Self {
        let enabled = || rules.iter().copied().filter(|r| r.signal() == signal && policy.rule(*r).enabled);
        let period = sampling::period(enabled().map(|rule| policy.rule(rule)));
        Self {
            signal,
            watches: enabled().map(|rule| Watch::new(rule, policy.rule(rule))).collect(),
            period,
            reach: sampling::reach(period),
            last: None,
            known_until: None,
            observed: SignedDuration::ZERO,
        }
    }

    /// Whether an observation of that time is older than what is already accounted for.
    pub(crate) fn is_past(&self, at: Timestamp) -> bool {
        self.last.is_some_and(|last| at < last.settled)
    }

    /// Whether the last observation still speaks at that time.
    pub(crate) fn speaks_at(&self, at: Timestamp) -> bool {
        self.spoken_until(at) == Some(at)
    }

    /// Takes the time of an observation. What it says goes to [`Track::judge`].
    pub(crate) fn look(&mut self, at: Timestamp, known: bool, coverage: &mut Coverage) {
        self.settle(at, coverage);
        self.last = Some(Look { at, known, settled: at });
        if known {
            self.known_until = Some(at);
        }
    }

    /// Takes what the observation says of each rule.
    pub(crate) fn judge(
        &mut self,
        at: Timestamp,
        armed: bool,
        ids: &mut Ids,
        verdict: impl Fn(Rule) -> Verdict,
    ) -> Vec<Notice> {
        self.watches.iter_mut().filter_map(|watch| watch.judge(at, verdict(watch.rule), armed, ids)).collect()
    }

    /// Accounts for the time since the last observation: it speaks as far as it reaches, then nobody knows.
    pub(crate) fn settle(&mut self, to: Timestamp, coverage: &mut Coverage) {
        let Some(from) = self.last.map(|last| last.settled).filter(|from| *from < to) else { return };
        let known_until = self.spoken_until(to).unwrap_or(from).max(from);
        for (from, to, known) in [(from, known_until, true), (known_until, to, false)] {
            let length = to.duration_since(from);
            if length.is_zero() {
                continue;
            }
            coverage.add(self.signal, from, to, known);
            self.watches.iter_mut().for_each(|watch| watch.pass(length, known));
            if known {
                self.observed += length;
                self.known_until = Some(to);
            }
        }
        self.last = self.last.map(|last| Look { settled: to, ..last });
    }

    /// Until when, at most `to`, the last observation speaks; `None` if it knows nothing.
    fn spoken_until(&self, to: Timestamp) -> Option<Timestamp> {
        let last = self.last.filter(|last| last.known)?;
        Some(if to.duration_since(last.at) <= self.reach { to } else { last.at + self.reach })
    }

    /// Gives up what was begun if nobody knows for too long: what is open is lost.
    pub(crate) fn give_up(&mut self, at: Timestamp) -> Vec<Notice> {
        let Some(known_until) = self.known_until else { return Vec::new() };
        let known_until = self.spoken_until(at).unwrap_or(known_until).max(known_until);
        let lost = at.duration_since(known_until) > LOST_AFTER;
        if lost { self.close(at, known_until, CloseReason::Lost) } else { Vec::new() }
    }

    /// Ends every episode.
    pub(crate) fn close(&mut self, at: Timestamp, closed_at: Timestamp, reason: CloseReason) -> Vec<Notice> {
        self.watches.iter_mut().filter_map(|watch| watch.close(at, closed_at, reason)).collect()
    }

    /// Stops the account at that time; the next observation begins anew.
    pub(crate) fn pause(&mut self, at: Timestamp, coverage: &mut Coverage) {
        self.settle(at, coverage);
        self.last = None;
        self.known_until = None;
    }
}
