//! When something is told: together with what comes at the same time, not in quiet hours, again after a failure, and to
//! somebody else when nobody looked. Pure.

use crate::duty::on;
use chuangming_domain::Timestamp;
use chuangming_domain::policy::Span;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};

/// Alerts that come within this time are one message.
pub const GROUP: SignedDuration = SignedDuration::from_secs(15);
/// The least time between two messages on one way; what comes meanwhile waits and is one message.
pub const LEAST_APART: SignedDuration = SignedDuration::from_secs(60);
/// How long an alert waits to be acknowledged, unless the hall says otherwise.
pub const ESCALATE: SignedDuration = SignedDuration::from_mins(10);
/// Tries before a message is given up.
pub const MOST_TRIES: u32 = 8;

/// When quiet hours that hold now end; `None` where they do not hold.
#[must_use]
pub fn quiet_until(quiet: &[Span], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let mut end = None;
    // Spans may follow each other, and one may have begun yesterday.
    let mut at = now;
    for _ in 0..=quiet.len() {
        let days = [today.saturating_sub(1.day()), today, today.saturating_add(1.day())];
        let spans = days.into_iter().flat_map(|day| quiet.iter().map(move |span| on(day, *span, zone)));
        let Some(found) = spans.filter(|span| span.holds(at)).map(|span| span.to).max() else { break };
        end = Some(found);
        at = found;
    }
    end
}

/// When an alert that comes now is told on a way.
#[must_use]
pub fn due(now: Timestamp, wait: SignedDuration, quiet: &[Span], zone: &TimeZone) -> Timestamp {
    let at = now + wait;
    quiet_until(quiet, at, zone).unwrap_or(at)
}

/// How long after a failed try the next one comes; `None` where it is given up. Doubles from 10 seconds to 20 minutes.
#[must_use]
pub fn again(tries: u32) -> Option<SignedDuration> {
    (tries < MOST_TRIES).then(|| SignedDuration::from_secs((10 << tries.saturating_sub(1).min(7)).min(1200)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
    }

    fn spans(texts: &[&str]) -> Vec<Span> {
        texts.iter().map(|text| Span::parse(text).unwrap()).collect()
    }

    #[test]
    fn quiet_hours_end_in_the_morning() {
        let zone = crate::duty::zone();
        for (quiet, now, expected) in [
            (&["22:00-07:00"][..], "23 23:00", Some("24 07:00")),
            (&["22:00-07:00"][..], "24 06:59", Some("24 07:00")),
            (&["22:00-07:00"][..], "24 07:00", None),
            (&["22:00-07:00"][..], "24 12:00", None),
            (&["12:00-13:30"][..], "24 12:00", Some("24 13:30")),
            (&["12:00-13:00", "13:00-13:30"][..], "24 12:30", Some("24 13:30")),
            (&[][..], "24 03:00", None),
        ] {
            assert_eq!(quiet_until(&spans(quiet), at(now), &zone), expected.map(at), "{quiet:?} {now}");
        }
    }

    #[test]
    fn what_would_be_told_in_quiet_hours_waits_for_their_end() {
        let zone = crate::duty::zone();
        let quiet = spans(&["22:00-07:00"]);
        assert_eq!(due(at("23 21:00"), GROUP, &quiet, &zone), at("23 21:00") + GROUP);
        assert_eq!(due(at("23 21:55"), ESCALATE, &quiet, &zone), at("24 07:00"));
    }

    #[test]
    fn tries_come_more_and_more_seldom_and_end() {
        let waits: Vec<_> = (1..=MOST_TRIES).map(|tries| again(tries).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(10), Some(20), Some(40), Some(80), Some(160), Some(320), Some(640), None]);
    }
}
