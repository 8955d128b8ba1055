//! `[database]`: PostgreSQL instead of the embedded SQLite in `data_dir`.

use super::path;
use crate::store::Database;
use chuangming_domain::fields::{Fields, Reader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::Url;

/// Where PostgreSQL is.
#[derive(Clone, PartialEq, Eq)]
pub enum ServerAddress {
    /// `url = "postgres://central@db/chuangming?sslmode=verify-full&sslrootcert=/etc/chuangming/db-ca.pem"`, without
    /// a password.
    Url(Url),
    /// `url_file`: a file whose first line is the address with its password.
    File {
        /// The file.
        file: PathBuf,
        /// `insecure = true`: without TLS to another machine.
        insecure: bool,
    },
}

impl std::fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ServerAddress::Url(url) => write!(f, "{}", Database::Server(url.clone())),
            ServerAddress::File { file, .. } => write!(f, "{}", file.display()),
        }
    }
}

impl ServerAddress {
    pub(super) fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Option<Self> {
        let (place, file_place) = (f.name("url"), f.name("url_file"));
        let url = f.text(r, "url");
        let file = f.get(r, "url_file", "a file", |v| path(v, base));
        let insecure = f.flag(r, "insecure").unwrap_or(false);
        f.end(r);
        match (url, file) {
            (Some(text), None) => match server_url(&text, insecure) {
                Ok(url) if url.password().is_some() => {
                    r.problem(place, "holds a password, expected the whole address in a url_file instead");
                    None
                }
                Ok(url) => Some(Self::Url(url)),
                Err(wrong) => {
                    r.problem(place, wrong);
                    None
                }
            },
            (None, Some(file)) => Some(Self::File { file, insecure }),
            (Some(_), Some(_)) => {
                r.problem(file_place, "is given beside url, expected one of the two");
                None
            }
            (None, None) => {
                r.problem(place, "is missing, expected postgres://…, or url_file");
                None
            }
        }
    }

    /// The address with its password.
    ///
    /// # Errors
    /// One line: the file, what is wrong, what would be right.
    pub fn resolve(&self) -> Result<Database, String> {
        let (file, insecure) = match self {
            ServerAddress::Url(url) => return Ok(Database::Server(url.clone())),
            ServerAddress::File { file, insecure } => (file, *insecure),
        };
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|e| format!("database.url_file: {shown}: {e}, expected a file with postgres://…"))?;
        let line = text.lines().next().unwrap_or_default().trim();
        server_url(line, insecure)
            .map(Database::Server)
            .map_err(|wrong| format!("database.url_file: {shown}: the first line {wrong}"))
    }
}

/// Checks a server's address; a password never shows in what is wrong. Another machine is reached with TLS that knows
/// the server, unless somebody insists.
fn server_url(text: &str, insecure: bool) -> Result<Url, String> {
    const EXAMPLE: &str = "expected an address such as postgres://central@db/chuangming";
    let url = Url::parse(text).map_err(|e| format!("is no address ({e}), {EXAMPLE}"))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(format!("begins with {}://, {EXAMPLE}", url.scheme()));
    }
    if url.path().trim_matches('/').is_empty() {
        return Err(format!("names no database, {EXAMPLE}"));
    }
    let option = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    let host = option("host").unwrap_or_else(|| url.host_str().unwrap_or_default().into());
    let here = host.is_empty()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if here || insecure || option("sslmode").as_deref() == Some("verify-full") {
        Ok(url)
    } else {
        Err(format!(
            "leads to {host} without checked TLS, expected ?sslmode=verify-full&sslrootcert=FILE or insecure = true"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_asked_for_beyond_this_machine() {
        let check = |text: &str, insecure, expected: Result<(), &str>| {
            let got = server_url(text, insecure).map(drop);
            match (&got, expected) {
                (Ok(()), Ok(())) => {}
                (Err(wrong), Err(part)) if wrong.contains(part) && !wrong.contains("secret") => {}
                _ => panic!("{text} insecure={insecure}: {got:?}"),
            }
        };
        check("postgres://central@127.0.0.1/c", false, Ok(()));
        check("postgres://central@[::1]:5433/c", false, Ok(()));
        check("postgresql://central@localhost/c", false, Ok(()));
        check("postgres:///c?host=/run/postgresql", false, Ok(()));
        check("postgres://central:secret@db/c", false, Err("leads to db without checked TLS"));
        check("postgres://localhost/c?host=db", false, Err("leads to db"));
        check("postgres://central:secret@db/c?sslmode=require", false, Err("sslmode=verify-full"));
        check("postgres://central:secret@db/c?sslmode=verify-full", false, Ok(()));
        check("postgres://central:secret@db/c", true, Ok(()));
        check("postgres://central:secret@localhost", false, Err("names no database"));
        check("mysql://central:secret@localhost/c", false, Err("begins with mysql://"));
        check("central:secret", false, Err("begins with central"));
        check("", false, Err("is no address"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = Url::parse("postgres://central:secret@db:5433/c?sslmode=verify-full").unwrap();
        let database = Database::Server(url.clone());
        let shown = format!("{database} {database:?} {:?}", ServerAddress::Url(url));
        assert!(shown.contains("postgres://db/c") && !shown.contains("secret"), "{shown}");
    }
}
