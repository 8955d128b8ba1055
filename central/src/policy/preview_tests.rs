use super::*;
use chuangming_domain::item::ItemClass;
use proptest::prelude::*;
use std::time::Duration;

/// Monday, 23 November 2026, 10:00 in Shanghai.
fn start() -> Timestamp {
    "2026-11-23T10:00:00+08".parse().unwrap()
}

fn at(second: u64) -> Timestamp {
    start() + Duration::from_secs(second)
}

/// An episode of absence at window 1 that began at `from` and lasted to `to` seconds after the start.
fn absence(from: u64, to: u64) -> Recorded {
    let length = (to - from) as f64;
    Recorded {
        id: format!("{from}-{to}"),
        rule: Rule::Absence,
        place: "1".into(),
        opened_at: at(from),
        closed: Some((at(to), CloseReason::Cleared)),
        severity: Severity::Warning,
        items: ItemSet::new(),
        at_raise: Some((length.min(600.0), 0.9)),
        at_end: (length, 0.9),
        policy: Digest::of(b"old"),
    }
}

fn clutter(items: &[ItemClass]) -> Recorded {
    Recorded { rule: Rule::Clutter, items: items.iter().copied().collect(), ..absence(0, 900) }
}

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}"), "policy.toml").unwrap()
}

/// What becomes of episodes under a policy, a day later.
fn check(rules: &str, episodes: &[Recorded], expected: &[Verdict]) {
    let verdicts = judge(episodes, &policy(rules), at(86_400));
    assert_eq!(verdicts, expected, "{rules}");
}

#[test]
fn one_episode_under_other_rules() {
    use Verdict::{OffDuty, Raised, RuleOff, TooShort, Uncertain};
    let rule = |text: &str| format!("[rules.absence]\n{text}");
    let hours = |text: &str| format!("[schedule]\ntimezone = \"Asia/Shanghai\"\nweekly = {{ {text} }}");
    for (rules, episode, expected) in [
        (String::new(), absence(0, 700), Raised),
        (rule("enabled = false"), absence(0, 700), RuleOff),
        // A longer dwell: it lasted that long, it did not, or it lasted that long with too many interruptions.
        (rule("raise_after_s = 650"), absence(0, 700), Raised),
        (rule("raise_after_s = 701"), absence(0, 700), TooShort),
        (rule("raise_after_s = 650\nraise_ratio = 0.95"), absence(0, 700), Uncertain),
        // A shorter dwell raises whatever the longer one raised.
        (rule("raise_after_s = 5"), absence(0, 700), Raised),
        (rule("raise_ratio = 0.9"), absence(0, 700), Raised),
        (rule("raise_ratio = 0.91"), absence(0, 700), Uncertain),
        // What a change of rules cut short might have lasted.
        (
            rule("raise_after_s = 800"),
            Recorded { closed: Some((at(700), CloseReason::Policy)), ..absence(0, 700) },
            Uncertain,
        ),
        (
            rule("raise_after_s = 800"),
            Recorded { closed: Some((at(700), CloseReason::Schedule)), ..absence(0, 700) },
            TooShort,
        ),
        // One that is still open has lasted a day.
        (rule("raise_after_s = 1800"), Recorded { closed: None, ..absence(0, 700) }, Raised),
        // Duty: not at all, all of it, a part that is long enough, a part that is not.
        (hours("tue = [\"08:00-18:00\"]"), absence(0, 700), OffDuty),
        (hours("mon = [\"08:00-18:00\"]"), absence(0, 700), Raised),
        (hours("mon = [\"08:00-10:11\"]"), absence(0, 700), Raised),
        (hours("mon = [\"08:00-10:05\"]"), absence(0, 700), OffDuty),
        (hours("mon = [\"08:00-10:05\", \"10:05-12:00\"]"), absence(0, 700), Raised),
    ] {
        check(&rules, &[episode], &[expected]);
    }
}

#[test]
fn what_lay_there_may_be_permitted() {
    use ItemClass::{Bag, Cup};
    let permitted = |items: &str| format!("[items]\npermitted = [{items}]");
    check(&permitted("\"cup\""), &[clutter(&[Cup])], &[Verdict::Permitted]);
    check(&permitted("\"cup\""), &[clutter(&[Cup, Bag])], &[Verdict::Uncertain]);
    check(&permitted("\"toy\""), &[clutter(&[Cup, Bag])], &[Verdict::Raised]);
    check(&permitted("\"cup\""), &[clutter(&[])], &[Verdict::Raised]);
    let ashtray = Recorded { rule: Rule::Ashtray, ..clutter(&[ItemClass::Ashtray]) };
    check(&permitted("\"ashtray\""), &[ashtray], &[Verdict::Raised]);
}

#[test]
fn episodes_that_follow_each_other() {
    use Verdict::{Cooldown, Merged, Raised, TooShort, Uncertain};
    let three = [absence(0, 700), absence(1100, 1800), absence(2200, 3000)];
    check("", &three, &[Raised, Raised, Raised]);
    // Gaps of 400 s: a longer clear time joins them all.
    check("[rules.absence]\nclear_after_s = 401", &three, &[Raised, Merged, Merged]);
    // The second ends 1100 s after the first closed; the third does not follow a raised one so closely.
    check("[rules.absence]\ncooldown_s = 1200", &three, &[Raised, Cooldown, Raised]);
    check("[rules.absence]\ncooldown_s = 1000", &three, &[Raised, Raised, Raised]);
    // What was not raised keeps nothing quiet.
    check("[rules.absence]\ncooldown_s = 1200\nraise_after_s = 701", &three, &[TooShort, TooShort, Raised]);
    // Other places and rules are none of it.
    let other = [absence(0, 700), Recorded { place: "2".into(), ..absence(705, 1500) }];
    check("[rules.absence]\nclear_after_s = 100", &other, &[Raised, Raised]);
    // After something uncertain all that depends on it is uncertain too.
    let unsure =
        [Recorded { closed: Some((at(700), CloseReason::Policy)), ..absence(0, 700) }, absence(800, 1700)];
    check("[rules.absence]\nraise_after_s = 800\ncooldown_s = 1500", &unsure, &[Uncertain, Uncertain]);
}

#[test]
fn what_is_looser_is_named() {
    let (from, to) = (at(0), at(7 * 86_400));
    let hours =
        |text: &str| format!("[schedule]\ntimezone = \"Asia/Shanghai\"\nweekly = {{ mon = [\"{text}\"] }}\n");
    for (before, after, expected) in [
        (String::new(), String::new(), vec![]),
        (String::new(), "[rules.absence]\nraise_after_s = 900\ncooldown_s = 400".into(), vec![]),
        (String::new(), "[rules.absence]\nraise_after_s = 500".into(), vec!["raise_after_s"]),
        ("[rules.absence]\nenabled = false".into(), String::new(), vec!["enabled"]),
        (
            "[rules.absence]\nenabled = false".into(),
            "[rules.absence]\nenabled = false\nraise_after_s = 5".into(),
            vec![],
        ),
        (
            String::new(),
            "[rules.absence]\nraise_ratio = 0.7\ncooldown_s = 0\nclear_after_s = 5\nclear_ratio = 0.3".into(),
            vec!["clear_after_s", "clear_ratio", "cooldown_s", "raise_ratio"],
        ),
        (hours("09:00-12:00"), hours("09:00-11:00"), vec![]),
        (hours("09:00-12:00"), hours("08:00-12:00"), vec!["schedule"]),
        (hours("09:00-12:00"), String::new(), vec!["schedule"]),
        (String::new(), hours("08:00-12:00"), vec![]),
    ] {
        let found = looser(&policy(&before), &policy(&after), from, to);
        let names: Vec<_> = found.get(&Rule::Absence).into_iter().flatten().copied().collect();
        assert_eq!(names, expected, "{before} → {after}");
    }
    let fewer = looser(&policy(""), &policy("[items]\npermitted = [\"cup\"]"), from, to);
    assert_eq!(fewer.keys().collect::<Vec<_>>(), [&Rule::Clutter]);
}

#[test]
fn the_summary_counts_each_episode_once() {
    let episodes =
        [absence(0, 700), absence(5000, 5650), Recorded { rule: Rule::Slumped, ..absence(0, 700) }];
    let rules = policy("[rules.absence]\nraise_after_s = 660\nseverity = \"critical\"");
    let summary = summary(&episodes, &judge(&episodes, &rules, at(86_400)), &rules);
    let absence = &summary[0];
    assert_eq!((absence.recorded, absence.severity_changed), (2, 1));
    assert_eq!(absence.verdicts, BTreeMap::from([(Verdict::Raised, 1), (Verdict::TooShort, 1)]));
    assert_eq!(summary.len(), Rule::ALL.len());
}

fn episodes() -> impl Strategy<Value = Vec<Recorded>> {
    proptest::collection::vec((0u64..2000, 600u64..3000), 0..12).prop_map(|pauses| {
        let mut now = 0;
        let mut all = Vec::new();
        for (pause, length) in pauses {
            // As recorded under the defaults: at least the clear time and the cooldown apart.
            now += 310 + pause;
            all.push(absence(now, now + length));
            now += length;
        }
        all
    })
}

proptest! {
    /// Under the rules under which they were recorded all episodes are raised.
    #[test]
    fn the_same_rules_change_nothing(episodes in episodes()) {
        prop_assert!(judge(&episodes, &policy(""), at(1_000_000)).iter().all(|v| *v == Verdict::Raised));
    }

    /// A longer dwell never raises more, and what it suppresses a still longer one suppresses too.
    #[test]
    fn longer_dwells_raise_less(episodes in episodes(), dwell in 600u32..1700, more in 1u32..100) {
        let count = |dwell: u32| {
            let rules = policy(&format!("[rules.absence]\nraise_after_s = {dwell}\ncooldown_s = 0"));
            let verdicts = judge(&episodes, &rules, at(1_000_000));
            verdicts.iter().map(|v| *v == Verdict::Raised).collect::<Vec<_>>()
        };
        for (shorter, longer) in count(dwell).iter().zip(count(dwell + more)) {
            prop_assert!(*shorter || !longer);
        }
    }

    /// Every episode gets exactly one verdict, whatever the rules.
    #[test]
    fn every_episode_is_judged(episodes in episodes(), dwell in 1u32..1800, clear in 0u32..1800, cooldown in 0u32..5000) {
        let rules = policy(&format!("[rules.absence]\nraise_after_s = {dwell}\nclear_after_s = {clear}\ncooldown_s = {cooldown}"));
        let verdicts = judge(&episodes, &rules, at(1_000_000));
        let summary = summary(&episodes, &verdicts, &rules);
        prop_assert_eq!(summary[0].recorded, episodes.len() as u64);
        prop_assert_eq!(summary[0].verdicts.values().sum::<u64>(), episodes.len() as u64);
    }
}
