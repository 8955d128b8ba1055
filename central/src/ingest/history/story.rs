//! A month at some windows, made up: what happens when, how much could be observed, and what broke. The same seed tells
//! the same story. Pure.

use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{CloseReason, Event, EventId, EventSchema, Evidence, Phase};
use chuangming_domain::id::{AgentId, CameraId, HallId, WindowId, ZoneId};
use chuangming_domain::item::ItemClass;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{
    Coverage, CoverageSchema, Health, HealthKind, HealthPhase, HealthSchema, Observed,
};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};

/// Who tells of what.
#[derive(Debug, Clone)]
pub struct Story {
    /// The hall.
    pub hall: HallId,
    /// The agent that saw it.
    pub agent: AgentId,
    /// Its windows.
    pub windows: Vec<WindowId>,
    /// A smoking zone, if it watches one.
    pub zone: Option<ZoneId>,
    /// The last day.
    pub last: Date,
    /// How many days, days off included.
    pub days: u16,
    /// The hall's time zone.
    pub timezone: TimeZone,
    /// The same number tells the same story.
    pub seed: u64,
}

/// A message of the story.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// About conduct.
    Event(Box<Event>),
    /// About the system.
    Health(Health),
    /// About how much could be observed.
    Coverage(Coverage),
}

/// Duty hours as (first hour, minutes of it on duty): 08:30–12:00 and 13:30–17:30.
const DUTY: [(i8, f64); 9] = [
    (8, 30.0),
    (9, 60.0),
    (10, 60.0),
    (11, 60.0),
    (13, 30.0),
    (14, 60.0),
    (15, 60.0),
    (16, 60.0),
    (17, 30.0),
];

/// How likely a rule's condition holds long enough in an hour of duty, and at what times of day more than usual.
const HABITS: [(Rule, f64, &[i8]); 10] = [
    (Rule::Absence, 0.016, &[11, 16, 17]),
    (Rule::Overstaffed, 0.004, &[10]),
    (Rule::Slumped, 0.007, &[13, 14]),
    (Rule::LeaningBack, 0.012, &[14, 15]),
    (Rule::Tilted, 0.011, &[15, 16]),
    (Rule::BadgeMissing, 0.014, &[8, 13]),
    (Rule::Smoking, 0.0012, &[]),
    (Rule::Ashtray, 0.001, &[]),
    (Rule::Clutter, 0.026, &[13, 9]),
    (Rule::RequiredItemMissing, 0.005, &[8]),
];

impl Story {
    /// All of it, day by day, in the order in which an agent would have sent it.
    #[must_use]
    pub fn messages(&self) -> Vec<Told> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let worked: Vec<_> = (0..i64::from(self.days))
            .rev()
            .filter_map(|back| self.last.checked_sub(back.days()).ok())
            .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
            .collect();
        let character: Vec<f64> = self.windows.iter().map(|_| rng.random_range(0.6..1.5)).collect();
        let mut told = Vec::new();
        for (number, day) in worked.iter().enumerate() {
            // People get used to what is asked of them.
            let gone = u32::try_from(number).map_or(0.0, f64::from) / f64::from(self.days.max(1));
            let wear = 1.25 - 0.6 * gone;
            self.day(*day, Trouble::of(number, worked.len()), wear, &character, &mut rng, &mut told);
        }
        told
    }

    fn day(
        &self,
        day: Date,
        trouble: Trouble,
        wear: f64,
        character: &[f64],
        rng: &mut StdRng,
        told: &mut Vec<Told>,
    ) {
        let mut busy: BTreeMap<(usize, Rule), Timestamp> = BTreeMap::new();
        for (hour, minutes) in DUTY {
            if trouble.silent(hour) {
                continue;
            }
            let Some(start) = self.instant(day, hour) else { continue };
            let from = if minutes < 60.0 && matches!(hour, 8 | 13) {
                start + SignedDuration::from_mins(30)
            } else {
                start
            };
            let mut windows = BTreeMap::new();
            for (n, window) in self.windows.iter().enumerate() {
                let blind = trouble.blind(hour, n);
                windows.insert(window.clone(), covered(minutes * 60.0, blind, rng));
                if !blind {
                    self.conduct(n, (hour, from, minutes), wear * character[n], &mut busy, rng, told);
                }
            }
            self.zone_smoke(from, minutes, rng, told);
            told.push(Told::Coverage(Coverage { schema: CoverageSchema::V1, hour: start, windows }));
        }
        told.extend(self.health(day, trouble, rng).into_iter().map(Told::Health));
    }

    fn conduct(
        &self,
        window: usize,
        (hour, from, minutes): (i8, Timestamp, f64),
        often: f64,
        busy: &mut BTreeMap<(usize, Rule), Timestamp>,
        rng: &mut StdRng,
        told: &mut Vec<Told>,
    ) {
        for (rule, chance, peaks) in HABITS {
            let peak = if peaks.contains(&hour) { 2.4 } else { 1.0 };
            if !rng.random_bool((chance * peak * often * minutes / 60.0).min(1.0)) {
                continue;
            }
            let dwell = f64::from(rule.default_raise_after_s());
            let opened = from + seconds(rng.random_range(0.0..minutes * 60.0));
            if busy.get(&(window, rule)).is_some_and(|until| opened < *until) {
                continue;
            }
            let lasted = dwell * rng.random_range(1.1..2.6) + rng.random_range(5.0..90.0);
            let event = self.event(Some(self.windows[window].clone()), rule, opened, (dwell, lasted), rng);
            busy.insert((window, rule), opened + seconds(lasted + 300.0));
            told.extend(event.map(|event| Told::Event(Box::new(event))));
        }
    }

    fn zone_smoke(&self, from: Timestamp, minutes: f64, rng: &mut StdRng, told: &mut Vec<Told>) {
        if self.zone.is_some() && rng.random_bool(0.025) {
            let opened = from + seconds(rng.random_range(0.0..minutes * 60.0));
            let event = self.event(None, Rule::Smoking, opened, (4.0, rng.random_range(20.0..150.0)), rng);
            told.extend(event.map(|event| Told::Event(Box::new(event))));
        }
    }

    /// The two messages of an episode.
    fn event(
        &self,
        window: Option<WindowId>,
        rule: Rule,
        opened_at: Timestamp,
        (dwell, lasted): (f64, f64),
        rng: &mut StdRng,
    ) -> [Event; 2] {
        let at = opened_at + seconds(dwell);
        let closed_at = opened_at + seconds(lasted);
        let hit_ratio = round(rng.random_range(0.86..1.0));
        let opened = Event {
            schema: EventSchema::V1,
            id: id_at(at, rng),
            seq: 0,
            phase: Phase::Opened,
            hall: self.hall.clone(),
            agent: self.agent.clone(),
            zone: if window.is_none() { self.zone.clone() } else { None },
            window,
            rule,
            article: rule.default_article().to_owned(),
            severity: rule.default_severity(),
            opened_at,
            at,
            closed_at: None,
            close_reason: None,
            confidence: round(rng.random_range(0.74..0.98)),
            evidence: Evidence {
                hit_ratio,
                observed_s: dwell,
                unknown_s: 0.0,
                items: items(rule, rng),
                people: (rule == Rule::Overstaffed).then_some(3),
            },
            policy: Digest::of(b"a month gone by: policy"),
            calibration: Digest::of(b"a month gone by: calibration"),
            models: BTreeMap::from([(rule.signal(), Digest::of(b"a month gone by: model"))]),
            historical: true,
        };
        let evidence = Evidence { observed_s: round(lasted), ..opened.evidence.clone() };
        let closed = Event {
            seq: 1,
            phase: Phase::Closed,
            at: closed_at,
            closed_at: Some(closed_at),
            close_reason: Some(CloseReason::Cleared),
            evidence,
            ..opened.clone()
        };
        [opened, closed]
    }

    fn health(&self, day: Date, trouble: Trouble, rng: &mut StdRng) -> Vec<Health> {
        let Some((kind, from, to, windows)) = trouble.health(&self.windows) else { return Vec::new() };
        let (Some(raised), Some(cleared)) = (self.instant(day, from), self.instant(day, to)) else {
            return Vec::new();
        };
        let raised_message = Health {
            schema: HealthSchema::V1,
            id: id_at(raised, rng),
            seq: 0,
            kind,
            phase: HealthPhase::Raised,
            camera: CameraId::new("cam-1").ok(),
            windows,
            at: raised,
        };
        let cleared_message =
            Health { seq: 1, phase: HealthPhase::Cleared, at: cleared, ..raised_message.clone() };
        vec![raised_message, cleared_message]
    }

    fn instant(&self, day: Date, hour: i8) -> Option<Timestamp> {
        Some(day.at(hour, 0, 0, 0).to_zoned(self.timezone.clone()).ok()?.timestamp())
    }
}

/// What breaks on a day: a camera that is offline, one that is covered for an hour, a machine that is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    CameraOffline,
    CameraCovered,
    MachineOff,
}

impl Trouble {
    fn of(day: usize, days: usize) -> Self {
        match day {
            _ if days < 10 => Self::None,
            _ if day == days / 3 => Self::CameraOffline,
            _ if day == days / 2 + 2 => Self::MachineOff,
            _ if day == days - 3 => Self::CameraCovered,
            _ => Self::None,
        }
    }

    fn silent(self, hour: i8) -> bool {
        self == Self::MachineOff && hour >= 13
    }

    fn blind(self, hour: i8, window: usize) -> bool {
        match self {
            Self::CameraOffline => hour >= 9,
            Self::CameraCovered => hour == 15 && window == 0,
            Self::None | Self::MachineOff => false,
        }
    }

    fn health(self, windows: &[WindowId]) -> Option<(HealthKind, i8, i8, Vec<WindowId>)> {
        match self {
            Self::CameraOffline => Some((HealthKind::CameraOffline, 9, 18, windows.to_vec())),
            Self::CameraCovered => {
                Some((HealthKind::CameraCovered, 15, 16, windows.iter().take(1).cloned().collect()))
            }
            Self::None | Self::MachineOff => None,
        }
    }
}

fn covered(due_s: f64, blind: bool, rng: &mut StdRng) -> BTreeMap<Signal, Observed> {
    let share = |signal, rng: &mut StdRng| match signal {
        _ if blind => 0.0,
        Signal::Presence => rng.random_range(0.97..1.0),
        Signal::Posture => rng.random_range(0.89..0.97),
        Signal::Badge => rng.random_range(0.72..0.9),
        Signal::Smoking => rng.random_range(0.93..0.99),
        Signal::Desk => rng.random_range(0.9..0.99),
    };
    Signal::ALL
        .into_iter()
        .map(|signal| {
            let observed_s = round(due_s * share(signal, rng));
            (signal, Observed { observed_s, unknown_s: round(due_s - observed_s) })
        })
        .collect()
}

fn items(rule: Rule, rng: &mut StdRng) -> BTreeSet<ItemClass> {
    const LYING_ABOUT: [ItemClass; 6] = [
        ItemClass::Cup,
        ItemClass::Bottle,
        ItemClass::Bag,
        ItemClass::MobilePhone,
        ItemClass::Tissue,
        ItemClass::Food,
    ];
    match rule {
        Rule::Clutter => {
            (0..rng.random_range(1..3)).map(|_| LYING_ABOUT[rng.random_range(0..LYING_ABOUT.len())]).collect()
        }
        Rule::Ashtray => BTreeSet::from([ItemClass::Ashtray]),
        Rule::RequiredItemMissing => BTreeSet::from([ItemClass::NamePlate]),
        _ => BTreeSet::new(),
    }
}

fn id_at(at: Timestamp, rng: &mut StdRng) -> EventId {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    EventId(uuid::Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid())
}

fn seconds(s: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(round(s)).unwrap_or_default()
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::payload;
    use chuangming_domain::wire::Channel;

    fn story(days: u16) -> Story {
        Story {
            hall: HallId::new("tanggu").unwrap(),
            agent: AgentId::new("edge-01").unwrap(),
            windows: ["1", "2", "3"].map(|id| WindowId::new(id).unwrap()).to_vec(),
            zone: ZoneId::new("lobby-east").ok(),
            last: "2026-11-22".parse().unwrap(),
            days,
            timezone: TimeZone::get("Asia/Shanghai").unwrap(),
            seed: 7,
        }
    }

    #[test]
    fn every_message_is_valid_historical_and_of_its_days() {
        let story = story(30);
        let told = story.messages();
        let days: BTreeSet<_> = (0..30).map(|n| story.last.checked_sub(n.days()).unwrap()).collect();
        let day_of = |at: Timestamp| at.to_zoned(story.timezone.clone()).date();
        for message in &told {
            let (channel, text, at) = match message {
                Told::Event(event) => {
                    assert!(event.historical);
                    (Channel::Events, serde_json::to_string(event), event.opened_at)
                }
                Told::Health(health) => (Channel::Health, serde_json::to_string(health), health.at),
                Told::Coverage(coverage) => {
                    (Channel::Coverage, serde_json::to_string(coverage), coverage.hour)
                }
            };
            assert!(
                days.contains(&day_of(at))
                    && at.to_zoned(story.timezone.clone()).weekday() != Weekday::Sunday,
                "{at}"
            );
            let topic = channel.topic(&story.hall, &story.agent);
            let read = payload::read(&topic, text.unwrap().as_bytes());
            assert!(read.is_ok(), "{message:?}: {read:?}");
        }
    }

    #[test]
    fn a_month_is_believable() {
        let told = story(30).messages();
        assert_eq!(told, story(30).messages(), "the same seed tells the same story");
        let opened: Vec<_> = told
            .iter()
            .filter_map(|t| match t {
                Told::Event(e) if e.seq == 0 => Some(e),
                _ => None,
            })
            .collect();
        assert!((30..300).contains(&opened.len()), "{} events", opened.len());
        assert!(opened.iter().map(|e| e.rule).collect::<BTreeSet<_>>().len() >= 7);
        assert!(opened.iter().any(|e| e.zone.is_some()));
        let coverage = told.iter().filter(|t| matches!(t, Told::Coverage(_))).count();
        // Twenty working days of nine hours; on one afternoon the machine was off.
        assert_eq!(coverage, 20 * 9 - 5);
        let blind = told.iter().any(|t| matches!(t, Told::Coverage(c) if c.windows.values().all(|w| w[&Signal::Presence].observed_s == 0.0)));
        assert!(blind && told.iter().any(|t| matches!(t, Told::Health(_))));
    }
}
