//! Where OpenVINO was fetched (`python models/fetch/fetch.py --runtime openvino`), it gives what the CPU gives. In a
//! process of its own, because the first library stays.

mod support;

use chuangming_models::{Models, Options, PixelBox, Provider, RgbImage, Role};

#[test]
fn keypoints_are_those_of_the_reference() {
    let Some(library) = support::vendor("onnxruntime-openvino/libonnxruntime.so") else { return };
    let Some(thunder) = support::vendor("movenet-thunder.onnx") else { return };
    let rest = "decoder = \"movenet\"\nfeatures = [\"features_32\", \"features_16\", \"features_4\"]\n[models.input]\nname = \"input\"\nlayout = \"nhwc\"\nsize = [256, 256]\ndtype = \"int32\"\nchannels = \"rgb\"\nfit = \"letterbox\"\n";
    let (_folder, path) = support::manifest(&[support::entry("movenet-thunder", "pose", &thunder, rest)]);
    let bytes = std::fs::read(support::here().join("fetch/tests/fixtures/person.npy")).unwrap();
    let picture = RgbImage::from_raw(64, 64, bytes[bytes.len() - 64 * 64 * 3..].to_vec()).unwrap();
    let run = |provider| {
        let options = Options { threads: 2, provider, library: Some(library.clone()) };
        let models = Models::load(&path, &options).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(models.provider(Role::Pose), Some(provider), "the model runs where it was meant to");
        models.pose().unwrap().run(&picture, PixelBox::whole(64, 64)).unwrap()
    };
    let (cpu, openvino) = (run(Provider::Cpu), run(Provider::OpenVino));
    assert!(cpu.keypoints.iter().filter(|k| k.score > 0.3).count() >= 10);
    for (i, (a, b)) in
        cpu.keypoints.iter().zip(&openvino.keypoints).enumerate().filter(|(_, (a, _))| a.score > 0.4)
    {
        assert!((a.x - b.x).hypot(a.y - b.y) < 0.5 && (a.score - b.score).abs() < 0.05, "keypoint {i}");
    }
}
