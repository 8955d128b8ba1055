//! Evaluation: runs the pipeline on labelled media and scores what it says.
//!
//! Stills are one look: no smoothing, no rules, no motion. Clips go through the same pipeline as a camera, always on
//! duty. In a clip a signal is looked at as often as its rules ask, and at least once a second; a frame between two
//! looks is scored by the newest reading, which cannot be from before a boundary because frames within 1 s of one are
//! not scored.

pub mod answers;
pub mod html;
pub mod labelled;
pub mod manifest;
pub mod report;
pub mod score;

use crate::capture::{MediaReader, read_picture};
use crate::failure::Failure;
use crate::perceive::stages::Stage;
use crate::perceive::{Perception, Reference, WindowView, reference::LearnError};
use crate::pipeline::{CameraPipeline, Site, WatchedWindow};
use crate::play::{Play, default_start};
use answers::Answers;
use chuangming_analysis::{Duty, Place};
use chuangming_domain::digest::Digest;
use chuangming_domain::event::{Event, Phase};
use chuangming_domain::id::{AgentId, HallId, WindowId};
use chuangming_domain::observation::{Observation, Signal};
use chuangming_models::{ModelError, RgbImage};
use jiff::Timestamp;
use labelled::{Entry, Kind, LabelledWindow};
use parking_lot::Mutex;
use report::{Report, SourceScores};
use score::events::{RaisedEvent, poisson_upper_95};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// In clips every signal is looked at so often at least, in seconds.
const LONGEST_PERIOD_S: f64 = 1.0;

/// What to evaluate and where to write what.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A folder with manifest.jsonl, one labelled still or clip a line
    #[arg(long, value_name = "DIR")]
    pub set: PathBuf,
    /// Where to write the report (JSON)
    #[arg(long, value_name = "FILE")]
    pub report: PathBuf,
    /// Where to write what was said: one line a window and scored frame
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// Where to write a page for people; it links to the media and embeds no picture
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Only the first N entries of the manifest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max: Option<u32>,
    /// The model manifest; by default models/manifest.toml beside or above the program
    #[arg(long, value_name = "FILE")]
    pub models: Option<PathBuf>,
}

/// Evaluates a set and writes the report. How many false events there may be at most goes to stderr.
///
/// # Errors
/// For a set that cannot be read, an output that cannot be written, a model that cannot be run.
pub fn run(args: &Args) -> Result<(), Failure> {
    let entries = manifest::read(&args.set, args.max.map(|n| n as usize)).map_err(Failure::input)?;
    let predictions = args.predictions.as_deref().map(create).transpose()?;
    let mut evaluation = Evaluation {
        perception: Arc::new(Mutex::new(Perception::load(args.models.as_deref())?)),
        scores: BTreeMap::new(),
        predictions: predictions.map(std::io::BufWriter::new),
        rows: Vec::new(),
        keep_rows: args.html.is_some(),
    };
    let start = Instant::now();
    for (done, entry) in entries.iter().enumerate() {
        evaluation.entry(entry)?;
        if (done + 1) % 100 == 0 {
            tracing::info!(
                "{} of {} entries, {:.0} s",
                done + 1,
                entries.len(),
                start.elapsed().as_secs_f64()
            );
        }
    }
    let report = Report::new(&evaluation.scores, &evaluation.perception.lock().stages().mean_ms());
    let text = serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n";
    write(&args.report, text.as_bytes())?;
    if let Some(mut file) = evaluation.predictions.take() {
        file.flush().map_err(Failure::failed)?;
    }
    if let Some(page) = &args.html {
        write(page, html::page(&report, &evaluation.rows, &args.set, page).as_bytes())?;
    }
    evaluation.tell_false_alarms();
    Ok(())
}

struct Evaluation {
    perception: Arc<Mutex<Perception>>,
    scores: BTreeMap<String, SourceScores>,
    predictions: Option<std::io::BufWriter<std::fs::File>>,
    rows: Vec<html::Row>,
    keep_rows: bool,
}

impl Evaluation {
    fn entry(&mut self, entry: &Entry) -> Result<(), Failure> {
        let views = views(entry, &self.perception)?;
        match entry.kind {
            Kind::Still => self.still(entry, &views),
            Kind::Clip { fps } => self.clip(entry, &views, fps),
        }
    }

    fn still(&mut self, entry: &Entry, views: &[WindowView]) -> Result<(), Failure> {
        let image = decoded(&self.perception, entry, || read_picture(&entry.media))?;
        for (window, view) in entry.windows.iter().zip(views) {
            let said = self.perception.lock().look(&image, view, &Signal::ALL).map_err(broken)?;
            let mut answers = Answers::default();
            said.into_iter().for_each(|observation| answers.take(observation));
            self.score(entry, window, 0.0, &answers)?;
        }
        Ok(())
    }

    fn clip(&mut self, entry: &Entry, views: &[WindowView], fps: Option<f64>) -> Result<(), Failure> {
        let mut latest: BTreeMap<WindowId, Answers> = BTreeMap::new();
        let mut raised = Vec::new();
        let start = default_start();
        let mut play = play(entry, views, fps, &self.perception, start)?.watching_all(LONGEST_PERIOD_S);
        loop {
            let show = |place: &Place, observation: &Observation| {
                if let Place::Window(id) = place {
                    latest.entry(id.clone()).or_default().take(observation.clone());
                }
            };
            let Some((t, events)) = play.next(show)? else { break };
            raised.extend(events.iter().filter_map(|event| raised_event(event, start)));
            for window in &entry.windows {
                let answers = latest.get(&window.window).cloned().unwrap_or_default();
                self.score(entry, window, t, &answers)?;
            }
        }
        if let Some(truth) = &entry.events {
            let windows: Vec<_> = entry.windows.iter().map(|w| w.window.clone()).collect();
            let scores = self.scores.entry(entry.source.clone()).or_default();
            scores.events.add(truth, &raised, &entry.policy, &windows, play.duration());
        }
        Ok(())
    }

    /// Scores one window in one frame, if there is a truth for it.
    fn score(
        &mut self,
        entry: &Entry,
        window: &LabelledWindow,
        t: f64,
        answers: &Answers,
    ) -> Result<(), Failure> {
        let Some(truth) = entry.truth_at(&window.window, t) else { return Ok(()) };
        let scores = self.scores.entry(entry.source.clone()).or_default();
        scores.add(window, &entry.policy, truth, answers);
        if let Some(file) = &mut self.predictions {
            writeln!(file, "{}", answers.line(&entry.id, &window.window, t)).map_err(Failure::failed)?;
        }
        if self.keep_rows {
            self.rows.extend(html::Row::of(entry, window, truth, t, answers));
        }
        Ok(())
    }

    /// How many false events there may be at most, given how many there were.
    fn tell_false_alarms(&self) {
        for (source, scores) in &self.scores {
            let (count, hours) = (scores.events.false_alarms(), scores.events.window_hours());
            if hours > 0.0 {
                let most = poisson_upper_95(count) / hours;
                eprintln!(
                    "{source}: {count} false events in {hours:.3} window-hours: with 95 % confidence fewer than {most:.2} an hour and window"
                );
            }
        }
    }
}

/// An opened episode in seconds from the start of its clip.
fn raised_event(event: &Event, start: Timestamp) -> Option<RaisedEvent> {
    let seconds = |at: Timestamp| at.duration_since(start).as_secs_f64();
    let window = event.window.clone().filter(|_| event.phase == Phase::Opened)?;
    Some(RaisedEvent { window, rule: event.rule, opened: seconds(event.opened_at), at: seconds(event.at) })
}

/// A labelled clip on its way through the pipeline that every camera has; `views` are those of its windows.
///
/// # Errors
/// When the video cannot be read.
pub fn play(
    entry: &Entry,
    views: &[WindowView],
    fps: Option<f64>,
    perception: &Arc<Mutex<Perception>>,
    start: Timestamp,
) -> Result<Play, Failure> {
    let reader = MediaReader::open(&entry.media, fps).map_err(Failure::input)?;
    let watched = |(window, view): (&LabelledWindow, &WindowView)| WatchedWindow {
        id: window.window.clone(),
        view: view.clone(),
        duty: Duty {
            post: window.post,
            required: window.required.clone(),
            permitted: window.permitted.clone(),
        },
    };
    let windows = entry.windows.iter().zip(views).map(watched).collect();
    let site = site_of(entry, &perception.lock())?;
    let pipeline = CameraPipeline::new(perception.clone(), &site, windows, Vec::new());
    Ok(Play::new(reader, pipeline, start).timed_by(perception))
}

fn site_of(entry: &Entry, perception: &Perception) -> Result<Site, Failure> {
    let geometry =
        format!("{:?}", entry.windows.iter().map(|w| (&w.window, &w.seat, &w.desk)).collect::<Vec<_>>());
    Ok(Site {
        hall: HallId::new("labelled").map_err(Failure::failed)?,
        agent: AgentId::new("replay").map_err(Failure::failed)?,
        calibration: Digest::of(geometry.as_bytes()),
        models: perception.digests(),
        policy: Arc::clone(&entry.policy),
        seed: 0,
    })
}

/// What is looked at in each window of an entry; references are learnt by the code that learns those of a site.
///
/// # Errors
/// When a reference picture cannot be read, or a model cannot be run.
pub fn views(entry: &Entry, perception: &Arc<Mutex<Perception>>) -> Result<Vec<WindowView>, Failure> {
    let mut pictures: BTreeMap<&Path, RgbImage> = BTreeMap::new();
    let mut views = Vec::with_capacity(entry.windows.len());
    for window in &entry.windows {
        let mut view = WindowView::new(window.seat.clone(), window.desk.clone(), window.required.clone());
        if let Some(path) = &window.reference {
            if !pictures.contains_key(path.as_path()) {
                pictures.insert(path, decoded(perception, entry, || read_picture(path))?);
            }
            view.reference = learn(&pictures[path.as_path()], &view, perception, entry)?.map(Arc::new);
        }
        views.push(view);
    }
    Ok(views)
}

fn learn(
    image: &RgbImage,
    view: &WindowView,
    perception: &Arc<Mutex<Perception>>,
    entry: &Entry,
) -> Result<Option<Reference>, Failure> {
    match perception.lock().learn_reference(image, view) {
        Ok(reference) => Ok(Some(reference)),
        Err(LearnError::Model(error)) => Err(broken(error)),
        Err(refused) => {
            tracing::warn!(entry = entry.id, "reference not used: {refused}");
            Ok(None)
        }
    }
}

fn decoded<E: std::fmt::Display>(
    perception: &Arc<Mutex<Perception>>,
    entry: &Entry,
    read: impl FnOnce() -> Result<RgbImage, E>,
) -> Result<RgbImage, Failure> {
    let before = Instant::now();
    let image = read().map_err(|e| Failure::input(format!("entry {:?}: {e}", entry.id)))?;
    perception.lock().note(Stage::Decode, before.elapsed());
    Ok(image)
}

fn broken(error: ModelError) -> Failure {
    Failure::failed(error)
}

fn create(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::create(path)
        .map_err(|e| Failure::input(format!("{}: {e}; expected a file that can be written", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    create(path)?.write_all(bytes).map_err(|e| Failure::failed(format!("{}: {e}", path.display())))
}
