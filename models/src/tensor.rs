//! From pixels to a model's input.

use crate::image::RgbImage;
use crate::manifest::{Channels, Dtype, Input, Layout};
use ndarray::ArrayD;

/// An input tensor, batch of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tensor {
    Float32(ArrayD<f32>),
    Int32(ArrayD<i32>),
}

/// The shape that an input has.
pub(crate) fn shape(input: &Input) -> [usize; 4] {
    let (w, h) = (input.size.0 as usize, input.size.1 as usize);
    match input.layout {
        Layout::Nhwc => [1, h, w, 3],
        Layout::Nchw => [1, 3, h, w],
    }
}

/// A picture of the input's size as its tensor.
pub(crate) fn from_picture(picture: &RgbImage, input: &Input) -> Tensor {
    let normalised =
        |channel: usize, value: u8| (f32::from(value) - input.mean[channel]) / input.std[channel];
    match input.dtype {
        Dtype::Float32 => Tensor::Float32(arrange(picture, input, normalised)),
        #[allow(clippy::cast_possible_truncation, reason = "a normalised byte is small")]
        Dtype::Int32 => Tensor::Int32(arrange(picture, input, |c, v| normalised(c, v).round() as i32)),
    }
}

fn arrange<T: Copy + Default>(
    picture: &RgbImage,
    input: &Input,
    convert: impl Fn(usize, u8) -> T,
) -> ArrayD<T> {
    let source = |channel: usize| match input.channels {
        Channels::Rgb => channel,
        Channels::Bgr => 2 - channel,
    };
    // One table a channel: a pixel then costs a look-up.
    let table: Vec<[T; 256]> =
        (0..3).map(|c| std::array::from_fn(|v| convert(c, u8::try_from(v).unwrap_or(u8::MAX)))).collect();
    let area = picture.pixels().len() / 3;
    let mut values = vec![T::default(); area * 3];
    for (channel, table) in table.iter().enumerate() {
        let bytes = picture.pixels().iter().skip(source(channel)).step_by(3);
        let (start, step) = match input.layout {
            Layout::Nhwc => (channel, 3),
            Layout::Nchw => (channel * area, 1),
        };
        for (place, byte) in values[start..].iter_mut().step_by(step).zip(bytes) {
            *place = table[*byte as usize];
        }
    }
    ArrayD::from_shape_vec(shape(input).to_vec(), values)
        .unwrap_or_else(|_| ArrayD::default(shape(input).to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Fit;

    fn input(layout: Layout, dtype: Dtype, channels: Channels) -> Input {
        let (mean, std) =
            if dtype == Dtype::Float32 { ([1.0, 2.0, 3.0], [2.0, 1.0, 1.0]) } else { ([0.0; 3], [1.0; 3]) };
        Input { name: "x".into(), layout, size: (2, 1), dtype, channels, mean, std, fit: Fit::Stretch }
    }

    #[test]
    fn pixels_go_where_layout_and_channels_say() {
        let picture = RgbImage::from_raw(2, 1, vec![10, 20, 30, 40, 50, 60]).unwrap();
        let floats = |layout, channels| match from_picture(&picture, &input(layout, Dtype::Float32, channels))
        {
            Tensor::Float32(t) => (t.shape().to_vec(), t.into_raw_vec_and_offset().0),
            Tensor::Int32(_) => panic!("float input gave integers"),
        };
        assert_eq!(
            floats(Layout::Nchw, Channels::Rgb),
            (vec![1, 3, 1, 2], vec![4.5, 19.5, 18.0, 48.0, 27.0, 57.0])
        );
        assert_eq!(
            floats(Layout::Nhwc, Channels::Rgb),
            (vec![1, 1, 2, 3], vec![4.5, 18.0, 27.0, 19.5, 48.0, 57.0])
        );
        assert_eq!(floats(Layout::Nchw, Channels::Bgr).1, vec![14.5, 29.5, 18.0, 48.0, 7.0, 37.0]);
        let whole = from_picture(&picture, &input(Layout::Nhwc, Dtype::Int32, Channels::Rgb));
        assert_eq!(
            whole,
            Tensor::Int32(ArrayD::from_shape_vec(vec![1, 1, 2, 3], vec![10, 20, 30, 40, 50, 60]).unwrap())
        );
    }
}
