//! What the calibration page may see of the cameras: the newest picture of each, in memory, while somebody is signed in.
//!
//! A camera's thread hands over every frame as it comes, whether or not the agent finds the time to look at it: the newest
//! wins, nothing is copied and nothing waits. With nobody signed in, no frame is kept.

use crate::capture::{CameraState, Frame};
use chuangming_domain::id::CameraId;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How much one more interval between two pictures counts in a camera's rate.
const RATE_WEIGHT: f64 = 0.1;

/// The newest picture of every camera.
#[derive(Debug, Default)]
pub struct Gallery {
    open: AtomicBool,
    places: BTreeMap<CameraId, Mutex<Place>>,
}

#[derive(Debug, Default)]
struct Place {
    newest: Option<Arc<Frame>>,
    state: Option<CameraState>,
    size: Option<(u32, u32)>,
    last: Option<Timestamp>,
    interval_s: Option<f64>,
}

/// What is known of a camera without its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glimpse {
    /// Whether it can see; `None` until the first picture came or is overdue.
    pub state: Option<CameraState>,
    /// Width and height of its pictures.
    pub size: Option<(u32, u32)>,
    /// Pictures a second that are handed over.
    pub fps: f64,
}

impl Gallery {
    /// A place for each camera's picture, all empty.
    #[must_use]
    pub fn new(cameras: impl IntoIterator<Item = CameraId>) -> Self {
        let places = cameras.into_iter().map(|id| (id, Mutex::default())).collect();
        Self { open: AtomicBool::new(false), places }
    }

    /// From now on the newest pictures are kept.
    pub fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    /// From now on no picture is kept; those that were are forgotten.
    pub fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
        // Whoever saw it open a moment ago holds the lock until the frame is in its place.
        self.places.values().for_each(|place| place.lock().newest = None);
    }

    /// Hands over a camera's newest frame.
    pub fn put(&self, camera: &CameraId, frame: &Frame) {
        let Some(place) = self.places.get(camera) else { return };
        let mut place = place.lock();
        place.note(frame);
        if self.open.load(Ordering::SeqCst) {
            let Frame { at, ref image, loop_restarted, dropped } = *frame;
            place.newest = Some(Arc::new(Frame { at, image: Arc::clone(image), loop_restarted, dropped }));
        }
    }

    /// Notes whether a camera can see.
    pub fn note_state(&self, camera: &CameraId, state: CameraState) {
        if let Some(place) = self.places.get(camera) {
            place.lock().state = Some(state);
        }
    }

    /// A camera's newest frame.
    #[must_use]
    pub fn newest(&self, camera: &CameraId) -> Option<Arc<Frame>> {
        self.places.get(camera)?.lock().newest.clone()
    }

    /// What is known of a camera without its picture; `None` for one that is not there.
    #[must_use]
    pub fn glimpse(&self, camera: &CameraId) -> Option<Glimpse> {
        let place = self.places.get(camera)?.lock();
        let fps = place.interval_s.filter(|s| *s > 0.0).map_or(0.0, f64::recip);
        Some(Glimpse { state: place.state, size: place.size, fps })
    }
}

impl Place {
    fn note(&mut self, frame: &Frame) {
        self.size = Some((frame.image.width(), frame.image.height()));
        if let Some(last) =
            self.last.filter(|last| frame.at.duration_since(*last) < SignedDuration::from_secs(10))
        {
            let interval = frame.at.duration_since(last).as_secs_f64();
            let usual = self.interval_s.unwrap_or(interval);
            self.interval_s = Some(usual + RATE_WEIGHT * (interval - usual));
        }
        self.last = Some(frame.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_models::RgbImage;

    fn frame(ms: i64) -> Frame {
        let at = Timestamp::from_millisecond(ms).unwrap();
        Frame { at, image: Arc::new(RgbImage::filled(4, 2, 0)), loop_restarted: false, dropped: 0 }
    }

    #[test]
    fn a_picture_is_kept_only_while_somebody_looks_and_the_newest_wins() {
        let camera: CameraId = "cam-1".parse().unwrap();
        let gallery = Gallery::new([camera.clone()]);
        gallery.put(&camera, &frame(0));
        assert!(gallery.newest(&camera).is_none(), "nobody looks");

        gallery.open();
        let (one, two) = (frame(200), frame(400));
        gallery.put(&camera, &one);
        gallery.put(&camera, &two);
        assert_eq!(Arc::strong_count(&one.image), 1, "the older one is gone");
        assert_eq!(gallery.newest(&camera).unwrap().at, two.at);
        let glimpse = gallery.glimpse(&camera).unwrap();
        assert_eq!((glimpse.size, glimpse.state), (Some((4, 2)), None));
        assert!((glimpse.fps - 5.0).abs() < 1e-9, "{glimpse:?}");

        gallery.close();
        assert!(gallery.newest(&camera).is_none());
        assert_eq!(Arc::strong_count(&two.image), 1, "no picture is left in memory");
        assert!(gallery.glimpse(&"cam-9".parse().unwrap()).is_none());
    }
}
