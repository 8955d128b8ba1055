//! Media on its way through the pipeline of one camera, as fast as it can be looked at.

use crate::capture::MediaReader;
use crate::failure::Failure;
use crate::perceive::Perception;
use crate::perceive::stages::Stage;
use crate::pipeline::CameraPipeline;
use chuangming_analysis::Place;
use chuangming_domain::event::{CloseReason, Event};
use chuangming_domain::observation::Observation;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;

/// A clip that is being played. Its time 0 is `start`; each frame is at `start` and its place in the clip.
pub struct Play {
    reader: MediaReader,
    pipeline: CameraPipeline,
    start: Timestamp,
    /// Where decoding is counted.
    times: Option<Arc<Mutex<Perception>>>,
    /// Time of the last frame, in seconds.
    last: f64,
}

impl Play {
    /// Media that is about to begin.
    #[must_use]
    pub fn new(reader: MediaReader, pipeline: CameraPipeline, start: Timestamp) -> Self {
        Self { reader, pipeline, start, times: None, last: 0.0 }
    }

    /// Counts how long decoding takes.
    #[must_use]
    pub fn timed_by(mut self, perception: &Arc<Mutex<Perception>>) -> Self {
        self.times = Some(Arc::clone(perception));
        self
    }

    /// Looks at signals that no rule asks for too, so often in seconds.
    #[must_use]
    pub fn watching_all(mut self, period: f64) -> Self {
        self.pipeline = self.pipeline.watching_all(period);
        self
    }

    /// Plays one frame: its time in seconds and its events; `None` after the last. What is not looked at is not
    /// converted.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn next(
        &mut self,
        show: impl FnMut(&Place, &Observation),
    ) -> Result<Option<(f64, Vec<Event>)>, Failure> {
        let before = Instant::now();
        let Some(moment) = self.reader.advance().map_err(Failure::input)? else { return Ok(None) };
        let at = self.start + SignedDuration::from_secs_f64(moment.t);
        self.last = moment.t;
        if !self.pipeline.is_due(at) {
            return Ok(Some((moment.t, self.pipeline.advance(at))));
        }
        let image = self.reader.picture().map_err(Failure::input)?;
        if let Some(times) = &self.times {
            times.lock().note(Stage::Decode, before.elapsed());
        }
        Ok(Some((moment.t, self.pipeline.step_showing(at, &image, show))))
    }

    /// Closes what is open at the end.
    pub fn finish(&mut self) -> Vec<Event> {
        let end = self.start + SignedDuration::from_secs_f64(self.duration());
        self.pipeline.close_all(end, CloseReason::Shutdown)
    }

    /// Seconds up to the end of the last frame.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.last + 1.0 / self.reader.fps()
    }
}

/// A Monday at nine in the morning in China: an arbitrary time, but always the same one.
#[must_use]
pub fn default_start() -> Timestamp {
    Timestamp::constant(1_767_574_800, 0)
}
