//! How long an inference takes, the crop included. Not a test of anything: figures depend on the machine and its load.
//!
//! `cargo test -p chuangming-models --test speed -- --ignored --nocapture`

mod support;

use chuangming_models::{Models, Options, PixelBox, RgbImage};
use std::time::Instant;

const RUNS: usize = 60;

#[test]
#[ignore = "a measurement"]
fn milliseconds_of_each_model() {
    if support::vendor("nanodet.onnx").is_none() {
        return;
    }
    let options = Options { threads: 2, ..Options::default() };
    let models =
        Models::load(&support::here().join("manifest.toml"), &options).unwrap_or_else(|e| panic!("{e}"));
    let picture = RgbImage::filled(1280, 720, 90);
    let region = PixelBox::new(200.0, 100.0, 700.0, 620.0);
    let time = |name: &str, run: &dyn Fn()| {
        let mut taken: Vec<f64> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        taken.sort_by(f64::total_cmp);
        eprintln!("{name:>10}: median {:6.1} ms, fastest {:6.1} ms", taken[RUNS / 2], taken[0]);
    };
    let pose = models.pose().map(|model| model.run(&picture, region).unwrap());
    if let Some(model) = models.pose() {
        time("pose", &|| drop(model.run(&picture, region).unwrap()));
    }
    for (name, detector) in [("person", models.person()), ("desk", models.desk())] {
        if let Some(model) = detector {
            time(name, &|| drop(model.run(&picture, region).unwrap()));
        }
    }
    for (name, head) in
        [("window", models.window()), ("badge", models.badge()), ("smoking", models.smoking())]
    {
        if let Some(model) = head {
            time(name, &|| drop(model.run(&picture, region, pose.as_ref().map(|p| &p.features)).unwrap()));
        }
    }
}
