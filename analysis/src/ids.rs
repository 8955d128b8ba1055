//! Ids of events: unique without a clock or a random source.

use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::EventId;
use uuid::{Builder, Uuid};

/// Gives out UUIDv7s that follow from the time, a name, a seed and a counter: the same input gives the same ids.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    /// What sets this source apart from all others.
    name: String,
    counter: u64,
}

impl Ids {
    pub(crate) fn new(name: String) -> Self {
        Self { name, counter: 0 }
    }

    /// The next id, for something that happens at that time.
    pub(crate) fn next(&mut self, at: Timestamp) -> EventId {
        self.counter += 1;
        let digest = Digest::of(format!("{} {} {}", self.name, self.counter, at.as_nanosecond()).as_bytes());
        let mut random = [0; 10];
        let hex = digest.as_str().trim_start_matches("sha256:").as_bytes();
        for (byte, pair) in random.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = pair
                .iter()
                .fold(0, |byte, digit| byte << 4 | (*digit as char).to_digit(16).unwrap_or(0) as u8);
        }
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let id: Uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        EventId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_version_7_of_their_time_and_differ() {
        let at: Timestamp = "2026-11-22T02:03:04.567Z".parse().unwrap();
        let mut seen = BTreeSet::new();
        for name in ["a", "b"] {
            let mut ids = Ids::new(name.to_owned());
            for _ in 0..100 {
                let EventId(id) = ids.next(at);
                assert_eq!(id.get_version_num(), 7);
                let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
                assert_eq!((seconds as i64, nanos / 1_000_000), (at.as_second(), 567));
                assert!(seen.insert(id), "{id} twice");
            }
        }
        let again: Vec<_> = (0..2).map(|_| Ids::new("a".to_owned()).next(at)).collect();
        assert_eq!(again[0], again[1]);
    }
}
