//! The wish that a camera's thread ends.

use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// A flag that can be waited for.
#[derive(Debug, Default)]
pub struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Asks to stop; there is no way back.
    pub fn set(&self) {
        *self.set.lock() = true;
        self.changed.notify_all();
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.set.lock()
    }

    /// Sleeps until the instant or until the stop; says whether to stop.
    #[must_use]
    pub fn sleep_until(&self, until: Instant) -> bool {
        let mut set = self.set.lock();
        while !*set && !self.changed.wait_until(&mut set, until).timed_out() {}
        *set
    }

    /// Sleeps for a while or until the stop; says whether to stop.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> bool {
        self.sleep_until(Instant::now() + time)
    }
}
