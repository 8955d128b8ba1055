//! When episodes open and close: scenes and what is told of them.

mod support;

use chuangming_analysis::{Duty, Place, Window};
use chuangming_domain::event::{CloseReason, Phase};
use chuangming_domain::id::ZoneId;
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::{Observation, Reading, Signal, Smoking};
use std::collections::BTreeSet;
use std::sync::Arc;
use support::{after, observation, play, policy, scene, told, window};

/// Plays a scene at 5 Hz with dwell 6 s, clear 4 s and no cooldown, changed by `overrides`.
fn check(overrides: &str, text: &str, expected: &str) {
    let events = play(&mut window(policy(overrides)), &scene(text), 5.0);
    assert_eq!(told(&events), expected, "{text} ({overrides})");
}

#[test]
fn dwell() {
    let opened = "absence opened 10 at 16";
    check("", "0-10 present, 10-15 absent, 15-30 present", "");
    check("", "0-10 present, 10-30 absent", opened);
    // The picture that fills the dwell must show the condition.
    check("", "0-10 present, 10-15.8 absent, 15.8-16.4 present, 16.4-30 absent", "absence opened 10 at 16.4");
    check("", "0-10 present, 10-16 absent, 16-30 present", "");
    // True from the start: after the dwell.
    check("", "0-20 absent", "absence opened 0 at 6");
    // A flicker neither resets the dwell nor delays it; a real interruption begins anew.
    check("", "0-10 present, 10-13 absent, 13-13.2 present, 13.2-30 absent", opened);
    check("", "0-10 present, 10-10.2 absent, 10.2-10.4 present, 10.4-30 absent", opened);
    check("", "0-10 present, 10-13 absent, 13-18 present, 18-30 absent", "absence opened 18 at 24");
    // A false look before the truth does not move the beginning far.
    check("", "0-5 present, 5-5.2 absent, 5.2-10 present, 10-30 absent", opened);
    // Every other picture is not four of five.
    let flicker: Vec<_> = (0..100)
        .map(|i| {
            format!(
                "{}-{} {}",
                f64::from(i) / 5.0,
                f64::from(i + 1) / 5.0,
                ["absent", "present"][i as usize % 2]
            )
        })
        .collect();
    check("", &flicker.join(", "), "");
}

#[test]
fn a_long_dwell_does_not_begin_before_the_condition() {
    // Short absences before the real one, and a return of ten seconds in the middle of nearly an hour.
    let long = "absence = { raise_after_s = 600, clear_after_s = 10 }";
    check(
        long,
        "0-100 present, 100-101 absent, 101-200 present, 200-1000 absent",
        "absence opened 200 at 800",
    );
    check(
        long,
        "0-200 absent, 200-205 present, 205-700 absent",
        // Shorter than the clear time: it counts as one absence.
        "absence opened 0 at 600",
    );
    check(long, "0-500 absent, 500-511 present, 511-1200 absent", "absence opened 511 at 1111");
}

#[test]
fn clearing() {
    check("", "0-10 absent, 10-30 present", "absence opened 0 at 6, absence cleared 10 at 14");
    check("", "0-10 absent, 10-13 present, 13-30 absent", "absence opened 0 at 6");
    // A flicker does not hold it open.
    check(
        "",
        "0-10 absent, 10-12 present, 12-12.2 absent, 12.2-30 present",
        "absence opened 0 at 6, absence cleared 10 at 14",
    );
    // Nor does a flicker before the end move the end far.
    check(
        "",
        "0-10 absent, 10-10.2 present, 10.2-15 absent, 15-30 present",
        "absence opened 0 at 6, absence cleared 15 at 19",
    );
    check(
        "absence = { clear_after_s = 0 }",
        "0-10 absent, 10-10.2 present, 10.2-12 absent",
        "absence opened 0 at 6, absence cleared 10 at 10",
    );
    // Twice the same rule: two episodes.
    check(
        "",
        "0-10 absent, 10-20 present, 20-30 absent",
        "absence opened 0 at 6, absence cleared 10 at 14, absence opened 20 at 26",
    );
}

#[test]
fn cooldown() {
    let cool = "absence = { cooldown_s = 30 }";
    let first = "absence opened 0 at 6, absence cleared 10 at 14";
    check(cool, "0-10 absent, 10-20 present, 20-40 absent, 40-60 present", first);
    // What persists is told when the cooldown is over, with its true beginning.
    check(cool, "0-10 absent, 10-20 present, 20-60 absent", &format!("{first}, absence opened 20 at 44"));
    check(cool, "0-10 absent, 10-40 present, 40-60 absent", &format!("{first}, absence opened 40 at 46"));
}

#[test]
fn arming() {
    let quick = "smoking = { raise_after_s = 1 }";
    check(quick, "0-10 smoking", "smoking opened 0 at 5");
    check(quick, "0-4 smoking, 4-10 none", "");
    check(quick, "0-6 none, 6-10 smoking", "smoking opened 6 at 7");
    // The window is what must have been observed, by whichever signal; unknown time is not observed.
    check(quick, "0-10 present, 6-10 smoking", "smoking opened 6 at 7");
    check(quick, "0-4 ?smoking, 4-12 smoking", "smoking opened 4 at 9");
}

#[test]
fn unknown_counts_neither_way() {
    check("", "0-10 ?presence, 10-300 ?presence", "");
    // Neither raises nor resets: the dwell goes on after it.
    check("", "0-10 present, 10-13 absent, 13-20 ?presence, 20-30 absent", "absence opened 10 at 23");
    check("", "0-10 present, 10-13 absent, 13-100 ?presence", "");
    // Neither clears nor keeps from clearing.
    check("", "0-10 absent, 10-100 ?presence", "absence opened 0 at 6");
    check(
        "",
        "0-10 absent, 10-12 present, 12-20 ?presence, 20-30 present",
        "absence opened 0 at 6, absence cleared 10 at 22",
    );
    // Where nobody looks, the last observation speaks for three periods of 0.75 s and no longer.
    check("", "0-10 present, 10-12.2 absent, 20-30 absent", "absence opened 10 at 21.8");
}

#[test]
fn lost() {
    check("", "0-10 absent, 10-310 ?presence", "absence opened 0 at 6");
    check("", "0-10 absent, 10-400 ?presence", "absence opened 0 at 6, absence lost 10 at 310.2");
    // Without any observation as well: the last one speaks for 2.25 s.
    check("", "0-10 absent, 400-401 absent", "absence opened 0 at 6, absence lost 12.05 at 312.2");
    check("", "0-10 absent, 10-200 ?presence, 200-201 absent, 201-490 ?presence", "absence opened 0 at 6");
    // What had not opened yet is forgotten.
    check("", "0-5 absent, 5-400 ?presence, 400-410 absent", "absence opened 400 at 406");
}

#[test]
fn nobody_slumps_who_is_not_there() {
    let slumped = "slumped opened 0 at 6";
    let never = "absence = { raise_after_s = 1000 }";
    check(
        never,
        "0-10 present, 10-30 absent, 0-10 slumped, 10-30 ?posture",
        &format!("{slumped}, slumped cleared 10 at 14"),
    );
    // The same where posture is not looked at, or sees a ghost.
    check(never, "0-10 present, 10-30 absent, 0-10 slumped", &format!("{slumped}, slumped cleared 10 at 14"));
    check(never, "0-10 present, 10-30 absent, 0-30 slumped", &format!("{slumped}, slumped cleared 10 at 14"));
    check(never, "0-30 absent, 0-30 missing, 0-30 smoking, 0-30 tilted", "");
    // Unknown presence says nothing of posture, nor does one of long ago.
    check(never, "0-10 present, 10-20 absent, 10-40 slumped", "slumped opened 22.2 at 28.2");
    check("", "0-10 present, 10-30 ?presence, 0-30 slumped", slumped);
    check(
        "",
        "0-10 absent, 10-30 ?presence, 0-30 missing",
        "absence opened 0 at 6, badge_missing opened 10 at 16",
    );
    check(
        "",
        "0-10 crowd, 10-30 absent",
        "overstaffed opened 0 at 6, overstaffed cleared 10 at 14, absence opened 10 at 16",
    );
}

#[test]
fn rules_of_the_desk() {
    check("", "0-20 clean, 0-20 present", "");
    check("", "0-20 cup", "clutter opened 0 at 6");
    check("", "0-20 plant+monitor", "");
    check("", "0-20 unrecognised", "clutter opened 0 at 6");
    check("", "0-20 ashtray", "ashtray opened 0 at 6");
    check("", "0-20 ashtray+cup", "ashtray opened 0 at 6, clutter opened 0 at 6");
    check("", "0-20 empty", "required_item_missing opened 0 at 6");
    check("clutter = { enabled = false }", "0-20 cup", "");
}

#[test]
fn another_item_is_told_of_once_in_a_while() {
    check(
        "clutter = { raise_after_s = 10 }",
        "0-20 cup, 20-100 cup+bottle, 100-400 bottle",
        "clutter opened 0 at 10, clutter updated at 70, clutter updated at 130",
    );
    let mut window = window(policy("clutter = { raise_after_s = 10 }"));
    let events = play(&mut window, &scene("0-20 cup, 20-100 cup+bottle, 100-180 bottle"), 5.0);
    let items: Vec<_> = events.iter().map(|event| event.evidence.items.clone()).collect();
    let set = |classes: &[ItemClass]| classes.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(
        items,
        [set(&[ItemClass::Cup]), set(&[ItemClass::Cup, ItemClass::Bottle]), set(&[ItemClass::Bottle]),]
    );
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(events.iter().all(|event| event.id == events[0].id));
}

#[test]
fn what_an_event_rests_on() {
    let mut window = window(policy(""));
    let scene = scene(
        "0-10 present, 10-13 crowd, 13-13.4 present, 13.4-15.4 ?presence, 15.4-20 crowd, 20-30 present",
    );
    let events = play(&mut window, &scene, 5.0);
    assert_eq!(told(&events), "overstaffed opened 10 at 18, overstaffed cleared 20 at 24");
    let (opened, closed) = (&events[0], &events[1]);
    assert_eq!(opened.evidence.people, Some(3));
    assert_eq!((opened.evidence.observed_s, opened.evidence.unknown_s), (6.0, 2.0));
    assert_eq!(opened.evidence.hit_ratio, 0.933);
    assert_eq!(opened.confidence, 0.8);
    // The end is left out.
    assert_eq!((closed.evidence.observed_s, closed.evidence.unknown_s), (8.0, 2.0));
    assert_eq!(closed.evidence.hit_ratio, 0.95);
    assert_eq!((opened.seq, closed.seq, opened.id == closed.id), (0, 1, true));
    assert_eq!((opened.article.as_str(), opened.models.len()), ("16.5", 1));
    assert!(opened.models.contains_key(&Signal::Presence));
}

#[test]
fn closing_all() {
    for reason in [CloseReason::Shutdown, CloseReason::Policy] {
        let mut window = window(policy(""));
        play(&mut window, &scene("0-10 absent, 0-10 cup, 7-10 slumped"), 5.0);
        assert_eq!(window.open_rules().count(), 2);
        let events = window.close_all(after(10.0), reason);
        assert!(
            events.iter().all(|e| e.phase == Phase::Closed && e.close_reason == Some(reason)),
            "{events:?}"
        );
        assert_eq!((events.len(), window.open_rules().count()), (2, 0));
        assert!(window.close_all(after(11.0), reason).is_empty());
    }
}

#[test]
fn old_observations_are_ignored() {
    let mut window = window(policy(""));
    play(&mut window, &scene("0-10 absent"), 5.0);
    for t in [9.0, 2.0, 0.0] {
        assert!(window.observe(after(t), &observation("present")).is_empty());
    }
    assert_eq!(window.open_rules().count(), 1);
    assert_eq!(told(&window.close_all(after(1.0), CloseReason::Shutdown)), "absence shutdown 10 at 10");
}

#[test]
fn what_several_looks_showed_opened_with_the_first_of_them() {
    let check = |before: &str, from: f64, since: f64, expected: &str| {
        let mut window = window(policy(""));
        play(&mut window, &scene(before), 5.0);
        let mut events = Vec::new();
        for picture in 0..=35 {
            let at = after(from + f64::from(picture) / 5.0);
            events.extend(window.observe(at, &observation("present")));
            let smoking = Reading::known(Smoking::Smoking, 0.8).lasting_for(at.duration_since(after(since)));
            events.extend(window.observe(at, &Observation::Smoking(smoking)));
        }
        assert_eq!(told(&events), expected, "{before}");
    };
    check("0-10 present, 0-10 none", 10.0, 8.8, "smoking opened 8.8 at 14.8");
    check("0-10 present, 0-10 none", 10.0, 10.0, "smoking opened 10 at 16");
    // Two episodes never overlap: the first was closed at 24.
    let smoked = "0-24.2 present, 0-10 none, 10-20 smoking, 20-24.2 none";
    check(smoked, 24.2, 23.0, "smoking opened 24 at 30");
}

#[test]
fn a_zone_knows_smoking_only() {
    let zone = Place::Zone(ZoneId::new("lobby-east").unwrap());
    let duty = Duty { post: 1, required: BTreeSet::new(), permitted: BTreeSet::new() };
    let mut zone = Window::new(support::context(zone), duty, Arc::new(policy("")));
    let needed: Vec<_> = Signal::ALL.into_iter().filter(|signal| zone.period(*signal).is_some()).collect();
    assert_eq!(needed, [Signal::Smoking]);
    let events = play(&mut zone, &scene("0-20 absent, 0-20 cup, 0-20 slumped, 20-40 smoking"), 5.0);
    assert_eq!(told(&events), "smoking opened 20 at 26");
    assert_eq!(events[0].window, None);
    assert_eq!(events[0].zone, Some(ZoneId::new("lobby-east").unwrap()));
}

#[test]
fn periods() {
    let check = |overrides: &str, signal: Signal, expected: Option<f64>| {
        assert_eq!(window(policy(overrides)).period(signal), expected, "{overrides}");
    };
    check("smoking = { raise_after_s = 4 }", Signal::Smoking, Some(0.5));
    check("smoking = { raise_after_s = 1, clear_after_s = 0.1 }", Signal::Smoking, Some(0.2));
    check("slumped = { raise_after_s = 3 }", Signal::Posture, Some(0.375));
    check("", Signal::Desk, Some(0.75));
    let long = "ashtray = { raise_after_s = 30 }\nclutter = { raise_after_s = 300 }\nrequired_item_missing = { raise_after_s = 300 }";
    check(long, Signal::Desk, Some(1.0));
    check("smoking = { enabled = false }", Signal::Smoking, None);
    // Somebody must be there for the other rules to mean anything.
    let no_presence = "absence = { enabled = false }\noverstaffed = { enabled = false }\n";
    check(no_presence, Signal::Presence, Some(0.75));
    let desk_only = ["slumped", "leaning_back", "tilted", "badge_missing", "smoking"]
        .map(|rule| format!("{rule} = {{ enabled = false }}\n"))
        .concat();
    check(&format!("{no_presence}{desk_only}"), Signal::Presence, None);
}
