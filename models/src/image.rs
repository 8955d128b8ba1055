//! The picture in memory.

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
    fn debug_shows_no_pixel() {
        assert_eq!(format!("{:?}", RgbImage::filled(3, 2, 77)), "RgbImage(3x2)");
    }
}
