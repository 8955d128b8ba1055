//! What a report counts.

use super::due::Due;
use super::{Covered, Days, Seen, Standing};
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A rate over fewer observed hours says nothing and is not told.
pub const RATE_HOURS: f64 = 8.0;

/// Events by whether they count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// These are the figures of conduct.
    pub counted: u32,
    /// Nobody has decided yet.
    pub waiting: u32,
    /// Contested and not settled.
    pub contested: u32,
    /// Wrong, withdrawn or dropped.
    pub void: u32,
}

impl Counts {
    fn add(&mut self, standing: Standing) {
        *match standing {
            Standing::Counts => &mut self.counted,
            Standing::Waiting => &mut self.waiting,
            Standing::Contested => &mut self.contested,
            Standing::Void => &mut self.void,
        } += 1;
    }
}

/// Seconds of duty time by whether something could be told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Time {
    /// Something could be told.
    pub observed_s: f64,
    /// The agent reported that nothing could be told.
    pub unknown_s: f64,
    /// Duty time of which no agent reported anything.
    pub unreported_s: f64,
}

impl Time {
    fn add(&mut self, other: Self) {
        self.observed_s += other.observed_s;
        self.unknown_s += other.unknown_s;
        self.unreported_s += other.unreported_s;
    }

    /// The share that was observed; `None` where nothing was due.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        let all = self.observed_s + self.unknown_s + self.unreported_s;
        (all > 0.0).then(|| self.observed_s / all)
    }
}

/// Counts and the time they rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Events.
    pub counts: Counts,
    /// Time.
    pub time: Time,
}

impl Tally {
    /// Events that count in a hundred observed hours; `None` where too little was observed.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let hours = self.time.observed_s / 3600.0;
        (hours >= RATE_HOURS).then(|| f64::from(self.counts.counted) / hours * 100.0)
    }
}

/// The figures of some days.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// All of it.
    pub total: Tally,
    /// Every day, those without anything too.
    pub days: BTreeMap<Date, Tally>,
    /// Every rule that was looked at or raised; its time is that of its own signal.
    pub rules: BTreeMap<Rule, Tally>,
    /// Every window.
    pub windows: BTreeMap<WindowId, Tally>,
    /// Smoking zones together; nobody's post, and without coverage of their own.
    pub zones: Counts,
    /// By the hour of the day in the hall's time zone.
    pub hours: BTreeMap<u8, Tally>,
    /// By window and rule and day, for files.
    pub cells: BTreeMap<(Date, Option<WindowId>, Rule), Counts>,
}

/// Counts. Events are counted on the day and in the hour in which they began.
///
/// Of each window and hour the signal that saw the most tells how long it was observed; so days, hours and windows add
/// up to the total.
#[must_use]
pub fn figures(days: &Days, seen: &[Seen], covered: &[Covered], due: &Due) -> Figures {
    let mut figures = Figures {
        total: Tally::default(),
        days: days.each().map(|day| (day, Tally::default())).collect(),
        rules: BTreeMap::new(),
        windows: BTreeMap::new(),
        zones: Counts::default(),
        hours: BTreeMap::new(),
        cells: BTreeMap::new(),
    };
    for event in seen {
        figures.count(days, event);
    }
    let signals = by_signal(covered, due);
    for ((window, hour), times) in &signals {
        // Of two signals that saw equally much the one that at least reported so.
        let more = |a: &Time, b: &Time| {
            a.observed_s.total_cmp(&b.observed_s).then(a.unknown_s.total_cmp(&b.unknown_s))
        };
        let best = times.values().copied().max_by(more).unwrap_or_default();
        figures.cover(days, window, *hour, best);
        for rule in Rule::ALL {
            if let Some(time) = times.get(&rule.signal()) {
                figures.rules.entry(rule).or_default().time.add(*time);
            }
        }
    }
    figures
}

impl Figures {
    fn count(&mut self, days: &Days, event: &Seen) {
        let local = event.opened.to_zoned(days.zone.clone());
        let Some(day) = self.days.get_mut(&local.date()) else { return };
        day.counts.add(event.standing);
        self.total.counts.add(event.standing);
        self.rules.entry(event.rule).or_default().counts.add(event.standing);
        let hour = u8::try_from(local.hour()).unwrap_or_default();
        self.hours.entry(hour).or_default().counts.add(event.standing);
        match &event.window {
            Some(window) => self.windows.entry(window.clone()).or_default().counts.add(event.standing),
            None => self.zones.add(event.standing),
        }
        self.cells.entry((local.date(), event.window.clone(), event.rule)).or_default().add(event.standing);
    }

    fn cover(&mut self, days: &Days, window: &WindowId, hour: Timestamp, time: Time) {
        let local = hour.to_zoned(days.zone.clone());
        let Some(day) = self.days.get_mut(&local.date()) else { return };
        day.time.add(time);
        self.total.time.add(time);
        self.hours.entry(u8::try_from(local.hour()).unwrap_or_default()).or_default().time.add(time);
        self.windows.entry(window.clone()).or_default().time.add(time);
    }
}

/// Each window's hours by signal; what was due and not reported is added to every signal, so that silence shows.
fn by_signal(covered: &[Covered], due: &Due) -> BTreeMap<(WindowId, Timestamp), BTreeMap<Signal, Time>> {
    let mut all: BTreeMap<(WindowId, Timestamp), BTreeMap<Signal, Time>> = BTreeMap::new();
    let signals: std::collections::BTreeSet<_> =
        covered.iter().map(|c| c.signal).chain([Signal::Presence]).collect();
    for cover in covered {
        let time =
            all.entry((cover.window.clone(), cover.hour)).or_default().entry(cover.signal).or_default();
        time.observed_s += cover.observed_s;
        time.unknown_s += cover.unknown_s;
    }
    for (place, seconds) in due {
        let times = all.entry(place.clone()).or_default();
        for signal in &signals {
            let time = times.entry(*signal).or_default();
            time.unreported_s = (seconds - time.observed_s - time.unknown_s).max(0.0);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn window(id: &str) -> WindowId {
        WindowId::new(id).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00+08:00").parse().unwrap()
    }

    fn week() -> Days {
        let day = |text: &str| text.parse().unwrap();
        Days { from: day("2026-11-16"), to: day("2026-11-22"), zone: TimeZone::get("Asia/Shanghai").unwrap() }
    }

    fn seen(id: &str, rule: Rule, opened: &str, standing: Standing) -> Seen {
        Seen { window: (!id.is_empty()).then(|| window(id)), rule, opened: at(opened), standing }
    }

    fn covered(id: &str, hour: &str, signal: Signal, observed_s: f64, unknown_s: f64) -> Covered {
        Covered { window: window(id), hour: at(hour), signal, observed_s, unknown_s }
    }

    #[test]
    fn only_events_that_count_are_conduct_and_the_rest_stands_apart() {
        let events = [
            seen("1", Rule::Slumped, "16T09:10", Standing::Counts),
            seen("1", Rule::Slumped, "16T10:10", Standing::Void),
            seen("2", Rule::Absence, "17T09:50", Standing::Waiting),
            seen("2", Rule::Absence, "17T11:50", Standing::Contested),
            seen("", Rule::Smoking, "18T09:00", Standing::Counts),
            // The day after: not of this week.
            seen("1", Rule::Slumped, "23T00:00", Standing::Counts),
        ];
        let found = figures(&week(), &events, &[], &Due::new());
        assert_eq!(found.total.counts, Counts { counted: 2, waiting: 1, contested: 1, void: 1 });
        assert_eq!(found.rules[&Rule::Slumped].counts, Counts { counted: 1, void: 1, ..Counts::default() });
        assert_eq!(
            found.windows[&window("2")].counts,
            Counts { waiting: 1, contested: 1, ..Counts::default() }
        );
        assert_eq!(found.zones.counted, 1);
        assert_eq!(found.hours[&9].counts.counted, 2);
        assert_eq!(found.days.len(), 7);
        assert_eq!(found.total.rate(), None, "no rate without observed hours");
    }

    #[test]
    fn a_dead_camera_never_looks_like_a_good_week() {
        let due: Due = [("16T09:00", 3600.0), ("16T10:00", 3600.0), ("16T11:00", 3600.0)]
            .into_iter()
            .map(|(hour, seconds)| ((window("1"), at(hour)), seconds))
            .collect();
        let reports = [
            covered("1", "16T09:00", Signal::Presence, 3000.0, 600.0),
            covered("1", "16T09:00", Signal::Posture, 1200.0, 2400.0),
            covered("1", "16T10:00", Signal::Presence, 0.0, 3600.0),
        ];
        let found = figures(&week(), &[], &reports, &due);
        assert_eq!(found.total.time, Time { observed_s: 3000.0, unknown_s: 4200.0, unreported_s: 3600.0 });
        assert_eq!(found.total.time.coverage(), Some(3000.0 / 10_800.0));
        // A rule is as observed as its own signal, and silence counts against it too.
        let posture = found.rules[&Rule::Slumped].time;
        assert_eq!(posture, Time { observed_s: 1200.0, unknown_s: 2400.0, unreported_s: 7200.0 });
        // Nothing at all was reported: nothing was observed.
        let silent = figures(&week(), &[], &[], &due);
        assert_eq!((silent.total.time.coverage(), silent.total.rate()), (Some(0.0), None));
        // Outside of duty nothing is due, so a free day has no coverage to speak of.
        assert_eq!(silent.days[&"2026-11-21".parse().unwrap()].time.coverage(), None);
    }

    #[test]
    fn a_rate_comes_with_enough_hours_or_not_at_all() {
        let tally = |hours: f64, counted| Tally {
            counts: Counts { counted, ..Counts::default() },
            time: Time { observed_s: hours * 3600.0, ..Time::default() },
        };
        assert_eq!(tally(50.0, 2).rate(), Some(4.0));
        assert_eq!(tally(RATE_HOURS, 0).rate(), Some(0.0));
        assert_eq!(tally(7.9, 5).rate(), None);
    }

    proptest! {
        /// Days, hours and windows are the same figures in other orders.
        #[test]
        fn everything_adds_up(
            events in proptest::collection::vec((0usize..3, 0i64..7, 0i64..24, 0usize..10, 0usize..4), 0..40),
            reports in proptest::collection::vec((0usize..3, 0i64..7, 0i64..24, 0usize..5, 0u32..3600), 0..60),
        ) {
            let ids = ["1", "2", "3"];
            let all = [Standing::Counts, Standing::Waiting, Standing::Contested, Standing::Void];
            let hour = |day: i64, hour: i64| at("16T00:00") + jiff::SignedDuration::from_hours(day * 24 + hour);
            let events: Vec<_> = events.iter().map(|(w, d, h, r, s)| Seen {
                window: Some(window(ids[*w])), rule: Rule::ALL[*r], opened: hour(*d, *h), standing: all[*s],
            }).collect();
            let mut one_each = BTreeMap::new();
            for (w, d, h, s, n) in reports {
                one_each.insert((w, d, h, s), n);
            }
            let reports: Vec<_> = one_each.iter().map(|((w, d, h, s), n)| Covered {
                window: window(ids[*w]), hour: hour(*d, *h), signal: Signal::ALL[*s], observed_s: f64::from(*n), unknown_s: f64::from(3600 - n),
            }).collect();
            let found = figures(&week(), &events, &reports, &Due::new());
            let counts = |tallies: Vec<&Tally>| tallies.iter().map(|t| t.counts.counted + t.counts.waiting + t.counts.contested + t.counts.void).sum::<u32>();
            let observed = |tallies: Vec<&Tally>| tallies.iter().map(|t| t.time.observed_s).sum::<f64>();
            let n = u32::try_from(events.len()).unwrap();
            for tallies in [found.days.values().collect::<Vec<_>>(), found.hours.values().collect(), found.windows.values().collect()] {
                prop_assert_eq!(counts(tallies.clone()), n);
                prop_assert!((observed(tallies) - found.total.time.observed_s).abs() < 1e-6);
            }
            prop_assert_eq!(counts(found.rules.values().collect()), n);
            if let Some(coverage) = found.total.time.coverage() {
                prop_assert!((0.0..=1.0).contains(&coverage));
            }
        }
    }
}
