//! A coarse measure of a picture, enough to tell whether a camera can see.

use chuangming_models::image::RgbImage;

const COLUMNS: usize = 64;
const ROWS: usize = 36;
/// Pixels looked at in one cell, at most, along each side.
const SAMPLES: usize = 10;

/// Brightness of 64x36 cells and what follows from it, in levels from 0 to 255. The cells average the noise away.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    cells: Vec<f32>,
    brightness: f32,
    detail: f32,
}

impl Glance {
    /// Measures a picture.
    #[must_use]
    pub fn of(image: &RgbImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let mut cells = Vec::with_capacity(COLUMNS * ROWS);
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let xs = span(column, COLUMNS, width);
                let ys = span(row, ROWS, height);
                cells.push(cell_brightness(image.pixels(), width, xs, ys));
            }
        }
        let brightness = cells.iter().sum::<f32>() / cells.len() as f32;
        let detail = detail(&cells);
        Self { cells, brightness, detail }
    }

    /// Mean brightness.
    #[must_use]
    pub fn brightness(&self) -> f32 {
        self.brightness
    }

    /// Mean difference between neighbouring cells: the edges of the scene.
    #[must_use]
    pub fn detail(&self) -> f32 {
        self.detail
    }

    /// The largest difference of any cell to the same cell of another picture.
    #[must_use]
    pub fn change(&self, other: &Glance) -> f32 {
        self.cells.iter().zip(&other.cells).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }
}

/// The pixels of one of `parts` equal parts of a side, at least one: first, past the last, and the step between those
/// looked at.
fn span(part: usize, parts: usize, side: usize) -> (usize, usize, usize) {
    let from = part * side / parts;
    let to = ((part + 1) * side / parts).max(from + 1);
    (from, to, ((to - from) / SAMPLES).max(1))
}

fn cell_brightness(data: &[u8], width: usize, xs: (usize, usize, usize), ys: (usize, usize, usize)) -> f32 {
    let (mut sum, mut n) = (0_u32, 0_u32);
    for y in (ys.0..ys.1).step_by(ys.2) {
        for x in (xs.0..xs.1).step_by(xs.2) {
            let at = (y * width + x) * 3;
            // BT.601 in 256ths.
            sum += (77 * u32::from(data[at]) + 150 * u32::from(data[at + 1]) + 29 * u32::from(data[at + 2]))
                >> 8;
            n += 1;
        }
    }
    sum as f32 / n as f32
}

fn detail(cells: &[f32]) -> f32 {
    let across = cells.chunks(COLUMNS).flat_map(|row| row.windows(2).map(|pair| (pair[0] - pair[1]).abs()));
    let down = cells.iter().zip(&cells[COLUMNS..]).map(|(a, b)| (a - b).abs());
    let differences = ROWS * (COLUMNS - 1) + (ROWS - 1) * COLUMNS;
    across.chain(down).sum::<f32>() / differences as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_pictures_of_any_size_have_their_brightness_and_no_detail() {
        for (width, height) in [(1, 1), (3, 500), (63, 35), (64, 36), (65, 37), (640, 360), (1921, 1081)] {
            let glance = Glance::of(&RgbImage::filled(width, height, 100));
            assert_eq!((glance.brightness(), glance.detail()), (100.0, 0.0), "{width}x{height}");
            assert_eq!(glance.cells.len(), COLUMNS * ROWS);
        }
    }

    #[test]
    fn a_change_in_one_corner_is_seen() {
        let before = RgbImage::filled(640, 360, 100);
        let mut pixels = before.pixels().to_vec();
        let n = pixels.len();
        pixels[n - 30..].fill(255);
        let after = RgbImage::from_raw(640, 360, pixels).unwrap();
        let change = Glance::of(&before).change(&Glance::of(&after));
        assert!(change > 10.0, "ten white pixels at the lower right changed a cell by {change}");
    }

    #[test]
    fn stripes_have_detail_and_fine_noise_has_little() {
        let striped =
            (0..640 * 360).flat_map(|i| [if i % 640 / 40 % 2 == 0 { 60 } else { 180 }; 3]).collect();
        let noisy =
            (0..640 * 360).flat_map(|i| [if (i * 7 + i / 640 * 3) % 2 == 0 { 95 } else { 105 }; 3]).collect();
        let detail = |pixels| Glance::of(&RgbImage::from_raw(640, 360, pixels).unwrap()).detail();
        let (striped, noisy) = (detail(striped), detail(noisy));
        assert!(striped > 10.0 && noisy < 0.5, "stripes {striped}, noise {noisy}");
    }
}
