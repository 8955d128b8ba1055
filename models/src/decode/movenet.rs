//! MoveNet, single pose: 17 keypoints in COCO order as (y, x, score), y and x in fractions of the input.

use super::{Keypoint, LayoutError};
use ndarray::ArrayViewD;

/// Keypoints in net pixels from a tensor of 17 × 3 values (leading axes of length 1).
///
/// # Errors
/// When the tensor has another size.
pub fn decode(output: ArrayViewD<'_, f32>, net: (u32, u32)) -> Result<[Keypoint; 17], LayoutError> {
    let shape = output.shape().to_vec();
    let wrong = || LayoutError::new(format!("output has shape {shape:?}, movenet reads [1, 1, 17, 3]"));
    if shape.len() < 2 || shape[shape.len() - 2..] != [17, 3] {
        return Err(wrong());
    }
    let rows = output.to_shape((17, 3)).map_err(|_| wrong())?;
    Ok(std::array::from_fn(|i| Keypoint {
        x: f64::from(rows[[i, 1]]) * f64::from(net.0),
        y: f64::from(rows[[i, 0]]) * f64::from(net.1),
        score: rows[[i, 2]],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayD, IxDyn};

    #[test]
    fn reads_y_x_score() {
        let mut output = ArrayD::<f32>::zeros(IxDyn(&[1, 1, 17, 3]));
        output[[0, 0, 9, 0]] = 0.25;
        output[[0, 0, 9, 1]] = 0.5;
        output[[0, 0, 9, 2]] = 0.8;
        let wrist = decode(output.view(), (256, 128)).unwrap()[9];
        assert!(
            (wrist.x - 128.0).abs() < 1e-9
                && (wrist.y - 32.0).abs() < 1e-9
                && (wrist.score - 0.8).abs() < 1e-6
        );
    }

    #[test]
    fn other_shapes_are_refused() {
        let error = decode(ArrayD::zeros(IxDyn(&[1, 6, 56])).view(), (256, 256)).unwrap_err().to_string();
        assert_eq!(error, "output has shape [1, 6, 56], movenet reads [1, 1, 17, 3]");
    }
}
