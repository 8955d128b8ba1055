//! Which recorded episodes would still have been raised under a draft. This is conduct, so it is for those who see conduct.

use super::{base, parsed, valid};
use crate::http::App;
use crate::http::body::JsonBody;
use crate::http::problem::{Details, Failure};
use crate::http::signed_in::SignedIn;
use crate::policy::preview::{self, Recorded, RulePreview, Verdict};
use axum::Json;
use axum::extract::{Path, State};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::event::Event;
use chuangming_domain::id::HallId;
use chuangming_domain::policy::Policy;
use chuangming_domain::rule::Rule;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// How many episodes a preview looks at, and lists.
const EPISODES: u32 = 20_000;
const LISTED: usize = 200;
const MOST_DAYS: u32 = 90;

/// A draft and how far back to look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewDraft {
    /// The rules as a document.
    #[schema(value_type = Object)]
    document: Value,
    /// How many days back, 1 to 90.
    #[schema(minimum = 1, maximum = 90)]
    days: u32,
}

/// Which recorded episodes would still have been raised.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Rule by rule.
    pub rules: Vec<RulePreview>,
    /// Episodes recorded under rules that are not known here: whether the draft is looser than those nobody can say.
    pub under_unknown_rules: u64,
    /// Whether there were more episodes than a preview looks at; the oldest were left out.
    pub left_out: bool,
    /// The newest episodes that would not have been raised as they were, or of which it is uncertain; at most 200.
    pub changed: Vec<JudgedView>,
}

/// One episode under the draft.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = JudgedEpisode)]
pub struct JudgedView {
    /// The event.
    pub id: String,
    /// The rule.
    #[schema(value_type = String)]
    pub rule: Rule,
    /// The window or zone.
    pub place: String,
    /// When the condition began.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// For how many seconds it was observed.
    pub observed_s: f64,
    /// What would have become of it.
    pub verdict: Verdict,
}

/// Which recorded episodes would still have been raised under a draft.
#[utoipa::path(post, path = "/api/v1/policies/{hall}/preview", tag = "policies", params(
    ("hall" = String, Path, description = "The hall"),
), request_body = PreviewDraft, responses(
    (status = 200, description = "The preview", body = Preview),
    (status = 400, description = "The draft has problems, or too many days", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such hall of the account's", body = Details, content_type = "application/problem+json"),
))]
pub async fn preview(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(draft): JsonBody<PreviewDraft>,
) -> Result<Json<Preview>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if !(1..=MOST_DAYS).contains(&draft.days) {
        return Err(Failure::Invalid(format!("days is {}, expected 1 to {MOST_DAYS}", draft.days)));
    }
    let rules = valid(&draft.document)?;
    let now = Timestamp::now();
    app.store.note_access(&signed_in.account, "preview_policy", hall.as_str(), now).await?;
    let from = now - Duration::from_secs(u64::from(draft.days) * 86_400);
    let found = app.store.episodes_since(&hall, from, EPISODES).await?;
    let left_out = found.len() >= EPISODES as usize;
    let episodes: Vec<Recorded> =
        found.iter().map(|(newest, first)| recorded(newest, first.as_ref())).collect();
    let verdicts = preview::judge(&episodes, &rules, now);
    let mut summary = preview::summary(&episodes, &verdicts, &rules);
    let (known, under_unknown_rules) = recorded_under(&app, &hall, &episodes).await?;
    for before in &known {
        let looser = preview::looser(before, &rules, from, now);
        for rule in &mut summary {
            rule.looser.extend(looser.get(&rule.rule).into_iter().flatten().map(|name| (*name).to_owned()));
        }
    }
    let judged = episodes.iter().zip(&verdicts).rev().filter(|(_, verdict)| **verdict != Verdict::Raised);
    let changed = judged.take(LISTED).map(|(episode, verdict)| JudgedView {
        id: episode.id.clone(),
        rule: episode.rule,
        place: episode.place.clone(),
        opened_at: episode.opened_at,
        observed_s: episode.at_end.0,
        verdict: *verdict,
    });
    Ok(Json(Preview { from, rules: summary, under_unknown_rules, left_out, changed: changed.collect() }))
}

/// The rules under which episodes were recorded, as far as they are known here, and for how many they are not.
async fn recorded_under(
    app: &App,
    hall: &HallId,
    episodes: &[Recorded],
) -> Result<(Vec<Policy>, u64), Failure> {
    let mut counts: BTreeMap<&Digest, u64> = BTreeMap::new();
    for episode in episodes {
        *counts.entry(&episode.policy).or_default() += 1;
    }
    let mut known = vec![base(app, hall).await?];
    let mut unknown = 0;
    for (digest, count) in counts {
        match app.store.policy(hall, digest).await? {
            Some(version) => known.push(parsed(&version)?),
            None => unknown += count,
        }
    }
    Ok((known, unknown))
}

fn recorded(newest: &Event, first: Option<&Event>) -> Recorded {
    let evidence = |event: &Event| (event.evidence.observed_s, event.evidence.hit_ratio);
    let place = newest.window.as_ref().map(ToString::to_string);
    let place = place.or_else(|| newest.zone.as_ref().map(ToString::to_string)).unwrap_or_default();
    Recorded {
        id: newest.id.to_string(),
        rule: newest.rule,
        place,
        opened_at: newest.opened_at,
        closed: newest.closed_at.zip(newest.close_reason),
        severity: newest.severity,
        items: newest.evidence.items.clone(),
        at_raise: first.map(evidence),
        at_end: evidence(newest),
        policy: newest.policy.clone(),
    }
}
