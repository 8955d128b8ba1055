//! Duty hours: when the rules hold.

use chuangming_domain::policy::Schedule;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Whether it is duty time; without a schedule it always is. Spans are half-open: the minute a span ends is off duty.
#[must_use]
pub fn on_duty(schedule: Option<&Schedule>, at: Timestamp) -> bool {
    schedule.is_none_or(|schedule| span_end(schedule, at).is_some())
}

/// When the span of duty that holds at that instant ends; `None` off duty.
///
/// Where spans overlap it is the latest end. A span may follow at once: ask again at the end.
pub(crate) fn span_end(schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
    let today = at.to_zoned(schedule.timezone.clone()).date();
    // A span runs at most until the end of the day after the one it begins on.
    let days = [today.checked_sub(1.day()).ok(), Some(today)];
    let spans = days.into_iter().flatten().flat_map(|day| {
        schedule.spans_on(day).iter().filter_map(move |span| {
            Some((instant(schedule, day, span.from)?, instant(schedule, day, span.to)?))
        })
    });
    spans.filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| to).max()
}

/// The instant at which the wall clock of the hall shows that many minutes after the day's midnight.
///
/// A time that daylight saving skips is moved forward by the gap; of one that comes twice the first counts.
fn instant(schedule: &Schedule, day: Date, minutes: u16) -> Option<Timestamp> {
    let wall =
        day.to_datetime(Time::midnight()).checked_add(SignedDuration::from_mins(minutes.into())).ok()?;
    Some(wall.to_zoned(schedule.timezone.clone()).ok()?.timestamp())
}
