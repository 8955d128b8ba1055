//! What is said of a draft as sentences, from the one catalogue.

use crate::finding::{Change, ChangeKind, Finding, Part, Place, PlaceKind, Values};
use chuangming_domain::text::Lang;

impl Finding {
    /// The finding as a sentence, without its place.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        filled(lang, &format!("calibration.finding.{}", self.code.name()), &self.values)
    }
}

impl Change {
    /// The change as words, without its place.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        filled(lang, &format!("calibration.change.{}", self.kind.name()), &self.values)
    }
}

impl Place {
    /// The place as a person names it, such as "window 3, seat".
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let whole = lang.fill(&format!("calibration.place.{}", self.kind.name()), &[("id", &self.id)]);
        match self.part {
            Some(part) => {
                let part = lang.text(&format!("calibration.part.{}", part.name())).to_owned();
                lang.fill("calibration.place.part", &[("whole", &whole), ("part", &part)])
            }
            None => whole,
        }
    }
}

fn filled(lang: Lang, key: &str, values: &Values) -> String {
    let values: Vec<(&str, String)> = values.iter().map(|(name, v)| (name.as_str(), v.to_string())).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(name, v)| (*name, v.as_str())).collect();
    lang.fill(key, &values)
}

impl PlaceKind {
    /// Every kind.
    pub const ALL: [PlaceKind; 4] = [Self::Window, Self::Zone, Self::Mask, Self::Lens];

    /// Its name on the wire and in the key of its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Zone => "zone",
            Self::Mask => "mask",
            Self::Lens => "lens",
        }
    }
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 11] = [
        Self::Id,
        Self::Camera,
        Self::Seat,
        Self::Desk,
        Self::Polygon,
        Self::Post,
        Self::Required,
        Self::Permitted,
        Self::Distortion,
        Self::Centre,
        Self::Roll,
    ];

    /// Its name on the wire and in the key of its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Camera => "camera",
            Self::Seat => "seat",
            Self::Desk => "desk",
            Self::Polygon => "polygon",
            Self::Post => "post",
            Self::Required => "required",
            Self::Permitted => "permitted",
            Self::Distortion => "distortion",
            Self::Centre => "centre",
            Self::Roll => "roll",
        }
    }
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [ChangeKind; 6] =
        [Self::Added, Self::Removed, Self::Moved, Self::Resized, Self::Reshaped, Self::Setting];

    /// Its name on the wire and in the key of its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Resized => "resized",
            Self::Reshaped => "reshaped",
            Self::Setting => "setting",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Code;

    #[test]
    fn every_word_is_in_the_catalogue_and_named_as_on_the_wire() {
        let wire = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        let codes = Code::ALL.iter().map(|c| ("finding", c.name(), wire(serde_json::to_value(c).unwrap())));
        let kinds = ChangeKind::ALL.map(|k| ("change", k.name(), wire(serde_json::to_value(k).unwrap())));
        let places = PlaceKind::ALL.map(|k| ("place", k.name(), wire(serde_json::to_value(k).unwrap())));
        let parts = Part::ALL.map(|p| ("part", p.name(), wire(serde_json::to_value(p).unwrap())));
        for (area, name, on_the_wire) in codes.chain(kinds).chain(places).chain(parts) {
            let key = format!("calibration.{area}.{name}");
            assert_eq!(name, on_the_wire);
            assert!(Lang::ALL.iter().all(|lang| lang.text(&key) != key), "{key} has no text");
        }
    }

    #[test]
    fn sentences_hold_the_numbers() {
        let place =
            Place { kind: PlaceKind::Window, id: "3".into(), index: 0, part: Some(Part::Seat), corner: None };
        let values: Values = [("px", 52.0.into()), ("need_px", 80.0.into()), ("zoom", 1.6.into())]
            .map(|(n, v)| (n.to_owned(), v))
            .into();
        let finding = Finding { place: place.clone(), code: Code::TooSmallForBadge, values };
        assert_eq!(place.text(Lang::En), "window 3, seat");
        assert_eq!(
            finding.text(Lang::En),
            "Too small for the badge: shoulders about 52 px wide, 80 needed; a zoom of 1.6 would do"
        );
        assert_eq!(place.text(Lang::ZhCn), "窗口 3 的座位");
    }
}
