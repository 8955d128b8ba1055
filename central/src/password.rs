//! Passwords: argon2id hashes, and how a password file is read.

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use std::path::Path;
use std::sync::LazyLock;

/// The shortest password that is accepted.
pub const SHORTEST: usize = 8;

/// Hashes a password with argon2id and a fresh salt; a PHC string.
///
/// # Errors
/// When the password is too long for the method (4 GiB).
pub fn hash(password: &str) -> Result<String, Error> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

/// Whether a password is the hashed one. A hash that cannot be read matches nothing.
#[must_use]
pub fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Spends the time of a check, so that an unknown name answers no sooner than a wrong password.
pub fn pretend(password: &str) {
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody").unwrap_or_default());
    let _ = matches(password, &NOBODY);
}

/// Reads a password from the first line of a file; `-` is standard input.
///
/// # Errors
/// One line: the file, what is wrong, what would be right.
pub fn read_file(path: &Path) -> Result<String, String> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|e| format!("{}: {e}; expected a file with the password", path.display()))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    if password.is_empty() {
        return Err(format!("{}: the first line is empty; expected the password there", path.display()));
    }
    Ok(password)
}

/// Reads the lines `name:hash` of the embedded broker's password file; empty lines and `#` comments are skipped.
///
/// # Errors
/// One line: the file, the line, what would be right.
pub fn read_broker_users(path: &Path) -> Result<Vec<(String, String)>, String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| format!("{shown}: {e}; expected lines name:hash"))?;
    let mut users = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(':') {
            Some((name, hash)) if !name.is_empty() && PasswordHash::new(hash).is_ok() => {
                users.push((name.to_owned(), hash.to_owned()));
            }
            _ => {
                let wish = "expected name:$argon2id$… as `central broker-user` prints it";
                return Err(format!("{shown}: line {}: {wish}", number + 1));
            }
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches() {
        let hashed = hash("correct horse").unwrap();
        assert!(hashed.starts_with("$argon2id$") && !hashed.contains("horse"));
        assert!(matches("correct horse", &hashed));
        assert!(!matches("correct horsf", &hashed) && !matches("correct horse", "plain"));
        assert_ne!(hashed, hash("correct horse").unwrap());
    }

    #[test]
    fn broker_users_are_read_line_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("users");
        let hashed = hash("secret").unwrap();
        std::fs::write(&file, format!("# agents\n\nedge-01:{hashed}\n")).unwrap();
        assert_eq!(read_broker_users(&file).unwrap(), vec![("edge-01".to_owned(), hashed)]);
        std::fs::write(&file, "edge-01:secret\n").unwrap();
        assert!(read_broker_users(&file).unwrap_err().contains("line 1: expected name:$argon2id$"));
        assert!(
            read_broker_users(&dir.path().join("none")).unwrap_err().contains("expected lines name:hash")
        );
    }
}
