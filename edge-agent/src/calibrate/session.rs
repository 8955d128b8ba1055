//! Who is signed in. A session lives in this process alone: a restart ends it.

use parking_lot::Mutex;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// A session ends after so long without a deed of the person.
pub(super) const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends after so long whatever is done.
const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// Sessions at a time; overload policy `EndOldest`: a new one ends the one that was idle for longest.
const SESSIONS: usize = 8;

/// The open sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Session {
    /// What the cookie's value hashes to: what is in memory opens nothing.
    key: [u8; 32],
    since: Instant,
    last: Instant,
}

impl Session {
    fn left(&self, now: Instant) -> Option<Duration> {
        let idle = IDLE.checked_sub(now.duration_since(self.last));
        let whole = LONGEST.checked_sub(now.duration_since(self.since));
        idle.zip(whole).map(|(a, b)| a.min(b)).filter(|left| !left.is_zero())
    }
}

impl Sessions {
    /// A new session; the answer is the cookie's value.
    pub(super) fn begin(&self, now: Instant) -> String {
        let mut secret = [0; 32];
        rand::rng().fill_bytes(&mut secret);
        let token = hex::encode(secret);
        let mut open = self.open.lock();
        open.retain(|session| session.left(now).is_some());
        if open.len() >= SESSIONS
            && let Some(oldest) = (0..open.len()).min_by_key(|&i| open[i].last)
        {
            open.swap_remove(oldest);
        }
        open.push(Session { key: key(&token), since: now, last: now });
        token
    }

    /// How long the cookie's session still lasts; a deed makes it last longer.
    pub(super) fn find(&self, token: &str, is_deed: bool, now: Instant) -> Option<Duration> {
        let key = key(token);
        let mut open = self.open.lock();
        open.retain(|session| session.left(now).is_some());
        let session = open.iter_mut().find(|session| session.key.ct_eq(&key).into())?;
        if is_deed {
            session.last = now;
        }
        session.left(now)
    }

    /// Ends the cookie's session.
    pub(super) fn end(&self, token: &str) {
        let key = key(token);
        self.open.lock().retain(|session| !bool::from(session.key.ct_eq(&key)));
    }

    /// Whether anybody is signed in.
    pub(super) fn is_anybody(&self, now: Instant) -> bool {
        let mut open = self.open.lock();
        open.retain(|session| session.left(now).is_some());
        !open.is_empty()
    }
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_session_ends_after_thirty_idle_minutes_or_a_working_day() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let token = sessions.begin(start);
        assert_eq!(sessions.find(&token, false, start + 29 * MINUTE), Some(MINUTE), "looking is no deed");
        assert_eq!(sessions.find(&token, true, start + 29 * MINUTE), Some(IDLE));
        assert_eq!(sessions.find(&token, false, start + 59 * MINUTE), None);
        assert!(!sessions.is_anybody(start + 59 * MINUTE));

        let token = sessions.begin(start);
        let mut now = start;
        while sessions.find(&token, true, now).is_some() {
            now += 10 * MINUTE;
        }
        assert_eq!(now.duration_since(start), LONGEST);
    }

    #[test]
    fn sessions_are_apart_and_bounded_in_number() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let tokens: Vec<_> =
            (0..SESSIONS as u64 + 1).map(|n| sessions.begin(now + Duration::from_secs(n))).collect();
        let later = now + MINUTE;
        assert_eq!(sessions.find(&tokens[0], false, later), None, "the oldest gave way");
        assert!(tokens[1..].iter().all(|token| sessions.find(token, false, later).is_some()));
        sessions.end(&tokens[1]);
        assert_eq!(sessions.find(&tokens[1], false, later), None);
        assert!(sessions.find(&tokens[2], false, later).is_some());
        assert_eq!(sessions.find("", false, later), None);
        assert!(!format!("{sessions:?}").contains(&tokens[2]), "no secret is printed");
    }
}
