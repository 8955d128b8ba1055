//! Posture: the window head's answer, where the person is large enough to tell.

use super::person::{KEYPOINT_MIN, Person};
use chuangming_domain::observation::{Posture, Reading, UnknownReason};

/// Shoulder widths under this many pixels are too small to tell how somebody sits.
const SMALLEST_SCALE: f64 = 9.0;
/// So many keypoints must be seen; a head on the desk hides most of them.
const FEWEST_KEYPOINTS: usize = 3;

/// How somebody sits.
pub(super) fn read(person: &Person) -> Reading<Posture> {
    let Some(answer) = person.classes.as_ref().and_then(|c| c.get("posture")) else {
        return Reading::Unknown(UnknownReason::Unsure);
    };
    if let Some(reason) = too_little(person) {
        return Reading::Unknown(reason);
    }
    match answer.decided().and_then(|(label, p)| Some((Posture::by_name(label)?, p))) {
        Some((posture, probability)) => Reading::known(posture, probability),
        None => Reading::Unknown(UnknownReason::Unsure),
    }
}

fn too_little(person: &Person) -> Option<UnknownReason> {
    let seen = person.keypoints.iter().flatten().filter(|k| k.score >= KEYPOINT_MIN).count();
    match person.scale {
        Some(scale) if scale < SMALLEST_SCALE => Some(UnknownReason::TooSmall),
        _ if seen < FEWEST_KEYPOINTS => Some(UnknownReason::Occluded),
        _ => None,
    }
}
