//! USB cameras through OpenCV and Video4Linux.

use super::error::CaptureError;
use super::frame::{Frame, FrameSource};
use super::pace::Pace;
use super::picture::{cannot_read, to_rgb};
use super::source::CaptureSettings;
use super::stop::Stop;
use crate::clock::SteadyClock;
use opencv::core::Mat;
use opencv::videoio::{CAP_V4L2, VideoCapture, VideoCaptureTrait, VideoCaptureTraitConst};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An open USB camera. A camera that hangs is given up by OpenCV after ten seconds.
pub(super) struct UsbSource {
    place: String,
    video: VideoCapture,
    pace: Pace,
    clock: Arc<SteadyClock>,
    stop: Arc<Stop>,
}

impl UsbSource {
    pub(super) fn open(
        number: u32,
        place: String,
        settings: &CaptureSettings,
        clock: Arc<SteadyClock>,
        stop: &Arc<Stop>,
    ) -> Result<Self, CaptureError> {
        // OpenCV only says that it could not; the file says why.
        std::fs::File::open(&place).map_err(|cause| cannot_read(Path::new(&place), cause))?;
        let video = i32::try_from(number)
            .ok()
            .and_then(|number| VideoCapture::new(number, CAP_V4L2).ok())
            .filter(|video| video.is_opened().unwrap_or(false));
        let Some(video) = video else {
            let why = "it is no camera, or another program uses it".to_owned();
            return Err(CaptureError::Failed { place, doing: "opening the camera", why });
        };
        Ok(Self { place, video, pace: Pace::new(settings.max_fps), clock, stop: Arc::clone(stop) })
    }

    fn failed(&self) -> CaptureError {
        let why = "it gave no picture".to_owned();
        CaptureError::Failed { place: self.place.clone(), doing: "reading the camera", why }
    }
}

impl FrameSource for UsbSource {
    fn next(&mut self) -> Result<Frame, CaptureError> {
        loop {
            if self.stop.is_set() {
                return Err(CaptureError::Stopped { place: self.place.clone() });
            }
            if !self.video.grab().unwrap_or(false) {
                return Err(self.failed());
            }
            let now = Instant::now();
            if self.pace.choose(now) {
                let mut bgr = Mat::default();
                if !self.video.retrieve_def(&mut bgr).unwrap_or(false) {
                    return Err(self.failed());
                }
                let image = to_rgb(&bgr, &self.place)?;
                return Ok(Frame {
                    at: self.clock.at(now),
                    image: Arc::new(image),
                    loop_restarted: false,
                    dropped: 0,
                });
            }
        }
    }
}
