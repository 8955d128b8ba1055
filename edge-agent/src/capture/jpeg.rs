//! Pictures for the calibration page: scaled down and encoded, in memory.

use super::error::CaptureError;
use chuangming_models::image::RgbImage;
use opencv::core::{Mat, MatTraitConst, MatTraitConstManual, Size, Vector, VectorToVec};
use opencv::{imgcodecs, imgproc};

/// The picture with neither side longer than `most` pixels; 0 leaves it as it is.
///
/// # Errors
/// When OpenCV cannot.
pub fn scaled_down(image: &RgbImage, most: u32) -> Result<RgbImage, CaptureError> {
    let longest = image.width().max(image.height());
    if most == 0 || longest <= most {
        return Ok(image.clone());
    }
    let side = |pixels: u32| (u64::from(pixels) * u64::from(most) / u64::from(longest)).max(1);
    let (width, height) = (side(image.width()), side(image.height()));
    let size = |pixels: u64| i32::try_from(pixels).unwrap_or(i32::MAX);
    let failed = |error: opencv::Error| failed("scaling a picture", error.message);
    let rgb = Mat::from_slice(image.pixels()).map_err(failed)?;
    let rgb = rgb.reshape(3, size(u64::from(image.height()))).map_err(failed)?;
    let mut small = Mat::default();
    imgproc::resize(&rgb, &mut small, Size::new(size(width), size(height)), 0.0, 0.0, imgproc::INTER_AREA)
        .map_err(failed)?;
    let pixels = small.data_bytes().map_err(failed)?.to_vec();
    let side = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
    RgbImage::from_raw(side(width), side(height), pixels)
        .map_err(|e| self::failed("scaling a picture", e.to_string()))
}

/// The bytes of a JPEG file; quality from 1 to 100.
///
/// # Errors
/// When OpenCV cannot.
pub fn to_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, CaptureError> {
    let failed = |error: opencv::Error| failed("encoding a picture", error.message);
    let rgb = Mat::from_slice(image.pixels()).map_err(failed)?;
    let rgb = rgb.reshape(3, i32::try_from(image.height()).unwrap_or(i32::MAX)).map_err(failed)?;
    let mut bgr = Mat::default();
    imgproc::cvt_color_def(&rgb, &mut bgr, imgproc::COLOR_RGB2BGR).map_err(failed)?;
    let mut bytes = Vector::new();
    let options = Vector::from_slice(&[imgcodecs::IMWRITE_JPEG_QUALITY, i32::from(quality.clamp(1, 100))]);
    imgcodecs::imencode(".jpg", &bgr, &mut bytes, &options).map_err(failed)?;
    Ok(bytes.to_vec())
}

fn failed(doing: &'static str, why: String) -> CaptureError {
    CaptureError::Failed { place: "the calibration page".to_owned(), doing, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shrink_and_become_jpeg() {
        let image = RgbImage::from_raw(8, 4, (0..96).collect()).unwrap();
        assert_eq!(scaled_down(&image, 0).unwrap(), image);
        assert_eq!(scaled_down(&image, 8).unwrap(), image);
        let small = scaled_down(&image, 4).unwrap();
        assert_eq!((small.width(), small.height()), (4, 2));
        let bytes = to_jpeg(&RgbImage::filled(640, 360, 90), 80).unwrap();
        assert!(bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.ends_with(&[0xff, 0xd9]));
    }
}
