//! "Bring your own model": reference detectors and pose models of other families work through a manifest entry alone,
//! and find what the truth of rendered pictures holds.

mod support;

use chuangming_domain::geometry::Polygon;
use chuangming_models::{Detection, Models, PixelBox, RgbImage, crops};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Stills that the tests look at.
const STILLS: usize = 40;

struct Still {
    picture: RgbImage,
    windows: Vec<Value>,
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

fn polygon(value: &Value) -> Polygon {
    let corner = |c: &Value| [c[0].as_f64().unwrap(), c[1].as_f64().unwrap()];
    Polygon::new(&value.as_array().unwrap().iter().map(corner).collect::<Vec<_>>()).unwrap()
}

fn stills() -> Option<Vec<Still>> {
    let folder = support::shared("data/synthetic")?;
    let lines = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let read = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let picture = support::picture(&folder.join(entry["media"].as_str().unwrap()));
        let list = |key: &str| entry[key].as_array().unwrap().clone();
        Still { picture, windows: list("windows"), truth: list("truth") }
    };
    Some(lines.lines().take(STILLS).map(read).collect())
}

fn model(file: &str) -> Option<PathBuf> {
    support::vendor("onnxruntime/libonnxruntime.so")?;
    support::shared(&format!("models/{file}"))
}

fn detector(file: &str, decoder: &str, input: &str) -> Option<Models> {
    let path = model(file)?;
    let rest = format!(
        "decoder = \"{decoder}\"\nlabels = {:?}\nthresholds = {{ score = 0.35 }}\n{input}",
        support::COCO
    );
    Some(support::load(&[support::entry(file, "person", &path, &rest)]))
}

/// How many of the things in the truth the detector finds at IoU ≥ 0.5: upright people in the whole picture, monitors
/// on the crop of their desk.
fn recall(models: &Models, stills: &[Still]) -> BTreeMap<&'static str, (usize, usize)> {
    let detector = models.person().unwrap();
    let label = |name: &str| detector.labels().iter().position(|l| l == name).unwrap();
    let mut counts = BTreeMap::new();
    for still in stills {
        let (width, height) = (still.picture.width(), still.picture.height());
        let people = detector.run(&still.picture, PixelBox::whole(width, height)).unwrap();
        for (truth, window) in still.truth.iter().zip(&still.windows) {
            let mut count = |class: &'static str, coco: &str, found: &[Detection], region: PixelBox| {
                let (hits, all) = counts.entry(class).or_insert((0, 0));
                *all += 1;
                *hits +=
                    usize::from(found.iter().any(|d| d.label == label(coco) && d.region.iou(region) >= 0.5));
            };
            if truth["posture"] == "upright" && truth["person_box"].is_array() {
                let region = still.region(&truth["person_box"]);
                if region.height() > 100.0 {
                    count("person", "person", &people, region);
                }
            }
            let Some(desk) = crops::desk_box(&polygon(&window["desk"]), width, height) else { continue };
            let items = detector.run(&still.picture, desk).unwrap();
            for item in truth["items"].as_array().into_iter().flatten() {
                if item["class"] == "monitor" {
                    count("monitor", "tv", &items, still.region(&item["box"]));
                }
            }
        }
    }
    counts
}

#[test]
fn detectors_of_three_families_find_people_and_items() {
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
        let counts = recall(&models, &stills);
        eprintln!("{file}: {counts:?}");
        // A wrong anchor, channel order or letterbox brings these to nearly nothing.
        for (class, least_percent) in [("person", 80), ("monitor", 10)] {
            let (hits, all) = counts.get(class).copied().unwrap_or_default();
            if all < 10 || hits * 100 < all * least_percent {
                problems.push(format!("{file}: {class} {hits} of {all}"));
            }
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
            for truth in
                still.truth.iter().filter(|t| t["posture"] == "upright" && t["person_box"].is_array())
            {
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
