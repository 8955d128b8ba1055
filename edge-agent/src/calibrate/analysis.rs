//! What the signals say of the newest picture, and why one cannot tell: looked at when the page asks, whatever the schedule
//! and the rules are.

use super::App;
use super::body::Parameters;
use super::problem::Failure;
use super::workshop::calibration;
use crate::capture::{CameraState, Frame};
use crate::perceive::{Optics, Perception, WindowView};
use crate::references::References;
use crate::watch::view_of;
use axum::Json;
use axum::extract::State;
use chuangming_domain::calibration::{Calibration, Window};
use chuangming_domain::id::CameraId;
use chuangming_domain::item::ItemSet;
use chuangming_domain::observation::{
    Badge, Confidence, Desk, Observation, Presence, Reading, Signal, Smoking, UnknownReason,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which camera.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// The camera.
    camera: String,
}

/// What is said of every window of a camera.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Analysis {
    /// When the picture was taken, RFC 3339.
    at: String,
    /// By window.
    windows: BTreeMap<String, WindowAnalysis>,
}

/// What is said of a window. Where nobody is at the post, posture, badge and smoking have nothing to say.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct WindowAnalysis {
    presence: Option<Said>,
    posture: Option<Said>,
    badge: Option<Said>,
    smoking: Option<Said>,
    desk: Option<Said>,
}

/// What a signal says, or why it cannot tell.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Said {
    /// The value's name in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'static str>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f32>,
    /// Why it cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What is on the desk, of one that is `seen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_desk: Option<OnDesk>,
}

/// What is on a desk.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OnDesk {
    items: Vec<SeenItem>,
    /// Required items that are not there.
    missing: Vec<&'static str>,
    /// Required items that are not seen, but may be behind somebody.
    may_be_hidden: Vec<&'static str>,
}

/// A thing on the desk.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SeenItem {
    class: &'static str,
    /// `[x, y, width, height]`.
    #[serde(rename = "box")]
    #[schema(value_type = (f64, f64, f64, f64))]
    bounds: [f64; 4],
    confidence: f32,
}

/// What the signals say of a camera's newest picture: of the zones of a draft that is being tried, else of those in force.
#[utoipa::path(get, path = "/api/analysis", tag = "pictures", params(Of), responses((status = 200, body = Analysis)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Parameters(Of { camera }): Parameters<Of>,
) -> Result<Json<Analysis>, Failure> {
    let camera = app.handle.camera(&camera)?;
    let frame = app.handle.newest(&camera)?;
    let state = app.handle.gallery.glimpse(&camera).and_then(|glimpse| glimpse.state);
    let _turn = app.turns.acquire().await.map_err(Failure::internal)?;
    let (calibration, references) = (calibration(&app), Arc::clone(&app.handle.memory.references));
    let analyst = Arc::clone(&app.analyst);
    let said = tokio::task::spawn_blocking(move || {
        analyst.analyse(&camera, &frame, state, &calibration, &references)
    });
    said.await.map_err(Failure::internal)?.map(Json)
}

/// Looks at pictures for the page.
pub(super) struct Analyst {
    perception: Mutex<Perception>,
    /// What was said of each camera's last picture: who asks again before the next one hears the same.
    last: Mutex<BTreeMap<CameraId, (jiff::Timestamp, Analysis)>>,
}

impl Analyst {
    pub(super) fn new(perception: Perception) -> Self {
        Self { perception: Mutex::new(perception), last: Mutex::default() }
    }

    fn analyse(
        &self,
        camera: &CameraId,
        frame: &Frame,
        state: Option<CameraState>,
        calibration: &Calibration,
        references: &References,
    ) -> Result<Analysis, Failure> {
        let mut last = self.last.lock();
        if let Some((at, said)) = last.get(camera)
            && *at == frame.at
        {
            return Ok(said.clone());
        }
        let mut by_window = BTreeMap::new();
        let optics = Arc::new(Optics::of(calibration, camera));
        for window in calibration.windows.iter().filter(|window| window.camera == *camera) {
            let said = match state {
                Some(CameraState::Unknown(reason)) => WindowAnalysis::unknown(reason, window),
                _ => {
                    let optics = Arc::clone(&optics);
                    let view = WindowView { optics, ..view_of(window, references) };
                    let said = self.perception.lock().look(&frame.image, &view, &Signal::ALL);
                    WindowAnalysis::of(&said.map_err(Failure::internal)?, window)
                }
            };
            by_window.insert(window.id.to_string(), said);
        }
        let said = Analysis { at: frame.at.to_string(), windows: by_window };
        last.insert(camera.clone(), (frame.at, said.clone()));
        Ok(said)
    }

    /// Forgets what was said.
    pub(super) fn forget(&self) {
        self.last.lock().clear();
    }
}

impl WindowAnalysis {
    fn unknown(reason: UnknownReason, window: &Window) -> Self {
        Self::of(&Signal::ALL.map(|signal| Observation::unknown(signal, reason)), window)
    }

    fn of(observations: &[Observation], window: &Window) -> Self {
        let mut all = Self::default();
        for observation in observations {
            let said = Some(Said::of_any(observation, window));
            match observation.signal() {
                Signal::Presence => all.presence = said,
                Signal::Posture => all.posture = said,
                Signal::Badge => all.badge = said,
                Signal::Smoking => all.smoking = said,
                Signal::Desk => all.desk = said,
            }
        }
        all
    }
}

fn presence(presence: &Presence) -> &'static str {
    match presence {
        Presence::Absent => "absent",
        Presence::Present { .. } => "present",
    }
}

fn badge(badge: &Badge) -> &'static str {
    match badge {
        Badge::Worn => "worn",
        Badge::Missing => "missing",
    }
}

fn smoking(smoking: &Smoking) -> &'static str {
    match smoking {
        Smoking::None => "none",
        Smoking::Smoking => "smoking",
    }
}

impl Said {
    /// What any signal says of a window.
    pub(super) fn of_any(observation: &Observation, window: &Window) -> Self {
        match observation {
            Observation::Presence(said) => Self::of(said, presence),
            Observation::Posture(said) => Self::of(said, |posture| posture.name()),
            Observation::Badge(said) => Self::of(said, badge),
            Observation::Smoking(said) => Self::of(said, smoking),
            Observation::Desk(said) => {
                let on_desk = said.value().map(|desk| OnDesk::of(desk, &window.required));
                Self { on_desk, ..Self::of(said, |_| "seen") }
            }
        }
    }

    fn of<T>(reading: &Reading<T>, name: impl Fn(&T) -> &'static str) -> Self {
        match reading {
            Reading::Known { value, confidence, .. } => Self {
                value: Some(name(value)),
                confidence: Some(rounded(*confidence)),
                reason: None,
                on_desk: None,
            },
            Reading::Unknown(reason) => {
                Self { value: None, confidence: None, reason: Some(reason.name()), on_desk: None }
            }
        }
    }
}

impl OnDesk {
    fn of(desk: &Desk, required: &ItemSet) -> Self {
        let names = |items: &ItemSet| items.iter().map(|class| class.name()).collect();
        let items = desk.items.iter().map(|item| SeenItem {
            class: item.class.name(),
            bounds: item.bounds.to_array(),
            confidence: rounded(item.confidence),
        });
        Self {
            items: items.collect(),
            missing: names(&desk.missing(required)),
            may_be_hidden: names(&desk.may_be_hidden),
        }
    }
}

fn rounded(confidence: Confidence) -> f32 {
    (confidence.get() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::geometry::Rect;
    use chuangming_domain::item::ItemClass::{self, Evaluator, NamePlate, Telephone};
    use chuangming_domain::observation::DeskItem;

    #[test]
    fn of_a_desk_it_is_told_what_is_there_what_is_missing_and_what_may_be_hidden() {
        let item = |class: ItemClass| DeskItem {
            class,
            bounds: Rect { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
            confidence: Confidence::new(0.876),
        };
        let check = |seen: &[ItemClass], hidden: &[ItemClass], expected: serde_json::Value| {
            let items = seen.iter().copied().map(item).collect();
            let desk = Desk { items, may_be_hidden: hidden.iter().copied().collect() };
            let told = OnDesk::of(&desk, &[NamePlate, Evaluator].into());
            assert_eq!(serde_json::to_value(told).unwrap(), expected, "{seen:?}, {hidden:?}");
        };
        let telephone =
            serde_json::json!({"class": "telephone", "box": [0.1, 0.2, 0.3, 0.4], "confidence": 0.88f32});
        check(
            &[],
            &[],
            serde_json::json!({"items": [], "missing": ["evaluator", "name_plate"], "may_be_hidden": []}),
        );
        check(
            &[Telephone],
            &[NamePlate],
            serde_json::json!({"items": [telephone], "missing": ["evaluator"], "may_be_hidden": ["name_plate"]}),
        );
    }
}
