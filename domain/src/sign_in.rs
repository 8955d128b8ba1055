//! A one-time code by which whoever central trusts signs in at the calibration page of one agent.
//!
//! Central signs it with the key that the agent verifies its configuration with, so it needs no way of its own: the
//! installer carries it, and the agent verifies it wherever the network ends.

use crate::id::{AgentId, HallId};
use std::fmt;
use std::str::FromStr;

/// How many seconds a code is good.
pub const GOOD_FOR_S: i64 = 600;
/// How many seconds the agent's clock may be behind central's.
const SKEW_S: i64 = 60;
const BYTES: usize = 80;

/// A code: when it was issued, a number used once, and Ed25519 over [`SignInCode::signed_text`]. Written as 160 hex digits.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInCode {
    /// Seconds since 1970, by central's clock.
    pub issued_at: i64,
    /// Tells codes of one second apart.
    pub nonce: [u8; 8],
    /// Central's signature.
    pub signature: [u8; 64],
}

/// The text is no [`SignInCode`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code of central is {} lower-case hex digits", 2 * BYTES)]
pub struct SignInCodeError;

impl SignInCode {
    /// The text that is signed: for one agent, once.
    #[must_use]
    pub fn signed_text(hall: &HallId, agent: &AgentId, issued_at: i64, nonce: [u8; 8]) -> String {
        format!("chuangming.sign-in/1\n{hall}/{agent}\n{issued_at}\n{}", hex::encode(nonce))
    }

    /// Whether its time is not over; `now` in seconds since 1970, by the agent's clock.
    #[must_use]
    pub fn is_good_at(&self, now: i64) -> bool {
        Self::is_in_time(self.issued_at, now)
    }

    /// The same of a code of which only the time is known.
    #[must_use]
    pub fn is_in_time(issued_at: i64, now: i64) -> bool {
        (-SKEW_S..GOOD_FOR_S).contains(&now.saturating_sub(issued_at))
    }
}

impl fmt::Display for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: [&[u8]; 3] = [&self.issued_at.to_be_bytes(), &self.nonce, &self.signature];
        f.write_str(&hex::encode(parts.concat()))
    }
}

/// It opens a door, so it is printed nowhere by chance.
impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(…)")
    }
}

impl FromStr for SignInCode {
    type Err = SignInCodeError;
    fn from_str(text: &str) -> Result<Self, SignInCodeError> {
        let mut bytes = [0; BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SignInCodeError)?;
        let (mut issued_at, mut nonce, mut signature) = ([0; 8], [0; 8], [0; 64]);
        issued_at.copy_from_slice(&bytes[..8]);
        nonce.copy_from_slice(&bytes[8..16]);
        signature.copy_from_slice(&bytes[16..]);
        let code = Self { issued_at: i64::from_be_bytes(issued_at), nonce, signature };
        // One way to write each.
        if code.to_string() == text { Ok(code) } else { Err(SignInCodeError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_written_and_in_no_other_way() {
        let code = SignInCode { issued_at: 1_800_000_000, nonce: [0xab; 8], signature: [0xcd; 64] };
        let text = code.to_string();
        assert_eq!((text.len(), text.parse()), (160, Ok(code.clone())));
        assert!(!format!("{code:?}").contains("ab"));
        for odd in
            [String::new(), "12345678".into(), text.to_uppercase(), format!("{text}00"), text[2..].into()]
        {
            assert_eq!(odd.parse::<SignInCode>(), Err(SignInCodeError), "{odd}");
        }
    }

    #[test]
    fn it_is_good_for_ten_minutes_and_a_slow_clock() {
        let code = SignInCode { issued_at: 1000, nonce: [0; 8], signature: [0; 64] };
        for (now, expected) in
            [(939, false), (940, true), (1000, true), (1599, true), (1600, false), (i64::MIN, false)]
        {
            assert_eq!(code.is_good_at(now), expected, "{now}");
        }
    }
}
