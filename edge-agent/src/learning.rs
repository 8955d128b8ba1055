//! Learning what a window looks like with a tidy desk and nobody there: over some minutes, and in whatever lights there are.

use crate::perceive::reference::LearnError;
use crate::perceive::{Perception, Reference, WindowView};
use chuangming_domain::observation::{Observation, Presence, Signal};
use chuangming_models::RgbImage;
use jiff::{SignedDuration, Timestamp};

/// How often a picture is learnt from.
const EVERY: SignedDuration = SignedDuration::from_secs(4);
/// Seconds with nobody there that make a reference.
pub const ENOUGH_S: f64 = 120.0;
/// After so many pictures with somebody there in a row it is refused.
const REFUSED_AFTER: usize = 3;

/// How far learning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Learning,
    /// Enough was seen; more lights can still be added.
    Learnt,
    /// Somebody is, or may be, in view. Nothing is learnt of such pictures.
    Refused(Refusal),
}

/// Why a picture was not learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody is in view.
    SomebodyInView,
    /// It cannot be told whether somebody is in view.
    Unsure,
    /// The seat covers no pixel.
    TooSmall,
    /// A model could not be run.
    Failed,
}

impl Refusal {
    /// The name in the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::SomebodyInView => "somebody_in_view",
            Refusal::Unsure => "unsure",
            Refusal::TooSmall => "too_small",
            Refusal::Failed => "failed",
        }
    }
}

/// Learns one window.
#[derive(Debug)]
pub struct Learning {
    view: WindowView,
    reference: Option<Reference>,
    seen_s: f64,
    last: Option<Timestamp>,
    refusals: usize,
    state: State,
}

impl Learning {
    /// Begins, or goes on from what was learnt before.
    #[must_use]
    pub fn new(view: WindowView, known: Option<Reference>) -> Self {
        let view = WindowView { reference: None, taught: None, ..view };
        Self { view, reference: known, seen_s: 0.0, last: None, refusals: 0, state: State::Learning }
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Seconds with nobody there so far.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seen_s.min(ENOUGH_S)
    }

    /// What was learnt so far.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// Whether a picture of that time is looked at.
    #[must_use]
    pub fn is_due(&self, at: Timestamp) -> bool {
        self.state == State::Learning && self.last.is_none_or(|last| at.duration_since(last) >= EVERY)
    }

    /// Looks at a picture and learns from it, if nobody is there.
    pub fn take(&mut self, at: Timestamp, image: &RgbImage, perception: &mut Perception) {
        let since = self.last.replace(at).map_or(SignedDuration::ZERO, |last| at.duration_since(last));
        match shot(image, &self.view, perception) {
            Ok(shot) => {
                self.refusals = 0;
                // A pause of the camera is not time that was seen.
                self.seen_s += since.min(EVERY * 2).as_secs_f64();
                match &mut self.reference {
                    Some(reference) => {
                        reference.learn_more(shot);
                    }
                    None => self.reference = Some(shot),
                }
                if self.seen_s >= ENOUGH_S {
                    self.state = State::Learnt;
                }
            }
            Err(refusal) => {
                self.refusals += 1;
                if self.refusals >= REFUSED_AFTER || self.reference.is_none() {
                    self.state = State::Refused(refusal);
                }
            }
        }
    }
}

/// Descriptors of one picture, if surely nobody is there.
fn shot(image: &RgbImage, view: &WindowView, perception: &mut Perception) -> Result<Reference, Refusal> {
    let said = perception.look(image, view, &[Signal::Presence]).map_err(|_| Refusal::Failed)?;
    match said.first() {
        Some(Observation::Presence(reading)) => match reading.value() {
            Some(Presence::Absent) => {}
            Some(Presence::Present { .. }) => return Err(Refusal::SomebodyInView),
            None => return Err(Refusal::Unsure),
        },
        _ => return Err(Refusal::Unsure),
    }
    perception.learn_reference(image, view).map_err(|e| match e {
        LearnError::SomebodyInView => Refusal::SomebodyInView,
        LearnError::TooSmall => Refusal::TooSmall,
        LearnError::Model(_) => Refusal::Failed,
    })
}
