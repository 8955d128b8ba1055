//! What stands on a tidy desk: classes and places, so that an item which a detector misses in one picture is not taken
//! for one that is gone.

use super::coded::{Coded, fixed};
use chuangming_domain::geometry::Rect;
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{Confidence, DeskItem};
use std::fmt;

/// So many items are kept of a desk; what is found after that is not.
const MOST: usize = 48;
/// Two boxes of one class that overlap by more than this show the same thing.
const SAME_IOU: f64 = 0.3;

/// The items of a tidy desk, with boxes in fractions of the picture.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Standing(Vec<DeskItem>);

impl Standing {
    /// What was found on the tidy desk.
    pub(super) fn new(items: Vec<DeskItem>) -> Self {
        Self(items.into_iter().take(MOST).collect())
    }

    /// Adds what another look at the same desk found.
    pub(super) fn add(&mut self, other: Standing) {
        for item in other.0 {
            if self.0.len() < MOST && !holds(&self.0, &item) {
                self.0.push(item);
            }
        }
    }

    /// The items, none of which is also among `seen`.
    pub(super) fn beyond<'a>(&'a self, seen: &'a [DeskItem]) -> impl Iterator<Item = &'a DeskItem> {
        self.0.iter().filter(|item| !holds(seen, item))
    }

    /// Where items of a class stand.
    pub(super) fn places(&self, class: ItemClass) -> impl Iterator<Item = Rect> {
        self.0.iter().filter(move |item| item.class == class).map(|item| item.bounds)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(u8::try_from(self.0.len()).map(u8::to_le_bytes).unwrap_or_default());
        for DeskItem { class, bounds, confidence } in &self.0 {
            let name = class.name().as_bytes();
            bytes.extend(u8::try_from(name.len()).map(u8::to_le_bytes).unwrap_or_default());
            bytes.extend(name);
            #[allow(clippy::cast_possible_truncation, reason = "fractions")]
            bytes.extend(bounds.to_array().into_iter().flat_map(|side| fixed(side as f32)));
            bytes.extend(fixed(confidence.get()));
        }
    }

    /// What [`write`](Self::write) wrote.
    pub(super) fn read(coded: &mut Coded<'_>) -> Option<Self> {
        let count = usize::from(coded.u8()?);
        (count <= MOST).then_some(())?;
        let mut item = || {
            let length = usize::from(coded.u8()?);
            let class = ItemClass::by_name(str::from_utf8(coded.bytes(length)?).ok()?)?;
            let mut number = || coded.fixed().map(f64::from);
            let bounds = Rect::from_array([number()?, number()?, number()?, number()?]);
            Some(DeskItem { class, bounds, confidence: Confidence::new(coded.fixed()?) })
        };
        (0..count).map(|_| item()).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn holds(items: &[DeskItem], item: &DeskItem) -> bool {
    items.iter().any(|other| other.class == item.class && other.bounds.iou(item.bounds) > SAME_IOU)
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Standing({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ItemClass::{Cup, NamePlate, Telephone};

    fn item(class: ItemClass, x: f64) -> DeskItem {
        let bounds = Rect { x, y: 0.5, width: 0.1, height: 0.1 };
        DeskItem { class, bounds, confidence: Confidence::new(0.75) }
    }

    #[test]
    fn looks_add_up_and_what_is_seen_now_is_left_out() {
        let mut tidy = Standing::new(vec![item(Telephone, 0.1), item(NamePlate, 0.3)]);
        tidy.add(Standing::new(vec![item(Telephone, 0.11), item(Telephone, 0.6)]));
        let places: Vec<f64> = tidy.places(Telephone).map(|place| place.x).collect();
        assert_eq!(places, [0.1, 0.6], "the same one, and another");
        let check = |seen: &[DeskItem], expected: &[ItemClass]| {
            let classes: Vec<ItemClass> = tidy.beyond(seen).map(|item| item.class).collect();
            assert_eq!(classes, expected, "{seen:?}");
        };
        check(&[], &[Telephone, NamePlate, Telephone]);
        check(&[item(Telephone, 0.12)], &[NamePlate, Telephone]);
        check(&[item(Cup, 0.3)], &[Telephone, NamePlate, Telephone]);
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let tidy = Standing::new(vec![item(Telephone, 0.125), item(NamePlate, 0.25)]);
        let mut bytes = Vec::new();
        tidy.write(&mut bytes);
        let read = |bytes: &[u8]| {
            let mut coded = Coded::new(bytes);
            Standing::read(&mut coded).filter(|_| coded.is_at_end())
        };
        let again = read(&bytes).unwrap();
        assert_eq!(again.places(Telephone).map(|p| p.x).collect::<Vec<_>>(), [0.125]);
        assert_eq!(again.0.len(), 2);
        for wrong in
            [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[200], &[1, 3, b'x', b'y', b'z']]
        {
            assert!(read(wrong).is_none(), "{wrong:?}");
        }
    }
}
