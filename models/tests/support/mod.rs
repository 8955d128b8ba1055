//! What the tests share: where things lie, pictures as raw RGB, manifests for the occasion.
#![allow(dead_code, reason = "each test file uses a part of it")]

use chuangming_domain::digest::Digest;
use chuangming_models::{Models, Options, RgbImage};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of this crate.
pub(crate) fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with optional data, or `None` after saying so.
pub(crate) fn shared(part: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("CHUANGMING_SHARED").map_or_else(|| here().join("../../shared"), PathBuf::from);
    present(root.join(part), "set CHUANGMING_SHARED to the folder that holds it")
}

/// A fetched base model or library, or `None` after saying so.
pub(crate) fn vendor(part: &str) -> Option<PathBuf> {
    present(here().join("vendor").join(part), "run `make setup`")
}

fn present(path: PathBuf, hint: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{} is not there: {hint}", path.display()));
    None
}

pub(crate) fn skipped(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}

/// A picture file as RGB, through the ffmpeg program.
pub(crate) fn picture(path: &Path) -> RgbImage {
    let run = |program: &str, arguments: &[&str]| {
        let output =
            Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
        assert!(
            output.status.success(),
            "{program} {}: {}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let name = path.to_str().unwrap();
    let size = run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=width,height",
            "-of",
            "csv=p=0",
            name,
        ],
    );
    let size: Vec<u32> =
        String::from_utf8(size).unwrap().trim().split(',').map(|n| n.parse().unwrap()).collect();
    let pixels = run("ffmpeg", &["-v", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
    RgbImage::from_raw(size[0], size[1], pixels).unwrap()
}

/// A manifest entry for a file; `rest` are the lines after its provenance.
pub(crate) fn entry(name: &str, role: &str, file: &Path, rest: &str) -> String {
    let digest = std::fs::read(file).map_or_else(
        |_| format!("sha256:{}", "0".repeat(64)),
        |bytes| Digest::of(&bytes).as_str().to_owned(),
    );
    format!(
        "[[models]]\nname = \"{name}\"\nrole = \"{role}\"\nfile = \"{}\"\nsha256 = \"{}\"\nsource = \"test\"\nversion = \"1\"\nlicence = \"Apache-2.0\"\n{rest}\n",
        file.display(),
        digest.trim_start_matches("sha256:"),
    )
}

/// Writes a manifest with these entries into a folder of its own.
pub(crate) fn manifest(entries: &[String]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.toml");
    let library = here().join("vendor/onnxruntime/libonnxruntime.so");
    let text = format!("version = 1\n[runtime]\nlibrary = \"{}\"\n{}", library.display(), entries.concat());
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// Loads a manifest with these entries.
pub(crate) fn load(entries: &[String]) -> Models {
    let (_folder, path) = manifest(entries);
    Models::load(&path, &Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) const NANODET_INPUT: &str = "[models.input]\nname = \"NAME\"\nlayout = \"nchw\"\nsize = [416, 416]\ndtype = \"float32\"\nchannels = \"bgr\"\nmean = [103.53, 116.28, 123.675]\nstd = [57.375, 57.12, 58.395]\nfit = \"FIT\"\n";

pub(crate) const COCO: [&str; 80] = [
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
];
