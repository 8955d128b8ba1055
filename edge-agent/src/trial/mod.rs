//! Trying a calibration before it is saved: what was observed is given to the rules again, in no time.
//!
//! Pictures are not kept, observations are ([`crate::kept`]). Zones that are in force bring their last ten minutes. Changed
//! zones were not looked at before the trial began: from then on a [`Shadow`] looks at them beside the agent's own
//! pipelines, and `observed_s` says for how long.

pub mod replay;
pub mod selftest;
pub mod shadow;

pub use replay::{Outcome, Trigger, replay};
pub use selftest::{Selftest, Step, StepState};
pub use shadow::Shadow;

use crate::kept::Kept;
use crate::references::same_zones;
use chuangming_analysis::Place;
use chuangming_domain::calibration::{Calibration, Window};
use chuangming_domain::id::WindowId;
use chuangming_domain::policy::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A draft that is being tried.
pub struct Trial {
    draft: Calibration,
    /// Windows whose zones are those in force: the agent's own observations count.
    in_force: Arc<Kept>,
    unchanged: Vec<WindowId>,
    shadow: Shadow,
}

impl Trial {
    /// Tries `draft` from now on. `watch` starts a shadow of the windows that are not in force.
    ///
    /// # Errors
    /// When the shadow cannot be started.
    pub fn start<E>(
        draft: Calibration,
        in_force: &Calibration,
        kept: Arc<Kept>,
        watch: impl FnOnce(&[&Window]) -> Result<Shadow, E>,
    ) -> Result<Self, E> {
        let is_unchanged = |w: &&Window| in_force.windows.iter().any(|old| same_zones(old, w));
        let (unchanged, changed): (Vec<&Window>, Vec<&Window>) = draft.windows.iter().partition(is_unchanged);
        let (shadow, unchanged) = (watch(&changed)?, unchanged.iter().map(|w| w.id.clone()).collect());
        Ok(Self { draft, in_force: kept, unchanged, shadow })
    }

    /// Tries another draft. If no zone that the shadow looks at is another than before, it goes on; otherwise the trial
    /// comes back unused, and another one must be started.
    ///
    /// # Errors
    /// The draft, when a shadow of other windows is needed.
    pub fn redrawn(&mut self, draft: Calibration, in_force: &Calibration) -> Result<(), Calibration> {
        let known =
            |calibration: &Calibration, w: &Window| calibration.windows.iter().any(|old| same_zones(old, w));
        let still_kept = |w: &Window| {
            let in_shadow = !self.unchanged.contains(&w.id) && known(&self.draft, w);
            known(in_force, w) || in_shadow
        };
        if !draft.windows.iter().all(still_kept) {
            return Err(draft);
        }
        let unchanged = draft.windows.iter().filter(|w| known(in_force, w)).map(|w| w.id.clone());
        self.unchanged = unchanged.collect();
        self.draft = draft;
        Ok(())
    }

    /// The zones that are tried.
    #[must_use]
    pub fn draft(&self) -> &Calibration {
        &self.draft
    }

    /// Where the observations of a window are kept.
    #[must_use]
    pub fn kept(&self, window: &WindowId) -> &Kept {
        if self.unchanged.contains(window) { &self.in_force } else { self.shadow.kept() }
    }

    /// What a policy makes of what was observed so far, by window.
    #[must_use]
    pub fn outcomes(&self, policy: &Policy) -> BTreeMap<WindowId, Outcome> {
        let outcome = |window: &Window| {
            let said = self.kept(&window.id).of(&Place::Window(window.id.clone()));
            (window.id.clone(), replay(window, &said, policy))
        };
        self.draft.windows.iter().map(outcome).collect()
    }
}
