//! What the signals said in the last ten minutes: values, no pictures; in memory only and never sent.
//!
//! The calibration page replays them against another policy, and shows the newest.

use chuangming_analysis::Place;
use chuangming_domain::observation::{Observation, Signal};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};

/// Older observations are forgotten.
const SPAN: SignedDuration = SignedDuration::from_mins(10);
/// Observations kept of a place at most, whatever their rate; beyond it the oldest go.
const MOST: usize = 8192;

/// One thing that a signal said.
pub type Said = (Timestamp, Observation);

/// The last observations of every place.
#[derive(Debug, Default)]
pub struct Kept {
    places: Mutex<BTreeMap<Place, VecDeque<Said>>>,
}

impl Kept {
    /// Keeps what a signal said of a place.
    pub fn note(&self, at: Timestamp, place: &Place, observation: &Observation) {
        let mut places = self.places.lock();
        let said = places.entry(place.clone()).or_default();
        while said.front().is_some_and(|(then, _)| at.duration_since(*then) > SPAN) || said.len() >= MOST {
            said.pop_front();
        }
        said.push_back((at, observation.clone()));
    }

    /// Forgets a place: what comes next is of another geometry, or of another scene.
    pub fn forget(&self, place: &Place) {
        self.places.lock().remove(place);
    }

    /// Forgets all places.
    pub fn clear(&self) {
        self.places.lock().clear();
    }

    /// What is kept of a place, the oldest first.
    #[must_use]
    pub fn of(&self, place: &Place) -> Vec<Said> {
        self.places.lock().get(place).map(|said| said.iter().cloned().collect()).unwrap_or_default()
    }

    /// The newest of each signal of a place.
    #[must_use]
    pub fn newest(&self, place: &Place) -> BTreeMap<Signal, Said> {
        let places = self.places.lock();
        let said = places.get(place).into_iter().flatten();
        said.map(|(at, observation)| (observation.signal(), (*at, observation.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::observation::{Presence, Reading, UnknownReason};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn ten_minutes_are_kept_and_never_more_than_the_bound() {
        let place = Place::Window("3".parse().unwrap());
        let kept = Kept::default();
        let absent = Observation::Presence(Reading::known(Presence::Absent, 0.9));
        for second in 0..1000 {
            kept.note(at(second * 1000), &place, &absent);
        }
        let said = kept.of(&place);
        assert_eq!((said.len(), said[0].0), (601, at(399_000)));
        for ms in 0..20_000 {
            kept.note(at(1_000_000 + ms), &place, &absent);
        }
        assert_eq!(kept.of(&place).len(), MOST);
        kept.forget(&place);
        assert!(kept.of(&place).is_empty() && kept.newest(&place).is_empty());
    }

    #[test]
    fn the_newest_of_each_signal_is_told() {
        let place = Place::Window("3".parse().unwrap());
        let kept = Kept::default();
        let unknown = Observation::unknown(Signal::Badge, UnknownReason::TooSmall);
        let absent = Observation::Presence(Reading::known(Presence::Absent, 0.9));
        for (ms, observation) in [(0, &unknown), (10, &absent), (20, &unknown)] {
            kept.note(at(ms), &place, observation);
        }
        let newest = kept.newest(&place);
        assert_eq!(newest[&Signal::Badge], (at(20), unknown));
        assert_eq!(newest[&Signal::Presence].0, at(10));
        assert_eq!(newest.len(), 2);
    }
}
