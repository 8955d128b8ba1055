//! The desk: items by class, and what stays there that the reference does not show.

pub(super) use chuangming_domain::observation::Desk;

use super::Glance;
use super::person::Covering;
use super::reference::Cover;
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::item::{ItemClass, ItemSet};
use chuangming_domain::observation::{Confidence, DeskItem, Reading, UnknownReason};
use chuangming_models::{Detection, Detector, PixelBox, crops};

/// Over this share hidden by a person, the desk as a whole cannot be told.
const MOST_HIDDEN: f64 = 0.6;
/// Over this share hidden, a required item that is not seen may be behind the person.
const SOME_HIDDEN: f64 = 0.12;
/// An item explains new structure a little around its box too: its shadow and its blurred edge.
const ITEM_MARGIN: f64 = 0.15;
/// `unrecognised` is never said with more confidence than this: a difference has no class.
const MOST_SURE: f32 = 0.9;
/// What differs less than this from the tidy desk is what stood there then.
const UNCHANGED: f32 = 0.2;
/// From this difference on a box shows something new,
const CHANGED: f32 = 0.45;
/// and this share of a class's threshold is enough there.
const LESS: f32 = 0.6;
/// Two boxes of clutter that overlap by more than this show the same thing.
const SAME_IOU: f64 = 0.25;

/// The detections that are item classes, stand on the desk and are sure.
///
/// Where the tidy desk is known, it has a say in what is clutter: what looks as it did then is none, and where something
/// new stands, less is enough to name it.
pub(super) fn items(
    detector: &Detector,
    found: &[Detection],
    desk: &Polygon,
    glance: &Glance<'_>,
    covering: &Covering,
) -> Vec<DeskItem> {
    let (width, height) = (glance.image.width(), glance.image.height());
    let candidates: Vec<(&Detection, DeskItem)> = found
        .iter()
        .filter(|d| d.score >= LESS * detector.threshold(d.label))
        .filter(|d| crops::stands_on(d.region, desk, width, height))
        .filter_map(|d| {
            let class = ItemClass::by_name(detector.labels().get(d.label)?)?;
            let bounds = d.region.to_fractions(width, height);
            Some((d, DeskItem { class, bounds, confidence: Confidence::new(d.score) }))
        })
        .collect();
    let boxes: Vec<Rect> = candidates.iter().map(|(_, item)| item.bounds).collect();
    let novelty = match &glance.view.reference {
        Some(reference) => reference.novelty(&glance.image, &glance.view.seat, desk, &boxes),
        None => vec![None; boxes.len()],
    };
    let permitted = ItemClass::permitted_by_default();
    let holds = |(d, item): &(&Detection, DeskItem), novelty: Option<f32>| {
        let sure = d.score >= detector.threshold(d.label);
        match novelty.filter(|_| !permitted.contains(&item.class)) {
            Some(unlike) if unlike < UNCHANGED => false,
            Some(unlike) => sure || (unlike >= CHANGED && !may_be_hands(glance, covering, d.region)),
            None => sure,
        }
    };
    let held =
        candidates.iter().zip(novelty).filter(|(c, n)| holds(c, *n)).map(|((_, item), _)| item.clone());
    once_each(held.collect(), &permitted)
}

/// Leaves out clutter where surer clutter was found: a part of it, or its other name.
fn once_each(mut items: Vec<DeskItem>, permitted: &ItemSet) -> Vec<DeskItem> {
    items.sort_by(|a, b| b.confidence.get().total_cmp(&a.confidence.get()));
    let mut kept: Vec<DeskItem> = Vec::with_capacity(items.len());
    for item in items {
        let is_same =
            |other: &DeskItem| !permitted.contains(&other.class) && item.bounds.iou(other.bounds) > SAME_IOU;
        if permitted.contains(&item.class) || !kept.iter().any(is_same) {
            kept.push(item);
        }
    }
    kept
}

/// Whether hands or sleeves may be what is new there.
fn may_be_hands(glance: &Glance<'_>, covering: &Covering, region: PixelBox) -> bool {
    let middle = Point { x: f64::midpoint(region.x0, region.x1), y: f64::midpoint(region.y0, region.y1) };
    covering.hides(middle) || (covering.is_somebody() && contains(glance.seat_box, middle))
}

/// What lies on the desk, given what the detector found there.
pub(super) fn read(
    glance: &Glance<'_>,
    desk: &Polygon,
    mut items: Vec<DeskItem>,
    covering: &Covering,
) -> Reading<Desk> {
    let hidden = covering.share_of(desk, &glance.image);
    let seen = |class: &ItemClass| items.iter().any(|item| item.class == *class);
    let missing = glance.view.required.iter().any(|class| !seen(class));
    if hidden > MOST_HIDDEN || (missing && hidden > SOME_HIDDEN) {
        return Reading::Unknown(UnknownReason::Occluded);
    }
    items.extend(unrecognised(glance, desk, &items, covering));
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    Reading::known(Desk { items }, 1.0 - hidden as f32)
}

/// Whether a person before the desk would explain what was said: something new, or something missing.
pub(super) fn may_be_a_person(glance: &Glance<'_>, said: &Reading<Desk>) -> bool {
    let Some(desk) = said.value() else { return false };
    let seen = |class: &ItemClass| desk.items.iter().any(|item| item.class == *class);
    seen(&ItemClass::Unrecognised) || !glance.view.required.iter().all(seen)
}

fn unrecognised(
    glance: &Glance<'_>,
    desk: &Polygon,
    items: &[DeskItem],
    covering: &Covering,
) -> Vec<DeskItem> {
    // How far a body on the desk reaches is not known: then nothing is said of what else may be new there.
    let reference = glance.view.reference.as_ref().filter(|_| !covering.is_slumped());
    let Some(reference) = reference else { return Vec::new() };
    let (width, height) = (f64::from(glance.image.width()), f64::from(glance.image.height()));
    // Around the seat hands and sleeves come and go; keypoints do not tell where they end.
    let cover = |p: Point| {
        let place = Point { x: p.x / width, y: p.y / height };
        if covering.hides(p) || (covering.is_somebody() && contains(glance.seat_box, p)) {
            Cover::Person
        } else if items.iter().any(|item| within(item.bounds, place)) {
            Cover::Item
        } else {
            Cover::Open
        }
    };
    // What touches a piece of clutter is the rest of it.
    let permitted = ItemClass::permitted_by_default();
    let is_rest = |bounds: Rect| {
        items.iter().any(|item| !permitted.contains(&item.class) && item.bounds.overlap(bounds) > 0.0)
    };
    reference
        .changes(&glance.image, desk, cover)
        .into_iter()
        .filter(|change| !is_rest(change.bounds))
        .map(|change| DeskItem {
            class: ItemClass::Unrecognised,
            bounds: change.bounds,
            confidence: Confidence::new(change.strength.min(MOST_SURE)),
        })
        .collect()
}

fn contains(region: PixelBox, p: Point) -> bool {
    (region.x0..region.x1).contains(&p.x) && (region.y0..region.y1).contains(&p.y)
}

/// Whether a point lies in a box or close to it.
fn within(bounds: Rect, p: Point) -> bool {
    let (dx, dy) = (ITEM_MARGIN * bounds.width, ITEM_MARGIN * bounds.height);
    (bounds.x - dx..bounds.x + bounds.width + dx).contains(&p.x)
        && (bounds.y - dy..bounds.y + bounds.height + dy).contains(&p.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_that_was_found_twice_is_said_once() {
        let item = |class, bounds, confidence| DeskItem {
            class,
            bounds: Rect::from_array(bounds),
            confidence: Confidence::new(confidence),
        };
        use ItemClass::{Ashtray, Cup, Food, Monitor};
        let whole = [0.5, 0.5, 0.1, 0.1];
        let check = |items: &[DeskItem], expected: &[ItemClass]| {
            let kept = once_each(items.to_vec(), &ItemClass::permitted_by_default());
            let classes: Vec<ItemClass> = kept.iter().map(|i| i.class).collect();
            assert_eq!(classes, expected, "{items:?}");
        };
        let part = item(Ashtray, [0.51, 0.51, 0.065, 0.065], 0.8);
        check(&[item(Food, whole, 0.5), part.clone()], &[Ashtray]);
        check(&[item(Food, whole, 0.9), part.clone()], &[Food]);
        // Equipment explains no clutter: a cup before a screen is there.
        check(&[item(Monitor, whole, 0.9), part], &[Monitor, Ashtray]);
        // Much smaller, or beside it: something of its own.
        check(&[item(Food, whole, 0.9), item(Cup, [0.52, 0.52, 0.03, 0.03], 0.8)], &[Food, Cup]);
        check(&[item(Food, whole, 0.9), item(Cup, [0.57, 0.5, 0.1, 0.1], 0.8)], &[Food, Cup]);
    }
}
