//! Seconds observed and unknown, by hour and signal. It holds no states.

use chuangming_domain::observation::Signal;
use chuangming_domain::wire::Observed;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Coverage by the hour's start.
pub type Hours = BTreeMap<Timestamp, BTreeMap<Signal, Observed>>;

const HOUR_S: i64 = 3600;
/// Hours kept when nobody takes them; older ones are dropped.
const HOURS_KEPT: usize = 48;

/// What was counted and not yet taken, by the number of the hour since 1970.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    hours: BTreeMap<i64, BTreeMap<Signal, Counted>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    observed: SignedDuration,
    unknown: SignedDuration,
}

impl Coverage {
    /// Counts the time between two instants, split exactly where hours end.
    pub(crate) fn add(&mut self, signal: Signal, from: Timestamp, to: Timestamp, known: bool) {
        let (first, last) = (hour_of(from), hour_of(to));
        for hour in first.max(last - HOURS_KEPT as i64)..=last {
            let start = if hour == first { from } else { start_of(hour).unwrap_or(from) };
            let end = if hour == last { to } else { start_of(hour + 1).unwrap_or(to) };
            let length = end.duration_since(start);
            if length.is_positive() {
                let counted = self.hours.entry(hour).or_default().entry(signal).or_default();
                *(if known { &mut counted.observed } else { &mut counted.unknown }) += length;
            }
        }
        while self.hours.len() > HOURS_KEPT {
            self.hours.pop_first();
        }
    }

    /// Hands out the hours that ended by then.
    pub(crate) fn take(&mut self, until: Timestamp) -> Hours {
        let rest = self.hours.split_off(&hour_of(until));
        let ended = std::mem::replace(&mut self.hours, rest);
        ended.into_iter().filter_map(|(hour, signals)| Some((start_of(hour)?, seconds(signals)))).collect()
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR_S)
}

fn start_of(hour: i64) -> Option<Timestamp> {
    Timestamp::from_second(hour * HOUR_S).ok()
}

fn seconds(signals: BTreeMap<Signal, Counted>) -> BTreeMap<Signal, Observed> {
    let observed =
        |c: Counted| Observed { observed_s: c.observed.as_secs_f64(), unknown_s: c.unknown.as_secs_f64() };
    signals.into_iter().map(|(signal, counted)| (signal, observed(counted))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts one stretch and lists `hour observed unknown` of the presence signal.
    fn check(from: &str, to: &str, known: bool, expected: &[(&str, f64, f64)]) {
        let mut coverage = Coverage::default();
        coverage.add(Signal::Presence, from.parse().unwrap(), to.parse().unwrap(), known);
        let hours = coverage.take(Timestamp::MAX);
        let found: Vec<_> = hours
            .iter()
            .map(|(hour, signals)| (hour.to_string(), signals[&Signal::Presence]))
            .map(|(hour, o)| (hour, o.observed_s, o.unknown_s))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(h, o, u)| (format!("2026-11-22T{h}:00:00Z"), *o, *u)).collect();
        assert_eq!(found, expected, "{from} to {to}");
    }

    #[test]
    fn hours_are_split_exactly() {
        let t = |time: &str| format!("2026-11-22T{time}Z");
        check(&t("02:10:00"), &t("02:10:00.5"), true, &[("02", 0.5, 0.0)]);
        check(&t("02:59:59.75"), &t("03:00:00.5"), false, &[("02", 0.0, 0.25), ("03", 0.0, 0.5)]);
        check(&t("02:59:00"), &t("03:00:00"), true, &[("02", 60.0, 0.0)]);
        check(
            &t("02:30:00"),
            &t("05:15:00"),
            true,
            &[("02", 1800.0, 0.0), ("03", 3600.0, 0.0), ("04", 3600.0, 0.0), ("05", 900.0, 0.0)],
        );
        check(&t("02:30:00"), &t("02:30:00"), true, &[]);
    }

    #[test]
    fn only_ended_hours_are_taken_and_old_ones_forgotten() {
        let mut coverage = Coverage::default();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        coverage.add(Signal::Desk, at("2026-11-22T02:30:00Z"), at("2026-11-22T03:30:00Z"), true);
        assert_eq!(coverage.take(at("2026-11-22T03:59:59Z")).len(), 1);
        assert_eq!(coverage.take(at("2026-11-22T03:59:59Z")).len(), 0);
        assert_eq!(coverage.take(at("2026-11-22T04:00:00Z")).len(), 1);
        coverage.add(Signal::Desk, Timestamp::MIN, Timestamp::MAX, false);
        assert!(coverage.take(Timestamp::MAX).len() <= HOURS_KEPT);
    }
}
