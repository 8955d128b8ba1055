//! The whole database as one stream of lines, the same from either kind, so that a backup of one can be restored into
//! the other: a first line that says what it is, a line for each row, and a last line that counts them.

use super::database::tables;
use super::{Database, Sql, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{AnyConnection, AssertSqlSafe, Column, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef};
use std::io::{BufRead, Write};

const SCHEMA: &str = "chuangming.backup/1";
/// What is only good for a moment: nobody is signed in after a restore.
const LEFT_OUT: [&str; 2] = ["sessions", "oidc_flows"];
/// Rows read at a time.
const PAGE: i64 = 500;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct First {
    schema: String,
    migration: i64,
}

/// A row.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    table: String,
    row: Vec<Value>,
}

/// The columns of a table, before its rows.
#[derive(Debug, Serialize, Deserialize)]
struct Columns {
    table: String,
    columns: Vec<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    rows: u64,
}

/// Why a backup cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stream.
    #[error("{0}")]
    Stream(#[from] std::io::Error),
    /// It is none, or of another version, or cut off.
    #[error("line {line}: {what}")]
    Line {
        /// Where.
        line: u64,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// There is something already.
    #[error("the database is not empty: table {0} has rows; restore into a new one")]
    NotEmpty(String),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Writes every table as it is at one moment. How many rows.
    ///
    /// # Errors
    /// When the database or the stream fails.
    pub async fn backup(&self, mut out: impl Write) -> Result<u64, BackupError> {
        let begin = match self.database {
            Database::File(_) => "BEGIN",
            Database::Server(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let mut tx = self.pool.begin_with(begin).await?;
        line(&mut out, &First { schema: SCHEMA.to_owned(), migration: self.newest_migration() })?;
        let mut rows = 0;
        for (table, _) in tables().into_iter().filter(|(table, _)| !LEFT_OUT.contains(&table.as_str())) {
            let columns = columns(&mut tx, &table).await?;
            let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
            line(&mut out, &Columns { table: table.clone(), columns: names.clone() })?;
            let mut offset = 0;
            loop {
                // Every table's first column is, or begins, its key; together the columns order any rows.
                let order = (1..=names.len()).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
                let text = format!("SELECT * FROM {table} ORDER BY {order} LIMIT {PAGE} OFFSET {offset}");
                let page = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *tx).await?;
                for row in &page {
                    line(&mut out, &Line { table: table.clone(), row: values(row)? })?;
                    rows += 1;
                }
                if i64::try_from(page.len()).is_ok_and(|n| n < PAGE) {
                    break;
                }
                offset += PAGE;
            }
        }
        line(&mut out, &Last { rows })?;
        tx.rollback().await?;
        Ok(rows)
    }

    /// Fills an empty database; all of it or nothing. How many rows.
    ///
    /// # Errors
    /// When the database is not empty, or the stream is no whole backup of this version.
    pub async fn restore(&self, from: impl BufRead) -> Result<u64, BackupError> {
        let mut tx = self.begin().await?;
        for (table, _) in tables() {
            let text = format!("SELECT COUNT(*) FROM {table}");
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut *tx).await?;
            if rows > 0 {
                return Err(BackupError::NotEmpty(table));
            }
        }
        let mut lines = (1..).zip(from.lines());
        let wrong = |line, what: &str| BackupError::Line { line, what: what.to_owned() };
        let (number, first) = lines.next().ok_or_else(|| wrong(1, "is missing, expected a backup"))?;
        let first: First = parse(number, &first?)?;
        if first.schema != SCHEMA || first.migration != self.newest_migration() {
            let what = format!(
                "is {} of database version {}, expected {SCHEMA} of version {}: restore with the program that made it, \
                 then start this one",
                first.schema,
                first.migration,
                self.newest_migration()
            );
            return Err(BackupError::Line { line: number, what });
        }
        let known = tables();
        let mut current: Option<(Columns, Vec<AnyTypeInfoKind>)> = None;
        let mut rows = 0;
        for (number, text) in lines {
            let value: Value = parse(number, &text?)?;
            if let Ok(last) = Last::deserialize(&value) {
                if last.rows != rows {
                    return Err(wrong(number, &format!("counts {} rows, there were {rows}", last.rows)));
                }
                tx.commit().await?;
                return Ok(rows);
            }
            if let Ok(head) = Columns::deserialize(&value) {
                if !known.iter().any(|(table, _)| *table == head.table) {
                    return Err(wrong(number, &format!("there is no table {:?}", head.table)));
                }
                let there = columns(&mut tx, &head.table).await?;
                let kinds = head
                    .columns
                    .iter()
                    .map(|name| there.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind));
                let kinds: Option<Vec<_>> = kinds.collect();
                let kinds = kinds.ok_or_else(|| wrong(number, "names a column that is not there"))?;
                current = Some((head, kinds));
                continue;
            }
            let row = Line::deserialize(&value).map_err(|_| wrong(number, "is no row"))?;
            let (head, kinds) =
                current.as_ref().ok_or_else(|| wrong(number, "is a row before its columns"))?;
            if row.table != head.table || row.row.len() != kinds.len() {
                return Err(wrong(number, "does not fit its columns"));
            }
            insert(&mut tx, head, kinds, &row.row).await?;
            rows += 1;
        }
        Err(wrong(rows + 2, "is missing: the backup was cut off"))
    }

    fn newest_migration(&self) -> i64 {
        self.database.migrations().iter().map(|migration| migration.version).max().unwrap_or(0)
    }
}

async fn columns(db: &mut AnyConnection, table: &str) -> Result<Vec<(String, AnyTypeInfoKind)>, BackupError> {
    let text = AssertSqlSafe(format!("SELECT * FROM {table}")).into_sql_str();
    let statement = db.prepare(text).await?;
    let columns = statement.columns().iter();
    Ok(columns.map(|column| (column.name().to_owned(), column.type_info().kind())).collect())
}

fn values(row: &AnyRow) -> Result<Vec<Value>, BackupError> {
    let mut values = Vec::with_capacity(row.len());
    for column in 0..row.len() {
        let raw = row.try_get_raw(column)?;
        let kind = raw.type_info().kind();
        values.push(match kind {
            _ if raw.is_null() => Value::Null,
            AnyTypeInfoKind::Bool => row.try_get::<bool, _>(column)?.into(),
            AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => {
                row.try_get::<i64, _>(column)?.into()
            }
            AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => row.try_get::<f64, _>(column)?.into(),
            AnyTypeInfoKind::Text => row.try_get::<String, _>(column)?.into(),
            AnyTypeInfoKind::Null | AnyTypeInfoKind::Blob => {
                let detail = format!("column {column} holds a {}", raw.type_info().name());
                return Err(StoreError::Row { table: "backup", detail }.into());
            }
        });
    }
    Ok(values)
}

async fn insert(
    tx: &mut super::Transaction,
    head: &Columns,
    kinds: &[AnyTypeInfoKind],
    row: &[Value],
) -> Result<(), BackupError> {
    let mut query =
        Sql::unchecked(format!("INSERT INTO {} ({}) VALUES (", head.table, head.columns.join(", ")));
    for (n, (value, kind)) in row.iter().zip(kinds).enumerate() {
        query.push(if n == 0 { "" } else { ", " });
        match kind {
            AnyTypeInfoKind::Bool => query.bind(value.as_bool().or_else(|| value.as_i64().map(|n| n != 0))),
            AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => {
                query.bind(value.as_i64().or_else(|| value.as_bool().map(i64::from)))
            }
            AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => query.bind(value.as_f64()),
            AnyTypeInfoKind::Text | AnyTypeInfoKind::Null | AnyTypeInfoKind::Blob => {
                query.bind(value.as_str())
            }
        };
    }
    query.push(")");
    query.query().execute(&mut **tx).await?;
    Ok(())
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), BackupError> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(line: u64, text: &str) -> Result<T, BackupError> {
    serde_json::from_str(text)
        .map_err(|e| BackupError::Line { line, what: format!("{e}, expected a backup") })
}
