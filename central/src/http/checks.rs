//! What bodies and parameters may hold: texts, spans of the day, days.

use super::problem::Failure;
use crate::duty::zone;
use chuangming_domain::Timestamp;
use chuangming_domain::policy::Span;
use jiff::civil::Date;

const MOST_SPANS: usize = 6;
const MOST_DAYS: i32 = 62;
/// Rosters and calendars reach so many days to both sides.
const FARTHEST: i32 = 800;

/// Today in the halls.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(zone()).date()
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

/// Nobody plans for the next century.
pub(super) fn near(day: Date) -> Result<(), Failure> {
    let far = today().until(day).map_or(i32::MAX, |span| span.get_days().abs());
    if far <= FARTHEST {
        Ok(())
    } else {
        Err(Failure::Invalid(format!("day: {day} is too far away, expected a day within {FARTHEST} days")))
    }
}
