//! Duty: who is posted where and when, which days are worked, and when rules rest. Pure: rows go in, answers come out.
//!
//! Nothing here has a place for somebody's reason: a pause has none, stepping away has none, and an accommodation is a
//! window, a shift and a rule.

mod calendar;
mod holidays;
mod import;
mod suspend;
mod table;
mod year;

pub use calendar::{Calendar, DayKind};
pub use holidays::{Public, YEARS, missing, of_year, public};
pub use import::{Cell, MOST_ROWS, Names, read_csv, read_xlsx};
pub use suspend::{Accommodation, Away, Cause, Plan, rests, suspends};
pub use table::ImportProblem;
pub use year::{PublicDay, PublicYear, read_year};

use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::policy::Span;
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long stepping away lasts when nobody comes back and says so.
pub const LONGEST_AWAY: SignedDuration = SignedDuration::from_mins(30);

/// A stretch of time, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// It begins.
    pub from: Timestamp,
    /// It ends before.
    pub to: Timestamp,
}

impl Stretch {
    /// Whether the two share a moment.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// The seconds that the two share.
    #[must_use]
    pub fn shared_s(&self, other: &Self) -> f64 {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        if from < to { to.duration_since(from).as_secs_f64() } else { 0.0 }
    }
}

/// A shift of a hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// When it is kept.
    pub hours: Vec<Span>,
    /// Breaks within.
    pub breaks: Vec<Span>,
}

impl Shift {
    /// Its hours on a day, breaks included.
    #[must_use]
    pub fn hours_on(&self, day: Date, zone: &TimeZone) -> Vec<Stretch> {
        self.hours.iter().map(|span| on(day, *span, zone)).collect()
    }

    /// Its breaks on a day.
    #[must_use]
    pub fn breaks_on(&self, day: Date, zone: &TimeZone) -> Vec<Stretch> {
        self.breaks.iter().map(|span| on(day, *span, zone)).collect()
    }

    /// Its hours on a day without its breaks.
    #[must_use]
    pub fn worked_on(&self, day: Date, zone: &TimeZone) -> Vec<Stretch> {
        let mut worked = self.hours_on(day, zone);
        for rest in self.breaks_on(day, zone) {
            worked = worked.into_iter().flat_map(|stretch| without(stretch, rest)).collect();
        }
        worked
    }
}

/// A stretch without another.
fn without(stretch: Stretch, rest: Stretch) -> impl Iterator<Item = Stretch> {
    let before = Stretch { from: stretch.from, to: stretch.to.min(rest.from) };
    let after = Stretch { from: stretch.from.max(rest.to), to: stretch.to };
    let parts = if stretch.meets(&rest) {
        [before, after]
    } else {
        [stretch, Stretch { from: stretch.to, ..stretch }]
    };
    parts.into_iter().filter(|part| part.from < part.to)
}

/// A span of the hall's clock on a day.
#[must_use]
pub fn on(day: Date, span: Span, zone: &TimeZone) -> Stretch {
    let start = day.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
    let minutes = |m: u16| SignedDuration::from_mins(i64::from(m));
    Stretch { from: start + minutes(span.from), to: start + minutes(span.to) }
}

/// Somebody at a window for a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Who.
    pub account: String,
    /// In which hall.
    pub hall: HallId,
    /// At which window.
    pub window: WindowId,
    /// On which day.
    pub day: Date,
    /// In which shift.
    pub shift: String,
    /// When.
    pub stretch: Stretch,
}

/// The halls' time zone. All of China has one; a hall elsewhere would need a setting here.
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_without_its_breaks() {
        let zone = zone();
        let day: Date = "2026-11-23".parse().unwrap();
        let spans = |texts: &[&str]| texts.iter().map(|t| Span::parse(t).unwrap()).collect::<Vec<_>>();
        let check = |hours: &[&str], breaks: &[&str], expected: &[(&str, &str)]| {
            let shift =
                Shift {
                    id: "am".into(), name: "上午班".into(), hours: spans(hours), breaks: spans(breaks)
                };
            let at = |text: &str| format!("2026-11-23T{text}:00+08:00").parse::<Timestamp>().unwrap();
            let expected: Vec<_> =
                expected.iter().map(|(from, to)| Stretch { from: at(from), to: at(to) }).collect();
            assert_eq!(shift.worked_on(day, &zone), expected, "{hours:?} without {breaks:?}");
        };
        check(&["08:30-12:00"], &[], &[("08:30", "12:00")]);
        check(&["08:30-12:00"], &["10:00-10:15"], &[("08:30", "10:00"), ("10:15", "12:00")]);
        check(&["08:30-12:00", "13:30-17:30"], &["12:00-13:30"], &[("08:30", "12:00"), ("13:30", "17:30")]);
        check(&["08:30-12:00"], &["08:00-09:00"], &[("09:00", "12:00")]);
        check(&["08:30-12:00"], &["08:00-13:00"], &[]);
    }
}
