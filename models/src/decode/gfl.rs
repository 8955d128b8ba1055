//! Boxes as distributions of distances (Generalised Focal Loss, Li et al., 2020): NanoDet, NanoDet-Plus, PicoDet.
//!
//! For every cell of every level there are one score for each class (0..1, after the sigmoid) and, for each of the four
//! sides left, top, right, bottom, the logits of `bins` whole distances. A distance is the mean of its distribution
//! times the level's stride, measured from the cell's anchor.
//!
//! Exports differ in how they lay this out. All of these are read, whatever the names and the order of the outputs:
//! scores [1, cells, classes] or [1, classes, rows, columns]; distances [1, cells, 4 × bins], [1, 4 × bins, rows,
//! columns] or [1, rows, columns, 4 × bins]; or both side by side as [1, cells of all levels, classes + 4 × bins].

use super::{Detection, LayoutError, cells};
use crate::pixel_box::PixelBox;
use ndarray::{Array2, ArrayView1, ArrayViewD, Axis, s};

const STRIDES: [u32; 5] = [8, 16, 32, 64, 128];

/// One level: scores (cells × classes) and distance logits (cells × 4 bins), cells row by row.
struct Level {
    stride: u32,
    scores: Array2<f32>,
    distances: Array2<f32>,
}

/// Every class of every cell that scores at least `min_score`, as a box in net pixels. `anchor` is where in its cell a
/// distance is measured from: 0.5 the centre, 0 the upper left corner.
///
/// # Errors
/// When the outputs are not laid out in one of the ways above.
pub fn decode(
    outputs: &[ArrayViewD<'_, f32>],
    classes: usize,
    net: (u32, u32),
    anchor: f64,
    min_score: f32,
) -> Result<Vec<Detection>, LayoutError> {
    let mut found = Vec::new();
    for level in levels(outputs, classes, net)? {
        let columns = cells(net, level.stride).0;
        for (cell, scores) in level.scores.axis_iter(Axis(0)).enumerate() {
            if scores.iter().all(|&score| score < min_score) {
                continue;
            }
            let region =
                region(level.distances.row(cell), cell % columns, cell / columns, level.stride, anchor);
            let over = scores.into_iter().copied().enumerate().filter(|(_, score)| *score >= min_score);
            found.extend(over.map(|(label, score)| Detection { label, score, region }));
        }
    }
    Ok(found)
}

#[allow(clippy::cast_precision_loss, reason = "cells are few")]
fn region(logits: ArrayView1<'_, f32>, column: usize, row: usize, stride: u32, anchor: f64) -> PixelBox {
    let stride = f64::from(stride);
    let bins = logits.len() / 4;
    let side = |k: usize| mean(logits.slice(s![k * bins..(k + 1) * bins])) * stride;
    let (x, y) = ((column as f64 + anchor) * stride, (row as f64 + anchor) * stride);
    PixelBox::new(x - side(0), y - side(1), x + side(2), y + side(3))
}

/// The mean of 0, 1, 2, … under softmax(logits).
fn mean(logits: ArrayView1<'_, f32>) -> f64 {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (bin, &logit) in (0u32..).zip(logits) {
        let power = f64::from((logit - highest).exp());
        sum += power;
        weighted += power * f64::from(bin);
    }
    weighted / sum
}

fn levels(
    outputs: &[ArrayViewD<'_, f32>],
    classes: usize,
    net: (u32, u32),
) -> Result<Vec<Level>, LayoutError> {
    if let [joined] = outputs {
        return split_joined(joined.view(), classes, net);
    }
    let mut tables: Vec<(u32, Array2<f32>)> = Vec::new();
    for output in outputs {
        tables.push(table(output, net)?);
    }
    let mut found = Vec::new();
    for stride in STRIDES {
        let of_level: Vec<_> = tables.iter().filter(|(s, _)| *s == stride).map(|(_, t)| t).collect();
        match of_level.as_slice() {
            [] => {}
            [a, b] => found.push(pair(stride, a, b, classes)?),
            many => {
                return Err(LayoutError::new(format!(
                    "{} outputs at stride {stride}, expected scores and distances",
                    many.len()
                )));
            }
        }
    }
    Ok(found)
}

fn pair(stride: u32, a: &Array2<f32>, b: &Array2<f32>, classes: usize) -> Result<Level, LayoutError> {
    let (scores, distances) = match (a.ncols() == classes, b.ncols() == classes) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        _ => {
            let widths = (a.ncols(), b.ncols());
            return Err(LayoutError::new(format!(
                "outputs at stride {stride} have {} and {} values a cell; one of them must be the {classes} labels",
                widths.0, widths.1
            )));
        }
    };
    if distances.ncols() % 4 != 0 || distances.ncols() < 8 {
        return Err(LayoutError::new(format!(
            "{} distance values a cell at stride {stride}, expected four sides of two or more bins",
            distances.ncols()
        )));
    }
    Ok(Level { stride, scores: scores.clone(), distances: distances.clone() })
}

/// An output as cells × values, with the stride that has so many cells.
fn table(output: &ArrayViewD<'_, f32>, net: (u32, u32)) -> Result<(u32, Array2<f32>), LayoutError> {
    let shape = output.shape();
    let unknown = || {
        LayoutError::new(format!(
            "output of shape {shape:?} fits no stride of {STRIDES:?} for a net of {}x{}",
            net.0, net.1
        ))
    };
    let to_table = |view: ArrayViewD<'_, f32>, n: usize, values: usize| {
        view.as_standard_layout().into_owned().into_shape_with_order((n, values)).map_err(|_| unknown())
    };
    for stride in STRIDES {
        let (columns, rows) = cells(net, stride);
        match shape {
            [1, n, values] if *n == rows * columns => {
                return Ok((stride, to_table(output.view(), *n, *values)?));
            }
            [1, h, w, values] if (*h, *w) == (rows, columns) => {
                return Ok((stride, to_table(output.view(), h * w, *values)?));
            }
            [1, values, h, w] if (*h, *w) == (rows, columns) => {
                return Ok((
                    stride,
                    to_table(output.view().permuted_axes(vec![0, 2, 3, 1]), h * w, *values)?,
                ));
            }
            _ => {}
        }
    }
    Err(unknown())
}

fn split_joined(
    output: ArrayViewD<'_, f32>,
    classes: usize,
    net: (u32, u32),
) -> Result<Vec<Level>, LayoutError> {
    let shape = output.shape().to_vec();
    let wrong = || {
        LayoutError::new(format!(
            "output has shape {shape:?}, expected [1, cells of all levels, {classes} labels + 4 sides of bins]"
        ))
    };
    let [1, all, values] = shape[..] else { return Err(wrong()) };
    let sizes: Vec<usize> = STRIDES.iter().map(|&stride| cells(net, stride)).map(|(w, h)| w * h).collect();
    let count = (1..=STRIDES.len()).find(|&n| sizes[..n].iter().sum::<usize>() == all).ok_or_else(wrong)?;
    if values < classes + 8 || !(values - classes).is_multiple_of(4) {
        return Err(wrong());
    }
    let mut start = 0;
    let mut found = Vec::new();
    for (&stride, &size) in STRIDES.iter().zip(&sizes[..count]) {
        let part = output.slice(s![0, start..start + size, ..]);
        found.push(Level {
            stride,
            scores: part.slice(s![.., ..classes]).to_owned(),
            distances: part.slice(s![.., classes..]).to_owned(),
        });
        start += size;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, Array4, ArrayD};

    const NET: (u32, u32) = (64, 32);
    const CLASSES: usize = 3;
    const BINS: usize = 8;

    /// Scores and distances of the level with stride 8 (8 × 4 cells) with one box in the cell of column 5, row 2.
    fn one_box() -> (Array3<f32>, Array3<f32>) {
        let mut scores = Array3::zeros((1, 32, CLASSES));
        let mut distances = Array3::zeros((1, 32, 4 * BINS));
        let cell = 2 * 8 + 5;
        scores[[0, cell, 1]] = 0.9;
        for (side, bin) in [1, 0, 2, 1].into_iter().enumerate() {
            distances[[0, cell, side * BINS + bin]] = 60.0;
        }
        (scores, distances)
    }

    fn check(name: &str, outputs: &[ArrayD<f32>], anchor: f64, expected: PixelBox) {
        let views: Vec<_> = outputs.iter().map(|array| array.view()).collect();
        let found = decode(&views, CLASSES, NET, anchor, 0.5).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let (d, e) = (found[0].region, expected);
        assert!(
            (d.x0 - e.x0).abs() + (d.y0 - e.y0).abs() + (d.x1 - e.x1).abs() + (d.y1 - e.y1).abs() < 1e-6,
            "{name}: {d:?}"
        );
        assert_eq!(found[0].label, 1, "{name}");
    }

    #[test]
    fn reads_every_layout() {
        let (scores, distances) = one_box();
        let centre = PixelBox::new(44.0 - 8.0, 20.0, 44.0 + 16.0, 20.0 + 8.0);
        let corner = PixelBox::new(40.0 - 8.0, 16.0, 40.0 + 16.0, 16.0 + 8.0);
        let rows = |a: &Array3<f32>| a.clone().into_shape_with_order((1, 4, 8, a.shape()[2])).unwrap();
        let channels_first =
            |a: &Array3<f32>| rows(a).permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
        check("cells", &[scores.clone().into_dyn(), distances.clone().into_dyn()], 0.5, centre);
        check("distances first", &[distances.clone().into_dyn(), scores.clone().into_dyn()], 0.5, centre);
        check(
            "scores as maps, distances row by row",
            &[channels_first(&scores).into_dyn(), rows(&distances).into_dyn()],
            0.0,
            corner,
        );
        let joined = ndarray::concatenate(Axis(2), &[scores.view(), distances.view()]).unwrap();
        check("joined", &[joined.into_dyn()], 0.0, corner);
    }

    #[test]
    fn other_layouts_are_refused_with_the_reason() {
        let (scores, distances) = one_box();
        let cases: [(&str, Vec<ArrayD<f32>>, &str); 4] = [
            (
                "no such stride",
                vec![Array4::zeros((1, 5, 5, 3)).into_dyn(), distances.clone().into_dyn()],
                "output of shape [1, 5, 5, 3] fits no stride of [8, 16, 32, 64, 128] for a net of 64x32",
            ),
            (
                "other labels",
                vec![Array3::zeros((1, 32, 4)).into_dyn(), distances.clone().into_dyn()],
                "outputs at stride 8 have 4 and 32 values a cell; one of them must be the 3 labels",
            ),
            (
                "no distances",
                vec![scores.clone().into_dyn()],
                "output has shape [1, 32, 3], expected [1, cells of all levels, 3 labels + 4 sides of bins]",
            ),
            (
                "three of a stride",
                vec![scores.clone().into_dyn(), scores.into_dyn(), distances.into_dyn()],
                "3 outputs at stride 8, expected scores and distances",
            ),
        ];
        for (name, outputs, expected) in cases {
            let views: Vec<_> = outputs.iter().map(|array| array.view()).collect();
            assert_eq!(decode(&views, CLASSES, NET, 0.5, 0.5).unwrap_err().to_string(), expected, "{name}");
        }
    }
}
