//! A policy survives the way to text and back, whatever it says.

use chuangming_domain::item::ItemClass;
use chuangming_domain::policy::{Policy, RuleSettings, Schedule, Span};
use chuangming_domain::rule::{Rule, Severity};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

fn seconds(most: u32) -> impl Strategy<Value = f64> {
    prop_oneof![(1..=most).prop_map(f64::from), (1.0..f64::from(most))]
}

fn settings() -> impl Strategy<Value = RuleSettings> {
    let severity = prop_oneof![Just(Severity::Info), Just(Severity::Warning), Just(Severity::Critical)];
    (
        any::<bool>(),
        "[0-9\"\\\\条.]{0,15}[0-9]",
        severity,
        seconds(1800),
        seconds(1800),
        seconds(86_400),
        0.5..1.0,
        0.0..0.5,
    )
        .prop_map(
            |(
                enabled,
                article,
                severity,
                raise_after_s,
                clear_after_s,
                cooldown_s,
                raise_ratio,
                clear_ratio,
            )| {
                RuleSettings {
                    enabled,
                    article,
                    severity,
                    raise_after_s,
                    clear_after_s,
                    cooldown_s,
                    raise_ratio,
                    clear_ratio,
                }
            },
        )
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let span = (0..1440u16, 1..=1440u16).prop_map(|(from, length)| Span { from, to: from + length });
    let date = (2025..2030i16, 1..=12i8, 1..=28i8).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap());
    let zone = prop_oneof![Just("Asia/Shanghai"), Just("Europe/Berlin"), Just("UTC")];
    (zone, proptest::array::uniform7(vec(span, 0..3)), btree_set(date.clone(), 0..3), btree_set(date, 0..3))
        .prop_map(|(zone, weekly, holidays, workdays)| Schedule {
            timezone: TimeZone::get(zone).unwrap(),
            weekly,
            holidays,
            workdays,
        })
}

proptest! {
    #[test]
    fn text_and_back(
        schedule in proptest::option::of(schedule()),
        permitted in proptest::sample::subsequence(ItemClass::ALL[..28].to_vec(), 0..28),
        rules in proptest::collection::vec(settings(), Rule::ALL.len()),
    ) {
        let rules = Rule::ALL.into_iter().zip(rules).collect();
        let policy = Policy { schedule, permitted: permitted.into_iter().collect(), rules, ..Policy::default() };
        let text = policy.to_toml();
        let read = Policy::parse(&text, "policy.toml").map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(read.to_toml(), text);
        prop_assert_eq!(Policy { digest: policy.digest.clone(), ..read }, policy);
    }
}

#[test]
fn defaults_are_written_out_for_people() {
    let text = Policy::default().to_toml();
    assert!(text.starts_with("version = 1\n\n[items]\npermitted = [\"monitor\", \"scanner\","), "{text}");
    let absence = "[rules.absence]\nenabled = true\narticle = \"16.5\"\nseverity = \"warning\"\nraise_after_s = 600\n\
                   clear_after_s = 10\ncooldown_s = 300\nraise_ratio = 0.8\nclear_ratio = 0.2\n";
    assert!(text.contains(absence), "{text}");
}
