//! The public calendar: years that are built in, and years that an administrator brings.

use super::App;
use super::body::Parameters;
use super::checks::today;
use super::duty::tell;
use super::file::{CSV, ImportQuery, RosterRefused, media_type};
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::duty::{Public, PublicDay, PublicYear, YEARS, missing, of_year, read_year};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chuangming_domain::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A year is brought that is at most so far away.
const FARTHEST: i16 = 5;

/// The public calendar.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicCalendar {
    /// The years that are known, oldest first.
    pub years: Vec<PublicYearView>,
    /// The year that should be known by now and is not: this year, or from November on the next.
    #[schema(required)]
    pub missing: Option<i16>,
}

/// A year of the public calendar.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PublicYear)]
pub struct PublicYearView {
    /// The year.
    pub year: i16,
    /// Whether an administrator brought it; otherwise it is built in.
    pub brought: bool,
    /// Days off and made up, in their order.
    pub days: Vec<PublicDayView>,
}

/// A day of the public calendar.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PublicDay)]
pub struct PublicDayView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// The holiday's name, or a word for one that is built in; null on a weekend day that is worked.
    #[schema(required)]
    pub holiday: Option<String>,
}

/// What was taken of a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicYearTaken {
    /// The year as it is now, or would be.
    pub year: PublicYearView,
    /// Whether it was taken; not where it was only checked.
    pub taken: bool,
}

fn brought(year: i16, days: &PublicYear) -> PublicYearView {
    let view = |(day, what): (&Date, &PublicDay)| {
        let holiday = match what {
            PublicDay::Holiday(name) => Some(name.clone()),
            PublicDay::MakeUp => None,
        };
        PublicDayView { day: *day, holiday }
    };
    PublicYearView { year, brought: true, days: days.iter().map(view).collect() }
}

fn built_in(year: i16) -> PublicYearView {
    let view = |(day, what)| {
        let holiday = match what {
            Public::Holiday(name) => Some(name.to_owned()),
            Public::MakeUp => None,
        };
        PublicDayView { day, holiday }
    };
    PublicYearView { year, brought: false, days: of_year(year).map(view).collect() }
}

/// The years of the public calendar that are known.
#[utoipa::path(get, path = "/api/v1/public-calendar", tag = "duty", responses(
    (status = 200, description = "The years", body = PublicCalendar),
))]
pub async fn show(State(app): State<Arc<App>>, _: SignedIn) -> Result<Json<PublicCalendar>, Failure> {
    let years = app.store.public_years().await?;
    let missing = missing(today(), years.keys());
    let mut all: BTreeMap<_, _> = YEARS.iter().map(|year| (*year, built_in(*year))).collect();
    all.extend(years.iter().map(|(year, days)| (*year, brought(*year, days))));
    Ok(Json(PublicCalendar { years: all.into_values().collect(), missing }))
}

/// Brings a year as CSV with the columns date, kind (`holiday` or `workday`) and name (日期、类型、名称); it stands in place
/// of what was known of that year, for every hall.
#[utoipa::path(put, path = "/api/v1/public-calendar/{year}", tag = "duty",
    request_body(content((String = "text/csv"))),
    params(("year" = i16, Path, description = "The year, at most five away"), ImportQuery),
    responses(
        (status = 200, description = "All of it was taken, or would be", body = PublicYearTaken),
        (status = 400, description = "No such year", body = Details, content_type = "application/problem+json"),
        (status = 415, description = "No CSV", body = Details, content_type = "application/problem+json"),
        (status = 422, description = "Rows are wrong; nothing was taken", body = RosterRefused, content_type = "application/problem+json"),
    ))]
pub async fn put(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(year): Path<String>,
    Parameters(query): Parameters<ImportQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<PublicYearTaken>, Failure> {
    let year = near(&year)?;
    if media_type(&headers) != CSV {
        return Err(Failure::MediaType);
    }
    let days = read_year(&body, year).map_err(|problems| Failure::Rows("calendar", problems))?;
    let taken = query.is_taken();
    if taken {
        change(&app, &signed_in, year, Some(&days)).await?;
    }
    Ok(Json(PublicYearTaken { year: brought(year, &days), taken }))
}

/// Forgets a year that was brought; what is built in of it counts again.
#[utoipa::path(delete, path = "/api/v1/public-calendar/{year}", tag = "duty", params(
    ("year" = i16, Path, description = "The year"),
), responses(
    (status = 204, description = "Forgotten"),
    (status = 404, description = "It was not brought", body = Details, content_type = "application/problem+json"),
))]
pub async fn forget(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(year): Path<String>,
) -> Result<StatusCode, Failure> {
    let missing = || Failure::NotFound("that year was not brought");
    let year: i16 = year.parse().map_err(|_| missing())?;
    if !app.store.public_years().await?.contains_key(&year) {
        return Err(missing());
    }
    change(&app, &signed_in, year, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(app: &App, by: &SignedIn, year: i16, days: Option<&PublicYear>) -> Result<(), Failure> {
    tell(app, async || Ok(((), app.store.put_public_year(&by.account, year, days, Timestamp::now()).await?)))
        .await?;
    crate::telemetry::calendar_missing(missing(today(), app.store.public_years().await?.keys()));
    Ok(())
}

fn near(year: &str) -> Result<i16, Failure> {
    let this = today().year();
    let near = this - FARTHEST..=this + FARTHEST;
    year.parse().ok().filter(|year| near.contains(year)).ok_or_else(|| {
        Failure::Invalid(format!("year: expected one from {} to {}", near.start(), near.end()))
    })
}
