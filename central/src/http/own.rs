//! The figures behind somebody's own summary: their events, their hours, and the hall's others as one.

use super::App;
use super::problem::Failure;
use crate::duty::{Post, Stretch};
use crate::report::{Covered, Judgement, Standing};
use crate::review::Verdict;
use crate::staff::compare::Part;
use crate::staff::{Hours, Owner, Theirs, hours, owner, theirs};
use crate::store::{Episode, EventFilter};
use chuangming_domain::Timestamp;
use chuangming_domain::event::Event;
use chuangming_domain::id::{HallId, WindowId};
use std::collections::{BTreeMap, BTreeSet};

/// Events of a hall that one summary looks at.
const MOST_EVENTS: u32 = 20_000;

/// Everything in the halls of somebody's posts, from which their own and the others' figures are taken.
pub(super) struct Mine {
    /// Their posts.
    pub(super) posts: Vec<Post>,
    everybody: Vec<Post>,
    covered: BTreeMap<HallId, Vec<Covered>>,
    judged: Vec<(Episode, Judgement)>,
    now: Timestamp,
}

impl Mine {
    pub(super) async fn of(app: &App, account: &str, time: Stretch, now: Timestamp) -> Result<Self, Failure> {
        let posts = app.store.posts_of(account, time).await?;
        let halls: BTreeSet<_> = posts.iter().map(|post| post.hall.clone()).collect();
        let (mut everybody, mut covered, mut judged) = (Vec::new(), BTreeMap::new(), Vec::new());
        for hall in halls {
            everybody.extend(app.store.posts_in(&hall, time).await?);
            covered.insert(hall.clone(), app.store.covered(&hall, time.from, time.to.min(now)).await?);
            let mut appeals = app.store.appeals_in(&hall, time.from, time.to).await?;
            let filter = EventFilter {
                halls: Some(vec![hall]),
                from: Some(time.from),
                to: Some(time.to),
                ..EventFilter::default()
            };
            for episode in app.store.events(&filter, 0, MOST_EVENTS).await?.episodes {
                let verdict = episode.review.verdict.as_ref();
                let judgement = Judgement {
                    confirmed_by: verdict
                        .filter(|(v, _)| *v == Verdict::Confirmed)
                        .map(|(_, mark)| mark.account_id.clone()),
                    wrong: verdict.is_some_and(|(v, _)| *v == Verdict::Wrong),
                    appeals: appeals.remove(&episode.event.id.to_string()).unwrap_or_default(),
                };
                judged.push((episode, judgement));
            }
        }
        Ok(Self { posts, everybody, covered, judged, now })
    }

    pub(super) fn hours(&self) -> Hours {
        self.hours_of(&self.posts)
    }

    fn hours_of(&self, posts: &[Post]) -> Hours {
        let mut all = Hours::default();
        for (hall, covered) in &self.covered {
            let there: Vec<_> = posts.iter().filter(|post| post.hall == *hall).cloned().collect();
            let one = hours(&there, covered, self.now);
            all.observed_s += one.observed_s;
            all.unknown_s += one.unknown_s;
            all.unreported_s += one.unreported_s;
        }
        all
    }

    /// The events at somebody's posts, each with whether it counts.
    pub(super) fn own_events(&self, account: &str) -> Vec<(&Episode, Theirs)> {
        let own = self.judged.iter().filter(|(episode, _)| posted(&episode.event, &self.everybody, account));
        own.map(|(episode, judgement)| {
            let shared = owner(&episode.event, &self.everybody) == Owner::Several;
            (episode, theirs(judgement, episode.suspended.is_some(), shared, self.now))
        })
        .collect()
    }

    pub(super) fn part(&self, account: &str, hours: Hours) -> Part {
        let counts = |(_, standing): &(&Episode, Theirs)| *standing == Theirs::As(Standing::Counts);
        let counted = self.own_events(account).iter().filter(|event| counts(event)).count();
        Part {
            people: 1,
            counted: u32::try_from(counted).unwrap_or(u32::MAX),
            observed_h: hours.observed_s / 3600.0,
        }
    }

    /// The others of the same halls who were observed at all, as one part: whoever reads it knows their own figure.
    pub(super) fn others(&self, account: &str) -> Vec<Part> {
        let others: BTreeSet<_> =
            self.everybody.iter().map(|post| post.account.as_str()).filter(|who| *who != account).collect();
        let part = |who: &str| {
            let posts: Vec<_> = self.everybody.iter().filter(|post| post.account == who).cloned().collect();
            self.part(who, self.hours_of(&posts))
        };
        let observed = others.into_iter().map(part).filter(|part| part.observed_h > 0.0);
        vec![observed.fold(Part::default(), Part::and)]
    }
}

fn posted(event: &Event, posts: &[Post], account: &str) -> bool {
    let at = |window: &WindowId, post: &Post| {
        post.window == *window && post.hall == event.hall && post.stretch.holds(event.opened_at)
    };
    event
        .window
        .as_ref()
        .is_some_and(|window| posts.iter().any(|post| post.account == account && at(window, post)))
}
