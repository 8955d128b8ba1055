//! The edges of a picture: thin lines with their direction, independent of how brightly they are lit.

use chuangming_models::fit::Placement;
use chuangming_models::manifest::Fit;
use chuangming_models::{PixelBox, RgbImage};

/// Pictures are looked at this wide; what moves by a hundredth of the width moves by three pixels.
pub(super) const WIDTH: usize = 320;
const LOWEST: u32 = 120;
const HIGHEST: u32 = 400;
/// Keeps the logarithm of dark pixels, and with it sensor noise, small.
const DARK: f32 = 24.0;
/// The strongest edges count, this share of the pixels of each part of the picture: that follows contrast and light, and
/// somebody in a striped shirt does not make the rest of the picture plain.
const SHARE: usize = 20;
const PARTS: (usize, usize) = (8, 5);
/// Weaker ones than this (as a sum over a 3x3 neighbourhood) are noise in any light.
const WEAKEST: f32 = 0.16;

/// Directions are told apart in eighths of a half-turn; the side that is brighter does not count.
pub(super) const DIRECTIONS: usize = 8;

/// For every pixel the directions of edges there, and near it, as bits.
pub(super) struct Edges {
    height: usize,
    thin: Vec<u8>,
    near: Vec<u8>,
    count: usize,
}

impl Edges {
    /// The edges of a picture.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, below 400")]
    pub(super) fn of(image: &RgbImage) -> Self {
        let shape = f64::from(image.height()) / f64::from(image.width());
        let height = (WIDTH as f64 * shape).round().clamp(f64::from(LOWEST), f64::from(HIGHEST)) as u32;
        let whole = PixelBox::whole(image.width(), image.height());
        let small = Placement::new(whole, (WIDTH as u32, height), Fit::Stretch).cut(image);
        let height = height as usize;
        let gradients = gradients(&logarithms(&small), height);
        let thin = thinned(&gradients, height);
        let count = thin.iter().filter(|bits| **bits != 0).count();
        Self { near: dilated(&thin, height), thin, height, count }
    }

    /// Rows of pixels.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Width and height in pixels.
    #[allow(clippy::cast_possible_truncation, reason = "below 400")]
    pub(super) fn size(&self) -> (u32, u32) {
        (WIDTH as u32, self.height as u32)
    }

    /// How many pixels hold an edge.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The directions of edges at a pixel.
    pub(super) fn thin(&self, x: usize, y: usize) -> u8 {
        self.thin[y * WIDTH + x]
    }

    /// The directions of edges at a pixel or next to it; none outside the picture.
    pub(super) fn near(&self, x: i32, y: i32) -> u8 {
        match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < WIDTH && y < self.height => self.near[y * WIDTH + x],
            _ => 0,
        }
    }
}

/// The bits of a direction and its neighbours.
pub(super) fn about(direction: u8) -> u8 {
    let bit = 1u8 << (usize::from(direction) % DIRECTIONS);
    bit | bit.rotate_left(1) | bit.rotate_right(1)
}

/// Logarithms of brightness.
fn logarithms(image: &RgbImage) -> Vec<f32> {
    let table: Vec<f32> = (0u8..=255).map(|v| (f32::from(v) + DARK).ln()).collect();
    let brightness = |p: &[u8]| (77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2])) >> 8;
    image.pixels().chunks_exact(3).map(|p| table[brightness(p) as usize & 0xff]).collect()
}

/// Sobel's gradients; zero along the border.
fn gradients(logs: &[f32], height: usize) -> Vec<(f32, f32)> {
    let mut gradients = vec![(0.0, 0.0); logs.len()];
    for y in 1..height - 1 {
        let (up, here, down) = (
            &logs[(y - 1) * WIDTH..][..WIDTH],
            &logs[y * WIDTH..][..WIDTH],
            &logs[(y + 1) * WIDTH..][..WIDTH],
        );
        for x in 1..WIDTH - 1 {
            let dx = up[x + 1] - up[x - 1] + 2.0 * (here[x + 1] - here[x - 1]) + down[x + 1] - down[x - 1];
            let dy = down[x - 1] - up[x - 1] + 2.0 * (down[x] - up[x]) + down[x + 1] - up[x + 1];
            gradients[y * WIDTH + x] = (dx, dy);
        }
    }
    gradients
}

/// Pixels where the gradient is a maximum across the edge and among the strongest of the picture.
fn thinned(gradients: &[(f32, f32)], height: usize) -> Vec<u8> {
    let strength: Vec<f32> = gradients.iter().map(|(dx, dy)| dx.hypot(*dy)).collect();
    let mut ridges: Vec<Vec<usize>> = vec![Vec::new(); PARTS.0 * PARTS.1];
    for y in 1..height - 1 {
        for x in 1..WIDTH - 1 {
            let at = y * WIDTH + x;
            let (dx, dy) = gradients[at];
            let across = match direction(dx, dy) {
                0 | 7 => 1,
                1 | 2 => WIDTH + 1,
                3 | 4 => WIDTH,
                _ => WIDTH - 1,
            };
            let here = strength[at];
            if here >= WEAKEST && here >= strength[at - across] && here > strength[at + across] {
                ridges[y * PARTS.1 / height * PARTS.0 + x * PARTS.0 / WIDTH].push(at);
            }
        }
    }
    let most = gradients.len() / ridges.len() / SHARE;
    for part in ridges.iter_mut().filter(|part| part.len() > most) {
        part.select_nth_unstable_by(most, |a, b| strength[*b].total_cmp(&strength[*a]));
        part.truncate(most);
    }
    let mut thin = vec![0; gradients.len()];
    for at in ridges.into_iter().flatten() {
        thin[at] = 1 << direction(gradients[at].0, gradients[at].1);
    }
    thin
}

/// The eighth of a half-turn that a gradient points to.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..8")]
fn direction(dx: f32, dy: f32) -> usize {
    let turn = dy.atan2(dx).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI;
    (turn * DIRECTIONS as f32) as usize % DIRECTIONS
}

/// Each pixel together with its eight neighbours.
fn dilated(thin: &[u8], height: usize) -> Vec<u8> {
    let mut across = thin.to_vec();
    for row in across.chunks_exact_mut(WIDTH) {
        let original = row.to_vec();
        for x in 1..WIDTH - 1 {
            row[x] = original[x - 1] | original[x] | original[x + 1];
        }
    }
    let mut near = across.clone();
    for y in 1..height - 1 {
        for x in 0..WIDTH {
            near[y * WIDTH + x] |= across[(y - 1) * WIDTH + x] | across[(y + 1) * WIDTH + x];
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: impl Fn(u32, u32) -> u8) -> RgbImage {
        let pixels =
            (0..180).flat_map(|y| (0..320).flat_map(move |x| [(x, y)])).flat_map(|(x, y)| [value(x, y); 3]);
        RgbImage::from_raw(320, 180, pixels.collect()).unwrap()
    }

    #[test]
    fn an_edge_is_thin_has_its_direction_and_no_light() {
        let check = |name: &str, dark: u8, light: u8, upright: bool, bits: u8| {
            let edges =
                Edges::of(&picture(|x, y| if (if upright { x } else { y }) < 90 { dark } else { light }));
            let (x, y) = if upright { (90, 40) } else { (40, 90) };
            let here = (-1..=1).fold(0, |all, d: i32| {
                let (x, y) = if upright { (x + d, y) } else { (x, y + d) };
                all | edges.thin(x as usize, y as usize)
            });
            assert!(here & bits != 0 && here & !bits == 0, "{name}: {here:08b}");
            assert!(edges.count() <= 400, "{name}: {} pixels", edges.count());
        };
        check("a post", 40, 160, true, 0b1000_0001);
        check("a post, dimly lit", 20, 80, true, 0b1000_0001);
        check("a post against the light", 160, 40, true, 0b1000_0001);
        check("a counter", 40, 160, false, 0b0001_1000);
        assert_eq!(Edges::of(&picture(|_, _| 90)).count(), 0);
    }

    #[test]
    fn near_reaches_one_pixel_and_ends_with_the_picture() {
        let edges = Edges::of(&picture(|x, _| if x < 90 { 40 } else { 160 }));
        let hits: Vec<i32> = (80..100).filter(|x| edges.near(*x, 40) != 0).collect();
        assert!(hits.len() <= 4 && hits.contains(&90), "{hits:?}");
        assert_eq!((edges.near(-1, 40), edges.near(90, 180), edges.near(320, 0)), (0, 0, 0));
    }
}
