//! Load and speed, measured: so many windows looked at so often, as the agent does it.

use crate::capture::{MediaFrame, MediaReader};
use crate::eval::manifest;
use crate::eval::score::events::percentile;
use crate::eval::score::round;
use crate::failure::Failure;
use crate::perceive::stages::{Stage, Times};
use crate::perceive::{Perception, WindowView};
use chuangming_domain::observation::Signal;
use chuangming_models::RgbImage;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A folder with manifest.jsonl; its stills and the first frames of its clips are looked at
    #[arg(long, value_name = "DIR")]
    pub set: PathBuf,
    /// Windows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub windows: u32,
    /// Looks a second and window, at all signals
    #[arg(long, value_name = "HZ", value_parser = rate)]
    pub rate: f64,
    /// For how long
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// Where to write the report (JSON)
    #[arg(long, value_name = "FILE")]
    pub report: PathBuf,
    /// The model manifest; by default models/manifest.toml beside or above the program
    #[arg(long, value_name = "FILE")]
    pub models: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    let expected = || "expected a number from 0.01 to 100".to_owned();
    text.parse().ok().filter(|rate| (0.01..=100.0).contains(rate)).ok_or_else(expected)
}

/// So many windows of pictures are held in memory, and looked at in turn.
const MOST_PICTURES: usize = 64;

/// What was measured. Times are wall-clock milliseconds, CPU seconds are user and system of all threads.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    windows: u32,
    rate_hz: f64,
    seconds: f64,
    cores: usize,
    /// Looks that were made, and those that came due while the one before was not finished.
    looks: u64,
    looks_missed: u64,
    /// Looks a second and window that were made.
    achieved_rate_hz: f64,
    look_ms: Spread,
    stage_ms: BTreeMap<&'static str, Spread>,
    cpu_s: f64,
    /// CPU seconds a second, in cores.
    cpu_cores: f64,
    cpu_ms_per_look: f64,
    rss_mb: f64,
    peak_rss_mb: f64,
}

/// Median and 95th percentile by linear interpolation, over the last 4096 times.
#[derive(Debug, Serialize)]
struct Spread {
    n: u32,
    p50: f64,
    p95: f64,
}

/// Measures and writes the report.
///
/// # Errors
/// For a set that cannot be read, a model that cannot be run, a report that cannot be written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut perception = Perception::load(args.models.as_deref())?;
    let pictures = pictures(args, &mut perception)?;
    let period = Duration::from_secs_f64(1.0 / (args.rate * f64::from(args.windows)));
    let whole = Duration::from_secs(args.seconds.into());
    let (start, cpu_before) = (Instant::now(), cpu_seconds()?);
    let (mut looks, mut missed, mut due) = (Times::default(), 0, Duration::ZERO);
    while due < whole {
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let turn = u64::from(looks.count()) + missed;
        let (image, view) = &pictures[usize::try_from(turn % pictures.len() as u64).unwrap_or(0)];
        let before = Instant::now();
        perception.look(image, view, &Signal::ALL).map_err(Failure::failed)?;
        looks.note(before.elapsed());
        due += period;
        // Like the agent, which takes the newest frame: what came due meanwhile is not made up for.
        while due + period < start.elapsed() && due < whole {
            due += period;
            missed += 1;
        }
    }
    std::thread::sleep(whole.saturating_sub(start.elapsed()));
    let seconds = start.elapsed().as_secs_f64();
    let cpu_s = cpu_seconds()? - cpu_before;
    let count = f64::from(looks.count());
    let report = Report {
        schema: "chuangming.bench/1",
        windows: args.windows,
        rate_hz: args.rate,
        seconds: round(seconds),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        looks: looks.count().into(),
        looks_missed: missed,
        achieved_rate_hz: round(count / seconds / f64::from(args.windows)),
        look_ms: spread(&looks),
        stage_ms: perception.stages().iter().map(|(stage, times)| (stage.name(), spread(times))).collect(),
        cpu_s: round(cpu_s),
        cpu_cores: round(cpu_s / seconds),
        cpu_ms_per_look: round(cpu_s * 1000.0 / count),
        rss_mb: status_mb("VmRSS:")?,
        peak_rss_mb: status_mb("VmHWM:")?,
    };
    let text = serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n";
    std::fs::write(&args.report, text).map_err(|e| Failure::input(format!("{}: {e}", args.report.display())))
}

/// Stills and first frames of clips with their windows, at most as many as are looked at.
fn pictures(args: &Args, perception: &mut Perception) -> Result<Vec<(RgbImage, WindowView)>, Failure> {
    let wanted = MOST_PICTURES.min(args.windows as usize);
    let mut pictures = Vec::new();
    for entry in &manifest::read(&args.set, None).map_err(Failure::input)? {
        let before = Instant::now();
        let mut reader = MediaReader::open(&entry.media, None).map_err(Failure::input)?;
        let Some(MediaFrame { image, .. }) = reader.next().map_err(Failure::input)? else { continue };
        perception.note(Stage::Decode, before.elapsed());
        for w in &entry.windows {
            pictures
                .push((image.clone(), WindowView::new(w.seat.clone(), w.desk.clone(), w.required.clone())));
        }
        if pictures.len() >= wanted {
            pictures.truncate(wanted);
            return Ok(pictures);
        }
    }
    if pictures.is_empty() {
        return Err(Failure::input(format!(
            "{}: holds no picture of a window, expected some to look at",
            args.set.display()
        )));
    }
    Ok(pictures)
}

fn spread(times: &Times) -> Spread {
    let ms = times.recent_ms();
    let at = |share| percentile(&ms, share).map_or(0.0, round);
    Spread { n: times.count(), p50: at(0.5), p95: at(0.95) }
}

/// User and system time of all threads so far, in seconds, from `/proc/self/stat`.
fn cpu_seconds() -> Result<f64, Failure> {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")
        .map_err(|e| Failure::failed(format!("/proc/self/stat: {e}")))?;
    // The program's name, in brackets, may hold spaces; user and system time are fields 14 and 15.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|f| f.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_A_SECOND)
}

/// A size from `/proc/self/status`, in megabytes of 10^6 bytes.
fn status_mb(key: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|e| Failure::failed(format!("/proc/self/status: {e}")))?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib: f64 = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    Ok(round(kib * 1024.0 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        let before = cpu_seconds().unwrap();
        let busy = Instant::now();
        let mut sum = 0u64;
        while cpu_seconds().unwrap() - before < 0.05 && busy.elapsed() < Duration::from_secs(60) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(cpu_seconds().unwrap() - before >= 0.05);
        let (now, peak) = (status_mb("VmRSS:").unwrap(), status_mb("VmHWM:").unwrap());
        assert!(now > 1.0 && peak >= now * 0.9, "{now} of {peak}");
    }

    #[test]
    fn rates_are_checked() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for text in ["0", "-1", "fast", "1000"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
