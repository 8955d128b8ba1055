//! A PostgreSQL of the tests' own: one cluster for each test program, one schema for each test.

use chuangming_central::store::Database;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use url::Url;

/// Holds the cluster's script; it stops and removes the cluster when its standard input ends with this program.
struct Cluster {
    _script: Child,
    folder: String,
}

/// The server refuses to run as root; whoever runs the tests as root lends it the user that Debian's package made.
const SCRIPT: &str = r#"
set -e
folder=$(mktemp -d "${TMPDIR:-/tmp}/chuangming-postgres-XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$1/initdb" -D "$folder/data" -A trust -U central -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1
"$1/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null \
  -o "-k $folder -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB"
echo "$folder"
cat >/dev/null
"$1/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null
"#;

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    newest.max().or_else(|| {
        let places = std::env::var_os("PATH")?;
        std::env::split_paths(&places).find(|bin| bin.join("initdb").exists())
    })
}

impl Cluster {
    fn start(programs: &Path) -> Self {
        let as_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
        let mut command = Command::new(if as_root { "runuser" } else { "sh" });
        if as_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args(["-c", SCRIPT, "sh"]).arg(programs).current_dir("/");
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut folder = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut folder).unwrap();
        let folder = folder.trim().to_owned();
        assert!(!folder.is_empty(), "PostgreSQL does not start");
        Self { _script: script, folder }
    }

    fn address(&self, schema: &str) -> Url {
        let mut url = Url::parse("postgres://central@localhost/postgres").unwrap();
        url.query_pairs_mut()
            .append_pair("host", &self.folder)
            .append_pair("options", &format!("-csearch_path={schema}"));
        url
    }
}

/// An empty database on PostgreSQL; `None`, said loudly, where it is not installed.
pub async fn fresh() -> Option<Database> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| programs().map(|programs| Cluster::start(&programs)));
    let Some(cluster) = cluster else {
        eprintln!("SKIPPED: PostgreSQL is not installed; this test runs on SQLite");
        return None;
    };
    let schema = format!("t{}", uuid::Uuid::now_v7().simple());
    let url = cluster.address(&schema);
    let mut connection = PgConnection::connect(url.as_str()).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
    connection.close().await.unwrap();
    Some(Database::Server(url))
}
