//! ONNX Runtime: loaded from a shared library at run time, one environment a process.

use crate::error::{ModelError, one_line};
use ort::environment::Environment;
use ort::ep::{ExecutionProvider, OpenVINO};
use ort::logging::LogLevel;
use ort::session::Session;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where inference runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Provider {
    /// ONNX Runtime's own kernels.
    #[default]
    Cpu,
    /// Intel's OpenVINO; a model that it refuses, or a library without it, runs on the CPU, with the reason in the log.
    OpenVino,
}

/// How models are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Threads that one inference may use, at least 1.
    pub threads: usize,
    /// Where inference runs.
    pub provider: Provider,
    /// The runtime's shared library; without it `ORT_DYLIB_PATH`, then the manifest's.
    pub library: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: 2, provider: Provider::Cpu, library: None }
    }
}

/// The process's environment; the runtime allows one, which lives as long as the process.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The environment, from the library that the options, `ORT_DYLIB_PATH` or the manifest name, in this order. Once a
/// library is loaded it stays; later calls get the same environment.
///
/// # Errors
/// When the library is missing, is no ONNX Runtime, or is too old.
pub fn environment(options: &Options, manifest: Option<&Path>) -> Result<Environment, ModelError> {
    let mut environment = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = environment.as_ref() {
        return Ok(loaded.clone());
    }
    let from_shell = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = options.library.clone().or(from_shell).or_else(|| manifest.map(Path::to_owned));
    let path = named.unwrap_or_else(|| PathBuf::from("libonnxruntime.so"));
    let loaded = load(&path)?;
    *environment = Some(loaded.clone());
    Ok(loaded)
}

fn load(path: &Path) -> Result<Environment, ModelError> {
    let failed = |reason: String| ModelError::Library { path: path.to_owned(), reason: one_line(&reason) };
    // A bare file name is looked up by the system's loader; a path must exist, and is made absolute because the loader
    // would take a relative one as relative to the program.
    let found = if path.components().count() > 1 {
        path.canonicalize().map_err(|e| failed(e.to_string()))?
    } else {
        path.to_owned()
    };
    let environment = ort::init_from(&found)
        .map_err(|e| failed(reason(&e)))?
        .with_name("chuangming")
        .with_telemetry(false)
        .build()
        .map_err(|e| failed(e.to_string()))?;
    environment.set_log_level(LogLevel::Error);
    tracing::info!(library = %found.display(), build = ort::info(), "ONNX Runtime loaded");
    Ok(environment)
}

/// The system's loader says why only in the source of its error.
fn reason(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error, .. } => {
            error.source().map_or_else(|| error.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

/// A session for a model's bytes and where it runs; `file` names it in messages.
pub(crate) fn session(
    environment: &Environment,
    file: &Path,
    bytes: &[u8],
    options: &Options,
) -> Result<(Session, Provider), ModelError> {
    if options.provider == Provider::OpenVino {
        match with_provider(environment, bytes, options, true) {
            Ok(session) => return Ok((session, Provider::OpenVino)),
            Err(reason) => {
                tracing::warn!(model = %file.display(), reason = one_line(&reason), "OpenVINO not used, the CPU takes over");
            }
        }
    }
    with_provider(environment, bytes, options, false)
        .map(|session| (session, Provider::Cpu))
        .map_err(|reason| ModelError::refused(file.to_owned(), &reason))
}

fn with_provider(
    environment: &Environment,
    bytes: &[u8],
    options: &Options,
    openvino: bool,
) -> Result<Session, String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let threads = options.threads.max(1);
    let mut builder = Session::builder(environment)
        .map_err(|e| text(&e))?
        .with_intra_threads(threads)
        .map_err(|e| text(&e))?
        // Idle threads that spin would take the cores from video decoding.
        .with_intra_op_spinning(false)
        .map_err(|e| text(&e))?;
    if openvino {
        if !OpenVINO::is_available().map_err(|e| text(&e))? {
            return Err("this ONNX Runtime was built without OpenVINO".into());
        }
        let provider =
            OpenVINO::default().with_device_type("CPU").with_num_threads(threads).build().error_on_failure();
        builder = builder.with_execution_providers([provider]).map_err(|e| text(&e))?;
    }
    builder.commit_from_memory(bytes).map_err(|e| text(&e))
}
