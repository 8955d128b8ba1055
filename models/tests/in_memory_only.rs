//! Pixels, keypoints and features never leave the agent's memory: their types cannot be serialised, and their `Debug`
//! output, which may reach a log, shows none of them.

use chuangming_models::{Features, Keypoint, Pose, RgbImage};
use serde::Serialize;

/// Which implementation of `Probe` applies is ambiguous for a type that is `Serialize`: such a type here would not
/// compile.
trait Probe<Marker> {
    const CHECKED: bool = true;
}
struct Any;
struct Serialisable;
impl<T> Probe<Any> for T {}
impl<T: Serialize> Probe<Serialisable> for T {}

fn not_serialisable<T: Probe<Marker>, Marker>() -> bool {
    T::CHECKED
}

#[test]
fn types_with_pixels_cannot_be_serialised() {
    assert!(not_serialisable::<RgbImage, _>());
    assert!(not_serialisable::<Keypoint, _>());
    assert!(not_serialisable::<Features, _>());
    assert!(not_serialisable::<Pose, _>());
}

#[test]
fn debug_output_shows_no_place() {
    let keypoint = Keypoint { x: 123.5, y: 77.25, score: 0.5 };
    assert_eq!(format!("{keypoint:?}"), "Keypoint(score 0.50)");
}
