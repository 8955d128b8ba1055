//! `[[halls]]`: what to call halls and windows.

use chuangming_domain::fields::{Fields, Reader};
use chuangming_domain::id::{HallId, WindowId};
use std::collections::BTreeSet;

/// What to call a hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hall {
    /// Its id.
    pub id: HallId,
    /// Its name for people.
    pub name: String,
    /// What to call its windows.
    pub windows: Vec<Window>,
}

/// What to call a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// Its name for people.
    pub name: String,
}

impl Hall {
    pub(super) fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id: Option<HallId> = f.parsed(r, "id");
        let name = f.text(r, "name");
        let windows: Vec<_> = f.tables(r, "windows").into_iter().filter_map(|f| Window::read(f, r)).collect();
        twice(r, &f.name("windows.id"), windows.iter().map(|w| w.id.as_str()));
        f.end(r);
        let id = id?;
        Some(Self { name: name.unwrap_or_else(|| id.to_string()), id, windows })
    }
}

impl Window {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let id: Option<WindowId> = f.parsed(r, "id");
        let name = f.text(r, "name");
        f.end(r);
        let id = id?;
        Some(Self { name: name.unwrap_or_else(|| id.to_string()), id })
    }
}

pub(super) fn twice<'a>(r: &mut Reader, place: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            r.problem(place, format!("{id:?} is there twice, expected each id once"));
        }
    }
}
