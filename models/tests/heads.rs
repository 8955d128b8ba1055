//! Heads and detectors on a base model's features, with tiny models whose answers can be worked out by hand.

mod support;

use chuangming_models::{Models, PixelBox, RgbImage};
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    support::here().join("tests/golden").join(name)
}

fn base(name: &str, role: &str, decoder: &str, features: &str) -> Option<String> {
    support::vendor("onnxruntime/libonnxruntime.so")?;
    let file = support::vendor(&format!("{name}.onnx"))?;
    let input = if role == "pose" {
        "[models.input]\nname = \"input\"\nlayout = \"nhwc\"\nsize = [256, 256]\ndtype = \"int32\"\nchannels = \"rgb\"\nfit = \"letterbox\"\n".to_owned()
    } else {
        format!(
            "labels = {:?}\n{}",
            support::COCO,
            support::NANODET_INPUT.replace("NAME", "input").replace("FIT", "letterbox")
        )
    };
    Some(support::entry(
        name,
        role,
        &file,
        &format!("decoder = \"{decoder}\"\nfeatures = {features}\n{input}"),
    ))
}

fn crop_input() -> &'static str {
    "[models.input]\nname = \"crop\"\nlayout = \"nchw\"\nsize = [8, 8]\ndtype = \"float32\"\nchannels = \"rgb\"\nfit = \"letterbox\"\n"
}

/// A picture of one colour.
fn plain(width: u32, height: u32, rgb: [u8; 3]) -> RgbImage {
    RgbImage::from_raw(width, height, rgb.repeat((width * height) as usize)).unwrap()
}

#[test]
fn a_head_reads_the_pose_models_outputs() {
    let features = r#"["features_32", "features_16", "features_4"]"#;
    let Some(pose) = base("movenet-thunder", "pose", "movenet", features) else { return };
    let labels = "labels = { presence = [\"absent\", \"present\"], posture = [\"slumped\", \"upright\"] }\n";
    let rest = format!(
        "decoder = \"head\"\nfeatures_of = \"movenet-thunder\"\n{labels}thresholds = {{ temperature_posture = 2.0, present = 0.6 }}\n"
    );
    let models = support::load(&[pose, support::entry("head", "window", &golden("window.onnx"), &rest)]);
    let bytes = std::fs::read(support::here().join("fetch/tests/fixtures/person.npy")).unwrap();
    let picture = RgbImage::from_raw(64, 64, bytes[bytes.len() - 64 * 64 * 3..].to_vec()).unwrap();
    let whole = PixelBox::whole(64, 64);

    let pose = models.pose().unwrap().run(&picture, whole).unwrap();
    let head = models.window().unwrap();
    let answers = head.run(&picture, whole, Some(&pose.features)).unwrap();

    let mean_score = pose.keypoints.iter().map(|k| k.score).sum::<f32>() / 17.0;
    let presence = answers.get("presence").unwrap();
    let expected = 1.0 / (1.0 + (-10.0 * (mean_score - 0.4)).exp());
    assert!((presence.of("present").unwrap() - expected).abs() < 1e-4);
    assert_eq!(presence.decided().map(|(label, _)| label), (expected >= 0.6).then_some("present"));
    let posture = answers.get("posture").unwrap();
    #[allow(clippy::cast_possible_truncation)]
    let drop = ((pose.keypoints[5].y - pose.keypoints[0].y) / 64.0) as f32;
    let expected = 1.0 / (1.0 + (-50.0 * drop / 2.0).exp());
    assert!((posture.of("upright").unwrap() - expected).abs() < 1e-3);
    assert!(answers.get("badge").is_none() && posture.of("standing").is_none());

    // Without the features the head has its base model look again, to the same end.
    assert_eq!(head.run(&picture, whole, None).unwrap(), answers);
}

#[test]
fn a_head_on_a_crop_sees_the_crop() {
    if support::vendor("onnxruntime/libonnxruntime.so").is_none() {
        return;
    }
    let thresholds = "thresholds = { temperature = 1.5, worn = 0.9, missing = 0.2 }\n";
    let rest = format!(
        "decoder = \"head\"\nlabels = [\"worn\", \"missing\", \"unclear\"]\n{thresholds}{}",
        crop_input()
    );
    let models = support::load(&[support::entry("crop", "badge", &golden("crop.onnx"), &rest)]);
    let head = models.badge().unwrap();
    let check = |rgb: [u8; 3], decided: Option<&str>| {
        let picture = plain(40, 40, rgb);
        let answers = head.run(&picture, PixelBox::new(10.0, 10.0, 30.0, 30.0), None).unwrap();
        let answer = answers.first().unwrap();
        let powers: Vec<f32> = rgb.iter().map(|v| (f32::from(*v) / 10.0 / 1.5).exp()).collect();
        for ((label, p), power) in answer.iter().zip(&powers) {
            assert!((p - power / powers.iter().sum::<f32>()).abs() < 1e-4, "{label} of {rgb:?}: {p}");
        }
        assert_eq!(answer.decided().map(|(label, _)| label), decided, "{rgb:?}");
    };
    check([100, 40, 40], Some("worn"));
    check([50, 40, 40], None);
    check([40, 50, 45], Some("missing"));
}

#[test]
fn what_a_sharp_crop_shows_weighs_more() {
    if support::vendor("onnxruntime/libonnxruntime.so").is_none() {
        return;
    }
    let thresholds = "thresholds = { sharp_from = 20, sharp_missing = 2 }\n";
    let rest = format!(
        "decoder = \"head\"\nlabels = [\"worn\", \"missing\", \"unclear\"]\n{thresholds}{}",
        crop_input()
    );
    let models = support::load(&[support::entry("crop", "badge", &golden("crop.onnx"), &rest)]);
    let check = |region: PixelBox, expected: &str| {
        let answers = models.badge().unwrap().run(&plain(40, 40, [60, 50, 40]), region, None).unwrap();
        assert_eq!(answers.first().unwrap().best().0, expected, "{region:?}");
    };
    check(PixelBox::new(10.0, 10.0, 29.0, 29.0), "worn");
    check(PixelBox::new(10.0, 10.0, 30.0, 30.0), "missing");
    check(PixelBox::new(10.0, 10.0, 14.0, 30.0), "missing");
    check(PixelBox::new(-10.0, -10.0, 15.0, 15.0), "worn");
}

#[test]
fn a_detector_reads_its_base_models_features() {
    let features = r#"["features_8", "features_16", "features_32"]"#;
    let Some(nanodet) = base("nanodet", "person", "nanodet", features) else { return };
    let rest = "decoder = \"centre\"\nfeatures_of = \"nanodet\"\nlabels = [\"cup\", \"book\"]\nthresholds = { score = 0.05, book = 0.9 }\n";
    let models: Models =
        support::load(&[nanodet, support::entry("desk", "desk", &golden("desk.onnx"), rest)]);
    let desk = models.desk().unwrap();
    // A region twice as large as the net: a net pixel is two picture pixels.
    let found = desk.run(&plain(1000, 900, [90, 80, 70]), PixelBox::new(100.0, 50.0, 932.0, 882.0)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(desk.labels()[found[0].label], "book");
    let (x, y) = (6.5 * 32.0, 3.5 * 32.0);
    let expected = PixelBox::new(
        100.0 + (x - 16.0) * 2.0,
        50.0 + (y - 8.0) * 2.0,
        100.0 + (x + 24.0) * 2.0,
        50.0 + (y + 40.0) * 2.0,
    );
    assert!(found[0].region.iou(expected) > 0.999, "{:?}", found[0].region);
    assert!((found[0].score - 0.880_797).abs() < 1e-4);
    assert!(found[0].score < desk.threshold(found[0].label), "the class's own threshold says unsure");
}

/// The product's own manifest, with every head that is trained.
#[test]
fn the_products_models_load_and_answer() {
    if support::vendor("nanodet.onnx").is_none() || support::vendor("onnxruntime/libonnxruntime.so").is_none()
    {
        return;
    }
    let path = support::here().join("manifest.toml");
    let models =
        Models::load(&path, &chuangming_models::Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let picture = plain(640, 360, [120, 120, 120]);
    let region = PixelBox::new(100.0, 50.0, 300.0, 300.0);
    let pose = models.pose().unwrap().run(&picture, region).unwrap();
    for (name, head) in
        [("window", models.window()), ("badge", models.badge()), ("smoking", models.smoking())]
    {
        let head = head.unwrap_or_else(|| panic!("the manifest has no {name} head"));
        let answers = head.run(&picture, region, Some(&pose.features)).unwrap();
        let sum: f32 = answers.first().unwrap().iter().map(|(_, p)| p).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{name}: probabilities add up to {sum}");
    }
    // A wall shows nobody.
    let window = models.window().unwrap().run(&picture, region, Some(&pose.features)).unwrap();
    assert!(window.get("presence").unwrap().of("absent").unwrap() > 0.5);
    assert!(models.person().unwrap().run(&picture, region).unwrap().is_empty());
}
