//! Duty hours: lunch, holidays, make-up workdays, midnight, daylight saving; and what they do to episodes.

mod support;

use chuangming_analysis::schedule::on_duty;
use chuangming_domain::event::CloseReason;
use chuangming_domain::observation::Signal;
use chuangming_domain::policy::Policy;
use jiff::{SignedDuration, Timestamp};
use support::{observation, start, told};

const SHANGHAI: &str = r#"
timezone = "Asia/Shanghai"
weekly = { mon = ["08:30-12:00", "13:30-17:30"], tue = ["08:30-17:30"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["22:00-06:00"] }
holidays = ["2026-11-24", "2026-11-30", "2026-12-01"]
workdays = ["2026-11-29", "2026-12-01"]
"#;

const BERLIN: &str = r#"
timezone = "Europe/Berlin"
weekly = { sat = ["22:00-04:00"], sun = ["02:30-04:00", "08:00-10:00"] }
"#;

fn policy(schedule: &str) -> Policy {
    Policy::parse(&format!("version = 1\n[schedule]{schedule}"), "policy.toml").unwrap()
}

fn check(schedule: &str, at: &str, expected: bool) {
    let at_time: Timestamp = at.parse().unwrap();
    assert_eq!(on_duty(policy(schedule).schedule.as_ref(), at_time), expected, "{at}");
}

#[test]
fn duty_hours() {
    for (at, expected) in [
        // Monday: a lunch break, half-open.
        ("2026-11-23T08:29:59.999+08", false),
        ("2026-11-23T08:30:00+08", true),
        ("2026-11-23T00:30:00Z", true),
        ("2026-11-23T11:59:59.999+08", true),
        ("2026-11-23T12:00:00+08", false),
        ("2026-11-23T13:29:59+08", false),
        ("2026-11-23T13:30:00+08", true),
        ("2026-11-23T17:30:00+08", false),
        // A Tuesday that is a holiday, and one that is none.
        ("2026-11-24T10:00:00+08", false),
        ("2026-11-17T10:00:00+08", true),
        // Wednesday has no hours; Thursday and Friday never end.
        ("2026-11-25T10:00:00+08", false),
        ("2026-11-26T00:00:00+08", true),
        ("2026-11-27T00:00:00+08", true),
        ("2026-11-28T00:00:00+08", false),
        // Saturday's night belongs to Saturday.
        ("2026-11-28T21:59:00+08", false),
        ("2026-11-28T22:00:00+08", true),
        ("2026-11-29T05:59:59+08", true),
        ("2026-11-29T06:00:00+08", false),
        // A make-up Sunday has Monday's hours; the Monday after is a holiday.
        ("2026-11-29T10:00:00+08", true),
        ("2026-11-29T12:30:00+08", false),
        ("2026-11-22T10:00:00+08", false),
        ("2026-11-30T10:00:00+08", false),
        // A make-up workday wins over a holiday and has its own hours.
        ("2026-12-01T12:30:00+08", true),
    ] {
        check(SHANGHAI, at, expected);
    }
    assert!(on_duty(None, start()));
}

#[test]
fn daylight_saving() {
    for (at, expected) in [
        // 2026-03-29: 02:00 jumps to 03:00. Saturday's night ends an hour of sun time early.
        ("2026-03-28T22:00:00+01", true),
        ("2026-03-29T01:59:59+01", true),
        ("2026-03-29T03:59:59+02", true),
        ("2026-03-29T04:00:00+02", false),
        ("2026-03-29T08:00:00+02", true),
        ("2026-03-29T07:59:00+02", false),
        // 2026-10-25: 03:00 falls back to 02:00. The hour that comes twice is duty twice.
        ("2026-10-25T02:30:00+02", true),
        ("2026-10-25T02:15:00+01", true),
        ("2026-10-25T03:59:59+01", true),
        ("2026-10-25T04:00:00+01", false),
        ("2026-10-25T08:00:00+01", true),
        ("2026-10-25T07:59:00+01", false),
    ] {
        check(BERLIN, at, expected);
    }
}

/// Minutes after 08:00 in Shanghai of that day, as seconds of the support's clock.
fn minute(day: &str, minutes: f64) -> Timestamp {
    let eight: Timestamp = format!("{day}T08:00:00+08").parse().unwrap();
    eight + SignedDuration::from_secs_f64(minutes * 60.0)
}

#[test]
fn duty_ends_episodes_at_its_very_minute() {
    let rules = "[rules.absence]\nraise_after_s = 60\ncooldown_s = 0\n";
    for advance in [true, false] {
        let mut window = support::window(policy(&format!("{SHANGHAI}{rules}")));
        let mut events = Vec::new();
        // Absent all Monday from 08:00 to 15:00, looked at every second of duty and, perhaps, of the breaks.
        for second in 0..7 * 3600 {
            let at = minute("2026-11-23", f64::from(second) / 60.0);
            if advance || on_duty(policy_schedule(), at) {
                events.extend(window.observe(at, &observation("absent")));
            }
        }
        let t = |clock: &str| support::seconds(format!("2026-11-23T{clock}+08").parse().unwrap());
        let noticed = if advance { t("12:00:00") } else { t("13:30:00") };
        assert_eq!(
            told(&events),
            format!(
                "absence opened {} at {}, absence schedule {} at {noticed}, absence opened {} at {}",
                t("08:30:00"),
                t("08:31:00"),
                t("12:00:00"),
                t("13:30:00"),
                t("13:31:00"),
            )
        );
        let open = window.advance("2026-11-25T00:00:00Z".parse().unwrap());
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(open[0].close_reason, Some(CloseReason::Schedule));
        assert_eq!(open[0].closed_at, Some("2026-11-23T17:30:00+08".parse().unwrap()));

        let hours = window.take_coverage("2026-11-26T00:00:00Z".parse().unwrap());
        let observed: f64 =
            hours.values().filter_map(|hour| hour.get(&Signal::Presence)).map(|o| o.observed_s).sum();
        let unknown: f64 =
            hours.values().filter_map(|hour| hour.get(&Signal::Presence)).map(|o| o.unknown_s).sum();
        // The last look at 14:59:59 speaks for 3 s; then nobody looks until duty ends at 17:30.
        assert!((observed - (3.5 + 1.5) * 3600.0 - 2.0).abs() < 1.1, "{observed}");
        assert!((unknown - 2.5 * 3600.0).abs() < 3.1, "{unknown}");
        assert!((observed + unknown - 7.5 * 3600.0).abs() < 1.1, "{observed} + {unknown}");
    }
}

fn policy_schedule() -> Option<&'static chuangming_domain::policy::Schedule> {
    static SCHEDULE: std::sync::OnceLock<Option<chuangming_domain::policy::Schedule>> =
        std::sync::OnceLock::new();
    SCHEDULE.get_or_init(|| policy(SHANGHAI).schedule).as_ref()
}

#[test]
fn midnight_within_duty_ends_nothing() {
    let rules = "[rules.absence]\nraise_after_s = 60\n";
    let mut window = support::window(policy(&format!("{SHANGHAI}{rules}")));
    let mut events = Vec::new();
    let thursday: Timestamp = "2026-11-26T23:50:00+08".parse().unwrap();
    for second in 0..1200 {
        events.extend(window.observe(thursday + SignedDuration::from_secs(second), &observation("absent")));
    }
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn off_duty_nothing_is_counted() {
    let mut window = support::window(policy(&format!("{SHANGHAI}[rules.absence]\nraise_after_s = 60\n")));
    for second in 0..600 {
        assert!(
            window.observe(minute("2026-11-25", f64::from(second) / 60.0), &observation("absent")).is_empty()
        );
    }
    assert!(window.take_coverage("2026-11-26T00:00:00Z".parse().unwrap()).is_empty());
}
