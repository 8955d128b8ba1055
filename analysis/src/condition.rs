//! Which observation satisfies the condition of which rule.

use chuangming_domain::item::{ItemClass, ItemSet};
use chuangming_domain::observation::{Badge, Desk, Observation, Posture, Presence, Reading, Smoking};
use chuangming_domain::rule::Rule;
use jiff::SignedDuration;

use crate::window::Duty;

/// What one observation says of one rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// The condition holds.
    Holds(Sight),
    /// The condition does not hold.
    Not,
    /// Nobody can tell.
    Unknown,
}

/// What was seen when the condition held.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sight {
    /// How sure, 0 to 1.
    pub(crate) confidence: f64,
    /// The offending item classes: what lies there, or what is missing.
    pub(crate) items: ItemSet,
    /// The number of people, where the rule counts them.
    pub(crate) people: Option<u8>,
    /// For how long it has held already.
    pub(crate) lasting: SignedDuration,
}

impl Verdict {
    /// `true` or `false` where it is known.
    pub(crate) fn held(&self) -> Option<bool> {
        match self {
            Verdict::Holds(_) => Some(true),
            Verdict::Not => Some(false),
            Verdict::Unknown => None,
        }
    }
}

/// What an observation says of a rule. One of another signal than the rule's says nothing.
pub(crate) fn verdict(rule: Rule, observation: &Observation, duty: &Duty) -> Verdict {
    match (rule, observation) {
        (Rule::Absence, Observation::Presence(reading)) => plain(reading, |p| *p == Presence::Absent),
        (Rule::Overstaffed, Observation::Presence(reading)) => overstaffed(reading, duty.post),
        (Rule::Slumped, Observation::Posture(reading)) => plain(reading, |p| *p == Posture::Slumped),
        (Rule::LeaningBack, Observation::Posture(reading)) => plain(reading, |p| *p == Posture::LeaningBack),
        (Rule::Tilted, Observation::Posture(reading)) => plain(reading, |p| *p == Posture::Tilted),
        (Rule::BadgeMissing, Observation::Badge(reading)) => plain(reading, |b| *b == Badge::Missing),
        (Rule::Smoking, Observation::Smoking(reading)) => plain(reading, |s| *s == Smoking::Smoking),
        (Rule::Ashtray, Observation::Desk(reading)) => {
            lying_there(reading, |class| class == ItemClass::Ashtray)
        }
        (Rule::Clutter, Observation::Desk(reading)) => {
            // An ashtray has its own rule, and a permission of it is not for a desk to give.
            lying_there(reading, |class| class != ItemClass::Ashtray && !duty.permitted.contains(&class))
        }
        (Rule::RequiredItemMissing, Observation::Desk(reading)) => missing(reading, &duty.required),
        _ => Verdict::Unknown,
    }
}

/// A condition that a value alone decides.
fn plain<T>(reading: &Reading<T>, holds: impl Fn(&T) -> bool) -> Verdict {
    judge(reading, |value| holds(value).then(Sight::default))
}

fn overstaffed(reading: &Reading<Presence>, post: u8) -> Verdict {
    judge(reading, |presence| match presence {
        Presence::Present { people } if *people > post => {
            Some(Sight { people: Some(*people), ..Sight::default() })
        }
        _ => None,
    })
}

/// At least one item of an offending class; as sure as the surest of them.
fn lying_there(reading: &Reading<Desk>, offends: impl Fn(ItemClass) -> bool) -> Verdict {
    let Reading::Known { value: desk, .. } = reading else { return Verdict::Unknown };
    let offending = || desk.items.iter().filter(|item| offends(item.class));
    let surest = offending().map(|item| f64::from(item.confidence.get())).reduce(f64::max);
    surest.map_or(Verdict::Not, |confidence| {
        let items = offending().map(|item| item.class).collect();
        Verdict::Holds(Sight { confidence, items, ..Sight::default() })
    })
}

fn missing(reading: &Reading<Desk>, required: &ItemSet) -> Verdict {
    let Reading::Known { value: desk, .. } = reading else { return Verdict::Unknown };
    let items = desk.missing(required);
    if items.is_empty() && !desk.may_be_hidden.is_disjoint(required) {
        return Verdict::Unknown;
    }
    judge(reading, |_| (!items.is_empty()).then(|| Sight { items: items.clone(), ..Sight::default() }))
}

/// Judges a known value; the sight gets the reading's confidence and how long it has lasted.
fn judge<T>(reading: &Reading<T>, sight: impl Fn(&T) -> Option<Sight>) -> Verdict {
    match reading {
        Reading::Unknown(_) => Verdict::Unknown,
        Reading::Known { value, confidence, lasting } => match sight(value) {
            Some(sight) => {
                let confidence = f64::from(confidence.get());
                Verdict::Holds(Sight { confidence, lasting: *lasting, ..sight })
            }
            None => Verdict::Not,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::geometry::Rect;
    use chuangming_domain::observation::{Confidence, DeskItem, UnknownReason};

    fn duty() -> Duty {
        let permitted = ItemClass::permitted_by_default();
        Duty { post: 1, required: [ItemClass::NamePlate, ItemClass::Evaluator].into(), permitted }
    }

    fn desk(classes: &[&str]) -> Observation {
        let item = |name: &&str| DeskItem {
            class: ItemClass::by_name(name).unwrap(),
            bounds: Rect::from_array([0.1, 0.1, 0.1, 0.1]),
            confidence: Confidence::new(0.7),
        };
        Observation::Desk(Reading::known(
            Desk { items: classes.iter().map(item).collect(), ..Desk::default() },
            0.9,
        ))
    }

    /// Every rule that the observation satisfies, with the classes it names.
    fn check(observation: &Observation, expected: &str) {
        let found: Vec<_> = Rule::ALL
            .into_iter()
            .filter_map(|rule| match verdict(rule, observation, &duty()) {
                Verdict::Holds(sight) => {
                    let items: Vec<_> = sight.items.iter().map(|class| class.name()).collect();
                    Some([&[rule.name()], &items[..]].concat().join(" "))
                }
                _ => None,
            })
            .collect();
        assert_eq!(found.join(", "), expected, "{observation:?}");
    }

    #[test]
    fn conditions() {
        let presence = |value| Observation::Presence(Reading::known(value, 0.9));
        check(&presence(Presence::Absent), "absence");
        check(&presence(Presence::Present { people: 1 }), "");
        check(&presence(Presence::Present { people: 2 }), "overstaffed");
        for (posture, expected) in [
            (Posture::Upright, ""),
            (Posture::Standing, ""),
            (Posture::Slumped, "slumped"),
            (Posture::LeaningBack, "leaning_back"),
            (Posture::Tilted, "tilted"),
        ] {
            check(&Observation::Posture(Reading::known(posture, 0.9)), expected);
        }
        check(&Observation::Badge(Reading::known(Badge::Worn, 0.9)), "");
        check(&Observation::Badge(Reading::known(Badge::Missing, 0.9)), "badge_missing");
        check(&Observation::Smoking(Reading::known(Smoking::None, 0.9)), "");
        check(&Observation::Smoking(Reading::known(Smoking::Smoking, 0.9)), "smoking");
        check(&desk(&["name_plate", "evaluator", "monitor"]), "");
        check(&desk(&["name_plate", "evaluator", "ashtray"]), "ashtray ashtray");
        check(&desk(&["name_plate", "evaluator", "cup", "unrecognised"]), "clutter cup unrecognised");
        check(
            &desk(&["cup", "name_plate", "ashtray"]),
            "ashtray ashtray, clutter cup, required_item_missing evaluator",
        );
        check(&desk(&[]), "required_item_missing evaluator name_plate");
    }

    #[test]
    fn a_required_item_that_may_be_hidden_is_not_missing() {
        let hiding = |classes: &[&str], hidden: &[ItemClass]| {
            let Observation::Desk(Reading::Known { mut value, .. }) = desk(classes) else { unreachable!() };
            value.may_be_hidden = hidden.iter().copied().collect();
            Observation::Desk(Reading::known(value, 0.9))
        };
        let evaluator = [ItemClass::Evaluator];
        check(&hiding(&["cup"], &evaluator), "clutter cup, required_item_missing name_plate");
        let behind = hiding(&["cup", "name_plate"], &evaluator);
        check(&behind, "clutter cup");
        assert_eq!(verdict(Rule::RequiredItemMissing, &behind, &duty()), Verdict::Unknown);
        let not_asked_for = hiding(&["name_plate", "evaluator"], &[ItemClass::Keyboard]);
        assert_eq!(verdict(Rule::RequiredItemMissing, &not_asked_for, &duty()), Verdict::Not);
    }

    #[test]
    fn unknown_is_neither_and_no_other_signal_speaks() {
        for signal in chuangming_domain::observation::Signal::ALL {
            let blind = Observation::unknown(signal, UnknownReason::Dark);
            for rule in Rule::ALL {
                assert_eq!(verdict(rule, &blind, &duty()), Verdict::Unknown, "{rule} {signal:?}");
            }
        }
        assert_eq!(verdict(Rule::Absence, &desk(&[]), &duty()), Verdict::Unknown);
    }

    #[test]
    fn the_surest_item_counts() {
        let Verdict::Holds(sight) = verdict(Rule::Clutter, &desk(&["cup"]), &duty()) else {
            panic!("clutter")
        };
        assert!((sight.confidence - 0.7).abs() < 1e-6, "{sight:?}");
    }
}
