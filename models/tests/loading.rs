//! Whatever is wrong with a manifest or a model's file is one line that says what, where and what would be right.

mod support;

use chuangming_models::manifest::Manifest;
use chuangming_models::{Models, Options};
use std::path::Path;

const GOOD: &str = r#"
[[models]]
name = "pose-1"
role = "pose"
file = "a.onnx"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
source = "test"
version = "1"
licence = "Apache-2.0"
decoder = "movenet"
features = ["features_16"]
[models.input]
name = "input"
layout = "nhwc"
size = [256, 256]
dtype = "int32"
channels = "rgb"
fit = "letterbox"

[[models]]
name = "window-1"
role = "window"
file = "b.onnx"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
source = "test"
version = "1"
licence = "Apache-2.0"
decoder = "head"
features_of = "pose-1"
labels = { presence = ["absent", "present"], posture = ["upright", "slumped"] }
thresholds = { temperature = 1.5, absent = 0.9 }
"#;

fn parse(text: &str) -> Result<Manifest, String> {
    Manifest::parse(&format!("version = 1\n{text}"), Path::new("m/manifest.toml")).map_err(|e| e.to_string())
}

#[test]
fn a_good_manifest_is_read() {
    let manifest = parse(GOOD).unwrap();
    assert_eq!(manifest.models.len(), 2);
    assert_eq!(manifest.models[0].file, Path::new("m/a.onnx"));
    assert_eq!(manifest.models[1].threshold("absent"), Some(0.9));
    assert_eq!(manifest.models[1].features_of.as_deref(), Some("pose-1"));
}

#[test]
fn the_products_own_manifest_is_valid() {
    let manifest = Manifest::read(&support::here().join("manifest.toml")).unwrap_or_else(|e| panic!("{e}"));
    assert!(manifest.library.is_some());
    assert!(manifest.models.iter().any(|m| m.name == "movenet-thunder"));
    for model in &manifest.models {
        let allowed = ["Apache-2.0", "MIT", "BSD-3-Clause", "CC0-1.0"];
        assert!(allowed.contains(&model.licence.as_str()), "{}: licence {}", model.name, model.licence);
    }
}

/// Every row changes one thing of a good manifest.
#[test]
fn every_mistake_is_named() {
    let cases = [
        (
            "role = \"pose\"",
            "role = \"poses\"",
            "m/manifest.toml: models[0].role: is \"poses\", expected one of pose, quick_pose, person, window, badge, smoking, desk",
        ),
        (
            "decoder = \"movenet\"",
            "decoder = \"yolo\"",
            "models[0].decoder: is \"yolo\", expected one of movenet, heatmap, nanodet, nanodet_plus, picodet, centre, head",
        ),
        (
            "decoder = \"movenet\"",
            "decoder = \"head\"",
            "models[0].decoder: is head, expected movenet or heatmap for role pose",
        ),
        ("sha256 = \"0000", "sha256 = \"0x00", "models[0].sha256: is \"0x00"),
        ("name = \"pose-1\"", "nam = \"pose-1\"", "models[0].nam: is unknown; known here: name, role"),
        ("name = \"pose-1\"", "nam = \"pose-1\"", "models[0].name: is missing, expected a text"),
        (
            "size = [256, 256]",
            "size = [256, 0]",
            "models[0].input.size: is [256, 0], expected [width, height], each from 8 to 4096",
        ),
        (
            "fit = \"letterbox\"",
            "fit = \"letterbox\"\nstd = [1, 0, 1]",
            "models[0].input.std: is [1, 0, 1], expected three numbers, none of them 0",
        ),
        ("name = \"window-1\"", "name = \"pose-1\"", "models.pose-1: is listed twice; names are unique"),
        (
            "features_of = \"pose-1\"",
            "features_of = \"other\"",
            "models.window-1.features_of: is other, expected another model with an input: pose-1",
        ),
        (
            "features_of = \"pose-1\"",
            "",
            "models[1].input: is missing, expected a table (only a head with features_of may do without)",
        ),
        ("temperature = 1.5", "temperature = \"warm\"", "models[1].thresholds: is"),
        ("licence = \"Apache-2.0\"", "licence = 3", "models[0].licence: is 3, expected a text"),
        (
            "role = \"window\"",
            "role = \"person\"",
            "models[1].decoder: is head, expected nanodet or nanodet_plus or picodet or centre for role person",
        ),
    ];
    let mut problems = Vec::new();
    for (from, to, expected) in cases {
        assert!(GOOD.contains(from), "the good manifest has no {from:?}");
        let message = parse(&GOOD.replacen(from, to, 1)).expect_err(to);
        if !message.contains(expected) || message.contains('\n') {
            problems.push(format!("{to}: {message}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let bad = GOOD
        .replace("role = \"pose\"", "role = 1")
        .replace("licence = \"Apache-2.0\"", "")
        .replace("fit = \"letterbox\"", "");
    let message = parse(&bad).unwrap_err();
    for expected in ["models[0].role", "models[0].licence", "models[0].input.fit", "models[1].licence"] {
        assert!(message.contains(expected), "{expected} is not in: {message}");
    }
}

/// What only the file and the runtime can tell.
#[test]
fn every_unfit_file_is_explained() {
    let Some(thunder) = support::vendor("movenet-thunder.onnx") else { return };
    let Some(nanodet) = support::vendor("nanodet.onnx") else { return };
    let Some(_) = support::vendor("onnxruntime/libonnxruntime.so") else { return };
    let folder = tempfile::tempdir().unwrap();
    let rubbish = folder.path().join("rubbish.onnx");
    std::fs::write(&rubbish, "not a model").unwrap();
    let input = |size: &str, name: &str, dtype: &str| {
        format!(
            "[models.input]\nname = \"{name}\"\nlayout = \"nhwc\"\nsize = {size}\ndtype = \"{dtype}\"\nchannels = \"rgb\"\nfit = \"letterbox\"\n"
        )
    };
    let pose = |rest: &str| support::entry("p", "pose", &thunder, &format!("decoder = \"movenet\"\n{rest}"));
    let right = input("[256, 256]", "input", "int32");
    let labels = |list: &[&str]| format!("labels = {list:?}\n");
    let person = |decoder: &str, list: &[&str]| {
        let input = support::NANODET_INPUT.replace("NAME", "input").replace("FIT", "letterbox");
        let features = "features = [\"features_8\", \"features_16\", \"features_32\"]\n";
        support::entry(
            "d",
            "person",
            &nanodet,
            &format!("decoder = \"{decoder}\"\n{}{features}{input}", labels(list)),
        )
    };
    let head = |rest: &str| support::entry("h", "window", &nanodet, &format!("decoder = \"head\"\n{rest}"));
    let digit = |text: String| text.replacen("sha256 = \"", "sha256 = \"f", 1);
    let spoilt = {
        let good = pose(&right);
        let place = good.find("sha256 = \"").unwrap() + 10;
        let other = if &good[place..=place] == "0" { "1" } else { "0" };
        format!("{}{other}{}", &good[..place], &good[place + 1..])
    };
    let cases = [
        ("wrong hash", spoilt, "movenet-thunder.onnx: hash is sha256:"),
        ("hash of another length", digit(pose(&right)), "expected 64 lower-case hex digits"),
        (
            "missing file",
            support::entry(
                "p",
                "pose",
                &folder.path().join("gone.onnx"),
                &format!("decoder = \"movenet\"\n{right}"),
            ),
            "gone.onnx: No such file or directory (os error 2): run `make setup`",
        ),
        (
            "no model",
            support::entry("p", "pose", &rubbish, &format!("decoder = \"movenet\"\n{right}")),
            "rubbish.onnx: the runtime refuses the model:",
        ),
        (
            "no such input",
            pose(&input("[256, 256]", "image", "int32")),
            "model p: has no input image, the manifest's input.name; it has input",
        ),
        (
            "another size",
            pose(&input("[192, 192]", "input", "int32")),
            "model p: input input has shape [1, 256, 256, 3], the manifest's layout and size make [1, 192, 192, 3]",
        ),
        (
            "another type",
            pose(&input("[256, 256]", "input", "float32")),
            "model p: input input is i32, the manifest's dtype is float32",
        ),
        (
            "no such feature",
            pose(&format!("features = [\"features_99\"]\n{right}")),
            "model p: has no output features_99, which the manifest lists in features",
        ),
        (
            "another family",
            pose(&right).replace("\"movenet\"", "\"heatmap\""),
            "model p: output has shape [1, 1, 17, 3], heatmap reads [1, 17, height, width]",
        ),
        (
            "labels too few",
            person("nanodet", &["person"]),
            "model d: outputs at stride 8 have 80 and 44 values a cell; one of them must be the 1 labels",
        ),
        ("another detector", person("centre", &["person"]), "model d: no output is named heat…"),
        (
            "no such output",
            head(&format!(
                "labels = {{ presence = [\"a\"] }}\n{}",
                support::NANODET_INPUT.replace("NAME", "input").replace("FIT", "letterbox")
            )),
            "model h: has no output presence, which labels names; it has cls_8, cls_16",
        ),
    ];
    let mut problems = Vec::new();
    for (name, entry, expected) in cases {
        let (_folder, path) = support::manifest(&[entry]);
        match Models::load(&path, &Options::default()) {
            Ok(_) => problems.push(format!("{name}: was loaded")),
            Err(e) if !e.to_string().contains(expected) || e.to_string().contains('\n') => {
                problems.push(format!("{name}: {e}"))
            }
            Err(_) => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
