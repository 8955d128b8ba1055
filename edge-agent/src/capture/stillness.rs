//! Whether a camera still shows anything new.

use super::glance::Glance;
use jiff::{SignedDuration, Timestamp};

/// Pictures closer than this in every cell, in levels of 255, are the same picture. A still scene differs by more: its
/// noise does, above all where a video encoder draws the picture anew.
const SAME: f32 = 0.3;
/// A picture is remembered for this long after it was last seen.
const MEMORY: SignedDuration = SignedDuration::from_secs(12);
/// Pictures remembered at most; beyond it the one unseen for longest goes.
const MOST: usize = 64;

/// Remembers the pictures of the last seconds. An encoder may draw one frozen picture in several slightly different
/// ways, over and over; so a picture is new only when none like it is remembered. An encoder whose key frames never
/// settle cannot be told from a still scene with little noise, and passes for one.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    seen: Vec<(Timestamp, Glance)>,
    new_at: Option<Timestamp>,
}

impl Stillness {
    /// Takes the next picture; says for how long there has been nothing new.
    pub(super) fn next(&mut self, at: Timestamp, glance: &Glance) -> SignedDuration {
        self.seen.retain(|(last, _)| at.duration_since(*last) <= MEMORY);
        match self.seen.iter().position(|(_, known)| known.change(glance) <= SAME) {
            Some(known) => {
                let (_, known) = self.seen.remove(known);
                self.seen.push((at, known));
            }
            None => {
                if self.seen.len() == MOST {
                    self.seen.remove(0);
                }
                self.seen.push((at, glance.clone()));
                self.new_at = Some(at);
            }
        }
        self.new_at.map_or(SignedDuration::ZERO, |new_at| at.duration_since(new_at))
    }

    /// Forgets everything: the stream was interrupted.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}
