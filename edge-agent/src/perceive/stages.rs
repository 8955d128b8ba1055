//! How long each stage of looking takes.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A step on the way of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named after what is done")]
pub enum Stage {
    Decode,
    Mask,
    Person,
    Pose,
    Window,
    Badge,
    Smoking,
    Desk,
    Reference,
}

impl Stage {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Decode => "decode",
            Stage::Mask => "mask",
            Stage::Person => "person",
            Stage::Pose => "pose",
            Stage::Window => "window",
            Stage::Badge => "badge",
            Stage::Smoking => "smoking",
            Stage::Desk => "desk",
            Stage::Reference => "reference",
        }
    }
}

/// Times kept for percentiles; older ones are forgotten, sums and counts are not.
const KEPT: usize = 4096;

/// Times of all stages.
#[derive(Debug, Clone, Default)]
pub struct Stages {
    times: BTreeMap<Stage, Times>,
}

/// Times of one stage.
#[derive(Debug, Clone, Default)]
pub struct Times {
    count: u32,
    total: Duration,
    recent: VecDeque<Duration>,
}

impl Stages {
    /// Runs something and notes how long it took.
    pub fn time<T>(&mut self, stage: Stage, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = run();
        self.note(stage, start.elapsed());
        result
    }

    /// Notes how long something took.
    pub fn note(&mut self, stage: Stage, took: Duration) {
        self.times.entry(stage).or_default().note(took);
    }

    /// Every stage that ran.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, &Times)> {
        self.times.iter().map(|(&stage, times)| (stage, times))
    }

    /// Mean milliseconds by stage.
    #[must_use]
    pub fn mean_ms(&self) -> BTreeMap<&'static str, f64> {
        self.iter().map(|(stage, times)| (stage.name(), times.mean_ms())).collect()
    }
}

impl Times {
    /// Notes how long something took.
    pub fn note(&mut self, took: Duration) {
        self.count = self.count.saturating_add(1);
        self.total += took;
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
    }

    /// How often the stage ran.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Mean milliseconds.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        self.total.as_secs_f64() * 1000.0 / f64::from(self.count.max(1))
    }

    /// The last times in milliseconds, at most 4096.
    #[must_use]
    pub fn recent_ms(&self) -> Vec<f64> {
        self.recent.iter().map(|t| t.as_secs_f64() * 1000.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_and_bounded() {
        let mut stages = Stages::default();
        for ms in 0..5000 {
            stages.note(Stage::Pose, Duration::from_millis(ms));
        }
        let (_, times) = stages.iter().next().unwrap();
        assert_eq!((times.count(), times.recent_ms().len()), (5000, KEPT));
        assert!((times.mean_ms() - 2499.5).abs() < 1e-6);
        assert_eq!(stages.mean_ms().keys().copied().collect::<Vec<_>>(), ["pose"]);
    }
}
