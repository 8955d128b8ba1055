//! What a district auditor sees of conduct: whole months of whole halls, and only where enough people stand behind.

use super::App;
use super::body::Parameters;
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::duty::{Stretch, zone};
use crate::report::due::due;
use crate::report::{Days, Figures, figures};
use crate::staff::compare::{FEWEST, Part, tell};
use crate::staff::hours;
use crate::store::Access;
use crate::view::Localised;
use axum::Json;
use axum::extract::State;
use chuangming_domain::Timestamp;
use chuangming_domain::id::HallId;
use chuangming_domain::rule::Rule;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which month.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AggregateQuery {
    /// The month, such as `2026-11`.
    #[param(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
}

/// A month over halls.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Aggregate {
    /// The month.
    pub month: String,
    /// So many people a figure needs.
    pub fewest: usize,
    /// Each of the account's halls.
    pub halls: Vec<HallAggregate>,
    /// All of them; null where it is withheld, or would tell what is.
    #[schema(required)]
    pub total: Option<AggregateFigures>,
}

/// A hall's month.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HallAggregate {
    /// Its id.
    pub hall: String,
    /// What it is called.
    pub name: String,
    /// Its figures; null where fewer than five people stand behind them.
    #[schema(required)]
    pub figures: Option<AggregateFigures>,
    /// Share of the hours of duty that were observed; it is about cameras, and never withheld.
    #[schema(required)]
    pub coverage: Option<f64>,
}

/// Figures of a month.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AggregateFigures {
    /// How many people stand behind them.
    pub people: usize,
    /// Hours observed while somebody was posted.
    pub observed_h: f64,
    /// Events that count.
    pub counted: u32,
    /// By rule, where there are any; empty for the total.
    pub rules: Vec<AggregateRule>,
}

/// Events of a rule that count.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AggregateRule {
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

/// A month of the account's halls, with small groups withheld.
#[utoipa::path(get, path = "/api/v1/reports/aggregate", tag = "reports", params(AggregateQuery), responses(
    (status = 200, description = "The month", body = Aggregate),
    (status = 400, description = "The month is none, or has not begun", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<AggregateQuery>,
) -> Result<Json<Aggregate>, Failure> {
    let now = Timestamp::now();
    let wrong = || Failure::Invalid("month: expected a month that has begun, such as 2026-11".to_owned());
    let first: Date = format!("{}-01", query.month).parse().map_err(|_| wrong())?;
    let days = Days { from: first, to: first.last_of_month(), zone: zone() };
    if query.month.len() != 7 || days.begin() > now {
        return Err(wrong());
    }
    let known = app.store.directory(&app.halls).await?;
    let mut halls: BTreeSet<HallId> = known.iter().map(|hall| hall.id.clone()).collect();
    halls.extend(app.store.places().await?.into_iter().map(|place| place.hall));
    let halls: Vec<_> = halls.into_iter().filter(|hall| signed_in.sees(hall.as_str())).collect();
    let note =
        Access::to("view_aggregate").in_halls(Some(&halls)).during(Some(days.begin()), Some(days.end()));
    app.store.note(&signed_in.account, &note, now).await?;
    let (mut parts, mut all) = (Vec::new(), Vec::new());
    for hall in &halls {
        let (part, figures) = month(&app, hall, &days, now).await?;
        parts.push(part);
        all.push(figures);
    }
    let told = tell(&parts);
    let name = |hall: &HallId| {
        known.iter().find(|k| k.id == *hall).map_or_else(|| hall.to_string(), |k| k.name.clone())
    };
    let view = halls.iter().zip(&all).zip(&told.parts).map(|((hall, figures), part)| HallAggregate {
        hall: hall.to_string(),
        name: name(hall),
        figures: part.map(|part| AggregateFigures { rules: rules(figures), ..of(part) }),
        coverage: figures.total.time.coverage(),
    });
    Ok(Json(Aggregate {
        month: query.month,
        fewest: FEWEST,
        halls: view.collect(),
        total: told.total.map(of),
    }))
}

fn of(part: Part) -> AggregateFigures {
    let observed_h = (part.observed_h * 10.0).round() / 10.0;
    AggregateFigures { people: part.people, observed_h, counted: part.counted, rules: Vec::new() }
}

fn rules(figures: &Figures) -> Vec<AggregateRule> {
    let counted = figures.rules.iter().filter(|(_, tally)| tally.counts.counted > 0);
    counted
        .map(|(rule, tally)| AggregateRule {
            rule: *rule,
            title: Localised::key(&format!("rule.{rule}.title")),
            article: rule.default_article().to_owned(),
            counted: tally.counts.counted,
        })
        .collect()
}

/// A hall's figures, and who stands behind them: those who were posted and observed. Smoking zones are nobody's.
async fn month(app: &App, hall: &HallId, days: &Days, now: Timestamp) -> Result<(Part, Figures), Failure> {
    let time = Stretch { from: days.begin(), to: days.end() };
    let mut seen = app.store.seen(hall, time.from, time.to, now).await?;
    seen.retain(|event| event.window.is_some());
    let covered = app.store.covered(hall, time.from, time.to).await?;
    let duty = super::reports::duty_of(app, hall).await?;
    let due = due(days, &duty, &app.store.known_since(hall).await?, now);
    let figures = figures(days, &seen, &covered, &due);
    let posts = app.store.posts_in(hall, time).await?;
    let people: BTreeSet<_> = posts.iter().map(|post| post.account.as_str()).collect();
    let mut part = Part { counted: figures.total.counts.counted, ..Part::default() };
    for who in people {
        let theirs: Vec<_> = posts.iter().filter(|post| post.account == who).cloned().collect();
        let observed = hours(&theirs, &covered, now).observed_s;
        part.people += usize::from(observed > 0.0);
        part.observed_h += observed / 3600.0;
    }
    Ok((part, figures))
}
