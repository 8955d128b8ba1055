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
use chuangming_domain::calibration::Calibration;
use chuangming_domain::id::CameraId;
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
    desk: Option<SaidOfDesk>,
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
}

/// What is said of a desk: `seen`, or why it cannot be told.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SaidOfDesk {
    #[serde(flatten)]
    said: Said,
    /// What lies on it.
    items: Vec<SeenItem>,
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
                Some(CameraState::Unknown(reason)) => WindowAnalysis::unknown(reason),
                _ => {
                    let optics = Arc::clone(&optics);
                    let view = WindowView { optics, ..view_of(window, references) };
                    let said = self.perception.lock().look(&frame.image, &view, &Signal::ALL);
                    WindowAnalysis::of(&said.map_err(Failure::internal)?)
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
    fn unknown(reason: UnknownReason) -> Self {
        Self::of(&Signal::ALL.map(|signal| Observation::unknown(signal, reason)))
    }

    fn of(observations: &[Observation]) -> Self {
        let mut all = Self::default();
        for observation in observations {
            let said = Some(Said::of_any(observation));
            match observation {
                Observation::Presence(_) => all.presence = said,
                Observation::Posture(_) => all.posture = said,
                Observation::Badge(_) => all.badge = said,
                Observation::Smoking(_) => all.smoking = said,
                Observation::Desk(desk) => all.desk = Some(SaidOfDesk::of(desk)),
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
    /// What any signal says.
    pub(super) fn of_any(observation: &Observation) -> Self {
        match observation {
            Observation::Presence(said) => Self::of(said, presence),
            Observation::Posture(said) => Self::of(said, |posture| posture.name()),
            Observation::Badge(said) => Self::of(said, badge),
            Observation::Smoking(said) => Self::of(said, smoking),
            Observation::Desk(said) => Self::of(said, |_| "seen"),
        }
    }

    fn of<T>(reading: &Reading<T>, name: impl Fn(&T) -> &'static str) -> Self {
        match reading {
            Reading::Known { value, confidence } => {
                Self { value: Some(name(value)), confidence: Some(rounded(*confidence)), reason: None }
            }
            Reading::Unknown(reason) => Self { value: None, confidence: None, reason: Some(reason.name()) },
        }
    }
}

impl SaidOfDesk {
    fn of(reading: &Reading<Desk>) -> Self {
        let items = reading.value().map(|desk| desk.items.as_slice()).unwrap_or_default();
        let items = items.iter().map(|item| SeenItem {
            class: item.class.name(),
            bounds: item.bounds.to_array(),
            confidence: rounded(item.confidence),
        });
        Self { said: Said::of(reading, |_| "seen"), items: items.collect() }
    }
}

fn rounded(confidence: Confidence) -> f32 {
    (confidence.get() * 100.0).round() / 100.0
}
