//! Why there is no picture. Every message is one line and shows no credentials.

use std::io;
use std::time::Duration;

/// Why a source gave no picture. `place` is the source as it may be shown: without credentials.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum CaptureError {
    #[error("{place}: there is no such file, folder or device")]
    Missing { place: String },
    #[error("{place}: cannot be read: {cause}")]
    Unreadable { place: String, cause: io::Error },
    #[error(
        "{place}: holds no video that can be decoded; use an mp4, mkv, avi, mov, webm or ts file with H.264, H.265 or MJPEG"
    )]
    NoVideo { place: String },
    #[error("{place}: is no picture that can be decoded ({why}); use a jpg, png, bmp or webp file")]
    NoPicture { place: String, why: &'static str },
    #[error("{place}: the folder holds no picture; put jpg, png, bmp or webp files into it")]
    EmptyFolder { place: String },
    #[error("{place}: the frame rate {fps} is not between 0.01 and 240 per second; name the true one")]
    FrameRate { place: String, fps: f64 },
    #[error("{place}: pictures of {width}x{height} are too large; choose a stream of at most 7680x4320")]
    TooLarge { place: String, width: u32, height: u32 },
    #[error("{place}: {doing} took longer than {} s", limit.as_secs_f64())]
    TimedOut { place: String, doing: &'static str, limit: Duration },
    #[error("{place}: {doing} failed: {why}")]
    Failed { place: String, doing: &'static str, why: String },
    #[error("{place}: the stream ended")]
    Ended { place: String },
    #[error("{place}: stopped")]
    Stopped { place: String },
}
