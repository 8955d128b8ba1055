//! Rosters from files: CSV or a workbook with the columns day, window, shift and staff.

use super::table::{self, Column, ImportProblem, Wrong, csv_rows, day_of, whole};
use calamine::{Data, Reader as _, Xlsx};
use chuangming_domain::id::WindowId;
use jiff::civil::Date;
use std::io::Cursor;

/// The most rows of a file.
pub const MOST_ROWS: usize = 5000;

/// Who is posted at a window in a shift of a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The day.
    pub day: Date,
    /// The window.
    pub window: WindowId,
    /// The shift's id.
    pub shift: String,
    /// The accounts' ids.
    pub staff: Vec<String>,
}

/// What names in a file mean: id and name of each.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Windows.
    pub windows: Vec<(String, String)>,
    /// Shifts.
    pub shifts: Vec<(String, String)>,
    /// Staff members: the account's id, and each name that people use for it.
    pub staff: Vec<(String, String)>,
}

const COLUMNS: [Column; 4] = [
    ("day", &["day", "date", "日期"]),
    ("window", &["window", "窗口"]),
    ("shift", &["shift", "班次"]),
    ("staff", &["staff", "name", "姓名", "人员", "工作人员"]),
];

/// Reads a CSV file in UTF-8.
///
/// # Errors
/// Every problem of the file.
pub fn read_csv(file: &[u8], names: &Names) -> Result<Vec<Cell>, Vec<ImportProblem>> {
    read(&csv_rows(file, MOST_ROWS)?, names)
}

/// Reads the first sheet of a workbook.
///
/// # Errors
/// Every problem of the file.
pub fn read_xlsx(file: &[u8], names: &Names) -> Result<Vec<Cell>, Vec<ImportProblem>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file))
        .map_err(|e: calamine::XlsxError| whole(e.to_string()))?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| whole(String::new()))?;
    let sheet = sheet.map_err(|e| whole(e.to_string()))?;
    let rows: Vec<Vec<String>> =
        sheet.rows().take(MOST_ROWS + 2).map(|row| row.iter().map(text_of).collect()).collect();
    read(&rows, names)
}

/// A cell's text; a day that the sheet keeps as a number becomes a day again.
fn text_of(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => {
            let days = at.as_f64().trunc();
            let start = jiff::civil::date(1899, 12, 30);
            // A day number beyond all calendars is no day; the row is then reported.
            #[allow(
                clippy::cast_possible_truncation,
                reason = "truncated on purpose and bounded by the calendar"
            )]
            let span = jiff::Span::new().try_days(days as i64);
            let day = span.and_then(|span| start.checked_add(span));
            day.map_or_else(|_| days.to_string(), |day| day.to_string())
        }
        other => other.to_string().trim().to_owned(),
    }
}

fn read(rows: &[Vec<String>], names: &Names) -> Result<Vec<Cell>, Vec<ImportProblem>> {
    let mut cells: Vec<Cell> = Vec::new();
    table::read(rows, MOST_ROWS, COLUMNS, |row| {
        let cell = one(row, names)?;
        let same =
            cells.iter_mut().find(|c| c.day == cell.day && c.window == cell.window && c.shift == cell.shift);
        match same {
            Some(same) => {
                let more = cell.staff.into_iter().filter(|who| !same.staff.contains(who));
                same.staff.extend(more.collect::<Vec<_>>());
            }
            None => cells.push(cell),
        }
        Ok(())
    })?;
    Ok(cells)
}

fn one([day, window, shift, staff]: [&str; 4], names: &Names) -> Result<Cell, Wrong> {
    let known = |all: &[(String, String)], text: &str| {
        all.iter().find(|(id, name)| id == text || name == text).map(|(id, _)| id.clone())
    };
    let wrong = |field, found: &str| (field, found.to_owned());
    let mut people = Vec::new();
    for name in staff.split(['、', ',', '，', ';', '；']).map(str::trim).filter(|name| !name.is_empty()) {
        people.push(known(&names.staff, name).ok_or_else(|| wrong("staff", name))?);
    }
    Ok(Cell {
        day: day_of(day).ok_or_else(|| wrong("day", day))?,
        window: known(&names.windows, window)
            .and_then(|id| WindowId::new(id).ok())
            .ok_or_else(|| wrong("window", window))?,
        shift: known(&names.shifts, shift).ok_or_else(|| wrong("shift", shift))?,
        staff: people,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let pairs = |all: &[(&str, &str)]| {
            all.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
        };
        Names {
            windows: pairs(&[("1", "一号窗口"), ("2", "二号窗口")]),
            shifts: pairs(&[("am", "上午班")]),
            staff: pairs(&[("id-li", "li"), ("id-li", "李梅"), ("id-wang", "王强")]),
        }
    }

    fn cell(day: &str, window: &str, staff: &[&str]) -> Cell {
        let staff = staff.iter().map(|who| (*who).to_owned()).collect();
        Cell { day: day.parse().unwrap(), window: WindowId::new(window).unwrap(), shift: "am".into(), staff }
    }

    #[test]
    fn chinese_and_english_headings_names_and_ids() {
        let expected =
            vec![cell("2026-11-23", "1", &["id-li", "id-wang"]), cell("2026-11-24", "2", &["id-wang"])];
        for file in [
            "\u{feff}日期,窗口,班次,姓名\n2026-11-23,1,上午班,李梅\n2026/11/23,一号窗口,am,王强\n2026-11-24,2,am,王强\n",
            "staff,day,window,shift\n\"li、王强\",2026-11-23,1,am\n王强,2026-11-24,2,am\n\n",
        ] {
            assert_eq!(read_csv(file.as_bytes(), &names()), Ok(expected.clone()), "{file}");
        }
    }

    #[test]
    fn every_problem_is_told_and_nothing_is_taken() {
        let check = |file: &str, expected: &[(usize, &'static str, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(row, field, found)| ImportProblem { row: *row, field, found: (*found).to_owned() })
                .collect();
            assert_eq!(read_csv(file.as_bytes(), &names()), Err(expected), "{file}");
        };
        check("", &[(0, "file", "")]);
        check("日期,窗口\n", &[(1, "heading", "shift"), (1, "heading", "staff")]);
        check(
            "day,window,shift,staff\n2026-13-01,1,am,li\n2026-11-23,7,am,li\n2026-11-23,1,am,li\n2026-11-23,1,pm,li\n2026-11-23,1,am,nobody\n",
            &[(2, "day", "2026-13-01"), (3, "window", "7"), (5, "shift", "pm"), (6, "staff", "nobody")],
        );
    }

    #[test]
    fn a_workbook_with_days_as_numbers() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        for (column, name) in (0..).zip(["日期", "窗口", "班次", "姓名"]) {
            sheet.write(0, column, name).unwrap();
        }
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 23).unwrap();
        sheet.write_with_format(1, 0, &day, &format).unwrap();
        sheet.write(1, 1, 1).unwrap().write(1, 2, "上午班").unwrap().write(1, 3, "王强").unwrap();
        let file = book.save_to_buffer().unwrap();
        assert_eq!(read_xlsx(&file, &names()), Ok(vec![cell("2026-11-23", "1", &["id-wang"])]));
        assert_eq!(read_xlsx(b"no workbook", &names()).unwrap_err()[0].field, "file");
    }
}
