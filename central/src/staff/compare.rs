//! Figures of a group, told only where enough people stand behind them, and only where nothing smaller follows from
//! what else is told.
//!
//! Whoever reads a figure may be one of the group, so a staff member's comparison is about the others; and a total is
//! withheld when what is left of it, after all that is told, would be a group that is too small.

/// The fewest people behind a figure that is told.
pub const FEWEST: usize = 5;

/// How often something happened in how many observed hours, for how many people.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Part {
    /// People behind it.
    pub people: usize,
    /// Events that count.
    pub counted: u32,
    /// Hours observed.
    pub observed_h: f64,
}

impl Part {
    /// Both together; nobody is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            people: self.people + other.people,
            counted: self.counted + other.counted,
            observed_h: self.observed_h + other.observed_h,
        }
    }

    /// The part, where enough people stand behind it.
    #[must_use]
    pub fn told(self) -> Option<Self> {
        (self.people >= FEWEST).then_some(self)
    }
}

/// Parts and their total, as far as they may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Each part; `None` is withheld.
    pub parts: Vec<Option<Part>>,
    /// All together.
    pub total: Option<Part>,
}

/// Decides what may be told of parts that people are divided into, and of their total.
///
/// A part of fewer than [`FEWEST`] people is withheld. The total minus the told parts is what the withheld ones are
/// together: where that is somebody, and fewer than [`FEWEST`], the total is withheld too.
#[must_use]
pub fn tell(parts: &[Part]) -> Told {
    let told: Vec<_> = parts.iter().map(|part| part.told()).collect();
    let all = parts.iter().fold(Part::default(), |sum, part| sum.and(*part));
    let shown: usize = told.iter().flatten().map(|part| part.people).sum();
    let rest = all.people - shown;
    let total = if rest == 0 || rest >= FEWEST { all.told() } else { None };
    Told { parts: told, total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(people: usize) -> Part {
        Part { people, counted: 3, observed_h: 40.0 }
    }

    #[test]
    fn small_groups_are_withheld() {
        let shown = |sizes: &[usize]| {
            let told = tell(&sizes.iter().map(|n| part(*n)).collect::<Vec<_>>());
            (told.parts.iter().map(Option::is_some).collect::<Vec<_>>(), told.total.is_some())
        };
        assert_eq!(shown(&[]), (vec![], false));
        assert_eq!(shown(&[4]), (vec![false], false));
        assert_eq!(shown(&[5]), (vec![true], true));
        // The four would follow from total and eight.
        assert_eq!(shown(&[8, 4]), (vec![true, false], false));
        assert_eq!(shown(&[8, 4, 1]), (vec![true, false, false], true));
        assert_eq!(shown(&[3, 3]), (vec![false, false], true));
        assert_eq!(shown(&[8, 0]), (vec![true, false], true));
    }

    proptest! {
        /// Whatever is told, no sum or difference of it is about one to four people.
        #[test]
        fn nothing_small_can_be_derived(sizes in proptest::collection::vec(0usize..9, 0..7)) {
            let told = tell(&sizes.iter().map(|n| part(*n)).collect::<Vec<_>>());
            let shown: Vec<_> = told.parts.iter().flatten().map(|p| p.people).collect();
            prop_assert!(shown.iter().all(|n| *n >= FEWEST));
            if let Some(total) = told.total {
                prop_assert_eq!(total.people, sizes.iter().sum::<usize>());
                // Every subset of the shown parts, subtracted from the total.
                for subset in 0u32..(1 << shown.len()) {
                    let taken: usize = shown.iter().enumerate().filter(|(i, _)| subset & (1 << i) != 0).map(|(_, n)| n).sum();
                    let left = total.people - taken;
                    prop_assert!(left == 0 || left >= FEWEST, "{left} of {sizes:?}");
                }
            }
        }
    }
}
