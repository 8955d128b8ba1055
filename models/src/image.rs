//! The picture in memory.

use crate::pixel_box::PixelBox;
use std::fmt;

/// The grey of everything that is not looked at: outside a window's polygons, and around a crop.
pub const GREY: u8 = 114;

/// A packed RGB picture of 8 bits a channel. It lives in memory only: it cannot be serialised, and its `Debug` output
/// is its size.
#[derive(Clone, PartialEq, Eq)]
pub struct RgbImage {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// The bytes do not make a picture of that size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{bytes} bytes for a picture of {width}x{height}: 3 bytes a pixel and at least one pixel would be right"
)]
pub struct SizeError {
    width: u32,
    height: u32,
    bytes: usize,
}

impl RgbImage {
    /// A picture from rows of R, G, B bytes without padding between rows.
    ///
    /// # Errors
    /// When the number of bytes does not fit the size, or the size is zero.
    pub fn from_raw(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, SizeError> {
        let needed = u64::from(width) * u64::from(height) * 3;
        if needed == 0 || needed != pixels.len() as u64 {
            return Err(SizeError { width, height, bytes: pixels.len() });
        }
        Ok(Self { width, height, pixels })
    }

    /// A picture of one colour; sizes of zero become one.
    #[must_use]
    pub fn filled(width: u32, height: u32, value: u8) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self { width, height, pixels: vec![value; width as usize * height as usize * 3] }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, row by row, R, G, B.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes of one row.
    ///
    /// # Panics
    /// If `y` is not below the height.
    #[must_use]
    pub fn row(&self, y: u32) -> &[u8] {
        let stride = self.width as usize * 3;
        &self.pixels[y as usize * stride..][..stride]
    }

    /// The part of the picture in a box, turned about the box's middle so that what leans by `degrees` (to the right at
    /// its upper end) stands upright; grey around it. The nearest pixel is taken: a model that follows blurs more.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the picture's size"
    )]
    pub fn upright(&self, part: PixelBox, degrees: f64) -> Self {
        let mut out = Self::filled(self.width, self.height, GREY);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let middle = part.centre();
        let within = |v: f64, most: u32| v.clamp(0.0, f64::from(most)) as u32;
        let columns = within(part.x0.floor(), self.width)..within(part.x1.ceil(), self.width);
        for y in within(part.y0.floor(), self.height)..within(part.y1.ceil(), self.height) {
            for x in columns.clone() {
                let (dx, dy) = (f64::from(x) + 0.5 - middle.x, f64::from(y) + 0.5 - middle.y);
                let (u, v) = (middle.x + cos * dx - sin * dy, middle.y + sin * dx + cos * dy);
                if (0.0..f64::from(self.width)).contains(&u) && (0.0..f64::from(self.height)).contains(&v) {
                    let from = &self.row(v as u32)[u as usize * 3..][..3];
                    out.row_mut(y)[x as usize * 3..][..3].copy_from_slice(from);
                }
            }
        }
        out
    }

    pub(crate) fn row_mut(&mut self, y: u32) -> &mut [u8] {
        let stride = self.width as usize * 3;
        &mut self.pixels[y as usize * stride..][..stride]
    }
}

impl fmt::Debug for RgbImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RgbImage({}x{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_bytes_must_agree() {
        assert!(RgbImage::from_raw(2, 2, vec![0; 12]).is_ok());
        let error = RgbImage::from_raw(2, 2, vec![0; 11]).unwrap_err().to_string();
        assert_eq!(
            error,
            "11 bytes for a picture of 2x2: 3 bytes a pixel and at least one pixel would be right"
        );
        assert!(RgbImage::from_raw(0, 2, Vec::new()).is_err());
    }

    #[test]
    fn what_leans_stands_upright() {
        let (width, height, lean) = (80, 60, 12.0f64);
        // A white pole that leans to the right at its upper end, through the middle of the part.
        let mut picture = RgbImage::filled(width, height, 0);
        for y in 0..height {
            let x = 40.0 + (30.0 - (f64::from(y) + 0.5)) * lean.to_radians().tan();
            let middle = x as usize;
            picture.row_mut(y)[(middle - 1) * 3..(middle + 2) * 3].fill(255);
        }
        let upright = picture.upright(PixelBox::new(10.0, 0.0, 70.0, 60.0), lean);
        for y in 2..58 {
            let row = upright.row(y);
            assert_eq!(row[40 * 3], 255, "row {y}");
            assert!(row[35 * 3] == 0 && row[45 * 3] == 0, "row {y}");
        }
        // Outside the part nothing is seen, and no lean changes nothing in it.
        assert_eq!(upright.row(30)[5 * 3], GREY);
        let same = picture.upright(PixelBox::whole(width, height), 0.0);
        assert_eq!(same, picture);
    }

    #[test]
    fn debug_shows_no_pixel() {
        assert_eq!(format!("{:?}", RgbImage::filled(3, 2, 77)), "RgbImage(3x2)");
    }
}
