//! Least squares that are not linear: the method of Levenberg and Marquardt, with derivatives by differences.

use nalgebra::{DMatrix, DVector};

const MOST_STEPS: usize = 30;
/// A step that gains less than this share of the sum is the last one.
const GAIN: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-5;

/// Where the sum of the squared residuals is smallest, near `start`, and that sum.
pub(crate) fn least_squares(start: &[f64], residuals: impl Fn(&[f64]) -> Vec<f64>) -> (Vec<f64>, f64) {
    let mut at = DVector::from_column_slice(start);
    let mut r = DVector::from_vec(residuals(at.as_slice()));
    let mut sum = r.norm_squared();
    let mut damping = 1e-2;
    for _ in 0..MOST_STEPS {
        let slopes = jacobian(&at, &r, &residuals);
        let (normal, downhill) = (slopes.transpose() * &slopes, -(slopes.transpose() * &r));
        let Some((next, next_r)) = step(&at, sum, &normal, &downhill, &mut damping, &residuals) else {
            break;
        };
        let gained = sum - next_r.norm_squared();
        (at, sum, r) = (next, next_r.norm_squared(), next_r);
        if gained < GAIN * sum {
            break;
        }
    }
    (at.as_slice().to_vec(), sum)
}

/// The first step downhill, damped more and more; `None` at the bottom.
fn step(
    at: &DVector<f64>,
    sum: f64,
    normal: &DMatrix<f64>,
    downhill: &DVector<f64>,
    damping: &mut f64,
    residuals: impl Fn(&[f64]) -> Vec<f64>,
) -> Option<(DVector<f64>, DVector<f64>)> {
    for _ in 0..8 {
        let mut damped = normal.clone();
        for i in 0..damped.nrows() {
            damped[(i, i)] += *damping * damped[(i, i)] + 1e-12;
        }
        if let Some(cholesky) = damped.cholesky() {
            let next = at + cholesky.solve(downhill);
            let r = DVector::from_vec(residuals(next.as_slice()));
            if r.norm_squared() < sum {
                *damping = (*damping / 5.0).max(1e-9);
                return Some((next, r));
            }
        }
        *damping *= 5.0;
    }
    None
}

fn jacobian(at: &DVector<f64>, r: &DVector<f64>, residuals: impl Fn(&[f64]) -> Vec<f64>) -> DMatrix<f64> {
    let mut slopes = DMatrix::zeros(r.len(), at.len());
    for i in 0..at.len() {
        let mut beside = at.clone();
        beside[i] += DIFFERENCE;
        let there = DVector::from_vec(residuals(beside.as_slice()));
        slopes.set_column(i, &((there - r) / DIFFERENCE));
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_followed() {
        let (at, sum) = least_squares(&[-1.2, 1.0], |p| vec![10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]]);
        assert!((at[0] - 1.0).abs() < 1e-3 && (at[1] - 1.0).abs() < 1e-3 && sum < 1e-6, "{at:?} {sum}");
    }

    #[test]
    fn what_cannot_be_told_stays() {
        let (at, _) = least_squares(&[3.0, 5.0], |p| vec![p[0] - 1.0]);
        assert!((at[0] - 1.0).abs() < 1e-6 && at[1] == 5.0, "{at:?}");
    }
}
