//! How much of each hour was to be observed: duty hours, from when a window was first heard of, up to now.

use super::{Days, midnight};
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::policy::Span;
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

const HOUR_S: i64 = 3600;

/// Seconds due by window and hour.
pub type Due = BTreeMap<(WindowId, Timestamp), f64>;

/// When a hall's windows are kept.
pub struct Duty {
    /// The hall's time zone.
    pub zone: TimeZone,
    /// The hours of a day that is worked, without overlaps.
    pub hours: Vec<Span>,
    /// Which days are worked.
    pub worked: Box<dyn Fn(Date) -> bool + Send + Sync>,
}

/// The hours of halls that planned no shifts.
#[must_use]
pub fn office_hours() -> Vec<Span> {
    ["08:30-12:00", "13:30-17:30"].into_iter().filter_map(Span::parse).collect()
}

/// Spreads the duty hours of each day over the windows that were known by then. The hour that has not ended is not due:
/// nobody has reported on it yet.
#[must_use]
pub fn due(days: &Days, duty: &Duty, known_since: &BTreeMap<WindowId, Timestamp>, now: Timestamp) -> Due {
    let mut all = Due::new();
    let reported = Timestamp::from_second(now.as_second().div_euclid(HOUR_S) * HOUR_S).unwrap_or(now);
    for day in days.each().filter(|day| (duty.worked)(*day)) {
        let start = midnight(day, &days.zone);
        for span in &duty.hours {
            let minutes = |m: u16| SignedDuration::from_mins(i64::from(m));
            let (from, to) = (start + minutes(span.from), (start + minutes(span.to)).min(reported));
            for (window, since) in known_since {
                for (hour, seconds) in by_hour(from.max(*since), to) {
                    *all.entry((window.clone(), hour)).or_default() += seconds;
                }
            }
        }
    }
    all
}

/// The hours that a stretch of time touches, with the seconds of it in each.
fn by_hour(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, f64)> {
    let first = from.as_second().div_euclid(HOUR_S);
    let last = to.as_second().div_euclid(HOUR_S);
    (first..=last)
        .filter_map(|hour| {
            let start = Timestamp::from_second(hour * HOUR_S).ok()?;
            let end = Timestamp::from_second((hour + 1) * HOUR_S).ok()?;
            let seconds = to.min(end).duration_since(from.max(start)).as_secs_f64();
            (seconds > 0.0).then_some((start, seconds))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duty_hours_are_due_once_a_window_is_known() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let day: Date = "2026-11-23".parse().unwrap();
        let days = Days { from: day, to: day, zone: zone.clone() };
        let duty = |worked: bool| Duty {
            zone: zone.clone(),
            hours: office_hours(),
            worked: Box::new(move |_| worked),
        };
        let window = |id: &str| WindowId::new(id).unwrap();
        let at = |text: &str| format!("2026-11-23T{text}:00+08:00").parse::<Timestamp>().unwrap();
        let known = BTreeMap::from([(window("1"), Timestamp::UNIX_EPOCH), (window("2"), at("15:00"))]);
        let sum = |due: &Due, id: &str| {
            due.iter().filter(|((w, _), _)| w.as_str() == id).map(|(_, s)| s).sum::<f64>()
        };

        let whole = due(&days, &duty(true), &known, at("23:59"));
        assert_eq!((sum(&whole, "1"), sum(&whole, "2")), (7.5 * 3600.0, 2.5 * 3600.0));
        assert_eq!(whole[&(window("1"), at("08:00"))], 1800.0);
        assert_eq!(whole[&(window("1"), at("09:00"))], 3600.0);
        // What has not ended yet is not due.
        let morning = due(&days, &duty(true), &known, at("10:20"));
        assert_eq!((sum(&morning, "1"), sum(&morning, "2")), (1.5 * 3600.0, 0.0));
        assert!(due(&days, &duty(false), &known, at("23:59")).is_empty());
    }
}
