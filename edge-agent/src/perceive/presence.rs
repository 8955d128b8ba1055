//! Presence: the window head, the person detector and the difference from the empty seat, weighed together.
//!
//! Each source gives log-odds; their sum decides. The detector alone must not say that nobody is there (it misses people
//! slumped on the desk), and a difference alone must not say that somebody is (a coat on the chair differs too).

use super::person::{Person, Sighting};
use chuangming_domain::observation::{Presence, Reading, UnknownReason};

/// A detection from this score on counts as a person.
const PERSON_SCORE: f32 = 0.5;
/// Two people in one seat are each this sure: a second box is more often a reflection than a colleague.
const COMPANY_SCORE: f32 = 0.55;
/// Probability from which presence or absence is said; between them nobody can tell.
const SURE: f32 = 0.6;
/// Log-odds for somebody when the detector sees a person at the post. When it does not, that says nothing.
const SEEN: f32 = 1.0;
/// Without a head, a sure detection alone is worth this much.
const SEEN_ALONE: f32 = 3.0;
/// A seat of which no more than this share differs from the empty one is most likely empty.
const UNCHANGED: f32 = 0.005;
const AS_WHEN_EMPTY: f32 = -1.5;
/// A seat of which this share differs holds something: a person, or a coat. So it weighs less than the head.
const CHANGED: f32 = 0.1;
const OTHER_THAN_EMPTY: f32 = 1.0;

/// Somebody at the post, and how many. `people` is `None` when the detector did not look.
pub(super) fn read(person: &Person, people: Option<&[Sighting]>, changed: Option<f32>) -> Reading<Presence> {
    let head = person.classes.as_ref().and_then(|c| c.get("presence")).and_then(|p| p.of("present"));
    let seen = people.map(|p| p.iter().map(|s| s.score).fold(0.0, f32::max) >= PERSON_SCORE);
    let Some(probability) = fuse(head, seen, changed) else { return Reading::Unknown(UnknownReason::Unsure) };
    if probability >= SURE {
        Reading::known(Presence::Present { people: count(people) }, probability)
    } else if probability <= 1.0 - SURE {
        Reading::known(Presence::Absent, 1.0 - probability)
    } else {
        Reading::Unknown(UnknownReason::Unsure)
    }
}

/// The probability that somebody is there; `None` when nothing tells.
fn fuse(head: Option<f32>, seen: Option<bool>, changed: Option<f32>) -> Option<f32> {
    let mut odds = 0.0;
    odds += match (head, seen) {
        (None, Some(true)) => SEEN_ALONE,
        (None, _) if changed.is_none() => return None,
        (_, Some(true)) => SEEN,
        _ => 0.0,
    };
    if let Some(p) = head {
        let p = p.clamp(1e-4, 1.0 - 1e-4);
        odds += (p / (1.0 - p)).ln();
    }
    if let Some(changed) = changed {
        odds += if changed <= UNCHANGED {
            AS_WHEN_EMPTY
        } else {
            OTHER_THAN_EMPTY * (changed / CHANGED).min(1.0)
        };
    }
    Some(1.0 / (1.0 + (-odds).exp()))
}

fn count(people: Option<&[Sighting]>) -> u8 {
    let sure = people.unwrap_or_default().iter().filter(|s| s.score >= COMPANY_SCORE).count();
    u8::try_from(sure).unwrap_or(u8::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_models::PixelBox;

    fn sightings(scores: &[f32]) -> Vec<Sighting> {
        scores.iter().map(|&score| Sighting { score, region: PixelBox::new(0.0, 0.0, 1.0, 1.0) }).collect()
    }

    #[test]
    fn evidence_is_weighed() {
        let check = |head, seen, changed, expected: Option<bool>| {
            let said = fuse(head, seen, changed).map(|p| (p >= SURE, p <= 1.0 - SURE));
            let expected = expected.map(|present| (present, !present));
            assert_eq!(
                said.filter(|s| s.0 || s.1),
                expected,
                "head {head:?}, seen {seen:?}, changed {changed:?}"
            );
        };
        check(None, None, None, None);
        check(None, Some(false), None, None);
        check(None, Some(true), None, Some(true));
        check(None, Some(false), Some(0.0), Some(false));
        // A detector that sees nobody does not say absent.
        check(Some(0.65), Some(false), None, Some(true));
        check(Some(0.95), Some(false), None, Some(true));
        check(Some(0.05), Some(false), None, Some(false));
        check(Some(0.5), Some(true), None, Some(true));
        // Slumped under a coat: not detected, the head is sure, the seat differs.
        check(Some(0.9), Some(false), Some(0.3), Some(true));
        // A coat on the chair: the seat differs, the head sees nobody.
        check(Some(0.05), Some(false), Some(0.3), Some(false));
        // The seat is as it was when empty: a doubtful head is overruled.
        check(Some(0.6), Some(false), Some(0.0), Some(false));
        check(Some(0.5), None, None, None);
    }

    #[test]
    fn at_least_one_person_is_present() {
        for (scores, expected) in [(&[][..], 1), (&[0.9], 1), (&[0.9, 0.4], 1), (&[0.9, 0.6, 0.8], 3)] {
            assert_eq!(count(Some(&sightings(scores))), expected, "{scores:?}");
        }
        assert_eq!(count(None), 1);
    }
}
