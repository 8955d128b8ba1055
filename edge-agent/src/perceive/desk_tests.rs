//! What is said of a desk, given what a detector found there.

use super::*;
use crate::perceive::{Reference, WindowView};
use chuangming_models::RgbImage;
use std::sync::Arc;

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

const SIZE: (u32, u32) = (320, 240);
/// Where the name plate stands on the tidy desk.
const PLACE: [f64; 4] = [0.25, 0.625, 0.15, 0.1];

fn desk() -> Polygon {
    Polygon::new(&[[0.1, 0.5], [0.9, 0.5], [0.95, 0.95], [0.05, 0.95]]).unwrap()
}

fn seat() -> Polygon {
    Polygon::new(&[[0.3, 0.05], [0.7, 0.05], [0.7, 0.5], [0.3, 0.5]]).unwrap()
}

fn name_plate() -> DeskItem {
    let (bounds, confidence) = (Rect::from_array(PLACE), Confidence::new(0.8));
    DeskItem { class: ItemClass::NamePlate, bounds, confidence }
}

/// A plain desk, with or without a striped plate at [`PLACE`].
fn picture(with_plate: bool) -> RgbImage {
    let pixels = (0..SIZE.0 * SIZE.1).flat_map(|i| {
        let (x, y) = (i % SIZE.0, i / SIZE.0);
        let on_plate = (80..128).contains(&x) && (150..174).contains(&y);
        let value = if with_plate && on_plate { 40 + 160 * (x / 6 % 2) } else { 140 + (x * 7 + y * 13) % 5 };
        [u8::try_from(value).unwrap(); 3]
    });
    RgbImage::from_raw(SIZE.0, SIZE.1, pixels.collect()).unwrap()
}

/// A window that must hold a name plate; the tidy desk is known with these items, or not at all.
fn view(tidy: Option<Vec<DeskItem>>) -> WindowView {
    let learn = |items| Reference::learn(&picture(true), &seat(), Some(&desk()), standing(items));
    let mut view = WindowView::new(seat(), Some(desk()), [ItemClass::NamePlate].into());
    view.reference = tidy.map(|items| Arc::new(learn(items)));
    view
}

fn glance(view: &WindowView, with_plate: bool) -> Glance<'_> {
    Glance { image: picture(with_plate), view, seat_box: PixelBox::new(96.0, 12.0, 224.0, 120.0) }
}

fn person(x0: f64, x1: f64) -> Covering {
    Covering::of_box(PixelBox::new(x0, 100.0, x1, 240.0))
}

#[test]
fn what_stands_where_it_stood_is_there_though_no_detector_finds_it() {
    let tidy = view(Some(vec![name_plate()]));
    let check = |with_plate, found: &[DeskItem], expected: usize| {
        let still = still_there(&glance(&tidy, with_plate), &desk(), found);
        assert_eq!(still.len(), expected, "plate {with_plate}, found {found:?}");
    };
    check(true, &[], 1);
    check(true, &[name_plate()], 0);
    check(false, &[], 0);
}

#[test]
fn clutter_never_belongs_to_a_tidy_desk() {
    let cup = DeskItem { class: ItemClass::Cup, ..name_plate() };
    let tidy = view(Some(vec![cup]));
    assert!(still_there(&glance(&tidy, true), &desk(), &[]).is_empty());
}

#[test]
fn an_item_is_missing_only_where_nobody_may_hide_it() {
    let (known, unknown) = (view(Some(vec![name_plate()])), view(None));
    let check = |view: &WindowView, covering: &Covering, expected: &str| {
        let said = match read(&glance(view, false), &desk(), Vec::new(), covering) {
            Reading::Unknown(reason) => reason.name(),
            Reading::Known { value, .. } if !value.missing(&view.required).is_empty() => "missing",
            Reading::Known { value, .. } if value.may_be_hidden == view.required => "may be hidden",
            Reading::Known { .. } => "there",
        };
        assert_eq!(said, expected, "{covering:?}");
    };
    check(&known, &Covering::default(), "missing");
    check(&known, &person(70.0, 140.0), "may be hidden");
    check(&known, &person(150.0, 260.0), "missing");
    check(&unknown, &Covering::default(), "missing");
    check(&unknown, &person(0.0, 60.0), "missing");
    check(&unknown, &person(150.0, 260.0), "may be hidden");
    check(&known, &person(0.0, 300.0), "occluded");
}
