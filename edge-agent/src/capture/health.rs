//! Whether a camera can see: a pure state machine over [`Glance`]s, with time as an argument.
//!
//! A doubtful picture makes the camera unknown at once, so that nothing is concluded from it; a health event is raised
//! when the doubt has lasted, and cleared when the camera has been fine for a while.

use super::glance::Glance;
use super::stillness::Stillness;
use chuangming_domain::observation::UnknownReason;
use chuangming_domain::wire::{HealthKind, HealthPhase};
use jiff::{SignedDuration, Timestamp};

/// Thresholds. With the defaults every problem is found within 10 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthSettings {
    /// Without a frame for this long a camera is offline.
    pub offline_after: SignedDuration,
    /// With nothing new in its pictures for this long it is frozen; `None` for clips, which may well stand still.
    pub frozen_after: Option<SignedDuration>,
    /// Dark or covered for this long is reported.
    pub confirm_after: SignedDuration,
    /// Fine for this long is reported.
    pub recover_after: SignedDuration,
    /// Mean brightness (0 to 255) below which it is dark…
    pub dark_below: f32,
    /// …and, once dark, up to which it stays so.
    pub dark_until: f32,
    /// Detail (see [`Glance::detail`]) below which the picture counts as uniform: a covered lens. Scenes have 4 and more.
    pub detail_floor: f32,
    /// Share of the scene's usual detail below which the lens is covered.
    pub detail_share: f32,
}

impl HealthSettings {
    /// For a camera.
    pub const LIVE: HealthSettings = HealthSettings {
        offline_after: SignedDuration::from_secs(6),
        frozen_after: Some(SignedDuration::from_secs(5)),
        confirm_after: SignedDuration::from_secs(4),
        recover_after: SignedDuration::from_secs(3),
        dark_below: 16.0,
        dark_until: 24.0,
        detail_floor: 1.5,
        detail_share: 0.25,
    };
    /// For a clip played as a camera.
    pub const CLIP: HealthSettings = HealthSettings { frozen_after: None, ..HealthSettings::LIVE };
}

/// Once covered, the detail must rise this much above its limit.
const COVERED_HYSTERESIS: f32 = 1.5;
/// The usual detail follows the scene this slowly…
const USUAL_OVER_S: f32 = 60.0;
/// …and is trusted after this long.
const USUAL_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Whether a camera's pictures mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraState {
    /// It sees.
    Ok,
    /// It does not, for this reason: every signal of its windows is unknown.
    Unknown(UnknownReason),
}

/// A health event begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// `camera_offline`, `camera_frozen`, `camera_dark` or `camera_covered`.
    pub kind: HealthKind,
    /// Raised or cleared. At most one kind is raised at a time.
    pub phase: HealthPhase,
    /// When it was found.
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Offline,
    Dark,
    Covered,
    Frozen,
}

impl Problem {
    fn kind(self) -> HealthKind {
        match self {
            Problem::Offline => HealthKind::CameraOffline,
            Problem::Dark => HealthKind::CameraDark,
            Problem::Covered => HealthKind::CameraCovered,
            Problem::Frozen => HealthKind::CameraFrozen,
        }
    }

    fn reason(self) -> UnknownReason {
        match self {
            Problem::Offline => UnknownReason::Offline,
            Problem::Dark => UnknownReason::Dark,
            Problem::Covered => UnknownReason::Covered,
            Problem::Frozen => UnknownReason::Frozen,
        }
    }
}

/// Judges one camera.
#[derive(Debug)]
pub struct CameraHealth {
    settings: HealthSettings,
    started: Timestamp,
    last_frame: Option<Timestamp>,
    stillness: Stillness,
    usual: UsualDetail,
    /// What the last picture, or its absence, looked like, and since when it has.
    doubt: Option<(Problem, Timestamp)>,
    /// Since when nothing was fine.
    bad_since: Option<Timestamp>,
    /// Since when all was fine.
    fine_since: Option<Timestamp>,
    raised: Option<Problem>,
}

impl CameraHealth {
    /// A camera that was started now and has brought nothing yet.
    #[must_use]
    pub fn new(settings: HealthSettings, started: Timestamp) -> Self {
        Self {
            settings,
            started,
            last_frame: None,
            stillness: Stillness::default(),
            usual: UsualDetail::default(),
            doubt: None,
            bad_since: None,
            fine_since: None,
            raised: None,
        }
    }

    /// A frame came. `on_duty`: a dark picture is a problem only then.
    pub fn frame(&mut self, at: Timestamp, glance: &Glance, on_duty: bool) -> Vec<Transition> {
        let problem = self.judge(at, glance);
        self.last_frame = Some(at);
        self.settle(at, problem, on_duty)
    }

    /// Time passes without a frame: to be called at least once a second.
    pub fn tick(&mut self, at: Timestamp, on_duty: bool) -> Vec<Transition> {
        let silence = at.duration_since(self.last_frame.unwrap_or(self.started));
        if silence < self.settings.offline_after {
            return Vec::new();
        }
        self.stillness.reset();
        self.settle(at, Some(Problem::Offline), on_duty)
    }

    /// Whether the last picture means anything.
    #[must_use]
    pub fn state(&self) -> CameraState {
        match self.raised.or(self.doubt.map(|(problem, _)| problem)) {
            Some(problem) => CameraState::Unknown(problem.reason()),
            None if self.last_frame.is_none() => CameraState::Unknown(UnknownReason::Offline),
            None => CameraState::Ok,
        }
    }

    /// What is wrong with one picture, thresholds depending on what was wrong before.
    fn judge(&mut self, at: Timestamp, glance: &Glance) -> Option<Problem> {
        let settings = &self.settings;
        let still_for = self.stillness.next(at, glance);
        let was =
            |problem| self.raised == Some(problem) || self.doubt.is_some_and(|(doubt, _)| doubt == problem);

        let dark_limit = if was(Problem::Dark) { settings.dark_until } else { settings.dark_below };
        if glance.brightness() < dark_limit {
            return Some(Problem::Dark);
        }
        let needed = settings.detail_floor.max(self.usual.detail().unwrap_or(0.0) * settings.detail_share);
        let covered_limit = if was(Problem::Covered) { needed * COVERED_HYSTERESIS } else { needed };
        if glance.detail() < covered_limit {
            return Some(Problem::Covered);
        }
        if settings.frozen_after.is_some_and(|limit| still_for >= limit) {
            return Some(Problem::Frozen);
        }
        self.usual.follow(at, glance.detail());
        None
    }

    /// Waits until a doubt, or its end, has lasted.
    fn settle(&mut self, at: Timestamp, problem: Option<Problem>, on_duty: bool) -> Vec<Transition> {
        let mut transitions = Vec::new();
        match problem {
            Some(problem) => {
                self.fine_since = None;
                let bad_since = *self.bad_since.get_or_insert(at);
                let doubt_since = match self.doubt {
                    Some((doubt, since)) if doubt == problem => since,
                    _ => at,
                };
                self.doubt = Some((problem, doubt_since));
                // Another problem than the raised one must last by itself; the first may have looked different in between.
                let since = if self.raised.is_some() { doubt_since } else { bad_since };
                let reported = problem != Problem::Dark || on_duty;
                if at.duration_since(since) >= self.confirm_after(problem) {
                    self.raise(reported.then_some(problem), at, &mut transitions);
                }
            }
            None => {
                self.bad_since = None;
                self.doubt = None;
                let fine_since = *self.fine_since.get_or_insert(at);
                if at.duration_since(fine_since) >= self.settings.recover_after {
                    self.raise(None, at, &mut transitions);
                }
            }
        }
        transitions
    }

    /// How long a problem must last; the silence of an offline camera and the standstill of a frozen one have lasted already.
    fn confirm_after(&self, problem: Problem) -> SignedDuration {
        match problem {
            Problem::Offline | Problem::Frozen => SignedDuration::ZERO,
            Problem::Dark | Problem::Covered => self.settings.confirm_after,
        }
    }

    fn raise(&mut self, problem: Option<Problem>, at: Timestamp, transitions: &mut Vec<Transition>) {
        if self.raised == problem {
            return;
        }
        let mut report = |problem: Option<Problem>, phase| {
            transitions.extend(problem.map(|problem| Transition { kind: problem.kind(), phase, at }));
        };
        report(self.raised, HealthPhase::Cleared);
        report(problem, HealthPhase::Raised);
        self.raised = problem;
    }
}

/// The detail that the scene usually has, learnt from fine pictures only.
#[derive(Debug, Default)]
struct UsualDetail {
    /// First and last fine picture, and the detail.
    learnt: Option<(Timestamp, Timestamp, f32)>,
}

impl UsualDetail {
    fn detail(&self) -> Option<f32> {
        self.learnt
            .filter(|(first, last, _)| last.duration_since(*first) >= USUAL_AFTER)
            .map(|(_, _, detail)| detail)
    }

    fn follow(&mut self, at: Timestamp, detail: f32) {
        let (first, last, usual) = self.learnt.unwrap_or((at, at, detail));
        let share = (at.duration_since(last).as_secs_f32() / USUAL_OVER_S).clamp(0.0, 1.0);
        self.learnt = Some((first, at, usual + (detail - usual) * share));
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
