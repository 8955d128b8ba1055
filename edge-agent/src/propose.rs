//! `propose`: looks at a camera for some seconds and writes a `calibration.toml` with the windows where people stayed.
//!
//! The one place where a whole picture is looked at: there are no polygons yet. Only boxes are kept, in memory, until
//! the proposal is made.

use crate::capture::{Camera, CaptureSettings, Source};
use crate::clock::SteadyClock;
use crate::failure::Failure;
use chuangming_calibration::{propose, to_toml};
use chuangming_domain::geometry::Rect;
use chuangming_domain::id::CameraId;
use chuangming_models::Models;
use chuangming_models::image::RgbImage;
use chuangming_models::pixel_box::PixelBox;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often people are looked for: often enough to tell who stays from who walks by.
const EVERY: Duration = Duration::from_millis(500);
/// How long the first picture may take: opening a network stream, and its first key frame.
const PATIENCE: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// Smaller boxes are people far behind the counter, in fractions of the picture's height.
const MIN_HEIGHT: f64 = 0.12;

/// The text of a `calibration.toml` for `camera`, from `seconds` of its pictures.
///
/// # Errors
/// When the source is none, no picture comes, or there is no model that finds people.
pub fn run(source: &str, camera: &CameraId, seconds: u32, models: &Models) -> Result<String, Failure> {
    let source =
        Source::parse(source, Path::new("")).map_err(|e| Failure::input(format!("--source: {e}")))?;
    let clock = Arc::new(SteadyClock::new(jiff::Timestamp::now(), Instant::now()));
    let capture = Camera::start(camera.clone(), source, CaptureSettings::default(), clock)
        .map_err(|e| Failure::failed(format!("no thread for the camera: {e}")))?;
    let frames = watch(&capture, Duration::from_secs(u64::from(seconds)), models);
    // A camera that hangs is left behind: the process ends anyway.
    let _ = capture.stop(STOP_WITHIN);
    Ok(to_toml(&propose(&frames?), camera))
}

/// The boxes of people in each picture looked at.
fn watch(capture: &Camera, span: Duration, models: &Models) -> Result<Vec<Vec<Rect>>, Failure> {
    let mut next = Instant::now();
    let mut end = next + PATIENCE;
    let mut frames = Vec::new();
    while Instant::now() < end {
        let Some(frame) = capture.wait(EVERY) else { continue };
        if frames.is_empty() {
            end = Instant::now() + span;
        } else if Instant::now() < next {
            continue;
        }
        next = Instant::now() + EVERY;
        frames.push(people(&frame.image, models)?);
    }
    if frames.is_empty() {
        let why = capture.counters().failing.unwrap_or_else(|| "nothing was received".to_owned());
        return Err(Failure::failed(format!("no picture within {} s: {why}", PATIENCE.as_secs())));
    }
    Ok(frames)
}

/// Boxes of people in fractions of the picture.
fn people(image: &RgbImage, models: &Models) -> Result<Vec<Rect>, Failure> {
    let detector = models.person().ok_or_else(|| {
        Failure::input(
            "models/manifest.toml: no model has the role \"person\", expected one that finds people",
        )
    })?;
    let (width, height) = (image.width(), image.height());
    let found = detector.run(image, PixelBox::whole(width, height)).map_err(Failure::failed)?;
    let sure = |label: usize, score: f32| {
        detector.labels().get(label).is_some_and(|name| name == "person")
            && score >= detector.threshold(label)
    };
    let boxes =
        found.into_iter().filter(|d| sure(d.label, d.score)).map(|d| d.region.to_fractions(width, height));
    Ok(boxes.filter(|b| b.height >= MIN_HEIGHT).collect())
}
