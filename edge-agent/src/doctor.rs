//! `edge-agent doctor`: what is wrong with this machine, its cameras, its models and its broker, one line a check.

use crate::capture::{Camera, CaptureSettings, Glance};
use crate::clock::SteadyClock;
use crate::config::{AgentConfig, CameraConfig, Config, model_manifest};
use crate::failure::Failure;
use crate::publish::{Address, Link, Protocol, Station, Visit};
use chuangming_calibration::{CameraSize, Draft, check};
use chuangming_domain::calibration::Calibration;
use chuangming_domain::text::Lang;
use chuangming_models::{Models, Options, Role};
use jiff::Timestamp;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a camera may take to bring its first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(15);
const BROKER_WITHIN: Duration = Duration::from_secs(15);
const MIN_CORES: usize = 2;
const MIN_MEMORY_MIB: u64 = 1024;
const MIN_DISK_MIB: u64 = 512;
/// Mean brightness below which a picture is too dark to tell anything, 0 to 255.
const DARK_BELOW: f32 = 16.0;

/// What the doctor is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The agent's configuration; without it only the machine and the models are examined
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// zh-CN or en; by default what LANG says
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    pub lang: Option<Lang>,
}

pub(crate) fn language(text: &str) -> Result<Lang, String> {
    Lang::ALL.into_iter().find(|lang| lang.tag() == text).ok_or_else(|| "expected zh-CN or en".into())
}

pub(crate) fn language_of_shell() -> Lang {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let value = named("LC_ALL").or_else(|| named("LC_MESSAGES")).or_else(|| named("LANG"));
    if value.is_some_and(|value| value.starts_with("zh")) { Lang::ZhCn } else { Lang::En }
}

/// The result of one check: its key in the catalogue, and what fills the text's places.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    well: bool,
    /// What the line begins with.
    mark: &'static str,
    key: &'static str,
    values: Vec<(&'static str, String)>,
}

fn finding<const N: usize>(well: bool, key: &'static str, values: [(&'static str, String); N]) -> Finding {
    let mark = if well { "doctor.ok" } else { "doctor.problem" };
    Finding { well, mark, key, values: values.into() }
}

/// Something to know that makes nothing unwell.
fn note<const N: usize>(key: &'static str, values: [(&'static str, String); N]) -> Finding {
    Finding { mark: "doctor.note", ..finding(true, key, values) }
}

impl Finding {
    fn line(&self, lang: Lang) -> String {
        let mark = lang.text(self.mark);
        let values: Vec<_> = self.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        format!("{mark}  {}", lang.fill(self.key, &values))
    }
}

/// Examines everything, writes one line a check, and says whether all is well.
///
/// # Errors
/// When the configuration is wrong, with every problem of it.
pub async fn examine(args: &Args, out: &mut impl Write) -> Result<bool, Failure> {
    let lang = args.lang.unwrap_or_else(language_of_shell);
    let config = args.config.as_deref().map(Config::load).transpose()?;
    let mut well = true;
    let mut tell = |finding: Finding| {
        well &= finding.well;
        writeln!(out, "{}", finding.line(lang)).and_then(|()| out.flush()).map_err(Failure::failed)
    };

    tell(cores())?;
    tell(memory())?;
    tell(wall_clock())?;
    tell(models(config.as_ref().and_then(|c| c.agent.models.as_deref())))?;
    if let Some(Config { agent, setup }) = &config {
        let file = agent.file.display().to_string();
        tell(finding(true, "doctor.config_ok", [("file", file), ("version", setup.version.to_string())]))?;
        tell(data_dir(agent))?;
        for secret in secrets(agent) {
            tell(owner_only(&secret))?;
        }
        let mut sizes = Vec::new();
        for camera in &agent.cameras {
            let camera = camera.clone();
            let looked = tokio::task::spawn_blocking(move || look_through(&camera)).await;
            let (found, size) = looked.map_err(Failure::failed)?;
            sizes.push(size);
            tell(found)?;
        }
        for found in calibration(&setup.calibration, &sizes, lang) {
            tell(found)?;
        }
        tell(broker(agent).await)?;
    }
    Ok(well)
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let values = [("cores", cores.to_string()), ("min", MIN_CORES.to_string())];
    finding(
        cores >= MIN_CORES,
        if cores >= MIN_CORES { "doctor.cores_ok" } else { "doctor.cores_few" },
        values,
    )
}

fn memory() -> Finding {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_mib(&text));
    let well = available.is_some_and(|mib| mib >= MIN_MEMORY_MIB);
    let shown = available.map_or("?".into(), |mib| mib.to_string());
    let values = [("mib", shown), ("min", MIN_MEMORY_MIB.to_string())];
    finding(well, if well { "doctor.memory_ok" } else { "doctor.memory_low" }, values)
}

fn available_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

/// A mini-PC whose clock battery is empty wakes up in the past.
fn wall_clock() -> Finding {
    const BUILT_AFTER: &str = "2026-01-01T00:00:00Z";
    let now = Timestamp::now();
    let well = BUILT_AFTER.parse::<Timestamp>().is_ok_and(|built| now > built);
    finding(well, if well { "doctor.clock_ok" } else { "doctor.clock_wrong" }, [("time", now.to_string())])
}

fn models(named: Option<&Path>) -> Finding {
    let load = || {
        let manifest = model_manifest(named).map_err(|e| e.to_string())?;
        let models = Models::load(&manifest, &Options::default()).map_err(|e| e.to_string())?;
        Ok((manifest.display().to_string(), models))
    };
    match load() {
        Err(why) => finding(false, "doctor.models_wrong", [("why", why)]),
        Ok((file, models)) => {
            let roles = [Role::Pose, Role::Person, Role::Desk, Role::Window, Role::Badge, Role::Smoking];
            let missing: Vec<_> = roles.into_iter().filter(|role| models.digest(*role).is_none()).collect();
            let names =
                missing.iter().map(|role| format!("{role:?}").to_lowercase()).collect::<Vec<_>>().join(", ");
            let key = if missing.is_empty() { "doctor.models_ok" } else { "doctor.models_missing" };
            finding(missing.is_empty(), key, [("file", file), ("roles", names)])
        }
    }
}

fn data_dir(agent: &AgentConfig) -> Finding {
    let place = agent.data_dir.display().to_string();
    if let Err(problems) = agent.prepare_data_dir() {
        return finding(false, "doctor.data_dir_wrong", [("why", problems.to_string())]);
    }
    match rustix::fs::statvfs(&agent.data_dir) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
            let well = free >= MIN_DISK_MIB;
            let key = if well { "doctor.data_dir_ok" } else { "doctor.data_dir_full" };
            finding(
                well,
                key,
                [("place", place), ("mib", free.to_string()), ("min", MIN_DISK_MIB.to_string())],
            )
        }
        Err(e) => finding(false, "doctor.data_dir_wrong", [("why", format!("{place}: {e}"))]),
    }
}

/// Files that nobody else on this machine should read.
fn secrets(agent: &AgentConfig) -> Vec<PathBuf> {
    let key = agent.broker.tls.iter().filter_map(|tls| tls.client.as_ref()).map(|(_, key)| key.clone());
    let password = agent.broker.login.iter().map(|(_, file)| file.clone());
    key.chain(password).collect()
}

fn owner_only(file: &Path) -> Finding {
    let mode = fs::metadata(file).map_or(0, |m| m.permissions().mode() & 0o777);
    let well = mode & 0o077 == 0;
    let key = if well { "doctor.secret_ok" } else { "doctor.secret_open" };
    finding(well, key, [("file", file.display().to_string()), ("mode", format!("{mode:o}"))])
}

/// What an installer should know of the zones at the cameras' resolutions. Warnings do not make the agent unwell: a desk
/// may be left out on purpose.
fn calibration(calibration: &Calibration, sizes: &[CameraSize], lang: Lang) -> Vec<Finding> {
    let found = check(&Draft::from(calibration), sizes);
    let warning = |warning: &chuangming_calibration::Finding| {
        let values = [("place", warning.place.text(lang)), ("text", warning.text(lang))];
        note("doctor.calibration_warning", values)
    };
    if found.problems.is_empty() && found.warnings.is_empty() {
        let windows = calibration.windows.len().to_string();
        return vec![finding(true, "doctor.calibration_ok", [("windows", windows)])];
    }
    found.problems.iter().chain(&found.warnings).map(warning).collect()
}

/// Whether a camera brings a picture worth looking at, and the size of its pictures; 0 where none came.
fn look_through(config: &CameraConfig) -> (Finding, CameraSize) {
    let mut size = CameraSize { id: config.id.to_string(), width: 0, height: 0 };
    let found = first_picture(config, &mut size);
    (found, size)
}

fn first_picture(config: &CameraConfig, picture: &mut CameraSize) -> Finding {
    let camera = || ("camera", config.id.to_string());
    let settings = CaptureSettings::default();
    let clock = Arc::new(SteadyClock::default());
    let opened = match Camera::start(config.id.clone(), config.source.clone(), settings, clock) {
        Ok(opened) => opened,
        Err(e) => return finding(false, "doctor.camera_wrong", [camera(), ("why", e.to_string())]),
    };
    let until = Instant::now() + FIRST_PICTURE;
    let mut frame = None;
    // The first failure is the answer: a doctor does not wait for a camera to come back.
    while frame.is_none() && Instant::now() < until && opened.counters().failing.is_none() {
        frame = opened.wait(Duration::from_millis(100));
    }
    let failing = opened.counters().failing;
    opened.ask_to_stop();
    let Some(frame) = frame else {
        let why = failing
            .unwrap_or_else(|| format!("{}: no picture within {} s", config.source, FIRST_PICTURE.as_secs()));
        return finding(false, "doctor.camera_wrong", [camera(), ("why", why)]);
    };
    (picture.width, picture.height) = (frame.image.width(), frame.image.height());
    let brightness = Glance::of(&frame.image).brightness();
    if brightness < DARK_BELOW {
        return finding(false, "doctor.camera_dark", [camera(), ("brightness", format!("{brightness:.0}"))]);
    }
    let size = format!("{}x{}", frame.image.width(), frame.image.height());
    finding(true, "doctor.camera_ok", [camera(), ("source", config.source.to_string()), ("size", size)])
}

async fn broker(agent: &AgentConfig) -> Finding {
    let place = agent.broker.to_string();
    let mut protocol = Protocol::V5;
    loop {
        let address =
            Address { hall: agent.hall.clone(), agent: agent.agent.clone(), broker: agent.broker.clone() };
        match visit(&Station { address, protocol, visit: Visit::Look }).await {
            Ok(()) => {
                return finding(
                    true,
                    "doctor.broker_ok",
                    [("broker", place), ("protocol", protocol.to_string())],
                );
            }
            Err((_, true)) if protocol == Protocol::V5 => protocol = protocol.other(),
            Err((why, _)) => return finding(false, "doctor.broker_wrong", [("broker", place), ("why", why)]),
        }
    }
}

/// Connects once; the error says whether another version of MQTT may help.
async fn visit(station: &Station) -> Result<(), (String, bool)> {
    let told = |e: crate::publish::LinkError| (e.to_string(), e.suggests_other_protocol());
    let mut link = Link::open(station).map_err(told)?;
    let late =
        || (format!("{}: no answer within {} s", station.address.broker, BROKER_WITHIN.as_secs()), false);
    tokio::time::timeout(BROKER_WITHIN, link.connected()).await.map_err(|_| late())?.map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 23] = [
        "doctor.note",
        "doctor.calibration_ok",
        "doctor.calibration_warning",
        "doctor.ok",
        "doctor.problem",
        "doctor.cores_ok",
        "doctor.cores_few",
        "doctor.memory_ok",
        "doctor.memory_low",
        "doctor.clock_ok",
        "doctor.clock_wrong",
        "doctor.models_ok",
        "doctor.models_missing",
        "doctor.models_wrong",
        "doctor.config_ok",
        "doctor.data_dir_ok",
        "doctor.data_dir_full",
        "doctor.data_dir_wrong",
        "doctor.secret_ok",
        "doctor.secret_open",
        "doctor.camera_ok",
        "doctor.camera_dark",
        "doctor.camera_wrong",
    ];

    #[test]
    fn every_text_is_in_the_catalogue() {
        for lang in Lang::ALL {
            for key in KEYS.iter().chain(&["doctor.broker_ok", "doctor.broker_wrong"]) {
                assert_ne!(lang.text(key), *key, "{key} has no text in {}", lang.tag());
            }
        }
    }

    #[test]
    fn lines_say_what_was_found() {
        let found =
            finding(false, "doctor.camera_wrong", [("camera", "cam-1".into()), ("why", "gone".into())]);
        assert_eq!(found.line(Lang::En), "PROBLEM  camera cam-1: gone");
        assert_eq!(found.line(Lang::ZhCn), "问题  摄像头 cam-1：gone");
    }

    #[test]
    fn zones_that_are_too_small_are_told_in_words() {
        let text = r#"
            version = 1
            [[windows]]
            id = "3"
            camera = "cam-1"
            seat = [[0.1,0.1],[0.4,0.1],[0.4,0.6],[0.1,0.6]]
            desk = [[0.1,0.6],[0.4,0.6],[0.4,0.8],[0.1,0.8]]
        "#;
        let zones = Calibration::parse(text, "calibration.toml").unwrap();
        let lines = |width, height| -> Vec<String> {
            let size = CameraSize { id: "cam-1".into(), width, height };
            calibration(&zones, &[size], Lang::En).iter().map(|found| found.line(Lang::En)).collect()
        };
        assert_eq!(lines(1920, 1080), ["ok       the calibration has nothing to warn of (1 windows)"]);
        let small = lines(640, 360).join("\n");
        assert!(
            small.contains(
                "NOTE     calibration: window 3, seat: Too small for the badge: shoulders about 61 px"
            ),
            "{small}"
        );
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(available_mib("MemTotal:  4 kB\nMemAvailable:    2048000 kB\n"), Some(2000));
        assert_eq!(available_mib("MemTotal: 4 kB"), None);
    }

    #[test]
    fn open_secrets_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "").unwrap();
        for (mode, well) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(owner_only(&file).well, well, "{mode:o}");
        }
    }

    #[test]
    fn a_camera_that_is_not_there_is_told() {
        let config = CameraConfig {
            id: "cam-1".parse().unwrap(),
            source: crate::capture::Source::parse("/dev/video99", Path::new("")).unwrap(),
            detail_source: None,
            check_frozen: true,
            fps: None,
        };
        let (found, size) = look_through(&config);
        assert_eq!(size.width, 0);
        assert!(!found.well && found.line(Lang::En).contains("/dev/video99"), "{found:?}");
    }
}
