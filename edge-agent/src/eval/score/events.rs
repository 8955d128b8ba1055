//! Episodes of clips: expected against raised.

use super::super::labelled::TrueEvent;
use super::{Quality, round};
use chuangming_domain::id::WindowId;
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use serde::Serialize;
use std::collections::BTreeMap;

/// How far `opened_at` may be from the truth, in seconds.
const TOLERANCE_S: f64 = 2.0;
/// Floating-point slack of times written in decimals.
const SLACK_S: f64 = 1e-6;

/// An episode that the system opened, in seconds from the start of the clip.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedEvent {
    /// The window.
    pub window: WindowId,
    /// The rule.
    pub rule: Rule,
    /// When the condition began.
    pub opened: f64,
    /// When the dwell was full and the event went out.
    pub at: f64,
}

/// Events of all clips of one source.
#[derive(Debug, Clone, Default)]
pub struct EventScores {
    rules: BTreeMap<Rule, RuleCounts>,
    latencies: Vec<f64>,
    window_hours: f64,
}

/// Events of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RuleCounts {
    /// Expected and raised.
    pub tp: u64,
    /// Raised and not expected.
    #[serde(rename = "fp")]
    pub false_alarms: u64,
    /// Expected and not raised.
    #[serde(rename = "fn")]
    pub missed: u64,
}

/// The events' part of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventReport {
    /// Over all rules; left out when nothing was expected and nothing raised.
    #[serde(flatten)]
    pub quality: Option<Quality>,
    /// By rule.
    pub rules: BTreeMap<Rule, RuleCounts>,
    /// False events by hour and window.
    pub fp_per_window_hour: f64,
    /// First `at` − opened − dwell of the matched events; left out without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_s: Option<Latency>,
}

/// Percentiles in seconds, by linear interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

impl EventScores {
    /// Scores one clip of `duration` seconds.
    ///
    /// Expected is each labelled episode of an enabled rule that lasts at least its dwell.
    pub fn add(
        &mut self,
        truth: &[TrueEvent],
        raised: &[RaisedEvent],
        policy: &Policy,
        windows: &[WindowId],
        duration: f64,
    ) {
        let lasts = |e: &&TrueEvent| {
            let settings = policy.rule(e.rule);
            settings.enabled && e.closed.unwrap_or(duration) - e.opened >= settings.raise_after_s - SLACK_S
        };
        let expected: Vec<_> = truth.iter().filter(lasts).collect();
        for window in windows {
            for rule in Rule::ALL {
                let here = |w: &WindowId, r: Rule| w == window && r == rule;
                let opened: Vec<_> =
                    expected.iter().filter(|e| here(&e.window, e.rule)).map(|e| e.opened).collect();
                let raised: Vec<_> = raised.iter().filter(|e| here(&e.window, e.rule)).collect();
                if opened.is_empty() && raised.is_empty() {
                    continue;
                }
                let found = pair(&opened, &raised.iter().map(|e| e.opened).collect::<Vec<_>>());
                let counts = self.rules.entry(rule).or_default();
                counts.tp += found.len() as u64;
                counts.missed += (opened.len() - found.len()) as u64;
                counts.false_alarms += (raised.len() - found.len()) as u64;
                let dwell = policy.rule(rule).raise_after_s;
                self.latencies.extend(found.iter().map(|&(e, r)| raised[r].at - opened[e] - dwell));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "few windows")]
        let seconds = duration * windows.len() as f64;
        self.window_hours += seconds / 3600.0;
    }

    /// False events over all rules.
    #[must_use]
    pub fn false_alarms(&self) -> u64 {
        self.rules.values().map(|c| c.false_alarms).sum()
    }

    /// Hours of clips times windows in them.
    #[must_use]
    pub fn window_hours(&self) -> f64 {
        self.window_hours
    }

    /// The figures; `None` when no clip with labelled events was scored.
    #[must_use]
    pub fn report(&self) -> Option<EventReport> {
        let (tp, false_alarms) = (self.rules.values().map(|c| c.tp).sum::<u64>(), self.false_alarms());
        let missed: u64 = self.rules.values().map(|c| c.missed).sum();
        #[allow(clippy::cast_precision_loss, reason = "counts of events are small")]
        (self.window_hours > 0.0).then(|| EventReport {
            quality: Quality::of(tp, tp + false_alarms, tp + missed),
            rules: self.rules.clone(),
            fp_per_window_hour: round(false_alarms as f64 / self.window_hours),
            latency_s: percentile(&self.latencies, 0.5)
                .zip(percentile(&self.latencies, 0.95))
                .map(|(p50, p95)| Latency { p50: round(p50), p95: round(p95) }),
        })
    }
}

/// Pairs times of two lists one to one within the tolerance, as many as possible; indices into both lists.
///
/// In order of time the earliest of each list either fit together or one of them fits nothing: that is optimal.
fn pair(expected: &[f64], raised: &[f64]) -> Vec<(usize, usize)> {
    let order = |times: &[f64]| {
        let mut indices: Vec<usize> = (0..times.len()).collect();
        indices.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
        indices
    };
    let (expected_order, raised_order) = (order(expected), order(raised));
    let (mut e, mut r, mut pairs) = (0, 0, Vec::new());
    while let (Some(&i), Some(&j)) = (expected_order.get(e), raised_order.get(r)) {
        let late = raised[j] - expected[i];
        if late.abs() <= TOLERANCE_S + SLACK_S {
            pairs.push((i, j));
            (e, r) = (e + 1, r + 1);
        } else if late < 0.0 {
            r += 1;
        } else {
            e += 1;
        }
    }
    pairs
}

/// A percentile by linear interpolation between ranks; `None` of nothing.
#[must_use]
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks"
)]
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = share * (sorted.len().checked_sub(1)? as f64);
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    Some(low + (high - low) * rank.fract())
}

/// Upper end of the exact one-sided 95 % interval of a Poisson mean of which `count` were seen:
/// the mean under which so few or fewer have a chance of 5 % (Garwood 1936).
#[must_use]
pub fn poisson_upper_95(count: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "counts of events are small")]
    let chance = |mean: f64| {
        let (mut log_term, mut sum) = (-mean, (-mean).exp());
        for k in 1..=count {
            log_term += mean.ln() - (k as f64).ln();
            sum += log_term.exp();
        }
        sum
    };
    #[allow(clippy::cast_precision_loss, reason = "counts of events are small")]
    let (mut low, mut high) = (0.0, 10.0 + 3.0 * count as f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if chance(middle) > 0.05 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(id: &str) -> WindowId {
        WindowId::new(id).unwrap()
    }

    fn truth(id: &str, rule: Rule, opened: f64, closed: impl Into<Option<f64>>) -> TrueEvent {
        TrueEvent { window: window(id), rule, opened, closed: closed.into() }
    }

    fn raised(id: &str, rule: Rule, opened: f64, at: f64) -> RaisedEvent {
        RaisedEvent { window: window(id), rule, opened, at }
    }

    /// A minute with two windows; dwells of 5 s for absence, disabled tilted, defaults for the rest (smoking 4 s).
    fn score(truth: &[TrueEvent], raised: &[RaisedEvent]) -> EventReport {
        let rules = "absence = { raise_after_s = 5 }\ntilted = { enabled = false }".parse().unwrap();
        let policy = Policy::default().with_rules(rules, "").unwrap();
        let mut scores = EventScores::default();
        scores.add(truth, raised, &policy, &[window("1"), window("2")], 60.0);
        scores.report().unwrap()
    }

    #[test]
    fn events_match_by_window_rule_and_time() {
        let check = |truth: &[TrueEvent], raised: &[RaisedEvent], expected: (u64, u64, u64)| {
            let report = score(truth, raised);
            let sum = |pick: fn(&RuleCounts) -> u64| report.rules.values().map(pick).sum::<u64>();
            let got = (sum(|c| c.tp), sum(|c| c.false_alarms), sum(|c| c.missed));
            assert_eq!(got, expected, "{truth:?} against {raised:?}");
        };
        let absence = truth("1", Rule::Absence, 10.0, 20.0);
        check(std::slice::from_ref(&absence), &[raised("1", Rule::Absence, 12.0, 17.0)], (1, 0, 0));
        check(std::slice::from_ref(&absence), &[raised("1", Rule::Absence, 8.0, 13.0)], (1, 0, 0));
        check(std::slice::from_ref(&absence), &[raised("1", Rule::Absence, 12.1, 17.0)], (0, 1, 1));
        check(std::slice::from_ref(&absence), &[raised("2", Rule::Absence, 10.0, 15.0)], (0, 1, 1));
        check(std::slice::from_ref(&absence), &[raised("1", Rule::Smoking, 10.0, 15.0)], (0, 1, 1));
        check(std::slice::from_ref(&absence), &[], (0, 0, 1));
        // One to one: a second event for the same episode is false.
        let twice = [raised("1", Rule::Absence, 10.0, 15.0), raised("1", Rule::Absence, 11.0, 16.0)];
        check(&[absence], &twice, (1, 1, 0));
        // Shorter than the dwell, or of a rule that is off: not expected.
        check(&[truth("1", Rule::Absence, 10.0, 14.9)], &[], (0, 0, 0));
        check(&[truth("1", Rule::Absence, 10.1, 15.1)], &[], (0, 0, 1));
        check(&[truth("1", Rule::Tilted, 0.0, None)], &[], (0, 0, 0));
        // Open at the end lasts until the end of the clip.
        check(&[truth("1", Rule::Absence, 55.0, None)], &[], (0, 0, 1));
        check(&[truth("1", Rule::Absence, 55.1, None)], &[], (0, 0, 0));
        // Pairing the closest first would find only one of these.
        let near = [truth("1", Rule::Smoking, 10.0, 18.0), truth("1", Rule::Smoking, 13.0, 21.0)];
        check(
            &near,
            &[raised("1", Rule::Smoking, 11.6, 16.0), raised("1", Rule::Smoking, 14.9, 19.0)],
            (2, 0, 0),
        );
    }

    #[test]
    fn latency_counts_from_the_dwell() {
        let report = score(
            &[truth("1", Rule::Absence, 10.0, 30.0), truth("2", Rule::Smoking, 20.0, 30.0)],
            &[raised("1", Rule::Absence, 10.2, 15.5), raised("2", Rule::Smoking, 20.0, 25.5)],
        );
        assert_eq!(report.latency_s, Some(Latency { p50: 1.0, p95: 1.45 }));
        assert_eq!(report.quality.map(|q| (q.precision, q.recall)), Some((1.0, 1.0)));
        assert_eq!(report.fp_per_window_hour, 0.0);
    }

    #[test]
    fn false_events_count_by_window_hour() {
        let report = score(&[], &[raised("1", Rule::Clutter, 3.0, 30.0)]);
        assert!((report.fp_per_window_hour - 30.0).abs() < 1e-9, "one in two window-minutes");
        let quiet = score(&[], &[]);
        assert_eq!((quiet.quality, quiet.fp_per_window_hour, quiet.latency_s), (None, 0.0, None));
        let json = serde_json::to_value(&quiet).unwrap();
        assert_eq!(json, serde_json::json!({"rules": {}, "fp_per_window_hour": 0.0}));
        assert!(EventScores::default().report().is_none());
    }

    #[test]
    fn poisson_bounds_are_those_of_the_tables() {
        for (count, expected) in [(0, 2.996), (1, 4.744), (2, 6.296), (10, 16.962), (50, 63.287)] {
            let got = poisson_upper_95(count);
            assert!((got - expected).abs() < 0.001, "{count}: {got}, expected {expected}");
        }
    }

    proptest! {
        #[test]
        fn pairs_are_one_to_one_and_within_tolerance(
            a in prop::collection::vec(0.0f64..30.0, 0..8), b in prop::collection::vec(0.0f64..30.0, 0..8),
        ) {
            let pairs = pair(&a, &b);
            let (mut left, mut right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            prop_assert!(pairs.iter().all(|&(i, j)| (a[i] - b[j]).abs() <= TOLERANCE_S + SLACK_S));
            left.sort_unstable(); left.dedup();
            right.sort_unstable(); right.dedup();
            prop_assert_eq!((left.len(), right.len()), (pairs.len(), pairs.len()));
            prop_assert_eq!(pair(&b, &a).len(), pairs.len());
        }
    }
}
