//! How a camera sees: what nobody may look at, and how upright things lean in its picture.

use chuangming_calibration::lean_at;
use chuangming_domain::calibration::{Calibration, Lens};
use chuangming_domain::geometry::Polygon;
use chuangming_domain::id::CameraId;
use chuangming_models::{Keypoint, PixelBox, RgbImage};

/// A smaller lean, in degrees, is not worth turning the picture.
const LEAST_LEAN: f64 = 0.5;

/// What a calibration says of a camera as a whole.
#[derive(Debug, Clone, Default)]
pub struct Optics {
    /// Grey before anything looks.
    pub masks: Vec<Polygon>,
    /// How straight and upright things are mapped; `None`: as they are.
    pub lens: Option<Lens>,
}

impl Optics {
    /// Those of one camera.
    #[must_use]
    pub fn of(calibration: &Calibration, camera: &CameraId) -> Self {
        Self {
            masks: calibration.masks_of(camera).cloned().collect(),
            lens: calibration.lens_of(camera).cloned(),
        }
    }

    /// How a part of the picture is turned to stand upright; `None` where it stands well enough.
    pub(super) fn lean(&self, part: PixelBox, image: &RgbImage) -> Option<Lean> {
        let (width, height) = (image.width(), image.height());
        let middle = part.centre();
        let place = [middle.x / f64::from(width), middle.y / f64::from(height)];
        let degrees = lean_at(self.lens.as_ref()?, place, (width, height));
        (degrees.abs() >= LEAST_LEAN).then_some(Lean { part, degrees })
    }
}

/// A part of the picture whose upright things lean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lean {
    part: PixelBox,
    degrees: f64,
}

impl Lean {
    /// The part of the picture, upright.
    pub(super) fn undone(self, image: &RgbImage) -> RgbImage {
        image.upright(self.part, self.degrees)
    }

    /// Where a keypoint of the upright part is in the picture as it is.
    pub(super) fn back(self, keypoint: Keypoint) -> Keypoint {
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let middle = self.part.centre();
        let (x, y) = (keypoint.x - middle.x, keypoint.y - middle.y);
        Keypoint { x: middle.x + cos * x - sin * y, y: middle.y + sin * x + cos * y, ..keypoint }
    }
}
