//! From observations to events: schedules, dwell, hysteresis. Pure functions of time.
//!
//! Time is an argument everywhere: nothing here reads a clock, a file or a socket, waits or logs. An
//! observation speaks for the time until the next one of its signal, up to a limit; from there on the signal is
//! unknown. So what comes out depends on time and not on how often somebody looked.
//!
//! [`Window`] is the entrance. Inside it one `Track` a signal turns observations into observed and unknown time,
//! `condition` says which rules an observation satisfies, and one `Watch` a rule decides when an episode opens and
//! closes:
//!
//! - An episode **opens** at the first observation of the condition at which the condition has held for the dwell:
//!   since it began, at least `raise_after_s` were observed and it held for at least `raise_ratio` of them, at no time
//!   in between for markedly less, and was never gone by the measure below. `opened_at` is when it began.
//! - It **closes** when, since its first miss, at least `clear_after_s` were observed and the condition was gone for
//!   at least `1 - clear_ratio` of them. `closed_at` is that first miss.
//! - **Unknown** time counts neither way. After more than 300 s of it an open episode is lost, `closed_at` being the last
//!   instant that was known; one that had not opened yet is forgotten.
//! - Before a window was observed for 5 s, and during the **cooldown** (which begins when an episode closes, whatever
//!   the reason), nothing opens. The dwell runs meanwhile: what still holds then opens at once, with its true beginning.
//! - **Off duty** nothing counts. The end of duty closes every episode at its very minute; the next duty begins anew.
//! - **Nobody there** (presence says absent) means that nobody slumps, misses a badge or smokes: an observation, not
//!   unknown.

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
