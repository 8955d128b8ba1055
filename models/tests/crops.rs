//! The crops, as the Python side defined them.

mod support;

use chuangming_domain::geometry::Polygon;
use chuangming_models::fit::Placement;
use chuangming_models::manifest::Fit;
use chuangming_models::{Keypoint, Mask, PixelBox, crops};
use serde_json::Value;

const TOLERANCE: f64 = 1e-6;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn polygon(value: &Value) -> Polygon {
    let corners: Vec<[f64; 2]> =
        value.as_array().unwrap().iter().map(|c| numbers(c).try_into().unwrap()).collect();
    Polygon::new(&corners).unwrap()
}

#[allow(clippy::cast_possible_truncation)]
fn keypoints(value: &Value) -> [Keypoint; 17] {
    let all: Vec<Keypoint> = value
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .map(|k| Keypoint { x: k[0], y: k[1], score: k[2] as f32 })
        .collect();
    all.try_into().unwrap()
}

fn agrees(found: Option<PixelBox>, expected: &Value) -> bool {
    match (found, expected) {
        (None, Value::Null) => true,
        (Some(b), Value::Array(_)) => {
            [b.x0, b.y0, b.x1, b.y1].iter().zip(numbers(expected)).all(|(a, e)| (a - e).abs() < TOLERANCE)
        }
        _ => false,
    }
}

#[test]
fn every_golden_case_is_reproduced() {
    let text = std::fs::read_to_string(support::here().join("tests/golden/crops.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for case in &cases {
        let size = |key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
        let (width, height) = (size("width"), size("height"));
        let (seat, expected) = (polygon(&case["seat"]), &case["expected"]);
        let desk = (!case["desk"].is_null()).then(|| polygon(&case["desk"]));
        let k = keypoints(&case["keypoints"]);
        let mut check = |what: &str, good: bool, found: String| {
            if !good {
                problems.push(format!("{} {what}: {found}, expected {}", case["name"], expected[what]));
            }
        };
        let window = crops::window_box(&seat, width, height);
        check("window", agrees(window, &expected["window"]), format!("{window:?}"));
        let desk_box = desk.as_ref().and_then(|d| crops::desk_box(d, width, height));
        check("desk", agrees(desk_box, &expected["desk"]), format!("{desk_box:?}"));
        let scale = crops::body_scale(&k, &seat, width, height);
        check(
            "scale",
            match (scale, expected["scale"].as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() < TOLERANCE,
                (a, b) => a.is_none() && b.is_none(),
            },
            format!("{scale:?}"),
        );
        let chest = crops::chest_box(&k, &seat, width, height);
        check("chest", agrees(chest, &expected["chest"]), format!("{chest:?}"));
        let hands = crops::head_hands_box(&k, &seat, width, height);
        check("head_hands", agrees(hands, &expected["head_hands"]), format!("{hands:?}"));
        let head = crops::head_box(&k, &seat, width, height);
        check("head", agrees(head, &expected["head"]), format!("{head:?}"));
        let closer = crops::closer_boxes(&k, &seat, width, height);
        let wanted = expected["closer"].as_array().unwrap();
        let is_same =
            closer.len() == wanted.len() && closer.iter().zip(wanted).all(|(&b, w)| agrees(Some(b), w));
        check("closer", is_same, format!("{closer:?}"));
        if let (Some(window), Value::Array(placed)) = (window, &expected["window_placement_256"]) {
            let p = Placement::new(window, (256, 256), Fit::Letterbox);
            let found = [p.size.0, p.size.1, p.offset.0, p.offset.1].map(u64::from);
            check(
                "window_placement_256",
                placed.iter().map(|n| n.as_u64().unwrap()).eq(found),
                format!("{found:?}"),
            );
        }
        let polygons: Vec<&Polygon> = std::iter::once(&seat).chain(&desk).collect();
        let mask = Mask::new(&polygons, width, height);
        check(
            "mask_pixels",
            expected["mask_pixels"].as_u64() == Some(mask.pixels()),
            mask.pixels().to_string(),
        );
        for (row, count) in expected["mask_rows"].as_object().unwrap() {
            let found = mask.row_pixels(row.parse().unwrap());
            check("mask_rows", count.as_u64() == Some(found), format!("row {row}: {found}"));
        }
    }
    assert!(cases.len() >= 5, "only {} cases", cases.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn items_stand_on_the_desk_that_python_says() {
    let text = std::fs::read_to_string(support::here().join("tests/golden/stands_on.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for case in &cases {
        let size = |key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
        let b = numbers(&case["box"]);
        let found = crops::stands_on(
            PixelBox::new(b[0], b[1], b[2], b[3]),
            &polygon(&case["desk"]),
            size("width"),
            size("height"),
        );
        if case["stands"].as_bool() != Some(found) {
            problems.push(format!("{b:?}: {found}"));
        }
    }
    let standing = cases.iter().filter(|c| c["stands"] == true).count();
    assert!(standing >= 5 && standing + 5 <= cases.len(), "{standing} of {} stand", cases.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
