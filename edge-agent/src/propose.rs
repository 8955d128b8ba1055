//! `propose`: looks at a camera for a minute and writes a `calibration.toml` with the windows where people stayed.
//!
//! The one place where a whole picture is looked at: there are no polygons yet. Only boxes and joints are kept, in memory,
//! until the proposal is made.

use crate::capture::{Camera, CaptureSettings, Source};
use crate::clock::SteadyClock;
use crate::failure::Failure;
use chuangming_calibration::{Draft, Joint, Proposal, Sighting, Thing, Watch};
use chuangming_domain::id::CameraId;
use chuangming_domain::item::ItemClass;
use chuangming_models::{Detection, Detector, Keypoint, ModelError, Models, PixelBox, RgbImage, nms};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often is looked: often enough to tell who stays from who walks by.
const EVERY: Duration = Duration::from_secs(1);
/// How long the first picture may take: opening a network stream, and its first key frame.
const PATIENCE: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// Desks stay where they are: things are looked for in every so many pictures only.
const THINGS_EVERY: usize = 5;
/// Smaller boxes are people far behind the counter, in fractions of the picture's height.
const MIN_HEIGHT: f64 = 0.08;
/// Boxes that overlap more are one person, or one thing.
const SAME: f64 = 0.55;
/// Neighbouring parts of a picture share so much of their width, so that whoever is cut by one is whole in another.
const SHARED: f64 = 0.33;
/// A box this close to the edge of a part, in pixels, is cut by it.
const CUT: f64 = 4.0;
/// The pose model sees a person's box and a quarter more.
const AROUND: f64 = 1.25;

/// Collects what pictures of one camera show until windows can be proposed.
#[derive(Debug)]
pub struct Observer {
    models: Models,
    watch: Option<Watch>,
}

impl Observer {
    /// With models for people, their joints and, if there is one, things on desks.
    ///
    /// # Errors
    /// When no model finds people or their joints.
    pub fn new(models: Models) -> Result<Self, Failure> {
        let lacks = |role: &str| {
            Failure::input(format!(
                "models/manifest.toml: no model has the role {role:?}, which proposals need"
            ))
        };
        models.person().ok_or_else(|| lacks("person"))?;
        models.pose().ok_or_else(|| lacks("pose"))?;
        Ok(Self { models, watch: None })
    }

    /// Looks at one picture.
    ///
    /// # Errors
    /// When a model cannot be run.
    pub fn look(&mut self, image: &RgbImage) -> Result<(), ModelError> {
        let people = self.people(image)?;
        let looks = self.watch.as_ref().map_or(0, Watch::looks);
        let things = if looks.is_multiple_of(THINGS_EVERY) { self.things(image)? } else { None };
        let watch = self.watch.get_or_insert_with(|| Watch::new((image.width(), image.height())));
        watch.add_people(people);
        if let Some(things) = things {
            watch.add_things(things);
        }
        Ok(())
    }

    /// The windows that are told by what was seen so far, from left to right.
    #[must_use]
    pub fn proposals(&self) -> Vec<Proposal> {
        self.watch.as_ref().map_or(vec![], Watch::proposals)
    }

    /// Everybody in the picture with their joints.
    fn people(&self, image: &RgbImage) -> Result<Vec<Sighting>, ModelError> {
        let (Some(detector), Some(pose)) = (self.models.person(), self.models.pose()) else {
            return Ok(vec![]);
        };
        let (width, height) = (image.width(), image.height());
        let is_person = |d: &Detection| detector.labels().get(d.label).is_some_and(|name| name == "person");
        let mut people = Vec::new();
        for found in everywhere(detector, image)?.into_iter().filter(is_person) {
            let region = found.region.to_fractions(width, height);
            if region.height < MIN_HEIGHT {
                continue;
            }
            let keypoints = pose.run(image, around(found.region))?.keypoints;
            let joint = |k: Keypoint| Joint {
                at: [k.x / f64::from(width), k.y / f64::from(height)],
                score: f64::from(k.score),
            };
            people.push(Sighting { region, joints: keypoints.map(joint) });
        }
        Ok(people)
    }

    /// Things on desks; `None` without a model that finds them.
    fn things(&self, image: &RgbImage) -> Result<Option<Vec<Thing>>, ModelError> {
        let Some(detector) = self.models.desk() else { return Ok(None) };
        let thing = |d: Detection| {
            let class = ItemClass::by_name(detector.labels().get(d.label)?)?;
            Some(Thing { class, region: d.region.to_fractions(image.width(), image.height()) })
        };
        Ok(Some(everywhere(detector, image)?.into_iter().filter_map(thing).collect()))
    }
}

/// What a detector is sure of in the whole picture and, for what is too small there, in square parts of it.
fn everywhere(detector: &Detector, image: &RgbImage) -> Result<Vec<Detection>, ModelError> {
    let (width, height) = (image.width(), image.height());
    let mut found = detector.run(image, PixelBox::whole(width, height))?;
    for part in parts(width, height) {
        let whole = |d: &Detection| {
            let cut_left = part.x0 > 0.0 && d.region.x0 < part.x0 + CUT;
            let cut_right = part.x1 < f64::from(width) && d.region.x1 > part.x1 - CUT;
            !cut_left && !cut_right
        };
        found.extend(detector.run(image, part)?.into_iter().filter(whole));
    }
    found.retain(|d| d.score >= detector.threshold(d.label));
    Ok(nms::class_wise(found, SAME))
}

/// Squares side by side that cover a wide picture; none for one that is hardly wider than high.
fn parts(width: u32, height: u32) -> Vec<PixelBox> {
    let (width, side) = (f64::from(width), f64::from(height));
    if width < side * 1.2 {
        return vec![];
    }
    let gaps = ((width - side) / (side * (1.0 - SHARED))).ceil().max(1.0);
    let mut parts = Vec::new();
    let mut k = 0.0;
    while k <= gaps {
        let left = (width - side) * k / gaps;
        parts.push(PixelBox::new(left, 0.0, left + side, side));
        k += 1.0;
    }
    parts
}

/// A square around a person's box.
fn around(region: PixelBox) -> PixelBox {
    let half = region.width().max(region.height()) * AROUND / 2.0;
    let centre = region.centre();
    PixelBox::new(centre.x - half, centre.y - half, centre.x + half, centre.y + half)
}

/// The text of a `calibration.toml` for `camera`, from `seconds` of its pictures.
///
/// # Errors
/// When the source is none, no picture comes, or there is no model that finds people.
pub fn run(source: &str, camera: &CameraId, seconds: u32, models: Models) -> Result<String, Failure> {
    let source =
        Source::parse(source, Path::new("")).map_err(|e| Failure::input(format!("--source: {e}")))?;
    let mut observer = Observer::new(models)?;
    let clock = Arc::new(SteadyClock::new(jiff::Timestamp::now(), Instant::now()));
    let capture = Camera::start(camera.clone(), source, CaptureSettings::default(), clock)
        .map_err(|e| Failure::failed(format!("no thread for the camera: {e}")))?;
    let watched = watch(&capture, Duration::from_secs(u64::from(seconds)), &mut observer);
    // A camera that hangs is left behind: the process ends anyway.
    let _ = capture.stop(STOP_WITHIN);
    watched?;
    Ok(Draft::of_proposals(&observer.proposals(), camera.as_str()).to_toml())
}

/// Shows the observer a picture of the camera now and then.
fn watch(capture: &Camera, span: Duration, observer: &mut Observer) -> Result<(), Failure> {
    let mut next = Instant::now();
    let mut end = next + PATIENCE;
    let mut seen = false;
    while Instant::now() < end {
        let Some(frame) = capture.wait(EVERY) else { continue };
        if !seen {
            (seen, end) = (true, Instant::now() + span);
        } else if Instant::now() < next {
            continue;
        }
        next = Instant::now() + EVERY;
        observer.look(&frame.image).map_err(Failure::failed)?;
    }
    if seen {
        return Ok(());
    }
    let why = capture.counters().failing.unwrap_or_else(|| "nothing was received".to_owned());
    Err(Failure::failed(format!("no picture within {} s: {why}", PATIENCE.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_wide_picture_and_overlap() {
        for (width, height, expected) in
            [(1920, 1080, 3), (640, 360, 3), (640, 480, 2), (480, 480, 0), (2560, 720, 5)]
        {
            let parts = parts(width, height);
            assert_eq!(parts.len(), expected, "{width}x{height}");
            assert!(
                parts.windows(2).all(|pair| pair[1].x0 < pair[0].x1 - 0.3 * f64::from(height)),
                "{parts:?}"
            );
            if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
                assert_eq!((first.x0, last.x1), (0.0, f64::from(width)));
            }
        }
    }
}
