//! Signals with classes: confusion with a column for unknown, precision and recall of the positive classes.

use super::{Quality, ratio, round};
use chuangming_domain::observation::{Badge, Posture, Presence, Reading, Signal, Smoking};
use serde::Serialize;
use std::collections::BTreeMap;

/// The column for what the system could not tell.
pub const UNKNOWN: &str = "unknown";

/// The classes of a signal as reports name them, and whether each is one that rules look for. The desk has none.
#[must_use]
pub const fn classes(signal: Signal) -> &'static [(&'static str, bool)] {
    match signal {
        Signal::Presence => &[("present", false), ("absent", true)],
        Signal::Posture => &[
            ("upright", false),
            ("slumped", true),
            ("leaning_back", true),
            ("tilted", true),
            ("standing", false),
        ],
        Signal::Badge => &[("worn", false), ("missing", true)],
        Signal::Smoking => &[("none", false), ("smoking", true)],
        Signal::Desk => &[],
    }
}

/// A value that is one of the [`classes`] of a signal.
pub trait Class {
    /// The class as reports name it.
    fn class(&self) -> &'static str;
}

impl Class for Presence {
    fn class(&self) -> &'static str {
        if matches!(self, Presence::Absent) { "absent" } else { "present" }
    }
}

impl Class for Posture {
    fn class(&self) -> &'static str {
        self.name()
    }
}

impl Class for Badge {
    fn class(&self) -> &'static str {
        if matches!(self, Badge::Missing) { "missing" } else { "worn" }
    }
}

impl Class for Smoking {
    fn class(&self) -> &'static str {
        if matches!(self, Smoking::Smoking) { "smoking" } else { "none" }
    }
}

/// The class that a reading says, or [`UNKNOWN`].
pub fn said<T: Class>(reading: &Reading<T>) -> &'static str {
    reading.value().map_or(UNKNOWN, Class::class)
}

/// How often each true class was said to be what.
#[derive(Debug, Clone, Default)]
pub struct Confusion {
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

/// One signal's part of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalReport {
    /// Scored frames, the unknown ones included.
    pub n: u64,
    /// Share of them that the system could not tell.
    pub unknown_rate: f64,
    /// Truth → what was said → frames.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// The positive classes that occur in truth or answers.
    pub classes: BTreeMap<&'static str, Quality>,
    /// Mean F1 of all classes, positive or not, that occur in truth.
    pub macro_f1: f64,
}

impl Confusion {
    /// Counts one frame.
    pub fn add(&mut self, truth: &'static str, said: &'static str) {
        *self.counts.entry((truth, said)).or_default() += 1;
    }

    fn sum(&self, keep: impl Fn(&str, &str) -> bool) -> u64 {
        self.counts.iter().filter(|((truth, said), _)| keep(truth, said)).map(|(_, n)| n).sum()
    }

    /// The figures; `None` when no frame was scored.
    #[must_use]
    pub fn report(&self, signal: Signal) -> Option<SignalReport> {
        let n = self.sum(|_, _| true);
        let names = || classes(signal).iter().map(|&(name, _)| name);
        let count = |t, s| self.counts.get(&(t, s)).copied().unwrap_or(0);
        let row = |t| names().chain([UNKNOWN]).map(|s| (s, count(t, s))).collect();
        // Unknown is no answer, so it takes from recall but not from precision.
        let cases = |class: &str| self.sum(|truth, _| truth == class);
        let quality =
            |class| Quality::of(count(class, class), self.sum(|_, said| said == class), cases(class));
        let in_truth: Vec<f64> = names().filter(|c| cases(c) > 0).filter_map(quality).map(|q| q.f1).collect();
        let positive = classes(signal).iter().filter(|(_, positive)| *positive);
        #[allow(clippy::cast_precision_loss, reason = "at most five classes")]
        (n > 0).then(|| SignalReport {
            n,
            unknown_rate: round(ratio(self.sum(|_, said| said == UNKNOWN), n)),
            confusion: names().map(|t| (t, row(t))).collect(),
            classes: positive.filter_map(|&(name, _)| Some((name, quality(name)?))).collect(),
            macro_f1: round(in_truth.iter().sum::<f64>() / in_truth.len() as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::observation::UnknownReason;
    use proptest::prelude::*;

    fn counted(pairs: &[(&'static str, &'static str, u64)]) -> Confusion {
        Confusion { counts: pairs.iter().map(|&(t, s, n)| ((t, s), n)).collect() }
    }

    #[test]
    fn unknown_takes_from_recall_and_not_from_precision() {
        let report = counted(&[
            ("absent", "absent", 6),
            ("absent", "unknown", 2),
            ("present", "absent", 2),
            ("present", "present", 9),
            ("present", "unknown", 1),
        ])
        .report(Signal::Presence)
        .unwrap();
        assert_eq!((report.n, report.unknown_rate), (20, 0.15));
        let absent = report.classes["absent"];
        assert_eq!((absent.precision, absent.recall), (0.75, 0.75));
        assert_eq!(report.classes.len(), 1, "present is no positive class");
        assert_eq!(report.confusion["present"]["unknown"], 1);
        // absent 0.75; present: precision 9/9, recall 9/12 → 6/7.
        assert!((report.macro_f1 - (0.75 + 6.0 / 7.0) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn macro_f1_is_over_the_classes_of_the_truth() {
        let report =
            counted(&[("upright", "upright", 4), ("slumped", "slumped", 1), ("slumped", "tilted", 1)])
                .report(Signal::Posture)
                .unwrap();
        assert_eq!(report.classes.keys().copied().collect::<Vec<_>>(), ["slumped", "tilted"]);
        assert_eq!(report.classes["tilted"], Quality { precision: 0.0, recall: 0.0, f1: 0.0 });
        assert!((report.macro_f1 - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_scored_is_left_out() {
        assert!(Confusion::default().report(Signal::Badge).is_none());
        let unknown = counted(&[("missing", "unknown", 3)]).report(Signal::Badge).unwrap();
        assert_eq!((unknown.unknown_rate, unknown.macro_f1), (1.0, 0.0));
        assert_eq!(unknown.classes["missing"].recall, 0.0);
    }

    #[test]
    fn readings_become_classes() {
        assert_eq!(said(&Reading::known(Presence::Present { people: 2 }, 0.9)), "present");
        assert_eq!(said(&Reading::known(Smoking::None, 0.9)), "none");
        assert_eq!(said(&Reading::<Badge>::Unknown(UnknownReason::Dark)), "unknown");
        for signal in Signal::ALL {
            let positive = classes(signal).iter().filter(|(_, p)| *p).count();
            assert_eq!(
                positive,
                match signal {
                    Signal::Posture => 3,
                    Signal::Desk => 0,
                    _ => 1,
                }
            );
        }
    }

    proptest! {
        #[test]
        fn figures_stay_between_0_and_1(cells in prop::collection::vec((0usize..5, 0usize..6, 0u64..50), 0..40)) {
            let names: Vec<_> = classes(Signal::Posture).iter().map(|&(n, _)| n).chain([UNKNOWN]).collect();
            let mut confusion = Confusion::default();
            for &(t, s, n) in &cells {
                (0..n).for_each(|_| confusion.add(names[t], names[s]));
            }
            let total: u64 = cells.iter().map(|c| c.2).sum();
            match confusion.report(Signal::Posture) {
                None => prop_assert_eq!(total, 0),
                Some(report) => {
                    prop_assert_eq!(report.n, total);
                    prop_assert_eq!(report.confusion.values().flat_map(|row| row.values()).sum::<u64>(), total);
                    let figures = report.classes.values().flat_map(|q| [q.precision, q.recall, q.f1]);
                    for figure in figures.chain([report.macro_f1, report.unknown_rate]) {
                        prop_assert!((0.0..=1.0).contains(&figure));
                    }
                }
            }
        }
    }
}
