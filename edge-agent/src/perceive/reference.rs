//! What is kept of a window's tidy desk and empty seat: descriptors, never a picture.

use super::coded::Coded;
use super::grid::{Grid, groups};
use super::standing::Standing;
use super::structure::Structure;
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_models::{ModelError, PixelBox, RgbImage, crops};

/// Why a reference was not learnt.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Descriptors are learnt of empty seats only.
    #[error("somebody is in view: the reference must show the empty seat and the tidy desk")]
    SomebodyInView,
    /// Nothing of the seat is in the picture.
    #[error("the seat covers no whole pixel of the picture")]
    TooSmall,
    /// A model could not be run.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Descriptors of one window, one of each light it was learnt in. They live in memory, or in owner-only files of the
/// agent; they are never sent. Something is new only if it differs from all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    seats: Vec<Structure>,
    desks: Vec<Structure>,
    standing: Standing,
}

/// Something on the desk that the reference does not show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// Where, in fractions of the picture.
    pub(super) bounds: Rect,
    /// How new its structure is, 0 to 1.
    pub(super) strength: f32,
}

/// What may explain a change at some place of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Nothing.
    Open,
    /// An item that was recognised.
    Item,
    /// A person.
    Person,
}

/// A cell counts as changed from this share of new structure on.
const CHANGED: f32 = 0.35;
/// Groups of fewer changed cells are noise.
const SMALLEST_GROUP: usize = 4;
/// So many lights are kept of a seat and of a desk; what comes after is not learnt.
const MOST_LIGHTS: usize = 8;
/// A shot of which no more than this share of cells is new shows a light that is known already.
const SAME_LIGHT: f64 = 0.01;
/// Larger parts of the desk change when the light or the camera does, not when something is put there.
const LARGEST_SHARE: f64 = 0.6;

impl Reference {
    /// Learns from a masked picture with the seat empty, on whose desk these items stand.
    pub(super) fn learn(
        masked: &RgbImage,
        seat: &Polygon,
        desk: Option<&Polygon>,
        standing: Standing,
    ) -> Self {
        let (width, height) = (masked.width(), masked.height());
        let of = |region: Option<PixelBox>| region.map(|r| Structure::of(masked, r)).into_iter().collect();
        Self {
            seats: of(seat_region(seat, width, height)),
            desks: of(desk.and_then(|d| crops::desk_box(d, width, height))),
            standing,
        }
    }

    /// Adds what another shot of the same window shows, where it is new; says whether it shows another light.
    pub fn learn_more(&mut self, shot: Reference) -> bool {
        let seat = add_if_new(&mut self.seats, shot.seats);
        let desk = add_if_new(&mut self.desks, shot.desks);
        self.standing.add(shot.standing);
        seat || desk
    }

    /// The items of the tidy desk.
    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// In how many lights the window was learnt.
    #[must_use]
    pub fn lights(&self) -> usize {
        self.seats.len().max(self.desks.len())
    }

    /// The descriptors as bytes, for an owner-only file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for structures in [&self.seats, &self.desks] {
            bytes.extend(u8::try_from(structures.len()).map(u8::to_le_bytes).unwrap_or_default());
            structures.iter().for_each(|structure| structure.write(&mut bytes));
        }
        self.standing.write(&mut bytes);
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut coded = Coded::new(bytes);
        let mut structures = || {
            let count = usize::from(coded.u8()?);
            (count <= MOST_LIGHTS).then_some(())?;
            (0..count).map(|_| Structure::read(&mut coded)).collect::<Option<Vec<_>>>()
        };
        let (seats, desks) = (structures()?, structures()?);
        // Files that are older than this part end here.
        let standing = if coded.is_at_end() { Standing::default() } else { Standing::read(&mut coded)? };
        coded.is_at_end().then_some(Self { seats, desks, standing })
    }

    /// The share of the seat that shows something else than when it was empty.
    pub(super) fn changed_seat(&self, masked: &RgbImage, seat: &Polygon) -> Option<f32> {
        let region = seat_region(seat, masked.width(), masked.height())?;
        let grid = Grid::new(region, seat, masked, self.seats.first()?);
        let inside = grid.inside(|_| true);
        let now = Structure::of(masked, region);
        let differs = of_all(&self.seats, |before| now.difference(before, &inside));
        let changed = differs.iter().filter(|c| **c >= CHANGED).count();
        let all = inside.iter().filter(|i| **i).count();
        #[allow(clippy::cast_precision_loss, reason = "at most 1024 cells")]
        (all > 0).then(|| changed as f32 / all as f32)
    }

    /// For each box (fractions of the picture) how differently its part inside the polygons looks, 0 to 1; `None` where
    /// nothing of it is inside.
    pub(super) fn novelty(
        &self,
        masked: &RgbImage,
        seat: &Polygon,
        desk: &Polygon,
        boxes: &[Rect],
    ) -> Vec<Option<f32>> {
        let region = crops::desk_box(desk, masked.width(), masked.height());
        let (Some(first), Some(region)) = (self.desks.first(), region) else {
            return vec![None; boxes.len()];
        };
        let now = Structure::of(masked, region);
        let places = Grid::new(region, desk, masked, first).middles();
        let unlike = |b: &Rect| {
            let shows = |p: &Point| {
                (b.x..b.x + b.width).contains(&p.x)
                    && (b.y..b.y + b.height).contains(&p.y)
                    && (desk.contains(*p) || seat.contains(*p))
            };
            let cells: Vec<usize> = (0..places.len()).filter(|&i| shows(&places[i])).collect();
            self.desks.iter().filter_map(|before| now.unlike(before, &cells)).reduce(f32::min)
        };
        boxes.iter().map(unlike).collect()
    }

    /// What stands on the desk and was not there, where nothing else explains it. What touches a person is part of them.
    pub(super) fn changes(
        &self,
        masked: &RgbImage,
        desk: &Polygon,
        cover: impl Fn(Point) -> Cover,
    ) -> Vec<Change> {
        let region = crops::desk_box(desk, masked.width(), masked.height());
        let (Some(first), Some(region)) = (self.desks.first(), region) else { return Vec::new() };
        let grid = Grid::new(region, desk, masked, first);
        let now = Structure::of(masked, region);
        let on_desk = grid.inside(|_| true);
        let (open, person) =
            (grid.inside(|p| cover(p) == Cover::Open), grid.inside(|p| cover(p) == Cover::Person));
        let new = of_all(&self.desks, |before| now.new_since(before, &on_desk));
        let changed: Vec<bool> = new.iter().zip(&open).map(|(new, open)| *open && *new >= CHANGED).collect();
        let count = |cells: &[bool]| cells.iter().filter(|c| **c).count();
        #[allow(clippy::cast_precision_loss, reason = "at most 1024 cells")]
        if count(&changed) as f64 > LARGEST_SHARE * count(&on_desk) as f64 {
            return Vec::new();
        }
        let touches_person = |group: &[usize]| group.iter().any(|&i| now.near(i).any(|j| person[j]));
        groups(&changed, now.columns())
            .into_iter()
            .filter(|group| {
                let gained = || self.desks.iter().all(|before| now.gained_since(before, group));
                group.len() >= SMALLEST_GROUP && !touches_person(group) && gained()
            })
            .map(|group| {
                #[allow(clippy::cast_precision_loss, reason = "at most 1024 cells")]
                let strength = group.iter().map(|&i| new[i]).sum::<f32>() / group.len() as f32;
                Change { bounds: grid.bounds(&group), strength }
            })
            .collect()
    }
}

fn add_if_new(known: &mut Vec<Structure>, shots: Vec<Structure>) -> bool {
    let before = known.len();
    for shot in shots {
        let everywhere = vec![true; shot.columns() * shot.rows()];
        let differs = of_all(known, |before| shot.difference(before, &everywhere));
        let changed = differs.iter().filter(|c| **c >= CHANGED).count();
        #[allow(clippy::cast_precision_loss, reason = "at most 1024 cells")]
        let is_new = known.is_empty() || changed as f64 > SAME_LIGHT * differs.len() as f64;
        if is_new && known.len() < MOST_LIGHTS {
            known.push(shot);
        }
    }
    known.len() > before
}

/// For each cell the least of what the structures say: what one light explains is no change.
fn of_all(structures: &[Structure], cells: impl Fn(&Structure) -> Vec<f32>) -> Vec<f32> {
    let least = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(&b).map(|(a, b)| a.min(*b)).collect();
    structures.iter().map(cells).reduce(least).unwrap_or_default()
}

fn seat_region(seat: &Polygon, width: u32, height: u32) -> Option<PixelBox> {
    PixelBox::around(seat, width, height).clipped(width, height, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (320, 240);

    fn desk() -> Polygon {
        Polygon::new(&[[0.1, 0.5], [0.9, 0.5], [0.95, 0.95], [0.05, 0.95]]).unwrap()
    }

    fn seat() -> Polygon {
        Polygon::new(&[[0.3, 0.05], [0.7, 0.05], [0.7, 0.5], [0.3, 0.5]]).unwrap()
    }

    /// A desk with some texture; `light` multiplies, `things` are boxes in pixels with a colour.
    fn picture(light: f64, things: &[([u32; 4], [u8; 3])]) -> RgbImage {
        let mut pixels = Vec::new();
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let grain = ((x * 7 + y * 13) % 5) as f64;
                let mut rgb = [150.0 + grain, 110.0 + grain, 80.0 + grain];
                if x > 60 && x < 110 && y > 150 && y < 175 {
                    rgb = [40.0 + grain, 40.0 + grain, 45.0 + grain];
                }
                for ([x0, y0, x1, y1], colour) in things {
                    if (*x0..*x1).contains(&x) && (*y0..*y1).contains(&y) {
                        rgb = colour.map(f64::from);
                    }
                }
                pixels.extend(rgb.map(|v| (v * light).clamp(0.0, 255.0) as u8));
            }
        }
        RgbImage::from_raw(SIZE.0, SIZE.1, pixels).unwrap()
    }

    fn learnt(picture: &RgbImage) -> Reference {
        Reference::learn(picture, &seat(), Some(&desk()), Standing::default())
    }

    fn changes(light: f64, things: &[([u32; 4], [u8; 3])]) -> Vec<Change> {
        let reference = learnt(&picture(1.0, &[]));
        reference.changes(&picture(light, things), &desk(), |_| Cover::Open)
    }

    #[test]
    fn light_is_no_change() {
        for light in [1.0, 0.6, 0.8, 1.3] {
            assert!(changes(light, &[]).is_empty(), "light {light}");
        }
    }

    #[test]
    fn a_thing_is_found_where_it_stands() {
        for light in [1.0, 0.7] {
            let found = changes(light, &[([180, 160, 215, 200], [230, 40, 40])]);
            assert_eq!(found.len(), 1, "light {light}: {found:?}");
            let truth =
                Rect { x: 180.0 / 320.0, y: 160.0 / 240.0, width: 35.0 / 320.0, height: 40.0 / 240.0 };
            assert!(found[0].bounds.iou(truth) > 0.5, "light {light}: {found:?}");
        }
    }

    #[test]
    fn things_that_are_explained_or_off_the_desk_are_left_out() {
        let thing = ([180, 160, 215, 200], [230, 40, 40]);
        let reference = learnt(&picture(1.0, &[]));
        let here = |p: Point| (170.0..225.0).contains(&p.x) && (150.0..210.0).contains(&p.y);
        let near = |p: Point| (225.0..260.0).contains(&p.x) && (150.0..210.0).contains(&p.y);
        let covered = |by: Cover, place: fn(Point) -> bool| {
            let cover = move |p| if place(p) { by } else { Cover::Open };
            reference.changes(&picture(1.0, &[thing]), &desk(), cover).len()
        };
        assert_eq!(covered(Cover::Item, here), 0);
        assert_eq!(covered(Cover::Item, near), 1);
        assert_eq!(covered(Cover::Person, near), 0, "what touches a person is part of them");
        assert!(changes(1.0, &[([100, 20, 180, 100], [230, 40, 40])]).is_empty());
    }

    #[test]
    fn novelty_tells_new_things_from_those_of_the_tidy_desk() {
        let reference = learnt(&picture(1.0, &[]));
        let of = |x0: f64, y0: f64, x1: f64, y1: f64| Rect {
            x: x0 / 320.0,
            y: y0 / 240.0,
            width: (x1 - x0) / 320.0,
            height: (y1 - y0) / 240.0,
        };
        let (known, new, small) =
            (of(60.0, 150.0, 110.0, 175.0), of(180.0, 160.0, 215.0, 200.0), of(200.0, 200.0, 203.0, 203.0));
        for light in [1.0, 0.7] {
            let now = picture(light, &[([180, 160, 215, 200], [230, 40, 40])]);
            let said = reference.novelty(&now, &seat(), &desk(), &[known, new, small]);
            assert!(
                said[0].unwrap() < 0.15 && said[1].unwrap() > 0.45 && said[2].is_none(),
                "{light}: {said:?}"
            );
        }
    }

    #[test]
    fn something_taken_away_is_nothing_new() {
        let with = picture(1.0, &[([180, 160, 215, 200], [230, 40, 40])]);
        let reference = learnt(&with);
        assert!(reference.changes(&picture(1.0, &[]), &desk(), |_| Cover::Open).is_empty());
    }

    #[test]
    fn the_seat_changes_when_somebody_sits_there() {
        let reference = learnt(&picture(1.0, &[]));
        let empty = reference.changed_seat(&picture(0.7, &[]), &seat()).unwrap();
        let person = [([120, 40, 200, 120], [30, 30, 60]), ([140, 20, 180, 50], [200, 160, 140])];
        let taken = reference.changed_seat(&picture(1.0, &person), &seat()).unwrap();
        assert!(empty < 0.02 && taken > 0.15, "empty {empty}, taken {taken}");
    }

    #[test]
    fn a_thing_that_one_of_the_lights_showed_is_known() {
        let mut reference = learnt(&picture(1.0, &[]));
        assert!(!reference.learn_more(learnt(&picture(0.8, &[]))));
        let glare = ([180, 160, 215, 200], [250, 250, 250]);
        assert!(reference.learn_more(learnt(&picture(1.0, &[glare]))));
        assert_eq!(reference.lights(), 2);
        let found = |things: &[_]| reference.changes(&picture(1.0, things), &desk(), |_| Cover::Open).len();
        assert_eq!((found(&[]), found(&[glare])), (0, 0));
        assert_eq!(found(&[([80, 190, 120, 222], [30, 60, 230])]), 1, "something else is still new");
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let mut reference = learnt(&picture(1.0, &[]));
        let thing = ([180, 160, 215, 200], [230, 40, 40]);
        reference.learn_more(learnt(&picture(1.0, &[thing])));
        let bytes = reference.to_bytes();
        let read = Reference::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        let changes = |r: &Reference, light| {
            r.changes(&picture(light, &[([80, 190, 120, 222], [30, 60, 230])]), &desk(), |_| Cover::Open)
        };
        assert_eq!(changes(&read, 0.8).len(), changes(&reference, 0.8).len());
        assert!(read.changed_seat(&picture(1.0, &[]), &seat()).unwrap() < 0.01);
        let without_items = &bytes[..bytes.len() - 1];
        assert_eq!(Reference::from_bytes(without_items).unwrap(), read, "as older agents wrote it");
        for wrong in [&bytes[..bytes.len() - 2], &[&bytes[..], &[0]].concat(), &[9], &[]] {
            assert!(Reference::from_bytes(wrong).is_none());
        }
    }

    #[test]
    fn debug_output_shows_no_descriptor() {
        let reference = learnt(&picture(1.0, &[]));
        assert_eq!(
            format!("{reference:?}"),
            "Reference { seats: [Structure(32x27)], desks: [Structure(32x18)], standing: Standing(0) }"
        );
    }
}
