//! The guided self-test: somebody does what a rule watches for, and sees that it was seen.

use crate::kept::Said;
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{Badge, Observation, Posture, Presence, Reading, Signal};
use jiff::{SignedDuration, Timestamp};

/// A step counts when its signal held for so long,
const HOLDS: SignedDuration = SignedDuration::from_secs(2);
/// in at least so many looks, however far apart they are: a slow camera or a busy machine makes a step take longer, not fail.
const AT_LEAST: usize = 3;
/// But nobody knows what happened while there was no look for so long.
const GAP: SignedDuration = SignedDuration::from_secs(30);

/// Something to do in front of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Leave the seat.
    LeaveSeat,
    /// Lay the head on the arms.
    HeadOnArms,
    /// Take off the badge.
    BadgeOff,
    /// Put a cup on the desk.
    CupOnDesk,
}

impl Step {
    /// Every step, in the order in which they are asked for.
    pub const ALL: [Step; 4] = [Step::LeaveSeat, Step::HeadOnArms, Step::BadgeOff, Step::CupOnDesk];

    /// The name in the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Step::LeaveSeat => "leave_seat",
            Step::HeadOnArms => "head_on_arms",
            Step::BadgeOff => "badge_off",
            Step::CupOnDesk => "cup_on_desk",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The signal that sees it.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Step::LeaveSeat => Signal::Presence,
            Step::HeadOnArms => Signal::Posture,
            Step::BadgeOff => Signal::Badge,
            Step::CupOnDesk => Signal::Desk,
        }
    }

    /// Whether an observation shows it; `None` where it cannot tell.
    fn is_shown(self, observation: &Observation) -> Option<bool> {
        fn known<T>(reading: &Reading<T>, holds: impl Fn(&T) -> bool) -> Option<bool> {
            reading.value().map(holds)
        }
        match (self, observation) {
            (Step::LeaveSeat, Observation::Presence(said)) => known(said, |p| *p == Presence::Absent),
            (Step::HeadOnArms, Observation::Posture(said)) => known(said, |p| *p == Posture::Slumped),
            (Step::BadgeOff, Observation::Badge(said)) => known(said, |b| *b == Badge::Missing),
            (Step::CupOnDesk, Observation::Desk(said)) => {
                known(said, |d| d.items.iter().any(|item| item.class == ItemClass::Cup))
            }
            _ => None,
        }
    }

    /// When it was first seen from `since` on: it held, and before that it did not. A cup that is there all the time
    /// proves nothing.
    #[must_use]
    pub fn seen(self, said: &[Said], since: Timestamp) -> Option<Timestamp> {
        let mut was_otherwise = false;
        let mut held: Vec<Timestamp> = Vec::new();
        let own = said.iter().filter(|(at, o)| *at >= since && o.signal() == self.signal());
        for (at, observation) in own {
            match self.is_shown(observation) {
                Some(false) => {
                    was_otherwise = true;
                    held.clear();
                }
                Some(true) if was_otherwise => {
                    if held.last().is_some_and(|last| at.duration_since(*last) > GAP) {
                        held.clear();
                    }
                    held.push(*at);
                    if held.len() >= AT_LEAST && at.duration_since(held[0]) >= HOLDS {
                        return Some(*at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not seen yet.
    Waiting,
    /// Seen at that time.
    Seen(Timestamp),
    /// Left out by the installer.
    Skipped,
}

/// A self-test of one window.
#[derive(Debug, Clone)]
pub struct Selftest {
    since: Timestamp,
    steps: [(Step, StepState); 4],
}

impl Selftest {
    /// Begins now.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { since: now, steps: Step::ALL.map(|step| (step, StepState::Waiting)) }
    }

    /// Ticks off what was seen, in any order.
    pub fn tick(&mut self, said: &[Said]) {
        for (step, state) in &mut self.steps {
            if *state == StepState::Waiting
                && let Some(at) = step.seen(said, self.since)
            {
                *state = StepState::Seen(at);
            }
        }
    }

    /// Leaves a step out; one that was seen stays seen.
    pub fn skip(&mut self, step: Step) {
        for (own, state) in &mut self.steps {
            if *own == step && *state == StepState::Waiting {
                *state = StepState::Skipped;
            }
        }
    }

    /// How far each step is.
    #[must_use]
    pub fn steps(&self) -> &[(Step, StepState)] {
        &self.steps
    }

    /// Whether a step is still waited for.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.steps.iter().any(|(_, state)| *state == StepState::Waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::geometry::Rect;
    use chuangming_domain::observation::{Confidence, Desk, DeskItem, UnknownReason};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_767_574_800_000 + ms).unwrap()
    }

    fn presence(value: Presence) -> Observation {
        Observation::Presence(Reading::known(value, 0.9))
    }

    fn desk(classes: &[ItemClass]) -> Observation {
        let item = |class: &ItemClass| DeskItem {
            class: *class,
            bounds: Rect { x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
            confidence: Confidence::FULL,
        };
        Observation::Desk(Reading::known(
            Desk { items: classes.iter().map(item).collect(), ..Desk::default() },
            1.0,
        ))
    }

    #[test]
    fn a_step_counts_once_it_held_and_did_not_before() {
        let here = presence(Presence::Present { people: 1 });
        let gone = presence(Presence::Absent);
        let unknown = Observation::unknown(Signal::Presence, UnknownReason::Unsure);
        let check = |name: &str, said: &[(i64, &Observation)], expected: Option<i64>| {
            let said: Vec<Said> = said.iter().map(|(ms, o)| (at(*ms), (*o).clone())).collect();
            assert_eq!(Step::LeaveSeat.seen(&said, at(0)), expected.map(at), "{name}");
        };
        check("leaves", &[(0, &here), (1000, &gone), (2000, &gone), (3000, &gone)], Some(3000));
        check("away from the start", &[(0, &gone), (1000, &gone), (2000, &gone), (3000, &gone)], None);
        check("too short", &[(0, &here), (1000, &gone), (2000, &gone), (2900, &here)], None);
        check("two looks", &[(0, &here), (1000, &gone), (3500, &gone)], None);
        check("flickers", &[(0, &here), (1000, &gone), (2000, &here), (3000, &gone), (4000, &gone)], None);
        check(
            "unknown in between",
            &[(0, &here), (1000, &gone), (2000, &unknown), (2500, &gone), (3000, &gone)],
            Some(3000),
        );
        check(
            "with a gap",
            &[(0, &here), (1000, &gone), (2000, &gone), (32_500, &gone), (33_500, &gone)],
            None,
        );
        check("before the test", &[(-3000, &here), (0, &gone), (1000, &gone), (2000, &gone)], None);
    }

    #[test]
    fn a_window_that_is_looked_at_slowly_takes_three_looks_all_the_same() {
        let (here, gone) = (presence(Presence::Present { people: 1 }), presence(Presence::Absent));
        for period in [1000, 4000, 4500, 8000, 20_000] {
            let said: Vec<Said> = (0..4)
                .map(|look| (at(look * period), if look == 0 { &here } else { &gone }.clone()))
                .collect();
            for looks in 0..said.len() {
                assert_eq!(
                    Step::LeaveSeat.seen(&said[..looks], at(0)),
                    None,
                    "{looks} looks, one each {period} ms"
                );
            }
            assert_eq!(Step::LeaveSeat.seen(&said, at(0)), Some(at(3 * period)), "one look each {period} ms");
        }
    }

    #[test]
    fn every_step_has_its_signal() {
        let upright = Observation::Posture(Reading::known(Posture::Upright, 0.9));
        let slumped = Observation::Posture(Reading::known(Posture::Slumped, 0.9));
        let worn = Observation::Badge(Reading::known(Badge::Worn, 0.9));
        let missing = Observation::Badge(Reading::known(Badge::Missing, 0.9));
        let cases = [
            (Step::LeaveSeat, presence(Presence::Present { people: 2 }), presence(Presence::Absent)),
            (Step::HeadOnArms, upright, slumped),
            (Step::BadgeOff, worn, missing),
            (Step::CupOnDesk, desk(&[ItemClass::Monitor]), desk(&[ItemClass::Monitor, ItemClass::Cup])),
        ];
        let mut test = Selftest::new(at(0));
        let mut said: Vec<Said> = Vec::new();
        for (i, (step, before, after)) in (0i64..).zip(cases) {
            let start = i * 10_000;
            said.push((at(start), before));
            said.extend((1..5).map(|s| (at(start + s * 1000), after.clone())));
            test.tick(&said);
            assert_eq!(test.steps()[i as usize], (step, StepState::Seen(at(start + 3000))));
            assert_eq!(Step::by_name(step.name()), Some(step));
        }
        assert!(!test.is_running());
    }

    #[test]
    fn a_skipped_step_is_not_waited_for() {
        let mut test = Selftest::new(at(0));
        Step::ALL.into_iter().for_each(|step| test.skip(step));
        assert!(!test.is_running());
        test.tick(&[(at(0), presence(Presence::Present { people: 1 }))]);
        assert!(test.steps().iter().all(|(_, state)| *state == StepState::Skipped));
    }
}
