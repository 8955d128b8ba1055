//! The policy: which rules hold, when, and what may lie on a desk (`policy.toml`).

use crate::digest::Digest;
use crate::fields::{Fields, Problems, Reader, as_text};
use crate::item::{ItemClass, ItemSet};
use crate::rule::{Rule, Severity};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// A validated policy with its content hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// When the rules are on duty; `None` is always.
    pub schedule: Option<Schedule>,
    /// Item classes permitted on every desk.
    pub permitted: ItemSet,
    /// The settings of every rule.
    pub rules: BTreeMap<Rule, RuleSettings>,
    /// The content hash of the text that this policy was read from.
    pub digest: Digest,
}

/// How one rule behaves in time. Durations are seconds of observed time.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSettings {
    /// Whether the rule is looked at.
    pub enabled: bool,
    /// The clause of the regulation, as shown to people.
    pub article: String,
    /// How urgent.
    pub severity: Severity,
    /// The dwell: how long the condition must hold. 1 to 1800.
    pub raise_after_s: f64,
    /// How long the condition must be gone before the episode closes.
    pub clear_after_s: f64,
    /// How long after closing the same rule stays quiet at that window.
    pub cooldown_s: f64,
    /// Share of the observed time in the dwell for which the condition must have held.
    pub raise_ratio: f64,
    /// Share of the observed time in the clear window up to which the condition counts as gone.
    pub clear_ratio: f64,
}

impl RuleSettings {
    /// The contract's defaults of a rule.
    #[must_use]
    pub fn default_for(rule: Rule) -> Self {
        Self {
            enabled: true,
            article: rule.default_article().to_owned(),
            severity: rule.default_severity(),
            raise_after_s: f64::from(rule.default_raise_after_s()),
            clear_after_s: 10.0,
            cooldown_s: 300.0,
            raise_ratio: 0.8,
            clear_ratio: 0.2,
        }
    }

    fn read(self, mut f: Fields, r: &mut Reader) -> Self {
        let severity = f.get(r, "severity", "info, warning or critical", |v| {
            as_text(v).and_then(|name| Severity::by_name(&name))
        });
        // Central takes no event with a longer one.
        let article = f.get(r, "article", "a clause of 1 to 16 characters such as \"16.5\"", |v| {
            as_text(v).filter(|text| !text.trim().is_empty() && text.chars().count() <= 16)
        });
        let settings = Self {
            enabled: f.flag(r, "enabled").unwrap_or(self.enabled),
            article: article.unwrap_or(self.article),
            severity: severity.unwrap_or(self.severity),
            raise_after_s: f.number(r, "raise_after_s", 1.0..=1800.0).unwrap_or(self.raise_after_s),
            clear_after_s: f.number(r, "clear_after_s", 0.0..=1800.0).unwrap_or(self.clear_after_s),
            cooldown_s: f.number(r, "cooldown_s", 0.0..=86_400.0).unwrap_or(self.cooldown_s),
            raise_ratio: f.number(r, "raise_ratio", 0.05..=1.0).unwrap_or(self.raise_ratio),
            clear_ratio: f.number(r, "clear_ratio", 0.0..=0.95).unwrap_or(self.clear_ratio),
        };
        if settings.clear_ratio >= settings.raise_ratio {
            let text = format!(
                "is {}, expected less than raise_ratio ({}): else an episode would open and close at once",
                settings.clear_ratio, settings.raise_ratio
            );
            r.problem(f.name("clear_ratio"), text);
        }
        f.end(r);
        settings
    }
}

/// Duty hours of a week with exceptions, in the hall's own time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The hall's time zone.
    pub timezone: TimeZone,
    /// Duty hours by weekday, Monday first.
    pub weekly: [Vec<Span>; 7],
    /// Days without duty.
    pub holidays: BTreeSet<Date>,
    /// Make-up workdays (调休): duty although the weekday or a holiday says otherwise.
    pub workdays: BTreeSet<Date>,
}

/// A stretch of duty in minutes from midnight; one that ends at or before its start runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First minute on duty, 0 to 1439.
    pub from: u16,
    /// First minute off duty, 1 to 2880.
    pub to: u16,
}

const MINUTES_A_DAY: u16 = 24 * 60;
/// How the weekdays are called in the file, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Span {
    /// Reads `"08:30-12:00"`; `"22:00-06:00"` runs over midnight and `"00:00-24:00"` is a whole day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, mut to) = (minute(from)?, minute(to)?);
        if from >= MINUTES_A_DAY {
            return None;
        }
        if to <= from {
            to += MINUTES_A_DAY;
        }
        Some(Self { from, to })
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two_digits = |t: &str| (t.len() == 2).then(|| t.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= MINUTES_A_DAY).then_some(hours * 60 + minutes)
}

impl Schedule {
    /// The duty hours that begin on that day.
    ///
    /// A make-up workday has the hours of its weekday, or Monday's where its weekday has none.
    #[must_use]
    pub fn spans_on(&self, day: Date) -> &[Span] {
        let of = |weekday: Weekday| self.weekly[weekday.to_monday_zero_offset() as usize].as_slice();
        if self.workdays.contains(&day) {
            let own = of(day.weekday());
            return if own.is_empty() { of(Weekday::Monday) } else { own };
        }
        if self.holidays.contains(&day) { &[] } else { of(day.weekday()) }
    }

    /// When the span of duty that holds at that instant ends; `None` off duty.
    ///
    /// Spans are half-open: the minute a span ends is off duty. Where spans overlap it is the latest end. A span may
    /// follow at once: ask again at the end.
    #[must_use]
    pub fn span_end(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.to_zoned(self.timezone.clone()).date();
        // A span runs at most until the end of the day after the one it begins on.
        let days = [today.checked_sub(1.day()).ok(), Some(today)];
        let spans = days.into_iter().flatten().flat_map(|day| self.duty_on(day));
        spans.filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| to).max()
    }

    /// The duty that begins on that day, as instants.
    pub fn duty_on(&self, day: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let spans = self.spans_on(day).iter();
        spans.filter_map(move |span| Some((self.instant(day, span.from)?, self.instant(day, span.to)?)))
    }

    /// The instant at which the wall clock of the hall shows that many minutes after the day's midnight.
    ///
    /// A time that daylight saving skips is moved forward by the gap; of one that comes twice the first counts.
    fn instant(&self, day: Date, minutes: u16) -> Option<Timestamp> {
        let wall =
            day.to_datetime(Time::midnight()).checked_add(SignedDuration::from_mins(minutes.into())).ok()?;
        Some(wall.to_zoned(self.timezone.clone()).ok()?.timestamp())
    }

    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let timezone = f.require(r, "timezone", "an IANA time zone such as \"Asia/Shanghai\"", |v| {
            as_text(v).and_then(|name| TimeZone::get(&name).ok())
        });
        let mut weekly: [Vec<Span>; 7] = Default::default();
        if let Some(mut days) = f.table(r, "weekly") {
            for (day, name) in weekly.iter_mut().zip(DAYS) {
                let expected = "a list of hours such as [\"08:30-12:00\", \"13:30-17:30\"]";
                let spans = |v| match v {
                    Value::Array(a) => {
                        a.into_iter().map(|s| as_text(s).and_then(|t| Span::parse(&t))).collect()
                    }
                    _ => None,
                };
                *day = days.get(r, name, expected, spans).unwrap_or_default();
            }
            days.end(r);
        } else {
            r.problem(f.name("weekly"), "is missing, expected { mon = [\"08:30-12:00\"], … }");
        }
        let dates = |v| match v {
            Value::Array(a) => {
                a.into_iter().map(|d| as_text(d)?.parse().ok()).collect::<Option<BTreeSet<Date>>>()
            }
            _ => None,
        };
        let expected = "a list of days such as [\"2026-10-01\"]";
        let holidays = f.get(r, "holidays", expected, dates).unwrap_or_default();
        let workdays = f.get(r, "workdays", expected, dates).unwrap_or_default();
        f.end(r);
        Some(Self { timezone: timezone?, weekly, holidays, workdays })
    }
}

impl Default for Policy {
    /// Every rule with its defaults, always on duty.
    fn default() -> Self {
        Self {
            schedule: None,
            permitted: ItemClass::permitted_by_default(),
            rules: Rule::ALL.into_iter().map(|rule| (rule, RuleSettings::default_for(rule))).collect(),
            digest: Digest::of(b""),
        }
    }
}

impl Policy {
    /// Reads and validates a whole `policy.toml`; `file` is how messages name it.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Problems> {
        let mut r = Reader::new(file);
        let policy = r.parse(text).map(|table| Self::read(Fields::root(table), &mut r));
        let policy = r.finish(policy)?;
        Ok(Self { digest: Digest::of(text.as_bytes()), ..policy })
    }

    fn read(mut f: Fields, r: &mut Reader) -> Self {
        f.require(r, "version", "1", |v| (v.as_integer() == Some(1)).then_some(1));
        let schedule = f.table(r, "schedule").and_then(|f| Schedule::read(f, r));
        let mut permitted = None;
        if let Some(mut items) = f.table(r, "items") {
            permitted = item_set(&mut items, r, "permitted");
            items.end(r);
        }
        let mut rules = Self::default().rules;
        if let Some(table) = f.table(r, "rules") {
            read_rules(&mut rules, table, r);
        }
        f.end(r);
        Self {
            schedule,
            permitted: permitted.unwrap_or_else(ItemClass::permitted_by_default),
            rules,
            digest: Digest::of(b""),
        }
    }

    /// This policy with some rules changed key by key, as in a clip's `policy`:
    /// `{ absence = { raise_after_s = 5 } }`.
    ///
    /// # Errors
    /// Every problem of the overrides.
    pub fn with_rules(&self, overrides: Table, file: &str) -> Result<Self, Problems> {
        let mut r = Reader::new(file);
        let mut policy = self.clone();
        policy.digest = Digest::of(format!("{}{overrides}", self.digest).as_bytes());
        read_rules(&mut policy.rules, Fields::at("policy", overrides), &mut r);
        r.finish(Some(policy))
    }

    /// The settings of a rule.
    ///
    /// # Panics
    /// Never: a policy holds every rule.
    #[must_use]
    pub fn rule(&self, rule: Rule) -> &RuleSettings {
        &self.rules[&rule]
    }
}

fn read_rules(rules: &mut BTreeMap<Rule, RuleSettings>, table: Fields, r: &mut Reader) {
    let (path, table) = table.rest();
    for (name, value) in table {
        let place = format!("{path}.{name}");
        match (Rule::by_name(&name), value) {
            (Some(rule), Value::Table(table)) => {
                let base = rules.get(&rule).cloned().unwrap_or_else(|| RuleSettings::default_for(rule));
                rules.insert(rule, base.read(Fields::at(place, table), r));
            }
            (Some(_), _) => r.problem(place, "expected a table of settings"),
            (None, _) => {
                let known: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
                r.problem(place, format!("is no rule; rules: {}", known.join(", ")));
            }
        }
    }
}

/// Reads a list of item classes; each unknown name is a problem of its own.
pub fn item_set(f: &mut Fields, r: &mut Reader, key: &'static str) -> Option<ItemSet> {
    let names = f.texts(r, key)?;
    Some(item_classes(f, r, key, names))
}

/// The classes with these names; a name that is none is a problem of the key.
pub(crate) fn item_classes(f: &Fields, r: &mut Reader, key: &str, names: Vec<String>) -> ItemSet {
    let mut set = ItemSet::new();
    for name in names {
        match ItemClass::by_name(&name) {
            Some(ItemClass::Unrecognised) | None => {
                let known: Vec<_> = ItemClass::ALL[..28].iter().map(|c| c.name()).collect();
                r.problem(f.name(key), format!("{name:?} is no item class; classes: {}", known.join(" ")));
            }
            Some(class) => {
                set.insert(class);
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_example_is_read() {
        let policy = Policy::parse(
            r#"
            version = 1
            [schedule]
            timezone = "Asia/Shanghai"
            weekly = { mon = ["08:30-12:00", "13:30-17:30"], sun = ["22:00-06:00"] }
            holidays = ["2026-10-01"]
            workdays = ["2026-10-10"]
            [items]
            permitted = ["monitor", "cup"]
            [rules.absence]
            raise_after_s = 5
            severity = "critical"
            "#,
            "policy.toml",
        )
        .unwrap();
        let absence = policy.rule(Rule::Absence);
        assert_eq!((absence.raise_after_s, absence.clear_after_s), (5.0, 10.0));
        assert_eq!(absence.severity, Severity::Critical);
        let schedule = policy.schedule.unwrap();
        assert_eq!(schedule.weekly[0], [Span { from: 510, to: 720 }, Span { from: 810, to: 1050 }]);
        assert_eq!(schedule.weekly[6], [Span { from: 1320, to: 1800 }]);
        assert!(policy.permitted.contains(&ItemClass::Cup));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = r#"
            version = 2
            colour = "red"
            [schedule]
            timezone = "Mars/Olympus"
            weekly = { mon = ["8:30-12"], mo = [] }
            holidays = ["yesterday"]
            [items]
            permitted = ["monitor", "gun"]
            [rules.absence]
            article = "an article as long as this one"
            raise_after_s = 0
            clear_ratio = 0.9
            [rules.smiling]
            enabled = true
        "#;
        let problems = Policy::parse(text, "policy.toml").unwrap_err().to_string();
        for part in [
            "policy.toml: version: is 2, expected 1",
            "colour: is unknown; known here: version",
            "schedule.timezone",
            "schedule.weekly.mon",
            "schedule.weekly.mo: is unknown",
            "schedule.holidays",
            "\"gun\" is no item class",
            "rules.absence.article: is \"an article",
            "rules.absence.raise_after_s: is 0, expected a number from 1 to 1800",
            "rules.absence.clear_ratio",
            "rules.smiling: is no rule",
        ] {
            assert!(problems.contains(part), "{part:?} not in {problems}");
        }
        let syntax = Policy::parse("version = 1\nrules = [", "p.toml").unwrap_err().to_string();
        assert!(syntax.starts_with("p.toml: line 2: "), "{syntax}");
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("08:30-12:00", Some((510, 720))),
            ("22:00-06:00", Some((1320, 1800))),
            ("00:00-24:00", Some((0, 1440))),
            ("24:00-08:00", None),
            ("08:30", None),
            ("08:60-09:00", None),
            ("25:00-26:00", None),
            ("-5:00-09:00", None),
        ] {
            assert_eq!(Span::parse(text).map(|s| (s.from, s.to)), expected, "{text}");
        }
    }

    #[test]
    fn overrides_merge_key_by_key() {
        let base = Policy::default();
        let table: Table = "absence = { raise_after_s = 5, clear_after_s = 2 }".parse().unwrap();
        let policy = base.with_rules(table, "clip").unwrap();
        assert_eq!(policy.rule(Rule::Absence).raise_after_s, 5.0);
        assert_eq!(policy.rule(Rule::Absence).cooldown_s, 300.0);
        assert_eq!(policy.rule(Rule::Smoking), base.rule(Rule::Smoking));
        assert_ne!(policy.digest, base.digest);
        let bad: Table = "absence = { raise_after_s = 5, dwell = 2 }".parse().unwrap();
        assert!(base.with_rules(bad, "clip").unwrap_err().to_string().contains("policy.absence.dwell"));
    }
}
