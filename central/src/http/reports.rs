//! Reports of conduct over time, as pages and files.

use super::App;
use super::body::Parameters;
use super::problem::Failure;
use super::session::SignedIn;
use crate::report::due::{Duty, due, office_hours};
use crate::report::export::{self, Heading};
use crate::report::{Counts, Days, Figures, MOST_DAYS, RATE_HOURS, Tally, figures};
use crate::store::Access;
use crate::view::Localised;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::policy::Span;
use chuangming_domain::rule::Rule;
use chuangming_domain::text::Lang;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which report.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// The hall.
    #[param(value_type = String)]
    hall: HallId,
    /// The first day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last day; at most 93 days in all.
    #[param(value_type = String, format = Date)]
    to: Date,
    /// Only this window.
    #[param(value_type = Option<String>)]
    window: Option<WindowId>,
    /// The language of a file; Chinese if not given.
    #[param(value_type = Option<String>, inline)]
    lang: Option<LangQuery>,
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum LangQuery {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Events and the time they rest on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Tally)]
pub struct TallyView {
    /// Events that count: confirmed, and neither contested nor wrong.
    pub counted: u32,
    /// Events on which nobody has decided.
    pub waiting: u32,
    /// Events that are contested and not settled.
    pub contested: u32,
    /// Events that were wrong, withdrawn or dropped.
    pub void: u32,
    /// Hours of duty in which something could be told.
    pub observed_h: f64,
    /// Hours of duty of which the agent reported that nothing could be told.
    pub unknown_h: f64,
    /// Hours of duty of which nothing was reported.
    pub unreported_h: f64,
    /// Share of the hours of duty that were observed; null where there was no duty.
    #[schema(required)]
    pub coverage: Option<f64>,
    /// Events that count in a hundred observed hours; null where too few hours were observed.
    #[schema(required)]
    pub rate: Option<f64>,
}

/// The figures of a day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = DayTally)]
pub struct DayView {
    /// The day in the hall's time zone.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Its figures.
    #[serde(flatten)]
    pub tally: TallyView,
}

/// The figures of a rule.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RuleTally)]
pub struct RuleView {
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    pub rule: Rule,
    /// What it is called.
    pub title: Localised,
    /// The clause of the regulation.
    pub article: String,
    /// Its figures; the hours are those of its own signal.
    #[serde(flatten)]
    pub tally: TallyView,
}

/// The figures of a window.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = WindowTally)]
pub struct WindowView {
    /// Its id.
    pub window: String,
    /// What it is called.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub tally: TallyView,
}

/// The figures of an hour of the day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = HourTally)]
pub struct HourView {
    /// 0 to 23 in the hall's time zone.
    pub hour: u8,
    /// Its figures.
    #[serde(flatten)]
    pub tally: TallyView,
}

/// How the windows of a hall were kept over some days, and how much of that time could be observed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ConductReport)]
pub struct ReportView {
    /// The hall.
    pub hall: String,
    /// What it is called.
    pub hall_name: String,
    /// Its time zone.
    pub timezone: String,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// So many observed hours a rate needs at least.
    pub rate_hours: f64,
    /// All of it.
    pub total: TallyView,
    /// Every day.
    pub days: Vec<DayView>,
    /// Every rule that was looked at or raised, those with the most events that count first.
    pub rules: Vec<RuleView>,
    /// Every window.
    pub windows: Vec<WindowView>,
    /// Events of smoking zones, which are nobody's post.
    pub zones: u32,
    /// Every hour of the day with duty or events.
    pub hours: Vec<HourView>,
}

impl From<&Tally> for TallyView {
    fn from(tally: &Tally) -> Self {
        let Counts { counted, waiting, contested, void } = tally.counts;
        let time = tally.time;
        let hours = |seconds: f64| (seconds / 36.0).round() / 100.0;
        Self {
            counted,
            waiting,
            contested,
            void,
            observed_h: hours(time.observed_s),
            unknown_h: hours(time.unknown_s),
            unreported_h: hours(time.unreported_s),
            coverage: time.coverage(),
            rate: tally.rate(),
        }
    }
}

/// The report of a hall over some days.
#[utoipa::path(get, path = "/api/v1/reports/conduct", tag = "reports", params(ReportQuery), responses(
    (status = 200, description = "The report", body = ReportView),
))]
pub async fn conduct(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<ReportQuery>,
) -> Result<Json<ReportView>, Failure> {
    let made = make(&app, &signed_in, &query).await?;
    Ok(Json(made.view()))
}

/// The same as CSV: every day with its hours, then every day, place and rule with events.
#[utoipa::path(get, path = "/api/v1/reports/conduct.csv", tag = "reports", params(ReportQuery), responses(
    (status = 200, description = "A file", body = String, content_type = "text/csv"),
))]
pub async fn conduct_csv(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<ReportQuery>,
) -> Result<Response, Failure> {
    let made = make(&app, &signed_in, &query).await?;
    let file = made.with_heading(&query, export::csv);
    Ok(attachment(file, "text/csv; charset=utf-8", &query, "csv"))
}

/// The same as a workbook with a sheet for the summary and its definitions, days, rules, windows and hours.
#[utoipa::path(get, path = "/api/v1/reports/conduct.xlsx", tag = "reports", params(ReportQuery), responses(
    (status = 200, description = "A file", body = Vec<u8>,
     content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
))]
pub async fn conduct_xlsx(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Parameters(query): Parameters<ReportQuery>,
) -> Result<Response, Failure> {
    let made = make(&app, &signed_in, &query).await?;
    let file = made.with_heading(&query, export::xlsx);
    let file = file.map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Failure::Unavailable("the file could not be written")
    })?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(attachment(file, kind, &query, "xlsx"))
}

struct Made {
    hall: crate::config::Hall,
    days: Days,
    figures: Figures,
    at: Timestamp,
}

async fn make(app: &App, signed_in: &SignedIn, query: &ReportQuery) -> Result<Made, Failure> {
    signed_in.halls(Some(query.hall.clone()))?;
    let length = query.to.since(query.from).map(|span| span.get_days()).unwrap_or(MOST_DAYS);
    if !(0..MOST_DAYS).contains(&length) {
        return Err(Failure::Invalid(format!(
            "to: expected a day from {} on, at most {MOST_DAYS} days in all",
            query.from
        )));
    }
    let now = Timestamp::now();
    let duty = duty_of(app, &query.hall).await?;
    let days = Days { from: query.from, to: query.to, zone: duty.zone.clone() };
    let note = Access::to("report")
        .in_halls(Some(std::slice::from_ref(&query.hall)))
        .at_window(query.window.as_ref());
    app.store.note(&signed_in.account, &note.during(Some(days.begin()), Some(days.end())), now).await?;
    let mine = |window: Option<&WindowId>| query.window.is_none() || query.window.as_ref() == window;
    let mut seen = app.store.seen(&query.hall, days.begin(), days.end(), now).await?;
    seen.retain(|event| mine(event.window.as_ref()));
    let mut covered = app.store.covered(&query.hall, days.begin(), days.end()).await?;
    covered.retain(|hour| mine(Some(&hour.window)));
    let mut known = app.store.known_since(&query.hall).await?;
    known.retain(|window, _| mine(Some(window)));
    let due = due(&days, &duty, &known, now);
    let figures = figures(&days, &seen, &covered, &due);
    let named = app.store.directory(&app.halls).await?.into_iter().find(|hall| hall.id == query.hall);
    let unnamed =
        || crate::config::Hall { id: query.hall.clone(), name: query.hall.to_string(), windows: Vec::new() };
    Ok(Made { hall: named.unwrap_or_else(unnamed), days, figures, at: now })
}

/// When the hall's windows are kept: its shifts, or office hours where it has none, on the days that
/// its calendar has as worked.
pub(super) async fn duty_of(app: &App, hall: &HallId) -> Result<Duty, Failure> {
    let calendar = app.store.calendar(hall).await?;
    let mut hours =
        joined(app.store.shifts(hall).await?.iter().flat_map(|shift| shift.hours.clone()).collect());
    if hours.is_empty() {
        hours = office_hours();
    }
    Ok(Duty { zone: crate::duty::zone(), hours, worked: Box::new(move |day| calendar.worked(day)) })
}

/// Spans without overlaps.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut all: Vec<Span> = Vec::new();
    for span in spans {
        match all.last_mut().filter(|last| span.from <= last.to) {
            Some(last) => last.to = last.to.max(span.to),
            None => all.push(span),
        }
    }
    all
}

impl Made {
    fn window_name(&self, id: &WindowId) -> String {
        let window = self.hall.windows.iter().find(|window| window.id == *id);
        window.map_or_else(|| id.to_string(), |window| window.name.clone())
    }

    fn with_heading<T>(&self, query: &ReportQuery, write: impl Fn(&Figures, &Heading) -> T) -> T {
        let name = |id: &WindowId| self.window_name(id);
        let lang = if query.lang == Some(LangQuery::En) { Lang::En } else { Lang::ZhCn };
        let heading =
            Heading { hall: &self.hall.name, days: &self.days, made: self.at, lang, window_name: &name };
        write(&self.figures, &heading)
    }

    fn view(&self) -> ReportView {
        let figures = &self.figures;
        let mut rules: Vec<_> = figures
            .rules
            .iter()
            .map(|(rule, tally)| RuleView {
                rule: *rule,
                title: Localised::key(&format!("rule.{rule}.title")),
                article: rule.default_article().to_owned(),
                tally: tally.into(),
            })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.tally.counted));
        ReportView {
            hall: self.hall.id.to_string(),
            hall_name: self.hall.name.clone(),
            timezone: self.days.zone.iana_name().unwrap_or("UTC").to_owned(),
            from: self.days.from,
            to: self.days.to,
            made_at: self.at,
            rate_hours: RATE_HOURS,
            total: (&figures.total).into(),
            days: figures
                .days
                .iter()
                .map(|(day, tally)| DayView { day: *day, tally: tally.into() })
                .collect(),
            rules,
            windows: figures
                .windows
                .iter()
                .map(|(id, tally)| WindowView {
                    window: id.to_string(),
                    name: self.window_name(id),
                    tally: tally.into(),
                })
                .collect(),
            zones: figures.zones.counted,
            hours: figures
                .hours
                .iter()
                .map(|(hour, tally)| HourView { hour: *hour, tally: tally.into() })
                .collect(),
        }
    }
}

fn attachment(file: Vec<u8>, kind: &'static str, query: &ReportQuery, ending: &str) -> Response {
    let name = format!("chuangming-{}-{}-{}.{ending}", query.hall, query.from, query.to);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    (headers, file).into_response()
}
