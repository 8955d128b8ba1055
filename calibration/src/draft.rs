//! A calibration while it is being drawn: nothing in it is checked yet, so that a page may send whatever is on its
//! screen.

use chuangming_domain::calibration::{Calibration, Lens, PrivacyMask, SmokingZone, Window};
use chuangming_domain::fields::Problems;
use chuangming_domain::geometry::Polygon;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A corner in fractions of the picture: x to the right, y down.
pub type Corner = [f64; 2];

/// Everything that an installer draws. Answers hold every field; of a request, lists left out are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The staffed windows.
    #[serde(default)]
    #[schema(required)]
    pub windows: Vec<DraftWindow>,
    /// Regions watched for smoking only.
    #[serde(default)]
    #[schema(required)]
    pub smoking_zones: Vec<DraftZone>,
    /// Regions that nothing looks at.
    #[serde(default)]
    #[schema(required)]
    pub privacy_masks: Vec<DraftMask>,
    /// How lenses bend the picture and cameras are rolled.
    #[serde(default)]
    #[schema(required)]
    pub lenses: Vec<DraftLens>,
}

/// A staffed window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftWindow {
    /// Unique in its hall.
    pub id: String,
    /// The camera that sees it.
    pub camera: String,
    /// Where the staff member is.
    #[schema(value_type = Vec<(f64, f64)>)]
    pub seat: Vec<Corner>,
    /// The desk top.
    #[serde(default)]
    #[schema(value_type = Option<Vec<(f64, f64)>>, required)]
    pub desk: Option<Vec<Corner>>,
    /// Staff members this window is meant for.
    #[serde(default = "one")]
    #[schema(required)]
    pub post: u32,
    /// Names of the item classes that must be on the desk.
    #[serde(default)]
    #[schema(required)]
    pub required: Vec<String>,
    /// Names of the item classes permitted here besides the policy's, and `custom:NAME` for items shown to the agent.
    #[serde(default)]
    #[schema(required)]
    pub permitted: Vec<String>,
}

fn one() -> u32 {
    1
}

/// A smoking zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftZone {
    /// Its name.
    pub id: String,
    /// The camera that sees it.
    pub camera: String,
    /// The region.
    #[schema(value_type = Vec<(f64, f64)>)]
    pub polygon: Vec<Corner>,
}

/// A privacy mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftMask {
    /// The camera that would see it.
    pub camera: String,
    /// The region.
    #[schema(value_type = Vec<(f64, f64)>)]
    pub polygon: Vec<Corner>,
}

/// A camera's lens and roll; [`Lens`] says what the numbers mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftLens {
    /// The camera.
    pub camera: String,
    /// The weight of r².
    #[serde(default)]
    #[schema(required)]
    pub k1: f64,
    /// The weight of r⁴.
    #[serde(default)]
    #[schema(required)]
    pub k2: f64,
    /// The centre of the distortion.
    #[serde(default = "middle")]
    #[schema(value_type = (f64, f64), required)]
    pub centre: Corner,
    /// How far the true vertical leans to the right at its upper end, in degrees.
    #[serde(default)]
    #[schema(required)]
    pub roll_deg: f64,
}

fn middle() -> Corner {
    [0.5, 0.5]
}

impl Draft {
    /// Reads a `calibration.toml`.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Problems> {
        Calibration::parse(text, file).map(|calibration| Self::from(&calibration))
    }

    /// The same with every number as the file writes it: places to a ten-thousandth of the picture, less than a pixel.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let mut draft = self.clone();
        let corners = draft
            .windows
            .iter_mut()
            .flat_map(|w| w.seat.iter_mut().chain(w.desk.iter_mut().flatten()))
            .chain(draft.smoking_zones.iter_mut().flat_map(|z| &mut z.polygon))
            .chain(draft.privacy_masks.iter_mut().flat_map(|m| &mut m.polygon));
        for corner in corners {
            *corner = corner.map(rounded);
            *corner = Polygon::moved_inside(*corner).unwrap_or(*corner);
        }
        for lens in &mut draft.lenses {
            lens.centre = lens.centre.map(rounded);
            (lens.k1, lens.k2) = (rounded(lens.k1), rounded(lens.k2));
            lens.roll_deg = (lens.roll_deg * 1e2).round() / 1e2;
        }
        draft
    }
}

fn rounded(v: f64) -> f64 {
    // Adding zero turns -0 into 0.
    (v * 1e4).round() / 1e4 + 0.0
}

impl From<&Calibration> for Draft {
    fn from(calibration: &Calibration) -> Self {
        Self {
            windows: calibration.windows.iter().map(DraftWindow::from).collect(),
            smoking_zones: calibration.smoking_zones.iter().map(DraftZone::from).collect(),
            privacy_masks: calibration.privacy_masks.iter().map(DraftMask::from).collect(),
            lenses: calibration.lenses.iter().map(DraftLens::from).collect(),
        }
    }
}

impl From<&Window> for DraftWindow {
    fn from(window: &Window) -> Self {
        let custom = window.permitted_custom.iter().map(|item| format!("custom:{item}"));
        Self {
            id: window.id.to_string(),
            camera: window.camera.to_string(),
            seat: corners(&window.seat),
            desk: window.desk.as_ref().map(corners),
            post: window.post.into(),
            required: window.required.iter().map(|class| class.name().to_owned()).collect(),
            permitted: window.permitted.iter().map(|class| class.name().to_owned()).chain(custom).collect(),
        }
    }
}

impl From<&SmokingZone> for DraftZone {
    fn from(zone: &SmokingZone) -> Self {
        Self { id: zone.id.to_string(), camera: zone.camera.to_string(), polygon: corners(&zone.polygon) }
    }
}

impl From<&PrivacyMask> for DraftMask {
    fn from(mask: &PrivacyMask) -> Self {
        Self { camera: mask.camera.to_string(), polygon: corners(&mask.polygon) }
    }
}

impl From<&Lens> for DraftLens {
    fn from(lens: &Lens) -> Self {
        let Lens { camera, k1, k2, centre, roll_deg } = lens;
        Self { camera: camera.to_string(), k1: *k1, k2: *k2, centre: *centre, roll_deg: *roll_deg }
    }
}

fn corners(polygon: &Polygon) -> Vec<Corner> {
    polygon.corners().iter().map(|p| [p.x, p.y]).collect()
}
