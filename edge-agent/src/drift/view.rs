//! What a camera always shows: points on edges that stay where they are. Nobody is among them: parts of the picture
//! where somebody is, or may be, are left out, and what moves is not kept.

use super::edges::{DIRECTIONS, Edges, WIDTH, about};
use crate::perceive::coded::Coded;
use chuangming_domain::geometry::{Point, Rect};
use std::fmt;

/// The picture is divided into so many blocks, across and down.
pub(super) const BLOCKS: (usize, usize) = (8, 5);
/// Points kept of a block.
const POINTS: usize = 24;
/// Fewer points than this on upright or on level edges are not judged by themselves.
const FEW: u16 = 20;
/// Points of a block are at least so many pixels apart.
const APART: usize = 2;
/// An edge stays if it is seen in this share of the pictures in which nobody was there.
const STAYS: f32 = 0.8;
/// So many points in so many blocks tell where a camera looks.
const FEWEST_POINTS: usize = 120;
const FEWEST_BLOCKS: usize = 6;

/// A place on an edge, in pixels of [`Edges`].
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) direction: u8,
}

impl Spot {
    /// Whether brightness changes across rather than down.
    fn is_on_upright_edge(self) -> bool {
        matches!(self.direction, 0 | 1 | 6 | 7)
    }
}

/// The points of a camera's background. Some hundred places and directions; no picture can be made from them.
#[derive(Clone, PartialEq)]
pub(crate) struct View {
    height: usize,
    /// Share of the points that are found again while the camera stays where it is.
    usual: f32,
    pub(super) spots: Vec<Spot>,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({} points)", self.spots.len())
    }
}

impl View {
    /// Rows of pixels of the pictures that it was learnt from.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Share of the points that are found again while the camera stays where it is.
    pub(super) fn usual(&self) -> f32 {
        self.usual
    }

    /// The share of the points that are found where `place` says they are now: of those on upright edges or of those on
    /// level ones, whichever is less. A picture that moves along a long counter still shows the counter's edge in place.
    #[allow(clippy::cast_possible_truncation, reason = "pixels of a small picture")]
    pub(super) fn found(&self, edges: &Edges, place: impl Fn(f64, f64) -> (f64, f64)) -> f32 {
        let (mut inside, mut hits) = ([0u16; 2], [0u16; 2]);
        for spot in &self.spots {
            let (x, y) = place(f64::from(spot.x), f64::from(spot.y));
            let (x, y) = (x.round() as i32, y.round() as i32);
            if (0..WIDTH as i32).contains(&x) && (0..edges.height() as i32).contains(&y) {
                let kind = usize::from(spot.is_on_upright_edge());
                inside[kind] += 1;
                hits[kind] += u16::from(edges.near(x, y) & about(spot.direction) != 0);
            }
        }
        // What lies beyond the border cannot be found, but most must be inside for the share to mean anything.
        if usize::from(inside[0] + inside[1]) * 3 < self.spots.len() {
            return 0.0;
        }
        let all = f32::from(hits[0] + hits[1]) / f32::from(inside[0] + inside[1]);
        let of = |kind: usize| (inside[kind] >= FEW).then(|| f32::from(hits[kind]) / f32::from(inside[kind]));
        [of(0), of(1)].into_iter().flatten().fold(all, f32::min)
    }

    /// The share of the blocks in which most points are found where they were.
    pub(super) fn blocks_in_place(&self, edges: &Edges) -> f32 {
        let blocks = self.blocks();
        let hit = |s: &&Spot| edges.near(i32::from(s.x), i32::from(s.y)) & about(s.direction) != 0;
        let in_place = |spots: &&Vec<Spot>| spots.iter().filter(hit).count() * 4 >= spots.len() * 3;
        blocks.iter().filter(in_place).count() as f32 / blocks.len().max(1) as f32
    }

    /// The points of each block that has enough of them, in more than one direction.
    pub(super) fn blocks(&self) -> Vec<Vec<Spot>> {
        let mut blocks = vec![Vec::new(); BLOCKS.0 * BLOCKS.1];
        for spot in &self.spots {
            blocks[block_of(usize::from(spot.x), usize::from(spot.y), self.height)].push(*spot);
        }
        blocks.retain(|spots| is_corner(spots));
        blocks
    }

    /// The points as bytes, for an owner-only file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(5 + self.spots.len() * 5);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 400; a share")]
        bytes.extend([self.height as u16, (self.usual * 1000.0) as u16].map(u16::to_le_bytes).concat());
        for spot in &self.spots {
            bytes.extend([spot.x, spot.y].map(u16::to_le_bytes).concat());
            bytes.push(spot.direction);
        }
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut coded = Coded::new(bytes);
        let (height, usual) = (usize::from(coded.u16()?), f32::from(coded.u16()?) / 1000.0);
        let mut spots = Vec::new();
        while !coded.is_at_end() {
            let spot = Spot { x: coded.u16()?, y: coded.u16()?, direction: coded.u8()? };
            let inside = usize::from(spot.x) < WIDTH && usize::from(spot.y) < height;
            (inside && usize::from(spot.direction) < DIRECTIONS).then_some(())?;
            spots.push(spot);
        }
        Some(Self { height, usual, spots })
    }
}

/// Enough points, and not all on parallel lines: those would slide along themselves.
fn is_corner(spots: &[Spot]) -> bool {
    if spots.len() < 8 {
        return false;
    }
    let main =
        (0..DIRECTIONS).max_by_key(|d| spots.iter().filter(|s| usize::from(s.direction) == *d).count());
    let along = main.map_or(0, |d| about(u8::try_from(d).unwrap_or(0)));
    spots.iter().filter(|s| along & (1 << s.direction) == 0).count() * 5 >= spots.len()
}

fn block_of(x: usize, y: usize, height: usize) -> usize {
    (y * BLOCKS.1 / height).min(BLOCKS.1 - 1) * BLOCKS.0 + (x * BLOCKS.0 / WIDTH).min(BLOCKS.0 - 1)
}

/// Learns a view from pictures some time apart.
pub(super) struct Learner {
    height: usize,
    /// In how many pictures nobody was at a pixel.
    open: Vec<u16>,
    /// In how many of them an edge was there, exactly.
    thin: Vec<u16>,
    /// In how many of them an edge of each direction was there or next to it.
    near: Vec<[u16; DIRECTIONS]>,
    pictures: usize,
}

impl Learner {
    pub(super) fn new(height: usize) -> Self {
        let pixels = WIDTH * height;
        Self {
            height,
            open: vec![0; pixels],
            thin: vec![0; pixels],
            near: vec![[0; DIRECTIONS]; pixels],
            pictures: 0,
        }
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn pictures(&self) -> usize {
        self.pictures
    }

    /// Takes a picture; `people` are the parts of it where somebody is or may be.
    pub(super) fn add(&mut self, edges: &Edges, people: &[Rect]) {
        self.pictures += 1;
        for y in 0..self.height {
            for x in 0..WIDTH {
                let here =
                    Point { x: (x as f64 + 0.5) / WIDTH as f64, y: (y as f64 + 0.5) / self.height as f64 };
                if people.iter().any(|r| covers(r, here)) {
                    continue;
                }
                let at = y * WIDTH + x;
                self.open[at] = self.open[at].saturating_add(1);
                self.thin[at] = self.thin[at].saturating_add(u16::from(edges.thin(x, y) != 0));
                let near = edges.near(x as i32, y as i32);
                for (direction, count) in self.near[at].iter_mut().enumerate() {
                    *count = count.saturating_add(u16::from(near & (1 << direction) != 0));
                }
            }
        }
    }

    /// The view, if enough of it was seen in at least `pictures` pictures without anybody there.
    pub(super) fn view(&self, pictures: u16) -> Option<View> {
        let mut candidates: Vec<(u16, usize, Spot)> = Vec::new();
        for at in 0..self.open.len() {
            let open = self.open[at];
            if open < pictures || self.thin[at] * 4 < open {
                continue;
            }
            let (x, y) = (at % WIDTH, at / WIDTH);
            let (direction, count) =
                self.near[at].iter().enumerate().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
            if f32::from(*count) >= STAYS * f32::from(open) {
                #[allow(clippy::cast_possible_truncation, reason = "below 400")]
                let spot = Spot { x: x as u16, y: y as u16, direction: direction as u8 };
                candidates.push((self.thin[at] * 16 / open, at, spot));
            }
        }
        let spots = self.spread(candidates);
        let blocks: std::collections::BTreeSet<usize> =
            spots.iter().map(|s| block_of(usize::from(s.x), usize::from(s.y), self.height)).collect();
        if spots.len() < FEWEST_POINTS || blocks.len() < FEWEST_BLOCKS {
            return None;
        }
        let share = |s: &Spot| {
            let at = usize::from(s.y) * WIDTH + usize::from(s.x);
            f32::from(self.near[at][usize::from(s.direction)]) / f32::from(self.open[at].max(1))
        };
        let usual = spots.iter().map(share).sum::<f32>() / spots.len() as f32;
        Some(View { height: self.height, usual, spots })
    }

    /// The steadiest points of each block, apart from each other.
    fn spread(&self, mut candidates: Vec<(u16, usize, Spot)>) -> Vec<Spot> {
        // Among equally steady ones a fixed shuffle, so that not only the uppermost are taken.
        candidates
            .sort_by_key(|(steady, at, _)| (u16::MAX - steady, at.wrapping_mul(0x9e37_79b9) & 0xffff, *at));
        let mut blocks: Vec<Vec<Spot>> = vec![Vec::new(); BLOCKS.0 * BLOCKS.1];
        for (_, _, spot) in candidates {
            let block = &mut blocks[block_of(usize::from(spot.x), usize::from(spot.y), self.height)];
            let far = |s: &Spot| {
                usize::from(s.x.abs_diff(spot.x)) >= APART || usize::from(s.y.abs_diff(spot.y)) >= APART
            };
            // Half of them on upright edges and half on level ones, as far as there are both.
            let is_alike = |s: &&Spot| s.is_on_upright_edge() == spot.is_on_upright_edge();
            if block.iter().filter(is_alike).count() < POINTS / 2 && block.iter().all(far) {
                block.push(spot);
            }
        }
        blocks.concat()
    }
}

fn covers(r: &Rect, p: Point) -> bool {
    (r.x..r.x + r.width).contains(&p.x) && (r.y..r.y + r.height).contains(&p.y)
}
