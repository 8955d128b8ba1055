//! A roster from a file.

use super::App;
use super::body::Parameters;
use super::checks::days;
use super::duty::{CellView, take};
use super::file::{CSV, ImportQuery, RosterRefused, XLSX, media_type};
use super::problem::{Details, Failure};
use super::signed_in::SignedIn;
use crate::duty::{Names, read_csv, read_xlsx};
use crate::report::export::harmless;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chuangming_domain::id::HallId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What was taken of a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RosterImported {
    /// Who was posted, or would be.
    pub cells: Vec<CellView>,
    /// Whether it was taken; not where it was only checked.
    pub taken: bool,
}

/// Which days.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The first day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last day, at most 62 in all.
    #[param(value_type = String, format = Date)]
    to: Date,
}

/// Posts people from a CSV file or a workbook with the columns day, window, shift and staff (日期、窗口、班次、姓名).
#[utoipa::path(post, path = "/api/v1/halls/{hall}/roster/file", tag = "duty",
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    params(("hall" = String, Path, description = "The hall"), ImportQuery),
    responses(
        (status = 200, description = "All of it was taken, or would be", body = RosterImported),
        (status = 415, description = "Neither CSV nor a workbook", body = Details, content_type = "application/problem+json"),
        (status = 422, description = "Rows are wrong; nothing was taken", body = RosterRefused, content_type = "application/problem+json"),
    ))]
pub async fn import(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<ImportQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RosterImported>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let names = names(&app, &hall).await?;
    let read = match media_type(&headers) {
        CSV => read_csv(&body, &names),
        XLSX => read_xlsx(&body, &names),
        _ => return Err(Failure::MediaType),
    };
    let cells = read.map_err(|problems| Failure::Rows("roster", problems))?;
    let taken = query.is_taken();
    if taken {
        take(&app, &signed_in, &hall, &cells).await?;
    }
    Ok(Json(RosterImported { cells: cells.into_iter().map(Into::into).collect(), taken }))
}

/// The roster of some days as CSV, as it can be imported.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/roster/file.csv", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"), ExportQuery,
), responses((status = 200, description = "A file", body = String, content_type = "text/csv")))]
pub async fn export_csv(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<ExportQuery>,
) -> Result<Response, Failure> {
    let (hall, rows) = roster(&app, &signed_in, &hall, &query).await?;
    // Spreadsheet programs take a file for UTF-8 only when it says so itself.
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    for row in &rows {
        // Writing into memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    Ok(attachment(writer.into_inner().unwrap_or_default(), "text/csv; charset=utf-8", &hall, &query, "csv"))
}

/// The roster of some days as a workbook, as it can be imported.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/roster/file.xlsx", tag = "duty", params(
    ("hall" = String, Path, description = "The hall"), ExportQuery,
), responses((status = 200, description = "A file", body = Vec<u8>,
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn export_xlsx(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<ExportQuery>,
) -> Result<Response, Failure> {
    let (hall, rows) = roster(&app, &signed_in, &hall, &query).await?;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let written = (0..).zip(&rows).try_for_each(|(line, row)| {
        (0..).zip(row).try_for_each(|(column, cell)| sheet.write(line, column, cell).map(drop))
    });
    let file = written.and_then(|()| book.save_to_buffer()).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Failure::Unavailable("the file could not be written")
    })?;
    Ok(attachment(file, XLSX, &hall, &query, "xlsx"))
}

/// The rows of a roster, the heading first; one for each post.
async fn roster(
    app: &App,
    signed_in: &SignedIn,
    hall: &str,
    query: &ExportQuery,
) -> Result<(HallId, Vec<[String; 4]>), Failure> {
    let hall = signed_in.own_hall(hall)?;
    days(query.from, query.to)?;
    let duty = app.store.duty(&hall, query.from, query.to).await?;
    let mut rows = vec![["日期", "窗口", "班次", "姓名"].map(str::to_owned)];
    let shift =
        |id: &str| duty.shifts.iter().find(|s| s.id == id).map_or_else(|| id.to_owned(), |s| s.name.clone());
    // The name at the sign-in is good for everybody: two people may be called the same.
    let person =
        |id: &str| duty.staff.iter().find(|s| s.id == id).map_or_else(|| id.to_owned(), |s| s.name.clone());
    for cell in &duty.cells {
        let row =
            |who: &String| [cell.day.to_string(), cell.window.to_string(), shift(&cell.shift), person(who)];
        rows.extend(cell.staff.iter().map(row));
    }
    Ok((hall, rows))
}

fn attachment(
    file: Vec<u8>,
    kind: &'static str,
    hall: &HallId,
    query: &ExportQuery,
    ending: &str,
) -> Response {
    let name = format!("attachment; filename=\"roster-{hall}-{}-{}.{ending}\"", query.from, query.to);
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], file).into_response()
}

async fn names(app: &App, hall: &HallId) -> Result<Names, Failure> {
    let today = chuangming_domain::Timestamp::now().to_zoned(crate::duty::zone()).date();
    let duty = app.store.duty(hall, today, today).await?;
    let named = app.store.directory(&app.halls).await?.into_iter().find(|named| named.id == *hall);
    let mut windows: Vec<_> =
        named.iter().flat_map(|hall| &hall.windows).map(|w| (w.id.to_string(), w.name.clone())).collect();
    let spoken_of = app.store.places().await?.into_iter().filter(|place| place.hall == *hall);
    windows.extend(spoken_of.map(|place| (place.place.clone(), place.place)));
    let staff = duty.staff.into_iter().flat_map(|s| [(s.id.clone(), s.name), (s.id, s.display_name)]);
    Ok(Names {
        windows,
        shifts: duty.shifts.into_iter().map(|shift| (shift.id, shift.name)).collect(),
        staff: staff.filter(|(_, name)| !name.is_empty()).collect(),
    })
}
