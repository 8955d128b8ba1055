//! Reads configuration so that every problem is reported at once: which file, which field, what would be right.
//!
//! `serde` stops at the first mistake; an installer with a phone should not have to fix ten mistakes in ten tries.

use std::fmt;
use toml::{Table, Value};

/// One thing that is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: String,
    /// The field, such as `rules.absence.raise_after_s`; empty for the file as a whole.
    pub field: String,
    /// What is wrong and what would be right.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}: {}", self.file, self.text)
        } else {
            write!(f, "{}: {}: {}", self.file, self.field, self.text)
        }
    }
}

/// All that is wrong with a configuration; never empty as an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The root of one file while it is read; collects its problems.
#[derive(Debug)]
pub struct Reader {
    file: String,
    problems: Vec<Problem>,
}

impl Reader {
    /// Starts reading a file; `file` is how messages name it.
    #[must_use]
    pub fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), problems: Vec::new() }
    }

    /// Parses TOML text into its root table; a syntax error is a problem with its line.
    pub fn parse(&mut self, text: &str) -> Option<Table> {
        match text.parse::<Table>() {
            Ok(table) => Some(table),
            Err(e) => {
                let line =
                    e.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                self.problem(format!("line {line}"), e.message().to_owned());
                None
            }
        }
    }

    /// Notes a problem.
    pub fn problem(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.problems.push(Problem { file: self.file.clone(), field: field.into(), text: text.into() });
    }

    /// The value if there was no problem, else all problems.
    ///
    /// # Errors
    /// When any problem was noted, or when there is no value.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Problems> {
        if self.problems.is_empty() {
            if let Some(value) = value {
                return Ok(value);
            }
            self.problem("", "is incomplete");
        }
        Err(Problems(self.problems))
    }
}

/// One table of a file. Each key is taken once; [`Fields::end`] reports the keys that nobody took.
#[derive(Debug)]
pub struct Fields {
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

impl Fields {
    /// The root table of a file.
    #[must_use]
    pub fn root(table: Table) -> Self {
        Self { path: String::new(), table, known: Vec::new() }
    }

    /// A table at a path.
    #[must_use]
    pub fn at(path: impl Into<String>, table: Table) -> Self {
        Self { path: path.into(), table, known: Vec::new() }
    }

    /// The full name of a key, such as `rules.absence.article`.
    #[must_use]
    pub fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the key is there and not yet taken.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Takes a key's raw value.
    pub fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// Takes a key and converts it; a failed conversion is a problem that says what was `expected`.
    pub fn get<T>(
        &mut self,
        r: &mut Reader,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let shown = shorten(&value.to_string());
        let converted = convert(value);
        if converted.is_none() {
            r.problem(self.name(key), format!("is {shown}, expected {expected}"));
        }
        converted
    }

    /// Like [`Fields::get`], and a missing key is a problem.
    pub fn require<T>(
        &mut self,
        r: &mut Reader,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            r.problem(self.name(key), format!("is missing, expected {expected}"));
            return None;
        }
        self.get(r, key, expected, convert)
    }

    /// A text.
    pub fn text(&mut self, r: &mut Reader, key: &'static str) -> Option<String> {
        self.get(r, key, "a text", as_text)
    }

    /// An id or another type that checks its own text.
    pub fn parsed<T: std::str::FromStr>(&mut self, r: &mut Reader, key: &'static str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        let text = self.require(r, key, "a text", as_text)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(e) => {
                r.problem(self.name(key), e.to_string());
                None
            }
        }
    }

    /// A whole number in a range.
    pub fn integer(
        &mut self,
        r: &mut Reader,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.get(r, key, &expected, |v| v.as_integer().filter(|n| range.contains(n)))
    }

    /// A number in a range; whole numbers count.
    pub fn number(
        &mut self,
        r: &mut Reader,
        key: &'static str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Option<f64> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.get(r, key, &expected, |v| as_number(&v).filter(|n| range.contains(n)))
    }

    /// True or false.
    pub fn flag(&mut self, r: &mut Reader, key: &'static str) -> Option<bool> {
        self.get(r, key, "true or false", |v| v.as_bool())
    }

    /// A table below this one.
    pub fn table(&mut self, r: &mut Reader, key: &'static str) -> Option<Fields> {
        let path = self.name(key);
        let table = self.get(r, key, "a table", |v| if let Value::Table(t) = v { Some(t) } else { None })?;
        Some(Fields::at(path, table))
    }

    /// An array of tables, such as `[[windows]]`; a missing key is an empty array.
    pub fn tables(&mut self, r: &mut Reader, key: &'static str) -> Vec<Fields> {
        let path = self.name(key);
        let array = |v| if let Value::Array(a) = v { Some(a) } else { None };
        let entries = self.get(r, key, "an array of tables", array).unwrap_or_default();
        let mut tables = Vec::with_capacity(entries.len());
        for (i, entry) in entries.into_iter().enumerate() {
            match entry {
                Value::Table(table) => tables.push(Fields::at(format!("{path}[{i}]"), table)),
                other => r.problem(
                    format!("{path}[{i}]"),
                    format!("is {}, expected a table", shorten(&other.to_string())),
                ),
            }
        }
        tables
    }

    /// A list of texts.
    pub fn texts(&mut self, r: &mut Reader, key: &'static str) -> Option<Vec<String>> {
        self.get(r, key, "a list of texts", |v| match v {
            Value::Array(a) => a.into_iter().map(as_text).collect(),
            _ => None,
        })
    }

    /// Reports every key that was not taken.
    pub fn end(self, r: &mut Reader) {
        for key in self.table.keys() {
            let place = self.name(key);
            r.problem(place, format!("is unknown; known here: {}", self.known.join(", ")));
        }
    }

    /// The keys that are left, for tables with free keys.
    pub fn rest(self) -> (String, Table) {
        (self.path, self.table)
    }
}

/// The text of a value.
#[must_use]
pub fn as_text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

/// The number of a value; whole numbers count.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "configuration numbers are small")]
pub fn as_number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        text.to_owned()
    } else {
        text.chars().take(57).chain("...".chars()).collect()
    }
}
