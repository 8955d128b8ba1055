//! What watching a camera begins with: its pipeline and what was learnt of its windows and its view.

use super::Shared;
use crate::config::Setup;
use crate::drift::CameraDrift;
use crate::perceive::{Optics, WindowView};
use crate::pipeline::{CameraPipeline, Learnt, Site, WatchedWindow};
use crate::references::{self, References, StoreError};
use chuangming_analysis::Duty;
use chuangming_domain::calibration::Window;
use chuangming_domain::id::CameraId;
use std::sync::Arc;
use tracing::warn;

/// The rules of a camera's windows and zones, which know nothing yet.
pub(super) fn new_pipeline(camera: &CameraId, setup: &Setup, shared: &Shared) -> CameraPipeline {
    let site = Site {
        hall: shared.hall.clone(),
        agent: shared.agent.clone(),
        calibration: setup.calibration.digest.clone(),
        models: shared.models.clone(),
        policy: Arc::new(setup.policy.clone()),
        seed: rand::random(),
    };
    let windows = setup.calibration.windows.iter().filter(|w| w.camera == *camera).map(|w| WatchedWindow {
        id: w.id.clone(),
        view: view_of(w, &shared.references),
        duty: Duty { post: w.post, required: w.required.clone(), permitted: w.permitted.clone() },
    });
    let zones = setup.calibration.smoking_zones.iter().filter(|z| z.camera == *camera);
    let zones = zones.map(|z| (z.id.clone(), z.polygon.clone()));
    CameraPipeline::new(Arc::clone(&shared.looks), &site, windows.collect(), zones.collect())
        .seen_through(&Arc::new(Optics::of(&setup.calibration, camera)))
}

/// What is looked at of a window, with what was learnt of it.
pub(crate) fn view_of(window: &Window, references: &References) -> WindowView {
    let Learnt { reference, taught } = learnt(window, references);
    WindowView { reference, taught, ..WindowView::of(window) }
}

/// What was learnt of a window. What cannot be read is as good as not learnt, and told.
pub(super) fn learnt(window: &Window, references: &References) -> Learnt {
    fn or_tell<T>(read: Result<Option<references::Learnt<Arc<T>>>, StoreError>) -> Option<Arc<T>> {
        read.unwrap_or_else(|e| {
            warn!(error = %e, "not used; learn the reference again");
            None
        })
        .map(|learnt| learnt.what)
    }
    Learnt { reference: or_tell(references.window(window)), taught: or_tell(references.items(window)) }
}

/// Watches whether the camera looks where it was calibrated, if anything of its picture is.
pub(super) fn new_drift(camera: &CameraId, setup: &Setup, shared: &Shared) -> Option<CameraDrift> {
    let windows = setup.calibration.windows.iter().map(|w| &w.camera);
    let zones = setup.calibration.smoking_zones.iter().map(|z| &z.camera);
    windows.chain(zones).any(|c| c == camera).then(|| {
        let view = shared.references.view(camera, &setup.calibration).unwrap_or_else(|e| {
            warn!(error = %e, "not used; where the camera looks is learnt anew");
            None
        });
        CameraDrift::new(view.map(|learnt| learnt.what))
    })
}
