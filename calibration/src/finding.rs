//! What is said of a draft: where, what, and the numbers. Codes, not sentences: `locales` hold the words under
//! `calibration.finding.CODE` and `calibration.change.KIND`, with the values' names as their places.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A number or a text that fills a place in a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Values by the name of their place in the sentence.
pub type Values = BTreeMap<String, Value>;

/// What of a draft is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which list.
    pub kind: PlaceKind,
    /// A window's or zone's id; a mask's place in its list, from 1; a lens's camera.
    pub id: String,
    /// Where in its list, from 0: ids may be missing or there twice.
    pub index: usize,
    /// Which part, where it is not the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Which corner of the part, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corner: Option<usize>,
}

impl Place {
    /// A part of it.
    pub(crate) fn part(&self, part: Part) -> Self {
        Self { part: Some(part), ..self.clone() }
    }

    /// A corner of it, from 0.
    pub(crate) fn corner(&self, corner: usize) -> Self {
        Self { corner: Some(corner), ..self.clone() }
    }
}

/// The lists of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PlaceKind {
    Window,
    Zone,
    Mask,
    Lens,
}

/// The parts of a window, zone, mask or lens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the draft's fields")]
pub enum Part {
    Id,
    Camera,
    Seat,
    Desk,
    Polygon,
    Post,
    Required,
    Permitted,
    Distortion,
    Centre,
    Roll,
}

/// One thing that an installer should know of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Of what.
    pub place: Place,
    /// What is wrong.
    pub code: Code,
    /// The numbers and names of the sentence.
    pub values: Values,
}

macro_rules! codes {
    ($(#[doc = $doc:literal] $variant:ident $name:literal,)*) => {
        /// What is wrong; a problem refuses the draft, a warning does not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// Its name on the wire and in the key of its sentence.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Problem: an id that is none. Values: `id`.
    BadId "bad_id",
    /// Problem: an id, or a camera's lens, is there twice. Values: `id`.
    DuplicateId "duplicate_id",
    /// Problem: a camera that the agent does not have. Values: `camera`, `known`.
    UnknownCamera "unknown_camera",
    /// Problem: fewer than three corners. Values: `corners`.
    TooFewCorners "too_few_corners",
    /// Problem: more than 64 corners. Values: `corners`.
    TooManyCorners "too_many_corners",
    /// Problem: a corner outside the picture. Values: `x`, `y`.
    Outside "outside",
    /// Problem: two edges cross. Values: `first`, `second`, corners from 1 at which the edges begin.
    SelfIntersecting "self_intersecting",
    /// Problem: the corners lie on a line.
    NoArea "no_area",
    /// Problem: more people than a window can be meant for, or none. Values: `post`.
    BadPost "bad_post",
    /// Problem: a name that is no item. Values: `item`.
    UnknownItem "unknown_item",
    /// Problem: a distortion, centre or roll that no lens has.
    BadLens "bad_lens",
    /// Warning: a badge has too few pixels. Values: `px`, `need_px` of the shoulder width, `zoom`.
    TooSmallForBadge "too_small_for_badge",
    /// Warning: a posture is hard to tell. Values: `px`, `need_px` of the shoulder width, `zoom`.
    TooSmallForPosture "too_small_for_posture",
    /// Warning: a cigarette has too few pixels. Values: `px`, `need_px` of its length, `zoom`.
    TooSmallForCigarette "too_small_for_cigarette",
    /// Warning: things on the desk have too few pixels. Values: `px`, `need_px` of a cup, `zoom`.
    TooSmallForItems "too_small_for_items",
    /// Warning: shares a part of its area with another. Values: `with`, `share` of the smaller in percent.
    Overlaps "overlaps",
    /// Warning: most of the seat lies behind the desk. Values: `share` in percent.
    SeatHiddenByDesk "seat_hidden_by_desk",
    /// Warning: without a desk nobody looks at the desk.
    DeskMissing "desk_missing",
    /// Warning: a privacy mask hides a part. Values: `share` in percent.
    Masked "masked",
    /// Warning: no windows are drawn.
    NoWindows "no_windows",
}

/// What [`check`](crate::check) found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// These refuse the draft.
    pub problems: Vec<Finding>,
    /// With these the draft may be saved.
    pub warnings: Vec<Finding>,
}

/// One difference between two calibrations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To what, in the newer calibration; in the older one if it was removed.
    pub place: Place,
    /// The numbers and names of the sentence.
    pub values: Values,
}

/// How two calibrations differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is there no more.
    Removed,
    /// Same form elsewhere. Values: `dx`, `dy` in percent of the picture.
    Moved,
    /// Larger or smaller, and perhaps moved. Values: `area`, percent of what it was; `dx`, `dy`.
    Resized,
    /// Same size, other outline. Values: `dx`, `dy`, `corners`.
    Reshaped,
    /// Something that is not drawn. Values: `from`, `to`, as texts.
    Setting,
}
