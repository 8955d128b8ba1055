//! The fetched base models on a rendered person (the converter's fixture): the whole way from pixels to keypoints and
//! boxes gives what the converter's reference recorded.

mod support;

use chuangming_models::{Models, Options, PixelBox, Provider, RgbImage, Role};

/// Rows R, G, B of the converter's fixture `person.npy` (64x64, version 1 of the format, unsigned bytes).
fn person() -> RgbImage {
    let bytes = std::fs::read(support::here().join("fetch/tests/fixtures/person.npy")).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    RgbImage::from_raw(64, 64, bytes[10 + header..].to_vec()).unwrap()
}

fn base_models() -> Option<Models> {
    load_base_models(&Options::default())
}

fn load_base_models(options: &Options) -> Option<Models> {
    let files =
        ["movenet-thunder.onnx", "nanodet.onnx", "onnxruntime/libonnxruntime.so"].map(support::vendor);
    if files.iter().any(Option::is_none) {
        return None;
    }
    let text = std::fs::read_to_string(support::here().join("manifest.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Only the base models, found by their place: heads come and go with training.
    let entries: Vec<&str> = text.split("[[models]]").skip(1).filter(|e| e.contains("\"vendor/")).collect();
    let vendor = support::here().join("vendor");
    let base = format!(
        "version = 1\n[runtime]\nlibrary = \"vendor/onnxruntime/libonnxruntime.so\"\n[[models]]{}",
        entries.join("[[models]]")
    );
    let base = base.replace("\"vendor/", &format!("\"{}/", vendor.display()));
    let path = folder.path().join("manifest.toml");
    std::fs::write(&path, base).unwrap();
    Some(Models::load(&path, options).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn a_seated_person_is_found() {
    let Some(models) = base_models() else { return };
    let picture = person();
    let pose = models.pose().unwrap().run(&picture, PixelBox::whole(64, 64)).unwrap();
    let seen = pose.keypoints.iter().filter(|k| k.score > 0.3).count();
    assert!(seen >= 10, "{seen} keypoints seen");
    let (nose, shoulder, hip) = (&pose.keypoints[0], &pose.keypoints[6], &pose.keypoints[12]);
    assert!(nose.y < shoulder.y && shoulder.y < hip.y, "head above shoulder above hip");
    assert!(
        (24.0..40.0).contains(&nose.x) && (2.0..16.0).contains(&nose.y),
        "the head is where the picture has it"
    );
    assert!(models.digest(Role::Pose).is_some() && models.digest(Role::Desk).is_none());
}

#[test]
fn a_grey_picture_holds_nobody() {
    let Some(models) = base_models() else { return };
    let empty = RgbImage::filled(320, 240, 114);
    let found = models.person().unwrap().run(&empty, PixelBox::whole(320, 240)).unwrap();
    assert!(found.is_empty(), "{} boxes on grey", found.len());
    let pose = models.pose().unwrap().run(&empty, PixelBox::whole(320, 240)).unwrap();
    assert!(pose.keypoints.iter().all(|k| k.score < 0.4));
}

/// The same part of the picture gives the same answer wherever it lies: boxes come back in picture pixels.
#[test]
fn a_region_is_seen_as_if_it_were_the_picture() {
    let Some(models) = base_models() else { return };
    let small = person();
    let mut wide = vec![30u8; 200 * 100 * 3];
    for y in 0..64usize {
        let row = small.row(u32::try_from(y).unwrap());
        let start = ((y + 20) * 200 + 100) * 3;
        wide[start..start + row.len()].copy_from_slice(row);
    }
    let wide = RgbImage::from_raw(200, 100, wide).unwrap();
    let alone = models.pose().unwrap().run(&small, PixelBox::whole(64, 64)).unwrap();
    let inside = models.pose().unwrap().run(&wide, PixelBox::new(100.0, 20.0, 164.0, 84.0)).unwrap();
    for (a, b) in alone.keypoints.iter().zip(&inside.keypoints).filter(|(a, _)| a.score > 0.4) {
        assert!((a.x + 100.0 - b.x).abs() < 1.5 && (a.y + 20.0 - b.y).abs() < 1.5);
    }
}

/// A library without OpenVINO, or models that it refuses, run on the CPU to the same end.
#[test]
fn openvino_falls_back_to_the_cpu() {
    let Some(expected) = base_models() else { return };
    let options = Options { provider: Provider::OpenVino, ..Options::default() };
    let models = load_base_models(&options).unwrap();
    assert_eq!(models.provider(Role::Pose), Some(Provider::Cpu));
    let pose = |models: &Models| models.pose().unwrap().run(&person(), PixelBox::whole(64, 64)).unwrap();
    assert_eq!(pose(&models).keypoints, pose(&expected).keypoints);
}
