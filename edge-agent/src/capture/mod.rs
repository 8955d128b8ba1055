//! From cameras to pictures in memory: the only part that knows cameras, OpenCV video and FFmpeg.
//!
//! ```text
//! Source ──open──▶ FrameSource ──next──▶ Camera's thread ──put──▶ Slot (one frame, the newest) ──wait──▶ pipeline
//! ```
//!
//! Every camera has one thread, so a dead one never slows another. `Camera::run` only retries, `run_once` is only
//! the happy path. Labelled media and replays read files as fast as they can through a [`MediaReader`] instead.
//! [`CameraHealth`] judges from [`Glance`]s whether a camera can see.

mod backoff;
mod camera;
mod clip;
mod error;
mod frame;
mod glance;
mod health;
mod jpeg;
mod media;
mod network;
mod pace;
mod picture;
mod slot;
mod source;
mod stillness;
mod stop;
mod usb;

pub use backoff::Backoff;
pub use camera::{Camera, Counters, StillRunning};
pub use error::CaptureError;
pub use frame::{Frame, FrameSource};
pub use glance::Glance;
pub use health::{CameraHealth, CameraState, HealthSettings, Transition};
pub use jpeg::{scaled_down, to_jpeg};
pub use media::{MediaFrame, MediaReader, Moment};
pub use picture::read_picture;
pub use source::{CaptureSettings, Source, SourceError};
pub use stop::Stop;
