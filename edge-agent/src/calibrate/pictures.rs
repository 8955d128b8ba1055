//! Pictures for the page: from memory, to the session that asked, and nowhere else. No picture is written, kept or sent on.

use super::App;
use super::body::{Parameters, Places};
use super::cameras::awaited;
use super::canvas::{Canvas, Colour};
use super::problem::Failure;
use crate::capture::{Frame, scaled_down, to_jpeg};
use crate::config::Setup;
use crate::perceive::company::{Crop, Marks};
use crate::perceive::{Optics, Perception, WindowView};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chuangming_domain::geometry::Rect;
use chuangming_domain::id::CameraId;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const QUALITY: u8 = 80;
const USUAL_SIDE: u32 = 1280;
/// What was hidden stays hidden for so long: a person whom one look misses was found by the looks before.
const MEMORY: SignedDuration = SignedDuration::from_secs(2);
/// When the picture was taken,
const FRAME_AT: HeaderName = HeaderName::from_static("x-frame-at");
/// and how many seconds ago: a phone's clock is not the agent's.
const FRAME_AGE: HeaderName = HeaderName::from_static("x-frame-age");

const KEYPOINT: Colour = [255, 255, 255];
const BONE: Colour = [80, 220, 255];

/// How a picture is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Heads made coarse, which is the default, or as they are; the latter is noted in the agent's log.
    #[serde(default)]
    #[param(inline)]
    heads: Heads,
    /// What is analysed, drawn into the picture.
    #[serde(default)]
    #[param(inline)]
    draw: Draw,
    /// The longest side in pixels; 0 for the camera's own.
    #[param(maximum = 8192, default = 1280)]
    max: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Heads {
    #[default]
    Pixelated,
    Clear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Draw {
    #[default]
    None,
    Analysis,
}

/// The camera's newest picture, as JPEG.
#[utoipa::path(
    get, path = "/api/cameras/{id}/picture", tag = "pictures",
    params(("id" = String, Path, description = "The camera"), Wanted),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>, headers(
        ("X-Frame-At" = String, description = "When the picture was taken, RFC 3339"),
        ("X-Frame-Age" = f64, description = "How many seconds ago"),
    ))),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Places(id): Places<String>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Failure> {
    let camera = app.handle.camera(&id)?;
    let frame = awaited(&app, &camera).await?;
    if wanted.heads == Heads::Clear {
        tracing::warn!(%camera, "the calibration page shows heads as they are");
    }
    // Overload policy `Wait`: who asks faster than pictures can be made waits under the request's time limit.
    let _turn = app.turns.acquire().await.map_err(Failure::internal)?;
    let at = frame.at;
    let (setup, painter) = (app.handle.setup(), Arc::clone(&app.painter));
    let jpeg = tokio::task::spawn_blocking(move || painter.paint(&camera, &frame, &setup, &wanted))
        .await
        .map_err(Failure::internal)??;
    let age = format!("{:.1}", app.handle.clock.now().duration_since(at).as_secs_f64());
    let value = |text: String| HeaderValue::from_str(&text).map_err(Failure::internal);
    let kind = HeaderValue::from_static("image/jpeg");
    let headers =
        [(header::CONTENT_TYPE, kind), (FRAME_AT, value(at.to_string())?), (FRAME_AGE, value(age)?)];
    Ok((headers, jpeg).into_response())
}

/// What was hidden in the last pictures of a camera, and when.
type Lately = VecDeque<(Timestamp, Vec<Rect>)>;

/// Makes what is shown out of what was seen.
pub(super) struct Painter {
    perception: Mutex<Perception>,
    /// What was hidden in each camera's last pictures.
    hidden: Mutex<BTreeMap<CameraId, Lately>>,
}

impl Painter {
    pub(super) fn new(perception: Perception) -> Self {
        Self { perception: Mutex::new(perception), hidden: Mutex::default() }
    }

    fn paint(
        &self,
        camera: &CameraId,
        frame: &Frame,
        setup: &Setup,
        wanted: &Wanted,
    ) -> Result<Vec<u8>, Failure> {
        let hidden = match wanted.heads {
            Heads::Pixelated => self.heads(camera, frame, setup)?,
            Heads::Clear => Vec::new(),
        };
        let marks = match wanted.draw {
            Draw::Analysis => self.marks(camera, frame, setup)?,
            Draw::None => Vec::new(),
        };
        let small = scaled_down(&frame.image, wanted.max.unwrap_or(USUAL_SIDE)).map_err(Failure::internal)?;
        let mut canvas = Canvas::new(&small);
        hidden.into_iter().for_each(|place| canvas.pixelate(place));
        marks.iter().for_each(|marks| draw(&mut canvas, marks));
        let shown = canvas.finish().ok_or_else(|| Failure::internal("a picture without pixels"))?;
        to_jpeg(&shown, QUALITY).map_err(Failure::internal)
    }

    /// Where heads are hidden in this frame: found in it, or in those just before it.
    fn heads(&self, camera: &CameraId, frame: &Frame, setup: &Setup) -> Result<Vec<Rect>, Failure> {
        let seats: Vec<_> =
            setup.calibration.windows.iter().filter(|w| w.camera == *camera).map(|w| &w.seat).collect();
        let mut hidden = self.hidden.lock();
        let last = hidden.entry(camera.clone()).or_default();
        if last.back().is_none_or(|(at, _)| *at != frame.at) {
            let found = self.perception.lock().heads(&frame.image, &seats).map_err(Failure::internal)?;
            last.push_back((frame.at, found));
            last.retain(|(at, _)| frame.at.duration_since(*at).abs() <= MEMORY);
        }
        Ok(last.iter().flat_map(|(_, places)| places).copied().collect())
    }

    fn marks(&self, camera: &CameraId, frame: &Frame, setup: &Setup) -> Result<Vec<Marks>, Failure> {
        let windows = setup.calibration.windows.iter().filter(|window| window.camera == *camera);
        let optics = Arc::new(Optics::of(&setup.calibration, camera));
        let views = windows.map(|w| WindowView {
            optics: Arc::clone(&optics),
            ..WindowView::new(w.seat.clone(), w.desk.clone(), w.required.clone())
        });
        views
            .map(|view| self.perception.lock().marks(&frame.image, &view).map_err(Failure::internal))
            .collect()
    }

    /// Forgets where heads were.
    pub(super) fn forget(&self) {
        self.hidden.lock().clear();
    }
}

fn draw(canvas: &mut Canvas, marks: &Marks) {
    for &(crop, place) in &marks.crops {
        canvas.outline(place, colour_of(crop));
    }
    for &(from, to) in &marks.bones {
        canvas.line(from, to, BONE);
    }
    for &point in &marks.keypoints {
        canvas.mark(point, KEYPOINT);
    }
}

/// The page's legend names the same colours.
fn colour_of(crop: Crop) -> Colour {
    match crop {
        Crop::Seat => [0, 160, 233],
        Crop::Person => [60, 200, 90],
        Crop::Badge => [255, 210, 0],
        Crop::Smoking => [240, 80, 200],
        Crop::Desk => [255, 140, 0],
    }
}
