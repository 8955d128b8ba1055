//! Which recorded episodes would still have been raised under other rules.
//!
//! What was recorded is what the old rules raised. Stricter conditions for raising can be judged from it; what looser
//! ones would have raised beyond it was never recorded, so for that there is only the word that it cannot be known.

use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::CloseReason;
use chuangming_domain::item::ItemSet;
use chuangming_domain::policy::{Policy, RuleSettings, Schedule};
use chuangming_domain::rule::{Rule, Severity};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Seconds by which sampling may miss a dwell.
const HAIR: f64 = 0.05;

/// An episode as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// The rule.
    pub rule: Rule,
    /// The window or zone.
    pub place: String,
    /// When the condition began.
    pub opened_at: Timestamp,
    /// When the condition ended and why; `None` while it is open.
    pub closed: Option<(Timestamp, CloseReason)>,
    /// How urgent it was.
    pub severity: Severity,
    /// What lay there.
    pub items: ItemSet,
    /// Seconds observed, and the share of them for which the condition held: when it was raised, if that message is
    /// here, and at the end.
    pub at_raise: Option<(f64, f64)>,
    /// The same of its newest message.
    pub at_end: (f64, f64),
    /// The policy that was in force.
    pub policy: Digest,
}

/// What would have become of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PreviewVerdict)]
pub enum Verdict {
    /// Raised all the same.
    Raised,
    /// The rule is off.
    RuleOff,
    /// Not in duty hours, or not for long enough.
    OffDuty,
    /// It did not last as long as the dwell.
    TooShort,
    /// All that lay there is permitted.
    Permitted,
    /// In the cooldown of the episode before, to its very end.
    Cooldown,
    /// One with the episode before, which would not have closed in between.
    Merged,
    /// What was recorded does not tell.
    Uncertain,
}

/// What would have become of all episodes of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RulePreview)]
pub struct RulePreview {
    /// The rule.
    #[schema(value_type = String)]
    pub rule: Rule,
    /// How many were recorded.
    pub recorded: u64,
    /// How many of them would have come to which verdict; verdicts without any are left out.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// How many of those raised would have another severity.
    pub severity_changed: u64,
    /// The settings that are looser than some under which episodes were recorded: there may be more episodes than
    /// these, and nobody can know how many.
    pub looser: BTreeSet<String>,
}

/// Judges episodes under other rules, in the order given, which is that of their beginnings.
#[must_use]
pub fn judge(episodes: &[Recorded], rules: &Policy, now: Timestamp) -> Vec<Verdict> {
    let mut before: BTreeMap<(Rule, &str), Before> = BTreeMap::new();
    let mut verdicts = Vec::with_capacity(episodes.len());
    for episode in episodes {
        let settings = rules.rule(episode.rule);
        let end = episode.closed.map_or(now, |(at, _)| at).max(episode.opened_at);
        let place = (episode.rule, episode.place.as_str());
        let alone = alone(episode, settings, rules, end);
        let verdict = match before.get(&place) {
            Some(before) => before.influence(alone, episode, settings, end),
            None => alone,
        };
        if matches!(verdict, Verdict::Raised | Verdict::Merged | Verdict::Uncertain) {
            let is_cleared = matches!(episode.closed, Some((_, CloseReason::Cleared)));
            let is_certain = verdict != Verdict::Uncertain;
            before.insert(place, Before { end, is_cleared, is_certain });
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// The episode before at the same place that would have been raised too.
struct Before {
    end: Timestamp,
    is_cleared: bool,
    is_certain: bool,
}

impl Before {
    /// What the episode before makes of what an episode would be alone.
    fn influence(
        &self,
        alone: Verdict,
        episode: &Recorded,
        settings: &RuleSettings,
        end: Timestamp,
    ) -> Verdict {
        let gap = seconds(self.end, episode.opened_at);
        if self.is_cleared && gap < settings.clear_after_s && settings.enabled {
            return if self.is_certain && alone != Verdict::OffDuty {
                Verdict::Merged
            } else {
                Verdict::Uncertain
            };
        }
        // The cooldown counts from the closing message, which comes when the clear time is full.
        let quiet = settings.cooldown_s + if self.is_cleared { settings.clear_after_s } else { 0.0 };
        if alone == Verdict::Raised && seconds(self.end, end) < quiet {
            return if self.is_certain && episode.closed.is_some() {
                Verdict::Cooldown
            } else {
                Verdict::Uncertain
            };
        }
        alone
    }
}

fn alone(episode: &Recorded, settings: &RuleSettings, rules: &Policy, end: Timestamp) -> Verdict {
    if !settings.enabled {
        return Verdict::RuleOff;
    }
    let is_clutter = episode.rule == Rule::Clutter && !episode.items.is_empty();
    let left = episode.items.difference(&rules.permitted).count();
    if is_clutter && left == 0 {
        return Verdict::Permitted;
    }
    let on_duty = on_duty_share(rules.schedule.as_ref(), episode.opened_at, end);
    match dwell(episode, settings, on_duty, end) {
        // What is left of the items may have lain there for a shorter time than all of them.
        Verdict::Raised if is_clutter && left < episode.items.len() => Verdict::Uncertain,
        verdict => verdict,
    }
}

/// Whether the dwell would have been full.
fn dwell(episode: &Recorded, settings: &RuleSettings, on_duty: f64, end: Timestamp) -> Verdict {
    let wanted = (settings.raise_after_s, settings.raise_ratio);
    let full = |(observed, ratio): (f64, f64)| observed + HAIR >= wanted.0 && ratio + 1e-9 >= wanted.1;
    if on_duty > 0.999 && episode.at_raise.is_some_and(full) {
        return Verdict::Raised;
    }
    // Of an open episode the newest message knows only what was until then.
    let (observed, ratio) = episode.at_end;
    let observed = if episode.closed.is_some() { observed } else { seconds(episode.opened_at, end) };
    let is_cut = matches!(episode.closed, None | Some((_, CloseReason::Policy | CloseReason::Lost)));
    if on_duty <= 0.0 {
        Verdict::OffDuty
    } else if observed * on_duty + HAIR < wanted.0 {
        match (is_cut, on_duty > 0.999) {
            (true, true) => Verdict::Uncertain,
            (_, false) => Verdict::OffDuty,
            (false, true) => Verdict::TooShort,
        }
    } else if full((observed * on_duty, ratio)) {
        Verdict::Raised
    } else {
        Verdict::Uncertain
    }
}

/// The largest share of the time from one instant to another that is one stretch of duty.
fn on_duty_share(schedule: Option<&Schedule>, from: Timestamp, to: Timestamp) -> f64 {
    let Some(schedule) = schedule else { return 1.0 };
    let whole = seconds(from, to);
    if whole <= 0.0 {
        return if schedule.span_end(from).is_some() { 1.0 } else { 0.0 };
    }
    stretches(schedule, from, to).iter().map(|(a, b)| seconds(*a, *b) / whole).fold(0.0, f64::max)
}

/// The stretches of duty between two instants, joined where one follows another at once.
fn stretches(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let zone = &schedule.timezone;
    let (first, last) = (from.to_zoned(zone.clone()).date(), to.to_zoned(zone.clone()).date());
    let mut day = first.checked_sub(1.day()).unwrap_or(first);
    let mut spans = Vec::new();
    while day <= last {
        spans.extend(schedule.duty_on(day).map(|(a, b)| (a.max(from), b.min(to))).filter(|(a, b)| a < b));
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    spans.sort_unstable();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (a, b) in spans {
        match joined.last_mut() {
            Some((_, end)) if a <= *end => *end = (*end).max(b),
            _ => joined.push((a, b)),
        }
    }
    joined
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// What is looser in `after` than in `before`, rule by rule, over a stretch of time. A rule that is off in `after` is
/// never looser.
#[must_use]
pub fn looser(
    before: &Policy,
    after: &Policy,
    from: Timestamp,
    to: Timestamp,
) -> BTreeMap<Rule, BTreeSet<&'static str>> {
    let longer_hours = has_more_duty(before.schedule.as_ref(), after.schedule.as_ref(), from, to);
    let fewer_items = before.permitted.difference(&after.permitted).next().is_some();
    let of = |rule: Rule| {
        let (old, new) = (before.rule(rule), after.rule(rule));
        let found = [
            ("enabled", !old.enabled),
            ("raise_after_s", new.raise_after_s < old.raise_after_s),
            ("raise_ratio", new.raise_ratio < old.raise_ratio),
            ("clear_after_s", new.clear_after_s < old.clear_after_s),
            // Clearing sooner cuts one episode into several; how often the condition paused was not recorded.
            ("clear_ratio", new.clear_ratio > old.clear_ratio),
            ("cooldown_s", new.cooldown_s < old.cooldown_s),
            ("schedule", longer_hours),
            ("permitted", fewer_items && rule == Rule::Clutter),
        ];
        let names: BTreeSet<_> =
            found.into_iter().filter(|(_, looser)| *looser && new.enabled).map(|(name, _)| name).collect();
        (rule, names)
    };
    Rule::ALL.into_iter().map(of).filter(|(_, names)| !names.is_empty()).collect()
}

/// Whether some time is duty after that was none before.
fn has_more_duty(
    before: Option<&Schedule>,
    after: Option<&Schedule>,
    from: Timestamp,
    to: Timestamp,
) -> bool {
    match (before, after) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => {
            let old = stretches(before, from, to);
            stretches(after, from, to).iter().any(|(a, b)| !old.iter().any(|(c, d)| c <= a && b <= d))
        }
    }
}

/// Puts verdicts together by rule, every rule in its order.
#[must_use]
pub fn summary(episodes: &[Recorded], verdicts: &[Verdict], rules: &Policy) -> Vec<RulePreview> {
    let of = |rule: Rule| {
        let judged = episodes.iter().zip(verdicts).filter(|(episode, _)| episode.rule == rule);
        let mut preview = RulePreview {
            rule,
            recorded: 0,
            verdicts: BTreeMap::new(),
            severity_changed: 0,
            looser: BTreeSet::new(),
        };
        for (episode, verdict) in judged {
            preview.recorded += 1;
            *preview.verdicts.entry(*verdict).or_default() += 1;
            let changed = *verdict == Verdict::Raised && episode.severity != rules.rule(rule).severity;
            preview.severity_changed += u64::from(changed);
        }
        preview
    };
    Rule::ALL.into_iter().map(of).collect()
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;
