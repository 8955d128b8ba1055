//! Scores: pure functions from truth and what the system said to the figures of the report.
//!
//! Conventions that the contract leaves open: a ratio whose denominator is empty is 0, a part in which both truth and
//! answers are empty is left out, and figures are rounded to six places.

pub mod events;
pub mod items;
pub mod reliability;
pub mod signals;

use serde::Serialize;

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Share of what was said that is true; 0 when nothing was said.
    pub precision: f64,
    /// Share of what is true that was said; 0 when nothing is true.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl Quality {
    /// From the number of hits, of answers and of true cases; `None` when there is neither answer nor case.
    #[must_use]
    pub fn of(hits: u64, said: u64, cases: u64) -> Option<Self> {
        let f1 = round(ratio(2 * hits, said + cases));
        (said + cases > 0).then(|| Self {
            precision: round(ratio(hits, said)),
            recall: round(ratio(hits, cases)),
            f1,
        })
    }
}

/// `part / whole`, 0 for an empty whole.
#[allow(clippy::cast_precision_loss, reason = "counts of frames are far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// To six places, so that reports stay readable.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality() {
        let q = |hits, said, cases| Quality::of(hits, said, cases).map(|q| (q.precision, q.recall, q.f1));
        assert_eq!(q(0, 0, 0), None);
        assert_eq!(q(0, 3, 0), Some((0.0, 0.0, 0.0)));
        assert_eq!(q(0, 0, 2), Some((0.0, 0.0, 0.0)));
        assert_eq!(q(2, 4, 2), Some((0.5, 1.0, 0.666667)));
    }
}
