//! What lies outside a window's polygons cannot change what is said of it.

use chuangming_calibration::Drift;
use chuangming_domain::calibration::Lens;
use chuangming_domain::geometry::{Point, Polygon};
use chuangming_domain::observation::{Observation, Posture, Signal};
use chuangming_edge_agent::capture::MediaReader;
use chuangming_edge_agent::eval::manifest;
use chuangming_edge_agent::perceive::{Optics, Perception, WindowView};
use chuangming_models::{PixelBox, RgbImage};
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
        let zone = WindowView::of_zone(entry.windows[1].seat.clone());
        let said = perception.look_for_smoking(&image, &zone).unwrap();
        let noisy = with_noise_outside(&image, &[&zone.seat], 9);
        assert_eq!(perception.look_for_smoking(&noisy, &zone).unwrap(), said, "zone at {seconds} s");
    }
}

#[test]
fn pixels_behind_a_privacy_mask_change_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entry = &manifest::read(&root.join("scenes/clips"), Some(1)).unwrap()[0];
    let mut perception = Perception::load(None).unwrap();
    let image = frame(&entry.media, Some(5.0), 12.0);
    let window = &entry.windows[0];
    let seat = window.seat.bounds();
    // The upper half of the seat, in the window's middle of things.
    let (right, bottom) = (seat.x + seat.width, seat.y + seat.height / 2.0);
    let hidden =
        Polygon::new(&[[seat.x, seat.y], [right, seat.y], [right, bottom], [seat.x, bottom]]).unwrap();
    let shown = Polygon::new(&[[0.0, bottom], [1.0, bottom], [1.0, 1.0], [0.0, 1.0]]).unwrap();
    let noisy = with_noise_outside(&image, &[&shown], 5);
    let plain = WindowView::new(window.seat.clone(), window.desk.clone(), window.required.clone());
    let optics = Optics { masks: vec![hidden], lens: None };
    let masked = WindowView { optics: Arc::new(optics), ..plain.clone() };
    let mut look = |image: &RgbImage, view: &WindowView| perception.look(image, view, &Signal::ALL).unwrap();
    assert_ne!(look(&noisy, &plain), look(&image, &plain), "the noise would be seen");
    assert_eq!(look(&noisy, &masked), look(&image, &masked));
}

/// What is said of the posture at the first window.
fn posture(perception: &mut Perception, image: &RgbImage, view: &WindowView) -> Option<Posture> {
    let said = perception.look(image, view, &[Signal::Presence, Signal::Posture]).unwrap();
    said.iter().find_map(|said| match said {
        Observation::Posture(reading) => reading.value().copied(),
        _ => None,
    })
}

#[test]
fn tilting_is_told_against_the_true_vertical() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entry = &manifest::read(&root.join("scenes/clips"), Some(1)).unwrap()[0];
    let mut perception = Perception::load(None).unwrap();
    let mut wrong_without = 0;
    for roll_deg in [-20.0, 20.0] {
        // The camera is rolled: everything in the picture leans, and the installer's zones with it.
        let rolled = Drift { dx: 0.0, dy: 0.0, scale: 1.0, roll_deg, matched: 0, residual_px: 0.0 };
        for (window, seconds, expected) in [
            (0, 2.0, Posture::Upright),
            (0, 20.0, Posture::Upright),
            (1, 14.0, Posture::Upright),
            (1, 30.0, Posture::Tilted),
        ] {
            let image = frame(&entry.media, Some(5.0), seconds);
            let size = (image.width(), image.height());
            let whole = PixelBox::whole(size.0, size.1);
            let leaning = image.upright(whole, -roll_deg);
            let polygon = |polygon: &Polygon| {
                let corners: Vec<_> =
                    polygon.corners().iter().map(|p| rolled.place([p.x, p.y], size)).collect();
                Polygon::new(&corners.iter().map(|c| c.map(|v| v.clamp(0.0, 1.0))).collect::<Vec<_>>())
                    .unwrap()
            };
            let labelled = &entry.windows[window];
            let plain =
                WindowView::new(labelled.seat.clone(), labelled.desk.clone(), labelled.required.clone());
            assert_eq!(
                posture(&mut perception, &image, &plain),
                Some(expected),
                "upright camera, {seconds} s"
            );
            let desk = labelled.desk.as_ref().map(polygon);
            let without = WindowView::new(polygon(&labelled.seat), desk, labelled.required.clone());
            let lens =
                Lens { camera: "cam-1".parse().unwrap(), k1: 0.0, k2: 0.0, centre: [0.5, 0.5], roll_deg };
            let optics = Optics { masks: vec![], lens: Some(lens) };
            let with = WindowView { optics: Arc::new(optics), ..without.clone() };
            let said = posture(&mut perception, &leaning, &with);
            assert_eq!(said, Some(expected), "window {window} at {seconds} s, rolled by {roll_deg}°");
            wrong_without += usize::from(posture(&mut perception, &leaning, &without) != Some(expected));
        }
    }
    // The window head bears some roll: most postures are told right at 20° without it too.
    assert!(wrong_without >= 1, "the roll made no difference");
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
