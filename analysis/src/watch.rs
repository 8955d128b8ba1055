//! One rule at one window: when its episode opens, is told of again, and closes.

use crate::condition::{Sight, Verdict};
use crate::evidence::Seen;
use crate::ids::Ids;
use crate::share::{Demand, Share};
use chuangming_domain::event::{CloseReason, EventId, Evidence, Phase};
use chuangming_domain::item::ItemSet;
use chuangming_domain::policy::RuleSettings;
use chuangming_domain::rule::Rule;
use jiff::{SignedDuration, Timestamp};

/// At most one `updated` in this time.
const UPDATE_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The state machine of one rule. Its memory does not grow with time.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) rule: Rule,
    /// What opens an episode.
    raise: Demand,
    /// What closes it.
    clear: Demand,
    /// What makes an episode that has not opened yet be forgotten: being gone for the clear time, but never one
    /// short interruption alone.
    forget: Demand,
    cooldown: SignedDuration,
    /// How many seconds back the named items count.
    memory: f64,
    verdict: Verdict,
    story: Option<Story>,
    closed: Option<Timestamp>,
}

/// A condition that began: an episode, or what may become one.
#[derive(Debug, Clone)]
struct Story {
    since: Timestamp,
    share: Share,
    seen: Seen,
    /// The condition may be over: since when, and for how much of the time since then it was.
    gone: Option<(Timestamp, Share)>,
    /// Set once the episode is open.
    told: Option<Told>,
}

/// What was last said about an open episode.
#[derive(Debug, Clone)]
struct Told {
    id: EventId,
    seq: u32,
    at: Timestamp,
    items: ItemSet,
}

/// Something to say about an episode.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) rule: Rule,
    pub(crate) id: EventId,
    pub(crate) seq: u32,
    pub(crate) phase: Phase,
    pub(crate) opened_at: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) closed: Option<(Timestamp, CloseReason)>,
    pub(crate) confidence: f64,
    pub(crate) evidence: Evidence,
}

impl Watch {
    pub(crate) fn new(rule: Rule, settings: &RuleSettings) -> Self {
        let clear = |seconds| Demand::new(seconds, 1.0 - settings.clear_ratio);
        Self {
            rule,
            raise: Demand::new(settings.raise_after_s, settings.raise_ratio),
            clear: clear(settings.clear_after_s),
            forget: clear(settings.clear_after_s.max(1.0)),
            cooldown: SignedDuration::from_secs_f64(settings.cooldown_s),
            memory: settings.raise_after_s,
            verdict: Verdict::Unknown,
            story: None,
            closed: None,
        }
    }

    /// Whether an episode is open.
    pub(crate) fn is_open(&self) -> bool {
        self.story.as_ref().is_some_and(|story| story.told.is_some())
    }

    /// Time passes, for which the last verdict speaks if it is still `known`.
    pub(crate) fn pass(&mut self, length: SignedDuration, known: bool) {
        let Some(story) = &mut self.story else { return };
        let held = if known { self.verdict.held() } else { None };
        story.share.add(length, held);
        if let (Some(true), Verdict::Holds(sight)) = (held, &self.verdict) {
            story.seen.add(length, sight);
        }
        if let Some((_, gone)) = &mut story.gone {
            gone.add(length, held.map(|held| !held));
        }
    }

    /// Takes a new verdict and decides. While not `armed`, and in the cooldown, nothing opens; but the dwell runs, so
    /// that what still holds then opens at once, with its true beginning.
    pub(crate) fn judge(
        &mut self,
        at: Timestamp,
        verdict: Verdict,
        armed: bool,
        ids: &mut Ids,
    ) -> Option<Notice> {
        self.verdict = verdict;
        let may_open = armed && self.closed.is_none_or(|closed| at.duration_since(closed) >= self.cooldown);
        match self.verdict.clone() {
            Verdict::Unknown => None,
            Verdict::Not => self.miss(at),
            Verdict::Holds(sight) => self.hit(at, &sight, may_open, ids),
        }
    }

    fn miss(&mut self, at: Timestamp) -> Option<Notice> {
        let story = self.story.as_mut()?;
        let open = story.told.is_some();
        if !open && !self.raise.sustained_by(&story.share) {
            self.story = None;
            return None;
        }
        let end = if open { self.clear } else { self.forget };
        story.gone.take_if(|(_, gone)| !end.sustained_by(gone));
        let (since, gone) = *story.gone.get_or_insert((at, Share::default()));
        // Of one that has not opened yet there is nothing to say.
        if end.met_by(&gone) { self.close(at, since, CloseReason::Cleared) } else { None }
    }

    fn hit(&mut self, at: Timestamp, sight: &Sight, may_open: bool, ids: &mut Ids) -> Option<Notice> {
        let raise = self.raise;
        self.story.take_if(|story| story.told.is_none() && !raise.sustained_by(&story.share));
        let story = self.story.get_or_insert_with(|| Story::begin(at, sight, self.closed, self.memory));
        let end = if story.told.is_some() { self.clear } else { self.forget };
        story.gone.take_if(|(_, gone)| !end.sustained_by(gone));
        match &mut story.told {
            None if may_open && raise.met_by(&story.share) => {
                let items = story.seen.items(&ItemSet::new());
                story.told = Some(Told { id: ids.next(at), seq: 0, at, items });
                story.notice(self.rule, at, Phase::Opened, None)
            }
            None => None,
            Some(told) => {
                let items = story.seen.items(&told.items);
                let due = !sight.items.is_empty() && at.duration_since(told.at) >= UPDATE_EVERY;
                if !due || items == told.items {
                    return None;
                }
                *told = Told { id: told.id, seq: told.seq + 1, at, items };
                story.notice(self.rule, at, Phase::Updated, None)
            }
        }
    }

    /// Ends whatever there is: an open episode with a notice, one that has not opened yet without.
    ///
    /// `closed_at` is when the condition ended, or was last known to hold.
    pub(crate) fn close(
        &mut self,
        at: Timestamp,
        closed_at: Timestamp,
        reason: CloseReason,
    ) -> Option<Notice> {
        let mut story = self.story.take()?;
        let told = story.told.as_mut()?;
        (told.seq, told.at) = (told.seq + 1, at);
        self.closed = Some(at);
        if reason == CloseReason::Cleared
            && let Some((_, gone)) = story.gone
        {
            story.share.leave_out(&gone);
        }
        story.notice(self.rule, at, Phase::Closed, Some((closed_at.max(story.since), reason)))
    }
}

impl Story {
    /// What holds at `at` and, as the sight tells, for some time already; never since before the last one was `closed`.
    fn begin(at: Timestamp, sight: &Sight, closed: Option<Timestamp>, memory: f64) -> Self {
        let since = at - sight.lasting;
        let since = closed.map_or(since, |closed| since.max(closed));
        let mut story =
            Self { since, share: Share::default(), seen: Seen::nothing(memory), gone: None, told: None };
        if since < at {
            story.share.add(at.duration_since(since), Some(true));
            story.seen.add(at.duration_since(since), sight);
        }
        story
    }

    fn notice(
        &self,
        rule: Rule,
        at: Timestamp,
        phase: Phase,
        closed: Option<(Timestamp, CloseReason)>,
    ) -> Option<Notice> {
        let told = self.told.as_ref()?;
        Some(Notice {
            rule,
            id: told.id,
            seq: told.seq,
            phase,
            opened_at: self.since,
            at,
            closed,
            confidence: self.seen.confidence(),
            evidence: self.seen.evidence(&self.share, told.items.clone()),
        })
    }
}
