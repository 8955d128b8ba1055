//! Areas of polygons: how much of one lies in another, and what of one lies in the picture.

use crate::draft::Corner;
use chuangming_domain::geometry::{Point, Polygon};

/// Points of the grid over a polygon's box, on each side: shares are right to about two percent.
const GRID: u32 = 64;

/// The share of `polygon` that lies in `other`, 0 to 1, by a grid of points.
pub(crate) fn share_within(polygon: &Polygon, other: &Polygon) -> f64 {
    let bounds = polygon.bounds();
    let (mut inside, mut shared) = (0u32, 0u32);
    for i in 0..GRID * GRID {
        let (column, row) = (f64::from(i % GRID) + 0.5, f64::from(i / GRID) + 0.5);
        let p = Point {
            x: bounds.x + bounds.width * column / f64::from(GRID),
            y: bounds.y + bounds.height * row / f64::from(GRID),
        };
        if polygon.contains(p) {
            inside += 1;
            shared += u32::from(other.contains(p));
        }
    }
    if inside == 0 { 0.0 } else { f64::from(shared) / f64::from(inside) }
}

/// What of an outline lies in the picture (Sutherland and Hodgman, 1974); empty where nothing does.
pub(crate) fn clipped(corners: &[Corner]) -> Vec<Corner> {
    // How far inside an edge of the picture a corner lies: its coordinate on an axis, turned and shifted.
    let edges = [(0, 1.0, 0.0), (0, -1.0, 1.0), (1, 1.0, 0.0), (1, -1.0, 1.0)];
    edges.into_iter().fold(corners.to_vec(), |outline, (axis, turned, shifted)| {
        let inside = |corner: Corner| turned * corner[axis] + shifted;
        let mut kept = Vec::with_capacity(outline.len() + 2);
        for (i, &to) in outline.iter().enumerate() {
            let from = outline[(i + outline.len() - 1) % outline.len()];
            let (before, after) = (inside(from), inside(to));
            if (before < 0.0) != (after < 0.0) {
                let t = before / (before - after);
                kept.push([from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
            }
            if after >= 0.0 {
                kept.push(to);
            }
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rectangle(x: f64, y: f64, w: f64, h: f64) -> Vec<Corner> {
        vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
    }

    proptest! {
        #[test]
        fn shares_are_those_of_boxes(
            x in 0.0f64..0.5, y in 0.0f64..0.5, w in 0.05f64..0.5, h in 0.05f64..0.5, dx in 0.0f64..1.0, dy in 0.0f64..1.0,
        ) {
            let polygon = Polygon::new(&rectangle(x, y, w, h)).unwrap();
            let other = Polygon::new(&rectangle(x + dx * w * 0.5, y + dy * h * 0.5, w * 0.5, h * 0.5)).unwrap();
            prop_assert!((share_within(&polygon, &other) - 0.25).abs() < 0.02);
            prop_assert_eq!(share_within(&other, &polygon), 1.0);
        }

        #[test]
        fn a_clipped_box_is_the_part_in_the_picture(
            x in -0.9f64..0.9, y in -0.9f64..0.9, w in 0.2f64..1.5, h in 0.2f64..1.5,
        ) {
            let (left, right, top, bottom) = (x.max(0.0), (x + w).min(1.0), y.max(0.0), (y + h).min(1.0));
            let kept = clipped(&rectangle(x, y, w, h));
            if right - left < 0.01 || bottom - top < 0.01 {
                return Ok(());
            }
            let polygon = Polygon::new(&kept).unwrap();
            prop_assert!((polygon.area() - (right - left) * (bottom - top)).abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_is_left_of_what_is_outside() {
        assert!(clipped(&rectangle(1.2, 0.2, 0.3, 0.3)).is_empty());
    }
}
