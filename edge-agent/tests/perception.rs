//! What lies outside a window's polygons cannot change what is said of it.

use chuangming_domain::geometry::{Point, Polygon};
use chuangming_domain::observation::{Observation, Signal};
use chuangming_edge_agent::capture::MediaReader;
use chuangming_edge_agent::eval::manifest;
use chuangming_edge_agent::perceive::{Perception, WindowView};
use chuangming_models::RgbImage;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::path::Path;
use std::sync::Arc;

/// The picture with random pixels wherever no polygon is.
fn with_noise_outside(image: &RgbImage, polygons: &[&Polygon], seed: u64) -> RgbImage {
    let mut random = StdRng::seed_from_u64(seed);
    let (width, height) = (image.width(), image.height());
    let mut pixels = image.pixels().to_vec();
    for y in 0..height {
        for x in 0..width {
            let centre = Point {
                x: (f64::from(x) + 0.5) / f64::from(width),
                y: (f64::from(y) + 0.5) / f64::from(height),
            };
            if !polygons.iter().any(|polygon| polygon.contains(centre)) {
                let start = (y * width + x) as usize * 3;
                random.fill(&mut pixels[start..start + 3]);
            }
        }
    }
    RgbImage::from_raw(width, height, pixels).unwrap()
}

fn frame(media: &Path, fps: Option<f64>, seconds: f64) -> RgbImage {
    let mut reader = MediaReader::open(media, fps).unwrap();
    while let Some(moment) = reader.advance().unwrap() {
        if moment.t >= seconds {
            return reader.picture().unwrap();
        }
    }
    panic!("{} is shorter than {seconds} s", media.display());
}

#[test]
fn pixels_outside_the_polygons_change_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entry = &manifest::read(&root.join("scenes/clips"), Some(1)).unwrap()[0];
    let mut perception = Perception::load(None).unwrap();
    // Slumped and smoking, nobody and clutter, an ashtray: something to tell for every signal.
    for seconds in [12.0, 30.0, 44.0] {
        let image = frame(&entry.media, Some(5.0), seconds);
        for window in &entry.windows {
            let mut view = WindowView::new(window.seat.clone(), window.desk.clone(), window.required.clone());
            let reference = frame(window.reference.as_ref().unwrap(), None, 0.0);
            view.reference = Some(Arc::new(perception.learn_reference(&reference, &view).unwrap()));
            let said = perception.look(&image, &view, &Signal::ALL).unwrap();
            let known =
                said.iter().filter(|o| matches!(o, Observation::Desk(r) if r.value().is_some())).count();
            assert_eq!(known, 1, "the desk of window {} is seen at {seconds} s", window.window);
            let polygons: Vec<&Polygon> = [&window.seat].into_iter().chain(&window.desk).collect();
            for seed in 0..3 {
                let noisy = with_noise_outside(&image, &polygons, seed);
                assert_ne!(noisy, image);
                assert_eq!(
                    perception.look(&noisy, &view, &Signal::ALL).unwrap(),
                    said,
                    "window {} at {seconds} s",
                    window.window
                );
                let noisy = with_noise_outside(&reference, &polygons, seed);
                assert_eq!(
                    &perception.learn_reference(&noisy, &view).unwrap(),
                    view.reference.as_deref().unwrap()
                );
            }
        }
        let zone = &entry.windows[1].seat;
        let said = perception.look_for_smoking(&image, zone).unwrap();
        let noisy = with_noise_outside(&image, &[zone], 9);
        assert_eq!(perception.look_for_smoking(&noisy, zone).unwrap(), said, "zone at {seconds} s");
    }
}

#[test]
fn a_reference_with_somebody_in_view_is_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entry = &manifest::read(&root.join("scenes/clips"), Some(1)).unwrap()[0];
    let image = frame(&entry.media, Some(5.0), 2.0);
    let window = &entry.windows[0];
    let view = WindowView::new(window.seat.clone(), window.desk.clone(), window.required.clone());
    let refused = Perception::load(None).unwrap().learn_reference(&image, &view).unwrap_err().to_string();
    assert_eq!(refused, "somebody is in view: the reference must show the empty seat and the tidy desk");
}
