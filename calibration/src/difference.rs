//! How two calibrations differ, in steps that a person took: added, removed, moved, resized, set.

use crate::draft::{Corner, Draft, DraftLens, DraftMask, DraftWindow};
use crate::finding::{Change, ChangeKind, Part, Place, PlaceKind, Value, Values};

/// Corners that moved by the same way up to this much moved together: rounding, not a new outline.
const SAME_WAY: f64 = 3e-4;
/// Areas that differ by less than this share are the same size.
const SAME_AREA: f64 = 0.02;

/// What was done to `old` to make `new`, in the order of the files; windows and zones are told by their ids, masks by
/// their order, lenses by their cameras.
#[must_use]
pub fn difference(old: &Draft, new: &Draft) -> Vec<Change> {
    let (old, new) = (&old.rounded(), &new.rounded());
    let mut changes = Vec::new();
    let windows = pairs(&old.windows, &new.windows, |a, b| a.id == b.id, same_but_id);
    for pair in windows {
        pair.tell(&mut changes, PlaceKind::Window, |w, _| w.id.clone(), of_window);
    }
    for pair in
        pairs(&old.smoking_zones, &new.smoking_zones, |a, b| a.id == b.id, |a, b| a.polygon == b.polygon)
    {
        pair.tell(
            &mut changes,
            PlaceKind::Zone,
            |z, _| z.id.clone(),
            |place, a, b, out| {
                set(out, place, Part::Id, &a.id, &b.id);
                set(out, place, Part::Camera, &a.camera, &b.camera);
                of_outline(out, place, Part::Polygon, &a.polygon, &b.polygon);
            },
        );
    }
    for pair in pairs(&old.privacy_masks, &new.privacy_masks, DraftMask::eq, |a, b| a.camera == b.camera) {
        pair.tell(
            &mut changes,
            PlaceKind::Mask,
            |_, index| (index + 1).to_string(),
            |place, a, b, out| {
                of_outline(out, place, Part::Polygon, &a.polygon, &b.polygon);
            },
        );
    }
    for pair in pairs(&old.lenses, &new.lenses, |a, b| a.camera == b.camera, |_, _| false) {
        pair.tell(&mut changes, PlaceKind::Lens, |l, _| l.camera.clone(), of_lens);
    }
    changes
}

/// What became of one entry of a list, with its place in the list.
enum Pair<'a, T> {
    Removed(usize, &'a T),
    Added(usize, &'a T),
    Both(&'a T, usize, &'a T),
}

/// Pairs the entries of two lists, first those that are surely the same and then those that are likely to be.
fn pairs<'a, T>(
    old: &'a [T],
    new: &'a [T],
    surely: impl Fn(&T, &T) -> bool,
    likely: impl Fn(&T, &T) -> bool,
) -> Vec<Pair<'a, T>> {
    let mut left: Vec<Option<(usize, &T)>> = old.iter().enumerate().map(Some).collect();
    let mut take = |b: &T, same: &dyn Fn(&T, &T) -> bool| {
        left.iter_mut().find(|a| a.is_some_and(|(_, a)| same(a, b))).and_then(Option::take)
    };
    let sure: Vec<_> = new.iter().map(|b| take(b, &surely)).collect();
    let mut found = Vec::new();
    for (index, (b, a)) in new.iter().zip(sure).enumerate() {
        found.push(match a.or_else(|| take(b, &likely)) {
            Some((_, a)) => Pair::Both(a, index, b),
            None => Pair::Added(index, b),
        });
    }
    found.extend(left.into_iter().flatten().map(|(index, a)| Pair::Removed(index, a)));
    found
}

impl<T> Pair<'_, T> {
    fn tell(
        &self,
        changes: &mut Vec<Change>,
        kind: PlaceKind,
        id: impl Fn(&T, usize) -> String,
        compare: impl Fn(&Place, &T, &T, &mut Vec<Change>),
    ) {
        let place = |entry: &T, index| Place { kind, id: id(entry, index), index, part: None, corner: None };
        match *self {
            Pair::Added(index, new) => tell(changes, ChangeKind::Added, place(new, index), []),
            Pair::Removed(index, old) => tell(changes, ChangeKind::Removed, place(old, index), []),
            Pair::Both(old, index, new) => compare(&place(new, index), old, new, changes),
        }
    }
}

/// A window that got another id.
fn same_but_id(old: &DraftWindow, new: &DraftWindow) -> bool {
    old.camera == new.camera && old.seat == new.seat
}

fn of_window(place: &Place, old: &DraftWindow, new: &DraftWindow, out: &mut Vec<Change>) {
    set(out, place, Part::Id, &old.id, &new.id);
    set(out, place, Part::Camera, &old.camera, &new.camera);
    of_outline(out, place, Part::Seat, &old.seat, &new.seat);
    match (&old.desk, &new.desk) {
        (Some(old), Some(new)) => of_outline(out, place, Part::Desk, old, new),
        (None, Some(_)) => tell(out, ChangeKind::Added, place.part(Part::Desk), []),
        (Some(_), None) => tell(out, ChangeKind::Removed, place.part(Part::Desk), []),
        (None, None) => {}
    }
    set(out, place, Part::Post, &old.post.to_string(), &new.post.to_string());
    set(out, place, Part::Required, &sorted(&old.required), &sorted(&new.required));
    set(out, place, Part::Permitted, &sorted(&old.permitted), &sorted(&new.permitted));
}

fn of_lens(place: &Place, old: &DraftLens, new: &DraftLens, out: &mut Vec<Change>) {
    let distortion = |lens: &DraftLens| format!("{} {}", lens.k1, lens.k2);
    let centre = |lens: &DraftLens| format!("{} {}", lens.centre[0], lens.centre[1]);
    set(out, place, Part::Distortion, &distortion(old), &distortion(new));
    set(out, place, Part::Centre, &centre(old), &centre(new));
    set(out, place, Part::Roll, &old.roll_deg.to_string(), &new.roll_deg.to_string());
}

/// The names in one order: lists of items are sets.
fn sorted(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

fn set(out: &mut Vec<Change>, place: &Place, part: Part, from: &str, to: &str) {
    if from != to {
        tell(out, ChangeKind::Setting, place.part(part), [("from", from.into()), ("to", to.into())]);
    }
}

fn of_outline(out: &mut Vec<Change>, place: &Place, part: Part, old: &[Corner], new: &[Corner]) {
    if old == new {
        return;
    }
    let place = place.part(part);
    let (before, after) = (centroid(old), centroid(new));
    let way = [after[0] - before[0], after[1] - before[1]];
    let [dx, dy] = way.map(|v| ((v * 1e3).round() / 10.0 + 0.0).into());
    let together = |(a, b): (&Corner, &Corner)| (0..2).all(|i| (b[i] - a[i] - way[i]).abs() <= SAME_WAY);
    let size = area(new) / area(old);
    if old.len() == new.len() && old.iter().zip(new).all(together) {
        tell(out, ChangeKind::Moved, place, [("dx", dx), ("dy", dy)]);
    } else if (size - 1.0).abs() > SAME_AREA {
        tell(
            out,
            ChangeKind::Resized,
            place,
            [("area", (size * 100.0).round().into()), ("dx", dx), ("dy", dy)],
        );
    } else {
        tell(out, ChangeKind::Reshaped, place, [("corners", new.len().into()), ("dx", dx), ("dy", dy)]);
    }
}

/// Twice the signed area under each edge, with the edge.
fn edges(corners: &[Corner]) -> impl Iterator<Item = (f64, Corner, Corner)> + '_ {
    let n = corners.len();
    (0..n).map(move |i| {
        let (a, b) = (corners[i], corners[(i + 1) % n]);
        (a[0] * b[1] - b[0] * a[1], a, b)
    })
}

/// The area of an outline, never zero, so that sizes can be compared.
fn area(corners: &[Corner]) -> f64 {
    (edges(corners).map(|(twice, ..)| twice).sum::<f64>().abs() / 2.0).max(1e-9)
}

/// The middle of the area.
fn centroid(corners: &[Corner]) -> Corner {
    let sum = edges(corners).fold([0.0; 3], |s, (twice, a, b)| {
        [s[0] + twice, s[1] + twice * (a[0] + b[0]), s[2] + twice * (a[1] + b[1])]
    });
    if sum[0].abs() < 1e-9 {
        return corners.first().copied().unwrap_or_default();
    }
    [sum[1] / (3.0 * sum[0]), sum[2] / (3.0 * sum[0])]
}

fn tell<const N: usize>(out: &mut Vec<Change>, kind: ChangeKind, place: Place, values: [(&str, Value); N]) {
    let values: Values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    out.push(Change { kind, place, values });
}
