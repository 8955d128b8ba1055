//! Reports: how a hall's windows were kept over time, always beside how much of that time could be observed at all.
//!
//! Pure: what was seen, what was covered and what was due go in; figures come out. Only events that count are figures of
//! conduct; what waits, is contested or was wrong stands apart. A dead camera shows as time that is unknown or was never
//! reported, and a rate is only told together with the hours that it rests on.

pub mod due;
pub mod export;
mod figures;

pub use figures::{Counts, Figures, RATE_HOURS, Tally, Time, figures};

use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

/// The most days that one report covers.
pub const MOST_DAYS: i32 = 93;

/// Whether an event is a figure of conduct, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Confirmed, and neither contested nor refused by the one who confirmed it.
    Counts,
    /// Nobody has decided yet.
    Waiting,
    /// Contested, and not answered by somebody else yet.
    Contested,
    /// Marked as wrong, withdrawn by an appeal, or dropped because an appeal was not answered in time.
    Void,
}

/// What center heads and appeals made of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Who confirmed it; `None` where nobody did.
    pub confirmed_by: Option<String>,
    /// Whether it was marked as wrong.
    pub wrong: bool,
    /// Its appeals.
    pub appeals: Vec<Appeal>,
}

/// An appeal as far as it decides whether an event counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeal {
    /// Until when it had to be answered.
    pub due: Timestamp,
    /// Whether it was granted, and by whom it was answered.
    pub answer: Option<(bool, String)>,
}

/// Whether an event counts. The same rules as in a staff member's summary, for the hall as a whole.
#[must_use]
pub fn standing(judgement: &Judgement, now: Timestamp) -> Standing {
    let void = |appeal: &Appeal| match &appeal.answer {
        Some((granted, _)) => *granted,
        None => appeal.due <= now,
    };
    if judgement.wrong || judgement.appeals.iter().any(void) {
        return Standing::Void;
    }
    let Some(confirmed_by) = &judgement.confirmed_by else {
        let open = judgement.appeals.iter().any(|appeal| appeal.answer.is_none());
        return if open { Standing::Contested } else { Standing::Waiting };
    };
    let unsettled = |appeal: &Appeal| appeal.answer.as_ref().is_none_or(|(_, by)| by == confirmed_by);
    if judgement.appeals.iter().any(unsettled) { Standing::Contested } else { Standing::Counts }
}

/// An event as a report sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The window; `None` for a smoking zone.
    pub window: Option<WindowId>,
    /// The rule.
    pub rule: Rule,
    /// When the condition began.
    pub opened: Timestamp,
    /// Whether it counts.
    pub standing: Standing,
}

/// What one signal of one window reported of one hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Covered {
    /// The window.
    pub window: WindowId,
    /// The hour's start.
    pub hour: Timestamp,
    /// The signal.
    pub signal: Signal,
    /// Seconds in which something could be told.
    pub observed_s: f64,
    /// Seconds in which nothing could be told.
    pub unknown_s: f64,
}

/// Whole days in a hall's time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The hall's time zone.
    pub zone: TimeZone,
}

impl Days {
    /// The days, from first to last.
    pub fn each(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.series(1.day()).take_while(move |day| *day <= to)
    }

    /// When the first begins.
    #[must_use]
    pub fn begin(&self) -> Timestamp {
        midnight(self.from, &self.zone)
    }

    /// When the last ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        midnight(self.to.saturating_add(Span::new().days(1)), &self.zone)
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn check(
        confirmed: Option<&str>,
        wrong: bool,
        appeals: &[(&str, Option<(bool, &str)>)],
        expected: Standing,
    ) {
        let appeals = appeals
            .iter()
            .map(|(due, answer)| Appeal {
                due: at(due),
                answer: answer.map(|(granted, by)| (granted, by.to_owned())),
            })
            .collect();
        let judgement = Judgement { confirmed_by: confirmed.map(str::to_owned), wrong, appeals };
        assert_eq!(standing(&judgement, at("2026-11-20T00:00:00Z")), expected, "{judgement:?}");
    }

    #[test]
    fn only_what_is_confirmed_and_settled_counts() {
        let (past, coming) = ("2026-11-10T00:00:00Z", "2026-11-30T00:00:00Z");
        check(None, false, &[], Standing::Waiting);
        check(Some("head"), false, &[], Standing::Counts);
        check(None, true, &[], Standing::Void);
        check(Some("head"), false, &[(coming, None)], Standing::Contested);
        check(None, false, &[(coming, None)], Standing::Contested);
        check(Some("head"), false, &[(past, None)], Standing::Void);
        check(Some("head"), false, &[(past, Some((true, "other")))], Standing::Void);
        check(Some("head"), false, &[(past, Some((false, "other")))], Standing::Counts);
        check(Some("head"), false, &[(past, Some((false, "head")))], Standing::Contested);
        check(None, false, &[(past, Some((false, "other")))], Standing::Waiting);
        check(Some("head"), false, &[(past, Some((false, "other"))), (coming, None)], Standing::Contested);
    }

    proptest! {
        /// Nothing counts that nobody confirmed, that was marked as wrong, or that has an appeal which was granted, is
        /// open, or was not answered in time.
        #[test]
        fn fair_first(confirmed: bool, wrong: bool, appeals in proptest::collection::vec((0i64..20, proptest::option::of((any::<bool>(), 0u8..2))), 0..3)) {
            let now = Timestamp::from_second(10).unwrap();
            let judgement = Judgement {
                confirmed_by: confirmed.then(|| "0".to_owned()),
                wrong,
                appeals: appeals
                    .iter()
                    .map(|(due, answer)| Appeal {
                        due: Timestamp::from_second(*due).unwrap(),
                        answer: answer.map(|(granted, by)| (granted, by.to_string())),
                    })
                    .collect(),
            };
            if standing(&judgement, now) == Standing::Counts {
                prop_assert!(confirmed && !wrong);
                prop_assert!(judgement.appeals.iter().all(|a| a.answer.as_ref().is_some_and(|(granted, by)| !granted && by != "0")));
            }
        }
    }
}
