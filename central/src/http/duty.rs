//! A hall's duty: shifts, roster, calendar, pauses, accommodations.

use super::App;
use super::body::{JsonBody, Parameters};
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::duty::{Accommodation, Cell, DayKind, Shift, Stretch, YEARS, zone};
use crate::store::{Access, Change, Duty};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::policy::Span;
use chuangming_domain::rule::Rule;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LONGEST_NAME: usize = 40;
const MOST_SPANS: usize = 6;
const MOST_CELLS: usize = 1000;
const MOST_DAYS: i32 = 62;
/// Rosters and calendars reach so many years to both sides.
const FARTHEST: i32 = 800;

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DutyQuery {
    /// The first day; today if not given.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day, at most 62 in all; six days after the first if not given.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// A hall's duty over some days.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Duty)]
pub struct DutyView {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// The shifts.
    pub shifts: Vec<ShiftView>,
    /// Who can be posted.
    pub staff: Vec<StaffView>,
    /// Who is posted.
    pub cells: Vec<CellView>,
    /// What each day is.
    pub days: Vec<DayView>,
    /// Years of which the public calendar is known; of others only weekends are.
    pub calendar_years: Vec<i16>,
    /// Planned times without service.
    pub pauses: Vec<PauseView>,
}

/// A shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Shift)]
pub struct ShiftView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its hours, such as `08:30-12:00`.
    pub hours: Vec<String>,
    /// Its breaks.
    pub breaks: Vec<String>,
}

/// Somebody who can be posted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = StaffMember)]
pub struct StaffView {
    /// The account's id.
    pub id: String,
    /// What is typed at the sign-in.
    pub name: String,
    /// What people call them; may be empty.
    pub display_name: String,
}

/// Who is at a window in a shift of a day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RosterCell)]
pub struct CellView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// The window.
    #[schema(value_type = String)]
    pub window: WindowId,
    /// The shift's id.
    pub shift: String,
    /// The accounts' ids; nobody where empty.
    #[schema(max_items = 10)]
    pub staff: Vec<String>,
}

/// What a day is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CalendarDay)]
pub struct DayView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// `workday`, `weekend`, `holiday`, `compensatory`, `own_worked` or `own_closed`.
    pub kind: String,
    /// Which public holiday, such as `spring_festival`.
    #[schema(required)]
    pub holiday: Option<String>,
    /// Whether the hall works.
    pub worked: bool,
}

/// A planned time without service.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Pause)]
pub struct PauseView {
    /// Its id.
    pub id: String,
    /// At which window; at all where null.
    #[schema(required)]
    pub window: Option<String>,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}

/// How a shift shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutShift {
    /// 1 to 40 characters.
    #[schema(min_length = 1, max_length = 40)]
    name: String,
    /// One to six spans such as `08:30-12:00`.
    #[schema(min_items = 1, max_items = 6)]
    hours: Vec<String>,
    /// Spans within in which nobody has to be there.
    #[serde(default)]
    #[schema(max_items = 6)]
    breaks: Vec<String>,
}

/// Who shall be posted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRoster {
    /// At most 1000; each in place of what was.
    #[schema(max_items = 1000)]
    cells: Vec<CellView>,
}

/// Whether a day shall be worked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutDay {
    /// Whether the hall works.
    worked: bool,
}

/// A time without service. There is no field for a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPause {
    /// At which window; at all where it is missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    window: Option<WindowId>,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until; at most 31 days later.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
}

/// A rule that shall be off at a window in a shift. There is no field for a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccommodation {
    /// The window.
    #[schema(value_type = String)]
    window: WindowId,
    /// The shift.
    shift: String,
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    rule: Rule,
    /// From which day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Until which day, included; without end if missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// A rule that is off at a window in a shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Accommodation)]
pub struct AccommodationView {
    /// Its id.
    pub id: String,
    /// The window.
    pub window: String,
    /// The shift.
    pub shift: String,
    /// The rule.
    #[schema(schema_with = super::schema::rule)]
    pub rule: Rule,
    /// From which day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Until which day, included; without end if null.
    #[schema(value_type = Option<String>, format = Date, required)]
    pub to: Option<Date>,
}

/// The rules that are off.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accommodations {
    /// By their first day.
    pub accommodations: Vec<AccommodationView>,
}

/// Shifts, roster, calendar and pauses of some days.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/duty", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"), DutyQuery,
), responses(
    (status = 200, description = "The hall's duty", body = DutyView),
    (status = 400, description = "A parameter is wrong", body = Details, content_type = "application/problem+json"),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<DutyQuery>,
) -> Result<Json<DutyView>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let from = query.from.unwrap_or_else(|| Timestamp::now().to_zoned(zone()).date());
    let to = query.to.unwrap_or_else(|| from.saturating_add(6.days()));
    days(from, to)?;
    Ok(Json(view(app.store.duty(&hall, from, to).await?, from, to)))
}

fn view(duty: Duty, from: Date, to: Date) -> DutyView {
    let days = from.series(1.day()).take_while(|day| *day <= to).map(|day| {
        let kind = duty.calendar.kind(day);
        let (name, holiday) = match kind {
            DayKind::Workday => ("workday", None),
            DayKind::Weekend => ("weekend", None),
            DayKind::Holiday(name) => ("holiday", Some(name.to_owned())),
            DayKind::MakeUp => ("compensatory", None),
            DayKind::OwnWorked => ("own_worked", None),
            DayKind::OwnClosed => ("own_closed", None),
        };
        DayView { day, kind: name.to_owned(), holiday, worked: kind.worked() }
    });
    DutyView {
        from,
        to,
        days: days.collect(),
        calendar_years: YEARS.to_vec(),
        shifts: duty.shifts.iter().map(Into::into).collect(),
        staff: duty
            .staff
            .into_iter()
            .map(|s| StaffView { id: s.id, name: s.name, display_name: s.display_name })
            .collect(),
        cells: duty
            .cells
            .into_iter()
            .map(|c| CellView { day: c.day, window: c.window, shift: c.shift, staff: c.staff })
            .collect(),
        pauses: duty
            .pauses
            .into_iter()
            .map(|p| PauseView {
                id: p.id,
                window: p.window.map(|w| w.to_string()),
                from: p.stretch.from,
                to: p.stretch.to,
            })
            .collect(),
    }
}

impl From<&Shift> for ShiftView {
    fn from(shift: &Shift) -> Self {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        let texts = |spans: &[Span]| {
            spans.iter().map(|span| format!("{}-{}", clock(span.from), clock(span.to))).collect()
        };
        Self {
            id: shift.id.clone(),
            name: shift.name.clone(),
            hours: texts(&shift.hours),
            breaks: texts(&shift.breaks),
        }
    }
}

/// Writes a shift down; posts from today on follow its hours.
#[utoipa::path(put, path = "/api/v1/halls/{hall}/shifts/{shift}", tag = "duty", request_body = PutShift, params(
    ("hall" = String, Path, description = "The hall"),
    ("shift" = String, Path, description = "Its id: 1 to 32 of a-z, 0-9 and -"),
), responses((status = 204, description = "Written down")))]
pub async fn put_shift(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, shift)): Path<(String, String)>,
    JsonBody(body): JsonBody<PutShift>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let id = HallId::new(&shift)
        .map_err(|_| Failure::Invalid("shift: expected 1 to 32 of a-z, 0-9 and -".to_owned()))?;
    let shift = Shift {
        id: id.to_string(),
        name: text("name", &body.name, LONGEST_NAME)?,
        hours: spans("hours", &body.hours, 1)?,
        breaks: spans("breaks", &body.breaks, 0)?,
    };
    let turn = app.hub.turn().await;
    let changes = app.store.put_shift(&signed_in.account, &hall, &shift, Timestamp::now()).await?;
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a shift with its posts from today on.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/shifts/{shift}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("shift" = String, Path, description = "Its id"),
), responses((status = 204, description = "Removed")))]
pub async fn drop_shift(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, shift)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let turn = app.hub.turn().await;
    let changes = app.store.drop_shift(&signed_in.account, &hall, &shift, Timestamp::now()).await?;
    let changes = changes.ok_or(Failure::NotFound("no such shift"))?;
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Posts people; each cell in place of what was.
#[utoipa::path(put, path = "/api/v1/halls/{hall}/roster", tag = "duty", request_body = PutRoster, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 204, description = "Written down")))]
pub async fn put_roster(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<PutRoster>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    if body.cells.len() > MOST_CELLS {
        return Err(Failure::Invalid(format!("cells: expected at most {MOST_CELLS}")));
    }
    let cells: Vec<_> = body
        .cells
        .into_iter()
        .map(|c| Cell { day: c.day, window: c.window, shift: c.shift, staff: c.staff })
        .collect();
    take(&app, &signed_in, &hall, &cells).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a roster down and tells what changed by it.
pub(super) async fn take(
    app: &App,
    signed_in: &SignedIn,
    hall: &HallId,
    cells: &[Cell],
) -> Result<(), Failure> {
    for cell in cells {
        near(cell.day)?;
    }
    let turn = app.hub.turn().await;
    let taken = app.store.put_roster(&signed_in.account, hall, cells, Timestamp::now()).await?;
    let changes = taken.map_err(|problem| Failure::Invalid(problem.to_string()))?;
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(())
}

/// Has a day as worked or not, over the public calendar.
#[utoipa::path(put, path = "/api/v1/halls/{hall}/calendar/{day}", tag = "duty", request_body = PutDay, params(
    ("hall" = String, Path, description = "The hall"),
    ("day" = String, Path, description = "The day, such as 2026-10-01"),
), responses((status = 204, description = "Written down")))]
pub async fn put_day(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, day)): Path<(String, String)>,
    JsonBody(body): JsonBody<PutDay>,
) -> Result<StatusCode, Failure> {
    set_day(&app, &signed_in, &hall, &day, Some(body.worked)).await
}

/// Follows the public calendar again on a day.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/calendar/{day}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("day" = String, Path, description = "The day, such as 2026-10-01"),
), responses((status = 204, description = "Done")))]
pub async fn drop_day(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, day)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    set_day(&app, &signed_in, &hall, &day, None).await
}

async fn set_day(
    app: &App,
    signed_in: &SignedIn,
    hall: &str,
    day: &str,
    worked: Option<bool>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(hall)?;
    let day: Date =
        day.parse().map_err(|_| Failure::Invalid("day: expected a day such as 2026-10-01".to_owned()))?;
    near(day)?;
    let turn = app.hub.turn().await;
    let changes = app.store.put_day(&signed_in.account, &hall, day, worked, Timestamp::now()).await?;
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Plans a time without service: rules rest there then.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/pauses", tag = "duty", request_body = AddPause, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 201, description = "Planned", body = PauseView)))]
pub async fn add_pause(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<AddPause>,
) -> Result<(StatusCode, Json<PauseView>), Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let stretch = Stretch { from: body.from, to: body.to };
    near(body.from.to_zoned(zone()).date())?;
    if stretch.from >= stretch.to || stretch.to.duration_since(stretch.from).as_hours() > 31 * 24 {
        return Err(Failure::Invalid("to: expected a time after from, at most 31 days later".to_owned()));
    }
    let turn = app.hub.turn().await;
    let (id, changes) = app
        .store
        .add_pause(&signed_in.account, &hall, body.window.as_ref(), stretch, Timestamp::now())
        .await?;
    app.hub.tell(&app.store, &changes, turn).await;
    let window = body.window.map(|window| window.to_string());
    Ok((StatusCode::CREATED, Json(PauseView { id, window, from: stretch.from, to: stretch.to })))
}

/// Removes a planned time without service.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/pauses/{id}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The pause's id"),
), responses((status = 204, description = "Removed")))]
pub async fn drop_pause(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let turn = app.hub.turn().await;
    let changes = app.store.drop_pause(&signed_in.account, &hall, &id, Timestamp::now()).await?;
    told(&app, changes.ok_or(Failure::NotFound("no such pause"))?, turn).await
}

/// Rules that are off at a window in a shift.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/accommodations", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 200, description = "The accommodations", body = Accommodations)))]
pub async fn accommodations(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
) -> Result<Json<Accommodations>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let note = Access::to("list_accommodations").in_halls(Some(std::slice::from_ref(&hall)));
    app.store.note(&signed_in.account, &note, Timestamp::now()).await?;
    let found = app.store.accommodations(&hall).await?;
    let view = |a: Accommodation| AccommodationView {
        id: a.id,
        window: a.window.to_string(),
        shift: a.shift,
        rule: a.rule,
        from: a.from,
        to: a.to,
    };
    Ok(Json(Accommodations { accommodations: found.into_iter().map(view).collect() }))
}

/// Turns a rule off at a window in a shift. Nobody is asked for a reason.
#[utoipa::path(post, path = "/api/v1/halls/{hall}/accommodations", tag = "duty", request_body = AddAccommodation, params(
    ("hall" = String, Path, description = "The hall"),
), responses((status = 204, description = "Turned off")))]
pub async fn add_accommodation(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    JsonBody(body): JsonBody<AddAccommodation>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    near(body.from)?;
    if body.to.is_some_and(|to| to < body.from) {
        return Err(Failure::Invalid("to: expected a day from the first on".to_owned()));
    }
    if !app.store.shifts(&hall).await?.iter().any(|shift| shift.id == body.shift) {
        return Err(Failure::Invalid(format!("shift: there is no shift {:?}", body.shift)));
    }
    let new = Accommodation {
        id: uuid::Uuid::now_v7().to_string(),
        window: body.window,
        shift: body.shift,
        rule: body.rule,
        from: body.from,
        to: body.to,
    };
    let turn = app.hub.turn().await;
    let changes = app.store.add_accommodation(&signed_in.account, &hall, &new, Timestamp::now()).await?;
    told(&app, changes, turn).await
}

/// Turns the rule on again; what was left out stays left out.
#[utoipa::path(delete, path = "/api/v1/halls/{hall}/accommodations/{id}", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"),
    ("id" = String, Path, description = "The accommodation's id"),
), responses((status = 204, description = "Turned on")))]
pub async fn drop_accommodation(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path((hall, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let turn = app.hub.turn().await;
    let changes = app.store.drop_accommodation(&signed_in.account, &hall, &id, Timestamp::now()).await?;
    told(&app, changes.ok_or(Failure::NotFound("no such accommodation"))?, turn).await
}

async fn told(app: &App, changes: Vec<Change>, turn: crate::alerts::Turn<'_>) -> Result<StatusCode, Failure> {
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A text of 1 to `longest` characters, trimmed.
pub(super) fn text(field: &str, text: &str, longest: usize) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest || text.contains('\0') {
        return Err(Failure::Invalid(format!("{field}: expected 1 to {longest} characters")));
    }
    Ok(text.to_owned())
}

/// Spans of the day in their order, without overlaps.
pub(super) fn spans(field: &str, texts: &[String], fewest: usize) -> Result<Vec<Span>, Failure> {
    let wrong = || {
        Failure::Invalid(format!(
            "{field}: expected {fewest} to {MOST_SPANS} spans such as 08:30-12:00 that do not overlap"
        ))
    };
    let mut spans =
        texts.iter().map(|text| Span::parse(text)).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    spans.sort_by_key(|span| span.from);
    let apart = spans.windows(2).all(|pair| pair[0].to <= pair[1].from);
    if apart && (fewest..=MOST_SPANS).contains(&spans.len()) { Ok(spans) } else { Err(wrong()) }
}

/// At most 62 days, of these years.
pub(super) fn days(from: Date, to: Date) -> Result<(), Failure> {
    near(from)?;
    if (0..MOST_DAYS).contains(&to.since(from).map_or(MOST_DAYS, |span| span.get_days())) {
        Ok(())
    } else {
        Err(Failure::Invalid(format!("to: expected a day from {from} on, at most {MOST_DAYS} days in all")))
    }
}

impl From<Cell> for CellView {
    fn from(cell: Cell) -> Self {
        Self { day: cell.day, window: cell.window, shift: cell.shift, staff: cell.staff }
    }
}

/// Nobody plans for the next century.
fn near(day: Date) -> Result<(), Failure> {
    let today = Timestamp::now().to_zoned(zone()).date();
    let far = today.until(day).map_or(i32::MAX, |span| span.get_days().abs());
    if far <= FARTHEST {
        Ok(())
    } else {
        Err(Failure::Invalid(format!("{day} is too far away, expected a day within {FARTHEST} days")))
    }
}
