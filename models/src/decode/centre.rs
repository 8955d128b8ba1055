//! Boxes as distances from the centre of a cell, one heat map a class (the family of FCOS and CenterNet).
//!
//! For each level there are `heat` [1, classes, rows, columns], logits, and `box` [1, 4, rows, columns], the distances
//! left, top, right, bottom from the cell's centre in net pixels, never negative. Several levels carry the same suffix
//! on both names (`heat_8` and `box_8`). The stride of a level is the net's width divided by its columns.

use super::{Detection, LayoutError, sigmoid};
use crate::pixel_box::PixelBox;
use ndarray::{ArrayViewD, Axis, Ix4};

/// Every class of every cell that scores at least `min_score`, as a box in net pixels.
///
/// # Errors
/// When an output has no partner, or another shape.
pub fn decode(
    outputs: &[(&str, ArrayViewD<'_, f32>)],
    classes: usize,
    net: (u32, u32),
    min_score: f32,
) -> Result<Vec<Detection>, LayoutError> {
    let mut found = Vec::new();
    let mut levels = 0;
    for (name, heat) in outputs {
        let Some(suffix) = name.strip_prefix("heat") else { continue };
        let partner = format!("box{suffix}");
        let sides = outputs
            .iter()
            .find(|(n, _)| *n == partner)
            .ok_or_else(|| LayoutError::new(format!("output {name} has no {partner}")))?;
        level(heat, &sides.1, classes, net, min_score, &mut found)
            .map_err(|e| LayoutError::new(format!("{name}: {e}")))?;
        levels += 1;
    }
    if levels == 0 {
        let names: Vec<_> = outputs.iter().map(|(name, _)| *name).collect();
        return Err(LayoutError::new(format!("no output is named heat…; there are {}", names.join(", "))));
    }
    Ok(found)
}

#[allow(clippy::cast_precision_loss, reason = "cells are few")]
fn level(
    heat: &ArrayViewD<'_, f32>,
    sides: &ArrayViewD<'_, f32>,
    classes: usize,
    net: (u32, u32),
    min_score: f32,
    found: &mut Vec<Detection>,
) -> Result<(), LayoutError> {
    let wrong = || {
        LayoutError::new(format!(
            "shapes {:?} and {:?}, expected [1, {classes}, rows, columns] and [1, 4, rows, columns]",
            heat.shape(),
            sides.shape()
        ))
    };
    let heat4 = heat.view().into_dimensionality::<Ix4>().map_err(|_| wrong())?;
    let sides4 = sides.view().into_dimensionality::<Ix4>().map_err(|_| wrong())?;
    let (_, _, rows, columns) = heat4.dim();
    if heat4.dim() != (1, classes, rows, columns)
        || sides4.dim() != (1, 4, rows, columns)
        || rows == 0
        || columns == 0
    {
        return Err(wrong());
    }
    let (sx, sy) = (f64::from(net.0) / columns as f64, f64::from(net.1) / rows as f64);
    // Comparing logits spares a sigmoid for each of the many empty cells.
    let least = (min_score / (1.0 - min_score)).ln();
    for ((label, row, column), &logit) in heat4.index_axis(Axis(0), 0).indexed_iter() {
        if logit < least {
            continue;
        }
        let side = |k: usize| f64::from(sides4[[0, k, row, column]]);
        let (x, y) = ((column as f64 + 0.5) * sx, (row as f64 + 0.5) * sy);
        let region = PixelBox::new(x - side(0), y - side(1), x + side(2), y + side(3));
        found.push(Detection { label, score: sigmoid(logit), region });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array4, ArrayD};

    #[test]
    fn a_cell_over_the_threshold_is_a_box() {
        let mut heat = Array4::from_elem((1, 2, 4, 8), -9.0f32);
        let mut sides = Array4::zeros((1, 4, 4, 8));
        heat[[0, 1, 2, 5]] = 2.0;
        for (k, distance) in [8.0, 4.0, 16.0, 2.0].into_iter().enumerate() {
            sides[[0, k, 2, 5]] = distance;
        }
        let outputs = [("box_8", sides.into_dyn()), ("heat_8", heat.into_dyn())];
        let views: Vec<_> = outputs.iter().map(|(n, a)| (*n, a.view())).collect();
        let found = decode(&views, 2, (64, 32), 0.5).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].label, found[0].region), (1, PixelBox::new(36.0, 16.0, 60.0, 22.0)));
        assert!((found[0].score - 0.880_797).abs() < 1e-5);
    }

    #[test]
    fn other_layouts_are_refused_with_the_reason() {
        let zeros = |shape: &[usize]| ArrayD::<f32>::zeros(shape.to_vec());
        let cases = [
            (vec![("heat", zeros(&[1, 2, 4, 8]))], "output heat has no box"),
            (vec![("cls", zeros(&[1, 2, 4, 8]))], "no output is named heat…; there are cls"),
            (
                vec![("heat_8", zeros(&[1, 3, 4, 8])), ("box_8", zeros(&[1, 4, 4, 8]))],
                "heat_8: shapes [1, 3, 4, 8] and [1, 4, 4, 8], expected [1, 2, rows, columns] and [1, 4, rows, columns]",
            ),
        ];
        for (outputs, expected) in cases {
            let views: Vec<_> = outputs.iter().map(|(n, a)| (*n, a.view())).collect();
            assert_eq!(decode(&views, 2, (64, 32), 0.5).unwrap_err().to_string(), expected);
        }
    }
}
