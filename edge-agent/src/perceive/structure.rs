//! The structure of a region, independent of how brightly it is lit: oriented edges of the logarithm of brightness and
//! colour ratios, in cells. It cannot be turned back into a picture.
//!
//! A change of light multiplies brightness, which shifts its logarithm and leaves its edges as they are; histograms of
//! gradients over cells (as in Dalal & Triggs 2005) forgive small movements of the camera.

use super::coded::{self, Coded};
use chuangming_models::fit::Placement;
use chuangming_models::manifest::Fit;
use chuangming_models::{PixelBox, RgbImage};
use std::collections::BTreeSet;

/// Pixels along a cell's side, in the resized region.
const CELL: u32 = 8;
/// Cells along the region's width; as many rows as its shape asks for, up to as many.
const COLUMNS: u32 = 32;
const ORIENTATIONS: usize = 8;
/// Keeps the logarithm of dark pixels, and with it sensor noise, small.
const DARK: f32 = 16.0;
/// Mean edge strength of a pixel (in natural logarithms of brightness) below which a cell counts as plain.
const PLAIN: f32 = 0.022;
/// Edges may grow by this factor before they count as new: focus and light vary.
const GAIN: f32 = 1.4;
/// A plain cell whose colour ratios moved by this much shows something else.
const COLOUR: f32 = 0.22;

/// Cells of a region.
#[derive(Clone, PartialEq)]
pub(super) struct Structure {
    columns: usize,
    cells: Vec<Cell>,
}

/// Mean edge strength by orientation, and mean logarithms of red and blue over green.
#[derive(Clone, Copy, PartialEq, Default)]
struct Cell {
    edges: [f32; ORIENTATIONS],
    colour: [f32; 2],
}

impl Cell {
    fn strength(&self) -> f32 {
        self.edges.iter().sum()
    }
}

impl std::fmt::Debug for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Structure({}x{})", self.columns, self.rows())
    }
}

impl Structure {
    /// The structure of a region of a picture.
    pub(super) fn of(image: &RgbImage, region: PixelBox) -> Self {
        let shape = region.height() / region.width();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let rows = (f64::from(COLUMNS) * shape).round().clamp(2.0, f64::from(COLUMNS)) as u32;
        let size = (COLUMNS * CELL, rows * CELL);
        let picture = Placement::new(region, size, Fit::Stretch).cut(image);
        let log = |v: u8| (f32::from(v) + DARK).ln();
        let pixel = |x: u32, y: u32| {
            let start = x as usize * 3;
            let row = picture.row(y);
            (log(row[start]), log(row[start + 1]), log(row[start + 2]))
        };
        let mut logs: Vec<f32> = Vec::with_capacity((size.0 * size.1) as usize);
        let mut cells = vec![Cell::default(); (COLUMNS * rows) as usize];
        let per_pixel = 1.0 / (CELL * CELL) as f32;
        for y in 0..size.1 {
            for x in 0..size.0 {
                let (r, g, b) = pixel(x, y);
                logs.push(0.299 * r + 0.587 * g + 0.114 * b);
                let cell = &mut cells[(y / CELL * COLUMNS + x / CELL) as usize];
                cell.colour[0] += (r - g) * per_pixel;
                cell.colour[1] += (b - g) * per_pixel;
            }
        }
        let at = |x: u32, y: u32| logs[(y * size.0 + x) as usize];
        for y in 1..size.1 - 1 {
            for x in 1..size.0 - 1 {
                let dx = (at(x + 1, y) - at(x - 1, y)) / 2.0;
                let dy = (at(x, y + 1) - at(x, y - 1)) / 2.0;
                let edges = &mut cells[(y / CELL * COLUMNS + x / CELL) as usize].edges;
                spread(edges, dx, dy, per_pixel);
            }
        }
        Self { columns: COLUMNS as usize, cells }
    }

    /// Appends its cells as fixed-point numbers.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend([u8::try_from(self.columns), u8::try_from(self.rows())].map(|n| n.unwrap_or(u8::MAX)));
        for cell in &self.cells {
            for value in cell.edges.iter().chain(&cell.colour) {
                bytes.extend(coded::fixed(*value));
            }
        }
    }

    /// What [`write`](Self::write) wrote.
    pub(super) fn read(coded: &mut Coded<'_>) -> Option<Self> {
        let (columns, rows) = (usize::from(coded.u8()?), usize::from(coded.u8()?));
        (columns > 0 && rows > 0).then_some(())?;
        let mut cell = || {
            let mut cell = Cell::default();
            for value in cell.edges.iter_mut().chain(&mut cell.colour) {
                *value = coded.fixed()?;
            }
            Some(cell)
        };
        let cells = (0..columns * rows).map(|_| cell()).collect::<Option<Vec<_>>>()?;
        Some(Self { columns, cells })
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn rows(&self) -> usize {
        self.cells.len() / self.columns
    }

    /// For each cell how much of what it shows was not there before, 0 to 1. Cells where `looked_at` is false are 0.
    pub(super) fn new_since(&self, before: &Structure, looked_at: &[bool]) -> Vec<f32> {
        if self.cells.len() != before.cells.len() || looked_at.len() != self.cells.len() {
            return vec![0.0; self.cells.len()];
        }
        let shift = self.colour_shift(before, looked_at);
        (0..self.cells.len())
            .map(|i| {
                if looked_at[i] {
                    self.edges_new(before, i).max(self.colour_new(before, i, shift))
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// For each cell how much it differs, whatever came or went, 0 to 1. Cells where `looked_at` is false are 0.
    pub(super) fn difference(&self, before: &Structure, looked_at: &[bool]) -> Vec<f32> {
        if self.cells.len() != before.cells.len() || looked_at.len() != self.cells.len() {
            return vec![0.0; self.cells.len()];
        }
        let shift = self.colour_shift(before, looked_at);
        let differs = |i: usize| {
            self.edges_new(before, i).max(before.edges_new(self, i)).max(self.colour_moved(before, i, shift))
        };
        (0..self.cells.len()).map(|i| if looked_at[i] { differs(i) } else { 0.0 }).collect()
    }

    /// How differently these cells look, 0 to 1: the share of their edges that are not the same. `None` without a cell to
    /// compare.
    pub(super) fn unlike(&self, before: &Structure, cells: &[usize]) -> Option<f32> {
        let (mut moved, mut all) = (0.0, 0.0);
        for &i in cells {
            let (now, then) = (self.cells.get(i)?, before.cells.get(i)?);
            moved += now.edges.iter().zip(then.edges).map(|(n, t)| (n - t).abs()).sum::<f32>();
            all += now.strength() + then.strength() + PLAIN;
        }
        (self.cells.len() == before.cells.len() && all > 0.0).then(|| moved / all)
    }

    /// Whether these cells and those around them have more structure now than before: something came rather than went.
    pub(super) fn gained_since(&self, before: &Structure, cells: &[usize]) -> bool {
        let around: BTreeSet<usize> = cells.iter().flat_map(|&i| self.near(i)).collect();
        let sum =
            |of: &Structure| around.iter().filter_map(|&i| of.cells.get(i)).map(Cell::strength).sum::<f32>();
        sum(self) > sum(before)
    }

    fn edges_new(&self, before: &Structure, i: usize) -> f32 {
        let now = &self.cells[i];
        let strength = now.strength();
        let known = before.strongest_near(i);
        let new: f32 = now.edges.iter().zip(known).map(|(n, b)| (n - GAIN * b).max(0.0)).sum();
        // A plain cell has no edges worth the name, whatever their share.
        new / (strength + PLAIN) * (strength / PLAIN).min(1.0)
    }

    fn colour_new(&self, before: &Structure, i: usize, shift: [f32; 2]) -> f32 {
        // Where something stood before, another colour is the desk that appeared behind it.
        if before.cells[i].strength() > PLAIN { 0.0 } else { self.colour_moved(before, i, shift) }
    }

    fn colour_moved(&self, before: &Structure, i: usize, shift: [f32; 2]) -> f32 {
        let difference = |k: usize| (self.cells[i].colour[k] - before.cells[i].colour[k] - shift[k]).abs();
        let moved = difference(0).max(difference(1));
        (moved / COLOUR * 0.5).min(1.0)
    }

    /// The strongest edges of each orientation in a cell and its neighbours.
    fn strongest_near(&self, i: usize) -> [f32; ORIENTATIONS] {
        let mut strongest = [0.0f32; ORIENTATIONS];
        for j in self.near(i) {
            for (s, e) in strongest.iter_mut().zip(self.cells[j].edges) {
                *s = s.max(e);
            }
        }
        strongest
    }

    /// A cell and its neighbours.
    pub(super) fn near(&self, i: usize) -> impl Iterator<Item = usize> + use<> {
        let (columns, column, row) = (self.columns, i % self.columns, i / self.columns);
        let (last_column, last_row) = ((column + 1).min(columns - 1), (row + 1).min(self.rows() - 1));
        (row.saturating_sub(1)..=last_row)
            .flat_map(move |y| (column.saturating_sub(1)..=last_column).map(move |x| y * columns + x))
    }

    /// The median change of the colour ratios: the white balance of the whole.
    fn colour_shift(&self, before: &Structure, looked_at: &[bool]) -> [f32; 2] {
        let median = |k: usize| {
            let pairs = self.cells.iter().zip(&before.cells).zip(looked_at);
            let mut changes: Vec<f32> =
                pairs.filter(|(_, l)| **l).map(|((n, b), _)| n.colour[k] - b.colour[k]).collect();
            changes.sort_by(f32::total_cmp);
            changes.get(changes.len() / 2).copied().unwrap_or(0.0)
        };
        [median(0), median(1)]
    }
}

/// Adds a gradient to the two orientations next to its own.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0..8"
)]
fn spread(edges: &mut [f32; ORIENTATIONS], dx: f32, dy: f32, weight: f32) {
    let strength = dx.hypot(dy) * weight;
    if strength > 0.0 {
        let turn = dy.atan2(dx).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI;
        let place = turn * ORIENTATIONS as f32;
        let (low, part) = (place.floor() as usize % ORIENTATIONS, place.fract());
        edges[low] += strength * (1.0 - part);
        edges[(low + 1) % ORIENTATIONS] += strength * part;
    }
}
