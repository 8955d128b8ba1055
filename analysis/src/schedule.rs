//! Duty hours: when the rules hold.

use chuangming_domain::policy::Schedule;
use jiff::Timestamp;

/// Whether it is duty time; without a schedule it always is.
#[must_use]
pub fn on_duty(schedule: Option<&Schedule>, at: Timestamp) -> bool {
    schedule.is_none_or(|schedule| schedule.span_end(at).is_some())
}
