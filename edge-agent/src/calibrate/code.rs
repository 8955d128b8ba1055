//! One-time codes: eight digits, good once and for ten minutes, slow to guess.

use parking_lot::Mutex;
use rand::Rng as _;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// How long a code is good.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(600);
const DIGITS: usize = 8;
/// After so many wrong tries an address waits…
const TRIES: u32 = 5;
/// …this long.
const LOCK: Duration = Duration::from_secs(60);
/// Wrong tries of all addresses together within [`LOCK`]: a guesser with many addresses has at most 600 guesses at a
/// hundred million before the code is gone.
const TRIES_OF_ALL: u32 = 60;
/// Addresses remembered; overload policy `ShareOne`: any more share one count.
const ADDRESSES: usize = 256;

/// The code that is good now, and who tried wrong ones.
#[derive(Debug, Default)]
pub(super) struct Codes {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    good: Option<(String, Instant)>,
    tries: HashMap<Option<IpAddr>, Tries>,
    of_all: Tries,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    wrong: u32,
    since: Option<Instant>,
}

/// Why a code does not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not the one, or not any more.
    Wrong,
    /// Too many were tried.
    Locked(Duration),
}

impl Codes {
    /// A fresh code; the one before it is good no longer.
    pub(super) fn issue(&self, now: Instant) -> String {
        let mut random = rand::rng();
        let code: String = (0..DIGITS).map(|_| char::from(random.random_range(b'0'..=b'9'))).collect();
        self.state.lock().good = Some((code.clone(), now + GOOD_FOR));
        code
    }

    /// Whether a code could open now.
    pub(super) fn is_any_good(&self, now: Instant) -> bool {
        self.state.lock().good.as_ref().is_some_and(|(_, until)| now < *until)
    }

    /// Uses the code up, if it is the one, or if `of_central` says that it is one of central's.
    pub(super) fn redeem(
        &self,
        code: &str,
        from: IpAddr,
        now: Instant,
        of_central: impl FnOnce(&str) -> bool,
    ) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        let key = state.key(from, now);
        let locked =
            state.of_all.left(TRIES_OF_ALL, now).or(state.tries.entry(key).or_default().left(TRIES, now));
        if let Some(left) = locked {
            return Err(Refusal::Locked(left));
        }
        let good = state.good.as_ref().filter(|(_, until)| now < *until);
        let is_it = good.is_some_and(|(good, _)| bool::from(good.as_bytes().ct_eq(code.as_bytes())));
        if is_it {
            state.good = None;
        }
        if is_it || of_central(code) {
            state.tries.remove(&key);
            return Ok(());
        }
        state.of_all.note_wrong(now);
        state.tries.entry(key).or_default().note_wrong(now);
        Err(Refusal::Wrong)
    }
}

impl State {
    fn key(&mut self, from: IpAddr, now: Instant) -> Option<IpAddr> {
        if self.tries.len() >= ADDRESSES {
            self.tries.retain(|_, tries| tries.is_recent(now));
        }
        (self.tries.len() < ADDRESSES || self.tries.contains_key(&Some(from))).then_some(from)
    }
}

impl Tries {
    fn is_recent(self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) < LOCK)
    }

    /// How long to wait, when there were too many.
    fn left(self, most: u32, now: Instant) -> Option<Duration> {
        let since = self.since.filter(|_| self.wrong >= most && self.is_recent(now))?;
        Some(LOCK - now.duration_since(since))
    }

    fn note_wrong(&mut self, now: Instant) {
        let wrong = if self.is_recent(now) { self.wrong } else { 0 };
        *self = Self { wrong: wrong + 1, since: Some(now) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NOT_OF_CENTRAL: fn(&str) -> bool = |_| false;
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    fn wrong(code: &str) -> String {
        code.chars().map(|c| if c == '0' { '1' } else { '0' }).collect()
    }

    #[test]
    fn a_code_opens_once_and_for_ten_minutes() {
        let (codes, now) = (Codes::default(), Instant::now());
        assert!(!codes.is_any_good(now));
        let code = codes.issue(now);
        assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert!(codes.is_any_good(now + GOOD_FOR - Duration::from_secs(1)));
        assert_eq!(
            codes.redeem(&code, HERE, now + GOOD_FOR, NOT_OF_CENTRAL),
            Err(Refusal::Wrong),
            "too late"
        );
        let code = codes.issue(now);
        assert_eq!(codes.redeem(&code, HERE, now, NOT_OF_CENTRAL), Ok(()));
        assert_eq!(codes.redeem(&code, HERE, now, NOT_OF_CENTRAL), Err(Refusal::Wrong), "a second time");
        let (old, new) = (codes.issue(now), codes.issue(now));
        assert_eq!(
            codes.redeem(&old, HERE, now, NOT_OF_CENTRAL),
            Err(Refusal::Wrong),
            "a newer one is there"
        );
        assert_eq!(codes.redeem(&new, HERE, now, NOT_OF_CENTRAL), Ok(()));
        for odd in ["", "1", "12345678901234567890", "１２３４５６７８"] {
            assert_eq!(codes.redeem(odd, THERE, now, NOT_OF_CENTRAL), Err(Refusal::Wrong), "{odd}");
        }
    }

    #[test]
    fn guessing_is_slow_for_one_address_and_for_all_together() {
        let (codes, now) = (Codes::default(), Instant::now());
        let code = codes.issue(now);
        for _ in 0..TRIES {
            assert_eq!(codes.redeem(&wrong(&code), HERE, now, NOT_OF_CENTRAL), Err(Refusal::Wrong));
        }
        assert_eq!(
            codes.redeem(&code, HERE, now, NOT_OF_CENTRAL),
            Err(Refusal::Locked(LOCK)),
            "even the right one"
        );
        let later = now + LOCK;
        assert_eq!(codes.redeem(&code, THERE, now, NOT_OF_CENTRAL), Ok(()), "others are not locked");

        let code = codes.issue(later);
        for n in 0..TRIES_OF_ALL {
            let from = IpAddr::V4(Ipv4Addr::from(n + 100));
            assert_eq!(codes.redeem(&wrong(&code), from, later, NOT_OF_CENTRAL), Err(Refusal::Wrong));
        }
        assert!(matches!(codes.redeem(&code, THERE, later, NOT_OF_CENTRAL), Err(Refusal::Locked(_))));
        assert_eq!(codes.redeem(&code, HERE, later + LOCK, NOT_OF_CENTRAL), Ok(()));
    }

    #[test]
    fn codes_of_central_open_too_but_not_for_whoever_guessed_too_often() {
        let (codes, now) = (Codes::default(), Instant::now());
        let of_central = |code: &str| code == "central's";
        let own = codes.issue(now);
        assert_eq!(codes.redeem("central's", HERE, now, of_central), Ok(()));
        assert_eq!(codes.redeem(&own, HERE, now, of_central), Ok(()), "the machine's own is good still");
        for _ in 0..TRIES {
            assert_eq!(codes.redeem("guess", HERE, now, of_central), Err(Refusal::Wrong));
        }
        assert_eq!(codes.redeem("central's", HERE, now, of_central), Err(Refusal::Locked(LOCK)));
    }

    #[test]
    fn memory_is_bounded() {
        let (codes, mut now) = (Codes::default(), Instant::now());
        for n in 0..4 * u32::try_from(ADDRESSES).unwrap() {
            now += Duration::from_secs(2);
            let _ = codes.redeem("0", IpAddr::V4(Ipv4Addr::from(n)), now, NOT_OF_CENTRAL);
        }
        assert!(codes.state.lock().tries.len() <= ADDRESSES + 1);
    }
}
