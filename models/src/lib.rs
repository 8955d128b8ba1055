//! Model manifest, inference sessions, pre- and post-processing.
//!
//! The only crate that knows the inference runtime. A [`manifest::Manifest`] says which file does what; [`Models`]
//! loads them and answers in picture pixels: [`PoseModel`], [`Detector`], [`Head`]. Nothing here that holds pixels,
//! keypoints or features can be serialised.
//!
//! Frames of reference: *picture* pixels are continuous, pixel `k` covers `k..k + 1`; *net* pixels are those of a
//! model's input. [`fit::Placement`] leads from one to the other.

pub mod crops;
pub mod decode;
mod error;
pub mod fit;
mod head;
pub mod image;
pub mod manifest;
pub mod mask;
mod models;
mod network;
pub mod nms;
pub mod pixel_box;
mod pose;
pub mod runtime;
mod tensor;

pub use decode::{Detection, Keypoint};
pub use error::ModelError;
pub use head::{Classes, Distribution, Head};
pub use image::RgbImage;
pub use manifest::Role;
pub use mask::Mask;
pub use models::{Detector, Models};
pub use network::Features;
pub use pixel_box::PixelBox;
pub use pose::{Pose, PoseModel};
pub use runtime::{Options, Provider};
