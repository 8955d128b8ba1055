//! What center heads say of an event: seen, confirmed or wrong, a note, not now.
//!
//! An event is `open` for review until somebody acknowledges it. Its verdict is none, confirmed or wrong; only a
//! confirmed one may ever count in a summary. Every act can be withdrawn, and saying the same again changes nothing:
//! who said it first stays. Pure: what the store keeps and how it changes, without the store.

use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 500;
/// The longest reason for a snooze, in characters.
pub const LONGEST_REASON: usize = 200;
/// The longest snooze.
pub const LONGEST_SNOOZE: Duration = Duration::from_secs(24 * 3600);

/// Whether an event was what it looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was so. Only such an event may count in a summary.
    Confirmed,
    /// It was not so; it never counts.
    Wrong,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmed",
            Verdict::Wrong => "wrong",
        }
    }

    /// The verdict with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Verdict::Confirmed, Verdict::Wrong].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The account.
    pub account_id: String,
    /// Its name; `None` once the account is gone.
    pub name: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An alert put aside for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snooze {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who put it aside.
    pub mark: Mark,
}

/// All that was said of an event, as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// Who took note of it.
    pub acknowledged: Option<Mark>,
    /// Whether it was what it looked like, and who said so.
    pub verdict: Option<(Verdict, Mark)>,
    /// A remark.
    pub note: Option<(String, Mark)>,
    /// Put aside until some time, which may have passed.
    pub snooze: Option<Snooze>,
}

/// Something said, or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// "I have seen it."
    Acknowledge,
    /// Takes that back.
    WithdrawAcknowledgement,
    /// Confirms it or marks it as wrong; whoever decides has seen it.
    Decide(Verdict),
    /// Takes that back.
    WithdrawVerdict,
    /// Writes the note, in place of the last one.
    Note(String),
    /// Removes it.
    RemoveNote,
    /// Puts it aside, with a reason.
    Snooze {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Takes it up again.
    EndSnooze,
}

impl Act {
    /// The name of the step in history and access log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Act::Acknowledge => "acknowledge",
            Act::WithdrawAcknowledgement => "withdraw_acknowledgement",
            Act::Decide(Verdict::Confirmed) => "confirm",
            Act::Decide(Verdict::Wrong) => "mark_wrong",
            Act::WithdrawVerdict => "withdraw_verdict",
            Act::Note(_) => "note",
            Act::RemoveNote => "remove_note",
            Act::Snooze { .. } => "snooze",
            Act::EndSnooze => "end_snooze",
        }
    }

    /// What the history keeps beside the name: the note, or a snooze's reason.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Act::Note(text) => Some(text),
            Act::Snooze { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether it may be done now, its texts trimmed.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn checked(self, now: Timestamp) -> Result<Self, String> {
        match self {
            Act::Note(text) => Ok(Act::Note(bounded("text", &text, LONGEST_NOTE)?)),
            Act::Snooze { until, reason } => {
                let reason = bounded("reason", &reason, LONGEST_REASON)?;
                if until <= now || until > now + LONGEST_SNOOZE {
                    return Err(format!("until is {until}, expected a time within the next 24 hours"));
                }
                // As the database holds it, so that the same again is the same.
                let until = Timestamp::from_microsecond(until.as_microsecond()).unwrap_or(until);
                Ok(Act::Snooze { until, reason })
            }
            act => Ok(act),
        }
    }
}

fn bounded(name: &str, text: &str, longest: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest || text.contains('\0') {
        return Err(format!("{name}: expected 1 to {longest} characters"));
    }
    Ok(text.to_owned())
}

impl Review {
    /// The review after an act; equal to this one where the act says nothing new.
    #[must_use]
    pub fn after(&self, act: &Act, mark: &Mark) -> Self {
        let mut next = self.clone();
        match act {
            Act::Acknowledge => next.see(mark),
            Act::WithdrawAcknowledgement => next.acknowledged = None,
            Act::Decide(verdict) => {
                next.see(mark);
                if self.verdict.as_ref().is_none_or(|(said, _)| said != verdict) {
                    next.verdict = Some((*verdict, mark.clone()));
                }
            }
            Act::WithdrawVerdict => next.verdict = None,
            Act::Note(text) => {
                if self.note.as_ref().is_none_or(|(said, _)| said != text) {
                    next.note = Some((text.clone(), mark.clone()));
                }
            }
            Act::RemoveNote => next.note = None,
            Act::Snooze { until, reason } => {
                if self.snooze.as_ref().is_none_or(|s| s.until != *until || s.reason != *reason) {
                    next.snooze = Some(Snooze { until: *until, reason: reason.clone(), mark: mark.clone() });
                }
            }
            Act::EndSnooze => next.snooze = None,
        }
        next
    }

    /// Whoever has seen it needs no reminder.
    fn see(&mut self, mark: &Mark) {
        if self.acknowledged.is_none() {
            self.acknowledged = Some(mark.clone());
        }
        self.snooze = None;
    }

    /// Whether it is put aside now.
    #[must_use]
    pub fn is_snoozed(&self, now: Timestamp) -> bool {
        self.snooze.as_ref().is_some_and(|snooze| snooze.until > now)
    }

    /// Whether somebody confirmed it. Unconfirmed and wrong events never count in a summary.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self.verdict, Some((Verdict::Confirmed, _)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn mark(who: &str, second: i64) -> Mark {
        Mark { account_id: who.to_owned(), name: Some(who.to_owned()), at: at(second) }
    }

    fn snooze(second: i64) -> Act {
        Act::Snooze { until: at(second), reason: "on my way".to_owned() }
    }

    /// Does `acts` one after the other, each by the next of a, b, c …, and says what stands then.
    fn check(acts: &[Act], expected: &str) {
        let mut review = Review::default();
        for (i, act) in acts.iter().enumerate() {
            let who = char::from(b'a' + u8::try_from(i).unwrap()).to_string();
            review = review.after(act, &mark(&who, 0));
        }
        let by = |name: &str, mark: Option<&Mark>| mark.map(|m| format!("{name}:{}", m.account_id));
        let says = [
            by("seen", review.acknowledged.as_ref()),
            review.verdict.as_ref().and_then(|(v, m)| by(v.name(), Some(m))),
            review.note.as_ref().and_then(|(text, m)| by(text, Some(m))),
            by("snoozed", review.snooze.as_ref().map(|s| &s.mark)),
        ];
        assert_eq!(says.into_iter().flatten().collect::<Vec<_>>().join(" "), expected, "{acts:?}");
    }

    #[test]
    fn what_stands_after_some_acts() {
        use Act::{Acknowledge, Decide, EndSnooze, RemoveNote, WithdrawAcknowledgement, WithdrawVerdict};
        let note = |text: &str| Act::Note(text.to_owned());
        check(&[], "");
        check(&[Acknowledge, Acknowledge], "seen:a");
        check(&[Acknowledge, WithdrawAcknowledgement], "");
        check(&[Acknowledge, WithdrawAcknowledgement, Acknowledge], "seen:c");
        check(&[Decide(Verdict::Confirmed)], "seen:a confirmed:a");
        check(&[Acknowledge, Decide(Verdict::Wrong)], "seen:a wrong:b");
        check(&[Decide(Verdict::Wrong), Decide(Verdict::Wrong)], "seen:a wrong:a");
        check(&[Decide(Verdict::Confirmed), Decide(Verdict::Wrong)], "seen:a wrong:b");
        check(&[Decide(Verdict::Confirmed), WithdrawVerdict], "seen:a");
        check(&[note("x"), note("x"), note("y")], "y:c");
        check(&[note("x"), RemoveNote], "");
        check(&[snooze(60)], "snoozed:a");
        check(&[snooze(60), snooze(60)], "snoozed:a");
        check(&[snooze(60), snooze(120)], "snoozed:b");
        check(&[snooze(60), EndSnooze], "");
        check(&[snooze(60), Acknowledge], "seen:b");
        check(&[snooze(60), Decide(Verdict::Confirmed)], "seen:b confirmed:b");
    }

    #[test]
    fn texts_and_times_are_bounded() {
        let good = |act: Act| act.checked(at(0)).is_ok();
        assert_eq!(Act::Note("  x ".to_owned()).checked(at(0)), Ok(Act::Note("x".to_owned())));
        assert!(!good(Act::Note("  ".to_owned())) && !good(Act::Note("长".repeat(501))));
        assert!(good(Act::Note("长".repeat(500))));
        assert!(good(snooze(60)) && good(snooze(86_400)) && !good(snooze(86_401)) && !good(snooze(0)));
        assert!(!good(Act::Snooze { until: at(9), reason: String::new() }));
    }

    fn any_act() -> impl Strategy<Value = Act> {
        prop_oneof![
            Just(Act::Acknowledge),
            Just(Act::WithdrawAcknowledgement),
            Just(Act::Decide(Verdict::Confirmed)),
            Just(Act::Decide(Verdict::Wrong)),
            Just(Act::WithdrawVerdict),
            "[a-c]".prop_map(Act::Note),
            Just(Act::RemoveNote),
            (1i64..4).prop_map(|n| snooze(n * 60)),
            Just(Act::EndSnooze),
        ]
    }

    proptest! {
        /// Saying the same twice is saying it once, whoever says it; a decided event has been seen unless that was
        /// taken back; only a standing confirmation counts.
        #[test]
        fn acts_are_idempotent(acts in prop::collection::vec(any_act(), 0..12)) {
            let mut review = Review::default();
            for (i, act) in acts.iter().enumerate() {
                let i = i64::try_from(i).unwrap();
                review = review.after(act, &mark("a", i));
                prop_assert_eq!(&review.after(act, &mark("b", i + 1)), &review);
                if matches!(act, Act::Acknowledge | Act::Decide(_)) {
                    prop_assert!(review.acknowledged.is_some() && !review.is_snoozed(at(0)));
                }
            }
            let said = acts.iter().rev().find_map(|act| match act {
                Act::Decide(verdict) => Some(Some(*verdict)),
                Act::WithdrawVerdict => Some(None),
                _ => None,
            });
            prop_assert_eq!(review.is_confirmed(), said.flatten() == Some(Verdict::Confirmed));
        }
    }
}
