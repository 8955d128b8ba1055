//! Badge: the head's answer on the chest's crop at the camera's own resolution.

pub(super) use chuangming_domain::observation::Badge;

use super::Glance;
use super::person::Person;
use chuangming_domain::observation::{Reading, UnknownReason};
use chuangming_models::Classes;
use chuangming_models::{PixelBox, crops};

/// Shoulder widths under this many pixels are too small: a badge would be three pixels wide.
const SMALLEST_SCALE: f64 = 14.0;

/// The chest, or why there is none to look at.
pub(super) fn region(glance: &Glance<'_>, person: &Person) -> Result<PixelBox, UnknownReason> {
    let keypoints = person.keypoints.as_ref().ok_or(UnknownReason::Unsure)?;
    let (width, height) = (glance.image.width(), glance.image.height());
    let chest =
        crops::chest_box(keypoints, &glance.view.seat, width, height).ok_or(UnknownReason::Occluded)?;
    match person.scale {
        Some(scale) if scale >= SMALLEST_SCALE => Ok(chest),
        _ => Err(UnknownReason::TooSmall),
    }
}

/// Whether a badge is worn.
pub(super) fn read(classes: &Classes) -> Reading<Badge> {
    match classes.first().and_then(|answer| answer.decided()) {
        Some(("worn", p)) => Reading::known(Badge::Worn, p),
        Some(("missing", p)) => Reading::known(Badge::Missing, p),
        Some(_) => Reading::Unknown(UnknownReason::Occluded),
        None => Reading::Unknown(UnknownReason::Unsure),
    }
}
