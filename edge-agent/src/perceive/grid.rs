//! The cells in which a region of a picture is compared with what was learnt of it.

use super::structure::Structure;
use chuangming_domain::geometry::{Point, Polygon, Rect};
use chuangming_models::{PixelBox, RgbImage};

/// The cells of a region of a picture.
pub(super) struct Grid<'a> {
    region: PixelBox,
    polygon: &'a Polygon,
    columns: usize,
    rows: usize,
    size: (f64, f64),
}

impl<'a> Grid<'a> {
    pub(super) fn new(region: PixelBox, polygon: &'a Polygon, image: &RgbImage, like: &Structure) -> Self {
        let size = (f64::from(image.width()), f64::from(image.height()));
        Self { region, polygon, columns: like.columns(), rows: like.rows(), size }
    }

    /// The corner of a cell, in picture pixels.
    #[allow(clippy::cast_precision_loss, reason = "at most 32 cells")]
    fn corner(&self, column: usize, row: usize) -> Point {
        Point {
            x: self.region.x0 + self.region.width() * column as f64 / self.columns as f64,
            y: self.region.y0 + self.region.height() * row as f64 / self.rows as f64,
        }
    }

    /// The middle of every cell, in fractions of the picture.
    pub(super) fn middles(&self) -> Vec<Point> {
        let middle = |i: usize| {
            let (c, r) = (i % self.columns, i / self.columns);
            let (from, to) = (self.corner(c, r), self.corner(c + 1, r + 1));
            Point {
                x: f64::midpoint(from.x, to.x) / self.size.0,
                y: f64::midpoint(from.y, to.y) / self.size.1,
            }
        };
        (0..self.columns * self.rows).map(middle).collect()
    }

    /// The cells that lie in the polygon with all corners and whose middle (in picture pixels) passes `keep`.
    pub(super) fn inside(&self, keep: impl Fn(Point) -> bool) -> Vec<bool> {
        let in_polygon =
            |p: Point| self.polygon.contains(Point { x: p.x / self.size.0, y: p.y / self.size.1 });
        (0..self.columns * self.rows)
            .map(|i| {
                let (c, r) = (i % self.columns, i / self.columns);
                let corners =
                    [(c, r), (c + 1, r), (c, r + 1), (c + 1, r + 1)].map(|(c, r)| self.corner(c, r));
                let middle = Point {
                    x: f64::midpoint(corners[0].x, corners[3].x),
                    y: f64::midpoint(corners[0].y, corners[3].y),
                };
                corners.into_iter().all(in_polygon) && keep(middle)
            })
            .collect()
    }

    /// The box around cells, in fractions of the picture.
    pub(super) fn bounds(&self, cells: &[usize]) -> Rect {
        let columns = || cells.iter().map(|i| i % self.columns);
        let rows = || cells.iter().map(|i| i / self.columns);
        let from = self.corner(columns().min().unwrap_or(0), rows().min().unwrap_or(0));
        let to = self.corner(columns().max().unwrap_or(0) + 1, rows().max().unwrap_or(0) + 1);
        let (w, h) = self.size;
        Rect { x: from.x / w, y: from.y / h, width: (to.x - from.x) / w, height: (to.y - from.y) / h }
    }
}

/// Groups of changed cells that touch, or have one cell between them.
pub(super) fn groups(changed: &[bool], columns: usize) -> Vec<Vec<usize>> {
    let rows = changed.len() / columns;
    let mut taken = vec![false; changed.len()];
    let mut groups = Vec::new();
    for start in 0..changed.len() {
        if !changed[start] || taken[start] {
            continue;
        }
        let (mut group, mut open) = (Vec::new(), vec![start]);
        taken[start] = true;
        while let Some(i) = open.pop() {
            group.push(i);
            let (c, r) = (i % columns, i / columns);
            for y in r.saturating_sub(2)..=(r + 2).min(rows - 1) {
                for x in c.saturating_sub(2)..=(c + 2).min(columns - 1) {
                    let j = y * columns + x;
                    if changed[j] && !taken[j] {
                        taken[j] = true;
                        open.push(j);
                    }
                }
            }
        }
        groups.push(group);
    }
    groups
}
