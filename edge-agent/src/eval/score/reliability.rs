//! Whether confidences are true: of all that is said with a confidence of 0.9, nine in ten should be right.

/// Answers are gathered by confidence in so many bins of equal width.
const BINS: usize = 10;

/// Answers by confidence. What is unknown has none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reliability([Bin; BINS]);

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bin {
    n: u32,
    right: u32,
    confidence: f64,
}

/// A bin with answers in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Mean confidence.
    pub confidence: f64,
    /// Share of right answers.
    pub right: f64,
    /// Share of all answers that lie in the bin.
    pub weight: f64,
}

impl Reliability {
    /// Counts one answer.
    pub fn add(&mut self, confidence: f64, right: bool) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0 to 10"
        )]
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        let bin = &mut self.0[bin];
        bin.n += 1;
        bin.right += u32::from(right);
        bin.confidence += confidence;
    }

    /// The bins that hold answers, by confidence.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let all: f64 = self.0.iter().map(|bin| f64::from(bin.n)).sum();
        let point = |bin: &Bin| {
            let n = f64::from(bin.n);
            Point { confidence: bin.confidence / n, right: f64::from(bin.right) / n, weight: n / all }
        };
        self.0.iter().filter(|bin| bin.n > 0).map(point).collect()
    }

    /// Expected calibration error: how far confidence and truth are apart on average; `None` of nothing.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let points = self.points();
        (!points.is_empty()).then(|| points.iter().map(|p| (p.confidence - p.right).abs() * p.weight).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_gap_between_confidence_and_truth() {
        let mut answers = Reliability::default();
        assert_eq!((answers.error(), answers.points()), (None, vec![]));
        (0..8).for_each(|n| answers.add(0.95, n > 0));
        (0..2).for_each(|n| answers.add(0.55, n > 0));
        assert_eq!(answers.points().len(), 2);
        let expected = 0.8 * (0.95 - 0.875) + 0.2 * (0.55 - 0.5);
        assert!((answers.error().unwrap() - expected).abs() < 1e-9);
        answers.add(1.0, true);
        assert!((answers.points().iter().map(|p| p.weight).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
