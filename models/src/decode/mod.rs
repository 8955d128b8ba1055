//! From a model's output tensors to keypoints, boxes and probabilities: pure functions, one file for each family.
//!
//! Places are in net pixels here; [`crate::fit::Placement`] leads to the picture.

pub mod centre;
pub mod gfl;
pub mod heatmap;
pub mod logits;
pub mod movenet;

use crate::pixel_box::PixelBox;

/// A joint of the body. Lives in memory only: it cannot be serialised, and has no `Debug` output of its place.
#[derive(Clone, Copy, PartialEq)]
pub struct Keypoint {
    /// To the right, in pixels.
    pub x: f64,
    /// Down, in pixels.
    pub y: f64,
    /// How sure the model is, 0..1.
    pub score: f32,
}

impl std::fmt::Debug for Keypoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypoint(score {:.2})", self.score)
    }
}

/// A thing that a detector found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Index into the detector's labels.
    pub label: usize,
    /// How sure the model is, 0..1.
    pub score: f32,
    /// Where.
    pub region: PixelBox,
}

/// The output tensors are not laid out as the decoder reads them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LayoutError(pub String);

impl LayoutError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Number of cells of a level: the net's sides divided by the stride, rounded up.
fn cells(net: (u32, u32), stride: u32) -> (usize, usize) {
    (net.0.div_ceil(stride) as usize, net.1.div_ceil(stride) as usize)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
