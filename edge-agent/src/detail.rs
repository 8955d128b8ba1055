//! The second, larger picture of a camera (`detail_source`), looked at only when a crop needs its pixels.
//!
//! Its stream is opened when the first such crop comes, and not before: decoding a main stream costs more than all
//! looking at a sub-stream. A large picture counts as that of a look only when it is as fresh; without one the small
//! picture is looked at, and says where it is too small.

use crate::capture::{Camera, CaptureSettings, Frame, Source};
use crate::clock::SteadyClock;
use chuangming_domain::id::CameraId;
use chuangming_models::RgbImage;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// How far apart in time two pictures may be that are looked at as one: people at a window hardly move in it.
const FRESH: SignedDuration = SignedDuration::from_millis(500);

/// The larger stream of one camera.
pub struct Detail {
    id: CameraId,
    source: Source,
    settings: CaptureSettings,
    clock: Arc<SteadyClock>,
    camera: Option<Camera>,
    newest: Option<Frame>,
}

impl Detail {
    /// A stream that nobody needed yet.
    #[must_use]
    pub fn new(id: CameraId, source: Source, settings: CaptureSettings, clock: Arc<SteadyClock>) -> Self {
        Self { id, source, settings, clock, camera: None, newest: None }
    }

    /// The large picture of that moment, where there is one; the first call opens the stream.
    pub fn at(&mut self, at: Timestamp) -> Option<&RgbImage> {
        if self.camera.is_none() {
            self.open();
        }
        if let Some(frame) = self.camera.as_ref()?.wait(Duration::ZERO) {
            self.newest = Some(frame);
        }
        let apart = |frame: &&Frame| frame.at.duration_since(at).abs();
        self.newest.as_ref().filter(|frame| apart(frame) <= FRESH).map(|frame| &*frame.image)
    }

    fn open(&mut self) {
        let started =
            Camera::start(self.id.clone(), self.source.clone(), self.settings, Arc::clone(&self.clock));
        match started {
            Ok(camera) => self.camera = Some(camera),
            Err(error) => warn!(camera = %self.id, %error, "no thread for detail_source"),
        }
    }

    /// Asks its thread to end, without waiting, and forgets its picture.
    pub fn ask_to_stop(&mut self) {
        self.newest = None;
        if let Some(camera) = self.camera.take() {
            camera.ask_to_stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::time::Instant;

    #[test]
    fn a_large_picture_is_that_of_a_look_only_while_it_is_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/clips/img/demo.ref.jpg");
        std::fs::copy(picture, folder.path().join("0.jpg")).unwrap();
        let clock = Arc::new(SteadyClock::default());
        let settings = CaptureSettings { still_fps: 10.0, ..CaptureSettings::default() };
        let source = Source::Media(folder.path().to_owned());
        let mut detail = Detail::new("cam-1".parse().unwrap(), source, settings, Arc::clone(&clock));

        let until = Instant::now() + Duration::from_secs(60);
        while detail.at(clock.now()).is_none() {
            assert!(Instant::now() < until, "no large picture came");
            std::thread::sleep(Duration::from_millis(20));
        }
        let later = clock.now() + SignedDuration::from_secs(5);
        assert!(detail.at(later).is_none(), "a picture of five seconds ago is another moment's");
        detail.ask_to_stop();
    }
}
