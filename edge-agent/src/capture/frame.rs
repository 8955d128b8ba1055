//! One picture of one camera, and what brings it.

use super::error::CaptureError;
use chuangming_models::image::RgbImage;
use jiff::Timestamp;
use std::sync::Arc;

/// One picture of a camera.
#[derive(Debug)]
pub struct Frame {
    /// When it was received, or was due for a clip: on the steady clock, never before the last one's.
    pub at: Timestamp,
    /// The pixels; shared, because whoever shows them does not wait for whoever looks at them.
    pub image: Arc<RgbImage>,
    /// A clip began again at this frame or at one dropped just before it: time is continuous, the scene is not.
    pub loop_restarted: bool,
    /// Frames of this camera that nobody took between the last delivered one and this.
    pub dropped: u64,
}

/// Brings pictures, one after the other. Opened in its camera's thread and never leaves it.
pub trait FrameSource {
    /// Waits for the next picture, no longer than the source's read time-out.
    ///
    /// # Errors
    /// When no picture came. The source is of no more use then and must be opened anew.
    fn next(&mut self) -> Result<Frame, CaptureError>;
}
