//! Whose an event is, whether it counts for them, and how long they were observed.

use crate::duty::{Post, Stretch};
use crate::report::{Covered, Judgement, Standing, standing};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Whose an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// Of the only one who was posted there when it began.
    Of(&'a str),
    /// Several were posted there: it cannot be told, and counts for nobody.
    Several,
    /// Nobody was posted there, or it is a smoking zone's.
    Nobody,
}

/// Looks up who was posted at an event's window when its condition began.
#[must_use]
pub fn owner<'a>(event: &Event, posts: &'a [Post]) -> Owner<'a> {
    let Some(window) = &event.window else { return Owner::Nobody };
    let mut posted = posts
        .iter()
        .filter(|post| {
            post.hall == event.hall && post.window == *window && post.stretch.holds(event.opened_at)
        })
        .map(|post| post.account.as_str());
    match posted.next() {
        None => Owner::Nobody,
        Some(first) if posted.all(|other| other == first) => Owner::Of(first),
        Some(_) => Owner::Several,
    }
}

/// What an event is in somebody's summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// As for the hall.
    As(Standing),
    /// A break, a pause, stepping away, a day off or an accommodation leaves it out.
    Suspended,
    /// Several were posted there.
    Shared,
}

impl Theirs {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Theirs::As(Standing::Counts) => "counts",
            Theirs::As(Standing::Waiting) => "unconfirmed",
            Theirs::As(Standing::Contested) => "contested",
            Theirs::As(Standing::Void) => "void",
            Theirs::Suspended => "suspended",
            Theirs::Shared => "shared",
        }
    }
}

/// Whether an event counts for whoever was posted. Fair first: all that speaks against counting goes before.
#[must_use]
pub fn theirs(judgement: &Judgement, suspended: bool, shared: bool, now: Timestamp) -> Theirs {
    if suspended {
        Theirs::Suspended
    } else if shared {
        Theirs::Shared
    } else {
        Theirs::As(standing(judgement, now))
    }
}

/// Seconds of somebody's posted time by whether something could be told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hours {
    /// Something could be told.
    pub observed_s: f64,
    /// The agent reported that nothing could be told.
    pub unknown_s: f64,
    /// Nothing was reported.
    pub unreported_s: f64,
}

/// How long somebody was observed at their posts up to now. Of each window and hour the signal that saw the most
/// tells, as in reports; the hour that has not ended yet is left out.
#[must_use]
pub fn hours(posts: &[Post], covered: &[Covered], now: Timestamp) -> Hours {
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    let mut best: BTreeMap<(&str, &str, Timestamp), (f64, f64)> = BTreeMap::new();
    for cover in covered {
        let hall = posts.first().map(|post| post.hall.as_str()).unwrap_or_default();
        let seen = best.entry((hall, cover.window.as_str(), cover.hour)).or_default();
        if (cover.observed_s, cover.unknown_s) > *seen {
            *seen = (cover.observed_s, cover.unknown_s);
        }
    }
    let mut all = Hours::default();
    for post in posts {
        let first = post.stretch.from.as_second().div_euclid(3600);
        let last = post.stretch.to.as_second().div_euclid(3600);
        for hour in (first..=last).filter_map(|hour| Timestamp::from_second(hour * 3600).ok()) {
            let whole = Stretch { from: hour, to: hour + HOUR };
            let due = post.stretch.shared_s(&whole);
            if whole.to > now || due <= 0.0 {
                continue;
            }
            let key = (post.hall.as_str(), post.window.as_str(), hour);
            let (observed, unknown) = best.get(&key).copied().unwrap_or_default();
            // A report of more than the posted part of the hour is also about somebody else's part.
            let share = if observed + unknown > due { due / (observed + unknown) } else { 1.0 };
            all.observed_s += observed * share;
            all.unknown_s += unknown * share;
            all.unreported_s += (due - (observed + unknown) * share).max(0.0);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Appeal;
    use chuangming_domain::digest::Digest;
    use chuangming_domain::event::{EventId, EventSchema, Evidence, Phase};
    use chuangming_domain::id::WindowId;
    use chuangming_domain::observation::Signal;
    use chuangming_domain::rule::Rule;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-23T{time}:00+08:00").parse().unwrap()
    }

    fn post(account: &str, window: &str, from: &str, to: &str) -> Post {
        Post {
            account: account.into(),
            hall: "tanggu".parse().unwrap(),
            window: WindowId::new(window).unwrap(),
            day: "2026-11-23".parse().unwrap(),
            shift: "am".into(),
            stretch: Stretch { from: at(from), to: at(to) },
        }
    }

    fn event(window: Option<&str>, opened: &str) -> Event {
        Event {
            schema: EventSchema::V1,
            id: EventId(uuid::Uuid::now_v7()),
            seq: 0,
            phase: Phase::Opened,
            hall: "tanggu".parse().unwrap(),
            agent: "edge-01".parse().unwrap(),
            window: window.map(|id| WindowId::new(id).unwrap()),
            zone: None,
            rule: Rule::Slumped,
            article: "16.4".into(),
            severity: Rule::Slumped.default_severity(),
            opened_at: at(opened),
            at: at(opened),
            closed_at: None,
            close_reason: None,
            confidence: 0.9,
            evidence: Evidence::default(),
            policy: Digest::of(b"p"),
            calibration: Digest::of(b"c"),
            models: BTreeMap::new(),
            historical: false,
        }
    }

    #[test]
    fn whose_it_is() {
        let posts = [
            post("li", "1", "08:30", "12:00"),
            post("wang", "1", "11:00", "12:00"),
            post("wang", "2", "08:30", "11:00"),
        ];
        for (window, opened, expected) in [
            ("1", "09:00", Owner::Of("li")),
            ("1", "11:30", Owner::Several),
            ("1", "12:00", Owner::Nobody),
            ("2", "08:30", Owner::Of("wang")),
            ("2", "08:29", Owner::Nobody),
            ("3", "09:00", Owner::Nobody),
        ] {
            assert_eq!(owner(&event(Some(window), opened), &posts), expected, "{window} {opened}");
        }
        let mut elsewhere = event(Some("1"), "09:00");
        elsewhere.hall = "hangu".parse().unwrap();
        assert_eq!(owner(&elsewhere, &posts), Owner::Nobody);
    }

    #[test]
    fn a_smoking_zone_is_nobodys() {
        assert_eq!(owner(&event(None, "09:00"), &[post("li", "1", "08:30", "12:00")]), Owner::Nobody);
    }

    #[test]
    fn only_what_is_confirmed_and_uncontested_counts() {
        let now = at("15:00");
        let appeal = |due: &str, answer: Option<(bool, &str)>| Appeal {
            due: at(due),
            answer: answer.map(|(g, by)| (g, by.into())),
        };
        let judged = |by: Option<&str>, wrong, appeals: Vec<Appeal>| Judgement {
            confirmed_by: by.map(Into::into),
            wrong,
            appeals,
        };
        for (judgement, suspended, shared, expected) in [
            (judged(None, false, vec![]), false, false, "unconfirmed"),
            (judged(Some("head"), false, vec![]), false, false, "counts"),
            (judged(None, true, vec![]), false, false, "void"),
            (judged(Some("head"), false, vec![appeal("17:00", None)]), false, false, "contested"),
            (judged(Some("head"), false, vec![appeal("14:00", None)]), false, false, "void"),
            (
                judged(Some("head"), false, vec![appeal("17:00", Some((true, "deputy")))]),
                false,
                false,
                "void",
            ),
            (
                judged(Some("head"), false, vec![appeal("17:00", Some((false, "deputy")))]),
                false,
                false,
                "counts",
            ),
            (
                judged(Some("head"), false, vec![appeal("17:00", Some((false, "head")))]),
                false,
                false,
                "contested",
            ),
            (judged(Some("head"), false, vec![]), true, false, "suspended"),
            (judged(Some("head"), false, vec![]), false, true, "shared"),
        ] {
            assert_eq!(theirs(&judgement, suspended, shared, now).name(), expected, "{judgement:?}");
        }
    }

    #[test]
    fn hours_are_those_of_the_own_part_of_the_time() {
        let covered = |window: &str, hour: &str, signal, observed_s, unknown_s| Covered {
            window: WindowId::new(window).unwrap(),
            hour: at(hour),
            signal,
            observed_s,
            unknown_s,
        };
        let reports = [
            // The half hour of duty before nine, all of it theirs.
            covered("1", "08:00", Signal::Presence, 1700.0, 100.0),
            covered("1", "08:00", Signal::Badge, 900.0, 900.0),
            covered("1", "09:00", Signal::Presence, 3600.0, 0.0),
            // Until half past ten it is theirs, then somebody else's.
            covered("1", "10:00", Signal::Presence, 1800.0, 1800.0),
            covered("2", "09:00", Signal::Presence, 3600.0, 0.0),
        ];
        let posts = [post("li", "1", "08:30", "10:30"), post("li", "3", "11:00", "12:00")];
        let found = hours(&posts, &reports, at("15:00"));
        assert_eq!(
            found,
            Hours { observed_s: 1700.0 + 3600.0 + 900.0, unknown_s: 100.0 + 900.0, unreported_s: 3600.0 }
        );
        // What has not ended is left out.
        assert_eq!(hours(&posts, &reports, at("09:30")).observed_s, 1700.0);
    }
}
