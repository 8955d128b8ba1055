//! The public calendar: holidays and make-up workdays as the State Council's office announces them each autumn for the
//! year after. A year that is not announced yet is not in here; the page says so, and an administrator can bring it.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// The years that are built in.
pub const YEARS: [i16; 2] = [2025, 2026];

/// Name (a key of the catalogue), first and last day off.
const HOLIDAYS: [(&str, &str, &str); 13] = [
    ("new_year", "2025-01-01", "2025-01-01"),
    ("spring_festival", "2025-01-28", "2025-02-04"),
    ("qingming", "2025-04-04", "2025-04-06"),
    ("labour", "2025-05-01", "2025-05-05"),
    ("dragon_boat", "2025-05-31", "2025-06-02"),
    ("national", "2025-10-01", "2025-10-08"),
    ("new_year", "2026-01-01", "2026-01-03"),
    ("spring_festival", "2026-02-15", "2026-02-23"),
    ("qingming", "2026-04-04", "2026-04-06"),
    ("labour", "2026-05-01", "2026-05-05"),
    ("dragon_boat", "2026-06-19", "2026-06-21"),
    ("mid_autumn", "2026-09-25", "2026-09-27"),
    ("national", "2026-10-01", "2026-10-07"),
];

/// Weekend days that are worked instead.
const WORKED_WEEKENDS: [&str; 11] = [
    "2025-01-26",
    "2025-02-08",
    "2025-04-27",
    "2025-09-28",
    "2025-10-11",
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
];

/// What the public calendar says of a day beyond its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public<'a> {
    /// Off, with the holiday's name.
    Holiday(&'a str),
    /// A weekend day that is worked.
    MakeUp,
}

/// Looks a day up.
#[must_use]
pub fn public(day: Date) -> Option<Public<'static>> {
    let parse = |text: &str| text.parse::<Date>().ok();
    let off = HOLIDAYS.iter().find(|(_, from, to)| parse(from) <= Some(day) && Some(day) <= parse(to));
    match off {
        Some((name, _, _)) => Some(Public::Holiday(name)),
        None => WORKED_WEEKENDS.iter().any(|text| parse(text) == Some(day)).then_some(Public::MakeUp),
    }
}

/// The month in which the schedule of the year after is usually announced.
const ANNOUNCED: i8 = 11;

/// The year whose public calendar should be known by now and is neither built in nor brought: this one, or from November
/// on the next.
#[must_use]
pub fn missing<'a>(today: Date, brought: impl Iterator<Item = &'a i16> + Clone) -> Option<i16> {
    let next = (today.month() >= ANNOUNCED).then_some(today.year() + 1);
    let known = |year: &i16| YEARS.contains(year) || brought.clone().any(|known| known == year);
    std::iter::once(today.year()).chain(next).find(|year| !known(year))
}

/// Every day off and make-up day of a year.
pub fn of_year(year: i16) -> impl Iterator<Item = (Date, Public<'static>)> {
    let first = Date::new(year, 1, 1).ok();
    let days =
        first.into_iter().flat_map(|day| day.series(1.day())).take_while(move |day| day.year() == year);
    days.filter_map(|day| Some((day, public(day)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    #[test]
    fn compensatory_days_are_weekend_days_and_no_holidays() {
        for text in WORKED_WEEKENDS {
            let day: Date = text.parse().unwrap();
            assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{text}");
            assert_eq!(public(day), Some(Public::MakeUp), "{text}");
        }
    }

    #[test]
    fn a_year_is_missed_from_november_on() {
        for (today, brought, expected) in [
            ("2025-06-01", [].as_slice(), None),
            ("2025-12-31", &[], None),
            ("2026-10-31", &[], None),
            ("2026-11-01", &[], Some(2027)),
            ("2026-11-01", &[2026, 2028], Some(2027)),
            ("2026-11-01", &[2027], None),
            ("2027-03-01", &[], Some(2027)),
            ("2027-11-01", &[2027], Some(2028)),
        ] {
            assert_eq!(missing(today.parse().unwrap(), brought.iter()), expected, "{today} {brought:?}");
        }
    }

    /// The notices for 2025 and 2026 give the days off as 28 and 33, with 5 and 6 weekend days made up.
    #[test]
    fn the_years_are_whole() {
        let count = |year, wanted: fn(Public<'static>) -> bool| {
            of_year(year).filter(|(_, public)| wanted(*public)).count()
        };
        for (year, off, made_up) in [(2025, 28, 5), (2026, 33, 6)] {
            let is_off = |public| matches!(public, Public::Holiday(_));
            assert_eq!(
                (count(year, is_off), count(year, |public| public == Public::MakeUp)),
                (off, made_up),
                "{year}"
            );
        }
        assert_eq!(of_year(2031).count(), 0);
    }
}
