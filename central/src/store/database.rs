//! Where the database is, and what differs between SQLite and PostgreSQL.

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{Migration, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, Executor, SqlSafeStr};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of the embedded SQLite.
    File(PathBuf),
    /// A PostgreSQL server; the address may hold a password.
    Server(Url),
}

/// Shown without the password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::File(path) => write!(f, "{}", path.display()),
            Database::Server(url) => {
                let host = url.host_str().unwrap_or("socket");
                write!(f, "{}://{host}{}", url.scheme(), url.path())
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

const FILE_CONNECTIONS: u32 = 6;
const SERVER_CONNECTIONS: u32 = 12;
const PATIENCE: Duration = Duration::from_secs(5);

/// What SQLite needs beyond its defaults: readers beside a writer, every commit on disk, and no trace of what was
/// deleted. Foreign keys are sqlx's default.
const FILE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000;";

/// PostgreSQL waits for ever unless told otherwise.
const SERVER_SETTINGS: &str = "SET lock_timeout = '5s'";

impl Database {
    /// Whether several centrals may work on it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Database::Server(_))
    }

    pub(super) async fn connect(&self) -> sqlx::Result<AnyPool> {
        install_default_drivers();
        let (address, connections, settings) = match self {
            Database::File(path) => (file_address(path)?, FILE_CONNECTIONS, FILE_SETTINGS),
            Database::Server(url) => (url.to_string(), SERVER_CONNECTIONS, SERVER_SETTINGS),
        };
        let options = AnyConnectOptions::from_str(&address)?;
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(settings).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
    }

    /// How a writing transaction begins, and what it asks for first: of all that write to these tables, one at a time.
    pub(super) const fn write_lock(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Database::File(_) => ("BEGIN IMMEDIATE", None),
            Database::Server(_) => {
                ("BEGIN", Some("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 1)"))
            }
        }
    }

    /// The steps to this version's tables.
    pub(super) fn migrations(&self) -> Migrator {
        let mut all = sqlx::migrate!("./migrations");
        if matches!(self, Database::File(_)) {
            all.migrations = all.migrations.iter().map(without_booleans).collect::<Vec<_>>().into();
        }
        all
    }
}

fn file_address(path: &std::path::Path) -> sqlx::Result<String> {
    let wrong = |what: &str| sqlx::Error::Configuration(what.to_owned().into());
    let path = std::path::absolute(path)?;
    let url = Url::from_file_path(path).map_err(|()| wrong("the path cannot be written as an address"))?;
    Ok(format!("{}?mode=rwc", url.as_str().replacen("file:", "sqlite:", 1)))
}

/// SQLite keeps truth as numbers, and sqlx refuses to read a column that is declared otherwise.
fn without_booleans(migration: &Migration) -> Migration {
    let text = migration.sql.as_str().replace(" BOOLEAN ", " INTEGER ");
    Migration { sql: AssertSqlSafe(text).into_sql_str(), ..migration.clone() }
}

/// The tables in the order in which they are made, each with the text that names its columns; read from the migrations.
pub(super) fn tables() -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for migration in sqlx::migrate!("./migrations").iter() {
        let lines = migration.sql.as_str().lines().map(|line| line.split("--").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        for statement in text.split(';') {
            if let Some((name, columns)) =
                statement.trim().strip_prefix("CREATE TABLE ").and_then(|rest| rest.split_once('('))
            {
                tables.push((name.trim().to_owned(), columns.to_owned()));
            } else if let Some(name) = statement.trim().strip_prefix("DROP TABLE ") {
                tables.retain(|(table, _)| table != name.trim());
            } else if let Some((table, column)) =
                statement.trim().strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" ADD COLUMN "))
                && let Some((_, columns)) = tables.iter_mut().find(|(name, _)| name == table.trim())
            {
                *columns += ", ";
                *columns += column;
            }
        }
    }
    tables
}
