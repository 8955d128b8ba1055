//! Items that an installer showed to the agent: a few descriptions of each, and what is like them.

use super::coded::{self, Coded};
use chuangming_domain::geometry::{Point, Rect};
use chuangming_domain::item::CustomItem;
use chuangming_models::fit::Placement;
use chuangming_models::manifest::Fit;
use chuangming_models::{PixelBox, RgbImage};
use std::collections::BTreeMap;
use std::fmt;

/// Items that can be shown at one window.
const MOST_ITEMS: usize = 16;
/// Descriptions kept of an item; beyond it the oldest goes.
const MOST_SHOTS: usize = 8;
/// A description of anything has no more numbers.
const MOST_NUMBERS: usize = 4096;
/// How much of the surroundings is looked at, as a multiple of a thing's longer side.
const MARGIN: f64 = 1.25;
/// From this likeness to a shot on, something is the shown item. On rendered desks two in a hundred other things are as
/// like (docs/operating.md).
const ALIKE: f32 = 0.93;
/// Colours count for so much beside each map of the model's features.
const COLOURS: f32 = 2.0;
/// Steps of each colour ratio, and the largest ratio that is told apart, as a logarithm.
const STEPS: usize = 8;
const MOST_COLOURED: f32 = 1.2;
/// Keeps the logarithm of dark pixels small.
const DARK: f32 = 16.0;
/// Pixels along the side of the square whose middle is looked at for colours.
const SIDE: u32 = 64;

/// What is looked at of a thing: a square around its box (in fractions of the picture), in pixels; `None` for a box without
/// area.
pub(super) fn region(place: Rect, width: u32, height: u32) -> Option<PixelBox> {
    let b = PixelBox::of_fractions(place, width, height);
    let half = MARGIN * b.width().max(b.height()) / 2.0;
    let Point { x, y } = b.centre();
    (b.area() > 0.0).then(|| PixelBox::new(x - half, y - half, x + half, y + half))
}

/// How often each colour is seen in the middle of a region, as far as light leaves it alone: by the ratios of red and blue
/// to green.
pub(super) fn colours(image: &RgbImage, region: PixelBox) -> Vec<f32> {
    let region = region.clipped(image.width(), image.height(), 0.0).unwrap_or(region);
    let square = Placement::new(region, (SIDE, SIDE), Fit::Letterbox).cut(image);
    let log = |v: u8| (f32::from(v) + DARK).ln();
    let mut counts = vec![0.0f32; STEPS * STEPS];
    for y in SIDE / 4..SIDE - SIDE / 4 {
        let row = &square.row(y)[(SIDE / 4 * 3) as usize..((SIDE - SIDE / 4) * 3) as usize];
        for pixel in row.chunks_exact(3) {
            let green = log(pixel[1]);
            if let (Some(red), Some(blue)) = (step(log(pixel[0]) - green), step(log(pixel[2]) - green)) {
                counts[red * STEPS + blue] += 1.0;
            }
        }
    }
    let length = counts.iter().sum::<f32>().max(1.0).sqrt();
    counts.iter().map(|n| COLOURS.sqrt() * n.sqrt() / length).collect()
}

/// Which step a ratio is on; `None` beyond the last.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..8")]
fn step(ratio: f32) -> Option<usize> {
    let place = (ratio + MOST_COLOURED) / (2.0 * MOST_COLOURED) * STEPS as f32;
    (0.0..STEPS as f32).contains(&place).then_some(place as usize)
}

/// What one picture of a thing says of it: numbers of length one in all. They live in memory, or in owner-only files of the
/// agent; they are never sent.
#[derive(Clone, PartialEq)]
pub struct Description(Vec<f32>);

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Description({} numbers)", self.0.len())
    }
}

impl Description {
    /// Brings the numbers to length one.
    pub(crate) fn new(numbers: Vec<f32>) -> Self {
        let length = numbers.iter().map(|v| v * v).sum::<f32>().sqrt();
        Self(if length > 0.0 { numbers.into_iter().map(|v| v / length).collect() } else { numbers })
    }

    /// The cosine of the angle between both; 0 for those of different models.
    fn likeness(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

/// The items that were shown at a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taught {
    items: BTreeMap<CustomItem, Vec<Description>>,
}

impl Taught {
    /// Whether nothing was shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Every item and how often it was shown.
    pub fn items(&self) -> impl Iterator<Item = (&CustomItem, usize)> {
        self.items.iter().map(|(name, shots)| (name, shots.len()))
    }

    /// Takes one more shot of an item; `false` if there are too many items already.
    #[must_use]
    pub fn teach(&mut self, name: CustomItem, shot: Description) -> bool {
        if self.items.len() >= MOST_ITEMS && !self.items.contains_key(&name) {
            return false;
        }
        let shots = self.items.entry(name).or_default();
        if shots.len() == MOST_SHOTS {
            shots.remove(0);
        }
        shots.push(shot);
        true
    }

    /// Forgets an item; says whether it was there.
    pub fn forget(&mut self, name: &CustomItem) -> bool {
        self.items.remove(name).is_some()
    }

    /// Which item a thing is, and how like it; `None` if it is like none.
    #[must_use]
    pub fn recognise(&self, thing: &Description) -> Option<(&CustomItem, f32)> {
        let best = |shots: &[Description]| shots.iter().map(|shot| shot.likeness(thing)).fold(0.0, f32::max);
        let likest = self.items.iter().map(|(name, shots)| (name, best(shots)));
        likest.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, likeness)| *likeness >= ALIKE)
    }

    /// The descriptions as bytes, for an owner-only file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, shots) in &self.items {
            let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes();
            bytes.extend(count(name.as_str().len()));
            bytes.extend(name.as_str().bytes());
            bytes.extend(count(shots.len()));
            for Description(numbers) in shots {
                bytes.extend(count(numbers.len()));
                numbers.iter().for_each(|v| bytes.extend(coded::fixed(*v)));
            }
        }
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut coded = Coded::new(bytes);
        let mut taught = Self::default();
        while !coded.is_at_end() {
            let length = usize::from(coded.u16()?);
            let name = CustomItem::new(std::str::from_utf8(coded.bytes(length)?).ok()?).ok()?;
            for _ in 0..usize::from(coded.u16()?) {
                let count = usize::from(coded.u16()?);
                (count <= MOST_NUMBERS).then_some(())?;
                let numbers = (0..count).map(|_| coded.fixed()).collect::<Option<Vec<_>>>()?;
                taught.teach(name.clone(), Description(numbers)).then_some(())?;
            }
        }
        Some(taught)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> CustomItem {
        text.parse().unwrap()
    }

    fn thing(numbers: [f32; 4]) -> Description {
        Description::new(numbers.to_vec())
    }

    #[test]
    fn a_thing_is_the_likest_item_or_none() {
        let mut taught = Taught::default();
        assert!(taught.teach(name("abacus"), thing([1.0, 0.0, 0.0, 0.0])));
        assert!(taught.teach(name("abacus"), thing([0.0, 1.0, 0.0, 0.0])));
        assert!(taught.teach(name("stamp"), thing([0.0, 0.0, 1.0, 0.0])));
        let check = |numbers, expected: Option<&str>| {
            let said = taught.recognise(&thing(numbers)).map(|(name, _)| name.as_str());
            assert_eq!(said, expected, "{numbers:?}");
        };
        check([0.95, 0.1, 0.0, 0.0], Some("abacus"));
        check([0.1, 0.9, 0.0, 0.1], Some("abacus"));
        check([0.0, 0.2, 0.9, 0.0], Some("stamp"));
        check([0.0, 0.0, 0.0, 1.0], None);
        check([0.6, 0.6, 0.6, 0.0], None);
        assert_eq!(Taught::default().recognise(&thing([1.0; 4])), None);
        let of_another_model = Description::new(vec![1.0; 3]);
        assert_eq!(taught.recognise(&of_another_model), None);
    }

    #[test]
    fn colours_outlast_another_light_and_tell_things_apart() {
        let thing = |rgb: [u8; 3], gain: f32| {
            let shade = |i: u32| gain * (0.8 + 0.2 * (i % 7) as f32 / 7.0);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let pixels = (0..40 * 40).flat_map(|i| rgb.map(|v| (f32::from(v) * shade(i)) as u8)).collect();
            let image = RgbImage::from_raw(40, 40, pixels).unwrap();
            Description::new(colours(&image, PixelBox::whole(40, 40)))
        };
        let (red, dim_red, green) =
            (thing([200, 60, 40], 1.0), thing([200, 60, 40], 0.6), thing([60, 190, 70], 1.0));
        assert!(red.likeness(&dim_red) > 0.6, "{}", red.likeness(&dim_red));
        assert!(red.likeness(&green) < 0.1, "{}", red.likeness(&green));
    }

    #[test]
    fn shots_and_items_are_bounded() {
        let mut taught = Taught::default();
        for shot in 0..20u8 {
            assert!(taught.teach(name("abacus"), thing([f32::from(shot), 1.0, 0.0, 0.0])));
        }
        assert_eq!(taught.items().collect::<Vec<_>>(), [(&name("abacus"), MOST_SHOTS)]);
        for i in 1..MOST_ITEMS {
            assert!(taught.teach(name(&format!("item-{i}")), thing([1.0; 4])));
        }
        assert!(!taught.teach(name("one-more"), thing([1.0; 4])));
        assert!(taught.teach(name("abacus"), thing([1.0; 4])), "a known one may be shown again");
        assert!(taught.forget(&name("abacus")) && !taught.forget(&name("abacus")));
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let mut taught = Taught::default();
        assert!(taught.teach(name("abacus"), thing([0.3, 0.5, 0.1, 0.9])));
        assert!(taught.teach(name("stamp"), thing([0.0, 0.0, 1.0, 0.0])));
        let bytes = taught.to_bytes();
        let read = Taught::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.recognise(&thing([0.3, 0.5, 0.1, 0.9])).unwrap().0, &name("abacus"));
        assert!(Taught::from_bytes(&bytes[..bytes.len() - 1]).is_none());
        assert!(Taught::from_bytes(b"\xff\xffx").is_none());
        assert!(Taught::from_bytes(&[]).unwrap().is_empty());
        assert!(!format!("{taught:?}").contains("0."), "{taught:?}");
    }
}
