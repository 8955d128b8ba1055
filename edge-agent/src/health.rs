//! What is wrong with the agent itself: each problem is raised once, and cleared once.

use chuangming_domain::Timestamp;
use chuangming_domain::event::EventId;
use chuangming_domain::id::{CameraId, WindowId};
use chuangming_domain::wire::{Health, HealthKind, HealthPhase, HealthSchema};
use std::collections::BTreeMap;
use uuid::{NoContext, Uuid};

/// One possible problem: its kind, and the camera where one is concerned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What is wrong.
    pub kind: HealthKind,
    /// With which camera.
    pub camera: Option<CameraId>,
}

impl Problem {
    /// A problem of the whole agent.
    #[must_use]
    pub fn of_agent(kind: HealthKind) -> Self {
        Self { kind, camera: None }
    }

    /// A problem of one camera.
    #[must_use]
    pub fn of_camera(kind: HealthKind, camera: CameraId) -> Self {
        Self { kind, camera: Some(camera) }
    }
}

/// The problems that are open now.
#[derive(Debug, Default)]
pub struct HealthBook {
    open: BTreeMap<Problem, Health>,
}

impl HealthBook {
    /// Opens a problem; `None` when it is open already.
    pub fn raise(&mut self, problem: &Problem, windows: Vec<WindowId>, at: Timestamp) -> Option<Health> {
        if self.open.contains_key(problem) {
            return None;
        }
        let health = Health {
            schema: HealthSchema::V1,
            id: new_id(at),
            seq: 0,
            kind: problem.kind,
            phase: HealthPhase::Raised,
            camera: problem.camera.clone(),
            windows,
            at,
        };
        self.open.insert(problem.clone(), health.clone());
        Some(health)
    }

    /// Ends a problem; `None` when it is not open.
    pub fn clear(&mut self, problem: &Problem, at: Timestamp) -> Option<Health> {
        self.open.remove(problem).map(|raised| ended(raised, at))
    }

    /// Ends every problem: an agent that stops can no longer say that one goes on.
    pub fn clear_all(&mut self, at: Timestamp) -> Vec<Health> {
        std::mem::take(&mut self.open).into_values().map(|raised| ended(raised, at)).collect()
    }

    /// Whether a problem is open.
    #[must_use]
    pub fn is_open(&self, problem: &Problem) -> bool {
        self.open.contains_key(problem)
    }
}

fn ended(raised: Health, at: Timestamp) -> Health {
    Health { seq: raised.seq + 1, phase: HealthPhase::Cleared, at: at.max(raised.at), ..raised }
}

fn new_id(at: Timestamp) -> EventId {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    EventId(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_raised_once_and_cleared_once() {
        let at = |s: i64| Timestamp::from_second(1_800_000_000 + s).unwrap();
        let camera = |id: &str| Problem::of_camera(HealthKind::CameraOffline, CameraId::new(id).unwrap());
        let mut book = HealthBook::default();
        assert_eq!(book.clear(&camera("a"), at(0)), None);

        let raised = book.raise(&camera("a"), vec![WindowId::new("3").unwrap()], at(1)).unwrap();
        assert_eq!((raised.seq, raised.phase, raised.at), (0, HealthPhase::Raised, at(1)));
        assert_eq!(book.raise(&camera("a"), vec![], at(2)), None);
        let other = book.raise(&camera("b"), vec![], at(2)).unwrap();
        assert_ne!(raised.id, other.id);

        let cleared = book.clear(&camera("a"), at(3)).unwrap();
        assert_eq!((cleared.id, cleared.seq, cleared.phase), (raised.id, 1, HealthPhase::Cleared));
        assert_eq!(cleared.windows, raised.windows);
        assert!(book.is_open(&camera("b")) && !book.is_open(&camera("a")));

        let again = book.raise(&camera("a"), vec![], at(4)).unwrap();
        assert_ne!(again.id, raised.id, "a new problem");
        assert_eq!(book.clear_all(at(5)).len(), 2);
        assert!(book.clear_all(at(6)).is_empty());
    }
}
