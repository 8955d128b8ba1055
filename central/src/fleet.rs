//! Coverage as a picture: hour by hour, window by window, how much of the time was observed. Pure.
//!
//! Seconds are counted on duty only, so an hour without any is one off duty or one of which nothing arrived; the
//! second is a gap when the agent told of the hours before and after it.

use crate::store::CoverageRow;
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The hours of some days at an agent's windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentHours {
    /// The first hour.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// How many hours there are.
    pub hours: usize,
    /// Window by window.
    pub windows: Vec<WindowHours>,
}

/// The hours of one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WindowHours {
    /// The window.
    pub window: String,
    /// For each hour the share of its counted time that was observed, over all signals, 0 to 1; null where nothing
    /// was counted.
    pub observed: Vec<Option<f64>>,
    /// The same over all hours, signal by signal.
    pub signals: BTreeMap<String, Option<f64>>,
}

/// The share of the counted time that was observed; `None` where nothing was counted.
#[must_use]
pub fn observed_share(seconds: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (observed, all) =
        seconds.fold((0.0, 0.0), |(o, a), (observed, unknown)| (o + observed, a + observed + unknown));
    (all > 0.0).then(|| (observed / all).clamp(0.0, 1.0))
}

/// Puts rows together by window and hour, from the hour `from` to the hour `to`.
#[must_use]
pub fn coverage_by_hour(rows: &[CoverageRow], from: Timestamp, to: Timestamp) -> AgentHours {
    let index =
        |hour: Timestamp| usize::try_from((hour.as_second() - from.as_second()).div_euclid(3600)).ok();
    let hours = index(to).map_or(0, |last| last + 1);
    let mut windows: BTreeMap<(usize, &str), Vec<&CoverageRow>> = BTreeMap::new();
    for row in rows {
        // Window 10 comes after window 9.
        windows.entry((row.window.len(), &row.window)).or_default().push(row);
    }
    let seconds = |row: &&CoverageRow| (row.observed_s, row.unknown_s);
    let window = |((_, window), rows): ((usize, &str), Vec<&CoverageRow>)| {
        let mut by_hour: Vec<Vec<&CoverageRow>> = vec![Vec::new(); hours];
        let mut by_signal: BTreeMap<String, Vec<&CoverageRow>> = BTreeMap::new();
        for row in rows {
            if let Some(hour) = index(row.hour).and_then(|i| by_hour.get_mut(i)) {
                hour.push(row);
                by_signal.entry(row.signal.clone()).or_default().push(row);
            }
        }
        WindowHours {
            window: window.to_owned(),
            observed: by_hour.iter().map(|rows| observed_share(rows.iter().map(seconds))).collect(),
            signals: by_signal
                .into_iter()
                .map(|(signal, rows)| (signal, observed_share(rows.iter().map(seconds))))
                .collect(),
        }
    };
    AgentHours { from, hours, windows: windows.into_iter().map(window).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n * 3600).unwrap()
    }

    fn row(n: i64, window: &str, signal: &str, observed_s: f64, unknown_s: f64) -> CoverageRow {
        CoverageRow { hour: hour(n), window: window.into(), signal: signal.into(), observed_s, unknown_s }
    }

    #[test]
    fn hours_stand_where_they_belong() {
        let rows = [
            row(0, "10", "presence", 3600.0, 0.0),
            row(0, "9", "presence", 1800.0, 1800.0),
            row(0, "9", "desk", 0.0, 3600.0),
            row(2, "9", "presence", 0.0, 0.0),
            row(3, "9", "presence", 900.0, 0.0),
        ];
        let picture = coverage_by_hour(&rows, hour(0), hour(3));
        assert_eq!(picture.hours, 4);
        let names: Vec<_> = picture.windows.iter().map(|w| w.window.as_str()).collect();
        assert_eq!(names, ["9", "10"]);
        assert_eq!(picture.windows[0].observed, [Some(0.25), None, None, Some(1.0)]);
        assert_eq!(picture.windows[0].signals["desk"], Some(0.0));
        assert_eq!(picture.windows[1].observed, [Some(1.0), None, None, None]);
        // What is outside of the days is left out.
        let later = coverage_by_hour(&rows, hour(3), hour(3));
        assert_eq!(later.windows[0].observed, [Some(1.0)]);
    }

    proptest! {
        #[test]
        fn every_share_is_one(rows in proptest::collection::vec((-3i64..40, 0u8..3, 0.0..3600.0f64, 0.0..3600.0f64), 0..60)) {
            let rows: Vec<_> = rows.iter().map(|(h, w, o, u)| row(*h, &w.to_string(), "presence", *o, *u)).collect();
            let picture = coverage_by_hour(&rows, hour(0), hour(30));
            for window in &picture.windows {
                prop_assert_eq!(window.observed.len(), 31);
                prop_assert!(window.observed.iter().flatten().all(|share| (0.0..=1.0).contains(share)));
            }
        }
    }
}
