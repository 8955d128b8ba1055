//! A draft as the text of a `calibration.toml`: every key in a fixed order and one polygon a line, so that equal
//! calibrations have equal hashes, a difference of two texts is a difference of geometry, and a hand can edit it.
//!
//! Comments that somebody wrote into the file are not kept: a draft does not know them.

use crate::draft::{Corner, Draft, DraftLens, DraftMask, DraftWindow, DraftZone};
use std::fmt::Write as _;

const HEAD: &str = "\
# Places are [x, y] in fractions of the picture's width and height: x to the right, y down.
version = 1
";

impl Draft {
    /// The whole draft as text. Read again it is the same draft, rounded, if [`check`](crate::check) finds no problem.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let draft = self.rounded();
        let mut out = String::from(HEAD);
        draft.windows.iter().for_each(|window| window.write(&mut out));
        draft.smoking_zones.iter().for_each(|zone| zone.write(&mut out));
        draft.privacy_masks.iter().for_each(|mask| mask.write(&mut out));
        draft.lenses.iter().for_each(|lens| lens.write(&mut out));
        out
    }
}

impl DraftWindow {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "\n[[windows]]\nid = {}\ncamera = {}", quoted(&self.id), quoted(&self.camera));
        let _ = writeln!(out, "seat = {}", polygon(&self.seat));
        if let Some(desk) = &self.desk {
            let _ = writeln!(out, "desk = {}", polygon(desk));
        }
        let _ = writeln!(out, "post = {}", self.post);
        for (key, items) in [("required", &self.required), ("permitted", &self.permitted)] {
            if !items.is_empty() {
                let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
                let _ = writeln!(out, "{key} = [{}]", items.join(", "));
            }
        }
    }
}

impl DraftZone {
    fn write(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "\n[[smoking_zones]]\nid = {}\ncamera = {}",
            quoted(&self.id),
            quoted(&self.camera)
        );
        let _ = writeln!(out, "polygon = {}", polygon(&self.polygon));
    }
}

impl DraftMask {
    fn write(&self, out: &mut String) {
        let (camera, polygon) = (quoted(&self.camera), polygon(&self.polygon));
        let _ = writeln!(out, "\n[[privacy_masks]]\ncamera = {camera}\npolygon = {polygon}");
    }
}

impl DraftLens {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "\n[[lenses]]\ncamera = {}", quoted(&self.camera));
        let [x, y] = self.centre;
        let _ = writeln!(out, "k1 = {}\nk2 = {}\ncentre = [{x}, {y}]", self.k1, self.k2);
        let _ = writeln!(out, "roll_deg = {}", self.roll_deg);
    }
}

fn polygon(corners: &[Corner]) -> String {
    let corners: Vec<_> = corners.iter().map(|[x, y]| format!("[{x}, {y}]")).collect();
    format!("[{}]", corners.join(", "))
}

/// As TOML quotes a text, whatever is in it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# Places are [x, y] in fractions of the picture's width and height: x to the right, y down.
version = 1

[[windows]]
id = "3"
camera = "cam-1"
seat = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.1, 0.9]]
desk = [[0.1, 0.6], [0.6, 0.6], [0.6, 0.9], [0.1, 0.9]]
post = 1
required = ["evaluator", "name_plate"]
permitted = ["keyboard", "custom:seal-box"]

[[windows]]
id = "4"
camera = "cam-1"
seat = [[0.7, 0.2], [0.9, 0.2], [0.8, 0.9]]
post = 2

[[smoking_zones]]
id = "lobby-east"
camera = "cam-1"
polygon = [[0, 0], [0.1, 0], [0.1, 1]]

[[privacy_masks]]
camera = "cam-1"
polygon = [[0.8, 0], [1, 0], [1, 0.1234]]

[[lenses]]
camera = "cam-1"
k1 = 0.12
k2 = -0.01
centre = [0.5, 0.5]
roll_deg = -1.3
"#;

    #[test]
    fn what_was_written_is_read_and_written_the_same() {
        let draft = Draft::parse(FILE, "calibration.toml").unwrap();
        assert_eq!(draft.to_toml(), FILE);
    }

    #[test]
    fn numbers_are_rounded_and_texts_quoted() {
        let mut draft = Draft::parse(FILE, "calibration.toml").unwrap();
        draft.windows[0].seat[0] = [0.100_04, 0.199_96];
        draft.windows[1].id = "a\"\n".to_owned();
        let text = draft.to_toml();
        assert!(text.contains("seat = [[0.1, 0.2], "), "{text}");
        assert!(text.contains(r#"id = "a\"\u000A""#), "{text}");
    }
}
