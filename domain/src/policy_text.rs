//! A policy as the text of a `policy.toml`: every key in a fixed order, so that equal rules have equal hashes and a
//! difference of two texts is a difference of rules.

use crate::item::ItemSet;
use crate::policy::{DAYS, Policy, RuleSettings, Schedule, Span};
use std::fmt::Write as _;

impl Policy {
    /// The whole policy as text; read again, it is the same policy.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::from("version = 1\n");
        if let Some(schedule) = &self.schedule {
            schedule.write(&mut out);
        }
        let _ = writeln!(out, "\n[items]\npermitted = {}", items(&self.permitted));
        for (rule, settings) in &self.rules {
            let _ = writeln!(out, "\n[rules.{rule}]");
            settings.write(&mut out);
        }
        out
    }
}

impl Schedule {
    fn write(&self, out: &mut String) {
        let zone = self.timezone.iana_name().unwrap_or("UTC");
        let dates =
            |days: &std::collections::BTreeSet<jiff::civil::Date>| list(days.iter().map(ToString::to_string));
        let _ = writeln!(out, "\n[schedule]\ntimezone = {}", quoted(zone));
        let _ = writeln!(out, "holidays = {}\nworkdays = {}", dates(&self.holidays), dates(&self.workdays));
        let _ = writeln!(out, "\n[schedule.weekly]");
        for (day, spans) in DAYS.iter().zip(&self.weekly) {
            let _ = writeln!(out, "{day} = {}", list(spans.iter().map(|span| span.text())));
        }
    }
}

impl RuleSettings {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "enabled = {}", self.enabled);
        let _ = writeln!(out, "article = {}", quoted(&self.article));
        let _ = writeln!(out, "severity = {}", quoted(self.severity.name()));
        for (key, value) in [
            ("raise_after_s", self.raise_after_s),
            ("clear_after_s", self.clear_after_s),
            ("cooldown_s", self.cooldown_s),
            ("raise_ratio", self.raise_ratio),
            ("clear_ratio", self.clear_ratio),
        ] {
            let _ = writeln!(out, "{key} = {value}");
        }
    }
}

impl Span {
    /// As the file writes it, such as `08:30-12:00`.
    #[must_use]
    pub fn text(&self) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let to = if self.to > 1440 { self.to - 1440 } else { self.to };
        format!("{}-{}", clock(self.from), clock(to))
    }
}

fn items(set: &ItemSet) -> String {
    list(set.iter().map(|class| class.name().to_owned()))
}

fn list(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.map(|text| quoted(&text)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
