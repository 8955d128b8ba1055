//! Straight edges in a picture, for the calibration page: to snap to, and to tell a lens and a level by.
//!
//! Only places come out of here, in fractions of the picture; what they mean is for `calibration` to say.

use chuangming_domain::geometry::Point;
use chuangming_models::RgbImage;
use opencv::boxed_ref::BoxedRef;
use opencv::core::{Mat, Vec4f, Vector, no_array};
use opencv::imgproc::{self, LineSegmentDetectorTrait};

/// Shorter edges than this share of the picture's width are of no use.
const SHORTEST: f64 = 0.03;
/// The longest edges are given, so many at most.
const MOST_SEGMENTS: usize = 400;
/// An edge that tells of the lens is this long, made of pieces of at least so much,
const LONG: f64 = 0.2;
const SHORTEST_PIECE: f64 = 0.012;
/// with gaps between them of no more than this (all in widths of the picture),
const GAP: f64 = 0.012;
/// and turns of no more degrees than this.
const TURN: f64 = 6.0;
const MOST_CHAINS: usize = 100;

/// OpenCV could not look at a picture.
#[derive(Debug, thiserror::Error)]
#[error("OpenCV: {0}")]
pub struct LinesError(pub(crate) String);

/// Straight edges, the longest first.
///
/// # Errors
/// When OpenCV fails.
pub fn segments(image: &RgbImage) -> Result<Vec<[Point; 2]>, LinesError> {
    let mut segments = pieces(image)?;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let length = |s: &[Point; 2]| ((s[1].x - s[0].x) * width).hypot((s[1].y - s[0].y) * height);
    segments.retain(|s| length(s) >= SHORTEST * width);
    segments.sort_by(|a, b| length(b).total_cmp(&length(a)));
    segments.truncate(MOST_SEGMENTS);
    Ok(segments)
}

/// Long edges as points along each, bent as the lens bends them: straight pieces that follow one another are one edge.
///
/// # Errors
/// When OpenCV fails.
pub fn chains(image: &RgbImage) -> Result<Vec<Vec<Point>>, LinesError> {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let pixels = |p: Point| Point { x: p.x * width, y: p.y * height };
    let mut pieces: Vec<[Point; 2]> = pieces(image)?.iter().map(|s| s.map(pixels)).collect();
    pieces.retain(|[a, b]| distance(*a, *b) >= SHORTEST_PIECE * width);
    pieces.sort_by(|a, b| distance(b[0], b[1]).total_cmp(&distance(a[0], a[1])));
    let mut chains = Vec::new();
    while !pieces.is_empty() {
        let [a, b] = pieces.remove(0);
        let mut chain = along(a, b).to_vec();
        extend(&mut chain, &mut pieces, width);
        chain.reverse();
        extend(&mut chain, &mut pieces, width);
        let length: f64 = chain.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
        if length >= LONG * width {
            chains.push(chain.into_iter().map(|p| Point { x: p.x / width, y: p.y / height }).collect());
        }
    }
    chains.truncate(MOST_CHAINS);
    Ok(chains)
}

/// Adds the pieces that go on where a chain ends.
fn extend(chain: &mut Vec<Point>, pieces: &mut Vec<[Point; 2]>, width: f64) {
    while let &[.., before, end] = chain.as_slice() {
        let goes_on = |[a, b]: &[Point; 2]| {
            let (turn, gap) = (angle(before, end, *a, *b), distance(end, *a));
            (gap <= GAP * width && turn <= TURN && angle(before, end, end, middle(*a, *b)) <= TURN)
                .then_some(gap)
        };
        let both_ways = |s: &[Point; 2]| [*s, [s[1], s[0]]];
        let next = pieces
            .iter()
            .enumerate()
            .flat_map(|(i, s)| both_ways(s).map(|s| (i, s)))
            .filter_map(|(i, s)| Some((goes_on(&s)?, i, s)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, i, [a, b])) = next else { return };
        pieces.remove(i);
        chain.extend_from_slice(&along(a, b)[1..]);
    }
}

/// The angle between two directions, in degrees.
fn angle(a: Point, b: Point, c: Point, d: Point) -> f64 {
    let (u, v) = ((b.x - a.x, b.y - a.y), (d.x - c.x, d.y - c.y));
    (u.0 * v.1 - u.1 * v.0).atan2(u.0 * v.0 + u.1 * v.1).to_degrees().abs()
}

fn distance(a: Point, b: Point) -> f64 {
    (b.x - a.x).hypot(b.y - a.y)
}

/// Five points of a piece, its ends among them.
fn along(a: Point, b: Point) -> [Point; 5] {
    let m = middle(a, b);
    [a, middle(a, m), m, middle(m, b), b]
}

fn middle(a: Point, b: Point) -> Point {
    Point { x: f64::midpoint(a.x, b.x), y: f64::midpoint(a.y, b.y) }
}

/// Every straight piece of an edge.
fn pieces(image: &RgbImage) -> Result<Vec<[Point; 2]>, LinesError> {
    let grey = grey(image);
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let mut found: Vector<Vec4f> = Vector::new();
    let (mut no_width, mut no_precision, mut no_nfa) = (no_array(), no_array(), no_array());
    imgproc::create_line_segment_detector_def()
        .and_then(|mut detector| {
            detector.detect(&mat(&grey, image)?, &mut found, &mut no_width, &mut no_precision, &mut no_nfa)
        })
        .map_err(|e| LinesError(e.message))?;
    let fractions = |s: Vec4f| {
        let place = |i: usize| Point { x: f64::from(s[i]) / width, y: f64::from(s[i + 1]) / height };
        [place(0), place(2)]
    };
    Ok(found.iter().map(fractions).collect())
}

/// Brightness, pixel by pixel.
pub(crate) fn grey(image: &RgbImage) -> Vec<u8> {
    let brightness = |p: &[u8]| (77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2])) >> 8;
    image.pixels().chunks_exact(3).map(|p| brightness(p).try_into().unwrap_or(u8::MAX)).collect()
}

/// What [`grey`] made of an image, for OpenCV.
pub(crate) fn mat<'a>(grey: &'a [u8], image: &RgbImage) -> opencv::Result<BoxedRef<'a, Mat>> {
    Mat::new_rows_cols_with_data(image.height().cast_signed(), image.width().cast_signed(), grey)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (640, 360);

    fn picture(value: impl Fn(f64, f64) -> u8) -> RgbImage {
        let mut pixels = Vec::new();
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                pixels.extend([value(f64::from(x) + 0.5, f64::from(y) + 0.5); 3]);
            }
        }
        RgbImage::from_raw(SIZE.0, SIZE.1, pixels).unwrap()
    }

    #[test]
    fn the_long_edges_of_a_tilted_post_are_found() {
        // A post whose upper end leans to the right by two degrees.
        let lean = 2f64.to_radians().tan();
        let post = picture(|x, y| if (200.0..260.0).contains(&(x + (y - 180.0) * lean)) { 180 } else { 60 });
        let found = segments(&post).unwrap();
        assert!(found.len() >= 2, "{found:?}");
        for [a, b] in &found[..2] {
            let (dx, dy) = ((a.x - b.x) * 640.0, (a.y - b.y) * 360.0);
            assert!(((-dx / dy).atan().to_degrees() - 2.0).abs() < 0.3, "{a:?} {b:?}");
        }
        assert!(segments(&picture(|_, _| 90)).unwrap().is_empty());
    }

    #[test]
    fn a_bent_edge_is_one_chain_and_two_edges_are_two() {
        // A ceiling's edge, bent by a wide lens: 12 pixels lower in the middle than at the ends, and a counter's.
        let bent = picture(|x, y| {
            let ceiling = 40.0 + 12.0 * (1.0 - ((x - 320.0) / 320.0).powi(2));
            if y < ceiling || y > 300.0 { 40 } else { 190 }
        });
        let chains = chains(&bent).unwrap();
        assert_eq!(chains.len(), 2, "{chains:?}");
        let ceiling = chains.iter().find(|chain| chain[0].y < 0.5).unwrap();
        let xs: Vec<f64> = ceiling.iter().map(|p| p.x).collect();
        let (least, most) = (xs.iter().copied().fold(1.0, f64::min), xs.iter().copied().fold(0.0, f64::max));
        assert!(most - least > 0.9, "{xs:?}");
        for p in ceiling {
            let truth = 40.0 + 12.0 * (1.0 - ((p.x * 640.0 - 320.0) / 320.0).powi(2));
            assert!((p.y * 360.0 - truth).abs() < 1.5, "{p:?} is not on the edge");
        }
    }
}
