//! The commands as an operator meets them: what is wrong ends in one clear line and the right exit code.

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn central(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_central"))
        .current_dir(dir)
        .args(args)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

#[test]
fn bad_input_ends_in_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
    let broker = |port: u16| format!("[broker]\nembedded = true\nlisten = \"127.0.0.1:{port}\"\n");
    let free = common::free_port;
    write("empty.toml", String::new());
    write("syntax.toml", "listen = [".to_owned());
    write("unknown.toml", format!("data_dir = \"d\"\nlisen = 1\n{}", broker(1)));
    write("taken.toml", format!("data_dir = \"d\"\nlisten = \"{taken}\"\n{}", broker(free())));
    write(
        "broker-taken.toml",
        format!("data_dir = \"d\"\nlisten = \"127.0.0.1:0\"\n{}", broker(taken.port())),
    );
    write("users.toml", format!("data_dir = \"d\"\n{}passwords_file = \"none\"\n", broker(free())));
    write("ca.toml", "data_dir = \"d\"\n[broker]\nurl = \"mqtts://b\"\nca_file = \"none.pem\"\n".to_owned());
    write(
        "tls.toml",
        format!("data_dir = \"d\"\n[tls]\ncert_file = \"x\"\nkey_file = \"y\"\n{}", broker(free())),
    );
    write("file-as-dir.toml", format!("data_dir = \"empty.toml\"\n{}", broker(free())));
    write("no-db.toml", format!("data_dir = \"broken\"\n{}", broker(free())));
    fs::create_dir_all(dir.path().join("broken/central.db")).unwrap();
    write("short", "1234\n".to_owned());
    write("blank", "\n".to_owned());
    write("good", "a long password\n".to_owned());
    write("good.toml", format!("data_dir = \"d\"\nlisten = \"127.0.0.1:0\"\n{}", broker(free())));

    let add = |password: &'static str| {
        vec![
            "account",
            "add",
            "--config",
            "good.toml",
            "--name",
            "w",
            "--role",
            "staff",
            "--hall",
            "h",
            "--password-file",
            password,
        ]
    };
    let rows: Vec<(Vec<&str>, i32, &str)> = vec![
        (vec!["serve", "--config", "none.toml"], 2, "none.toml: No such file"),
        (vec!["serve", "--config", "empty.toml"], 2, "empty.toml: data_dir: is missing"),
        (vec!["serve", "--config", "syntax.toml"], 2, "syntax.toml: line 1"),
        (vec!["serve", "--config", "unknown.toml"], 2, "unknown.toml: lisen: is unknown"),
        (vec!["serve", "--config", "taken.toml"], 1, "listen: cannot listen on 127.0.0.1"),
        (vec!["serve", "--config", "broker-taken.toml"], 1, "broker.listen: cannot listen on 127.0.0.1"),
        (vec!["serve", "--config", "users.toml"], 2, "broker.passwords_file:"),
        (vec!["serve", "--config", "ca.toml"], 2, "broker.ca_file:"),
        (vec!["serve", "--config", "tls.toml"], 2, "tls.cert_file: x: "),
        (vec!["serve", "--config", "file-as-dir.toml"], 2, "data_dir:"),
        (vec!["serve", "--config", "no-db.toml"], 1, "cannot open the database"),
        (add("short"), 2, "the password is short, expected 8 characters"),
        (add("blank"), 2, "blank: the first line is empty"),
        (add("none"), 2, "none: No such file"),
        (
            vec![
                "account",
                "add",
                "--config",
                "good.toml",
                "--name",
                "w",
                "--role",
                "boss",
                "--hall",
                "h",
                "--password-file",
                "good",
            ],
            2,
            "use center_head, staff",
        ),
        (
            vec![
                "account",
                "add",
                "--config",
                "good.toml",
                "--name",
                "w",
                "--role",
                "staff",
                "--password-file",
                "good",
            ],
            2,
            "--hall",
        ),
        (vec!["broker-user", "--name", "a:b", "--password-file", "good"], 2, "expected a name without"),
        (vec!["simulate", "--broker", "mqtt://10.1.1.1"], 2, "expected mqtts:// or insecure"),
        (
            vec!["simulate", "--broker", "mqtt://localhost", "--rate", "0"],
            2,
            "--rate: is 0, expected more than 0",
        ),
        (
            vec!["audit", "verify", "--config", "good.toml", "--against", "none"],
            2,
            "--against: none: No such file",
        ),
        (
            vec!["audit", "verify", "--config", "good.toml", "--against", "good"],
            2,
            "the last line is no head",
        ),
        (vec!["audit", "export", "--config", "good.toml", "--out", "good"], 2, "--out: good: File exists"),
        (vec!["backup", "--config", "good.toml", "--out", "good"], 2, "--out: good: File exists"),
        (vec!["restore", "--config", "good.toml", "--from", "none"], 2, "--from: none: No such file"),
        (vec!["restore", "--config", "good.toml", "--from", "good"], 2, "--from: good: invalid gzip header"),
        (vec!["serve"], 2, "--config"),
        (vec!["dance"], 2, "unrecognized subcommand"),
    ];
    let mut failures = Vec::new();
    for (args, code, expected) in rows {
        let output = central(dir.path(), &args);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Usage errors are clap's, which adds how the command is used.
        let told: Vec<_> =
            err.lines().filter(|line| line.starts_with("central: ") || line.starts_with("error: ")).collect();
        let is_told = told.len() == 1
            && (told[0].contains(expected) || told[0].starts_with("error: ") && err.contains(expected));
        if output.status.code() != Some(code) || !is_told || err.contains("panicked") || !out.is_empty() {
            failures.push(format!(
                "{args:?}: {:?}, expected {code} and {expected:?}\n{out}{err}",
                output.status.code()
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn help_is_everywhere_and_accounts_can_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    for args in
        [&["--help"][..], &["serve", "--help"], &["account", "add", "--help"], &["simulate", "--help"]]
    {
        let output = central(dir.path(), args);
        assert!(output.status.success() && !output.stdout.is_empty(), "{args:?}");
    }
    fs::write(dir.path().join("c.toml"), "data_dir = \"d\"\n[broker]\nembedded = true\n").unwrap();
    fs::write(dir.path().join("pw"), "a long password\n").unwrap();
    for role in ["center_head", "installer"] {
        let args = [
            "account",
            "add",
            "--config",
            "c.toml",
            "--name",
            "王",
            "--role",
            role,
            "--all-halls",
            "--password-file",
            "pw",
        ];
        let output = central(dir.path(), &args);
        assert!(output.status.success(), "{output:?}");
    }
    let line = central(dir.path(), &["broker-user", "--name", "edge-01", "--password-file", "pw"]).stdout;
    let line = String::from_utf8(line).unwrap();
    assert!(line.starts_with("edge-01:$argon2id$") && line.lines().count() == 1, "{line}");
}

/// The log verifies, against an earlier export too; meddling is found; what was backed up is there again.
#[tokio::test]
async fn the_log_is_verified_and_a_backup_restored() {
    use chuangming_central::store::Database;
    use sqlx::{AnyConnection, Connection, Executor};
    let dir = tempfile::tempdir().unwrap();
    let config = async |name: &str, data: &str| {
        let database = match common::fresh_database(&dir.path().join(data)).await {
            Database::File(_) => String::new(),
            Database::Server(url) => format!("[database]\nurl = \"{url}\"\n"),
        };
        fs::write(
            dir.path().join(name),
            format!("data_dir = \"{data}\"\n{database}[broker]\nembedded = true\n"),
        )
        .unwrap();
    };
    config("c.toml", "d").await;
    config("new.toml", "new").await;
    fs::write(dir.path().join("pw"), "a long password\n").unwrap();
    let run = |args: &[&str]| {
        let output = central(dir.path(), args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let add = |config: &str, name: &str| {
        let who = ["account", "add", "--config", config, "--name", name, "--role", "administrator"];
        let (code, _, err) = run(&[&who[..], &["--all-halls", "--password-file", "pw"]].concat());
        assert_eq!(code, 0, "{err}");
    };
    let verify =
        |config: &str, more: &[&str]| run(&[&["audit", "verify", "--config", config], more].concat());
    add("c.toml", "one");
    add("c.toml", "two");
    let (code, out, err) = verify("c.toml", &[]);
    assert!(code == 0 && out.starts_with("whole: entries 1 to 2, compared with 1 heads"), "{out}{err}");
    assert_eq!(run(&["audit", "export", "--config", "c.toml", "--out", "log.jsonl"]).0, 0);
    assert_eq!(fs::read_to_string(dir.path().join("log.jsonl")).unwrap().lines().count(), 3);
    assert_eq!(run(&["backup", "--config", "c.toml", "--out", "backup.gz"]).0, 0);
    assert_eq!(run(&["backup", "--config", "c.toml", "--out", "backup.gz"]).0, 2, "never overwritten");
    add("c.toml", "three");
    let (code, out, err) = verify("c.toml", &["--against", "log.jsonl"]);
    assert!(code == 0 && out.contains("compared with 2 heads"), "{out}{err}");

    // Restored elsewhere it is as it was; the newer log does not pass for the older one's future, nor the other way.
    assert_eq!(run(&["restore", "--config", "new.toml", "--from", "backup.gz"]).0, 0);
    let (code, _, err) = run(&["restore", "--config", "new.toml", "--from", "backup.gz"]);
    assert!(code == 2 && err.contains("the database is not empty"), "{err}");
    let (code, out, _) = verify("new.toml", &["--against", "log.jsonl"]);
    assert!(code == 0 && out.starts_with("whole: entries 1 to 2"), "{out}");
    add("new.toml", "other");
    assert_eq!(run(&["audit", "export", "--config", "new.toml", "--out", "other.jsonl"]).0, 0);
    let (code, _, err) = verify("c.toml", &["--against", "other.jsonl"]);
    assert!(code == 1 && err.contains("entry 3 is another one than was there"), "{err}");

    // Somebody with the database's password cuts the log off.
    let text = fs::read_to_string(dir.path().join("c.toml")).unwrap();
    let parsed = chuangming_central::config::Config::parse(&text, &dir.path().join("c.toml")).unwrap();
    let address = match parsed.database().unwrap() {
        Database::File(file) => format!("sqlite:{}", file.display()),
        Database::Server(url) => url.to_string(),
    };
    sqlx::any::install_default_drivers();
    let mut meddler = AnyConnection::connect(&address).await.unwrap();
    meddler.execute("DELETE FROM audit WHERE id = 3").await.unwrap();
    meddler.close().await.unwrap();
    let (code, out, err) = verify("c.toml", &[]);
    assert!(
        code == 1 && out.is_empty() && err.contains("the log was cut off: it ends with entry 2"),
        "{out}{err}"
    );
}
