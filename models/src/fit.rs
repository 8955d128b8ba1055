//! How a part of a picture goes into a model's input, and the way back.

use crate::image::{GREY, RgbImage};
use crate::manifest::Fit;
use crate::pixel_box::PixelBox;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

/// Where a box of the picture lies in a net of `net` (width, height) pixels: `size` pixels at `offset`, all whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// The box, in picture pixels.
    pub region: PixelBox,
    /// Width and height of the model's input.
    pub net: (u32, u32),
    /// Width and height of the box in the input.
    pub size: (u32, u32),
    /// Left and upper edge of the box in the input.
    pub offset: (u32, u32),
}

impl Placement {
    /// Places a box. A letterbox keeps the aspect ratio up to rounding to whole pixels.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the net's size")]
    pub fn new(region: PixelBox, net: (u32, u32), fit: Fit) -> Self {
        if fit == Fit::Stretch {
            return Self { region, net, size: net, offset: (0, 0) };
        }
        let scale = (f64::from(net.0) / region.width()).min(f64::from(net.1) / region.height());
        let whole =
            |length: f64, most: u32| (length * scale + 0.5).floor().clamp(1.0, f64::from(most)) as u32;
        let size = (whole(region.width(), net.0), whole(region.height(), net.1));
        let offset = match fit {
            Fit::Letterbox => ((net.0 - size.0) / 2, (net.1 - size.1) / 2),
            Fit::LetterboxTopLeft | Fit::Stretch => (0, 0),
        };
        Self { region, net, size, offset }
    }

    /// Net pixels → picture pixels.
    #[must_use]
    pub fn to_picture(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (x - f64::from(self.offset.0)) * self.region.width() / f64::from(self.size.0) + self.region.x0,
            (y - f64::from(self.offset.1)) * self.region.height() / f64::from(self.size.1) + self.region.y0,
        )
    }

    /// Picture pixels → net pixels.
    #[must_use]
    pub fn to_net(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (x - self.region.x0) * f64::from(self.size.0) / self.region.width() + f64::from(self.offset.0),
            (y - self.region.y0) * f64::from(self.size.1) / self.region.height() + f64::from(self.offset.1),
        )
    }

    /// A box of the net as a box of the picture.
    #[must_use]
    pub fn box_to_picture(&self, b: PixelBox) -> PixelBox {
        let ((x0, y0), (x1, y1)) = (self.to_picture(b.x0, b.y0), self.to_picture(b.x1, b.y1));
        PixelBox::new(x0, y0, x1, y1)
    }

    /// The model's input as a picture: the box resized (bilinear with antialiasing), grey around it. A box that is not
    /// inside the picture is grey altogether.
    #[must_use]
    pub fn cut(&self, picture: &RgbImage) -> RgbImage {
        let mut out = RgbImage::filled(self.net.0, self.net.1, GREY);
        let Some(part) = self.resized(picture) else { return out };
        let row_bytes = self.size.0 as usize * 3;
        for (y, row) in part.buffer().chunks_exact(row_bytes).enumerate() {
            let start = self.offset.0 as usize * 3;
            #[allow(clippy::cast_possible_truncation, reason = "y is below the net's height")]
            out.row_mut(self.offset.1 + y as u32)[start..start + row_bytes].copy_from_slice(row);
        }
        out
    }

    fn resized(&self, picture: &RgbImage) -> Option<Image<'static>> {
        let region = self.region.clipped(picture.width(), picture.height(), 0.0)?;
        let source =
            ImageRef::new(picture.width(), picture.height(), picture.pixels(), PixelType::U8x3).ok()?;
        let mut part = Image::new(self.size.0, self.size.1, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
            region.x0,
            region.y0,
            region.width(),
            region.height(),
        );
        Resizer::new().resize(&source, &mut part, &options).ok()?;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_letterbox_keeps_the_aspect_and_pads_with_grey() {
        let placed = Placement::new(PixelBox::new(0.0, 0.0, 8.0, 4.0), (8, 8), Fit::Letterbox);
        assert_eq!((placed.size, placed.offset), ((8, 4), (0, 2)));
        let cut = placed.cut(&RgbImage::filled(8, 4, 200));
        assert_eq!((cut.row(1)[0], cut.row(2)[0], cut.row(5)[0], cut.row(6)[0]), (GREY, 200, 200, GREY));
        let corner = Placement::new(placed.region, (8, 8), Fit::LetterboxTopLeft);
        assert_eq!((corner.size, corner.offset), ((8, 4), (0, 0)));
        let stretched = Placement::new(placed.region, (8, 8), Fit::Stretch);
        assert_eq!((stretched.size, stretched.offset), ((8, 8), (0, 0)));
    }

    #[test]
    fn a_box_outside_the_picture_is_grey() {
        let placed = Placement::new(PixelBox::new(10.0, 10.0, 20.0, 20.0), (4, 4), Fit::Letterbox);
        assert_eq!(placed.cut(&RgbImage::filled(8, 8, 1)), RgbImage::filled(4, 4, GREY));
    }

    proptest! {
        #[test]
        fn there_and_back(x0 in 0.0..300.0f64, y0 in 0.0..200.0f64, w in 4.0..300.0f64, h in 4.0..200.0f64,
                          px in 0.0..600.0f64, py in 0.0..400.0f64, fit in 0usize..3) {
            let fit = [Fit::Letterbox, Fit::LetterboxTopLeft, Fit::Stretch][fit];
            let placed = Placement::new(PixelBox::new(x0, y0, x0 + w, y0 + h), (256, 192), fit);
            let (nx, ny) = placed.to_net(px, py);
            let (bx, by) = placed.to_picture(nx, ny);
            prop_assert!((bx - px).abs() < 1e-6 && (by - py).abs() < 1e-6);
            prop_assert!(placed.offset.0 + placed.size.0 <= 256 && placed.offset.1 + placed.size.1 <= 192);
        }
    }
}
