//! Crops have the pixels that Pillow gives them, on which the heads were trained.

mod support;

use chuangming_models::fit::Placement;
use chuangming_models::manifest::Fit;
use chuangming_models::{PixelBox, RgbImage};
use serde_json::Value;

/// The pattern of `golden/resize.py`.
fn pattern() -> RgbImage {
    let mut pixels = Vec::new();
    for y in 0u32..48 {
        for x in 0u32..64 {
            for channel in 0u32..3 {
                pixels.push(u8::try_from((x * x + 7 * x * y + 3 * y + 85 * channel) % 256).unwrap());
            }
        }
    }
    RgbImage::from_raw(64, 48, pixels).unwrap()
}

#[test]
fn pixels_are_those_of_pillow() {
    let text = std::fs::read_to_string(support::here().join("tests/golden/resize.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for case in &cases {
        let b: Vec<f64> = case["box"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        let size: Vec<u32> = case["size"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| u32::try_from(n.as_u64().unwrap()).unwrap())
            .collect();
        let hex = case["rgb"].as_str().unwrap();
        let expected: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        let placed = Placement::new(PixelBox::new(b[0], b[1], b[2], b[3]), (size[0], size[1]), Fit::Stretch);
        let found = placed.cut(&pattern());
        let worst = found.pixels().iter().zip(&expected).map(|(a, e)| a.abs_diff(*e)).max().unwrap();
        // Both round an intermediate picture to whole bytes.
        if worst > 1 || found.pixels().len() != expected.len() {
            problems.push(format!("{b:?} to {size:?}: off by {worst}"));
        }
    }
    assert!(cases.len() >= 5);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
