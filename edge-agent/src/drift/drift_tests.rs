//! Rendered scenes, moved, lit and walked through.

use super::*;
use std::path::Path;

/// A picture of the bundled clip's scene with nobody in it.
pub(crate) fn scene(name: &str) -> RgbImage {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    crate::capture::read_picture(&root.join("scenes/clips/img").join(name)).unwrap()
}

/// What the camera shows after it moved: `place` says where a pixel's content was.
fn warped(image: &RgbImage, place: impl Fn(f64, f64) -> (f64, f64)) -> RgbImage {
    let (w, h) = (image.width(), image.height());
    let mut pixels = Vec::with_capacity((w * h * 3) as usize);
    for y in 0..h {
        for x in 0..w {
            let (sx, sy) = place(f64::from(x), f64::from(y));
            // What comes into view is unknown: the border goes on.
            let (sx, sy) = (sx.clamp(0.0, f64::from(w) - 1.001), sy.clamp(0.0, f64::from(h) - 1.001));
            let (x0, y0) = (sx.floor() as u32, sy.floor() as u32);
            let (fx, fy) = (sx - f64::from(x0), sy - f64::from(y0));
            for c in 0..3 {
                let at = |x: u32, y: u32| f64::from(image.row(y.min(h - 1))[(x.min(w - 1) * 3 + c) as usize]);
                let upper = at(x0, y0) * (1.0 - fx) + at(x0 + 1, y0) * fx;
                let lower = at(x0, y0 + 1) * (1.0 - fx) + at(x0 + 1, y0 + 1) * fx;
                pixels.push((upper * (1.0 - fy) + lower * fy).round() as u8);
            }
        }
    }
    RgbImage::from_raw(w, h, pixels).unwrap()
}

/// Moved by shares of width and height, turned by degrees, zoomed.
pub(crate) fn moved(image: &RgbImage, dx: f64, dy: f64, degrees: f64, scale: f64) -> RgbImage {
    let (w, h) = (f64::from(image.width()), f64::from(image.height()));
    let (sin, cos) = degrees.to_radians().sin_cos();
    warped(image, |x, y| {
        let (u, v) = ((x - w / 2.0 - dx * w) / scale, (y - h / 2.0 - dy * h) / scale);
        (w / 2.0 + u * cos + v * sin, h / 2.0 - u * sin + v * cos)
    })
}

/// Another light: gain, gamma, a lamp at one side, grey as by infra-red, and the sensor's noise.
pub(crate) fn lit(image: &RgbImage, gain: f64, gamma: f64, side: f64, grey: bool, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state % 1000) / 1000.0 - 0.5
    };
    let w = f64::from(image.width());
    let pixel = |(i, p): (usize, &[u8])| {
        let x = (i % image.width() as usize) as f64 / w - 0.5;
        let [r, g, b] = [p[0], p[1], p[2]].map(f64::from);
        let rgb = if grey { [(r + g + b) / 3.0; 3] } else { [r, g, b] };
        let n = 8.0 * noise();
        rgb.map(|v| (255.0 * (v / 255.0).powf(gamma) * gain * (1.0 + side * x) + n).clamp(0.0, 255.0) as u8)
    };
    let pixels = image.pixels().chunks_exact(3).enumerate().flat_map(pixel).collect();
    RgbImage::from_raw(image.width(), image.height(), pixels).unwrap()
}

/// Somebody, as far as edges can tell: a textured body before the scene.
fn with_people(image: &RgbImage, places: &[(f64, f64, f64)]) -> RgbImage {
    let (w, h) = (f64::from(image.width()), f64::from(image.height()));
    let mut pixels = image.pixels().to_vec();
    for &(left, width, top) in places {
        for y in (top * h) as usize..image.height() as usize {
            for x in (left * w).max(0.0) as usize..((left + width) * w).min(w) as usize {
                let stripe = (x / 7 + y / 11) % 3;
                let at = (y * image.width() as usize + x) * 3;
                pixels[at..at + 3].fill(40 + 60 * stripe as u8);
            }
        }
    }
    RgbImage::from_raw(image.width(), image.height(), pixels).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_574_800 + second).unwrap()
}

/// Learnt from half a minute of the scene with noise.
fn learnt(image: &RgbImage) -> CameraDrift {
    let mut drift = CameraDrift::new(None);
    for second in 0..40 {
        assert!(drift.is_learning(), "learnt at {second} s");
        if drift.learn(at(second), &lit(image, 1.0, 1.0, 0.0, false, second as u32), &[]).is_some() {
            return drift;
        }
    }
    panic!("not learnt in 40 s");
}

/// Shows one picture after another from second 100 on, each with its own noise, until something changes: when, and what.
fn shown(drift: &mut CameraDrift, seconds: i64, picture: impl Fn(i64) -> RgbImage) -> Option<(i64, Change)> {
    (0..seconds).find_map(|second| {
        let noisy = lit(&picture(second), 1.0, 1.0, 0.0, false, 1000 + second as u32);
        drift.look(at(100 + second), &noisy).map(|change| (second, change))
    })
}

#[test]
fn a_moved_camera_is_told_within_half_a_minute_and_how_far() {
    for name in ["demo.ref.jpg", "quiet.ref.jpg"] {
        let scene = scene(name);
        let still = learnt(&scene);
        let check = |what: &str, dx: f64, dy: f64, degrees: f64, scale: f64| {
            let mut drift = CameraDrift::new(still.view().cloned());
            assert_eq!(shown(&mut drift, 3, |_| scene.clone()), None);
            let elsewhere = moved(&scene, dx, dy, degrees, scale);
            let change = shown(&mut drift, 30, |_| elsewhere.clone());
            assert!(matches!(change, Some((_, Change::Raised))), "{name}, {what}: {change:?}");
            if let Some(found) = drift.moved().unwrap().drift {
                assert!((found.dx - dx).abs() < 0.005, "{name}, {what}: {found:?}");
                assert!((found.roll_deg - degrees).abs() < 0.5, "{name}, {what}: {found:?}");
                assert!((found.scale - scale).abs() < 0.015, "{name}, {what}: {found:?}");
            } else {
                assert!(dx.abs() > 0.3, "{name}, {what}: found nothing");
            }
            let back = shown(&mut drift, 10, |_| scene.clone());
            assert!(matches!(back, Some((_, Change::Cleared))), "{name}, {what}: {back:?}");
        };
        check("to the right", 0.02, 0.0, 0.0, 1.0);
        check("to the left", -0.02, 0.0, 0.0, 1.0);
        check("down", 0.0, 0.036, 0.0, 1.0);
        check("rolled", 0.0, 0.0, 1.5, 1.0);
        check("rolled back", 0.0, 0.0, -1.5, 1.0);
        check("zoomed in", 0.0, 0.0, 0.0, 1.03);
        check("zoomed out", 0.0, 0.0, 0.0, 0.97);
        check("knocked", 0.11, -0.06, 3.0, 1.0);
        check("knocked far", 0.25, 0.0, 0.0, 1.0);
    }
}

#[test]
fn a_camera_that_is_knocked_again_and_far_is_lost_and_found_when_it_comes_nearer() {
    let scene = scene("demo.ref.jpg");
    let mut drift = learnt(&scene);
    let far = moved(&scene, 0.0, 0.5, 0.0, 1.0);
    let near = moved(&scene, 0.05, 0.0, 0.0, 1.0);
    let known =
        |drift: &CameraDrift| drift.moved().and_then(|moved| moved.drift).map(|d| (d.dx * 100.0).round());
    assert!(matches!(shown(&mut drift, 30, |_| near.clone()), Some((_, Change::Raised))));
    assert_eq!(known(&drift), Some(5.0));
    assert_eq!(shown(&mut drift, 10, |_| far.clone()), None);
    assert_eq!(known(&drift), Some(5.0), "somebody may stand before it for a moment");
    let later = at(120);
    for second in 0..20 {
        drift.look(later + SignedDuration::from_secs(second), &far);
    }
    assert!(drift.moved().is_some() && known(&drift).is_none(), "it moved, and nobody knows where to");
    drift.look(later + SignedDuration::from_secs(30), &near);
    assert_eq!(known(&drift), Some(5.0));
}

#[test]
fn a_slow_pan_is_told_within_half_a_minute_of_two_percent() {
    let scene = scene("demo.ref.jpg");
    let mut drift = learnt(&scene);
    // A thousandth of the width each second: two percent after 20 s.
    let change = shown(&mut drift, 50, |second| moved(&scene, 0.001 * second as f64, 0.0, 0.0, 1.0));
    assert!(matches!(change, Some((_, Change::Raised))), "{change:?}");
}

#[test]
fn light_and_people_move_no_camera() {
    for name in ["demo.ref.jpg", "quiet.ref.jpg"] {
        let scene = scene(name);
        let still = learnt(&scene);
        let check = |what: &str, picture: &dyn Fn(i64) -> RgbImage| {
            let mut drift = CameraDrift::new(still.view().cloned());
            shown(&mut drift, 3, |_| scene.clone());
            let change = shown(&mut drift, 30, picture);
            assert!(change.is_none() && drift.moved().is_none(), "{name}, {what}: {change:?}");
        };
        check("as it was", &|_| scene.clone());
        check("half the light", &|_| lit(&scene, 0.5, 1.0, 0.0, false, 3));
        check("evening", &|_| lit(&scene, 0.3, 1.2, 0.0, false, 4));
        check("overexposed", &|_| lit(&scene, 1.6, 0.9, 0.0, false, 5));
        check("a lamp on the left", &|_| lit(&scene, 0.8, 1.1, -1.2, false, 6));
        check("infra-red", &|_| lit(&scene, 0.9, 0.7, 0.6, true, 7));
        let on_and_off =
            |second: i64| if second % 6 < 3 { scene.clone() } else { lit(&scene, 0.35, 1.1, 0.5, false, 8) };
        check("light switched on and off", &on_and_off);
        check("somebody stands close", &|_| with_people(&scene, &[(0.3, 0.4, 0.1)]));
        let walking = |second: i64| {
            let x = second as f64 / 30.0;
            with_people(&scene, &[(x, 0.15, 0.2), (0.9 - x, 0.12, 0.3), (0.45, 0.1, 0.25)])
        };
        check("people walk by", &walking);
        check("trembling by a third of a percent", &|s| moved(&scene, 0.003 * (s % 2) as f64, 0.0, 0.0, 1.0));
    }
}

#[test]
fn where_somebody_is_nothing_is_learnt() {
    let scene = scene("demo.ref.jpg");
    let taken = Rect { x: 0.2, y: 0.0, width: 0.3, height: 1.0 };
    let mut drift = CameraDrift::new(None);
    for second in 0..40 {
        let image = with_people(&scene, &[(0.22, 0.26, 0.05)]);
        drift.learn(at(second), &lit(&image, 1.0, 1.0, 0.0, false, second as u32), &[taken]);
        if !drift.is_learning() {
            break;
        }
    }
    let view = drift.view().expect("enough is left to learn from");
    let inside = |x: u16| (0.2..0.5).contains(&(f64::from(x) / edges::WIDTH as f64));
    assert!(view.spots.iter().all(|spot| !inside(spot.x)));
}

#[test]
fn a_view_is_read_as_it_was_written_and_shows_no_place() {
    let drift = learnt(&scene("quiet.ref.jpg"));
    let view = drift.view().unwrap();
    let bytes = view.to_bytes();
    assert_eq!(View::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    assert!(View::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    assert!(bytes.len() < 6000, "{} bytes", bytes.len());
    assert!(format!("{view:?}").starts_with("View("));
    // A plain wall tells nothing: it is never learnt.
    let mut blind = CameraDrift::new(None);
    for second in 0..60 {
        assert!(blind.learn(at(second), &RgbImage::filled(640, 360, 120), &[]).is_none());
    }
}

/// A bundled clip with its people, a picture a second.
fn clip(name: &str) -> Vec<RgbImage> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let media = root.join("scenes/clips/clip").join(name);
    let mut reader = crate::capture::MediaReader::open(&media, None).unwrap();
    let (mut pictures, mut next) = (Vec::new(), 0.0);
    while let Some(moment) = reader.advance().unwrap() {
        if moment.t >= next {
            pictures.push(reader.picture().unwrap());
            next += 1.0;
        }
    }
    pictures
}

#[test]
fn the_bundled_clips_are_learnt_around_their_people_and_raise_nothing_until_they_move() {
    let mut perception = crate::perceive::Perception::load(None).unwrap();
    // The clips' seats; somebody is at them most of the time.
    let seats = [[0.02, 0.02, 0.42, 0.55], [0.52, 0.02, 0.45, 0.55]].map(Rect::from_array);
    for name in ["demo.mp4", "quiet.mp4"] {
        let pictures = clip(name);
        let mut drift = CameraDrift::new(None);
        let mut changes = Vec::new();
        let looped = || pictures.iter().cycle();
        for (second, image) in (0..90).zip(looped()) {
            if drift.is_learning() {
                let mut people = perception.find_people(image).unwrap().unwrap();
                people.iter_mut().for_each(|person| *person = person.enlarged(0.15));
                people.extend(seats);
                changes.extend(drift.learn(at(second), image, &people));
            } else {
                changes.extend(drift.look(at(second), image));
            }
        }
        assert_eq!(changes, [Change::Learnt], "{name}");
        let still = drift.view().cloned();
        let mut after = Vec::new();
        for (second, image) in (90..120).zip(looped()) {
            after.extend(
                drift.look(at(second), &moved(image, 0.03, 0.0, 0.0, 1.0)).map(|change| (second, change)),
            );
        }
        assert!(
            matches!(after[..], [(second, Change::Raised)] if second < 120),
            "{name}, {still:?}: {after:?}"
        );
    }
}
