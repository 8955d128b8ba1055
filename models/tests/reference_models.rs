//! "Bring your own model": reference detectors and pose models of other families work through a manifest entry alone,
//! and find what the truth of rendered pictures holds.

mod support;

use chuangming_models::{Models, PixelBox, RgbImage};
use serde_json::Value;
use std::path::PathBuf;

/// Stills that the tests look at.
const STILLS: usize = 40;

struct Still {
    picture: RgbImage,
    truth: Vec<Value>,
}

impl Still {
    /// `[x, y, width, height]` in fractions as a box in pixels.
    fn region(&self, fractions: &Value) -> PixelBox {
        let b: Vec<f64> = fractions.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        let (w, h) = (f64::from(self.picture.width()), f64::from(self.picture.height()));
        PixelBox::new(b[0] * w, b[1] * h, (b[0] + b[2]) * w, (b[1] + b[3]) * h)
    }
}

fn stills() -> Option<Vec<Still>> {
    let folder = support::shared("data/synthetic")?;
    let lines = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let read = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let picture = support::picture(&folder.join(entry["media"].as_str().unwrap()));
        Still { picture, truth: entry["truth"].as_array().unwrap().clone() }
    };
    Some(lines.lines().take(STILLS).map(read).collect())
}

fn model(file: &str) -> Option<PathBuf> {
    support::vendor("onnxruntime/libonnxruntime.so")?;
    support::shared(&format!("models/{file}"))
}

fn detector(file: &str, decoder: &str, input: &str) -> Option<Models> {
    let path = model(file)?;
    let rest = format!("decoder = \"{decoder}\"\nlabels = {:?}\nthresholds = {{ score = 0.35 }}\n{input}", support::COCO);
    Some(support::load(&[support::entry(file, "person", &path, &rest)]))
}

/// Upright people and keyboards in the truth, and how many of them the detector finds at IoU ≥ 0.5.
fn recall(models: &Models, stills: &[Still]) -> [(usize, usize); 2] {
    let person = models.person().unwrap();
    let label = |name: &str| person.labels().iter().position(|l| l == name).unwrap();
    let (people, keyboards) = (label("person"), label("keyboard"));
    let mut counts = [(0, 0); 2];
    for still in stills {
        let whole = PixelBox::whole(still.picture.width(), still.picture.height());
        let found = person.run(&still.picture, whole).unwrap();
        let mut score = |slot: usize, label: usize, region: PixelBox| {
            counts[slot].1 += 1;
            counts[slot].0 += usize::from(found.iter().any(|d| d.label == label && d.region.iou(region) >= 0.5));
        };
        for truth in &still.truth {
            let upright = truth["posture"] == "upright" && truth["person_box"].is_array();
            let visible = upright && still.region(&truth["person_box"]).height() > 100.0;
            if visible {
                score(0, people, still.region(&truth["person_box"]));
            }
            for item in truth["items"].as_array().into_iter().flatten().filter(|i| i["class"] == "keyboard") {
                score(1, keyboards, still.region(&item["box"]));
            }
        }
    }
    counts
}

#[test]
fn detectors_of_three_families_find_people_and_keyboards() {
    let Some(stills) = stills() else { return };
    let nanodet = |fit: &str| support::NANODET_INPUT.replace("NAME", "data").replace("FIT", fit);
    let pico = "[models.input]\nname = \"image\"\nlayout = \"nchw\"\nsize = [416, 416]\ndtype = \"float32\"\nchannels = \"rgb\"\nmean = [123.675, 116.28, 103.53]\nstd = [58.395, 57.12, 57.375]\nfit = \"stretch\"\n";
    let cases = [
        ("nanodet_plus_m_416.onnx", "nanodet_plus", nanodet("letterbox_top_left")),
        ("nanodet_plus_m_1.5x_416_from_int8.onnx", "nanodet_plus", nanodet("letterbox")),
        ("picodet_s_416_coco.onnx", "picodet", pico.to_owned()),
    ];
    let mut problems = Vec::new();
    for (file, decoder, input) in cases {
        let Some(models) = detector(file, decoder, &input) else { return };
        let [people, keyboards] = recall(&models, &stills);
        eprintln!("{file}: people {people:?}, keyboards {keyboards:?}");
        assert!(people.1 >= 10 && keyboards.1 >= 10, "too little to go by");
        // A wrong anchor, channel order or letterbox brings this to nearly nothing.
        if people.0 * 10 < people.1 * 7 || keyboards.0 * 10 < keyboards.1 * 2 {
            problems.push(format!("{file}: people {people:?}, keyboards {keyboards:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn heatmap_keypoints_are_near_the_truth() {
    let Some(stills) = stills() else { return };
    for (file, size) in [("tinypose_256x192.onnx", "[192, 256]"), ("tinypose_128x96.onnx", "[96, 128]")] {
        let Some(path) = model(file) else { return };
        let rest = format!(
            "decoder = \"heatmap\"\n[models.input]\nname = \"image\"\nlayout = \"nchw\"\nsize = {size}\ndtype = \"float32\"\nchannels = \"rgb\"\nmean = [123.675, 116.28, 103.53]\nstd = [58.395, 57.12, 57.375]\nfit = \"letterbox\"\n"
        );
        let models = support::load(&[support::entry(file, "pose", &path, &rest)]);
        let mut near = (0, 0);
        for still in &stills {
            for truth in still.truth.iter().filter(|t| t["posture"] == "upright" && t["person_box"].is_array()) {
                let b = still.region(&truth["person_box"]);
                if b.height() < 100.0 {
                    continue;
                }
                let (dx, dy) = (b.width() * 0.125, b.height() * 0.125);
                let region = PixelBox::new(b.x0 - dx, b.y0 - dy, b.x1 + dx, b.y1 + dy);
                let pose = models.pose().unwrap().run(&still.picture, region).unwrap();
                for (found, k) in pose.keypoints.iter().zip(truth["keypoints"].as_array().unwrap()) {
                    if k[2] == 2 && found.score > 0.4 {
                        let x = k[0].as_f64().unwrap() * f64::from(still.picture.width());
                        let y = k[1].as_f64().unwrap() * f64::from(still.picture.height());
                        near.1 += 1;
                        near.0 += usize::from((found.x - x).hypot(found.y - y) < 0.06 * b.height());
                    }
                }
            }
        }
        eprintln!("{file}: {near:?} visible keypoints within 6 % of the person's height");
        assert!(near.1 > 50 && near.0 * 10 >= near.1 * 8, "{file}: {near:?}");
    }
}
