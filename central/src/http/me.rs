//! What a staff member sees of their own work: summary, contesting, stepping away.
//!
//! No score, no ranking. An account sees events of the times it was posted, and no others.

use super::App;
use super::appeals::AppealView;
use super::body::{JsonBody, Parameters};
use super::own::Mine;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::duty::{LONGEST_AWAY, Post, Stretch, zone};
use crate::staff::appeal::{self, Choice, LONGEST_TEXT};
use crate::staff::compare::{FEWEST, Part, tell};
use crate::store::{Access, NotMade};
use crate::view::{EventView, Localised};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use chuangming_domain::rule::Rule;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A rate over fewer observed hours says nothing and is not told.
const RATE_HOURS: f64 = crate::report::RATE_HOURS;

/// How long a summary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Grain {
    Day,
    Week,
    Month,
}

/// Which summary.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SummaryQuery {
    /// A day, the week from Monday, or the month.
    #[param(inline)]
    grain: Grain,
    /// A day in it; today if not given.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
}

/// One's own summary.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnSummary)]
pub struct Summary {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// Posted hours in which something could be told.
    pub observed_h: f64,
    /// Posted hours of which the agent reported that nothing could be told.
    pub unknown_h: f64,
    /// Posted hours of which nothing was reported.
    pub unreported_h: f64,
    /// Events that count: confirmed, and neither contested nor wrong.
    pub counted: u32,
    /// The same by rule; rules without any are left out.
    pub rules: Vec<OwnRule>,
    /// Every event of one's posts, newest first.
    pub events: Vec<OwnEvent>,
    /// The hall's others beside it.
    pub comparison: Comparison,
    /// Where one is posted.
    pub posts: Vec<OwnPost>,
    /// Where one is now, and whether one stepped away.
    pub now: Now,
    /// Working days until when an appeal is answered, or the event is dropped.
    pub appeal_days: u32,
}

/// Events of a rule that count.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnRule {
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    pub rule: Rule,
    /// What it is called.
    pub title: Localised,
    /// The clause of the regulation.
    pub article: String,
    /// How many.
    pub counted: u32,
}

/// An event of one's posts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnEvent {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// `counts`, `unconfirmed`, `contested`, `void`, `suspended` or `shared`: only `counts` counts.
    pub standing: String,
    /// One's appeal against it.
    #[schema(required)]
    pub appeal: Option<AppealView>,
}

/// Events that count in a hundred observed hours, one's own and the hall's others'.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// One's own; null below eight observed hours.
    #[schema(required)]
    pub own: Option<f64>,
    /// The others' together; null where fewer than five stand behind it, or by the day.
    #[schema(required)]
    pub others: Option<f64>,
    /// How many others; null where it is withheld.
    #[schema(required)]
    pub people: Option<usize>,
    /// So many people a figure needs.
    pub fewest: usize,
}

/// A time at a window.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnPost {
    /// The hall.
    pub hall: String,
    /// The window.
    pub window: String,
    /// What the window is called.
    pub window_name: String,
    /// The shift.
    pub shift: String,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}

/// Where one is now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnNow)]
pub struct Now {
    /// Where one is posted now; null off duty.
    #[schema(required)]
    pub post: Option<OwnPost>,
    /// Until when one is away; null where one is not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub away_until: Option<Timestamp>,
}

/// One's word against an event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contest {
    /// What one says of it.
    choice: Choice,
    /// In one's own words, at most 500 characters; needed where the choice is `other`.
    #[serde(default)]
    #[schema(max_length = 500)]
    text: String,
}

/// One's own summary of a day, week or month.
#[utoipa::path(get, path = "/api/v1/me/summary", tag = "me", params(SummaryQuery), responses(
    (status = 200, description = "The summary", body = Summary),
))]
pub async fn summary(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<SummaryQuery>,
) -> Result<Json<Summary>, Failure> {
    let now = Timestamp::now();
    let day = query.day.unwrap_or_else(|| now.to_zoned(zone()).date());
    let (from, to) = period(query.grain, day)?;
    let time = Stretch { from: begin(from)?, to: begin(to.saturating_add(1.day()))? };
    // Of nobody else: it is no look at what happened in a hall.
    app.store.note(&signed_in.account, &Access::to("own_summary"), now).await?;
    let mine = Mine::of(&app, &signed_in.account.id, time, now).await?;
    let own_hours = mine.hours();
    let own = mine.part(&signed_in.account.id, own_hours);
    let mut comparison = Comparison { own: rate(own), fewest: FEWEST, ..Comparison::default() };
    if query.grain != Grain::Day {
        let told = tell(&mine.others(&signed_in.account.id)).total;
        comparison.others = told.and_then(rate);
        comparison.people = told.filter(|part| rate(*part).is_some()).map(|part| part.people);
    }
    let appeals = app.store.appeals_of(&signed_in.account.id).await?;
    let names = app.store.directory(&app.halls).await?;
    let events = mine.own_events(&signed_in.account.id).into_iter().map(|(episode, standing)| OwnEvent {
        standing: standing.name().to_owned(),
        appeal: appeals.iter().find(|a| a.event_id == episode.event.id.to_string()).map(Into::into),
        event: episode.into(),
    });
    let events: Vec<_> = events.collect();
    Ok(Json(Summary {
        from,
        to,
        observed_h: round(own_hours.observed_s),
        unknown_h: round(own_hours.unknown_s),
        unreported_h: round(own_hours.unreported_s),
        counted: own.counted,
        rules: by_rule(&events),
        events,
        comparison,
        posts: mine.posts.iter().map(|post| own_post(post, &names)).collect(),
        now: now_of(&app, &signed_in.account.id, &names, now).await?,
        appeal_days: app.appeal_days,
    }))
}

fn by_rule(events: &[OwnEvent]) -> Vec<OwnRule> {
    let mut rules: BTreeMap<Rule, u32> = BTreeMap::new();
    for event in events.iter().filter(|event| event.standing == "counts") {
        *rules.entry(event.event.rule).or_default() += 1;
    }
    let view = |(rule, counted): (Rule, u32)| OwnRule {
        rule,
        title: Localised::key(&format!("rule.{rule}.title")),
        article: rule.default_article().to_owned(),
        counted,
    };
    rules.into_iter().map(view).collect()
}

/// Contests an event of one's posts; somebody else than who confirmed it answers in time, or it is dropped.
#[utoipa::path(post, path = "/api/v1/me/events/{id}/contest", tag = "me", request_body = Contest, params(
    ("id" = String, Path, description = "The event's id"),
), responses(
    (status = 201, description = "Contested: it does not count until it is answered", body = AppealView),
    (status = 400, description = "The text is missing or too long", body = Details, content_type = "application/problem+json"),
    (status = 404, description = "No such event of one's posts", body = Details, content_type = "application/problem+json"),
    (status = 409, description = "Contested before, or marked as wrong already", body = Details, content_type = "application/problem+json"),
))]
pub async fn contest(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<Contest>,
) -> Result<(StatusCode, Json<AppealView>), Failure> {
    let missing = || Failure::NotFound("no such event of your posts");
    let id = EventId(id.parse().map_err(|_| missing())?);
    let episode = app.store.event(id).await?.ok_or_else(missing)?;
    if !app.store.was_posted(&signed_in.account.id, &episode.event).await? {
        return Err(missing());
    }
    let text = body.text.trim();
    let needed = body.choice == Choice::Other;
    if (needed && text.is_empty()) || text.chars().count() > LONGEST_TEXT || text.contains('\0') {
        return Err(Failure::Invalid(format!(
            "text: expected {} to {LONGEST_TEXT} characters",
            u8::from(needed)
        )));
    }
    let now = Timestamp::now();
    let calendar = app.store.calendar(&episode.event.hall).await?;
    let due = appeal::deadline(now, app.appeal_days, &calendar, &zone());
    let turn = app.hub.turn().await;
    let made = app.store.contest(&episode.event, &signed_in.account, (body.choice, text), due, now).await?;
    let change = made.map_err(|refusal| {
        Failure::Conflict(match refusal {
            NotMade::Again => "this event was contested before",
            NotMade::Wrong => "this event was marked as wrong and counts for nobody",
        })
    })?;
    app.hub.tell(&app.store, &[change], turn).await;
    let mine =
        app.store.appeals_against(id).await?.into_iter().find(|a| a.made.account_id == signed_in.account.id);
    Ok((StatusCode::CREATED, Json((&mine.ok_or_else(missing)?).into())))
}

/// Steps away from one's window; nobody is asked why.
#[utoipa::path(put, path = "/api/v1/me/away", tag = "me", responses(
    (status = 200, description = "Away", body = Now),
    (status = 409, description = "One is not posted anywhere now", body = Details, content_type = "application/problem+json"),
))]
pub async fn step_away(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Now>, Failure> {
    let (account, now) = (&signed_in.account.id, Timestamp::now());
    let names = app.store.directory(&app.halls).await?;
    let posts = app.store.posts_of(account, Stretch { from: now, to: now + LONGEST_AWAY }).await?;
    let here = posts.iter().find(|post| post.stretch.holds(now));
    let post = here.ok_or(Failure::Conflict("you are not posted at a window now"))?;
    if app.store.aways_of(account, Stretch { from: now, to: now + LONGEST_AWAY }).await?.is_empty() {
        let stretch = Stretch { from: now, to: now + LONGEST_AWAY };
        app.store.step_away(account, &post.hall, &post.window, stretch).await?;
        app.duty_changed(&post.hall, now).await?;
    }
    Ok(Json(now_of(&app, account, &names, now).await?))
}

/// Is back at one's window.
#[utoipa::path(delete, path = "/api/v1/me/away", tag = "me", responses(
    (status = 200, description = "Back", body = Now),
))]
pub async fn come_back(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Json<Now>, Failure> {
    let (account, now) = (&signed_in.account.id, Timestamp::now());
    let away = app.store.aways_of(account, Stretch { from: now, to: now + LONGEST_AWAY }).await?;
    app.store.come_back(account, now).await?;
    if let Some((hall, _)) = away.first() {
        app.duty_changed(hall, now).await?;
    }
    let names = app.store.directory(&app.halls).await?;
    Ok(Json(now_of(&app, account, &names, Timestamp::now()).await?))
}

/// The days of a summary.
fn period(grain: Grain, day: Date) -> Result<(Date, Date), Failure> {
    let far = || Failure::Invalid("day: is beyond the calendar".to_owned());
    Ok(match grain {
        Grain::Day => (day, day),
        Grain::Week => {
            let monday = day
                .checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
                .map_err(|_| far())?;
            (monday, monday.checked_add(6.days()).map_err(|_| far())?)
        }
        Grain::Month => (day.first_of_month(), day.last_of_month()),
    })
}

fn begin(day: Date) -> Result<Timestamp, Failure> {
    let at = day.to_zoned(zone()).map_err(|_| Failure::Invalid("day: is beyond the calendar".to_owned()))?;
    Ok(at.timestamp())
}

pub(super) fn own_post(post: &Post, names: &[crate::config::Hall]) -> OwnPost {
    let hall = names.iter().find(|hall| hall.id == post.hall);
    let window = hall.and_then(|hall| hall.windows.iter().find(|window| window.id == post.window));
    OwnPost {
        hall: post.hall.to_string(),
        window: post.window.to_string(),
        window_name: window.map_or_else(|| post.window.to_string(), |window| window.name.clone()),
        shift: post.shift.clone(),
        from: post.stretch.from,
        to: post.stretch.to,
    }
}

async fn now_of(
    app: &App,
    account: &str,
    names: &[crate::config::Hall],
    now: Timestamp,
) -> Result<Now, Failure> {
    let moment = Stretch { from: now, to: now + jiff::SignedDuration::from_millis(1) };
    let posts = app.store.posts_of(account, moment).await?;
    let away = app.store.aways_of(account, moment).await?;
    Ok(Now {
        post: posts.first().map(|post| own_post(post, names)),
        away_until: away.first().map(|(_, away)| away.stretch.to),
    })
}

fn rate(part: Part) -> Option<f64> {
    (part.observed_h >= RATE_HOURS).then(|| f64::from(part.counted) / part.observed_h * 100.0)
}

fn round(seconds: f64) -> f64 {
    (seconds / 36.0).round() / 100.0
}
