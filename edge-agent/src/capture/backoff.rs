//! How long to wait before a lost camera is tried again.

use std::time::Duration;

/// Waits that double up to a cap, each shortened by chance so that cameras behind one switch do not return in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with `first` and never waits longer than `cap`.
    #[must_use]
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap, next: first.min(cap) }
    }

    /// The next wait: between half of the current step and the whole of it, by `chance` from 0 to 1.
    pub fn wait(&mut self, chance: f64) -> Duration {
        let step = self.next;
        self.next = step.saturating_mul(2).min(self.cap);
        step.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }

    /// Begins again with the shortest wait.
    pub fn reset(&mut self) {
        self.next = self.first.min(self.cap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_the_cap_and_begin_again() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(3));
        let waits: Vec<u128> = (0..5).map(|_| backoff.wait(1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 3000, 3000]);
        backoff.reset();
        assert_eq!(backoff.wait(0.0).as_millis(), 250);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_cap(first in 0_u64..10_000, cap in 0_u64..10_000, chances in prop::collection::vec(-1.0..2.0, 1..100)) {
            let mut backoff = Backoff::new(Duration::from_millis(first), Duration::from_millis(cap));
            for chance in chances {
                prop_assert!(backoff.wait(chance) <= Duration::from_millis(cap));
            }
        }
    }
}
