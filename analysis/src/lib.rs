//! From observations to events: schedules, dwell, hysteresis. Pure functions of time.
//!
//! Time is an argument everywhere: nothing here reads a clock, a file or a socket, waits or logs. An
//! observation speaks for the time until the next one of its signal, up to a limit; from there on the signal is
//! unknown. So what comes out depends on time and not on how often somebody looked.
//!
//! [`window::Window`] is the entrance. Inside it, one [`Track`](track) a signal turns observations into observed
//! and unknown time, [`condition`] says which rules an observation satisfies, and one [`Watch`](watch) a rule
//! decides when an episode opens and closes.

mod condition;
mod coverage;
mod evidence;
mod ids;
mod sampling;
pub mod schedule;
mod share;
mod track;
mod watch;
pub mod window;

pub use window::{Context, Duty, Hours, Place, Window};
