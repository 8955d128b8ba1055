//! Which agents may connect, and whose right was taken away: a copy in memory of the store's logins, for the broker's
//! door and for every message.

use crate::store::{Login, Store, StoreError};
use chuangming_domain::id::{AgentId, HallId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The agents' logins as of the last [`refresh`](Access::refresh).
#[derive(Debug, Clone, Default)]
pub struct Access(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Password hashes by name at the broker.
    hashes: BTreeMap<String, String>,
    revoked: BTreeSet<String>,
}

/// An agent's name at the broker.
#[must_use]
pub fn name_of(hall: &HallId, agent: &AgentId) -> String {
    format!("{hall}/{agent}")
}

impl Access {
    /// Takes over what the store says now.
    ///
    /// # Errors
    /// When the database fails; what was known before stays.
    pub async fn refresh(&self, store: &Store) -> Result<Vec<Login>, StoreError> {
        let logins = store.logins().await?;
        let mut known = Known::default();
        for login in &logins {
            let name = name_of(&login.hall, &login.agent);
            match (&login.revoked, &login.password_hash) {
                (Some(_), _) => drop(known.revoked.insert(name)),
                (None, Some(hash)) => drop(known.hashes.insert(name, hash.clone())),
                (None, None) => {}
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(logins)
    }

    /// Whether an agent's messages count no more.
    #[must_use]
    pub fn is_revoked(&self, hall: &HallId, agent: &AgentId) -> bool {
        self.is_revoked_name(&name_of(hall, agent))
    }

    /// The same by the agent's name at the broker.
    #[must_use]
    pub fn is_revoked_name(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).revoked.contains(name)
    }

    /// The password hash of an enrolled agent that connects under its own client id, or beside itself as its doctor
    /// does: nobody takes over another's session.
    #[must_use]
    pub fn hash(&self, name: &str, client: &str) -> Option<String> {
        let own = name.replacen('/', "-", 1);
        let is_own = client.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest == "-doctor");
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if is_own { known.hashes.get(name).cloned() } else { None }
    }
}

/// Writes the agents' lines of a password file of mosquitto; the lines of others, whose names have no `/`, stay. The
/// file is replaced as a whole: mosquitto reads it anew on SIGHUP.
///
/// # Errors
/// When it cannot be read or written.
pub fn write_mosquitto_file(file: &Path, logins: &[Login]) -> std::io::Result<()> {
    let old = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e),
    };
    let is_others = |line: &&str| !line.split(':').next().unwrap_or_default().contains('/');
    let mut lines: Vec<String> = old.lines().filter(is_others).map(str::to_owned).collect();
    for login in logins.iter().filter(|login| login.revoked.is_none()) {
        if let Some(hash) = &login.mosquitto_hash {
            lines.push(format!("{}:{hash}", name_of(&login.hall, &login.agent)));
        }
    }
    let text = lines.join("\n") + "\n";
    if text == old {
        return Ok(());
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let temporary = Path::new(&name);
    write_for_group(temporary, &text)?;
    std::fs::rename(temporary, file)
}

/// Readable by the owner and the group: the broker is in the folder's group.
#[cfg(unix)]
fn write_for_group(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_for_group(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::Timestamp;

    fn login(agent: &str, hash: Option<&str>, revoked: bool) -> Login {
        Login {
            hall: "tanggu".parse().unwrap(),
            agent: agent.parse().unwrap(),
            password_hash: None,
            mosquitto_hash: hash.map(Into::into),
            enrolled_at: None,
            revoked: revoked.then(|| (Timestamp::UNIX_EPOCH, "admin".into())),
        }
    }

    #[test]
    fn mosquittos_file_holds_the_agents_and_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passwords");
        std::fs::write(&file, "central:$7$x\ntanggu/old:$7$y\n").unwrap();
        let logins = [
            login("edge-01", Some("$7$a"), false),
            login("edge-02", Some("$7$b"), true),
            login("edge-03", None, false),
        ];
        write_mosquitto_file(&file, &logins).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "central:$7$x\ntanggu/edge-01:$7$a\n");
        let fresh = folder.path().join("fresh");
        write_mosquitto_file(&fresh, &logins[..1]).unwrap();
        assert_eq!(std::fs::read_to_string(&fresh).unwrap(), "tanggu/edge-01:$7$a\n");
    }

    #[tokio::test]
    async fn an_agent_connects_as_itself_until_its_right_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let database = crate::store::Database::File(folder.path().join("central.db"));
        let store = Store::open(&database).await.unwrap();
        let (hall, agent) = ("tanggu".parse().unwrap(), "edge-01".parse().unwrap());
        let now = Timestamp::now();
        let new = crate::store::Enrolment {
            id: "1".into(),
            hall,
            agent,
            by: "a".into(),
            created_at: now,
            expires_at: now + std::time::Duration::from_secs(60),
            used: None,
            cancelled_at: None,
        };
        store.add_enrolment(&new, "hash").await.unwrap();
        store.enrol("hash", "::1", ("argon", "mosquitto"), now).await.unwrap().unwrap();
        let access = Access::default();
        access.refresh(&store).await.unwrap();
        for (client, expected) in [
            ("tanggu-edge-01", true),
            ("tanggu-edge-01-doctor", true),
            ("tanggu-edge-02", false),
            ("tanggu-edge-011", false),
            ("central", false),
        ] {
            assert_eq!(access.hash("tanggu/edge-01", client).is_some(), expected, "{client}");
        }
        assert!(!access.is_revoked(&new.hall, &new.agent));
        store.revoke(&new.hall, &new.agent, "admin", now).await.unwrap();
        access.refresh(&store).await.unwrap();
        assert!(access.is_revoked(&new.hall, &new.agent));
        assert_eq!(access.hash("tanggu/edge-01", "tanggu-edge-01"), None);
    }
}
