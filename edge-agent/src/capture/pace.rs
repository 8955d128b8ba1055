//! Which frames of a faster stream are worth converting.

use std::time::{Duration, Instant};

/// Chooses at most a given number of frames a second, evenly.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` frames a second.
    pub(super) fn new(rate: f64) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate), next: None }
    }

    /// Whether a frame that comes now is chosen. A frame may come a quarter of the interval early, so that
    /// a stream at just the wanted rate loses none to jitter.
    pub(super) fn choose(&mut self, now: Instant) -> bool {
        match self.next {
            Some(next) if now + self.interval / 4 < next => false,
            next => {
                let due =
                    next.filter(|next| now.saturating_duration_since(*next) < self.interval).unwrap_or(now);
                self.next = Some(due + self.interval);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many frames out of 10 s are chosen at 5 a second when they come `every` ms, each early or late by `jitter` in turn.
    fn chosen(every: u64, jitter: i64) -> usize {
        let start = Instant::now() + Duration::from_secs(1);
        let mut pace = Pace::new(5.0);
        (0..10_000 / every)
            .filter(|n| {
                let shift = if n % 2 == 0 { jitter } else { -jitter };
                pace.choose(start + Duration::from_millis((1000 + n * every).saturating_add_signed(shift)))
            })
            .count()
    }

    #[test]
    fn the_wanted_rate_is_met_and_not_passed() {
        for (every, jitter, expected) in [
            (40, 0, 50),
            (40, 10, 50),
            (100, 20, 50),
            (200, 0, 50),
            (200, 20, 50),
            (1000, 0, 10),
            (66, 0, 50),
        ] {
            let n = chosen(every, jitter);
            assert!(
                n.abs_diff(expected) <= 1,
                "a frame every {every} ± {jitter} ms: {n} chosen, not {expected}"
            );
        }
    }

    #[test]
    fn a_gap_is_not_made_up_for() {
        let start = Instant::now();
        let mut pace = Pace::new(5.0);
        assert!(pace.choose(start));
        let late = start + Duration::from_secs(10);
        let burst = (0..10).filter(|n| pace.choose(late + Duration::from_millis(*n))).count();
        assert_eq!(burst, 1);
    }
}
