//! The calibration: what each camera sees (`calibration.toml`).

use crate::digest::Digest;
use crate::fields::{Fields, Problems, Reader};
use crate::geometry::Polygon;
use crate::id::{CameraId, WindowId, ZoneId};
use crate::item::ItemSet;
use crate::policy::item_set;
use std::collections::BTreeSet;
use toml::Value;

/// A validated calibration with its content hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The staffed windows.
    pub windows: Vec<Window>,
    /// Smoking zones that an installer drew on purpose.
    pub smoking_zones: Vec<SmokingZone>,
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
            f.end(&mut r);
            twice(&mut r, "windows", windows.iter().map(|w| w.id.as_str()));
            twice(&mut r, "smoking_zones", zones.iter().map(|z| z.id.as_str()));
            (windows, zones)
        });
        let (windows, smoking_zones) = r.finish(parts)?;
        Ok(Self { windows, smoking_zones, digest: Digest::of(text.as_bytes()) })
    }

    /// Checks that every window and zone names one of the agent's cameras.
    ///
    /// # Errors
    /// One problem for each window or zone with an unknown camera.
    pub fn check_cameras(&self, cameras: &[CameraId], file: &str) -> Result<(), Problems> {
        let mut r = Reader::new(file);
        let known = || cameras.iter().map(CameraId::as_str).collect::<Vec<_>>().join(", ");
        let of_windows =
            self.windows.iter().map(|w| (format!("windows {:?}.camera", w.id.as_str()), &w.camera));
        let of_zones = self
            .smoking_zones
            .iter()
            .map(|z| (format!("smoking_zones {:?}.camera", z.id.as_str()), &z.camera));
        for (place, camera) in of_windows.chain(of_zones) {
            if !cameras.contains(camera) {
                r.problem(place, format!("camera {camera} is not in agent.toml; cameras there: {}", known()));
            }
        }
        r.finish(Some(()))
    }
}

impl Window {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id = f.parsed(r, "id");
        let camera = f.parsed(r, "camera");
        let seat = polygon(&mut f, r, "seat", true);
        let desk = polygon(&mut f, r, "desk", false);
        let post = f.integer(r, "post", 1..=20).unwrap_or(1);
        let required = item_set(&mut f, r, "required").unwrap_or_default();
        let permitted = item_set(&mut f, r, "permitted").unwrap_or_default();
        f.end(r);
        Some(Self {
            id: id?,
            camera: camera?,
            seat: seat?,
            desk,
            post: u8::try_from(post).ok()?,
            required,
            permitted,
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
    let pair = |v: &Value| match v.as_array()?.as_slice() {
        [x, y] => Some([crate::fields::as_number(x)?, crate::fields::as_number(y)?]),
        _ => None,
    };
    value.as_array()?.iter().map(pair).collect()
}

fn twice<'a>(r: &mut Reader, list: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            r.problem(format!("{list}.id"), format!("{id:?} is there twice, expected each id once"));
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
        permitted = ["cup"]
        [[smoking_zones]]
        id = "lobby-east"
        camera = "cam-1"
        polygon = [[0,0],[1,0],[1,1]]
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
        assert_eq!(wrong.0.len(), 2, "{wrong}");
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
        "#;
        let problems = Calibration::parse(text, "c.toml").unwrap_err().to_string();
        for part in [
            "c.toml: windows[0].seat: crosses itself",
            "windows[0].chair: is unknown",
            "windows[1].camera: is missing",
            "windows[1].seat: corner 1",
            "windows[1].desk: is [[0.1], [0.2]], expected a list of corners",
            "windows[1].post: is 0, expected a whole number from 1 to 20",
        ] {
            assert!(problems.contains(part), "{part:?} not in {problems}");
        }
        let double =
            format!("{GOOD}\n{}", &GOOD[GOOD.find("[[windows]]").unwrap()..GOOD.find("[[smoking").unwrap()]);
        assert!(Calibration::parse(&double, "c").unwrap_err().to_string().contains("there twice"));
    }
}
