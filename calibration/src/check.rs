//! Checks a draft: what refuses it, and what an installer should know before saving it.

use crate::draft::{Corner, Draft, DraftLens, DraftWindow};
use crate::finding::{Code, Finding, Findings, Part, Place, PlaceKind, Value, Values};
use crate::region::share_within;
use crate::scale::{CIGARETTE_PX, ITEM_PX, SHOULDERS_PX, Scale};
use chuangming_domain::calibration::Lens;
use chuangming_domain::geometry::{Polygon, PolygonError};
use chuangming_domain::id::{CameraId, CustomItem, WindowId, ZoneId};
use chuangming_domain::item::ItemClass;
use std::collections::BTreeSet;

/// Shares of area from which polygons overlap on purpose or by mistake; side by side they touch.
const OVERLAPS: f64 = 0.1;
/// Share of a seat from which the desk hides too much of whoever sits there.
const HIDDEN: f64 = 0.4;
/// Share of a seat or desk that a mask may hide unnoticed.
const MASKED: f64 = 0.05;

/// A camera of the agent and the size of its picture; 0 where it is not known, and then pixels are not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraSize {
    /// Its id.
    pub id: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Everything that is wrong with a draft, and every warning. A draft without problems is read back as it is written.
#[must_use]
pub fn check(draft: &Draft, cameras: &[CameraSize]) -> Findings {
    let mut check = Check { cameras, found: Findings::default() };
    let draft = &draft.rounded();
    let windows = check.windows(draft);
    check.zones(draft);
    let masks = check.masks(draft);
    check.lenses(draft);
    check.pixels(&windows);
    check.overlaps(&windows);
    check.hidden(&windows, &masks);
    if draft.windows.is_empty() {
        check.warn(&place(PlaceKind::Window, "", 0), Code::NoWindows, []);
    }
    check.found
}

/// A window whose seat is a polygon.
struct Drawn<'a> {
    window: &'a DraftWindow,
    place: Place,
    seat: Polygon,
    desk: Option<Polygon>,
}

struct Check<'a> {
    cameras: &'a [CameraSize],
    found: Findings,
}

impl Check<'_> {
    fn problem<const N: usize>(&mut self, place: Place, code: Code, values: [(&str, Value); N]) {
        self.found.problems.push(Finding { place, code, values: named(values) });
    }

    fn warn<const N: usize>(&mut self, place: &Place, code: Code, values: [(&str, Value); N]) {
        self.found.warnings.push(Finding { place: place.clone(), code, values: named(values) });
    }

    fn windows<'d>(&mut self, draft: &'d Draft) -> Vec<Drawn<'d>> {
        let (mut ids, mut drawn) = (BTreeSet::new(), Vec::new());
        for (index, window) in draft.windows.iter().enumerate() {
            let place = place(PlaceKind::Window, &window.id, index);
            self.id(&place, WindowId::new(window.id.as_str()).is_ok(), &mut ids);
            self.camera(&place, &window.camera);
            let seat = self.polygon(&place, Part::Seat, &window.seat);
            let desk = window.desk.as_ref().map(|desk| self.polygon(&place, Part::Desk, desk));
            if !(1..=20).contains(&window.post) {
                self.problem(place.part(Part::Post), Code::BadPost, [("post", window.post.into())]);
            }
            self.items(&place.part(Part::Required), &window.required, |_| false);
            self.items(&place.part(Part::Permitted), &window.permitted, is_custom);
            if desk.is_none() {
                self.warn(&place.part(Part::Desk), Code::DeskMissing, []);
            }
            if let Some(seat) = seat {
                drawn.push(Drawn { window, place, seat, desk: desk.flatten() });
            }
        }
        drawn
    }

    fn zones(&mut self, draft: &Draft) {
        let mut ids = BTreeSet::new();
        for (index, zone) in draft.smoking_zones.iter().enumerate() {
            let place = place(PlaceKind::Zone, &zone.id, index);
            self.id(&place, ZoneId::new(zone.id.as_str()).is_ok(), &mut ids);
            self.camera(&place, &zone.camera);
            self.polygon(&place, Part::Polygon, &zone.polygon);
        }
    }

    fn masks<'d>(&mut self, draft: &'d Draft) -> Vec<(&'d str, Polygon)> {
        let mut drawn = Vec::new();
        for (index, mask) in draft.privacy_masks.iter().enumerate() {
            let place = place(PlaceKind::Mask, &(index + 1).to_string(), index);
            self.camera(&place, &mask.camera);
            let polygon = self.polygon(&place, Part::Polygon, &mask.polygon);
            drawn.extend(polygon.map(|polygon| (mask.camera.as_str(), polygon)));
        }
        drawn
    }

    fn lenses(&mut self, draft: &Draft) {
        let mut cameras = BTreeSet::new();
        for (index, lens) in draft.lenses.iter().enumerate() {
            let place = place(PlaceKind::Lens, &lens.camera, index);
            self.camera(&place, &lens.camera);
            if !cameras.insert(lens.camera.as_str()) {
                let id = lens.camera.as_str().into();
                self.problem(place.part(Part::Camera), Code::DuplicateId, [("id", id)]);
            }
            for part in wrong_parts(lens) {
                self.problem(place.part(part), Code::BadLens, []);
            }
        }
    }

    fn id(&mut self, place: &Place, good: bool, seen: &mut BTreeSet<String>) {
        let id = || [("id", place.id.as_str().into())];
        if !good {
            self.problem(place.part(Part::Id), Code::BadId, id());
        } else if !seen.insert(place.id.clone()) {
            self.problem(place.part(Part::Id), Code::DuplicateId, id());
        }
    }

    fn camera(&mut self, place: &Place, camera: &str) {
        if CameraId::new(camera).is_err() || !self.cameras.iter().any(|known| known.id == camera) {
            let known = self.cameras.iter().map(|known| known.id.as_str()).collect::<Vec<_>>().join(", ");
            let values = [("camera", camera.into()), ("known", known.as_str().into())];
            self.problem(place.part(Part::Camera), Code::UnknownCamera, values);
        }
    }

    fn items(&mut self, place: &Place, names: &[String], also: fn(&str) -> bool) {
        for name in names {
            let class = ItemClass::by_name(name).filter(|class| *class != ItemClass::Unrecognised);
            if class.is_none() && !also(name) {
                self.problem(place.clone(), Code::UnknownItem, [("item", name.as_str().into())]);
            }
        }
    }

    /// The polygon, or a problem for each corner outside, or else for the outline.
    fn polygon(&mut self, place: &Place, part: Part, corners: &[Corner]) -> Option<Polygon> {
        let place = place.part(part);
        let error = match Polygon::new(corners) {
            Ok(polygon) => return Some(polygon),
            Err(error) => error,
        };
        match error {
            PolygonError::Outside { .. } => {
                for (index, &[x, y]) in corners.iter().enumerate() {
                    if Polygon::moved_inside([x, y]).is_none() {
                        self.problem(place.corner(index), Code::Outside, [("x", x.into()), ("y", y.into())]);
                    }
                }
            }
            PolygonError::Corners(n) => {
                let code = if n < 3 { Code::TooFewCorners } else { Code::TooManyCorners };
                self.problem(place, code, [("corners", n.into())]);
            }
            PolygonError::SelfIntersecting { first, second } => {
                let values = [("first", (first + 1).into()), ("second", (second + 1).into())];
                self.problem(place, Code::SelfIntersecting, values);
            }
            PolygonError::Flat => self.problem(place, Code::NoArea, []),
        }
        None
    }

    fn pixels(&mut self, windows: &[Drawn<'_>]) {
        for drawn in windows {
            let size = self.cameras.iter().find(|camera| camera.id == drawn.window.camera);
            let Some(size) = size.filter(|size| size.width > 0 && size.height > 0) else { continue };
            let scale = Scale::of(&drawn.seat, size.width, size.height);
            let seat = drawn.place.part(Part::Seat);
            for (code, place, px, need) in [
                (Code::TooSmallForBadge, &seat, scale.shoulders, SHOULDERS_PX),
                (Code::TooSmallForPosture, &seat, scale.shoulders, SHOULDERS_PX),
                (Code::TooSmallForCigarette, &seat, scale.cigarette, CIGARETTE_PX),
                (Code::TooSmallForItems, &drawn.place.part(Part::Desk), scale.item, ITEM_PX),
            ] {
                let looked_at = code != Code::TooSmallForItems || drawn.desk.is_some();
                if px < need && looked_at {
                    // Rounded so that what is told would really do.
                    let zoom = (need / px * 10.0).ceil() / 10.0;
                    let values = [("px", px.floor().into()), ("need_px", need.into()), ("zoom", zoom.into())];
                    self.warn(place, code, values);
                }
            }
        }
    }

    /// Seats on seats and desks on desks of one camera; a seat overlaps its neighbour's desk from many places.
    fn overlaps(&mut self, windows: &[Drawn<'_>]) {
        for (i, drawn) in windows.iter().enumerate() {
            for other in &windows[i + 1..] {
                if drawn.window.camera != other.window.camera {
                    continue;
                }
                let desks = drawn.desk.as_ref().zip(other.desk.as_ref());
                for (part, pair) in [(Part::Seat, Some((&drawn.seat, &other.seat))), (Part::Desk, desks)] {
                    let share = pair.map_or(0.0, |(a, b)| share_within(a, b).max(share_within(b, a)));
                    if share >= OVERLAPS {
                        let values = [("with", other.window.id.as_str().into()), ("share", percent(share))];
                        self.warn(&drawn.place.part(part), Code::Overlaps, values);
                    }
                }
            }
        }
    }

    fn hidden(&mut self, windows: &[Drawn<'_>], masks: &[(&str, Polygon)]) {
        for drawn in windows {
            let behind = drawn.desk.as_ref().map_or(0.0, |desk| share_within(&drawn.seat, desk));
            if behind >= HIDDEN {
                let values = [("share", percent(behind))];
                self.warn(&drawn.place.part(Part::Seat), Code::SeatHiddenByDesk, values);
            }
            let of_camera = || masks.iter().filter(|(camera, _)| *camera == drawn.window.camera);
            for (part, polygon) in [(Part::Seat, Some(&drawn.seat)), (Part::Desk, drawn.desk.as_ref())] {
                let share = |polygon| of_camera().map(|(_, mask)| share_within(polygon, mask)).sum::<f64>();
                let share = polygon.map_or(0.0, share).min(1.0);
                if share >= MASKED {
                    self.warn(&drawn.place.part(part), Code::Masked, [("share", percent(share))]);
                }
            }
        }
    }
}

fn is_custom(name: &str) -> bool {
    name.strip_prefix("custom:").is_some_and(|name| CustomItem::new(name).is_ok())
}

/// The parts of a lens that no lens has.
fn wrong_parts(lens: &DraftLens) -> Vec<Part> {
    let within = |v: f64, most: f64| v.abs() <= most;
    let centre = lens.centre.iter().all(|c| (0.0..=1.0).contains(c));
    let distortion = within(lens.k1, Lens::MOST_DISTORTED)
        && within(lens.k2, Lens::MOST_DISTORTED)
        && (!centre || Lens::is_monotonic(lens.k1, lens.k2, lens.centre));
    let parts = [
        (distortion, Part::Distortion),
        (centre, Part::Centre),
        (within(lens.roll_deg, Lens::MOST_ROLLED), Part::Roll),
    ];
    parts.into_iter().filter_map(|(good, part)| (!good).then_some(part)).collect()
}

fn percent(share: f64) -> Value {
    (share * 100.0).round().into()
}

fn named<const N: usize>(values: [(&str, Value); N]) -> Values {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn place(kind: PlaceKind, id: &str, index: usize) -> Place {
    Place { kind, id: id.to_owned(), index, part: None, corner: None }
}
