//! The printed chart, `calibration/board.pdf`, in a picture: a ChArUco board, whose markers tell which corner is which. So it
//! is known also where a part of it is covered or outside.

use crate::lines::{LinesError, grey, mat};
use chuangming_calibration::ChartCorner;
use chuangming_models::RgbImage;
use opencv::aruco::{self, CharucoBoard, PREDEFINED_DICTIONARY_NAME};
use opencv::core::{Point2f, Ptr, Vector};

/// The board that `calibration/board.py` draws: squares across and down, and of how many millimetres squares and markers are.
const SQUARES: (i32, i32) = (11, 7);
const SQUARE: f32 = 24.0;
const MARKER: f32 = 18.0;
/// Fewer corners than this tell no lens.
const FEWEST: usize = 20;
/// Squares that are narrower in the picture, in pixels, have corners too vague to tell a lens by.
const NARROWEST: f64 = 22.0;

/// The corners of the chart that are seen; `None` if there is no chart, too little of it, or one too far away.
///
/// # Errors
/// When OpenCV fails.
pub fn chart(image: &RgbImage) -> Result<Option<Vec<ChartCorner>>, LinesError> {
    let found = corners(image).map_err(|e| LinesError(e.message))?;
    let tells = found.len() >= FEWEST && square(&found, image) >= NARROWEST;
    Ok(tells.then_some(found))
}

/// How wide a square is in the picture, in pixels, on average.
fn square(corners: &[ChartCorner], image: &RgbImage) -> f64 {
    let next = |from: &ChartCorner| {
        let to = corners.iter().find(|to| (to.column, to.row) == (from.column + 1, from.row))?;
        let [x, y] = [to.at[0] - from.at[0], to.at[1] - from.at[1]];
        Some((x * f64::from(image.width())).hypot(y * f64::from(image.height())))
    };
    let widths: Vec<f64> = corners.iter().filter_map(next).collect();
    widths.iter().sum::<f64>() / widths.len().max(1) as f64
}

fn corners(image: &RgbImage) -> opencv::Result<Vec<ChartCorner>> {
    let grey = grey(image);
    let picture = mat(&grey, image)?;
    let dictionary = aruco::get_predefined_dictionary(PREDEFINED_DICTIONARY_NAME::DICT_4X4_50)?;
    let (mut markers, mut names) = (Vector::<Vector<Point2f>>::new(), Vector::<i32>::new());
    aruco::detect_markers_def(&picture, &dictionary, &mut markers, &mut names)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let board: Ptr<CharucoBoard> = CharucoBoard::create(SQUARES.0, SQUARES.1, SQUARE, MARKER, &dictionary)?;
    let (mut places, mut numbers) = (Vector::<Point2f>::new(), Vector::<i32>::new());
    aruco::interpolate_corners_charuco_def(&markers, &names, &picture, &board, &mut places, &mut numbers)?;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    // Unlike those of a chessboard, these corners are told from the edge of the first pixel, not from its centre.
    let at = |p: Point2f| [f64::from(p.x) / width, f64::from(p.y) / height];
    let across = SQUARES.0 - 1;
    let corner = |(n, p): (i32, Point2f)| ChartCorner { column: n % across, row: n / across, at: at(p) };
    Ok(numbers.iter().zip(places.iter()).map(corner).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = include_bytes!("../../calibration/board.pdf");
    const SIZE: (u32, u32) = (640, 360);
    /// Pixels of a millimetre.
    const SCALE: f64 = 1.6;
    const LEAN: f64 = 3.0;

    /// The page that is printed: whether each half millimetre of it is dark, row by row.
    struct Paper(Vec<[bool; 594]>);

    impl Paper {
        /// Reads the rectangles of the file; the text below the chart is left out.
        fn new() -> Self {
            let mut paper = vec![[false; 594]; 420];
            for line in String::from_utf8_lossy(PDF).lines() {
                let Some(sides) = line.strip_suffix(" re") else { continue };
                let halves = sides.split(' ').map(|side| (side.parse::<f64>().unwrap() * 2.0) as usize);
                let [x, y, width, height] = halves.collect::<Vec<_>>()[..] else { panic!("{line}") };
                for row in &mut paper[420 - y - height..420 - y] {
                    row[x..x + width].fill(true);
                }
            }
            Self(paper)
        }

        /// Whether it is dark so many millimetres from the left and the top.
        fn is_dark(&self, across: f64, down: f64) -> bool {
            let row = self.0.get((down * 2.0).floor() as usize).filter(|_| down >= 0.0 && across >= 0.0);
            row.and_then(|row| row.get((across * 2.0).floor() as usize)).is_some_and(|dark| *dark)
        }

        /// The upper left of the chart, in millimetres.
        fn first(&self) -> [f64; 2] {
            let row = self.0.iter().position(|row| row.contains(&true)).unwrap();
            let column = self.0[row].iter().position(|dark| *dark).unwrap();
            [column as f64 / 2.0, row as f64 / 2.0]
        }
    }

    /// The page with its upper left at a place in pixels, turned around it by [`LEAN`] degrees.
    fn page((left, top): (f64, f64), covered: impl Fn(f64, f64) -> bool) -> RgbImage {
        let (paper, (sin, cos)) = (Paper::new(), LEAN.to_radians().sin_cos());
        let mut pixels = Vec::new();
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                // Four looks at a pixel: a camera's edges are soft.
                let looks = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
                let is_dark = |(dx, dy): &(f64, f64)| {
                    let (dx, dy) = (f64::from(x) + dx - left, f64::from(y) + dy - top);
                    let (u, v) = ((dx * cos + dy * sin) / SCALE, (dy * cos - dx * sin) / SCALE);
                    paper.is_dark(u, v)
                };
                let hidden = covered(f64::from(x), f64::from(y));
                let share = looks.iter().filter(|look| is_dark(look)).count();
                let value = if hidden { 120 } else { [230, 178, 125, 73, 20][share] };
                pixels.extend([value; 3]);
            }
        }
        RgbImage::from_raw(SIZE.0, SIZE.1, pixels).unwrap()
    }

    /// The corners that are found, and how many of them are not where the page has them.
    fn found(
        (left, top): (f64, f64),
        covered: impl Fn(f64, f64) -> bool,
    ) -> Option<(Vec<ChartCorner>, usize)> {
        let found = chart(&page((left, top), covered)).unwrap()?;
        let (sin, cos) = LEAN.to_radians().sin_cos();
        let first = Paper::new().first();
        let is_off = |ChartCorner { column, row, at }: &&ChartCorner| {
            let [u, v] = [(first[0], *column), (first[1], *row)]
                .map(|(first, n)| SCALE * (first + 24.0 * f64::from(n + 1)));
            let expected = (left + u * cos - v * sin, top + u * sin + v * cos);
            (at[0] * 640.0 - expected.0).hypot(at[1] * 360.0 - expected.1) > 0.5
        };
        let off = found.iter().filter(is_off).count();
        Some((found, off))
    }

    #[test]
    fn the_printed_chart_is_found_whole_covered_and_cut_off() {
        let (whole, off) = found((90.0, 5.0), |_, _| false).unwrap();
        assert_eq!((whole.len(), off), (60, 0));
        // A hand in the middle of it. What is just under its rim is told from the markers beside it, less exactly; lens and
        // level are told by vote.
        let is_hand = |x, y| (280.0..380.0).contains(&x) && (120.0..210.0).contains(&y);
        let (rest, off) = found((90.0, 5.0), is_hand).unwrap();
        assert!((40..58).contains(&rest.len()) && off <= 3, "{off} of {}", rest.len());
        // Its left and upper part are outside.
        let (part, off) = found((-110.0, -60.0), |_, _| false).unwrap();
        assert!((20..45).contains(&part.len()) && part.iter().all(|c| c.column >= 2), "{}", part.len());
        assert_eq!(off, 0);
    }

    #[test]
    fn there_is_no_chart_where_too_little_or_nothing_of_it_is_seen() {
        assert_eq!(found((90.0, 5.0), |x, _| x > 240.0), None);
        assert_eq!(found((90.0, 5.0), |_, _| true), None);
    }
}
