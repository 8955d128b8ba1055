//! Posture: the window head's answer, where the person is large enough to tell.

use super::person::Person;
use chuangming_domain::observation::{Posture, Reading, UnknownReason};
use chuangming_models::PixelBox;

/// A seat whose box is less than this wide or high, in pixels, is too small to tell how somebody sits there.
///
/// The person's own keypoints are no measure: of a head on the desk hardly any are seen.
const SMALLEST_SEAT: f64 = 32.0;

/// How somebody sits.
pub(super) fn read(person: &Person, seat_box: PixelBox) -> Reading<Posture> {
    let Some(answer) = person.posture() else {
        return Reading::Unknown(UnknownReason::Unsure);
    };
    if seat_box.width().min(seat_box.height()) < SMALLEST_SEAT {
        return Reading::Unknown(UnknownReason::TooSmall);
    }
    match answer.decided().and_then(|(label, p)| Some((Posture::by_name(label)?, p))) {
        Some((posture, probability)) => Reading::known(posture, probability),
        None => Reading::Unknown(UnknownReason::Unsure),
    }
}
