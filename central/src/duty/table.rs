//! Files as tables: rows of text below a heading whose columns are named in Chinese or English, in any order. Every wrong
//! row is reported at once; nothing of a wrong file is taken.

use jiff::civil::Date;

/// The most problems that are told of a file.
pub(super) const MOST_PROBLEMS: usize = 50;

/// A column: its field, and what a heading may call it.
pub(super) type Column = (&'static str, &'static [&'static str]);
/// The field of a row that is wrong, and what was there.
pub(super) type Wrong = (&'static str, String);

/// What is wrong with a row. `field` and `expected` are words for programs; the page has the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// Counted from 1, the heading included; 0 is the whole file.
    pub row: usize,
    /// Of a roster `file`, `heading`, `day`, `window`, `shift` or `staff`; of a calendar `file`, `heading`, `day`, `year`, `kind`,
    /// `name`, `weekday` (a workday that is no weekend day) or `twice`.
    pub field: &'static str,
    /// What was there.
    pub found: String,
}

/// What is wrong with the file as a whole.
pub(super) fn whole(found: String) -> Vec<ImportProblem> {
    vec![ImportProblem { row: 0, field: "file", found }]
}

/// The rows of a CSV file in UTF-8: the heading, and not many more below it than `most`.
pub(super) fn csv_rows(file: &[u8], most: usize) -> Result<Vec<Vec<String>>, Vec<ImportProblem>> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text);
    let records = reader.records().take(most + 2);
    let rows = records.map(|record| Ok(record?.iter().map(str::to_owned).collect()));
    rows.collect::<Result<_, csv::Error>>().map_err(|error| whole(error.to_string()))
}

/// Gives `take` the cells of each row in the order of `columns`; it says which of them is wrong.
pub(super) fn read<const N: usize>(
    rows: &[Vec<String>],
    most: usize,
    columns: [Column; N],
    mut take: impl FnMut([&str; N]) -> Result<(), Wrong>,
) -> Result<(), Vec<ImportProblem>> {
    let Some((heading, rows)) = rows.split_first() else { return Err(whole(String::new())) };
    if rows.len() > most {
        return Err(whole(format!("> {most}")));
    }
    let mut places = [0; N];
    let mut problems = Vec::new();
    for (place, (field, known)) in places.iter_mut().zip(columns) {
        match heading.iter().position(|cell| known.contains(&cell.trim().to_lowercase().as_str())) {
            Some(found) => *place = found,
            None => problems.push(ImportProblem { row: 1, field: "heading", found: field.to_owned() }),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    for (number, row) in rows.iter().enumerate() {
        let cells = places.map(|place| row.get(place).map(|cell| cell.trim()).unwrap_or_default());
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if let Err((field, found)) = take(cells) {
            problems.push(ImportProblem { row: number + 2, field, found });
        }
    }
    problems.truncate(MOST_PROBLEMS);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A day written 2026-11-23 or 2026/11/23, also without leading zeros.
pub(super) fn day_of(text: &str) -> Option<Date> {
    let text = text.replace('/', "-");
    text.parse().or_else(|_| Date::strptime("%Y-%m-%d", text)).ok()
}
