//! Which days a hall works: Monday to Friday, the public calendar over that, and the hall's own days over both.

use super::holidays::{Public, public};
use super::year::{PublicDay, PublicYear};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeMap;

/// A hall's calendar.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Days that the hall itself has as worked or not.
    pub own: BTreeMap<Date, bool>,
    /// Years of the public calendar that were brought, in place of what is built in.
    pub brought: BTreeMap<i16, PublicYear>,
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// Worked as usual.
    Workday,
    /// An ordinary weekend.
    Weekend,
    /// A public holiday, with its name.
    Holiday(&'a str),
    /// A weekend day that is worked by the public calendar.
    MakeUp,
    /// Worked because the hall says so.
    OwnWorked,
    /// Closed because the hall says so.
    OwnClosed,
}

impl DayKind<'_> {
    /// Whether it is worked.
    #[must_use]
    pub const fn worked(self) -> bool {
        matches!(self, Self::Workday | Self::MakeUp | Self::OwnWorked)
    }

    /// Whether rules rest all day. An ordinary weekend does not make them rest: where nobody works then, no agent's
    /// schedule looks; where somebody does, the hall wants to know.
    #[must_use]
    pub const fn rests(self) -> bool {
        matches!(self, Self::Holiday(_) | Self::OwnClosed)
    }
}

impl Calendar {
    /// What a day is.
    #[must_use]
    pub fn kind(&self, day: Date) -> DayKind<'_> {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        match (self.own.get(&day), self.public(day)) {
            (Some(true), _) => DayKind::OwnWorked,
            (Some(false), _) => DayKind::OwnClosed,
            (None, Some(Public::Holiday(name))) => DayKind::Holiday(name),
            (None, Some(Public::MakeUp)) => DayKind::MakeUp,
            (None, None) if weekend => DayKind::Weekend,
            (None, None) => DayKind::Workday,
        }
    }

    /// What the public calendar says of a day beyond its weekday.
    fn public(&self, day: Date) -> Option<Public<'_>> {
        let Some(year) = self.brought.get(&day.year()) else { return public(day) };
        year.get(&day).map(|what| match what {
            PublicDay::Holiday(name) => Public::Holiday(name),
            PublicDay::MakeUp => Public::MakeUp,
        })
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn worked(&self, day: Date) -> bool {
        self.kind(day).worked()
    }

    /// The n-th working day after a day. Where the hall works no day for a year it is the day a year on.
    #[must_use]
    pub fn after(&self, day: Date, working_days: u32) -> Date {
        let mut left = working_days;
        let mut last = day;
        for next in day.series(1.day()).skip(1).take(366 + 7 * working_days as usize) {
            last = next;
            if self.worked(next) {
                left = left.saturating_sub(1);
            }
            if left == 0 {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn what_days_are() {
        let own = BTreeMap::from([(day("2026-10-02"), true), (day("2026-11-24"), false)]);
        let calendar = Calendar { own, ..Calendar::default() };
        for (text, kind) in [
            ("2026-11-23", DayKind::Workday),
            ("2026-11-22", DayKind::Weekend),
            ("2026-10-01", DayKind::Holiday("national")),
            ("2026-10-10", DayKind::MakeUp),
            ("2026-10-02", DayKind::OwnWorked),
            ("2026-11-24", DayKind::OwnClosed),
        ] {
            assert_eq!(calendar.kind(day(text)), kind, "{text}");
        }
    }

    #[test]
    fn a_year_that_was_brought_stands_in_place_of_what_is_built_in() {
        let days = [("2026-10-02", PublicDay::Holiday("中秋".into())), ("2026-10-03", PublicDay::MakeUp)];
        let year = days.map(|(text, what)| (day(text), what)).into();
        let calendar = Calendar {
            own: BTreeMap::from([(day("2026-10-05"), false)]),
            brought: BTreeMap::from([(2026, year)]),
        };
        for (text, kind) in [
            ("2026-10-01", DayKind::Workday),
            ("2026-10-02", DayKind::Holiday("中秋")),
            ("2026-10-03", DayKind::MakeUp),
            ("2026-10-04", DayKind::Weekend),
            ("2026-10-05", DayKind::OwnClosed),
            ("2026-10-10", DayKind::Weekend),
            ("2025-10-01", DayKind::Holiday("national")),
        ] {
            assert_eq!(calendar.kind(day(text)), kind, "{text}");
        }
    }

    #[test]
    fn working_days_pass_over_holidays_and_use_compensatory_days() {
        let calendar = Calendar::default();
        // 2026-09-30 is a Wednesday; the national holiday lasts until 7 October, the 10th is made up.
        for (from, n, expected) in [
            ("2026-11-23", 1, "2026-11-24"),
            ("2026-11-23", 7, "2026-12-02"),
            ("2026-09-30", 1, "2026-10-08"),
            ("2026-09-30", 3, "2026-10-10"),
            ("2026-09-30", 4, "2026-10-12"),
        ] {
            assert_eq!(calendar.after(day(from), n), day(expected), "{n} after {from}");
        }
    }
}
