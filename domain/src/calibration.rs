//! The calibration: what each camera sees (`calibration.toml`).

use crate::digest::Digest;
use crate::fields::{Fields, Problems, Reader};
use crate::geometry::Polygon;
use crate::id::{CameraId, WindowId, ZoneId};
use crate::item::{CustomItem, ItemSet};
use crate::policy::item_classes;
use std::collections::BTreeSet;
use toml::Value;

/// A validated calibration with its content hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The staffed windows.
    pub windows: Vec<Window>,
    /// Smoking zones that an installer drew on purpose.
    pub smoking_zones: Vec<SmokingZone>,
    /// What nobody may look at.
    pub privacy_masks: Vec<PrivacyMask>,
    /// How a camera's lens bends the picture and how the camera is rolled; at most one for each camera.
    pub lenses: Vec<Lens>,
    /// The content hash of the text.
    pub digest: Digest,
}

/// A staffed post in one camera's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Unique in its hall.
    pub id: WindowId,
    /// The camera that sees it.
    pub camera: CameraId,
    /// Where the staff member is.
    pub seat: Polygon,
    /// The desk top; without it the desk signal is unknown.
    pub desk: Option<Polygon>,
    /// Staff members this window is meant for.
    pub post: u8,
    /// Items that must be on the desk.
    pub required: ItemSet,
    /// Items permitted here in addition to the policy's.
    pub permitted: ItemSet,
    /// Items that were shown to the agent and named here, permitted at this window; written `custom:NAME`.
    pub permitted_custom: BTreeSet<CustomItem>,
}

/// A region watched for smoking only.
#[derive(Debug, Clone, PartialEq)]
pub struct SmokingZone {
    /// Its name.
    pub id: ZoneId,
    /// The camera that sees it.
    pub camera: CameraId,
    /// The region.
    pub polygon: Polygon,
}

/// A region that is grey before anything looks at the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PrivacyMask {
    /// The camera that would see it.
    pub camera: CameraId,
    /// The region.
    pub polygon: Polygon,
}

/// How a camera maps straight and upright things into its picture.
///
/// The distortion is radial, Brown's model in the direction of Devernay and Faugeras ("Straight lines have to be
/// straight", 2001): a place of the picture at `d` from the centre is seen without a lens at `d (1 + k1 r² + k2 r⁴)`, where
/// `r` is the length of `d` and half the picture's diagonal is 1. Barrels, as of wide lenses, have a positive `k1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lens {
    /// The camera.
    pub camera: CameraId,
    /// The weight of r².
    pub k1: f64,
    /// The weight of r⁴.
    pub k2: f64,
    /// The centre of the distortion, in fractions of the picture.
    pub centre: [f64; 2],
    /// How far the true vertical leans in the picture, in degrees: positive where the upper end of upright things leans
    /// to the right.
    pub roll_deg: f64,
}

impl Lens {
    /// The largest distortion that a coefficient may say.
    pub const MOST_DISTORTED: f64 = 1.0;
    /// The largest roll in degrees; a camera on its side is turned in its own settings.
    pub const MOST_ROLLED: f64 = 45.0;

    /// Whether the mapping is one to one over the whole picture: farther from the centre stays farther.
    #[must_use]
    pub fn is_monotonic(k1: f64, k2: f64, centre: [f64; 2]) -> bool {
        // The farthest corner is not farther than this, whatever the picture's shape.
        let farthest = 2.0 * centre.map(|c| c.max(1.0 - c)).into_iter().fold(0.5, f64::max);
        (0..=20).all(|i| {
            let r2 = (farthest * f64::from(i) / 20.0).powi(2);
            1.0 + 3.0 * k1 * r2 + 5.0 * k2 * r2 * r2 > 0.0
        })
    }
}

impl Calibration {
    /// Reads and validates a whole `calibration.toml`; `file` is how messages name it.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Problems> {
        let mut r = Reader::new(file);
        let parts = r.parse(text).map(|table| {
            let mut f = Fields::root(table);
            f.require(&mut r, "version", "1", |v| (v.as_integer() == Some(1)).then_some(1));
            let windows: Vec<_> =
                f.tables(&mut r, "windows").into_iter().filter_map(|w| Window::read(w, &mut r)).collect();
            let zones: Vec<_> = f
                .tables(&mut r, "smoking_zones")
                .into_iter()
                .filter_map(|z| SmokingZone::read(z, &mut r))
                .collect();
            let masks: Vec<_> = f
                .tables(&mut r, "privacy_masks")
                .into_iter()
                .filter_map(|m| PrivacyMask::read(m, &mut r))
                .collect();
            let lenses: Vec<_> =
                f.tables(&mut r, "lenses").into_iter().filter_map(|l| Lens::read(l, &mut r)).collect();
            f.end(&mut r);
            twice(&mut r, "windows.id", windows.iter().map(|w| w.id.as_str()));
            twice(&mut r, "smoking_zones.id", zones.iter().map(|z| z.id.as_str()));
            twice(&mut r, "lenses.camera", lenses.iter().map(|l| l.camera.as_str()));
            (windows, zones, masks, lenses)
        });
        let (windows, smoking_zones, privacy_masks, lenses) = r.finish(parts)?;
        Ok(Self { windows, smoking_zones, privacy_masks, lenses, digest: Digest::of(text.as_bytes()) })
    }

    /// Checks that everything names one of the agent's cameras.
    ///
    /// # Errors
    /// One problem for each window, zone, mask or lens with an unknown camera.
    pub fn check_cameras(&self, cameras: &[CameraId], file: &str) -> Result<(), Problems> {
        let mut r = Reader::new(file);
        let known = || cameras.iter().map(CameraId::as_str).collect::<Vec<_>>().join(", ");
        for (place, camera) in self.cameras() {
            if !cameras.contains(camera) {
                r.problem(place, format!("camera {camera} is not in agent.toml; cameras there: {}", known()));
            }
        }
        r.finish(Some(()))
    }

    /// Every camera that is named, and where.
    fn cameras(&self) -> impl Iterator<Item = (String, &CameraId)> {
        let windows = self.windows.iter().map(|w| (format!("windows {:?}.camera", w.id.as_str()), &w.camera));
        let zones = self
            .smoking_zones
            .iter()
            .map(|z| (format!("smoking_zones {:?}.camera", z.id.as_str()), &z.camera));
        let masks = self
            .privacy_masks
            .iter()
            .enumerate()
            .map(|(i, m)| (format!("privacy_masks[{i}].camera"), &m.camera));
        let lenses = self.lenses.iter().enumerate().map(|(i, l)| (format!("lenses[{i}].camera"), &l.camera));
        windows.chain(zones).chain(masks).chain(lenses)
    }

    /// The regions of a camera that nobody may look at.
    pub fn masks_of<'a>(&'a self, camera: &'a CameraId) -> impl Iterator<Item = &'a Polygon> {
        self.privacy_masks.iter().filter(move |mask| mask.camera == *camera).map(|mask| &mask.polygon)
    }

    /// How a camera's lens maps; `None`: straight and upright.
    #[must_use]
    pub fn lens_of(&self, camera: &CameraId) -> Option<&Lens> {
        self.lenses.iter().find(|lens| lens.camera == *camera)
    }
}

impl Window {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id = f.parsed(r, "id");
        let camera = f.parsed(r, "camera");
        let seat = polygon(&mut f, r, "seat", true);
        let desk = polygon(&mut f, r, "desk", false);
        let post = f.integer(r, "post", 1..=20).unwrap_or(1);
        let required = required(&mut f, r);
        let (permitted, permitted_custom) = permitted(&mut f, r);
        f.end(r);
        Some(Self {
            id: id?,
            camera: camera?,
            seat: seat?,
            desk,
            post: u8::try_from(post).ok()?,
            required,
            permitted,
            permitted_custom,
        })
    }
}

impl SmokingZone {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id = f.parsed(r, "id");
        let camera = f.parsed(r, "camera");
        let polygon = polygon(&mut f, r, "polygon", true);
        f.end(r);
        Some(Self { id: id?, camera: camera?, polygon: polygon? })
    }
}

impl PrivacyMask {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let camera = f.parsed(r, "camera");
        let polygon = polygon(&mut f, r, "polygon", true);
        f.end(r);
        Some(Self { camera: camera?, polygon: polygon? })
    }
}

impl Lens {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let camera = f.parsed(r, "camera");
        let distortion = -Self::MOST_DISTORTED..=Self::MOST_DISTORTED;
        let k1 = f.number(r, "k1", distortion.clone()).unwrap_or(0.0);
        let k2 = f.number(r, "k2", distortion).unwrap_or(0.0);
        let expected = "a place inside the picture such as [0.5, 0.5]";
        let centre = f.get(r, "centre", expected, centre).unwrap_or([0.5, 0.5]);
        let roll_deg = f.number(r, "roll_deg", -Self::MOST_ROLLED..=Self::MOST_ROLLED).unwrap_or(0.0);
        if !Self::is_monotonic(k1, k2, centre) {
            let text =
                format!("k1 = {k1} and k2 = {k2} fold the picture over: expected 1 + 3 k1 r² + 5 k2 r⁴ > 0");
            r.problem(f.name("k1"), text);
        }
        f.end(r);
        Some(Self { camera: camera?, k1, k2, centre, roll_deg })
    }
}

fn centre(value: Value) -> Option<[f64; 2]> {
    point(&value).filter(|centre| centre.iter().all(|c| (0.0..=1.0).contains(c)))
}

/// What begins the name of an item that was shown to the agent, among the classes.
const CUSTOM: &str = "custom:";

/// Classes alone: events name nothing else, and a shown item is recognised too seldom for its absence to prove anything.
fn required(f: &mut Fields, r: &mut Reader) -> ItemSet {
    let Some(names) = f.texts(r, "required") else { return ItemSet::new() };
    let (custom, classes): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.starts_with(CUSTOM));
    for name in custom {
        r.problem(
            f.name("required"),
            format!("{name:?} can be permitted, not required: expected an item class"),
        );
    }
    item_classes(f, r, "required", classes)
}

/// Classes, and the items that have a name of their own here.
fn permitted(f: &mut Fields, r: &mut Reader) -> (ItemSet, BTreeSet<CustomItem>) {
    let Some(names) = f.texts(r, "permitted") else { return Default::default() };
    let (custom, classes): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.starts_with(CUSTOM));
    let custom = custom.iter().filter_map(|name| match name[CUSTOM.len()..].parse() {
        Ok(item) => Some(item),
        Err(e) => {
            r.problem(f.name("permitted"), format!("{e}"));
            None
        }
    });
    let custom = custom.collect();
    (item_classes(f, r, "permitted", classes), custom)
}

/// Reads a polygon as every file writes it: a list of `[x, y]` in fractions of the picture.
pub fn polygon(f: &mut Fields, r: &mut Reader, key: &'static str, required: bool) -> Option<Polygon> {
    let expected =
        "a list of corners such as [[0.1,0.2],[0.5,0.2],[0.5,0.9]] in fractions of width and height";
    let corners =
        if required { f.require(r, key, expected, corners) } else { f.get(r, key, expected, corners) }?;
    match Polygon::new(&corners) {
        Ok(polygon) => Some(polygon),
        Err(e) => {
            r.problem(f.name(key), e.to_string());
            None
        }
    }
}

fn corners(value: Value) -> Option<Vec<[f64; 2]>> {
    value.as_array()?.iter().map(point).collect()
}

fn point(value: &Value) -> Option<[f64; 2]> {
    match value.as_array()?.as_slice() {
        [x, y] => Some([crate::fields::as_number(x)?, crate::fields::as_number(y)?]),
        _ => None,
    }
}

fn twice<'a>(r: &mut Reader, key: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            r.problem(key, format!("{id:?} is there twice, expected each once"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        version = 1
        [[windows]]
        id = "3"
        camera = "cam-1"
        seat = [[0.10,0.20],[0.50,0.20],[0.50,0.90],[0.10,0.90]]
        desk = [[0.10,0.60],[0.60,0.60],[0.60,0.90],[0.10,0.90]]
        required = ["name_plate","evaluator"]
        permitted = ["cup","custom:seal-box"]
        [[smoking_zones]]
        id = "lobby-east"
        camera = "cam-1"
        polygon = [[0,0],[1,0],[1,1]]
        [[privacy_masks]]
        camera = "cam-1"
        polygon = [[0.8,0],[1,0],[1,0.3]]
        [[lenses]]
        camera = "cam-1"
        k1 = 0.12
        roll_deg = -1.5
    "#;

    #[test]
    fn the_contracts_example_is_read() {
        let calibration = Calibration::parse(GOOD, "calibration.toml").unwrap();
        let window = &calibration.windows[0];
        assert_eq!((window.id.as_str(), window.post, window.required.len()), ("3", 1, 2));
        assert!(window.desk.is_some());
        assert_eq!(calibration.smoking_zones.len(), 1);
        assert!(calibration.check_cameras(&[CameraId::new("cam-1").unwrap()], "c").is_ok());
        let wrong = calibration.check_cameras(&[CameraId::new("cam-2").unwrap()], "c").unwrap_err();
        assert_eq!(wrong.0.len(), 4, "{wrong}");
        let custom: Vec<_> = window.permitted_custom.iter().map(CustomItem::as_str).collect();
        assert_eq!((window.permitted.len(), custom), (1, vec!["seal-box"]));
        let camera = CameraId::new("cam-1").unwrap();
        assert_eq!(calibration.masks_of(&camera).count(), 1);
        let lens = calibration.lens_of(&camera).unwrap();
        assert_eq!((lens.k1, lens.k2, lens.centre, lens.roll_deg), (0.12, 0.0, [0.5, 0.5], -1.5));
    }

    #[test]
    fn lenses_that_cannot_be_are_refused() {
        let check = |lens: &str, part: &str| {
            let text = format!("version = 1\n[[lenses]]\ncamera = \"cam-1\"\n{lens}");
            let problems = Calibration::parse(&text, "c").unwrap_err().to_string();
            assert!(problems.contains(part), "{part:?} not in {problems}");
        };
        check("k1 = -0.9", "lenses[0].k1: k1 = -0.9 and k2 = 0 fold the picture over");
        check("roll_deg = 90", "lenses[0].roll_deg: is 90, expected a number from -45 to 45");
        check("centre = [0.5, 1.5]", "expected a place inside the picture");
        check("[[lenses]]\ncamera = \"cam-1\"", "lenses.camera: \"cam-1\" is there twice");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = r#"
            version = 1
            [[windows]]
            id = "3"
            camera = "cam-1"
            seat = [[0.1,0.1],[0.5,0.5],[0.5,0.1],[0.1,0.5]]
            chair = "red"
            [[windows]]
            id = "4"
            seat = [[0.1,0.1],[1.5,0.5],[0.5,0.1]]
            desk = [[0.1],[0.2]]
            post = 0
            required = ["custom:seal-box", "chair"]
            permitted = ["custom:Red Box"]
        "#;
        let problems = Calibration::parse(text, "c.toml").unwrap_err().to_string();
        for part in [
            "c.toml: windows[0].seat: crosses itself",
            "windows[0].chair: is unknown",
            "windows[1].camera: is missing",
            "windows[1].seat: corner 1",
            "windows[1].desk: is [[0.1], [0.2]], expected a list of corners",
            "windows[1].post: is 0, expected a whole number from 1 to 20",
            "windows[1].required: \"custom:seal-box\" can be permitted, not required",
            "windows[1].required: \"chair\" is no item class",
            "windows[1].permitted: \"Red Box\" is no custom item id",
        ] {
            assert!(problems.contains(part), "{part:?} not in {problems}");
        }
        let double =
            format!("{GOOD}\n{}", &GOOD[GOOD.find("[[windows]]").unwrap()..GOOD.find("[[smoking").unwrap()]);
        assert!(Calibration::parse(&double, "c").unwrap_err().to_string().contains("there twice"));
    }
}
