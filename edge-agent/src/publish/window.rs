//! Which messages are under way to central.

use chuangming_domain::wire::Ack;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Bounds the messages under way and notices when central stays silent.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    under_way: HashSet<Ack>,
    /// The position in the outbox behind which nothing was sent yet.
    cursor: i64,
    last_progress: Instant,
    first_patience: Duration,
    patience: Duration,
    patience_cap: Duration,
}

impl Window {
    pub(super) fn new(size: usize, patience: Duration, patience_cap: Duration, now: Instant) -> Self {
        Self {
            size,
            under_way: HashSet::new(),
            cursor: 0,
            last_progress: now,
            first_patience: patience,
            patience,
            patience_cap,
        }
    }

    /// How many more messages may be sent.
    pub(super) fn room(&self) -> usize {
        self.size - self.under_way.len()
    }

    /// Whether everything sent was acknowledged.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Behind which position of the outbox the next message is.
    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// A message went out.
    pub(super) fn sent(&mut self, key: Ack, position: i64, now: Instant) {
        if self.under_way.is_empty() {
            self.last_progress = now;
        }
        self.under_way.insert(key);
        self.cursor = position;
    }

    /// Central has these.
    pub(super) fn acknowledged(&mut self, acks: &[Ack], now: Instant) {
        let before = self.under_way.len();
        for ack in acks {
            self.under_way.remove(ack);
        }
        if self.under_way.len() < before {
            self.last_progress = now;
            self.patience = self.first_patience;
        }
    }

    /// When central was silent for too long, begins again with the oldest message, and is more patient the next time.
    pub(super) fn give_up_if_overdue(&mut self, now: Instant) {
        if !self.under_way.is_empty() && now.duration_since(self.last_progress) >= self.patience {
            self.under_way.clear();
            self.cursor = 0;
            self.patience = (self.patience * 2).min(self.patience_cap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::event::EventId;

    fn ack(n: u128) -> Ack {
        Ack { id: EventId(uuid::Uuid::from_u128(n)), seq: 0 }
    }

    #[test]
    fn a_silent_central_gets_everything_again_with_growing_patience() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut window = Window::new(3, Duration::from_secs(10), Duration::from_secs(25), start);
        for n in 1..=3 {
            window.sent(ack(n), n as i64, at(100));
        }
        assert_eq!((window.room(), window.cursor()), (0, 3), "patience begins when something is sent");

        window.acknowledged(&[ack(2), ack(9)], at(105));
        window.give_up_if_overdue(at(114));
        assert_eq!((window.room(), window.cursor()), (1, 3), "an acknowledgement renews patience");
        window.give_up_if_overdue(at(115));
        assert_eq!((window.room(), window.cursor()), (3, 0));

        for (sent, too_early, given_up) in [(115, 134, 135), (135, 159, 160), (160, 184, 185)] {
            window.sent(ack(1), 1, at(sent));
            window.give_up_if_overdue(at(too_early));
            assert!(!window.is_empty(), "{too_early}");
            window.give_up_if_overdue(at(given_up));
            assert!(window.is_empty(), "{given_up}");
        }
        window.sent(ack(1), 1, at(200));
        window.acknowledged(&[ack(1)], at(201));
        window.sent(ack(4), 4, at(201));
        window.give_up_if_overdue(at(211));
        assert!(window.is_empty(), "an acknowledgement brings the first patience back");
    }
}
