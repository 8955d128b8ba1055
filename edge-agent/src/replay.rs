//! Replay: a clip through the pipeline, faster than real time; its events as JSON, one a line.
//!
//! The same media, configuration and start give the same lines, ids included. What is open at the end of the media is
//! closed there with the reason `shutdown`, so that every opened event is closed.

use crate::capture::MediaReader;
use crate::config::Config;
use crate::eval::labelled::Kind;
use crate::eval::{self, manifest};
use crate::failure::Failure;
use crate::perceive::{Optics, Perception, WindowView};
use crate::pipeline::{CameraPipeline, Site, WatchedWindow};
use crate::play::{Play, default_start};
use chuangming_analysis::Duty;
use chuangming_domain::event::Event;
use chuangming_domain::id::CameraId;
use jiff::Timestamp;
use parking_lot::Mutex;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to replay.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["config", "set"]))]
pub struct Args {
    /// The agent's configuration; its calibration and policy are used
    #[arg(long, value_name = "FILE", requires_all = ["camera", "media"])]
    pub config: Option<PathBuf>,
    /// The camera whose windows are in the media
    #[arg(long, value_name = "ID", requires = "config")]
    pub camera: Option<CameraId>,
    /// A video, or a folder of pictures
    #[arg(long, value_name = "FILE", requires = "config")]
    pub media: Option<PathBuf>,
    /// A folder with manifest.jsonl; windows and policy are those of the entry
    #[arg(long, value_name = "DIR", requires = "id", conflicts_with = "config")]
    pub set: Option<PathBuf>,
    /// The clip of the set
    #[arg(long, value_name = "ID", requires = "set")]
    pub id: Option<String>,
    /// When the media begins (RFC 3339); by default 2026-01-05T01:00:00Z, a Monday at nine in China
    #[arg(long, value_name = "TIME")]
    pub start: Option<Timestamp>,
    /// The model manifest; by default that of the configuration, or models/manifest.toml beside or above the program
    #[arg(long, value_name = "FILE")]
    pub models: Option<PathBuf>,
}

/// Replays to `out`.
///
/// # Errors
/// For media or a configuration that cannot be read, or when `out` cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    let mut play = match (&args.config, &args.camera, &args.media, &args.set, &args.id) {
        (Some(config), Some(camera), Some(media), ..) => from_config(args, config, camera, media)?,
        (.., Some(set), Some(id)) => from_set(args, set, id)?,
        _ => {
            return Err(Failure::input("replay: expected --config, --camera and --media, or --set and --id"));
        }
    };
    while let Some((_, events)) = play.next(|_, _| {})? {
        write(out, &events)?;
    }
    write(out, &play.finish())?;
    out.flush().map_err(Failure::failed)
}

fn write(out: &mut dyn Write, events: &[Event]) -> Result<(), Failure> {
    for event in events {
        let line = serde_json::to_string(event).map_err(Failure::failed)?;
        writeln!(out, "{line}").map_err(Failure::failed)?;
    }
    Ok(())
}

fn from_set(args: &Args, set: &Path, id: &str) -> Result<Play, Failure> {
    let entries = manifest::read(set, None).map_err(Failure::input)?;
    let entry = entries.iter().find(|entry| entry.id == id);
    let entry = entry.ok_or_else(|| {
        let clips: Vec<_> =
            entries.iter().filter(|e| e.kind != Kind::Still).map(|e| e.id.as_str()).take(20).collect();
        Failure::input(format!(
            "{}: no entry has the id {id:?}; clips there: {}",
            set.display(),
            clips.join(", ")
        ))
    })?;
    let Kind::Clip { fps } = entry.kind else {
        return Err(Failure::input(format!(
            "{}: {id:?} is a still, expected a clip: rules need time",
            set.display()
        )));
    };
    let perception = Arc::new(Mutex::new(Perception::load(args.models.as_deref())?));
    let views = eval::views(entry, &perception)?;
    eval::play(entry, &views, fps, &perception, args.start.unwrap_or_else(default_start))
}

fn from_config(args: &Args, path: &Path, camera: &CameraId, media: &Path) -> Result<Play, Failure> {
    let config = Config::load(path)?;
    let known: Vec<&str> = config.agent.cameras.iter().map(|c| c.id.as_str()).collect();
    if !known.contains(&camera.as_str()) {
        return Err(Failure::input(format!(
            "{}: no camera {camera}; cameras there: {}",
            path.display(),
            known.join(", ")
        )));
    }
    let reader = MediaReader::open(media, None).map_err(Failure::input)?;
    let perception = Perception::load(args.models.as_deref().or(config.agent.models.as_deref()))?;
    let site = Site {
        hall: config.agent.hall.clone(),
        agent: config.agent.agent.clone(),
        calibration: config.setup.calibration.digest.clone(),
        models: perception.digests(),
        policy: Arc::new(config.setup.policy.clone()),
        seed: 0,
    };
    let calibration = &config.setup.calibration;
    let windows = calibration.windows.iter().filter(|w| w.camera == *camera).map(|w| WatchedWindow {
        id: w.id.clone(),
        view: WindowView::new(w.seat.clone(), w.desk.clone(), w.required.clone()),
        duty: Duty { post: w.post, required: w.required.clone(), permitted: w.permitted.clone() },
    });
    let zones = calibration.smoking_zones.iter().filter(|z| z.camera == *camera);
    let zones = zones.map(|z| (z.id.clone(), z.polygon.clone())).collect();
    let pipeline = CameraPipeline::new(Arc::new(Mutex::new(perception)), &site, windows.collect(), zones)
        .seen_through(&Arc::new(Optics::of(calibration, camera)));
    Ok(Play::new(reader, pipeline, args.start.unwrap_or_else(default_start)))
}
