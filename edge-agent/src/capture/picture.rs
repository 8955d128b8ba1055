//! Still pictures.

use super::error::CaptureError;
use chuangming_models::image::RgbImage;
use opencv::core::{Mat, MatTraitConst, MatTraitConstManual};
use opencv::{imgcodecs, imgproc};
use std::io;
use std::path::Path;

/// Larger pictures are refused: 7680x4320.
const MOST_PIXELS: u64 = 7680 * 4320;

const SUFFIXES: [&str; 5] = ["jpg", "jpeg", "png", "bmp", "webp"];

/// Whether the name is that of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension()
        .and_then(|suffix| suffix.to_str())
        .is_some_and(|suffix| SUFFIXES.iter().any(|known| suffix.eq_ignore_ascii_case(known)))
}

/// Reads one picture; the orientation noted by a photo camera is applied.
///
/// # Errors
/// When the file is missing, cut off or no picture.
pub fn read_picture(path: &Path) -> Result<RgbImage, CaptureError> {
    let place = || path.display().to_string();
    let no_picture = |why| CaptureError::NoPicture { place: place(), why };
    let bytes = std::fs::read(path).map_err(|cause| cannot_read(path, cause))?;
    if is_cut_jpeg(&bytes) {
        return Err(no_picture("the file is cut off"));
    }
    let bgr = Mat::from_slice(&bytes)
        .and_then(|bytes| imgcodecs::imdecode(&bytes, imgcodecs::IMREAD_COLOR))
        .map_err(|_| no_picture("its content is not understood"))?;
    if bgr.empty() {
        return Err(no_picture("its content is not understood"));
    }
    to_rgb(&bgr, &place())
}

/// The same reasons for files, folders and devices.
pub(super) fn cannot_read(path: &Path, cause: io::Error) -> CaptureError {
    let place = path.display().to_string();
    match cause.kind() {
        io::ErrorKind::NotFound => CaptureError::Missing { place },
        _ => CaptureError::Unreadable { place, cause },
    }
}

/// Refuses sizes that would exhaust the memory.
pub(super) fn check_size(width: u32, height: u32, place: &str) -> Result<(), CaptureError> {
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(CaptureError::TooLarge { place: place.to_owned(), width, height });
    }
    Ok(())
}

/// Packed RGB from OpenCV's 8-bit BGR.
pub(super) fn to_rgb(bgr: &Mat, place: &str) -> Result<RgbImage, CaptureError> {
    let (width, height) = (bgr.cols().unsigned_abs(), bgr.rows().unsigned_abs());
    check_size(width, height, place)?;
    let mut rgb = Mat::default();
    imgproc::cvt_color_def(bgr, &mut rgb, imgproc::COLOR_BGR2RGB)
        .and_then(|()| rgb.data_bytes().map(<[u8]>::to_vec))
        .map_err(|error| error.message)
        .and_then(|pixels| RgbImage::from_raw(width, height, pixels).map_err(|error| error.to_string()))
        .map_err(|why| CaptureError::Failed { place: place.to_owned(), doing: "converting a picture", why })
}

/// Decoders fill the rest of a cut JPEG with grey, which must not pass as seen. In a whole one an end marker follows
/// the last start of pixel data; neither byte pair can occur within pixel data.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    bytes.starts_with(&[0xff, 0xd8]) && last([0xff, 0xd9]) < last([0xff, 0xda])
}
