//! A hall's duty: shifts, roster, calendar.

use super::App;
use super::body::{JsonBody, Parameters};
use super::checks::{days, near, spans, text, today};
use super::pauses::PauseView;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::duty::{Cell, DayKind, Shift, YEARS, missing};
use crate::store::{Change, Duty, StoreError};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{HallId, WindowId};
use chuangming_domain::policy::Span;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LONGEST_NAME: usize = 40;
const MOST_CELLS: usize = 1000;

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
    /// The year whose public calendar should be known by now and is not: this year, or from November on the next. An
    /// administrator is to bring it; until then its days are to be written down by hand.
    #[schema(required)]
    pub calendar_missing: Option<i16>,
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

/// Shifts, roster, calendar and pauses of some days.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/duty", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"), DutyQuery,
), responses(
    (status = 200, description = "The hall's duty", body = DutyView),
))]
pub async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<DutyQuery>,
) -> Result<Json<DutyView>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let from = query.from.unwrap_or_else(today);
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
    let years: BTreeSet<_> = YEARS.iter().chain(duty.calendar.brought.keys()).copied().collect();
    let calendar_years = years.into_iter().collect();
    DutyView {
        from,
        to,
        days: days.collect(),
        calendar_missing: missing(today(), duty.calendar.brought.keys()),
        calendar_years,
        shifts: duty.shifts.iter().map(Into::into).collect(),
        staff: duty
            .staff
            .into_iter()
            .map(|s| StaffView { id: s.id, name: s.name, display_name: s.display_name })
            .collect(),
        cells: duty.cells.into_iter().map(Into::into).collect(),
        pauses: duty.pauses.into_iter().map(Into::into).collect(),
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
    let by = &signed_in.account;
    changed(&app, async |now| app.store.put_shift(by, &hall, &shift, now).await).await
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
    let by = &signed_in.account;
    removed(&app, "no such shift", async |now| app.store.drop_shift(by, &hall, &shift, now).await).await
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
    tell(app, async || {
        let taken = app.store.put_roster(&signed_in.account, hall, cells, Timestamp::now()).await?;
        Ok(((), taken.map_err(|problem| Failure::Invalid(problem.to_string()))?))
    })
    .await
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
    let by = &signed_in.account;
    changed(app, async |now| app.store.put_day(by, &hall, day, worked, now).await).await
}

/// Takes a turn at the live stream, does something that changes what rests, and tells what changed by it.
pub(super) async fn tell<T>(
    app: &App,
    deed: impl AsyncFnOnce() -> Result<(T, Vec<Change>), Failure>,
) -> Result<T, Failure> {
    let turn = app.hub.turn().await;
    let (answer, changes) = deed().await?;
    app.hub.tell(&app.store, &changes, turn).await;
    Ok(answer)
}

/// Writes something down, and tells what changed by it.
pub(super) async fn changed(
    app: &App,
    deed: impl AsyncFnOnce(Timestamp) -> Result<Vec<Change>, StoreError>,
) -> Result<StatusCode, Failure> {
    tell(app, async || Ok((StatusCode::NO_CONTENT, deed(Timestamp::now()).await?))).await
}

/// Removes something that may be gone already, and tells what changed by it.
pub(super) async fn removed(
    app: &App,
    missing: &'static str,
    deed: impl AsyncFnOnce(Timestamp) -> Result<Option<Vec<Change>>, StoreError>,
) -> Result<StatusCode, Failure> {
    tell(app, async || {
        let changes = deed(Timestamp::now()).await?.ok_or(Failure::NotFound(missing))?;
        Ok((StatusCode::NO_CONTENT, changes))
    })
    .await
}

impl From<Cell> for CellView {
    fn from(cell: Cell) -> Self {
        Self { day: cell.day, window: cell.window, shift: cell.shift, staff: cell.staff }
    }
}
