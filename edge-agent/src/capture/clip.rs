//! A file or folder played in real time, over and over, as if it were a camera.

use super::error::CaptureError;
use super::frame::{Frame, FrameSource};
use super::media::MediaReader;
use super::source::CaptureSettings;
use super::stop::Stop;
use crate::clock::SteadyClock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A lag up to this is made up for by skipping frames; beyond it the clip goes on later.
const MOST_LAG: Duration = Duration::from_secs(1);

/// Plays media at its own speed and begins again at its end.
pub(super) struct ClipSource {
    path: PathBuf,
    place: String,
    reader: MediaReader,
    settings: CaptureSettings,
    clock: Arc<SteadyClock>,
    stop: Arc<Stop>,
    /// When the clip's time 0 of this round was.
    start: Instant,
    /// Where in the clip the last frame was.
    last_t: f64,
    /// Where in the clip the last delivered frame was.
    delivered_t: Option<f64>,
    restarted: bool,
}

impl ClipSource {
    pub(super) fn open(
        path: &Path,
        place: String,
        settings: &CaptureSettings,
        clock: Arc<SteadyClock>,
        stop: &Arc<Stop>,
    ) -> Result<Self, CaptureError> {
        Ok(Self {
            path: path.to_owned(),
            place,
            reader: open_reader(path, settings)?,
            settings: *settings,
            clock,
            stop: Arc::clone(stop),
            start: Instant::now(),
            last_t: 0.0,
            delivered_t: None,
            restarted: false,
        })
    }

    /// Opens the media anew; its time 0 is one frame after the last frame. A still has no course of time to begin again.
    fn restart(&mut self) -> Result<(), CaptureError> {
        self.start += Duration::from_secs_f64(self.last_t + 1.0 / self.reader.fps());
        self.restarted = !self.reader.is_still();
        self.reader = open_reader(&self.path, &self.settings)?;
        self.delivered_t = None;
        Ok(())
    }

    fn stopped(&self) -> CaptureError {
        CaptureError::Stopped { place: self.place.clone() }
    }

    /// Whether a frame at `t` comes too soon after the last delivered one.
    fn too_soon(&self, t: f64) -> bool {
        let interval = 0.999 / self.settings.max_fps;
        self.delivered_t.is_some_and(|last| t - last < interval)
    }
}

impl FrameSource for ClipSource {
    fn next(&mut self) -> Result<Frame, CaptureError> {
        loop {
            if self.stop.is_set() {
                return Err(self.stopped());
            }
            let Some(moment) = self.reader.advance()? else {
                self.restart()?;
                continue;
            };
            self.last_t = moment.t;
            if self.too_soon(moment.t) {
                continue;
            }
            let mut due = self.start + Duration::from_secs_f64(moment.t);
            let lag = Instant::now().saturating_duration_since(due);
            if lag > MOST_LAG {
                self.start += lag;
                due += lag;
            } else if lag > Duration::from_secs_f64(1.0 / self.reader.fps()) {
                continue;
            }
            if self.stop.sleep_until(due) {
                return Err(self.stopped());
            }
            let image = self.reader.picture()?;
            self.delivered_t = Some(moment.t);
            let loop_restarted = std::mem::take(&mut self.restarted);
            return Ok(Frame { at: self.clock.at(due), image: Arc::new(image), loop_restarted, dropped: 0 });
        }
    }
}

fn open_reader(path: &Path, settings: &CaptureSettings) -> Result<MediaReader, CaptureError> {
    // Only pictures need to be told their rate; a video knows its own.
    let pictures = path.is_dir() || super::picture::is_picture(path);
    MediaReader::open(path, pictures.then_some(settings.still_fps))
}
