//! Observed time and the share of it for which something held.

use jiff::SignedDuration;

/// How much time was observed since some beginning, for how much of it something held, and how much was unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Share {
    pub(crate) observed: SignedDuration,
    pub(crate) held: SignedDuration,
    pub(crate) unknown: SignedDuration,
}

impl Share {
    /// Adds time in which it held, did not hold, or nobody knows.
    pub(crate) fn add(&mut self, length: SignedDuration, held: Option<bool>) {
        match held {
            Some(held) => {
                self.observed += length;
                self.held += if held { length } else { SignedDuration::ZERO };
            }
            None => self.unknown += length,
        }
    }

    /// Leaves out the time since some later beginning; `end` holds the time in which it did *not* hold.
    pub(crate) fn leave_out(&mut self, end: &Share) {
        self.observed -= end.observed;
        self.held -= end.observed - end.held;
        self.unknown -= end.unknown;
    }

    /// Whether it held for at least that share of the observed time; `slack` seconds are forgiven.
    pub(crate) fn reaches(&self, ratio: f64, slack: f64) -> bool {
        // A hair of rounding must not decide.
        self.held.as_secs_f64() + slack + 1e-6 >= ratio * self.observed.as_secs_f64()
    }
}

/// Something that must hold for some time: the condition for the dwell, or its absence for the clear time.
///
/// A run begins when it first holds, and lives as long as it has held for at least `ratio` of the observed time since
/// then. Short interruptions cost their own length and no more. (This is the change point of a cumulative sum: the
/// beginning is where the evidence starts, not where a look back over a fixed length happens to end.)
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    length: SignedDuration,
    ratio: f64,
    /// Seconds of interruption forgiven at the beginning of a run, where a single look weighs much. Kept at or
    /// below one second, so that a false look shortly before the truth moves the beginning by less than two.
    slack: f64,
}

impl Demand {
    /// That something holds for `seconds` of observed time and for at least `ratio` of it.
    pub(crate) fn new(seconds: f64, ratio: f64) -> Self {
        Self { length: SignedDuration::from_secs_f64(seconds), ratio, slack: (seconds / 4.0).min(1.0) }
    }

    /// Whether the run goes on.
    pub(crate) fn sustained_by(&self, run: &Share) -> bool {
        run.reaches(self.ratio, self.slack)
    }

    /// Whether the run has all that is demanded.
    pub(crate) fn met_by(&self, run: &Share) -> bool {
        run.observed >= self.length && run.reaches(self.ratio, 0.0)
    }
}
