//! What one signal says of one window at one instant. Observations never leave the agent, so nothing here
//! is serialisable.

use crate::geometry::Rect;
use crate::item::{ItemClass, ItemSet};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Somebody at the post.
    Presence,
    /// How they sit.
    Posture,
    /// Badge worn.
    Badge,
    /// Smoking.
    Smoking,
    /// What lies on the desk.
    Desk,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Signal; 5] =
        [Signal::Presence, Signal::Posture, Signal::Badge, Signal::Smoking, Signal::Desk];

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Signal::Presence => "presence",
            Signal::Posture => "posture",
            Signal::Badge => "badge",
            Signal::Smoking => "smoking",
            Signal::Desk => "desk",
        }
    }
}

/// Why a signal cannot tell. Unknown is never absence and never compliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the reasons of the contract")]
pub enum UnknownReason {
    Offline,
    Frozen,
    Covered,
    Dark,
    Moved,
    Overloaded,
    TooSmall,
    Occluded,
    Unsure,
}

impl UnknownReason {
    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            UnknownReason::Offline => "offline",
            UnknownReason::Frozen => "frozen",
            UnknownReason::Covered => "covered",
            UnknownReason::Dark => "dark",
            UnknownReason::Moved => "moved",
            UnknownReason::Overloaded => "overloaded",
            UnknownReason::TooSmall => "too_small",
            UnknownReason::Occluded => "occluded",
            UnknownReason::Unsure => "unsure",
        }
    }
}

/// How sure a signal is, from 0 to 1; calibrated so that it can be read as a probability.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f32);

impl Confidence {
    /// Complete certainty.
    pub const FULL: Confidence = Confidence(1.0);

    /// Clamps to 0..=1; not a number becomes 0.
    #[must_use]
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The value from 0 to 1.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }
}

/// A value with its confidence, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<T> {
    /// The signal can tell.
    Known {
        /// What it says.
        value: T,
        /// How sure it is.
        confidence: Confidence,
        /// For how long it has been so already when it is said: zero where one look tells alone.
        lasting: SignedDuration,
    },
    /// The signal cannot tell.
    Unknown(UnknownReason),
}

impl<T> Reading<T> {
    /// A value that one look told.
    #[must_use]
    pub fn known(value: T, confidence: f32) -> Self {
        Reading::Known { value, confidence: Confidence::new(confidence), lasting: SignedDuration::ZERO }
    }

    /// The same of a value that only several looks together could tell: it has been so since the first of them.
    #[must_use]
    pub fn lasting_for(self, lasting: SignedDuration) -> Self {
        match self {
            Reading::Known { value, confidence, .. } => Reading::Known { value, confidence, lasting },
            unknown @ Reading::Unknown(_) => unknown,
        }
    }

    /// The value, if it is known.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Reading::Known { value, .. } => Some(value),
            Reading::Unknown(_) => None,
        }
    }
}

/// Somebody at the post, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nobody.
    Absent,
    /// At least one person; `people` counts those seen in the seat region.
    Present {
        /// At least 1.
        people: u8,
    },
}

/// How somebody sits. We see a posture, not a state of mind or health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the postures of the contract")]
pub enum Posture {
    Upright,
    Slumped,
    LeaningBack,
    Tilted,
    Standing,
}

impl Posture {
    /// Every posture.
    pub const ALL: [Posture; 5] =
        [Posture::Upright, Posture::Slumped, Posture::LeaningBack, Posture::Tilted, Posture::Standing];

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Posture::Upright => "upright",
            Posture::Slumped => "slumped",
            Posture::LeaningBack => "leaning_back",
            Posture::Tilted => "tilted",
            Posture::Standing => "standing",
        }
    }

    /// The posture with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|posture| posture.name() == name)
    }
}

/// Whether a badge is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    /// A badge is seen on the chest.
    Worn,
    /// The chest is seen and there is none.
    Missing,
}

/// Whether somebody smokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoking {
    /// No sign of it.
    None,
    /// Somebody smokes.
    Smoking,
}

/// One item on a desk, its box in fractions of the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskItem {
    /// What it is.
    pub class: ItemClass,
    /// Where it is.
    pub bounds: Rect,
    /// How sure the detector is.
    pub confidence: Confidence,
}

/// What lies on a desk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Desk {
    /// All items seen.
    pub items: Vec<DeskItem>,
    /// Required items that are not seen, and of which nobody can tell whether a person hides them.
    pub may_be_hidden: ItemSet,
}

impl Desk {
    /// The required items of which it is known that they are not there.
    #[must_use]
    pub fn missing(&self, required: &ItemSet) -> ItemSet {
        let seen = |class: &ItemClass| self.items.iter().any(|item| item.class == *class);
        required.iter().filter(|class| !seen(class) && !self.may_be_hidden.contains(class)).copied().collect()
    }
}

/// One reading of one signal.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "one variant a signal")]
pub enum Observation {
    Presence(Reading<Presence>),
    Posture(Reading<Posture>),
    Badge(Reading<Badge>),
    Smoking(Reading<Smoking>),
    Desk(Reading<Desk>),
}

impl Observation {
    /// The same reason for any signal: what a dead camera says.
    #[must_use]
    pub fn unknown(signal: Signal, reason: UnknownReason) -> Self {
        match signal {
            Signal::Presence => Observation::Presence(Reading::Unknown(reason)),
            Signal::Posture => Observation::Posture(Reading::Unknown(reason)),
            Signal::Badge => Observation::Badge(Reading::Unknown(reason)),
            Signal::Smoking => Observation::Smoking(Reading::Unknown(reason)),
            Signal::Desk => Observation::Desk(Reading::Unknown(reason)),
        }
    }

    /// Which signal speaks.
    #[must_use]
    pub fn signal(&self) -> Signal {
        match self {
            Observation::Presence(_) => Signal::Presence,
            Observation::Posture(_) => Signal::Posture,
            Observation::Badge(_) => Signal::Badge,
            Observation::Smoking(_) => Signal::Smoking,
            Observation::Desk(_) => Signal::Desk,
        }
    }
}
