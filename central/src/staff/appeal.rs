//! Appeals: who may answer one, and until when.

use crate::duty::Calendar;
use chuangming_domain::Timestamp;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest text of an appeal or of its answer, in characters.
pub const LONGEST_TEXT: usize = 500;

/// What a staff member says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AppealChoice)]
pub enum Choice {
    /// It was not so.
    NotSo,
    /// Somebody else was posted there.
    NotMyShift,
    /// It was part of the work.
    PartOfWork,
    /// Something else, told in the text.
    Other,
}

impl Choice {
    /// Every choice.
    pub const ALL: [Choice; 4] = [Choice::NotSo, Choice::NotMyShift, Choice::PartOfWork, Choice::Other];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Choice::NotSo => "not_so",
            Choice::NotMyShift => "not_my_shift",
            Choice::PartOfWork => "part_of_work",
            Choice::Other => "other",
        }
    }

    /// The choice with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// How an appeal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AppealDecision)]
pub enum Decision {
    /// The event does not count.
    Granted,
    /// The event stays.
    Refused,
    /// Nobody answered in time: the event does not count.
    Dropped,
}

impl Decision {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Decision::Granted => "granted",
            Decision::Refused => "refused",
            Decision::Dropped => "dropped",
        }
    }

    /// The decision with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Decision::Granted, Decision::Refused, Decision::Dropped].into_iter().find(|d| d.name() == name)
    }
}

/// Why an appeal cannot be answered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was answered, or dropped, before.
    #[error("the appeal has ended")]
    Ended,
    /// Its time is over: the event is dropped.
    #[error("the time to answer is over and the event is dropped")]
    Late,
    /// Whoever confirmed the event may not judge the appeal against it.
    #[error("somebody else must answer: this account confirmed the event")]
    OwnDecision,
}

/// Whether an account may answer an appeal now.
///
/// # Errors
/// Why not.
pub fn may_answer(
    ended: bool,
    due: Timestamp,
    confirmed_by: Option<&str>,
    account: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    if ended {
        Err(Refusal::Ended)
    } else if due <= now {
        Err(Refusal::Late)
    } else if confirmed_by == Some(account) {
        Err(Refusal::OwnDecision)
    } else {
        Ok(())
    }
}

/// Until when an appeal that is made now has to be answered: the end of the n-th working day after today.
#[must_use]
pub fn deadline(now: Timestamp, working_days: u32, calendar: &Calendar, zone: &TimeZone) -> Timestamp {
    let last = calendar.after(now.to_zoned(zone.clone()).date(), working_days);
    last.saturating_add(1.day()).to_zoned(zone.clone()).map_or(now, |end| end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn who_may_answer_and_when() {
        let (now, due, past) =
            (at("2026-11-23T02:00:00Z"), at("2026-12-02T16:00:00Z"), at("2026-11-20T16:00:00Z"));
        for (ended, due, confirmed_by, expected) in [
            (false, due, None, Ok(())),
            (false, due, Some("deputy"), Ok(())),
            (false, due, Some("head"), Err(Refusal::OwnDecision)),
            (true, due, None, Err(Refusal::Ended)),
            (false, past, None, Err(Refusal::Late)),
            (false, now, Some("deputy"), Err(Refusal::Late)),
        ] {
            assert_eq!(
                may_answer(ended, due, confirmed_by, "head", now),
                expected,
                "{ended} {due} {confirmed_by:?}"
            );
        }
    }

    #[test]
    fn the_deadline_is_the_end_of_the_seventh_working_day() {
        let zone = crate::duty::zone();
        let calendar = Calendar::default();
        for (now, expected) in [
            ("2026-11-23T02:00:00Z", "2026-12-02T16:00:00Z"),
            // Late in the evening of the same day in the hall.
            ("2026-11-23T15:59:00Z", "2026-12-02T16:00:00Z"),
            // Over the national holiday, with the make-up day of 10 October.
            ("2026-09-30T02:00:00Z", "2026-10-15T16:00:00Z"),
        ] {
            assert_eq!(deadline(at(now), 7, &calendar, &zone), at(expected), "{now}");
        }
    }
}
