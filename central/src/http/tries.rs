//! How often one address may try to sign in.

use chuangming_domain::Timestamp;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Tries of one address within [`WINDOW`].
const TRIES: u32 = 30;
const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// Addresses remembered; overload policy `ShareOne`: any more share one count until old ones are forgotten.
const ADDRESSES: usize = 4096;

/// Counts tries by address.
#[derive(Debug, Default)]
pub(super) struct Tries {
    counts: Mutex<HashMap<Option<IpAddr>, (Timestamp, u32)>>,
}

impl Tries {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(super) fn take(&self, from: IpAddr, now: Timestamp) -> Result<(), SignedDuration> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= ADDRESSES {
            counts.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let key =
            if counts.len() < ADDRESSES || counts.contains_key(&Some(from)) { Some(from) } else { None };
        let (since, count) = counts.entry(key).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        if *count >= TRIES {
            return Err(WINDOW - now.duration_since(*since));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_address_waits_and_others_do_not() {
        let tries = Tries::default();
        let now = Timestamp::UNIX_EPOCH;
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..TRIES {
            assert!(tries.take(one, now).is_ok());
        }
        assert_eq!(tries.take(one, now + SignedDuration::from_secs(10)), Err(SignedDuration::from_secs(50)));
        assert!(tries.take(other, now).is_ok());
        assert!(tries.take(one, now + WINDOW).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let tries = Tries::default();
        for n in 0..3 * u32::try_from(ADDRESSES).unwrap() {
            let _ = tries.take(IpAddr::from(Ipv4Addr::from(n)), Timestamp::UNIX_EPOCH);
        }
        assert!(tries.counts.lock().unwrap().len() <= ADDRESSES + 1);
    }
}
