//! Logits of classes to probabilities.

use super::LayoutError;
use ndarray::ArrayViewD;

/// Calibrated probabilities softmax((logits + shifts) / temperature), with a shift for each class.
///
/// # Errors
/// When the tensor has another number of values.
pub fn decode(
    output: ArrayViewD<'_, f32>,
    shifts: &[f32],
    temperature: f32,
) -> Result<Vec<f32>, LayoutError> {
    if output.len() != shifts.len() {
        return Err(LayoutError::new(format!(
            "output has shape {:?}, the manifest lists {} labels",
            output.shape(),
            shifts.len()
        )));
    }
    let scaled: Vec<f32> =
        output.iter().zip(shifts).map(|(logit, shift)| (logit + shift) / temperature).collect();
    let highest = scaled.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f32> = scaled.iter().map(|v| (v - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    Ok(powers.into_iter().map(|p| p / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    #[test]
    fn temperature_softens_and_large_logits_do_not_overflow() {
        let p = decode(arr1(&[1000.0, 998.0]).into_dyn().view(), &[0.0; 2], 1.0).unwrap();
        assert!((p[0] - 0.880_797).abs() < 1e-5 && (p[0] + p[1] - 1.0).abs() < 1e-6);
        let soft = decode(arr1(&[1000.0, 998.0]).into_dyn().view(), &[0.0; 2], 2.0).unwrap();
        assert!((soft[0] - 0.731_058).abs() < 1e-5);
        let even = decode(arr1(&[1000.0, 998.0]).into_dyn().view(), &[-1.0, 1.0], 2.0).unwrap();
        assert!((even[0] - 0.5).abs() < 1e-5);
    }

    #[test]
    fn another_number_of_classes_is_refused() {
        let error = decode(arr1(&[1.0, 2.0]).into_dyn().view(), &[0.0; 3], 1.0).unwrap_err().to_string();
        assert_eq!(error, "output has shape [2], the manifest lists 3 labels");
    }
}
