//! Keypoints as heatmaps, one a joint (TinyPose, HRNet and their kin).
//!
//! The place is the highest cell, moved by the peak of a parabola through the logarithms of its neighbours: a Gaussian
//! peak is found exactly (the distribution-aware decoding of Zhang et al., 2020, along each axis). Cell `k` of a map
//! stands for the middle of net pixel `k × stride`.

use super::{Keypoint, LayoutError};
use ndarray::{ArrayView2, ArrayViewD, Axis, Ix4};

/// Values below this count as this, so that a logarithm exists.
const FLOOR: f32 = 1e-6;

/// Keypoints in net pixels from a tensor [1, 17, height, width].
///
/// # Errors
/// When the tensor has another shape.
pub fn decode(output: ArrayViewD<'_, f32>, net: (u32, u32)) -> Result<[Keypoint; 17], LayoutError> {
    let shape = output.shape().to_vec();
    let maps = output
        .into_dimensionality::<Ix4>()
        .ok()
        .filter(|m| m.shape()[..2] == [1, 17] && m.shape()[2] > 1 && m.shape()[3] > 1)
        .ok_or_else(|| {
            LayoutError::new(format!("output has shape {shape:?}, heatmap reads [1, 17, height, width]"))
        })?;
    let joint = |i: usize| keypoint(maps.index_axis(Axis(0), 0).index_axis(Axis(0), i), net);
    Ok(std::array::from_fn(joint))
}

#[allow(clippy::cast_precision_loss, reason = "maps are small")]
fn keypoint(map: ArrayView2<'_, f32>, net: (u32, u32)) -> Keypoint {
    let (height, width) = map.dim();
    let mut best = ((0, 0), f32::MIN);
    for (place, &value) in map.indexed_iter() {
        if value > best.1 {
            best = (place, value);
        }
    }
    let ((y, x), score) = best;
    let value = |y: usize, x: usize| f64::from(map[[y, x]].max(FLOOR).ln());
    let dx = if x > 0 && x + 1 < width { peak(value(y, x - 1), value(y, x), value(y, x + 1)) } else { 0.0 };
    let dy = if y > 0 && y + 1 < height { peak(value(y - 1, x), value(y, x), value(y + 1, x)) } else { 0.0 };
    Keypoint {
        x: (x as f64 + dx) * f64::from(net.0) / width as f64 + 0.5,
        y: (y as f64 + dy) * f64::from(net.1) / height as f64 + 0.5,
        score: score.clamp(0.0, 1.0),
    }
}

/// Where the parabola through (-1, a), (0, b), (1, c) is highest, within half a cell.
fn peak(a: f64, b: f64, c: f64) -> f64 {
    let bend = a - 2.0 * b + c;
    if bend < 0.0 { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array4, ArrayD, IxDyn};
    use proptest::prelude::*;

    proptest! {
        /// A Gaussian peak between cells is found to a hundredth of a cell.
        #[test]
        fn finds_a_gaussian_between_cells(cx in 4.0..43.0f64, cy in 4.0..59.0f64) {
            let map = Array4::from_shape_fn((1, 17, 64, 48), |(_, _, y, x)| {
                #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
                let value = (-((x as f64 - cx).powi(2) + (y as f64 - cy).powi(2)) / 8.0).exp() as f32;
                value
            });
            let found = decode(map.into_dyn().view(), (192, 256)).unwrap()[3];
            prop_assert!((found.x - cx * 4.0 - 0.5).abs() < 0.04 && (found.y - cy * 4.0 - 0.5).abs() < 0.04);
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        assert!(decode(ArrayD::zeros(IxDyn(&[1, 16, 64, 48])).view(), (192, 256)).is_err());
        assert!(decode(ArrayD::zeros(IxDyn(&[1, 17, 3])).view(), (192, 256)).is_err());
    }
}
