//! `[sign_in]`: how long a sign-in lasts.

use chuangming_domain::fields::{Fields, Reader};
use std::time::Duration;

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInRules {
    /// `idle_minutes = 60`: a session that nobody uses ends; an open board uses it.
    pub idle: Duration,
    /// `absolute_hours = 12`: every session ends.
    pub absolute: Duration,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self { idle: Duration::from_secs(3600), absolute: Duration::from_secs(12 * 3600) }
    }
}

impl SignInRules {
    pub(super) fn read(mut f: Fields, r: &mut Reader) -> Self {
        let default = Self::default();
        let idle =
            f.integer(r, "idle_minutes", 5..=24 * 60).map(|n| Duration::from_secs(n.unsigned_abs() * 60));
        let absolute =
            f.integer(r, "absolute_hours", 1..=7 * 24).map(|n| Duration::from_secs(n.unsigned_abs() * 3600));
        f.end(r);
        Self { idle: idle.unwrap_or(default.idle), absolute: absolute.unwrap_or(default.absolute) }
    }
}
