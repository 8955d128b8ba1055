//! A report as a file: CSV for programs, XLSX for people. Figures keep their coverage beside them here as well.

use super::{Counts, Days, Figures, Tally};
use chuangming_domain::Timestamp;
use chuangming_domain::id::WindowId;
use chuangming_domain::rule::Rule;
use chuangming_domain::text::Lang;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

/// What a file tells beside the figures.
pub struct Heading<'a> {
    /// The hall's name.
    pub hall: &'a str,
    /// Its days.
    pub days: &'a Days,
    /// When it was made.
    pub made: Timestamp,
    /// Its language.
    pub lang: Lang,
    /// What windows are called.
    pub window_name: &'a dyn Fn(&WindowId) -> String,
}

impl Heading<'_> {
    fn text(&self, name: &str) -> String {
        self.lang.text(&format!("report.{name}")).to_owned()
    }

    fn rule(&self, rule: Rule) -> String {
        self.lang.text(&format!("rule.{rule}.title")).to_owned()
    }
}

/// One line for each day, window and rule with events, and one for each day and window with its hours.
#[must_use]
pub fn csv(figures: &Figures, heading: &Heading) -> Vec<u8> {
    // Spreadsheet programs take a file for UTF-8 only when it says so itself.
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let columns = [
        "day",
        "place",
        "rule",
        "counted",
        "waiting",
        "contested",
        "void",
        "observed_h",
        "unknown_h",
        "unreported_h",
        "coverage",
    ];
    let mut rows = vec![columns.map(|name| heading.text(name)).to_vec()];
    for (day, tally) in &figures.days {
        let all = heading.text("all");
        rows.push(line(&day.to_string(), &all, &all, tally.counts, Some(tally)));
    }
    for ((day, window, rule), counts) in &figures.cells {
        let place = window.as_ref().map_or_else(|| heading.text("zones"), |w| (heading.window_name)(w));
        rows.push(line(&day.to_string(), &place, &heading.rule(*rule), *counts, None));
    }
    for row in rows {
        // Writing into memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

fn line(day: &str, place: &str, rule: &str, counts: Counts, tally: Option<&Tally>) -> Vec<String> {
    let numbers = [counts.counted, counts.waiting, counts.contested, counts.void].map(|n| n.to_string());
    let time = match tally.map(|tally| tally.time) {
        None => [String::new(), String::new(), String::new(), String::new()],
        Some(time) => [
            hours(time.observed_s),
            hours(time.unknown_s),
            hours(time.unreported_s),
            time.coverage().map(|share| format!("{share:.4}")).unwrap_or_default(),
        ],
    };
    [day, place, rule].map(str::to_owned).into_iter().chain(numbers).chain(time).collect()
}

fn hours(seconds: f64) -> String {
    format!("{:.2}", seconds / 3600.0)
}

/// A name that begins like a formula stays a name.
pub(crate) fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// A workbook: summary with definitions, days, rules, windows, hours.
///
/// # Errors
/// When a sheet cannot be written.
pub fn xlsx(figures: &Figures, heading: &Heading) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    summary(book.add_worksheet(), figures, heading)?;
    let days = figures.days.iter().map(|(day, tally)| (day.to_string(), *tally));
    sheet(book.add_worksheet(), "days", "day", days, heading)?;
    let rules = figures.rules.iter().map(|(rule, tally)| (heading.rule(*rule), *tally));
    sheet(book.add_worksheet(), "rules", "rule", rules, heading)?;
    let windows = figures.windows.iter().map(|(window, tally)| ((heading.window_name)(window), *tally));
    let zones = (heading.text("zones"), Tally { counts: figures.zones, ..Tally::default() });
    sheet(book.add_worksheet(), "windows", "place", windows.chain([zones]), heading)?;
    let hours = figures.hours.iter().map(|(hour, tally)| (format!("{hour:02}:00"), *tally));
    sheet(book.add_worksheet(), "hours", "hour", hours, heading)?;
    book.save_to_buffer()
}

const COLUMNS: [&str; 9] = [
    "counted",
    "waiting",
    "contested",
    "void",
    "observed_h",
    "unknown_h",
    "unreported_h",
    "coverage",
    "rate",
];

fn summary(sheet: &mut Worksheet, figures: &Figures, heading: &Heading) -> Result<(), XlsxError> {
    let (bold, wrap) = (Format::new().set_bold(), Format::new().set_text_wrap().set_align(FormatAlign::Top));
    sheet
        .set_name(heading.text("summary"))?
        .set_column_width(0, 24)?
        .set_column_width(1, 16)?
        .set_column_width(2, 90)?;
    sheet.write_with_format(0, 0, heading.text("title"), &Format::new().set_bold().set_font_size(14))?;
    let made = heading.made.to_zoned(heading.days.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let facts = [
        ("hall", heading.hall.to_owned()),
        ("period", format!("{} – {}", heading.days.from, heading.days.to)),
        ("made", made),
    ];
    let mut row = 1;
    for (key, value) in facts {
        sheet.write(row, 0, heading.text(key))?.write(row, 1, value)?;
        row += 1;
    }
    row += 1;
    for (column, key) in ["figure", "value", "definition"].into_iter().enumerate() {
        sheet.write_with_format(row, u16::try_from(column).unwrap_or_default(), heading.text(key), &bold)?;
    }
    for (name, value) in COLUMNS.into_iter().zip(values(&figures.total)) {
        row += 1;
        sheet.write(row, 0, heading.text(name))?;
        put(sheet, row, 1, name, value)?;
        sheet.write_with_format(row, 2, heading.text(&format!("{name}.means")), &wrap)?;
    }
    sheet.write_with_format(row + 2, 0, heading.text("fair"), &Format::new().set_italic())?;
    Ok(())
}

fn sheet(
    sheet: &mut Worksheet,
    name: &str,
    first: &str,
    rows: impl Iterator<Item = (String, Tally)>,
    heading: &Heading,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name(heading.text(&format!("by_{name}")))?.set_column_width(0, 26)?.set_freeze_panes(1, 1)?;
    sheet.write_with_format(0, 0, heading.text(first), &bold)?;
    for (column, name) in (1..).zip(COLUMNS) {
        sheet.write_with_format(0, column, heading.text(name), &bold)?.set_column_width(column, 14)?;
    }
    for (row, (title, tally)) in (1..).zip(rows) {
        sheet.write(row, 0, title)?;
        for (column, (name, value)) in (1..).zip(COLUMNS.into_iter().zip(values(&tally))) {
            put(sheet, row, column, name, value)?;
        }
    }
    Ok(())
}

/// A figure that there is not stays an empty cell: never a zero.
fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    name: &str,
    value: Option<f64>,
) -> Result<(), XlsxError> {
    let Some(value) = value else { return Ok(()) };
    let format = match name {
        "coverage" => Format::new().set_num_format("0.0%"),
        "counted" | "waiting" | "contested" | "void" => Format::new().set_num_format("0"),
        _ => Format::new().set_num_format("0.0"),
    };
    sheet.write_with_format(row, column, value, &format)?;
    Ok(())
}

fn values(tally: &Tally) -> [Option<f64>; 9] {
    let Counts { counted, waiting, contested, void } = tally.counts;
    let count = |n: u32| Some(f64::from(n));
    let hours = |seconds: f64| Some(seconds / 3600.0);
    let time = tally.time;
    [
        count(counted),
        count(waiting),
        count(contested),
        count(void),
        hours(time.observed_s),
        hours(time.unknown_s),
        hours(time.unreported_s),
        time.coverage(),
        tally.rate(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{Covered, Seen, Standing, due::Due, figures};
    use super::*;
    use chuangming_domain::observation::Signal;
    use jiff::tz::TimeZone;

    fn made(write: impl Fn(&Figures, &Heading) -> Vec<u8>) -> Vec<u8> {
        let day = |text: &str| text.parse().unwrap();
        let days = Days {
            from: day("2026-11-16"),
            to: day("2026-11-17"),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let window = WindowId::new("1").unwrap();
        let seen = Seen {
            window: Some(window.clone()),
            rule: Rule::Slumped,
            opened: at("2026-11-16T02:00:00Z"),
            standing: Standing::Counts,
        };
        let covered = Covered {
            window,
            hour: at("2026-11-16T02:00:00Z"),
            signal: Signal::Posture,
            observed_s: 1800.0,
            unknown_s: 1800.0,
        };
        let figures = figures(&days, &[seen], &[covered], &Due::new());
        let name = |_: &WindowId| "=1 号窗口".to_owned();
        let heading = Heading {
            hall: "塘沽中心",
            days: &days,
            made: at("2026-11-18T00:00:00Z"),
            lang: Lang::ZhCn,
            window_name: &name,
        };
        write(&figures, &heading)
    }

    #[test]
    fn a_csv_holds_coverage_beside_counts_and_no_formulas() {
        let text = String::from_utf8(made(csv)).unwrap();
        assert!(text.starts_with('\u{feff}'));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "heading, two days, one place and rule");
        assert!(lines[1].contains(",1,0,0,0,0.50,0.50,0.00,0.5000"), "{}", lines[1]);
        assert!(
            lines[2].ends_with(",0,0,0,0,0.00,0.00,0.00,"),
            "no coverage where nothing was due: {}",
            lines[2]
        );
        assert!(
            lines[3].contains("'=1 号窗口,") && lines[3].contains("趴桌") || lines[3].contains("桌"),
            "{}",
            lines[3]
        );
    }

    #[test]
    fn a_workbook_has_every_sheet() {
        use calamine::{Data, Reader as _, Xlsx};
        let file = made(|figures, heading| xlsx(figures, heading).unwrap());
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
        assert_eq!(book.sheet_names().len(), 5);
        let summary = book.worksheet_range_at(0).unwrap().unwrap();
        let cells: Vec<_> = summary.used_cells().map(|(_, _, data)| data.to_string()).collect();
        assert!(
            cells.iter().any(|cell| cell == "塘沽中心")
                && cells.iter().any(|cell| cell == "2026-11-16 – 2026-11-17"),
            "{cells:?}"
        );
        let days = book.worksheet_range_at(1).unwrap().unwrap();
        assert_eq!(days.get_value((1, 5)), Some(&Data::Float(0.5)));
        assert_eq!(
            days.get_value((2, 8)).cloned().unwrap_or_default(),
            Data::Empty,
            "no coverage is not a coverage of zero"
        );
    }
}
