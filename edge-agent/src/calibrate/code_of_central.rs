//! Codes that central issued: signed with the key that configuration is signed with, for this agent, good once.

use crate::config::AgentConfig;
use crate::failure::Failure;
use crate::files::replace;
use crate::remote::ConfigKey;
use chuangming_domain::Timestamp;
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::sign_in::SignInCode;
use parking_lot::Mutex;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const FILE: &str = "used-codes.json";

/// Verifies them, and remembers those that were used, over restarts too, until their time is over.
pub(super) struct CodesOfCentral {
    key: Option<ConfigKey>,
    hall: HallId,
    agent: AgentId,
    file: Mutex<PathBuf>,
}

impl CodesOfCentral {
    /// Of an agent; without a `config_key_file` none is ever good.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub(super) fn of(agent: &AgentConfig, folder: &Path) -> Result<Self, Failure> {
        let key =
            agent.config_key_file.as_deref().map(ConfigKey::load).transpose().map_err(Failure::input)?;
        let file = Mutex::new(folder.join(FILE));
        Ok(Self { key, hall: agent.hall.clone(), agent: agent.agent.clone(), file })
    }

    /// Uses the code up, if it is one of central's for this agent and was not used yet.
    pub(super) fn redeem(&self, code: &str, now: Timestamp) -> bool {
        let (Some(key), Ok(code)) = (&self.key, code.parse::<SignInCode>()) else { return false };
        let text = SignInCode::signed_text(&self.hall, &self.agent, code.issued_at, code.nonce);
        if !code.is_good_at(now.as_second()) || !key.verifies(&text, &code.signature) {
            return false;
        }
        let file = self.file.lock();
        // What cannot be remembered is not good: it would be good again.
        note(&file, &code, now).unwrap_or_else(|error| {
            tracing::error!(%error, file = %file.display(), "a code of central cannot be noted as used");
            false
        })
    }
}

/// Notes a code as used; `false` if it was already.
fn note(file: &Path, code: &SignInCode, now: Timestamp) -> io::Result<bool> {
    let mut used: Vec<(i64, String)> = match fs::read(file) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        bytes => serde_json::from_slice(&bytes?)?,
    };
    used.retain(|(issued_at, _)| SignInCode::is_in_time(*issued_at, now.as_second()));
    let this = (code.issued_at, hex::encode(code.nonce));
    if used.contains(&this) {
        return Ok(false);
    }
    used.push(this);
    replace(file, &serde_json::to_vec(&used)?)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    const NOW: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn pair() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
    }

    fn issued(agent: &str, nonce: u8, by: &Ed25519KeyPair) -> String {
        let (hall, agent, nonce) = (HallId::new("tanggu").unwrap(), AgentId::new(agent).unwrap(), [nonce; 8]);
        let text = SignInCode::signed_text(&hall, &agent, NOW, nonce);
        let signature = by.sign(text.as_bytes()).as_ref().try_into().unwrap();
        SignInCode { issued_at: NOW, nonce, signature }.to_string()
    }

    fn codes(key: Option<&Ed25519KeyPair>, folder: &Path) -> CodesOfCentral {
        let key = key.map(|pair| ConfigKey::of(pair.public_key().as_ref().try_into().unwrap()));
        let (hall, agent) = (HallId::new("tanggu").unwrap(), AgentId::new("edge-01").unwrap());
        CodesOfCentral { key, hall, agent, file: Mutex::new(folder.join(FILE)) }
    }

    #[test]
    fn a_code_of_central_is_good_once_over_restarts_and_ten_minutes() {
        let (folder, central) = (tempfile::tempdir().unwrap(), pair());
        let first = codes(Some(&central), folder.path());
        let code = issued("edge-01", 1, &central);
        assert!(first.redeem(&code, at(NOW + 5)));
        assert!(!first.redeem(&code, at(NOW + 6)), "a second time");
        let second = codes(Some(&central), folder.path());
        assert!(!second.redeem(&code, at(NOW + 7)), "after a restart");
        assert!(second.redeem(&issued("edge-01", 2, &central), at(NOW + 599)));
        assert!(!second.redeem(&issued("edge-01", 3, &central), at(NOW + 600)), "too late");
    }

    #[test]
    fn nothing_else_is() {
        let (folder, central) = (tempfile::tempdir().unwrap(), pair());
        let own = codes(Some(&central), folder.path());
        let good = issued("edge-01", 1, &central);
        for (odd, why) in [
            (issued("edge-02", 1, &central), "another agent's"),
            (issued("edge-01", 1, &pair()), "somebody else's"),
            (good.replacen("01", "02", 1), "another nonce"),
            (good.to_uppercase(), "written otherwise"),
            ("12345678".into(), "no code of central"),
        ] {
            assert!(!own.redeem(&odd, at(NOW)), "{why}");
        }
        assert!(!codes(None, folder.path()).redeem(&good, at(NOW)), "without a key");
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(!own.redeem(&good, at(NOW)), "it could not be remembered");
    }
}
