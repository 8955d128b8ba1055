//! A year of the public calendar as an administrator brings it: CSV with the columns date, kind and name.

use super::table::{self, Column, ImportProblem, Wrong, csv_rows, day_of, whole};
use jiff::civil::{Date, Weekday};
use std::collections::BTreeMap;

/// The most days of a year's file: more than half a year off is no calendar of a working hall.
const MOST_DAYS: usize = 200;
/// The longest name of a holiday, in characters.
const LONGEST_NAME: usize = 40;

/// What a brought calendar says of a day beyond its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicDay {
    /// Off, with the holiday's name.
    Holiday(String),
    /// A weekend day that is worked.
    MakeUp,
}

/// The days of a year off and made up; it stands in place of what is built in of that year.
pub type PublicYear = BTreeMap<Date, PublicDay>;

const COLUMNS: [Column; 3] = [
    ("day", &["date", "day", "日期"]),
    ("kind", &["kind", "type", "类型"]),
    ("name", &["name", "名称", "节日"]),
];

/// Reads a year's CSV file in UTF-8.
///
/// # Errors
/// Every problem of the file, at most 50.
pub fn read_year(file: &[u8], year: i16) -> Result<PublicYear, Vec<ImportProblem>> {
    let mut days = PublicYear::new();
    table::read(&csv_rows(file, MOST_DAYS)?, MOST_DAYS, COLUMNS, |row| {
        let (day, what) = one(row, year)?;
        match days.insert(day, what) {
            Some(_) => Err(("twice", day.to_string())),
            None => Ok(()),
        }
    })?;
    if days.is_empty() { Err(whole(String::new())) } else { Ok(days) }
}

fn one([day, kind, name]: [&str; 3], year: i16) -> Result<(Date, PublicDay), Wrong> {
    let wrong = |field, found: &str| Err((field, found.to_owned()));
    let Some(date) = day_of(day) else { return wrong("day", day) };
    if date.year() != year {
        return wrong("year", day);
    }
    match kind.to_lowercase().as_str() {
        "holiday" | "放假" | "休" => {
            let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
            if fits { Ok((date, PublicDay::Holiday(name.to_owned()))) } else { wrong("name", name) }
        }
        // Only a weekend day can be made up: any other is worked anyway, so that the date must be a slip.
        "workday" | "上班" | "班" if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) => {
            Ok((date, PublicDay::MakeUp))
        }
        "workday" | "上班" | "班" => wrong("weekday", day),
        _ => wrong("kind", kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_english_files() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let expected = PublicYear::from([
            (day("2027-01-01"), PublicDay::Holiday("元旦".into())),
            (day("2027-01-02"), PublicDay::MakeUp),
        ]);
        for file in [
            "\u{feff}日期,类型,名称\n2027-01-01,放假,元旦\n2027/1/2,上班,\n",
            "name,date,kind\n元旦,2027-01-01,Holiday\n,2027-01-02,workday\n\n",
        ] {
            assert_eq!(read_year(file.as_bytes(), 2027), Ok(expected.clone()), "{file}");
        }
    }

    #[test]
    fn every_problem_is_told_and_nothing_is_taken() {
        let check = |file: &str, expected: &[(usize, &'static str, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(row, field, found)| ImportProblem { row: *row, field, found: (*found).to_owned() })
                .collect();
            assert_eq!(read_year(file.as_bytes(), 2027), Err(expected), "{file}");
        };
        check("", &[(0, "file", "")]);
        check("date,kind,name\n", &[(0, "file", "")]);
        check("日期,名称\n", &[(1, "heading", "kind")]);
        check(
            "date,kind,name\n2027-02-30,holiday,x\n2026-01-01,holiday,x\n2027-01-01,rest,x\n2027-01-01,holiday,\n2027-01-04,workday,\n2027-10-01,holiday,国庆节\n2027-10-01,holiday,国庆节\n",
            &[
                (2, "day", "2027-02-30"),
                (3, "year", "2026-01-01"),
                (4, "kind", "rest"),
                (5, "name", ""),
                (6, "weekday", "2027-01-04"),
                (8, "twice", "2027-10-01"),
            ],
        );
        let long: String = (0..=MOST_DAYS).map(|_| "2027-01-01,holiday,x\n").collect();
        check(&format!("date,kind,name\n{long}"), &[(0, "file", "> 200")]);
        let wrong = format!("date,kind,name\n{}", "x,holiday,x\n".repeat(MOST_DAYS));
        assert_eq!(read_year(wrong.as_bytes(), 2027).unwrap_err().len(), table::MOST_PROBLEMS);
    }
}
