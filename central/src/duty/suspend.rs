//! When rules rest: on days off, in planned pauses and breaks, while whoever is posted is away, and where an
//! accommodation turns a rule off.
//!
//! An event rests when such a time meets the time from when its condition began until its dwell was full: without that
//! time the dwell would not have been full. Smoking and ashtrays rest only by an accommodation: article 19.4 knows no
//! breaks.

use super::{Calendar, DayKind, Post, Shift, Stretch};
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::rule::Rule;
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Why an event rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The hall does not work on that day.
    Holiday,
    /// A planned time without service.
    Pause,
    /// A break of the shift.
    Break,
    /// Everybody posted there had stepped away.
    Away,
    /// A rule that is off at that window in that shift.
    Accommodation,
}

impl Cause {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holiday => "holiday",
            Self::Pause => "pause",
            Self::Break => "break",
            Self::Away => "away",
            Self::Accommodation => "accommodation",
        }
    }
}

/// Somebody stepped away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// Who.
    pub account: String,
    /// From which window.
    pub window: WindowId,
    /// When.
    pub stretch: Stretch,
}

/// A rule that is off at a window in a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accommodation {
    /// Its id.
    pub id: String,
    /// At which window.
    pub window: WindowId,
    /// In which shift.
    pub shift: String,
    /// Which rule.
    pub rule: Rule,
    /// From which day.
    pub from: Date,
    /// Until which day, included; without end if none.
    pub to: Option<Date>,
}

/// What a hall planned around some time.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The hall's time zone.
    pub zone: TimeZone,
    /// Which days are worked.
    pub calendar: Calendar,
    /// The shifts.
    pub shifts: Vec<Shift>,
    /// Who is posted.
    pub posts: Vec<Post>,
    /// Planned pauses; of every window where none is named.
    pub pauses: Vec<(Option<WindowId>, Stretch)>,
    /// Who stepped away.
    pub aways: Vec<Away>,
    /// Rules that are off.
    pub accommodations: Vec<Accommodation>,
}

/// Whether a rule rests at a window in a time, and why.
#[must_use]
pub fn suspends(plan: &Plan, window: &WindowId, rule: Rule, time: Stretch) -> Option<Cause> {
    if plan.accommodates(window, rule, &time) {
        return Some(Cause::Accommodation);
    }
    if matches!(rule, Rule::Smoking | Rule::Ashtray) {
        return None;
    }
    if plan.is_off(window, &time) {
        Some(Cause::Holiday)
    } else if plan
        .pauses
        .iter()
        .any(|(at, pause)| at.as_ref().is_none_or(|at| at == window) && pause.meets(&time))
    {
        Some(Cause::Pause)
    } else if plan.breaks(window, &time) {
        Some(Cause::Break)
    } else if of_the_person(rule) && plan.all_away(window, &time) {
        Some(Cause::Away)
    } else {
        None
    }
}

/// Whether a window is without service at a moment, and why.
#[must_use]
pub fn rests(plan: &Plan, window: &WindowId, now: Timestamp) -> Option<Cause> {
    let moment = Stretch { from: now, to: now + SignedDuration::from_millis(1) };
    let without = Plan { accommodations: Vec::new(), ..plan.clone() };
    suspends(&without, window, Rule::Absence, moment)
}

/// Whether a rule asks something of whoever sits there, rather than of the desk.
const fn of_the_person(rule: Rule) -> bool {
    matches!(rule, Rule::Absence | Rule::Slumped | Rule::LeaningBack | Rule::Tilted | Rule::BadgeMissing)
}

impl Plan {
    fn day(&self, time: &Stretch) -> Date {
        time.from.to_zoned(self.zone.clone()).date()
    }

    /// A day off on which nobody is posted at the window. The public calendar holds for halls that plan shifts; a hall
    /// that plans nothing is watched by its agents' schedule alone.
    fn is_off(&self, window: &WindowId, time: &Stretch) -> bool {
        let day = self.day(time);
        let kind = self.calendar.kind(day);
        let holds = kind == DayKind::OwnClosed || !self.shifts.is_empty();
        kind.rests() && holds && !self.posts.iter().any(|post| post.day == day && post.window == *window)
    }

    fn breaks(&self, window: &WindowId, time: &Stretch) -> bool {
        let day = self.day(time);
        let mut posted = self.posts.iter().filter(|post| post.day == day && post.window == *window);
        // Whoever else is posted through the break keeps the window.
        let covered = posted.clone().any(|post| post.stretch.from <= time.from && time.to <= post.stretch.to);
        let rests = |post: &Post| {
            let shift = self.shifts.iter().find(|shift| shift.id == post.shift);
            shift.is_some_and(|shift| shift.breaks_on(day, &self.zone).iter().any(|rest| rest.meets(time)))
        };
        !covered && posted.any(rests)
    }

    fn all_away(&self, window: &WindowId, time: &Stretch) -> bool {
        let mut posted =
            self.posts.iter().filter(|post| post.window == *window && post.stretch.meets(time)).peekable();
        if posted.peek().is_none() {
            return false;
        }
        posted.all(|post| {
            let theirs = |away: &&Away| away.account == post.account && away.window == *window;
            self.aways.iter().filter(theirs).any(|away| away.stretch.meets(time))
        })
    }

    fn accommodates(&self, window: &WindowId, rule: Rule, time: &Stretch) -> bool {
        let day = self.day(time);
        let applies = |a: &&Accommodation| {
            a.window == *window && a.rule == rule && a.from <= day && a.to.is_none_or(|to| day <= to)
        };
        self.accommodations.iter().filter(applies).any(|a| {
            let shift = self.shifts.iter().find(|shift| shift.id == a.shift);
            shift.is_some_and(|shift| shift.hours_on(day, &self.zone).iter().any(|hours| hours.meets(time)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::policy::Span;

    fn at(text: &str) -> Timestamp {
        let (day, time) = text.split_once(' ').unwrap_or(("23", text));
        format!("2026-11-{day}T{time}:00+08:00").parse().unwrap()
    }

    fn stretch(from: &str, to: &str) -> Stretch {
        Stretch { from: at(from), to: at(to) }
    }

    fn window(id: &str) -> WindowId {
        WindowId::new(id).unwrap()
    }

    /// Li and Wang share window 1 in the morning, Zhao has window 2; a break at ten.
    fn plan() -> Plan {
        let span = |text: &str| vec![Span::parse(text).unwrap()];
        let shift = Shift {
            id: "am".into(),
            name: "上午班".into(),
            hours: span("08:30-12:00"),
            breaks: span("10:00-10:15"),
        };
        let zone = super::super::zone();
        let day: Date = "2026-11-23".parse().unwrap();
        let posts = [("li", "1"), ("wang", "1"), ("zhao", "2")].into_iter().flat_map(|(who, at)| {
            shift.worked_on(day, &zone).into_iter().map(move |stretch| Post {
                account: who.into(),
                hall: "tanggu".parse().unwrap(),
                window: window(at),
                day,
                shift: "am".into(),
                stretch,
            })
        });
        Plan {
            posts: posts.collect(),
            zone: zone.clone(),
            calendar: Calendar::default(),
            shifts: vec![shift.clone()],
            pauses: Vec::new(),
            aways: Vec::new(),
            accommodations: Vec::new(),
        }
    }

    #[track_caller]
    fn check(plan: &Plan, at: &str, rule: Rule, from: &str, to: &str, expected: Option<Cause>) {
        assert_eq!(
            suspends(plan, &window(at), rule, stretch(from, to)),
            expected,
            "{rule} at {at} {from}-{to}"
        );
    }

    #[test]
    fn a_break_is_left_out() {
        let mut plan = plan();
        check(&plan, "1", Rule::Absence, "09:00", "09:10", None);
        check(&plan, "1", Rule::Absence, "09:55", "10:05", Some(Cause::Break));
        check(&plan, "1", Rule::Absence, "10:14", "10:24", Some(Cause::Break));
        check(&plan, "1", Rule::Absence, "10:15", "10:25", None);
        check(&plan, "1", Rule::Smoking, "10:05", "10:06", None);
        check(&plan, "9", Rule::Absence, "10:05", "10:15", None);
        plan.pauses = vec![(Some(window("2")), stretch("11:00", "11:30")), (None, stretch("11:40", "12:00"))];
        check(&plan, "1", Rule::Slumped, "11:10", "11:12", None);
        check(&plan, "2", Rule::Slumped, "11:10", "11:12", Some(Cause::Pause));
        check(&plan, "1", Rule::Clutter, "11:50", "11:55", Some(Cause::Pause));
    }

    #[test]
    fn a_day_off_rests_unless_somebody_is_posted() {
        let mut plan = plan();
        plan.calendar.own.insert("2026-11-23".parse().unwrap(), false);
        check(&plan, "9", Rule::Absence, "09:00", "09:10", Some(Cause::Holiday));
        check(&plan, "1", Rule::Absence, "09:00", "09:10", None);
        check(&plan, "9", Rule::Absence, "24 09:00", "24 09:10", None);
        // A public holiday is one for halls that plan shifts.
        let time = |from: &str, to: &str| {
            let at = |text: &str| format!("2026-10-01T{text}:00+08:00").parse().unwrap();
            Stretch { from: at(from), to: at(to) }
        };
        let (window, time) = (window("9"), time("09:00", "09:10"));
        assert_eq!(suspends(&plan, &window, Rule::Absence, time), Some(Cause::Holiday));
        plan.shifts.clear();
        assert_eq!(suspends(&plan, &window, Rule::Absence, time), None);
    }

    #[test]
    fn away_suspends_while_everybody_posted_is_away() {
        let mut plan = plan();
        let away = |who: &str, at: &str, from: &str, to: &str| Away {
            account: who.into(),
            window: window(at),
            stretch: stretch(from, to),
        };
        plan.aways = vec![away("zhao", "2", "09:00", "09:20"), away("li", "1", "09:00", "09:20")];
        check(&plan, "2", Rule::Absence, "09:05", "09:15", Some(Cause::Away));
        check(&plan, "2", Rule::BadgeMissing, "09:15", "09:25", Some(Cause::Away));
        check(&plan, "2", Rule::Absence, "09:20", "09:30", None);
        check(&plan, "2", Rule::Clutter, "09:05", "09:15", None);
        // Wang is still to be at window 1.
        check(&plan, "1", Rule::Absence, "09:05", "09:15", None);
        plan.aways.push(away("wang", "1", "09:10", "09:12"));
        check(&plan, "1", Rule::Absence, "09:05", "09:15", Some(Cause::Away));
    }

    #[test]
    fn an_accommodation_turns_one_rule_off_for_a_window_and_shift() {
        let mut plan = plan();
        plan.accommodations = vec![Accommodation {
            id: "1".into(),
            window: window("1"),
            shift: "am".into(),
            rule: Rule::LeaningBack,
            from: "2026-11-01".parse().unwrap(),
            to: Some("2026-11-23".parse().unwrap()),
        }];
        check(&plan, "1", Rule::LeaningBack, "09:05", "09:07", Some(Cause::Accommodation));
        check(&plan, "1", Rule::Tilted, "09:05", "09:07", None);
        check(&plan, "2", Rule::LeaningBack, "09:05", "09:07", None);
        check(&plan, "1", Rule::LeaningBack, "14:05", "14:07", None);
        check(&plan, "1", Rule::LeaningBack, "24 09:05", "24 09:07", None);
    }
}
