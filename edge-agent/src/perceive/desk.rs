//! The desk: items by class, and what stays there that the reference does not show.

pub(super) use chuangming_domain::observation::Desk;

use super::Glance;
use super::person::Covering;
use super::reference::Cover;
use super::standing::Standing;
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_domain::item::{ItemClass, ItemSet};
use chuangming_domain::observation::{Confidence, DeskItem, Reading, UnknownReason};
use chuangming_models::{Detection, Detector, PixelBox, crops};

/// Over this share hidden by a person, the desk as a whole cannot be told.
const MOST_HIDDEN: f64 = 0.6;
/// Over this share hidden, a required item whose place is not known may be behind the person. On 310 rendered desks what
/// is not seen was missing as often below this share as below 0.12.
const SOME_HIDDEN: f64 = 0.3;
/// Over this share of its place hidden, a required item may be there unseen.
const PLACE_HIDDEN: f64 = 0.25;
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
/// Where a hand is, or a head that may lie on the desk, clutter has to reach so many times its class's threshold: a fist looks
/// like a telephone, a head of hair like a bag, and both stay for minutes. Hands: on 127 rendered stills one of 11 false
/// pieces went, and one of 123 that were right. Heads: none of 22 right ones of 35 stills, and a clip's false bag.
const MORE: f32 = 1.4;
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
        let is_clutter = !permitted.contains(&item.class);
        let more = if is_clutter && covering.may_rest_at(d.region.centre()) { MORE } else { 1.0 };
        let sure = d.score >= more * detector.threshold(d.label);
        match novelty.filter(|_| is_clutter) {
            Some(unlike) if unlike < UNCHANGED => false,
            Some(unlike) => sure || (unlike >= CHANGED && !may_be_hands(glance, covering, d.region)),
            None => sure,
        }
    };
    let held =
        candidates.iter().zip(novelty).filter(|(c, n)| holds(c, *n)).map(|((_, item), _)| item.clone());
    let mut items = once_each(held.collect(), &permitted);
    let still = still_there(glance, desk, &items);
    items.extend(still);
    items
}

/// Items of the tidy desk that were not found now, but whose places look as they did then.
fn still_there(glance: &Glance<'_>, desk: &Polygon, found: &[DeskItem]) -> Vec<DeskItem> {
    let Some(reference) = &glance.view.reference else { return Vec::new() };
    let unseen: Vec<&DeskItem> = reference.standing().beyond(found).collect();
    let places: Vec<Rect> = unseen.iter().map(|item| item.bounds).collect();
    let novelty = reference.novelty(&glance.image, &glance.view.seat, desk, &places);
    let is_still = |novelty: &Option<f32>| novelty.is_some_and(|unlike| unlike < UNCHANGED);
    unseen.into_iter().zip(&novelty).filter(|(_, n)| is_still(n)).map(|(item, _)| item.clone()).collect()
}

/// What stands on a tidy desk, of what was found there: clutter never does.
pub(super) fn standing(found: Vec<DeskItem>) -> Standing {
    let permitted = ItemClass::permitted_by_default();
    Standing::new(found.into_iter().filter(|item| permitted.contains(&item.class)).collect())
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
    let middle = region.centre();
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
    if hidden > MOST_HIDDEN {
        return Reading::Unknown(UnknownReason::Occluded);
    }
    let seen = |class: &ItemClass| items.iter().any(|item| item.class == *class);
    let unseen = glance.view.required.iter().copied().filter(|class| !seen(class));
    let may_be_hidden = unseen.filter(|class| may_be_behind(glance, *class, covering, hidden)).collect();
    items.extend(unrecognised(glance, desk, &items, covering));
    #[allow(clippy::cast_possible_truncation, reason = "a share")]
    Reading::known(Desk { items, may_be_hidden }, 1.0 - hidden as f32)
}

/// Whether an item that is not seen may be behind a person who hides this share of the desk.
fn may_be_behind(glance: &Glance<'_>, class: ItemClass, covering: &Covering, hidden: f64) -> bool {
    let places = glance.view.reference.iter().flat_map(|reference| reference.standing().places(class));
    let shares: Vec<f64> = places.map(|place| covering.share_of_box(place, &glance.image)).collect();
    if shares.is_empty() { hidden > SOME_HIDDEN } else { shares.iter().any(|share| *share > PLACE_HIDDEN) }
}

/// Whether a person before the desk would explain what was said: something new, or something missing.
pub(super) fn may_be_a_person(glance: &Glance<'_>, said: &Reading<Desk>) -> bool {
    let Some(desk) = said.value() else { return false };
    let something_new = desk.items.iter().any(|item| item.class == ItemClass::Unrecognised);
    something_new || !desk.missing(&glance.view.required).is_empty()
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
#[path = "desk_tests.rs"]
mod tests;
